//! Writes to the files of deployed copies.

use std::fs;
use std::os::unix::fs::symlink;

use skillmeat_protocol::drift::DriftState::*;
use skillmeat_tests::library::recorded_hash;
use skillmeat_tests::sandbox::{copy_tree, remove, save_atomically, write};

use super::Stage;

#[test]
fn writes_to_files_of_a_copy() {
    let mut stage = Stage::new();
    let file = stage.project.file("skill:pdf");
    let original = fs::read(&file).expect("it was deployed");
    for round in 0..20 {
        write(&file, format!("in place {round}\n"));
        stage.expect("skill:pdf", Modified);
        save_atomically(&file, &original);
        stage.expect("skill:pdf", InSync);
        save_atomically(&file, format!("atomically {round}\n"));
        stage.expect("skill:pdf", Modified);
        write(&file, &original);
        stage.expect("skill:pdf", InSync);
    }
    let extra = stage.project.path("skill:pdf").join("scripts/new.sh");
    write(&extra, "echo\n");
    stage.expect("skill:pdf", Modified);
    let renamed = extra.with_file_name("renamed.sh");
    fs::rename(&extra, &renamed).expect("it is there");
    let before = stage.client.item("app", "skill:pdf").expect("listed").project_hash;
    fs::rename(&renamed, &extra).expect("it is there");
    assert_ne!(stage.client.item("app", "skill:pdf").expect("listed").project_hash, before);
    remove(&extra);
    stage.expect("skill:pdf", InSync);

    let single = stage.project.file("command:review");
    write(&single, "in place\n");
    stage.expect("command:review", Modified);
    remove(&single);
    stage.expect("command:review", Deleted);
    save_atomically(&single, fs::read(stage.collection.file("command:review")).expect("it is there"));
    stage.expect("command:review", InSync);
    let nested = stage.project.file("agent:helper");
    write(&nested, "edited\n");
    stage.expect("agent:helper", Modified);
}

#[test]
fn ignored_files_are_no_drift() {
    let mut stage = Stage::new();
    for name in [".DS_Store", "SKILL.md~", ".SKILL.md.swp", "__pycache__/x.pyc", "4913", "node_modules/a/index.js"] {
        write(&stage.project.path("skill:pdf").join(name), "junk");
        stage.expect("skill:pdf", InSync);
    }
}

#[test]
fn directories_that_come_go_and_change_their_kind() {
    let mut stage = Stage::new();
    let dir = stage.project.path("skill:pdf");
    remove(&dir);
    stage.expect("skill:pdf", Deleted);
    write(&dir, "a file in the place of a directory\n");
    stage.expect("skill:pdf", Modified);
    remove(&dir);
    copy_tree(&stage.collection.path("skill:pdf"), &dir);
    stage.expect("skill:pdf", InSync);

    let aside = stage.sandbox.root.join("aside");
    fs::rename(&dir, &aside).expect("it is there");
    stage.expect("skill:pdf", Deleted);
    fs::rename(&aside, &dir).expect("it is there");
    stage.expect("skill:pdf", InSync);
    // Its watches must be those of the directory that is there now.
    write(&dir.join("SKILL.md"), "edited\n");
    stage.expect("skill:pdf", Modified);

    let container = stage.project.claude().join("skills");
    fs::rename(&container, &aside).expect("it is there");
    stage.expect("skill:csv", Deleted);
    fs::rename(&aside, &container).expect("it is there");
    stage.expect("skill:csv", InSync);
    write(&stage.project.file("skill:csv"), "edited\n");
    stage.expect("skill:csv", Modified);
}

/// Files in directories made a moment before: what recursive watching misses.
#[test]
fn bursts_of_directories_and_files() {
    let mut stage = Stage::new();
    let dir = stage.project.path("skill:pdf");
    for round in 0..25 {
        let deep = dir.join(format!("r{round}/a/b/c"));
        for i in 0..10 {
            write(&deep.join(format!("d{i}/f{i}.md")), format!("{round} {i}\n"));
        }
        let item = stage.client.item("app", "skill:pdf").expect("listed");
        assert_eq!(item.project_hash.map(|h| h.to_string()), Some(recorded_hash(&dir)), "round {round}");
        write(&deep.join("d3/f3.md"), "again\n");
        let item = stage.client.item("app", "skill:pdf").expect("listed");
        assert_eq!(item.project_hash.map(|h| h.to_string()), Some(recorded_hash(&dir)), "round {round}, again");
    }
    for round in 0..10 {
        write(&stage.project.claude().join(format!("skills/new{round}/SKILL.md")), "nobody deployed it\n");
        stage.expect(&format!("skill:new{round}"), Untracked);
    }
    write(&stage.project.claude().join("commands/x/y/z.md"), "nobody deployed it\n");
    stage.expect("command:x/y/z", Untracked);
    remove(&stage.project.claude().join("commands/x"));
    stage.expect("command:x/y/z", None);
}

#[test]
fn skills_that_are_links() {
    let mut stage = Stage::new();
    let dir = stage.project.path("skill:pdf");
    let target = stage.sandbox.root.join("elsewhere/pdf");
    fs::create_dir_all(target.parent().expect("it has one")).expect("a directory of the sandbox");
    fs::rename(&dir, &target).expect("it is there");
    stage.expect("skill:pdf", Deleted);
    symlink(&target, &dir).expect("nothing is there");
    stage.expect("skill:pdf", InSync);
    write(&target.join("SKILL.md"), "edited through the target\n");
    stage.expect("skill:pdf", Modified);
    write(&target.join("deep/er/file.md"), "new\n");
    let hash = stage.client.item("app", "skill:pdf").expect("listed").project_hash;
    assert_eq!(hash.map(|h| h.to_string()), Some(recorded_hash(&target)));
    let gone = target.with_file_name("gone");
    fs::rename(&target, &gone).expect("it is there");
    stage.expect("skill:pdf", Deleted);
    fs::rename(&gone, &target).expect("it is there");
    stage.expect("skill:pdf", Modified);
    // Pointed elsewhere.
    let other = stage.collection.path("skill:pdf");
    remove(&dir);
    symlink(&other, &dir).expect("nothing is there");
    stage.expect("skill:pdf", InSync);
    write(&other.join("SKILL.md"), "both sides are one file\n");
    stage.expect("skill:pdf", Converged);
}

/// Links that only a listing knows: while they lead nowhere they are no artifacts, and nothing but their target says
/// when they are again.
#[test]
fn links_that_no_record_names() {
    let mut stage = Stage::new();
    let (target, gone) = (stage.sandbox.root.join("elsewhere"), stage.sandbox.root.join("gone"));
    write(&target.join("SKILL.md"), "shared\n");
    for key in ["skill:linked", "hook:linked"] {
        let link = stage.project.path(key);
        fs::create_dir_all(link.parent().expect("it has one")).expect("a directory of the sandbox");
        symlink(&target, &link).expect("nothing is there");
        stage.expect(key, Untracked);
        fs::rename(&target, &gone).expect("it is there");
        stage.expect(key, None);
        fs::rename(&gone, &target).expect("it is there");
        stage.expect(key, Untracked);
        write(&target.join("SKILL.md"), format!("for {key}\n"));
        let hash = stage.client.item("app", key).expect("listed").project_hash;
        assert_eq!(hash.map(|h| h.to_string()), Some(recorded_hash(&target)), "{key}");
    }
}

/// What is above the target of a link, and links on the way to it, take it along without an event at the target.
#[test]
fn links_follow_what_they_lead_through() {
    let mut stage = Stage::new();
    let shared = stage.sandbox.root.join("shared");
    write(&shared.join("above/skill/SKILL.md"), "shared\n");
    let (link, way) = (stage.project.path("skill:linked"), shared.join("way"));
    symlink(shared.join("above/skill"), &way).expect("nothing is there");
    symlink(&way, &link).expect("nothing is there");
    stage.expect("skill:linked", Untracked);
    fs::rename(shared.join("above"), shared.join("away")).expect("it is there");
    stage.expect("skill:linked", None);
    fs::rename(shared.join("away"), shared.join("above")).expect("it is there");
    stage.expect("skill:linked", Untracked);
    fs::rename(&way, shared.join("gone")).expect("it is there");
    stage.expect("skill:linked", None);
    write(&shared.join("other/SKILL.md"), "another\n");
    symlink("other", &way).expect("nothing is there");
    let hash = stage.client.item("app", "skill:linked").expect("listed").project_hash;
    assert_eq!(hash.map(|h| h.to_string()), Some(recorded_hash(&shared.join("other"))));
}
