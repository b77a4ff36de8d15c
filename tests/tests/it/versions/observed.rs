//! Edits that nobody asked an operation for: kept as versions, unless somebody says that they are not to be.

use std::fs;
use std::time::Instant;

use serde_json::{Value, json};
use skillmeat_protocol::drift::DriftState;
use skillmeat_tests::process::{Daemon, PATIENCE};
use skillmeat_tests::sandbox::write;

use super::{lineage, list, told};
use crate::operations::Site;

/// A site on which edits are kept at once, with these settings too.
fn site(more: &str) -> Site {
    let more = more.to_owned();
    let mut site = Site::new(&["skill:a", "skill:b"], move |sandbox, _, _| {
        sandbox.config(&format!(
            "[settings]\ndefault-collection = \"default\"\n[history]\nobserve-after-seconds = 0\n{more}\n"
        ));
    });
    site.run("deploy", json!({"all": true}));
    site
}

/// Asks until an artifact has so many versions.
#[track_caller]
fn wait_for(site: &mut Site, key: &str, count: usize) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let answer = site.json.result("versions.list", json!({"artifact": key}));
        let versions = list(&answer["versions"]).clone();
        if versions.len() >= count {
            assert_eq!(versions.len(), count, "{answer}");
            return versions;
        }
        assert!(began.elapsed() < PATIENCE, "{answer}");
    }
}

#[test]
fn every_edit_that_settles_is_a_version_made_of_the_one_before() {
    let mut site = site("");
    for (n, text) in ["one\n", "two\n", "three\n"].iter().enumerate() {
        write(&site.project.file("skill:a"), text);
        wait_for(&mut site, "skill:a", n + 2);
    }
    let want = [
        "1< import found in collection",
        "3<1 local_modification found in project",
        "4<3 local_modification found in project",
        "5<4 local_modification found in project",
    ];
    assert_eq!(lineage(&mut site, "skill:a"), want);
    // An edit in the collection, of what is deployed.
    write(&site.collection.file("skill:a"), "theirs\n");
    let versions = wait_for(&mut site, "skill:a", 5);
    assert_eq!(told(&versions[0]), "6<1 local_modification found in collection");
    // What an operation makes of both is written down by it, and found by nobody once more.
    let pulled = site.run("pull", json!({"artifacts": ["a"], "strategy": "overwrite"}));
    assert_eq!(pulled["complete"], true, "{pulled}");
    wait_for(&mut site, "skill:a", 5);
    let version = versions[2]["hash"].clone();
    site.run("versions.restore", json!({"artifact": "skill:a", "version": version}));
    assert_eq!(fs::read_to_string(site.project.file("skill:a")).expect("there"), "two\n");
}

#[test]
fn what_was_edited_while_no_daemon_ran_is_kept_too() {
    let mut site = site("");
    let Site { daemon, collection, project, sandbox, .. } = site;
    daemon.terminate();
    write(&project.file("skill:a"), "meanwhile\n");
    site = Site::on_registered(sandbox, collection, project);
    let versions = wait_for(&mut site, "skill:a", 2);
    assert_eq!(told(&versions[0]), "3<1 local_modification found in project");
}

#[test]
fn what_is_not_to_be_kept_is_not() {
    let except = |site: &Site| format!("observe-except = [\"{}\"]", site.project.text());
    for settings in ["observe = false", "except"] {
        let mut site = site("");
        let settings = if settings == "except" { except(&site) } else { settings.to_owned() };
        let config = format!("[settings]\ndefault-collection = \"default\"\n[history]\n{settings}\n");
        site.sandbox.config(&(config + "observe-after-seconds = 0\n"));
        site.daemon.client().sync();
        write(&site.project.file("skill:a"), "secret\n");
        assert_eq!(site.state("skill:a"), Some(DriftState::Modified));
        // What is edited later elsewhere is kept, so that what is earlier would be.
        let other = site.sandbox.project("other");
        site.daemon.client().add(&other.root);
        site.json.result("deploy", json!({"artifacts": ["b"], "projects": [other.text()]}));
        if settings != "observe = false" {
            write(&other.file("skill:b"), "public\n");
            wait_for(&mut site, "skill:b", 2);
        }
        wait_for(&mut site, "skill:a", 1);
    }
}

#[test]
fn of_what_is_too_large_the_hash_is_known() {
    let mut site = site("observe-max-bytes = 100");
    write(&site.project.file("skill:a"), "x".repeat(101));
    let versions = wait_for(&mut site, "skill:a", 2);
    assert_eq!((&versions[0]["kept"], &versions[0]["parents"][0]["version"]), (&json!(false), &json!(1)));
    let version = versions[0]["hash"].clone();
    let refused = site.refusal("versions.restore", json!({"artifact": "skill:a", "version": version}));
    assert!(refused["message"].as_str().expect("text").contains("not kept"), "{refused}");
    write(&site.project.file("skill:a"), "small\n");
    let versions = wait_for(&mut site, "skill:a", 3);
    assert_eq!((&versions[0]["kept"], &versions[0]["parents"][0]["version"]), (&json!(true), &json!(3)));
}

#[test]
fn without_a_history_drift_is_told_all_the_same() {
    let site = site("");
    let Site { daemon, collection, project, sandbox, .. } = site;
    daemon.terminate();
    write(&sandbox.home.join("daemon/history.db"), "damaged");
    let site = Site::on_registered(sandbox, collection, project);
    for text in ["one\n", "two\n"] {
        write(&site.project.file("skill:a"), text);
        assert_eq!(site.state("skill:a"), Some(DriftState::Modified));
    }
    let Site { daemon, sandbox, .. } = site;
    daemon.terminate();
    assert_eq!(fs::read(sandbox.home.join("daemon/history.db")).expect("there"), b"damaged");
    Daemon::start(&sandbox).terminate();
}
