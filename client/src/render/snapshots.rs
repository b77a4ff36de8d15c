//! Snapshots, and rollbacks to them, for people.

use std::io::{self, Write};

use skillmeat_protocol::reply::{
    FileChange, FileKind, RollbackReply, SnapshotCompared, SnapshotCreated, SnapshotInfo, SnapshotShown,
    SnapshotsDeleted, SnapshotsReply,
};

use super::table::{Cell, Table};
use super::term::{Tone, count, escape, paint};
use super::{operation, status};

/// Paths that are printed one by one.
const SHOWN: usize = 200;

/// What was kept.
pub fn write_created(out: &mut dyn Write, reply: &SnapshotCreated, colour: bool) -> io::Result<()> {
    status::problems(out, &reply.problems, colour)?;
    let SnapshotInfo { id, collection, .. } = &reply.snapshot;
    write!(out, "snapshot {} of collection {}", paint(&escape(id), Tone::Bold, colour), escape(collection))?;
    match &reply.same_as {
        Some(same) => writeln!(out, "; nothing changed since {}, so it takes no room", escape(same)),
        None => writeln!(out, ", {}", size(&reply.snapshot)),
    }
}

/// The latest first.
pub fn write_list(out: &mut dyn Write, reply: &SnapshotsReply, colour: bool) -> io::Result<()> {
    rows(out, &reply.snapshots, colour)?;
    status::problems(out, &reply.problems, colour)?;
    writeln!(out, "{}", count(reply.snapshots.len() as u64, "snapshot", "snapshots"))?;
    match &reply.next_cursor {
        Some(next) => writeln!(out, "earlier ones: skillmeat snapshot list --cursor {}", escape(next)),
        None => Ok(()),
    }
}

/// One, with what is in it.
pub fn write_one(out: &mut dyn Write, reply: &SnapshotShown, colour: bool) -> io::Result<()> {
    let info = &reply.snapshot;
    let title = format!("snapshot {} of collection {}", escape(&info.id), escape(&info.collection));
    writeln!(out, "{}", paint(&title, Tone::Bold, colour))?;
    let mut table = Table::new(2);
    let mut line = |name: &str, text: &str| table.row([Cell::new(name, Tone::Dim), text.into()]);
    line("at", &info.at);
    line("message", &info.message);
    line("archive", &info.path);
    line("size", &size(info));
    table.write(out, colour)?;
    let mut table = Table::new(2);
    for file in &reply.files {
        let (bytes, tone) = match file.kind {
            FileKind::File if file.executable => (bytes(file.size), Tone::Good),
            FileKind::File => (bytes(file.size), Tone::Plain),
            FileKind::Link => ("link".to_owned(), Tone::Notice),
            FileKind::Directory => ("empty".to_owned(), Tone::Dim),
        };
        table.row([Cell::new(bytes, Tone::Dim), Cell::new(&file.path, tone)]);
    }
    table.write(out, colour)?;
    status::problems(out, &reply.problems, colour)?;
    writeln!(out, "{}, {}", count(reply.file_count, "file", "files"), bytes(reply.total_size))?;
    writeln!(out, "what changed since: skillmeat snapshot diff {}", escape(&info.id))
}

/// What differs.
pub fn write_changes(out: &mut dyn Write, reply: &SnapshotCompared, colour: bool) -> io::Result<()> {
    let mut table = Table::new(0);
    for file in &reply.changes {
        let (word, tone) = match file.change {
            FileChange::Added => ("added", Tone::Good),
            FileChange::Removed => ("removed", Tone::Bad),
            FileChange::Modified => ("modified", Tone::Warn),
            FileChange::Mode => ("mode", Tone::Notice),
            FileChange::Kind => ("kind", Tone::Warn),
        };
        table.row([Cell::new(word, tone), file.path.as_str().into()]);
    }
    table.write(out, colour)?;
    status::problems(out, &reply.problems, colour)?;
    let to = reply.to.as_ref().map_or_else(|| "now".to_owned(), |to| escape(&to.id).into_owned());
    let paths = count(reply.changes.len() as u64, "path", "paths");
    writeln!(out, "{paths} differ from {} to {to}", escape(&reply.from.id))
}

/// What is gone, or would be.
pub fn write_deleted(out: &mut dyn Write, reply: &SnapshotsDeleted, colour: bool) -> io::Result<()> {
    rows(out, &reply.snapshots, colour)?;
    status::problems(out, &reply.problems, colour)?;
    let snapshots = count(reply.snapshots.len() as u64, "snapshot", "snapshots");
    match reply.dry_run {
        true => writeln!(out, "would remove {snapshots}; nothing was changed"),
        false => writeln!(out, "{snapshots} removed"),
    }
}

/// What became what it was, or stood in the way.
pub fn write_rollback(out: &mut dyn Write, reply: &RollbackReply, colour: bool) -> io::Result<()> {
    let result = &reply.result;
    let mut table = Table::new(2);
    let words = [(&result.conflicts, "conflict", Tone::Bad), (&result.files_merged, "merge", Tone::Good)];
    for (paths, word, tone) in words.into_iter().chain([(&result.files_restored, "restore", Tone::Plain)]) {
        for path in paths.iter().take(SHOWN) {
            table.row([Cell::new(word, tone), path.as_str().into()]);
        }
        if paths.len() > SHOWN {
            table.row([Cell::new(word, tone), format!("and {} more", paths.len() - SHOWN).into()]);
        }
    }
    table.write(out, colour)?;
    operation::write(out, &reply.operated, colour)?;
    match &result.safety_snapshot_id {
        Some(id) => writeln!(out, "what was there before: snapshot {}", escape(id)),
        None => Ok(()),
    }
}

fn rows(out: &mut dyn Write, snapshots: &[SnapshotInfo], colour: bool) -> io::Result<()> {
    let mut table = Table::new(0);
    for info in snapshots {
        let tone = if info.automatic { Tone::Dim } else { Tone::Plain };
        table.row([
            Cell::new(&info.id, Tone::Bold),
            Cell::new(&info.at, Tone::Dim),
            Cell::new(size(info), if info.size.is_some() { Tone::Dim } else { Tone::Bad }),
            Cell::new(&info.message, tone),
        ]);
    }
    table.write(out, colour)
}

fn size(info: &SnapshotInfo) -> String {
    info.size.map_or_else(|| "archive is gone".to_owned(), bytes)
}

/// `12 B`, `3.4 KiB`.
fn bytes(n: u64) -> String {
    let mut rest = n as f64;
    for unit in ["B", "KiB", "MiB"] {
        if rest < 1024.0 {
            return if unit == "B" { format!("{n} B") } else { format!("{rest:.1} {unit}") };
        }
        rest /= 1024.0;
    }
    format!("{rest:.1} GiB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use skillmeat_protocol::clock::Clock;
    use skillmeat_protocol::reply::{ChangedFile, OperationReply, RollbackResult, SnapshotFile};

    fn info(id: &str, message: &str, size: Option<u64>) -> SnapshotInfo {
        SnapshotInfo {
            id: id.into(),
            collection: "default".into(),
            at: "2026-01-02T03:04:05Z".into(),
            message: message.into(),
            automatic: message.starts_with("[auto]"),
            artifact_count: Some(2),
            path: format!("/s/{id}.tar.gz"),
            size,
        }
    }

    fn text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn snapshots_are_a_table() {
        let snapshots = vec![info("2026-2", "[auto] Before \x1b[1mx", Some(3_500_000)), info("2026-1", "mine", None)];
        let reply =
            SnapshotsReply { snapshots: snapshots.clone(), next_cursor: Some("2026-1".into()), problems: vec![] };
        let table = "2026-2  2026-01-02T03:04:05Z  3.3 MiB          [auto] Before \\u{1b}[1mx
2026-1  2026-01-02T03:04:05Z  archive is gone  mine
";
        let want = format!("{table}2 snapshots\nearlier ones: skillmeat snapshot list --cursor 2026-1\n");
        assert_eq!(text(|out| write_list(out, &reply, false)), want);
        let mut gone = SnapshotsDeleted { dry_run: true, snapshots, problems: vec![] };
        assert_eq!(
            text(|out| write_deleted(out, &gone, false)),
            format!("{table}would remove 2 snapshots; nothing was changed\n")
        );
        gone.dry_run = false;
        assert!(text(|out| write_deleted(out, &gone, false)).ends_with("\n2 snapshots removed\n"));
    }

    #[test]
    fn a_new_one_says_what_it_takes() {
        let mut reply = SnapshotCreated { snapshot: info("2026-1", "mine", Some(12)), same_as: None, problems: vec![] };
        assert_eq!(text(|out| write_created(out, &reply, false)), "snapshot 2026-1 of collection default, 12 B\n");
        reply.same_as = Some("2026-0".into());
        let want = "snapshot 2026-1 of collection default; nothing changed since 2026-0, so it takes no room\n";
        assert_eq!(text(|out| write_created(out, &reply, false)), want);
    }

    #[test]
    fn one_snapshot_says_what_is_in_it() {
        let file = |path: &str, kind, size| SnapshotFile { path: path.into(), kind, size, executable: false };
        let reply = SnapshotShown {
            snapshot: info("2026-1", "mine", Some(2048)),
            file_count: 2,
            total_size: 7,
            files: vec![
                file("agents", FileKind::Directory, 0),
                file("skills/a", FileKind::File, 7),
                file("skills/l", FileKind::Link, 0),
            ],
            problems: vec![],
        };
        let want = "snapshot 2026-1 of collection default
  at       2026-01-02T03:04:05Z
  message  mine
  archive  /s/2026-1.tar.gz
  size     2.0 KiB
  empty  agents
  7 B    skills/a
  link   skills/l
2 files, 7 B
what changed since: skillmeat snapshot diff 2026-1
";
        assert_eq!(text(|out| write_one(out, &reply, false)), want);
    }

    #[test]
    fn changes_are_named() {
        use FileChange::{Added, Kind, Mode, Modified, Removed};
        let changes = [Added, Removed, Modified, Mode, Kind].into_iter().enumerate();
        let changes =
            changes.map(|(n, change)| ChangedFile { path: format!("p{n}"), change, before: None, after: None });
        let (from, to) = (info("2026-1", "", None), Some(info("2026-2", "", None)));
        let mut reply = SnapshotCompared { from, to, changes: changes.collect(), problems: vec![] };
        let want = "added     p0\nremoved   p1\nmodified  p2\nmode      p3\nkind      p4\n";
        let written = text(|out| write_changes(out, &reply, false));
        assert_eq!(written, format!("{want}5 paths differ from 2026-1 to 2026-2\n"));
        (reply.to, reply.changes) = (None, vec![]);
        assert_eq!(text(|out| write_changes(out, &reply, false)), "0 paths differ from 2026-1 to now\n");
    }

    #[test]
    fn a_rollback_names_its_paths() {
        let operated = OperationReply {
            clock: Clock { instance: 1, generation: 1 },
            dry_run: true,
            complete: true,
            operation: None,
            items: vec![],
            problems: vec![],
        };
        let result = RollbackResult {
            success: true,
            snapshot_id: "2026-1".into(),
            files_restored: vec!["skills/a".into(), "skills/b".into()],
            files_merged: vec!["skills/m".into()],
            conflicts: vec!["skills/c".into()],
            safety_snapshot_id: Some("2026-2".into()),
            error: None,
        };
        let want = "  conflict  skills/c
  merge     skills/m
  restore   skills/a
  restore   skills/b
nothing to do
what was there before: snapshot 2026-2
";
        assert_eq!(text(|out| write_rollback(out, &RollbackReply { operated, result }, false)), want);
    }
}
