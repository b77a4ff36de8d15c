//! Copies with markers whose collection went elsewhere meanwhile: each way on that is printed leads on, and one of them ends it.

use std::fs;

use serde_json::{Value, json};
use skillmeat_protocol::drift::DriftState;
use skillmeat_tests::sandbox::{remove, write};

use super::{KEY, POEM, lines};
use crate::operations::{Site, first};

fn marked() -> Site {
    let mut site = lines();
    let answer = site.run("pull", json!({"artifacts": [KEY], "strategy": "markers"}));
    assert_eq!(answer["complete"], true, "{answer}");
    site
}

fn ways(of: &Value) -> Vec<String> {
    let ways = of["ways"].as_array().expect("a list").iter();
    ways.map(|way| way.as_str().expect("text").to_owned()).collect()
}

/// What is printed about the copy, wherever that is.
fn printed(site: &mut Site) -> Vec<(&'static str, Vec<String>)> {
    let mut all = Vec::new();
    let project = site.project.text();
    for method in ["push", "sync_project", "pull"] {
        all.push((method, ways(first(&site.run(method, json!({"artifacts": [KEY]}))))));
    }
    all.push(("promote", ways(first(&site.json.result("promote", json!({"project": project, "artifact": KEY}))))));
    all.push(("list", ways(&site.json.result("conflicts.list", json!({}))["conflicts"][0])));
    let radius = site.json.result("blast_radius", json!({"artifact": KEY}));
    all.push(("radius", ways(&radius["copies"][0])));
    for (what, more) in [("status", &[][..]), ("what is known", &["--cached"])] {
        let status = site.sandbox.cli(&[&["status", "--project", &project], more].concat());
        let lines = status.ok().lines().map(str::trim).filter(|line| line.starts_with("skillmeat "));
        all.push((what, lines.map(str::to_owned).collect()));
    }
    all
}

/// Each command that is printed does what it says, and is undone.
#[track_caller]
fn lead_on(site: &mut Site, how_many: usize, before: &str) {
    for (what, ways) in printed(site) {
        assert_eq!(ways.len(), how_many, "{before}, {what}: {ways:?}");
        for way in ways {
            for output in site.paste(&way, &[]) {
                assert_eq!(output.code, Some(0), "{before}, {what}: {way}: {output:?}");
            }
            site.undo();
        }
    }
}

#[test]
fn what_is_printed_about_a_marked_copy_is_not_refused() {
    let mut site = marked();
    write(&site.project.path(KEY).join("poem.md"), "one\ntwo\nboth\nfour\nFIVE\n");
    lead_on(&mut site, 2, "marked");
}

#[test]
fn a_copy_is_given_back_when_the_collection_has_it_no_more() {
    let mut site = marked();
    let ours = Some(b"one\ntwo\nhere\nfour\nfive\n".to_vec());
    let renamed = site.json.result("rename", json!({"artifact": KEY, "to": "other"}));
    assert_eq!(renamed["complete"], true, "{renamed}");
    assert_eq!(site.state(KEY), Some(DriftState::RemovedModified));
    lead_on(&mut site, 1, "renamed");
    let early = site.conflict("conflicts.continue", json!({}));
    assert_eq!(first(&early)["outcome"], "refused", "{early}");
    assert!(ways(first(&early))[0].ends_with("--abort"), "{early}");
    let answer = site.conflict("conflicts.abort", json!({}));
    assert_eq!((&answer["complete"], &site.both_sides("poem.md")[0]), (&json!(true), &ours), "{answer}");
    // Then it is an edited copy that the collection does not have, and comes back into it.
    let refused = site.run("sync_project", json!({"artifacts": [KEY]}));
    let way = ways(first(&refused)).pop().expect("a way back");
    for output in site.paste(&way, &[]) {
        assert_eq!(output.code, Some(0), "{way}: {output:?}");
    }
    assert_eq!(site.state(KEY), Some(DriftState::InSync));
    // The same when it is removed behind everybody's back, with the collection.
    let mut site = marked();
    remove(site.collection.root.as_path());
    let answer = site.conflict("conflicts.abort", json!({}));
    assert_eq!((&answer["complete"], &site.both_sides("poem.md")[0]), (&json!(true), &ours), "{answer}");
}

#[test]
fn a_copy_that_was_deleted_is_given_back() {
    let mut site = marked();
    remove(&site.project.path(KEY));
    assert_eq!(site.state(KEY), Some(DriftState::Deleted));
    lead_on(&mut site, 1, "deleted");
    let answer = site.conflict("conflicts.abort", json!({}));
    let ours = Some(b"one\ntwo\nhere\nfour\nfive\n".to_vec());
    assert_eq!((&answer["complete"], &site.both_sides("poem.md")[0]), (&json!(true), &ours), "{answer}");
}

#[test]
fn a_copy_is_continued_when_the_collection_is_back_at_what_was_deployed() {
    let mut site = marked();
    write(&site.collection.path(KEY).join("poem.md"), POEM);
    write(&site.collection.path(KEY).join("b.md"), "b\n");
    assert_eq!(site.state(KEY), Some(DriftState::Modified));
    let early = site.conflict("conflicts.continue", json!({}));
    assert_eq!(first(&early)["message"], "markers are left: poem.md", "{early}");
    write(&site.project.path(KEY).join("poem.md"), "one\ntwo\nboth\nfour\nFIVE\n");
    lead_on(&mut site, 2, "back");
    site.proceed();
    site.both_have("poem.md", Some(b"one\ntwo\nboth\nfour\nFIVE\n"));
    assert_eq!(site.state(KEY), Some(DriftState::InSync));
    // What the copy was made of is kept.
    site.undo();
    assert_eq!(fs::read(site.collection.path(KEY).join("poem.md")).expect("there"), POEM);
}
