//! Classified items: `drift`.

use super::seal;
use crate::cache::change::{DriftKey, DriftRow};
use crate::database::value::{Col, OsText, StoredPath};
use crate::model::Timestamp;
use rusqlite::{Connection, Result, params};
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Replaces what is stored of one item; does nothing when its project is not stored.
///
/// Not an upsert: the profile can be NULL, and no unique constraint takes two NULLs for equal.
pub(in crate::cache) fn store(connection: &Connection, row: &DriftRow) -> Result<()> {
    remove(connection, &row.item)?;
    let DriftKey { project, profile, key } = &row.item;
    connection
        .prepare_cached(
            "INSERT INTO drift (project_id, profile, type, name, state, since, baseline_hash, collection_hash,
                 project_hash, collection_id, seal)
             SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, (SELECT id FROM collections WHERE uuid = ?10), ?11
             FROM projects WHERE path = ?1",
        )?
        .execute(params![
            OsText::path(project),
            profile,
            Col(key.kind),
            key.name,
            Col(row.state),
            Col(row.since),
            row.baseline.map(Col),
            row.in_collection.map(Col),
            row.in_project.map(Col),
            row.collection_id,
            seal::seal(&(&row.item, row.state, row.since)),
        ])?;
    Ok(())
}

/// Removes one item.
pub(in crate::cache) fn remove(connection: &Connection, item: &DriftKey) -> Result<()> {
    let DriftKey { project, profile, key } = item;
    connection
        .prepare_cached(
            "DELETE FROM drift WHERE project_id = (SELECT id FROM projects WHERE path = ?1) AND type = ?2 AND name = ?3
                 AND profile IS ?4",
        )?
        .execute(params![OsText::path(project), Col(key.kind), key.name, profile])?;
    Ok(())
}

/// Reads the state of every item and since when it has it.
pub(super) fn load(connection: &Connection) -> Result<Vec<(DriftKey, (DriftState, Timestamp))>> {
    let projects: HashMap<i64, Arc<Path>> = connection
        .prepare("SELECT id, path FROM projects")?
        .query_map([], |row| Ok((row.get(0)?, row.get::<_, StoredPath>(1)?.0.into())))?
        .collect::<Result<_>>()?;
    let mut found = Vec::new();
    let mut statement =
        connection.prepare("SELECT project_id, profile, type, name, state, since, seal FROM drift ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // A foreign key: only a damaged database has an item without its project, and the item means nothing then.
        let Some(project) = projects.get(&row.get(0)?).cloned() else {
            continue;
        };
        let key = ArtifactKey { kind: row.get::<_, Col<_>>(2)?.0, name: row.get(3)? };
        let (state, since): (DriftState, Timestamp) = (row.get::<_, Col<_>>(4)?.0, row.get::<_, Col<_>>(5)?.0);
        let item = DriftKey { project, profile: row.get(1)?, key };
        seal::check("drift", row, 6, &(&item, state, since))?;
        found.push((item, (state, since)));
    }
    Ok(found)
}
