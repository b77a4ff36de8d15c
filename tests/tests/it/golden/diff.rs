//! A question about a difference and its answer, with every field filled.

use skillmeat_protocol::bytes::Bytes;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::*;
use skillmeat_protocol::request::*;

use super::all;
use super::samples::{CLOCK, text};

pub(super) fn request() -> Request {
    Request::Diff(DiffQuery {
        artifact: text("skill:pdf"),
        scope: Scope::Project("/w".into()),
        profile: text("codex"),
        collection: text("team"),
        from: Some(DiffSide::Path("/p".into())),
        to: Some(DiffSide::Baseline),
        detail: DiffDetail::Counts,
        context: Some(300),
        words: true,
        cursor: text("d1.2.3.4"),
    })
}

pub(super) fn reply() -> Reply {
    let hash = |byte| Some(ContentHash([byte; 32]));
    let side = |side, present| SideInfo {
        side,
        label: "project w".into(),
        present,
        path: text("/w/x"),
        content_hash: hash(1),
    };
    let line = DiffLine { op: LineOp::Added, text: Bytes(b"caf\xe9\r\n".to_vec()), marks: vec![(1, 300)] };
    let hunk =
        DiffHunk { old_start: 1, old_lines: 2, new_start: 300, new_lines: 4, continued: true, lines: vec![line] };
    let file = FileDiff {
        path: Bytes(b"pdf/\xff".to_vec()),
        status: FileStatus::Modified,
        kind: DiffKind::Eol,
        old_mode: Some(FileMode::Regular),
        new_mode: Some(FileMode::Executable),
        old_hash: hash(2),
        new_hash: hash(3),
        old_size: Some(70_000),
        new_size: Some(5),
        added: Some(300),
        removed: Some(1),
        continued: true,
        hunks: vec![hunk],
    };
    Reply::Diff(DiffReply {
        clock: CLOCK,
        identical: true,
        fresh: true,
        stale: text("s"),
        from: side(DiffSide::Collection, true),
        to: side(DiffSide::Project, false),
        files_changed: 300,
        files: vec![file],
        next: text("d1.2.3.4"),
    })
}

/// The numbers of the words of differences.
pub(super) fn words() -> Vec<(&'static str, String)> {
    use DiffKind::*;
    let sides = [DiffSide::Baseline, DiffSide::Collection, DiffSide::Project, DiffSide::Path(String::new())];
    vec![
        ("diff-detail", all(&[DiffDetail::Counts, DiffDetail::Lines])),
        ("diff-kind", all(&[Text, Eol, Binary, Mode, Symlink, Large])),
        ("diff-side", all(&sides)),
        ("diff-side-past", all(&[DiffSide::Version, DiffSide::Snapshot, DiffSide::Named].map(|side| side("x".into())))),
        ("file-mode", all(&[FileMode::Regular, FileMode::Executable, FileMode::Symlink])),
        ("file-status", all(&[FileStatus::Added, FileStatus::Removed, FileStatus::Modified])),
        ("line-op", all(&[LineOp::Context, LineOp::Removed, LineOp::Added])),
    ]
}
