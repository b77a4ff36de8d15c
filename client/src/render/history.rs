//! Operations of the past, for people.

use std::io::{self, Write};

use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::{OperationShowReply, OperationState, OperationStep, OperationsReply};

use super::table::{Cell, Table};
use super::term::{Tone, count, escape, paint};

/// The latest first.
pub fn write_list(out: &mut dyn Write, reply: &OperationsReply, colour: bool) -> io::Result<()> {
    let mut table = Table::new(0);
    for info in &reply.operations {
        let (word, tone) = state(info.state);
        table.row([
            Cell::new(info.operation.to_string(), Tone::Bold),
            Cell::new(&info.at, Tone::Dim),
            Cell::new(if info.state == OperationState::Done { "" } else { word }, tone),
            info.summary.as_str().into(),
        ]);
    }
    table.write(out, colour)?;
    writeln!(out, "{}", count(reply.operations.len() as u64, "operation", "operations"))?;
    match reply.next {
        Some(next) => writeln!(out, "earlier ones: skillmeat op list --before {next}"),
        None => Ok(()),
    }
}

/// One operation, with what it changed.
pub fn write_one(out: &mut dyn Write, reply: &OperationShowReply, colour: bool) -> io::Result<()> {
    let info = &reply.info;
    let title = format!("operation {}: {}", info.operation, escape(&info.summary));
    writeln!(out, "{}", paint(&title, Tone::Bold, colour))?;
    let (word, tone) = state(info.state);
    let mut table = Table::new(2);
    table.row([Cell::new("command", Tone::Dim), info.verb.as_str().into()]);
    table.row([Cell::new("at", Tone::Dim), info.at.as_str().into()]);
    table.row([Cell::new("state", Tone::Dim), Cell::new(word, tone)]);
    if let Some(undone) = info.undoes {
        table.row([Cell::new("undoes", Tone::Dim), undone.to_string().into()]);
    }
    for root in &info.roots {
        table.row([Cell::new("changed", Tone::Dim), root.as_str().into()]);
    }
    table.write(out, colour)?;
    let mut table = Table::new(2);
    for OperationStep { path, before, after } in &reply.steps {
        let (word, tone) = match (before, after) {
            (None, Some(_)) => ("created", Tone::Good),
            (Some(_), None) => ("removed", Tone::Notice),
            (Some(before), Some(after)) if before != after => ("changed", Tone::Good),
            _ => ("as it was", Tone::Dim),
        };
        let short = |hash: &Option<ContentHash>| hash.map_or_else(|| "-".to_owned(), |hash| hash.short());
        let hashes = format!("{} -> {}", short(before), short(after));
        table.row([Cell::new(word, tone), Cell::new(hashes, Tone::Dim), path.as_str().into()]);
    }
    table.write(out, colour)?;
    writeln!(out, "{}", count(reply.steps.len() as u64, "path", "paths"))?;
    if info.state == OperationState::Done {
        writeln!(out, "undo: skillmeat undo {}", info.operation)?;
    }
    Ok(())
}

fn state(state: OperationState) -> (&'static str, Tone) {
    match state {
        OperationState::Running => ("under way", Tone::Notice),
        OperationState::Done => ("done", Tone::Good),
        OperationState::RolledBack => ("taken back", Tone::Warn),
        OperationState::Undone => ("undone", Tone::Dim),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skillmeat_protocol::reply::OperationInfo;

    fn info(operation: u64, state: OperationState) -> OperationInfo {
        OperationInfo {
            operation,
            verb: "deploy".into(),
            at: "2026-01-02T03:04:05Z".into(),
            state,
            roots: vec!["/w".into()],
            undoes: None,
            summary: "deployed \x1b[1mpdf".into(),
        }
    }

    fn text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn the_past_is_a_table() {
        let operations =
            vec![info(17, OperationState::Done), info(9, OperationState::RolledBack), info(8, OperationState::Undone)];
        let reply = OperationsReply { operations, next: Some(8) };
        let want = "17  2026-01-02T03:04:05Z              deployed \\u{1b}[1mpdf
9   2026-01-02T03:04:05Z  taken back  deployed \\u{1b}[1mpdf
8   2026-01-02T03:04:05Z  undone      deployed \\u{1b}[1mpdf
3 operations
earlier ones: skillmeat op list --before 8
";
        assert_eq!(text(|out| write_list(out, &reply, false)), want);
        assert_eq!(
            text(|out| write_list(out, &OperationsReply { operations: vec![], next: None }, false)),
            "0 operations\n"
        );
    }

    #[test]
    fn one_operation_says_what_each_path_was_and_is() {
        let step = |path: &str, before: Option<u8>, after: Option<u8>| OperationStep {
            path: path.into(),
            before: before.map(|byte| ContentHash([byte; 32])),
            after: after.map(|byte| ContentHash([byte; 32])),
        };
        let steps = vec![
            step("/w/a", None, Some(1)),
            step("/w/b", Some(1), Some(2)),
            step("/w/c", Some(2), None),
            step("/w/d", Some(2), Some(2)),
        ];
        let mut info = info(18, OperationState::Done);
        info.undoes = Some(17);
        let want = format!(
            "operation 18: deployed \\u{{1b}}[1mpdf
  command  deploy
  at       2026-01-02T03:04:05Z
  state    done
  undoes   17
  changed  /w
  created    - -> {one}{pad}  /w/a
  changed    {one} -> {two}  /w/b
  removed    {two} -> -{pad}  /w/c
  as it was  {two} -> {two}  /w/d
4 paths
undo: skillmeat undo 18
",
            one = ContentHash([1; 32]).short(),
            two = ContentHash([2; 32]).short(),
            pad = " ".repeat(ContentHash([1; 32]).short().len() - 1),
        );
        assert_eq!(text(|out| write_one(out, &OperationShowReply { info, steps }, false)), want);
    }
}
