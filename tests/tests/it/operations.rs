//! Operations on files, attacked as by somebody who means harm: through the real daemon, with the files as the witness.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use skillmeat_protocol::drift::DriftState;
use skillmeat_tests::json::JsonClient;
use skillmeat_tests::library::{CollectionDir, ProjectDir};
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::Sandbox;
use skillmeat_tests::torture::operations::{Files, difference, files};

use crate::binaries;

mod crowds;
mod events;
mod interference;
mod merging;
mod names;
mod obstacles;
mod original;
mod pasted;
mod paths;
mod promises;
mod rollback;
mod rollback_merging;
mod snapshots;
mod table;

/// A collection and a project, and a daemon that knows both.
pub(crate) struct Site {
    pub(crate) json: JsonClient,
    pub(crate) daemon: Daemon,
    pub(crate) collection: CollectionDir,
    pub(crate) project: ProjectDir,
    pub(crate) sandbox: Sandbox,
}

impl Site {
    /// The collection holds these artifacts; the rest is done by `prepare` before the daemon starts.
    pub(crate) fn new(keys: &[&str], prepare: impl FnOnce(&Sandbox, &CollectionDir, &ProjectDir)) -> Self {
        let sandbox = Sandbox::new(&binaries());
        let (collection, project) = (sandbox.collection("default"), sandbox.project("app"));
        collection.fill(keys);
        prepare(&sandbox, &collection, &project);
        Self::on(sandbox, collection, project)
    }

    /// A daemon for files that are there.
    pub(crate) fn on(sandbox: Sandbox, collection: CollectionDir, project: ProjectDir) -> Self {
        let daemon = Daemon::start(&sandbox);
        daemon.client().add(&project.root);
        Self { json: daemon.json(), daemon, collection, project, sandbox }
    }

    /// The daemon ends, and with it what it does while nobody waits; another one begins.
    pub(crate) fn restarted(self) -> Self {
        let Self { json, daemon, collection, project, sandbox } = self;
        drop(json);
        daemon.terminate();
        Self::on_registered(sandbox, collection, project)
    }

    /// A daemon for files that another one knew.
    pub(crate) fn on_registered(sandbox: Sandbox, collection: CollectionDir, project: ProjectDir) -> Self {
        let daemon = Daemon::start(&sandbox);
        Self { json: daemon.json(), daemon, collection, project, sandbox }
    }

    /// Runs an operation on the project; its answer.
    #[track_caller]
    pub(crate) fn run(&mut self, method: &str, params: Value) -> Value {
        let params = self.with_project(method, params);
        self.json.result(method, params)
    }

    /// Runs an operation on the project that must be refused as a whole; why.
    #[track_caller]
    pub(crate) fn refusal(&mut self, method: &str, params: Value) -> Value {
        let params = self.with_project(method, params);
        self.json.error(method, params)
    }

    fn with_project(&self, method: &str, mut params: Value) -> Value {
        let project = self.project.text();
        let map = params.as_object_mut().expect("parameters are an object");
        match method {
            "undo" => {}
            "deploy" => drop(map.entry("projects").or_insert(json!([project]))),
            _ => drop(map.entry("project").or_insert(json!(project))),
        }
        params
    }

    /// Undoes the last operation, which must work.
    #[track_caller]
    pub(crate) fn undo(&mut self) {
        let undone = self.run("undo", json!({}));
        assert_eq!(undone["complete"], true, "{undone}");
    }

    /// The state of an artifact in the project, current.
    #[track_caller]
    pub(crate) fn state(&self, key: &str) -> Option<DriftState> {
        self.daemon.client().state(&self.project.text(), key)
    }

    /// All files of collections and projects, without the times that the original's files hold.
    #[track_caller]
    pub(crate) fn files(&self) -> Files {
        files(&self.sandbox).expect("readable")
    }

    /// Nothing but times differs from what the files were.
    #[track_caller]
    pub(crate) fn is_as(&self, before: &Files, what: &str) {
        let found = self.files();
        assert!(found == *before, "{what}: {}", difference(&found, before, before));
    }
}

/// The first item of an answer.
#[track_caller]
pub(crate) fn first(answer: &Value) -> &Value {
    answer["items"].get(0).unwrap_or_else(|| panic!("no item: {answer}"))
}

/// Paths of which something differs.
fn changed<'f>(before: &'f Files, after: &'f Files) -> BTreeSet<&'f str> {
    let names = before.keys().chain(after.keys());
    names.filter(|name| before.get(*name) != after.get(*name)).map(String::as_str).collect()
}
