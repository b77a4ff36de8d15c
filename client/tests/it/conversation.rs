//! Questions, answers, pages, errors and exit codes.

use skillmeat_protocol::drift::DriftState::{Conflict, Deleted, InSync, Modified, Outdated};
use skillmeat_protocol::drift::Recommendation;
use skillmeat_protocol::endpoint::LockNote;
use skillmeat_protocol::error::{ErrorCode, WireError, exit};
use skillmeat_protocol::event::{Cause, CauseKind, DriftEvent, ItemChange};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactType;
use skillmeat_protocol::preamble::PROTOCOL;
use skillmeat_protocol::reply::{
    ConflictInfo, ConflictListReply, ConflictState, Item, JsonPage, LiveReply, Progress, Reply, SubscribedReply,
};
use skillmeat_protocol::reply::{DiscoverReply, ProjectInfo, ProjectState};
use skillmeat_protocol::request::{Detail, Format, Freshness, ProjectPath, Request, Scope, StatusQuery};

use crate::fake::{Home, Script};
use crate::samples::{CLOCK, item, project, status, status_of};

fn serving(replies: Vec<Vec<Reply>>) -> Home {
    let home = Home::new();
    home.serve(Script { protocol: PROTOCOL, version: "0.1.0", replies, line: "" });
    home
}

fn status_query(home: &Home, call: usize) -> (StatusQuery, Freshness, Format) {
    let seen = home.seen.lock().expect("not poisoned");
    let call = &seen.calls[call];
    let Request::Status(query) = &call.request else { panic!("{call:?} is no status") };
    (query.clone(), call.freshness, call.format)
}

#[test]
fn status_asks_about_the_directory_and_prints_a_table() {
    let mut reply = status(vec![project(vec![item("gone", Deleted), item("pdf", Outdated)])]);
    reply.stale = Some("scan of /w is behind".into());
    let home = serving(vec![vec![Reply::Status(reply)]]);
    let (code, out, err) = home.run(&["status"]);
    assert_eq!(code, exit::OK, "{out}{err}");
    let want = "w  /w
  deleted   skill:gone  claude_code  default
  outdated  skill:pdf   claude_code  default
1 outdated, 1 deleted

outdated  the collection has moved on
          skillmeat pull skill:pdf
deleted   deployed, but gone from the project
          skillmeat deploy skill:gone --collection default
          skillmeat undeploy skill:gone
";
    assert_eq!(out, want);
    assert_eq!(err, "note: this answer may be behind: scan of /w is behind\n");
    let (query, freshness, format) = status_query(&home, 0);
    let cwd = home.dir.path().join("work").to_str().expect("text").to_owned();
    assert_eq!(query, StatusQuery { scope: Scope::Containing(cwd), ..StatusQuery::default() });
    assert_eq!((freshness, format), (Freshness::Synced, Format::Typed));
}

#[test]
fn what_needs_a_decision_is_compared_and_commands_work_from_anywhere() {
    let home = serving(vec![vec![status_of(vec![item("pdf", Conflict)])]]);
    let (code, out, err) = home.run(&["status", "--all"]);
    assert_eq!((code, err.as_str()), (exit::OK, ""));
    let want = "
conflict  both sides changed, differently
          skillmeat diff skill:pdf --project /w
          skillmeat pull skill:pdf --strategy merge --project /w
          skillmeat pull skill:pdf --strategy overwrite --project /w
          skillmeat push skill:pdf --strategy overwrite --project /w
";
    assert!(out.ends_with(want), "{out}");
    assert_eq!(home.seen.lock().expect("not poisoned").calls.len(), 1);
}

#[test]
fn what_holds_markers_is_told_by_the_one_answer() {
    let marked = |state| Item { recommendation: Some(Recommendation::ResolveMarkers), ..item("pdf", state) };
    let twin = Item { profile: Some("codex".into()), ..item("pdf", Modified) };
    let cases = [
        (vec![marked(Modified)], &["status"][..], ""),
        (vec![marked(Conflict)], &["status", "--cached"], ""),
        (vec![marked(Conflict), twin], &["status"], " --profile claude_code"),
    ];
    for (items, line, profile) in cases {
        let home = serving(vec![vec![status_of(items)]]);
        let (code, out, err) = home.run(line);
        assert_eq!((code, err.as_str()), (exit::OK, ""));
        let want = format!("  skillmeat resolve skill:pdf --continue{profile}\n");
        assert!(out.contains(&want) && !out.contains("skillmeat push skill:pdf\n"), "{out}");
        assert_eq!(home.seen.lock().expect("not poisoned").calls.len(), 1);
    }
}

#[test]
fn flags_become_a_query() {
    let home = serving(vec![vec![status_of(vec![])]]);
    let line = ["status", "--all", "--cached", "--type", "skills", "--state", "modified", "--collection", "work", "-v"];
    assert_eq!(home.run(&line).0, exit::OK);
    let (query, freshness, _) = status_query(&home, 0);
    assert_eq!(freshness, Freshness::Cached);
    let want = StatusQuery {
        scope: Scope::All,
        types: vec![ArtifactType::Skill],
        states: vec![Modified],
        collections: vec!["work".into()],
        detail: Detail::All,
        ..StatusQuery::default()
    };
    assert_eq!(query, want);
}

#[test]
fn who_wants_to_know_what_merges_waits_for_it() {
    let conflict = Item { mergeable: Some(true), ..item("pdf", Conflict) };
    let home = serving(vec![vec![status_of(vec![conflict])]]);
    let (code, out, _) = home.run(&["status", "--settled", "--porcelain"]);
    assert_eq!(code, exit::OK);
    assert!(out.starts_with("mm skill:pdf\t"), "{out}");
    assert_eq!(status_query(&home, 0).1, Freshness::Settled);
    assert_eq!(home.run(&["status", "--settled", "--cached"]).0, exit::USAGE);
}

#[test]
fn all_pages_of_conflicts_are_asked_for() {
    let page = |name: &str, next: Option<&str>| {
        let hash = ContentHash([1; 32]);
        let info = ConflictInfo {
            conflict: 1,
            kind: ArtifactType::Skill,
            name: name.into(),
            project: "/w".into(),
            profile: "claude_code".into(),
            collection: "default".into(),
            at: "t".into(),
            state: ConflictState::Open,
            base: None,
            ours: hash,
            theirs: hash,
            files_total: 0,
            files_open: 0,
            files: vec![],
            ways: vec![],
        };
        let (next, more) = (next.map(Into::into), next.is_some());
        let (fresh, conflicts) = (true, vec![info]);
        Reply::ConflictList(ConflictListReply { clock: CLOCK, fresh, stale: None, conflicts, more, next })
    };
    let home = serving(vec![vec![page("a", Some("7"))], vec![page("b", None)]]);
    let (code, out, _) = home.run(&["conflicts", "list", "--all"]);
    assert_eq!(code, exit::OK);
    assert!(out.contains("skill:a") && out.contains("skill:b") && out.ends_with("2 conflicts\n"), "{out}");
    let asked: Vec<_> = home.seen.lock().expect("not poisoned").calls.iter().map(|call| call.request.clone()).collect();
    let [Request::ConflictList(first), Request::ConflictList(second)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((first.cursor.as_deref(), second.cursor.as_deref()), (None, Some("7")));
}

#[test]
fn exit_codes_tell_drift_from_conflict() {
    let cases = [
        (vec![item("a", InSync)], exit::OK),
        (vec![item("a", Modified)], exit::DRIFT),
        (vec![item("a", Modified), item("b", Conflict)], exit::CONFLICT),
    ];
    for (items, want) in cases {
        let home = serving(vec![vec![status_of(items.clone())]]);
        assert_eq!(home.run(&["status", "--exit-code", "--porcelain"]).0, want);
        let typed = status_of(items);
        let home = serving(vec![vec![Reply::Json("{}".into())], vec![typed]]);
        let (code, out, _) = home.run(&["status", "--exit-code", "--json"]);
        assert_eq!((code, out.as_str()), (want, "{\"schema\":1,\"data\":{}}\n"));
    }
    // With a filter only what it lets through counts, although the counts cover everything.
    let mut filtered = project(vec![item("a", Modified)]);
    filtered.counts.conflict = 1;
    let home = serving(vec![vec![Reply::Status(status(vec![filtered]))]]);
    assert_eq!(home.run(&["status", "--exit-code", "--porcelain", "--state", "modified"]).0, exit::DRIFT);
}

#[test]
fn pages_become_one_answer() {
    let page = |head: &str, body: &str, tail: &str, next: Option<&str>| {
        vec![Reply::JsonPage(JsonPage {
            head: head.into(),
            body: body.into(),
            tail: tail.into(),
            next: next.map(Into::into),
        })]
    };
    let home = serving(vec![
        page("{\"p\":[", "1,2", "]}", Some("x")),
        page("", "", "]}", Some("y")),
        page("", "3", "]}", None),
    ]);
    let (code, out, _) = home.run(&["status", "--all", "--json"]);
    assert_eq!((code, out.as_str()), (exit::OK, "{\"schema\":1,\"data\":{\"p\":[1,2,3]}}\n"));
    assert_eq!(status_query(&home, 2).0.cursor.as_deref(), Some("y"));
    assert_eq!(status_query(&home, 2).2, Format::Json);

    let mut first = status(vec![project(vec![item("a", Modified)])]);
    first.next = Some("a".into());
    let mut rest = project(vec![item("b", Modified)]);
    rest.counts.modified = 1;
    let home = serving(vec![vec![Reply::Status(first)], vec![Reply::Status(status(vec![rest]))]]);
    let (_, out, _) = home.run(&["status", "--porcelain"]);
    assert_eq!(out.lines().count(), 2, "{out}");
}

#[test]
fn errors_have_a_hint_and_an_envelope() {
    let refusal = || vec![Reply::Error(WireError::new(ErrorCode::NotRegistered, "no project here").path("/w"))];
    let home = serving(vec![refusal(), refusal()]);
    let (code, out, err) = home.run(&["status"]);
    assert_eq!((code, out.as_str()), (exit::FAILED, ""));
    assert!(err.starts_with("error: no project here: /w\nhint: "), "{err}");
    let (code, out, err) = home.run(&["status", "--json"]);
    assert_eq!((code, err.as_str()), (exit::FAILED, ""));
    assert!(
        out.starts_with(r#"{"schema":1,"error":{"code":"not_registered","message":"no project here","hint":""#),
        "{out}"
    );
    assert!(out.ends_with("\"path\":\"/w\"}}\n"), "{out}");
    let (code, out, _) = home.run(&["status", "--json", "--bogus"]);
    assert_eq!(code, exit::USAGE);
    assert!(out.contains(r#""code":"usage""#), "{out}");
}

#[test]
fn prompts_are_silent_about_everything_but_drift() {
    let home = serving(vec![
        vec![status_of(vec![item("a", Modified), item("b", Outdated), item("c", Deleted)])],
        vec![status_of(vec![item("a", InSync)])],
        vec![Reply::Error(WireError::new(ErrorCode::NotRegistered, "no project here"))],
    ]);
    for want in ["✎2 ↓1\n", "", "", ""] {
        // The last finds a daemon that closes without an answer.
        assert_eq!(home.run(&["prompt"]), (exit::OK, want.to_owned(), String::new()));
    }
    let (query, freshness, _) = status_query(&home, 0);
    assert_eq!((query.detail, freshness), (Detail::Counts, Freshness::Cached));
    assert_eq!(Home::new().run(&["prompt"]), (exit::OK, String::new(), String::new()));
}

#[test]
fn the_lock_note_leads_to_a_daemon_of_another_session() {
    let home = Home::new();
    let elsewhere = home.dir.path().join("elsewhere.sock");
    let replies = vec![vec![status_of(vec![])], vec![]];
    home.serve_at(&elsewhere, Script { protocol: PROTOCOL, version: "0.1.0", replies, line: "" }, None);
    let endpoint = elsewhere.display().to_string();
    let mut note = LockNote { pid: 1, endpoint, instance: CLOCK.instance, ..LockNote::default() };
    std::fs::write(home.places.lock_file(), note.to_text()).expect("write");
    assert_eq!(home.run(&["status"]).0, exit::OK);
    // Whoever listens there now is not who noted it.
    note.instance += 1;
    std::fs::write(home.places.lock_file(), note.to_text()).expect("write");
    let (code, _, err) = home.run(&["status"]);
    assert_eq!(code, exit::NO_DAEMON, "{err}");
    assert!(err.contains("of another home"), "{err}");
}

#[test]
fn what_is_no_daemon_is_not_trusted() {
    let home = Home::new();
    let socket = home.socket();
    std::fs::create_dir_all(socket.parent().expect("parent")).expect("create");
    let listener = std::os::unix::net::UnixListener::bind(&socket).expect("bind");
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.expect("accept");
            std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n").expect("write");
            // Closing with something unread would reset the connection, and nobody would see the answer.
            kept.push(stream);
        }
    });
    let (code, _, err) = home.run(&["status"]);
    assert_eq!(code, exit::FAILED, "{err}");
    assert!(err.contains("not skillmeatd"), "{err}");
}

#[test]
fn one_bad_path_does_not_keep_the_others_from_being_added() {
    let added = |name: &str| {
        vec![Reply::ProjectAdded(ProjectInfo {
            path: format!("/{name}"),
            name: name.into(),
            state: ProjectState::Watched,
            profiles: vec![],
            counts: Default::default(),
        })]
    };
    let refused = vec![Reply::Error(WireError::new(ErrorCode::BadPath, "not a directory"))];
    let home = serving(vec![refused, added("b")]);
    let (code, out, err) = home.run(&["project", "add", "a", "b"]);
    assert_eq!((code, out.as_str()), (exit::FAILED, "added /b (b)\n"));
    assert!(err.starts_with("error: not a directory\n"), "{err}");
    let seen = home.seen.lock().expect("not poisoned");
    let cwd = home.dir.path().canonicalize().expect("exists").join("work");
    let want = Request::ProjectAdd(ProjectPath { path: cwd.join("a").to_str().expect("text").into() });
    assert_eq!(seen.calls[0].request, want);
}

#[test]
fn progress_is_not_the_answer() {
    let progress = Reply::Progress(Progress { directories: 5, found: 0, at: "/x".into(), done: 0, total: 0 });
    let found = Reply::Discovered(DiscoverReply { projects: vec![], directories: 9, problems: vec![] });
    let home = serving(vec![vec![progress.clone(), progress, found]]);
    let (code, out, err) = home.run(&["project", "discover"]);
    assert_eq!((code, out.as_str(), err.as_str()), (exit::OK, "0 projects in 9 directories\n", ""));
}

#[test]
fn watch_prints_events_as_they_come() {
    let subscribed = Reply::Subscribed(SubscribedReply {
        clock: CLOCK,
        fresh_instance: true,
        snapshot: vec![project(vec![item("a", InSync)])],
        events: vec![],
    });
    let event = |kind, operation, (previous, item)| {
        Reply::Event(DriftEvent {
            clock: CLOCK,
            cause: Cause { kind, path: None, operation },
            project: "/w".into(),
            project_name: "w".into(),
            available: true,
            items: vec![ItemChange { previous: Some(previous), item }],
            gone: vec![],
        })
    };
    let known = Item { mergeable: Some(true), ..item("b", Conflict) };
    let known = event(CauseKind::Merge, None, (Conflict, known));
    let event = event(CauseKind::Operation, Some(17), (InSync, item("a", Modified)));
    let live = Reply::Live(LiveReply { clock: CLOCK });
    let home = serving(vec![vec![subscribed, live, known, event]]);
    let (sender, receiver) = std::sync::mpsc::channel();
    let around = home.around.clone();
    std::thread::spawn(move || {
        let mut out = Relay(sender);
        skillmeat::run(&["watch".into()], &around, &mut out, &mut Vec::new());
    });
    let mut text = String::new();
    while !text.contains("17\n") {
        text.push_str(&receiver.recv_timeout(std::time::Duration::from_secs(10)).expect("watch prints the event"));
    }
    assert!(text.starts_with("watching /w: 1 in sync\n"), "{text}");
    assert!(text.contains("w  conflict  skill:b  lines merge cleanly\n"), "{text}");
    assert!(text.contains("w  modified  skill:a  (was in_sync)  by operation 17\n"), "{text}");
}

/// Passes on what is written.
struct Relay(std::sync::mpsc::Sender<String>);

impl std::io::Write for Relay {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.0.send(text).map_err(|_| std::io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A reader that went away.
struct Closed;

impl std::io::Write for Closed {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let home = serving(vec![vec![status_of(vec![item("a", Modified)])]]);
    let mut err = Vec::new();
    for line in [&["status", "--porcelain"][..], &["--help"], &["completions", "bash"], &["socket"]] {
        let args: Vec<_> = line.iter().map(Into::into).collect();
        assert_eq!(skillmeat::run(&args, &home.around, &mut Closed, &mut err), exit::OK, "{line:?}");
    }
    assert!(err.is_empty());
}
