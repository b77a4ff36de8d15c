//! From a path to a database that can be used, whatever is at that path.
//!
//! | found | what happens |
//! |---|---|
//! | nothing, or an empty file | created |
//! | an earlier version | migrated |
//! | a later version, damage, a failed health check | set aside as `cache.db.bad-<n>`, created anew |
//! | ours, with a lost batch in its history | removed, created anew |
//! | another program's database | not touched; memory |
//! | not readable or writable, directory cannot be made, disk full, locked | not touched; memory |
//!
//! Every line but the first two leaves a note for people. Of the files that were set aside the newest two are kept.

use super::change::{Loaded, LoadedProject};
use super::schema::KIND;
use super::{CacheError, rows, state};
use crate::database::{self, Obstacle};
use rusqlite::Connection;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// Why the file at the path cannot be used as it is.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Obstacle(#[from] Obstacle),
    /// Something that was to be stored could not be, and something later was.
    #[error("changes are missing from it, because writing failed earlier")]
    Incomplete,
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Obstacle(error.into())
    }
}

/// A database ready for its writer.
pub(super) struct Ready {
    pub(super) connection: Connection,
    pub(super) loaded: Loaded,
    /// What people should know.
    pub(super) notes: Vec<String>,
}

/// Opens, repairs or replaces the database; ends in memory when there is no other way.
pub(super) fn open(path: &Path, mut early: impl FnMut(&[LoadedProject])) -> Result<Ready, CacheError> {
    let ready = open_any(path, &mut early);
    // Where nothing was read.
    early(&[]);
    ready
}

fn open_any(path: &Path, early: &mut impl FnMut(&[LoadedProject])) -> Result<Ready, CacheError> {
    let refusal = match prepare(path, &mut *early) {
        Ok((connection, loaded)) => {
            return Ok(Ready { connection, loaded, notes: Vec::new() });
        }
        Err(refusal) => refusal,
    };
    let shown = path.display();
    let cleared = match &refusal {
        Refusal::Obstacle(Obstacle::Foreign | Obstacle::Unusable(_)) => return in_memory(path, &refusal.to_string()),
        Refusal::Incomplete => remove(path).map(|()| format!("{shown} was emptied: {refusal}")),
        Refusal::Obstacle(Obstacle::Damaged(_) | Obstacle::Newer { .. }) => {
            set_aside(path).map(|kept| format!("{shown} was set aside as {}: {refusal}", kept.display()))
        }
    };
    let note = match cleared {
        Ok(note) => note,
        Err(e) => return in_memory(path, &format!("{refusal}, and it cannot be moved away: {e}")),
    };
    match prepare(path, early) {
        Ok((connection, loaded)) => {
            let notes = vec![format!("{note}; everything is read again")];
            Ok(Ready { connection, loaded, notes })
        }
        Err(again) => {
            let mut ready = in_memory(path, &again.to_string())?;
            ready.notes.insert(0, note);
            Ok(ready)
        }
    }
}

/// One attempt. The connection is closed before an error is returned, so that the file can be moved on every platform.
fn prepare(path: &Path, early: impl FnMut(&[LoadedProject])) -> Result<(Connection, Loaded), Refusal> {
    let mut connection = KIND.open_file(path)?;
    KIND.migrate(&mut connection)?;
    KIND.check_health(&connection)?;
    let left = state::read(&connection)?;
    if left.incomplete {
        return Err(Refusal::Incomplete);
    }
    if !left.closed {
        database::check_pages(&connection)?;
    }
    let loaded = rows::load(&connection, early)?;
    state::mark_running(&connection)?;
    Ok((connection, loaded))
}

fn in_memory(path: &Path, why: &str) -> Result<Ready, CacheError> {
    let attempt = || -> Result<Connection, Obstacle> {
        let mut connection = database::open_memory()?;
        KIND.migrate(&mut connection)?;
        Ok(connection)
    };
    let connection = attempt().map_err(|e| CacheError::Memory { reason: e.to_string() })?;
    let note =
        format!("{} is not used: {why}; until that is mended, every start reads everything again", path.display());
    Ok(Ready { connection, loaded: Loaded::default(), notes: vec![note] })
}

/// The files beside a database that are part of it.
const SIDECARS: [&str; 3] = ["-wal", "-shm", "-journal"];

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn unless_missing(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
}

/// Renames the database to the next free `.bad-<n>` and returns that path. The log goes first: left behind without its
/// database, it would be replayed into the next one.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let older = bad_copies(path)?;
    let next = older.last().map_or(1, |newest| newest.saturating_add(1));
    let target = with_suffix(path, &format!(".bad-{next}"));
    for suffix in SIDECARS {
        unless_missing(std::fs::rename(with_suffix(path, suffix), with_suffix(&target, suffix)))?;
    }
    std::fs::rename(path, &target)?;
    for number in older.iter().rev().skip(1) {
        remove(&with_suffix(path, &format!(".bad-{number}")))?;
    }
    Ok(target)
}

fn remove(path: &Path) -> io::Result<()> {
    for suffix in SIDECARS {
        unless_missing(std::fs::remove_file(with_suffix(path, suffix)))?;
    }
    unless_missing(std::fs::remove_file(path))
}

/// The numbers of the databases that were set aside, ascending.
fn bad_copies(path: &Path) -> io::Result<Vec<u64>> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(Vec::new());
    };
    let prefix = format!("{}.bad-", name.to_string_lossy());
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(parent)? {
        let entry = entry?.file_name();
        numbers.extend(entry.to_str().and_then(|entry| entry.strip_prefix(&prefix)?.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}
