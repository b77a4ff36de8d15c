//! The transcripts of `protocol/README.md` against the types: every request in them is one, every answer has exactly
//! the members that the daemon writes. That the values are right is for the end-to-end tests, with a real daemon.

use super::super::encoding::{Asked, Incoming, payload_json};
use super::params::methods;
use super::{operations, read, versions};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use skillmeat_protocol::event::DriftEvent;
use skillmeat_protocol::reply::*;
use std::collections::{BTreeMap, BTreeSet};

const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol/README.md"));

/// Puts a value of its kind in the place of each placeholder.
fn filled(value: Value) -> Value {
    match value {
        Value::String(text) => match text.as_str() {
            "<clock>" => json!("0000000000000001:1"),
            "<hash>" => json!("00".repeat(32)),
            "<number>" => json!(1),
            "<boolean>" => json!(true),
            "<list>" => json!([]),
            _ => Value::String(text),
        },
        Value::Array(list) => list.into_iter().map(filled).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, filled(value))).collect(),
        other => other,
    }
}

fn written_as<T: DeserializeOwned + Serialize>(value: &Value) -> Value {
    let typed = T::deserialize(value).unwrap_or_else(|error| panic!("{error}: {value}"));
    serde_json::to_value(typed).expect("encodes")
}

/// What the daemon would write for the result of `method`, or the parameters of its notification.
fn as_written(method: &str, value: &Value) -> Value {
    match method {
        "hello" => value.clone(),
        "status" => written_as::<StatusReply>(value),
        "list" | "show" => written_as::<ListReply>(value),
        "diff" => written_as::<DiffReply>(value),
        "projects.list" => written_as::<ProjectsReply>(value),
        "projects.add" | "projects.remove" => written_as::<ProjectInfo>(value),
        "projects.discover" => written_as::<DiscoverReply>(value),
        "collections.list" => written_as::<CollectionsReply>(value),
        "collections.show" => written_as::<CollectionReply>(value),
        "subscribe" => written_as::<SubscribedReply>(value),
        "sync" | "verify" => written_as::<SyncReply>(value),
        "health" => written_as::<HealthReply>(value),
        "metrics" => written_as::<MetricsReply>(value),
        "init" => written_as::<InitReply>(value),
        "shutdown" => written_as::<StoppingReply>(value),
        "operations.list" => written_as::<OperationsReply>(value),
        "operations.show" => written_as::<OperationShowReply>(value),
        "snapshots.create" => written_as::<SnapshotCreated>(value),
        "snapshots.list" => written_as::<SnapshotsReply>(value),
        "snapshots.show" => written_as::<SnapshotShown>(value),
        "snapshots.diff" => written_as::<SnapshotCompared>(value),
        "snapshots.delete" | "snapshots.prune" => written_as::<SnapshotsDeleted>(value),
        "rollback" => written_as::<RollbackReply>(value),
        "history.list" => written_as::<HistoryReply>(value),
        "history.gc" => written_as::<HistoryGcReply>(value),
        "history.verify" => written_as::<HistoryVerifyReply>(value),
        "versions.list" => written_as::<WithBranches<VersionsReply>>(value),
        "versions.graph" => written_as::<WithBranches<VersionGraphReply>>(value),
        "branches.list" | "branches.create" | "branches.delete" => written_as::<BranchesReply>(value),
        "branches.followers" => written_as::<FollowersReply>(value),
        "branches.switch" | "versions.restore" | "promote" | "fan_out" => written_as::<OperationReply>(value),
        "blast_radius" => written_as::<BlastRadiusReply>(value),
        "conflicts.list" => written_as::<ConflictListReply>(value),
        "conflicts.show" | "conflicts.resolve" => written_as::<ConflictReply>(value),
        "conflicts.read" => written_as::<ConflictBytes>(value),
        "conflicts.continue" | "conflicts.abort" => written_as::<OperationReply>(value),
        _ if versions::METHODS.contains(&method) => written_as::<VersionReply>(value),
        _ if operations::METHODS.contains(&method) => written_as::<OperationReply>(value),
        "live" | "resync" => written_as::<LiveReply>(value),
        "event" => written_as::<DriftEvent>(value),
        "progress" => written_as::<Progress>(value),
        other => panic!("no type for {other}"),
    }
}

#[test]
fn the_documented_messages_are_the_real_ones() {
    let mut shown = BTreeSet::new();
    let blocks = README.split("```transcript\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    for block in blocks {
        let mut asked: BTreeMap<String, String> = BTreeMap::new();
        for line in block.lines() {
            if let Some(request) = line.strip_prefix("→ ") {
                let request = request.replace("<clock>", "0000000000000001:1");
                if let (Incoming::Asked(..), Ok(json)) = (read(request.as_bytes()), request.parse::<Value>()) {
                    let method = json["method"].as_str().expect("a method").to_owned();
                    asked.insert(json["id"].to_string(), method);
                }
                continue;
            }
            let Some(answer) = line.strip_prefix("← ") else { continue };
            let answer = filled(answer.parse().unwrap_or_else(|error| panic!("{error}: {answer}")));
            if let Some(wrong) = answer.get("error") {
                written_as::<skillmeat_protocol::error::ErrorCode>(&wrong["data"]["code"]);
            } else if let Some(result) = answer.get("result") {
                let method = &asked[&answer["id"].to_string()];
                assert_eq!(as_written(method, result), *result, "{method}");
                shown.insert(method.clone());
            } else {
                let method = answer["method"].as_str().expect("a notification");
                assert_eq!(as_written(method, &answer["params"]), answer["params"], "{method}");
            }
        }
    }
    assert_eq!(shown, methods().map(ToString::to_string).collect(), "a transcript per method");
    assert!(matches!(read(b"{\"method\":\"hello\"}"), Incoming::Asked(_, Asked::Hello)));
}

/// `skillmeat diff --json --exit-code` looks for the first `"identical":`.
#[test]
fn an_answer_to_a_comparison_says_whether_anything_differs_before_any_text() {
    let named = || "\"identical\":true".to_owned();
    let side = || SideInfo {
        side: skillmeat_protocol::request::DiffSide::Path(named()),
        label: named(),
        present: true,
        path: Some(named()),
        content_hash: None,
    };
    let reply = DiffReply {
        clock: "0000000000000001:1".parse().expect("a clock"),
        identical: false,
        fresh: true,
        stale: Some(named()),
        from: side(),
        to: side(),
        files_changed: 0,
        files: vec![],
        next: None,
    };
    let text = payload_json(&Reply::Diff(reply)).expect("encodes");
    let at = text.find("\"identical\":").expect("it is there");
    assert!(text[at..].starts_with("\"identical\":false,"), "{text}");
}

/// `skillmeat --json` has no JSON reader and looks for the first `"complete":`, for its exit code.
#[test]
fn an_answer_to_an_operation_says_whether_it_is_complete_before_any_text() {
    let clock = "0000000000000001:1".parse().expect("a clock");
    let named = "\"complete\":true".to_owned();
    let problem = Problem { file: named.clone(), line: None, key: None, message: named, hint: None };
    let reply = OperationReply {
        clock,
        dry_run: true,
        complete: false,
        operation: None,
        items: vec![],
        problems: vec![problem],
    };
    let text = payload_json(&Reply::Operated(reply)).expect("encodes");
    let at = text.find("\"complete\":").expect("it is there");
    assert!(text[at..].starts_with("\"complete\":false,"), "{text}");
}
