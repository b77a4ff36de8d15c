//! Branches: what is asked of them, on a blocking thread. Every answer is what there is afterwards.

use super::super::ServerContext;
use super::super::picture::{Picture, Terms};
use crate::engine::handle::SyncScope;
use crate::engine::snapshot::Snapshot;
use crate::history::History;
use crate::ops::branches::{self, Line};
use crate::ops::past;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::{BranchInfo, BranchesReply};
use skillmeat_protocol::request::BranchQuery;
use std::sync::Arc;

/// Answers everything about branches that changes no file.
pub(in crate::server) async fn answer(
    context: &Arc<ServerContext>,
    terms: &Terms,
    query: BranchQuery,
) -> Result<BranchesReply, WireError> {
    let picture = Picture::taken(context, terms, SyncScope::All).await;
    let operations = context.operations.clone();
    let work = move || {
        let (artifact, collection) = match &query {
            BranchQuery::List(query) => (&query.artifact, &query.collection),
            BranchQuery::Create(query) => {
                operations.create_branch(query)?;
                (&query.artifact, &query.collection)
            }
            BranchQuery::Delete(query) => {
                operations.delete_branch(query)?;
                (&query.artifact, &query.collection)
            }
        };
        let history = operations.history()?;
        let Picture { snapshot, fresh, stale } = picture;
        let key = past::artifact(&snapshot, history, artifact)?;
        let mut branches = told(&snapshot, history, &key)?;
        let is_asked = |info: &BranchInfo, named: &String| [&info.collection, &info.collection_id].contains(&named);
        branches.retain(|info| collection.as_ref().is_none_or(|named| is_asked(info, named)));
        Ok(BranchesReply { clock: snapshot.clock, fresh, stale, artifact: key.to_string(), branches })
    };
    super::blocking(work).await?
}

/// The branches of an artifact, as the protocol tells them.
pub(super) fn told(snapshot: &Snapshot, history: &History, key: &ArtifactKey) -> Result<Vec<BranchInfo>, WireError> {
    let info = |line: Line| BranchInfo {
        collection: snapshot
            .collection(&line.collection)
            .map_or_else(|| line.collection.clone(), |view| view.name.to_string()),
        kept: line.is_kept(),
        collection_id: line.collection,
        branch: line.name,
        current: line.is_current,
        version: line.version.map(|version| version.id.0.cast_unsigned()),
        hash: line.hash,
        at: line.at.map(|at| at.to_string()),
    };
    let mut told: Vec<BranchInfo> = branches::lines(snapshot, history, key)?.into_iter().map(info).collect();
    told.sort_by(|a, b| (&a.collection, !a.current, &a.branch).cmp(&(&b.collection, !b.current, &b.branch)));
    Ok(told)
}
