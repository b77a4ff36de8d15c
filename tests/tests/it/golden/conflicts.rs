//! One value of every request about conflicts, and of the answers to them, with every field filled.

use skillmeat_protocol::bytes::Bytes;
use skillmeat_protocol::drift::Recommendation;
use skillmeat_protocol::event::CauseKind;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactType;
use skillmeat_protocol::reply::*;
use skillmeat_protocol::request::*;

use super::all;
use super::samples::{CLOCK, text};

pub(super) const NAMES: [&str; 7] =
    ["conflicts", "conflict-list", "conflict-show", "conflict-read", "resolve", "conflict-continue", "conflict-abort"];

pub(super) const REPLIES: [&str; 4] = ["conflicts", "conflict-list", "conflict", "conflict-bytes"];

pub(super) fn requests() -> Vec<Request> {
    let conflict = || ConflictName { artifact: "skill:pdf".into(), project: "/w".into(), profile: text("codex") };
    let file = || Bytes(b"a/\xff".to_vec());
    let operate = |operation| Request::Operate(Operate { dry_run: true, operation });
    vec![
        Request::Conflicts(ConflictsQuery { project: text("/w"), closed: true }),
        Request::ConflictList(ConflictListQuery { project: text("/w"), closed: true, limit: 300, cursor: text("9") }),
        Request::ConflictShow(ConflictShow { conflict: conflict(), file: Some(file()) }),
        Request::ConflictRead(ConflictRead {
            conflict: conflict(),
            file: file(),
            side: ConflictSide::Marked,
            from: 70_000,
        }),
        Request::Resolve(Resolve {
            conflict: conflict(),
            file: Some(file()),
            choice: ConflictChoice::Content("/x".into()),
        }),
        operate(Operation::ConflictContinue(conflict())),
        operate(Operation::ConflictAbort(conflict())),
    ]
}

pub(super) fn replies() -> Vec<Reply> {
    let hash = |byte| ContentHash([byte; 32]);
    let leaf = |byte| ConflictLeaf { hash: Some(hash(byte)), size: 300, mode: Some(0o755), target: text("t") };
    let info = || ConflictInfo {
        conflict: 300,
        kind: ArtifactType::Skill,
        name: "pdf".into(),
        project: "/w".into(),
        profile: "codex".into(),
        collection: "team".into(),
        at: "t".into(),
        state: ConflictState::Moved,
        base: Some(hash(1)),
        ours: hash(2),
        theirs: hash(3),
        files_total: 300,
        files_open: 2,
        files: vec![ConflictFile {
            path: Bytes(b"a/\xff".to_vec()),
            kind: ConflictKind::Deletion,
            reason: ConflictReason::Gone,
            text: true,
            base: Some(leaf(4)),
            ours: Some(leaf(5)),
            theirs: Some(leaf(6)),
            resolution: Some(ConflictResolution::Content),
        }],
        ways: vec!["do".into()],
    };
    let stale = || text("why");
    vec![
        Reply::Conflicts(ConflictsReply {
            clock: CLOCK,
            fresh: true,
            stale: stale(),
            conflicts: vec![info()],
            more: true,
        }),
        Reply::ConflictList(ConflictListReply {
            clock: CLOCK,
            fresh: true,
            stale: stale(),
            conflicts: vec![info()],
            more: true,
            next: text("9"),
        }),
        Reply::Conflict(ConflictReply {
            clock: CLOCK,
            fresh: true,
            stale: stale(),
            conflict: info(),
            text: Some(Bytes(b"\xfe\n".to_vec())),
        }),
        Reply::ConflictBytes(ConflictBytes {
            present: true,
            size: 70_000,
            bytes: Bytes(vec![0xff, 0]),
            next: Some(300),
        }),
    ]
}

/// The numbers of the words of conflicts.
pub(super) fn words() -> Vec<(&'static str, String)> {
    use ConflictReason::*;
    let choices = [ConflictChoice::Ours, ConflictChoice::Theirs, ConflictChoice::Base, ConflictChoice::Both];
    let (states, sides) = (
        [ConflictState::Open, ConflictState::Marked, ConflictState::Moved, ConflictState::Closed],
        [ConflictSide::Base, ConflictSide::Ours, ConflictSide::Theirs, ConflictSide::Marked],
    );
    let resolutions = [
        ConflictResolution::Ours,
        ConflictResolution::Theirs,
        ConflictResolution::Base,
        ConflictResolution::Both,
        ConflictResolution::Content,
    ];
    vec![
        ("conflict-choice", all(&choices)),
        ("conflict-kind", all(&[ConflictKind::BothModified, ConflictKind::AddAdd, ConflictKind::Deletion])),
        ("conflict-reason", all(&[Lines, Broken, Gone, Binary, Large, Link, NoBase, Clash])),
        ("conflict-resolution", all(&resolutions)),
        ("conflict-side", all(&sides)),
        ("conflict-state", all(&states)),
        ("conflict-strategy", all(&[Strategy::Markers])),
        ("recommendation-ways", all(&[Recommendation::ResolveMarkers, Recommendation::ChooseBranch])),
        ("cause-kind-merge", all(&[CauseKind::Merge])),
        ("freshness-settled", all(&[Freshness::Settled])),
    ]
}
