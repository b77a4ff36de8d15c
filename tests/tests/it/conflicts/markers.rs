//! Markers: in the project's copy and nowhere else, until they are gone.

use std::fs;

use serde_json::json;
use skillmeat_protocol::drift::DriftState;
use skillmeat_tests::sandbox::write;

use super::{KEY, kinds, lines};
use crate::operations::first;

const MARKED: &[u8] =
    b"one\ntwo\n<<<<<<< LOCAL (current)\nhere\n=======\nthere\n>>>>>>> REMOTE (incoming)\nfour\nFIVE\n";

#[test]
fn markers_are_put_into_the_projects_copy_and_what_is_made_of_it_is_the_result() {
    for method in ["pull", "sync_project"] {
        let mut site = lines();
        let before = site.files();
        let planned = site.run(method, json!({"artifacts": [KEY], "strategy": "markers", "dry_run": true}));
        assert_eq!(first(&planned)["outcome"], "updated", "{planned}");
        site.is_as(&before, "planned");
        let records = fs::read(site.project.records()).expect("there");
        let answer = site.run(method, json!({"artifacts": [KEY], "strategy": "markers"}));
        assert_eq!(first(&answer)["message"], "holds conflict markers now: poem.md", "{answer}");
        let theirs = &b"one\ntwo\nthere\nfour\nFIVE\n"[..];
        assert_eq!(site.both_sides("poem.md"), [Some(MARKED.to_vec()), Some(theirs.to_vec())]);
        assert_eq!(site.both_sides("b.md")[0].as_deref(), Some(&b"b there\n"[..]), "the rest is merged");
        assert_eq!(fs::read(site.project.records()).expect("there"), records, "no record says anything of it");
        assert_eq!((site.state(KEY), site.states()), (Some(DriftState::Conflict), vec!["marked poem.md=-".to_owned()]));

        // Nobody takes it for an edit.
        for (method, strategy) in [("push", "overwrite"), ("sync_project", "merge"), ("pull", "fork"), ("push", "fork")]
        {
            let answer = site.run(method, json!({"artifacts": [KEY], "strategy": strategy}));
            assert_eq!(
                first(&answer)["message"],
                "the copy was given conflict markers",
                "{method} {strategy}: {answer}"
            );
        }
        let answer = site.conflict("conflicts.continue", json!({}));
        assert_eq!(first(&answer)["message"], "markers are left: poem.md", "{answer}");
        write(&site.project.path(KEY).join("poem.md"), "one\ntwo\nboth\nfour\nFIVE\n");
        site.proceed();
        site.both_have("poem.md", Some(b"one\ntwo\nboth\nfour\nFIVE\n"));
        site.both_have("a.md", Some(b"a here\n"));
        assert_eq!(site.state(KEY), Some(DriftState::InSync));
        site.undo();
        assert_eq!(site.states(), ["marked poem.md=-"], "undone, it is to be ended again");
        site.proceed();
        assert_eq!(site.state(KEY), Some(DriftState::InSync));
    }
}

#[test]
fn the_copy_is_given_back_and_markers_are_undone() {
    let mut site = lines();
    let before = site.files();
    let marked = json!({"artifacts": [KEY], "strategy": "markers"});
    site.run("sync_project", marked.clone());
    site.undo();
    site.is_as(&before, "undone");
    assert_eq!(site.states(), ["open poem.md=-"]);
    site.run("sync_project", marked);
    let there = site.files();
    write(&site.project.path(KEY).join("poem.md"), "half of it\n");
    let planned = site.conflict("conflicts.abort", json!({"dry_run": true}));
    assert_eq!(first(&planned)["outcome"], "updated", "{planned}");
    let answer = site.conflict("conflicts.abort", json!({}));
    assert_eq!(answer["complete"], true, "{answer}");
    site.is_as(&before, "given back");
    assert_eq!(site.states(), ["open poem.md=-"]);
    // What was half done is not lost either.
    site.undo();
    assert_eq!(site.both_sides("poem.md")[0].as_deref(), Some(&b"half of it\n"[..]));
    write(&site.project.path(KEY).join("poem.md"), MARKED);
    site.is_as(&there, "as it was marked");
    assert_eq!(site.states(), ["marked poem.md=-"]);
    // The collection's takes the place of it, and that is the end of it.
    site.run("pull", json!({"artifacts": [KEY], "strategy": "overwrite"}));
    assert_eq!((site.state(KEY), site.states()), (Some(DriftState::InSync), vec!["closed poem.md=-".to_owned()]));
}

#[test]
fn what_has_no_lines_is_decided_beside_the_markers() {
    let mut site = kinds();
    site.decide("new.md", json!("theirs"));
    let answer = site.run("pull", json!({"artifacts": [KEY], "strategy": "markers"}));
    assert_eq!(first(&answer)["message"], "holds conflict markers now: poem.md", "{answer}");
    assert_eq!(site.both_sides("new.md")[0].as_deref(), Some(&b"new there\n"[..]), "it was decided");
    write(&site.project.path(KEY).join("poem.md"), "one\ntwo\nboth\nfour\nfive\n");
    let answer = site.conflict("conflicts.continue", json!({}));
    assert_eq!(first(&answer)["message"], "still to be decided: gone.md, lost.md, x.bin", "{answer}");
    site.decide("x.bin", json!("theirs"));
    site.decide("gone.md", json!("theirs"));
    write(&site.project.path(KEY).join("lost.md"), "edited here\n");
    site.proceed();
    for (name, bytes) in [
        ("poem.md", Some(&b"one\ntwo\nboth\nfour\nfive\n"[..])),
        ("x.bin", Some(b"\0there")),
        ("gone.md", Some(b"kept there\n")),
        ("lost.md", Some(b"edited here\n")),
        ("new.md", Some(b"new there\n")),
    ] {
        site.both_have(name, bytes);
    }
}

#[test]
fn what_the_collection_changes_while_somebody_edits_is_merged() {
    let mut site = lines();
    site.run("sync_project", json!({"artifacts": [KEY], "strategy": "markers"}));
    write(&site.project.path(KEY).join("poem.md"), "one\ntwo\nboth\nfour\nFIVE\n");
    write(&site.collection.path(KEY).join("b.md"), "b there, again\n");
    write(&site.collection.path(KEY).join("poem.md"), "ONE\ntwo\nthere\nfour\nFIVE\n");
    site.proceed();
    site.both_have("poem.md", Some(b"ONE\ntwo\nboth\nfour\nFIVE\n"));
    site.both_have("b.md", Some(b"b there, again\n"));
    assert_eq!(site.state(KEY), Some(DriftState::InSync));

    let mut site = lines();
    site.run("sync_project", json!({"artifacts": [KEY], "strategy": "markers"}));
    write(&site.project.path(KEY).join("poem.md"), "one\ntwo\nboth\nfour\nFIVE\n");
    write(&site.collection.path(KEY).join("poem.md"), "one\ntwo\nanother\nfour\nFIVE\n");
    let before = site.files();
    let answer = site.conflict("conflicts.continue", json!({}));
    let message = first(&answer)["message"].as_str().expect("text");
    assert!(message.starts_with("the collection changed since"), "{message}");
    site.is_as(&before, "refused");
}

#[test]
fn a_fan_out_leaves_a_copy_with_markers_and_what_is_known_of_it() {
    let mut site = lines();
    site.run("pull", json!({"artifacts": [KEY], "strategy": "markers"}));
    let answer = site.json.result("fan_out", json!({"all": true, "include_merges": true}));
    assert_eq!(first(&answer)["outcome"], "skipped", "{answer}");
    assert_eq!(first(&answer)["message"], "the copy was given conflict markers", "{answer}");
    assert_eq!(site.states(), ["marked poem.md=-"]);
}

#[test]
fn markers_are_no_newer_version_even_where_nothing_is_known_of_the_conflict() {
    let mut site = lines();
    site.run("pull", json!({"artifacts": [KEY], "strategy": "markers"}));
    let theirs = site.both_sides("poem.md")[1].clone();
    // The same copy at another place: nothing is kept of that.
    let moved = site.project.root.with_file_name("moved");
    fs::rename(&site.project.root, &moved).expect("renamed");
    site.daemon.client().add(&moved);
    let there = json!({"artifacts": [KEY], "project": moved});
    for method in ["push", "sync_project"] {
        let answer = site.json.result(method, there.clone());
        assert_eq!(first(&answer)["outcome"], "refused", "{method}: {answer}");
    }
    assert_eq!(site.both_sides("poem.md")[1], theirs);
}

#[test]
fn what_somebody_writes_after_deciding_is_taken() {
    let mut site = kinds();
    site.decide("new.md", json!("theirs"));
    site.run("pull", json!({"artifacts": [KEY], "strategy": "markers"}));
    for name in ["gone.md", "lost.md", "x.bin"] {
        site.decide(name, json!("ours"));
    }
    write(&site.project.path(KEY).join("poem.md"), "one\ntwo\nboth\nfour\nfive\n");
    write(&site.project.path(KEY).join("new.md"), "by hand\n");
    site.proceed();
    site.both_have("new.md", Some(b"by hand\n"));
    site.both_have("x.bin", Some(b"\0here"));
}
