//! One daemon per SkillMeat home: a kernel lock on `<state>/daemon.lock`, held for life.
//!
//! The kernel releases the lock whatever way the process ends, so neither a crash nor a reused process number can make
//! a dead daemon look alive (models.md §4, 24 to 28). The file is never deleted: whoever opened it just before would
//! hold a lock on a name that others no longer see. What stands in it, a [`LockNote`], is for finding and naming the
//! holder, never for deciding whether there is one.
//!
//! A file can be deleted while it is locked, and whoever comes next would lock another one of that name. So the home
//! itself is locked too, where directories can be: it is the same inode whatever path leads to it, and when it is
//! deleted or moved, there is nothing left to be the daemon of. [`InstanceLock::check`] looks at all three names again.
//!
//! Whoever holds the lock may remove a stale socket; nobody else may.

use crate::os::files::shared_file_system;
use crate::os::private_dir::{self, PrivateDirError};
use skillmeat_protocol::endpoint::{LockNote, Places};
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

mod pinned;

use pinned::Pinned;

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
    /// Replaced when its name was taken away.
    file: Mutex<File>,
    path: PathBuf,
    home: Pinned,
    state: Pinned,
    note: Mutex<LockNote>,
    warning: Option<String>,
}

/// What another look at a held lock found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Everything is as it was.
    Intact,
    /// The lock file was gone or another one, and is ours again.
    Restored,
}

/// Why this process is no longer the daemon of its home, and must end.
#[derive(Debug, thiserror::Error)]
pub enum LostHome {
    /// What was locked is not at this path any more.
    #[error("{0} was moved, removed or replaced")]
    Gone(PathBuf),
    /// Another process holds the lock file that is there now.
    #[error("another daemon holds {0}")]
    Taken(PathBuf),
    /// The lock file cannot be put back.
    #[error("the lock file was taken away: {0}")]
    Io(#[from] InstanceError),
}

impl InstanceLock {
    /// Takes the lock, without waiting. Makes the home as the user's umask has it, and the
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
        let mut home = Pinned::open(&places.home).map_err(io_failed("open", &places.home))?;
        let state = Pinned::open(&places.state).map_err(io_failed("open", &places.state))?;
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
                if !home.lock() {
                    return Err(InstanceError::AlreadyRunning { note: read_note(&file) });
                }
                // What a dead daemon left must not be taken for this one's.
                file.set_len(0).map_err(io_failed("write", &path))?;
                return Ok(Self { file: Mutex::new(file), path, home, state, note: Mutex::default(), warning });
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
        lock(&self.note).clone_from(note);
        write_note(&lock(&self.file), note).map_err(self.failed("write"))
    }

    /// Looks whether home, state directory and lock file are still those that are locked, and puts the lock file back
    /// when it is not.
    ///
    /// # Errors
    /// When this process must end, because it is no longer the daemon of what is at its paths.
    pub fn check(&self) -> Result<Hold, LostHome> {
        for dir in [&self.home, &self.state] {
            if !dir.is_in_place() {
                return Err(LostHome::Gone(dir.path().to_owned()));
            }
        }
        let mut file = lock(&self.file);
        // What cannot be looked at may be there; only what is known to be gone is put back.
        if is_at(&file, &self.path).unwrap_or(true) {
            return Ok(Hold::Intact);
        }
        *file = if self.home.is_locked() { self.replace()? } else { self.take_over()? };
        Ok(Hold::Restored)
    }

    /// Puts a new lock file in place of whatever is there. Nobody else can be the daemon: who holds that file just now is
    /// about to learn that the home is locked.
    fn replace(&self) -> Result<File, LostHome> {
        let new = tempfile::Builder::new().prefix(".daemon.lock.").tempfile_in(self.state.path());
        let new = new.map_err(self.failed("make"))?;
        new.as_file().lock().map_err(self.failed("lock"))?;
        write_note(new.as_file(), &lock(&self.note)).map_err(self.failed("write"))?;
        Ok(new.persist(&self.path).map_err(|e| self.failed("replace")(e.error))?)
    }

    /// Takes the lock file that is there, or makes it. Where the home cannot be locked, its holder is the daemon.
    fn take_over(&self) -> Result<File, LostHome> {
        loop {
            let file = open(&self.path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(LostHome::Taken(self.path.clone())),
                Err(TryLockError::Error(e)) => return Err(self.failed("lock")(e).into()),
            }
            if is_at(&file, &self.path).map_err(self.failed("look at"))? {
                write_note(&file, &lock(&self.note)).map_err(self.failed("write"))?;
                return Ok(file);
            }
        }
    }

    fn failed(&self, verb: &'static str) -> impl FnOnce(io::Error) -> InstanceError {
        let path = self.path.clone();
        move |source| InstanceError::Io { verb, path, source }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A file and a note are whole whatever panicked while they were held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write_note(mut file: &File, note: &LockNote) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(note.to_text().as_bytes())
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
