//! The numbers: what `bench` measures, and what it holds each of them against.
//!
//! * [`row`], [`table`] – one result, and all of them for people and programs
//! * [`options`] – the command line
//! * [`worlds`] – homes, collections and projects of any size, from a seed
//! * [`running`], [`procfs`] – a daemon until it is at rest, and what the kernel says of it
//! * [`sample`] – many measurements of one thing; several commands in turns
//! * [`watchman`], [`git`], [`pass`], `relay` – what ours is held against
//! * one file per group, each a `run(&Context) -> Vec<Row>`
//!
//! # Invariants
//!
//! * Every reference is measured in the same run as what is held against it. No figure is written in the source.
//! * What cannot be measured here (a tool that is not installed) is a row that says so.
//! * Groups run one after the other, each in worlds of its own, which are gone when it ends.

pub mod barrier;
pub mod build;
pub mod client;
pub mod git;
pub mod growth;
pub mod idle;
pub mod memory;
pub mod merge;
pub mod operations;
pub mod options;
pub mod pass;
pub mod procfs;
pub mod query;
mod relay;
pub mod row;
pub mod running;
pub mod sample;
pub mod save;
pub mod sizes;
pub mod snapshots;
pub mod start;
pub mod storm;
pub mod table;
pub mod versions;
pub mod watchman;
pub mod worlds;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::sandbox::Binaries;
use options::Extent;
use row::{Row, Unit};

/// A set of measurements that share a world.
#[derive(Debug)]
pub struct Group {
    /// For `--only`.
    pub name: &'static str,
    /// What it measures, in a few words.
    pub about: &'static str,
    /// Measures it.
    pub run: fn(&Context) -> Vec<Row>,
    /// When it runs.
    pub when: When,
}

/// When a group runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Unless others are asked for.
    Always,
    /// In a full run, or when it is asked for: it has no quick form.
    FullOrAsked,
}

/// All groups, in the order in which they run.
pub const GROUPS: &[Group] = &[
    Group { name: "client", about: "the client as a whole process", run: client::run, when: When::Always },
    Group { name: "query", about: "answers from memory", run: query::run, when: When::Always },
    Group { name: "barrier", about: "answers that must be current", run: barrier::run, when: When::Always },
    Group { name: "save", about: "from a save to a subscriber", run: save::run, when: When::Always },
    Group { name: "growth", about: "one change among ever more projects", run: growth::run, when: When::Always },
    Group { name: "start", about: "cold and warm, beside hashing and git status", run: start::run, when: When::Always },
    Group {
        name: "memory",
        about: "memory, watches, cache, and what a project adds",
        run: memory::run,
        when: When::Always,
    },
    Group { name: "operations", about: "deploying and pulling beside cp", run: operations::run, when: When::Always },
    Group { name: "merge", about: "merging text beside git", run: merge::run, when: When::Always },
    Group { name: "snapshots", about: "packing a collection beside tar", run: snapshots::run, when: When::Always },
    Group { name: "versions", about: "listing versions, keeping edits", run: versions::run, when: When::Always },
    Group { name: "idle", about: "wake-ups while nothing happens", run: idle::run, when: When::Always },
    Group { name: "storm", about: "a program that writes as fast as it can", run: storm::run, when: When::Always },
    Group { name: "sizes", about: "sizes of the programs", run: sizes::run, when: When::Always },
    Group { name: "build", about: "building from nothing", run: build::run, when: When::FullOrAsked },
];

/// The programs that are measured.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The daemon and the client.
    pub shipped: Binaries,
    /// The client of the same job, written the ordinary way (`src/bin/reference-client.rs`).
    pub reference_client: PathBuf,
}

/// What a group works with.
#[derive(Debug)]
pub struct Context {
    /// How much is measured.
    pub extent: Extent,
    /// Decides every generated world.
    pub seed: u64,
    /// What is measured.
    pub programs: Programs,
    interrupted: Arc<AtomicBool>,
    began: Instant,
}

/// What is thrown (without a message) to leave a group after Ctrl-C, so that everything is ended and removed on the way.
struct Interrupted;

impl Context {
    /// For a run with these programs.
    pub fn new(extent: Extent, seed: u64, programs: Programs) -> Self {
        Self { extent, seed, programs, interrupted: Arc::default(), began: Instant::now() }
    }

    /// Set it, and the run ends at the next [`Self::check`].
    pub fn interrupted(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupted)
    }

    /// One of three values by extent, for how often and how much.
    pub fn pick<T>(&self, tiny: T, quick: T, full: T) -> T {
        match self.extent {
            Extent::Tiny => tiny,
            Extent::Quick => quick,
            Extent::Full => full,
        }
    }

    /// Says on standard error what is being done, except in the suite.
    pub fn progress(&self, what: impl std::fmt::Display) {
        self.check();
        if self.extent != Extent::Tiny {
            eprintln!("[{:>5.1} s] {what}", self.began.elapsed().as_secs_f64());
        }
    }

    /// Leaves the group when the run was interrupted.
    pub fn check(&self) {
        if self.interrupted.load(Ordering::Relaxed) {
            std::panic::resume_unwind(Box::new(Interrupted));
        }
    }
}

/// Runs the groups. One that fails is a row that says why, and does not keep the others from running; an interrupted
/// run ends with what it has.
pub fn run(ctx: &Context, groups: &[&'static Group]) -> Vec<Row> {
    let mut rows = Vec::new();
    for group in groups {
        ctx.began_group(group);
        match catch_unwind(AssertUnwindSafe(|| (group.run)(ctx))) {
            Ok(measured) => rows.extend(measured),
            // After Ctrl-C the programs that a group talks to are gone too, and it fails in any way.
            Err(_) if ctx.interrupted.load(Ordering::Relaxed) => break,
            Err(panic) => rows.push(Row::without(group.name, FAILED, Unit::Count, said(&*panic))),
        }
    }
    rows
}

/// Name of the row of a group that failed.
pub const FAILED: &str = "the group failed";

impl Context {
    fn began_group(&self, group: &Group) {
        if self.extent != Extent::Tiny {
            eprintln!("[{:>5.1} s] {}: {}", self.began.elapsed().as_secs_f64(), group.name, group.about);
        }
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("it panicked without a message").to_owned()
}
