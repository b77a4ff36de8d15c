//! What happened to collections that is in no journal: snapshots that are kept, those that were given up, and rollbacks of other
//! programs.
//!
//! Snapshots and rollbacks are read from the files of the original. Of a snapshot that is gone the history knows, unless another
//! program removed it; a rollback that is in the journal too is told once, as the operation that it was. A list that cannot be read
//! is told by what reads it for its own sake.

use super::run::Operations;
use super::snapshots::finding::{Kept, info};
use crate::engine::snapshot::CollectionView;
use crate::history::{Asked, GoneBecause, History, HistoryError, Mark, Rank, SnapshotGone};
use crate::library::audit::{self, Told};
use crate::model::Timestamp;
use crate::snapshots::{Shelf, shelves};
use sha2::{Digest, Sha256};
use skillmeat_protocol::reply::{DeletedSnapshot, ForeignRollback, HistoryEntry, HistoryKind};
use std::cmp::Reverse;

impl Operations {
    /// The latest of what is asked for; of one collection, or of all. Nothing of it is about one artifact or one project.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn beside_the_journal(
        &self,
        history: &History,
        asked: &Asked,
        collection: Option<&CollectionView>,
    ) -> Result<Vec<(Mark, HistoryEntry)>, HistoryError> {
        if asked.artifact.is_some() || asked.root.is_some() && collection.is_none() {
            return Ok(Vec::new());
        }
        let shelves: Vec<Shelf> = match collection {
            Some(view) => {
                let names = std::iter::once(&view.name).chain(&view.former_names);
                names.filter_map(|name| Shelf::of(&self.home, name).ok()).collect()
            }
            None => {
                let names = shelves(&self.home).unwrap_or_default();
                names.iter().filter_map(|name| Shelf::of(&self.home, name).ok()).collect()
            }
        };
        let mut found = Vec::new();
        for shelf in &shelves {
            found.extend(latest(taken(shelf), asked, |_| Ok(true))?);
            found.extend(latest(self.rolled_back(shelf), asked, |mark| Ok(!history.has_operation_at(mark.at)?))?);
        }
        let names: Vec<String> = shelves.iter().map(|shelf| shelf.name().to_owned()).collect();
        let given_up = history.snapshots_gone(asked, collection.map(|_| &*names))?;
        found.extend(given_up.into_iter().map(|(mark, gone)| (mark, given_up_entry(gone))));
        Ok(found)
    }

    fn rolled_back(&self, shelf: &Shelf) -> Vec<(Mark, HistoryEntry)> {
        let file = self.home.join("audit").join(format!("{}_rollback_audit.toml", shelf.name()));
        let Ok(bytes) = crate::os::files::read_whole(&file) else { return Vec::new() };
        let told = audit::told(&bytes, &file, &self.zone).unwrap_or_default();
        told.into_iter().map(|told| rollback(shelf, told)).collect()
    }
}

/// As many of these as are asked for, the latest first.
fn latest(
    mut all: Vec<(Mark, HistoryEntry)>,
    asked: &Asked,
    counts: impl Fn(&Mark) -> Result<bool, HistoryError>,
) -> Result<Vec<(Mark, HistoryEntry)>, HistoryError> {
    all.retain(|(mark, _)| asked.takes(mark));
    all.sort_by_key(|(mark, _)| Reverse(*mark));
    let mut found = Vec::new();
    for (mark, entry) in all {
        if found.len() == asked.limit as usize {
            break;
        }
        if counts(&mark)? {
            found.push((mark, entry));
        }
    }
    Ok(found)
}

fn taken(shelf: &Shelf) -> Vec<(Mark, HistoryEntry)> {
    let listed = shelf.list().unwrap_or_default();
    let one = |entry| {
        let kept = Kept { shelf: shelf.clone(), entry };
        let mark = mark(kept.entry.at, Rank::Snapshot, shelf, &kept.entry.id);
        let summary = format!("snapshot {} of {}: {}", kept.entry.id, shelf.name(), kept.entry.message);
        let (kind, at) = (HistoryKind::Snapshot(info(&kept.shelf, &kept.entry)), kept.entry.at.to_string());
        (mark, HistoryEntry { kind, at, summary, operation: None, found: None })
    };
    listed.entries.into_iter().map(one).collect()
}

fn given_up_entry(gone: SnapshotGone) -> HistoryEntry {
    let why = match gone.cause {
        GoneBecause::Asked => "",
        GoneBecause::Retention => ", by retention",
    };
    let summary = format!("snapshot {} of {} deleted{why}: {}", gone.snapshot, gone.shelf, gone.message);
    let kind = HistoryKind::SnapshotDeleted(DeletedSnapshot {
        id: gone.snapshot,
        collection: gone.shelf,
        taken_at: gone.taken.to_string(),
        message: gone.message,
        artifact_count: gone.artifact_count,
        by_retention: gone.cause == GoneBecause::Retention,
    });
    HistoryEntry { kind, at: gone.at.to_string(), summary, operation: None, found: None }
}

fn rollback(shelf: &Shelf, told: Told) -> (Mark, HistoryEntry) {
    let mark = mark(told.at, Rank::Rollback, shelf, &told.id);
    let failed = if told.success { "" } else { ", which failed" };
    let summary = format!("rollback of {} to {}{failed}, by another program", shelf.name(), told.target);
    let at = told.at.to_string();
    let kind = HistoryKind::Rollback(ForeignRollback {
        id: told.id,
        collection: shelf.name().to_owned(),
        snapshot_id: told.target,
        safety_snapshot_id: told.source,
        success: told.success,
        error: told.error,
    });
    (mark, HistoryEntry { kind, at, summary, operation: None, found: None })
}

/// They have no numbers: one is made of what they are called, and stays the same from page to page.
fn mark(at: Timestamp, rank: Rank, shelf: &Shelf, id: &str) -> Mark {
    let digest: [u8; 32] = Sha256::digest(format!("{}/{id}", shelf.name())).into();
    let number = digest.iter().take(8).fold(0_i64, |number, byte| number << 8 | i64::from(*byte));
    Mark { at, rank, id: number & i64::MAX }
}
