//! Files as the platform describes them.

use crate::model::Stamp;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// What `stat` says of a file, as far as the platform says it.
#[cfg(unix)]
pub fn stamp(metadata: &Metadata) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    Stamp {
        size: metadata.size(),
        mtime_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        ctime_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        inode: metadata.ino(),
        device: metadata.dev(),
        mode: metadata.mode() & 0o7777,
    }
}

/// What `stat` says of a file, as far as the platform says it.
#[cfg(not(unix))]
pub fn stamp(metadata: &Metadata) -> Stamp {
    let modified = metadata.modified().ok().and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok());
    let mtime_ns = modified.and_then(|d| i64::try_from(d.as_nanos()).ok()).unwrap_or(0);
    Stamp { size: metadata.len(), mtime_ns, ctime_ns: 0, inode: 0, device: 0, mode: 0 }
}

/// Opens a file for reading. A FIFO that took the place of a file since it was looked at must not block the thread.
///
/// # Errors
/// Those of `open`.
pub fn open_for_reading(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    }
    options.open(path)
}

/// Bytes of a file that is read as a whole.
const MAX_WHOLE: u64 = 8 * 1024 * 1024;

/// The content of a file that somebody else may have put there. What is no file is refused: opening a FIFO would wait for
/// a writer, and reading a device may never end.
///
/// # Errors
/// Those of the file system; `InvalidInput` for what is no file; `FileTooLarge` beyond 8 MiB.
pub fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    let file = open_for_reading(path)?;
    let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 8 MiB");
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file; move it away"));
    }
    if metadata.len() > MAX_WHOLE {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    file.take(MAX_WHOLE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_WHOLE {
        // It grew meanwhile.
        return Err(too_large());
    }
    Ok(bytes)
}

/// Why the file system that holds `path` cannot be expected to deliver events; none when it can.
pub fn delivers_no_events(path: &Path) -> Option<String> {
    let name = shared_file_system(path)?;
    Some(format!("{name} does not report what other machines change; this root is compared every two seconds"))
}

/// The kind of the file system that holds `path`, when other machines or other kernels may write to it too.
#[cfg(target_os = "linux")]
pub fn shared_file_system(path: &Path) -> Option<&'static str> {
    /// `f_type` of `statfs(2)`.
    const SHARED: [(i64, &str); 8] = [
        (0x6969, "NFS"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB2"),
        (0x517b, "SMB"),
        (0x0102_1997, "9p"),
        (0x6573_5546, "FUSE"),
        (0x5346_414f, "AFS"),
        (0x00c3_6400, "Ceph"),
    ];
    let kind = rustix::fs::statfs(path).ok()?.f_type as i64 & 0xffff_ffff;
    SHARED.iter().find(|(magic, _)| *magic == kind).map(|(_, name)| *name)
}

/// The kind of the file system that holds `path`, when other machines or other kernels may write to it too.
#[cfg(not(target_os = "linux"))]
pub fn shared_file_system(_path: &Path) -> Option<&'static str> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_read_whole() {
        let dir = tempfile::tempdir().expect("a directory");
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("file"), "text").expect("written");
        std::os::unix::fs::symlink("/dev/zero", at("endless")).expect("made");
        rustix::fs::mkfifoat(rustix::fs::CWD, at("fifo"), rustix::fs::Mode::RUSR).expect("made");
        assert_eq!(read_whole(&at("file")).expect("a file"), b"text");
        for name in ["endless", "fifo", "."] {
            assert!(read_whole(&at(name)).is_err(), "{name}");
        }
        assert_eq!(read_whole(&at("nothing")).expect_err("absent").kind(), io::ErrorKind::NotFound);
    }
}
