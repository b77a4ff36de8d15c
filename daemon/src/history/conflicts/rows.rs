//! Conflicts as rows, under one seal over what they mean.

use super::{Conflict, ConflictFile, ConflictPlace, ConflictSides, Resolution};
use crate::database::value::{Col, OsText, StoredPath};
use crate::history::events;
use crate::history::frame::Frame;
use crate::history::store::content_row;
use crate::history::{ContentId, RelPath};
use crate::model::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, Result, Row, params};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;

/// A conflict, and whether it is what was stored.
type Sealed = (Conflict, bool);

const SELECT: &str = "SELECT c.id, c.type, c.name, c.project, c.profile, c.collection, c.at, c.baseline, c.our_hash,
     c.their_hash, b.hash, o.hash, t.hash, m.hash, c.marked_hash, c.seal
     FROM conflicts c LEFT JOIN contents b ON b.id = c.base LEFT JOIN contents o ON o.id = c.ours
     LEFT JOIN contents t ON t.id = c.theirs LEFT JOIN contents m ON m.id = c.marked";

pub(super) fn after(connection: &Connection, number: i64) -> Result<Vec<Sealed>> {
    select(connection, "WHERE c.id > ?1 ORDER BY c.id", [number])
}

pub(super) fn marked(connection: &Connection) -> Result<Vec<Sealed>> {
    select(connection, "WHERE c.marked IS NOT NULL ORDER BY c.id", [])
}

pub(super) fn at(connection: &Connection, place: &ConflictPlace) -> Result<Option<Sealed>> {
    let condition = "WHERE c.type = ?1 AND c.name = ?2 AND c.project = ?3 AND c.profile = ?4";
    let ConflictPlace { key, project, profile } = place;
    let found = select(connection, condition, params![Col(key.kind), key.name, OsText::path(project), profile])?;
    Ok(found.into_iter().next())
}

fn select(connection: &Connection, condition: &str, values: impl Params) -> Result<Vec<Sealed>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} {condition}"))?;
    let found = statement.query_map(values, conflict)?.collect::<Result<Vec<_>>>()?;
    let whole = |(mut conflict, seal): (Conflict, [u8; 32])| {
        let sides = files(connection, conflict.id)?;
        let is_whole = sides.len() == sides.iter().flatten().count();
        conflict.files = sides.into_iter().flatten().collect();
        let is_sound = is_whole && seal == self::seal(&conflict);
        Ok((conflict, is_sound))
    };
    found.into_iter().map(whole).collect()
}

fn conflict(row: &Row<'_>) -> Result<(Conflict, [u8; 32])> {
    let content = |at| row.get::<_, Option<[u8; 32]>>(at).map(|hash| hash.map(ContentId));
    let hash = |at| row.get::<_, Option<Col<ContentHash>>>(at).map(|hash| hash.map(|Col(hash)| hash));
    // A content that is not there breaks the seal.
    let needed = |at| content(at).map(|id| id.unwrap_or(ContentId([0; 32])));
    let key = ArtifactKey { kind: row.get::<_, Col<_>>(1)?.0, name: row.get(2)? };
    let conflict = Conflict {
        id: row.get(0)?,
        place: ConflictPlace { key, project: row.get::<_, StoredPath>(3)?.0, profile: row.get(4)? },
        collection: row.get(5)?,
        at: row.get::<_, Col<_>>(6)?.0,
        baseline: hash(7)?,
        our_hash: row.get::<_, Col<_>>(8)?.0,
        their_hash: row.get::<_, Col<_>>(9)?.0,
        base: content(10)?,
        ours: needed(11)?,
        theirs: needed(12)?,
        marked: content(13)?.zip(hash(14)?),
        files: Vec::new(),
    };
    Ok((conflict, row.get(15)?))
}

/// None for one at a path that no content can have.
fn files(connection: &Connection, conflict: i64) -> Result<Vec<Option<ConflictFile>>> {
    let content = |row: &Row<'_>, at| row.get::<_, Option<[u8; 32]>>(at).map(|hash| hash.map(ContentId));
    connection
        .prepare_cached(
            "SELECT f.path, f.kind, f.reason, f.mode, b.hash, o.hash, t.hash, f.choice, r.hash FROM conflict_files f
             LEFT JOIN contents b ON b.id = f.base LEFT JOIN contents o ON o.id = f.ours
             LEFT JOIN contents t ON t.id = f.theirs LEFT JOIN contents r ON r.id = f.result
             WHERE f.conflict = ?1 ORDER BY f.ordinal",
        )?
        .query_map([conflict], |row| {
            let choice = row.get::<_, Option<Col<_>>>(7)?;
            let result = content(row, 8)?;
            let (kind, reason, mode) = (row.get::<_, Col<_>>(1)?.0, row.get::<_, Col<_>>(2)?.0, row.get(3)?);
            let sides = ConflictSides { base: content(row, 4)?, ours: content(row, 5)?, theirs: content(row, 6)? };
            let resolution = choice.map(|Col(choice)| Resolution { choice, result });
            let path = RelPath::new(row.get::<_, StoredPath>(0)?.0.into_os_string());
            Ok(path.map(|path| ConflictFile { path, kind, reason, mode, sides, resolution }))
        })?
        .collect()
}

pub(super) fn put(connection: &Connection, conflict: &Conflict) -> Result<()> {
    let row = |id: Option<ContentId>| id.map_or(Ok(None), |id| content_row(connection, id));
    drop(connection, &conflict.place)?;
    let ConflictPlace { key, project, profile } = &conflict.place;
    connection
        .prepare_cached(
            "INSERT INTO conflicts (id, type, name, project, profile, collection, at, baseline, our_hash, their_hash, base,
             ours, theirs, marked, marked_hash, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, x'')",
        )?
        .execute(params![
            (conflict.id > 0).then_some(conflict.id),
            Col(key.kind),
            key.name,
            OsText::path(project),
            profile,
            conflict.collection,
            Col(conflict.at),
            conflict.baseline.map(Col),
            Col(conflict.our_hash),
            Col(conflict.their_hash),
            row(conflict.base)?,
            row(Some(conflict.ours))?,
            row(Some(conflict.theirs))?,
            row(conflict.marked.map(|(id, _)| id))?,
            conflict.marked.map(|(_, hash)| Col(hash)),
        ])?;
    let id = connection.last_insert_rowid();
    for (ordinal, file) in (0_i64..).zip(&conflict.files) {
        let ConflictSides { base, ours, theirs } = file.sides;
        connection
            .prepare_cached(
                "INSERT INTO conflict_files (conflict, ordinal, path, kind, reason, mode, base, ours, theirs, choice, result)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                id,
                ordinal,
                OsText(file.path.as_os_str()),
                Col(file.kind),
                Col(file.reason),
                file.mode,
                row(base)?,
                row(ours)?,
                row(theirs)?,
                file.resolution.map(|resolution| Col(resolution.choice)),
                row(file.resolution.and_then(|resolution| resolution.result))?,
            ])?;
    }
    let stored = Conflict { id, ..conflict.clone() };
    connection.prepare_cached("UPDATE conflicts SET seal = ?2 WHERE id = ?1")?.execute(params![id, seal(&stored)])?;
    events::put_conflict(connection, &stored)
}

pub(super) fn drop(connection: &Connection, place: &ConflictPlace) -> Result<()> {
    let ConflictPlace { key, project, profile } = place;
    let id = connection
        .prepare_cached("SELECT id FROM conflicts WHERE type = ?1 AND name = ?2 AND project = ?3 AND profile = ?4")?
        .query_row(params![Col(key.kind), key.name, OsText::path(project), profile], |row| row.get::<_, i64>(0))
        .optional()?;
    let Some(id) = id else { return Ok(()) };
    connection.prepare_cached("DELETE FROM conflict_files WHERE conflict = ?1")?.execute([id])?;
    connection.prepare_cached("DELETE FROM conflicts WHERE id = ?1")?.execute([id]).map(std::mem::drop)
}

/// The recorded hash of what an operation put at a place last. An operation that was undone did not, and what undid one put
/// there only what was there before it; what undid that one did put something there again.
pub(super) fn last_put(connection: &Connection, place: &ConflictPlace) -> Result<Option<ContentHash>> {
    let ConflictPlace { key, project, profile } = place;
    let found = connection
        .prepare_cached(
            "SELECT v.hash FROM sightings s JOIN operations o ON o.id = s.operation
             LEFT JOIN operations u ON u.id = o.undoes LEFT JOIN versions v ON v.id = s.version
             WHERE s.type = ?1 AND s.name = ?2 AND s.place = 'project' AND s.root = ?3 AND s.profile = ?4
             AND o.state NOT IN ('rolled_back', 'undone') AND (o.undoes IS NULL OR u.undoes IS NOT NULL)
             ORDER BY s.id DESC LIMIT 1",
        )?
        .query_row(params![Col(key.kind), key.name, OsText::path(project), profile], |row| {
            row.get::<_, Option<Col<ContentHash>>>(0)
        })
        .optional()?;
    Ok(found.flatten().map(|Col(hash)| hash))
}

/// What every seal about a conflict begins with: which one it is, between which contents. Hashes are those of the base, ours and
/// theirs.
pub(in crate::history) fn which(
    frame: &mut Frame,
    id: i64,
    (place, collection): (&ConflictPlace, &str),
    at: Timestamp,
    (baseline, ours, theirs): (Option<ContentHash>, ContentHash, ContentHash),
) {
    let ConflictPlace { key, project, profile } = place;
    frame.number(id.cast_unsigned());
    frame.bytes(key.kind.as_str().as_bytes());
    frame.bytes(key.name.as_bytes());
    frame.name(project.as_os_str());
    frame.bytes(profile.as_bytes());
    frame.bytes(collection.as_bytes());
    frame.number(at.0.cast_unsigned());
    frame.option(baseline, |frame, hash| frame.bytes(&hash.0));
    frame.bytes(&ours.0);
    frame.bytes(&theirs.0);
}

fn seal(conflict: &Conflict) -> [u8; 32] {
    let content = |frame: &mut Frame, id: Option<ContentId>| frame.option(id, |frame, id| frame.bytes(&id.0));
    let Conflict { id, place, collection, at, baseline, our_hash, their_hash, .. } = conflict;
    let mut frame = Frame::new("skillmeat conflict 1");
    which(&mut frame, *id, (place, collection), *at, (*baseline, *our_hash, *their_hash));
    for id in [conflict.base, Some(conflict.ours), Some(conflict.theirs)] {
        content(&mut frame, id);
    }
    frame.option(conflict.marked, |frame, (id, hash)| {
        frame.bytes(&id.0);
        frame.bytes(&hash.0);
    });
    frame.number(conflict.files.len() as u64);
    for file in &conflict.files {
        frame.name(file.path.as_os_str());
        frame.bytes(file.kind.as_str().as_bytes());
        frame.bytes(file.reason.as_str().as_bytes());
        frame.number(u64::from(file.mode));
        for id in [file.sides.base, file.sides.ours, file.sides.theirs] {
            content(&mut frame, id);
        }
        frame.option(file.resolution, |frame, resolution| {
            frame.bytes(resolution.choice.as_str().as_bytes());
            content(frame, resolution.result);
        });
    }
    frame.finish()
}
