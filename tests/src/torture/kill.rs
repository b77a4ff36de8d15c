//! SIGKILL at random moments: while files are written, while the daemon starts, migrates its cache, stops or does nothing.
//!
//! After each kill the next daemon must start without help, keep every registration that was acknowledged, call nothing
//! damaged, and give the answer of a daemon that was just started on the same files. At the end, after an orderly stop,
//! the daemon's directories hold [`KEPT`] and nothing else.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};
use skillmeat_protocol::request::{Freshness, ProjectPath, Request};

use super::ground::Ground;
use super::{Tally, own_files};
use crate::client::Client;
use crate::model::field::Field;
use crate::model::oracle::compare_with_fresh;
use crate::process::{Daemon, Signal};
use crate::sandbox::{Binaries, Sandbox};

/// What an orderly stop leaves in the daemon's directories, beside its logs: the lock, which is never deleted because
/// whoever opened it just before would hold a lock that nobody sees; the registry and the history, which are truth; and the
/// cache.
pub const KEPT: [&str; 5] = ["daemon.lock", "collections.toml", "projects.toml", "history.db", "cache/cache.db"];

/// One run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many kills.
    pub times: u64,
    /// Decides every operation and every moment.
    pub seed: u64,
}

/// What the daemon is at when it is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Storm,
    Start,
    Migration,
    Future,
    Shutdown,
    Idle,
}

const MOMENTS: [Moment; 8] = [
    Moment::Storm,
    Moment::Storm,
    Moment::Start,
    Moment::Start,
    Moment::Migration,
    Moment::Future,
    Moment::Shutdown,
    Moment::Idle,
];

/// Kills, starts and compares; gives what was counted.
///
/// # Errors
/// At the first daemon that does not start, or that answers otherwise than a fresh one.
pub fn run(binaries: &Binaries, options: Options) -> Result<Tally, String> {
    let mut ground = Ground::new(binaries, options.seed);
    let mut tally = Tally::default();
    let mut daemon = Some(Daemon::start(&ground.field.sandbox));
    if let Some(daemon) = &daemon {
        register_all(&ground.field, &mut daemon.client());
    }
    let mut start_takes = Duration::from_millis(40);
    for number in 1..=options.times {
        let moment = ground.rng.pick(&MOMENTS);
        let context = |what: String| format!("seed {}, kill {number} ({moment:?}): {what}", options.seed);
        let acknowledged = match (moment, daemon.take()) {
            (Moment::Storm, Some(daemon)) => storm(&mut ground, daemon),
            (Moment::Shutdown, Some(daemon)) => {
                daemon.signal(Signal::TERM);
                thread::sleep(at_random(&mut ground, Duration::from_millis(30)));
                daemon.kill();
                None
            }
            (Moment::Idle, Some(daemon)) => {
                daemon.kill();
                None
            }
            (_, before) => {
                drop(before);
                let cache = ground.field.sandbox.places().state.join("cache/cache.db");
                match moment {
                    Moment::Migration => old_cache(&cache, &ground.field),
                    Moment::Future => pragma(&cache, "user_version", 99),
                    _ => {}
                }
                kill_while_starting(&mut ground, start_takes);
                None
            }
        };
        tally.count(format!("kills, {moment:?}").to_lowercase());
        if ground.rng.once_in(2) {
            ground.operate();
            tally.count("operations while no daemon ran");
        }

        let started = Instant::now();
        let next = Daemon::try_start(&ground.field.sandbox).map_err(|line| context(format!("no start: {line}")))?;
        let ready = started.elapsed();
        let mut client = next.client();
        client.sync();
        tally.time("from spawn to the first synced answer", started.elapsed());
        start_takes = start_takes.max(ready).min(Duration::from_millis(200));
        check_registered(&mut client, acknowledged.as_ref()).map_err(context)?;
        let notes = client.health().notes;
        if let Some(note) = notes.iter().find(|note| !note.contains("schema version 99")) {
            return Err(context(format!("the kill harmed the cache: {note}")));
        }
        register_all(&ground.field, &mut client);
        compare_with_fresh(&ground.field, &mut client).map_err(context)?;
        tally.count("answers equal to those of a fresh daemon");
        daemon = Some(next);
    }
    if let Some(daemon) = daemon.take()
        && !daemon.terminate().success()
    {
        return Err("the last daemon did not end in order".to_owned());
    }
    check_left(&ground.field.sandbox)?;
    tally.count("listings of the directories without a leftover");
    Ok(tally)
}

fn at_random(ground: &mut Ground, most: Duration) -> Duration {
    Duration::from_micros(ground.rng.below(most.as_micros() as u64 + 1))
}

/// A project, and whether it was acknowledged as registered or as forgotten.
type Acknowledged = (PathBuf, bool);

/// Writes files and the registry as fast as it goes, and kills in the middle. Gives what the daemon said of the registry
/// last, unless a later request was under way.
fn storm(ground: &mut Ground, daemon: Daemon) -> Option<Acknowledged> {
    let after = at_random(ground, Duration::from_millis(60));
    let ended = AtomicBool::new(false);
    let project = ground.field.projects[1].root.clone();
    let socket = daemon.socket().to_owned();
    thread::scope(|scope| {
        let registering = scope.spawn(|| toggle(&socket, &project, &ended));
        let writing = scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                ground.operate();
            }
        });
        thread::sleep(after);
        daemon.kill();
        ended.store(true, Ordering::Relaxed);
        writing.join().expect("operations do not panic");
        registering.join().expect("errors end it").map(|registered| (project.clone(), registered))
    })
}

/// Registers and forgets a project in turn, until nobody answers.
fn toggle(socket: &Path, project: &Path, ended: &AtomicBool) -> Option<bool> {
    let mut registered = false;
    let mut known = None;
    while !ended.load(Ordering::Relaxed) {
        let method = if registered { "projects.add" } else { "projects.remove" };
        match ask(socket, method, project) {
            // Whether it took effect is open from here on.
            None => return None,
            Some(answer) if answer.get("result").is_some() => known = Some(registered),
            Some(_) => {}
        }
        registered = !registered;
    }
    known
}

fn ask(socket: &Path, method: &str, project: &Path) -> Option<Value> {
    let mut stream = UnixStream::connect(socket).ok()?;
    let line = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": {"path": project}});
    stream.write_all(format!("{line}\n").as_bytes()).ok()?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).ok()?;
    serde_json::from_str(&answer).ok()
}

fn kill_while_starting(ground: &mut Ground, most: Duration) {
    let after = at_random(ground, most);
    let mut command = ground.field.sandbox.command(&ground.field.sandbox.binaries.daemon);
    command.args(["run", "--ready", "stdout"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child: Child = command.spawn().expect("the daemon's program is there");
    thread::sleep(after);
    // It may have ended by itself, which the next start then shows.
    let _ = child.kill();
    child.wait().expect("a child can be waited for");
}

/// Rows that an earlier release left, enough of them that bringing them up to date takes a while.
const OLD_ROWS: u32 = 4000;

/// Puts a cache of the first schema in the place of the present one.
fn old_cache(cache: &Path, field: &Field) {
    for suffix in ["", "-wal", "-shm"] {
        let mut path = cache.as_os_str().to_owned();
        path.push(suffix);
        let _ = fs::remove_file(path);
    }
    let connection = Connection::open(cache).expect("a file of the sandbox");
    connection.pragma_update(None, "application_id", 0x736b_6d63).expect("a fresh database");
    connection.pragma_update(None, "journal_mode", "WAL").expect("a fresh database");
    let schema = include_str!("../../../daemon/src/cache/schema/0001_base.sql");
    connection.execute_batch(schema).expect("a schema that shipped");
    connection.pragma_update(None, "user_version", 1).expect("a fresh database");
    connection
        .execute(
            "INSERT INTO projects VALUES (1, ?1, 'one', 1, NULL, '[]', '[]', '[]')",
            [field.projects[0].root.to_str().expect("test paths are text")],
        )
        .expect("a table of that schema");
    let rows = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        INSERT INTO trees (path, project_id, state) SELECT '/p/' || i, 1, 'absent' FROM n";
    connection.execute(rows, [OLD_ROWS]).expect("a table of that schema");
}

fn pragma(cache: &Path, name: &str, value: i64) {
    let connection = Connection::open(cache).expect("a file of the sandbox");
    connection.pragma_update(None, name, value).expect("nobody holds it");
}

fn register_all(field: &Field, client: &mut Client) {
    for project in &field.projects {
        // It may be registered, or away.
        let _ = client.call(Request::ProjectAdd(ProjectPath { path: project.text() }), Freshness::Synced);
    }
}

fn check_registered(client: &mut Client, acknowledged: Option<&Acknowledged>) -> Result<(), String> {
    let Some((path, registered)) = acknowledged else { return Ok(()) };
    let found = client.projects().projects.iter().any(|project| Path::new(&project.path) == path);
    if found == *registered {
        return Ok(());
    }
    Err(format!("{} was acknowledged as registered: {registered}, and is: {found}", path.display()))
}

fn check_left(sandbox: &Sandbox) -> Result<(), String> {
    let state = sandbox.places().state;
    let state = state.strip_prefix(&sandbox.root).expect("all is below the sandbox").display().to_string();
    let mut left = own_files(sandbox);
    for kept in KEPT {
        if !left.remove(&format!("{state}/{kept}")) {
            return Err(format!("{kept} is not there any more"));
        }
    }
    // Databases that were set aside are for people; the newest two stay.
    left.retain(|name| !name.contains("/cache/cache.db.bad-"));
    if left.is_empty() { Ok(()) } else { Err(format!("left behind: {left:?}")) }
}
