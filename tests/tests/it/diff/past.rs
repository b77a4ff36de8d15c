//! Versions and snapshots as sides of a difference.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};
use skillmeat_tests::files;
use skillmeat_tests::patches::apply::apply;
use skillmeat_tests::sandbox::{remove, write};

use super::{SKILL, Scene, labels, paths, read};

/// The hash of the version that the skill has in the project.
fn now(scene: &Scene) -> String {
    let versions = scene.inside(&["versions", SKILL, "--json"]).data();
    let is_here =
        |version: &&Value| version["now"].as_array().expect("a list").iter().any(|place| place["project"].is_string());
    let all = versions["versions"].as_array().expect("a list").iter();
    all.clone().find(is_here).expect("it is known")["hash"].as_str().expect("text").to_owned()
}

/// The lines of the only file that differs.
fn lines(data: &Value) -> Vec<String> {
    assert_eq!(paths(data).len(), 1, "{data}");
    let lines = data["files"][0]["hunks"][0]["lines"].as_array().expect("lines");
    let told = |line: &Value| match line["op"].as_str() {
        Some("context") => None,
        op => Some(format!("{} {}", op.expect("text"), line["text"].as_str().expect("text").trim_end())),
    };
    lines.iter().filter_map(told).collect()
}

fn pushed(scene: &Scene, text: &str) -> String {
    write(&scene.project.file(SKILL), text);
    scene.inside(&["push", SKILL]).ok();
    now(scene)
}

fn snapshot(scene: &Scene) -> String {
    let data = scene.inside(&["snapshot", "create", "--json"]).data();
    data["snapshot"]["id"].as_str().expect("text").to_owned()
}

#[test]
fn versions_are_compared_with_each_other_and_with_what_is_there() {
    let scene = Scene::new();
    let first = now(&scene);
    let second = pushed(&scene, "two\n");
    write(&scene.project.file(SKILL), "three\n");
    scene.inside(&["version", "tag", SKILL, &second, "good"]).ok();
    let roots = [scene.collection.root.clone(), scene.project.root.clone()];
    let before = roots.clone().map(|root| files::state(&root, &[]));
    let diff = |args: &[&str]| scene.inside(&[&["version", "diff", SKILL, "--json"], args].concat()).data();
    let by_tag = diff(&[&first[..8], "good"]);
    assert_eq!(labels(&by_tag), (format!("version {}", &first[..8]), format!("version {}", &second[..8])));
    assert_eq!(lines(&by_tag), ["removed one", "removed three", "removed four", "removed five"]);
    assert_eq!(by_tag["to"]["side"], json!({"version": second}), "{by_tag}");
    assert_eq!(by_tag["to"]["content_hash"], second.as_str());
    // Without a second side: what is in the project, else what is in the collection.
    assert_eq!(lines(&diff(&["good"])), ["removed two", "added three"]);
    assert_eq!(diff(&["good", "version:good"])["identical"], true);
    assert_eq!(scene.data(&["--from", "good", "--to", "collection"])["identical"], true);
    assert_eq!(lines(&scene.data(&["--to", "good"])), ["removed three", "added two"]);
    let elsewhere = |args: &[&str]| scene.sandbox.cli(&[&["version", "diff", SKILL, "--json"], args].concat());
    assert_eq!(elsewhere(&["good"]).data()["to"]["label"], "collection default");
    assert_eq!(lines(&elsewhere(&["good", &first[..8], "--project", "app"]).data()).len(), 4);
    assert_eq!(roots.map(|root| files::state(&root, &[])), before);
    // What is printed is a patch.
    let printed = scene.inside(&["version", "diff", SKILL, "good"]);
    let old = read(&scene.collection.path(SKILL), "pdf");
    assert_eq!(apply(printed.ok().as_bytes(), &old), Ok(read(&scene.project.path(SKILL), "pdf")));
    // Gone from everywhere.
    scene.inside(&["undeploy", SKILL, "--force"]).ok();
    scene.inside(&["remove", SKILL]).ok();
    assert_eq!(lines(&diff(&["good", &first[..8]])).len(), 4);
    assert_eq!(lines(&elsewhere(&["good", &first[..8]]).data()).len(), 4);
}

#[test]
fn an_artifact_is_compared_as_a_snapshot_holds_it() {
    let scene = Scene::new();
    let theirs = scene.collection.path(SKILL);
    write(&theirs.join("lib/a b.txt"), "as it was\r\n");
    fs::hard_link(theirs.join("lib/a b.txt"), theirs.join("zz.txt")).expect("our own directory");
    symlink("lib/a b.txt", theirs.join("link.txt")).expect("our own directory");
    symlink("lib", theirs.join("directory")).expect("our own directory");
    write(&theirs.join(".DS_Store"), "junk");
    let held = || {
        let mut files = read(&theirs, "pdf");
        files.retain(|path, _| path != b"pdf/.DS_Store" && !path.starts_with(b"pdf/directory/"));
        files
    };
    let old = held();
    let id = snapshot(&scene);
    let side = format!("snapshot:{id}");
    assert_eq!(scene.data(&["--from", &side, "--to", "collection"])["identical"], true, "links are read through");
    remove(&theirs.join("link.txt"));
    write(&theirs.join("zz.txt"), "another one\n");
    write(&theirs.join("new.txt"), "new");
    fs::write(theirs.join("lib/a b.txt"), "as it is\n").expect("our own file");
    let data = scene.data(&["--from", &side, "--to", "collection"]);
    let differing = ["pdf/lib/a b.txt", "pdf/link.txt", "pdf/new.txt", "pdf/zz.txt"];
    assert_eq!(
        (paths(&data), &data["from"]["label"]),
        (differing.to_vec(), &json!(format!("snapshot {id} of default")))
    );
    for (from, to, have, want) in [(&*side, "collection", &old, held()), ("collection", &*side, &held(), old.clone())] {
        let printed = scene.inside(&["diff", SKILL, "--from", from, "--to", to]);
        assert_eq!(apply(printed.ok().as_bytes(), have), Ok(want), "{from} to {to}");
    }
    let counted = scene.inside(&["diff", SKILL, "--from", &side, "--to", "collection", "--stat"]);
    assert!(counted.ok().contains("4 files changed"), "{counted:?}");
    // One that it does not have is nothing there.
    scene.collection.put("command:review", "new\n");
    scene.collection.list(&[SKILL, "command:review"]);
    let data = scene.sandbox.cli(&["diff", "command:review", "--from", &side, "--to", "collection", "--json"]).data();
    assert_eq!((&data["from"]["present"], paths(&data)), (&json!(false), vec!["review.md"]), "{data}");
    // Two snapshots.
    let second = snapshot(&scene);
    let data = scene.data(&["--from", &side, "--to", &second]);
    assert_eq!(paths(&data), differing);
}

#[test]
fn a_word_that_fits_several_is_asked_about() {
    let scene = Scene::new();
    let first = now(&scene);
    pushed(&scene, "two\n");
    let id = snapshot(&scene);
    assert_eq!(scene.data(&["--from", &id])["from"]["side"], json!({"snapshot": id}));
    for tag in ["project", "2026-11-21"] {
        scene.inside(&["version", "tag", SKILL, &first, tag]).ok();
    }
    assert_eq!(labels(&scene.data(&["--from", "project"])).0, "project app");
    let version = format!("version {}", &first[..8]);
    assert_eq!(labels(&scene.data(&["--from", "version:project"])).0, version);
    assert_eq!(labels(&scene.data(&["--from", "2026-11-21"])).0, version);
    for (side, code, message, hint) in [
        ("nowhere", 3, "'nowhere' is neither a version of skill:pdf nor a snapshot", "skillmeat versions skill:pdf"),
        ("version:nowhere", 3, "skill:pdf has no version 'nowhere'", "skillmeat versions skill:pdf"),
        ("snapshot:nowhere", 3, "there is no snapshot 'nowhere'", "skillmeat snapshot list"),
        ("snapshot:2", 3, "", "write more of it"),
    ] {
        if side == "snapshot:2" {
            snapshot(&scene);
            write(&scene.collection.file(SKILL), "three\n");
            snapshot(&scene);
        }
        let refused = scene.inside(&["diff", SKILL, "--from", side]);
        assert_eq!(refused.code, Some(code), "{refused:?}");
        assert!(refused.stderr.contains(message) && refused.stderr.contains(hint), "{side}: {refused:?}");
    }
}

#[test]
fn a_damaged_archive_is_no_empty_side() {
    let scene = Scene::new();
    let id = snapshot(&scene);
    let side = format!("snapshot:{id}");
    let archive = scene.sandbox.home.join(format!("snapshots/default/{id}.tar.gz"));
    let whole = fs::read(&archive).expect("it is there");
    for (what, bytes, message) in [
        ("cut off", &whole[..whole.len() / 2], "cannot be used"),
        ("empty", &[][..], "cannot be used"),
        ("of something else", b"no archive", "cannot be used"),
    ] {
        fs::write(&archive, bytes).expect("our own file");
        let refused = scene.inside(&["diff", SKILL, "--from", &side]);
        assert!(refused.code == Some(3) && refused.stderr.contains(message), "{what}: {refused:?}");
    }
    remove(&archive);
    let refused = scene.inside(&["diff", SKILL, "--from", &side]);
    assert!(refused.stderr.contains("is not there any more"), "{refused:?}");
}
