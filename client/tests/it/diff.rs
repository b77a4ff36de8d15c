//! Differences: what a person sees, and how pages are put together.

use skillmeat_protocol::bytes::Bytes;
use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::{
    DiffHunk, DiffKind, DiffLine, DiffReply, FileDiff, FileMode, FileStatus, JsonPage, LineOp, Reply, SideInfo,
};
use skillmeat_protocol::request::{DiffDetail, DiffQuery, DiffSide, Format, Request, Scope};

use crate::fake::Home;
use crate::operations::serving;
use crate::samples::CLOCK;

fn side(side: DiffSide, label: &str) -> SideInfo {
    SideInfo { side, label: label.into(), present: true, path: None, content_hash: None }
}

fn page(files: Vec<FileDiff>, next: Option<&str>) -> Reply {
    Reply::Diff(DiffReply {
        clock: CLOCK,
        identical: files.is_empty(),
        fresh: true,
        stale: None,
        from: side(DiffSide::Collection, "collection \x1bdefault"),
        to: side(DiffSide::Project, "project w"),
        files_changed: 1,
        files,
        next: next.map(str::to_owned),
    })
}

fn file(lines: &[(LineOp, &str)], continued: bool) -> FileDiff {
    let line = |(op, text): &(LineOp, &str)| DiffLine { op: *op, text: Bytes((*text).into()), marks: vec![] };
    let lines = lines.iter().map(line).collect();
    FileDiff {
        path: Bytes(b"pdf/SKILL.md".to_vec()),
        status: FileStatus::Modified,
        kind: DiffKind::Text,
        old_mode: Some(FileMode::Regular),
        new_mode: Some(FileMode::Regular),
        old_hash: None,
        new_hash: None,
        old_size: None,
        new_size: None,
        added: Some(1),
        removed: Some(1),
        continued,
        hunks: vec![DiffHunk { old_start: 1, old_lines: 2, new_start: 1, new_lines: 2, continued, lines }],
    }
}

fn two_pages() -> Home {
    let first = file(&[(LineOp::Context, "same\r\n"), (LineOp::Removed, "old\x07\n")], false);
    let second = file(&[(LineOp::Added, "new\n")], true);
    serving(vec![vec![page(vec![first], Some("d1.0.0.2"))], vec![page(vec![second], None)]])
}

fn queries(home: &Home) -> Vec<(DiffQuery, Format)> {
    let seen = home.seen.lock().expect("not poisoned");
    let query = |call: &skillmeat_protocol::request::Call| match &call.request {
        Request::Diff(query) => (query.clone(), call.format),
        other => panic!("{other:?}"),
    };
    seen.calls.iter().map(query).collect()
}

const HEAD: &str =
    "diff --git a/pdf/SKILL.md b/pdf/SKILL.md\n--- a/pdf/SKILL.md\n+++ b/pdf/SKILL.md\n@@ -1,2 +1,2 @@\n";

#[test]
fn pages_become_one_patch() {
    let home = two_pages();
    let (code, out, err) = home.run(&["diff", "skills:pdf", "--project", "w", "--from", "baseline", "-U", "1"]);
    assert_eq!((code, out, err.as_str()), (exit::OK, format!("{HEAD} same\r\n-old\x07\n+new\n"), ""));
    let want = DiffQuery {
        artifact: Some("skill:pdf".into()),
        scope: Scope::Project("w".into()),
        from: Some(DiffSide::Baseline),
        context: Some(1),
        ..DiffQuery::default()
    };
    let next = DiffQuery { cursor: Some("d1.0.0.2".into()), ..want.clone() };
    assert_eq!(queries(&home), [(want, Format::Typed), (next, Format::Typed)]);
}

#[test]
fn a_terminal_is_told_the_sides_and_obeys_no_file() {
    let on_a_terminal = |mut home: Home| {
        home.around.terminal = true;
        // An empty one is none.
        home.around.pager = Some("".into());
        home
    };
    let sides = "collection \\u{1b}default \u{2192} project w\n";
    let home = on_a_terminal(two_pages());
    let (_, out, _) = home.run(&["diff", "pdf", "--exit-code"]);
    assert_eq!(out, format!("{sides}{HEAD} same\n-old\\u{{7}}\n+new\n"));
    assert!(!queries(&home)[0].0.words, "nothing is highlighted without colour");
    let mut home = on_a_terminal(two_pages());
    home.around.colour = true;
    let (code, out, _) = home.run(&["diff", "pdf", "--stat"]);
    let stat = " pdf/SKILL.md  |  2  \x1b[32m+\x1b[0m  \x1b[31m-\x1b[0m\n 1 file changed";
    assert!(out.contains(stat) && code == exit::OK, "{out}");
    assert_eq!(queries(&home)[0].0.detail, DiffDetail::Counts);
    let home = on_a_terminal(serving(vec![vec![page(vec![], None)]]));
    let (code, out, _) = home.run(&["diff", "pdf", "--exit-code"]);
    assert_eq!((code, out.as_str()), (exit::OK, "no difference between collection \\u{1b}default and project w\n"));
}

#[test]
fn json_says_whether_anything_differs() {
    for (identical, want) in [(true, exit::OK), (false, exit::DRIFT)] {
        let first = JsonPage {
            head: format!(r#"{{"clock":"1:1","identical":{identical},"files":["#),
            body: r#"{"path":"\"identical\":true"}"#.into(),
            tail: r#"],"next":null}"#.into(),
            next: Some("d1.1.0.0".into()),
        };
        let last = JsonPage { body: "{}".into(), next: None, ..first.clone() };
        let home = serving(vec![vec![Reply::JsonPage(first)], vec![Reply::JsonPage(last)]]);
        let (code, out, _) = home.run(&["diff", "pdf", "--json", "--exit-code"]);
        let data = format!(
            r#"{{"clock":"1:1","identical":{identical},"files":[{{"path":"\"identical\":true"}},{{}}],"next":null}}"#
        );
        assert_eq!((code, out), (want, format!("{{\"schema\":1,\"data\":{data}}}\n")));
        let asked = queries(&home);
        assert!(asked[0].0.words && asked[1].0.cursor.is_some() && asked[0].1 == Format::Json, "{asked:?}");
    }
}
