//! How a database of any earlier version becomes the present one, and whether one really is.
//!
//! `user_version` is the number of migrations applied. Migrations are appended, never edited: what shipped once exists
//! on somebody's disk. All missing ones run in one IMMEDIATE transaction, so a kill leaves the old version or the new.
//!
//! A version number is only a claim. The health check compares the tables and columns that are there with those of a
//! database made from nothing by the same migrations, so there is no second list to keep in agreement.

use super::{Kind, Obstacle, open_memory};
use rusqlite::{Connection, TransactionBehavior};
use std::collections::BTreeSet;

/// Brings the database to the present version. Without anything to do it only reads one number.
pub(super) fn migrate(kind: &Kind, connection: &mut Connection) -> Result<(), Obstacle> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found == kind.latest() {
        return Ok(());
    }
    if found > kind.latest() {
        return Err(Obstacle::Newer { found, known: kind.latest() });
    }
    let Some(missing) = usize::try_from(found).ok().and_then(|applied| kind.migrations.get(applied..)) else {
        return Err(Obstacle::Damaged(format!("its schema version is {found}")));
    };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for migration in missing {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", kind.latest())?;
    transaction.commit()?;
    Ok(())
}

/// Whether every table and column that the present version has is there. More than that does no harm.
pub(super) fn check_health(kind: &Kind, connection: &Connection) -> Result<(), Obstacle> {
    let mut reference = open_memory()?;
    migrate(kind, &mut reference)?;
    let present = columns(connection)?;
    match columns(&reference)?.difference(&present).next() {
        Some((table, column)) => Err(Obstacle::Damaged(format!("column {column} of table {table} is missing"))),
        None => Ok(()),
    }
}

fn columns(connection: &Connection) -> rusqlite::Result<BTreeSet<(String, String)>> {
    connection
        .prepare("SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}
