//! Copies of the database beside it: one a day while something changes, and one before each migration.
//!
//! A copy is made by SQLite, within one read transaction, so that it is of one moment and nobody waits for it. It takes its
//! name only when it was read through without a complaint and is on disk; only then is an older one removed. So a
//! database that rots does not push out the copies that were good. Names are `history.db.<UTC time>.bak`, which sort
//! by age.

use super::{History, HistoryError};
use crate::database::{self, Obstacle};
use crate::model::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Copies that are kept.
const KEPT: usize = 3;
/// How the names of copies begin that are being made.
const UNFINISHED: &str = ".history-backup.";
/// Microseconds between two copies.
const EVERY: i64 = 24 * 60 * 60 * 1_000_000;

impl History {
    /// Makes a copy when the newest is a day old and something was stored since. Takes as long as copying the file does,
    /// while everybody else goes on. Returns where it is.
    ///
    /// # Errors
    /// It cannot be written, or the database is damaged.
    pub fn backup_if_due(&self, now: Timestamp) -> Result<Option<PathBuf>, HistoryError> {
        if let Some(newest) = newest(&self.path) {
            let is_young =
                taken(&self.path, &newest).is_some_and(|at| (0..EVERY).contains(&(now.0.saturating_sub(at))));
            if is_young || !has_changed_since(&self.path, &newest) {
                return Ok(None);
            }
        }
        make(&self.path, now).map(Some)
    }
}

/// The newest copy of the database at `path`.
pub(super) fn newest(path: &Path) -> Option<PathBuf> {
    copies(path).ok()?.pop()
}

/// Copies the database.
pub(super) fn make(path: &Path, now: Timestamp) -> Result<PathBuf, HistoryError> {
    let target = named(path, &format!(".{}.bak", stamp(now)));
    let directory = path.parent().unwrap_or(Path::new("."));
    // For the user only, and gone if anything fails.
    let file = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempfile_in(directory)
        .map_err(HistoryError::io("create a backup in", directory))?;
    let failed = |source: rusqlite::Error| match Obstacle::from_error(&source) {
        Obstacle::Damaged(what) => HistoryError::Damaged { path: path.to_owned(), what, backup: newest(path) },
        _ => HistoryError::Database { verb: "back up", path: path.to_owned(), source },
    };
    copy(path, file.path()).map_err(failed)?;
    let is_sound = Connection::open(file.path()).map_err(Obstacle::from).and_then(|copy| database::check_pages(&copy));
    if let Err(obstacle) = is_sound {
        let what = obstacle.to_string();
        return Err(HistoryError::Damaged { path: path.to_owned(), what, backup: newest(path) });
    }
    file.as_file().sync_all().map_err(HistoryError::io("sync", file.path()))?;
    file.persist(&target).map_err(|e| HistoryError::Io { verb: "write", path: target.clone(), source: e.error })?;
    sync_directory(directory).map_err(HistoryError::io("sync", directory))?;
    remove_old(path).map_err(HistoryError::io("remove an old backup in", directory))?;
    Ok(target)
}

/// Removes what a kill left of making copies. Only for whoever holds the home: nobody else may be making one.
pub(super) fn remove_unfinished(path: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(path.parent().unwrap_or(Path::new(".")))? {
        let entry = entry?;
        // Also SQLite's files beside it.
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> rusqlite::Result<()> {
    // Through a connection of its own: the other one stays free.
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    source.busy_timeout(database::BUSY_TIMEOUT)?;
    let mut target = Connection::open(to)?;
    let backup = Backup::new(&source, &mut target)?;
    // In one step, or each commit of somebody else would make it begin again.
    match backup.step(-1)? {
        StepResult::Done => {}
        _ => {
            let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
            return Err(rusqlite::Error::SqliteFailure(busy, None));
        }
    }
    drop(backup);
    // A copy stands alone: without a log that could be lost.
    target.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))
}

/// Whether the database or its log was written after the copy.
fn has_changed_since(path: &Path, copy: &Path) -> bool {
    let written = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let log = named(path, "-wal");
    let logged = std::fs::metadata(&log).is_ok_and(|metadata| metadata.len() > 0).then(|| written(&log)).flatten();
    let changed: Option<SystemTime> = written(path).max(logged);
    changed.is_none() || changed > written(copy)
}

fn remove_old(path: &Path) -> io::Result<()> {
    let copies = copies(path)?;
    for old in &copies[..copies.len().saturating_sub(KEPT)] {
        std::fs::remove_file(old)?;
    }
    Ok(())
}

/// All copies, by age, the oldest first.
fn copies(path: &Path) -> io::Result<Vec<PathBuf>> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut copies = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let copy = directory.join(entry?.file_name());
        if taken(path, &copy).is_some() {
            copies.push(copy);
        }
    }
    copies.sort_unstable();
    Ok(copies)
}

/// When a copy was made, in microseconds, by its name; none for what is no copy.
fn taken(path: &Path, copy: &Path) -> Option<i64> {
    let name = copy.file_name()?.to_str()?;
    let time = name.strip_prefix(path.file_name()?.to_str()?)?.strip_prefix('.')?.strip_suffix(".bak")?;
    let civil = jiff::civil::DateTime::strptime(FORMAT, time).ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

const FORMAT: &str = "%Y%m%dT%H%M%SZ";

fn stamp(now: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(now.0).unwrap_or_default();
    at.to_zoned(TimeZone::UTC).datetime().strftime(FORMAT).to_string()
}

fn named(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Other systems keep names without being asked, or cannot be.
#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}
