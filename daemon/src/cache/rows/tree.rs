//! What was read at each artifact's path: `trees`, `files`.

use super::seal;
use super::value::{Col, OsText, PathList, StoredPath, StoredPaths};
use crate::cache::change::TreeOwner;
use crate::model::{FileRow, Fingerprint, Tree, TreeInfo};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Replaces what is stored of one artifact's files; only removes it when the owner is not stored.
pub(in crate::cache) fn store(
    connection: &Connection,
    path: &Path,
    owner: &TreeOwner,
    tree: &Tree,
    files: &[FileRow],
) -> Result<()> {
    let Some((project, collection)) = owner_columns(connection, owner)? else {
        return remove(connection, path);
    };
    let (state, message, info) = match tree {
        Tree::Absent => ("absent", None, None),
        Tree::Present(info) => ("present", None, Some(&**info)),
        Tree::Unreadable { message } => ("unreadable", Some(message), None),
    };
    let id: i64 = connection
        .prepare_cached(
            "INSERT INTO trees (path, project_id, collection_id, state, message, kind, hash, hash_with_ignored,
                 version_hash, fingerprint, racy, file_count, total_size, version, linked, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
             ON CONFLICT (path) DO UPDATE SET project_id = ?2, collection_id = ?3, state = ?4, message = ?5, kind = ?6,
                 hash = ?7, hash_with_ignored = ?8, version_hash = ?9, fingerprint = ?10, racy = ?11, file_count = ?12,
                 total_size = ?13, version = ?14, linked = ?15, seal = ?16
             RETURNING id",
        )?
        .query_row(
            params![
                OsText::path(path),
                project,
                collection,
                state,
                message,
                info.map(|i| Col(i.kind)),
                info.map(|i| Col(i.hash)),
                info.and_then(|i| i.hash_with_ignored).map(Col),
                info.map(|i| Col(i.version_hash)),
                info.map(|i| i.fingerprint.0),
                info.map(|i| i.racy),
                info.map(|i| i.file_count),
                info.map(|i| Col(i.total_size)),
                info.and_then(|i| i.version.as_deref()),
                info.map(|i| PathList(&i.linked)),
                seal::seal(&(path, tree)),
            ],
            |row| row.get(0),
        )?;
    connection.prepare_cached("DELETE FROM files WHERE tree_id = ?1")?.execute([id])?;
    store_files(connection, id, files)
}

/// Removes what is stored of one artifact's files.
pub(in crate::cache) fn remove(connection: &Connection, path: &Path) -> Result<()> {
    connection.prepare_cached("DELETE FROM trees WHERE path = ?1")?.execute([OsText::path(path)])?;
    Ok(())
}

/// Reads all trees, without their files.
pub(super) fn load(connection: &Connection) -> Result<Vec<(PathBuf, Tree)>> {
    connection
        .prepare(
            "SELECT path, state, message, kind, hash, hash_with_ignored, version_hash, fingerprint, racy, file_count,
                 total_size, version, linked, seal
             FROM trees ORDER BY id",
        )?
        .query_map([], |row| {
            let (path, tree) = (row.get::<_, StoredPath>(0)?.0, read(row)?);
            seal::check("trees", row, 13, &(path.as_path(), &tree))?;
            Ok((path, tree))
        })?
        .collect()
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
            version_hash: row.get::<_, Col<_>>(6)?.0,
            fingerprint: Fingerprint(row.get(7)?),
            racy: row.get(8)?,
            file_count: row.get(9)?,
            total_size: row.get::<_, Col<_>>(10)?.0,
            version: row.get(11)?,
            linked: row.get::<_, StoredPaths>(12)?.0,
        })),
        "absent" => Tree::Absent,
        // The check of the column leaves only "unreadable", and that of "message" makes sure that there is one.
        _ => Tree::Unreadable { message: row.get(2)? },
    })
}

fn store_files(connection: &Connection, tree: i64, files: &[FileRow]) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO files (tree_id, path, size, mtime_ns, ctime_ns, inode, device, mode, hash, ignored)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for FileRow { path, stamp, hash, ignored } in files {
        insert.execute(params![
            tree,
            OsText(path),
            Col(stamp.size),
            stamp.mtime_ns,
            stamp.ctime_ns,
            Col(stamp.inode),
            Col(stamp.device),
            stamp.mode,
            Col(*hash),
            ignored,
        ])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::change::Coverage;
    use crate::cache::rows::project;
    use crate::cache::tests::sample::Sample;
    use crate::cache::{connection, schema};
    use crate::model::Stamp;

    fn read_files(connection: &Connection) -> Result<Vec<FileRow>> {
        connection
            .prepare("SELECT path, size, mtime_ns, ctime_ns, inode, device, mode, hash, ignored FROM files")?
            .query_map([], |row| {
                Ok(FileRow {
                    path: row.get::<_, StoredPath>(0)?.0.into_os_string(),
                    stamp: Stamp {
                        size: row.get::<_, Col<_>>(1)?.0,
                        mtime_ns: row.get(2)?,
                        ctime_ns: row.get(3)?,
                        inode: row.get::<_, Col<_>>(4)?.0,
                        device: row.get::<_, Col<_>>(5)?.0,
                        mode: row.get(6)?,
                    },
                    hash: row.get::<_, Col<_>>(7)?.0,
                    ignored: row.get(8)?,
                })
            })?
            .collect()
    }

    #[test]
    fn files_are_replaced_with_their_tree_and_keep_every_bit() {
        let mut connection = connection::open_memory().expect("memory");
        schema::migrate(&mut connection).expect("schema");
        let mut sample = Sample::new(7);
        let root = Path::new("/project");
        project::store(&connection, root, &Coverage::Watched, &sample.project()).expect("project");
        let owner = TreeOwner::Project(root.into());
        for round in 0..20 {
            let mut files: Vec<_> = (0..round).map(|number| sample.file(number)).collect();
            store(&connection, &root.join("a"), &owner, &sample.tree(), &files).expect("stores");
            let mut found = read_files(&connection).expect("reads");
            files.sort_by(|a, b| a.path.cmp(&b.path));
            found.sort_by(|a, b| a.path.cmp(&b.path));
            assert_eq!(found, files);
        }
        remove(&connection, &root.join("a")).expect("removes");
        assert_eq!(read_files(&connection).expect("reads"), []);
    }
}
