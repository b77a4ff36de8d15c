//! What is kept of a conflict, for how long, and what becomes of it when the sides change.

use std::fs;

use serde_json::{Value, json};
use skillmeat_protocol::drift::DriftState;
use skillmeat_tests::sandbox::write;

use super::{KEY, kinds, lines};
use crate::operations::first;

#[test]
fn a_conflict_is_kept_once_with_its_sides() {
    let mut site = lines();
    let answer = site.conflicting();
    let ways = first(&answer)["ways"].to_string();
    assert!(ways.contains("skillmeat conflicts show skill:s") && ways.contains("--theirs --continue"), "{ways}");
    let one = site.json.result("conflicts.list", json!({}))["conflicts"].clone();
    for (method, params) in [("pull", json!({})), ("push", json!({})), ("deploy", json!({"in_the_way": "merge"}))] {
        let mut params = params;
        params["artifacts"] = json!([KEY]);
        assert_eq!(first(&site.run(method, params))["outcome"], "refused");
    }
    assert_eq!(site.json.result("conflicts.list", json!({}))["conflicts"], one, "found again, it is the same");
    let project = site.project.text();
    let want = [
        format!("skillmeat resolve skill:s --project {project} --ours --continue"),
        format!("skillmeat resolve skill:s --project {project} --theirs --continue"),
        format!("skillmeat mergetool skill:s --project {project}"),
        format!("skillmeat sync skill:s --project {project} --markers"),
    ];
    assert_eq!(one[0]["ways"], json!(want));
    let shown = site.conflict("conflicts.show", json!({"file": "poem.md"}));
    let want = "one\ntwo\n<<<<<<< LOCAL (current)\nhere\n||||||| BASE\nthree\n=======\nthere\n>>>>>>> REMOTE (incoming)\n\
                four\nFIVE\n";
    assert_eq!(shown["text"], want);
    for (side, want) in [
        ("base", "one\ntwo\nthree\nfour\nfive\n"),
        ("ours", "one\ntwo\nhere\nfour\nfive\n"),
        ("theirs", "one\ntwo\nthere\nfour\nFIVE\n"),
    ] {
        let read = site.conflict("conflicts.read", json!({"file": "poem.md", "side": side}));
        assert_eq!((&read["bytes"], &read["next"]), (&json!(want), &Value::Null), "{side}");
        let rest = site.conflict("conflicts.read", json!({"file": "poem.md", "side": side, "from": 4}));
        assert_eq!(rest["bytes"], want[4..], "{side}");
    }
}

#[test]
fn markers_are_offered_where_there_is_a_text_to_put_them_into() {
    let offers = |site: &mut crate::operations::Site| {
        site.json.result("conflicts.list", json!({}))["conflicts"][0]["ways"].to_string().contains("--markers")
    };
    assert!(offers(&mut kinds()));
    let mut site = super::site(&[("gone.md", b"old\n")], &[("gone.md", None)], &[("gone.md", Some(b"kept\n"))]);
    assert!(!offers(&mut site));
    let hint = site.json.error(
        "conflicts.resolve",
        json!({"artifact": KEY, "project": site.project.text(), "file": "gone.md", "choice": "both"}),
    );
    let hint = hint["data"]["hint"].as_str().expect("text");
    assert!(hint.contains("gone.md --ours   # or --theirs") && !hint.contains("--edit"), "{hint}");
}

#[test]
fn a_side_that_moves_on_is_merged_anew_and_never_overwritten() {
    let mut site = kinds();
    site.conflicting();
    site.conflict("conflicts.resolve", json!({"choice": "ours"}));
    // Something else there, and one of the files that are decided.
    write(&site.collection.path(KEY).join("SKILL.md"), "changed there meanwhile\n");
    write(&site.collection.path(KEY).join("poem.md"), "one\ntwo\nthere again\nfour\nfive\n");
    assert_eq!(site.states(), ["moved gone.md=ours lost.md=ours new.md=ours poem.md=ours x.bin=ours"]);
    let before = site.files();
    let answer = site.conflict("conflicts.continue", json!({}));
    let want = "still to be decided: the same lines were changed on both sides: poem.md";
    assert_eq!((&first(&answer)["outcome"], &first(&answer)["message"]), (&json!("refused"), &json!(want)));
    site.is_as(&before, "refused");
    assert_eq!(site.states(), ["open gone.md=ours lost.md=ours new.md=ours poem.md=- x.bin=ours"]);
    site.decide("poem.md", json!("both"));
    // Once more, in the project and where nothing is in conflict: it is merged, and what was decided stays.
    write(&site.project.path(KEY).join("mine.md"), "added here meanwhile\n");
    site.proceed();
    site.both_have("SKILL.md", Some(b"changed there meanwhile\n"));
    site.both_have("mine.md", Some(b"added here meanwhile\n"));
    site.both_have("poem.md", Some(b"one\ntwo\nhere\nthere again\nfour\nfive\n"));
    site.both_have("x.bin", Some(b"\0here"));
    assert_eq!(site.state(KEY), Some(DriftState::InSync));
}

#[test]
fn a_conflict_that_is_none_any_more_is_not_open_and_is_not_ended_again() {
    let mut site = lines();
    site.conflicting();
    let theirs = fs::read(site.collection.path(KEY).join("poem.md")).expect("there");
    for name in ["a.md", "b.md"] {
        let bytes = fs::read(site.collection.path(KEY).join(name)).expect("there");
        write(&site.project.path(KEY).join(name), bytes);
    }
    write(&site.project.path(KEY).join("poem.md"), theirs);
    assert_eq!(site.state(KEY), Some(DriftState::Converged));
    assert_eq!(site.states(), ["closed poem.md=-"]);
    let answer = site.conflict("conflicts.continue", json!({}));
    assert_eq!(first(&answer)["message"], "it is no conflict any more: it is converged", "{answer}");
    let why = site.refused("conflicts.resolve", json!({"choice": "ours"}));
    assert_eq!(why, "skill:s is in no conflict: it is converged");
    site.run("sync_project", json!({"artifacts": [KEY]}));
    assert_eq!(site.states(), ["closed poem.md=-"]);
    let answer = site.conflict("conflicts.abort", json!({}));
    assert_eq!(first(&answer)["outcome"], "refused", "{answer}");
    let why = site.refused("conflicts.show", json!({"profile": "codex"}));
    assert_eq!(why, "there is no 'skill:s' in project 'app'");
}

#[test]
fn collecting_keeps_what_an_open_conflict_needs_and_gives_up_what_was_ended() {
    let mut site = lines();
    site.conflicting();
    let own = tempfile::tempdir().expect("a directory");
    write(&own.path().join("text"), "made by hand\n");
    site.decide("poem.md", json!({"content": own.path().join("text")}));
    // The sides are nowhere else by then: both moved on, and so did their latest versions.
    write(&site.project.path(KEY).join("a.md"), "another a here\n");
    write(&site.collection.path(KEY).join("b.md"), "another b there\n");
    let gc = json!({"days": 0});
    site.json.result("history.gc", gc.clone());
    assert_eq!(site.states(), ["moved poem.md=content"]);
    let shown = site.conflict("conflicts.show", json!({"file": "poem.md"}));
    assert!(shown["text"].as_str().expect("text").contains("||||||| BASE\nthree\n"), "{shown}");
    assert_eq!(site.json.result("history.verify", json!({}))["complete"], true);
    site.proceed();
    site.both_have("poem.md", Some(b"made by hand\n"));
    site.both_have("a.md", Some(b"another a here\n"));
    site.json.result("history.gc", json!({"days": 0, "dry_run": true}));
    assert_eq!(site.states(), ["closed poem.md=content"], "a plan gives up nothing");
    site.json.result("history.gc", gc);
    assert_eq!(site.states(), [""; 0]);
    assert_eq!(site.json.result("history.verify", json!({}))["complete"], true);
}

#[test]
fn what_was_decided_holds_against_rules_of_the_configuration() {
    let mut site = lines();
    assert_eq!(site.decide("poem.md", json!("ours")), 0);
    let rules = "[settings]\ndefault-collection = \"default\"\n[history]\nobserve = false\n[strategy.files]\n\"*.md\" = \"theirs\"\n";
    site.sandbox.config(rules);
    site.proceed();
    site.both_have("poem.md", Some(b"one\ntwo\nhere\nfour\nfive\n"));
}

#[test]
fn conflicts_are_in_the_line_of_time_whatever_became_of_them() {
    let mut site = lines();
    let in_line = |site: &mut crate::operations::Site, params: Value| -> Vec<Value> {
        let told = site.json.result("history.list", params);
        let all = told["entries"].as_array().expect("a list").iter();
        all.filter(|entry| entry["kind"] == "conflict").map(|entry| entry["conflict"].clone()).collect()
    };
    site.run("sync_project", json!({"artifacts": [KEY], "dry_run": true}));
    assert_eq!(in_line(&mut site, json!({})), [] as [Value; 0], "a plan finds nothing");
    site.conflicting();
    site.conflicting();
    let told = site.json.result("history.list", json!({"limit": 1}))["entries"][0].clone();
    assert_eq!(told["summary"], "conflict of skill:s in one file", "{told}");
    let one = &told["conflict"];
    let place = json!({"project": site.project.text(), "profile": "claude_code", "collection": null});
    assert_eq!(
        json!([one["artifact"], one["place"], one["collection"], one["files"], one["state"]]),
        json!([KEY, place, "default", 1, "open"])
    );
    for params in [json!({"artifact": KEY}), json!({"project": "app"}), json!({"collection": "default"})] {
        assert_eq!(in_line(&mut site, params.clone()), std::slice::from_ref(one), "{params}");
    }
    site.decide("poem.md", json!("theirs"));
    assert_eq!(in_line(&mut site, json!({})).len(), 1, "decided, it is the same");
    site.proceed();
    let states = |site: &mut crate::operations::Site| -> Vec<Value> {
        in_line(site, json!({})).iter().map(|found| found["state"].clone()).collect()
    };
    assert_eq!(states(&mut site), ["closed"]);
    site.undo();
    assert_eq!(states(&mut site), ["open"], "undone, it is one again");
    write(&site.project.path(KEY).join("poem.md"), "one\ntwo\nhere again\nfour\nfive\n");
    site.conflicting();
    assert_eq!(states(&mut site), ["open", "closed"], "with other sides it is another");
    site.conflict("conflicts.resolve", json!({"choice": "ours"}));
    site.proceed();
    site.json.result("history.gc", json!({"days": 0}));
    assert_eq!(states(&mut site), ["closed", "closed"]);
    assert_eq!(site.json.result("history.verify", json!({}))["complete"], true);
    let shown = site.sandbox.cli(&["history", "skill:s"]);
    assert!(shown.stdout.contains("conflict of skill:s in one file in app"), "{shown:?}");
}
