//! Who has which version: a collection's copy is a root, each project's copy hangs on the root that still has what was
//! deployed, or is an orphan (formats-versions §7).

use super::super::super::picture::Picture;
use crate::engine::snapshot::{ItemView, ProjectView, Snapshot};
use crate::ops::across::radius::roots;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::{GraphCopy, GraphStatistics, VersionGraphReply, VersionInfo};

/// The answer, from a picture and the versions that the history knows.
pub(super) fn reply(picture: Picture, key: &ArtifactKey, versions: Vec<VersionInfo>, more: bool) -> VersionGraphReply {
    let Picture { snapshot, fresh, stale } = picture;
    let (roots, copies) = (roots(&snapshot, key, None), copies(&snapshot, key));
    let count = |which: fn(&GraphCopy) -> bool| {
        u32::try_from(copies.iter().filter(|copy| which(copy)).count()).unwrap_or(u32::MAX)
    };
    let statistics = GraphStatistics {
        total: count(|_| true),
        modified: count(|copy| copy.modified),
        unmodified: count(|copy| !copy.modified),
        orphaned: count(|copy| copy.orphaned),
    };
    let artifact = key.to_string();
    VersionGraphReply { clock: snapshot.clock, fresh, stale, artifact, roots, copies, statistics, versions, more }
}

fn copies(snapshot: &Snapshot, key: &ArtifactKey) -> Vec<GraphCopy> {
    let mut copies = Vec::new();
    for project in snapshot.projects.sorted() {
        let mut items: Vec<_> = project.items().filter(|item| item.key == *key && item.record.is_some()).collect();
        items.sort_by(|a, b| a.profile.cmp(&b.profile));
        copies.extend(items.into_iter().map(|item| copy(project, item)));
    }
    copies
}

fn copy(project: &ProjectView, item: &ItemView) -> GraphCopy {
    let baseline = item.baseline();
    GraphCopy {
        project: project.path.to_string(),
        project_name: project.name.to_string(),
        profile: item.profile.to_string(),
        collection: item.collection.as_ref().map(|collection| collection.name.to_string()),
        state: item.state,
        baseline,
        hash: item.project_hash,
        modified: item.project_hash != baseline,
        orphaned: baseline.is_none() || item.collection_hash != baseline,
    }
}
