//! Snapshots of collections: taken, read and removed on a blocking thread, and given up when nobody waits any more.

use super::super::ServerContext;
use super::discover::CancelOnDrop;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::reply::SnapshotReply;
use skillmeat_protocol::request::SnapshotQuery;
use std::sync::Arc;

/// Answers everything about snapshots that changes no collection.
pub(in crate::server) async fn answer(
    context: &Arc<ServerContext>,
    query: SnapshotQuery,
) -> Result<SnapshotReply, WireError> {
    let cancelled = CancelOnDrop(Arc::default());
    let (operations, flag) = (context.operations.clone(), cancelled.0.clone());
    super::blocking(move || operations.snapshots(&query, &flag)).await?
}
