//! Operations on files: planned, done and remembered on a blocking thread, with progress while they run.
//!
//! Unlike everything else, an operation has no deadline: to give it up half-way would only mean to take it back. A connection
//! that closes asks it to stop before the next item.

use super::super::ServerContext;
use super::super::dispatch::ProgressSink;
use super::super::limits;
use super::discover::{CancelOnDrop, at_intervals};
use crate::history::{HistoryError, Listed, OperationId as Number};
use crate::ops::{self, Answer, Operations, Watcher};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::{OperationShowReply, OperationStep, OperationsReply, Reply};
use skillmeat_protocol::request::{Operate, OperationId, OperationsQuery};
use std::path::PathBuf;
use std::sync::Arc;

/// Operations of a page, when the request does not say.
const USUAL: u32 = 20;
/// Operations of a page at most.
const MOST: u32 = 500;

/// Answers every operation.
pub(in crate::server) async fn answer(
    context: &Arc<ServerContext>,
    request: Operate,
    progress: &ProgressSink,
) -> Result<Reply, WireError> {
    long(context, progress, move |operations, watcher| {
        Ok(match operations.operate(&request, watcher)? {
            Answer::Operated(reply) => Reply::Operated(reply),
            Answer::RolledBack(reply) => Reply::RolledBack(reply),
        })
    })
    .await
}

/// Work that takes long, tells how far it is, and stops when nobody waits any more.
pub(super) async fn long<T: Send + 'static>(
    context: &Arc<ServerContext>,
    progress: &ProgressSink,
    work: impl FnOnce(&Operations, &mut Watcher<'_>) -> Result<T, WireError> + Send + 'static,
) -> Result<T, WireError> {
    let cancelled = CancelOnDrop(Arc::default());
    let (operations, flag, sink) = (context.operations.clone(), cancelled.0.clone(), progress.clone());
    super::blocking(move || {
        let mut watcher = Watcher { progress: &mut at_intervals(&sink), cancelled: &flag };
        work(&operations, &mut watcher)
    })
    .await?
}

/// Answers `operations.list`.
pub(in crate::server) async fn list(
    context: &Arc<ServerContext>,
    query: OperationsQuery,
) -> Result<OperationsReply, WireError> {
    let operations = context.operations.clone();
    super::blocking(move || {
        let root = operations.root_of(query.project.as_deref(), query.collection.as_deref())?;
        let limit = limits::entries(query.limit, USUAL, MOST);
        let listed = Listed { root: root.as_deref(), before: query.before.map(number), limit };
        let found = operations.history()?.list(&listed).map_err(wire)?;
        let next = found.last().filter(|_| found.len() == limit as usize).map(|last| last.id.0.cast_unsigned());
        Ok(OperationsReply { operations: found.iter().map(ops::info_of).collect(), next })
    })
    .await?
}

/// Answers `operations.show`.
pub(in crate::server) async fn show(
    context: &Arc<ServerContext>,
    query: OperationId,
) -> Result<OperationShowReply, WireError> {
    let operations = context.operations.clone();
    super::blocking(move || {
        let found = operations.history()?.show(number(query.operation)).map_err(wire)?;
        let shown = |path: &PathBuf| path.to_string_lossy().into_owned();
        let steps = found.operation.steps.iter().map(|step| OperationStep {
            path: shown(&step.target),
            before: step.before.map(|id| ContentHash(id.0)),
            after: step.after.map(|id| ContentHash(id.0)),
        });
        Ok(OperationShowReply { info: ops::info_of(&found), steps: steps.collect() })
    })
    .await?
}

fn number(operation: u64) -> Number {
    Number(i64::try_from(operation).unwrap_or(i64::MAX))
}

fn wire(error: HistoryError) -> WireError {
    let code = match error {
        HistoryError::NoOperation { .. } => ErrorCode::NotFound,
        _ => ErrorCode::Io,
    };
    WireError::new(code, error.to_string())
}
