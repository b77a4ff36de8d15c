//! Crowds, drips and standstills for as long as the daemon's own patience lasts: what takes too long for the suite.
//!
//! Between any two faults an ordinary client gets the right answer. What is done again and again costs no more memory than
//! doing it once, and in the end descriptors are where they were.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
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
    /// Clients that drip, and as many that never read; they last for the daemon's patience of 10 s.
    pub standing: u64,
    /// Artifacts of a project; from 30,000 its answer is longer than a frame.
    pub artifacts: u64,
    /// How long the daemon stands still, in seconds.
    pub still_s: u64,
}

/// Longest that a connection may outlive the limit that it breaks: 10 s, and what a loaded machine adds.
const CUT_OFF_WITHIN: Duration = Duration::from_secs(20);
/// How often what may not leak is done again.
const AGAIN: u64 = 5;
/// What memory may grow by from the first time to the last: what the allocator keeps varies with the order of events.
const GROWN: u64 = 8 << 20;

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
    let (_, project) = sandbox.app(&["skill:pdf"]);
    write(&project.file("skill:pdf"), "edited\n");
    let daemon = Daemon::start(&sandbox);
    daemon.client().add(&project.root);
    let mut run = Run { sandbox, daemon, project: project.text(), tally: Tally::default() };
    run.others()?;
    let files = open_files(run.daemon.pid());
    run.crowd()?;
    run.vanish()?;
    run.flat("crowds", |run| {
        for _ in 1..options.rounds {
            run.crowd()?;
            run.vanish()?;
        }
        Ok(())
    })?;
    if options.standing > 0 {
        run.stand(options.standing)?;
    }
    let large = run.large_project(options.artifacts)?;
    run.long_answer()?;
    run.flat("long answers", |run| (0..AGAIN).try_for_each(|_| run.long_answer()))?;
    run.daemon.json().result("projects.remove", json!({"path": large}));
    run.stop_and_continue(options.still_s)?;
    run.at_rest(files)
}

impl Run {
    /// An ordinary client gets the right answer.
    fn others(&mut self) -> Result<(), String> {
        let state = self.daemon.client().state(&self.project, "skill:pdf");
        self.tally.count("right answers to others");
        if state == Some(DriftState::Modified) { Ok(()) } else { Err(format!("others are told {state:?}")) }
    }

    /// Does what was done before, and memory stays as it is.
    fn flat(&mut self, what: &str, again: impl FnOnce(&mut Self) -> Result<(), String>) -> Result<(), String> {
        let memory = |run: &Self| run.daemon.client().metrics().resident_bytes;
        let before = memory(self);
        again(self)?;
        let after = memory(self);
        println!("memory with {what}: {} KiB, and {} KiB after more of them", before / 1024, after / 1024);
        if after > before + GROWN { Err(format!("{what} cost memory each time")) } else { Ok(()) }
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
        let output = self.sandbox.cli(&["daemon", "status"]);
        if output.code != Some(3) || !output.stderr.contains("connections are open") {
            return Err(format!("in a crowd a command said {output:?}"));
        }
        self.tally.count("commands told why not");
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
    fn stand(&mut self, standing: u64) -> Result<(), String> {
        let began = Instant::now();
        let mut open: Vec<(&str, Raw)> = Vec::new();
        for _ in 0..standing {
            let mut dripping = Raw::connect(self.daemon.socket());
            dripping.send("{\"id\":1,\"method\":\"");
            open.push(("dripping requests cut off", dripping));
            let mut deaf = Raw::connect(self.daemon.socket());
            deaf.send_without_reading(ALL.as_bytes());
            open.push(("never-reading clients cut off", deaf));
        }
        while !open.is_empty() {
            // One byte to each that drips; the others only stand there. A send that fails: the daemon has closed.
            let mut left = Vec::new();
            for (what, mut raw) in open {
                let stands = if what.starts_with("dripping") {
                    raw.send("x")
                } else {
                    raw.stream.set_nonblocking(true).map_err(|e| e.to_string())?;
                    let sent = raw.stream.write(b"\n");
                    !matches!(sent, Err(e) if e.kind() != std::io::ErrorKind::WouldBlock)
                };
                if stands {
                    left.push((what, raw));
                } else {
                    self.tally.time(what, began.elapsed());
                }
            }
            open = left;
            if began.elapsed() > CUT_OFF_WITHIN {
                return Err(format!("{} clients still stand after {CUT_OFF_WITHIN:?}", open.len()));
            }
            self.others()?;
            std::thread::sleep(Duration::from_millis(100));
        }
        self.others()
    }

    /// A project with many artifacts that nobody deployed, looked at.
    fn large_project(&mut self, artifacts: u64) -> Result<PathBuf, String> {
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
        Ok(large.root)
    }

    /// An answer longer than a frame is refused with a hint, and everything else can be had.
    fn long_answer(&mut self) -> Result<(), String> {
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

    /// Nobody is connected: descriptors are where they were, and nothing failed inside.
    fn at_rest(mut self, files: usize) -> Result<Tally, String> {
        self.wait("all sockets are closed", |run| open_files(run.daemon.pid()) <= files)?;
        println!("descriptors {files}, memory {} KiB", self.daemon.client().metrics().resident_bytes / 1024);
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
