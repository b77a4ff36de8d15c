//! Which sides are compared, and what each of them is.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::{Sandbox, remove, write};

use super::{SKILL, Scene, labels, paths};
use crate::binaries;

const COLLECTION: &str = "collection default";
const PROJECT: &str = "project app";

fn pair(from: &str, to: &str) -> (String, String) {
    (from.to_owned(), to.to_owned())
}

#[test]
fn the_state_says_what_is_compared() {
    let scene = Scene::new();
    let (ours, theirs) = (scene.project.file(SKILL), scene.collection.file(SKILL));
    assert_eq!(labels(&scene.data(&[])), pair(COLLECTION, PROJECT), "in sync");
    write(&ours, "edited\n");
    assert_eq!(labels(&scene.data(&[])), pair(COLLECTION, PROJECT), "modified");
    write(&theirs, "newer\n");
    assert_eq!(labels(&scene.data(&[])), pair(COLLECTION, PROJECT), "conflict");
    write(&ours, "one\ntwo\nthree\nfour\nfive\n");
    assert_eq!(labels(&scene.data(&[])), pair(PROJECT, COLLECTION), "outdated");
    remove(&scene.project.path(SKILL));
    let deleted = scene.data(&[]);
    assert_eq!(labels(&deleted), pair(COLLECTION, PROJECT), "deleted");
    assert_eq!((&deleted["to"]["present"], &deleted["files"][0]["status"]), (&json!(false), &json!("removed")));
    scene.inside(&["undeploy", SKILL]).ok();
    let added = scene.data(&[]);
    assert_eq!(labels(&added), pair(PROJECT, COLLECTION), "added");
    assert_eq!((&added["from"]["present"], &added["files"][0]["status"]), (&json!(false), &json!("added")));
    write(&ours, "mine\n");
    assert_eq!(labels(&scene.data(&["--collection", "default"])), pair(COLLECTION, PROJECT), "foreign");
    scene.collection.list(&[]);
    assert_eq!(labels(&scene.data(&[])), pair("no collection", PROJECT), "untracked");
}

#[test]
fn what_was_deployed_is_in_the_history() {
    let scene = Scene::new();
    write(&scene.project.file(SKILL), "one\nTWO\nthree\nfour\nfive\n");
    write(&scene.collection.file(SKILL), "one\ntwo\nthree\nfour\nFIVE\n");
    let removed = |to: &str| {
        let data = scene.data(&["--from", "baseline", "--to", to]);
        assert_eq!(data["from"]["label"], "baseline", "{data}");
        let lines = data["files"][0]["hunks"][0]["lines"].as_array().expect("lines").clone();
        let gone = lines.iter().find(|line| line["op"] == "removed").expect("one").clone();
        (gone["text"].clone(), gone["marks"].clone())
    };
    assert_eq!(removed("project"), (json!("two\n"), json!([])));
    assert_eq!(removed("collection"), (json!("five\n"), json!([])));
    // Gone from the collection: what was edited is what a person wants to see.
    scene.collection.list(&[]);
    assert_eq!(labels(&scene.data(&[])), pair("baseline", PROJECT));
}

#[test]
fn a_baseline_that_nobody_has_is_said_to_be_missing() {
    let sandbox = Sandbox::new(&binaries());
    // Deployed by another program: the history knows nothing of it.
    let (collection, project) = sandbox.app(&[SKILL]);
    let daemon = Daemon::start(&sandbox);
    daemon.client().add(&project.root);
    let inside = |args: &[&str]| sandbox.cli_in(&project.root, args, "");
    write(&project.file(SKILL), "edited\n");
    let by_the_collection = inside(&["diff", SKILL, "--from", "baseline", "--json"]).data();
    assert_eq!(paths(&by_the_collection), ["pdf/SKILL.md"], "the collection is as deployed");
    write(&collection.file(SKILL), "newer\n");
    let refused = inside(&["diff", SKILL, "--from", "baseline"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("no baseline content") && refused.stderr.contains("hint: "), "{refused:?}");
    assert_eq!(inside(&["diff", SKILL, "--exit-code"]).code, Some(1));
}

#[test]
fn a_difference_is_empty_where_the_state_says_so() {
    let scene = Scene::new();
    let (ours, theirs) = (scene.project.path(SKILL), scene.collection.path(SKILL));
    // What no hash counts, a link to the same bytes, an empty directory.
    write(&ours.join(".DS_Store"), "junk");
    write(&ours.join("__pycache__/x.pyc"), "junk");
    fs::create_dir(ours.join("empty")).expect("our own directory");
    let elsewhere = scene.sandbox.write("elsewhere.sh", "#!/bin/sh\n");
    remove(&ours.join("run.sh"));
    symlink(&elsewhere, ours.join("run.sh")).expect("our own directory");
    let state = || scene.daemon.client().item(&scene.project.text(), SKILL).expect("it is there").state.to_string();
    assert_eq!((state().as_str(), &scene.data(&[])["identical"]), ("in_sync", &json!(true)));
    write(&elsewhere, "#!/bin/bash\n");
    let data = scene.data(&[]);
    assert_eq!((state().as_str(), paths(&data)), ("modified", vec!["pdf/run.sh"]));
    assert_eq!(data["files"][0]["kind"], "text");
    write(&theirs.join("build/x"), "counts\n");
    assert_eq!(paths(&scene.data(&[])), ["pdf/build/x", "pdf/run.sh"]);
}

#[test]
fn another_collection_and_another_profile_can_be_meant() {
    let scene = Scene::new();
    let other = scene.sandbox.collection("other");
    other.put(SKILL, "of another collection\n");
    other.list(&[SKILL]);
    let data = scene.data(&["--collection", "other"]);
    assert_eq!((labels(&data), paths(&data)), (pair("collection other", PROJECT), vec!["pdf/SKILL.md", "pdf/run.sh"]));
    scene.inside(&["deploy", SKILL, "--profile", "codex"]).ok();
    let refused = scene.inside(&["diff", SKILL]);
    assert!(refused.code == Some(3) && refused.stderr.contains("claude_code, codex"), "{refused:?}");
    assert_eq!(scene.inside(&["diff", SKILL, "--profile", "codex", "--exit-code"]).ok(), "");
}
