//! A collection becomes what it was: all of it, at named paths, or but for what people changed.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use skillmeat_tests::original;
use skillmeat_tests::sandbox::write;

use super::*;

/// A collection with files of all kinds, and a snapshot of it.
fn site() -> (Site, String) {
    let mut site = Site::new(&["skill:a", "skill:b", "command:c"], |_, collection, _| {
        let a = collection.path("skill:a");
        write(&a.join("scripts/run.sh"), "run\n");
        fs::set_permissions(a.join("scripts/run.sh"), fs::Permissions::from_mode(0o755)).expect("set");
        symlink("SKILL.md", a.join("link")).expect("made");
        symlink("/etc/hostname", a.join("out")).expect("made");
        fs::create_dir_all(collection.root.join("agents/none")).expect("made");
    });
    let taken = site.json.result("snapshots.create", json!({ "message": "before" }));
    let id = taken["snapshot"]["id"].as_str().expect("an id").to_owned();
    (site, id)
}

/// Changes of every kind: a file edited, made, removed, a mode, a link, a file where a directory was, and the other way round.
fn change(site: &Site) {
    let a = site.collection.path("skill:a");
    write(&a.join("SKILL.md"), "edited\n");
    write(&a.join("deep/er/new.md"), "new\n");
    fs::remove_file(site.collection.path("command:c")).expect("there");
    fs::set_permissions(a.join("scripts/run.sh"), fs::Permissions::from_mode(0o600)).expect("set");
    fs::remove_file(a.join("link")).expect("there");
    symlink("scripts/run.sh", a.join("link")).expect("made");
    fs::remove_dir(site.collection.root.join("agents/none")).expect("empty");
    write(&site.collection.root.join("agents/none"), "a file now\n");
    let b = site.collection.path("skill:b");
    fs::remove_file(b.join("SKILL.md")).expect("there");
    write(&b.join("SKILL.md/inner.md"), "a directory now\n");
}

fn audit(site: &Site) -> toml::Table {
    let file = site.sandbox.home.join("audit/default_rollback_audit.toml");
    fs::read_to_string(file).expect("written").parse().expect("TOML")
}

#[test]
fn everything_is_as_in_the_snapshot_and_goes_back() {
    let (mut site, id) = site();
    let before = site.files();
    change(&site);
    let edited = site.files();
    assert_ne!(edited, before);
    let planned = site.run("rollback", json!({ "snapshot": id, "dry_run": true }));
    site.is_as(&edited, "--dry-run");
    assert!(!site.sandbox.home.join("audit").exists(), "a plan is no rollback");
    let rolled = site.run("rollback", json!({ "snapshot": id }));
    site.is_as(&before, "rolled back");
    assert_eq!(planned["items"], rolled["items"]);
    let result = &rolled["result"];
    assert_eq!((&result["success"], &result["snapshot_id"]), (&json!(true), &json!(id)), "{rolled}");
    let restored: Vec<&str> =
        result["files_restored"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(restored.contains(&"skills/a/SKILL.md") && restored.contains(&"commands/c.md"), "{restored:?}");
    let safety = result["safety_snapshot_id"].as_str().expect("one was taken").to_owned();
    let entries = audit(&site);
    let entry = &entries["entries"][0];
    assert_eq!(entry["operation_type"].as_str(), Some("simple"));
    assert_eq!(
        (entry["source_snapshot_id"].as_str(), entry["target_snapshot_id"].as_str()),
        (Some(&*safety), Some(&*id))
    );
    for directory in ["snapshots", "audit"] {
        original::reads_all_below(&site.sandbox.home.join(directory)).expect("the original reads it");
    }
    site.undo();
    site.is_as(&edited, "undone");
    assert_eq!(audit(&site), entries, "what happened stays written down");
    let again = site.run("rollback", json!({ "snapshot": safety }));
    assert_eq!(first(&again)["outcome"], "unchanged", "{again}");
    assert!(again["operation"].is_null() && again["result"]["success"] == true, "{again}");
}

#[test]
fn only_what_is_named_is_as_in_the_snapshot() {
    let (mut site, id) = site();
    let before = site.files();
    change(&site);
    let edited = site.files();
    let paths = ["skills/a/SKILL.md", "commands", "./skills/a/scripts/"];
    let rolled = site.run("rollback", json!({ "snapshot": id, "paths": paths }));
    assert_eq!(rolled["result"]["success"], true, "{rolled}");
    let now = site.files();
    let name = |rest: &str| format!("h/.skillmeat/collections/default/{rest}");
    let named = ["skills/a/SKILL.md", "commands/c.md", "skills/a/scripts/run.sh"].map(name);
    for (path, was) in &before {
        let want = if named.contains(path) { Some(was) } else { edited.get(path) };
        assert_eq!(now.get(path), want, "{path}");
    }
    assert_eq!(changed(&edited, &now), named.iter().map(String::as_str).collect());
    let entry = audit(&site)["entries"][0].clone();
    assert_eq!(
        (entry["operation_type"].as_str(), entry["selective_paths"].as_array().map(Vec::len)),
        (Some("selective"), Some(3))
    );
    site.undo();
    site.is_as(&edited, "undone");
    for (path, code) in [("skills/nothing", "not_found"), ("../x", "bad_path"), ("/etc", "bad_path"), ("", "bad_path")]
    {
        let error = site.refusal("rollback", json!({ "snapshot": id, "paths": [path] }));
        assert_eq!(error["data"]["code"], code, "{path}: {error}");
        site.is_as(&edited, path);
    }
}

#[test]
fn what_people_changed_stays() {
    let (mut site, id) = site();
    // Before an operation and after one, whatever snapshots were taken in between; what is undone does not count.
    write(&site.collection.file("skill:a"), "mine\n");
    site.run("rename", json!({ "artifact": "command:c", "to": "d" }));
    site.run("deploy", json!({ "all": true }));
    site.run("rollback", json!({ "snapshot": id }));
    site.undo();
    site.run("remove", json!({ "artifacts": ["skill:b"] }));
    let mut site = site.restarted();
    write(&site.collection.root.join("skills/a/own.md"), "my own\n");
    let edited = site.files();
    let rolled = site.run("rollback", json!({ "snapshot": id, "preserve_changes": true }));
    assert_eq!(rolled["result"]["success"], true, "{rolled}");
    assert!(site.collection.file("skill:b").is_file(), "the removal is taken back");
    assert!(
        site.collection.file("command:c").is_file() && !site.collection.file("command:d").exists(),
        "so is the new name"
    );
    assert_eq!(fs::read_to_string(site.collection.file("skill:a")).expect("there"), "mine\n");
    assert!(site.collection.root.join("skills/a/own.md").is_file());
    let manifest = fs::read_to_string(site.collection.manifest()).expect("there");
    assert!(manifest.contains("name = \"b\""), "{manifest}");
    let entry = audit(&site)["entries"][1].clone();
    assert_eq!(
        (entry["operation_type"].as_str(), entry["preserve_changes_enabled"].as_bool()),
        (Some("intelligent"), Some(true))
    );
    site.undo();
    site.is_as(&edited, "undone");
}

#[test]
fn the_snapshot_before_an_operation_takes_that_operation_back() {
    let (mut site, _) = site();
    write(&site.collection.file("skill:a"), "mine\n");
    let before = site.files();
    site.run("remove", json!({ "artifacts": ["skill:b"] }));
    write(&site.collection.root.join("skills/a/own.md"), "my own\n");
    let listed = site.json.result("snapshots.list", json!({}));
    let of_removal = |s: &&Value| s["message"] == "[auto] Before removing skill/b";
    let taken = listed["snapshots"].as_array().expect("a list").iter().find(of_removal);
    let taken = taken.unwrap_or_else(|| panic!("{listed}"))["id"].clone();
    let rolled = site.run("rollback", json!({ "snapshot": taken, "preserve_changes": true }));
    assert_eq!(rolled["result"]["success"], true, "{rolled}");
    fs::remove_file(site.collection.root.join("skills/a/own.md")).expect("it stayed");
    site.is_as(&before, "but for that");
}

#[test]
fn what_both_changed_is_told_before_anything_is_written() {
    let (mut site, id) = site();
    let source = site.sandbox.projects.join("new/commands/c.md");
    write(&source, "from elsewhere\n");
    let added = site.run("add", json!({ "paths": [source], "force": true }));
    assert_eq!(added["complete"], true, "{added}");
    // With its end, what it kept after that is on the disk.
    let mut site = site.restarted();
    write(&site.collection.file("command:c"), "mine\n");
    let edited = site.files();
    for dry_run in [true, false] {
        let params = json!({ "snapshot": id, "preserve_changes": true, "dry_run": dry_run });
        let refused = site.run("rollback", params);
        let result = &refused["result"];
        assert_eq!((&result["success"], &result["conflicts"]), (&json!(false), &json!(["commands/c.md"])), "{refused}");
        assert!(result["error"].as_str().is_some_and(|why| why.contains("commands/c.md")), "{refused}");
        site.is_as(&edited, "refused");
    }
    let ways =
        site.run("rollback", json!({ "snapshot": id, "preserve_changes": true }))["items"][0]["ways"].to_string();
    assert!(ways.contains("--path commands/c.md"), "{ways}");
}

#[test]
fn an_audit_trail_that_cannot_be_read_is_set_aside() {
    let (mut site, id) = site();
    let file = site.sandbox.home.join("audit/default_rollback_audit.toml");
    write(&file, "[[entries]]\nid = \n");
    change(&site);
    let rolled = site.run("rollback", json!({ "snapshot": id }));
    assert_eq!(rolled["result"]["success"], true, "{rolled}");
    let problem = &rolled["problems"][0];
    assert_eq!((&problem["file"], &problem["line"]), (&json!(file), &json!(2)), "{rolled}");
    let names = fs::read_dir(file.parent().expect("audit")).expect("listed").flatten().map(|entry| entry.file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().expect("text")).collect();
    names.sort();
    assert!(
        matches!(&names[..], [new, old] if file.ends_with(new) && old.starts_with(&format!("{new}.damaged-"))),
        "{names:?}"
    );
    site.undo();
    site.run("rollback", json!({ "snapshot": id }));
    let entries = audit(&site)["entries"].as_array().map(Vec::len);
    assert_eq!(entries, Some(2));
    original::reads_all_below(&site.sandbox.home.join("audit")).expect("no id twice");
}

#[test]
fn what_does_not_count_stays_and_what_is_in_the_way_is_told() {
    let (mut site, id) = site();
    let before = site.files();
    let a = site.collection.path("skill:a");
    write(&a.join(".git/HEAD"), "mine\n");
    write(&a.join("SKILL.md"), "edited\n");
    site.run("rollback", json!({ "snapshot": id }));
    assert_eq!(fs::read_to_string(a.join(".git/HEAD")).expect("kept"), "mine\n");
    fs::remove_dir_all(a.join(".git")).expect("removed");
    site.is_as(&before, "but for that");
    // A directory would become a file, with something in it that nobody kept.
    fs::remove_file(a.join("SKILL.md")).expect("there");
    write(&a.join("SKILL.md/node_modules/x.js"), "kept\n");
    write(&a.join("SKILL.md/x.md"), "x\n");
    let edited = site.files();
    let answer = site.json.call("rollback", json!({ "snapshot": id }));
    assert!(answer.to_string().contains("move that away"), "{answer}");
    site.is_as(&edited, "refused");
}

#[test]
fn a_collection_with_another_name_by_now_keeps_it() {
    let (mut site, id) = site();
    let before = site.files();
    write(&site.collection.file("skill:a"), "edited\n");
    site.run("collections.rename", json!({ "collection": "default", "to": "renamed" }));
    // Deployments that say the old name still mean this one.
    let refused = site.run("snapshots.restore", json!({ "snapshot": id }));
    assert_eq!(first(&refused)["outcome"], "refused", "{refused}");
    let rolled = site.run("rollback", json!({ "snapshot": id }));
    assert_eq!(rolled["result"]["success"], true, "{rolled}");
    let manifest = fs::read_to_string(site.sandbox.home.join("collections/renamed/collection.toml")).expect("there");
    assert!(manifest.contains("name = \"renamed\""), "{manifest}");
    let renamed = site.sandbox.home.join("collections/renamed/skills/a/SKILL.md");
    assert!(fs::read_to_string(renamed).expect("there").contains("about skill:a"));
    site.undo();
    site.undo();
    write(&site.collection.file("skill:a"), "---\ndescription: about skill:a\n---\nas in default\n");
    site.is_as(&before, "both undone");
}

#[test]
fn a_damaged_archive_changes_nothing() {
    let (mut site, id) = site();
    change(&site);
    let edited = site.files();
    let archive = site.sandbox.home.join(format!("snapshots/default/{id}.tar.gz"));
    let whole = fs::read(&archive).expect("there");
    for bytes in [&whole[..whole.len() / 2], b"", b"not an archive"] {
        fs::write(&archive, bytes).expect("written");
        for method in ["rollback", "snapshots.restore"] {
            let answer = site.json.call(method, json!({ "snapshot": id, "to": "other" }));
            assert_ne!(answer["result"]["complete"], true, "{answer}");
            assert!(answer.to_string().contains(".tar.gz"), "{answer}");
            site.is_as(&edited, method);
        }
    }
    fs::remove_file(&archive).expect("there");
    let error = site.refusal("rollback", json!({ "snapshot": id }));
    assert_eq!(error["data"]["code"], "not_found", "{error}");
    site.is_as(&edited, "gone");
}
