//! What was read at each artifact's path: `trees`.

use super::seal;
use crate::cache::change::{LoadedTree, TreeOwner};
use crate::database::value::{Col, OsText, PathList, StoredPath, StoredPaths};
use crate::model::{Fingerprint, Names, Tree, TreeInfo};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// Replaces what is stored of one artifact's files; only removes it when the owner is not stored.
pub(in crate::cache) fn store(
    connection: &Connection,
    path: &Path,
    owner: &TreeOwner,
    tree: &Tree,
    names: Option<&Names>,
) -> Result<()> {
    let Some((project, collection)) = owner_columns(connection, owner)? else {
        return remove(connection, path);
    };
    let (state, message, info) = match tree {
        Tree::Absent => ("absent", None, None),
        Tree::Present(info) => ("present", None, Some(&**info)),
        Tree::Unreadable { message } => ("unreadable", Some(message), None),
    };
    connection
        .prepare_cached(
            "INSERT INTO trees (path, project_id, collection_id, state, message, kind, hash, hash_with_ignored,
                 fingerprint, racy, file_count, total_size, version, linked, names, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
             ON CONFLICT (path) DO UPDATE SET project_id = ?2, collection_id = ?3, state = ?4, message = ?5, kind = ?6,
                 hash = ?7, hash_with_ignored = ?8, fingerprint = ?9, racy = ?10, file_count = ?11, total_size = ?12,
                 version = ?13, linked = ?14, names = ?15, seal = ?16",
        )?
        .execute(params![
            OsText::path(path),
            project,
            collection,
            state,
            message,
            info.map(|i| Col(i.kind)),
            info.map(|i| Col(i.hash)),
            info.and_then(|i| i.hash_with_ignored).map(Col),
            info.map(|i| i.fingerprint.0),
            info.map(|i| i.racy),
            info.map(|i| i.file_count),
            info.map(|i| Col(i.total_size)),
            info.and_then(|i| i.version.as_deref()),
            info.map(|i| PathList(&i.linked)),
            names.map(Names::bytes),
            seal::seal(&(path, tree, names.map(Names::bytes))),
        ])?;
    Ok(())
}

/// Removes what is stored of one artifact's files.
pub(in crate::cache) fn remove(connection: &Connection, path: &Path) -> Result<()> {
    connection.prepare_cached("DELETE FROM trees WHERE path = ?1")?.execute([OsText::path(path)])?;
    Ok(())
}

/// Reads all trees. Those at `paths` share them: each path would otherwise be there twice for a while, and the holes that the
/// second ones leave are too small to be given back (12 MB after a start with 50,000 artifacts).
pub(super) fn load(connection: &Connection, paths: &HashSet<Arc<Path>>) -> Result<Vec<LoadedTree>> {
    let mut names = Vec::new();
    let read = connection
        .prepare(
            "SELECT path, state, message, kind, hash, hash_with_ignored, fingerprint, racy, file_count, total_size,
                 version, linked, names, seal
             FROM trees ORDER BY id",
        )?
        .query_map([], |row| {
            let (StoredPath(path), tree) = (row.get(0)?, read(row)?);
            let path = paths.get(&*path).map_or_else(|| Arc::from(&*path), Arc::clone);
            let own = row.get_ref(12)?.as_blob_or_null()?;
            seal::check("trees", row, 13, &(&*path, &tree, own))?;
            let own = own.map(|own| {
                names.extend_from_slice(own);
                names.len() - own.len()..names.len()
            });
            Ok((path, tree, own))
        })?
        .collect::<Result<Vec<_>>>()?;
    let names = Arc::from(names);
    let tree = |(path, tree, own): (_, _, Option<_>)| LoadedTree {
        path,
        tree,
        names: own.and_then(|own| Names::within(&names, own)),
    };
    Ok(read.into_iter().map(tree).collect())
}

/// `(project_id, collection_id)`, exactly one of them set.
fn owner_columns(connection: &Connection, owner: &TreeOwner) -> Result<Option<(Option<i64>, Option<i64>)>> {
    let id = |row: &Row<'_>| row.get::<_, i64>(0);
    match owner {
        TreeOwner::Project(path) => Ok(connection
            .prepare_cached("SELECT id FROM projects WHERE path = ?1")?
            .query_row([OsText::path(path)], id)
            .optional()?
            .map(|id| (Some(id), None))),
        TreeOwner::Collection(uuid) => Ok(connection
            .prepare_cached("SELECT id FROM collections WHERE uuid = ?1")?
            .query_row([uuid], id)
            .optional()?
            .map(|id| (None, Some(id)))),
    }
}

fn read(row: &Row<'_>) -> Result<Tree> {
    Ok(match row.get_ref(1)?.as_str()? {
        "present" => Tree::Present(Arc::new(TreeInfo {
            kind: row.get::<_, Col<_>>(3)?.0,
            hash: row.get::<_, Col<_>>(4)?.0,
            hash_with_ignored: row.get::<_, Option<Col<_>>>(5)?.map(|c| c.0),
            fingerprint: Fingerprint(row.get(6)?),
            racy: row.get(7)?,
            file_count: row.get(8)?,
            total_size: row.get::<_, Col<_>>(9)?.0,
            version: row.get(10)?,
            linked: row.get::<_, StoredPaths>(11)?.0,
        })),
        "absent" => Tree::Absent,
        // The check of the column leaves only "unreadable", and that of "message" makes sure that there is one.
        _ => Tree::Unreadable { message: row.get(2)? },
    })
}
