//! A daemon from its start until it has nothing left to do.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use skillmeat_protocol::reply::{MetricsReply, Reply};
use skillmeat_protocol::request::{Detail, Freshness, Request, StatusQuery, SyncQuery};

use super::Context;
use super::worlds::World;
use crate::client::Client;
use crate::process::Daemon;

/// Between two looks at whether something has come about.
const PAUSE: Duration = Duration::from_millis(5);
/// After this long it never will.
const LONGEST: Duration = Duration::from_secs(300);

/// A daemon that has verified everything, and when it reached what, from before it was started.
#[derive(Debug)]
pub struct Started {
    /// The daemon.
    pub daemon: Daemon,
    /// It said that it is ready.
    pub ready: Duration,
    /// It had answered a request for the counts of all projects, as far as known.
    pub answered: Duration,
    /// It had answered that everything is as on disk.
    pub verified: Duration,
}

/// Starts a daemon and asks it, as early as it can be asked.
///
/// # Panics
/// When it does not start or never gets through.
pub fn start(ctx: &Context, world: &World) -> Started {
    let began = Instant::now();
    let daemon = Daemon::start_slowly(&world.sandbox).unwrap_or_else(|said| panic!("no daemon: {said}"));
    let ready = began.elapsed();
    let mut client = daemon.client();
    client.status_of(StatusQuery { detail: Detail::Counts, ..StatusQuery::default() }, Freshness::Cached);
    let answered = began.elapsed();
    caught_up(ctx, &mut client);
    Started { daemon, ready, answered, verified: began.elapsed() }
}

/// The same without a cache of earlier runs.
pub fn start_cold(ctx: &Context, world: &World) -> Started {
    forget(world);
    start(ctx, world)
}

/// Where the cache is.
pub fn cache(world: &World) -> PathBuf {
    world.sandbox.places().state.join("cache/cache.db")
}

/// Removes the cache; no daemon may be running.
///
/// # Panics
/// When it is there and cannot be removed.
pub fn forget(world: &World) {
    let file = cache(world);
    let dir = file.parent().expect("it has one");
    if dir.exists() {
        std::fs::remove_dir_all(dir).expect("a directory of the sandbox");
    }
}

/// Waits until everything that happened so far is in the answers, however long that takes.
///
/// # Panics
/// When it takes five minutes.
pub fn caught_up(ctx: &Context, client: &mut Client) {
    wait(ctx, || {
        let reply = client.call(Request::Sync(SyncQuery::default()), Freshness::Synced);
        matches!(&reply, Ok(Reply::Synced(reply)) if reply.fresh)
    });
}

/// Waits until nothing is outstanding, in the cache neither, and gives the counters.
///
/// # Panics
/// When it takes five minutes.
pub fn settled(ctx: &Context, client: &mut Client) -> MetricsReply {
    caught_up(ctx, client);
    let mut last = None;
    wait(ctx, || {
        let now = client.metrics();
        let done = now.engine_queue + now.scan_queue + now.store_queue == 0;
        last = Some(now);
        done
    });
    last.expect("it was asked at least once")
}

/// Asks until it is so.
///
/// # Panics
/// When it does not come about.
pub fn wait(ctx: &Context, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        ctx.check();
        assert!(began.elapsed() < LONGEST, "the daemon does not come to an end");
        std::thread::sleep(PAUSE);
    }
}

/// Ends a daemon in order, with all that it knows in its cache.
///
/// # Panics
/// When it fails to.
pub fn end(ctx: &Context, daemon: Daemon) {
    settled(ctx, &mut daemon.client());
    assert!(daemon.terminate().success(), "the daemon ends in order");
}
