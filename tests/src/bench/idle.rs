//! What a daemon does while nothing happens: nothing.
//!
//! One subscriber stays connected. Counted are the times that any thread was given a processor, and processor time.

use std::time::{Duration, Instant};

use skillmeat_protocol::request::SubscribeQuery;

use super::Context;
use super::procfs::Process;
use super::row::{Figure, Row, Target, Unit};
use super::running::{self, settled};
use super::worlds::{Shape, Sizes, World};

const GROUP: &str = "idle";
/// Quiet for this long is taken for rest.
const QUIET: Duration = Duration::from_secs(3);
/// From an answer until its connection is waited for again.
const SETTLES: Duration = Duration::from_millis(200);

/// See the module.
pub fn run(ctx: &Context) -> Vec<Row> {
    let window = Duration::from_secs(ctx.pick(1, 10, 60));
    let projects = ctx.pick(2, 100, 1_000);
    let world = World::build(ctx, Shape { projects, artifacts: 5, files: 2, sizes: Sizes::Small });
    let daemon = running::start(ctx, &world).daemon;
    let mut client = daemon.client();
    settled(ctx, &mut client);
    let mut subscriber = daemon.client();
    subscriber.subscribe(SubscribeQuery::default());
    let process = Process(daemon.pid());

    ctx.progress(format_args!("  waiting for rest, then {window:?}"));
    // If it does not come to rest within this time, its restlessness is what is measured.
    let patience = Duration::from_secs(ctx.pick(1, 30, 30));
    let (began, quiet) = (Instant::now(), QUIET.min(window));
    while began.elapsed() < patience && !process.during(|| pass(ctx, quiet)).switches.is_empty() {}
    // Asking wakes it, so that is done before and after.
    let before = client.metrics().fs_events;
    pass(ctx, SETTLES);
    let done = process.during(|| pass(ctx, window));
    let events = client.metrics().fs_events - before;
    let seconds = window.as_secs();
    let who = done.switches.iter().map(|(thread, times)| format!("{thread} {times}")).collect::<Vec<_>>();
    let wake_ups = done.switches.values().sum::<u64>() as f64;
    let name = |what: &str| format!("{what} in {seconds} s");
    let wake_ups = Row::new(GROUP, name("wake-ups"), Unit::Count, Figure::of(wake_ups)).target(Target::AtMost(0.0));
    vec![
        if who.is_empty() {
            wake_ups
        } else {
            // Directories above the projects are watched too; what others do directly in them is heard.
            wake_ups.note(format!("by thread: {}; {events} events of others' files were heard", who.join(", ")))
        },
        Row::new(GROUP, name("processor time"), Unit::Us, Figure::of(micros(done.cpu)))
            .target(Target::AtMost(0.0))
            .note(format!(
                "{projects} projects, one subscriber; what the daemon verifies every ten minutes is not in it"
            )),
    ]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn pass(ctx: &Context, time: Duration) {
    let began = Instant::now();
    while let Some(left) = time.checked_sub(began.elapsed()) {
        ctx.check();
        std::thread::sleep(left.min(Duration::from_millis(200)));
    }
}
