//! Starting and replacing daemons. What is started is a shell script that plays the daemon's first second.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;

use skillmeat_protocol::error::exit;
use skillmeat_protocol::preamble::PROTOCOL;

use crate::fake::{Home, Script};

fn starting(home: &mut Home, script: &str) {
    let exe = home.dir.path().join("skillmeatd");
    fs::write(&exe, format!("#!/bin/sh\n{script}\n")).expect("write");
    fs::set_permissions(&exe, fs::Permissions::from_mode(0o755)).expect("chmod");
    home.around.daemon_exe = Some(exe);
    home.around.no_start = false;
}

#[test]
fn nobody_is_started_when_that_is_forbidden() {
    let mut home = Home::new();
    starting(&mut home, "echo started > \"$0.log\"; echo ready");
    home.around.no_start = true;
    let (code, _, err) = home.run(&["status"]);
    assert_eq!(code, exit::NO_DAEMON);
    assert!(err.starts_with("error: no daemon is running\nhint: "), "{err}");
    home.around.no_start = false;
    assert_eq!(home.run(&["prompt"]).0, exit::OK);
    assert_eq!(home.run(&["daemon", "status"]).0, exit::NO_DAEMON);
    assert!(!home.dir.path().join("skillmeatd.log").exists());
}

#[test]
fn the_daemons_own_words_are_passed_on() {
    let cases = [
        ("echo 'error: cache.db is on a full disk'; exit 1", "could not start: cache.db is on a full disk"),
        ("exit 1", "ended while starting"),
        ("echo ready", "does not listen where it should"),
    ];
    for (script, want) in cases {
        let mut home = Home::new();
        starting(&mut home, script);
        let (code, _, err) = home.run(&["status"]);
        assert_eq!(code, exit::NO_DAEMON, "{err}");
        assert!(err.contains(want), "{err}");
    }
}

#[test]
fn a_daemon_is_started_the_agreed_way() {
    let mut home = Home::new();
    starting(&mut home, "echo \"$* $PWD $SKILLMEAT_HOME $NOTIFY_SOCKET\" > \"$0.log\"; echo 'error: enough'");
    home.run(&["status"]);
    let log = fs::read_to_string(home.dir.path().join("skillmeatd.log")).expect("it was started");
    assert_eq!(log.trim_end(), format!("run --ready stdout / {}", home.places.home.display()));
    let mode = fs::metadata(home.places.start_lock_file()).expect("was made").permissions();
    assert!(mode.mode() & 0o100 == 0);
}

#[test]
fn a_missing_daemon_is_said_to_be_missing() {
    let mut home = Home::new();
    home.around.no_start = false;
    let (code, _, err) = home.run(&["status"]);
    assert_eq!(code, exit::NO_DAEMON);
    assert!(err.contains("cannot find skillmeatd"), "{err}");
}

#[test]
fn a_newer_daemon_is_left_alone() {
    let mut home = Home::new();
    starting(&mut home, "echo started > \"$0.log\"; echo ready");
    home.serve(Script { protocol: PROTOCOL + 1, version: "9.0.0", ..Script::default() });
    let (code, _, err) = home.run(&["status"]);
    assert_eq!(code, exit::FAILED);
    assert!(err.contains("is older than the running daemon (9.0.0)"), "{err}");
    assert!(!home.dir.path().join("skillmeatd.log").exists());
    assert!(home.seen.lock().expect("not poisoned").lines.is_empty());
}

#[test]
fn an_older_daemon_is_asked_to_hand_over() {
    let mut home = Home::new();
    starting(&mut home, "echo started > \"$0.log\"; echo 'error: enough'");
    let lock = File::create(home.places.lock_file()).expect("create");
    lock.try_lock().expect("nobody else has it");
    let line = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"pid\":1}}\n";
    let script = Script { protocol: PROTOCOL - 1, version: "0.0.9", line, ..Script::default() };
    home.serve_at(&home.socket(), script, Some(lock));
    let (code, _, err) = home.run(&["status"]);
    assert_eq!(code, exit::NO_DAEMON, "{err}");
    assert!(err.contains("could not start: enough"), "{err}");
    let want = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"shutdown\",\"params\":{{\"reason\":\"upgrade\",\"version\":\"{}\"}}}}\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(home.seen.lock().expect("not poisoned").lines, [want]);
    assert!(home.dir.path().join("skillmeatd.log").exists());
}

#[test]
fn a_refusal_to_hand_over_is_passed_on() {
    let mut home = Home::new();
    starting(&mut home, "echo ready");
    let line = "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"message\":\"busy\"}}\n";
    home.serve(Script { protocol: PROTOCOL - 1, version: "0.0.9", line, ..Script::default() });
    let (code, _, err) = home.run(&["status"]);
    assert_eq!(code, exit::FAILED, "{err}");
    assert!(err.contains("refuses to end"), "{err}");
}

#[test]
fn doctor_works_without_a_daemon() {
    let mut home = Home::new();
    starting(&mut home, "echo ready");
    let (code, out, err) = home.run(&["doctor"]);
    assert_eq!((code, err.as_str()), (exit::OK, ""), "{out}");
    assert!(out.contains("not running") && out.ends_with("\nok\n"), "{out}");
    fs::set_permissions(&home.places.state, fs::Permissions::from_mode(0o777)).expect("chmod");
    home.around.daemon_exe = None;
    let (code, out, _) = home.run(&["doctor"]);
    assert_eq!(code, exit::FAILED);
    assert!(out.ends_with("\n2 problems\n"), "{out}");
    assert!(out.contains("chmod go-w "), "{out}");
    let (_, out, _) = home.run(&["doctor", "--json"]);
    assert!(out.starts_with(r#"{"schema":1,"data":{"problems":2,"checks":["#), "{out}");
}
