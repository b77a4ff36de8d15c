//! A rollback that keeps what people changed merges inside files, and manifest and lock by their entries; it makes versions.

use std::fs;

use skillmeat_tests::original;
use skillmeat_tests::sandbox::write;

use super::*;

/// Nine lines, of which some say something else.
fn lines(changed: &[(usize, &str)]) -> String {
    let line = |n: usize| {
        let other = changed.iter().find(|(at, _)| *at == n).map(|(_, text)| (*text).to_owned());
        other.unwrap_or_else(|| format!("line {n}")) + "\n"
    };
    (1..10).map(line).collect()
}

/// A deployed skill of nine lines, and a snapshot of its collection; then an operation changes line 9, and people line 1.
fn site() -> (Site, String) {
    let mut site = Site::new(&["skill:a", "skill:b", "command:c"], |_, collection, _| {
        write(&collection.file("skill:a"), lines(&[]));
    });
    site.run("deploy", json!({ "artifacts": ["skill:a"] }));
    site.json.result("collections.verify", json!({ "fix": true }));
    let taken = site.json.result("snapshots.create", json!({ "message": "before" }));
    let id = taken["snapshot"]["id"].as_str().expect("an id").to_owned();
    write(&site.project.file("skill:a"), lines(&[(9, "pushed")]));
    site.run("push", json!({ "artifacts": ["skill:a"] }));
    let site = site.restarted();
    write(&site.collection.file("skill:a"), lines(&[(1, "mine"), (9, "pushed")]));
    (site, id)
}

fn verified(site: &mut Site) {
    let verified = site.json.result("collections.verify", json!({}));
    assert_eq!(verified["complete"], true, "{verified}");
}

#[test]
fn one_file_that_both_changed_is_joined() {
    let (mut site, id) = site();
    let edited = site.files();
    let planned = site.run("rollback", json!({ "snapshot": id, "preserve_changes": true, "dry_run": true }));
    site.is_as(&edited, "--dry-run");
    let rolled = site.run("rollback", json!({ "snapshot": id, "preserve_changes": true }));
    assert_eq!(planned["items"], rolled["items"]);
    let result = &rolled["result"];
    assert_eq!(result["success"], true, "{rolled}");
    assert!(result["files_merged"].to_string().contains("skills/a/SKILL.md"), "{result}");
    assert!(!result["files_restored"].to_string().contains("skills/a/SKILL.md"), "{result}");
    assert_eq!(fs::read_to_string(site.collection.file("skill:a")).expect("there"), lines(&[(1, "mine")]));
    let file = site.sandbox.home.join("audit/default_rollback_audit.toml");
    let audit: toml::Table = fs::read_to_string(file).expect("written").parse().expect("TOML");
    assert!(audit["entries"][0]["files_merged"].to_string().contains("skills/a/SKILL.md"), "{audit}");
    verified(&mut site);
    original::reads_all_below(&site.sandbox.home.join("audit")).expect("the original reads it");

    let listed = site.json.result("versions.list", json!({ "artifact": "skill:a" }));
    let latest = &listed["versions"][0];
    assert_eq!(latest["origin"], "rollback", "{listed}");
    assert_eq!(latest["parents"].as_array().map(Vec::len), Some(2), "what people had, and the snapshot: {listed}");
    assert_eq!((&latest["kept"], &latest["operation"]), (&json!(true), &rolled["operation"]["operation"]));
    let told = site.json.result("history.list", json!({ "artifact": "skill:a" }));
    assert_eq!(told["entries"][0]["operation"]["verb"], "rollback", "{told}");
    site.undo();
    site.is_as(&edited, "undone");
    let shown = site.json.result("versions.list", json!({ "artifact": "skill:a" }));
    assert_eq!(shown["versions"].as_array().map(Vec::len), listed["versions"].as_array().map(Vec::len), "{shown}");
}

#[test]
fn lines_that_both_changed_are_told_before_anything_is_written() {
    let (mut site, id) = site();
    write(&site.collection.file("skill:a"), lines(&[(9, "mine")]));
    let edited = site.files();
    let refused = site.run("rollback", json!({ "snapshot": id, "preserve_changes": true }));
    let result = &refused["result"];
    assert_eq!((&result["success"], &result["conflicts"]), (&json!(false), &json!(["skills/a/SKILL.md"])), "{refused}");
    site.is_as(&edited, "refused");
}

#[test]
fn manifest_and_lock_are_merged_by_their_entries() {
    let (mut site, id) = site();
    site.run("remove", json!({ "artifacts": ["command:c"] }));
    site.run("rename", json!({ "artifact": "skill:b", "to": "z" }));
    let mut site = site.restarted();
    // Somebody adds an artifact by hand, before all others, and says something of another.
    let manifest = fs::read_to_string(site.collection.manifest()).expect("there");
    let own = "[[artifacts]]\nname = \"own\"\ntype = \"skill\"\npath = \"skills/own\"\norigin = \"local\"\n\
               added = \"2026-01-01T00:00:00\"\n";
    let at = manifest.find("[[artifacts]]").expect("one");
    let by_hand = format!("{}{own}\n{}", &manifest[..at], &manifest[at..]);
    let by_hand = by_hand.replacen("name = \"a\"\n", "name = \"a\"\nversion_spec = \"by hand\"\n", 1);
    write(&site.collection.manifest(), &by_hand);
    write(&site.collection.root.join("skills/own/SKILL.md"), "my own\n");
    site.json.result("collections.verify", json!({ "fix": true }));
    let edited = site.files();
    let rolled = site.run("rollback", json!({ "snapshot": id, "preserve_changes": true }));
    let result = &rolled["result"];
    assert_eq!(result["success"], true, "{rolled}");
    assert!(result["files_merged"].to_string().contains("collection.toml"), "{result}");
    let manifest = fs::read_to_string(site.collection.manifest()).expect("there");
    for said in ["\"own\"", "\"b\"", "\"c\"", "version_spec = \"by hand\""] {
        assert_eq!(manifest.matches(said).count(), 1, "{said}: {manifest}");
    }
    assert!(!manifest.contains("\"z\"") && !manifest.contains("<<<<"), "{manifest}");
    assert!(site.collection.file("skill:b").is_file() && site.collection.file("command:c").is_file());
    verified(&mut site);
    original::reads_all_below(&site.sandbox.home.join("audit")).expect("the original reads it");
    let origin = |site: &mut Site, key: &str| {
        let listed = site.json.result("versions.list", json!({ "artifact": key }));
        let shown = json!({ "artifact": key, "version": listed["versions"][0]["hash"] });
        site.json.result("versions.show", shown)["seen"][0]["origin"].clone()
    };
    assert_eq!(origin(&mut site, "skill:b"), "rollback");
    assert_eq!(origin(&mut site, "command:c"), "rollback");
    site.undo();
    site.is_as(&edited, "undone");
}

/// What is on a branch was made there, and not by the switch that brings it.
#[test]
fn what_people_did_on_a_branch_stays_theirs_when_it_is_switched_to() {
    let (mut site, id) = site();
    write(&site.collection.file("skill:a"), lines(&[(9, "pushed")]));
    let switch = |site: &mut Site, branch: &str| {
        let answer = site.json.result("branches.switch", json!({ "artifact": "skill:a", "branch": branch }));
        assert_eq!(answer["complete"], true, "{answer}");
    };
    let create = |site: &mut Site, branch: &str| {
        site.json.result("branches.create", json!({ "artifact": "skill:a", "branch": branch }));
    };
    let text = |site: &Site| fs::read_to_string(site.collection.file("skill:a")).expect("there");
    let rollback = |site: &mut Site, want: &str| {
        let before = site.files();
        let rolled = site.run("rollback", json!({ "snapshot": id, "preserve_changes": true }));
        assert_eq!(rolled["result"]["success"], true, "{rolled}");
        assert_eq!(text(site), want, "{rolled}");
        verified(site);
        site.undo();
        site.is_as(&before, "undone");
    };
    // Edited on a branch, that was left and is come back to; and meanwhile the other one, too.
    create(&mut site, "next");
    switch(&mut site, "next");
    write(&site.collection.file("skill:a"), lines(&[(1, "next"), (9, "pushed")]));
    switch(&mut site, "main");
    write(&site.collection.file("skill:a"), lines(&[(3, "main"), (9, "pushed")]));
    switch(&mut site, "next");
    assert_eq!(text(&site), lines(&[(1, "next"), (9, "pushed")]));
    rollback(&mut site, &lines(&[(1, "next")]));
    switch(&mut site, "main");
    rollback(&mut site, &lines(&[(3, "main")]));
    // A branch that began with an edit, and is switched to from what an operation put there.
    write(&site.collection.file("skill:a"), lines(&[(5, "begun"), (9, "pushed")]));
    create(&mut site, "begun");
    let listed = site.json.result("versions.list", json!({ "artifact": "skill:a" }));
    let pushed = &listed["versions"].as_array().and_then(|all| all.last()).expect("one")["hash"];
    let restore = json!({ "artifact": "skill:a", "version": pushed, "collection": "default" });
    let restored = site.json.result("versions.restore", restore);
    assert_eq!(restored["complete"], true, "{restored}");
    switch(&mut site, "begun");
    assert_eq!(text(&site), lines(&[(5, "begun"), (9, "pushed")]));
    let rolled = site.run("rollback", json!({ "snapshot": id, "preserve_changes": true }));
    assert!(text(&site).contains("begun"), "{rolled}");
}

#[test]
fn files_of_people_in_what_would_go_are_told() {
    let (mut site, id) = site();
    write(&site.collection.file("skill:a"), lines(&[(9, "pushed")]));
    let source = site.sandbox.projects.join("new/agents/n.md");
    write(&source, "new\n");
    site.run("add", json!({ "paths": [source] }));
    site.run("rename", json!({ "artifact": "skill:b", "to": "z" }));
    let mut site = site.restarted();
    write(&site.collection.root.join("skills/z/own.md"), "mine\n");
    let edited = site.files();
    let params = json!({ "snapshot": id, "preserve_changes": true });
    let refused = site.run("rollback", params);
    assert_eq!(refused["result"]["conflicts"], json!(["skills/z/own.md"]), "{refused}");
    site.is_as(&edited, "refused");
}

#[test]
fn a_plain_rollback_makes_versions_too() {
    let (mut site, id) = site();
    fs::remove_dir_all(site.collection.path("skill:b")).expect("there");
    let edited = site.files();
    let rolled = site.run("rollback", json!({ "snapshot": id }));
    assert_eq!(rolled["result"]["success"], true, "{rolled}");
    for (key, parents) in [("skill:a", 0), ("skill:b", 0)] {
        let listed = site.json.result("versions.list", json!({ "artifact": key }));
        let version = listed["versions"].as_array().and_then(|all| all.last()).expect("one").clone();
        assert_eq!(version["parents"].as_array().map(Vec::len), Some(parents), "{listed}");
        let shown = site.json.result("versions.show", json!({ "artifact": key, "version": version["hash"] }));
        let seen = &shown["seen"][0];
        assert_eq!(
            (&seen["origin"], &seen["operation"]),
            (&json!("rollback"), &rolled["operation"]["operation"]),
            "{shown}"
        );
    }
    // The edit that nobody had observed is a version, and undoing comes back to it.
    let listed = site.json.result("versions.list", json!({ "artifact": "skill:a" }));
    let origins: Vec<&str> =
        listed["versions"].as_array().expect("a list").iter().filter_map(|v| v["origin"].as_str()).collect();
    assert!(origins.contains(&"local_modification"), "{listed}");
    site.undo();
    site.is_as(&edited, "undone");
    let shown =
        site.json.result("versions.show", json!({ "artifact": "skill:a", "version": listed["versions"][0]["hash"] }));
    assert_eq!(shown["seen"][0]["origin"], "rollback", "{shown}");
}

#[test]
fn what_a_snapshot_brings_back_is_a_version_there() {
    let mut site = Site::new(&["skill:a"], |_, _, _| {});
    let taken = site.json.result("snapshots.create", json!({ "message": "before" }));
    let restored = site.run("snapshots.restore", json!({ "snapshot": taken["snapshot"]["id"], "to": "beside" }));
    assert_eq!(restored["complete"], true, "{restored}");
    let listed = site.json.result("versions.list", json!({ "artifact": "skill:a" }));
    let version = &listed["versions"][0];
    assert_eq!(
        (&version["origin"], &version["place"]["collection"]),
        (&json!("rollback"), &json!("beside")),
        "{listed}"
    );
    assert_eq!(version["operation"], restored["operation"]["operation"], "{listed}");
    site.undo();
    let told = site.json.result("history.list", json!({ "artifact": "skill:a" }));
    let verbs: Vec<&str> =
        told["entries"].as_array().expect("a list").iter().filter_map(|e| e["operation"]["verb"].as_str()).collect();
    assert_eq!(verbs, ["undo", "snapshot restore"], "{told}");
}
