//! What versions cost: listing many of one artifact, and keeping an edit.
//!
//! The list is asked of a daemon as `skillmeat versions` asks, by a client that is connected and keeps all of it. Keeping an edit is what the daemon does once it has settled:
//! reading the artifact, storing what is new of it, writing the version down; what is beyond reading and hashing the same
//! files is what observing costs, since the engine has hashed them anyway.

use std::fs;
use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::{Reply, VersionsReply};
use skillmeat_protocol::request::{Request, VersionPages};
use skillmeatd::history::{Cause, History, HistoryError, Origin, Scope, Seen, Spot};
use skillmeatd::model::Timestamp;

use super::Context;
use super::row::{Figure, Row, Target, Unit};
use super::sample::Times;
use crate::process::Daemon;
use crate::sandbox::{Sandbox, write};

const GROUP: &str = "versions";
/// Files of the artifact that is edited, and bytes of each.
const FILES: usize = 10;
const BYTES: usize = 8192;

/// See the module.
pub fn run(ctx: &Context) -> Vec<Row> {
    vec![listed(ctx), kept(ctx)]
}

fn seen(hash: [u8; 32]) -> Seen {
    Seen {
        key: "skill:many".parse().expect("a key"),
        spot: Spot::Project { path: "/w/app".into(), profile: "claude_code".into() },
        hash: Some(ContentHash(hash)),
        content: None,
        origin: Origin::LocalModification,
        cause: Cause::Found { baseline: None },
    }
}

fn listed(ctx: &Context) -> Row {
    let versions = ctx.pick(20, 10_000, 10_000);
    let mut sandbox = Sandbox::new(&ctx.programs.shipped);
    sandbox.unset("SKILLMEAT_LOG");
    let history = History::open(&sandbox.home.join("daemon/history.db"), Timestamp(0)).expect("a database");
    history
        .batch(|batch| -> Result<(), HistoryError> {
            for n in 0..versions {
                batch.found(&seen(Sha256::digest(format!("{n}")).into()), Timestamp(n))?;
            }
            Ok(())
        })
        .expect("stored");
    drop(history);
    let daemon = Daemon::start(&sandbox);
    let mut client = daemon.client();
    client.sync();
    let mut times = Times::default();
    for _ in 0..ctx.pick(2, 20, 50) {
        ctx.check();
        let query = VersionPages { artifact: "skill:many".to_owned(), limit: 10_000, before: None, page: 0 };
        let count = times.time(|| {
            let mut pages = vec![page(client.ask(Request::VersionPages(query)))];
            while pages.last().is_some_and(|last| last.next.is_some()) {
                pages.push(page(client.receive()));
            }
            pages.iter().map(|page| page.versions.len()).sum::<usize>()
        });
        assert_eq!(count as i64, versions, "all of them");
    }
    Row::new(GROUP, format!("list of {versions} versions, seen by a client"), Unit::Us, times.figure())
        .target(Target::AtMost(20_000.0))
}

fn page(reply: Reply) -> VersionsReply {
    match reply {
        Reply::Versions(reply) => reply,
        other => panic!("no versions: {other:?}"),
    }
}

fn kept(ctx: &Context) -> Row {
    let sandbox = Sandbox::new(&ctx.programs.shipped);
    let skill = sandbox.projects.join("skill");
    for n in 0..FILES {
        put(&skill, n, "first");
    }
    let history = History::open(&sandbox.home.join("daemon/history.db"), Timestamp(0)).expect("a database");
    let mut beyond = Times::default();
    for turn in 0..ctx.pick(3, 60, 200) {
        ctx.check();
        put(&skill, turn % FILES, &format!("turn {turn}"));
        let (mut hashing, mut keeping) = (Times::default(), Times::default());
        let hashed = hashing.time(|| {
            let files = (0..FILES).map(|n| fs::read(skill.join(format!("f{n}.md"))).expect("readable"));
            files.map(|bytes| Sha256::digest(&bytes).len()).sum::<usize>()
        });
        assert_eq!(hashed, 32 * FILES);
        keeping.time(|| keep(&history, &skill).expect("kept"));
        let micros = |times: &Times| Duration::from_secs_f64(times.figure().value / 1e6);
        beyond.push(micros(&keeping).saturating_sub(micros(&hashing)));
    }
    let Figure { value, p99 } = beyond.figure();
    Row::new(GROUP, "keeping an edit, beyond hashing", Unit::Us, Figure { value, p99 }).target(Target::AtMost(1_000.0))
}

/// As the daemon does it.
fn keep(history: &History, skill: &Path) -> Result<bool, HistoryError> {
    let staged = history.read_within(skill, Scope::Resolved, 16 << 20)?;
    let recorded = staged.capture().recorded.map(|recorded| recorded.hash.0).unwrap_or_default();
    history.batch_later(|batch| {
        let content = Some(batch.keep(staged)?.id);
        batch.found(&Seen { content, ..seen(recorded) }, Timestamp(0))
    })
}

fn put(skill: &Path, n: usize, text: &str) {
    let line = format!("file {n}, {text}\n");
    write(&skill.join(format!("f{n}.md")), line.repeat(BYTES / line.len()));
}
