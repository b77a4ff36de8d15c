//! What a path looked like when it was planned with, to find out whether anybody touched it since.
//!
//! Stamps, not content: this is asked again right before and right after a swap, when reading everything would only widen
//! the gap. A rename changes the change time of what is renamed, so after a swap that of the path itself does not count.

use super::error::OpError;
use crate::model::Stamp;
use crate::os::files;
use sha2::{Digest, Sha256};
use std::fs::Metadata;
use std::io;
use std::path::Path;

/// What was at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// Nothing.
    Nothing,
    /// Something, with these stamps: of all that is below it, and of itself.
    Something {
        /// Digest over everything below.
        below: [u8; 32],
        /// Its own.
        itself: Stamp,
    },
}

impl Witness {
    /// Looks at `path` now. Links are looked at, not followed.
    ///
    /// # Errors
    /// It is there and cannot be looked at.
    pub fn of(path: &Path) -> Result<Self, OpError> {
        Self::look(path).map_err(OpError::io("look at", path))
    }

    fn look(path: &Path) -> io::Result<Self> {
        let metadata = match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Self::Nothing);
            }
            Err(e) => return Err(e),
        };
        let mut digest = Sha256::new();
        if metadata.is_dir() {
            below(path, &mut digest)?;
        }
        Ok(Self::Something { below: digest.finalize().into(), itself: stamp(&metadata) })
    }

    /// Whether anything is there.
    pub fn is_something(&self) -> bool {
        matches!(self, Self::Something { .. })
    }

    /// Whether `other` is the same after it was renamed.
    pub fn is_moved(&self, other: &Self) -> bool {
        let ageless = |stamp: &Stamp| Stamp { ctime_ns: 0, ..*stamp };
        match (self, other) {
            (Self::Something { below: a, itself: x }, Self::Something { below: b, itself: y }) => {
                a == b && ageless(x) == ageless(y)
            }
            _ => self == other,
        }
    }
}

/// A directory's own times change with its entries, which are looked at themselves, and its size says nothing.
fn stamp(metadata: &Metadata) -> Stamp {
    let stamp = files::stamp(metadata);
    if metadata.is_dir() { Stamp { size: 0, mtime_ns: 0, ctime_ns: 0, ..stamp } } else { stamp }
}

fn below(dir: &Path, digest: &mut Sha256) -> io::Result<()> {
    let mut entries = std::fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_unstable_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let metadata = entry.metadata()?;
        let name = entry.file_name();
        digest.update((name.len() as u64).to_le_bytes());
        digest.update(name.as_encoded_bytes());
        let Stamp { size, mtime_ns, ctime_ns, inode, device, mode } = stamp(&metadata);
        for number in [size, mtime_ns as u64, ctime_ns as u64, inode, device, u64::from(mode)] {
            digest.update(number.to_le_bytes());
        }
        if metadata.is_dir() {
            below(&entry.path(), digest)?;
            digest.update([1]);
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn it_notices_what_anybody_does_and_not_a_rename() {
        let dir = tempfile::tempdir().expect("a directory");
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        assert_eq!(Witness::of(&a).expect("looked at"), Witness::Nothing);
        fs::create_dir_all(a.join("deep")).expect("made");
        fs::write(a.join("deep/x"), "1").expect("written");
        let before = Witness::of(&a).expect("looked at");
        assert_eq!(Witness::of(&a).expect("looked at"), before);
        fs::rename(&a, &b).expect("renamed");
        assert!(before.is_moved(&Witness::of(&b).expect("looked at")));
        fs::rename(&b, &a).expect("renamed");
        fs::write(a.join("deep/x"), "2").expect("written");
        assert!(!before.is_moved(&Witness::of(&a).expect("looked at")), "same size, same name");
        let before = Witness::of(&a).expect("looked at");
        fs::create_dir(a.join("empty")).expect("made");
        assert_ne!(Witness::of(&a).expect("looked at"), before);
        let file = a.join("deep/x");
        let before = Witness::of(&file).expect("looked at");
        fs::rename(&file, &b).expect("renamed");
        assert!(before.is_moved(&Witness::of(&b).expect("looked at")));
        fs::write(&file, "2").expect("another one");
        assert!(!before.is_moved(&Witness::of(&file).expect("looked at")), "another inode");
    }
}
