//! `sync`: the barrier alone. `verify`: the same, after comparing everything in scope with the disk.

use super::super::picture::{Picture, Terms};
use super::super::{ServerContext, scope};
use crate::engine::handle::SyncScope;
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
    Ok(waited(context, terms, selection.to_sync()).await)
}

/// Answers `verify`.
pub(in crate::server) async fn verify(
    context: &ServerContext,
    terms: &Terms,
    query: &SyncQuery,
) -> Result<SyncReply, WireError> {
    let selection = scope::resolve(context, &query.scope).await?;
    context.engine.verify(selection.to_sync());
    // The engine takes both in this order.
    Ok(waited(context, terms, selection.to_sync()).await)
}

async fn waited(context: &ServerContext, terms: &Terms, scope: SyncScope) -> SyncReply {
    let picture = Picture::synced(context, terms.deadline, scope).await;
    SyncReply { clock: picture.snapshot.clock, fresh: picture.fresh, stale: picture.stale }
}
