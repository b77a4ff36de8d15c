//! What happened and leaves no other trace: conflicts that were found, and snapshots that were given up.
//!
//! A conflict that is ended makes room, and a snapshot that is given up is off its list; that they were there is written down here,
//! in rows that are only ever added. A conflict is written down in the commit that stores it, once for each number. A snapshot is
//! when it is gone: after a kill in between nothing is said of it, and never anything that is not so.

use super::conflicts::{self, Conflict, ConflictPlace};
use super::frame::Frame;
use super::timeline::{Asked, Mark, Query, Rank, artifact_is};
use super::{Batch, History, HistoryError};
use crate::database::value::{Col, OsText, StoredPath, named};
use crate::model::Timestamp;
use rusqlite::{Connection, Result, Row, params};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;

/// A conflict that was found, whatever became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictFound {
    /// Its number.
    pub conflict: i64,
    /// Where.
    pub place: ConflictPlace,
    /// The id of the collection on the other side.
    pub collection: String,
    /// When.
    pub at: Timestamp,
    /// The recorded hash that both sides come from, if one was recorded.
    pub baseline: Option<ContentHash>,
    /// That of the project's copy.
    pub our_hash: ContentHash,
    /// That of the collection's.
    pub their_hash: ContentHash,
    /// How many paths were to be decided about.
    pub files: u32,
}

/// Why a snapshot was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoneBecause {
    /// Somebody asked for it.
    Asked,
    /// There were more, or older ones, than the configuration keeps.
    Retention,
}

impl GoneBecause {
    const ALL: [Self; 2] = [Self::Asked, Self::Retention];

    fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Retention => "retention",
        }
    }
}

named!(GoneBecause, GoneBecause::ALL, GoneBecause::as_str);

/// A snapshot that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotGone {
    /// Its number among them; 0 before it is stored.
    pub number: i64,
    /// When it was given up.
    pub at: Timestamp,
    /// The name of the collection, when it was taken.
    pub shelf: String,
    /// Its id.
    pub snapshot: String,
    /// When it was taken.
    pub taken: Timestamp,
    /// What was said of it.
    pub message: String,
    /// How many artifacts the original counted.
    pub artifact_count: Option<u64>,
    /// Why.
    pub cause: GoneBecause,
}

impl History {
    pub(super) fn conflicts_in(&self, asked: &Asked) -> Result<Vec<(Mark, ConflictFound)>, HistoryError> {
        let mut query = Query::new(asked, Rank::Conflict);
        artifact_is(&mut query, asked);
        if let Some((path, spot)) = &asked.root {
            let (column, value) = match spot {
                super::Spot::Project { .. } => ("project", super::timeline::path_value(path)),
                super::Spot::Collection { id } => ("collection", id.clone().into()),
            };
            let value = query.value(value);
            query.conditions.push(format!("{column} = {value}"));
        }
        let sql = query.sql(
            "SELECT id, type, name, project, profile, collection, at, baseline, our_hash, their_hash, files, seal
             FROM conflicts_found",
        );
        let found = self.all(&sql, &query, conflict)?;
        let one = |(found, is_sound): (ConflictFound, bool)| match is_sound {
            true => Ok((Mark { at: found.at, rank: Rank::Conflict, id: found.conflict }, found)),
            false => Err(self.damaged(format!("that {} was in conflict was changed", found.place.key))),
        };
        found.into_iter().map(one).collect()
    }

    /// The snapshots that were given up, the latest first: of these shelves, or of all.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn snapshots_gone(
        &self,
        asked: &Asked,
        shelves: Option<&[String]>,
    ) -> Result<Vec<(Mark, SnapshotGone)>, HistoryError> {
        let mut query = Query::new(asked, Rank::SnapshotGone);
        if let Some(shelves) = shelves {
            let names: Vec<String> = shelves.iter().map(|name| query.value(name.clone())).collect();
            query.conditions.push(format!("shelf IN ({})", names.join(", ")));
        }
        let sql = query
            .sql("SELECT id, at, shelf, snapshot, taken, message, artifact_count, cause, seal FROM snapshots_gone");
        let found = self.all(&sql, &query, gone)?;
        let one = |(gone, is_sound): (SnapshotGone, bool)| match is_sound {
            true => Ok((Mark { at: gone.at, rank: Rank::SnapshotGone, id: gone.number }, gone)),
            false => Err(self.damaged(format!("that snapshot {} was given up was changed", gone.snapshot))),
        };
        found.into_iter().map(one).collect()
    }

    fn all<T>(&self, sql: &str, query: &Query, one: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>, HistoryError> {
        let connection = self.lock();
        let found = connection.prepare(sql).and_then(|mut select| {
            select.query_map(rusqlite::params_from_iter(&query.values), one)?.collect::<Result<Vec<T>>>()
        });
        found.map_err(self.failed("read"))
    }
}

impl Batch<'_> {
    /// Writes down that snapshots were given up.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn gave_up(&self, gone: &[SnapshotGone]) -> Result<(), HistoryError> {
        gone.iter().try_for_each(|gone| put_gone(&self.transaction, gone)).map_err(self.history.failed("write"))
    }
}

/// Of a conflict that is known by its number nothing new happened.
pub(super) fn put_conflict(connection: &Connection, conflict: &Conflict) -> Result<()> {
    let found = ConflictFound {
        conflict: conflict.id,
        place: conflict.place.clone(),
        collection: conflict.collection.clone(),
        at: conflict.at,
        baseline: conflict.baseline,
        our_hash: conflict.our_hash,
        their_hash: conflict.their_hash,
        files: u32::try_from(conflict.files.len()).unwrap_or(u32::MAX),
    };
    let ConflictPlace { key, project, profile } = &found.place;
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO conflicts_found (id, type, name, project, profile, collection, at, baseline, our_hash,
             their_hash, files, seal) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            found.conflict,
            Col(key.kind),
            key.name,
            OsText::path(project),
            profile,
            found.collection,
            Col(found.at),
            found.baseline.map(Col),
            Col(found.our_hash),
            Col(found.their_hash),
            found.files,
            conflict_seal(&found),
        ])
        .map(drop)
}

fn put_gone(connection: &Connection, gone: &SnapshotGone) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO snapshots_gone (at, shelf, snapshot, taken, message, artifact_count, cause, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            Col(gone.at),
            gone.shelf,
            gone.snapshot,
            Col(gone.taken),
            gone.message,
            gone.artifact_count.map(u64::cast_signed),
            Col(gone.cause),
            gone_seal(gone),
        ])
        .map(drop)
}

fn conflict(row: &Row<'_>) -> Result<(ConflictFound, bool)> {
    let key = ArtifactKey { kind: row.get::<_, Col<_>>(1)?.0, name: row.get(2)? };
    let found = ConflictFound {
        conflict: row.get(0)?,
        place: ConflictPlace { key, project: row.get::<_, StoredPath>(3)?.0, profile: row.get(4)? },
        collection: row.get(5)?,
        at: row.get::<_, Col<_>>(6)?.0,
        baseline: row.get::<_, Option<Col<ContentHash>>>(7)?.map(|Col(hash)| hash),
        our_hash: row.get::<_, Col<_>>(8)?.0,
        their_hash: row.get::<_, Col<_>>(9)?.0,
        files: row.get(10)?,
    };
    let is_sound = row.get::<_, [u8; 32]>(11)? == conflict_seal(&found);
    Ok((found, is_sound))
}

fn gone(row: &Row<'_>) -> Result<(SnapshotGone, bool)> {
    let gone = SnapshotGone {
        number: row.get(0)?,
        at: row.get::<_, Col<_>>(1)?.0,
        shelf: row.get(2)?,
        snapshot: row.get(3)?,
        taken: row.get::<_, Col<_>>(4)?.0,
        message: row.get(5)?,
        artifact_count: row.get::<_, Option<i64>>(6)?.map(i64::cast_unsigned),
        cause: row.get::<_, Col<_>>(7)?.0,
    };
    let is_sound = row.get::<_, [u8; 32]>(8)? == gone_seal(&gone);
    Ok((gone, is_sound))
}

fn conflict_seal(found: &ConflictFound) -> [u8; 32] {
    let ConflictFound { conflict, place, collection, at, baseline, our_hash, their_hash, files } = found;
    let mut frame = Frame::new("skillmeat conflict found 1");
    conflicts::which(&mut frame, *conflict, (place, collection), *at, (*baseline, *our_hash, *their_hash));
    frame.number(u64::from(*files));
    frame.finish()
}

/// Not over its number, which is the database's own.
fn gone_seal(gone: &SnapshotGone) -> [u8; 32] {
    let mut frame = Frame::new("skillmeat snapshot gone 1");
    frame.number(gone.at.0.cast_unsigned());
    frame.bytes(gone.shelf.as_bytes());
    frame.bytes(gone.snapshot.as_bytes());
    frame.number(gone.taken.0.cast_unsigned());
    frame.bytes(gone.message.as_bytes());
    frame.option(gone.artifact_count, Frame::number);
    frame.bytes(gone.cause.as_str().as_bytes());
    frame.finish()
}
