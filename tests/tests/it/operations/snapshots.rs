//! Snapshots of collections: taken by people and by operations, listed, compared, brought back, given up.

use std::fs;
use std::path::PathBuf;

use skillmeat_tests::original;
use skillmeat_tests::sandbox::write;
use skillmeat_tests::world::World;

use super::*;

/// The shelf of a collection.
fn shelf(sandbox: &Sandbox, name: &str) -> PathBuf {
    sandbox.home.join("snapshots").join(name)
}

/// The messages of a collection's snapshots, the latest first.
fn messages(json: &mut JsonClient, collection: &str) -> Vec<String> {
    let listed = json.result("snapshots.list", json!({ "collection": collection }));
    let all = listed["snapshots"].as_array().expect("a list");
    all.iter().map(|snapshot| snapshot["message"].as_str().expect("text").to_owned()).collect()
}

fn create(site: &mut Site, message: &str) -> Value {
    site.json.result("snapshots.create", json!({ "message": message }))
}

fn id(created: &Value) -> String {
    created["snapshot"]["id"].as_str().unwrap_or_else(|| panic!("{created}")).to_owned()
}

#[test]
fn taken_listed_shown_compared_and_removed() {
    let mut site = Site::new(&["skill:a", "command:b"], |_, _, _| {});
    let one = create(&mut site, "one");
    assert_eq!((&one["snapshot"]["artifact_count"], &one["same_as"]), (&json!(2), &Value::Null), "{one}");
    write(&site.collection.path("skill:a").join("SKILL.md"), "changed\n");
    write(&site.collection.path("skill:a").join("new.md"), "new\n");
    fs::remove_file(site.collection.path("command:b")).expect("there");
    write(&site.collection.path("skill:a").join(".git/HEAD"), "not compared\n");
    let two = create(&mut site, "two");
    let same = create(&mut site, "three");
    assert_eq!((&two["same_as"], &same["same_as"]), (&Value::Null, &two["snapshot"]["id"]));
    assert_eq!(messages(&mut site.json, "default"), ["three", "two", "one"]);

    let compared = site.json.result("snapshots.diff", json!({ "from": id(&one), "to": id(&two) }));
    let now = site.json.result("snapshots.diff", json!({ "from": id(&one) }));
    let changes = |reply: &Value| {
        let all = reply["changes"].as_array().expect("a list").iter();
        all.map(|change| format!("{} {}", change["change"], change["path"]).replace('"', "")).collect::<Vec<_>>()
    };
    let want = ["removed commands/b.md", "modified skills/a/SKILL.md", "added skills/a/new.md"];
    assert_eq!((changes(&compared), changes(&now)), (want.map(String::from).to_vec(), want.map(String::from).to_vec()));
    let shown = site.json.result("snapshots.show", json!({ "snapshot": id(&one) }));
    assert_eq!(shown["file_count"], 3, "{shown}");

    let mut page = json!({ "limit": 2 });
    let first = site.json.result("snapshots.list", page.clone());
    assert_eq!(first["next_cursor"], two["snapshot"]["id"], "{first}");
    page["cursor"] = first["next_cursor"].clone();
    let second = site.json.result("snapshots.list", page);
    assert_eq!((&second["snapshots"][0]["id"], &second["next_cursor"]), (&one["snapshot"]["id"], &Value::Null));
    for (method, params, says) in [
        ("snapshots.list", json!({ "limit": 0 }), "limit must be at least 1"),
        ("snapshots.list", json!({ "cursor": "2020" }), "Invalid cursor: snapshot '2020' not found"),
        ("snapshots.show", json!({ "snapshot": "2" }), "fits several"),
        ("snapshots.show", json!({ "snapshot": "1999" }), "there is no snapshot"),
        ("snapshots.show", json!({ "snapshot": "../default" }), "there is no snapshot"),
        ("snapshots.list", json!({ "collection": "../default" }), "there is no collection"),
        ("snapshots.create", json!({ "message": "x".repeat(501) }), "at most 500"),
        ("snapshots.delete", json!({ "snapshots": [] }), "no snapshot is named"),
    ] {
        let error = site.json.error(method, params);
        assert!(error["message"].as_str().is_some_and(|message| message.contains(says)), "{method}: {error}");
    }
    original::reads_all_below(&site.sandbox.home.join("snapshots")).expect("the original reads it");
    let deleted = site.json.result("snapshots.delete", json!({ "snapshots": [id(&one), id(&same)] }));
    assert_eq!(deleted["problems"], json!([]), "{deleted}");
    assert_eq!(messages(&mut site.json, "default"), ["two"]);
    assert_eq!(fs::read_dir(shelf(&site.sandbox, "default")).expect("there").count(), 2, "its archive and the list");
}

#[test]
fn a_collection_that_is_gone_comes_back() {
    let mut site = Site::new(&["skill:a"], |sandbox, _, _| {
        sandbox.collection("team").fill(&["skill:t", "command:u"]);
        write(&sandbox.home.join("collections/team/.git/HEAD"), "ref\n");
        fs::create_dir(sandbox.home.join("collections/team/agents")).expect("made");
    });
    let before = site.files();
    let taken = id(&site.json.result("snapshots.create", json!({ "collection": "team" })));
    let refused = site.run("snapshots.restore", json!({ "snapshot": taken }));
    assert_eq!(first(&refused)["outcome"], "refused", "{refused}");
    let ways = first(&refused)["ways"].to_string();
    assert!(ways.contains("rollback") && ways.contains("--to"), "{ways}");
    site.is_as(&before, "refused");

    site.run("collections.remove", json!({ "collection": "team", "force": true }));
    let gone = site.files();
    let planned = site.run("snapshots.restore", json!({ "snapshot": taken, "dry_run": true }));
    site.is_as(&gone, "--dry-run");
    let restored = site.run("snapshots.restore", json!({ "snapshot": taken }));
    assert_eq!((&restored["complete"], &restored["items"]), (&json!(true), &planned["items"]), "{restored}");
    assert_eq!(first(&restored)["files_written"], 4, "{restored}");
    site.is_as(&before, "restored");
    let back = site.json.result("collections.show", json!({ "collection": "team" }));
    assert_eq!(back["artifacts"].as_array().map(Vec::len), Some(2), "{back}");
    site.undo();
    site.is_as(&gone, "undone");
    site.undo();
    site.is_as(&before, "the removal before it, undone");

    let beside = site.run("snapshots.restore", json!({ "snapshot": taken, "to": "again" }));
    assert_eq!(beside["complete"], true, "{beside}");
    let manifest = fs::read_to_string(site.sandbox.home.join("collections/again/collection.toml")).expect("restored");
    assert!(manifest.contains("name = \"again\""), "{manifest}");
    let with_it = site.files();
    site.undo();
    site.is_as(&before, "undone, with what was written into it");
    let number = site.json.result("operations.list", json!({}))["operations"][0]["operation"].clone();
    site.run("undo", json!({ "operation": number }));
    site.is_as(&with_it, "and done again");
    site.undo();
    for name in ["default", "../x", "a/b", ".hidden", ""] {
        let before = site.files();
        let answer = site.json.call("snapshots.restore", json!({ "snapshot": taken, "to": name }));
        assert_ne!(answer["result"]["complete"], true, "{name}: {answer}");
        site.is_as(&before, name);
    }
}

#[test]
fn each_state_is_packed_once() {
    let mut site = Site::new(&["skill:a", "skill:b", "skill:c"], |_, _, _| {});
    let deployed = site.run("deploy", json!({ "artifacts": ["a"] }));
    assert_eq!(deployed["complete"], true, "{deployed}");
    let mut site = site.restarted();
    let listed = messages(&mut site.json, "default");
    assert!(matches!(&listed[..], [one] if one.starts_with("[auto] Auto-deploy: a to ")), "{listed:?}");
    // Told by the archive after a start, by what is remembered then: it is what was deployed from.
    site.run("deploy", json!({ "artifacts": ["b"] }));
    site.run("deploy", json!({ "artifacts": ["c"] }));
    site.run("remove", json!({ "artifacts": ["skill:c"] }));
    let mut site = site.restarted();
    let listed = messages(&mut site.json, "default");
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert_eq!(listed[0], "[auto] After remove: skill/c");
    // Somebody edited in between: that is what the one before is for.
    write(&site.collection.file("skill:b"), "edited\n");
    site.run("remove", json!({ "artifacts": ["skill:b"] }));
    let mut site = site.restarted();
    let listed = messages(&mut site.json, "default");
    assert_eq!(listed[..2], ["[auto] After remove: skill/b", "[auto] Before removing skill/b"]);
    original::reads_all_below(&site.sandbox.home.join("snapshots")).expect("the original reads it");
    site.sandbox.config("[snapshots]\nautomatic = false\n");
    site.run("remove", json!({ "artifacts": ["skill:a"] }));
    let mut site = site.restarted();
    assert_eq!(messages(&mut site.json, "default").len(), listed.len(), "not asked for");
}

#[test]
fn what_is_kept_is_as_the_configuration_says() {
    let mut site = Site::new(&["skill:a", "skill:b", "skill:c", "skill:d"], |sandbox, _, _| {
        sandbox.config("[snapshots]\nkeep = 2\n");
    });
    create(&mut site, "mine");
    for key in ["skill:a", "skill:b", "skill:c"] {
        site.run("remove", json!({ "artifacts": [key] }));
        site = site.restarted();
    }
    let want = ["[auto] After remove: skill/c", "[auto] After remove: skill/b", "mine"];
    assert_eq!(messages(&mut site.json, "default"), want);
    let planned = site.json.result("snapshots.prune", json!({ "keep": 1, "manual": true, "dry_run": true }));
    assert_eq!(messages(&mut site.json, "default"), want, "--dry-run");
    let pruned = site.json.result("snapshots.prune", json!({ "keep": 1, "manual": true }));
    assert_eq!(planned["snapshots"], pruned["snapshots"]);
    assert_eq!(messages(&mut site.json, "default"), want[..1]);
}

#[test]
fn a_damaged_list_stops_snapshots_and_nothing_else() {
    let mut site = Site::new(&["skill:a", "skill:b"], |sandbox, _, _| {
        write(&shelf(sandbox, "default").join("snapshots.toml"), "[[snapshots]]\nid = \n");
    });
    let list = shelf(&site.sandbox, "default").join("snapshots.toml");
    for method in ["snapshots.create", "snapshots.list", "snapshots.prune"] {
        let error = site.json.error(method, json!({}));
        assert!(error["message"].as_str().is_some_and(|m| m.contains("snapshots.toml:2: ")), "{method}: {error}");
    }
    let error = site.json.error("rollback", json!({ "snapshot": "2026" }));
    assert!(error["message"].as_str().is_some_and(|m| m.contains("snapshots.toml:2: ")), "{error}");
    let removed = site.run("remove", json!({ "artifacts": ["skill:a"] }));
    assert_eq!(removed["complete"], true, "{removed}");
    assert!(removed["problems"].to_string().contains("snapshots.toml:2"), "{removed}");
    site.undo();
    let site = site.restarted();
    assert_eq!(fs::read_to_string(list).expect("there"), "[[snapshots]]\nid = \n");
    drop(site);
}

#[test]
fn what_the_original_kept_is_brought_back() {
    let mut sandbox = Sandbox::with_default_home(&binaries());
    World::copy("w1-mixed-states", &mut sandbox);
    let daemon = Daemon::start(&sandbox);
    let mut json = daemon.json();
    let before = files(&sandbox).expect("readable");
    for (name, gone) in [("team", "skills/internal-comms"), ("default", "skills/systematic-debugging")] {
        let root = sandbox.home.join("collections").join(name);
        assert!(!root.join(gone).exists());
        let listed = json.result("snapshots.list", json!({ "collection": name }));
        let taken = listed["snapshots"][0]["id"].as_str().expect("one").to_owned();
        let rolled = json.result("rollback", json!({ "snapshot": taken }));
        assert_eq!(rolled["result"]["success"], true, "{rolled}");
        assert!(root.join(gone).join("SKILL.md").is_file());
        let compared = json.result("snapshots.diff", json!({ "from": taken }));
        assert_eq!(compared["changes"], json!([]), "{compared}");
    }
    original::reads_all_below(&sandbox.user).expect("the original reads all of it");
    for _ in 0..2 {
        json.result("undo", json!({}));
    }
    let found = files(&sandbox).expect("readable");
    assert!(found == before, "{}", difference(&found, &before, &before));
}
