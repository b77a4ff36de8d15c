//! Collections: `collections`, `artifacts`, `artifact_metadata`, `lock_entries`, `groups`, `group_members`.

use super::{by_parent, seal};
use crate::cache::change::LoadedCollection;
use crate::database::value::{Col, Json, OsText, PathList, StoredPath, StoredPaths};
use crate::model::{CollectionScan, Entry, EntryFlaw, LockEntry, Metadata};
use rusqlite::{Connection, Result, Row, params};
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::Group;
use std::collections::HashMap;
use std::path::Path;

/// Replaces what is stored of a collection. Its row keeps its id, so trees and drift stay.
pub(in crate::cache) fn store(
    connection: &Connection,
    uuid: &str,
    name: &str,
    path: &Path,
    scan: &CollectionScan,
) -> Result<()> {
    let id: i64 = connection
        .prepare_cached(
            "INSERT INTO collections (uuid, name, path, present, unreadable, unnamed_flaws, tags, problems, directories,
                 ancestors, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (uuid) DO UPDATE SET name = ?2, path = ?3, present = ?4, unreadable = ?5, unnamed_flaws = ?6,
                 tags = ?7, problems = ?8, directories = ?9, ancestors = ?10, seal = ?11
             RETURNING id",
        )?
        .query_row(
            params![
                uuid,
                name,
                OsText::path(path),
                scan.present,
                scan.unreadable,
                scan.unnamed_flaws,
                Json(&scan.tags),
                Json(&scan.problems),
                PathList(&scan.directories),
                PathList(&scan.ancestors),
                seal::seal(&(uuid, name, path, scan)),
            ],
            |row| row.get(0),
        )?;
    for sql in [
        "DELETE FROM artifacts WHERE collection_id = ?1",
        "DELETE FROM lock_entries WHERE collection_id = ?1",
        "DELETE FROM groups WHERE collection_id = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([id])?;
    }
    store_entries(connection, id, &scan.entries)?;
    store_lock(connection, id, &scan.lock)?;
    store_groups(connection, id, &scan.groups)
}

/// Removes a collection and everything that belongs to it.
pub(in crate::cache) fn remove(connection: &Connection, uuid: &str) -> Result<()> {
    connection.prepare_cached("DELETE FROM collections WHERE uuid = ?1")?.execute([uuid])?;
    Ok(())
}

/// Reads all collections.
pub(super) fn load(connection: &Connection) -> Result<Vec<LoadedCollection>> {
    let mut entries = by_parent(connection, SELECT_ENTRIES, read_entry)?;
    let mut lock = by_parent(connection, SELECT_LOCK, read_lock)?;
    let mut groups = load_groups(connection)?;
    connection
        .prepare(
            "SELECT id, uuid, name, path, present, unreadable, unnamed_flaws, tags, problems, directories,
                 ancestors, seal
             FROM collections ORDER BY id",
        )?
        .query_map([], |row| {
            let id: i64 = row.get(0)?;
            let collection = LoadedCollection {
                id: row.get(1)?,
                name: row.get(2)?,
                path: row.get::<_, StoredPath>(3)?.0,
                scan: CollectionScan {
                    present: row.get(4)?,
                    unreadable: row.get(5)?,
                    unnamed_flaws: row.get(6)?,
                    entries: entries.remove(&id).unwrap_or_default(),
                    lock: lock.remove(&id).unwrap_or_default(),
                    groups: groups.remove(&id).unwrap_or_default(),
                    tags: row.get::<_, Json<_>>(7)?.0,
                    problems: row.get::<_, Json<_>>(8)?.0,
                    directories: row.get::<_, StoredPaths>(9)?.0,
                    ancestors: row.get::<_, StoredPaths>(10)?.0,
                },
            };
            let LoadedCollection { id, name, path, scan } = &collection;
            seal::check("collections", row, 11, &(id, name, path.as_path(), scan))?;
            Ok(collection)
        })?
        .collect()
}

const SELECT_ENTRIES: &str = "SELECT a.collection_id, a.type, a.name, a.path, a.in_manifest, a.origin, a.upstream,
    a.resolved_version, a.uuid, a.added, a.flaw, m.title, m.description, m.version, m.author, m.license, m.tags
    FROM artifacts a JOIN artifact_metadata m ON m.artifact_id = a.id ORDER BY a.collection_id, a.ordinal";

fn store_entries(connection: &Connection, collection: i64, entries: &[Entry]) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO artifacts (collection_id, ordinal, type, name, path, in_manifest, origin, upstream,
             resolved_version, uuid, added, flaw)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    let mut describe = connection.prepare_cached(
        "INSERT INTO artifact_metadata (artifact_id, title, description, version, author, license, tags)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (ordinal, entry) in (0_i64..).zip(entries) {
        insert.execute(params![
            collection,
            ordinal,
            Col(entry.key.kind),
            entry.key.name,
            OsText::path(&entry.path),
            entry.in_manifest,
            entry.origin,
            entry.upstream,
            entry.resolved_version,
            entry.uuid,
            entry.added.map(Col),
            entry.flaw.as_ref().map(|flaw| &flaw.0),
        ])?;
        let id = connection.last_insert_rowid();
        let Metadata { title, description, version, author, license, tags } = &entry.metadata;
        describe.execute(params![id, title, description, version, author, license, Json(tags)])?;
    }
    Ok(())
}

fn read_entry(row: &Row<'_>) -> Result<Entry> {
    Ok(Entry {
        key: ArtifactKey { kind: row.get::<_, Col<_>>(1)?.0, name: row.get(2)? },
        path: row.get::<_, StoredPath>(3)?.0,
        in_manifest: row.get(4)?,
        origin: row.get(5)?,
        upstream: row.get(6)?,
        resolved_version: row.get(7)?,
        uuid: row.get(8)?,
        added: row.get::<_, Option<Col<_>>>(9)?.map(|c| c.0),
        flaw: row.get::<_, Option<String>>(10)?.map(EntryFlaw),
        metadata: Metadata {
            title: row.get(11)?,
            description: row.get(12)?,
            version: row.get(13)?,
            author: row.get(14)?,
            license: row.get(15)?,
            tags: row.get::<_, Json<_>>(16)?.0,
        },
    })
}

const SELECT_LOCK: &str = "SELECT collection_id, type, name, content_hash, resolved_version
    FROM lock_entries ORDER BY collection_id, ordinal";

fn store_lock(connection: &Connection, collection: i64, lock: &[LockEntry]) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO lock_entries (collection_id, ordinal, type, name, content_hash, resolved_version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (ordinal, entry) in (0_i64..).zip(lock) {
        let LockEntry { key, content_hash, resolved_version } = entry;
        insert.execute(params![collection, ordinal, Col(key.kind), key.name, Col(*content_hash), resolved_version])?;
    }
    Ok(())
}

fn read_lock(row: &Row<'_>) -> Result<LockEntry> {
    Ok(LockEntry {
        key: ArtifactKey { kind: row.get::<_, Col<_>>(1)?.0, name: row.get(2)? },
        content_hash: row.get::<_, Col<_>>(3)?.0,
        resolved_version: row.get(4)?,
    })
}

fn store_groups(connection: &Connection, collection: i64, groups: &[Group]) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO groups (collection_id, ordinal, name, description, color, icon, position)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let mut join =
        connection.prepare_cached("INSERT INTO group_members (group_id, ordinal, member) VALUES (?1, ?2, ?3)")?;
    for (ordinal, group) in (0_i64..).zip(groups) {
        let Group { name, description, color, icon, position, members } = group;
        insert.execute(params![collection, ordinal, name, description, color, icon, position])?;
        let id = connection.last_insert_rowid();
        for (ordinal, member) in (0_i64..).zip(members) {
            join.execute(params![id, ordinal, member])?;
        }
    }
    Ok(())
}

fn load_groups(connection: &Connection) -> Result<HashMap<i64, Vec<Group>>> {
    let members = "SELECT group_id, member FROM group_members ORDER BY group_id, ordinal";
    let mut members = by_parent(connection, members, |row| row.get(1))?;
    let groups = "SELECT collection_id, id, name, description, color, icon, position
        FROM groups ORDER BY collection_id, ordinal";
    by_parent(connection, groups, |row| {
        Ok(Group {
            name: row.get(2)?,
            description: row.get(3)?,
            color: row.get(4)?,
            icon: row.get(5)?,
            position: row.get(6)?,
            members: members.remove(&row.get(1)?).unwrap_or_default(),
        })
    })
}
