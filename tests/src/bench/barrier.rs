//! Reading one's own writes: a request that must be current, seen by a connected client, beside watchman's synced query
//! on the same tree, in turns.

use std::fs;

use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{Freshness, Request, Scope, StatusQuery};

use super::Context;
use super::relay::Relay;
use super::row::{Figure, Row, Target, Unit};
use super::sample::Times;
use super::watchman::{Connection, MISSING, Watchman};
use super::worlds::{Shape, Sizes, World};
use crate::client::Client;

const GROUP: &str = "barrier";
const TARGET: Target = Target::P50P99AtMost(200.0, 1_000.0);

/// Times of one kind, ours and watchman's.
#[derive(Default)]
struct Pair {
    ours: Times,
    watchman: Times,
}

/// See the module.
pub fn run(ctx: &Context) -> Vec<Row> {
    let projects = ctx.pick(2, 20, 100);
    let shape = Shape { projects, artifacts: ctx.pick(3, 50, 50), files: 3, sizes: Sizes::Realistic };
    let world = World::build(ctx, shape);
    let daemon = world.start();
    let mut client = daemon.client();
    let server = Watchman::start(&world.sandbox);
    let root = &world.sandbox.projects;
    let mut watchman = server.as_ref().map(|server| {
        let mut connection = server.connect();
        connection.watch(root);
        let clock = connection.clock(root);
        (connection, clock)
    });
    let mut ask_watchman = |times: &mut Times| -> Option<usize> {
        let (connection, clock): &mut (Connection, String) = watchman.as_mut()?;
        let (names, next) = times.time(|| connection.query(root, clock));
        *clock = next;
        Some(names.len())
    };

    let turns = ctx.pick(3, 500, 2_000);
    ctx.progress(format_args!("  {turns} turns"));
    let (mut sync, mut idle, mut written) = (Times::default(), Pair::default(), Pair::default());
    let (mut relay, mut least) = (Relay::start(), Times::default());
    for turn in 0..turns {
        ctx.check();
        let project = &world.projects[turn % world.projects.len()];
        let keys = &world.keys[turn % world.keys.len()];
        let key = &keys[turn % keys.len()];
        let text = project.text();
        sync.time(|| client.sync());
        idle.ours.time(|| ask(&mut client, &text));
        ask_watchman(&mut idle.watchman);

        let file = project.file(key);
        let save = |n: usize| fs::write(&file, format!("---\nname: edited\n---\nedit {turn}.{n}\n"));
        save(1).expect("our own file");
        written.ours.time(|| ask(&mut client, &text));
        // What that write is to watchman must not count as the next one's.
        ask_watchman(&mut Times::default());
        save(2).expect("our own file");
        let seen = ask_watchman(&mut written.watchman);
        assert!(seen != Some(0), "watchman missed a write");
        save(3).expect("our own file");
        let artifact = file.parent().expect("it lies in one");
        least.time(|| relay.ask(artifact));
    }
    let metrics = client.metrics().barrier_latency;
    let inside = Figure { value: metrics.p50_us as f64, p99: Some(metrics.p99_us as f64) };
    vec![
        beside(Row::new(GROUP, "synced status of a project, idle", Unit::Us, idle.ours.figure()), &idle.watchman)
            .target(TARGET),
        beside(Row::new(GROUP, "the same right after a write", Unit::Us, written.ours.figure()), &written.watchman)
            .target(TARGET),
        Row::new(GROUP, "the same right after a write", Unit::Us, written.ours.figure())
            .beside("threads, reading and hashing alone", least.figure()),
        Row::new(GROUP, "sync alone, all projects, idle", Unit::Us, sync.figure()),
        Row::new(GROUP, "the daemon's own figure, all of these", Unit::Us, inside).note(format!(
            "{} × {} × {} files, {} turns",
            shape.projects,
            shape.artifacts,
            shape.files,
            sync.len()
        )),
    ]
}

/// Asks for a status that is current, and makes sure that it is.
fn ask(client: &mut Client, project: &str) {
    let query = StatusQuery { scope: Scope::Project(project.to_owned()), ..StatusQuery::default() };
    match client.call(Request::Status(query), Freshness::Synced) {
        Ok(Reply::Status(status)) if status.fresh => {}
        other => panic!("not a current status: {other:?}"),
    }
}

fn beside(row: Row, watchman: &Times) -> Row {
    if watchman.is_empty() { row.note(MISSING) } else { row.beside("watchman synced query", watchman.figure()) }
}
