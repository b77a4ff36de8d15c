//! One daemon per SkillMeat home: a kernel lock on `<state>/daemon.lock`, held for life.
//!
//! The kernel releases the lock whatever way the process ends, so neither a crash nor a reused process number can make
//! a dead daemon look alive (models.md §4, 24 to 28). The file is never deleted: whoever opened it just before would
//! hold a lock on a name that others no longer see. What stands in it, a [`LockNote`], is for finding and naming the
//! holder, never for deciding whether there is one.
//!
//! Whoever holds the lock may remove a stale socket; nobody else may.

use crate::os::files::shared_file_system;
use crate::os::private_dir::{self, PrivateDirError};
use skillmeat_protocol::endpoint::{LockNote, Places};
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// More than any note; the rest of a file that is longer is not ours.
const NOTE_LIMIT: u64 = 16 * 1024;

/// Why this process is not the daemon of its home.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// Another one holds the lock.
    #[error("a daemon is already running{}", running(note))]
    AlreadyRunning {
        /// What it wrote of itself; empty while it starts, and on Windows, where a locked file cannot be read.
        note: LockNote,
    },
    /// The directory of the lock is not safely ours.
    #[error(transparent)]
    Directory(#[from] PrivateDirError),
    /// Something else is in the place of the lock file.
    #[error("{path} is {what}; remove it: rm {path}")]
    NotALockFile {
        /// The path.
        path: PathBuf,
        /// What is there.
        what: &'static str,
    },
    /// The file could not be used.
    #[error("cannot {verb} {path}: {source}")]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

fn running(note: &LockNote) -> String {
    if note.pid == 0 { String::new() } else { format!(" (process {}, version {})", note.pid, note.version) }
}

/// The lock, for as long as this value lives.
#[derive(Debug)]
pub struct InstanceLock {
    file: File,
    path: PathBuf,
    warning: Option<String>,
}

impl InstanceLock {
    /// Takes the lock, without waiting. Makes the home as the user's umask has it (so before [`super::detach`]), and the
    /// state directory in it for the user alone.
    ///
    /// # Errors
    /// [`InstanceError::AlreadyRunning`], or what is wrong with the directory or the file.
    pub fn acquire(places: &Places) -> Result<Self, InstanceError> {
        let io_failed = |verb, path: &Path| {
            let path = path.to_owned();
            move |source| InstanceError::Io { verb, path, source }
        };
        std::fs::create_dir_all(&places.home).map_err(io_failed("make directory", &places.home))?;
        private_dir::ensure(&places.state)?;
        let path = places.lock_file();
        let warning = lock_warning(&places.state);
        loop {
            let file = open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(InstanceError::AlreadyRunning { note: read_note(&file) });
                }
                Err(TryLockError::Error(e)) => return Err(io_failed("lock", &path)(e)),
            }
            // Somebody may have deleted the file since it was opened; then this lock excludes nobody.
            if is_at(&file, &path).map_err(io_failed("look at", &path))? {
                // What a dead daemon left must not be taken for this one's.
                file.set_len(0).map_err(io_failed("write", &path))?;
                return Ok(Self { file, path, warning });
            }
        }
    }

    /// Why the lock may not keep out daemons on other machines.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Writes what clients need to find and name this daemon. They see the old note, none, or a part of the new one
    /// while this happens, so it must be complete before anybody is told that the daemon is ready.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn record(&self, note: &LockNote) -> Result<(), InstanceError> {
        let write = || {
            let mut file = &self.file;
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(note.to_text().as_bytes())
        };
        write().map_err(|source| InstanceError::Io { verb: "write", path: self.path.clone(), source })
    }
}

/// Opens the lock file, making it when it is missing. `std` opens it so that children do not inherit the lock.
fn open(path: &Path) -> Result<File, InstanceError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        // A link could lead the writing elsewhere; opening a FIFO must not wait.
        options.mode(0o600).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32);
    }
    let failed = |source| InstanceError::Io { verb: "open", path: path.to_owned(), source };
    let not_a_lock_file = |what| InstanceError::NotALockFile { path: path.to_owned(), what };
    let file = options.open(path).map_err(|source| match path.symlink_metadata() {
        Ok(found) if found.is_symlink() => not_a_lock_file("a symbolic link"),
        Ok(found) if found.is_dir() => not_a_lock_file("a directory"),
        _ => failed(source),
    })?;
    let found = file.metadata().map_err(failed)?;
    if !found.is_file() {
        return Err(not_a_lock_file("not a regular file"));
    }
    if !is_ours(&found) {
        return Err(not_a_lock_file("another user's file"));
    }
    Ok(file)
}

#[cfg(unix)]
fn is_ours(found: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(found) == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn is_ours(_found: &Metadata) -> bool {
    true
}

/// Whether `path` still names `file`.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let held = file.metadata()?;
    match path.symlink_metadata() {
        Ok(named) => Ok((held.dev(), held.ino()) == (named.dev(), named.ino())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

/// Windows does not let go of the name of an open file that was not opened for sharing deletion.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> io::Result<bool> {
    Ok(true)
}

fn read_note(file: &File) -> LockNote {
    let mut bytes = Vec::new();
    // What cannot be read names nobody; that there is a holder is known without it.
    let _ = file.take(NOTE_LIMIT).read_to_end(&mut bytes);
    LockNote::from_text(&String::from_utf8_lossy(&bytes))
}

/// Locks of file systems that several machines share hold on one machine only, or hang with their server (cargo #2615).
/// FUSE file systems are most often local (encrypted homes), and lock like others.
fn lock_warning(state: &Path) -> Option<String> {
    let name = shared_file_system(state).filter(|name| *name != "FUSE")?;
    Some(format!(
        "{} is on {name}, where a lock may not keep out a daemon on another machine; set SKILLMEAT_HOME to a local \
         directory if this home is used on several machines at once",
        state.display()
    ))
}

#[cfg(all(test, unix))]
mod tests;
