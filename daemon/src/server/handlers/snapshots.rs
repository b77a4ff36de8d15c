//! Snapshots of collections: taken, read and removed on a blocking thread, and given up when nobody waits any more.

use super::super::ServerContext;
use super::super::dispatch::ProgressSink;
use super::operate::long;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::reply::SnapshotReply;
use skillmeat_protocol::request::SnapshotQuery;
use std::sync::Arc;

/// Answers everything about snapshots that changes no collection.
pub(in crate::server) async fn answer(
    context: &Arc<ServerContext>,
    query: SnapshotQuery,
    progress: &ProgressSink,
) -> Result<SnapshotReply, WireError> {
    long(context, progress, move |operations, watcher| operations.snapshots(&query, watcher)).await
}
