//! Crowds, drips and standstills for as long as the daemon's own patience lasts: what takes too long for the suite.
//!
//! Between any two faults an ordinary client gets the right answer, and in the end memory and descriptors are where they
//! were.

use std::fs;
use std::io::Write;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use serde_json::{Value, json};
use skillmeat_protocol::drift::DriftState;

use super::Tally;
use crate::process::Daemon;
use crate::raw::{Raw, open_files};
use crate::sandbox::{Binaries, Sandbox, write};

/// How much.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Rounds of crowds and vanishing clients.
    pub rounds: u64,
    /// Artifacts of the project whose answer is longer than a frame.
    pub artifacts: u64,
    /// How long the daemon stands still, in seconds.
    pub still_s: u64,
}

/// Longest that a connection may outlive the limit that it breaks: 10 s, and what a loaded machine adds.
const CUT_OFF_WITHIN: Duration = Duration::from_secs(20);
/// What memory may have grown by in the end: the allocator keeps what it had for the largest answers.
const GROWN: u64 = 96 << 20;

const HELLO: &str = "{\"id\":1,\"method\":\"hello\"}\n";
const ALL: &str = "{\"id\":1,\"method\":\"status\",\"params\":{\"detail\":\"all\",\"deadline_ms\":60000}}\n";

struct Run {
    sandbox: Sandbox,
    daemon: Daemon,
    project: String,
    tally: Tally,
}

/// Runs everything.
///
/// # Errors
/// What did not hold.
pub fn run(binaries: &Binaries, options: Options) -> Result<Tally, String> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).map_err(|e| format!("cannot raise the limit of open files: {e}"))?;
    let sandbox = Sandbox::new(binaries);
    let collection = sandbox.collection("default");
    collection.fill(&["skill:pdf"]);
    let project = sandbox.project("app");
    project.deploy(&collection, &["skill:pdf"]);
    write(&project.file("skill:pdf"), "edited\n");
    let daemon = Daemon::start(&sandbox);
    daemon.client().add(&project.root);
    let mut run = Run { sandbox, daemon, project: project.text(), tally: Tally::default() };
    run.others()?;
    let (files, memory) = (open_files(run.daemon.pid()), run.daemon.client().metrics().resident_bytes);
    for _ in 0..options.rounds {
        run.crowd()?;
        run.vanish()?;
    }
    run.stand()?;
    run.long_answer(options.artifacts)?;
    run.stop_and_continue(options.still_s)?;
    run.at_rest(files, memory)
}

impl Run {
    /// An ordinary client gets the right answer.
    fn others(&mut self) -> Result<(), String> {
        let state = self.daemon.client().state(&self.project, "skill:pdf");
        self.tally.count("right answers to others");
        if state == Some(DriftState::Modified) { Ok(()) } else { Err(format!("others are told {state:?}")) }
    }

    /// A thousand connections at once.
    fn crowd(&mut self) -> Result<(), String> {
        let mut early = self.daemon.client();
        let mut crowd: Vec<Raw> = (0..1000).map(|_| Raw::connect(self.daemon.socket())).collect();
        for raw in &mut crowd {
            raw.send(HELLO);
        }
        for raw in &mut crowd {
            let line = raw.line();
            self.tally.count(match line.as_str() {
                "" => "of a crowd, closed",
                line if line.contains("\"result\"") => "of a crowd, served",
                line if line.contains("connections are open already") => "of a crowd, told why not",
                line => return Err(format!("one of a crowd was told {line}")),
            });
        }
        if !early.sync().fresh {
            return Err("a client that was there before the crowd was not served".to_owned());
        }
        drop(crowd);
        self.wait("a place after the crowd", |run| {
            let mut raw = Raw::connect(run.daemon.socket());
            raw.send(HELLO) && raw.line().contains("\"result\"")
        })?;
        self.others()
    }

    /// Clients that are gone at every byte of what they send.
    fn vanish(&mut self) -> Result<(), String> {
        for len in 0..=ALL.len() {
            let mut raw = Raw::connect(self.daemon.socket());
            raw.send(&ALL.as_bytes()[..len]);
            self.tally.count("clients that vanished");
        }
        self.wait("places after vanished clients", |run| {
            let mut raw = Raw::connect(run.daemon.socket());
            raw.send(HELLO) && raw.line().contains("\"result\"")
        })?;
        self.others()
    }

    /// Requests that drip and answers that nobody takes, until the daemon has had enough.
    fn stand(&mut self) -> Result<(), String> {
        let began = Instant::now();
        let mut standing: Vec<(&str, Raw)> = Vec::new();
        for _ in 0..16 {
            let mut dripping = Raw::connect(self.daemon.socket());
            dripping.send("{\"id\":1,\"method\":\"");
            standing.push(("dripping requests cut off", dripping));
            let mut deaf = Raw::connect(self.daemon.socket());
            deaf.send_without_reading(ALL.as_bytes());
            standing.push(("never-reading clients cut off", deaf));
        }
        while !standing.is_empty() {
            // One byte to each that drips; the others only stand there. A send that fails: the daemon has closed.
            let mut left = Vec::new();
            for (what, mut raw) in standing {
                let open = if what.starts_with("dripping") {
                    raw.send("x")
                } else {
                    raw.stream.set_nonblocking(true).map_err(|e| e.to_string())?;
                    let sent = raw.stream.write(b"\n");
                    !matches!(sent, Err(e) if e.kind() != std::io::ErrorKind::WouldBlock)
                };
                if open {
                    left.push((what, raw));
                } else {
                    self.tally.time(what, began.elapsed());
                }
            }
            standing = left;
            if began.elapsed() > CUT_OFF_WITHIN {
                return Err(format!("{} clients still stand after {CUT_OFF_WITHIN:?}", standing.len()));
            }
            self.others()?;
            std::thread::sleep(Duration::from_millis(100));
        }
        self.others()
    }

    /// One project whose answer is longer than a frame: refused with a hint, and everything else can be had.
    fn long_answer(&mut self, artifacts: u64) -> Result<(), String> {
        let large = self.sandbox.project("large");
        let commands = large.claude().join("commands");
        fs::create_dir_all(&commands).map_err(|e| e.to_string())?;
        for at in 0..artifacts {
            fs::write(commands.join(format!("command-{at:06}.md")), "x").map_err(|e| e.to_string())?;
        }
        // Registered at once; the looking is waited for below.
        self.daemon.json().result("projects.add", json!({"path": large.text(), "deadline_ms": 100}));
        self.wait("the large project is looked at", |run| {
            let asked = json!({"scope": {"project": large.text()}, "detail": "counts", "freshness": "cached"});
            run.daemon.json().result("status", asked)["projects"][0]["counts"]["untracked"] == artifacts
        })?;
        let mut raw = Raw::connect(self.daemon.socket());
        raw.send(ALL);
        let line = raw.line();
        let answer: Value =
            serde_json::from_str(&line).map_err(|e| format!("{e} in an answer of {} bytes", line.len()))?;
        if line.len() > skillmeat_protocol::frame::MAX_REPLY + 100 {
            return Err(format!("an answer of {} bytes", line.len()));
        }
        let code = &answer["error"]["data"]["code"];
        self.tally.count(if code == "too_large" {
            "answers too long for a frame, refused"
        } else {
            "long answers given"
        });
        if !code.is_null() && (code != "too_large" || !answer["error"]["data"]["hint"].is_string()) {
            return Err(answer["error"].to_string());
        }
        self.others()
    }

    /// Stopped under load for a while, and going on.
    fn stop_and_continue(&mut self, seconds: u64) -> Result<(), String> {
        let pid = i32::try_from(self.daemon.pid()).ok().and_then(Pid::from_raw).ok_or("no process")?;
        let file = std::path::Path::new(&self.project).join(".claude/skills/pdf/SKILL.md");
        kill_process(pid, Signal::STOP).map_err(|e| e.to_string())?;
        let mut waiting: Vec<Raw> = (0..32).map(|_| Raw::connect(self.daemon.socket())).collect();
        for raw in &mut waiting {
            raw.send("{\"id\":1,\"method\":\"sync\",\"params\":{\"deadline_ms\":60000}}\n");
        }
        let until = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < until {
            write(&file, format!("edited {:?}\n", Instant::now()));
            self.tally.count("writes while it stood still");
            if self.tally.of("writes while it stood still") % 1000 == 1 {
                let output = self.sandbox.cli(&["status", "--all"]);
                if output.code != Some(4) || !output.stderr.contains(&format!("process {}", self.daemon.pid())) {
                    return Err(format!("a command said {output:?}"));
                }
                self.tally.count("commands that named the process");
            }
        }
        kill_process(pid, Signal::CONT).map_err(|e| e.to_string())?;
        for raw in &mut waiting {
            let line = raw.line();
            self.tally.count(if line.contains("\"fresh\":true") {
                "waiting clients answered"
            } else {
                "waiting clients not answered"
            });
        }
        self.others()
    }

    /// Nobody is connected: memory and descriptors are where they were.
    fn at_rest(mut self, files: usize, memory: u64) -> Result<Tally, String> {
        self.wait("all sockets are closed", |run| open_files(run.daemon.pid()) <= files)?;
        let grown = self.daemon.client().metrics().resident_bytes.saturating_sub(memory);
        println!("descriptors {files}, memory grew by {} KiB", grown / 1024);
        if grown > GROWN {
            return Err(format!("memory grew by {grown} bytes"));
        }
        if self.daemon.log().lines().any(|line| line.contains(" ERROR ") || line.contains("panicked")) {
            return Err("something failed inside; see the log".to_owned());
        }
        if !self.daemon.terminate().success() {
            return Err("the daemon did not end in order".to_owned());
        }
        Ok(self.tally)
    }

    fn wait(&mut self, what: &str, mut there: impl FnMut(&Self) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(120);
        while !there(self) {
            if Instant::now() > deadline {
                return Err(format!("{what}: not after two minutes"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}
