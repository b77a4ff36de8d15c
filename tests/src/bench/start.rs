//! From the start of the process to a verified answer, without a cache and with one.
//!
//! Held against what others need for the same files: reading and hashing them once (cold), asking git whether they
//! changed (warm), and `sha256sum`. The page cache holds all of them, for everyone: what is compared is what programs
//! do, not a disk. All take turns. git compares one repository over all projects, made with its default settings, whose
//! objects lie elsewhere; it does not look at the collection, a small part of the files. Neither reference watches: what a
//! start costs that must hear of every later change is beside it, too.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::Context;
use super::git::git;
use super::pass::{Pass, Work, pass};
use super::row::{Figure, Row, Target, Unit};
use super::running::{self, Started};
use super::sample::Times;
use super::worlds::{COLLECTION, Shape, Sizes, World};
use crate::sandbox::Sandbox;

const GROUP: &str = "start";
/// Threads that the daemon looks at the disk with, at most (`runtime/run.rs`).
const SCAN_THREADS: usize = 4;

/// Times of one way of starting.
#[derive(Default)]
struct Starts {
    ready: Times,
    answered: Times,
    verified: Times,
    /// Files read in the last one.
    read: u64,
}

/// See the module.
pub fn run(ctx: &Context) -> Vec<Row> {
    let (projects, artifacts, files) = ctx.pick((3, 2, 4), (50, 20, 10), (200, 50, 10));
    let turns = ctx.pick(1, 3, 3);
    let world = World::build(ctx, Shape { projects, artifacts, files, sizes: Sizes::Realistic });
    let mut roots: Vec<PathBuf> = world.projects.iter().map(|project| project.root.clone()).collect();
    roots.push(world.sandbox.home.join("collections").join(COLLECTION));
    let threads = std::thread::available_parallelism().map_or(1, usize::from).clamp(1, SCAN_THREADS);
    ctx.progress("  a repository of the same files");
    let repository = Repository::make(&world);

    let (mut cold, mut warm) = (Starts::default(), Starts::default());
    let (mut hashed, mut status, mut sums) = (Times::default(), Times::default(), Times::default());
    let (mut cold_floor, mut warm_floor) = (Times::default(), Times::default());
    // Brings everything into the page cache.
    let Pass { files, bytes, .. } = pass(&roots, threads, Work::Hash);
    for turn in 1..=turns {
        ctx.progress(format_args!("  turn {turn} of {turns}"));
        cold.measure(ctx, running::start_cold(ctx, &world));
        hashed.push(pass(&roots, threads, Work::Hash).took);
        cold_floor.push(pass(&roots, threads, Work::Everything).took);
        warm.measure(ctx, running::start(ctx, &world));
        warm_floor.push(pass(&roots, threads, Work::WatchAndStat).took);
        if let Some(repository) = &repository {
            status.time(|| repository.status());
        }
        sums.time(|| sha256sum(&roots));
    }

    let one_pass = format!("read + SHA-256, {threads} threads");
    let note = format!(
        "{} files, {}; page cache warm for all; medians of {turns}",
        Unit::Count.text(files as f64),
        Unit::Bytes.text(bytes as f64)
    );
    let verified = row("warm: verified", &warm.verified).target(Target::RatioAtMost(1.0));
    let verified = match repository {
        Some(_) => verified.beside("git status, nothing changed", median(&status)),
        None => verified.note("git is not installed"),
    };
    vec![
        row("cold: ready", &cold.ready).note(note),
        row("cold: first cached answer", &cold.answered),
        row("cold: verified", &cold.verified).beside(one_pass, median(&hashed)).target(Target::RatioAtMost(1.3)),
        row("cold: verified (the same)", &cold.verified).beside("and each watched and stated", median(&cold_floor)),
        row("cold: verified (the same)", &cold.verified).beside("find | xargs sha256sum", median(&sums)),
        Row::new(GROUP, "cold: files read", Unit::Count, Figure::of(cold.read as f64))
            .beside("files of artifacts", Figure::of(world.files as f64))
            .target(Target::Equal),
        row("warm: ready", &warm.ready),
        row("warm: first cached answer", &warm.answered),
        verified,
        row("warm: verified (the same)", &warm.verified).beside("each watched and stated", median(&warm_floor)),
        Row::new(GROUP, "warm: files read", Unit::Count, Figure::of(warm.read as f64)).target(Target::AtMost(0.0)),
    ]
}

impl Starts {
    fn measure(&mut self, ctx: &Context, started: Started) {
        self.ready.push(started.ready);
        self.answered.push(started.answered);
        self.verified.push(started.verified);
        self.read = started.daemon.client().metrics().files_read;
        running::end(ctx, started.daemon);
    }
}

/// Of so few measurements a 99th percentile would say nothing.
fn median(times: &Times) -> Figure {
    Figure::of(times.figure().value)
}

fn row(name: &str, times: &Times) -> Row {
    Row::new(GROUP, name, Unit::Us, median(times))
}

/// What people type who have no program of their own for it.
fn sha256sum(roots: &[PathBuf]) {
    let mut shell = Command::new("sh");
    shell.args(["-c", "find \"$@\" -type f -print0 | xargs -0 sha256sum", "sh"]).args(roots);
    quietly(&mut shell);
}

fn quietly(command: &mut Command) {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    assert!(status.as_ref().is_ok_and(|status| status.success()), "{command:?}: {status:?}");
}

/// One repository over all projects of a world.
struct Repository<'a>(&'a World);

/// Its objects lie where no project is.
const ELSEWHERE: [&str; 2] = ["--git-dir=../git", "--work-tree=."];

impl<'a> Repository<'a> {
    /// Commits everything, and asks once so that the index holds what later questions go by. None without git.
    fn make(world: &'a World) -> Option<Self> {
        Command::new("git").arg("--version").stdout(Stdio::null()).status().ok()?;
        for args in [&["init", "--quiet"][..], &["add", "--all"], &["commit", "--quiet", "--message", "as deployed"]] {
            git(&world.sandbox, &world.sandbox.projects, &[&ELSEWHERE, args].concat());
        }
        let repository = Self(world);
        repository.status();
        Some(repository)
    }

    fn status(&self) {
        let Sandbox { projects, .. } = &self.0.sandbox;
        quietly(self.0.sandbox.command("git").args(ELSEWHERE).arg("status").current_dir(projects));
    }
}
