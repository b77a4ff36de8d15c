//! Contents in the database: `blobs`, `chunks`, `contents`, `entries`, `recorded`.
//!
//! Everything read back proves itself: a file by its hash, a list by its id, the way from a recorded hash to a content by
//! a seal. What does not is damage, and says which content or file it is.

use super::capture::{Capture, Staged};
use super::content::{Content, ContentEntry, ContentId, EntryKind, RelPath};
use super::frame::Frame;
use super::spool::{self, Packing};
use super::{Batch, History, HistoryError};
use crate::database::value::{Col, OsText, StoredPath, named};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use sha2::{Digest, Sha256};
use skillmeat_protocol::hash::ContentHash;
use std::io::Write;

named!(Packing, Packing::ALL, Packing::as_str);

impl History {
    /// The content with this id.
    ///
    /// # Errors
    /// [`HistoryError::NoContent`]; damage.
    pub fn content(&self, id: ContentId) -> Result<Content, HistoryError> {
        let row = load(&self.lock(), id).map_err(self.failed("read"))?;
        let Some(loaded) = row else { return Err(HistoryError::NoContent { path: self.path.clone(), id }) };
        let damaged = |why: &str| self.damaged(format!("content {id} cannot be believed: {why}"));
        let content = loaded.ok_or_else(|| damaged("one of its paths leads elsewhere"))?;
        if let Some(flaw) = content.flaw() {
            return Err(damaged(flaw));
        }
        if content.id() == id { Ok(content) } else { Err(damaged("its list was changed")) }
    }

    /// Contents that were captured with this recorded hash, the latest first; with or without ignored files.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn by_recorded(&self, hash: ContentHash) -> Result<Vec<ContentId>, HistoryError> {
        let connection = self.lock();
        let found = (|| {
            connection
                .prepare_cached(
                    "SELECT c.hash, r.seal FROM recorded r JOIN contents c ON c.id = r.content
                     WHERE r.hash = ?1 ORDER BY r.id DESC",
                )?
                .query_map([Col(hash)], |row| Ok((ContentId(row.get(0)?), row.get::<_, [u8; 32]>(1)?)))?
                .collect::<Result<Vec<_>>>()
        })();
        let found = found.map_err(self.failed("read"))?;
        if found.iter().any(|(id, stored)| seal(hash, *id) != *stored) {
            return Err(self.damaged(format!("what is known of recorded hash {hash} was changed")));
        }
        Ok(found.into_iter().map(|(id, _)| id).collect())
    }

    /// Writes the bytes of the file with this hash to `to`; returns how many. Whether they are right is known only at the
    /// end: after an error, what was written must not be used.
    ///
    /// # Errors
    /// [`HistoryError::NoBlob`], damage, and [`HistoryError::Io`] naming the database when `to` fails.
    pub fn read_blob(&self, hash: ContentHash, mut to: impl Write) -> Result<u64, HistoryError> {
        self.each_chunk(hash, |bytes| to.write_all(bytes).map_err(HistoryError::io("pass on a file of", &self.path)))
    }

    /// The lock is held for one chunk at a time, and not while it is unpacked or consumed.
    pub(super) fn each_chunk(
        &self,
        hash: ContentHash,
        mut consume: impl FnMut(&[u8]) -> Result<(), HistoryError>,
    ) -> Result<u64, HistoryError> {
        let failed = self.failed("read");
        let damaged = |why: &str| self.damaged(format!("the stored file with hash {hash} {why}"));
        let row = blob(&self.lock(), hash).map_err(&failed)?;
        let Some((id, size)) = row else { return Err(HistoryError::NoBlob { path: self.path.clone(), hash }) };
        let mut hasher = Sha256::new();
        let mut read = 0;
        for ordinal in 0_i64.. {
            let row = chunk(&self.lock(), id, ordinal).map_err(&failed)?;
            let Some((packing, length, data)) = row else { break };
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let bytes = spool::unpack(packing, data, length).ok_or_else(|| damaged("cannot be unpacked"))?;
            hasher.update(&bytes);
            read += bytes.len() as u64;
            consume(&bytes)?;
        }
        let digest: [u8; 32] = hasher.finalize().into();
        if digest == hash.0 && read == size { Ok(read) } else { Err(damaged("was changed")) }
    }

    pub(super) fn has_blob(&self, hash: ContentHash) -> Result<bool, HistoryError> {
        Ok(blob(&self.lock(), hash).map_err(self.failed("read"))?.is_some())
    }
}

impl Batch<'_> {
    /// Stores what was read. What is there already is not stored again.
    ///
    /// # Errors
    /// The database cannot be written, or the spool not be read.
    pub fn keep(&self, mut staged: Staged) -> Result<Capture, HistoryError> {
        let capture = staged.capture();
        let failed = self.history.failed("write");
        for blob in &staged.blobs {
            let Some(id) = new_blob(&self.transaction, blob.hash, blob.size).map_err(&failed)? else { continue };
            for (ordinal, chunk) in (0_i64..).zip(&blob.chunks) {
                let spooled = staged.spool.read(chunk);
                let data = spooled.map_err(HistoryError::io("read what is spooled in", self.history.directory()))?;
                self.transaction
                    .prepare_cached(
                        "INSERT INTO chunks (blob, ordinal, size, packing, data) VALUES (?1, ?2, ?3, ?4, ?5)",
                    )
                    .and_then(|mut insert| {
                        insert.execute(params![id, ordinal, Col(chunk.size as u64), Col(chunk.packing), data])
                    })
                    .map_err(&failed)?;
            }
        }
        let content = store(&self.transaction, capture.id, &staged.content).map_err(&failed)?;
        if let Some(recorded) = capture.recorded {
            for hash in std::iter::once(recorded.hash).chain(recorded.with_ignored) {
                note(&self.transaction, hash, content, capture.id).map_err(&failed)?;
            }
        }
        Ok(capture)
    }
}

impl Batch<'_> {
    /// Stores content that was put together from files that are stored, or kept in this batch.
    ///
    /// # Errors
    /// [`HistoryError::NoBlob`] for a file that is not; the database cannot be written.
    pub fn compose(&self, content: &Content) -> Result<ContentId, HistoryError> {
        let failed = self.history.failed("write");
        for entry in &content.entries {
            let EntryKind::File { hash, .. } = entry.kind else { continue };
            let hash = ContentHash(hash);
            if blob(&self.transaction, hash).map_err(&failed)?.is_none() {
                return Err(HistoryError::NoBlob { path: self.history.path.clone(), hash });
            }
        }
        let id = content.id();
        store(&self.transaction, id, content).map_err(&failed)?;
        Ok(id)
    }

    /// The same of content that is recorded with `hash` from now on, by which it is found again.
    ///
    /// # Errors
    /// Those of [`Batch::compose`].
    pub fn compose_recorded(&self, content: &Content, hash: ContentHash) -> Result<ContentId, HistoryError> {
        let id = self.compose(content)?;
        let failed = self.history.failed("write");
        let row = store(&self.transaction, id, content).map_err(&failed)?;
        note(&self.transaction, hash, row, id).map_err(&failed)?;
        Ok(id)
    }
}

/// The row of a content, for others to refer to.
pub(super) fn content_row(connection: &Connection, id: ContentId) -> Result<Option<i64>> {
    connection.prepare_cached("SELECT id FROM contents WHERE hash = ?1")?.query_row([id.0], |row| row.get(0)).optional()
}

fn blob(connection: &Connection, hash: ContentHash) -> Result<Option<(i64, u64)>> {
    connection
        .prepare_cached("SELECT id, size FROM blobs WHERE hash = ?1")?
        .query_row([Col(hash)], |row| Ok((row.get(0)?, row.get::<_, Col<u64>>(1)?.0)))
        .optional()
}

fn chunk(connection: &Connection, blob: i64, ordinal: i64) -> Result<Option<(Packing, u64, Vec<u8>)>> {
    connection
        .prepare_cached("SELECT packing, size, data FROM chunks WHERE blob = ?1 AND ordinal = ?2")?
        .query_row([blob, ordinal], |row| Ok((row.get::<_, Col<_>>(0)?.0, row.get::<_, Col<u64>>(1)?.0, row.get(2)?)))
        .optional()
}

/// None when another capture stored it meanwhile.
fn new_blob(connection: &Connection, hash: ContentHash, size: u64) -> Result<Option<i64>> {
    connection
        .prepare_cached("INSERT INTO blobs (hash, size) VALUES (?1, ?2) ON CONFLICT DO NOTHING RETURNING id")?
        .query_row(params![Col(hash), Col(size)], |row| row.get(0))
        .optional()
}

fn store(connection: &Connection, id: ContentId, content: &Content) -> Result<i64> {
    if let Some(row) = content_row(connection, id)? {
        // To a day: what is captured again and again is not written again and again.
        connection
            .prepare_cached(
                "UPDATE contents SET at = unixepoch() * 1000000
                 WHERE id = ?1 AND (at IS NULL OR at < unixepoch() * 1000000 - 86400000000)",
            )?
            .execute([row])?;
        return Ok(row);
    }
    connection
        .prepare_cached("INSERT INTO contents (hash, kind, at) VALUES (?1, ?2, unixepoch() * 1000000)")?
        .execute(params![id.0, Col(content.kind)])?;
    let row = connection.last_insert_rowid();
    let mut insert = connection.prepare_cached(
        "INSERT INTO entries (content, ordinal, path, kind, blob, mode, target)
         VALUES (?1, ?2, ?3, ?4, (SELECT id FROM blobs WHERE hash = ?5), ?6, ?7)",
    )?;
    for (ordinal, ContentEntry { path, kind }) in (0_i64..).zip(&content.entries) {
        let (name, hash, mode, target) = match kind {
            EntryKind::File { hash, mode, .. } => ("file", Some(hash), Some(mode), None),
            EntryKind::Symlink { target } => ("symlink", None, None, Some(OsText(target))),
            EntryKind::EmptyDirectory { mode } => ("empty_directory", None, Some(mode), None),
        };
        insert.execute(params![row, ordinal, OsText(path.as_os_str()), name, hash, mode, target])?;
    }
    Ok(row)
}

/// Makes `content` the latest one that was seen with `hash`.
fn note(connection: &Connection, hash: ContentHash, content: i64, id: ContentId) -> Result<()> {
    let latest = connection
        .prepare_cached("SELECT content FROM recorded WHERE hash = ?1 ORDER BY id DESC LIMIT 1")?
        .query_row([Col(hash)], |row| row.get::<_, i64>(0))
        .optional()?;
    if latest != Some(content) {
        connection
            .prepare_cached("INSERT OR REPLACE INTO recorded (hash, content, seal) VALUES (?1, ?2, ?3)")?
            .execute(params![Col(hash), content, seal(hash, id)])?;
    }
    Ok(())
}

fn seal(hash: ContentHash, id: ContentId) -> [u8; 32] {
    let mut frame = Frame::new("skillmeat recorded 1");
    frame.bytes(&hash.0);
    frame.bytes(&id.0);
    frame.finish()
}

/// The inner option is none for a path that no content can have.
fn load(connection: &Connection, id: ContentId) -> Result<Option<Option<Content>>> {
    let found = connection
        .prepare_cached("SELECT id, kind FROM contents WHERE hash = ?1")?
        .query_row([id.0], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Col<_>>(1)?.0)))
        .optional()?;
    let Some((row, kind)) = found else { return Ok(None) };
    let entries = connection
        .prepare_cached(
            "SELECT e.path, e.kind, e.mode, e.target, b.hash, b.size
             FROM entries e LEFT JOIN blobs b ON b.id = e.blob WHERE e.content = ?1 ORDER BY e.ordinal",
        )?
        .query_map([row], entry)?
        .collect::<Result<Option<Vec<_>>>>()?;
    Ok(Some(entries.map(|entries| Content { kind, entries })))
}

fn entry(row: &Row<'_>) -> Result<Option<ContentEntry>> {
    let kind = match row.get_ref(1)?.as_str()? {
        "file" => EntryKind::File { hash: row.get(4)?, size: row.get::<_, Col<u64>>(5)?.0, mode: row.get(2)? },
        "symlink" => EntryKind::Symlink { target: row.get::<_, StoredPath>(3)?.0.into_os_string() },
        // The check of the column leaves only "empty_directory".
        _ => EntryKind::EmptyDirectory { mode: row.get(2)? },
    };
    Ok(RelPath::new(row.get::<_, StoredPath>(0)?.0.into_os_string()).map(|path| ContentEntry { path, kind }))
}
