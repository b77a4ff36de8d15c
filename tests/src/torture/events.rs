//! Events that are lost, with notice and without, and places that have none: what the daemon answers must not depend on
//! them further than it promises.
//!
//! | what happens | what must hold |
//! |---|---|
//! | the kernel's queue overflows, or a loss is announced | the next synced answer is right, and later events are heard |
//! | events are lost silently | after `verify` (or a restart, or ten minutes) the answer is right |
//! | the limit of watches is reached, at the start or later | the answer is right, the roots are `degraded`, changes are announced |
//! | a file system that other machines write to | the same |
//! | the limit is raised and the daemon started again | nothing is degraded |

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use skillmeat_protocol::request::SubscribeQuery;

use super::Tally;
use super::cache::obstacles::namespaces;
use super::ground::Ground;
use crate::client::Client;
use crate::compare;
use crate::model::oracle::compare_with_fresh;
use crate::process::{Daemon, Signal};
use crate::sandbox::{Binaries, Sandbox, write};

/// One run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many operations under each fault.
    pub operations: u64,
    /// Decides every operation.
    pub seed: u64,
}

/// Everything, with the counts of what was done.
///
/// # Errors
/// At the first answer that differs from that of a fresh daemon.
pub fn run(binaries: &Binaries, options: Options) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for faults in ["lose=1", "lose=5", "lose=7", "lose=50"] {
        announced(binaries, options, faults, &mut tally).map_err(|what| format!("{faults}: {what}"))?;
    }
    for faults in ["drop=1", "drop=2", "drop=7", "drop=3,lose=5"] {
        silent(binaries, options, faults, &mut tally).map_err(|what| format!("{faults}: {what}"))?;
    }
    overflow(binaries, options, &mut tally).map_err(|what| format!("overflow: {what}"))?;
    limit(binaries, &mut tally).map_err(|what| format!("limit of watches: {what}"))?;
    shared(binaries, &mut tally).map_err(|what| format!("shared file system: {what}"))?;
    Ok(tally)
}

/// How many operations between two comparisons.
const BATCH: u64 = 6;

fn start(binaries: &Binaries, seed: u64, faults: &str) -> (Ground, Daemon, Client) {
    let mut ground = Ground::new(binaries, seed);
    ground.field.sandbox.set("SKILLMEAT_TEST_FAULTS", faults);
    let daemon = Daemon::start(&ground.field.sandbox);
    let mut client = daemon.client();
    for project in &ground.field.projects {
        client.add(&project.root);
    }
    (ground, daemon, client)
}

/// Losses that can be known: every synced answer is right.
///
/// # Errors
/// At the first that is not.
pub fn announced(binaries: &Binaries, options: Options, faults: &str, tally: &mut Tally) -> Result<(), String> {
    let (mut ground, _daemon, mut client) = start(binaries, options.seed, faults);
    for number in 1..=options.operations {
        ground.operate();
        if number % BATCH == 0 || number == options.operations {
            compare_with_fresh(&ground.field, &mut client).map_err(|what| explain(&ground, options, &what))?;
            tally.count(format!("answers right under {faults}"));
        }
    }
    Ok(())
}

/// Losses that nobody can know: right after `verify`, and at the end after a restart.
///
/// # Errors
/// At the first answer that is not.
pub fn silent(binaries: &Binaries, options: Options, faults: &str, tally: &mut Tally) -> Result<(), String> {
    let (mut ground, daemon, mut client) = start(binaries, options.seed, faults);
    for number in 1..=options.operations {
        ground.operate();
        if number % BATCH == 0 || number == options.operations {
            if compare_with_fresh(&ground.field, &mut client).is_err() {
                tally.count("answers behind before verify, as they must be to mean anything");
            }
            client.verify();
            // Asking for the answer is another barrier, which must not undo it.
            compare_with_fresh(&ground.field, &mut client).map_err(|what| explain(&ground, options, &what))?;
            tally.count(format!("answers right under {faults}, after verify"));
        }
    }
    ground.operate();
    daemon.terminate();
    let daemon = Daemon::start(&ground.field.sandbox);
    compare_with_fresh(&ground.field, &mut daemon.client()).map_err(|what| explain(&ground, options, &what))?;
    tally.count(format!("answers right under {faults}, after a restart"));
    Ok(())
}

fn explain(ground: &Ground, options: Options, what: &str) -> String {
    format!("seed {}\n  {}\n{what}", options.seed, ground.log.join("\n  "))
}

/// The kernel's queue overflows while the daemon is stopped.
///
/// # Errors
/// No overflow, a wrong answer, or silence about what happens later.
pub fn overflow(binaries: &Binaries, options: Options, tally: &mut Tally) -> Result<(), String> {
    let (mut ground, daemon, mut client) = start(binaries, options.seed, "");
    client.sync();
    let queue = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").map_err(|e| e.to_string())?;
    let queue: u64 = queue.trim().parse().map_err(|_| format!("max_queued_events is {queue:?}"))?;
    daemon.signal(Signal::STOP);
    let noisy = ground.field.projects[2].file("skill:s2");
    let other = ground.field.projects[2].claude().join("skills/s2/other.md");
    // Two files in turn: the kernel folds events that repeat the last one.
    for number in 0..queue / 2 {
        let path = if number % 2 == 0 { &noisy } else { &other };
        fs::write(path, number.to_string()).map_err(|e| e.to_string())?;
    }
    // What happens now is heard by nobody: a directory that is not watched, and changes everywhere.
    let late = ground.field.projects[0].claude().join("skills/late");
    write(&late.join("SKILL.md"), "made while nobody could hear it\n");
    for _ in 0..options.operations {
        ground.operate();
    }
    daemon.signal(Signal::CONT);
    compare_with_fresh(&ground.field, &mut client).map_err(|what| explain(&ground, options, &what))?;
    if client.metrics().overflows == 0 {
        return Err("the queue did not overflow".to_owned());
    }
    tally.count("answers right after the queue overflowed");
    if late.is_dir() && ground.field.projects[0].root.is_dir() {
        write(&late.join("SKILL.md"), "edited after the overflow\n");
        compare_with_fresh(&ground.field, &mut client).map_err(|what| explain(&ground, options, &what))?;
        tally.count("answers right in a directory made during the overflow");
    }
    Ok(())
}

/// Fewer watches than directories, from the start and later on.
///
/// # Errors
/// A wrong answer, or silence about what is not watched.
pub fn limit(binaries: &Binaries, tally: &mut Tally) -> Result<(), String> {
    if !namespaces() {
        tally.count("skipped, no user namespaces here: the limit of watches");
        return Ok(());
    }
    for (when, watches) in [("at the start", 12), ("later", 60)] {
        let sandbox = world(binaries);
        let mut command = sandbox.command("unshare");
        let script = "echo \"$1\" > /proc/sys/user/max_inotify_watches && exec \"$0\" run --ready stdout";
        command.args(["-Ur", "sh", "-c", script]).arg(&sandbox.binaries.daemon).arg(watches.to_string());
        let daemon = Daemon::spawn(&sandbox, command)?;
        let mut client = daemon.client();
        client.add(&sandbox.projects.join("app"));
        if when == "later" {
            client.sync();
            if !client.health().degraded.is_empty() {
                return Err(format!("{watches} watches do not suffice for the start"));
            }
            for number in 0..watches {
                sandbox.write(format!("projects/app/.claude/skills/big/d{number}/x.md"), "x");
            }
        }
        same_items(&sandbox, &mut client)?;
        let health = client.health();
        if !health.degraded.iter().any(|root| root.reason.contains("max_user_watches")) {
            return Err(format!("{when}: nothing is degraded: {health:?}"));
        }
        announced_by_polling(&mut client, &sandbox.projects.join("app/.claude/skills/pdf/SKILL.md"))?;
        same_items(&sandbox, &mut client)?;
        tally.count(format!("answers right beyond the limit of watches, {when}"));
        daemon.terminate();
        let daemon = Daemon::start(&sandbox);
        let mut client = daemon.client();
        same_items(&sandbox, &mut client)?;
        let degraded = client.health().degraded;
        if !degraded.is_empty() {
            return Err(format!("{when}: still degraded with the limit raised: {degraded:?}"));
        }
        tally.count("daemons that watch everything again once the limit is raised");
    }
    Ok(())
}

/// A project on a file system whose changes are made elsewhere: FUSE, mounted by `bindfs` where there is one.
///
/// # Errors
/// A wrong answer, or silence about it.
pub fn shared(binaries: &Binaries, tally: &mut Tally) -> Result<(), String> {
    let sandbox = world(binaries);
    let (real, mounted) = (sandbox.projects.join("app"), sandbox.projects.join("mounted"));
    fs::create_dir(&mounted).map_err(|e| e.to_string())?;
    let Some(_mount) = Mount::new(&real, &mounted) else {
        tally.count("skipped, no bindfs or no FUSE here: a shared file system");
        return Ok(());
    };
    let daemon = Daemon::start(&sandbox);
    let mut client = daemon.client();
    client.add(&mounted);
    client.sync();
    let health = client.health();
    if !health.degraded.iter().any(|root| root.reason.contains("FUSE")) {
        return Err(format!("it is not called degraded: {health:?}"));
    }
    // By the other side of the mount: no event comes out here.
    write(&real.join(".claude/commands/review.md"), "edited on another machine\n");
    let state = client.state("mounted", "command:review");
    if state != Some(skillmeat_protocol::drift::DriftState::Modified) {
        return Err(format!("a change without an event: {state:?}"));
    }
    announced_by_polling(&mut client, &real.join(".claude/skills/pdf/SKILL.md"))?;
    tally.count("answers right on a shared file system");
    Ok(())
}

/// A mount that ends with the test.
struct Mount<'a>(&'a Path);

impl<'a> Mount<'a> {
    /// None where it cannot be made.
    fn new(from: &Path, to: &'a Path) -> Option<Self> {
        // Without caches: the kernel would show what it remembers of files that changed below.
        let mut command = Command::new("bindfs");
        command.args(["--no-allow-other", "-o", "attr_timeout=0,entry_timeout=0"]).args([from, to]);
        command.stderr(std::process::Stdio::null()).status().is_ok_and(|s| s.success()).then_some(Self(to))
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        // Lazily: a daemon that fails a test may still be in it.
        let _ = Command::new("fusermount").args(["-u", "-z"]).arg(self.0).status();
    }
}

/// One collection and one project with a skill and a command.
fn world(binaries: &Binaries) -> Sandbox {
    let sandbox = Sandbox::new(binaries);
    sandbox.app(&["skill:pdf", "command:review"]);
    sandbox
}

/// The items of the project are those that a daemon without any limit finds. How it is watched differs.
fn same_items(sandbox: &Sandbox, client: &mut Client) -> Result<(), String> {
    let other = Sandbox::new(&sandbox.binaries);
    other.config(&format!("[daemon]\ncollections = [{:?}]\n", sandbox.home.join("collections/default")));
    let fresh = Daemon::start(&other);
    let mut reference = fresh.client();
    let path = sandbox.projects.join("app");
    reference.add(&path);
    let items = |client: &mut Client| -> Value {
        let status = client.project(path.to_str().expect("test paths are text"));
        let mut status = compare::project(&status);
        status["items"].take()
    };
    let (ours, theirs) = (items(client), items(&mut reference));
    compare::difference(&ours, &theirs).map_or(Ok(()), |difference| Err(format!("a wrong answer at {difference}")))
}

/// A change that no event speaks for is announced all the same.
fn announced_by_polling(client: &mut Client, file: &Path) -> Result<(), String> {
    client.subscribe(SubscribeQuery::default());
    write(file, "edited where no event speaks\n");
    // Fails after the harness's patience, which is several intervals of polling.
    let event = client.event();
    if event.items.iter().any(|change| change.item.name == "pdf") { Ok(()) } else { Err(format!("{event:?}")) }
}
