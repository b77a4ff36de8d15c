//! What others find the daemon by is taken away while it runs: it never waits to be noticed, and there are never two.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Instant;

use skillmeat_tests::process::{Daemon, PATIENCE};
use skillmeat_tests::sandbox::{Sandbox, remove};

use super::{note, with_drift};
use crate::binaries;

/// How a home is lost, and what it is called.
type Loss<'a> = (&'a str, &'a dyn Fn(&Sandbox));

/// Waits for what happens without being asked for.
#[track_caller]
fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

fn is_held(lock: &Path) -> bool {
    fs::File::open(lock).is_ok_and(|file| file.try_lock().is_err())
}

#[test]
fn a_socket_that_is_taken_away_is_there_again_at_once() {
    for redirected in [true, false] {
        let sandbox = if redirected { Sandbox::new(&binaries()) } else { Sandbox::with_default_home(&binaries()) };
        let daemon = Daemon::start(&sandbox);
        let socket = sandbox.socket();
        let directory = socket.parent().expect("it has one");
        // The directory is made again, so the second time it is another one that must be watched.
        for taken in [&*socket, directory, directory, &socket] {
            remove(taken);
            until("it listens again", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
            assert_eq!(daemon.client().health().pid, daemon.pid());
        }
        assert!(daemon.log().contains("the socket was taken away; bound it again"));
        // A command that starts nothing finds it, too.
        remove(&socket);
        assert_eq!(sandbox.cli(&["daemon", "status", "--json"]).data()["pid"], daemon.pid());
        assert!(daemon.terminate().success());
        assert!(!socket.exists());
    }
}

#[test]
fn a_deleted_lock_file_makes_no_room_for_a_second_daemon() {
    let sandbox = Sandbox::new(&binaries());
    let daemon = Daemon::start(&sandbox);
    let before = note(&sandbox);
    let lock = sandbox.places().lock_file();
    for _ in 0..3 {
        remove(&lock);
        let line = Daemon::try_start(&sandbox).expect_err("there is one");
        assert!(line.contains("already running"), "{line}");
        until("the lock file is back", || is_held(&lock));
        assert_eq!(note(&sandbox), before);
        let line = Daemon::try_start(&sandbox).expect_err("there is one");
        assert!(line.contains(&format!("process {}", daemon.pid())), "{line}");
    }
    // Both at once, and a command that would start a daemon.
    remove(&lock);
    remove(&sandbox.socket());
    assert_eq!(sandbox.cli(&["daemon", "start", "--json"]).data()["pid"], daemon.pid());
    until("the lock file is back", || is_held(&lock));
    sandbox.cli(&["daemon", "stop"]).ok();
    assert!(daemon.wait().success());
}

#[test]
fn a_daemon_whose_home_is_gone_ends() {
    let away = |sandbox: &Sandbox| sandbox.root.join("away");
    let ways: [Loss<'_>; 3] = [
        ("moved", &|sandbox| fs::rename(&sandbox.home, away(sandbox)).expect("it is there")),
        ("removed", &|sandbox| remove(&sandbox.home)),
        ("without its state", &|sandbox| remove(&sandbox.places().state)),
    ];
    for (what, lose) in ways {
        let mut sandbox = Sandbox::with_default_home(&binaries());
        let project = with_drift(&sandbox);
        let daemon = Daemon::start(&sandbox);
        daemon.client().add(Path::new(&project));
        let socket = sandbox.socket();
        lose(&sandbox);
        // The log is elsewhere than the home.
        let logs = sandbox.root.join("state/skillmeat/logs");
        assert!(daemon.wait().success(), "{what}");
        let log: String = fs::read_dir(&logs)
            .expect("it logged")
            .map(|entry| fs::read_to_string(entry.expect("readable").path()).expect("text"))
            .collect();
        assert!(log.contains("was moved, removed or replaced; stopping"), "{what}: {log}");
        assert!(!socket.exists(), "{what}");
        if what == "moved" {
            assert!(!sandbox.home.exists(), "it wrote to where its home was");
            sandbox.set("SKILLMEAT_HOME", away(&sandbox));
            let status = sandbox.cli(&["status", "--all", "--porcelain"]);
            assert!(status.ok().starts_with("M  skill:pdf"), "{status:?}");
        }
    }
}

#[test]
fn a_home_has_one_daemon_whatever_path_leads_to_it() {
    let mut sandbox = Sandbox::new(&binaries());
    let daemon = Daemon::start(&sandbox);
    let link = sandbox.root.join("link");
    symlink(&sandbox.home, &link).expect("nothing is there");
    sandbox.set("SKILLMEAT_HOME", &link);
    let line = Daemon::try_start(&sandbox).expect_err("there is one");
    assert!(line.contains(&format!("process {}", daemon.pid())), "{line}");
    assert_eq!(sandbox.cli(&["daemon", "start", "--json"]).data()["pid"], daemon.pid());
    // A link that is turned to another home leaves the daemon of the first alone.
    remove(&link);
    symlink(sandbox.user.join("other"), &link).expect("nothing is there");
    fs::create_dir(sandbox.user.join("other")).expect("nothing is there");
    let other = Daemon::start(&sandbox);
    assert_ne!(other.client().health().pid, daemon.client().health().pid);
}

#[test]
fn the_daemon_of_another_home_keeps_its_socket() {
    let mut sandbox = Sandbox::with_default_home(&binaries());
    let daemon = Daemon::start(&sandbox);
    sandbox.set("HOME", sandbox.root.join("other"));
    let line = Daemon::try_start(&sandbox).expect_err("the socket is in use");
    assert!(line.contains("the daemon of another home") && line.contains("SKILLMEAT_HOME"), "{line}");
    assert_eq!(daemon.client().health().pid, daemon.pid());
    // Nor does a command of that home ask it, have it watch something, or end it.
    let project = with_drift(&sandbox);
    for command in [&["status", "--all"][..], &["daemon", "status"], &["project", "add", &project], &["daemon", "stop"]]
    {
        let output = sandbox.cli(command);
        assert_eq!(output.code, Some(4), "{output:?}");
        assert!(output.stderr.contains("the daemon of another home"), "{output:?}");
    }
    assert_eq!(sandbox.cli(&["prompt", "--project", &project]).ok(), "");
    assert!(daemon.client().projects().projects.is_empty());
    sandbox.set("HOME", sandbox.user.clone());
    assert_eq!(sandbox.cli(&["daemon", "status", "--json"]).data()["pid"], daemon.pid());
    sandbox.cli(&["daemon", "stop"]).ok();
    assert!(daemon.wait().success());
}
