//! The bytes of every binary message. bincode describes nothing, so any change is a new protocol.
//!
//! `tests/golden/<message>.hex` holds the bytes, `tests/golden/protocol` the number they belong to. `BLESS=1` writes
//! new files, and changed ones only when `PROTOCOL` was raised above the recorded number.

use std::fs;
use std::path::PathBuf;

use skillmeat_protocol::codec::{self, Encode};
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::ids::ArtifactType;
use skillmeat_protocol::preamble::{PROTOCOL, Welcome, preamble};
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{Call, Request};
use skillmeat_tests::encoding::hex;

use self::samples::{call, replies, requests, words};

mod across;
mod conflicts;
mod diff;
mod operations;
mod samples;
mod snapshots;
mod versions;

#[test]
fn every_message_has_the_bytes_it_always_had() {
    let mut messages: Vec<(String, String)> = Vec::new();
    messages.push(("preamble".into(), hex(&preamble(PROTOCOL))));
    let welcome = Welcome { protocol: PROTOCOL, instance: 0x0123_4567_89ab_cdef, version: "1.2.3".into() };
    messages.push(("welcome".into(), hex(&welcome.to_bytes())));
    let asked = requests().into_iter().chain(operations::requests()).chain([diff::request()]);
    let asked = asked.chain(snapshots::requests()).chain(versions::requests());
    for request in asked.chain(across::requests()).chain(conflicts::requests()) {
        let name = format!("request-{}", request_name(&request));
        messages.push((name, round_trip_request(&call(request))));
    }
    let answers = replies().into_iter().chain(operations::replies()).chain([diff::reply()]);
    let answers = answers.chain(snapshots::replies()).chain(versions::replies());
    for reply in answers.chain([across::reply()]).chain(conflicts::replies()) {
        let bytes = codec::encode(&reply).expect("replies encode");
        assert_eq!(codec::decode_reply::<Reply>(&bytes).expect("our own bytes"), reply);
        messages.push((format!("reply-{}", reply_name(&reply)), hex(&bytes)));
    }
    messages.extend(
        words()
            .into_iter()
            .chain(operations::words())
            .chain(diff::words())
            .chain(snapshots::words())
            .chain(versions::words())
            .chain(across::words())
            .chain(conflicts::words())
            .map(|(name, bytes)| (format!("words-{name}"), bytes)),
    );

    let names: Vec<_> = messages.iter().map(|(name, _)| name.as_str()).collect();
    let families = operations::NAMES.iter().chain(&snapshots::NAMES).chain(&versions::NAMES);
    let families = families.chain(&across::NAMES).chain(&conflicts::NAMES);
    let wanted = REQUESTS.iter().chain(families).map(|n| format!("request-{n}"));
    for wanted in
        wanted.chain(REPLIES.iter().chain(&snapshots::REPLIES).chain(&conflicts::REPLIES).map(|n| format!("reply-{n}")))
    {
        assert!(names.contains(&wanted.as_str()), "no sample of {wanted}");
    }
    let problems = compare(&messages);
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

fn round_trip_request(call: &Call) -> String {
    let bytes = codec::encode(call).expect("requests encode");
    assert_eq!(&codec::decode_request::<Call>(&bytes).expect("our own bytes"), call);
    hex(&bytes)
}

fn compare(messages: &[(String, String)]) -> Vec<String> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden");
    let bless = std::env::var_os("BLESS").is_some();
    let protocol_file = dir.join("protocol");
    let recorded: Option<u16> = fs::read_to_string(&protocol_file).ok().and_then(|text| text.trim().parse().ok());
    let raised = recorded.is_none_or(|recorded| PROTOCOL > recorded);
    let mut problems = Vec::new();
    for (name, bytes) in messages {
        let path = dir.join(format!("{name}.hex"));
        let want = wrapped(bytes);
        match fs::read_to_string(&path) {
            Ok(have) if have == want => {}
            Ok(_) if bless && raised => fs::write(&path, want).expect("writable"),
            Ok(have) => problems.push(format!("{name} changed; raise PROTOCOL, then BLESS=1\n was {have}  is {want}")),
            Err(_) if bless => fs::write(&path, want).expect("writable"),
            Err(e) => problems.push(format!("{}: {e}; BLESS=1 writes it", path.display())),
        }
    }
    for entry in fs::read_dir(&dir).expect("the golden files are there").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(stem) = name.strip_suffix(".hex")
            && !messages.iter().any(|(message, _)| message == stem)
        {
            problems.push(format!("{name} belongs to no message; messages are never removed"));
        }
    }
    if bless && problems.is_empty() {
        fs::write(&protocol_file, format!("{PROTOCOL}\n")).expect("writable");
    } else if recorded != Some(PROTOCOL) {
        problems.push(format!("the bytes belong to protocol {recorded:?}, not {PROTOCOL}; BLESS=1 records it"));
    }
    problems
}

/// Lines of 32 bytes, so that a difference can be read.
fn wrapped(bytes: &str) -> String {
    let lines: Vec<_> = bytes.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    lines.join("\n") + "\n"
}

const REQUESTS: [&str; 17] = [
    "status",
    "list",
    "show",
    "projects",
    "project-add",
    "project-remove",
    "discover",
    "collections",
    "collection-show",
    "subscribe",
    "sync",
    "health",
    "metrics",
    "init",
    "shutdown",
    "verify",
    "diff",
];

/// A new variant does not compile until it has a name here, and does not pass until it has a sample.
fn request_name(request: &Request) -> &'static str {
    match request {
        Request::Status(_) => "status",
        Request::List(_) => "list",
        Request::Show(_) => "show",
        Request::Projects => "projects",
        Request::ProjectAdd(_) => "project-add",
        Request::ProjectRemove(_) => "project-remove",
        Request::Discover(_) => "discover",
        Request::Collections => "collections",
        Request::CollectionShow(_) => "collection-show",
        Request::Subscribe(_) => "subscribe",
        Request::Sync(_) => "sync",
        Request::Health => "health",
        Request::Metrics => "metrics",
        Request::Init => "init",
        Request::Shutdown(_) => "shutdown",
        Request::Verify(_) => "verify",
        Request::Operate(operate) => operations::name(&operate.operation),
        Request::Operations(_) => "operations",
        Request::OperationShow(_) => "operation-show",
        Request::Diff(_) => "diff",
        Request::Snapshots(query) => snapshots::name(query),
        Request::Versions(_) => "versions",
        Request::VersionGraph(_) => "version-graph",
        Request::VersionShow(_) => "version-show",
        Request::VersionTag(_) => "version-tag",
        Request::History(_) => "history",
        Request::HistoryGc(_) => "history-gc",
        Request::HistoryVerify => "history-verify",
        Request::Branches(query) => versions::branch_name(query),
        Request::BlastRadius(_) => "blast-radius",
        Request::Conflicts(_) => "conflicts",
        Request::ConflictList(_) => "conflict-list",
        Request::ConflictShow(_) => "conflict-show",
        Request::ConflictRead(_) => "conflict-read",
        Request::Resolve(_) => "resolve",
        Request::VersionPages(_) => "version-pages",
    }
}

const REPLIES: [&str; 34] = [
    "error",
    "status",
    "list",
    "show",
    "projects",
    "project-added",
    "project-removed",
    "progress",
    "discovered",
    "collections",
    "collection",
    "subscribed",
    "live",
    "event",
    "resync",
    "synced",
    "health",
    "metrics",
    "initialised",
    "stopping",
    "json",
    "json-page",
    "operated",
    "operations",
    "operation",
    "diff",
    "versions",
    "version-graph",
    "version",
    "history",
    "history-collected",
    "history-verified",
    "branches",
    "blast-radius",
];

fn reply_name(reply: &Reply) -> &'static str {
    match reply {
        Reply::Error(_) => "error",
        Reply::Status(_) => "status",
        Reply::List(_) => "list",
        Reply::Show(_) => "show",
        Reply::Projects(_) => "projects",
        Reply::ProjectAdded(_) => "project-added",
        Reply::ProjectRemoved(_) => "project-removed",
        Reply::Progress(_) => "progress",
        Reply::Discovered(_) => "discovered",
        Reply::Collections(_) => "collections",
        Reply::Collection(_) => "collection",
        Reply::Subscribed(_) => "subscribed",
        Reply::Live(_) => "live",
        Reply::Event(_) => "event",
        Reply::Resync(_) => "resync",
        Reply::Synced(_) => "synced",
        Reply::Health(_) => "health",
        Reply::Metrics(_) => "metrics",
        Reply::Initialised(_) => "initialised",
        Reply::Stopping(_) => "stopping",
        Reply::Json(_) => "json",
        Reply::JsonPage(_) => "json-page",
        Reply::Operated(_) => "operated",
        Reply::Operations(_) => "operations",
        Reply::Operation(_) => "operation",
        Reply::Diff(_) => "diff",
        Reply::Snapshots(reply) => snapshots::reply_name(reply),
        Reply::RolledBack(_) => "rolled-back",
        Reply::Versions(_) => "versions",
        Reply::VersionGraph(_) => "version-graph",
        Reply::Version(_) => "version",
        Reply::History(_) => "history",
        Reply::HistoryCollected(_) => "history-collected",
        Reply::HistoryVerified(_) => "history-verified",
        Reply::Branches(_) => "branches",
        Reply::Followers(_) => "branch-followers",
        Reply::BlastRadius(_) => "blast-radius",
        Reply::Conflicts(_) => "conflicts",
        Reply::ConflictList(_) => "conflict-list",
        Reply::Conflict(_) => "conflict",
        Reply::ConflictBytes(_) => "conflict-bytes",
    }
}

/// Bytes of every value of an enum, one after the other.
fn all<T: Encode>(values: &[T]) -> String {
    values.iter().map(|value| hex(&codec::encode(value).expect("words encode"))).collect()
}

#[test]
fn states_and_types_have_stable_numbers() {
    assert_eq!(all(&DriftState::ALL), "000102030405060708090a0b");
    assert_eq!(all(&ArtifactType::ALL), "000102030405060708090a0b");
}
