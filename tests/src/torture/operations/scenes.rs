//! The files that each operation starts from, and what is asked.

use serde_json::{Value, json};

use super::Daemon;
use super::prepare::*;
use crate::library::{CollectionDir, ProjectDir};
use crate::sandbox::{Binaries, Sandbox, write};

/// One operation on files of its own.
pub(super) struct Scene {
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    pub(super) params: fn(&Sandbox) -> Value,
    /// What is done to the common files first.
    prepare: fn(&Sandbox, &CollectionDir, &ProjectDir),
}

fn project(sandbox: &Sandbox) -> String {
    sandbox.projects.join("app").to_str().expect("test paths are text").to_owned()
}

fn of_project(sandbox: &Sandbox, artifacts: &[&str]) -> Value {
    json!({ "project": project(sandbox), "artifacts": artifacts })
}

fn source(sandbox: &Sandbox, name: &str) -> String {
    sandbox.projects.join("elsewhere/skills").join(name).to_str().expect("test paths are text").to_owned()
}

pub(super) const SCENES: &[Scene] = &[
    Scene {
        name: "deploy",
        method: "deploy",
        params: |s| json!({ "projects": [project(s)], "artifacts": ["skill:s2", "agent:a0", "mcp:m0"] }),
        prepare: nothing,
    },
    Scene {
        name: "deploy of what moved on",
        method: "deploy",
        params: |s| json!({ "projects": [project(s)], "artifacts": ["skill:s0"] }),
        prepare: moved_on,
    },
    Scene {
        name: "deploy over something foreign",
        method: "deploy",
        params: |s| json!({ "projects": [project(s)], "artifacts": ["skill:s2"], "in_the_way": "force" }),
        prepare: foreign,
    },
    Scene {
        name: "undeploy",
        method: "undeploy",
        params: |s| of_project(s, &["skill:s0", "command:c0"]),
        prepare: nothing,
    },
    Scene {
        name: "undeploy of what was edited",
        method: "undeploy",
        params: |s| json!({ "project": project(s), "all": true, "force": true }),
        prepare: edited,
    },
    Scene { name: "pull", method: "pull", params: |s| of_project(s, &[]), prepare: moved_on },
    Scene { name: "push", method: "push", params: |s| of_project(s, &[]), prepare: edited },
    Scene {
        name: "pull over edits",
        method: "pull",
        params: |s| json!({ "project": project(s), "artifacts": ["skill:s0"], "strategy": "overwrite" }),
        prepare: edited_on_both_sides,
    },
    Scene {
        name: "pull that keeps the edits",
        method: "pull",
        params: |s| json!({ "project": project(s), "artifacts": ["skill:s0"], "strategy": "ours" }),
        prepare: edited_in_the_same_file,
    },
    Scene {
        name: "sync that merges lines",
        method: "sync_project",
        params: |s| of_project(s, &["skill:s0"]),
        prepare: edited_in_the_same_file,
    },
    Scene {
        name: "sync that marks a conflict",
        method: "sync_project",
        params: |s| json!({ "project": project(s), "artifacts": ["skill:s0"], "strategy": "markers" }),
        prepare: edited_in_the_same_lines,
    },
    Scene {
        name: "a conflict ended with what was decided",
        method: "conflicts.continue",
        params: |s| json!({ "project": project(s), "artifact": "skill:s0" }),
        prepare: edited_in_the_same_lines,
    },
    Scene {
        name: "a conflict about a link ended",
        method: "conflicts.continue",
        params: |s| json!({ "project": project(s), "artifact": "skill:s0" }),
        prepare: edited_behind_a_link,
    },
    Scene {
        name: "sync that merges lines from a snapshot",
        method: "sync_project",
        params: |s| of_project(s, &["skill:s0"]),
        prepare: edited_since_a_snapshot,
    },
    Scene {
        name: "push as a fork",
        method: "push",
        params: |s| json!({ "project": project(s), "artifacts": ["skill:s0"], "strategy": "fork" }),
        prepare: edited_on_both_sides,
    },
    Scene {
        name: "promote with fan-out",
        method: "promote",
        params: |s| json!({ "project": project(s), "artifact": "skill:s0", "fan_out": true, "force": true }),
        prepare: followed_and_edited,
    },
    Scene {
        name: "fan-out",
        method: "fan_out",
        params: |_| json!({ "artifacts": ["skill:s0"] }),
        prepare: followed_and_moved_on,
    },
    Scene { name: "adopt", method: "adopt", params: |s| of_project(s, &["skill:s2"]), prepare: foreign },
    Scene { name: "forget", method: "forget", params: |s| of_project(s, &["skill:s1"]), prepare: nothing },
    Scene {
        name: "import",
        method: "import",
        params: |s| json!({ "project": project(s), "all": true }),
        prepare: untracked,
    },
    Scene {
        name: "add of a new one and over another",
        method: "add",
        params: |s| json!({ "paths": [source(s, "fresh"), source(s, "s0")], "force": true, "tags": ["x"] }),
        prepare: elsewhere,
    },
    Scene {
        name: "remove",
        method: "remove",
        params: |_| json!({ "artifacts": ["skill:s0", "agent:a0"] }),
        prepare: grouped,
    },
    Scene {
        name: "rename",
        method: "rename",
        params: |_| json!({ "artifact": "skill:s0", "to": "renamed" }),
        prepare: grouped,
    },
    Scene {
        name: "tag",
        method: "tag",
        params: |_| json!({ "artifacts": ["skill:s0", "mcp:m0"], "add": ["a", "b"] }),
        prepare: nothing,
    },
    Scene {
        name: "groups.add",
        method: "groups.add",
        params: |_| json!({ "group": "two", "members": ["agent:a0"], "at": 0 }),
        prepare: grouped,
    },
    Scene {
        name: "collection create",
        method: "collections.create",
        params: |_| json!({ "name": "fresh" }),
        prepare: nothing,
    },
    Scene {
        name: "collection rename",
        method: "collections.rename",
        params: |_| json!({ "collection": "default", "to": "renamed" }),
        prepare: nothing,
    },
    Scene {
        name: "collection remove",
        method: "collections.remove",
        params: |_| json!({ "collection": "team", "force": true }),
        prepare: another,
    },
    Scene {
        name: "collection set-default",
        method: "collections.set_default",
        params: |_| json!({ "collection": "team" }),
        prepare: another,
    },
    Scene {
        name: "collection verify",
        method: "collections.verify",
        params: |_| json!({ "fix": true }),
        prepare: verified,
    },
    Scene { name: "rollback", method: "rollback", params: |_| json!({ "snapshot": SNAPSHOT }), prepare: kept },
    Scene {
        name: "rollback of some paths",
        method: "rollback",
        params: |_| json!({ "snapshot": SNAPSHOT, "paths": ["skills/s0", "commands"] }),
        prepare: kept,
    },
    Scene {
        name: "snapshot restore",
        method: "snapshots.restore",
        params: |_| json!({ "snapshot": SNAPSHOT, "collection": "team" }),
        prepare: gone,
    },
    Scene {
        name: "snapshot restore under another name",
        method: "snapshots.restore",
        params: |_| json!({ "snapshot": SNAPSHOT, "to": "beside" }),
        prepare: kept,
    },
    Scene {
        name: "version restore",
        method: "versions.restore",
        params: |s| json!({ "artifact": "skill:s0", "version": "old", "project": project(s) }),
        prepare: versioned,
    },
    Scene {
        name: "version restore into a collection",
        method: "versions.restore",
        params: |_| json!({ "artifact": "skill:s0", "version": "old", "collection": "default" }),
        prepare: versioned_and_moved_on,
    },
    Scene {
        name: "version switch",
        method: "branches.switch",
        params: |_| json!({ "artifact": "skill:s0", "branch": "next" }),
        prepare: versioned_and_moved_on,
    },
    Scene {
        name: "deploy of a branch",
        method: "deploy",
        params: |s| json!({ "projects": [project(s)], "artifacts": ["skill:s0"], "branch": "next", "in_the_way": "force" }),
        prepare: versioned,
    },
    Scene {
        name: "push onto a branch",
        method: "push",
        params: |s| json!({ "project": project(s), "artifacts": ["skill:s0"], "branch": "next", "strategy": "overwrite" }),
        prepare: versioned,
    },
];

impl Scene {
    /// The files, and a home in which no daemon ran.
    pub(super) fn build(&self, binaries: &Binaries) -> Sandbox {
        let sandbox = Sandbox::new(binaries);
        let (collection, project) = (sandbox.collection("default"), sandbox.project("app"));
        let all = ["skill:s0", "skill:s1", "skill:s2", "command:c0", "agent:a0", "mcp:m0"];
        collection.fill(&all);
        for key in ["skill:s0", "skill:s2"] {
            write(&collection.path(key).join("scripts/run.sh"), "echo run\n");
            write(&collection.path(key).join("notes.md"), "notes\n");
            write(&collection.path(key).join("poem.md"), "one\ntwo\nthree\n");
        }
        sandbox.config("[settings]\ndefault-collection = \"default\"\n");
        project.deploy(&collection, &DEPLOYED);
        (self.prepare)(&sandbox, &collection, &project);
        sandbox
    }

    /// Whether it changes a file.
    pub(super) fn is_of_files(&self) -> bool {
        self.name != "push onto a branch"
    }

    /// Makes the projects known.
    pub(super) fn register(&self, sandbox: &Sandbox, daemon: &Daemon) {
        let mut client = daemon.client();
        for name in ["app", "clean", "edited"] {
            let root = sandbox.projects.join(name);
            if root.join(".claude").is_dir() {
                client.add(&root);
            }
        }
        client.status();
        // Collections have no ids before a daemon gave them some.
        if matches!(self.name, "version switch" | "deploy of a branch" | "push onto a branch") {
            let branch = json!({ "artifact": "skill:s0", "branch": "next", "at": "old" });
            daemon.json().result("branches.create", branch);
        }
        if self.method == "conflicts.continue" {
            let mut params = (self.params)(sandbox);
            params["choice"] = json!("both");
            daemon.json().result("conflicts.resolve", params);
        }
    }
}
