//! What one change costs, by how many projects are registered: in time, and in what the daemon had to do for it.
//!
//! A change is one file renamed into its place in a project, prepared where nobody watches: exactly one event. All
//! worlds run side by side and take turns, so that what else the machine does hits all alike. They have the same seed,
//! so that the edited projects, the first ones, are the same in all of them, byte for byte.

use std::fs;
use std::time::Instant;

use skillmeat_protocol::reply::MetricsReply;
use skillmeat_protocol::request::SubscribeQuery;

use super::Context;
use super::row::{Figure, Row, Target, Unit};
use super::running::{self, settled};
use super::sample::Times;
use super::worlds::{Shape, Sizes, World};
use crate::client::Client;
use crate::process::Daemon;

const GROUP: &str = "growth";
/// Projects that are edited, in every world.
const EDITED: usize = 10;
/// What is promised is promised up to here.
const PROMISED: usize = 1_000;

/// A counter of the daemon, and its name for people.
type Counter = (&'static str, fn(&MetricsReply) -> u64);

/// What a change may not need more of in a larger world.
const COUNTERS: [Counter; 5] = [
    ("looks", |m| m.scans),
    ("files read", |m| m.files_read),
    ("bytes hashed", |m| m.bytes_hashed),
    ("files stated", |m| m.files_stated),
    ("rows written", |m| m.rows_written),
];

struct Candidate {
    projects: usize,
    subscriber: Client,
    client: Client,
    times: Times,
    counts: [u64; COUNTERS.len()],
    _daemon: Daemon,
    world: World,
}

/// See the module.
pub fn run(ctx: &Context) -> Vec<Row> {
    let sizes: &[usize] = ctx.pick(&[10, 20], &[10, 100, 500], &[10, 100, 1_000, 5_000]);
    let changes = ctx.pick(4, 60, 300);
    let mut candidates: Vec<Candidate> = sizes.iter().map(|projects| Candidate::new(ctx, *projects)).collect();
    ctx.progress(format_args!("  {changes} changes in each"));
    for number in 0..changes {
        for candidate in &mut candidates {
            candidate.change(ctx, number);
        }
    }
    rows(&candidates, changes)
}

impl Candidate {
    fn new(ctx: &Context, projects: usize) -> Self {
        let world = World::build(ctx, Shape { projects, artifacts: 3, files: 2, sizes: Sizes::Small });
        let daemon = running::start(ctx, &world).daemon;
        let (mut subscriber, mut client) = (daemon.client(), daemon.client());
        settled(ctx, &mut client);
        subscriber.subscribe(SubscribeQuery::default());
        Self {
            projects,
            subscriber,
            client,
            times: Times::default(),
            counts: Default::default(),
            _daemon: daemon,
            world,
        }
    }

    fn change(&mut self, ctx: &Context, number: usize) {
        let which = number % EDITED;
        let key = &self.world.keys[which][number / EDITED % self.world.keys[which].len()];
        let file = self.world.projects[which].file(key);
        let prepared = self.world.sandbox.root.join("prepared");
        fs::write(&prepared, format!("---\nname: edited\n---\nchange {number}\n")).expect("our own file");
        let before = settled(ctx, &mut self.client);
        let began = Instant::now();
        fs::rename(&prepared, &file).expect("both are in the sandbox");
        self.subscriber.event();
        self.times.push(began.elapsed());
        let after = settled(ctx, &mut self.client);
        for ((_, read), count) in COUNTERS.iter().zip(&mut self.counts) {
            *count += read(&after) - read(&before);
        }
    }
}

fn rows(candidates: &[Candidate], changes: usize) -> Vec<Row> {
    let (smallest, larger) = candidates.split_first().expect("there are several sizes");
    let base = format!("at {} projects", smallest.projects);
    let mut rows = Vec::new();
    for candidate in larger {
        let name = format!("one change at {} projects", Unit::Count.text(candidate.projects as f64));
        let row = Row::new(GROUP, name, Unit::Us, candidate.times.figure()).beside(&base, smallest.times.figure());
        rows.push(if candidate.projects <= PROMISED { row.target(Target::RatioAtMost(1.2)) } else { row });
    }
    for (at, (name, _)) in COUNTERS.iter().enumerate() {
        let per_change = |candidate: &Candidate| candidate.counts[at] as f64 / changes as f64;
        let least = per_change(smallest);
        let off = |value: f64| (value - least).abs();
        // Whichever differs most stands for all.
        let worst = larger.iter().map(per_change).max_by(|a, b| off(*a).total_cmp(&off(*b))).unwrap_or(least);
        let each = candidates.iter().map(|c| format!("{}: {}", c.projects, Unit::Count.text(per_change(c))));
        rows.push(
            Row::new(GROUP, format!("{name} for one change"), Unit::Count, Figure::of(worst))
                .beside(&base, Figure::of(least))
                .target(Target::Equal)
                .note(format!("by projects: {}", each.collect::<Vec<_>>().join(", "))),
        );
    }
    rows
}
