//! The fixtures: homes that the original wrote, and the right answer for each of their projects.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use std::collections::BTreeMap;

use crate::sandbox::{Sandbox, copy_tree};

/// Directory of the fixtures.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// A world, copied into a sandbox.
#[derive(Debug)]
pub struct World {
    /// What is recorded of it.
    pub facts: Facts,
    /// The right answers, by name of the project.
    pub answers: BTreeMap<String, Vec<Answer>>,
    /// Root of each project in the sandbox, by name.
    pub projects: BTreeMap<String, PathBuf>,
}

/// `world.json`.
#[derive(Debug, Deserialize)]
pub struct Facts {
    /// Content hash of every artifact, by path below the user's home.
    pub content_hashes: BTreeMap<String, String>,
    /// Path below the user's home, by name.
    pub projects: BTreeMap<String, String>,
    /// Time zone of the times without one.
    pub tz: String,
}

/// One element of `corrected-drift.json`.
#[derive(Clone, Debug, Deserialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct Answer {
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    pub collection: String,
    pub drift_type: Option<String>,
    #[serde(default)]
    pub local_edits: bool,
    pub profile: Option<String>,
    pub project_path: Option<String>,
    pub baseline_hash: Option<String>,
    pub collection_sha: Option<String>,
    pub project_sha: Option<String>,
}

#[derive(Deserialize)]
struct Answers {
    projects: BTreeMap<String, Vec<Answer>>,
}

/// Names of all worlds.
pub fn names() -> Vec<String> {
    let entries = fs::read_dir(fixtures().join("worlds")).expect("the fixtures are there");
    let mut names: Vec<_> = entries.map(|e| e.expect("readable").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

impl World {
    /// Copies a world into the user's home of a sandbox that uses the default home.
    pub fn copy(name: &str, sandbox: &mut Sandbox) -> Self {
        let source = fixtures().join("worlds").join(name);
        copy_tree(&source.join("home"), &sandbox.user);
        substitute(&sandbox.user, sandbox.user.to_str().expect("test paths are text"));
        let read = |file: &str| fs::read(source.join(file)).unwrap_or_else(|e| panic!("{name}/{file}: {e}"));
        let facts: Facts = serde_json::from_slice(&read("world.json")).expect("world.json");
        let answers: Answers = serde_json::from_slice(&read("corrected-drift.json")).expect("corrected-drift.json");
        sandbox.set("TZ", &facts.tz);
        let projects = facts.projects.iter().map(|(name, path)| (name.clone(), sandbox.user.join(path))).collect();
        Self { facts, answers: answers.projects, projects }
    }
}

/// Replaces `@HOME@` in every `*.toml` below `dir`.
fn substitute(dir: &Path, home: &str) {
    for entry in fs::read_dir(dir).expect("a readable directory") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            substitute(&path, home);
        } else if path.extension().is_some_and(|e| e == "toml")
            && let Ok(text) = fs::read_to_string(&path)
            && text.contains("@HOME@")
        {
            fs::write(&path, text.replace("@HOME@", home)).expect("our own copy");
        }
    }
}

impl Answer {
    /// The state that this answer means (fixtures/README: mapping).
    pub fn state(&self) -> &'static str {
        match self.drift_type.as_deref() {
            None if self.baseline_hash.is_some() && self.baseline_hash != self.project_sha => "converged",
            None => "in_sync",
            Some("modified") => "modified",
            Some("outdated") => "outdated",
            Some("conflict") => "conflict",
            Some("removed") if self.local_edits => "removed_modified",
            Some("removed") => "removed",
            Some("missing_in_project") => "deleted",
            Some("added") => "added",
            Some(other) => panic!("{other} is not in the mapping"),
        }
    }
}
