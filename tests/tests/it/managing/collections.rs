//! Collections as a whole.

use std::fs;
use std::os::unix::fs::MetadataExt;

use serde_json::{Value, json};
use skillmeatd::library::init::{DEFAULT_CONFIG, EMPTY_LOCK};

use super::{Scene, ways};

fn collection(scene: &mut Scene, name: &str) -> Value {
    scene.json.result("collections.show", json!({"collection": name}))["collection"].take()
}

#[test]
fn a_collection_is_made_as_the_original_makes_it() {
    let mut scene = Scene::new(|sandbox| drop(sandbox.collection("default")));
    scene.there_and_back("collections.create", json!({"name": "team"}));
    let root = scene.sandbox.home.join("collections/team");
    let mut names: Vec<_> = fs::read_dir(&root).expect("made").map(|e| e.expect("listed").file_name()).collect();
    names.sort();
    assert_eq!(names, ["agents", "collection.lock", "collection.toml", "commands", "skills", "workflows"]);
    assert_eq!(scene.text("collections/team/collection.lock"), EMPTY_LOCK);
    let manifest = scene.text("collections/team/collection.toml");
    assert!(manifest.starts_with("artifacts = []\n\n[collection]\nname = \"team\"\nversion = \"1.0.0\"\ncreated = \""));
    assert_eq!(manifest.lines().count(), 7, "{manifest}");
    assert!(collection(&mut scene, "team")["id"].is_string());
    for taken in ["team", "Team", "TEAM"] {
        let item = scene.refused("collections.create", json!({"name": taken}));
        assert!(item["message"].as_str().expect("why").contains("'team'"), "{item}");
    }
    for bad in ["", "..", ".", ".hidden", "a/b", "a\\b", "con", "x.", "a:b", "a\nb"] {
        scene.refused("collections.create", json!({"name": bad}));
    }
    fs::create_dir(scene.sandbox.home.join("collections/here")).expect("made");
    scene.refused("collections.create", json!({"name": "here"}));
}

#[test]
fn the_first_collection_comes_with_the_directory_of_collections() {
    let mut scene = Scene::new(|_| ());
    scene.done("collections.create", json!({"name": "default"}));
    assert_eq!(scene.text("collections/default/collection.lock"), EMPTY_LOCK);
}

#[test]
fn a_renamed_collection_keeps_its_id_its_inode_and_its_deployments() {
    let mut scene = Scene::new(|sandbox| {
        sandbox.app(&["skill:pdf", "command:review"]);
        sandbox.config(DEFAULT_CONFIG);
        fs::write(sandbox.home.join("collections/default/notes.txt"), "mine").expect("written");
    });
    let project = scene.sandbox.projects.join("app").to_str().expect("text").to_owned();
    scene.json.result("projects.add", json!({"path": project}));
    let id = collection(&mut scene, "default")["id"].clone();
    let old = scene.sandbox.home.join("collections/default");
    let inode = old.metadata().expect("there").ino();
    let reply = scene.there_and_back("collections.rename", json!({"collection": "default", "to": "team"}));
    assert!(reply["items"][0]["message"].as_str().expect("said").contains("2 deployments"), "{reply}");
    let new = scene.sandbox.home.join("collections/team");
    assert!(!old.exists());
    assert_eq!(new.metadata().expect("there").ino(), inode);
    assert!(scene.text("collections/team/collection.toml").contains("name = \"team\""));
    assert_eq!(scene.text("collections/team/notes.txt"), "mine");
    assert_eq!(scene.text("config.toml"), DEFAULT_CONFIG.replace("\"default\"", "\"team\""));
    assert_eq!(collection(&mut scene, "team")["id"], id);
    assert_eq!(collection(&mut scene, "default")["id"], id, "by its former name");
    let status = scene.daemon.client().project(&project);
    assert_eq!(status.counts.in_sync, 2, "{status:?}");
    let item = scene.refused("collections.create", json!({"name": "default"}));
    assert!(item["message"].as_str().expect("why").contains("called 'default' before"), "{item}");
    scene.unchanged("collections.rename", json!({"collection": "team", "to": "team"}));
    scene.there_and_back("collections.rename", json!({"collection": "team", "to": "Team"}));
    scene.there_and_back("collections.rename", json!({"collection": "Team", "to": "default"}));
    assert_eq!(collection(&mut scene, "team")["id"], id);
    scene.done("collections.create", json!({"name": "other"}));
    scene.refused("collections.rename", json!({"collection": "other", "to": "DEFAULT"}));
    scene.refused("collections.rename", json!({"collection": "other", "to": "a/b"}));
}

#[test]
fn a_collection_is_removed_when_it_is_empty_or_with_force() {
    let mut scene = Scene::new(|sandbox| {
        sandbox.collection("default");
        let team = sandbox.collection("team");
        team.fill(&["skill:pdf"]);
        sandbox.project("app").deploy(&team, &["skill:pdf"]);
        sandbox.collection("empty");
    });
    let project = scene.sandbox.projects.join("app").to_str().expect("text").to_owned();
    scene.json.result("projects.add", json!({"path": project}));
    let item = scene.refused("collections.remove", json!({"collection": "default", "force": true}));
    assert_eq!(ways(&item), ["skillmeat collection set-default empty", "skillmeat collection set-default team"]);
    let item = scene.refused("collections.remove", json!({"collection": "team"}));
    assert!(item["message"].as_str().expect("why").contains("1 artifacts"), "{item}");
    assert!(item["message"].as_str().expect("why").contains("1 deployments"), "{item}");
    scene.there_and_back("collections.remove", json!({"collection": "empty"}));
    let id = collection(&mut scene, "team")["id"].clone();
    let reply = scene.done("collections.remove", json!({"collection": "team", "force": true}));
    assert!(!scene.sandbox.home.join("collections/team").exists());
    scene.done("undo", json!({"operation": reply["operation"]["operation"]}));
    assert_eq!(collection(&mut scene, "team")["id"], id, "the same collection is back");
    assert_eq!(scene.daemon.client().project(&project).counts.in_sync, 1);
    scene.json.error("collections.remove", json!({"collection": "nothing"}));
}

#[test]
fn a_collection_that_is_a_link_is_left_alone() {
    let mut scene = Scene::new(|sandbox| {
        sandbox.collection("default");
        sandbox.write("elsewhere/collection.toml", "[collection]\nname = \"linked\"\nversion = \"1.0.0\"\n");
        let link = sandbox.home.join("collections/linked");
        std::os::unix::fs::symlink(sandbox.root.join("elsewhere"), link).expect("linked");
    });
    scene.refused("collections.rename", json!({"collection": "linked", "to": "x"}));
    scene.refused("collections.remove", json!({"collection": "linked", "force": true}));
    assert!(scene.sandbox.root.join("elsewhere/collection.toml").exists());
}

#[test]
fn another_collection_is_meant_by_default() {
    let mut scene = Scene::new(|sandbox| {
        sandbox.collection("default");
        sandbox.collection("team");
        sandbox.config("# mine\n[settings]\ndefault-collection = \"default\" # usual\nx = 1\n");
    });
    scene.there_and_back("collections.set_default", json!({"collection": "team"}));
    let want = "# mine\n[settings]\ndefault-collection = \"team\" # usual\nx = 1\n";
    assert_eq!(scene.text("config.toml"), want);
    scene.unchanged("collections.set_default", json!({"collection": "team"}));
    scene.json.error("collections.set_default", json!({"collection": "nothing"}));
}
