//! The files that each operation starts from, and what is asked.

use serde_json::{Value, json};

use super::{Daemon, store};
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

/// Deployed in the project of every scene.
const DEPLOYED: [&str; 3] = ["skill:s0", "skill:s1", "command:c0"];

fn project(sandbox: &Sandbox) -> String {
    sandbox.projects.join("app").to_str().expect("test paths are text").to_owned()
}

fn of_project(sandbox: &Sandbox, artifacts: &[&str]) -> Value {
    json!({ "project": project(sandbox), "artifacts": artifacts })
}

fn nothing(_: &Sandbox, _: &CollectionDir, _: &ProjectDir) {}

/// Moves the collection on: a file changed, one new in a new directory, one gone.
fn moved_on(_: &Sandbox, collection: &CollectionDir, _: &ProjectDir) {
    let skill = collection.path("skill:s0");
    write(&skill.join("SKILL.md"), "as it is in the collection by now\n");
    write(&skill.join("new/deep/file.txt"), "new\n");
    std::fs::remove_file(skill.join("scripts/run.sh")).expect("it was made");
}

fn edited(_: &Sandbox, _: &CollectionDir, project: &ProjectDir) {
    let skill = project.path("skill:s0");
    write(&skill.join("SKILL.md"), "edited here\n");
    write(&skill.join("mine.md"), "mine\n");
}

fn edited_on_both_sides(_: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    write(&collection.path("skill:s0").join("notes.md"), "notes of the collection\n");
    write(&project.path("skill:s0").join("mine.md"), "mine\n");
}

/// Both sides changed the same file, and what they come from is known. Each has a change of its own beside that.
fn edited_in_the_same_file(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    let (there, here) = (collection.path("skill:s0"), project.path("skill:s0"));
    store::remember(&sandbox.home.join("daemon/history.db"), &there);
    write(&there.join("poem.md"), "one\ntwo\nthree as in the collection\n");
    write(&there.join("new/deep/file.txt"), "new\n");
    write(&here.join("poem.md"), "one as in the project\ntwo\nthree\n");
    std::fs::remove_file(here.join("notes.md")).expect("it was made");
}

/// Two more projects have what was deployed: one as it was, and one edited.
fn followed(sandbox: &Sandbox, collection: &CollectionDir, _: &ProjectDir) {
    for name in ["clean", "edited"] {
        sandbox.project(name).deploy(collection, &DEPLOYED);
    }
    write(&sandbox.projects.join("edited/.claude/skills/s0/mine.md"), "mine\n");
}

/// The same, after the collection moved on.
fn followed_and_moved_on(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    followed(sandbox, collection, project);
    moved_on(sandbox, collection, project);
}

/// The same, after an edit in the first one.
fn followed_and_edited(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    followed(sandbox, collection, project);
    edited(sandbox, collection, project);
}

/// Both sides changed the same lines, and what they come from is known.
fn edited_in_the_same_lines(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    edited_in_the_same_file(sandbox, collection, project);
    write(&collection.path("skill:s0").join("poem.md"), "one\ntwo as in the collection\nthree\n");
    write(&project.path("skill:s0").join("poem.md"), "one\ntwo as in the project\nthree\n");
}

/// The same where only a snapshot of the original has what they come from.
fn edited_since_a_snapshot(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    pack(sandbox, collection);
    write(&collection.path("skill:s0").join("poem.md"), "one\ntwo\nthree as in the collection\n");
    write(&project.path("skill:s0").join("poem.md"), "one as in the project\ntwo\nthree\n");
}

fn foreign(_: &Sandbox, _: &CollectionDir, project: &ProjectDir) {
    write(&project.path("skill:s2").join("SKILL.md"), "nobody deployed this\n");
    write(&project.path("skill:s2").join("node_modules/kept.js"), "kept\n");
}

fn untracked(_: &Sandbox, _: &CollectionDir, project: &ProjectDir) {
    write(&project.path("skill:own").join("SKILL.md"), "---\ndescription: my own\ntags: [a, b]\n---\nown\n");
    write(&project.path("command:mine"), "my own command\n");
}

/// Files that an `add` is asked for, of a new artifact and of one that is there.
fn elsewhere(sandbox: &Sandbox, _: &CollectionDir, _: &ProjectDir) {
    let source = sandbox.projects.join("elsewhere/skills");
    write(&source.join("fresh/SKILL.md"), "---\ndescription: fresh\ntags: [a]\n---\nfresh\n");
    write(&source.join("s0/SKILL.md"), "another one of that name\n");
}

/// A group of two, another after a gap, and a lock.
fn grouped(_: &Sandbox, collection: &CollectionDir, _: &ProjectDir) {
    let manifest = std::fs::read_to_string(collection.manifest()).expect("it was made");
    let groups = "\n[[groups]]\nname = \"one\"\nposition = 0\nmembers = [\"skill:s0\", \"agent:a0\"]\n\
                  \n[[groups]]\nname = \"two\"\nposition = 4\nmembers = [\"skill:s0\", \"skill:dead\"]\n";
    write(&collection.manifest(), manifest + groups);
    let locked = |name: &str, digit: &str| {
        format!(
            "\n[lock.entries.\"{name}\"]\ncontent_hash = \"{}\"\nfetched = \"2026-01-01T00:00:00\"\n",
            digit.repeat(64)
        )
    };
    let lock = format!("[lock]\nversion = \"1.0.0\"\n{}{}", locked("s0::skill", "a"), locked("old::skill", "b"));
    write(&collection.root.join("collection.lock"), lock);
}

/// Everything that verifying repairs.
fn verified(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    grouped(sandbox, collection, project);
    write(&collection.path("command:stray"), "not in the manifest\n");
}

fn another(sandbox: &Sandbox, _: &CollectionDir, _: &ProjectDir) {
    sandbox.collection("team").fill(&["skill:t0", "command:t1"]);
}

fn source(sandbox: &Sandbox, name: &str) -> String {
    sandbox.projects.join("elsewhere/skills").join(name).to_str().expect("test paths are text").to_owned()
}

/// What was deployed is a version with a tag; the project has something else now.
fn versioned(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    store::tagged(&sandbox.home.join("daemon/history.db"), &collection.path("skill:s0"), "skill:s0", "old");
    edited(sandbox, collection, project);
}

/// The same, where the collection moved on.
fn versioned_and_moved_on(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    store::tagged(&sandbox.home.join("daemon/history.db"), &collection.path("skill:s0"), "skill:s0", "old");
    moved_on(sandbox, collection, project);
}

/// A snapshot in the layout of the original, of what the collection was before it was changed in every way.
fn kept(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    pack(sandbox, collection);
    moved_on(sandbox, collection, project);
    std::fs::remove_file(collection.path("command:c0")).expect("it was made");
    let skill = collection.path("skill:s2");
    std::fs::remove_file(skill.join("notes.md")).expect("it was made");
    write(&skill.join("notes.md/inner.md"), "a directory by now\n");
}

/// A snapshot of a collection that is gone.
fn gone(sandbox: &Sandbox, _: &CollectionDir, _: &ProjectDir) {
    let team = sandbox.collection("team");
    team.fill(&["skill:t0", "command:t1"]);
    pack(sandbox, &team);
    std::fs::remove_dir_all(&team.root).expect("it was made");
}

fn pack(sandbox: &Sandbox, collection: &CollectionDir) {
    let shelf = sandbox.home.join("snapshots").join(&collection.name);
    std::fs::create_dir_all(&shelf).expect("a directory of the sandbox");
    let archive = shelf.join(format!("{SNAPSHOT}.tar.gz"));
    let file = std::fs::File::create(&archive).expect("a file of the sandbox");
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
    tar.append_dir_all(&collection.name, &collection.root).expect("packed");
    tar.into_inner().and_then(|gzip| gzip.finish()).expect("packed");
    let list = format!(
        "[[snapshots]]\nid = \"{SNAPSHOT}\"\ntimestamp = \"2026-01-01T00:00:00\"\nmessage = \"kept\"\n\
         artifact_count = 2\ntarball_path = \"{}\"\n",
        archive.display()
    );
    write(&shelf.join("snapshots.toml"), list);
}

/// The snapshot of every scene that has one.
const SNAPSHOT: &str = "20260101-000000-000000";

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
        if matches!(self.name, "version switch" | "deploy of a branch") {
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
