//! Files from anywhere.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;
use skillmeat_tests::library::recorded_hash;

use super::{Scene, ways};

const SKILL: &str = "---\nname: other\ndescription: Reads PDFs\nversion: 1.2.0\ntags: [docs]\n---\nText\n";

fn scene() -> Scene {
    Scene::new(|sandbox| {
        sandbox.collection("default").list(&[]);
        sandbox.write("in/my.skill/SKILL.md", SKILL);
        sandbox.write("in/my.skill/run.sh", "#!/bin/sh\n");
        sandbox.write("in/commands/review.md", "Review it\n");
        sandbox.write("in/deep/agents/team/helper.md", "Help\n");
        sandbox.write("in/loose.md", "Loose\n");
        sandbox.write("in/cmd.md", "---\nargument-hint: [file]\n---\nDo\n");
        sandbox.write("in/agent.md.d/bot.md", "---\nname: bot\ntools: Read\n---\nBe\n");
        sandbox.write("in/hook/settings.json", "{}\n");
        sandbox.write("in/db/.mcp.json", "{\"mcpServers\": {}}\n");
        sandbox.write("in/flow/WORKFLOW.yaml", "steps: []\n");
        sandbox.write("in/plug/PLUGIN.md", "A plugin\n");
        sandbox.write("in/empty/SKILL.md", " \n");
        sandbox.write("in/nothing/readme.txt", "x");
    })
}

fn path(scene: &Scene, relative: &str) -> String {
    scene.sandbox.root.join("in").join(relative).to_str().expect("text").to_owned()
}

#[test]
fn what_is_added_is_filed_as_the_original_files_it() {
    let mut scene = scene();
    let skill = path(&scene, "my.skill");
    scene.there_and_back("add", json!({"paths": [skill], "tags": ["team", "docs"]}));
    let root = scene.sandbox.home.join("collections/default");
    assert_eq!(fs::read_to_string(root.join("skills/my.skill/SKILL.md")).expect("there"), SKILL);
    let manifest = scene.text("collections/default/collection.toml");
    for want in [
        "name = \"my.skill\"\ntype = \"skill\"\npath = \"skills/my.skill\"\norigin = \"local\"\nadded = \"",
        "tags = [\n    \"docs\",\n    \"team\",\n]\n",
        "[artifacts.metadata]\ndescription = \"Reads PDFs\"\nversion = \"1.2.0\"\n",
    ] {
        assert!(manifest.contains(want), "{want}\n{manifest}");
    }
    let lock = scene.text("collections/default/collection.lock");
    let hash = recorded_hash(&root.join("skills/my.skill"));
    let want = format!("[lock.entries.\"my.skill::skill\"]\ncontent_hash = \"{hash}\"\nfetched = \"");
    assert!(lock.contains(&want), "{lock}");
}

#[test]
fn the_type_is_told_by_place_form_and_frontmatter_or_not_at_all() {
    let mut scene = scene();
    for (relative, want) in [
        ("my.skill", "skill:my.skill"),
        ("commands/review.md", "command:review"),
        ("deep/agents/team/helper.md", "agent:helper"),
        ("cmd.md", "command:cmd"),
        ("agent.md.d/bot.md", "agent:bot"),
        ("hook", "hook:hook"),
        ("db", "mcp:db"),
        ("flow", "workflow:flow"),
        ("plug", "composite:plug"),
    ] {
        let reply = scene.done("add", json!({"paths": [path(&scene, relative)], "dry_run": true}));
        let item = &reply["items"][0];
        let kind = item["type"].as_str().unwrap_or_default();
        assert_eq!(format!("{kind}:{}", item["name"].as_str().expect("a name")), want, "{item}");
    }
    let loose = path(&scene, "loose.md");
    let item = scene.refused("add", json!({"paths": [loose]}));
    let ways = ways(&item);
    assert!(ways.contains(&format!("skillmeat add {loose} --type command")), "{ways:?}");
    assert!(ways.contains(&format!("skillmeat add {loose} --type agent")), "{ways:?}");
    scene.there_and_back("add", json!({"paths": [loose], "type": "agent"}));
    for refused in ["empty", "nothing", "commands", "missing"] {
        let params = json!({"paths": [path(&scene, refused)]});
        if refused == "missing" {
            let reply = scene.json.result("add", params);
            assert_eq!(reply["items"][0]["outcome"], json!("failed"), "{reply}");
        } else {
            scene.refused("add", params);
        }
    }
    let item = scene.refused("add", json!({"paths": [path(&scene, "nothing")], "type": "skill"}));
    assert!(item["message"].as_str().expect("why").contains("SKILL.md"), "{item}");
    for bad in [json!({"paths": ["relative"]}), json!({"paths": []}), json!({"paths": ["/a", "/b"], "name": "x"})] {
        scene.json.error("add", bad);
    }
}

#[test]
fn every_type_is_added_and_comes_back_as_itself() {
    let mut scene = scene();
    for relative in ["hook", "db", "flow", "plug", "cmd.md", "agent.md.d/bot.md"] {
        scene.there_and_back("add", json!({"paths": [path(&scene, relative)]}));
    }
    let list = scene.json.result("list", json!({}));
    let all = list["artifacts"].as_array().expect("artifacts");
    assert_eq!(all.len(), 6, "{list}");
    scene.unchanged("collections.verify", json!({}));
}

#[test]
fn a_name_is_taken_once_unless_it_is_forced() {
    let mut scene = scene();
    let skill = path(&scene, "my.skill");
    scene.done("add", json!({"paths": [skill], "name": "pdf"}));
    let item = scene.refused("add", json!({"paths": [skill], "name": "pdf"}));
    assert!(ways(&item).iter().any(|way| way.contains("--force")), "{item}");
    scene.refused("add", json!({"paths": [skill], "name": "PDF"}));
    let manifest = scene.sandbox.home.join("collections/default/collection.toml");
    let text = fs::read_to_string(&manifest).expect("there");
    fs::write(&manifest, text.replace("origin = \"local\"\n", "origin = \"local\"\nmine = 1 # kept\n"))
        .expect("written");
    scene.sandbox.write("in/my.skill/SKILL.md", SKILL.replace("1.2.0", "2.0.0"));
    scene.sandbox.write("in/my.skill/new.md", "new\n");
    fs::remove_file(path(&scene, "my.skill/run.sh")).expect("removed");
    let reply = scene.there_and_back("add", json!({"paths": [skill], "name": "pdf", "force": true}));
    assert_eq!((&reply["items"][0]["files_written"], &reply["items"][0]["files_removed"]), (&json!(2), &json!(1)));
    let text = fs::read_to_string(&manifest).expect("there");
    assert!(text.contains("mine = 1 # kept\n") && text.contains("version = \"2.0.0\""), "{text}");
    assert!(!scene.sandbox.home.join("collections/default/skills/pdf/run.sh").exists());
    let reply = scene.done("add", json!({"paths": [skill], "name": "twin"}));
    assert!(reply["items"][0]["message"].as_str().expect("said").contains("skill:pdf"), "{reply}");
}

#[test]
fn a_link_is_followed_and_never_written_through() {
    let mut scene = scene();
    symlink(path(&scene, "my.skill"), path(&scene, "linked")).expect("linked");
    scene.there_and_back("add", json!({"paths": [format!("{}/", path(&scene, "linked"))]}));
    let there = scene.sandbox.home.join("collections/default/skills/linked");
    assert!(!there.is_symlink() && there.join("SKILL.md").is_file());
    let commands = scene.sandbox.home.join("collections/default/commands");
    symlink(path(&scene, "nothing"), &commands).expect("linked");
    let reply = scene.json.result("add", json!({"paths": [path(&scene, "cmd.md")]}));
    assert_eq!(reply["complete"], json!(false), "{reply}");
    assert!(reply["items"][0]["message"].as_str().expect("why").contains("link"), "{reply}");
}

#[test]
fn the_ways_on_are_commands_that_a_shell_takes() {
    let mut scene = scene();
    scene.done("collections.create", json!({"name": "my team"}));
    let odd = scene.sandbox.write("in/it's $HOME; `x`.md", "Loose\n");
    let params = json!({"paths": [odd], "collection": "my team", "tags": ["a b"], "name": "odd"});
    let way = ways(&scene.refused("add", params)).into_iter().find(|way| way.contains("agent")).expect("one of them");
    let command = way.replacen("skillmeat", &scene.sandbox.binaries.client.display().to_string(), 1);
    let output = scene.sandbox.command("sh").args(["-c", &command]).output().expect("a shell");
    assert!(output.status.success(), "{command}: {output:?}");
    let manifest = scene.text("collections/my team/collection.toml");
    assert!(manifest.contains("name = \"odd\"\ntype = \"agent\"") && manifest.contains("\"a b\","), "{manifest}");
}
