//! Homes that the original wrote, older generations included: operated on by us, its own rules still read them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use skillmeat_tests::original;
use skillmeat_tests::sandbox::write;
use skillmeat_tests::world::{self, World};

use super::*;

/// Contents of all files of projects and collections.
fn contents(user: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(user).expect("listed").flatten() {
        let path = entry.path();
        if path.is_symlink() || path.ends_with(".skillmeat/daemon") {
            continue;
        }
        if path.is_dir() {
            contents(&path, found)
        } else {
            drop(found.insert(path.clone(), fs::read(&path).expect("readable")))
        }
    }
}

fn all_of(sandbox: &Sandbox) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    contents(&sandbox.user, &mut found);
    found.retain(|path, _| {
        path.components().any(|c| c.as_os_str() == "collections") || path.to_string_lossy().contains("/projects/")
    });
    found
}

#[track_caller]
fn is_as(sandbox: &Sandbox, before: &BTreeMap<PathBuf, Vec<u8>>, what: &str) {
    let found = all_of(sandbox);
    let names: BTreeSet<&PathBuf> = found.keys().chain(before.keys()).collect();
    for name in names {
        let text =
            |files: &BTreeMap<PathBuf, Vec<u8>>| files.get(name).map(|b| String::from_utf8_lossy(b).into_owned());
        assert_eq!(text(&found), text(before), "{what}: {}", name.display());
    }
}

#[test]
fn homes_of_the_original_stay_readable_for_it() {
    for name in world::names() {
        let mut sandbox = Sandbox::with_default_home(&binaries());
        let world = World::copy(&name, &mut sandbox);
        let read = original::reads_all_below(&sandbox.user).unwrap_or_else(|why| panic!("{name}, as it came: {why}"));
        let before = all_of(&sandbox);
        let daemon = Daemon::start(&sandbox);
        let mut json = daemon.json();
        let (mut done, mut checked) = (0, read);
        for (project, root) in &world.projects {
            daemon.client().add(root);
            write(
                &root.join(".claude/skills/brought/SKILL.md"),
                "---\nname: brought\ndescription: a \"quote\"\n---\nx\n",
            );
            for (method, params) in [
                ("pull", json!({})),
                ("push", json!({})),
                ("sync_project", json!({"strategy": "fork"})),
                ("adopt", json!({"all": true})),
                ("deploy", json!({"all": true, "in_the_way": "force"})),
                ("deploy", json!({"all": true, "in_the_way": "force", "profiles": ["codex"]})),
                ("import", json!({"all": true})),
                ("undeploy", json!({"all": true, "profiles": ["codex"]})),
                ("forget", json!({"artifacts": ["skill:brought"]})),
                ("undeploy", json!({"all": true, "force": true})),
            ] {
                let mut params = params;
                let key = if method == "deploy" { "projects" } else { "project" };
                params[key] = if method == "deploy" { json!([root]) } else { json!(root) };
                let answer = json.call(method, params);
                done += usize::from(answer["result"]["operation"].is_object());
                checked += original::reads_all_below(&sandbox.user).unwrap_or_else(|why| {
                    panic!("{name}, {project}, after {method}: {why}\n{answer}");
                });
            }
        }
        println!("{name}: {done} operations, {checked} files read");
        let mut undone = 0;
        while json.call("undo", json!({})).get("result").is_some_and(|result| result["complete"] == true) {
            undone += 1;
        }
        assert_eq!(undone, done, "{name}");
        for root in world.projects.values() {
            fs::remove_dir_all(root.join(".claude/skills/brought")).expect("it is back");
        }
        is_as(&sandbox, &before, &name);
    }
}

const PLAN: &str =
    "[deployment]\nproject_path = \"/p\"\n\n[[artifacts]]\nname = \"planned\"\ntype = \"skill\"\nversion = \"1\"\n";

fn schema_s(collection: &CollectionDir, keys: &[&str]) -> String {
    let mut text = "[deployment]\ncollection = \"default\"\ndeployed-at = \"2025-12-01T10:00:00.000000Z\"\nskillmeat-version = \"0.3.0\"\n".to_owned();
    for key in keys {
        let sha = skillmeat_tests::library::recorded_hash(&collection.path(key));
        let name = key.split_once(':').expect("a key").1;
        text.push_str(&format!(
            "\n[[artifacts]]\nname = \"{name}\"\ntype = \"skill\"\nsource = \"local:/x\"\nversion = \"unknown\"\nsha = \"{sha}\"\n\
             deployed-at = \"2025-12-01T10:00:00.000000Z\"\ndeployed-from = \"default\"\n"
        ));
    }
    text
}

#[test]
fn the_first_operation_converts_older_generations_and_loses_no_record() {
    let keys = ["skill:old", "skill:edited", "skill:gone", "skill:planned", "skill:new"];
    for (name, is_s, is_p) in [("S", true, false), ("P", false, true), ("both", true, true)] {
        let mut site = Site::new(&keys, |_, collection, project| {
            for key in &keys[..4] {
                skillmeat_tests::sandbox::copy_tree(&collection.path(key), &project.path(key));
            }
            if is_s {
                write(&project.records(), schema_s(collection, &keys[..3]));
            }
            if is_p {
                write(&project.claude().join("deployment.toml"), PLAN);
            }
            write(&project.file("skill:edited"), "edited\n");
            skillmeat_tests::sandbox::remove(&project.path("skill:gone"));
        });
        let states = |site: &Site| -> Vec<_> { keys.iter().map(|key| site.state(key)).collect() };
        let (before, was) = (site.files(), states(&site));
        for (method, params) in [
            ("deploy", json!({"artifacts": ["skill:new"]})),
            ("forget", json!({"artifacts": [if is_s { "skill:old" } else { "skill:planned" }]})),
        ] {
            let answer = site.run(method, params);
            assert_eq!(answer["complete"], true, "{name}, {method}: {answer}");
            let text = fs::read_to_string(site.project.records()).unwrap_or_default();
            let own: &[&str] = if is_s { &["edited", "gone"] } else { &[] };
            for kept in own {
                assert!(text.contains(&format!("artifact_name = \"{kept}\"")), "{name}, {method}: {kept} in {text}");
            }
            assert!(!text.contains("[[artifacts]]"), "{name}, {method}: {text}");
            original::reads_all_below(&site.project.root).unwrap_or_else(|why| panic!("{name}, {method}: {why}"));
            if is_s {
                let kept = site.project.claude().join(".skillmeat-deployed.toml.bak");
                assert_eq!(fs::read_to_string(kept).expect("kept"), schema_s(&site.collection, &keys[..3]), "{name}");
            } else {
                let kept = site.project.claude().join("deployment.toml.bak");
                assert_eq!(fs::read_to_string(kept).expect("kept"), PLAN, "{name}");
            }
            // What is recorded elsewhere is in the state that it was in.
            if method == "deploy" {
                let now = states(&site);
                assert_eq!(now[..4], was[..4], "{name}");
                assert_eq!(now[4], Some(DriftState::InSync), "{name}");
            }
            site.undo();
            site.is_as(&before, &format!("{name}, {method}, undone"));
            assert_eq!(states(&site), was, "{name}, {method}, undone");
        }
    }
}
