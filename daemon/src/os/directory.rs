//! A directory that is held open while its entries are listed and asked for.
//!
//! A start looks at every file of every artifact, and what it asks the kernel for is what it costs. The standard library
//! allocates 32 KiB for each directory and three times for each entry, under a lock that all threads share; that was
//! a third of what a start did in user space. On Linux the entries are therefore read into room that the thread keeps, and
//! files are asked for in the directory that is open, so that the kernel need not go the whole path for each.

use crate::model::Stamp;
use std::ffi::OsString;
use std::io;
use std::path::Path;

/// What an entry is, before links are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A FIFO, socket or device.
    Other,
}

/// One name in a directory.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Without the directory.
    pub name: OsString,
    /// What has that name.
    pub kind: EntryKind,
}

impl Entry {
    /// A name from the bytes that [`OsStr::as_encoded_bytes`] gave, in whichever program; none for what can be no name here.
    ///
    /// [`OsStr::as_encoded_bytes`]: std::ffi::OsStr::as_encoded_bytes
    #[cfg(unix)]
    pub fn name_of(bytes: &[u8]) -> Option<OsString> {
        Some(std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec()))
    }

    /// A name from bytes; none for what can be no name here.
    #[cfg(not(unix))]
    pub fn name_of(bytes: &[u8]) -> Option<OsString> {
        Some(std::str::from_utf8(bytes).ok()?.into())
    }
}

pub use backend::{Directory, Room};

impl Directory {
    /// Its entries, by name: bytes of UTF-8 sort as code points do.
    ///
    /// # Errors
    /// Those of reading it.
    pub fn entries(&self, room: &mut Room) -> io::Result<Vec<Entry>> {
        let mut entries = self.unsorted(room)?;
        entries.sort_unstable_by(|a, b| a.name.as_encoded_bytes().cmp(b.name.as_encoded_bytes()));
        Ok(entries)
    }
}

#[cfg(target_os = "linux")]
mod backend {
    use super::{Entry, EntryKind, OsString, Path, Stamp, io};
    use rustix::fd::OwnedFd;
    use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir};
    use rustix::io::Errno;
    use std::ffi::{CStr, OsStr};
    use std::os::unix::ffi::OsStringExt;

    /// As much as the C library reads at a time: some 1,000 names.
    const ROOM: usize = 32 * 1024;

    /// What names are read into, and what is known of devices. Each thread keeps one.
    #[derive(Debug)]
    pub struct Room {
        bytes: Vec<u8>,
        /// Whether the stamp of a directory there says that its names changed.
        devices: Vec<(u64, bool)>,
    }

    impl Default for Room {
        fn default() -> Self {
            Self { bytes: Vec::with_capacity(ROOM), devices: Vec::new() }
        }
    }

    /// `f_type` of file systems of this machine alone that give a directory a new time with each name that comes or goes:
    /// ext2 to 4, XFS, Btrfs, F2FS, tmpfs, ZFS, bcachefs and overlays.
    const KEEP_TIMES: [i64; 8] =
        [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x0102_1994, 0x2fc1_2fc1, 0xca45_1a4e, 0x794c_7630];

    /// An open directory.
    #[derive(Debug)]
    pub struct Directory(OwnedFd);

    impl Directory {
        /// Opens a directory. The last part of `path` must not be a link.
        ///
        /// # Errors
        /// Those of opening; `NotADirectory` for a link.
        pub fn open(path: &Path) -> io::Result<Self> {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            match rustix::fs::open(path, flags, Mode::empty()) {
                Ok(fd) => Ok(Self(fd)),
                // Kernels differ in what they say of a link.
                Err(Errno::LOOP) => Err(Errno::NOTDIR.into()),
                Err(error) => Err(error.into()),
            }
        }

        /// Its own stamp, which is another one as soon as a name came or went; none where the file system promises no such
        /// thing.
        ///
        /// # Errors
        /// Those of `stat`.
        pub fn stamp_of_names(&self, room: &mut Room) -> io::Result<Option<Stamp>> {
            let stamp = stamp(&rustix::fs::fstat(&self.0)?);
            let keeps_times = match room.devices.iter().find(|(device, _)| *device == stamp.device) {
                Some((_, known)) => *known,
                None => {
                    let kind = rustix::fs::fstatfs(&self.0)?.f_type as i64 & 0xffff_ffff;
                    let known = KEEP_TIMES.contains(&kind);
                    room.devices.push((stamp.device, known));
                    known
                }
            };
            Ok(keeps_times.then_some(stamp))
        }

        pub(super) fn unsorted(&self, room: &mut Room) -> io::Result<Vec<Entry>> {
            let mut entries = Vec::new();
            let mut read = RawDir::new(&self.0, room.bytes.spare_capacity_mut());
            while let Some(entry) = read.next() {
                let entry = entry?;
                let name = entry.file_name();
                if name == c"." || name == c".." {
                    continue;
                }
                let kind = match entry.file_type() {
                    // Some file systems do not say it.
                    FileType::Unknown => match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
                        Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                        Err(Errno::NOENT) => continue,
                        Err(error) => return Err(error.into()),
                    },
                    known => known,
                };
                entries.push(Entry { name: owned(name), kind: kind_of(kind) });
            }
            Ok(entries)
        }

        /// The stamp of the file of this name; none when it is no regular file. A link is not followed.
        ///
        /// # Errors
        /// Those of `stat`.
        pub fn stamp(&self, name: &OsStr) -> io::Result<Option<Stamp>> {
            let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
            let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
            Ok(is_file.then(|| stamp(&stat)))
        }
    }

    fn owned(name: &CStr) -> OsString {
        OsString::from_vec(name.to_bytes().to_vec())
    }

    fn kind_of(kind: FileType) -> EntryKind {
        match kind {
            FileType::RegularFile => EntryKind::File,
            FileType::Directory => EntryKind::Directory,
            FileType::Symlink => EntryKind::Link,
            _ => EntryKind::Other,
        }
    }

    /// The same as [`crate::os::files::stamp`] of the standard library's answer; a test compares them.
    #[allow(clippy::unnecessary_cast, reason = "the kernel's types differ between architectures")]
    fn stamp(stat: &rustix::fs::Stat) -> Stamp {
        let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Stamp {
            size: stat.st_size as u64,
            mtime_ns: nanoseconds(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            ctime_ns: nanoseconds(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
            inode: stat.st_ino as u64,
            device: stat.st_dev as u64,
            mode: stat.st_mode as u32 & 0o7777,
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod backend {
    use super::{Entry, EntryKind, Path, Stamp, io};
    use std::ffi::OsStr;
    use std::path::PathBuf;

    /// Nothing: the standard library brings its own.
    #[derive(Debug, Default)]
    pub struct Room(());

    /// A directory by its name.
    #[derive(Debug)]
    pub struct Directory(PathBuf);

    impl Directory {
        /// Opens a directory. The last part of `path` must not be a link.
        ///
        /// # Errors
        /// Those of `stat`; `NotADirectory` for a link.
        pub fn open(path: &Path) -> io::Result<Self> {
            if path.symlink_metadata()?.is_dir() {
                Ok(Self(path.to_owned()))
            } else {
                Err(io::ErrorKind::NotADirectory.into())
            }
        }

        /// None: what its stamp says of its names is not known here.
        ///
        /// # Errors
        /// None.
        pub fn stamp_of_names(&self, _: &mut Room) -> io::Result<Option<Stamp>> {
            Ok(None)
        }

        pub(super) fn unsorted(&self, _: &mut Room) -> io::Result<Vec<Entry>> {
            let mut entries = Vec::new();
            for entry in std::fs::read_dir(&self.0)? {
                let entry = entry?;
                let kind = entry.file_type()?;
                let kind = match (kind.is_file(), kind.is_dir(), kind.is_symlink()) {
                    (true, ..) => EntryKind::File,
                    (_, true, _) => EntryKind::Directory,
                    (.., true) => EntryKind::Link,
                    _ => EntryKind::Other,
                };
                entries.push(Entry { name: entry.file_name(), kind });
            }
            Ok(entries)
        }

        /// The stamp of the file of this name; none when it is no regular file. A link is not followed.
        ///
        /// # Errors
        /// Those of `stat`.
        pub fn stamp(&self, name: &OsStr) -> io::Result<Option<Stamp>> {
            let metadata = self.0.join(name).symlink_metadata()?;
            Ok(metadata.is_file().then(|| crate::os::files::stamp(&metadata)))
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn entries_are_what_the_standard_library_says() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path();
        for n in 0..3_000 {
            std::fs::write(root.join(format!("{n:04}-{}", "x".repeat(n % 200))), "text").expect("written");
        }
        std::fs::create_dir(root.join("directory")).expect("made");
        symlink("0001", root.join("link")).expect("made");
        rustix::fs::mkfifoat(rustix::fs::CWD, root.join("fifo"), rustix::fs::Mode::RUSR).expect("made");
        let directory = Directory::open(root).expect("it can be read");
        let entries = directory.entries(&mut Room::default()).expect("it can be read");
        let mut names: Vec<OsString> =
            root.read_dir().expect("it").map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        assert_eq!(entries.iter().map(|entry| &entry.name).collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
        for Entry { name, kind } in entries {
            let metadata = root.join(&name).symlink_metadata().expect("it is there");
            let want = match name.to_str() {
                Some("directory") => EntryKind::Directory,
                Some("link") => EntryKind::Link,
                Some("fifo") => EntryKind::Other,
                _ => EntryKind::File,
            };
            assert_eq!(kind, want, "{name:?}");
            let stamp = (want == EntryKind::File).then(|| crate::os::files::stamp(&metadata));
            assert_eq!(directory.stamp(&name).expect("it is there"), stamp, "{name:?}");
        }
    }

    #[test]
    fn a_link_is_no_directory() {
        let dir = tempfile::tempdir().expect("a directory");
        symlink(dir.path(), dir.path().join("link")).expect("made");
        let error = Directory::open(&dir.path().join("link")).expect_err("not followed");
        assert_eq!(error.kind(), io::ErrorKind::NotADirectory);
    }
}
