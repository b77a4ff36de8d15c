//! `collections.list` and `collections.show`.

use super::super::ServerContext;
use super::super::picture::{Picture, Terms};
use super::list::{Builder, is_on_disk, source};
use crate::engine::handle::SyncScope;
use crate::engine::snapshot::{CollectionView, Snapshot};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::{CollectionInfo, CollectionReply, CollectionsReply};
use std::collections::HashMap;

/// Answers `collections.list`.
pub(in crate::server) async fn list(context: &ServerContext, terms: &Terms) -> CollectionsReply {
    let snapshot = Picture::taken(context, terms, SyncScope::All).await.snapshot;
    let deployed = Deployed::count(&snapshot);
    let problems = snapshot.collections.iter().flat_map(|collection| collection.problems.iter().cloned());
    CollectionsReply {
        clock: snapshot.clock,
        collections: snapshot.collections.iter().map(|collection| info(collection, &snapshot, &deployed)).collect(),
        problems: problems.collect(),
    }
}

/// Answers `collections.show`.
pub(in crate::server) async fn show(
    context: &ServerContext,
    terms: &Terms,
    name: &str,
) -> Result<CollectionReply, WireError> {
    let snapshot = Picture::taken(context, terms, SyncScope::All).await.snapshot;
    let collection = snapshot.collection(name).ok_or_else(|| not_found(name, &snapshot))?;
    let listed: Vec<_> = collection.artifacts.iter().map(|artifact| (collection, artifact)).collect();
    let mut builder = Builder::new(&snapshot, &listed);
    Ok(CollectionReply {
        clock: snapshot.clock,
        collection: info(collection, &snapshot, &Deployed::count(&snapshot)),
        artifacts: listed.iter().map(|(collection, artifact)| builder.artifact(collection, artifact)).collect(),
        groups: collection.groups.to_vec(),
        tags: collection.tags.to_vec(),
        problems: collection.problems.to_vec(),
    })
}

/// Deployments per collection id.
struct Deployed<'s>(HashMap<&'s str, u32>);

impl<'s> Deployed<'s> {
    fn count(snapshot: &'s Snapshot) -> Self {
        let mut counts = HashMap::new();
        for item in snapshot.projects.iter().flat_map(|project| project.items()) {
            if let Some(id) = source(item) {
                *counts.entry(id).or_default() += 1;
            }
        }
        Self(counts)
    }
}

fn info(collection: &CollectionView, snapshot: &Snapshot, deployed: &Deployed<'_>) -> CollectionInfo {
    let count = |pred: &dyn Fn(&crate::engine::snapshot::ArtifactView) -> bool| {
        u32::try_from(collection.artifacts.iter().filter(|artifact| pred(artifact)).count()).unwrap_or(u32::MAX)
    };
    CollectionInfo {
        id: collection.id.to_string(),
        name: collection.name.to_string(),
        former_names: collection.former_names.iter().map(ToString::to_string).collect(),
        path: collection.path.to_string(),
        default: collection.name == snapshot.default_collection,
        readable: collection.unreadable.is_none(),
        artifacts: count(&|artifact| artifact.entry.in_manifest),
        unlisted: count(&|artifact| !artifact.entry.in_manifest),
        missing_files: count(&|artifact| artifact.entry.in_manifest && !is_on_disk(artifact)),
        deployments: deployed.0.get(&*collection.id).copied().unwrap_or(0),
    }
}

/// The error for a collection that is neither a name, nor a former name, nor an id.
pub(super) fn not_found(name: &str, snapshot: &Snapshot) -> WireError {
    let known: Vec<&str> = snapshot.collections.iter().map(|collection| &*collection.name).collect();
    let hint = match known.as_slice() {
        [] => "there is none yet; skillmeat init makes one".to_owned(),
        known => format!("known collections: {}", known.join(", ")),
    };
    WireError::new(ErrorCode::NotFound, format!("there is no collection '{name}'")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{World, collection, project};
    use super::*;
    use skillmeat_protocol::drift::DriftState::{InSync, Modified};
    use skillmeat_protocol::request::Freshness;
    use std::sync::Arc;

    fn world() -> World {
        let mut old = collection("team", &["skill:pdf", "agent:rev"]);
        old.former_names = vec!["crew".into()];
        old.unreadable = Some("line 3".into());
        let projects = vec![
            project("/w/a").with("skill:pdf", Modified, "team"),
            project("/w/b").with("skill:pdf", InSync, "team"),
        ];
        World::new(projects, vec![collection("default", &[]), old])
    }

    #[tokio::test]
    async fn collections_count_what_came_from_them() {
        let world = world();
        let reply = list(&world.context, &World::terms(Freshness::Synced)).await;
        let counted: Vec<_> =
            reply.collections.iter().map(|c| (&*c.name, c.default, c.readable, c.deployments)).collect();
        assert_eq!(counted, [("default", true, true, 0), ("team", false, false, 2)]);
    }

    #[tokio::test]
    async fn a_collection_answers_to_its_id_name_and_former_name() {
        let world = world();
        let terms = World::terms(Freshness::Cached);
        let id = world.context.engine.snapshot().collection("team").map(|c| Arc::clone(&c.id)).expect("known");
        for name in ["team", "crew", &id] {
            let reply = show(&world.context, &terms, name).await.expect(name);
            assert_eq!((&*reply.collection.name, reply.artifacts.len()), ("team", 2));
            assert_eq!(reply.artifacts[0].deployments.len(), 2, "of skill:pdf");
        }
        let error = show(&world.context, &terms, "teem").await.expect_err("unknown");
        assert_eq!(
            (error.code, error.hint.as_deref()),
            (ErrorCode::NotFound, Some("known collections: default, team"))
        );
    }
}
