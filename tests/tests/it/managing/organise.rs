//! Artifacts that a collection has.

use std::fs;

use serde_json::json;
use skillmeat_tests::sandbox::write;

use super::Scene;

const HASH: &str = "8c1d114d9edc5cea03e50aaf2af846ed2c70156c3a81e9047be20f4a92bcfee3";

/// A collection with two artifacts, a group of both, a lock and a project with both.
fn scene() -> Scene {
    let mut scene = Scene::new(|sandbox| {
        let (collection, _) = sandbox.app(&["skill:pdf", "command:review"]);
        let text = collection.manifest_text(&["skill:pdf", "command:review"]);
        write(
            &collection.manifest(),
            format!(
                "# mine\n{text}\n[[groups]]\nname = \"all\"\nposition = 0\nmembers = [\"skill:pdf\", \"command:review\"]\n"
            ),
        );
        write(
            &collection.root.join("collection.lock"),
            format!(
                "[lock]\nversion = \"1.0.0\"\n\n# of pdf\n[lock.entries.\"pdf::skill\"]\ncontent_hash = \"{HASH}\"\n\
                 fetched = \"2026-01-01T00:00:00\"\nextra = 1\n\n[lock.entries.\"my.docs::skill\"]\n\
                 content_hash = \"{HASH}\"\nfetched = \"2025-01-01T00:00:00\"\n"
            ),
        );
    });
    let project = scene.sandbox.projects.join("app").to_str().expect("text").to_owned();
    scene.json.result("projects.add", json!({"path": project}));
    scene
}

#[test]
fn what_is_removed_is_gone_from_manifest_lock_and_groups() {
    let mut scene = scene();
    let root = scene.sandbox.home.join("collections/default");
    fs::create_dir(root.join("skills/pdf/.git")).expect("made");
    fs::write(root.join("skills/pdf/.git/HEAD"), "ref").expect("written");
    let reply = scene.there_and_back("remove", json!({"artifacts": ["skill:pdf"]}));
    assert!(reply["items"][0]["message"].as_str().expect("said").contains("1 deployments"), "{reply}");
    assert!(!root.join("skills/pdf").exists() && root.join("skills").is_dir());
    let manifest = scene.text("collections/default/collection.toml");
    assert!(manifest.starts_with("# mine\n") && !manifest.contains("pdf"), "{manifest}");
    assert!(!scene.text("collections/default/collection.lock").contains("pdf::skill"));
    let project = scene.sandbox.projects.join("app").to_str().expect("text").to_owned();
    assert_eq!(scene.daemon.client().project(&project).counts.removed, 1);
    assert!(scene.sandbox.projects.join("app/.claude/skills/pdf/SKILL.md").exists());
    scene.json.error("remove", json!({"artifacts": ["skill:pdf"]}));
    scene.json.error("remove", json!({"artifacts": []}));
}

#[test]
fn of_what_has_no_files_here_only_the_entry_goes() {
    let mut scene = Scene::new(|sandbox| {
        let collection = sandbox.collection("default");
        let hook = sandbox.write("elsewhere/h.md", "x");
        let text = collection.manifest_text(&["skill:gone"]);
        let elsewhere = format!("\n[[artifacts]]\nname = \"h\"\ntype = \"hook\"\npath = \"{}\"\n", hook.display());
        write(&collection.manifest(), format!("{text}{elsewhere}origin = \"local\"\n"));
    });
    for (key, why) in [("skill:gone", "gone already"), ("hook:h", "elsewhere")] {
        let reply = scene.there_and_back("remove", json!({"artifacts": [key]}));
        assert_eq!(reply["items"][0]["outcome"], json!("recorded"), "{reply}");
        assert!(reply["items"][0]["message"].as_str().expect("said").contains(why), "{reply}");
    }
    assert!(scene.sandbox.root.join("elsewhere/h.md").exists());
    assert!(!scene.sandbox.home.join("collections/default/collection.lock").exists(), "none was made");
}

#[test]
fn a_renamed_artifact_keeps_its_files_its_lock_and_its_place_in_groups() {
    let mut scene = scene();
    let reply = scene.there_and_back("rename", json!({"artifact": "skill:pdf", "to": "my.docs"}));
    assert!(reply["items"][0]["message"].as_str().expect("said").contains("1 deployments"), "{reply}");
    let root = scene.sandbox.home.join("collections/default");
    assert!(root.join("skills/my.docs/SKILL.md").is_file() && !root.join("skills/pdf").exists());
    let manifest = scene.text("collections/default/collection.toml");
    assert!(manifest.contains("name = \"my.docs\"\ntype = \"skill\"\npath = \"skills/my.docs\"\n"), "{manifest}");
    assert!(manifest.contains("skill:my.docs") && !manifest.contains("pdf"), "{manifest}");
    let lock = scene.text("collections/default/collection.lock");
    let want = format!("# of pdf\n[lock.entries.\"my.docs::skill\"]\ncontent_hash = \"{HASH}\"\n");
    assert!(lock.contains(&want) && lock.ends_with("\nextra = 1\n"), "{lock}");
    scene.there_and_back("rename", json!({"artifact": "command:review", "to": "look.md"}));
    assert!(root.join("commands/look.md").is_file());
    scene.there_and_back("rename", json!({"artifact": "look", "to": "Look"}));
    assert!(root.join("commands/Look.md").is_file());
    scene.unchanged("rename", json!({"artifact": "command:Look", "to": "Look"}));
    fs::write(root.join("commands/stray.md"), "x").expect("written");
    for taken in ["stray", "STRAY", "a/b", "..", "con", ""] {
        scene.refused("rename", json!({"artifact": "command:Look", "to": taken}));
    }
}

#[test]
fn tags_come_and_go_in_order() {
    let mut scene = scene();
    scene.there_and_back("tag", json!({"artifacts": ["skill:pdf", "review"], "add": ["b", "a", "b"]}));
    let manifest = scene.text("collections/default/collection.toml");
    assert_eq!(manifest.matches("tags = [\n    \"b\",\n    \"a\",\n]").count(), 2, "{manifest}");
    scene.unchanged("tag", json!({"artifacts": ["skill:pdf"], "add": ["a"], "remove": ["z"]}));
    scene.there_and_back("tag", json!({"artifacts": ["skill:pdf"], "add": ["c"], "remove": ["b"]}));
    assert!(scene.text("collections/default/collection.toml").contains("tags = [\n    \"a\",\n    \"c\",\n]"));
    scene.there_and_back("tag", json!({"artifacts": ["skill:pdf"], "remove": ["a", "c"]}));
    assert_eq!(scene.text("collections/default/collection.toml").matches("tags = [").count(), 1);
    for bad in ["", " ", "a\nb"] {
        scene.json.error("tag", json!({"artifacts": ["skill:pdf"], "add": [bad]}));
    }
}
