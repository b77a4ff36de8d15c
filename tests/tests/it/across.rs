//! One artifact in many projects: promoted from one, fanned out to those that nobody edited, and whom a change concerns.

use std::fs;

use serde_json::{Value, json};
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_tests::library::ProjectDir;
use skillmeat_tests::sandbox::{remove, write};

use crate::operations::{Site, first};

mod missing;

const KEY: &str = "skill:a";
const POEM: &str = "one\ntwo\nthree\nfour\nfive\n";

/// `skill:a` of the collection `default`, deployed in `app` and in these projects.
fn spread(names: &[&str]) -> (Site, Vec<ProjectDir>) {
    let mut site = Site::new(&[KEY, "skill:b"], |_, collection, _| {
        write(&collection.path(KEY).join("poem.md"), POEM);
    });
    let projects: Vec<ProjectDir> = names.iter().map(|name| site.sandbox.project(name)).collect();
    projects.iter().for_each(|project| drop(site.daemon.client().add(&project.root)));
    let all: Vec<String> = projects.iter().chain([&site.project]).map(ProjectDir::text).collect();
    // One that says nothing for long is closed, and registering many takes its time.
    site.json = site.daemon.json();
    let answer = site.run("deploy", json!({"artifacts": [KEY], "projects": all}));
    assert_eq!(answer["complete"], true, "{answer}");
    (site, projects)
}

/// Edits a line of the poem.
fn edit(root: &std::path::Path, line: &str) {
    write(&root.join("poem.md"), POEM.replace(line, &line.to_uppercase()));
}

fn poem(project: &ProjectDir) -> String {
    fs::read_to_string(project.path(KEY).join("poem.md")).expect("it is there")
}

impl Site {
    #[track_caller]
    fn is_in(&self, project: &ProjectDir, state: S) {
        assert_eq!(self.daemon.client().state(&project.text(), KEY), Some(state), "{}", project.root.display());
    }
}

/// Outcomes by the last part of the project's path, as they are listed.
fn outcomes(answer: &Value) -> Vec<(String, String)> {
    let items = answer["items"].as_array().unwrap_or_else(|| panic!("no items: {answer}"));
    let name = |item: &Value| item["project"].as_str().and_then(|p| p.rsplit('/').next()).unwrap_or("-").to_owned();
    items.iter().map(|item| (name(item), item["outcome"].as_str().expect("text").to_owned())).collect()
}

fn listed(want: &[(&str, &str)]) -> Vec<(String, String)> {
    want.iter().map(|(name, outcome)| ((*name).to_owned(), (*outcome).to_owned())).collect()
}

/// Every standing once: `behind`, `clean`, `conflict` (does not merge), `edited`, `gone`, `merges`, and `app`, which is clean.
fn every_standing() -> (Site, Vec<ProjectDir>) {
    let (mut site, projects) = spread(&["behind", "clean", "conflict", "edited", "gone", "merges"]);
    let [_, clean, conflict, edited, gone, merges] = projects.as_slice() else { panic!("six") };
    // The collection moves on, and some follow.
    edit(&site.collection.path(KEY), "three");
    for project in [clean, edited, gone] {
        site.json.result("pull", json!({"project": project.text(), "artifacts": [KEY]}));
    }
    write(&conflict.path(KEY).join("poem.md"), POEM.replace("three", "drei"));
    write(&edited.path(KEY).join("poem.md"), POEM.replace("one", "eins").replace("three", "THREE"));
    edit(&merges.path(KEY), "five");
    remove(&gone.path(KEY).join("poem.md"));
    remove(&gone.path(KEY).join("SKILL.md"));
    fs::remove_dir(gone.path(KEY)).expect("empty by now");
    (site, projects)
}

#[test]
fn the_blast_radius_says_what_a_change_meets_at_each_copy() {
    let (mut site, _projects) = every_standing();
    let before = site.files();
    let answer = site.json.result("blast_radius", json!({"artifact": KEY}));
    let copies = answer["copies"].as_array().expect("a list");
    let told: Vec<(&str, &str, &str, &str, &Value)> = copies
        .iter()
        .map(|copy| {
            let text = |name: &str| copy[name].as_str().expect("text");
            (text("project_name"), text("standing"), text("state"), text("next"), &copy["merges"])
        })
        .collect();
    let want = [
        ("app", "clean", "outdated", "outdated", &json!(null)),
        ("behind", "clean", "outdated", "outdated", &json!(null)),
        ("clean", "clean", "in_sync", "outdated", &json!(null)),
        ("conflict", "conflicting", "conflict", "conflict", &json!(false)),
        ("edited", "modified", "modified", "conflict", &json!(null)),
        ("gone", "gone", "deleted", "deleted", &json!(null)),
        ("merges", "conflicting", "conflict", "conflict", &json!(true)),
    ];
    assert_eq!(told, want, "{answer}");
    let statistics =
        json!({"total": 7, "clean": 3, "modified": 1, "conflicting": 2, "gone": 1, "unreadable": 0, "behind": 2});
    assert_eq!((&answer["statistics"], &answer["conflicts"], &answer["drifted"]), (&statistics, &json!(2), &json!(6)));
    let line = site.sandbox.cli(&["blast-radius", "a", "--exit-code"]);
    assert_eq!(line.code, Some(2), "{}", line.stdout);
    assert!(line.stdout.contains("7 copies: 3 clean (2 behind), 1 modified, 2 conflicting, 1 gone"), "{}", line.stdout);
    assert!(
        line.stdout.contains("conflict, merges") && line.stdout.contains("skillmeat fan-out skill:a"),
        "{}",
        line.stdout
    );
    assert_eq!(site.sandbox.cli(&["blast-radius", KEY, "--exit-code", "--json"]).code, Some(2));
    assert_eq!(site.sandbox.cli(&["blast-radius", "skill:b", "--exit-code"]).code, Some(0));
    assert_eq!(site.json.error("blast_radius", json!({"artifact": "skill:x"}))["data"]["code"], "not_found");
    site.is_as(&before, "a question");
}

/// The commands that are listed are commands, and do what they say.
#[test]
fn every_command_of_the_blast_radius_is_one() {
    let (mut site, _projects) = every_standing();
    let answer = site.json.result("blast_radius", json!({"artifact": KEY}));
    let mut tried = 0;
    for copy in answer["copies"].as_array().expect("a list") {
        for way in copy["ways"].as_array().expect("a list") {
            let line = way.as_str().expect("text").split('#').next().expect("a part");
            let words: Vec<&str> = line.split_whitespace().skip(1).collect();
            let changes = !matches!(words[0], "diff" | "status");
            let more: &[&str] = if changes { &["--dry-run"] } else { &[] };
            let done = site.sandbox.cli(&[&words, more].concat());
            // What others edited, or what does not merge, stops it; that it is understood is all that is asked here.
            let may_refuse = words[0] == "promote" && done.code == Some(3);
            assert!(done.code == Some(0) || may_refuse, "{way}: {} {}", done.stdout, done.stderr);
            tried += 1;
        }
    }
    assert_eq!(tried, 2 + 1 + 4 + 2 + 4, "{answer}");
}

#[test]
fn a_fan_out_reaches_the_clean_copies_and_lists_the_others() {
    let (mut site, projects) = every_standing();
    let before = site.files();
    let want = listed(&[
        ("app", "updated"),
        ("behind", "updated"),
        ("clean", "unchanged"),
        ("conflict", "skipped"),
        ("edited", "unchanged"),
        ("gone", "skipped"),
        ("merges", "skipped"),
    ]);
    let planned = site.json.result("fan_out", json!({"artifacts": ["a"], "dry_run": true}));
    assert_eq!((outcomes(&planned), &planned["complete"]), (want.clone(), &json!(true)), "{planned}");
    site.is_as(&before, "a dry run");
    let done = site.json.result("fan_out", json!({"artifacts": ["a"]}));
    assert_eq!((outcomes(&done), &done["items"]), (want, &planned["items"]), "{done}");
    for item in done["items"].as_array().expect("a list").iter().skip(3) {
        assert!(!item["ways"].as_array().expect("a list").is_empty() && item["message"].is_string(), "{item}");
    }
    let [behind, _, conflict, edited, ..] = projects.as_slice() else { panic!("six") };
    for (project, state) in [(behind, S::InSync), (conflict, S::Conflict), (edited, S::Modified)] {
        site.is_in(project, state);
    }
    assert_eq!(poem(behind), POEM.replace("three", "THREE"));
    // One operation, so one step back.
    site.undo();
    site.is_as(&before, "undone");
    let all = site.json.result("fan_out", json!({"all": true, "include_merges": true}));
    let want = [
        ("app", "updated"),
        ("behind", "updated"),
        ("conflict", "skipped"),
        ("edited", "unchanged"),
        ("gone", "skipped"),
        ("merges", "merged"),
    ];
    assert_eq!(outcomes(&all), listed(&want), "{all}");
    assert_eq!(poem(&projects[5]), POEM.replace("three", "THREE").replace("five", "FIVE"));
    site.is_in(&projects[5], S::Modified);
    site.undo();
    site.is_as(&before, "undone");
    let again = site.json.result("fan_out", json!({"artifacts": ["skill:b"]}));
    assert_eq!((&again["items"], &again["operation"]), (&json!([]), &json!(null)), "nobody follows");
}

#[test]
fn what_is_promoted_gets_to_the_clean_copies_in_one_operation() {
    let (mut site, projects) = spread(&["other", "two"]);
    edit(&site.project.path(KEY), "two");
    site.json.result("collections.verify", json!({"fix": true}));
    let before = site.files();
    let promote = |more: Value| {
        let mut params = json!({"project": "app", "artifact": "a", "fan_out": true});
        more.as_object().expect("an object").iter().for_each(|(name, value)| params[name] = value.clone());
        params
    };
    let planned = site.json.result("promote", promote(json!({"dry_run": true})));
    site.is_as(&before, "a dry run");
    let done = site.json.result("promote", promote(json!({})));
    assert_eq!(outcomes(&done), listed(&[("app", "updated"), ("other", "updated"), ("two", "updated")]), "{done}");
    assert_eq!(planned["items"], done["items"]);
    for project in projects.iter().chain([&site.project]) {
        site.is_in(project, S::InSync);
        assert_eq!(poem(project), POEM.replace("two", "TWO"));
    }
    let verified = site.json.result("collections.verify", json!({}));
    assert_eq!(verified["complete"], true, "{verified}");
    site.undo();
    site.is_as(&before, "undone");
    // Without it, they are offered.
    let done = site.json.result("promote", promote(json!({"fan_out": false})));
    assert_eq!(first(&done)["message"], "2 copies elsewhere can follow", "{done}");
    assert_eq!(first(&done)["ways"], json!(["skillmeat fan-out skill:a"]), "{done}");
    projects.iter().for_each(|project| site.is_in(project, S::Outdated));
    // What is there already is still brought to the others.
    let done = site.json.result("promote", promote(json!({})));
    assert_eq!(outcomes(&done), listed(&[("app", "unchanged"), ("other", "updated"), ("two", "updated")]), "{done}");
    projects.iter().for_each(|project| site.is_in(project, S::InSync));
}

#[test]
fn a_promotion_merges_what_the_collection_has_and_brings_the_merge_on() {
    let (mut site, projects) = spread(&["other"]);
    edit(&site.project.path(KEY), "one");
    edit(&site.collection.path(KEY), "five");
    let merged = POEM.replace("one", "ONE").replace("five", "FIVE");
    let before = site.files();
    let params = json!({"project": "app", "artifact": "a", "fan_out": true});
    let done = site.json.result("promote", params.clone());
    assert_eq!(outcomes(&done), listed(&[("app", "merged"), ("other", "updated")]), "{done}");
    assert_eq!((poem(&site.project), poem(&projects[0])), (merged.clone(), merged.clone()));
    assert_eq!(fs::read_to_string(site.collection.path(KEY).join("poem.md")).expect("there"), merged);
    for project in projects.iter().chain([&site.project]) {
        site.is_in(project, S::InSync);
    }
    site.undo();
    site.is_as(&before, "undone");
    // What cannot be merged is refused as a whole, and nobody follows.
    write(&site.collection.path(KEY).join("poem.md"), POEM.replace("one", "un"));
    let before = site.files();
    let refused = site.json.result("promote", params);
    assert_eq!(outcomes(&refused), listed(&[("app", "refused")]), "{refused}");
    let ways = first(&refused)["ways"].to_string();
    let overwrite = format!("skillmeat promote {} skill:a --strategy overwrite", site.project.text());
    assert!(ways.contains(&overwrite) && ways.contains("--project"), "{ways}");
    site.is_as(&before, "refused");
    let done = site.json.result("promote", json!({"project": "app", "artifact": "a", "strategy": "overwrite"}));
    assert_eq!(outcomes(&done), listed(&[("app", "updated")]), "{done}");
    assert_eq!(
        fs::read_to_string(site.collection.path(KEY).join("poem.md")).expect("there"),
        POEM.replace("one", "ONE")
    );
}

#[test]
fn edits_elsewhere_stop_a_promotion_until_somebody_wants_it() {
    let (mut site, projects) = spread(&["edited", "other"]);
    edit(&site.project.path(KEY), "one");
    edit(&projects[0].path(KEY), "two");
    let before = site.files();
    let refused = site.json.result("promote", json!({"project": "app", "artifact": "a", "fan_out": true}));
    assert_eq!(outcomes(&refused), listed(&[("app", "refused")]), "{refused}");
    let message = first(&refused)["message"].as_str().expect("text");
    assert!(message.contains(&projects[0].text()), "{message}");
    site.is_as(&before, "refused");
    let project = site.project.text();
    let forced = site.sandbox.cli(&["promote", &project, "a", "--fan-out", "--yes"]);
    assert!(forced.ok().contains("1 copy edited elsewhere: in conflict by this"), "{}", forced.ok());
    for (project, state) in [(&projects[0], S::Conflict), (&projects[1], S::InSync), (&site.project, S::InSync)] {
        site.is_in(project, state);
    }
    assert_eq!(poem(&projects[0]), POEM.replace("two", "TWO"), "the edit is kept");
    site.undo();
    site.is_as(&before, "undone");
}

/// Whoever has by chance what is promoted needs no file, only a record.
#[test]
fn who_has_it_already_is_only_recorded() {
    let (mut site, projects) = spread(&["same"]);
    edit(&site.project.path(KEY), "one");
    edit(&projects[0].path(KEY), "one");
    let done = site.json.result("promote", json!({"project": "app", "artifact": "a", "fan_out": true, "force": true}));
    assert_eq!(outcomes(&done), listed(&[("app", "updated"), ("same", "recorded")]), "{done}");
    site.is_in(&projects[0], S::InSync);
}

#[test]
fn what_cannot_be_promoted_says_why() {
    let (mut site, projects) = spread(&["other"]);
    let outcome = |site: &mut Site| {
        let answer = site.json.result("promote", json!({"project": "other", "artifact": KEY}));
        let item = first(&answer);
        (item["outcome"].as_str().expect("text").to_owned(), item["message"].as_str().map(str::to_owned))
    };
    assert_eq!(outcome(&mut site), ("unchanged".to_owned(), None));
    edit(&site.collection.path(KEY), "one");
    assert_eq!(outcome(&mut site), ("unchanged".to_owned(), Some("only the collection changed".to_owned())));
    fs::remove_dir_all(projects[0].path(KEY)).expect("it is there");
    assert_eq!(outcome(&mut site).0, "refused");
    for (params, code) in [
        (json!({"project": "nowhere", "artifact": KEY}), "not_registered"),
        (json!({"project": "other", "artifact": "skill:x"}), "not_found"),
        (json!({"project": "other", "artifact": KEY, "profiles": ["none"]}), "not_found"),
    ] {
        assert_eq!(site.json.error("promote", params.clone())["data"]["code"], code, "{params}");
    }
    assert_eq!(site.json.error("fan_out", json!({"artifacts": ["skill:x"]}))["data"]["code"], "not_found");
}

/// Some hundred projects, followed by hand: told of on the way, stopped between two of them, taken back at once.
#[test]
fn a_fan_out_over_many_projects_tells_how_far_it_is_and_can_be_stopped() {
    const COUNT: usize = 150;
    let names: Vec<String> = (0..COUNT).map(|n| format!("p{n:03}")).collect();
    let (mut site, projects) = spread(&names.iter().map(String::as_str).collect::<Vec<_>>());
    edit(&site.collection.path(KEY), "one");
    let before = site.files();
    let request =
        |id: u32| json!({"jsonrpc": "2.0", "id": id, "method": "fan_out", "params": {"all": true}}).to_string();
    let mut connection = site.daemon.json();
    connection.send_line(&request(1));
    let answer = loop {
        let message = connection.receive();
        if message.get("result").is_some() {
            break message;
        }
        let (done, total) = (message["params"]["done"].as_u64(), message["params"]["total"].as_u64());
        assert!(total == Some(COUNT as u64 + 1) && done <= total, "{message}");
    };
    let updated = outcomes(&answer["result"]);
    assert_eq!((updated.len(), updated.iter().all(|(_, outcome)| outcome == "updated")), (COUNT + 1, true), "{answer}");
    site.is_in(&projects[COUNT - 1], S::InSync);
    site.json = site.daemon.json();
    site.undo();
    site.is_as(&before, "undone");
    // Whoever leaves stops it: what was done is whole and recorded, the rest is as it was.
    let mut leaving = site.daemon.json();
    leaving.send_line(&request(2));
    while poem(&projects[0]) == POEM {
        std::thread::yield_now();
    }
    drop(leaving);
    site.json = site.daemon.json();
    let after = site.json.result("fan_out", json!({"all": true}));
    assert_eq!(after["complete"], true, "{after}");
    for project in &projects {
        site.is_in(project, S::InSync);
    }
    while site
        .json
        .call("undo", json!({}))
        .get("result")
        .is_some_and(|result| result["operation"]["summary"].as_str().is_some_and(|told| told.contains("fan-out")))
        && site.files() != before
    {}
    site.is_as(&before, "all of it undone");
}
