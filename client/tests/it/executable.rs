//! The executable itself, where standard input or a closed pipe matters.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use skillmeat_protocol::error::exit;
use skillmeat_protocol::preamble::PROTOCOL;
use skillmeat_protocol::reply::{Reply, SyncReply};
use skillmeat_protocol::request::{Request, Scope, SyncQuery};

use crate::fake::{Home, Script};
use crate::samples::CLOCK;

const LINE: &str = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n";

fn serving() -> Home {
    let home = Home::new();
    let synced = Reply::Synced(SyncReply { clock: CLOCK, fresh: true, stale: None });
    home.serve(Script { protocol: PROTOCOL, version: "0.1.0", replies: vec![vec![synced]], line: LINE });
    home
}

fn skillmeat(home: &Home, line: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_skillmeat"))
        .args(line)
        .env_clear()
        .env("SKILLMEAT_HOME", &home.places.home)
        .env("SKILLMEAT_NO_START", "1")
        .current_dir(home.dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the executable starts");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

#[test]
fn rpc_copies_lines_both_ways_until_the_daemon_closes() {
    let home = serving();
    let request = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\"}\n";
    let output = skillmeat(&home, &["rpc"], &format!("\n{request}"));
    assert_eq!(output.status.code(), Some(i32::from(exit::OK)), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), LINE);
    assert_eq!(home.seen.lock().expect("not poisoned").lines, [request]);
}

#[test]
fn watch_json_prints_the_daemons_lines() {
    let home = serving();
    let output = skillmeat(&home, &["watch", "--project", "odd \"name\"", "--json"], "");
    // The fake ends, and with it the watch.
    assert_eq!(output.status.code(), Some(i32::from(exit::FAILED)), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with(LINE) && text.contains("\"code\":\"shutting_down\""), "{text}");
    let seen = home.seen.lock().expect("not poisoned");
    let scope = Scope::Project("odd \"name\"".into());
    assert_eq!(seen.calls[0].request, Request::Sync(SyncQuery { scope }));
    let want =
        concat!(r#"{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"scope":{"project":"odd \"name\""}}}"#, "\n");
    assert_eq!(seen.lines, [want]);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = Home::new();
    let exe = env!("CARGO_BIN_EXE_skillmeat");
    let script = format!("'{exe}' --help | true; '{exe}' completions bash | head -n1");
    let output = Command::new("sh").args(["-c", &script]).current_dir(home.dir.path()).output().expect("sh runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
