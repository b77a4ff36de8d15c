//! Manifest, lock, groups and disk against each other.

use std::fs;

use serde_json::{Value, json};
use skillmeat_tests::sandbox::write;

use super::{Scene, outcomes, ways};

const HASH: &str = "8c1d114d9edc5cea03e50aaf2af846ed2c70156c3a81e9047be20f4a92bcfee3";

fn scene() -> Scene {
    Scene::new(|sandbox| {
        let collection = sandbox.collection("default");
        collection.fill(&["skill:a", "skill:gone", "command:stray"]);
        let text = collection.manifest_text(&["skill:a", "skill:gone"]).replace("\"default\"", "\"other\"");
        fs::remove_dir_all(collection.path("skill:gone")).expect("removed");
        write(
            &collection.manifest(),
            format!(
                "{text}\n[[artifacts]]\nname = \"bad\"\ntype = \"skill\"\npath = \"../bad\"\norigin = \"local\"\n\
                 \n[[groups]]\nname = \"g\"\nposition = 3\nmembers = [\"skill:a\", \"skill:dead\"]\n"
            ),
        );
        write(
            &collection.root.join("collection.lock"),
            format!(
                "[lock]\nversion = \"1.0.0\"\n\n[lock.entries.\"old::skill\"]\ncontent_hash = \"{HASH}\"\n\
                 fetched = \"2026-01-01T00:00:00\"\n"
            ),
        );
    })
}

fn about<'r>(reply: &'r Value, what: &str) -> &'r Value {
    let items = reply["items"].as_array().expect("items");
    let found = items.iter().find(|item| item["message"].as_str().is_some_and(|text| text.contains(what)));
    found.unwrap_or_else(|| panic!("{what}: {reply}"))
}

const REPAIRED: [&str; 5] = [
    "is not in the lock",
    "is not in the manifest",
    "the lock has it",
    "group member skill:dead",
    "its manifest calls it 'other'",
];
const LEFT: [&str; 2] = ["its files are gone", "leaves its directory"];

#[test]
fn what_can_be_put_right_is_and_the_rest_says_how() {
    let mut scene = scene();
    let before = scene.library();
    let reply = scene.json.result("collections.verify", json!({}));
    assert_eq!((&reply["complete"], &reply["operation"]), (&json!(false), &Value::Null), "{reply}");
    assert_eq!(scene.library(), before, "looking changes nothing");
    for what in REPAIRED {
        let item = about(&reply, what);
        assert_eq!(ways(item), ["skillmeat collection verify default --fix"], "{item}");
    }
    for what in LEFT {
        assert!(!ways(about(&reply, what)).is_empty(), "{reply}");
    }
    let reply = scene.json.result("collections.verify", json!({"fix": true}));
    for what in REPAIRED {
        assert_eq!(about(&reply, what)["outcome"], json!("recorded"), "{reply}");
    }
    let after = scene.library();
    for path in before.keys() {
        assert!(after.contains_key(path), "{} was deleted", path.display());
    }
    let manifest = scene.text("collections/default/collection.toml");
    assert!(manifest.contains("name = \"stray\"\ntype = \"command\"\npath = \"commands/stray.md\""), "{manifest}");
    assert!(manifest.contains("position = 0\n") && !manifest.contains("dead"), "{manifest}");
    assert!(manifest.contains("name = \"default\""), "{manifest}");
    let lock = scene.text("collections/default/collection.lock");
    assert!(lock.contains("a::skill") && lock.contains("stray::command") && !lock.contains("old::skill"), "{lock}");
    let again = scene.json.result("collections.verify", json!({"fix": true}));
    assert!(again["operation"].is_null() && outcomes(&again).iter().all(|o| o == "refused"), "{again}");
    assert_eq!(outcomes(&again).len(), LEFT.len(), "{again}");
    scene.done("undo", json!({"operation": reply["operation"]["operation"]}));
    assert_eq!(scene.library(), before);
}

#[test]
fn a_lock_follows_local_edits_and_keeps_what_tells_of_edits_to_what_was_fetched() {
    let mut scene = Scene::new(|sandbox| {
        let collection = sandbox.collection("default");
        collection.fill(&["skill:a", "skill:b"]);
        let text = collection.manifest_text(&["skill:a", "skill:b"]);
        let fetched = "name = \"b\"\nupstream = \"https://example.com/b\"";
        write(&collection.manifest(), text.replace("name = \"b\"", fetched));
        let entry = |name| format!("\n[lock.entries.\"{name}::skill\"]\ncontent_hash = \"{HASH}\"\n");
        let lock = format!("[lock]\nversion = \"1.0.0\"\n{}{}", entry("a"), entry("b"));
        write(&collection.root.join("collection.lock"), lock);
    });
    scene.there_and_back("collections.verify", json!({"fix": true}));
    let lock = scene.text("collections/default/collection.lock");
    assert_eq!(lock.matches(HASH).count(), 1, "{lock}");
    let reply = scene.done("collections.verify", json!({}));
    assert!(about(&reply, "edited since it was fetched")["name"] == json!("b"), "{reply}");
}

#[test]
fn a_collection_that_cannot_be_read_is_named_and_left() {
    let mut scene = Scene::new(|sandbox| {
        sandbox.collection("default");
        write(&sandbox.collection_at("broken").manifest(), "[collection\n");
    });
    let reply = scene.json.result("collections.verify", json!({"fix": true}));
    assert_eq!(outcomes(&reply), ["refused", "unchanged"], "{reply}");
    scene.json.error("add", json!({"paths": ["/tmp"], "collection": "broken"}));
}

#[test]
fn a_damaged_lock_is_named_and_left() {
    let mut scene = Scene::new(|sandbox| {
        let collection = sandbox.collection("default");
        collection.fill(&["skill:a"]);
        write(&collection.root.join("collection.lock"), "[lock\n");
    });
    let item = scene.refused("collections.verify", json!({"fix": true}));
    assert!(item["message"].as_str().expect("why").contains("collection.lock:1"), "{item}");
    scene.sandbox.collection_at("default").put("skill:b", "x");
    let reply = scene.json.result("collections.verify", json!({"fix": true}));
    assert_eq!(outcomes(&reply), ["recorded", "refused"], "{reply}");
    assert_eq!(scene.text("collections/default/collection.lock"), "[lock\n");
}
