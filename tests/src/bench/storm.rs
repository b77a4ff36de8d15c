//! A program that writes as fast as it can: what that costs the daemon, how soon its answer is right again, and whether
//! it is.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Context;
use super::procfs::Process;
use super::row::{Figure, Row, Target, Unit};
use super::running::{self, caught_up, settled};
use super::worlds::{Shape, Sizes, World};
use crate::client::Client;
use crate::compare;
use crate::model::rng::Rng;
use crate::sandbox::save_atomically;

const GROUP: &str = "storm";

/// See the module.
pub fn run(ctx: &Context) -> Vec<Row> {
    let (projects, artifacts, files) = ctx.pick((3, 3, 2), (50, 10, 3), (200, 20, 5));
    let writes = ctx.pick(200, 10_000, 100_000);
    let world = World::build(ctx, Shape { projects, artifacts, files, sizes: Sizes::Small });
    let all = files_of(&world);
    ctx.progress(format_args!("  {writes} writes without a daemon, then with one"));
    let alone = write(ctx, &all, writes, ctx.seed);

    let daemon = running::start(ctx, &world).daemon;
    let mut client = daemon.client();
    let calm = settled(ctx, &mut client);
    let process = Process(daemon.pid());
    process.forget_peak();
    let (memory, activity) = (process.memory(), process.activity());
    let watched = write(ctx, &all, writes, ctx.seed + 1);
    let ended = Instant::now();
    caught_up(ctx, &mut client);
    let right_after = ended.elapsed();
    let cpu = process.activity().cpu - activity.cpu;
    let peak = process.memory().peak;
    let overflows = client.metrics().overflows - calm.overflows;
    let told = everything(ctx, &mut client);
    running::end(ctx, daemon);

    let fresh = running::start_cold(ctx, &world).daemon;
    let found = everything(ctx, &mut fresh.client());
    let difference = compare::difference(&told, &found);
    let row = |name: &str, unit, value| Row::new(GROUP, format!("{name}, {writes} writes"), unit, Figure::of(value));
    vec![
        row("processor time of the daemon", Unit::Us, micros(cpu))
            .beside("the writer", Figure::of(micros(watched)))
            .note(format!("{overflows} times the kernel's queue ran over")),
        row("the writer, watched", Unit::Us, micros(watched)).beside("not watched", Figure::of(micros(alone))),
        row("right answer after the last write", Unit::Us, micros(right_after)),
        row("peak memory", Unit::Bytes, peak as f64).beside("before", Figure::of(memory.resident as f64)),
        {
            let differs = f64::from(u8::from(difference.is_some()));
            let row = row("answers unlike a fresh daemon's", Unit::Count, differs).target(Target::AtMost(0.0));
            match difference {
                Some(difference) => row.note(difference),
                None => row,
            }
        },
    ]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Every file of every deployment.
fn files_of(world: &World) -> Vec<PathBuf> {
    let deployments = world.projects.iter().zip(&world.keys);
    let roots = deployments.flat_map(|(project, keys)| keys.iter().map(|key| project.path(key)));
    let mut files = Vec::new();
    let mut dirs: Vec<PathBuf> = roots.collect();
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir).expect("a directory of the sandbox").flatten() {
            let path = entry.path();
            if path.is_dir() { dirs.push(path) } else { files.push(path) }
        }
    }
    // The order of listings is the file system's; the writes follow from the seed alone.
    files.sort();
    files
}

/// Writes, half of them in place and half atomically.
fn write(ctx: &Context, files: &[PathBuf], writes: usize, seed: u64) -> Duration {
    let mut rng = Rng::new(seed);
    let began = Instant::now();
    for number in 0..writes {
        if number.is_multiple_of(1000) {
            ctx.check();
        }
        let (file, text) = (&files[rng.below(files.len() as u64) as usize], format!("write {number} of {seed}\n"));
        if rng.once_in(2) {
            fs::write(file, text).expect("a file of the sandbox");
        } else {
            save_atomically(file, text);
        }
    }
    began.elapsed()
}

fn everything(ctx: &Context, client: &mut Client) -> serde_json::Value {
    caught_up(ctx, client);
    compare::status(&client.status())
}
