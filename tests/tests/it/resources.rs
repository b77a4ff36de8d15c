//! Too few files, too little memory, a full log, a clock that jumps, a process that stands still.

use std::fs;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::request::SubscribeQuery;
use skillmeat_tests::library::{CollectionDir, ProjectDir};
use skillmeat_tests::process::Daemon;
use skillmeat_tests::raw::{Raw, open_files, until};
use skillmeat_tests::sandbox::{CLOCK_FILE_VARIABLE, Sandbox, remove, write};

use crate::binaries;

/// A home with one deployed skill, and no daemon yet.
struct Scene {
    sandbox: Sandbox,
    collection: CollectionDir,
    project: ProjectDir,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::new(&binaries());
        let (collection, project) = sandbox.app(&["skill:pdf", "skill:csv"]);
        Self { sandbox, collection, project }
    }

    /// A daemon behind a line of shell, which ends by becoming it.
    fn start_under(&self, line: &str) -> Result<Daemon, String> {
        let mut command = self.sandbox.command("/bin/sh");
        command.args(["-c", &format!("{line} exec \"$0\" run --ready stdout")]).arg(&self.sandbox.binaries.daemon);
        command.stdin(std::process::Stdio::null());
        Daemon::spawn(&self.sandbox, command)
    }

    fn loads_under(&self, line: &str) -> bool {
        let mut command = self.sandbox.command("/bin/sh");
        command.args(["-c", &format!("{line} exec \"$0\" --version")]).arg(&self.sandbox.binaries.daemon);
        command.output().expect("a shell").status.success()
    }

    fn edit(&self, text: &str) {
        write(&self.project.file("skill:pdf"), text);
    }

    fn original(&self) -> Vec<u8> {
        fs::read(self.collection.file("skill:pdf")).expect("it is there")
    }
}

const HELLO: &str = "{\"id\":1,\"method\":\"hello\"}\n";

#[test]
fn with_sixty_four_files_it_serves_refuses_politely_and_recovers() {
    let scene = Scene::new();
    let daemon = scene.start_under("ulimit -n 64;").expect("it starts");
    let mut early = daemon.client();
    early.add(&scene.project.root);
    until("only the asking connection is left", || early.metrics().connections == 1);
    let files = open_files(daemon.pid()) - 1;
    for round in 0..3 {
        let mut crowd: Vec<Raw> = (0..100).map(|_| Raw::connect(daemon.socket())).collect();
        for raw in &mut crowd {
            raw.send(HELLO);
        }
        // What is beyond is told so or closed; what has a place keeps it, and the answers stay right: connections must
        // not take the files with which artifacts are read.
        scene.edit(&format!("edited {round}\n"));
        assert_eq!(early.state(&scene.project.text(), "skill:pdf"), Some(DriftState::Modified));
        assert_eq!(early.state(&scene.project.text(), "skill:csv"), Some(DriftState::InSync));
        let lines: Vec<String> = crowd.iter_mut().map(Raw::line).collect();
        let served = lines.iter().filter(|line| line.contains("\"result\"")).count();
        let told = lines.iter().filter(|line| line.contains("connections are open already")).count();
        println!("{served} served, {told} told why not, {} closed", lines.len() - served - told);
        assert!(served >= 8 && told > 0, "{lines:?}");
        let log = daemon.log();
        assert!(!log.contains("Too many open files") && !log.contains(" ERROR "), "it ran out of files");
        drop(crowd);
        until("only the asking connection is left", || early.metrics().connections == 1);
        until("all sockets are closed", || open_files(daemon.pid()) <= files + 1);
    }
    let mut other = daemon.client();
    assert_eq!(other.state(&scene.project.text(), "skill:pdf"), Some(DriftState::Modified));
    drop((early, other));
    assert!(daemon.terminate().success());
}

#[test]
fn with_too_little_memory_it_answers_right_or_ends_with_a_message() {
    let scene = Scene::new();
    scene.edit("edited\n");
    let commands = scene.project.claude().join("commands");
    fs::create_dir_all(&commands).expect("a directory of the sandbox");
    for at in 0..100 {
        fs::write(commands.join(format!("command-{at}.md")), "x").expect("our own directory");
    }
    let daemon = Daemon::start(&scene.sandbox);
    daemon.client().add(&scene.project.root);
    let want = daemon.client().status().projects;
    let virtual_kib = virtual_kib(daemon.pid());
    assert!(daemon.terminate().success());
    let errors = scene.sandbox.root.join("daemon.stderr");
    let (mut served, mut ended) = (0, 0);
    let limited = |share: u64| format!("ulimit -v {};", virtual_kib * share / 100);
    // With less not even the program can be loaded.
    let shares = (1..=30).map(|n| n * 5).filter(|share| scene.loads_under(&limited(*share))).step_by(3);
    for share in shares.take(6) {
        let _ = fs::remove_file(&errors);
        let started = scene.start_under(&limited(share));
        let died = match started {
            Ok(daemon) => {
                let mut answers = 0;
                for _ in 0..5 {
                    let mut raw = Raw::connect_if_there(daemon.socket());
                    let Some(raw) = &mut raw else { break };
                    raw.send("{\"id\":1,\"method\":\"status\",\"params\":{\"detail\":\"all\",\"available\":true}}\n");
                    let line = raw.line();
                    let Ok(answer) = serde_json::from_str::<serde_json::Value>(&line) else { break };
                    if answer["result"]["fresh"] == json!(true) {
                        assert_eq!(answer["result"]["projects"], json!(want), "{share} %");
                    }
                    answers += 1;
                }
                // A daemon that could not go on has ended already, and not in order.
                !daemon.terminate_if_alive() || answers < 5
            }
            Err(line) => {
                let said = fs::read_to_string(&errors).unwrap_or_default();
                assert!(line.starts_with("error: ") || !said.is_empty(), "{share} %: it ended without a word");
                true
            }
        };
        if died {
            ended += 1
        } else {
            served += 1
        }
        let daemon = Daemon::start(&scene.sandbox);
        assert_eq!(daemon.client().status().projects, want, "after {share} %");
        assert!(daemon.terminate().success());
    }
    println!("the address space was {virtual_kib} KiB");
    println!("of six starts with little memory {served} served and {ended} ended");
}

/// The address space of a process.
fn virtual_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmPeak:")).expect("Linux says so");
    line.split_ascii_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("a number")
}

#[test]
fn a_full_log_directory_costs_lines_and_nothing_else() {
    let scene = Scene::new();
    let logs = scene.sandbox.places().state.join("logs");
    drop(Daemon::start(&scene.sandbox));
    let mount = format!("mount -t tmpfs -o size=8k,mode=700 none '{}'", logs.display());
    let allowed = Command::new("unshare").args(["-m", "sh", "-c", &mount]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        println!("skipped: no private mounts here");
        return;
    }
    let mut command = scene.sandbox.command("unshare");
    command.args(["-m", "sh", "-c", &format!("{mount}; exec \"$0\" run --ready stdout")]);
    command.arg(&scene.sandbox.binaries.daemon).stdin(std::process::Stdio::null());
    let daemon = Daemon::spawn(&scene.sandbox, command).expect("it starts");
    let mut client = daemon.client();
    client.add(&scene.project.root);
    let in_it = format!("/proc/{}/root{}", daemon.pid(), logs.display());
    until("the log is full", || {
        // Each is a line in the log.
        let mut raw = Raw::connect(daemon.socket());
        raw.send("GET / HTTP/1.1");
        assert_eq!(raw.rest(), b"");
        fs::read_dir(&in_it).expect("it runs").flatten().any(|e| e.metadata().is_ok_and(|m| m.len() >= 4096))
    });
    for round in 0..200 {
        let state = if round % 2 == 0 { DriftState::Modified } else { DriftState::InSync };
        if round % 2 == 0 {
            scene.edit("edited\n")
        } else {
            write(&scene.project.file("skill:pdf"), scene.original())
        }
        assert_eq!(client.state(&scene.project.text(), "skill:pdf"), Some(state));
    }
    drop(client);
    assert!(daemon.terminate().success());
}

#[test]
fn a_log_directory_that_goes_away_costs_lines_and_nothing_else() {
    let scene = Scene::new();
    let daemon = Daemon::start(&scene.sandbox);
    daemon.client().add(&scene.project.root);
    let logs = scene.sandbox.places().state.join("logs");
    remove(&logs);
    write(&logs, "in the way");
    scene.edit("edited\n");
    assert_eq!(daemon.client().state(&scene.project.text(), "skill:pdf"), Some(DriftState::Modified));
    assert!(daemon.terminate().success());
    assert_eq!(fs::read_to_string(&logs).expect("there"), "in the way");
}

#[test]
fn a_clock_that_jumps_confuses_nothing() {
    let mut scene = Scene::new();
    let offset = scene.sandbox.root.join("clock");
    scene.sandbox.set(CLOCK_FILE_VARIABLE, &offset);
    let mut daemon = Daemon::start(&scene.sandbox);
    daemon.client().add(&scene.project.root);
    let text = scene.project.text();
    let (mut steps, mut events) = (0, 0);
    for seconds in [3600_i64, -3600, 90_000, -90_000, 0] {
        // Each step happens between the two halves of something that takes a while.
        let mut subscriber = daemon.client();
        subscriber.subscribe(SubscribeQuery::default());
        let since = daemon.client().sync().clock;

        write(&offset, seconds.to_string());
        steps += 1;
        scene.edit(&format!("edited {steps}\n"));
        assert_eq!(daemon.client().state(&text, "skill:pdf"), Some(DriftState::Modified), "{seconds}");
        // Read before the next edit, which could be folded into this one and undo it.
        let event = subscriber.event();
        assert_eq!(event.items[0].item.name, "pdf");
        events += 1;
        // As long as before, in the same moment: only its bytes tell.
        scene.edit(&format!("Edited {steps}\n"));
        let hash = daemon.client().item(&text, "skill:pdf").expect("listed").project_hash;
        write(&scene.project.file("skill:pdf"), scene.original());
        let item = daemon.client().item(&text, "skill:pdf").expect("listed");
        assert!(item.state == DriftState::InSync && item.project_hash != hash, "{seconds}: {item:?}");

        let asked = SubscribeQuery { since: Some(since), ..SubscribeQuery::default() };
        let delta = daemon.client().subscribe(asked);
        assert!(!delta.fresh_instance, "{seconds}: what happened since a moment is forgotten");

        // And across a restart: what the cache says was true at another time of day.
        scene.edit(&format!("while away {steps}\n"));
        let before = daemon.client().status().projects;
        drop(subscriber);
        assert!(daemon.terminate().success());
        daemon = Daemon::start(&scene.sandbox);
        assert_eq!(daemon.client().status().projects, before, "{seconds}");
        write(&scene.project.file("skill:pdf"), scene.original());
        assert_eq!(daemon.client().state(&text, "skill:pdf"), Some(DriftState::InSync), "{seconds}");
    }
    println!("{steps} steps of the clock, {events} events");
    let log = daemon.log();
    assert!(!log.contains(" ERROR ") && !log.contains("panicked"), "something failed");
}

#[test]
fn a_daemon_that_stands_still_is_named_and_loses_nothing() {
    let scene = Scene::new();
    let daemon = Daemon::start(&scene.sandbox);
    daemon.client().add(&scene.project.root);
    let text = scene.project.text();
    let mut subscriber = daemon.client();
    subscriber.subscribe(SubscribeQuery::default());
    let pid = Pid::from_raw(i32::try_from(daemon.pid()).expect("a small number")).expect("not zero");
    kill_process(pid, Signal::STOP).expect("our child");
    // Somebody asked and waits, meanwhile the disk goes on.
    let mut waiting = Raw::connect(daemon.socket());
    waiting.send("{\"id\":1,\"method\":\"status\",\"params\":{\"detail\":\"all\"}}\n");
    for at in 0..200 {
        scene.edit(&format!("edited {at}\n"));
    }
    write(&scene.project.file("skill:csv"), "edited\n");
    for arguments in [&["status", "--all"][..], &["status", "--all", "--cached"], &["daemon", "status"]] {
        let output = scene.sandbox.cli(arguments);
        assert_eq!(output.code, Some(4), "{output:?}");
        assert!(output.stderr.contains("does not answer"), "{output:?}");
        assert!(output.stderr.contains(&format!("process {}", daemon.pid())), "{output:?}");
        assert!(output.stderr.contains(&format!("kill -9 {}", daemon.pid())), "{output:?}");
    }
    let prompt = scene.sandbox.cli(&["prompt", "--project", &text]);
    assert_eq!((prompt.code, prompt.stdout.as_str()), (Some(0), ""), "{prompt:?}");
    kill_process(pid, Signal::CONT).expect("our child");
    let answer: serde_json::Value = serde_json::from_str(&waiting.line()).expect("JSON");
    assert_eq!(answer["result"]["projects"][0]["counts"]["modified"], 2, "{answer}");
    let mut told = std::collections::BTreeSet::new();
    while told.len() < 2 {
        told.extend(subscriber.event().items.into_iter().map(|change| change.item.name));
    }
    assert_eq!(daemon.client().state(&text, "skill:csv"), Some(DriftState::Modified));
    assert_eq!(scene.sandbox.cli(&["status", "--all", "--porcelain"]).ok().lines().count(), 2);
    let log = daemon.log();
    assert!(!log.contains(" ERROR ") && !log.contains("panicked"), "something failed");
}
