//! What an operation did, or would do, for people.
//!
//! One line an artifact and place; below it what a person should know and the commands that lead on, each on a line of
//! its own, to be copied. The last line has the totals and the way back.

use std::io::{self, Write};

use skillmeat_protocol::reply::{OperationItem, OperationReply, OperationState, Outcome};

use super::status;
use super::table::{Cell, Table};
use super::term::{Tone, count};

/// The profile that projects have unless somebody chose others. Naming it in each line would tell nobody anything.
pub const USUAL_PROFILE: &str = "claude_code";

/// In the order of the totals.
const OUTCOMES: [Outcome; 12] = [
    Outcome::Created,
    Outcome::Updated,
    Outcome::Merged,
    Outcome::Forked,
    Outcome::Removed,
    Outcome::Recorded,
    Outcome::Unchanged,
    Outcome::Skipped,
    Outcome::Refused,
    Outcome::Failed,
    Outcome::Cancelled,
    Outcome::Undecided,
];

/// Prints the answer to an operation.
pub fn write(out: &mut dyn Write, reply: &OperationReply, colour: bool) -> io::Result<()> {
    let mut table = Table::new(0);
    for item in &reply.items {
        row(&mut table, item, reply.dry_run);
    }
    table.write(out, colour)?;
    status::problems(out, &reply.problems, colour)?;
    writeln!(out, "{}", closing(reply))
}

fn row(table: &mut Table, item: &OperationItem, dry_run: bool) {
    let (done, would, tone) = words(item.outcome);
    let word = match (dry_run, item.outcome) {
        (false, _) | (true, Outcome::Unchanged) => done.to_owned(),
        (true, _) => format!("would {would}"),
    };
    let key = item.kind.map_or_else(|| item.name.clone(), |kind| format!("{kind}:{}", item.name));
    let profile = item.profile.as_deref().filter(|profile| *profile != USUAL_PROFILE);
    table.row([
        Cell::new(word, tone),
        key.into(),
        item.project.as_deref().unwrap_or_default().into(),
        Cell::new(profile.unwrap_or_default(), Tone::Dim),
        Cell::new(item.collection.as_deref().unwrap_or_default(), Tone::Dim),
        Cell::new(files(item, dry_run), Tone::Dim),
    ]);
    if let Some(message) = &item.message {
        table.note(2, message);
    }
    for way in &item.ways {
        table.note(4, way);
    }
}

/// `3 files written, 1 removed`.
fn files(item: &OperationItem, dry_run: bool) -> String {
    let (written, removed) = if dry_run { ("to write", "to remove") } else { ("written", "removed") };
    let files = |n: u32| count(u64::from(n), "file", "files");
    match (item.files_written, item.files_removed) {
        (0, 0) => String::new(),
        (n, 0) => format!("{} {written}", files(n)),
        (0, n) => format!("{} {removed}", files(n)),
        (n, gone) => format!("{} {written}, {gone} {removed}", files(n)),
    }
}

/// The totals, and the way back when something changed.
fn closing(reply: &OperationReply) -> String {
    let totals = OUTCOMES.into_iter().filter_map(|outcome| {
        let n = reply.items.iter().filter(|item| item.outcome == outcome).count();
        let (done, would, _) = words(outcome);
        (n > 0).then(|| if reply.dry_run { format!("{would} {n}") } else { format!("{n} {done}") })
    });
    let totals = totals.collect::<Vec<_>>().join(", ");
    let mut parts = vec![match (totals.as_str(), reply.dry_run) {
        ("", _) => "nothing to do".to_owned(),
        (_, true) => format!("would {totals}; nothing was changed"),
        (_, false) => totals,
    }];
    if let Some(operation) = &reply.operation {
        if let Some(undone) = operation.undoes {
            parts.push(format!("undid operation {undone}"));
        }
        parts.push(match operation.state {
            OperationState::RolledBack => "what was begun was taken back".to_owned(),
            _ => format!("undo: skillmeat undo {}", operation.operation),
        });
    }
    parts.join("; ")
}

/// What was done, what would be done, and how that looks.
const fn words(outcome: Outcome) -> (&'static str, &'static str, Tone) {
    match outcome {
        Outcome::Created => ("created", "create", Tone::Good),
        Outcome::Updated => ("updated", "update", Tone::Good),
        Outcome::Merged => ("merged", "merge", Tone::Good),
        Outcome::Forked => ("forked", "fork", Tone::Good),
        Outcome::Removed => ("removed", "remove", Tone::Notice),
        Outcome::Recorded => ("recorded", "record", Tone::Notice),
        Outcome::Unchanged => ("unchanged", "leave", Tone::Dim),
        Outcome::Skipped => ("skipped", "skip", Tone::Warn),
        Outcome::Refused => ("refused", "refuse", Tone::Bad),
        Outcome::Failed => ("failed", "fail at", Tone::Bad),
        Outcome::Cancelled => ("cancelled", "cancel", Tone::Warn),
        Outcome::Undecided => ("undecided", "ask about", Tone::Warn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skillmeat_protocol::clock::Clock;
    use skillmeat_protocol::ids::ArtifactType;
    use skillmeat_protocol::reply::{OperationInfo, Problem};

    fn item(outcome: Outcome) -> OperationItem {
        OperationItem {
            kind: Some(ArtifactType::Skill),
            name: words(outcome).0.to_owned(),
            project: Some("/w".into()),
            profile: Some("claude_code".into()),
            collection: Some("default".into()),
            outcome,
            path: Some("/w/x".into()),
            content_hash: None,
            files_written: 0,
            files_removed: 0,
            message: None,
            ways: vec![],
        }
    }

    fn reply(items: Vec<OperationItem>) -> OperationReply {
        let operation = OperationInfo {
            operation: 17,
            verb: "deploy".into(),
            at: "t".into(),
            state: OperationState::Done,
            roots: vec![],
            undoes: None,
            summary: "s".into(),
        };
        OperationReply {
            clock: Clock { instance: 1, generation: 1 },
            dry_run: false,
            complete: true,
            operation: Some(operation),
            items,
            problems: vec![],
        }
    }

    fn text(reply: &OperationReply, colour: bool) -> String {
        let mut out = Vec::new();
        write(&mut out, reply, colour).expect("memory");
        String::from_utf8(out).expect("text")
    }

    /// Each outcome once, with counts and ways where they belong.
    fn each() -> Vec<OperationItem> {
        let mut items: Vec<_> = OUTCOMES.into_iter().map(item).collect();
        items[0].files_written = 10;
        items[1].files_written = 1;
        items[1].files_removed = 2;
        items[4].files_removed = 1;
        items[4].profile = Some("codex".into());
        items[8].message = Some("/w/x holds \x1b[31msomething else".into());
        items[8].ways = vec!["skillmeat deploy skill:refused --force".into(), "skillmeat adopt skill:refused".into()];
        items[9].message = Some("cannot write /w/x: no space left".into());
        items
    }

    #[test]
    fn every_outcome_has_its_line() {
        let want = "created    skill:created    /w         default  10 files written
updated    skill:updated    /w         default  1 file written, 2 removed
merged     skill:merged     /w         default
forked     skill:forked     /w         default
removed    skill:removed    /w  codex  default  1 file removed
recorded   skill:recorded   /w         default
unchanged  skill:unchanged  /w         default
skipped    skill:skipped    /w         default
refused    skill:refused    /w         default
  /w/x holds \\u{1b}[31msomething else
    skillmeat deploy skill:refused --force
    skillmeat adopt skill:refused
failed     skill:failed     /w         default
  cannot write /w/x: no space left
cancelled  skill:cancelled  /w         default
undecided  skill:undecided  /w         default
1 created, 1 updated, 1 merged, 1 forked, 1 removed, 1 recorded, 1 unchanged, 1 skipped, 1 refused, 1 failed, \
                    1 cancelled, 1 undecided; undo: skillmeat undo 17
";
        assert_eq!(text(&reply(each()), false), want);
    }

    #[test]
    fn a_dry_run_says_what_it_would_do() {
        let mut items = each();
        items.truncate(9);
        items.retain(|item| !matches!(item.outcome, Outcome::Merged | Outcome::Forked | Outcome::Recorded));
        let plan = OperationReply { dry_run: true, operation: None, ..reply(items) };
        let want = "would create  skill:created    /w         default  10 files to write
would update  skill:updated    /w         default  1 file to write, 2 to remove
would remove  skill:removed    /w  codex  default  1 file to remove
unchanged     skill:unchanged  /w         default
would skip    skill:skipped    /w         default
would refuse  skill:refused    /w         default
  /w/x holds \\u{1b}[31msomething else
    skillmeat deploy skill:refused --force
    skillmeat adopt skill:refused
would create 1, update 1, remove 1, leave 1, skip 1, refuse 1; nothing was changed
";
        assert_eq!(text(&plan, false), want);
    }

    #[test]
    fn groups_problems_and_undone_operations_are_told() {
        let mut group = item(Outcome::Updated);
        (group.kind, group.name, group.project, group.profile) = (None, "writing".into(), None, None);
        let mut told = reply(vec![group]);
        told.operation.as_mut().expect("one").undoes = Some(9);
        told.problems.push(Problem {
            file: "/c/collection.toml".into(),
            line: Some(3),
            key: None,
            message: "m".into(),
            hint: None,
        });
        let want = "updated  writing  default
  problem: /c/collection.toml:3: m
1 updated; undid operation 9; undo: skillmeat undo 17
";
        assert_eq!(text(&told, false), want);
        told.operation.as_mut().expect("one").state = OperationState::RolledBack;
        assert!(text(&told, false).ends_with("; what was begun was taken back\n"));
        let nothing = OperationReply { operation: None, ..reply(vec![]) };
        assert_eq!(text(&nothing, false), "nothing to do\n");
    }

    #[test]
    fn colour_is_asked_for() {
        let told = reply(vec![item(Outcome::Refused)]);
        assert!(text(&told, true).contains("\x1b[31mrefused\x1b[0m") && !text(&told, false).contains('\x1b'));
    }
}
