//! Copies that follow a branch by its name, while the collection's current branch is another one.

use std::fs;

use serde_json::{Value, json};
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_tests::library::ProjectDir;
use skillmeat_tests::sandbox::write;

use super::list;
use crate::operations::{Site, first};

mod lost;
mod moved;
mod several;

const SKILL: &str = "skill:a";
const POEM: &str = "one\ntwo\nthree\nfour\nfive\n";

/// A skill of which the branch `next` begins where `main` is, which went on; the project follows `next`.
fn following() -> Site {
    let mut site = Site::new(&[SKILL, "skill:b"], |_, _, _| {});
    write(&site.collection.path(SKILL).join("poem.md"), POEM);
    site.json.result("branches.create", json!({"artifact": SKILL, "branch": "next"}));
    write(&site.collection.file(SKILL), "of main\n");
    let deployed = site.run("deploy", json!({"artifacts": [SKILL], "branch": "next"}));
    assert_eq!(first(&deployed)["outcome"], "created", "{deployed}");
    assert_eq!(site.state(SKILL), Some(S::InSync));
    site
}

/// Another project that follows the same branch, as it is now.
fn second(site: &mut Site, name: &str) -> ProjectDir {
    let project = site.sandbox.project(name);
    site.daemon.client().add(&project.root);
    site.run("deploy", json!({"artifacts": [SKILL], "branch": "next", "projects": [project.text()]}));
    project
}

fn poem(project: &ProjectDir) -> String {
    fs::read_to_string(project.path(SKILL).join("poem.md")).expect("it is there")
}

fn edit(project: &ProjectDir, line: &str) {
    write(&project.path(SKILL).join("poem.md"), poem(project).replace(line, &line.to_uppercase()));
}

#[track_caller]
fn is_in(site: &Site, project: &ProjectDir, state: S) {
    assert_eq!(site.daemon.client().state(&project.text(), SKILL), Some(state), "{}", project.root.display());
}

/// Each branch by its tip.
#[track_caller]
fn tip(site: &mut Site, branch: &str) -> String {
    let answer = site.json.result("branches.list", json!({"artifact": SKILL}));
    let found = list(&answer["branches"]).iter().find(|info| info["branch"] == branch).cloned();
    found.unwrap_or_else(|| panic!("{answer}"))["hash"].as_str().expect("text").to_owned()
}

/// Who follows what, by the last part of the project's path.
#[track_caller]
fn followers(site: &mut Site) -> Vec<String> {
    let answer = site.json.result("branches.followers", json!({"artifact": SKILL}));
    let one = |one: &Value| {
        let text = |name: &str| one[name].as_str().expect("text").to_owned();
        let gone = if one["present"] == true { "" } else { " (gone)" };
        format!("{} {} {}{gone}", text("project_name"), text("branch"), text("state"))
    };
    list(&answer["followers"]).iter().map(one).collect()
}

#[track_caller]
fn message(site: &mut Site) -> String {
    let status = site.json.result("status", json!({"detail": "all"}));
    let items = list(&status["projects"][0]["items"]);
    let item = items.iter().find(|item| item["name"] == "a").unwrap_or_else(|| panic!("{status}"));
    item["message"].as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn ran(site: &mut Site, method: &str, params: Value, outcome: &str) -> Value {
    let answer = site.run(method, params);
    assert_eq!(first(&answer)["outcome"], outcome, "{answer}");
    answer
}

#[test]
fn a_copy_is_compared_with_the_branch_that_it_follows() {
    let mut site = following();
    let other = second(&mut site, "other");
    assert_eq!(message(&mut site), "it follows branch 'next'");
    assert_eq!(followers(&mut site), ["app next in_sync", "other next in_sync"]);
    // The collection's files are nothing to it.
    write(&site.collection.file(SKILL), "of main again\n");
    assert_eq!(site.state(SKILL), Some(S::InSync));
    let before = site.files();
    assert_eq!(first(&site.run("pull", json!({"artifacts": [SKILL]})))["outcome"], "unchanged");
    site.is_as(&before, "there is nothing to pull");
    // Modified here, pushed: the branch moves, no file of the collection does, and the others are behind.
    edit(&site.project, "one");
    assert_eq!(site.state(SKILL), Some(S::Modified));
    let (old, collection) = (tip(&mut site, "next"), site.collection.root.clone());
    let main = || fs::read_to_string(collection.join("skills/a/SKILL.md")).expect("there");
    let planned = site.run("push", json!({"artifacts": [SKILL], "dry_run": true}));
    assert_eq!((first(&planned)["outcome"].as_str(), tip(&mut site, "next")), (Some("updated"), old.clone()));
    ran(&mut site, "push", json!({"artifacts": [SKILL]}), "updated");
    assert_ne!(tip(&mut site, "next"), old);
    assert_eq!(main(), "of main again\n");
    assert!(!fs::read_to_string(collection.join("skills/a/poem.md")).expect("there").contains("ONE"));
    assert_eq!(followers(&mut site), ["app next in_sync", "other next outdated"]);
    // What is merged is both edits, and both sides get it.
    edit(&other, "five");
    is_in(&site, &other, S::Conflict);
    let pulled = site.run("sync_project", json!({"artifacts": [SKILL], "project": other.text()}));
    assert_eq!(first(&pulled)["outcome"], "merged", "{pulled}");
    assert_eq!(poem(&other), "ONE\ntwo\nthree\nfour\nFIVE\n");
    assert_eq!(followers(&mut site), ["app next outdated", "other next in_sync"]);
    ran(&mut site, "pull", json!({"artifacts": [SKILL]}), "updated");
    assert_eq!(poem(&site.project), "ONE\ntwo\nthree\nfour\nFIVE\n");
    assert_eq!(followers(&mut site), ["app next in_sync", "other next in_sync"]);
    assert_eq!(main(), "of main again\n");
    assert_eq!(site.json.result("history.verify", json!({}))["complete"], true);
}

#[test]
fn a_difference_is_one_from_the_branch() {
    let mut site = following();
    edit(&site.project, "two");
    let diff = site.sandbox.cli(&["diff", SKILL, "--from", "collection", "--project", "app"]).ok().to_owned();
    assert!(diff.contains("-two\n+TWO\n") && !diff.contains("of main"), "{diff}");
    let scope = json!({"project": site.project.text()});
    let diff =
        site.json.result("diff", json!({"artifact": SKILL, "scope": scope, "from": "collection", "to": "project"}));
    assert_eq!(diff["from"]["label"], "branch next of collection default", "{diff}");
}

#[test]
fn every_step_is_undone_to_what_was_followed_before() {
    let mut site = Site::new(&[SKILL], |_, _, _| {});
    site.run("deploy", json!({"artifacts": [SKILL]}));
    for branch in ["next", "later"] {
        site.json.result("branches.create", json!({"artifact": SKILL, "branch": branch}));
    }
    let begun = tip(&mut site, "next");
    // The same content: only what is followed changes.
    ran(&mut site, "deploy", json!({"artifacts": [SKILL], "branch": "next"}), "recorded");
    assert_eq!(followers(&mut site), ["app next in_sync"]);
    write(&site.project.file(SKILL), "of next\n");
    ran(&mut site, "push", json!({"artifacts": [SKILL]}), "updated");
    let pushed = tip(&mut site, "next");
    ran(&mut site, "deploy", json!({"artifacts": [SKILL], "branch": "later"}), "updated");
    assert_eq!(followers(&mut site), ["app later in_sync"]);
    ran(&mut site, "undeploy", json!({"artifacts": [SKILL]}), "removed");
    assert_eq!(followers(&mut site), Vec::<String>::new());
    // It died with the record.
    ran(&mut site, "deploy", json!({"artifacts": [SKILL]}), "created");
    assert_eq!(followers(&mut site), Vec::<String>::new());
    site.undo();
    site.undo();
    assert_eq!(followers(&mut site), ["app later in_sync"]);
    site.undo();
    assert_eq!(followers(&mut site), ["app next in_sync"]);
    assert_eq!(tip(&mut site, "next"), pushed);
    site.undo();
    assert_eq!((tip(&mut site, "next"), followers(&mut site)), (begun, vec!["app next modified".to_owned()]));
    site.undo();
    assert_eq!(followers(&mut site), Vec::<String>::new());
    assert_eq!(site.state(SKILL), Some(S::Modified));
}

#[test]
fn a_following_survives_a_restart_without_a_cache() {
    let site = following();
    edit(&site.project, "one");
    assert_eq!(site.state(SKILL), Some(S::Modified));
    let Site { json, daemon, collection, project, sandbox } = site;
    drop(json);
    daemon.terminate();
    fs::remove_dir_all(sandbox.places().state.join("cache")).expect("there is one");
    let mut site = Site::on_registered(sandbox, collection, project);
    assert_eq!(site.state(SKILL), Some(S::Modified));
    assert_eq!(message(&mut site), "it follows branch 'next'");
    // The original rewrites the records and keeps nothing that it does not know.
    assert_eq!(followers(&mut site), ["app next modified"]);
}

#[test]
fn a_switch_leaves_who_follows_by_name() {
    let mut site = following();
    let next = tip(&mut site, "next");
    let ordinary = site.sandbox.project("ordinary");
    site.daemon.client().add(&ordinary.root);
    site.run("deploy", json!({"artifacts": [SKILL], "projects": [ordinary.text()]}));
    // To it: what it follows is what the collection has, also when somebody edits that.
    let switched = site.json.result("branches.switch", json!({"artifact": SKILL, "branch": "next"}));
    let said = first(&switched)["message"].as_str().expect("text").to_owned();
    assert!(said.contains("1 deployment has something else"), "{said}");
    assert_eq!(site.state(SKILL), Some(S::InSync));
    is_in(&site, &ordinary, S::Outdated);
    write(&site.collection.file(SKILL), "of next, by hand\n");
    assert_eq!(site.state(SKILL), Some(S::Outdated));
    assert_eq!(message(&mut site), "it follows branch 'next'");
    ran(&mut site, "pull", json!({"artifacts": [SKILL]}), "updated");
    // A push is one into the collection then.
    write(&site.project.file(SKILL), "pushed\n");
    ran(&mut site, "push", json!({"artifacts": [SKILL]}), "updated");
    assert_eq!(fs::read_to_string(site.collection.file(SKILL)).expect("there"), "pushed\n");
    // And away from it.
    let pushed = tip(&mut site, "next");
    assert_ne!(pushed, next);
    site.json.result("branches.switch", json!({"artifact": SKILL, "branch": "main"}));
    assert_eq!(fs::read_to_string(site.collection.file(SKILL)).expect("there"), "of main\n");
    assert_eq!((site.state(SKILL), tip(&mut site, "next")), (Some(S::InSync), pushed));
    is_in(&site, &ordinary, S::InSync);
    assert_eq!(followers(&mut site), ["app next in_sync"]);
}

#[test]
fn a_branch_that_is_gone_is_said_so_and_can_be_left() {
    let mut site = following();
    site.json.result("branches.delete", json!({"artifact": SKILL, "branch": "next"}));
    assert_eq!(site.state(SKILL), Some(S::Unreadable));
    let said = message(&mut site);
    assert!(said.starts_with("it follows branch 'next', which is not there any more"), "{said}");
    assert_eq!(followers(&mut site), ["app next unreadable (gone)"]);
    let before = site.files();
    for method in ["pull", "push", "sync_project", "deploy"] {
        let refused = site.run(method, json!({"artifacts": [SKILL]}));
        assert_eq!(first(&refused)["outcome"], "refused", "{method}: {refused}");
        let ways = list(&first(&refused)["ways"]);
        let leads = |way: &Value| {
            way.as_str().is_some_and(|way| {
                way.starts_with("skillmeat deploy skill:a --project ") && way.contains(" --branch main ")
            })
        };
        assert!(ways.iter().any(leads), "{refused}");
    }
    site.is_as(&before, "nothing was done");
    // A branch of this name is followed again, whoever makes it.
    site.json.result("branches.create", json!({"artifact": SKILL, "branch": "next"}));
    assert_eq!(site.state(SKILL), Some(S::Outdated));
    site.json.result("branches.delete", json!({"artifact": SKILL, "branch": "next"}));
    ran(&mut site, "deploy", json!({"artifacts": [SKILL], "branch": "main"}), "updated");
    assert_eq!((site.state(SKILL), message(&mut site).as_str()), (Some(S::InSync), ""));
    assert_eq!(fs::read_to_string(site.project.file(SKILL)).expect("there"), "of main\n");
}

#[test]
fn deploying_again_goes_on_following_and_the_current_branch_ends_it() {
    let mut site = following();
    edit(&site.project, "one");
    let refused = ran(&mut site, "deploy", json!({"artifacts": [SKILL], "branch": "main"}), "refused");
    assert_eq!(followers(&mut site), ["app next modified"], "{refused}");
    let forced = ran(&mut site, "deploy", json!({"artifacts": [SKILL], "in_the_way": "force"}), "updated");
    assert_eq!(followers(&mut site), ["app next in_sync"], "{forced}");
    assert_eq!(poem(&site.project), POEM);
    let left = ran(&mut site, "deploy", json!({"artifacts": [SKILL], "branch": "main"}), "updated");
    assert_eq!(first(&left)["message"], "it follows what the collection has from now on");
    assert_eq!(followers(&mut site), Vec::<String>::new());
    write(&site.collection.file(SKILL), "of main again\n");
    assert_eq!(site.state(SKILL), Some(S::Outdated));
    // Of an edited copy, the refusal names the branch.
    write(&site.project.file(SKILL), "mine\n");
    let refused = ran(&mut site, "deploy", json!({"artifacts": [SKILL], "branch": "next"}), "refused");
    let way = list(&first(&refused)["ways"])[0].as_str().expect("text");
    assert!(way.starts_with("skillmeat deploy skill:a --project ") && way.contains(" --branch next --force "), "{way}");
    site.sandbox.cli(&["deploy", SKILL, "--branch", "next", "--force", "--project", "app"]).ok();
    assert_eq!(followers(&mut site), ["app next in_sync"]);
}

#[test]
fn anything_is_pushed_onto_a_branch_that_it_was_made_of() {
    let mut site = Site::new(&[SKILL], |_, _, _| {});
    site.run("deploy", json!({"artifacts": [SKILL]}));
    site.json.result("branches.create", json!({"artifact": SKILL, "branch": "next"}));
    let begun = tip(&mut site, "next");
    write(&site.project.file(SKILL), "mine\n");
    let before = site.files();
    let params = || json!({"artifacts": [SKILL], "branch": "next"});
    ran(&mut site, "push", params(), "updated");
    site.is_as(&before, "no file changes");
    let pushed = tip(&mut site, "next");
    assert_ne!(pushed, begun);
    assert_eq!((site.state(SKILL), followers(&mut site)), (Some(S::Modified), Vec::new()));
    ran(&mut site, "push", params(), "unchanged");
    let undone = site.run("undo", json!({"project": site.project.text()}));
    assert_eq!(first(&undone)["outcome"], "updated", "{undone}");
    assert_eq!((tip(&mut site, "next"), followers(&mut site)), (begun, Vec::new()));
    site.is_as(&before, "nor by undoing it");
    ran(&mut site, "push", params(), "updated");
    // What was not made of it is not put over it, but for somebody who says so.
    site.json.result("branches.create", json!({"artifact": SKILL, "branch": "aside", "at": pushed}));
    site.run("pull", json!({"artifacts": [SKILL], "strategy": "overwrite"}));
    write(&site.project.file(SKILL), "something else\n");
    ran(&mut site, "push", json!({"artifacts": [SKILL], "branch": "aside"}), "refused");
    assert_eq!(tip(&mut site, "aside"), pushed);
    let over = json!({"artifacts": [SKILL], "branch": "aside", "strategy": "overwrite"});
    ran(&mut site, "push", over, "updated");
    assert_ne!(tip(&mut site, "aside"), pushed);
    let merged = json!({"artifacts": [SKILL], "branch": "aside", "strategy": "merge"});
    assert_eq!(site.refusal("push", merged)["data"]["code"], "invalid_params");
    // The current one is the collection's files.
    ran(&mut site, "push", json!({"artifacts": [SKILL], "branch": "main"}), "updated");
    assert_eq!(fs::read_to_string(site.collection.file(SKILL)).expect("there"), "something else\n");
    let unknown = site.refusal("push", json!({"artifacts": [SKILL], "branch": "nowhere"}));
    assert_eq!(unknown["data"]["code"], "not_found", "{unknown}");
}

#[test]
fn the_tip_that_a_push_left_is_kept_as_long_as_it_can_be_undone() {
    let mut site = following();
    edit(&site.project, "one");
    let begun = tip(&mut site, "next");
    site.run("push", json!({"artifacts": [SKILL]}));
    site.json.result("history.gc", json!({"days": 0}));
    site.undo();
    assert_eq!(tip(&mut site, "next"), begun);
    ran(&mut site, "deploy", json!({"artifacts": [SKILL], "in_the_way": "force"}), "updated");
    assert_eq!(poem(&site.project), POEM);
    assert_eq!(site.json.result("history.verify", json!({}))["complete"], true);
}

#[test]
fn lists_say_who_follows() {
    let site = following();
    let cli = |args: &[&str]| site.sandbox.cli(args).ok().to_owned();
    for args in [&["version", "branch", SKILL][..], &["versions", SKILL], &["version", "followers", SKILL]] {
        let shown = cli(args);
        assert!(shown.contains("next  followed by app (claude_code)  in_sync"), "{args:?}: {shown}");
    }
    assert!(cli(&["version", "followers", SKILL]).ends_with("1 copy follows a branch of skill:a by its name\n"));
    let json: Value = serde_json::from_str(&cli(&["version", "followers", SKILL, "--json"])).expect("JSON");
    assert_eq!(json["data"]["followers"][0]["branch"], "next", "{json}");
    let shown = site.daemon.json().result("show", json!({"artifact": SKILL}));
    assert_eq!(shown["artifacts"][0]["name"], "a");
}

/// A daemon that is killed right after an answer knows what it answered.
#[test]
fn what_is_followed_is_on_the_disk_when_it_is_answered() {
    let site = following();
    let Site { json, daemon, collection, project, sandbox } = site;
    drop(json);
    daemon.kill();
    let mut site = Site::on_registered(sandbox, collection, project);
    assert_eq!(followers(&mut site), ["app next in_sync"]);
}
