//! `snapshot restore`: a collection that is not there, out of a snapshot; or a second one beside it, under another name.
//!
//! Nothing is ever put over what is there: to make a collection what it was is `rollback`. The archive is unpacked where it is
//! staged, and gets its name in one rename. It is not stored in the history, since the snapshot has it. Its versions are known by
//! their hashes, and written down when the operation is complete: only then has the collection an identity.

use super::account;
use super::answer::is_fine;
use super::collections::new_place;
use super::contents::Place;
use super::error::OpError;
use super::manage;
use super::piece::{Archive, Piece};
use super::plan::{Change, Planned, word};
use super::planning::Planning;
use super::snapshots::finding::{self, Kept};
use super::snapshots::left_out_of;
use super::witness::Witness;
use crate::engine::snapshot::Snapshot;
use crate::history::{Account, Cause, History, OperationId, Origin, Seen};
use crate::model::{Timestamp, Tree};
use crate::snapshots::content;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::reply::{OperationReply, Outcome};
use skillmeat_protocol::request::SnapshotRestore;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

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
    let Place { path, root, missing, prune_below } = new_place(planning, name)?;
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
        root,
        before: None,
        after: None,
        witness: Witness::Nothing,
        missing,
        prune_below: Some(prune_below),
        archive: Some(Arc::new(came)),
        moved_from: None,
    });
    if kept.shelf.name() != name {
        planned.edits.push(manage::in_manifest(&path, Change::NameCollection(name.to_owned())));
    }
    Ok(planned)
}

/// What comes out of an archive, and where.
pub(super) struct Coming {
    at: PathBuf,
    archive: Arc<Archive>,
}

/// What of a plan comes out of archives.
pub(super) fn coming(planned: &[Planned]) -> Vec<Coming> {
    let pieces = planned.iter().flat_map(|planned| &planned.pieces);
    let one = |piece: &Piece| {
        piece.archive.as_ref().map(|archive| Coming { at: piece.target.clone(), archive: Arc::clone(archive) })
    };
    pieces.filter_map(one).collect()
}

/// Says what came, in the answer and in the history of versions. That the latter cannot be written takes nothing back.
pub(super) fn came(
    history: &History,
    snapshot: &Snapshot,
    (operation, at): (OperationId, Timestamp),
    came: &[Coming],
    reply: &mut OperationReply,
) {
    for Coming { at: place, archive } in came {
        let unpacked = archive.unpacked.lock().unwrap_or_else(PoisonError::into_inner);
        reply.items.iter_mut().filter(|item| is_fine(item)).for_each(|item| item.files_written = unpacked.files);
        reply.problems.extend(left_out_of(&archive.path, &unpacked.left_out));
        let Some(view) = snapshot.collections.iter().find(|view| Path::new(&*view.path) == place) else { continue };
        let seen = view.artifacts.iter().filter_map(|artifact| match &artifact.tree {
            Some(Tree::Present(info)) => Some(Seen {
                key: artifact.entry.key.clone(),
                spot: account::in_collection(&view.id),
                hash: Some(info.hash),
                content: None,
                origin: Origin::Rollback,
                cause: Cause::Made { parents: Vec::new() },
            }),
            _ => None,
        });
        let seen: Vec<Seen> = seen.collect();
        let artifacts = seen.iter().map(|seen| seen.key.clone()).collect();
        let account = Account { artifacts, seen, ..Account::default() };
        if let Err(error) = history.batch(|batch| batch.account(operation, at, &[account])) {
            tracing::warn!(%error, "what a snapshot brought back is not in the history of versions");
        }
    }
}
