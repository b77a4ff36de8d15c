//! Start, end, and everything that can be in the way.

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use skillmeat_protocol::endpoint::LockNote;
use skillmeat_tests::process::{Daemon, run};
use skillmeat_tests::sandbox::{Sandbox, write};

use crate::binaries;

mod names;
mod obstacles;
mod restart;
mod skew;
mod systemd;

/// The promise of the daemon, with the tests' own overhead.
const END_WITHIN: Duration = Duration::from_millis(3500);

fn note(sandbox: &Sandbox) -> LockNote {
    LockNote::from_text(&fs::read_to_string(sandbox.places().lock_file()).expect("the lock file stays"))
}

fn with_drift(sandbox: &Sandbox) -> String {
    let (_, project) = sandbox.app(&["skill:pdf", "command:review"]);
    write(&project.file("skill:pdf"), "edited\n");
    project.text()
}

#[test]
fn a_command_starts_the_daemon_and_the_next_finds_it() {
    let sandbox = Sandbox::new(&binaries());
    let project = with_drift(&sandbox);
    sandbox.cli(&["project", "add", &project]).ok();
    let first = note(&sandbox);
    assert!(first.pid > 0 && Path::new(&first.endpoint) == sandbox.socket(), "{first:?}");
    let status = sandbox.cli(&["status", "--all", "--porcelain"]);
    assert!(status.ok().starts_with("M  skill:pdf\tclaude_code\t"), "{status:?}");
    assert_eq!(note(&sandbox), first);
    sandbox.cli(&["daemon", "stop"]).ok();
    assert!(!sandbox.socket().exists());
    assert_eq!(sandbox.cli(&["daemon", "stop"]).ok(), "skillmeatd was not running\n");
}

#[test]
fn many_commands_at_once_start_one_daemon() {
    let sandbox = Sandbox::new(&binaries());
    let pids: Vec<Value> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..6).map(|_| scope.spawn(|| sandbox.cli(&["daemon", "start", "--json"]).data()["pid"].clone())).collect();
        threads.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
    });
    assert!(pids.iter().all(|pid| *pid == pids[0] && pid.is_number()), "{pids:?}");
}

#[test]
fn a_second_daemon_refuses_and_names_the_first() {
    let sandbox = Sandbox::new(&binaries());
    let daemon = Daemon::start(&sandbox);
    let line = Daemon::try_start(&sandbox).expect_err("there is one");
    let who = format!("process {}", daemon.pid());
    assert!(line.starts_with("error: a daemon is already running") && line.contains(&who), "{line}");

    let mut command = sandbox.command(&sandbox.binaries.daemon);
    command.arg("run");
    let foreground = run(command, "");
    assert_eq!(foreground.code, Some(3), "{foreground:?}");
    assert!(foreground.stderr.contains(&who), "{foreground:?}");
    daemon.client().sync();
}

#[test]
fn it_ends_in_time_whichever_way_it_is_asked() {
    let sandbox = Sandbox::new(&binaries());
    let ways: [&dyn Fn(Daemon) -> bool; 3] = [
        &|daemon| daemon.terminate().success(),
        &|daemon| {
            let ended = sandbox.cli(&["daemon", "stop"]);
            assert_eq!(ended.ok(), "skillmeatd has ended\n");
            daemon.wait().success()
        },
        &|daemon| {
            let pid = daemon.json().result("shutdown", serde_json::json!({}))["pid"].clone();
            assert_eq!(pid, daemon.pid());
            daemon.wait().success()
        },
    ];
    for end in ways {
        let daemon = Daemon::start(&sandbox);
        // Clients that stay connected, one of them in the middle of a request, do not hold it up.
        let idle = daemon.json();
        let mut half = UnixStream::connect(daemon.socket()).expect("it listens");
        half.write_all(b"{\"jsonrpc\":").expect("it reads");
        let mut watcher = daemon.client();
        watcher.subscribe(Default::default());
        let asked = Instant::now();
        assert!(end(daemon));
        assert!(asked.elapsed() < END_WITHIN, "{:?}", asked.elapsed());
        assert!(!sandbox.socket().exists() && sandbox.places().lock_file().exists());
        drop((idle, watcher));
    }
}
