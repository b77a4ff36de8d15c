//! Both sides changed an artifact: what is merged within its files, what is left to a person, and that nothing is lost either
//! way.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use skillmeat_tests::sandbox::{remove, write};

use super::*;

const KEY: &str = "skill:s";
const SKILL: &str = "---\nname: s\nversion: 1.0.0\n---\n\n# S\n\n1. open\n2. read\n3. close\n";

/// A skill that a daemon deployed, so that what both sides come from is known.
fn site(files: &[(&str, &[u8])]) -> Site {
    let mut site = Site::new(&[KEY], |_, collection, _| {
        for (name, bytes) in files {
            write(&collection.path(KEY).join(name), bytes);
        }
    });
    let answer = site.run("deploy", json!({"artifacts": [KEY]}));
    assert_eq!(answer["complete"], true, "{answer}");
    site
}

impl Site {
    fn here(&self, name: &str, bytes: &[u8]) {
        write(&self.project.path(KEY).join(name), bytes);
    }

    fn there(&self, name: &str, bytes: &[u8]) {
        write(&self.collection.path(KEY).join(name), bytes);
    }

    /// The bytes of a file here and there.
    fn both(&self, name: &str) -> [Option<Vec<u8>>; 2] {
        [self.project.path(KEY), self.collection.path(KEY)].map(|root| fs::read(root.join(name)).ok())
    }
}

#[test]
fn a_sync_merges_within_files_and_gives_both_sides_the_same() {
    let old: &[(&str, &[u8])] = &[
        ("SKILL.md", SKILL.as_bytes()),
        ("crlf.txt", b"1\r\n2\r\n3\r\n4"),
        ("latin.txt", b"\xe9\n\nx\n"),
        ("run.sh", b"#!/bin/sh\n"),
        ("gone.md", b"gone\n"),
        ("old name.md", b"a file that is only renamed\n"),
        ("logo.png", b"\x89PNG\0old"),
    ];
    let mut site = site(old);
    site.here("SKILL.md", SKILL.replace("2. read", "2. read carefully").as_bytes());
    site.there("SKILL.md", SKILL.replace("1.0.0", "1.1.0").as_bytes());
    site.here("crlf.txt", b"ONE\r\n2\r\n3\r\n4");
    site.there("crlf.txt", b"1\r\n2\r\n3\r\nFOUR");
    site.here("latin.txt", b"\xe8\n\nx\n");
    site.there("latin.txt", b"\xe9\n\nX\n");
    site.here("run.sh", b"#!/bin/sh\necho\n");
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(site.collection.path(KEY).join("run.sh"), executable).expect("its mode can be changed");
    remove(&site.collection.path(KEY).join("gone.md"));
    remove(&site.project.path(KEY).join("old name.md"));
    site.here("new name.md", b"a file that is only renamed\n");
    site.there("old name.md", b"a file that is only renamed\nand changed\n");
    site.there("logo.png", b"\x89PNG\0new");
    let before = site.files();

    let answer = site.run("sync_project", json!({"artifacts": [KEY]}));
    assert_eq!(first(&answer)["outcome"], "merged", "{answer}");
    let skill = SKILL.replace("2. read", "2. read carefully").replace("1.0.0", "1.1.0");
    let want: [(&str, Option<&[u8]>); 8] = [
        ("SKILL.md", Some(skill.as_bytes())),
        ("crlf.txt", Some(b"ONE\r\n2\r\n3\r\nFOUR")),
        ("latin.txt", Some(b"\xe8\n\nX\n")),
        ("run.sh", Some(b"#!/bin/sh\necho\n")),
        ("gone.md", None),
        ("old name.md", None),
        ("new name.md", Some(b"a file that is only renamed\nand changed\n")),
        ("logo.png", Some(b"\x89PNG\0new")),
    ];
    for (name, bytes) in want {
        assert_eq!(site.both(name), [bytes.map(<[u8]>::to_vec), bytes.map(<[u8]>::to_vec)], "{name}");
    }
    for root in [site.project.path(KEY), site.collection.path(KEY)] {
        let mode = fs::metadata(root.join("run.sh")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{}", root.display());
    }
    assert_eq!(site.state(KEY), Some(DriftState::InSync));
    let again = site.run("sync_project", json!({"artifacts": [KEY]}));
    assert_eq!(first(&again)["outcome"], "unchanged", "{again}");
    site.undo();
    site.is_as(&before, "undone");
}

#[test]
fn what_is_pulled_is_merged_here_only_and_can_be_pushed() {
    let mut site = site(&[("SKILL.md", SKILL.as_bytes())]);
    let (ours, theirs) = (SKILL.replace("3. close", "3. shut"), SKILL.replace("1.0.0", "2.0.0"));
    site.here("SKILL.md", ours.as_bytes());
    site.there("SKILL.md", theirs.as_bytes());
    let merged = ours.replace("1.0.0", "2.0.0").into_bytes();
    let pulled = site.run("pull", json!({"artifacts": [KEY]}));
    assert_eq!(
        (&first(&pulled)["outcome"], &first(&pulled)["files_written"]),
        (&json!("merged"), &json!(1)),
        "{pulled}"
    );
    assert_eq!(site.both("SKILL.md"), [Some(merged.clone()), Some(theirs.into_bytes())]);
    assert_eq!(site.state(KEY), Some(DriftState::Modified));
    site.run("push", json!({"artifacts": [KEY]}));
    assert_eq!(site.both("SKILL.md"), [Some(merged.clone()), Some(merged)]);
    assert_eq!(site.state(KEY), Some(DriftState::InSync));
}

#[test]
fn keys_are_merged_where_lines_are_in_conflict_and_nothing_is_written_that_cannot_be_parsed() {
    let settings = "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n";
    let mut site = site(&[("SKILL.md", SKILL.as_bytes()), ("settings.json", settings.as_bytes())]);
    site.here("SKILL.md", SKILL.replace("name: s\n", "name: s\ntags: [mine]\n").as_bytes());
    site.there("SKILL.md", SKILL.replace("version: 1.0.0", "author: them\nversion: 1.1.0").as_bytes());
    site.here("settings.json", settings.replace("\"c\": 3", "\"c\": 3,\n  \"here\": 4").as_bytes());
    site.there("settings.json", settings.replace("\"c\": 3", "\"c\": 3,\n  \"there\": 4").as_bytes());
    let answer = site.run("sync_project", json!({"artifacts": [KEY]}));
    assert_eq!(first(&answer)["outcome"], "merged", "{answer}");
    let skill = SKILL.replace("version: 1.0.0", "author: them\ntags: [mine]\nversion: 1.1.0").into_bytes();
    assert_eq!(site.both("SKILL.md"), [Some(skill.clone()), Some(skill)]);
    let settings = settings.replace("\"c\": 3", "\"c\": 3,\n  \"here\": 4,\n  \"there\": 4");
    let both = Some(settings.clone().into_bytes());
    assert_eq!(site.both("settings.json"), [both.clone(), both]);

    // The same key at two places: by line there would be no conflict.
    site.here("settings.json", settings.replace("\"a\"", "\"x\": 1,\n  \"a\"").as_bytes());
    site.there("settings.json", settings.replace("\"there\"", "\"x\": 2,\n  \"there\"").as_bytes());
    let before = site.files();
    let answer = site.run("sync_project", json!({"artifacts": [KEY]}));
    let want = "changed on both sides, and what comes of it cannot be parsed any more: settings.json";
    assert_eq!(first(&answer)["message"], want, "{answer}");
    site.is_as(&before, "refused");
}

#[test]
fn an_artifact_that_is_one_file_is_merged_too() {
    let mut site = Site::new(&["command:c"], |_, collection, _| {
        write(&collection.path("command:c"), "one\ntwo\nthree\n");
    });
    site.run("deploy", json!({"artifacts": ["command:c"]}));
    write(&site.project.path("command:c"), "ONE\ntwo\nthree\n");
    write(&site.collection.path("command:c"), "one\ntwo\nTHREE\n");
    let answer = site.run("push", json!({"artifacts": ["command:c"]}));
    assert_eq!(first(&answer)["outcome"], "merged", "{answer}");
    for path in [site.project.path("command:c"), site.collection.path("command:c")] {
        assert_eq!(fs::read_to_string(path).expect("text"), "ONE\ntwo\nTHREE\n");
    }
    write(&site.project.path("command:c"), "ONE\ntwo\nhere\n");
    write(&site.collection.path("command:c"), "ONE\ntwo\nthere\n");
    let answer = site.run("push", json!({"artifacts": ["command:c"]}));
    assert_eq!(first(&answer)["message"], "the same lines were changed on both sides: c.md", "{answer}");
}

#[test]
fn what_cannot_be_merged_is_refused_with_its_files_and_left_alone() {
    type Files<'a> = &'a [(&'a str, Option<&'a [u8]>)];
    let cases: [(Files<'_>, Files<'_>, &str); 6] = [
        (
            &[("a.md", Some(b"here\n")), ("c.md", Some(b"c\nhere\n"))],
            &[("a.md", Some(b"there\n")), ("b.md", Some(b"there\n"))],
            "the same lines were changed on both sides: a.md",
        ),
        (
            &[("a.md", None), ("b.md", Some(b"here\n"))],
            &[("a.md", Some(b"there\n")), ("b.md", None)],
            "deleted on one side and changed on the other: a.md, b.md",
        ),
        (
            &[("x.bin", Some(b"\0here")), ("a.md", Some(b"here\n"))],
            &[("x.bin", Some(b"\0there")), ("a.md", Some(b"there\n"))],
            "the same lines were changed on both sides: a.md; changed on both sides, and not text: x.bin",
        ),
        (
            &[("new.md", Some(b"here\n"))],
            &[("new.md", Some(b"there\n"))],
            "added on both sides, and not the same: new.md",
        ),
        (
            &[("d", Some(b"a file here\n"))],
            &[("d/e.md", Some(b"a directory there\n"))],
            "a file and a directory at once: d",
        ),
        (
            &[("SKILL.md", Some(b"<<<<<<< mine\n")), ("b.md", Some(b"b here\n"))],
            &[("SKILL.md", Some(b">>>>>>> theirs\n")), ("b.md", Some(b"b there\n"))],
            "the same lines were changed on both sides: SKILL.md, b.md",
        ),
    ];
    for (here, there, why) in cases {
        let mut site = site(&[("a.md", b"a\n"), ("b.md", b"b\n"), ("c.md", b"c\n"), ("x.bin", b"\0")]);
        for (root, files) in [(site.project.path(KEY), here), (site.collection.path(KEY), there)] {
            for (name, bytes) in files {
                match bytes {
                    Some(bytes) => write(&root.join(name), bytes),
                    None => remove(&root.join(name)),
                }
            }
        }
        let before = site.files();
        for method in ["pull", "push", "sync_project", "deploy"] {
            let params = if method == "deploy" { json!({"in_the_way": "merge"}) } else { json!({}) };
            let mut params = params;
            params["artifacts"] = json!([KEY]);
            let answer = site.run(method, params);
            let item = first(&answer);
            assert_eq!((&item["outcome"], &item["message"]), (&json!("refused"), &json!(why)), "{method}: {answer}");
            let ways = item["ways"].to_string();
            assert!(ways.contains("--strategy overwrite") && ways.contains("--strategy fork"), "{ways}");
            site.is_as(&before, why);
        }
        assert_eq!(site.state(KEY), Some(DriftState::Conflict), "{why}");
    }
}

#[test]
fn without_the_common_origin_nothing_is_merged() {
    let sandbox = Sandbox::new(&binaries());
    let (collection, project) = (sandbox.collection("default"), sandbox.project("app"));
    collection.fill(&[KEY]);
    // Deployed by the original, before there was a history.
    project.deploy(&collection, &[KEY]);
    let mut site = Site::on(sandbox, collection, project);
    site.here("mine.md", b"here\n");
    site.there("theirs.md", b"there\n");
    let before = site.files();
    let answer = site.run("sync_project", json!({"artifacts": [KEY]}));
    let want = "both sides changed, and neither the history nor a snapshot has what they come from";
    assert_eq!(first(&answer)["message"], want, "{answer}");
    site.is_as(&before, "refused");
}

#[test]
fn the_common_origin_may_be_in_a_snapshot_alone() {
    let keys = [KEY, "command:c"];
    for method in ["pull", "push", "sync_project"] {
        let sandbox = Sandbox::new(&binaries());
        let (collection, project) = (sandbox.collection("default"), sandbox.project("app"));
        collection.fill(&keys);
        for key in keys {
            write(&collection.file(key), SKILL);
        }
        project.deploy(&collection, &keys);
        let mut site = Site::on(sandbox, collection, project);
        site.json.result("snapshots.create", json!({"message": "as deployed"}));
        for key in keys {
            write(&site.project.file(key), SKILL.replace("3. close", "3. shut"));
            write(&site.collection.file(key), SKILL.replace("1.0.0", "2.0.0"));
        }
        // A later one does not have it.
        site.json.result("snapshots.create", json!({"message": "changed"}));
        let merged = SKILL.replace("3. close", "3. shut").replace("1.0.0", "2.0.0");
        let query = json!({"artifact": "command:c", "scope": {"project": site.project.text()}, "from": "baseline"});
        let compared = site.json.result("diff", query);
        assert_eq!(compared["files"][0]["added"], 1, "{compared}");
        let before = site.files();
        let answer = site.run(method, json!({"artifacts": keys}));
        let items = answer["items"].as_array().expect("a list");
        assert!(items.len() == 2 && items.iter().all(|item| item["outcome"] == "merged"), "{answer}");
        for key in keys {
            assert_eq!(fs::read_to_string(site.project.file(key)).expect("there"), merged, "{method} {key}");
        }
        site.undo();
        site.is_as(&before, "undone");
    }
}
