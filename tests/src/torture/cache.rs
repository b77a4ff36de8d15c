//! `cache.db` damaged and obstructed in every way that a disk, a person or another program can.
//!
//! * [`damage`] – what is done to the bytes
//! * [`obstacles`] – full disks, read-only directories, locks, deletion
//!
//! Damage is tried twice. [`sweep`] opens the damaged file as the daemon's start does: what is loaded must be what was
//! stored, or a part of it, or nothing with a note. [`starts`] starts the real daemon on it: whatever it makes of the file,
//! its answer must be the right one, `doctor` must say what happened, and the third start must be an ordinary one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use skillmeatd::cache::{self, Loaded};

use super::{Tally, picture};
use crate::compare;
use crate::model::field::Field;
use crate::model::rng::Rng;
use crate::process::Daemon;
use crate::sandbox::{Binaries, Sandbox};

pub mod damage;
pub mod obstacles;

use damage::{Damage, PAGE};

/// One run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many bytes are damaged, one at a time, evenly over the file; pages and lengths follow from the file.
    pub bytes: u64,
    /// How many of the damaged files, and of damaged logs, a daemon is started on.
    pub starts: u64,
    /// Decides the files, and which damage a daemon is started on.
    pub seed: u64,
}

/// A home whose daemon has stopped, and what it answered.
#[derive(Debug)]
pub struct Scene {
    field: Field,
    /// The right answer, as [`picture`] has it.
    pub answer: Value,
    /// `cache.db` after an orderly stop.
    pub cache: Vec<u8>,
    /// `cache.db` and its log after a kill.
    pub killed: (Vec<u8>, Vec<u8>),
}

impl Scene {
    /// Three collections, three projects, some drift.
    pub fn new(binaries: &Binaries) -> Self {
        let field = Field::new(binaries, 3);
        let daemon = Daemon::start(&field.sandbox);
        let mut client = daemon.client();
        for project in &field.projects {
            client.add(&project.root);
        }
        for key in ["skill:s0", "command:c0"] {
            crate::sandbox::write(&field.projects[0].file(key), "edited\n");
        }
        client.sync();
        let path = path(&field.sandbox);
        wait_until_written(&mut client);
        daemon.kill();
        let killed = (fs::read(&path).expect("it is there"), fs::read(log(&path)).unwrap_or_default());
        let daemon = Daemon::start(&field.sandbox);
        let answer = picture(&mut daemon.client());
        assert!(daemon.terminate().success());
        let cache = fs::read(&path).expect("it is there");
        Self { field, answer, cache, killed }
    }

    /// Where it is.
    pub fn sandbox(&self) -> &Sandbox {
        &self.field.sandbox
    }

    /// Puts a database, and a log beside it, in the place of the cache; removes what was set aside earlier.
    pub fn put(&self, database: &[u8], wal: Option<&[u8]>) {
        let path = path(self.sandbox());
        let directory = path.parent().expect("it has one");
        for entry in fs::read_dir(directory).expect("it is there").flatten() {
            fs::remove_file(entry.path()).expect("our own file");
        }
        fs::write(&path, database).expect("our own file");
        if let Some(wal) = wal {
            fs::write(log(&path), wal).expect("our own file");
        }
    }

    /// Starts a daemon on what is there and checks its answer; gives its notes.
    ///
    /// # Errors
    /// It does not start, or its answer is another.
    pub fn start_and_check(&self) -> Result<(Daemon, Vec<String>), String> {
        let daemon = Daemon::try_start(self.sandbox()).map_err(|line| format!("no start: {line}"))?;
        let mut client = daemon.client();
        if let Some(difference) = compare::difference(&self.answer, &picture(&mut client)) {
            return Err(format!("a wrong answer at {difference}"));
        }
        let notes = client.health().notes;
        Ok((daemon, notes))
    }
}

/// Where the cache of a sandbox is.
pub fn path(sandbox: &Sandbox) -> PathBuf {
    sandbox.places().state.join("cache/cache.db")
}

/// The log beside a database.
fn log(path: &Path) -> PathBuf {
    path.with_extension("db-wal")
}

/// Waits until the cache's writer has nothing left to write.
fn wait_until_written(client: &mut crate::client::Client) {
    while client.metrics().store_queue > 0 {
        std::thread::yield_now();
    }
}

/// Everything, with the counts of what became of it.
///
/// # Errors
/// At the first wrong answer, failed start or missing note.
pub fn run(binaries: &Binaries, options: Options) -> Result<Tally, String> {
    let scene = Scene::new(binaries);
    let mut tally = Tally::default();
    sweep(&scene.cache, &damage::all(&scene.cache, options.bytes), &mut tally)?;
    starts(&scene, options, &mut tally)?;
    obstacles::run(&scene, &mut tally)?;
    Ok(tally)
}

/// Opens the database once for each damage.
///
/// # Errors
/// When anything is loaded that was not stored.
pub fn sweep(bytes: &[u8], damages: &[Damage], tally: &mut Tally) -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|e| format!("cannot make a directory: {e}"))?;
    let path = directory.path().join("cache.db");
    let stored = open(&path, bytes)?.0;
    if stored.trees.is_empty() || stored.first_seen.is_empty() {
        return Err("the cache holds nothing that damage could change".to_owned());
    }
    for damage in damages {
        let (loaded, noted) = open(&path, &damage.apply(bytes))?;
        let outcome = match (loaded == stored, noted) {
            (true, false) => "loaded as it was stored",
            (_, true) if loaded == Loaded::default() => "refused with a note",
            (false, false) if is_part(&loaded, &stored) => "loaded in part, the rest is read again",
            _ => return Err(format!("{damage}: loaded what was not stored: {loaded:#?}")),
        };
        tally.count(format!("{}: {outcome}", damage.kind(bytes)));
    }
    Ok(())
}

/// What is loaded from these bytes, and whether there was a note.
fn open(path: &Path, bytes: &[u8]) -> Result<(Loaded, bool), String> {
    let directory = path.parent().ok_or("no directory")?;
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        fs::remove_file(entry.path()).map_err(|e| format!("cannot tidy up: {e}"))?;
    }
    fs::write(path, bytes).map_err(|e| format!("cannot write: {e}"))?;
    let opened = cache::open(path, |_| {}).map_err(|e| e.to_string())?;
    // What cannot be written to a damaged database is reported by the writer and is not what this is about.
    let _ = opened.writer.close(Duration::from_secs(60));
    Ok((opened.loaded, !opened.notes.is_empty()))
}

/// Less than what was stored is read again; anything else would be believed.
fn is_part(loaded: &Loaded, stored: &Loaded) -> bool {
    loaded.projects.iter().all(|p| stored.projects.contains(p))
        && loaded.collections.iter().all(|c| stored.collections.contains(c))
        && loaded.trees.iter().all(|t| stored.trees.contains(t))
        && loaded.first_seen.iter().all(|f| stored.first_seen.contains(f))
}

/// Starts the daemon on a choice of damaged databases and logs.
///
/// # Errors
/// A wrong answer, no start, or a third start that is not an ordinary one.
pub fn starts(scene: &Scene, options: Options, tally: &mut Tally) -> Result<(), String> {
    let mut rng = Rng::new(options.seed);
    let all = damage::all(&scene.cache, options.bytes.max(1));
    for _ in 0..options.starts {
        let damage = rng.pick(&all);
        scene.put(&damage.apply(&scene.cache), None);
        start_thrice(scene, tally).map_err(|what| format!("seed {}, {damage}: {what}", options.seed))?;
        tally.count("starts on a damaged database");
    }
    let (database, wal) = &scene.killed;
    if wal.is_empty() {
        return Err("the kill left no log to damage".to_owned());
    }
    for _ in 0..options.starts {
        let damage = damage::of_log(wal, &mut rng);
        scene.put(database, Some(&damage.apply(wal)));
        start_thrice(scene, tally).map_err(|what| format!("seed {}, log, {damage}: {what}", options.seed))?;
        tally.count("starts on a damaged log");
    }
    Ok(())
}

fn start_thrice(scene: &Scene, tally: &mut Tally) -> Result<(), String> {
    let (daemon, notes) = scene.start_and_check()?;
    for note in &notes {
        let doctor = scene.sandbox().cli(&["doctor"]).stdout;
        if !doctor.contains("note     cache") {
            return Err(format!("doctor does not say {note}: {doctor}"));
        }
    }
    tally.count(if notes.is_empty() { "of them without a note" } else { "of them with a note that doctor shows" });
    if !daemon.terminate().success() {
        return Err("it does not end in order".to_owned());
    }
    // Damage where nothing is read at the start, in an index say, is met when something is written there. The database
    // then does not count as closed, and the next start checks every page.
    let (daemon, late) = scene.start_and_check().map_err(|what| format!("at the second start: {what}"))?;
    daemon.terminate();
    if notes.is_empty() && !late.is_empty() {
        tally.count("of them noticed when it was written to");
    }
    let (daemon, again) = scene.start_and_check().map_err(|what| format!("at the third start: {what}"))?;
    daemon.terminate();
    // A database that is not ours stays where it is, and is said at each start.
    let lasting: Vec<_> = again.iter().filter(|note| !note.contains("belongs to another program")).collect();
    if lasting.is_empty() { Ok(()) } else { Err(format!("the third start is no ordinary one: {lasting:?}")) }
}

/// Pages of a database.
fn pages(bytes: &[u8]) -> usize {
    bytes.len() / PAGE
}
