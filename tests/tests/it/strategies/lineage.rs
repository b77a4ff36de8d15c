//! Conflicts that are none, because the history knows that one side was made of the other.

use std::fs;

use serde_json::{Value, json};
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_tests::library::ProjectDir;
use skillmeat_tests::sandbox::write;

use super::KEY;
use crate::operations::{Site, first};

/// Deployed as `zero`, and then `one` and `two`, each made in the collection and pulled: every one of them is a version.
fn site() -> Site {
    let mut site = deployed();
    for text in ["one", "two"] {
        site.poem_there(text);
        let pulled = site.run("pull", json!({"artifacts": [KEY]}));
        assert_eq!(first(&pulled)["outcome"], "updated", "{pulled}");
    }
    site
}

fn deployed() -> Site {
    let mut site = Site::new(&[KEY], |_, collection, _| write(&collection.path(KEY).join("poem.md"), "zero\n"));
    site.run("deploy", json!({"artifacts": [KEY]}));
    site
}

/// The same of another project, while the first one stays at `zero`: `one` in the collection, and `two` made of it there or in
/// the other project.
fn ahead(two_in_the_collection: bool) -> Site {
    let mut site = deployed();
    let other = site.sandbox.project("other");
    site.daemon.client().add(&other.root);
    site.json.result("deploy", json!({"artifacts": [KEY], "projects": [other.text()]}));
    let there = json!({"artifacts": [KEY], "project": other.text()});
    site.poem_there("one");
    site.json.result("pull", there.clone());
    if two_in_the_collection {
        site.poem_there("two");
        site.json.result("pull", there);
    } else {
        write(&other.path(KEY).join("poem.md"), "two\n");
        let gone = json!({"artifacts": [KEY], "project": other.text(), "force": true});
        assert_eq!(site.json.result("undeploy", gone)["complete"], true);
    }
    site
}

impl Site {
    fn poem_there(&self, text: &str) {
        write(&self.collection.path(KEY).join("poem.md"), format!("{text}\n"));
    }

    fn poem_here(&self, text: &str) {
        write(&self.project.path(KEY).join("poem.md"), format!("{text}\n"));
    }

    /// What project and collection have.
    fn poems(&self) -> [String; 2] {
        let text = |root: std::path::PathBuf| fs::read_to_string(root.join("poem.md")).expect("it is there");
        [self.project.path(KEY), self.collection.path(KEY)].map(|root| text(root).trim().to_owned())
    }

    /// Runs it, checks what came of it, and takes it back.
    #[track_caller]
    fn comes_to(&mut self, method: &str, want: (&str, [&str; 2], S)) -> Value {
        assert_eq!(self.state(KEY), Some(S::Conflict), "by hashes it is one");
        let before = self.files();
        let done = self.run(method, json!({"artifacts": [KEY]}));
        let poems = self.poems();
        let found = (first(&done)["outcome"].as_str().expect("text"), poems.each_ref().map(String::as_str));
        assert_eq!((found.0, found.1, self.state(KEY)), (want.0, want.1, Some(want.2)), "{method}: {done}");
        if !done["operation"].is_null() {
            self.undo();
        }
        self.is_as(&before, "undone");
        first(&done).clone()
    }
}

#[test]
fn an_earlier_version_in_the_project_is_no_conflict() {
    let mut site = ahead(true);
    // As another machine's commit brings it.
    site.poem_here("one");
    site.poem_there("three");
    let pushed = site.comes_to("push", ("unchanged", ["one", "three"], S::Conflict));
    assert_eq!(
        pushed["ways"],
        json!([format!("skillmeat pull skill:a --project {}", site.project.text())]),
        "{pushed}"
    );
    let pulled = site.comes_to("pull", ("updated", ["three", "three"], S::InSync));
    assert_eq!(pulled["message"], "what was here is an earlier version of what the collection has");
    // Taken back by an operation, it is what somebody wanted.
    site.comes_to("pull", ("refused", ["one", "three"], S::Conflict));
}

#[test]
fn an_earlier_version_in_the_collection_is_no_conflict() {
    for method in ["push", "sync_project"] {
        let mut site = ahead(false);
        site.poem_here("two");
        let pushed = site.comes_to(method, ("updated", ["two", "two"], S::InSync));
        assert_eq!(pushed["message"], "what the collection had is an earlier version of it");
    }
    let mut site = ahead(false);
    site.poem_here("two");
    site.comes_to("pull", ("recorded", ["two", "one"], S::Modified));
}

#[test]
fn a_side_that_went_back_behind_what_was_deployed_stays_a_conflict() {
    for (here, there) in [("one", "three"), ("three", "one")] {
        let mut site = site();
        site.poem_here(here);
        site.poem_there(there);
        for method in ["pull", "push", "sync_project"] {
            site.comes_to(method, ("refused", [here, there], S::Conflict));
        }
    }
}

#[test]
fn an_earlier_version_that_a_project_published_is_not_undone_by_another() {
    let mut site = site();
    let other = site.sandbox.project("other");
    site.daemon.client().add(&other.root);
    site.json.result("deploy", json!({"artifacts": [KEY], "projects": [other.text()]}));
    site.poem_here("one");
    let pushed = site.run("push", json!({"artifacts": [KEY]}));
    assert_eq!(site.poems(), ["one", "one"], "{pushed}");
    write(&other.path(KEY).join("poem.md"), "two and mine\n");
    let synced = site.json.result("sync_project", json!({"artifacts": [KEY], "project": other.text()}));
    assert_eq!(
        (&first(&synced)["outcome"], site.poems()),
        (&json!("refused"), ["one", "one"].map(String::from)),
        "{synced}"
    );
}

#[test]
fn what_was_edited_on_both_sides_stays_a_conflict() {
    let mut site = site();
    site.poem_here("mine");
    site.poem_there("theirs");
    for method in ["pull", "push", "sync_project"] {
        site.comes_to(method, ("refused", ["mine", "theirs"], S::Conflict));
    }
}

#[test]
fn a_version_that_was_put_back_on_purpose_stays_a_conflict() {
    let mut site = site();
    let versions = site.json.result("versions.list", json!({"artifact": KEY}));
    // The latest is first: two, one, zero.
    let one = versions["versions"][1]["hash"].as_str().expect("text").to_owned();
    site.run("versions.restore", json!({"artifact": KEY, "version": one}));
    assert_eq!(site.poems(), ["one", "two"]);
    site.poem_there("three");
    for method in ["pull", "push", "sync_project"] {
        site.comes_to(method, ("refused", ["one", "three"], S::Conflict));
    }
}

#[test]
fn a_collection_that_was_rolled_back_stays_a_conflict() {
    let mut site = site();
    site.poem_there("one");
    let kept = site.json.result("snapshots.create", json!({}));
    let id = kept["snapshot"]["id"].as_str().expect("text").to_owned();
    site.poem_there("two");
    let rolled = site.json.result("rollback", json!({"snapshot": id}));
    assert_eq!(rolled["complete"], true, "{rolled}");
    site.poem_here("three");
    assert_eq!(site.poems(), ["three", "one"]);
    site.comes_to("sync_project", ("refused", ["three", "one"], S::Conflict));
}

#[test]
fn who_has_an_earlier_version_follows_a_fan_out() {
    let mut site = deployed();
    let other = site.sandbox.project("other");
    site.daemon.client().add(&other.root);
    site.json.result("deploy", json!({"artifacts": [KEY], "projects": [other.text()]}));
    for text in ["one", "two"] {
        site.poem_there(text);
        site.run("pull", json!({"artifacts": [KEY]}));
    }
    write(&other.path(KEY).join("poem.md"), "one\n");
    site.poem_there("three");
    let state = |site: &Site, project: &ProjectDir| site.daemon.client().state(&project.text(), KEY);
    assert_eq!(state(&site, &other), Some(S::Conflict));
    let radius = site.json.result("blast_radius", json!({"artifact": KEY}));
    let copy = radius["copies"].as_array().expect("a list").iter().find(|copy| copy["project_name"] == "other");
    let copy = copy.expect("it follows");
    assert_eq!((&copy["standing"], &copy["merges"]), (&json!("clean"), &Value::Null), "{copy}");
    assert_eq!(radius["statistics"]["behind"], 2, "{radius}");
    let done = site.json.result("fan_out", json!({"artifacts": [KEY]}));
    assert_eq!((&done["items"][0]["outcome"], &done["items"][1]["outcome"]), (&json!("updated"), &json!("updated")));
    assert_eq!(state(&site, &other), Some(S::InSync));
    assert_eq!(fs::read_to_string(other.path(KEY).join("poem.md")).expect("there"), "three\n");
}
