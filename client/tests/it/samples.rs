//! Canned answers.

use skillmeat_protocol::clock::Clock;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::ids::ArtifactType;
use skillmeat_protocol::reply::{Counts, Item, ProjectState, ProjectStatus, Reply, StatusReply};

pub const CLOCK: Clock = Clock { instance: 7, generation: 3 };

pub fn item(name: &str, state: DriftState) -> Item {
    Item {
        kind: ArtifactType::Skill,
        name: name.into(),
        profile: Some("claude_code".into()),
        collection: Some("default".into()),
        collection_id: Some("c-1".into()),
        state,
        drift_type: None,
        change_origin: None,
        recommendation: None,
        baseline_hash: None,
        collection_hash: None,
        project_hash: None,
        collection_version: None,
        project_version: None,
        version_mismatch: false,
        deployed_at: None,
        modification_detected_at: None,
        mergeable: None,
        path: Some(format!("/w/.claude/skills/{name}")),
        message: None,
    }
}

pub fn project(items: Vec<Item>) -> ProjectStatus {
    let mut counts = Counts::default();
    items.iter().for_each(|item| *counts.of(item.state) += 1);
    ProjectStatus {
        path: "/w".into(),
        name: "w".into(),
        state: ProjectState::Watched,
        available: true,
        counts,
        problems: vec![],
        items,
    }
}

pub fn status(projects: Vec<ProjectStatus>) -> StatusReply {
    StatusReply { clock: CLOCK, fresh: true, stale: None, projects, next: None }
}

pub fn status_of(items: Vec<Item>) -> Reply {
    Reply::Status(status(vec![project(items)]))
}

pub fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}
