//! What each command says and returns when it cannot do what was asked.

use skillmeat_tests::sandbox::Sandbox;

use super::Stage;
use crate::binaries;

#[test]
fn what_cannot_be_done_has_a_code_a_message_and_an_exit_code() {
    let stage = Stage::in_sync();
    let app = stage.project.text();
    let cases: [(&[&str], i32, &str); 15] = [
        (&["status"], 3, "not_registered"),
        (&["status", "--project", "nowhere"], 3, "not_registered"),
        (&["status", "--project", "/nowhere/at/all"], 3, "not_registered"),
        (&["status", "--all", "--collection", "nowhere"], 3, "not_found"),
        (&["list", "--collection", "nowhere"], 3, "not_found"),
        (&["show", "skill:nowhere"], 3, "not_found"),
        (&["show", "skill:clean", "--collection", "nowhere"], 3, "not_found"),
        (&["collection", "show", "nowhere"], 3, "not_found"),
        (&["project", "add", &app], 3, "already_exists"),
        (&["project", "add", "/nowhere/at/all"], 3, "bad_path"),
        (&["project", "add", "/"], 3, "bad_path"),
        (&["project", "remove", "nowhere"], 3, "not_found"),
        (&["project", "discover", "/nowhere/at/all"], 3, "bad_path"),
        (&["watch", "--project", "nowhere"], 3, "not_registered"),
        (&["status", "--type", "spell"], 64, "usage"),
    ];
    for (args, exit, code) in cases {
        let human = stage.sandbox.cli(args);
        assert_eq!(human.code, Some(exit), "{human:?}");
        assert!(human.stderr.starts_with("error: ") && human.stdout.is_empty(), "{human:?}");
        let json = stage.sandbox.cli(&[args, &["--json"]].concat());
        assert_eq!(json.code, Some(exit), "{json:?}");
        let error = json.error();
        assert_eq!(error["code"], code, "{json:?}");
        let members: Vec<_> = error.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(members, ["code", "message", "hint", "path"], "{json:?}");
        assert!(
            human.stderr.contains(error["message"].as_str().expect("text").lines().next().expect("a line")),
            "{human:?}"
        );
    }
}

#[test]
fn one_of_several_that_fails_does_not_stop_the_others() {
    let stage = Stage::in_sync();
    let second = stage.sandbox.project("second");
    let output = stage.sandbox.cli(&["project", "add", "/nowhere/at/all", &second.text()]);
    assert_eq!(output.code, Some(3), "{output:?}");
    assert!(output.stdout.contains(&second.text()) && output.stderr.contains("/nowhere/at/all"), "{output:?}");
    assert_eq!(stage.daemon.client().projects().projects.len(), 2);
}

#[test]
fn wrong_command_lines_are_usage() {
    let sandbox = Sandbox::new(&binaries());
    let lines: [&[&str]; 11] = [
        &["frobnicate"],
        &["status", "--al"],
        &["status", "--all", "--project", "x"],
        &["status", "-z"],
        &["status", "--json", "--porcelain"],
        &["show"],
        &["show", "pdf"],
        &["project", "add"],
        &["project", "discover", "--depth", "x"],
        &["completions", "csh"],
        &["daemon", "frobnicate"],
    ];
    for line in lines {
        let output = sandbox.cli(line);
        assert_eq!(output.code, Some(64), "{output:?}");
        if line.contains(&"--json") {
            assert_eq!(output.error()["code"], "usage", "{output:?}");
        } else {
            assert!(output.stderr.starts_with("error: "), "{output:?}");
        }
    }
    assert!(!sandbox.socket().exists(), "a wrong line started a daemon");
    let mut daemon = sandbox.command(&sandbox.binaries.daemon);
    daemon.arg("frobnicate");
    assert_eq!(skillmeat_tests::process::run(daemon, "").code, Some(64));
}

#[test]
fn without_a_daemon_that_can_be_started_it_is_code_4() {
    let mut sandbox = Sandbox::new(&binaries());
    sandbox.set("SKILLMEATD", "/nowhere/skillmeatd");
    let output = sandbox.cli(&["status", "--all"]);
    assert_eq!(output.code, Some(4), "{output:?}");
    assert!(output.stderr.contains("/nowhere/skillmeatd"), "{output:?}");
    sandbox.set("SKILLMEAT_NO_START", "1");
    for args in [&["status", "--all"][..], &["list"], &["daemon", "status"], &["watch", "--all"]] {
        let output = sandbox.cli(args);
        assert_eq!(output.code, Some(4), "{output:?}");
        assert!(output.stderr.contains("\nhint: "), "{output:?}");
    }
    sandbox.unset("SKILLMEAT_HOME");
    sandbox.unset("HOME");
    let homeless = sandbox.cli(&["status", "--all"]);
    assert_eq!(homeless.code, Some(3), "{homeless:?}");
    assert!(homeless.stderr.contains("SKILLMEAT_HOME"), "{homeless:?}");
    sandbox.set("HOME", sandbox.user.clone());
}
