//! What is done where both sides changed an artifact: asked for, configured, or left to a person.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_tests::sandbox::write;

use crate::operations::{Site, first};

const KEY: &str = "skill:a";

mod lineage;

/// `skill:a` deployed, and then changed on both sides: each has a file of its own, and both changed `poem.md` in the same line.
fn conflict(config: &str) -> Site {
    let mut site = Site::new(&[KEY, "skill:b"], |sandbox, collection, _| {
        sandbox.config(&format!("[settings]\ndefault-collection = \"default\"\n{config}"));
        write(&collection.path(KEY).join("poem.md"), "one\n");
        write(&collection.path(KEY).join("deep/x.lock"), "0\n");
    });
    let answer = site.run("deploy", json!({"artifacts": [KEY]}));
    assert_eq!(answer["complete"], true, "{answer}");
    for (root, side) in [(site.project.path(KEY), "ours"), (site.collection.path(KEY), "theirs")] {
        write(&root.join("poem.md"), format!("{side}\n"));
        write(&root.join(format!("{side}.md")), format!("{side}\n"));
    }
    site
}

/// Whose poem and files are at a place.
fn whose(root: &Path) -> String {
    let poem = fs::read_to_string(root.join("poem.md")).expect("it is there");
    let has = |name: &'static str| if root.join(name).exists() { name } else { "" };
    format!("{} {}{}", poem.trim(), has("ours.md"), has("theirs.md"))
}

const OURS: &str = "ours ours.md";
const THEIRS: &str = "theirs theirs.md";

/// Strategy and way: outcome, and what project and collection have then, and the state.
const TABLE: [(&str, &str, &str, &str, &str, S); 15] = [
    ("ours", "pull", "recorded", OURS, THEIRS, S::Modified),
    ("ours", "push", "updated", OURS, OURS, S::InSync),
    ("ours", "sync_project", "updated", OURS, OURS, S::InSync),
    ("theirs", "pull", "updated", THEIRS, THEIRS, S::InSync),
    ("theirs", "push", "updated", THEIRS, THEIRS, S::InSync),
    ("theirs", "sync_project", "updated", THEIRS, THEIRS, S::InSync),
    ("overwrite", "pull", "updated", THEIRS, THEIRS, S::InSync),
    ("overwrite", "push", "updated", OURS, OURS, S::InSync),
    ("skip", "pull", "skipped", OURS, THEIRS, S::Conflict),
    ("merge", "sync_project", "refused", OURS, THEIRS, S::Conflict),
    ("fork", "pull", "forked", THEIRS, THEIRS, S::InSync),
    ("fork", "push", "forked", OURS, THEIRS, S::Conflict),
    ("prompt", "pull", "undecided", OURS, THEIRS, S::Conflict),
    ("prompt", "push", "undecided", OURS, THEIRS, S::Conflict),
    ("prompt", "sync_project", "undecided", OURS, THEIRS, S::Conflict),
];

#[track_caller]
fn is_done(site: &mut Site, method: &str, params: Value, row: (&str, &str, &str, S)) {
    let before = site.files();
    let (outcome, project, collection, state) = row;
    let mut dry = params.clone();
    dry["dry_run"] = json!(true);
    let planned = site.run(method, dry);
    site.is_as(&before, "a dry run");
    let done = site.run(method, params);
    assert_eq!(first(&done)["outcome"], outcome, "{method}: {done}");
    assert_eq!((&planned["items"], &planned["complete"]), (&done["items"], &done["complete"]), "{method}");
    let is_complete = !matches!(outcome, "refused" | "undecided");
    assert_eq!(done["complete"], is_complete, "{method}: {done}");
    assert_eq!(first(&done)["ways"].as_array().expect("a list").is_empty(), is_complete, "{method}: {done}");
    assert_eq!(whose(&site.project.path(KEY)), project, "{method}: {done}");
    assert_eq!(whose(&site.collection.path(KEY)), collection, "{method}: {done}");
    assert_eq!(site.state(KEY), Some(state), "{method}: {done}");
    if !done["operation"].is_null() {
        site.undo();
    }
    site.is_as(&before, "undone");
}

#[test]
fn each_strategy_does_what_it_says_in_each_direction() {
    let mut site = conflict("");
    for (strategy, method, outcome, project, collection, state) in TABLE {
        let params = json!({"artifacts": [KEY], "strategy": strategy});
        is_done(&mut site, method, params, (outcome, project, collection, state));
    }
}

#[test]
fn what_is_configured_holds_where_nothing_is_asked_for() {
    for (strategy, method, outcome, project, collection, state) in TABLE {
        // Of one without a direction nothing is said in the table for each.
        let rules = format!("\"*:b*\" = \"skip\"\nskill = \"{strategy}\"\n\"skill:a\" = \"skip\"\n");
        let mut site = conflict(&format!("[strategy]\ndefault = \"skip\"\n[strategy.artifacts]\n{rules}"));
        is_done(&mut site, method, json!({"artifacts": [KEY]}), (outcome, project, collection, state));
        // The request wins.
        is_done(&mut site, "pull", json!({"strategy": "theirs"}), ("updated", THEIRS, THEIRS, S::InSync));
    }
}

#[test]
fn what_is_configured_holds_for_promotions() {
    for (strategy, outcome, collection, state) in [
        ("merge", "refused", THEIRS, S::Conflict),
        ("ours", "updated", OURS, S::InSync),
        ("overwrite", "updated", OURS, S::InSync),
        ("theirs", "refused", THEIRS, S::Conflict),
        ("fork", "forked", THEIRS, S::Conflict),
        ("skip", "skipped", THEIRS, S::Conflict),
        ("prompt", "undecided", THEIRS, S::Conflict),
    ] {
        for config in [
            format!("default = \"{strategy}\""),
            format!("default = \"skip\"\n[strategy.artifacts]\nskill = \"{strategy}\""),
        ] {
            let mut site = conflict(&format!("[strategy]\n{config}\n"));
            is_done(&mut site, "promote", json!({"artifact": KEY}), (outcome, OURS, collection, state));
            let asked = json!({"artifact": KEY, "strategy": "overwrite"});
            is_done(&mut site, "promote", asked, ("updated", OURS, OURS, S::InSync));
        }
    }
    // What is in no conflict is promoted whatever is configured.
    let mut site = conflict("[strategy]\ndefault = \"theirs\"\n");
    site.run("pull", json!({"artifacts": [KEY]}));
    write(&site.project.path(KEY).join("poem.md"), "mine\n");
    let promoted = site.run("promote", json!({"artifact": KEY}));
    assert_eq!(first(&promoted)["outcome"], "updated", "{promoted}");
}

/// The configuration decides conflicts, and nothing else.
#[test]
fn a_configured_strategy_takes_nothing_that_is_in_no_conflict() {
    let mut site = conflict("[strategy]\ndefault = \"theirs\"\n");
    site.run("pull", json!({"artifacts": [KEY]}));
    write(&site.project.path(KEY).join("poem.md"), "mine\n");
    let before = site.files();
    let pulled = site.run("pull", json!({"artifacts": [KEY]}));
    assert_eq!(first(&pulled)["outcome"], "unchanged", "{pulled}");
    site.is_as(&before, "only the project changed");
    let pushed = site.run("push", json!({"artifacts": [KEY]}));
    assert_eq!(first(&pushed)["outcome"], "updated", "{pushed}");
    assert_eq!(fs::read_to_string(site.collection.path(KEY).join("poem.md")).expect("there"), "mine\n");
}

/// Kept, the project's copy is what is pushed next, without a conflict; and what it took over from is known.
#[test]
fn what_is_kept_can_be_pushed() {
    let mut site = conflict("");
    site.run("pull", json!({"artifacts": [KEY], "strategy": "ours"}));
    let pushed = site.run("push", json!({"artifacts": [KEY]}));
    assert_eq!(first(&pushed)["outcome"], "updated", "{pushed}");
    assert_eq!(whose(&site.collection.path(KEY)), OURS);
    assert_eq!(site.state(KEY), Some(S::InSync));
}

#[test]
fn rules_for_files_decide_only_what_is_in_conflict() {
    let rules = "[strategy.files]\n\"deep/*.lock\" = \"theirs\"\n\"*.lock\" = \"ours\"\n\"poem.md\" = \"ours\"\n";
    let mut site = conflict(rules);
    // A conflict by deletion, and a change of one side, which no rule is asked about.
    fs::remove_file(site.project.path(KEY).join("deep/x.lock")).expect("it is there");
    write(&site.collection.path(KEY).join("deep/x.lock"), "theirs\n");
    write(&site.collection.path(KEY).join("new.lock"), "new\n");
    let before = site.files();
    let done = site.run("sync_project", json!({"artifacts": [KEY]}));
    assert_eq!(first(&done)["outcome"], "merged", "{done}");
    let message = "in conflict, and decided by config.toml: deep/x.lock (theirs), poem.md (ours)";
    assert_eq!(first(&done)["message"], message, "{done}");
    for root in [site.project.path(KEY), site.collection.path(KEY)] {
        assert_eq!(whose(&root), "ours ours.mdtheirs.md");
        assert_eq!(fs::read_to_string(root.join("deep/x.lock")).expect("there"), "theirs\n");
        assert_eq!(fs::read_to_string(root.join("new.lock")).expect("there"), "new\n");
    }
    assert_eq!(site.state(KEY), Some(S::InSync));
    site.undo();
    site.is_as(&before, "undone");
    // One that no rule is about leaves it a conflict, as a whole.
    write(&site.project.path(KEY).join("SKILL.md"), "ours\n");
    write(&site.collection.path(KEY).join("SKILL.md"), "theirs\n");
    let before = site.files();
    let refused = site.run("sync_project", json!({"artifacts": [KEY]}));
    let message = "the same lines were changed on both sides: SKILL.md";
    assert_eq!((&first(&refused)["outcome"], &first(&refused)["message"]), (&json!("refused"), &json!(message)));
    site.is_as(&before, "refused");
}

#[test]
fn a_wrong_rule_is_told_and_the_others_hold() {
    let site = conflict("[strategy]\ndefault = \"best\"\n[strategy.artifacts]\nskill = \"theirs\"\n");
    let health = site.daemon.json().result("health", json!({}));
    let problems = health["problems"].as_array().expect("a list");
    let wrong = problems.iter().find(|problem| problem["key"] == "strategy.default").expect("it is told");
    assert_eq!(wrong["line"], 4, "{wrong}");
    assert!(wrong["message"].as_str().expect("text").contains("overwrite, merge, fork, skip, ours, theirs, prompt"));
    let pulled = site.sandbox.cli(&["pull", KEY, "--project", &site.project.text()]);
    assert!(pulled.ok().contains("1 updated"), "{}", pulled.ok());
    assert_eq!(whose(&site.project.path(KEY)), THEIRS);
}
