//! Seeded random operations against a real daemon, and the oracle: what a fresh daemon finds on the same files.
//!
//! The invariant is "incremental equals from scratch". After each batch of operations the daemon is asked for a `synced`
//! status, and a second daemon with an empty state is started on the same collections and projects; both must say the
//! same of every project that is there. A failure names the seed and lists every operation, so that it can be run again.

mod field;
mod operations;
pub(crate) mod rng;

use std::fmt;

use serde_json::{Value, json};

use crate::client::Client;
use crate::compare;
use crate::process::Daemon;
use crate::sandbox::{Binaries, Sandbox};
use field::Field;

/// One run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Decides every operation.
    pub seed: u64,
    /// How many operations.
    pub operations: usize,
    /// How many between two comparisons, at most.
    pub batch: u64,
}

/// The two daemons disagree.
#[derive(Debug)]
pub struct Disagreement {
    options: Options,
    log: Vec<String>,
    what: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options { seed, operations, batch } = self.options;
        for line in &self.log {
            writeln!(f, "  {line}")?;
        }
        writeln!(f, "{}", self.what)?;
        write!(f, "again: cargo run --bin model -- --seed {seed} --ops {operations} --batch {batch}")
    }
}

/// Runs the operations; gives the number of comparisons.
///
/// # Errors
/// At the first comparison that fails.
pub fn run(binaries: &Binaries, options: Options) -> Result<usize, Box<Disagreement>> {
    let mut field = Field::new(binaries, options.seed);
    let daemon = Daemon::start(&field.sandbox);
    let mut client = daemon.client();
    for project in &field.projects {
        client.add(&project.root);
    }
    let (mut done, mut compared) = (0, 0);
    while done < options.operations {
        for _ in 0..=field.rng.below(options.batch) {
            field.operate();
            done += 1;
        }
        field.log.push("compare".to_owned());
        compared += 1;
        if let Err(what) = compare_with_fresh(&field, &mut client) {
            return Err(Box::new(Disagreement { options, log: field.log.clone(), what }));
        }
    }
    Ok(compared)
}

fn compare_with_fresh(field: &Field, client: &mut Client) -> Result<(), String> {
    let incremental = answers(client);
    let sandbox = Sandbox::new(&field.sandbox.binaries);
    sandbox.config(&field.config_for_another_home());
    let fresh = Daemon::start(&sandbox);
    let mut other = fresh.client();
    for project in field.projects.iter().filter(|project| project.root.is_dir()) {
        other.add(&project.root);
    }
    let scratch = answers(&mut other);
    let mut histories_matter = false;
    for (path, ours) in incremental.projects.as_object().into_iter().flatten() {
        let theirs = &scratch.projects[path];
        if ours["available"] == false {
            // The last known answer stays; a fresh daemon knows none.
            if theirs["available"] == true {
                return Err(format!("{path} is called missing and is there"));
            }
            histories_matter = true;
        } else if has_unreadable_records(theirs) {
            // Neither does it know what the records said while they could be read.
            histories_matter = true;
        } else if let Some(difference) = compare::difference(ours, theirs) {
            return Err(format!("{path}: incremental and from scratch differ at {difference}"));
        }
    }
    // Artifacts list where they are deployed, so their answers contain those of the projects.
    if !histories_matter {
        let parts = [
            ("list", &incremental.list, &scratch.list),
            ("collections", &incremental.collections, &scratch.collections),
        ];
        for (what, ours, theirs) in parts {
            if let Some(difference) = compare::difference(ours, theirs) {
                return Err(format!("{what}: incremental and from scratch differ at {difference}"));
            }
        }
    }
    Ok(())
}

fn has_unreadable_records(project: &Value) -> bool {
    let problems = project["problems"].as_array().into_iter().flatten();
    let mut whole_files = problems.filter(|problem| problem["key"].is_null()).filter_map(|p| p["file"].as_str());
    whole_files.any(|file| file.ends_with(".skillmeat-deployed.toml"))
}

struct Answers {
    /// By path.
    projects: Value,
    list: Value,
    collections: Value,
}

fn answers(client: &mut Client) -> Answers {
    let mut projects = json!({});
    for project in client.status().projects {
        projects[&project.path] = compare::project(&project);
    }
    let list = compare::list(&client.list());
    let mut collections = serde_json::to_value(client.collections().collections).expect("replies are JSON");
    compare::strip(&mut collections);
    Answers { projects, list, collections }
}
