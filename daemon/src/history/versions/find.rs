//! Finding versions again.

use super::rows::{self, Sealed};
use super::sight::{Cause, Origin, Seen, Sighting, Spot, Version, VersionId, VersionRow};
use crate::database::value::Col;
use crate::history::{ContentId, History, HistoryError, OperationId};
use rusqlite::Connection;
use rusqlite::types::Value;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use std::collections::BTreeSet;

/// Which versions of an artifact to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Only earlier ones.
    pub before: Option<VersionId>,
    /// Not more than these.
    pub limit: u32,
}

/// A version as somebody names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// The only one that it can be.
    One(Box<Version>),
    /// None.
    Nothing,
    /// The beginning of several hashes.
    Several(Vec<ContentHash>),
}

/// Digits below which the beginning of a hash is none.
const DIGITS: usize = 4;
/// Hashes that are told of a beginning that fits several.
const TOLD: u32 = 8;

impl History {
    /// Tells of the versions of an artifact, the latest first. Within it, nothing else may be asked of the history.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn versions(
        &self,
        key: &ArtifactKey,
        page: Page,
        mut tell: impl FnMut(&VersionRow<'_>),
    ) -> Result<(), HistoryError> {
        let (before, mut changed) = (page.before.map_or(i64::MAX, |id| id.0), None);
        let each = |version: &VersionRow<'_>, is_sound: bool| match is_sound {
            true => tell(version),
            false => changed = changed.or(Some(version.id)),
        };
        rows::each_before(&self.lock(), key, before, page.limit, each).map_err(self.failed("read"))?;
        match changed {
            None => Ok(()),
            Some(id) => Err(self.damaged(format!("what is written of {} was changed", id.called()))),
        }
    }

    /// Artifacts of this name, of any type, that have versions.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn artifacts_called(&self, name: &str) -> Result<Vec<ArtifactKey>, HistoryError> {
        let connection = self.lock();
        let known = |kind: &ArtifactType| {
            connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM versions WHERE type = ?1 AND name = ?2)")?
                .query_row(rusqlite::params![Col(*kind), name], |row| row.get::<_, bool>(0))
        };
        let found = ArtifactType::ALL.into_iter().map(|kind| Ok((kind, known(&kind)?)));
        let found: Vec<_> = found.collect::<rusqlite::Result<_>>().map_err(self.failed("read"))?;
        let known = found.into_iter().filter(|(_, known)| *known);
        Ok(known.map(|(kind, _)| ArtifactKey { kind, name: name.to_owned() }).collect())
    }

    /// Versions by number, in no particular order; those that are none are left out.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn versions_by_id(&self, ids: &BTreeSet<VersionId>) -> Result<Vec<Version>, HistoryError> {
        let connection = self.lock();
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.extend(rows::versions(&connection, "WHERE v.id = ?1", [id.0]).map_err(self.failed("read"))?);
        }
        found.into_iter().map(|version| self.believed(version)).collect()
    }

    /// The version that `text` names: a tag, a hash, or the beginning of one.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn version_named(&self, key: &ArtifactKey, text: &str) -> Result<Sought, HistoryError> {
        if let Some(tag) = self.tags(key)?.into_iter().find(|tag| tag.name == text) {
            let tagged = self.versions_by_id(&BTreeSet::from([tag.version]))?.pop();
            return Ok(tagged.map_or(Sought::Nothing, |version| Sought::One(Box::new(version))));
        }
        let Some((from, to)) = range(text) else { return Ok(Sought::Nothing) };
        let condition = "WHERE v.type = ?1 AND v.name = ?2 AND v.hash BETWEEN ?3 AND ?4 ORDER BY v.hash LIMIT ?5";
        let values = rusqlite::params![Col(key.kind), key.name, from, to, TOLD];
        let found = rows::versions(&self.lock(), condition, values).map_err(self.failed("read"))?;
        let mut found: Vec<Version> =
            found.into_iter().map(|version| self.believed(version)).collect::<Result<_, _>>()?;
        Ok(match found.len() {
            0 => Sought::Nothing,
            1 => Sought::One(Box::new(found.remove(0))),
            _ => Sought::Several(found.into_iter().map(|version| version.hash).collect()),
        })
    }

    /// Every time that a version came to be somewhere, the latest first.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn sightings_of(&self, version: VersionId, limit: u32) -> Result<Vec<Sighting>, HistoryError> {
        let values = [version.0.into(), i64::from(limit).into()];
        self.sightings("WHERE version = ?1 ORDER BY id DESC LIMIT ?2", &values)
    }

    /// What was last seen of an artifact at a place; none when nothing ever was.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn head(&self, key: &ArtifactKey, spot: &Spot) -> Result<Option<Sighting>, HistoryError> {
        self.head_in(&self.lock(), key, spot)
    }

    pub(super) fn head_in(
        &self,
        connection: &Connection,
        key: &ArtifactKey,
        spot: &Spot,
    ) -> Result<Option<Sighting>, HistoryError> {
        let (condition, values) = rows::at_spot(key, spot);
        let found = rows::sightings(connection, &format!("{condition} ORDER BY id DESC LIMIT 1"), &values);
        found.map_err(self.failed("read"))?.pop().map(|sighting| self.believed(sighting)).transpose()
    }

    /// What every place was before an operation, and which artifacts it was about: what undoing it comes to.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn seen_before(&self, operation: OperationId) -> Result<(Vec<ArtifactKey>, Vec<Seen>), HistoryError> {
        let made = self.sightings("WHERE operation = ?1 ORDER BY id", &[operation.0.into()])?;
        let mut before = Vec::new();
        let mut done: BTreeSet<(ArtifactKey, Spot)> = BTreeSet::new();
        for first in made {
            if !done.insert((first.key.clone(), first.spot.clone())) {
                continue;
            }
            let (condition, mut values) = rows::at_spot(&first.key, &first.spot);
            values.push(first.id.into());
            let earlier = self.sightings(&format!("{condition} AND id < ?6 ORDER BY id DESC LIMIT 1"), &values)?;
            let version = earlier.first().and_then(|sighting| sighting.version);
            let version = match version {
                Some(id) => self.versions_by_id(&BTreeSet::from([id]))?.pop(),
                None => None,
            };
            before.push(Seen {
                key: first.key,
                spot: first.spot,
                hash: version.as_ref().map(|version| version.hash),
                content: version.and_then(|version| version.content),
                origin: Origin::Rollback,
                cause: Cause::Made { parents: Vec::new() },
            });
        }
        Ok((self.artifacts_of(operation)?, before))
    }

    fn artifacts_of(&self, operation: OperationId) -> Result<Vec<ArtifactKey>, HistoryError> {
        let connection = self.lock();
        let found = connection
            .prepare_cached("SELECT type, name FROM operation_artifacts WHERE operation = ?1")
            .and_then(|mut select| {
                let key =
                    |row: &rusqlite::Row<'_>| Ok(ArtifactKey { kind: row.get::<_, Col<_>>(0)?.0, name: row.get(1)? });
                select.query_map([operation.0], key)?.collect()
            });
        found.map_err(self.failed("read"))
    }

    /// The content of a version, if it is kept and really is what was recorded with its hash.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn content_of_version(&self, version: &Version) -> Result<Option<ContentId>, HistoryError> {
        let Some(id) = version.content else { return Ok(None) };
        if self.by_recorded(version.hash)?.contains(&id) {
            return Ok(Some(id));
        }
        Err(self.damaged(format!("content {id} was never recorded as {}", version.hash)))
    }

    pub(in crate::history) fn sightings(
        &self,
        condition: &str,
        values: &[Value],
    ) -> Result<Vec<Sighting>, HistoryError> {
        let found = rows::sightings(&self.lock(), condition, values).map_err(self.failed("read"))?;
        found.into_iter().map(|sighting| self.believed(sighting)).collect()
    }

    pub(super) fn believed<T: Numbered>(&self, (row, is_sound): Sealed<T>) -> Result<T, HistoryError> {
        if is_sound { Ok(row) } else { Err(self.damaged(format!("what is written of {} was changed", row.called()))) }
    }
}

/// What an error calls a row.
pub(super) trait Numbered {
    fn called(&self) -> String;
}

impl Numbered for Version {
    fn called(&self) -> String {
        self.id.called()
    }
}

impl Numbered for VersionId {
    fn called(&self) -> String {
        format!("version {}", self.0)
    }
}

impl Numbered for Sighting {
    fn called(&self) -> String {
        format!("sighting {}", self.id)
    }
}

/// The first and the last hash that begin with these digits.
fn range(text: &str) -> Option<([u8; 32], [u8; 32])> {
    let is_digit = |byte: u8| byte.is_ascii_hexdigit();
    if !(DIGITS..=64).contains(&text.len()) || !text.bytes().all(is_digit) {
        return None;
    }
    let text = text.to_ascii_lowercase();
    let hash = |fill: &str| format!("{text}{}", fill.repeat(64 - text.len())).parse::<ContentHash>().ok();
    Some((hash("0")?.0, hash("f")?.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_hash_is_a_range() {
        let (from, to) = range("Ab1c2").expect("a beginning");
        assert_eq!((from[..4].to_vec(), to[..4].to_vec()), (vec![0xab, 0x1c, 0x20, 0], vec![0xab, 0x1c, 0x2f, 0xff]));
        let whole = "5f".repeat(32);
        assert_eq!(range(&whole), Some(([0x5f; 32], [0x5f; 32])));
        for bad in ["", "abc", "abcg", "v1.0", &"5".repeat(65)] {
            assert_eq!(range(bad), None, "{bad}");
        }
    }
}
