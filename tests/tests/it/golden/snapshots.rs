//! One value of everything about snapshots, with every field filled.

use skillmeat_protocol::reply::*;
use skillmeat_protocol::request::*;

use super::all;
use super::samples::{CLOCK, problem, text};

pub(super) const NAMES: [&str; 8] = [
    "snapshot-create",
    "snapshot-list",
    "snapshot-show",
    "snapshot-diff",
    "snapshot-delete",
    "snapshot-prune",
    "snapshot-restore",
    "rollback",
];

pub(super) const REPLIES: [&str; 6] =
    ["snapshot-created", "snapshots", "snapshot-shown", "snapshot-compared", "snapshots-deleted", "rolled-back"];

/// A new query does not compile until it has a name here, and does not pass until it has a sample.
pub(super) fn name(query: &SnapshotQuery) -> &'static str {
    match query {
        SnapshotQuery::Create(_) => "snapshot-create",
        SnapshotQuery::List(_) => "snapshot-list",
        SnapshotQuery::Show(_) => "snapshot-show",
        SnapshotQuery::Diff(_) => "snapshot-diff",
        SnapshotQuery::Delete(_) => "snapshot-delete",
        SnapshotQuery::Prune(_) => "snapshot-prune",
    }
}

/// The same for answers.
pub(super) fn reply_name(reply: &SnapshotReply) -> &'static str {
    match reply {
        SnapshotReply::Created(_) => "snapshot-created",
        SnapshotReply::Listed(_) => "snapshots",
        SnapshotReply::Shown(_) => "snapshot-shown",
        SnapshotReply::Compared(_) => "snapshot-compared",
        SnapshotReply::Deleted(_) => "snapshots-deleted",
    }
}

pub(super) fn requests() -> Vec<Request> {
    let (collection, snapshot) = (|| text("team"), || "2026".to_owned());
    let queries = vec![
        SnapshotQuery::Create(SnapshotCreate { collection: collection(), message: text("m") }),
        SnapshotQuery::List(SnapshotList { collection: collection(), limit: Some(300), cursor: text("c") }),
        SnapshotQuery::Show(SnapshotName { snapshot: snapshot(), collection: collection() }),
        SnapshotQuery::Diff(SnapshotDiff { from: snapshot(), to: text("2027"), collection: collection() }),
        SnapshotQuery::Delete(SnapshotDelete { snapshots: vec![snapshot()], collection: collection() }),
        SnapshotQuery::Prune(SnapshotPrune {
            collection: collection(),
            keep: Some(300),
            max_age_days: Some(2),
            manual: true,
            dry_run: true,
        }),
    ];
    let operate = |operation| Request::Operate(Operate { dry_run: true, operation });
    let restore = SnapshotRestore { snapshot: snapshot(), collection: collection(), to: text("n") };
    let rollback = Rollback {
        snapshot: snapshot(),
        collection: collection(),
        preserve_changes: true,
        paths: vec!["skills/pdf".into()],
    };
    let operations = [Operation::SnapshotRestore(restore), Operation::Rollback(rollback)];
    queries.into_iter().map(Request::Snapshots).chain(operations.map(operate)).collect()
}

pub(super) fn replies() -> Vec<Reply> {
    let info = || SnapshotInfo {
        id: "2026".into(),
        collection: "team".into(),
        at: "t".into(),
        message: "m".into(),
        automatic: true,
        artifact_count: Some(300),
        path: "/s".into(),
        size: Some(70_000),
    };
    let problems = || vec![problem()];
    let replies = vec![
        SnapshotReply::Created(SnapshotCreated { snapshot: info(), same_as: text("2025"), problems: problems() }),
        SnapshotReply::Listed(SnapshotsReply {
            snapshots: vec![info()],
            next_cursor: text("2026"),
            problems: problems(),
        }),
        SnapshotReply::Shown(SnapshotShown {
            snapshot: info(),
            file_count: 300,
            total_size: 70_000,
            files: vec![SnapshotFile { path: "p".into(), kind: FileKind::Link, size: 300, executable: true }],
            problems: problems(),
        }),
        SnapshotReply::Compared(SnapshotCompared {
            from: info(),
            to: Some(info()),
            changes: vec![ChangedFile {
                path: "p".into(),
                change: FileChange::Kind,
                before: Some(FileKind::File),
                after: Some(FileKind::Link),
            }],
            problems: problems(),
        }),
        SnapshotReply::Deleted(SnapshotsDeleted { dry_run: true, snapshots: vec![info()], problems: problems() }),
    ];
    let operated = OperationReply {
        clock: CLOCK,
        dry_run: true,
        complete: true,
        operation: None,
        items: vec![],
        problems: problems(),
    };
    let result = RollbackResult {
        success: true,
        snapshot_id: "2026".into(),
        files_restored: vec!["r".into()],
        files_merged: vec!["m".into()],
        conflicts: vec!["c".into()],
        safety_snapshot_id: text("2027"),
        error: text("e"),
    };
    let mut replies: Vec<Reply> = replies.into_iter().map(Reply::Snapshots).collect();
    replies.push(Reply::RolledBack(RollbackReply { operated, result }));
    replies
}

/// The numbers of the words of snapshots.
pub(super) fn words() -> Vec<(&'static str, String)> {
    use FileChange::{Added, Kind, Mode, Modified, Removed};
    vec![
        ("file-change", all(&[Added, Removed, Modified, Mode, Kind])),
        ("file-kind", all(&[FileKind::File, FileKind::Link, FileKind::Directory])),
    ]
}
