//! What an operation is about, and what is answered to it.

use super::rollback::Outline;
use crate::engine::snapshot::{ProjectView, Snapshot};
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::reply::{OperationItem, OperationReply, Outcome, RollbackReply, RollbackResult};
use skillmeat_protocol::request::Operation;
use std::sync::Arc;

/// What is answered.
#[derive(Debug)]
pub enum Answer {
    /// To all but a rollback.
    Operated(OperationReply),
    /// To a rollback.
    RolledBack(RollbackReply),
}

/// Whether an item is as was asked.
pub(super) fn is_fine(item: &OperationItem) -> bool {
    !matches!(item.outcome, Outcome::Refused | Outcome::Failed | Outcome::Cancelled | Outcome::Undecided)
}

/// What a rollback led to goes with the answer to it.
pub(super) fn answer(mut operated: OperationReply, rollback: Option<Outline>, safety: Option<String>) -> Answer {
    let Some(outline) = rollback else { return Answer::Operated(operated) };
    let failed = operated.items.iter().find(|item| !is_fine(item));
    let result = RollbackResult {
        success: operated.complete,
        snapshot_id: outline.snapshot,
        files_restored: if operated.complete { outline.restored } else { Vec::new() },
        files_merged: if operated.complete { outline.merged } else { Vec::new() },
        conflicts: outline.conflicts,
        safety_snapshot_id: safety,
        error: failed.map(|item| item.message.clone().unwrap_or_default()),
    };
    operated.problems.extend(outline.problems);
    Answer::RolledBack(RollbackReply { operated, result })
}

/// The projects that an operation names.
///
/// # Errors
/// `NotFound`, `NotRegistered`, `Ambiguous`.
pub fn named_projects(snapshot: &Snapshot, operation: &Operation) -> Result<Vec<Arc<ProjectView>>, WireError> {
    let names: Vec<&str> = match operation {
        Operation::Deploy(query) => query.projects.iter().map(String::as_str).collect(),
        Operation::Undeploy(query) => vec![&query.project],
        Operation::Pull(query) | Operation::Push(query) | Operation::SyncProject(query) => vec![&query.project],
        Operation::Adopt(query) => vec![&query.project],
        Operation::Forget(query) => vec![&query.project],
        Operation::Import(query) => vec![&query.project],
        Operation::Undo(query) => query.project.iter().map(String::as_str).collect(),
        Operation::DeployBranch(query) => query.deploy.projects.iter().map(String::as_str).collect(),
        Operation::PushBranch(query) => vec![&query.transfer.project],
        Operation::Restore(query) => query.project.iter().map(String::as_str).collect(),
        Operation::Promote(_) | Operation::FanOut(_) => return super::across::projects(snapshot, operation),
        Operation::ConflictContinue(query) | Operation::ConflictAbort(query) => vec![&query.project],
        _ => Vec::new(),
    };
    super::lookup::projects(snapshot, names)
}
