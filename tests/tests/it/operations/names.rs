//! From names to artifacts: nothing is chosen among several, and every type goes where its format says.

use std::fs;

use serde_json::json;
use skillmeat_tests::sandbox::write;

use super::*;

/// Adds a second collection with these artifacts.
fn second(sandbox: &Sandbox, keys: &[&str]) -> CollectionDir {
    let other = sandbox.collection("other");
    other.fill(keys);
    other
}

#[test]
fn a_name_that_fits_several_things_is_an_error_that_lists_them() {
    let mut site = Site::new(&["skill:twin", "command:twin", "agent:lone"], |sandbox, _, _| {
        second(sandbox, &["skill:twin", "skill:there", "agent:lone"]);
        sandbox.collection("third").fill(&["skill:there"]);
    });
    let before = site.files();
    let error = site.refusal("deploy", json!({"artifacts": ["twin"]}));
    assert_eq!(error["data"]["code"], "ambiguous", "{error}");
    let message = error["message"].as_str().expect("text");
    assert!(message.contains("skill:twin") && message.contains("command:twin"), "{message}");
    let error = site.refusal("deploy", json!({"artifacts": ["there"]}));
    let message = error["message"].as_str().expect("text");
    assert!(message.contains("other") && message.contains("third"), "{message}");
    let error = site.refusal("deploy", json!({"artifacts": ["skill:twni"]}));
    assert_eq!(error["data"]["code"], "not_found", "{error}");
    assert!(error.to_string().contains("did you mean skill:twin"), "{error}");
    site.is_as(&before, "refused");
    // The default collection is meant where it has it; a collection that is named decides.
    let answer = site.run("deploy", json!({"artifacts": ["agent:lone", "skill:twin", "command:twin.md"]}));
    assert_eq!(answer["complete"], true, "{answer}");
    for item in answer["items"].as_array().expect("a list") {
        assert_eq!((&item["collection"], &item["outcome"]), (&json!("default"), &json!("created")), "{item}");
    }
    let error = site.refusal("undeploy", json!({"artifacts": ["twin"]}));
    assert_eq!(error["data"]["code"], "ambiguous", "{error}");
    for method in ["undeploy", "pull", "push", "sync_project", "adopt", "forget", "import"] {
        let error = site.refusal(method, json!({"artifacts": ["skill:twni"]}));
        assert!(error.to_string().contains("did you mean skill:twin"), "{method}: {error}");
    }
    // Undeployed by type, the namesake stays.
    let answer = site.run("undeploy", json!({"artifacts": ["command:twin"]}));
    assert_eq!(answer["complete"], true, "{answer}");
    assert!(site.project.path("skill:twin").exists() && !site.project.path("command:twin").exists());
}

#[test]
fn the_same_name_from_another_collection_is_told_and_undone() {
    let mut site = Site::new(&["skill:twin"], |sandbox, _, _| drop(second(sandbox, &["skill:twin"])));
    site.run("deploy", json!({"artifacts": ["twin"]}));
    let before = site.files();
    let answer = site.run("deploy", json!({"artifacts": ["twin"], "collection": "other"}));
    assert_eq!(first(&answer)["outcome"], "updated", "{answer}");
    assert!(first(&answer)["message"].as_str().is_some_and(|m| m.contains("'default'")), "{answer}");
    assert_eq!(site.state("skill:twin"), Some(DriftState::InSync));
    let records = fs::read_to_string(site.project.records()).expect("readable");
    assert!(records.contains("from_collection = \"other\""), "{records}");
    assert_eq!(records.matches("[[deployed]]").count(), 1, "{records}");
    site.undo();
    site.is_as(&before, "undone");
}

#[test]
fn groups_and_everything() {
    let mut site = Site::new(&["skill:a", "skill:b", "command:c"], |_, collection, _| {
        let text = collection.manifest_text(&["skill:a", "skill:b", "command:c"]);
        let groups = "\n[[groups]]\nname = \"g\"\ndescription = \"\"\ncolor = \"\"\nicon = \"\"\nposition = 0\n\
                      members = [\"command:c\", \"skill:a\"]\n\n[[groups]]\nname = \"stale\"\nposition = 1\n\
                      members = [\"skill:away\"]\n";
        write(&collection.manifest(), text + groups);
    });
    let before = site.files();
    let error = site.refusal("deploy", json!({"group": "gg"}));
    assert!(error.to_string().contains("groups: g, stale"), "{error}");
    let error = site.refusal("deploy", json!({"group": "stale"}));
    assert!(error["message"].as_str().is_some_and(|m| m.contains("skill:away")), "{error}");
    assert_eq!(site.refusal("deploy", json!({}))["data"]["code"], "invalid_params");
    site.is_as(&before, "refused");
    let answer = site.run("deploy", json!({"group": "g"}));
    assert_eq!(answer["items"].as_array().map(Vec::len), Some(2), "{answer}");
    assert!(!site.project.path("skill:b").exists());
    let answer = site.run("deploy", json!({"all": true}));
    assert_eq!(answer["items"].as_array().map(Vec::len), Some(3), "{answer}");
    assert_eq!(site.state("skill:b"), Some(DriftState::InSync));
    for method in ["undeploy", "adopt", "forget", "import"] {
        let error = site.refusal(method, json!({}));
        assert_eq!(error["data"]["code"], "invalid_params", "{method} without names: {error}");
    }
    let answer = site.run("undeploy", json!({"all": true}));
    assert_eq!(answer["items"].as_array().map(Vec::len), Some(3), "{answer}");
    site.undo();
    site.undo();
    site.undo();
    site.is_as(&before, "undone");
}

#[test]
fn the_same_thing_named_twice_is_done_once() {
    let mut site = Site::new(&["skill:a", "command:c"], |_, _, _| {});
    let before = site.files();
    let (path, twice) = (site.project.text(), ["skill:a", "a", "skill:a"]);
    let answer = site.run("deploy", json!({"artifacts": twice, "projects": [path, "app", path]}));
    assert_eq!(answer["complete"], true, "{answer}");
    assert_eq!(answer["items"].as_array().map(Vec::len), Some(1), "{answer}");
    let answer =
        site.run("deploy", json!({"artifacts": ["command:c", "c"], "profiles": ["claude_code", "claude_code"]}));
    assert_eq!(
        (answer["complete"].clone(), answer["items"].as_array().map(Vec::len)),
        (json!(true), Some(1)),
        "{answer}"
    );
    for method in ["forget", "undeploy"] {
        let answer = site.run(method, json!({"artifacts": ["skill:a", "command:c", "a"]}));
        assert_eq!(
            (answer["complete"].clone(), answer["items"].as_array().map(Vec::len)),
            (json!(true), Some(2)),
            "{answer}"
        );
        site.undo();
    }
    site.undo();
    site.undo();
    site.is_as(&before, "undone");
}

#[test]
fn every_type_goes_where_its_format_says_and_comes_back() {
    let keys =
        ["skill:s", "command:c", "agent:a", "hook:h", "mcp:file", "mcp:dir", "workflow:w", "workflow:y", "composite:p"];
    let mut site = Site::new(&keys[..4], |_, collection, _| {
        for (path, text) in [
            ("mcp/file.json", "{}\n"),
            ("mcp/dir/mcp.json", "{}\n"),
            ("workflows/w/WORKFLOW.yaml", "a: 1\n"),
            ("workflows/y.yml", "a: 1\n"),
            ("composites/p/COMPOSITE.md", "p\n"),
            ("composites/p/plugin.json", "{}\n"),
        ] {
            write(&collection.root.join(path), text);
        }
        let text = collection.manifest_text(&keys);
        let text = text.replace("\"mcp/dir.json\"", "\"mcp/dir\"").replace("\"workflows/w.yaml\"", "\"workflows/w\"");
        write(&collection.manifest(), text.replace("\"workflows/y.yaml\"", "\"workflows/y.yml\""));
    });
    let before = site.files();
    let answer = site.run("deploy", json!({"artifacts": keys}));
    assert_eq!(answer["complete"], true, "{answer}");
    for key in keys {
        assert_eq!(site.state(key), Some(DriftState::InSync), "{key}: {answer}");
    }
    let places: Vec<&str> = answer["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item["path"].as_str().and_then(|p| p.split(".claude/").nth(1)).expect("in .claude"))
        .collect();
    for place in &places {
        assert!(site.project.claude().join(place).exists(), "{place}");
    }
    let deployed = site.files();
    // Again, nothing is to be done.
    let answer = site.run("deploy", json!({"artifacts": keys}));
    assert!(answer["operation"].is_null(), "{answer}");
    // Out and in again, by forgetting and adopting.
    site.run("forget", json!({"all": true}));
    let answer = site.run("adopt", json!({"all": true}));
    assert_eq!(answer["complete"], true, "{answer}");
    for key in keys {
        assert_eq!(site.state(key), Some(DriftState::InSync), "{key} adopted: {answer}");
    }
    site.undo();
    site.undo();
    site.is_as(&deployed, "forgotten and adopted, undone");
    let answer = site.run("undeploy", json!({"all": true}));
    assert_eq!(answer["complete"], true, "{answer}");
    for place in &places {
        assert!(!site.project.claude().join(place).exists(), "{place}");
    }
    assert!(!site.project.claude().join("commands").exists(), "directories that became empty are pruned");
    site.undo();
    site.is_as(&deployed, "undeployed, undone");
    site.undo();
    site.is_as(&before, "deployed, undone");
}

#[test]
fn profiles() {
    let mut site = Site::new(&["skill:a"], |_, _, project| {
        fs::create_dir_all(project.root.join(".gemini")).expect("made");
    });
    let before = site.files();
    let error = site.refusal("deploy", json!({"artifacts": ["a"], "profiles": ["windsurf"]}));
    assert!(error["data"]["code"] == "not_found" && error.to_string().contains("codex"), "{error}");
    assert!(!site.project.root.join(".windsurf").exists());
    let error = site.refusal("undeploy", json!({"artifacts": ["a"], "profiles": ["../.."]}));
    assert_eq!(error["data"]["code"], "not_found", "{error}");
    site.is_as(&before, "refused");
    let answer = site.run("deploy", json!({"artifacts": ["a"], "profiles": ["codex", "cursor"]}));
    assert_eq!(answer["complete"], true, "{answer}");
    for (dir, id) in [(".codex", "codex"), (".cursor", "cursor")] {
        let root = site.project.root.join(dir);
        assert!(root.join("skills/a/SKILL.md").exists());
        let records = fs::read_to_string(root.join(".skillmeat-deployed.toml")).expect("readable");
        for line in [
            format!("deployment_profile_id = \"{id}\""),
            format!("platform = \"{id}\""),
            format!("profile_root_dir = \"{dir}\""),
            "artifact_path = \"skills/a\"".to_owned(),
        ] {
            assert!(records.contains(&line), "{line} in {records}");
        }
    }
    let answer = site.run("deploy", json!({"artifacts": ["a"], "all_profiles": true}));
    assert_eq!(answer["complete"], true, "{answer}");
    // Under one profile only.
    let answer = site.run("undeploy", json!({"artifacts": ["a"], "profiles": ["codex"]}));
    assert_eq!(answer["items"].as_array().map(Vec::len), Some(1), "{answer}");
    assert!(site.project.root.join(".cursor/skills/a").exists() && !site.project.root.join(".codex/skills").exists());
    for _ in 0..3 {
        site.undo();
    }
    site.is_as(&before, "undone");
}

#[test]
fn a_name_that_the_original_does_not_read_goes_into_no_manifest_and_out_of_none() {
    let mut site = Site::new(&["command:a/b", "skill:good"], |_, _, project| {
        write(&project.path("command:x/y"), "nested\n");
        write(&project.path("command:plain"), "plain\n");
    });
    let before = site.files();
    assert_eq!(site.state("command:x/y"), Some(DriftState::Untracked));
    let answer = site.run("deploy", json!({"artifacts": ["command:a/b"]}));
    assert_eq!(first(&answer)["outcome"], "refused", "{answer}");
    assert!(first(&answer)["message"].as_str().is_some_and(|m| m.contains("collection.toml")), "{answer}");
    let answer = site.run("import", json!({"artifacts": ["command:x/y"]}));
    assert_eq!(first(&answer)["outcome"], "refused", "{answer}");
    assert!(first(&answer)["message"].as_str().is_some_and(|m| m.contains("separator")), "{answer}");
    assert_eq!(first(&answer)["files_written"], 0, "{answer}");
    site.is_as(&before, "refused");
    let answer = site.run("import", json!({"all": true}));
    let outcomes: Vec<_> = answer["items"].as_array().expect("a list").iter().map(|i| i["outcome"].as_str()).collect();
    assert_eq!(outcomes, [Some("created"), Some("refused")], "{answer}");
}
