//! Rows: one file per thing that is stored, with the SQL that writes it beside the SQL that reads it back.
//!
//! Reading back gives exactly what was stored. Lists that nothing selects by (problems, directories, tags) are JSON in
//! one column; everything else is columns. A value that cannot be read back, or that is not what was stored (`seal`), is an
//! error, never a default: the caller then takes the database as damaged.

pub(super) mod collection;
pub(super) mod drift;
pub(super) mod project;
mod seal;
pub(super) mod tree;

use super::change::{Loaded, LoadedProject};
use rusqlite::{Connection, Row};
use std::collections::HashMap;

/// Reads the whole database. `early` is given the projects as soon as they are read.
pub(super) fn load(connection: &Connection, mut early: impl FnMut(&[LoadedProject])) -> rusqlite::Result<Loaded> {
    let projects = project::load(connection)?;
    early(&projects);
    let records = projects.iter().flat_map(|project| &project.scan.records).map(|record| &record.path);
    let untracked = projects.iter().flat_map(|project| &project.scan.on_disk).map(|found| &found.path);
    let paths = records.chain(untracked).cloned().collect();
    Ok(Loaded {
        collections: collection::load(connection)?,
        trees: tree::load(connection, &paths)?,
        first_seen: drift::load(connection)?,
        projects,
    })
}

/// Reads child rows, whose first column names the parent, in the query's order.
fn by_parent<T>(
    connection: &Connection,
    sql: &str,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<HashMap<i64, Vec<T>>> {
    let mut found: HashMap<i64, Vec<T>> = HashMap::new();
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        found.entry(row.get(0)?).or_default().push(read(row)?);
    }
    Ok(found)
}
