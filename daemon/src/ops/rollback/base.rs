//! The collection as the last operation left it: what tells apart what people changed and what operations did.

use super::super::error::OpError;
use super::super::planning::Planning;
use super::super::snapshots::finding::{Kept, shelves_of};
use crate::engine::snapshot::CollectionView;
use crate::history::{Content, Listed, OperationState};
use crate::library::moment::{self, Naive};
use crate::model::Timestamp;
use crate::snapshots::content;
use std::cmp::Reverse;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Operations that are looked through for the last one that was done.
const LOOKED: u32 = 100;

/// What the newest snapshot holds that shows what an operation left, or that is not newer than the last operation, of this
/// program or of the original; none when there is no such snapshot.
///
/// # Errors
/// The list, the archive or the history cannot be read.
pub(super) fn find(
    planning: &Planning<'_>,
    target: &Kept,
    view: &CollectionView,
    cancelled: &AtomicBool,
) -> Result<Option<Content>, OpError> {
    let last = last_operation(planning, view)?;
    let shelves = shelves_of(planning.home, planning.snapshot, Some(&view.id));
    let shelves = shelves.map_err(|error| OpError::Refused { message: error.message })?;
    let mut all: Vec<Kept> = Vec::new();
    for shelf in shelves {
        let entries = shelf.list()?.entries;
        all.extend(entries.into_iter().map(|entry| Kept { shelf: shelf.clone(), entry }));
    }
    all.sort_by_key(|kept| Reverse(kept.entry.at));
    let is_base = |kept: &&Kept| kept.entry.is_after() || last.is_some_and(|last| kept.entry.at <= last);
    let Some(base) = all.iter().find(is_base) else { return Ok(None) };
    if base.entry.id == target.entry.id {
        tracing::debug!(id = target.entry.id, "no operation changed the collection since the snapshot");
    }
    let (found, _) = content::hashed(&base.shelf.archive(&base.entry), base.shelf.name(), cancelled)?;
    Ok(Some(content::counted(found)))
}

/// When the last operation changed the collection: as the history has it, or as the manifest says.
fn last_operation(planning: &Planning<'_>, view: &CollectionView) -> Result<Option<Timestamp>, OpError> {
    let root = Path::new(&*view.path);
    let listed = Listed { root: Some(root), before: None, limit: LOOKED };
    let done = planning.history.list(&listed)?.into_iter().find(|journalled| journalled.state == OperationState::Done);
    let ours = done.map(|journalled| journalled.operation.at);
    let bytes = crate::os::files::read_whole(&root.join(super::MANIFEST)).unwrap_or_default();
    Ok(ours.max(updated(&bytes)))
}

/// `collection.updated` of a manifest, which the original writes with everything that it does.
fn updated(manifest: &[u8]) -> Option<Timestamp> {
    let table: toml::Table = std::str::from_utf8(manifest).ok()?.parse().ok()?;
    let text = table.get("collection")?.get("updated")?.as_str()?;
    moment::parse(text, Naive::Utc).ok()
}
