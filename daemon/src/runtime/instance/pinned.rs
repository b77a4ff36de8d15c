//! A directory that is known by more than its name.
//!
//! It is kept open, so that its inode is not given to another directory that takes its place.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A client that tries the lock holds it for an instant; so often is it tried, and so long waited between.
const TRIES: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(5);

/// An open directory and the path that led to it.
#[derive(Debug)]
pub(super) struct Pinned {
    path: PathBuf,
    /// None on Windows, where an open directory cannot be removed or moved.
    directory: Option<File>,
    locked: bool,
}

impl Pinned {
    /// Opens the directory at `path`.
    ///
    /// # Errors
    /// Those of `open`.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let directory = if cfg!(unix) { Some(File::open(path)?) } else { None };
        Ok(Self { path: path.to_owned(), directory, locked: false })
    }

    /// The path that led to it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Locks the directory for as long as this value lives; false when somebody else holds it. Some network file systems
    /// lock no directories: that is no reason not to start, and [`Self::is_locked`] tells.
    pub(super) fn lock(&mut self) -> bool {
        let Some(directory) = &self.directory else { return true };
        for _ in 0..TRIES {
            match directory.try_lock() {
                Ok(()) => {
                    self.locked = true;
                    return true;
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN),
                Err(TryLockError::Error(_)) => return true,
            }
        }
        false
    }

    /// Whether it is locked.
    pub(super) fn is_locked(&self) -> bool {
        self.locked
    }

    /// Whether the path still leads to it. A path that cannot be looked at may.
    #[cfg(unix)]
    pub(super) fn is_in_place(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        let Some(Ok(held)) = self.directory.as_ref().map(File::metadata) else { return true };
        match std::fs::metadata(&self.path) {
            Ok(named) => (held.dev(), held.ino()) == (named.dev(), named.ino()),
            Err(e) => !matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
        }
    }

    #[cfg(not(unix))]
    pub(super) fn is_in_place(&self) -> bool {
        true
    }
}
