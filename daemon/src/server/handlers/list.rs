//! `list` and `show`: artifacts of collections, each with where it is deployed.
//!
//! Deployments are not stored with artifacts: they are collected from the items of all projects in one pass per answer,
//! so that there is one truth and publishing a change of a project touches nothing else.

use super::super::ServerContext;
use super::super::paging::{self, Pages, Resumed};
use super::super::picture::{Picture, Terms};
use crate::engine::handle::SyncScope;
use crate::engine::snapshot::{ArtifactView, CollectionView, ItemView, ProjectView, Snapshot};
use crate::model::Tree;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::{Artifact, Deployment, ListReply};
use skillmeat_protocol::request::{ListQuery, ShowQuery};
use std::collections::HashMap;
use std::sync::Arc;

/// Answers `list`.
pub(in crate::server) async fn answer(
    context: &ServerContext,
    pages: &mut Pages,
    terms: &Terms,
    query: &ListQuery,
) -> Result<ListReply, WireError> {
    let Resumed { picture, position } = match &query.cursor {
        Some(cursor) => pages.resume(cursor)?,
        None => Resumed { picture: Picture::taken(context, terms, SyncScope::All).await, position: 0 },
    };
    let snapshot = picture.snapshot.clone();
    let collections = selected(&snapshot, &query.collections)?;
    let taken =
        |artifact: &&Arc<ArtifactView>| query.types.is_empty() || query.types.contains(&artifact.entry.key.kind);
    let listed: Vec<_> = collections
        .iter()
        .flat_map(|collection| collection.artifacts.iter().filter(taken).map(|artifact| (*collection, artifact)))
        .collect();
    let mut builder = Builder::new(&snapshot, &listed);
    let (rows, next) = paging::fill(
        &listed,
        position,
        |(collection, artifact)| builder.artifact(collection, artifact),
        |row| row.deployments.len(),
    );
    let (fresh, stale) = (picture.fresh, picture.stale.clone());
    let next = pages.end(picture, next);
    Ok(ListReply { clock: snapshot.clock, fresh, stale, artifacts: rows, next })
}

/// Answers `show`.
pub(in crate::server) async fn show(
    context: &ServerContext,
    terms: &Terms,
    query: &ShowQuery,
) -> Result<ListReply, WireError> {
    let picture = Picture::taken(context, terms, SyncScope::All).await;
    let snapshot = &picture.snapshot;
    let key = ArtifactKey::new(query.key.kind, &query.key.name);
    let collections = selected(snapshot, query.collection.as_slice())?;
    let found: Vec<_> =
        collections.iter().filter_map(|collection| Some((*collection, collection.artifact(&key)?))).collect();
    if found.is_empty() {
        return Err(not_found(snapshot, &collections, &key));
    }
    let mut builder = Builder::of_one(snapshot, &key, &found);
    let artifacts = found.iter().map(|(collection, artifact)| builder.artifact(collection, artifact)).collect();
    Ok(ListReply { clock: snapshot.clock, fresh: picture.fresh, stale: picture.stale, artifacts, next: None })
}

/// The named collections, or all, by name.
fn selected<'s>(snapshot: &'s Snapshot, names: &[String]) -> Result<Vec<&'s Arc<CollectionView>>, WireError> {
    if names.is_empty() {
        return Ok(snapshot.collections.iter().collect());
    }
    let mut selected = Vec::with_capacity(names.len());
    for name in names {
        let found = snapshot.collection(name).ok_or_else(|| super::collections::not_found(name, snapshot))?;
        // Named twice, by name and by id, it is still listed once.
        if !selected.iter().any(|known: &&Arc<CollectionView>| known.id == found.id) {
            selected.push(found);
        }
    }
    selected.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(selected)
}

/// An artifact and the collection that it is in.
type Listed<'s> = (&'s Arc<CollectionView>, &'s Arc<ArtifactView>);

/// Makes artifacts with their deployments.
///
/// It holds references until an artifact is made: an answer is a page of a list, and making the deployments of all
/// artifacts for each page would cost as much as all pages.
pub(super) struct Builder<'s> {
    deployed: HashMap<(&'s str, &'s ArtifactKey), Vec<(&'s ProjectView, &'s ItemView)>>,
}

impl<'s> Builder<'s> {
    /// Finds the deployments of `listed` in all projects, in one pass.
    pub(super) fn new(snapshot: &'s Snapshot, listed: &[Listed<'s>]) -> Self {
        let items = |project: &'s ProjectView| project.items();
        Self::from_items(snapshot, listed, items)
    }

    /// The same for one artifact in several collections: projects hold their items sorted by key, in two runs.
    fn of_one(snapshot: &'s Snapshot, key: &ArtifactKey, listed: &[Listed<'s>]) -> Self {
        let items = |project: &'s ProjectView| {
            [&project.drift, &project.in_sync].into_iter().flat_map(|run| {
                let from = run.partition_point(|item| item.key < *key);
                run[from..].iter().take_while(|item| item.key == *key)
            })
        };
        Self::from_items(snapshot, listed, items)
    }

    fn from_items<I: Iterator<Item = &'s Arc<ItemView>>>(
        snapshot: &'s Snapshot,
        listed: &[Listed<'s>],
        items: impl Fn(&'s ProjectView) -> I,
    ) -> Self {
        let mut deployed: HashMap<_, Vec<_>> =
            listed.iter().map(|(collection, artifact)| ((&*collection.id, &artifact.entry.key), Vec::new())).collect();
        for project in snapshot.projects.iter() {
            for item in items(project) {
                let Some(id) = source(item) else { continue };
                if let Some(of_artifact) = deployed.get_mut(&(id, &item.key)) {
                    of_artifact.push((&**project, &**item));
                }
            }
        }
        Self { deployed }
    }

    /// One artifact; its deployments are handed out once.
    pub(super) fn artifact(&mut self, collection: &'s CollectionView, view: &'s ArtifactView) -> Artifact {
        let key = &view.entry.key;
        let deployed = self.deployed.remove(&(&*collection.id, key)).unwrap_or_default();
        let mut deployments: Vec<Deployment> =
            deployed.into_iter().filter_map(|(project, item)| deployment(project, item)).collect();
        deployments.sort_by(|a, b| {
            (&a.project_path, &a.deployment_profile_id).cmp(&(&b.project_path, &b.deployment_profile_id))
        });
        let info = match &view.tree {
            Some(Tree::Present(info)) => Some(info.as_ref()),
            _ => None,
        };
        let member = key.to_string();
        let groups = collection.groups.iter().filter(|group| group.members.contains(&member));
        let metadata = view.entry.metadata.clone();
        Artifact {
            kind: key.kind,
            name: key.name.clone(),
            collection: collection.name.to_string(),
            collection_id: collection.id.to_string(),
            path: view.entry.path.to_string_lossy().into_owned(),
            in_manifest: view.entry.in_manifest,
            on_disk: is_on_disk(view),
            content_hash: info.map(|info| info.hash),
            modified_since_lock: modified_since_lock(view),
            title: metadata.title,
            description: metadata.description,
            version: metadata.version.or_else(|| info.and_then(|info| info.version.as_deref().map(str::to_owned))),
            author: metadata.author,
            license: metadata.license,
            tags: metadata.tags,
            groups: groups.map(|group| group.name.clone()).collect(),
            origin: view.entry.origin.clone(),
            upstream: view.entry.upstream.clone(),
            file_count: info.map_or(0, |info| info.file_count),
            total_size: info.map_or(0, |info| info.total_size),
            deployments,
            message: message(view),
        }
    }
}

/// Id of the collection that a deployed item came from, when it is known here.
pub(super) fn source(item: &ItemView) -> Option<&str> {
    item.record.as_ref()?;
    item.collection.as_ref()?.id.as_deref()
}

/// Whether its files are there, as far as they have been looked at.
pub(super) fn is_on_disk(view: &ArtifactView) -> bool {
    !matches!(view.tree, Some(Tree::Absent))
}

fn deployment(project: &ProjectView, item: &ItemView) -> Option<Deployment> {
    let record = item.record.as_deref()?;
    use DriftState::{Conflict, Converged, Deleted, Modified, RemovedModified};
    Some(Deployment {
        project_path: project.path.to_string(),
        project_name: project.name.to_string(),
        deployed_at: record.deployed_at.map(|at| at.to_string()),
        content_hash: item.project_hash,
        deployment_profile_id: item.profile.to_string(),
        // The state knows about ignored files and missing baselines; comparing hashes here would not.
        local_modifications: matches!(item.state, Modified | Converged | Conflict | Deleted | RemovedModified),
        platform: record.platform.as_deref().map(str::to_owned),
        state: item.state,
    })
}

/// An original that counted ignored files recorded the hash with them, which is no modification either.
fn modified_since_lock(view: &ArtifactView) -> Option<bool> {
    let locked = view.locked?;
    match view.tree.as_ref()? {
        Tree::Present(info) => Some(info.hash != locked && info.hash_with_ignored != Some(locked)),
        Tree::Absent => Some(true),
        Tree::Unreadable { .. } => None,
    }
}

fn message(view: &ArtifactView) -> Option<String> {
    if let Some(flaw) = &view.entry.flaw {
        return Some(flaw.0.clone());
    }
    match &view.tree {
        Some(Tree::Unreadable { message }) => Some(message.clone()),
        Some(Tree::Absent) => Some("its files are missing".to_owned()),
        Some(Tree::Present(_)) => None,
        None => Some("its files have not been read yet".to_owned()),
    }
}

/// The least likeness at which a name is worth proposing (Jaro-Winkler; 1 is equal).
const ALIKE: f64 = 0.8;

fn not_found(snapshot: &Snapshot, collections: &[&Arc<CollectionView>], key: &ArtifactKey) -> WireError {
    let error = WireError::new(ErrorCode::NotFound, format!("no collection has {key}"));
    let mut alike: Vec<_> = collections
        .iter()
        .flat_map(|collection| &collection.artifacts)
        .map(|artifact| (strsim::jaro_winkler(&artifact.entry.key.name, &key.name), &artifact.entry.key))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let mut names: Vec<String> = alike.into_iter().map(|(_, key)| key.to_string()).collect();
    names.dedup();
    names.truncate(3);
    if !names.is_empty() {
        return error.hint(format!("did you mean {}?", names.join(", ")));
    }
    let holders = snapshot.projects.iter().filter(|project| project.items().any(|item| item.key == *key)).count();
    error.hint(if holders > 0 {
        format!("{holders} project(s) have it; see skillmeat status --all --type {}", key.kind)
    } else {
        "skillmeat list".to_owned()
    })
}

#[cfg(test)]
mod tests;
