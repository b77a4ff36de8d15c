//! The history as a whole: one line of time, what of it is kept, and whether it is what was stored.

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};

use serde_json::{Value, json};
use skillmeat_tests::sandbox::write;

use super::{hash, lineage, list};
use crate::operations::Site;

/// A site whose edits are not observed, so that only operations write.
fn quiet(keys: &[&str]) -> Site {
    Site::new(keys, |sandbox, _, _| {
        sandbox.config("[settings]\ndefault-collection = \"default\"\n[history]\nobserve = false\n");
    })
}

fn summaries(answer: &Value) -> Vec<String> {
    let text = |entry: &Value| entry["summary"].as_str().expect("text").to_owned();
    list(&answer["entries"]).iter().map(text).collect()
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
    // In pages.
    let mut paged = Vec::new();
    let mut before = Value::Null;
    loop {
        let page = history(json!({"limit": 2, "before": before}));
        paged.extend(summaries(&page));
        before = page["next"].clone();
        if before.is_null() {
            break;
        }
    }
    assert_eq!(paged, all);
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
