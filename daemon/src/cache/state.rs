//! What the last daemon says of the rows that it left: the `cache_metadata` table.
//!
//! * `closed`: the writer ended in order, so the pages need no check. Removed for as long as a writer runs.
//! * `incomplete`: a batch could not be written but a later one was, so the rows never were the state of any moment.
//!   Written in the same transaction as that later batch. A kill instead leaves the rows of an earlier moment, which
//!   the next start verifies as it verifies all others.

use rusqlite::{Connection, Result};

const CLOSED: &str = "closed";
const INCOMPLETE: &str = "incomplete";

/// How the database was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) closed: bool,
    pub(super) incomplete: bool,
}

pub(super) fn read(connection: &Connection) -> Result<Left> {
    let mut statement = connection.prepare("SELECT EXISTS (SELECT 1 FROM cache_metadata WHERE key = ?1)")?;
    let mut is_set = |key: &str| statement.query_row([key], |row| row.get(0));
    Ok(Left { closed: is_set(CLOSED)?, incomplete: is_set(INCOMPLETE)? })
}

pub(super) fn mark_running(connection: &Connection) -> Result<()> {
    connection.execute("DELETE FROM cache_metadata WHERE key = ?1", [CLOSED])?;
    Ok(())
}

pub(super) fn mark_closed(connection: &Connection) -> Result<()> {
    set(connection, CLOSED)
}

pub(super) fn mark_incomplete(connection: &Connection) -> Result<()> {
    set(connection, INCOMPLETE)
}

fn set(connection: &Connection, key: &str) -> Result<()> {
    connection.execute("INSERT INTO cache_metadata (key, value) VALUES (?1, '1') ON CONFLICT DO NOTHING", [key])?;
    Ok(())
}
