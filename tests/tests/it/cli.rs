//! The command line as people and scripts use it: each command's way and each command's error.

use std::path::Path;

use serde_json::Value;
use skillmeat_tests::library::{CollectionDir, ProjectDir};
use skillmeat_tests::process::{Daemon, Output};
use skillmeat_tests::sandbox::{Sandbox, remove, write};

use crate::binaries;

mod commands;
mod doctor;
mod errors;
mod output;

/// One project with one artifact in each of several states, registered.
struct Stage {
    daemon: Daemon,
    collection: CollectionDir,
    project: ProjectDir,
    sandbox: Sandbox,
}

impl Stage {
    /// `modified`, `outdated`, `conflict`, `deleted`, `removed`, one in sync, one added, one untracked.
    fn new() -> Self {
        let stage = Self::in_sync();
        let Self { collection, project, .. } = &stage;
        write(&project.file("skill:modified"), "edited\n");
        write(&collection.file("skill:outdated"), "newer\n");
        write(&collection.file("agent:conflict"), "newer\n");
        write(&project.file("agent:conflict"), "edited\n");
        remove(&project.path("command:deleted"));
        write(&collection.file("hook:new"), "new\n");
        collection.list(&[
            "skill:modified",
            "skill:outdated",
            "agent:conflict",
            "command:deleted",
            "skill:clean",
            "hook:new",
        ]);
        write(&project.path("skill:stray").join("SKILL.md"), "mine\n");
        stage
    }

    /// Everything as deployed.
    fn in_sync() -> Self {
        let keys =
            ["skill:modified", "skill:outdated", "agent:conflict", "command:deleted", "command:removed", "skill:clean"];
        let sandbox = Sandbox::new(&binaries());
        let (collection, project) = sandbox.app(&keys);
        let daemon = Daemon::start(&sandbox);
        daemon.client().add(&project.root);
        Self { daemon, collection, project, sandbox }
    }

    /// Runs a command inside the project.
    fn inside(&self, args: &[&str]) -> Output {
        self.sandbox.cli_in(&self.project.claude().join("skills"), args, "")
    }
}

/// The state of each item of a status, by `type:name`.
fn states(data: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items =
        data["projects"].as_array().into_iter().flatten().flat_map(|p| p["items"].as_array().into_iter().flatten());
    items.map(|i| (format!("{}:{}", text(&i["type"]), text(&i["name"])), text(&i["state"]))).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("test paths are text")
}
