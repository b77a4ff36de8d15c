//! Several copies that follow a branch, or several branches.

use std::fs;

use serde_json::{Value, json};
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_tests::sandbox::write;

use super::{POEM, SKILL, edit, followers, following, is_in, poem, ran, second, tip};
use crate::operations::{Site, first};
use crate::versions::list;

#[test]
fn what_others_put_onto_a_branch_is_not_replaced_unasked() {
    let mut site = following();
    let other = second(&mut site, "other");
    site.run("deploy", json!({"artifacts": [SKILL], "branch": "main", "projects": [other.text()]}));
    edit(&site.project, "one");
    site.run("push", json!({"artifacts": [SKILL]}));
    let tip_now = tip(&mut site, "next");
    edit(&other, "five");
    let params = |more: Value| {
        let mut params = json!({"artifacts": [SKILL], "branch": "next", "project": other.text()});
        params.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        params
    };
    let refused = site.run("push", params(json!({})));
    assert_eq!(first(&refused)["outcome"], "refused", "{refused}");
    let message = first(&refused)["message"].as_str().expect("text");
    assert!(message.contains("which this was not made of"), "{message}");
    assert_eq!(tip(&mut site, "next"), tip_now);
    let over = site.run("push", params(json!({"strategy": "overwrite"})));
    assert_eq!(first(&over)["outcome"], "updated", "{over}");
    assert_ne!(tip(&mut site, "next"), tip_now);
    assert_eq!(followers(&mut site), ["app next outdated"]);
    // Undone in the wrong order, nothing is done.
    let pushes = site.json.result("operations.list", json!({"limit": 10}));
    let first_push = list(&pushes["operations"]).iter().filter(|op| op["verb"] == "push").nth(1).cloned();
    let number = first_push.expect("two pushes")["operation"].clone();
    let error = site.json.error("undo", json!({"operation": number}));
    assert!(error["message"].as_str().expect("text").contains("is not where operation"), "{error}");
    site.undo();
    assert_eq!(tip(&mut site, "next"), tip_now);
}

#[test]
fn many_copies_are_brought_the_branch_that_each_follows() {
    let mut site = following();
    let other = second(&mut site, "other");
    let ordinary = site.sandbox.project("ordinary");
    site.daemon.client().add(&ordinary.root);
    site.run("deploy", json!({"artifacts": [SKILL], "projects": [ordinary.text()]}));
    edit(&site.project, "one");
    site.run("push", json!({"artifacts": [SKILL]}));
    write(&site.collection.file(SKILL), "of main again\n");
    let radius = site.json.result("blast_radius", json!({"artifact": SKILL}));
    let copies: Vec<(String, String)> = list(&radius["copies"])
        .iter()
        .map(|copy| (copy["state"].as_str().expect("text").to_owned(), copy["next"].as_str().expect("text").to_owned()))
        .collect();
    let told = |state: &str, next: &str| (state.to_owned(), next.to_owned());
    assert_eq!(copies, [told("in_sync", "in_sync"), told("outdated", "outdated"), told("outdated", "outdated")]);
    let fanned = site.json.result("fan_out", json!({"artifacts": [SKILL]}));
    assert_eq!(fanned["complete"], true, "{fanned}");
    is_in(&site, &other, S::InSync);
    is_in(&site, &ordinary, S::InSync);
    assert_eq!(poem(&other), poem(&site.project));
    assert_eq!(fs::read_to_string(ordinary.file(SKILL)).expect("there"), "of main again\n");
    site.undo();
    is_in(&site, &other, S::Outdated);
    // Promoted, what one copy has goes onto its branch, and to those who follow it.
    edit(&site.project, "three");
    let project = site.project.text();
    let promoted = site.json.result("promote", json!({"project": project, "artifact": SKILL, "fan_out": true}));
    assert_eq!(promoted["complete"], true, "{promoted}");
    assert_eq!(list(&promoted["items"]).len(), 2, "{promoted}");
    assert_eq!(poem(&other), "ONE\ntwo\nTHREE\nfour\nfive\n");
    is_in(&site, &other, S::InSync);
    is_in(&site, &ordinary, S::Outdated);
    let main = fs::read_to_string(site.collection.path(SKILL).join("poem.md")).expect("there");
    assert_eq!(main, POEM);
    site.undo();
    is_in(&site, &other, S::Outdated);
}

#[test]
fn conflicts_with_a_branch_are_ended_on_it() {
    let mut site = following();
    let other = second(&mut site, "other");
    edit(&site.project, "one");
    site.run("push", json!({"artifacts": [SKILL]}));
    write(&other.path(SKILL).join("poem.md"), POEM.replace("one", "eins"));
    let refused = site.run("sync_project", json!({"artifacts": [SKILL], "project": other.text()}));
    assert_eq!(first(&refused)["outcome"], "refused", "{refused}");
    let name = || json!({"artifact": SKILL, "project": other.text()});
    let mut both = name();
    both["choice"] = json!("both");
    site.json.result("conflicts.resolve", both);
    let ended = site.json.result("conflicts.continue", name());
    assert_eq!(first(&ended)["outcome"], "merged", "{ended}");
    assert!(poem(&other).contains("eins") && poem(&other).contains("ONE"), "{}", poem(&other));
    assert_eq!(followers(&mut site), ["app next outdated", "other next in_sync"]);
    assert_eq!(fs::read_to_string(site.collection.path(SKILL).join("poem.md")).expect("there"), POEM);
    site.undo();
    assert_eq!(followers(&mut site), ["app next in_sync", "other next conflict"]);
}

#[test]
fn copies_under_several_profiles_follow_each_for_itself() {
    let mut site = following();
    let profiles = |names: &[&str]| json!({"artifacts": [SKILL], "profiles": names});
    let mut codex = profiles(&["codex"]);
    codex["branch"] = json!("next");
    ran(&mut site, "deploy", codex, "created");
    let told = |site: &mut Site| {
        let answer = site.json.result("branches.followers", json!({"artifact": SKILL}));
        let one = |one: &Value| format!("{} {}", one["profile"], one["state"]).replace('"', "");
        list(&answer["followers"]).iter().map(one).collect::<Vec<_>>()
    };
    assert_eq!(told(&mut site), ["claude_code in_sync", "codex in_sync"]);
    // Both edited, and pushed at once: one of them moves the branch.
    write(&site.project.file(SKILL), "under one\n");
    write(&site.project.root.join(".codex/skills/a/SKILL.md"), "under the other\n");
    let pushed = site.run("push", json!({"artifacts": [SKILL], "strategy": "overwrite"}));
    let outcomes: Vec<&Value> = list(&pushed["items"]).iter().map(|item| &item["outcome"]).collect();
    assert_eq!(outcomes, ["updated", "refused"], "{pushed}");
    assert_eq!(told(&mut site), ["claude_code in_sync", "codex conflict"]);
    // A record that is dropped takes what it followed with it, and of no other.
    ran(&mut site, "forget", profiles(&["codex"]), "recorded");
    assert_eq!(told(&mut site), ["claude_code in_sync"]);
    site.run("adopt", profiles(&["codex"]));
    assert_eq!(told(&mut site), ["claude_code in_sync"]);
    site.undo();
    site.undo();
    assert_eq!(told(&mut site), ["claude_code in_sync", "codex conflict"]);
}

#[test]
fn ways_on_lead_on_from_anywhere() {
    let mut site = following();
    let odd = second(&mut site, "a b's");
    let pasted = |site: &Site, way: &str| {
        let command = way.split("   ").next().expect("a command");
        let directory = site.sandbox.binaries.client.parent().expect("it is in one").display();
        let path = format!("{directory}:/usr/bin:/bin");
        let mut shell = site.sandbox.command("sh");
        shell.args(["-c", command]).env("PATH", path).current_dir("/");
        skillmeat_tests::process::run(shell, "")
    };
    // Edited, and another branch wanted.
    edit(&odd, "one");
    site.json.result("branches.create", json!({"artifact": SKILL, "branch": "later"}));
    let deploy = json!({"artifacts": [SKILL], "branch": "later", "projects": [odd.text()]});
    let refused = site.json.result("deploy", deploy.clone());
    let ways = list(&first(&refused)["ways"]).clone();
    assert_eq!(ways.len(), 3, "{refused}");
    let out = pasted(&site, ways[2].as_str().expect("text"));
    assert!(out.code == Some(0), "{ways:?}: {out:?}");
    assert_eq!(followers(&mut site), ["a b's next in_sync", "app next outdated"]);
    edit(&odd, "two");
    let out = pasted(&site, ways[0].as_str().expect("text"));
    assert!(out.code == Some(0), "{ways:?}: {out:?}");
    assert_eq!(followers(&mut site), ["a b's later in_sync", "app next outdated"]);
    // The branch is gone.
    site.json.result("branches.delete", json!({"artifact": SKILL, "branch": "later"}));
    let refused = site.json.result("pull", json!({"artifacts": [SKILL], "project": odd.text()}));
    let ways = list(&first(&refused)["ways"]).clone();
    for way in &ways[..2] {
        let out = pasted(&site, way.as_str().expect("text"));
        assert!(out.code == Some(0), "{way}: {out:?}");
    }
    assert_eq!(followers(&mut site), ["app next outdated"]);
}
