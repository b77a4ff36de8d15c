//! The history as a whole: one line of time, what of it is kept, and whether it is what was stored.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};

use serde_json::{Value, json};
use skillmeat_tests::sandbox::write;

use super::{hash, lineage, list};
use crate::operations::Site;

/// A site whose edits are not observed, so that only operations write.
fn quiet(keys: &[&str]) -> Site {
    Site::new(keys, |sandbox, _, _| {
        sandbox.config(
            "[settings]\ndefault-collection = \"default\"\n[history]\nobserve = false\n[snapshots]\nautomatic = false\n",
        );
    })
}

fn summaries(answer: &Value) -> Vec<String> {
    let text = |entry: &Value| entry["summary"].as_str().expect("text").to_owned();
    list(&answer["entries"]).iter().map(text).collect()
}

/// The whole line, so many entries at a time.
fn in_pages(history: &mut impl FnMut(Value) -> Value, limit: usize) -> Vec<String> {
    let (mut paged, mut before) = (Vec::new(), Value::Null);
    loop {
        let page = history(json!({"limit": limit, "before": before}));
        paged.extend(summaries(&page));
        before = page["next"].clone();
        if before.is_null() {
            return paged;
        }
    }
}

#[test]
fn operations_and_edits_are_one_line_of_time() {
    let mut site = quiet(&["skill:a", "skill:b"]);
    site.run("deploy", json!({"artifacts": ["a"]}));
    site.run("deploy", json!({"artifacts": ["b"]}));
    write(&site.project.file("skill:a"), "edited\n");
    site.run("push", json!({"artifacts": ["a"]}));
    site.json.result("tag", json!({"artifacts": ["skill:b"], "add": ["x"]}));
    site.run("forget", json!({"artifacts": ["b"]}));
    site.undo();
    let mut history = |params: Value| site.json.result("history.list", params);
    let all = summaries(&history(json!({})));
    let want = [
        "undo 5: forget skill:b → app",
        "forget skill:b → app",
        "tag skill:b",
        "push skill:a → app",
        "edited skill:a",
        "deploy skill:b → app",
        "found skill:b",
        "deploy skill:a → app",
        "found skill:a",
    ];
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list
    };
    assert_eq!(sorted(all.clone()), sorted(want.map(str::to_owned).to_vec()));
    // What an operation found, it found when it began.
    let only = |name: &str| -> Vec<String> { all.iter().filter(|text| text.contains(name)).cloned().collect() };
    assert_eq!(summaries(&history(json!({"artifact": "skill:a"}))), only("skill:a"));
    assert_eq!(summaries(&history(json!({"artifact": "skill:b"}))), only("skill:b"));
    let edits = history(json!({"project": "app"}));
    assert!(!summaries(&edits).contains(&"found skill:a".to_owned()), "that was in the collection: {edits}");
    assert!(summaries(&edits).contains(&"edited skill:a".to_owned()), "{edits}");
    let in_collection = summaries(&history(json!({"collection": "default"})));
    assert_eq!(
        sorted(in_collection),
        sorted(["tag skill:b", "push skill:a → app", "found skill:b", "found skill:a"].map(str::to_owned).to_vec())
    );
    assert_eq!(in_pages(&mut history, 2), all);
    assert_eq!(summaries(&history(json!({"since": "1h"}))), all);
    assert!(summaries(&history(json!({"since": "0s"}))).is_empty());
    let shown = site.sandbox.cli(&["history", "skill:a"]);
    assert!(shown.ok().contains("push skill:a") && shown.ok().contains("edited skill:a in app"), "{}", shown.ok());
}

#[test]
fn only_what_nothing_needs_is_collected() {
    let mut site = quiet(&["skill:a"]);
    site.run("deploy", json!({"artifacts": ["a"]}));
    let gc = |site: &mut Site, params: Value| site.json.result("history.gc", params);
    // All of it is young.
    assert_eq!(gc(&mut site, json!({}))["contents"], 0);
    // Pushed and pulled, each version is named by a step of the journal as a file, and as a whole by nothing but itself.
    for text in ["one\n", "two\n", "three\n"] {
        write(&site.project.file("skill:a"), text);
        site.run("push", json!({"artifacts": ["a"]}));
    }
    let tagged = hash(&mut site, "skill:a", 2);
    site.json.result("versions.tag", json!({"artifact": "skill:a", "version": tagged, "tag": "good"}));
    let planned = gc(&mut site, json!({"days": 0, "dry_run": true}));
    let done = gc(&mut site, json!({"days": 0}));
    for count in ["contents", "files", "bytes", "kept"] {
        assert_eq!(planned[count], done[count], "{count}: {planned} {done}");
    }
    assert_eq!(gc(&mut site, json!({"days": 0}))["contents"], 0);
    let versions = site.json.result("versions.list", json!({"artifact": "skill:a"}));
    let kept: Vec<(u64, bool)> = list(&versions["versions"])
        .iter()
        .map(|version| (version["version"].as_u64().expect("a number"), version["kept"] == true))
        .collect();
    assert_eq!(kept, [(4, true), (3, false), (2, true), (1, true)], "{versions}");
    assert_eq!(site.json.result("history.verify", json!({}))["complete"], true);
    // What operations need to be undone is there still.
    for _ in 0..3 {
        site.undo();
    }
    let first = hash(&mut site, "skill:a", 1);
    let found = site.json.result("show", json!({"artifact": "skill:a"}));
    assert_eq!(found["artifacts"][0]["content_hash"], first.as_str(), "{found}");
    site.run("versions.restore", json!({"artifact": "skill:a", "version": "good"}));
    assert_eq!(std::fs::read_to_string(site.project.file("skill:a")).expect("there"), "one\n");
}

#[test]
fn damage_is_named_and_the_rest_is_read() {
    let mut site = quiet(&["skill:a", "skill:b"]);
    site.run("deploy", json!({"all": true}));
    let verified = site.json.result("history.verify", json!({}));
    assert_eq!((&verified["complete"], &verified["problems"]), (&json!(true), &json!([])), "{verified}");
    assert!(verified["files"].as_u64() >= Some(2) && verified["versions"] == 2, "{verified}");
    assert_eq!(site.sandbox.cli(&["history", "verify"]).ok().lines().count(), 1);
    let Site { daemon, collection, project, sandbox, .. } = site;
    daemon.terminate();
    // A bit of a stored file.
    let path = sandbox.home.join("daemon/history.db");
    let mut file = OpenOptions::new().read(true).write(true).open(&path).expect("there");
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).expect("readable");
    let text = b"as in default";
    let at = bytes.windows(text.len()).position(|window| window == text).expect("a file that is not packed");
    file.seek(SeekFrom::Start(at as u64)).expect("in the file");
    file.write_all(b"AS").expect("writable");
    let mut site = Site::on_registered(sandbox, collection, project);
    let verified = site.json.result("history.verify", json!({}));
    assert_eq!(verified["complete"], false, "{verified}");
    let problem = verified["problems"][0]["message"].as_str().expect("text");
    assert!(problem.contains("history.db") && problem.contains("the stored file with hash"), "{problem}");
    assert_eq!(lineage(&mut site, "skill:b").len(), 1);
}

#[test]
fn snapshots_and_rollbacks_of_other_programs_are_in_the_line_too() {
    let mut site = quiet(&["skill:a"]);
    let taken = |site: &mut Site, message: &str| -> Value {
        site.json.result("snapshots.create", json!({"message": message}))["snapshot"].clone()
    };
    let (one, two) = (taken(&mut site, "one"), taken(&mut site, "two"));
    write(&site.collection.file("skill:a"), "edited\n");
    site.run("rollback", json!({"snapshot": one["id"]}));
    // What the original would write of one of its own.
    let trail = site.sandbox.home.join("audit/default_rollback_audit.toml");
    let own = fs::read_to_string(&trail).expect("written");
    let foreign = "\n[[entries]]\nid = \"rb_20200102_030405\"\ntimestamp = \"2020-01-02T03:04:05.000006\"\n\
                   collection_name = \"default\"\nsource_snapshot_id = \"s\"\ntarget_snapshot_id = \"t\"\n\
                   operation_type = \"simple\"\nfiles_restored = [\"(all files)\"]\nsuccess = true\n";
    write(&trail, format!("{own}{foreign}"));
    let mut history = |params: Value| site.json.result("history.list", params);
    let all = history(json!({}));
    let told: Vec<String> = summaries(&all).into_iter().filter(|text| !text.starts_with("found ")).collect();
    let snapshot = |at: usize, message: &str| -> String {
        let of_kind = list(&all["entries"]).iter().filter(|entry| entry["kind"] == "snapshot");
        let id = of_kind.map(|entry| entry["snapshot"]["id"].as_str().expect("an id")).nth(at).expect("so many");
        format!("snapshot {id} of default: {message}")
    };
    let want = [
        "rollback default".to_owned(),
        snapshot(0, "[auto] Before rollback"),
        snapshot(1, "two"),
        snapshot(2, "one"),
        "rollback of default to t, by another program".to_owned(),
    ];
    assert_eq!(told, want);
    let of_kind =
        |kind: &str| list(&all["entries"]).iter().filter(|entry| entry["kind"] == kind).cloned().collect::<Vec<_>>();
    assert_eq!(of_kind("rollback").len(), 1, "our own is an operation: {all}");
    assert_eq!(of_kind("rollback")[0]["rollback"]["snapshot_id"], "t", "{all}");
    assert_eq!(of_kind("snapshot").last().expect("one")["snapshot"], one);
    assert!(of_kind("snapshot").iter().any(|entry| entry["snapshot"] == two), "{all}");
    assert!(of_kind("operation")[0].get("snapshot").is_none(), "{all}");
    assert_eq!(summaries(&history(json!({"collection": "default"}))), summaries(&all), "nothing else happened");
    let since = of_kind("snapshot").last().expect("one")["at"].clone();
    let last = summaries(&history(json!({"since": since}))).pop();
    assert_eq!(last, Some(snapshot(2, "one")));
    for params in [json!({"project": "app"}), json!({"artifact": "skill:a"})] {
        let told = history(params);
        assert!(
            list(&told["entries"]).iter().all(|entry| entry["kind"] != "snapshot" && entry["kind"] != "rollback"),
            "{told}"
        );
    }
    // Page by page it is the same.
    let (mut paged, mut before) = (Vec::new(), Value::Null);
    loop {
        let page = history(json!({"limit": 1, "before": before}));
        paged.extend(summaries(&page));
        before = page["next"].clone();
        if before.is_null() {
            break;
        }
    }
    assert_eq!(paged, summaries(&all));
}

#[test]
fn snapshots_that_were_given_up_stay_in_the_line() {
    let mut site = Site::new(&["skill:a", "skill:b"], |sandbox, _, _| {
        sandbox.config("[history]\nobserve = false\n[snapshots]\nkeep = 1\n");
    });
    let taken = |site: &mut Site, message: &str| -> Value {
        site.json.result("snapshots.create", json!({"message": message}))["snapshot"].clone()
    };
    let (one, two, three) = (taken(&mut site, "one"), taken(&mut site, "two"), taken(&mut site, "three"));
    site.json.result("snapshots.delete", json!({"snapshots": [one["id"]]}));
    site.json.result("snapshots.prune", json!({"keep": 1, "manual": true, "dry_run": true}));
    site.json.result("snapshots.prune", json!({"keep": 1, "manual": true}));
    for key in ["skill:a", "skill:b"] {
        site.run("remove", json!({"artifacts": [key]}));
        // The one after it is taken while nobody waits.
        site = site.restarted();
    }
    let mut history = |params: Value| site.json.result("history.list", params);
    let all = history(json!({}));
    let gone: Vec<Value> = list(&all["entries"])
        .iter()
        .filter(|entry| entry["kind"] == "snapshot_deleted")
        .map(|entry| {
            let gone = &entry["snapshot_deleted"];
            json!([gone["id"], gone["message"], gone["by_retention"], gone["taken_at"]])
        })
        .collect();
    assert_eq!(gone.len(), 3, "{all}");
    let by_retention = &gone[0];
    assert_eq!((&by_retention[1], &by_retention[2]), (&json!("[auto] After remove: skill/a"), &json!(true)), "{all}");
    let want = |snapshot: &Value, message: &str| json!([snapshot["id"], message, false, snapshot["at"]]);
    assert_eq!(gone[1..], [want(&two, "two"), want(&one, "one")], "{all}");
    let told = summaries(&all);
    let line = format!("snapshot {} of default deleted: one", one["id"].as_str().expect("an id"));
    assert!(told.contains(&line), "{told:?}");
    let still: Vec<&Value> = list(&all["entries"]).iter().filter(|entry| entry["kind"] == "snapshot").collect();
    assert!(still.iter().any(|entry| entry["snapshot"]["id"] == three["id"]), "{all}");
    assert_eq!(summaries(&history(json!({"collection": "default"}))), told, "nothing else happened");
    assert!(summaries(&history(json!({"artifact": "skill:b"}))).iter().all(|text| !text.starts_with("snapshot")));
    assert_eq!(in_pages(&mut history, 1), told);
    assert_eq!(site.json.result("history.verify", json!({}))["complete"], true);
}
