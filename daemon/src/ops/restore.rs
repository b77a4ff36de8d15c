//! `snapshot restore`: a collection that is not there, out of a snapshot; or a second one beside it, under another name.
//!
//! Nothing is ever put over what is there: to make a collection what it was is `rollback`. The archive is unpacked where it is
//! staged, and gets its name in one rename. It is not stored in the history, since the snapshot has it.

use super::collections::{check_new_name, directory};
use super::error::OpError;
use super::manage;
use super::piece::{Archive, Piece};
use super::plan::{Change, Planned, word};
use super::planning::Planning;
use super::snapshots::finding::{self, Kept};
use super::target;
use super::witness::Witness;
use crate::snapshots::content;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::reply::Outcome;
use skillmeat_protocol::request::SnapshotRestore;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

/// Whether only the plan is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// It is to be done; how much it is shows then.
    Do,
    /// The archive is read for what would be written.
    Tell,
}

/// Plans it.
///
/// # Errors
/// There is no such snapshot.
pub fn plan(
    planning: &Planning<'_>,
    query: &SnapshotRestore,
    intent: Intent,
    cancelled: &AtomicBool,
) -> Result<Vec<Planned>, WireError> {
    let kept = finding::find(planning.home, planning.snapshot, &query.snapshot, query.collection.as_deref())?;
    let name = query.to.as_deref().unwrap_or(kept.shelf.name());
    let attempt = restored(planning, &kept, name, intent, cancelled);
    let failed = |error: OpError| Planned::of(None, name, Outcome::Failed).of_collection(name).failed(&error);
    Ok(vec![attempt.unwrap_or_else(failed)])
}

fn restored(
    planning: &Planning<'_>,
    kept: &Kept,
    name: &str,
    intent: Intent,
    cancelled: &AtomicBool,
) -> Result<Planned, OpError> {
    let item = |outcome| Planned::of(None, name, outcome).of_collection(name);
    if let Some(there) = planning.snapshot.collections.iter().find(|view| *view.name == *name) {
        let id = word(&kept.entry.id);
        return Ok(item(Outcome::Refused).at(Path::new(&*there.path)).saying("it is there").ways([
            format!("skillmeat rollback {id}   # make it what it was"),
            format!("skillmeat snapshot restore {id} --to NAME   # beside it"),
        ]));
    }
    check_new_name(planning, name, None)?;
    let parent = directory(planning);
    let home = parent.parent().unwrap_or(&parent).to_owned();
    let missing = if parent.exists() { Vec::new() } else { target::way(&home, "collections/x")?.1 };
    let (path, _) = target::way(&parent, name)?;
    if path.symlink_metadata().is_ok() {
        let message = format!("{} is there already, and is no collection", path.display());
        return Err(OpError::Refused { message });
    }
    let archive = kept.shelf.archive(&kept.entry);
    if !archive.is_file() {
        return Err(crate::snapshots::SnapshotError::Gone { path: archive }.into());
    }
    let mut planned = item(Outcome::Created).at(&path).saying(format!("as in snapshot {}", kept.entry.id));
    if intent == Intent::Tell {
        let (held, _) = content::hashed(&archive, kept.shelf.name(), cancelled)?;
        planned.item.files_written = super::contents::count(&held);
    }
    let came = Archive { path: archive, name: kept.shelf.name().to_owned(), unpacked: Mutex::default() };
    planned.pieces.push(Piece {
        target: path.clone(),
        root: path.clone(),
        before: None,
        after: None,
        witness: Witness::Nothing,
        missing,
        prune_below: Some(parent),
        archive: Some(Arc::new(came)),
        moved_from: None,
    });
    if kept.shelf.name() != name {
        planned.edits.push(manage::in_manifest(&path, Change::NameCollection(name.to_owned())));
    }
    Ok(planned)
}
