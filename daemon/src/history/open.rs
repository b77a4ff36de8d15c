//! From a path to a database that can be used, or to the reason why not.
//!
//! | found | what happens |
//! |---|---|
//! | nothing, and nothing that is left of an earlier one | created |
//! | an earlier version | copied, then migrated |
//! | a later version, damage, another program's, not accessible | not touched; an error that names it and its backup |
//! | nothing, beside a backup or a log | not touched; an error that names what is left |
//!
//! The pages are not read through at every start, which would take as long as there is history: what is read proves
//! itself, and the daily backup is checked as a whole.

use super::{History, HistoryError, backup};
use crate::database::{Commits, Kind, Obstacle};
use crate::model::Timestamp;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// "skmh". What is in there is nowhere else.
pub(super) const KIND: Kind = Kind {
    mark: 0x736b_6d68,
    migrations: &[
        include_str!("schema/0001_base.sql"),
        include_str!("schema/0002_versions.sql"),
        include_str!("schema/0003_branches.sql"),
        include_str!("schema/0004_conflicts.sql"),
        include_str!("schema/0005_events.sql"),
        include_str!("schema/0006_followings.sql"),
        include_str!("schema/0007_imprints.sql"),
    ],
    commits: Commits::Durable,
};

pub(super) fn open(kind: &'static Kind, path: &Path, now: Timestamp) -> Result<History, HistoryError> {
    let is_there = std::fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file() || metadata.len() > 0);
    if !is_there && let Some(left) = what_is_left(path) {
        return Err(HistoryError::Gone { path: path.to_owned(), left });
    }
    if let Err(error) = backup::remove_unfinished(path)
        && error.kind() != ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "cannot remove what is left of a backup");
    }
    let attempt = || -> Result<_, Obstacle> {
        let mut connection = kind.open_file(path)?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if (1..kind.latest()).contains(&version) {
            backup::make(path, now).map_err(|e| Obstacle::Unusable(format!("before a migration: {e}")))?;
        }
        kind.migrate(&mut connection)?;
        kind.check_health(&connection)?;
        Ok(connection)
    };
    match attempt() {
        Ok(connection) => Ok(History { path: path.to_owned(), connection: Mutex::new(connection) }),
        Err(obstacle) => Err(HistoryError::Unusable { path: path.to_owned(), obstacle, backup: backup::newest(path) }),
    }
}

/// A log is written after the database has its mark, so that one without a database is not of a first start.
fn what_is_left(path: &Path) -> Option<PathBuf> {
    let mut log = OsString::from(path);
    log.push("-wal");
    let log = PathBuf::from(log);
    let has_log = std::fs::metadata(&log).is_ok_and(|metadata| metadata.len() > 0);
    backup::newest(path).or(has_log.then_some(log))
}
