//! Versions, sightings and tags as rows, each with a seal over what it means.

use super::sight::{Origin, Sighting, Spot, SpotRow, Version, VersionId, VersionRow};
use super::tags::Tag;
use crate::database::value::{Col, OsText, StoredPath};
use crate::history::frame::Frame;
use crate::history::{ContentId, OperationId};
use crate::model::Timestamp;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension, Params, Result, Row, params};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use std::borrow::Cow;
use std::ffi::OsStr;

/// A row, and whether it is what was stored.
pub(super) type Sealed<T> = (T, bool);

/// The columns of a place.
pub(super) struct SpotColumns<'a> {
    pub(super) place: &'static str,
    pub(super) root: OsText<'a>,
    pub(super) profile: &'a str,
}

impl Spot {
    pub(super) fn columns(&self) -> SpotColumns<'_> {
        match self {
            Self::Project { path, profile } => SpotColumns { place: "project", root: OsText::path(path), profile },
            Self::Collection { id } => SpotColumns { place: "collection", root: OsText(OsStr::new(id)), profile: "" },
        }
    }

    fn seal(&self, frame: &mut Frame) {
        let SpotColumns { place, root, profile } = self.columns();
        frame.bytes(place.as_bytes());
        frame.name(root.0);
        frame.bytes(profile.as_bytes());
    }
}

fn spot(row: &Row<'_>, first: usize) -> Result<Spot> {
    let root: StoredPath = row.get(first + 1)?;
    Ok(match row.get_ref(first)?.as_str()? {
        "project" => Spot::Project { path: root.0, profile: row.get(first + 2)? },
        // The check of the column leaves only "collection".
        _ => Spot::Collection { id: root.0.to_string_lossy().into_owned() },
    })
}

/// What is stored of a new version but for its number.
pub(super) struct NewVersion<'a> {
    pub(super) key: &'a ArtifactKey,
    pub(super) hash: ContentHash,
    pub(super) content: Option<i64>,
    pub(super) parents: &'a [VersionId],
    pub(super) origin: Origin,
    pub(super) at: Timestamp,
    pub(super) spot: &'a Spot,
    pub(super) operation: Option<OperationId>,
}

pub(super) fn insert_version(connection: &Connection, new: &NewVersion<'_>) -> Result<VersionId> {
    let SpotColumns { place, root, profile } = new.spot.columns();
    connection
        .prepare_cached(
            "INSERT INTO versions (type, name, hash, content, parent, merged, origin, at, place, root, profile, operation, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, x'')",
        )?
        .execute(params![
            Col(new.key.kind),
            new.key.name,
            Col(new.hash),
            new.content,
            new.parents.first().map(|id| id.0),
            new.parents.get(1).map(|id| id.0),
            Col(new.origin),
            Col(new.at),
            place,
            root,
            profile,
            new.operation.map(|id| id.0),
        ])?;
    let version = Version {
        id: VersionId(connection.last_insert_rowid()),
        key: new.key.clone(),
        hash: new.hash,
        content: None,
        parents: new.parents.iter().copied().take(2).collect(),
        origin: new.origin,
        at: new.at,
        spot: new.spot.clone(),
        operation: new.operation,
    };
    connection
        .prepare_cached("UPDATE versions SET seal = ?2 WHERE id = ?1")?
        .execute(params![version.id.0, seal_version(&version)])?;
    Ok(version.id)
}

/// The number of an artifact's version with this hash, and whether its content is there.
pub(super) fn version_id(
    connection: &Connection,
    key: &ArtifactKey,
    hash: ContentHash,
) -> Result<Option<(VersionId, bool)>> {
    connection
        .prepare_cached("SELECT id, content IS NOT NULL FROM versions WHERE type = ?1 AND name = ?2 AND hash = ?3")?
        .query_row(params![Col(key.kind), key.name, Col(hash)], |row| Ok((VersionId(row.get(0)?), row.get(1)?)))
        .optional()
}

pub(super) fn set_content(connection: &Connection, id: VersionId, content: i64) -> Result<()> {
    connection.prepare_cached("UPDATE versions SET content = ?2 WHERE id = ?1")?.execute([id.0, content]).map(drop)
}

/// The columns of a version but for its artifact.
const COLUMNS: &str =
    "v.id, v.hash, c.hash, v.parent, v.merged, v.origin, v.at, v.place, v.root, v.profile, v.operation, v.seal";
/// Where they are.
const TABLES: &str = "versions v LEFT JOIN contents c ON c.id = v.content";

/// The versions that `condition` leaves, in its order.
pub(super) fn versions(connection: &Connection, condition: &str, values: impl Params) -> Result<Vec<Sealed<Version>>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS}, v.type, v.name FROM {TABLES} {condition}"))?
        .query_map(values, |row| {
            let key = ArtifactKey { kind: row.get::<_, Col<ArtifactType>>(12)?.0, name: row.get(13)? };
            version(row, key)
        })?
        .collect()
}

/// Tells of the versions of an artifact, the latest first, before one of this number; and whether each is what was stored.
pub(super) fn each_before(
    connection: &Connection,
    key: &ArtifactKey,
    before: i64,
    limit: u32,
    mut tell: impl FnMut(&VersionRow<'_>, bool),
) -> Result<()> {
    // A content that is referred to is there: the key is a foreign one, and none is ever removed with a reference to it.
    let mut select = connection.prepare_cached(
        "SELECT id, hash, content IS NOT NULL, parent, merged, origin, at, place, root, profile, operation, seal
         FROM versions WHERE type = ?1 AND name = ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4",
    )?;
    let mut rows = select.query(params![Col(key.kind), key.name, before, limit])?;
    while let Some(row) = rows.next()? {
        let id = |at| row.get::<_, Option<i64>>(at).map(|id| id.map(VersionId));
        let root = match row.get_ref(8)? {
            text @ ValueRef::Text(_) => Cow::Borrowed(OsStr::new(text.as_str()?)),
            _ => Cow::Owned(row.get::<_, StoredPath>(8)?.0.into_os_string()),
        };
        let spot =
            SpotRow { is_project: row.get_ref(7)?.as_str()? == "project", root, profile: row.get_ref(9)?.as_str()? };
        let version = VersionRow {
            id: VersionId(row.get(0)?),
            hash: row.get::<_, Col<_>>(1)?.0,
            is_kept: row.get(2)?,
            parents: [id(3)?, id(4)?],
            origin: row.get::<_, Col<_>>(5)?.0,
            at: row.get::<_, Col<_>>(6)?.0,
            spot,
            operation: row.get::<_, Option<i64>>(10)?.map(OperationId),
        };
        let is_sound = row.get_ref(11)?.as_blob()? == seal_row(key, &version);
        tell(&version, is_sound);
    }
    Ok(())
}

fn version(row: &Row<'_>, key: ArtifactKey) -> Result<Sealed<Version>> {
    let parents = [row.get::<_, Option<i64>>(3)?, row.get(4)?];
    let version = Version {
        id: VersionId(row.get(0)?),
        key,
        hash: row.get::<_, Col<_>>(1)?.0,
        content: row.get::<_, Option<[u8; 32]>>(2)?.map(ContentId),
        parents: parents.into_iter().flatten().map(VersionId).collect(),
        origin: row.get::<_, Col<_>>(5)?.0,
        at: row.get::<_, Col<_>>(6)?.0,
        spot: spot(row, 7)?,
        operation: row.get::<_, Option<i64>>(10)?.map(OperationId),
    };
    let is_sound = row.get::<_, [u8; 32]>(11)? == seal_version(&version);
    Ok((version, is_sound))
}

fn seal_version(version: &Version) -> [u8; 32] {
    seal_row(&version.key, &VersionRow::from(version))
}

fn seal_row(key: &ArtifactKey, version: &VersionRow<'_>) -> [u8; 32] {
    let parents = || version.parents.iter().flatten();
    let mut frame = Frame::new("skillmeat version 1");
    frame.number(version.id.0.cast_unsigned());
    frame.bytes(key.kind.as_str().as_bytes());
    frame.bytes(key.name.as_bytes());
    frame.bytes(&version.hash.0);
    frame.number(parents().count() as u64);
    parents().for_each(|parent| frame.number(parent.0.cast_unsigned()));
    frame.bytes(version.origin.as_str().as_bytes());
    frame.number(version.at.0.cast_unsigned());
    let SpotRow { is_project, root, profile } = &version.spot;
    frame.bytes(if *is_project { b"project" } else { b"collection" });
    frame.name(root);
    frame.bytes(profile.as_bytes());
    frame.option(version.operation, |frame, id| frame.number(id.0.cast_unsigned()));
    frame.finish()
}

/// A sighting without its number.
pub(super) fn insert_sighting(connection: &Connection, mut sighting: Sighting) -> Result<Sighting> {
    let SpotColumns { place, root, profile } = sighting.spot.columns();
    connection
        .prepare_cached(
            "INSERT INTO sightings (type, name, place, root, profile, version, origin, at, operation, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, x'')",
        )?
        .execute(params![
            Col(sighting.key.kind),
            sighting.key.name,
            place,
            root,
            profile,
            sighting.version.map(|id| id.0),
            Col(sighting.origin),
            Col(sighting.at),
            sighting.operation.map(|id| id.0),
        ])?;
    sighting.id = connection.last_insert_rowid();
    connection
        .prepare_cached("UPDATE sightings SET seal = ?2 WHERE id = ?1")?
        .execute(params![sighting.id, seal_sighting(&sighting)])?;
    Ok(sighting)
}

/// The sightings that `condition` leaves, in its order.
pub(in crate::history) fn sightings(
    connection: &Connection,
    condition: &str,
    values: &[Value],
) -> Result<Vec<Sealed<Sighting>>> {
    connection
        .prepare_cached(&format!(
            "SELECT id, type, name, place, root, profile, version, origin, at, operation, seal FROM sightings s {condition}"
        ))?
        .query_map(rusqlite::params_from_iter(values), sighting)?
        .collect()
}

/// The condition for one place of one artifact, and its values.
pub(super) fn at_spot(key: &ArtifactKey, spot: &Spot) -> (&'static str, Vec<Value>) {
    let SpotColumns { place, root, profile } = spot.columns();
    let root = match root.0.to_str() {
        Some(text) => Value::Text(text.to_owned()),
        None => Value::Blob(crate::database::value::os_bytes(root.0)),
    };
    let values = vec![
        Value::Text(key.kind.as_str().to_owned()),
        Value::Text(key.name.clone()),
        Value::Text(place.to_owned()),
        root,
        Value::Text(profile.to_owned()),
    ];
    ("WHERE type = ?1 AND name = ?2 AND place = ?3 AND root = ?4 AND profile = ?5", values)
}

fn sighting(row: &Row<'_>) -> Result<Sealed<Sighting>> {
    let sighting = Sighting {
        id: row.get(0)?,
        key: ArtifactKey { kind: row.get::<_, Col<ArtifactType>>(1)?.0, name: row.get(2)? },
        spot: spot(row, 3)?,
        version: row.get::<_, Option<i64>>(6)?.map(VersionId),
        origin: row.get::<_, Col<_>>(7)?.0,
        at: row.get::<_, Col<_>>(8)?.0,
        operation: row.get::<_, Option<i64>>(9)?.map(OperationId),
    };
    let is_sound = row.get::<_, [u8; 32]>(10)? == seal_sighting(&sighting);
    Ok((sighting, is_sound))
}

fn seal_sighting(sighting: &Sighting) -> [u8; 32] {
    let mut frame = Frame::new("skillmeat sighting 1");
    frame.number(sighting.id.cast_unsigned());
    frame.bytes(sighting.key.kind.as_str().as_bytes());
    frame.bytes(sighting.key.name.as_bytes());
    sighting.spot.seal(&mut frame);
    frame.option(sighting.version, |frame, id| frame.number(id.0.cast_unsigned()));
    frame.bytes(sighting.origin.as_str().as_bytes());
    frame.number(sighting.at.0.cast_unsigned());
    frame.option(sighting.operation, |frame, id| frame.number(id.0.cast_unsigned()));
    frame.finish()
}

pub(super) fn set_tag(connection: &Connection, key: &ArtifactKey, tag: &Tag) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO version_tags (type, name, tag, version, at, seal) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![Col(key.kind), key.name, tag.name, tag.version.0, Col(tag.at), seal_tag(key, tag)])
        .map(drop)
}

/// The tags of an artifact, by name.
pub(super) fn tags(connection: &Connection, key: &ArtifactKey) -> Result<Vec<Sealed<Tag>>> {
    connection
        .prepare_cached("SELECT tag, version, at, seal FROM version_tags WHERE type = ?1 AND name = ?2 ORDER BY tag")?
        .query_map(params![Col(key.kind), key.name], |row| {
            let tag = Tag { name: row.get(0)?, version: VersionId(row.get(1)?), at: row.get::<_, Col<_>>(2)?.0 };
            let is_sound = row.get::<_, [u8; 32]>(3)? == seal_tag(key, &tag);
            Ok((tag, is_sound))
        })?
        .collect()
}

fn seal_tag(key: &ArtifactKey, tag: &Tag) -> [u8; 32] {
    let mut frame = Frame::new("skillmeat tag 1");
    frame.bytes(key.kind.as_str().as_bytes());
    frame.bytes(key.name.as_bytes());
    frame.bytes(tag.name.as_bytes());
    frame.number(tag.version.0.cast_unsigned());
    frame.number(tag.at.0.cast_unsigned());
    frame.finish()
}
