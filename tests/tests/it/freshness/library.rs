//! Writes to collections, manifests, records and settings.

use std::fs;

use skillmeat_protocol::drift::DriftState::*;
use skillmeat_tests::client::Client;
use skillmeat_tests::library::{record, recorded_hash};
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::{Sandbox, remove, save_atomically, write};

use super::{KEYS, Stage};
use crate::binaries;

#[test]
fn updates_of_the_collection() {
    let mut stage = Stage::new();
    let file = stage.collection.file("skill:pdf");
    save_atomically(&file, "newer\n");
    stage.expect("skill:pdf", Outdated);
    write(&stage.project.file("skill:pdf"), "other\n");
    stage.expect("skill:pdf", Conflict);
    write(&stage.project.file("skill:pdf"), "newer\n");
    stage.expect("skill:pdf", Converged);
    remove(&stage.collection.path("skill:csv"));
    stage.expect("skill:csv", Removed);
    write(&stage.project.file("skill:csv"), "the only copy\n");
    stage.expect("skill:csv", RemovedModified);
    stage.collection.put("skill:csv", "back, and different\n");
    stage.expect("skill:csv", Conflict);
}

#[test]
fn edits_of_the_manifest() {
    let mut stage = Stage::new();
    stage.collection.list(&["skill:csv", "command:review"]);
    stage.expect("skill:pdf", Removed);
    stage.expect("skill:csv", InSync);
    write(&stage.project.file("skill:pdf"), "edited\n");
    stage.expect("skill:pdf", RemovedModified);
    stage.collection.list(&KEYS);
    stage.expect("skill:pdf", Modified);
    stage.collection.put("hook:lint", "new\n");
    stage.expect("hook:lint", None);
    stage.collection.list(&[&KEYS[..], &["hook:lint"]].concat());
    stage.expect("hook:lint", Added);
    let artifact = stage.client.list().artifacts.into_iter().find(|a| a.name == "lint").expect("listed");
    assert!(artifact.in_manifest && artifact.on_disk);
    // The same place, occupied by something that nobody deployed.
    write(&stage.project.path("hook:lint"), "mine\n");
    stage.expect("hook:lint", Foreign);
    remove(&stage.project.path("hook:lint"));
    stage.expect("hook:lint", Added);
    remove(&stage.collection.manifest());
    stage.collection.list(&KEYS);
    stage.expect("hook:lint", None);
}

#[test]
fn edits_of_the_records() {
    let mut stage = Stage::new();
    let hash = |text: &[u8]| {
        let path = stage.sandbox.root.join("hashed");
        write(&path, text);
        recorded_hash(&path)
    };
    let other = hash(b"something else");
    let path = stage.project.records();
    save_atomically(&path, record("skill:pdf", "default", &other));
    stage.expect("skill:pdf", Converged);
    stage.expect("skill:csv", Foreign);
    write(&path, record("skill:csv", "default", &recorded_hash(&stage.project.path("skill:csv"))));
    stage.expect("skill:csv", InSync);
    stage.expect("skill:pdf", Foreign);
    write(&path, record("skill:csv", "nowhere", &recorded_hash(&stage.project.path("skill:csv"))));
    stage.expect("skill:csv", Removed);
    remove(&path);
    stage.expect("skill:csv", Untracked);
}

#[test]
fn collections_that_come_go_and_change_their_name() {
    let mut stage = Stage::new();
    let ids = |client: &mut Client| -> Vec<(String, String)> {
        client.collections().collections.into_iter().map(|c| (c.name, c.id)).collect()
    };
    let first = ids(&mut stage.client);
    let collections = stage.sandbox.home.join("collections");
    fs::rename(collections.join("default"), collections.join("renamed")).expect("it is there");
    let renamed = ids(&mut stage.client);
    assert_eq!((renamed[0].0.as_str(), &renamed[0].1), ("renamed", &first[0].1), "its identity follows the directory");
    // Records still say `default`.
    stage.expect("skill:pdf", InSync);
    write(&collections.join("renamed/skills/pdf/SKILL.md"), "newer\n");
    stage.expect("skill:pdf", Outdated);

    let second = stage.sandbox.collection("second");
    second.fill(&["agent:new"]);
    assert_eq!(ids(&mut stage.client).len(), 2);
    let aside = stage.sandbox.root.join("aside");
    fs::rename(collections.join("renamed"), &aside).expect("it is there");
    assert_eq!(ids(&mut stage.client).len(), 1);
    stage.expect("skill:csv", Removed);
    fs::rename(&aside, collections.join("renamed")).expect("it is there");
    stage.expect("skill:csv", InSync);
    assert!(ids(&mut stage.client).contains(&renamed[0]));
    remove(&collections);
    assert_eq!(ids(&mut stage.client), []);
    stage.sandbox.collection("default").fill(&KEYS);
    stage.expect("skill:csv", InSync);
}

#[test]
fn settings() {
    let mut stage = Stage::new();
    let default = |client: &mut Client| -> Vec<String> {
        client.collections().collections.into_iter().filter(|c| c.default).map(|c| c.name).collect()
    };
    assert_eq!(default(&mut stage.client), ["default"]);
    stage.sandbox.collection("team").fill(&["skill:pdf"]);
    stage.sandbox.config("[settings]\ndefault-collection = \"team\"\n");
    assert_eq!(default(&mut stage.client), ["team"]);
    // A record that names no collection came from the default one.
    let text = record("skill:pdf", "default", &recorded_hash(&stage.project.path("skill:pdf")));
    write(&stage.project.records(), text.replace("from_collection = \"default\"\n", ""));
    let item = stage.client.item("app", "skill:pdf").expect("listed");
    assert_eq!((item.collection.as_deref(), item.state), (Some("team"), Outdated));
    save_atomically(&stage.sandbox.home.join("config.toml"), "[settings]\ndefault-collection = \"default\"\n");
    let item = stage.client.item("app", "skill:pdf").expect("listed");
    assert_eq!((item.collection.as_deref(), item.state), (Some("default"), InSync));

    // A collection elsewhere, named in the settings, then no more.
    let far = stage.sandbox.root.join("far/shared");
    write(&far.join("collection.toml"), "[collection]\nname = \"shared\"\n");
    let names = |client: &mut Client| client.collections().collections.len();
    assert_eq!(names(&mut stage.client), 2);
    stage.sandbox.config(&format!("[daemon]\ncollections = [{far:?}]\n"));
    assert_eq!(names(&mut stage.client), 3);
    remove(&stage.sandbox.home.join("config.toml"));
    assert_eq!(names(&mut stage.client), 2);
}

#[test]
fn a_home_that_is_made_later() {
    let mut sandbox = Sandbox::new(&binaries());
    let home = sandbox.root.join("later");
    sandbox.set("SKILLMEAT_HOME", &home);
    sandbox.home = home;
    let daemon = Daemon::start(&sandbox);
    let mut client = daemon.client();
    assert_eq!(client.collections().collections.len(), 0);
    sandbox.collection("default").fill(&["skill:pdf"]);
    assert_eq!(client.list().artifacts.len(), 1);
}

#[test]
fn metadata_follows_the_file() {
    let mut stage = Stage::new();
    let described = |client: &mut Client| {
        let artifact = client.list().artifacts.into_iter().find(|a| a.name == "pdf").expect("listed");
        (artifact.description, artifact.version)
    };
    write(&stage.collection.file("skill:pdf"), "---\ndescription: one\nversion: 1.2\n---\n");
    assert_eq!(described(&mut stage.client), (Some("one".into()), Some("1.2".into())));
    save_atomically(&stage.collection.file("skill:pdf"), "---\ndescription: two\n---\n");
    assert_eq!(described(&mut stage.client), (Some("two".into()), None));
}
