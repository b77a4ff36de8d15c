//! Branches: lines of an artifact in a collection, switched, deployed, given up.

use std::fs;

use serde_json::{Value, json};
use skillmeat_protocol::drift::DriftState;
use skillmeat_tests::sandbox::{remove, write};

use super::{hash, list};
use crate::operations::{Site, first};

const SKILL: &str = "skill:a";

/// A skill that is deployed, of which the branch `next` begins where `main` is.
fn branched() -> Site {
    let mut site = Site::new(&[SKILL], |_, _, _| {});
    write(&site.collection.file(SKILL), "first\n");
    site.run("deploy", json!({"artifacts": [SKILL]}));
    site.json.result("branches.create", json!({"artifact": SKILL, "branch": "next"}));
    site
}

/// Each branch as its name, a star for the current one, and the first digits of its tip.
#[track_caller]
fn branches(site: &mut Site) -> Vec<String> {
    let answer = site.json.result("branches.list", json!({"artifact": SKILL}));
    list(&answer["branches"]).iter().map(told).collect()
}

fn told(info: &Value) -> String {
    let star = if info["current"] == true { "*" } else { "" };
    let hash = info["hash"].as_str().map_or("nothing", |hash| &hash[..8]);
    assert_eq!(info["collection"], "default", "{info}");
    format!("{}{star} {hash}", info["branch"].as_str().expect("text"))
}

fn text(site: &Site) -> String {
    fs::read_to_string(site.collection.file(SKILL)).expect("it is there")
}

#[track_caller]
fn switch(site: &mut Site, branch: &str) -> Value {
    let answer = site.json.result("branches.switch", json!({"artifact": SKILL, "branch": branch}));
    assert_eq!(answer["complete"], true, "{answer}");
    answer
}

/// The first digits of what the collection has.
#[track_caller]
fn now(site: &mut Site) -> String {
    let shown = site.json.result("show", json!({"artifact": SKILL}));
    shown["artifacts"][0]["content_hash"].as_str().expect("text")[..8].to_owned()
}

#[test]
fn everything_has_one_branch_and_gets_others() {
    let mut site = Site::new(&[SKILL], |_, _, _| {});
    let begun = now(&mut site);
    assert_eq!(branches(&mut site), [format!("main* {begun}")]);
    site.json.result("branches.create", json!({"artifact": "a", "branch": "next"}));
    assert_eq!(branches(&mut site), [format!("main* {begun}"), format!("next {begun}")]);
    // The current one is wherever the collection is, whoever changed it.
    write(&site.collection.file(SKILL), "edited by hand\n");
    let edited = now(&mut site);
    assert_eq!(branches(&mut site), [format!("main* {edited}"), format!("next {begun}")]);
    let created = site
        .json
        .result("branches.create", json!({"artifact": SKILL, "branch": "old", "at": begun, "collection": "default"}));
    let names: Vec<String> = list(&created["branches"]).iter().map(told).collect();
    assert_eq!(names, [format!("main* {edited}"), format!("next {begun}"), format!("old {begun}")]);
    site.json.result("branches.delete", json!({"artifact": SKILL, "branch": "old"}));
    assert_eq!(branches(&mut site), [format!("main* {edited}"), format!("next {begun}")]);
    site.json.result("versions.tag", json!({"artifact": SKILL, "version": "next", "tag": "good"}));
    for (method, params, code, message) in [
        ("branches.create", json!({"branch": "next"}), "already_exists", "a branch 'next' already"),
        ("branches.create", json!({"branch": "main"}), "already_exists", "a branch 'main' already"),
        ("branches.create", json!({"branch": "good"}), "already_exists", "a tag 'good'"),
        ("branches.create", json!({"branch": "beef"}), "invalid_params", "looks like a hash"),
        ("branches.create", json!({"branch": "x", "at": "nowhere"}), "not_found", "no version 'nowhere'"),
        ("branches.create", json!({"artifact": "skill:gone", "branch": "x"}), "not_found", "skill:gone"),
        ("branches.delete", json!({"branch": "main"}), "refused", "'main' is the current branch"),
        ("branches.delete", json!({"branch": "old"}), "not_found", "no branch 'old'"),
        (
            "branches.switch",
            json!({"branch": "old"}),
            "not_found",
            "no branch 'old' in collection 'default'; it has main, next",
        ),
        ("versions.tag", json!({"version": "next", "tag": "next"}), "already_exists", "a branch 'next'"),
    ] {
        let mut asked = json!({"artifact": SKILL});
        asked.as_object_mut().expect("an object").extend(params.as_object().expect("an object").clone());
        let error = site.json.error(method, asked.clone());
        assert_eq!(error["data"]["code"], code, "{method} {asked}: {error}");
        assert!(error["message"].as_str().expect("text").contains(message), "{method} {asked}: {error}");
    }
}

#[test]
fn switching_is_one_operation_that_loses_nothing() {
    let mut site = branched();
    write(&site.collection.file(SKILL), "of main\n");
    write(&site.collection.path(SKILL).join("only-main.md"), "x");
    let (main, before) = (now(&mut site), site.files());
    let planned = site.json.result("branches.switch", json!({"artifact": SKILL, "branch": "next", "dry_run": true}));
    assert_eq!(first(&planned)["outcome"], "updated", "{planned}");
    site.is_as(&before, "only planned");
    let switched = switch(&mut site, "next");
    assert_eq!(text(&site), "first\n");
    let next = now(&mut site);
    assert_eq!(branches(&mut site), [format!("next* {next}"), format!("main {main}")]);
    let message = first(&switched)["message"].as_str().expect("text");
    assert!(message.starts_with("'next' is the current branch; what was there stays in 'main'"), "{message}");
    // Work on it, through the project.
    write(&site.project.file(SKILL), "of next\n");
    site.run("push", json!({"artifacts": [SKILL]}));
    let pushed = now(&mut site);
    assert_eq!(branches(&mut site), [format!("next* {pushed}"), format!("main {main}")]);
    switch(&mut site, "main");
    assert_eq!(text(&site), "of main\n");
    assert!(site.collection.path(SKILL).join("only-main.md").is_file());
    assert_eq!(branches(&mut site), [format!("main* {main}"), format!("next {pushed}")]);
    assert_eq!(site.state(SKILL), Some(DriftState::Outdated), "the project has what next has");
    let again = switch(&mut site, "main");
    assert_eq!((&first(&again)["outcome"], &again["operation"]), (&json!("unchanged"), &Value::Null));
    // There and back.
    site.undo();
    assert_eq!(
        (text(&site).as_str(), branches(&mut site)),
        ("of next\n", vec![format!("next* {pushed}"), format!("main {main}")])
    );
    let undone = site.json.result("operations.list", json!({"limit": 1}))["operations"][0]["operation"].clone();
    site.run("undo", json!({"operation": undone}));
    assert_eq!(
        (text(&site).as_str(), branches(&mut site)),
        ("of main\n", vec![format!("main* {main}"), format!("next {pushed}")])
    );
    assert_eq!(site.json.result("history.verify", json!({}))["complete"], true);
}

#[test]
fn branches_of_the_same_content_are_switched_too() {
    let mut site = branched();
    let tip = now(&mut site);
    switch(&mut site, "next");
    assert_eq!(branches(&mut site), [format!("next* {tip}"), format!("main {tip}")]);
    write(&site.collection.file(SKILL), "of next\n");
    let next = now(&mut site);
    assert_eq!(branches(&mut site), [format!("next* {next}"), format!("main {tip}")]);
    write(&site.collection.file(SKILL), "first\n");
    site.undo();
    assert_eq!(branches(&mut site), [format!("main* {tip}"), format!("next {tip}")]);
    // With nothing there, there would be nothing to come back to.
    remove(&site.collection.path(SKILL));
    let refused = site.json.result("branches.switch", json!({"artifact": SKILL, "branch": "next"}));
    assert_eq!(first(&refused)["outcome"], "refused", "{refused}");
    assert_eq!(branches(&mut site), ["main* nothing".to_owned(), format!("next {tip}")]);
}

#[test]
fn an_edit_stays_on_the_branch_where_it_was_made() {
    let mut site = branched();
    let tip = now(&mut site);
    for (edited, main) in [("SKILL.md", "first\n"), ("other.md", "of main\n")] {
        // Of the same content at first, and then of another in a file that nobody edits.
        write(&site.collection.file(SKILL), main);
        let main_tip = now(&mut site);
        switch(&mut site, "next");
        write(&site.collection.path(SKILL).join(edited), "edited on next\n");
        let next = now(&mut site);
        let before = site.files();
        let error = site.json.error("undo", json!({}));
        assert_eq!(error["data"]["code"], "refused", "{error}");
        let message = error["message"].as_str().expect("text");
        assert!(message.starts_with("skill:a was changed on branch 'next' since"), "{message}");
        site.is_as(&before, "refused");
        let hint = error["data"]["hint"].as_str().expect("a hint").to_owned();
        let words: Vec<&str> = hint.split('#').next().expect("a command").split_whitespace().skip(1).collect();
        site.sandbox.cli(&words).ok();
        assert_eq!(branches(&mut site), [format!("main* {main_tip}"), format!("next {next}")]);
        assert_eq!(text(&site), main);
        // Without an edit it is undone, and so is the undoing.
        switch(&mut site, "next");
        site.undo();
        assert_eq!(branches(&mut site), [format!("main* {main_tip}"), format!("next {next}")]);
        site.json.result("branches.delete", json!({"artifact": SKILL, "branch": "next"}));
        site.json.result("branches.create", json!({"artifact": SKILL, "branch": "next", "at": tip}));
    }
}

#[test]
fn the_tip_of_a_branch_is_deployed_and_named_as_a_version() {
    let mut site = branched();
    write(&site.collection.file(SKILL), "of main\n");
    let deployed = site.run("deploy", json!({"artifacts": [SKILL], "branch": "main"}));
    assert_eq!((first(&deployed)["outcome"].as_str(), site.state(SKILL)), (Some("updated"), Some(DriftState::InSync)));
    let versions = super::lineage(&mut site, SKILL);
    let before = site.files();
    site.run("deploy", json!({"artifacts": [SKILL], "branch": "next", "dry_run": true}));
    site.is_as(&before, "only planned");
    let deployed = site.run("deploy", json!({"artifacts": [SKILL], "branch": "next"}));
    assert_eq!(first(&deployed)["outcome"], "updated", "{deployed}");
    assert_eq!(fs::read_to_string(site.project.file(SKILL)).expect("there"), "first\n");
    // The collection has another branch; the copy follows this one by its name, and it is said.
    assert_eq!(site.state(SKILL), Some(DriftState::InSync));
    assert_eq!(first(&deployed)["message"], "it follows branch 'next' from now on", "{deployed}");
    assert_eq!(
        super::lineage(&mut site, SKILL),
        versions,
        "nothing of it is new, and nothing of it is in the collection"
    );
    let (next, main) = (hash(&mut site, SKILL, 1), now(&mut site));
    let shown = site.json.result("versions.show", json!({"artifact": SKILL, "version": "default/next"}));
    assert_eq!(shown["info"]["hash"], next.as_str(), "{shown}");
    let places: Vec<bool> = list(&shown["info"]["now"]).iter().map(|place| place["project"].is_string()).collect();
    assert_eq!(places, [true], "{shown}");
    // Edited, it is not replaced.
    write(&site.project.file(SKILL), "mine\n");
    let refused = site.run("deploy", json!({"artifacts": [SKILL], "branch": "next"}));
    assert_eq!(first(&refused)["outcome"], "refused", "{refused}");
    let forced = site.run("deploy", json!({"artifacts": [SKILL], "branch": "next", "in_the_way": "force"}));
    assert_eq!(first(&forced)["outcome"], "updated", "{forced}");
    site.undo();
    assert_eq!(fs::read_to_string(site.project.file(SKILL)).expect("there"), "mine\n");
    let merge = json!({"artifacts": [SKILL], "branch": "next", "in_the_way": "merge"});
    assert_eq!(site.refusal("deploy", merge)["data"]["code"], "invalid_params");
    let unknown = site.refusal("deploy", json!({"artifacts": [SKILL], "branch": "nowhere"}));
    assert_eq!(unknown["data"]["code"], "not_found", "{unknown}");
    // Where nothing was.
    site.run("undeploy", json!({"artifacts": [SKILL], "force": true}));
    let deployed = site.run("deploy", json!({"artifacts": [SKILL], "branch": "next"}));
    assert_eq!(first(&deployed)["outcome"], "created", "{deployed}");
    assert_eq!(site.state(SKILL), Some(DriftState::InSync));
    let left = site.run("deploy", json!({"artifacts": [SKILL], "branch": "main"}));
    assert_eq!((first(&left)["outcome"].as_str(), site.state(SKILL)), (Some("updated"), Some(DriftState::InSync)));
    assert_eq!(now(&mut site), main);
}

#[test]
fn tips_are_kept_and_names_are_shown() {
    let mut site = branched();
    for text in ["two\n", "three\n"] {
        write(&site.project.file(SKILL), text);
        site.run("push", json!({"artifacts": [SKILL]}));
    }
    let second = hash(&mut site, SKILL, 2);
    site.json.result("branches.create", json!({"artifact": SKILL, "branch": "middle", "at": second}));
    let kept = |site: &mut Site| -> Vec<(u64, bool)> {
        site.json.result("history.gc", json!({"days": 0}));
        let versions = site.json.result("versions.list", json!({"artifact": SKILL}));
        let kept = |version: &Value| (version["version"].as_u64().expect("a number"), version["kept"] == true);
        list(&versions["versions"]).iter().map(kept).collect()
    };
    assert_eq!(kept(&mut site), [(3, true), (2, true), (1, true)]);
    let listed = site.json.result("versions.list", json!({"artifact": SKILL}));
    let names: Vec<String> = list(&listed["branches"]).iter().map(told).collect();
    assert_eq!(names, branches(&mut site));
    assert_eq!(site.json.result("versions.graph", json!({"artifact": SKILL}))["branches"], listed["branches"]);
    let cli = |args: &[&str]| site.sandbox.cli(args).ok().to_owned();
    let table = cli(&["versions", SKILL]);
    for name in ["(main*)", "(middle)", "(next)"] {
        assert_eq!(table.matches(name).count(), 1, "{name}: {table}");
        assert_eq!(cli(&["versions", SKILL, "--graph"]).matches(name).count(), 1, "{name}");
        assert_eq!(cli(&["versions", SKILL, "--graph", "--dot"]).matches(name).count(), 1, "{name}");
    }
    let shown = cli(&["version", "branch", SKILL]);
    assert!(
        shown.starts_with("*  main") && shown.ends_with("3 branches of skill:a; * is what the collection has now\n"),
        "{shown}"
    );
    assert_eq!(cli(&["version", "branch", SKILL, "--list"]), shown);
    assert!(cli(&["version", "switch", SKILL, "middle"]).contains("'middle' is the current branch"));
    assert_eq!(text(&site), "two\n");
    assert!(cli(&["version", "branch", SKILL, "next", "--delete"]).contains("2 branches"));
    assert!(cli(&["diff", SKILL, "--from", "main", "--to", "middle"]).contains("-three\n+two\n"));
    let refused = site.sandbox.cli(&["version", "branch", SKILL, "middle", "--delete"]);
    assert!(refused.stderr.contains("skillmeat version switch skill:a BRANCH"), "{refused:?}");
}
