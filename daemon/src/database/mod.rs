//! What every SQLite database of the daemon has in common: how its file is opened, whose it is, how its schema grows.
//!
//! What to do about an [`Obstacle`] is not decided here: the cache replaces its database, the history never does.
//!
//! # Invariants
//!
//! * Only a file that carries the mark of its `Kind`, or an empty one, is handed to SQLite.
//! * Files are readable by the user alone.
//! * Schemas only grow: migrations are appended, never edited.

mod connection;
mod schema;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod value;

use rusqlite::{Connection, ErrorCode};
use std::path::Path;

/// What tells one database of the daemon from another.
#[derive(Debug)]
pub(crate) struct Kind {
    /// `PRAGMA application_id`.
    pub(crate) mark: i32,
    /// Every schema so far; the index plus one is its `user_version`. Append only.
    pub(crate) migrations: &'static [&'static str],
    /// What a power failure may take.
    pub(crate) commits: Commits,
}

/// What a commit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commits {
    /// Nothing: a power failure can lose the last ones, never a part of one.
    Quick,
    /// The disk.
    Durable,
}

impl Kind {
    /// Opens the file, and creates it and its directory (for the user only) where they are missing.
    pub(crate) fn open_file(&self, path: &Path) -> Result<Connection, Obstacle> {
        connection::open_file(self, path)
    }

    /// The `user_version` that this release reads and writes.
    pub(crate) fn latest(&self) -> i64 {
        i64::try_from(self.migrations.len()).unwrap_or(i64::MAX)
    }

    /// Brings the database to the present version. Without anything to do it only reads one number.
    pub(crate) fn migrate(&self, connection: &mut Connection) -> Result<(), Obstacle> {
        schema::migrate(self, connection)
    }

    /// Whether every table and column that the present version has is there. More than that does no harm.
    pub(crate) fn check_health(&self, connection: &Connection) -> Result<(), Obstacle> {
        schema::check_health(self, connection)
    }
}

pub(crate) use connection::{BUSY_TIMEOUT, open_memory};

/// Reads every page, which takes time in proportion to the file.
pub(crate) fn check_pages(connection: &Connection) -> Result<(), Obstacle> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(Obstacle::Damaged(found)) }
}

/// Why a database cannot be used as it is.
#[derive(Debug, thiserror::Error)]
pub enum Obstacle {
    /// Its content cannot be trusted.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// A later release wrote it.
    #[error("it has schema version {found}, and this release knows {known}")]
    Newer {
        /// Its `user_version`.
        found: i64,
        /// The latest one known here.
        known: i64,
    },
    /// Another program's.
    #[error("it belongs to another program")]
    Foreign,
    /// Nothing is known against it, but it cannot be opened or written.
    #[error("{0}")]
    Unusable(String),
}

impl From<rusqlite::Error> for Obstacle {
    fn from(error: rusqlite::Error) -> Self {
        Self::from_error(&error)
    }
}

impl Obstacle {
    /// What the surroundings cause (permissions, space, locks) says nothing about the content; all else does, because
    /// a healthy database answers each of our statements.
    pub(crate) fn from_error(error: &rusqlite::Error) -> Self {
        use ErrorCode::{
            CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, FileLockingProtocolFailed, NoLargeFileSupport,
            OutOfMemory, PermissionDenied, ReadOnly,
        };
        match error.sqlite_error_code() {
            Some(
                CannotOpen
                | DatabaseBusy
                | DatabaseLocked
                | DiskFull
                | FileLockingProtocolFailed
                | NoLargeFileSupport
                | OutOfMemory
                | PermissionDenied
                | ReadOnly,
            ) => Self::Unusable(error.to_string()),
            _ => Self::Damaged(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    #[test]
    fn what_the_surroundings_cause_is_not_damage() {
        let from = |code| Obstacle::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        for code in
            [ffi::SQLITE_BUSY, ffi::SQLITE_FULL, ffi::SQLITE_READONLY, ffi::SQLITE_CANTOPEN, ffi::SQLITE_PROTOCOL]
        {
            assert!(matches!(from(code), Obstacle::Unusable(_)), "{code}");
        }
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB, ffi::SQLITE_IOERR, ffi::SQLITE_ERROR] {
            assert!(matches!(from(code), Obstacle::Damaged(_)), "{code}");
        }
    }
}
