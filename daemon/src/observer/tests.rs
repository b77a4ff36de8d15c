//! Which announcements are of edits.

use super::*;
use skillmeat_protocol::clock::Clock;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::event::{Cause, ItemChange};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactType;
use skillmeat_protocol::reply::Item;

/// Hashes of the baseline, the collection and the project; 0 for none.
fn event(kind: CauseKind, baseline: u8, collection: u8, project: u8) -> DriftEvent {
    let hash = |byte: u8| Some(ContentHash([byte; 32])).filter(|_| byte > 0);
    let item = Item {
        kind: ArtifactType::Skill,
        name: "pdf".into(),
        profile: Some("claude_code".into()),
        collection: Some("default".into()),
        collection_id: Some("c1".into()),
        state: DriftState::Modified,
        drift_type: None,
        change_origin: None,
        recommendation: None,
        baseline_hash: hash(baseline),
        collection_hash: hash(collection),
        project_hash: hash(project),
        collection_version: None,
        project_version: None,
        version_mismatch: false,
        deployed_at: None,
        modification_detected_at: None,
        mergeable: None,
        path: None,
        message: None,
    };
    DriftEvent {
        clock: Clock { instance: 7, generation: 3 },
        cause: Cause { kind, path: None, operation: None },
        project: "/w/app".into(),
        project_name: "app".into(),
        available: true,
        items: vec![ItemChange { previous: None, item }],
        gone: Vec::new(),
    }
}

#[test]
fn edits_of_what_is_deployed_are_targets_and_nothing_else() {
    let project = || Spot::Project { path: "/w/app".into(), profile: "claude_code".into() };
    let collection = || Spot::Collection { id: "c1".into() };
    for (kind, hashes, want) in [
        (CauseKind::Project, (1, 1, 2), vec![project()]),
        (CauseKind::Collection, (1, 2, 1), vec![project(), collection()]),
        (CauseKind::Availability, (1, 2, 3), vec![project(), collection()]),
        (CauseKind::Project, (1, 1, 0), vec![]),
        (CauseKind::Project, (1, 2, 0), vec![collection()]),
        (CauseKind::Project, (0, 1, 2), vec![]),
        (CauseKind::Operation, (1, 2, 3), vec![]),
    ] {
        let (baseline, in_collection, in_project) = hashes;
        let event = event(kind, baseline, in_collection, in_project);
        let found: Vec<Spot> = targets(&event).map(|target| target.spot).collect();
        assert_eq!(found, want, "{kind:?} {hashes:?}");
        assert_eq!(targets(&DriftEvent { available: false, ..event }).count(), 0, "what is away says nothing");
    }
}
