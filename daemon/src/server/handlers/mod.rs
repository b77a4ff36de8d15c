//! One request family a file. Each splits into what must wait (scope, barrier, blocking work) and a pure function over
//! a snapshot that makes the reply.

use super::ServerContext;
use super::picture::{Picture, Terms};
use crate::engine::handle::SyncScope;
use crate::history::History;
use skillmeat_protocol::error::{ErrorCode, WireError};
use std::sync::Arc;

pub(super) mod across;
pub(super) mod branches;
pub(super) mod collections;
pub(super) mod conflicts;
pub(super) mod diff;
pub(super) mod discover;
pub(super) mod health;
pub(super) mod history;
pub(super) mod init;
pub(super) mod list;
pub(super) mod metrics;
pub(super) mod operate;
pub(super) mod projects;
pub(super) mod shutdown;
pub(super) mod snapshots;
pub(super) mod status;
pub(super) mod subscribe;
pub(super) mod sync;
pub(super) mod versions;

/// Runs file work on a blocking thread.
///
/// # Errors
/// `Internal` when it panicked.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, WireError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "work on files failed");
        WireError::new(ErrorCode::Internal, "the daemon failed on this request").hint("skillmeat daemon logs")
    })
}

/// Does `work` with the history and a picture of everything, on a blocking thread.
///
/// # Errors
/// Those of `work`; the history cannot be used.
async fn with_history<T: Send + 'static>(
    context: &Arc<ServerContext>,
    terms: &Terms,
    work: impl FnOnce(&History, Picture) -> Result<T, WireError> + Send + 'static,
) -> Result<T, WireError> {
    let picture = Picture::taken(context, terms, SyncScope::All).await;
    let operations = context.operations.clone();
    blocking(move || work(operations.history()?, picture)).await?
}
