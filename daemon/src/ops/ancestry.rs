//! Whether a conflict is one: where one side was made of the other, taking the newer one loses nothing.
//!
//! Hashes alone say *conflict* as soon as both sides differ from what the record says. The history may know more: that the
//! project's copy is an earlier version of what the collection has, or the other way round. Only what is written down counts. What
//! nobody wrote down yet was made of what was last seen at its place, as it will be written down.
//!
//! Somebody who put an earlier version back wanted it: what `version restore` or `rollback` brought is no earlier version of
//! anything, and stays a conflict. So does a side that is older than what was deployed or last seen there,
//! however it became that.

use super::account;
use super::error::OpError;
use super::lookup::Original;
use super::planning::Planning;
use crate::engine::snapshot::ItemView;
use crate::history::{History, Listed, OperationState, Origin, Sighting, Sought, Spot, Version, VersionId};
use crate::model::Timestamp;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::BTreeSet;
use std::path::Path;

/// Operations of a collection that are looked through for a rollback.
const LOOKED_AT: u32 = 100;
/// What the journal calls one.
const ROLLBACK: &str = "rollback";

/// The side that was made of the other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ahead {
    /// The project's.
    Project,
    /// The collection's.
    Collection,
}

/// One side of a conflict.
struct Side {
    /// Its version, if it is written down.
    known: Option<Version>,
    /// What was last seen there.
    head: Option<Sighting>,
}

/// Which side of a conflict is ahead; none where neither was made of the other, as far as is written down.
///
/// # Errors
/// The history cannot be read.
pub(super) fn ahead(
    planning: &Planning<'_>,
    original: &Original,
    project: &Path,
    item: &ItemView,
) -> Result<Option<Ahead>, OpError> {
    let (Some(here), Some(there)) = (item.project_hash, item.collection_hash) else { return Ok(None) };
    let history = planning.history;
    let spot = Spot::Project { path: project.to_owned(), profile: item.profile.to_string() };
    let ours = Side::of(history, &item.key, &spot, here)?;
    let theirs = match item.line() {
        // A branch that is not current is at no place.
        Some(_) => Side { known: version(history, &item.key, there)?, head: None },
        None => Side::of(history, &item.key, &account::in_collection(&original.collection.id), there)?,
    };
    let baseline = item.baseline().map(|hash| version(history, &item.key, hash)).transpose()?.flatten();
    let deployed = item.record.as_ref().and_then(|record| record.deployed_at);
    if theirs.was_made_of(&ours, history)?
        && !ours.was_put_back()
        && !ours.went_back_behind(baseline.as_ref(), history)?
    {
        return Ok(Some(Ahead::Collection));
    }
    if ours.was_made_of(&theirs, history)?
        && !theirs.was_put_back()
        && !theirs.went_back_behind(baseline.as_ref(), history)?
        && !was_rolled_back(history, Path::new(&*original.collection.path), deployed)?
    {
        return Ok(Some(Ahead::Project));
    }
    Ok(None)
}

/// Whether what a copy has now was made of a version, as far as is written down: of what was last seen there, if it is new.
///
/// # Errors
/// The history cannot be read.
pub(super) fn descends(history: &History, project: &Path, item: &ItemView, from: ContentHash) -> Result<bool, OpError> {
    let (Some(here), Some(old)) = (item.project_hash, version(history, &item.key, from)?) else { return Ok(false) };
    let spot = Spot::Project { path: project.to_owned(), profile: item.profile.to_string() };
    let ours = Side::of(history, &item.key, &spot, here)?;
    let newest = ours.known.as_ref().map(|known| known.id).or(ours.head.as_ref().and_then(|head| head.version));
    // What nobody saw yet was made of what was deployed.
    Ok(is_made_of(newest, old.id, history)? || newest.is_none() && item.baseline() == Some(from))
}

impl Side {
    fn of(history: &History, key: &ArtifactKey, spot: &Spot, hash: ContentHash) -> Result<Self, OpError> {
        Ok(Self { known: version(history, key, hash)?, head: history.head(key, spot)? })
    }

    fn was_put_back(&self) -> bool {
        let here = self.known.as_ref().map(|version| version.id);
        self.head.as_ref().is_some_and(|head| head.origin == Origin::Rollback && head.version == here)
    }

    /// Whether what was deployed, or what was last seen at its place, was made of it.
    fn went_back_behind(&self, baseline: Option<&Version>, history: &History) -> Result<bool, OpError> {
        let Some(here) = self.known.as_ref().map(|version| version.id) else { return Ok(false) };
        let last = self.head.as_ref().and_then(|head| head.version).filter(|last| *last != here);
        Ok(is_made_of(last, here, history)? || is_made_of(baseline.map(|version| version.id), here, history)?)
    }

    fn was_made_of(&self, other: &Self, history: &History) -> Result<bool, OpError> {
        let Some(old) = other.known.as_ref().map(|version| version.id) else { return Ok(false) };
        let newest = match &self.known {
            Some(version) => Some(version.id),
            None => self.head.as_ref().and_then(|head| head.version),
        };
        is_made_of(newest, old, history)
    }
}

/// Whether `old` is `newest` or one of its ancestors.
fn is_made_of(newest: Option<VersionId>, old: VersionId, history: &History) -> Result<bool, OpError> {
    let (mut open, mut seen) = (newest.into_iter().collect::<BTreeSet<_>>(), BTreeSet::new());
    while !open.is_empty() {
        if open.contains(&old) {
            return Ok(true);
        }
        let parents = history.versions_by_id(&open)?.into_iter().flat_map(|version| version.parents);
        // A parent is older than its child, and has a smaller number.
        open = parents.filter(|parent| *parent >= old && seen.insert(*parent)).collect();
    }
    Ok(false)
}

fn version(history: &History, key: &ArtifactKey, hash: ContentHash) -> Result<Option<Version>, OpError> {
    Ok(match history.version_named(key, &hash.to_string())? {
        Sought::One(version) => Some(*version),
        Sought::Nothing | Sought::Several(_) => None,
    })
}

/// Whether a collection was rolled back after this time, or at all: a rollback is of files, and no version knows of it.
fn was_rolled_back(history: &History, root: &Path, since: Option<Timestamp>) -> Result<bool, OpError> {
    let operations = history.list(&Listed { root: Some(root), before: None, limit: LOOKED_AT })?;
    Ok(operations.iter().any(|listed| {
        listed.operation.verb == ROLLBACK
            && listed.state == OperationState::Done
            && since.is_none_or(|since| listed.operation.at >= since)
    }))
}
