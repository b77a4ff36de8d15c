//! What is done to the common files of a scene before its operation begins.

use super::store;
use crate::library::{CollectionDir, ProjectDir};
use crate::sandbox::{Sandbox, write};

/// Deployed in the project of every scene.
pub(super) const DEPLOYED: [&str; 3] = ["skill:s0", "skill:s1", "command:c0"];

pub(super) fn nothing(_: &Sandbox, _: &CollectionDir, _: &ProjectDir) {}

/// Moves the collection on: a file changed, one new in a new directory, one gone.
pub(super) fn moved_on(_: &Sandbox, collection: &CollectionDir, _: &ProjectDir) {
    let skill = collection.path("skill:s0");
    write(&skill.join("SKILL.md"), "as it is in the collection by now\n");
    write(&skill.join("new/deep/file.txt"), "new\n");
    std::fs::remove_file(skill.join("scripts/run.sh")).expect("it was made");
}

pub(super) fn edited(_: &Sandbox, _: &CollectionDir, project: &ProjectDir) {
    let skill = project.path("skill:s0");
    write(&skill.join("SKILL.md"), "edited here\n");
    write(&skill.join("mine.md"), "mine\n");
}

pub(super) fn edited_on_both_sides(_: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    write(&collection.path("skill:s0").join("notes.md"), "notes of the collection\n");
    write(&project.path("skill:s0").join("mine.md"), "mine\n");
}

/// Both sides changed the same file, and what they come from is known. Each has a change of its own beside that.
pub(super) fn edited_in_the_same_file(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    let (there, here) = (collection.path("skill:s0"), project.path("skill:s0"));
    store::remember(&sandbox.home.join("daemon/history.db"), &there);
    write(&there.join("poem.md"), "one\ntwo\nthree as in the collection\n");
    write(&there.join("new/deep/file.txt"), "new\n");
    write(&here.join("poem.md"), "one as in the project\ntwo\nthree\n");
    std::fs::remove_file(here.join("notes.md")).expect("it was made");
}

/// Two more projects have what was deployed: one as it was, and one edited.
pub(super) fn followed(sandbox: &Sandbox, collection: &CollectionDir, _: &ProjectDir) {
    for name in ["clean", "edited"] {
        sandbox.project(name).deploy(collection, &DEPLOYED);
    }
    write(&sandbox.projects.join("edited/.claude/skills/s0/mine.md"), "mine\n");
}

/// The same, after the collection moved on.
pub(super) fn followed_and_moved_on(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    followed(sandbox, collection, project);
    moved_on(sandbox, collection, project);
}

/// The same, after an edit in the first one.
pub(super) fn followed_and_edited(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    followed(sandbox, collection, project);
    edited(sandbox, collection, project);
}

/// Both sides changed the same lines, and what they come from is known.
pub(super) fn edited_in_the_same_lines(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    edited_in_the_same_file(sandbox, collection, project);
    write(&collection.path("skill:s0").join("poem.md"), "one\ntwo as in the collection\nthree\n");
    write(&project.path("skill:s0").join("poem.md"), "one\ntwo as in the project\nthree\n");
}

/// The same, and the collection's is a link to a file beside it.
pub(super) fn edited_behind_a_link(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    edited_in_the_same_lines(sandbox, collection, project);
    let link = collection.path("skill:s0").join("poem.md");
    std::fs::rename(&link, collection.path("skill:s0").join("../../poem.md")).expect("it was written");
    std::os::unix::fs::symlink("../../poem.md", link).expect("free");
}

/// The same where only a snapshot of the original has what they come from.
pub(super) fn edited_since_a_snapshot(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    pack(sandbox, collection);
    write(&collection.path("skill:s0").join("poem.md"), "one\ntwo\nthree as in the collection\n");
    write(&project.path("skill:s0").join("poem.md"), "one as in the project\ntwo\nthree\n");
}

pub(super) fn foreign(_: &Sandbox, _: &CollectionDir, project: &ProjectDir) {
    write(&project.path("skill:s2").join("SKILL.md"), "nobody deployed this\n");
    write(&project.path("skill:s2").join("node_modules/kept.js"), "kept\n");
}

pub(super) fn untracked(_: &Sandbox, _: &CollectionDir, project: &ProjectDir) {
    write(&project.path("skill:own").join("SKILL.md"), "---\ndescription: my own\ntags: [a, b]\n---\nown\n");
    write(&project.path("command:mine"), "my own command\n");
}

/// Files that an `add` is asked for, of a new artifact and of one that is there.
pub(super) fn elsewhere(sandbox: &Sandbox, _: &CollectionDir, _: &ProjectDir) {
    let source = sandbox.projects.join("elsewhere/skills");
    write(&source.join("fresh/SKILL.md"), "---\ndescription: fresh\ntags: [a]\n---\nfresh\n");
    write(&source.join("s0/SKILL.md"), "another one of that name\n");
}

/// A group of two, another after a gap, and a lock.
pub(super) fn grouped(_: &Sandbox, collection: &CollectionDir, _: &ProjectDir) {
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
pub(super) fn verified(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    grouped(sandbox, collection, project);
    write(&collection.path("command:stray"), "not in the manifest\n");
}

pub(super) fn another(sandbox: &Sandbox, _: &CollectionDir, _: &ProjectDir) {
    sandbox.collection("team").fill(&["skill:t0", "command:t1"]);
}

/// What was deployed is a version with a tag; the project has something else now.
pub(super) fn versioned(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    store::tagged(&sandbox.home.join("daemon/history.db"), &collection.path("skill:s0"), "skill:s0", "old");
    edited(sandbox, collection, project);
}

/// The same, where the collection moved on.
pub(super) fn versioned_and_moved_on(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    store::tagged(&sandbox.home.join("daemon/history.db"), &collection.path("skill:s0"), "skill:s0", "old");
    moved_on(sandbox, collection, project);
}

/// A snapshot in the layout of the original, of what the collection was before it was changed in every way.
pub(super) fn kept(sandbox: &Sandbox, collection: &CollectionDir, project: &ProjectDir) {
    pack(sandbox, collection);
    moved_on(sandbox, collection, project);
    std::fs::remove_file(collection.path("command:c0")).expect("it was made");
    let skill = collection.path("skill:s2");
    std::fs::remove_file(skill.join("notes.md")).expect("it was made");
    write(&skill.join("notes.md/inner.md"), "a directory by now\n");
}

/// A snapshot of a collection that is gone.
pub(super) fn gone(sandbox: &Sandbox, _: &CollectionDir, _: &ProjectDir) {
    let team = sandbox.collection("team");
    team.fill(&["skill:t0", "command:t1"]);
    pack(sandbox, &team);
    std::fs::remove_dir_all(&team.root).expect("it was made");
}

pub(super) fn pack(sandbox: &Sandbox, collection: &CollectionDir) {
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
pub(super) const SNAPSHOT: &str = "20260101-000000-000000";
