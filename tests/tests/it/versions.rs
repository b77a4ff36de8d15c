//! Versions of artifacts: what operations and edits leave in the history, found again, put back.

use std::fs;

use serde_json::{Value, json};
use skillmeat_protocol::drift::DriftState;
use skillmeat_tests::sandbox::write;

use crate::operations::{Site, first};

mod ancestry;
mod branches;
mod following;
mod observed;
mod paged;
mod past;

/// Versions of an artifact, the oldest first, each as its number, parents, origin and where it was first seen.
#[track_caller]
fn lineage(site: &mut Site, key: &str) -> Vec<String> {
    let answer = site.json.result("versions.list", json!({"artifact": key}));
    let mut told: Vec<String> = list(&answer["versions"]).iter().map(told).collect();
    told.reverse();
    told
}

fn told(version: &Value) -> String {
    let parents: Vec<String> = list(&version["parents"]).iter().map(|parent| parent["version"].to_string()).collect();
    let place = &version["place"];
    let place = if place["project"].is_null() { "collection" } else { "project" };
    let by = if version["operation"].is_null() { "found" } else { "made" };
    let origin = version["origin"].as_str().expect("text");
    assert_eq!(version["kept"], true, "{version}");
    format!("{}<{} {origin} {by} in {place}", version["version"], parents.join("+"))
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

/// The hash of an artifact's version of this number.
#[track_caller]
fn hash(site: &mut Site, key: &str, number: u64) -> String {
    let answer = site.json.result("versions.list", json!({"artifact": key}));
    let found = list(&answer["versions"]).iter().find(|version| version["version"] == number).cloned();
    found.unwrap_or_else(|| panic!("{answer}"))["hash"].as_str().expect("text").to_owned()
}

#[test]
fn every_content_that_operations_find_or_make_is_a_version() {
    let mut site = Site::new(&["skill:a"], |_, _, _| {});
    site.run("deploy", json!({"artifacts": ["a"]}));
    assert_eq!(lineage(&mut site, "skill:a"), ["1< import found in collection"]);
    write(&site.project.file("skill:a"), "edited\n");
    site.run("push", json!({"artifacts": ["a"]}));
    let mut want = vec!["1< import found in collection", "2<1 local_modification found in project"];
    assert_eq!(lineage(&mut site, "skill:a"), want);
    // Edited on both sides: what is overwritten is kept, and knows what it was made of.
    write(&site.project.file("skill:a"), "mine\n");
    write(&site.collection.file("skill:a"), "theirs\n");
    site.run("pull", json!({"artifacts": ["a"], "strategy": "overwrite"}));
    want.extend(["3<2 local_modification found in project", "4<2 local_modification found in collection"]);
    assert_eq!(lineage(&mut site, "skill:a"), want);
    assert_eq!(fs::read_to_string(site.project.file("skill:a")).expect("there"), "theirs\n");
    let mine = hash(&mut site, "skill:a", 3);
    let restored = site.run("versions.restore", json!({"artifact": "a", "version": &mine[..8]}));
    assert_eq!(first(&restored)["outcome"], "updated", "{restored}");
    assert_eq!(fs::read_to_string(site.project.file("skill:a")).expect("there"), "mine\n");
    assert_eq!(site.state("skill:a"), Some(DriftState::Modified), "the record stays");
    assert_eq!(lineage(&mut site, "skill:a"), want, "nothing of it is new");
    let shown = site.json.result("versions.show", json!({"artifact": "skill:a", "version": mine}));
    let seen: Vec<&str> = list(&shown["seen"]).iter().map(|seen| seen["origin"].as_str().expect("text")).collect();
    assert_eq!(seen, ["rollback", "local_modification"], "{shown}");
    assert_eq!(shown["info"]["now"][0]["project"], site.project.text().as_str(), "{shown}");
    assert_eq!(shown["files"][0]["path"], "SKILL.md", "{shown}");
    site.undo();
    assert_eq!(fs::read_to_string(site.project.file("skill:a")).expect("there"), "theirs\n");
    let theirs = hash(&mut site, "skill:a", 4);
    let again = site.run("versions.restore", json!({"artifact": "a", "version": theirs}));
    assert_eq!((&first(&again)["outcome"], &again["operation"]), (&json!("unchanged"), &Value::Null), "{again}");
}

#[test]
fn a_version_is_put_back_into_a_collection_with_manifest_and_lock() {
    let mut site = Site::new(&["skill:a", "command:c"], |_, _, _| {});
    site.run("deploy", json!({"all": true}));
    site.json.result("collections.verify", json!({"fix": true}));
    for key in ["skill:a", "command:c"] {
        let old = fs::read_to_string(site.collection.file(key)).expect("there");
        write(&site.project.file(key), "edited\n");
        site.run("push", json!({"artifacts": [key]}));
        let before = site.files();
        let first_hash = {
            let answer = site.json.result("versions.list", json!({"artifact": key}));
            let last = list(&answer["versions"]).last().expect("two").clone();
            last["hash"].as_str().expect("text").to_owned()
        };
        let params = json!({"artifact": key, "version": first_hash, "collection": "default"});
        let mut dry = params.clone();
        dry["dry_run"] = json!(true);
        let planned = site.json.result("versions.restore", dry);
        site.is_as(&before, "a dry run");
        let done = site.json.result("versions.restore", params);
        assert_eq!((&planned["items"], &done["complete"]), (&done["items"], &json!(true)), "{done}");
        assert_eq!(fs::read_to_string(site.collection.file(key)).expect("there"), old, "{key}");
        assert_eq!(site.state(key), Some(DriftState::Outdated));
        let verified = site.json.result("collections.verify", json!({}));
        assert_eq!(verified["complete"], true, "{verified}");
        site.undo();
        site.is_as(&before, "undone");
    }
    for (params, code) in [
        (json!({"artifact": "skill:a", "version": "0000", "project": site.project.text()}), "not_found"),
        (json!({"artifact": "skill:a", "version": "0000"}), "not_found"),
        (json!({"artifact": "b", "version": "0000"}), "not_found"),
    ] {
        let error = site.json.error("versions.restore", params.clone());
        assert_eq!(error["data"]["code"], code, "{params}: {error}");
    }
    let version = hash(&mut site, "skill:a", 1);
    for params in [
        json!({"artifact": "skill:a", "version": version}),
        json!({"artifact": "skill:a", "version": version, "project": site.project.text(), "collection": "default"}),
    ] {
        let error = site.json.error("versions.restore", params.clone());
        assert_eq!(error["data"]["code"], "invalid_params", "{params}: {error}");
    }
}

#[test]
fn what_was_removed_from_a_project_is_found_again() {
    let mut site = Site::new(&["skill:a"], |_, _, _| {});
    site.run("deploy", json!({"artifacts": ["a"]}));
    write(&site.project.file("skill:a"), "edited\n");
    write(&site.project.path("skill:a").join("node_modules/x.js"), "ignored\n");
    site.run("undeploy", json!({"artifacts": ["a"], "force": true}));
    site.run("deploy", json!({"artifacts": ["a"]}));
    let want = ["1< import found in collection", "2<1 local_modification found in project"];
    assert_eq!(lineage(&mut site, "skill:a"), want);
    let version = hash(&mut site, "skill:a", 2);
    site.run("versions.restore", json!({"artifact": "skill:a", "version": version}));
    assert_eq!(fs::read_to_string(site.project.file("skill:a")).expect("there"), "edited\n");
    assert!(!site.project.path("skill:a").join("node_modules").exists(), "what does not count is not put back");
}

#[test]
fn merges_forks_renames_and_imports_know_what_they_were_made_of() {
    let mut site = Site::new(&["skill:a"], |_, collection, project| {
        write(&collection.path("skill:a").join("extra.md"), "extra\n");
        write(&project.path("skill:mine").join("SKILL.md"), "mine\n");
    });
    site.run("deploy", json!({"artifacts": ["a"]}));
    write(&site.project.file("skill:a"), "edited\n");
    write(&site.collection.path("skill:a").join("extra.md"), "edited too\n");
    let merged = site.run("sync_project", json!({"artifacts": ["a"]}));
    assert_eq!(first(&merged)["outcome"], "merged", "{merged}");
    let mut want = vec![
        "1< import found in collection",
        "2<1 local_modification found in project",
        "3<1 local_modification found in collection",
        "4<2+3 merge made in project",
    ];
    assert_eq!(lineage(&mut site, "skill:a"), want);
    // The merge is a base for the next one.
    write(&site.project.file("skill:a"), "mine\n");
    write(&site.collection.path("skill:a").join("extra.md"), "theirs\n");
    let merged = site.run("sync_project", json!({"artifacts": ["a"]}));
    assert_eq!(first(&merged)["outcome"], "merged", "{merged}");
    want.extend([
        "5<4 local_modification found in project",
        "6<4 local_modification found in collection",
        "7<5+6 merge made in project",
    ]);
    assert_eq!(lineage(&mut site, "skill:a"), want);
    write(&site.project.file("skill:a"), "mine again\n");
    write(&site.collection.file("skill:a"), "theirs again\n");
    let forked = site.run("pull", json!({"artifacts": ["a"], "strategy": "fork"}));
    assert_eq!(first(&forked)["outcome"], "forked", "{forked}");
    want.extend(["8<7 local_modification found in project", "9<7 local_modification found in collection"]);
    assert_eq!(lineage(&mut site, "skill:a"), want);
    assert_eq!(lineage(&mut site, "skill:a-fork"), ["10<8 local_modification made in project"]);
    site.json.result("rename", json!({"artifact": "skill:a", "to": "b"}));
    let renamed = site.json.result("versions.list", json!({"artifact": "skill:b"}));
    assert_eq!(renamed["versions"][0]["parents"][0]["artifact"], "skill:a", "{renamed}");
    assert_eq!(renamed["versions"][0]["parents"][0]["version"], 9, "{renamed}");
    site.run("import", json!({"artifacts": ["mine"]}));
    assert_eq!(lineage(&mut site, "mine"), ["12< import made in collection"]);
}

#[test]
fn a_tag_is_a_name_that_commands_take() {
    let mut site = Site::new(&["skill:a", "skill:b"], |_, _, _| {});
    site.run("deploy", json!({"all": true}));
    let version = hash(&mut site, "skill:a", 1);
    let tag = |site: &mut Site, tag: &str| {
        site.json.call("versions.tag", json!({"artifact": "skill:a", "version": version, "tag": tag}))
    };
    assert_eq!(tag(&mut site, "good")["result"]["info"]["tags"], json!(["good"]));
    assert_eq!(tag(&mut site, "cafe")["error"]["data"]["code"], "invalid_params");
    write(&site.project.file("skill:a"), "edited\n");
    let params = site.sandbox.cli(&["version", "show", "skill:a", "good", "--json"]).data();
    assert_eq!(params["info"]["hash"], version.as_str());
    let project = site.project.text();
    let done = site.sandbox.cli(&["version", "restore", "skill:a", "good", "--project", &project]);
    assert!(done.ok().contains("skill:a"), "{}", done.ok());
    assert_eq!(site.state("skill:a"), Some(DriftState::InSync));
    let shown = site.sandbox.cli(&["versions", "skill:a"]);
    assert!(shown.ok().contains("[good]") && shown.ok().contains("2 versions of skill:a"), "{}", shown.ok());
    let graph = site.sandbox.cli(&["versions", "skill:a", "--graph"]);
    assert!(graph.ok().contains("└─ app") && graph.ok().contains("1 copy: 0 modified"), "{}", graph.ok());
    let dot = site.sandbox.cli(&["versions", "skill:a", "--graph", "--dot"]);
    assert!(dot.ok().starts_with("digraph \"skill:a\" {"), "{}", dot.ok());
    site.sandbox.cli(&["version", "untag", "skill:a", "good"]).ok();
    let error = site.sandbox.cli(&["version", "untag", "skill:a", "good", "--json"]).error();
    assert_eq!(error["code"], "not_found", "{error}");
}

#[test]
fn copies_are_modified_or_orphaned() {
    let mut site = Site::new(&["skill:a"], |sandbox, _, _| drop((sandbox.project("two"), sandbox.project("three"))));
    let all: Vec<String> = ["app", "two", "three"]
        .iter()
        .map(|name| site.sandbox.projects.join(name).to_str().expect("text").to_owned())
        .collect();
    for path in &all[1..] {
        site.daemon.client().add(path.as_ref());
    }
    site.run("deploy", json!({"artifacts": ["a"], "projects": all}));
    write(&site.project.file("skill:a"), "edited\n");
    site.run("push", json!({"artifacts": ["a"]}));
    site.json.result("pull", json!({"artifacts": ["a"], "project": all[1]}));
    write(&site.project.file("skill:a"), "edited again\n");
    let graph = site.json.result("versions.graph", json!({"artifact": "a"}));
    let copies: Vec<(&str, bool, bool)> = list(&graph["copies"])
        .iter()
        .map(|copy| {
            let name = copy["project_name"].as_str().expect("text");
            (name, copy["modified"] == true, copy["orphaned"] == true)
        })
        .collect();
    assert_eq!(copies, [("app", true, false), ("three", false, true), ("two", false, false)], "{graph}");
    assert_eq!(graph["statistics"], json!({"total": 3, "modified": 1, "unmodified": 2, "orphaned": 1}));
    assert_eq!(graph["roots"][0]["hash"], graph["copies"][2]["hash"], "{graph}");
}
