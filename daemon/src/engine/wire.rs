//! The edge between the engine's views and the wire: the only place that knows both.

use super::snapshot::{AddedView, ItemView, ProjectView, Snapshot};
use crate::model::{Timestamp, Tree};
use skillmeat_protocol::drift::{ChangeOrigin, DriftState, DriftType, Recommendation};
use skillmeat_protocol::reply::{Item, ProjectInfo, ProjectStatus};

/// One item of a project.
pub fn item(view: &ItemView) -> Item {
    let record = view.record.as_deref();
    Item {
        kind: view.key.kind,
        name: view.key.name.clone(),
        profile: Some(view.profile.to_string()),
        collection: view.collection.as_ref().map(|c| c.name.to_string()),
        collection_id: view.collection.as_ref().and_then(|c| c.id.as_ref()).map(ToString::to_string),
        state: view.state,
        drift_type: view.drift_type,
        change_origin: view.change_origin,
        recommendation: view.recommendation,
        baseline_hash: view.baseline(),
        collection_hash: view.collection_hash,
        project_hash: view.project_hash,
        collection_version: view.collection_version.as_deref().map(Into::into),
        project_version: view.project_version.as_deref().map(Into::into),
        version_mismatch: view.version_mismatch(),
        deployed_at: record.and_then(|r| r.deployed_at).map(text),
        modification_detected_at: view.since.map(text),
        mergeable: view.mergeable,
        path: Some(view.path.to_string_lossy().into_owned()),
        message: view.message.as_deref().map(Into::into),
    }
}

/// An artifact that could be deployed, looked up in its collection.
pub fn added(view: &AddedView, snapshot: &Snapshot) -> Option<Item> {
    let collection = snapshot.collections.iter().find(|c| c.id == view.collection_id)?;
    let artifact = collection.artifact(&view.key)?;
    let hash = artifact.tree.as_ref().and_then(Tree::hash);
    Some(Item {
        kind: view.key.kind,
        name: view.key.name.clone(),
        profile: None,
        collection: Some(collection.name.to_string()),
        collection_id: Some(collection.id.to_string()),
        state: DriftState::Added,
        drift_type: Some(DriftType::Added),
        change_origin: Some(ChangeOrigin::Sync),
        recommendation: Some(Recommendation::DeployToProject),
        baseline_hash: None,
        collection_hash: hash,
        project_hash: None,
        collection_version: artifact.entry.metadata.version.clone(),
        project_version: None,
        version_mismatch: false,
        deployed_at: None,
        modification_detected_at: None,
        mergeable: None,
        path: None,
        message: None,
    })
}

/// A project without its items.
pub fn project(view: &ProjectView) -> ProjectStatus {
    ProjectStatus {
        path: view.path.to_string(),
        name: view.name.to_string(),
        state: view.state,
        available: is_available(view),
        counts: view.counts,
        problems: view.problems.to_vec(),
        items: Vec::new(),
    }
}

/// A project in a list of projects.
pub fn project_info(view: &ProjectView) -> ProjectInfo {
    ProjectInfo {
        path: view.path.to_string(),
        name: view.name.to_string(),
        state: view.state,
        profiles: view.profiles.iter().map(|p| p.id.to_string()).collect(),
        counts: view.counts,
    }
}

/// Whether the project's root is there.
pub fn is_available(view: &ProjectView) -> bool {
    use skillmeat_protocol::reply::ProjectState::{Degraded, Watched};
    matches!(view.state, Watched | Degraded)
}

fn text(at: Timestamp) -> String {
    at.to_string()
}
