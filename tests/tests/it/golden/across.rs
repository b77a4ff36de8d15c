//! One value of every request about one artifact in many projects, and of the answer, with every field filled.

use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::*;
use skillmeat_protocol::request::*;

use super::all;
use super::samples::{CLOCK, text};

pub(super) const NAMES: [&str; 3] = ["blast-radius", "promote", "fan-out"];

pub(super) fn requests() -> Vec<Request> {
    let artifact = || "skill:pdf".to_owned();
    let operate = |operation| Request::Operate(Operate { dry_run: true, operation });
    let which = Which { artifacts: vec![artifact()], group: text("g"), all: true };
    vec![
        Request::BlastRadius(BlastRadiusQuery { artifact: artifact(), collection: text("team") }),
        operate(Operation::Promote(Promote {
            project: "/w".into(),
            artifact: artifact(),
            profiles: Profiles { profiles: vec!["codex".into()], all_profiles: true },
            strategy: Some(Strategy::Fork),
            force: true,
            fan_out: true,
        })),
        operate(Operation::FanOut(FanOut { which, collection: text("team"), include_merges: true })),
    ]
}

pub(super) fn reply() -> Reply {
    let hash = |byte| Some(ContentHash([byte; 32]));
    let copy = BlastCopy {
        project: "/w".into(),
        project_name: "w".into(),
        profile: "codex".into(),
        collection: text("team"),
        standing: Standing::Conflicting,
        state: DriftState::Conflict,
        next: DriftState::Outdated,
        baseline: hash(1),
        hash: hash(2),
        merges: Some(true),
        message: text("m"),
        ways: vec!["w".into()],
    };
    Reply::BlastRadius(BlastRadiusReply {
        clock: CLOCK,
        conflicts: 300,
        drifted: 70_000,
        fresh: true,
        stale: text("s"),
        artifact: "skill:pdf".into(),
        roots: vec![GraphRoot { collection: "team".into(), collection_id: "u".into(), hash: hash(3) }],
        copies: vec![copy],
        statistics: BlastStatistics {
            total: 300,
            clean: 1,
            modified: 2,
            conflicting: 3,
            gone: 4,
            unreadable: 5,
            behind: 6,
        },
    })
}

/// The numbers of the words of it.
pub(super) fn words() -> Vec<(&'static str, String)> {
    use Standing::*;
    vec![("standing", all(&[Clean, Modified, Conflicting, Gone, Unreadable])), ("standing-missing", all(&[Missing]))]
}
