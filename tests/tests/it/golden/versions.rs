//! One value of every request about versions, and of the answers to them, with every field filled.

use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::*;
use skillmeat_protocol::request::*;

use super::all;
use super::samples::{CLOCK, problem, text};

pub(super) const NAMES: [&str; 16] = [
    "versions",
    "version-graph",
    "version-show",
    "version-tag",
    "version-restore",
    "history",
    "history-gc",
    "history-verify",
    "branch-list",
    "branch-create",
    "branch-delete",
    "version-switch",
    "deploy-branch",
    "push-branch",
    "branch-followers",
    "version-pages",
];

/// A new question does not compile until it has a name here, and does not pass until it has a sample.
pub(super) fn branch_name(query: &BranchQuery) -> &'static str {
    match query {
        BranchQuery::List(_) => "branch-list",
        BranchQuery::Create(_) => "branch-create",
        BranchQuery::Delete(_) => "branch-delete",
        BranchQuery::Followers(_) => "branch-followers",
    }
}

fn branches() -> Vec<Request> {
    let (artifact, branch, collection) = (|| "skill:pdf".to_owned(), || "next".to_owned(), || text("team"));
    let create = BranchCreate { artifact: artifact(), branch: branch(), at: text("ab12"), collection: collection() };
    let delete = BranchDelete { artifact: artifact(), branch: branch(), collection: collection() };
    let deploy = Deploy { projects: vec!["/w".into()], in_the_way: InTheWay::Force, ..Deploy::default() };
    let transfer = Transfer { project: "/w".into(), strategy: Some(Strategy::Overwrite), ..Transfer::default() };
    let operate = |operation| Request::Operate(Operate { dry_run: true, operation });
    vec![
        Request::Branches(BranchQuery::List(BranchList { artifact: artifact(), collection: collection() })),
        Request::Branches(BranchQuery::Create(create)),
        Request::Branches(BranchQuery::Delete(delete)),
        operate(Operation::Switch(Switch { artifact: artifact(), branch: branch(), collection: collection() })),
        operate(Operation::DeployBranch(DeployBranch { deploy, branch: branch() })),
        operate(Operation::PushBranch(PushBranch { transfer, branch: branch() })),
        Request::Branches(BranchQuery::Followers(BranchList { artifact: artifact(), collection: collection() })),
        Request::VersionPages(VersionPages { artifact: artifact(), limit: 300, before: Some(70_000), page: 2 }),
    ]
}

pub(super) fn requests() -> Vec<Request> {
    let artifact = || "skill:pdf".to_owned();
    let restore = Restore {
        artifact: artifact(),
        version: "ab12".into(),
        project: text("/w"),
        profiles: Profiles { profiles: vec!["codex".into()], all_profiles: true },
        collection: text("team"),
    };
    vec![
        Request::Versions(VersionsQuery { artifact: artifact(), limit: 300, before: Some(70_000) }),
        Request::VersionGraph(VersionGraphQuery { artifact: artifact() }),
        Request::VersionShow(VersionName { artifact: artifact(), version: "ab12".into() }),
        Request::VersionTag(VersionTag { artifact: artifact(), version: text("ab12"), tag: "good".into() }),
        Request::Operate(Operate { dry_run: true, operation: Operation::Restore(restore) }),
        Request::History(HistoryQuery {
            artifact: text("skill:pdf"),
            project: text("/w"),
            collection: text("team"),
            since: text("7d"),
            limit: 300,
            before: text("5f1"),
        }),
        Request::HistoryGc(HistoryGc { dry_run: true, days: Some(300) }),
        Request::HistoryVerify,
    ]
    .into_iter()
    .chain(branches())
    .collect()
}

pub(super) fn replies() -> Vec<Reply> {
    let hash = |byte| ContentHash([byte; 32]);
    let place = || VersionPlace { project: text("/w"), profile: text("codex"), collection: text("team") };
    let info = || VersionInfo {
        version: 70_000,
        hash: hash(1),
        parents: vec![VersionParent { version: 300, artifact: "skill:old".into(), hash: hash(2) }],
        origin: VersionOrigin::Merge,
        at: "t".into(),
        operation: Some(300),
        place: place(),
        kept: true,
        tags: vec!["good".into()],
        now: vec![place()],
    };
    let copy = GraphCopy {
        project: "/w".into(),
        project_name: "w".into(),
        profile: "codex".into(),
        collection: text("team"),
        state: DriftState::Conflict,
        baseline: Some(hash(3)),
        hash: Some(hash(4)),
        modified: true,
        orphaned: true,
    };
    let seen =
        VersionSighting { at: "t".into(), place: place(), origin: VersionOrigin::Rollback, operation: Some(300) };
    let file = VersionFile {
        path: "a/b".into(),
        kind: VersionFileKind::Symlink,
        size: 300,
        mode: Some(0o755),
        hash: Some(hash(5)),
        target: text("c"),
    };
    let (artifact, stale) = (|| "skill:pdf".to_owned(), || text("why"));
    vec![
        Reply::Versions(VersionsReply {
            clock: CLOCK,
            fresh: true,
            stale: stale(),
            artifact: artifact(),
            versions: vec![info()],
            next: Some(300),
        }),
        Reply::VersionGraph(VersionGraphReply {
            clock: CLOCK,
            fresh: true,
            stale: stale(),
            artifact: artifact(),
            roots: vec![GraphRoot { collection: "team".into(), collection_id: "id".into(), hash: Some(hash(6)) }],
            copies: vec![copy],
            statistics: GraphStatistics { total: 300, modified: 2, unmodified: 3, orphaned: 4 },
            versions: vec![info()],
            more: true,
        }),
        Reply::Version(VersionReply {
            clock: CLOCK,
            fresh: true,
            stale: stale(),
            artifact: artifact(),
            info: info(),
            seen: vec![seen],
            files: vec![file],
        }),
    ]
    .into_iter()
    .chain(history())
    .chain([Reply::Followers(FollowersReply {
        clock: CLOCK,
        fresh: true,
        stale: text("s"),
        artifact: "skill:pdf".into(),
        followers: vec![BranchFollower {
            project: "/w".into(),
            project_name: "w".into(),
            profile: "codex".into(),
            collection: "team".into(),
            collection_id: "i".into(),
            branch: "next".into(),
            present: true,
            state: DriftState::Modified,
        }],
    })])
    .chain([Reply::Branches(BranchesReply {
        clock: CLOCK,
        fresh: true,
        stale: stale(),
        artifact: artifact(),
        branches: vec![BranchInfo {
            collection: "team".into(),
            collection_id: "id".into(),
            branch: "next".into(),
            current: true,
            version: Some(300),
            hash: Some(hash(7)),
            at: text("t"),
            kept: true,
        }],
    })])
    .collect()
}

fn history() -> Vec<Reply> {
    let info = OperationInfo {
        operation: 70_000,
        verb: "undo".into(),
        at: "t".into(),
        state: OperationState::Undone,
        roots: vec!["/w".into()],
        undoes: Some(300),
        summary: "s".into(),
    };
    let found = FoundVersion {
        artifact: "skill:pdf".into(),
        version: Some(300),
        hash: Some(ContentHash([1; 32])),
        origin: VersionOrigin::Import,
        place: VersionPlace { project: text("/w"), profile: text("codex"), collection: text("team") },
    };
    let entry = HistoryEntry {
        kind: HistoryKind::Found,
        at: "t".into(),
        summary: "s".into(),
        operation: Some(info),
        found: Some(found),
    };
    vec![
        Reply::History(HistoryReply { clock: CLOCK, entries: vec![entry], next: text("5f1") }),
        Reply::HistoryCollected(HistoryGcReply {
            dry_run: true,
            contents: 300,
            files: 2,
            bytes: 70_000,
            kept: 4,
            before: 5,
            after: 6,
            problems: vec![problem()],
        }),
        Reply::HistoryVerified(HistoryVerifyReply {
            complete: true,
            files: 300,
            bytes: 70_000,
            contents: 3,
            versions: 4,
            operations: 5,
            problems: vec![problem()],
        }),
    ]
}

/// The numbers of the words of versions.
pub(super) fn words() -> Vec<(&'static str, String)> {
    use VersionOrigin::{Deployment, Import, LocalModification, Merge, Refresh, Sync};
    let snapshot = SnapshotInfo {
        id: "2026".into(),
        collection: "team".into(),
        at: "t".into(),
        message: "m".into(),
        automatic: true,
        artifact_count: Some(300),
        path: "/s".into(),
        size: Some(70_000),
    };
    let rollback = ForeignRollback {
        id: "rb".into(),
        collection: "team".into(),
        snapshot_id: "2026".into(),
        safety_snapshot_id: "2027".into(),
        success: true,
        error: text("e"),
    };
    let conflict = ConflictFound {
        conflict: 300,
        artifact: "skill:pdf".into(),
        place: VersionPlace { project: text("/w"), profile: text("codex"), collection: text("team") },
        collection: "team".into(),
        files: 70_000,
        base: Some(ContentHash([1; 32])),
        ours: ContentHash([2; 32]),
        theirs: ContentHash([3; 32]),
        state: ConflictState::Moved,
    };
    let gone = DeletedSnapshot {
        id: "2026".into(),
        collection: "team".into(),
        taken_at: "t".into(),
        message: "m".into(),
        artifact_count: Some(300),
        by_retention: true,
    };
    vec![
        ("history-kind", all(&[HistoryKind::Operation, HistoryKind::Found])),
        ("history-kind-told", all(&[HistoryKind::Snapshot(snapshot), HistoryKind::Rollback(rollback)])),
        ("history-kind-events", all(&[HistoryKind::Conflict(conflict), HistoryKind::SnapshotDeleted(gone)])),
        (
            "version-origin",
            all(&[Deployment, Sync, LocalModification, Merge, VersionOrigin::Rollback, Import, Refresh]),
        ),
        ("version-file-kind", all(&[VersionFileKind::File, VersionFileKind::Symlink, VersionFileKind::EmptyDirectory])),
    ]
}
