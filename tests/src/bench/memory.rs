//! What a running daemon holds: memory, inotify watches and its cache, and what each project and artifact adds.
//!
//! Files are small here: their size does not decide how much is remembered of them, only their number does.

use std::fs;

use super::Context;
use super::procfs::{Memory, Process};
use super::row::{Figure, Row, Target, Unit};
use super::running::{self, Started, settled};
use super::worlds::{Shape, Sizes, World};

const GROUP: &str = "memory";
const MIB: f64 = 1024.0 * 1024.0;

/// What one start ended in.
#[derive(Clone, Copy)]
struct Held {
    memory: Memory,
    /// As the kernel counts them.
    watches: u64,
    /// As the daemon counts them.
    counted: u64,
}

/// See the module.
pub fn run(ctx: &Context) -> Vec<Row> {
    let (projects, artifacts) = ctx.pick((4, 4), (100, 50), (1_000, 50));
    let shape = Shape { projects, artifacts, files: 3, sizes: Sizes::Small };
    let half = Shape { projects: projects / 2, ..shape };
    let quarter = Shape { artifacts: artifacts / 2, ..half };
    let [quarter_held, half_held] = [quarter, half].map(|shape| cold(ctx, &World::build(ctx, shape)));
    let world = World::build(ctx, shape);
    let after_cold = cold(ctx, &world);
    let cache = fs::metadata(running::cache(&world)).expect("a daemon ran").len();
    ctx.progress("  warm start");
    let after_warm = held(ctx, running::start(ctx, &world));

    let bytes = |name: &str, bytes: u64| Row::new(GROUP, name, Unit::Bytes, Figure::of(bytes as f64));
    let most = ctx.pick(None, None, Some(Target::AtMost(100.0 * MIB)));
    // What is promised is promised for the full size.
    let promised = |row: Row| most.map_or(row.clone(), |most| row.target(most));
    let by_project = projects - half.projects;
    let by_artifact = half.projects * (half.artifacts - quarter.artifacts);
    let size = format!("{projects} projects × {artifacts} artifacts × {} files", shape.files);
    let from_sizes = format!("from {} and {projects} projects; the pool of originals stays", half.projects);
    let from_shares = format!("from {} and {artifacts} artifacts a project, with their originals", quarter.artifacts);
    let memory = |held: &Held| held.memory.resident;
    let watches = |held: &Held| held.watches;
    vec![
        promised(bytes("resident after a cold start", after_cold.memory.resident)).note(size),
        promised(bytes("resident after a warm start", after_warm.memory.resident)),
        bytes("peak of a cold start", after_cold.memory.peak),
        bytes("peak of a warm start", after_warm.memory.peak),
        added("memory: a project adds", Unit::Bytes, memory, [&half_held, &after_cold], by_project).note(from_sizes),
        added("memory: an artifact adds", Unit::Bytes, memory, [&quarter_held, &half_held], by_artifact)
            .note(from_shares),
        Row::new(GROUP, "inotify watches", Unit::Count, Figure::of(after_cold.watches as f64))
            .beside("as the daemon counts them", Figure::of(after_cold.counted as f64)),
        added("inotify watches: a project adds", Unit::Count, watches, [&half_held, &after_cold], by_project),
        added("inotify watches: an artifact adds", Unit::Count, watches, [&quarter_held, &half_held], by_artifact),
        bytes("cache.db", cache),
    ]
}

/// What each of `by` further things adds, from a smaller and a larger world.
fn added(name: &str, unit: Unit, of: fn(&Held) -> u64, [smaller, larger]: [&Held; 2], by: usize) -> Row {
    match of(larger).checked_sub(of(smaller)) {
        Some(more) => Row::new(GROUP, name, unit, Figure::of(more as f64 / by as f64)),
        None => Row::without(GROUP, name, unit, "the worlds are too small to tell"),
    }
}

/// Starts without a cache, looks, and ends in order.
fn cold(ctx: &Context, world: &World) -> Held {
    ctx.progress("  cold start");
    held(ctx, running::start_cold(ctx, world))
}

fn held(ctx: &Context, started: Started) -> Held {
    let metrics = settled(ctx, &mut started.daemon.client());
    let process = Process(started.daemon.pid());
    let held = Held { memory: process.memory(), watches: process.watches(), counted: metrics.watches };
    running::end(ctx, started.daemon);
    held
}
