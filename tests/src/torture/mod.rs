//! What goes wrong around a daemon, done to it on purpose, and what must hold afterwards.
//!
//! * [`kill`] – SIGKILL at random moments
//! * [`cache`] – every region of `cache.db` damaged, and everything that can be in the way of using it
//! * [`connections`] – crowds, drips, deaf clients, an answer too long for a frame, a daemon that stands still
//! * [`files`] – names, numbers and contents that no tool makes
//! * [`events`] – events lost with and without notice, queues that overflow, roots and limits without events
//! * [`operations`] – operations that are killed, or fail, at every step
//! * [`merge`] – random texts, merged here and by git
//!
//! Each is a bounded run that prints what it counted (`cargo run --bin torture`), with a short version in the suite. The
//! oracle is always the same: the answer of a daemon that was just started on the same files. Times are counted and never
//! judged.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;
use crate::compare;
use crate::sandbox::Sandbox;

pub mod cache;
pub mod connections;
pub mod events;
pub mod files;
mod ground;
pub mod kill;
pub mod merge;
pub mod operations;

/// What a run counted, in the order in which it was first counted.
#[derive(Debug, Default)]
pub struct Tally {
    counts: Vec<(String, u64)>,
    times: Vec<(String, Vec<Duration>)>,
}

impl Tally {
    /// Counts one more.
    pub fn count(&mut self, what: impl Into<String>) {
        self.add(what, 1);
    }

    /// Several more of `what`.
    pub fn add(&mut self, what: impl Into<String>, more: u64) {
        let what = what.into();
        match self.counts.iter_mut().find(|(name, _)| *name == what) {
            Some((_, count)) => *count += more,
            None => self.counts.push((what, more)),
        }
    }

    /// Keeps a time.
    pub fn time(&mut self, what: impl Into<String>, took: Duration) {
        let what = what.into();
        match self.times.iter_mut().find(|(name, _)| *name == what) {
            Some((_, times)) => times.push(took),
            None => self.times.push((what, vec![took])),
        }
    }

    /// How often something was counted.
    pub fn of(&self, what: &str) -> u64 {
        self.counts.iter().find(|(name, _)| name == what).map_or(0, |(_, count)| *count)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.counts {
            writeln!(f, "{count:>8}  {what}")?;
        }
        for (what, times) in &self.times {
            let mut times = times.clone();
            times.sort_unstable();
            let (Some(last), middle) = (times.last(), times.get(times.len() / 2)) else { continue };
            let ms = |time: &Duration| format!("{:.0} ms", time.as_secs_f64() * 1e3);
            let middle = middle.map(ms).unwrap_or_default();
            writeln!(f, "{:>8}  {what}: median {middle}, longest {}", times.len(), ms(last))?;
        }
        Ok(())
    }
}

/// Everything that a daemon says of projects, artifacts and collections, comparable between daemons.
pub fn picture(client: &mut Client) -> Value {
    let status = compare::status(&client.status());
    let list = compare::list(&client.list());
    let mut collections = serde_json::to_value(client.collections()).expect("replies are JSON");
    compare::strip(&mut collections);
    json!({"status": status, "list": list, "collections": collections})
}

/// The daemon's own directories below a sandbox, as names of everything in them relative to the sandbox; what a log file is
/// called depends on the day and is left out.
pub fn own_files(sandbox: &Sandbox) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for directory in ["r", "t", "cache", "state", "config", "data"].map(|name| sandbox.root.join(name)) {
        below(&directory, &sandbox.root, &mut found);
    }
    below(&sandbox.places().state, &sandbox.root, &mut found);
    found.retain(|name| !name.contains("/logs/"));
    found
}

fn below(directory: &Path, root: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path: PathBuf = entry.path();
        if path.is_dir() && !path.is_symlink() {
            below(&path, root, found);
        } else {
            found.insert(path.strip_prefix(root).unwrap_or(&path).display().to_string());
        }
    }
}
