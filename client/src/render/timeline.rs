//! What happened, what of it is kept, and whether it is what was stored: for people.

use std::io::{self, Write};

use skillmeat_protocol::reply::{
    ConflictState, HistoryGcReply, HistoryKind, HistoryReply, HistoryVerifyReply, OperationState,
};

use super::table::{Cell, Table};
use super::term::{Tone, count, escape, paint};
use super::versions::place;

/// The latest first.
pub fn write_list(out: &mut dyn Write, reply: &HistoryReply, colour: bool) -> io::Result<()> {
    let mut table = Table::new(0);
    for entry in &reply.entries {
        let operation = entry.operation.as_ref();
        let (number, state) = match operation {
            Some(info) => {
                let state = match info.state {
                    OperationState::Running => "under way",
                    OperationState::Done => "",
                    OperationState::RolledBack => "taken back",
                    OperationState::Undone => "undone",
                };
                (info.operation.to_string(), state)
            }
            None => (String::new(), in_conflict(&entry.kind)),
        };
        let place = match &entry.kind {
            HistoryKind::Conflict(found) => place(&found.place),
            _ => entry.found.as_ref().map(|found| place(&found.place)).unwrap_or_default(),
        };
        let hash = entry.found.as_ref().and_then(|found| found.hash).map(|hash| hash.short()).unwrap_or_default();
        let place = if place.is_empty() { String::new() } else { format!(" in {place}") };
        table.row([
            Cell::new(&entry.at, Tone::Dim),
            Cell::new(number, Tone::Bold),
            Cell::new(hash, Tone::Bold),
            Cell::new(state, Tone::Warn),
            format!("{}{place}", entry.summary).into(),
        ]);
    }
    table.write(out, colour)?;
    writeln!(out, "{}", count(reply.entries.len() as u64, "entry", "entries"))?;
    match &reply.next {
        Some(next) => writeln!(out, "earlier ones: the same with --before {}", escape(next)),
        None => Ok(()),
    }
}

/// What became of a conflict, where there is something to do.
fn in_conflict(kind: &HistoryKind) -> &'static str {
    match kind {
        HistoryKind::Conflict(found) => match found.state {
            ConflictState::Open => "open",
            ConflictState::Marked => "marked",
            ConflictState::Moved => "moved on",
            ConflictState::Closed => "",
        },
        _ => "",
    }
}

/// What was removed, or would be.
pub fn write_collected(out: &mut dyn Write, reply: &HistoryGcReply) -> io::Result<()> {
    let verb = if reply.dry_run { "would be removed" } else { "removed" };
    let contents = count(reply.contents, "content", "contents");
    let files = count(reply.files, "file", "files");
    writeln!(out, "{contents} with {files} of their own {verb}, {} bytes", reply.bytes)?;
    writeln!(out, "{} kept", count(reply.kept, "content", "contents"))?;
    if !reply.dry_run {
        writeln!(out, "the history takes {} bytes, {} before", reply.after, reply.before)?;
    }
    reply.problems.iter().try_for_each(|problem| writeln!(out, "note: {}", escape(&problem.message)))
}

/// What was read.
pub fn write_verified(out: &mut dyn Write, reply: &HistoryVerifyReply, colour: bool) -> io::Result<()> {
    for problem in &reply.problems {
        writeln!(out, "{}", paint(&escape(&problem.message), Tone::Bad, colour))?;
    }
    let word = if reply.complete { "everything is what was stored" } else { "something is damaged" };
    writeln!(
        out,
        "{word}: {} ({} bytes), {}, {}, {}",
        count(reply.files, "file", "files"),
        reply.bytes,
        count(reply.contents, "content", "contents"),
        count(reply.versions, "version", "versions"),
        count(reply.operations, "operation", "operations"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::versions::tests::at;
    use super::*;
    use skillmeat_protocol::hash::ContentHash;
    use skillmeat_protocol::reply::{ConflictFound, FoundVersion, HistoryEntry, OperationInfo, Problem, VersionOrigin};

    fn text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn what_happened_is_one_line_of_time() {
        let info = OperationInfo {
            operation: 17,
            verb: "pull".into(),
            at: "2026-01-02T03:04:06Z".into(),
            state: OperationState::Undone,
            roots: vec![],
            undoes: None,
            summary: "pull \x1b[1mpdf".into(),
        };
        let operation = HistoryEntry {
            kind: HistoryKind::Operation,
            at: info.at.clone(),
            summary: info.summary.clone(),
            operation: Some(info),
            found: None,
        };
        let found = HistoryEntry {
            kind: HistoryKind::Found,
            at: "2026-01-02T03:04:05Z".into(),
            summary: "edited skill:pdf".into(),
            operation: None,
            found: Some(FoundVersion {
                artifact: "skill:pdf".into(),
                version: Some(2),
                hash: Some(ContentHash([2; 32])),
                origin: VersionOrigin::LocalModification,
                place: at("/w/app", ""),
            }),
        };
        let conflict = |state| HistoryEntry {
            kind: HistoryKind::Conflict(ConflictFound {
                conflict: 3,
                artifact: "skill:pdf".into(),
                place: at("/w/app", ""),
                collection: "team".into(),
                files: 2,
                base: None,
                ours: ContentHash([3; 32]),
                theirs: ContentHash([4; 32]),
                state,
            }),
            at: "2026-01-02T03:04:04Z".into(),
            summary: "conflict of skill:pdf in 2 files".into(),
            operation: None,
            found: None,
        };
        let clock = "0000000000000001:1".parse().expect("a clock");
        let (open, ended) = (conflict(ConflictState::Open), conflict(ConflictState::Closed));
        let reply = HistoryReply { clock, entries: vec![operation, found, open, ended], next: Some("5f1".into()) };
        let want = "2026-01-02T03:04:06Z  17            undone  pull \\u{1b}[1mpdf
2026-01-02T03:04:05Z      02020202          edited skill:pdf in app
2026-01-02T03:04:04Z                open    conflict of skill:pdf in 2 files in app
2026-01-02T03:04:04Z                        conflict of skill:pdf in 2 files in app
4 entries
earlier ones: the same with --before 5f1
";
        assert_eq!(text(|out| write_list(out, &reply, false)), want);
    }

    #[test]
    fn what_is_kept_and_what_is_damaged_is_said() {
        let problem = |message: &str| Problem {
            file: "history.db".into(),
            line: None,
            key: None,
            message: message.into(),
            hint: None,
        };
        let gc = HistoryGcReply {
            dry_run: false,
            contents: 2,
            files: 1,
            bytes: 300,
            kept: 5,
            before: 4000,
            after: 3000,
            problems: vec![problem("no room")],
        };
        let want = "2 contents with 1 file of their own removed, 300 bytes\n5 contents kept\n\
                    the history takes 3000 bytes, 4000 before\nnote: no room\n";
        assert_eq!(text(|out| write_collected(out, &gc)), want);
        let verified = HistoryVerifyReply {
            complete: false,
            files: 1,
            bytes: 2,
            contents: 3,
            versions: 4,
            operations: 5,
            problems: vec![problem("bad \x07")],
        };
        let want = "bad \\u{7}\nsomething is damaged: 1 file (2 bytes), 3 contents, 4 versions, 5 operations\n";
        assert_eq!(text(|out| write_verified(out, &verified, false)), want);
    }
}
