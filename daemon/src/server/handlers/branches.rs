//! Branches: what is asked of them, on a blocking thread. Every answer is what there is afterwards.

use super::super::ServerContext;
use super::super::picture::{Picture, Terms};
use crate::engine::handle::SyncScope;
use crate::engine::snapshot::Snapshot;
use crate::history::History;
use crate::model::Tip;
use crate::ops::branches::{self, Line};
use crate::ops::past;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::{BranchFollower, BranchInfo, BranchesReply, FollowersReply, Reply};
use skillmeat_protocol::request::BranchQuery;
use std::sync::Arc;

/// Answers everything about branches that changes no file.
pub(in crate::server) async fn answer(
    context: &Arc<ServerContext>,
    terms: &Terms,
    query: BranchQuery,
) -> Result<Reply, WireError> {
    let picture = Picture::taken(context, terms, SyncScope::All).await;
    let operations = context.operations.clone();
    let work = move || {
        let (artifact, collection) = match &query {
            BranchQuery::List(query) | BranchQuery::Followers(query) => (&query.artifact, &query.collection),
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
        if matches!(query, BranchQuery::Followers(_)) {
            let mut followers = followers(&snapshot, &key);
            let is_asked =
                |one: &BranchFollower, named: &String| [&one.collection, &one.collection_id].contains(&named);
            followers.retain(|one| collection.as_ref().is_none_or(|named| is_asked(one, named)));
            let artifact = key.to_string();
            return Ok(Reply::Followers(FollowersReply { clock: snapshot.clock, fresh, stale, artifact, followers }));
        }
        let mut branches = told(&snapshot, history, &key)?;
        let is_asked = |info: &BranchInfo, named: &String| [&info.collection, &info.collection_id].contains(&named);
        branches.retain(|info| collection.as_ref().is_none_or(|named| is_asked(info, named)));
        let artifact = key.to_string();
        Ok(Reply::Branches(BranchesReply { clock: snapshot.clock, fresh, stale, artifact, branches }))
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

/// The copies of an artifact that follow a branch of it by its name.
fn followers(snapshot: &Snapshot, key: &ArtifactKey) -> Vec<BranchFollower> {
    let mut found = Vec::new();
    for project in snapshot.projects.sorted() {
        let mut items: Vec<_> = project.items().filter(|item| item.key == *key).collect();
        items.sort_by(|a, b| a.profile.cmp(&b.profile));
        found.extend(items.into_iter().filter_map(|item| {
            let follows = item.follows.as_deref()?;
            let known = snapshot.collection(&follows.collection);
            Some(BranchFollower {
                project: project.path.to_string(),
                project_name: project.name.to_string(),
                profile: item.profile.to_string(),
                collection: known.map_or(&follows.collection, |view| &view.name).to_string(),
                collection_id: follows.collection.to_string(),
                branch: follows.branch.to_string(),
                present: follows.tip != Tip::Gone,
                state: item.state,
            })
        }));
    }
    found
}
