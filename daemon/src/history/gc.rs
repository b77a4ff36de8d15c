//! Removing contents that nothing needs any more.
//!
//! A content is needed by every operation of the journal that names it, as long as there is a journal: a step without its
//! content could not be undone, or be taken back. Beside that it is needed as long as it is young, as the content of a
//! version that is tagged or the tip of a branch, or was one before an operation of the journal, that was seen lately or that is the latest of a place, and by whatever the caller says: what
//! files record now. Tables that refer to contents or files are asked of the schema, so that one that is added later
//! keeps what it needs without a word here.
//!
//! What is removed is removed in small transactions, each of which is right by itself. A version whose content goes is
//! known by its hash from then on.

use super::{History, HistoryError};
use crate::model::Timestamp;
use rusqlite::{Connection, Result, params};
use skillmeat_protocol::hash::ContentHash;
use std::collections::BTreeSet;

/// Contents that are removed in one transaction: everybody waits for it.
const AT_ONCE: usize = 200;

/// What is needed, beside what the history knows of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// What was stored or seen since stays.
    pub since: Timestamp,
    /// Recorded hashes whose contents stay.
    pub hashes: BTreeSet<ContentHash>,
}

/// What there is to remove, or was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Contents.
    pub contents: u64,
    /// Files that only they had.
    pub files: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// Contents that stay.
    pub kept: u64,
}

impl History {
    /// What [`Self::collect`] would remove.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn collectable(&self, needed: &Needed) -> Result<Collected, HistoryError> {
        let connection = self.lock();
        planned(&connection, needed).map_err(self.failed("read"))
    }

    /// Removes what nothing needs. `exclusively` runs each step while nobody reads into the history, and says whether to go
    /// on; `told` hears how many contents are gone, of how many.
    ///
    /// # Errors
    /// The database cannot be written. What was removed before stays so.
    pub fn collect(
        &self,
        needed: &Needed,
        mut exclusively: impl FnMut(&mut dyn FnMut() -> Result<bool, HistoryError>) -> Result<bool, HistoryError>,
        mut told: impl FnMut(u64, u64),
    ) -> Result<Collected, HistoryError> {
        let total = unneeded(&self.lock(), needed).map_err(self.failed("read"))?.len() as u64;
        let mut collected = Collected::default();
        loop {
            let mut step = || {
                let mut connection = self.lock();
                let failed = self.failed("write");
                let transaction = connection.transaction().map_err(&failed)?;
                // Asked again: what was stored or seen meanwhile stays.
                let mut contents = unneeded(&transaction, needed).map_err(&failed)?;
                contents.truncate(AT_ONCE);
                remove(&transaction, &contents, &mut collected).map_err(&failed)?;
                transaction.commit().map_err(&failed)?;
                Ok(contents.len() == AT_ONCE)
            };
            let more = exclusively(&mut step)?;
            told(collected.contents, total);
            if !more {
                break;
            }
        }
        collected.kept = count(&self.lock()).map_err(self.failed("read"))?;
        Ok(collected)
    }

    /// Gives back to the file system what was removed, for which the whole database is written once more.
    ///
    /// # Errors
    /// There is no room for it; the database is as it was.
    pub fn shrink(&self) -> Result<(), HistoryError> {
        self.lock().execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);").map_err(self.failed("shrink"))
    }
}

fn planned(connection: &Connection, needed: &Needed) -> Result<Collected> {
    let contents = unneeded(connection, needed)?;
    let (files, bytes) = only_in(connection, &contents)?;
    let contents = contents.len() as u64;
    Ok(Collected { contents, files, bytes, kept: count(connection)?.saturating_sub(contents) })
}

/// How many files nothing but these contents has, and their bytes.
fn only_in(connection: &Connection, contents: &[i64]) -> Result<(u64, u64)> {
    let ids = serde_json::to_string(contents).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    let mut sql = "WITH gone (id) AS (SELECT value FROM json_each(?1))
         SELECT count(*), coalesce(sum(b.size), 0) FROM blobs b
         WHERE b.id IN (SELECT blob FROM entries WHERE content IN (SELECT id FROM gone))
         AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.blob = b.id AND e.content NOT IN (SELECT id FROM gone))"
        .to_owned();
    for (table, column) in referrers(connection, "blobs", &["entries", "chunks"])? {
        sql.push_str(&format!(" AND b.id NOT IN (SELECT {column} FROM {table} WHERE {column} IS NOT NULL)"));
    }
    connection.query_row(&sql, [ids], |row| {
        Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(1)?.cast_unsigned()))
    })
}

fn count(connection: &Connection) -> Result<u64> {
    connection.query_row("SELECT count(*) FROM contents", [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)
}

/// Contents that nothing needs, the oldest first.
fn unneeded(connection: &Connection, needed: &Needed) -> Result<Vec<i64>> {
    let hashes: Vec<String> = needed.hashes.iter().map(ToString::to_string).collect();
    let hashes = serde_json::to_string(&hashes).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    let mut sql = "SELECT c.id FROM contents c WHERE c.at < ?1
         AND c.id NOT IN (
             SELECT v.content FROM versions v WHERE v.content IS NOT NULL AND (
                 v.at >= ?1
                 OR v.id IN (SELECT version FROM version_tags)
                 OR v.id IN (SELECT version FROM branches WHERE version IS NOT NULL)
                 OR v.id IN (SELECT left_tip FROM branch_moves)
                 OR v.id IN (SELECT version FROM sightings WHERE at >= ?1 AND version IS NOT NULL)
                 OR v.id IN (SELECT version FROM sightings WHERE version IS NOT NULL AND id IN
                     (SELECT max(id) FROM sightings GROUP BY type, name, place, root, profile))))
         AND c.id NOT IN (
             SELECT content FROM recorded WHERE lower(hex(hash)) IN (SELECT value FROM json_each(?2)))"
        .to_owned();
    for (table, column) in referrers(connection, "contents", &["entries", "recorded", "versions"])? {
        sql.push_str(&format!(" AND c.id NOT IN (SELECT {column} FROM {table} WHERE {column} IS NOT NULL)"));
    }
    sql.push_str(" ORDER BY c.id");
    connection.prepare(&sql)?.query_map(params![needed.since.0, hashes], |row| row.get(0))?.collect()
}

/// Columns that refer to a table, but for those of some tables; as SQL writes them.
fn referrers(connection: &Connection, to: &str, but: &[&str]) -> Result<Vec<(String, String)>> {
    let found = connection
        .prepare(
            "SELECT t.name, f.\"from\" FROM sqlite_schema t, pragma_foreign_key_list(t.name) f
             WHERE t.type = 'table' AND f.\"table\" = ?1",
        )?
        .query_map([to], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?
        .collect::<Result<Vec<_>>>()?;
    let quoted = |name: String| format!("\"{}\"", name.replace('"', "\"\""));
    let found = found.into_iter().filter(|(table, _)| !but.contains(&table.as_str()));
    Ok(found.map(|(table, column)| (quoted(table), quoted(column))).collect())
}

fn remove(connection: &Connection, contents: &[i64], collected: &mut Collected) -> Result<()> {
    let mut files = BTreeSet::new();
    for id in contents {
        let blobs = connection
            .prepare_cached("SELECT blob FROM entries WHERE content = ?1 AND blob IS NOT NULL")?
            .query_map([id], |row| row.get::<_, i64>(0))?
            .collect::<Result<Vec<_>>>()?;
        files.extend(blobs);
        connection.prepare_cached("UPDATE versions SET content = NULL WHERE content = ?1")?.execute([id])?;
        connection.prepare_cached("DELETE FROM recorded WHERE content = ?1")?.execute([id])?;
        connection.prepare_cached("DELETE FROM entries WHERE content = ?1")?.execute([id])?;
        connection.prepare_cached("DELETE FROM contents WHERE id = ?1")?.execute([id])?;
        collected.contents += 1;
    }
    let mut is_used = "SELECT EXISTS (SELECT 1 FROM entries WHERE blob = ?1)".to_owned();
    for (table, column) in referrers(connection, "blobs", &["entries", "chunks"])? {
        is_used.push_str(&format!(" OR EXISTS (SELECT 1 FROM {table} WHERE {column} = ?1)"));
    }
    for blob in files {
        if connection.prepare_cached(&is_used)?.query_row([blob], |row| row.get::<_, bool>(0))? {
            continue;
        }
        connection.prepare_cached("DELETE FROM chunks WHERE blob = ?1")?.execute([blob])?;
        let size: i64 = connection
            .prepare_cached("DELETE FROM blobs WHERE id = ?1 RETURNING size")?
            .query_row([blob], |row| row.get(0))?;
        collected.files += 1;
        collected.bytes += size.cast_unsigned();
    }
    Ok(())
}
