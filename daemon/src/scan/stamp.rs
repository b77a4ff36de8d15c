//! Stamps: what `stat` says, and whether it can be believed later.
//!
//! Two writes within one tick of the file system's clock leave equal stamps. A stamp younger than two seconds when it
//! was taken is therefore *racy*: its file is read again the next time it is verified (git's and jj's rule). Ticks are
//! 1 to 4 ms on Linux before 6.13, 2 s on FAT.

use crate::model::{Fingerprint, Stamp};
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs::Metadata;
use std::time::UNIX_EPOCH;

/// Age below which a stamp is racy.
const RACY_NS: i64 = 2_000_000_000;

/// The stamp of an open or named file.
pub fn of(metadata: &Metadata) -> Stamp {
    crate::os::files::stamp(metadata)
}

/// Nanoseconds since 1970 by the wall clock, which is what file systems stamp with.
pub fn wall_ns() -> i64 {
    let since = crate::clock::system_time().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Whether a stamp taken at `now_ns` is too young to be believed later. Times in the future count as young.
pub fn is_racy(stamp: &Stamp, now_ns: i64) -> bool {
    stamp.mtime_ns.max(stamp.ctime_ns) >= now_ns.saturating_sub(RACY_NS)
}

/// Builds a [`Fingerprint`] over paths and stamps, in the order given.
#[derive(Default)]
pub struct FingerprintBuilder(Sha256);

impl FingerprintBuilder {
    /// Adds one file.
    pub fn add(&mut self, path: &OsStr, stamp: &Stamp) {
        self.name(path);
        self.0.update(stamp.to_bytes());
    }

    /// Adds a path alone.
    pub fn name(&mut self, path: &OsStr) {
        let bytes = path.as_encoded_bytes();
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Adds something that decides the result beside files, such as an unreadable directory.
    pub fn note(&mut self, text: &str) {
        self.0.update(text.as_bytes());
    }

    /// The digest.
    pub fn finish(self) -> Fingerprint {
        let digest: [u8; 32] = self.0.finalize().into();
        let mut short = [0; 16];
        short.copy_from_slice(&digest[..16]);
        Fingerprint(short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp { size: 1, mtime_ns: 10_000_000_000, ctime_ns: 0, inode: 3, device: 4, mode: 0o644 };

    #[test]
    fn young_and_future_stamps_are_racy() {
        for (now, want) in [(10_000_000_001, true), (11_999_999_999, true), (12_000_000_001, false), (5, true)] {
            assert_eq!(is_racy(&STAMP, now), want, "{now}");
        }
        assert!(is_racy(&Stamp { ctime_ns: 11_500_000_000, ..STAMP }, 12_500_000_000));
    }

    #[test]
    fn every_part_of_a_stamp_counts() {
        let of = |path: &str, stamp: Stamp| {
            let mut builder = FingerprintBuilder::default();
            builder.add(OsStr::new(path), &stamp);
            builder.finish()
        };
        let base = of("a", STAMP);
        let variants = [
            of("b", STAMP),
            of("a", Stamp { size: 2, ..STAMP }),
            of("a", Stamp { mtime_ns: 2, ..STAMP }),
            of("a", Stamp { ctime_ns: 2, ..STAMP }),
            of("a", Stamp { inode: 2, ..STAMP }),
            of("a", Stamp { device: 2, ..STAMP }),
            of("a", Stamp { mode: 2, ..STAMP }),
        ];
        assert!(variants.iter().all(|v| *v != base));
        assert_eq!(of("a", STAMP), base);
    }
}
