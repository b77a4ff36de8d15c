//! Operations: what people and programs are told of them.

use skillmeat_protocol::error::{ErrorCode, WireError, exit};
use skillmeat_protocol::ids::ArtifactType;
use skillmeat_protocol::preamble::PROTOCOL;
use skillmeat_protocol::reply::{
    CollectionInfo, CollectionReply, CollectionsReply, Group, OperationInfo, OperationItem, OperationReply,
    OperationShowReply, OperationState, OperationsReply, Outcome, Progress, Reply,
};
use skillmeat_protocol::request::{Format, OperationId, OperationsQuery, Request};

use crate::fake::{Home, Script};
use crate::samples::{CLOCK, status_of, text};

pub fn serving(replies: Vec<Vec<Reply>>) -> Home {
    let home = Home::new();
    home.serve(Script { protocol: PROTOCOL, version: "0.1.0", replies, line: "" });
    home
}

fn info(operation: u64) -> OperationInfo {
    OperationInfo {
        operation,
        verb: "deploy".into(),
        at: "2026-01-02T03:04:05Z".into(),
        state: OperationState::Done,
        roots: vec!["/w".into()],
        undoes: None,
        summary: "deployed skill:pdf".into(),
    }
}

pub fn item(name: &str, outcome: Outcome) -> OperationItem {
    OperationItem {
        kind: Some(ArtifactType::Skill),
        name: name.into(),
        project: Some("/w".into()),
        profile: Some("claude_code".into()),
        collection: Some("default".into()),
        outcome,
        path: None,
        content_hash: None,
        files_written: 0,
        files_removed: 0,
        message: None,
        ways: vec![],
    }
}

pub fn operated(items: Vec<OperationItem>) -> OperationReply {
    let complete = !items.iter().any(|item| item.outcome == Outcome::Refused);
    OperationReply { clock: CLOCK, dry_run: false, complete, operation: Some(info(17)), items, problems: vec![] }
}

pub fn done() -> Vec<Reply> {
    vec![Reply::Operated(operated(vec![item("pdf", Outcome::Created)]))]
}

#[test]
fn a_refusal_names_the_ways_on_and_fails() {
    let mut refused = item("doc", Outcome::Refused);
    refused.message = text("something else is at /w/.claude/skills/doc");
    refused.ways = vec!["skillmeat deploy skill:doc --force".into(), "skillmeat adopt skill:doc".into()];
    let mut created = item("pdf", Outcome::Created);
    created.files_written = 10;
    let reply = operated(vec![created, refused]);
    let home = serving(vec![vec![status_of(vec![])], vec![Reply::Operated(reply)]]);
    let want = "created  skill:pdf  /w  default  10 files written
refused  skill:doc  /w  default
  something else is at /w/.claude/skills/doc
    skillmeat deploy skill:doc --force
    skillmeat adopt skill:doc
1 created, 1 refused; undo: skillmeat undo 17
";
    assert_eq!(home.run(&["deploy", "pdf", "doc"]), (exit::FAILED, want.to_owned(), String::new()));
}

#[test]
fn progress_is_one_line_on_a_terminal_and_nothing_elsewhere() {
    let at = |done| {
        let at = "skill:pdf → webapp".into();
        Reply::Progress(Progress { directories: 0, found: 0, at, done, total: 1000 })
    };
    let script = || {
        let mut replies = vec![at(12), at(13)];
        replies.extend(done());
        vec![vec![status_of(vec![])], replies]
    };
    let mut home = serving(script());
    let (code, out, err) = home.run(&["deploy", "--all"]);
    assert_eq!((code, err.as_str()), (exit::OK, ""), "{out}");
    home = serving(script());
    home.around.interactive = true;
    let told = home.run(&["deploy", "--all"]);
    let want = "\r\x1b[Kdeploy 12/1000 skill:pdf → webapp\r\x1b[Kdeploy 13/1000 skill:pdf → webapp\r\x1b[K".to_owned();
    assert_eq!(told, (exit::OK, out, want));
}

#[test]
fn an_operation_that_is_cut_off_leaves_no_progress_and_says_where_to_look() {
    let at = Reply::Progress(Progress { directories: 0, found: 0, at: "x".into(), done: 1, total: 2 });
    let late = Reply::Error(WireError::new(ErrorCode::ShuttingDown, "the daemon is ending"));
    let mut home = serving(vec![vec![at, late]]);
    home.around.interactive = true;
    let (code, out, err) = home.run(&["pull", "--project", "w"]);
    assert_eq!((code, out.as_str()), (exit::FAILED, ""));
    let want =
        "\r\x1b[Kpull 1/2 x\r\x1b[Kerror: the daemon is ending\nhint: see what was done with 'skillmeat op list'";
    assert!(err.starts_with(want), "{err:?}");
    let refused = WireError::new(ErrorCode::Ambiguous, "'pdf' fits two").hint("skill:pdf, agent:pdf");
    let home = serving(vec![vec![Reply::Error(refused)]]);
    let want = "error: 'pdf' fits two\nhint: skill:pdf, agent:pdf\n".to_owned();
    assert_eq!(home.run(&["remove", "pdf"]), (exit::FAILED, String::new(), want));
}

#[test]
fn json_is_the_daemons_and_decides_the_exit_code() {
    for (complete, code) in [(true, exit::OK), (false, exit::FAILED)] {
        let text = format!(r#"{{"clock":"1:1","dry_run":false,"complete":{complete},"operation":null}}"#);
        let home = serving(vec![vec![Reply::Json(text.clone())]]);
        let want = format!("{{\"schema\":1,\"data\":{text}}}\n");
        assert_eq!(home.run(&["remove", "pdf", "--json"]), (code, want, String::new()));
        assert_eq!(home.seen.lock().expect("not poisoned").calls[0].format, Format::Json);
    }
    let home = serving(vec![vec![Reply::Error(WireError::new(ErrorCode::NotFound, "no"))]]);
    let (code, out, _) = home.run(&["remove", "pdf", "--json"]);
    let want = "{\"schema\":1,\"error\":{\"code\":\"not_found\",\"message\":\"no\",\"hint\":null,\"path\":null}}\n";
    assert_eq!((code, out.as_str()), (exit::FAILED, want));
}

#[test]
fn the_past_is_shown() {
    let list = OperationsReply { operations: vec![info(17)], next: None };
    let home = serving(vec![vec![Reply::Operations(list)]]);
    let (code, out, _) = home.run(&["op", "list", "--project", "w", "--collection", "c", "-n", "3", "--before", "18"]);
    assert_eq!((code, out.as_str()), (exit::OK, "17  2026-01-02T03:04:05Z  deployed skill:pdf\n1 operation\n"));
    let query = OperationsQuery { project: text("w"), collection: text("c"), limit: 3, before: Some(18) };
    assert_eq!(home.seen.lock().expect("not poisoned").calls[0].request, Request::Operations(query));
    let home = serving(vec![vec![Reply::Operation(OperationShowReply { info: info(17), steps: vec![] })]]);
    let (code, out, _) = home.run(&["op", "show", "17"]);
    assert_eq!(code, exit::OK);
    assert!(out.starts_with("operation 17: deployed skill:pdf\n"), "{out}");
    let want = Request::OperationShow(OperationId { operation: 17 });
    assert_eq!(home.seen.lock().expect("not poisoned").calls[0].request, want);
    let home = serving(vec![vec![Reply::Json("{}".into())]]);
    assert_eq!(home.run(&["op", "list", "--json"]).1, "{\"schema\":1,\"data\":{}}\n");
}

fn collection() -> CollectionReply {
    let group = |name: &str, position, members: &[&str]| Group {
        name: name.into(),
        description: "For \"texts\"".into(),
        color: "blue".into(),
        icon: String::new(),
        position,
        members: members.iter().map(ToString::to_string).collect(),
    };
    let collection = CollectionInfo {
        id: "c-1".into(),
        name: "default".into(),
        former_names: vec![],
        path: "/c".into(),
        default: true,
        readable: true,
        artifacts: 1,
        unlisted: 0,
        missing_files: 0,
        deployments: 0,
    };
    let groups = vec![group("later", 1, &[]), group("first", 0, &["skill:pdf", "skill:\x1b[1m"])];
    CollectionReply { clock: CLOCK, collection, artifacts: vec![], groups, tags: vec![], problems: vec![] }
}

#[test]
fn groups_are_those_of_the_default_collection_unless_another_is_named() {
    let known = CollectionsReply { clock: CLOCK, collections: vec![collection().collection], problems: vec![] };
    let shown = || vec![Reply::Collection(collection())];
    let home = serving(vec![vec![Reply::Collections(known)], shown(), shown(), shown(), shown()]);
    let want =
        "0  first  2 members  For \"texts\"\n1  later  0 members  For \"texts\"\n2 groups in collection default\n";
    assert_eq!(home.run(&["group", "list"]), (exit::OK, want.to_owned(), String::new()));
    let calls = |n: usize| match &home.seen.lock().expect("not poisoned").calls[n].request {
        Request::CollectionShow(named) => named.collection.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(calls(1), "c-1");
    let want = "first\n  For \"texts\"\n  blue\n  skill:pdf\n  skill:\\u{1b}[1m\n2 members\n";
    assert_eq!(home.run(&["group", "show", "first", "--collection", "team"]).1, want);
    assert_eq!(calls(2), "team");
    let want = concat!(
        r#"{"schema":1,"data":{"collection":"default","groups":[{"name":"first","description":"For \"texts\"","#,
        r#""color":"blue","icon":"","position":0,"members":["skill:pdf","skill:\u001b[1m"]}]}}"#,
        "\n"
    );
    assert_eq!(home.run(&["group", "show", "first", "--collection", "team", "--json"]).1, want);
    let (code, _, err) = home.run(&["group", "show", "gone", "--collection", "team"]);
    assert_eq!(
        (code, err.as_str()),
        (exit::FAILED, "error: collection default has no group 'gone'\nhint: see 'skillmeat group list'\n")
    );
}
