//! Requests that arrive while the daemon ends.

use std::thread;

use serde_json::Value;
use skillmeat_protocol::endpoint::LockNote;
use skillmeat_tests::process::Daemon;
use skillmeat_tests::raw::Raw;

use super::Scene;

#[test]
fn requests_behind_a_shutdown_are_answered_or_not_but_never_by_halves() {
    for behind in [1, 50, 2000] {
        let Scene { sandbox, daemon, project } = Scene::new();
        let mut raw = Raw::connect(daemon.socket());
        let mut lines = "{\"id\":0,\"method\":\"shutdown\"}\n".to_owned();
        lines.extend((1..=behind).map(|id| format!("{{\"id\":{id},\"method\":\"status\"}}\n")));
        let mut writer = Raw { stream: raw.stream.try_clone().expect("our own socket") };
        let writing = thread::spawn(move || writer.send(&lines));
        let text = String::from_utf8(raw.rest()).expect("text");
        writing.join().expect("it does not panic");
        assert!(text.ends_with('\n'), "{text:?}");
        for (at, line) in text.lines().enumerate() {
            let answer: Value = serde_json::from_str(line).expect("whole lines");
            assert_eq!(answer["id"], at, "{line}");
            let code = &answer["error"]["data"]["code"];
            assert!(answer["result"].is_object() || code == "shutting_down", "{line}");
        }
        println!("of {behind} requests behind a shutdown {} were answered", text.lines().count() - 1);
        assert!(daemon.wait().success());
        assert!(!sandbox.socket().exists());
        let daemon = Daemon::start(&sandbox);
        assert_eq!(daemon.client().project(&project).counts.modified, 1);
    }
}

#[test]
fn a_command_while_the_daemon_ends_gets_its_answer_from_the_next_one() {
    let Scene { sandbox, daemon, project } = Scene::new();
    let ending = daemon.pid();
    thread::scope(|scope| {
        let commands: Vec<_> =
            (0..4).map(|_| scope.spawn(|| sandbox.cli(&["status", "--project", &project, "--porcelain"]))).collect();
        assert!(daemon.terminate().success());
        for command in commands {
            let output = command.join().expect("it does not panic");
            assert!(output.ok().starts_with("M  skill:pdf\t"), "{output:?}");
        }
    });
    let text = std::fs::read_to_string(sandbox.places().lock_file()).expect("the lock file stays");
    println!("process {ending} ended, process {} was asked last", LockNote::from_text(&text).pid);
}
