//! `blast_radius`: who follows is told from the picture; whether conflicts merge, on a blocking thread.

use super::super::ServerContext;
use super::super::picture::{Picture, Terms};
use super::discover::CancelOnDrop;
use crate::engine::handle::SyncScope;
use crate::ops::across::radius::Radius;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::reply::BlastRadiusReply;
use skillmeat_protocol::request::BlastRadiusQuery;
use std::sync::Arc;

/// Answers `blast_radius`.
pub(in crate::server) async fn answer(
    context: &Arc<ServerContext>,
    terms: &Terms,
    query: BlastRadiusQuery,
) -> Result<BlastRadiusReply, WireError> {
    let Picture { snapshot, fresh, stale } = Picture::taken(context, terms, SyncScope::All).await;
    let clock = snapshot.clock;
    let cancelled = CancelOnDrop(Arc::default());
    let (operations, flag) = (context.operations.clone(), cancelled.0.clone());
    let radius = super::blocking(move || operations.blast_radius(&snapshot, &query, &flag)).await??;
    let Radius { artifact, roots, copies, statistics, counts } = radius;
    let (conflicts, drifted) = (counts.conflicts(), counts.drifted());
    let artifact = artifact.to_string();
    Ok(BlastRadiusReply { clock, conflicts, drifted, fresh, stale, artifact, roots, copies, statistics })
}
