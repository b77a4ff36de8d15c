//! Reading everything once: each stored file is hashed again, each list and each row is held against its seal.
//!
//! Nothing is held up by it: the lock is taken for one chunk, list or row at a time. What is damaged is named, and the rest
//! is read all the same.

use super::versions::VersionId;
use super::{Asked, ContentId, History, HistoryError, OperationId};
use crate::database::value::Col;
use rusqlite::types::FromSql;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::BTreeSet;
use std::io;

/// What was read.
#[derive(Debug, Default)]
pub struct Verified {
    /// Files, every byte of them.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Contents.
    pub contents: u64,
    /// Versions.
    pub versions: u64,
    /// Operations.
    pub operations: u64,
    /// What is not what was stored.
    pub damage: Vec<HistoryError>,
}

impl Verified {
    /// Notes damage; that the database cannot be read at all ends the verification.
    fn note<T>(&mut self, result: Result<T, HistoryError>) -> Result<Option<T>, HistoryError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error @ HistoryError::Database { .. }) => Err(error),
            Err(error) => {
                self.damage.push(error);
                Ok(None)
            }
        }
    }
}

impl History {
    /// Reads everything. `told` hears how much is done of how much, and says whether to go on.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn verify(&self, mut told: impl FnMut(u64, u64) -> bool) -> Result<Verified, HistoryError> {
        let blobs: Vec<Col<ContentHash>> = self.column("SELECT hash FROM blobs ORDER BY id")?;
        let contents: Vec<[u8; 32]> = self.column("SELECT hash FROM contents ORDER BY id")?;
        let recorded: Vec<Col<ContentHash>> = self.column("SELECT DISTINCT hash FROM recorded")?;
        let versions: Vec<i64> = self.column("SELECT id FROM versions")?;
        let operations: Vec<i64> = self.column("SELECT id FROM operations")?;
        let total = (blobs.len() + contents.len() + recorded.len() + versions.len() + operations.len()) as u64;
        let (mut verified, mut done) = (Verified::default(), 0);
        let mut step = || {
            done += 1;
            told(done, total)
        };
        for Col(hash) in blobs {
            let read = self.read_blob(hash, io::sink());
            // One that was collected meanwhile is not missing from anything that is still there.
            let read = if matches!(read, Err(HistoryError::NoBlob { .. })) { Ok(0) } else { read };
            verified.bytes += verified.note(read)?.unwrap_or(0);
            verified.files += 1;
            if !step() {
                return Ok(verified);
            }
        }
        for id in contents {
            match self.content(ContentId(id)) {
                Err(HistoryError::NoContent { .. }) => {}
                read => drop(verified.note(read)?),
            }
            verified.contents += 1;
            if !step() {
                return Ok(verified);
            }
        }
        for Col(hash) in recorded {
            let read = self.by_recorded(hash);
            verified.note(read)?;
            step();
        }
        for id in versions {
            let read = self.versions_by_id(&BTreeSet::from([VersionId(id)]));
            let read = read.and_then(|found| found.first().map_or(Ok(None), |v| self.content_of_version(v)));
            verified.note(read)?;
            let seen = self.sightings_of(VersionId(id), u32::MAX);
            verified.note(seen)?;
            verified.versions += 1;
            step();
        }
        for key in self.tagged()? {
            let tags = self.tags(&key);
            verified.note(tags)?;
        }
        for key in self.branched()? {
            let branches = self.branches(&key);
            verified.note(branches)?;
        }
        let followings = self.followings();
        verified.note(followings)?;
        let imprints = self.imprints();
        verified.note(imprints)?;
        let conflicts = self.conflicts();
        verified.note(conflicts)?;
        let all = Asked { limit: u32::MAX, ..Asked::default() };
        let found = self.conflicts_in(&all);
        verified.note(found)?;
        let gone = self.snapshots_gone(&all, None);
        verified.note(gone)?;
        for id in operations {
            let switches = self.switched_back(OperationId(id));
            verified.note(switches)?;
            let advances = self.drawn_back(OperationId(id));
            verified.note(advances)?;
            let turns = self.turned_back(OperationId(id));
            verified.note(turns)?;
            let read = self.show(OperationId(id));
            verified.note(read)?;
            verified.operations += 1;
            step();
        }
        Ok(verified)
    }

    fn tagged(&self) -> Result<Vec<ArtifactKey>, HistoryError> {
        let connection = self.lock();
        let found = connection.prepare("SELECT DISTINCT type, name FROM version_tags").and_then(|mut select| {
            let key = |row: &rusqlite::Row<'_>| Ok(ArtifactKey { kind: row.get::<_, Col<_>>(0)?.0, name: row.get(1)? });
            select.query_map([], key)?.collect()
        });
        found.map_err(self.failed("read"))
    }

    fn column<T: FromSql>(&self, sql: &str) -> Result<Vec<T>, HistoryError> {
        let connection = self.lock();
        let found = connection
            .prepare(sql)
            .and_then(|mut select| select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<T>>>());
        found.map_err(self.failed("read"))
    }
}
