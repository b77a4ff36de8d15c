//! `sync`: the barrier alone.

use super::super::picture::{Picture, Terms};
use super::super::{ServerContext, scope};
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::reply::SyncReply;
use skillmeat_protocol::request::SyncQuery;

/// Answers `sync`; the freshness of the request is beside the point.
pub(in crate::server) async fn answer(
    context: &ServerContext,
    terms: &Terms,
    query: &SyncQuery,
) -> Result<SyncReply, WireError> {
    let selection = scope::resolve(context, &query.scope).await?;
    let picture = Picture::synced(context, terms.deadline, selection.to_sync()).await;
    Ok(SyncReply { clock: picture.snapshot.clock, fresh: picture.fresh, stale: picture.stale })
}
