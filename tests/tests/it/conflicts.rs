//! Conflicts as data: kept when they are found, decided file by file, ended in one operation; and nothing of it in the files before
//! that.

use std::fs;

use serde_json::{Value, json};
use skillmeat_protocol::drift::DriftState;
use skillmeat_tests::sandbox::{remove, write};

use crate::operations::{Site, first};

mod by_hand;
mod kept;
mod links;
mod many;
mod markers;
mod mergeable;
mod pasted;
mod stranded;
mod unknown;

const KEY: &str = "skill:s";

/// A skill that a daemon deployed, and what became of it on both sides. Its edits are not observed, so that nothing but
/// operations writes.
fn site(old: &[(&str, &[u8])], here: Sides<'_>, there: Sides<'_>) -> Site {
    let mut site = Site::new(&[KEY], |sandbox, collection, _| {
        sandbox.config("[settings]\ndefault-collection = \"default\"\n[history]\nobserve = false\n");
        for (name, bytes) in old {
            write(&collection.path(KEY).join(name), bytes);
        }
    });
    let answer = site.run("deploy", json!({"artifacts": [KEY]}));
    assert_eq!(answer["complete"], true, "{answer}");
    for (root, files) in [(site.project.path(KEY), here), (site.collection.path(KEY), there)] {
        change(&root, files);
    }
    site
}

type Sides<'a> = &'a [(&'a str, Option<&'a [u8]>)];

fn change(root: &std::path::Path, files: Sides<'_>) {
    for (name, bytes) in files {
        match bytes {
            Some(bytes) => write(&root.join(name), bytes),
            None => remove(&root.join(name)),
        }
    }
}

const POEM: &[u8] = b"one\ntwo\nthree\nfour\nfive\n";

/// A conflict in the lines of one file, beside a change on each side that is none.
fn lines() -> Site {
    site(
        &[("poem.md", POEM), ("a.md", b"a\n"), ("b.md", b"b\n")],
        &[("poem.md", Some(b"one\ntwo\nhere\nfour\nfive\n")), ("a.md", Some(b"a here\n"))],
        &[("poem.md", Some(b"one\ntwo\nthere\nfour\nFIVE\n")), ("b.md", Some(b"b there\n"))],
    )
}

/// A conflict of every kind in one artifact.
fn kinds() -> Site {
    site(
        &[("poem.md", POEM), ("gone.md", b"old\n"), ("lost.md", b"old\n"), ("x.bin", b"\0old")],
        &[
            ("poem.md", Some(b"one\ntwo\nhere\nfour\nfive\n")),
            ("gone.md", None),
            ("lost.md", Some(b"kept here\n")),
            ("new.md", Some(b"new here\n")),
            ("x.bin", Some(b"\0here")),
        ],
        &[
            ("poem.md", Some(b"one\ntwo\nthere\nfour\nfive\n")),
            ("gone.md", Some(b"kept there\n")),
            ("lost.md", None),
            ("new.md", Some(b"new there\n")),
            ("x.bin", Some(b"\0there")),
        ],
    )
}

impl Site {
    /// The bytes of a file here and there.
    fn both_sides(&self, name: &str) -> [Option<Vec<u8>>; 2] {
        [self.project.path(KEY), self.collection.path(KEY)].map(|root| fs::read(root.join(name)).ok())
    }

    /// Both sides have these bytes, or none of them has the file.
    #[track_caller]
    fn both_have(&self, name: &str, bytes: Option<&[u8]>) {
        let want = bytes.map(<[u8]>::to_vec);
        assert_eq!(self.both_sides(name), [want.clone(), want], "{name}");
    }

    /// A sync that is refused, by which the conflict is known.
    #[track_caller]
    fn conflicting(&mut self) -> Value {
        let answer = self.run("sync_project", json!({"artifacts": [KEY]}));
        assert_eq!(first(&answer)["outcome"], "refused", "{answer}");
        answer
    }

    #[track_caller]
    fn conflict(&mut self, method: &str, mut params: Value) -> Value {
        let map = params.as_object_mut().expect("an object");
        map.insert("artifact".into(), json!(KEY));
        map.insert("project".into(), json!(self.project.text()));
        self.json.result(method, params)
    }

    #[track_caller]
    fn refused(&mut self, method: &str, mut params: Value) -> String {
        let map = params.as_object_mut().expect("an object");
        map.insert("artifact".into(), json!(KEY));
        map.insert("project".into(), json!(self.project.text()));
        self.json.error(method, params)["message"].as_str().expect("text").to_owned()
    }

    /// Decides a file; how many are left.
    #[track_caller]
    fn decide(&mut self, file: &str, choice: Value) -> Value {
        self.conflict("conflicts.resolve", json!({"file": file, "choice": choice}))["conflict"]["files_open"].clone()
    }

    /// Ends the conflict, which must work.
    #[track_caller]
    fn proceed(&mut self) -> Value {
        let answer = self.conflict("conflicts.continue", json!({}));
        assert_eq!((&answer["complete"], &first(&answer)["outcome"]), (&json!(true), &json!("merged")), "{answer}");
        answer
    }

    /// What `conflicts.list` says, with those that are none any more: each as its state and what is decided of its files.
    #[track_caller]
    fn states(&mut self) -> Vec<String> {
        let answer = self.json.result("conflicts.list", json!({"closed": true}));
        let conflicts = answer["conflicts"].as_array().expect("a list").clone();
        let told = |conflict: &Value| {
            let files = conflict["files"].as_array().expect("a list").iter();
            let files = files
                .map(|f| format!("{}={}", f["path"].as_str().unwrap_or("?"), f["resolution"].as_str().unwrap_or("-")));
            format!("{} {}", conflict["state"].as_str().expect("text"), files.collect::<Vec<_>>().join(" "))
        };
        conflicts.iter().map(told).collect()
    }
}

#[test]
fn each_way_of_deciding_a_text_gives_both_sides_what_it_says() {
    let own = tempfile::tempdir().expect("a directory");
    let text = own.path().join("text.md");
    write(&text, "made by hand\n");
    let cases: [(Value, &str); 5] = [
        (json!("ours"), "one\ntwo\nhere\nfour\nfive\n"),
        (json!("theirs"), "one\ntwo\nthere\nfour\nFIVE\n"),
        (json!("base"), "one\ntwo\nthree\nfour\nfive\n"),
        (json!("both"), "one\ntwo\nhere\nthere\nfour\nFIVE\n"),
        (json!({"content": text}), "made by hand\n"),
    ];
    for (choice, want) in cases {
        let mut site = lines();
        let before = site.files();
        site.conflicting();
        assert_eq!(site.states(), ["open poem.md=-"]);
        assert_eq!(site.decide("poem.md", choice.clone()), 0, "{choice}");
        assert_eq!(site.states(), [format!("open poem.md={}", choice.as_str().unwrap_or("content"))]);
        site.is_as(&before, "to decide changes no file");
        let planned = site.conflict("conflicts.continue", json!({"dry_run": true}));
        assert_eq!(first(&planned)["outcome"], "merged", "{planned}");
        site.is_as(&before, "nor does a plan");
        site.proceed();
        site.both_have("poem.md", Some(want.as_bytes()));
        // What was no conflict is merged with it.
        site.both_have("a.md", Some(b"a here\n"));
        site.both_have("b.md", Some(b"b there\n"));
        assert_eq!(site.state(KEY), Some(DriftState::InSync), "{choice}");
        assert_eq!(site.states(), [format!("closed poem.md={}", choice.as_str().unwrap_or("content"))]);
        assert_eq!(site.json.result("conflicts.list", json!({}))["conflicts"], json!([]));
        // Taken back, it is what it was, with what was decided.
        site.undo();
        site.is_as(&before, "undone");
        assert_eq!(site.states(), [format!("open poem.md={}", choice.as_str().unwrap_or("content"))]);
        site.proceed();
        site.both_have("poem.md", Some(want.as_bytes()));
    }
}

#[test]
fn a_resolved_conflict_is_a_version_of_both_sides() {
    let mut site = lines();
    site.conflicting();
    site.decide("poem.md", json!("both"));
    let merged = first(&site.proceed())["content_hash"].clone();
    let versions = site.json.result("versions.list", json!({"artifact": KEY}));
    let version = versions["versions"].as_array().expect("a list").iter().find(|v| v["hash"] == merged).cloned();
    let version = version.unwrap_or_else(|| panic!("{versions}"));
    assert_eq!(
        (&version["origin"], version["parents"].as_array().map(Vec::len)),
        (&json!("merge"), Some(2)),
        "{version}"
    );
    assert_eq!(version["now"].as_array().map(Vec::len), Some(2), "{version}");
}

#[test]
fn what_is_deleted_added_or_no_text_is_decided_by_side() {
    let mut site = kinds();
    let before = site.files();
    site.conflicting();
    let shown = site.conflict("conflicts.show", json!({}));
    let told = |file: &Value| format!("{} {} {}", file["path"].as_str().expect("text"), file["kind"], file["reason"]);
    let files: Vec<String> = shown["conflict"]["files"].as_array().expect("a list").iter().map(told).collect();
    let want = [
        r#"gone.md "deletion" "gone""#,
        r#"lost.md "deletion" "gone""#,
        r#"new.md "add_add" "lines""#,
        r#"poem.md "both_modified" "lines""#,
        r#"x.bin "both_modified" "binary""#,
    ];
    assert_eq!(files, want);
    for (file, choice, why) in [
        ("x.bin", json!("both"), "x.bin: it has no lines of both sides"),
        ("gone.md", json!("both"), "gone.md: it has no lines of both sides"),
        ("none.md", json!("ours"), "skill:s has no conflict in 'none.md'"),
        ("poem.md", json!({"content": "relative"}), "the path of the content is not absolute"),
        ("poem.md", json!({"content": "/"}), "cannot read /: it is no file"),
    ] {
        assert_eq!(site.refused("conflicts.resolve", json!({"file": file, "choice": choice})), why);
    }
    // Nothing of it is ended by half.
    assert_eq!(site.decide("poem.md", json!("ours")), 4);
    let answer = site.conflict("conflicts.continue", json!({}));
    let item = first(&answer);
    assert_eq!(item["outcome"], "refused");
    let message = item["message"].as_str().expect("text");
    assert!(message.starts_with("still to be decided: ") && !message.contains("poem.md"), "{message}");
    site.is_as(&before, "refused");

    site.decide("gone.md", json!("ours"));
    site.decide("lost.md", json!("ours"));
    site.decide("new.md", json!("base"));
    assert_eq!(site.decide("x.bin", json!("theirs")), 0);
    site.proceed();
    for (name, bytes) in [
        ("gone.md", None),
        ("lost.md", Some(&b"kept here\n"[..])),
        ("new.md", None),
        ("x.bin", Some(b"\0there")),
        ("poem.md", Some(b"one\ntwo\nhere\nfour\nfive\n")),
    ] {
        site.both_have(name, bytes);
    }
    assert_eq!(site.state(KEY), Some(DriftState::InSync));
    site.undo();
    site.is_as(&before, "undone");
}

#[test]
fn all_files_are_decided_at_once_but_those_that_are() {
    let mut site = kinds();
    // Nobody looked for it yet: to decide finds it.
    site.decide("poem.md", json!("ours"));
    let answer = site.conflict("conflicts.resolve", json!({"choice": "theirs"}));
    assert_eq!(answer["conflict"]["files_open"], 0);
    assert_eq!(site.states(), ["open gone.md=theirs lost.md=theirs new.md=theirs poem.md=ours x.bin=theirs"]);
    let why = site.refused("conflicts.resolve", json!({"choice": "ours"}));
    assert_eq!(why, "all files of skill:s are decided; name one to decide anew");
    site.proceed();
    site.both_have("poem.md", Some(b"one\ntwo\nhere\nfour\nfive\n"));
    site.both_have("gone.md", Some(b"kept there\n"));
    site.both_have("lost.md", None);
    site.both_have("x.bin", Some(b"\0there"));
}

#[test]
fn what_was_decided_can_be_forgotten() {
    let mut site = kinds();
    let before = site.files();
    site.conflicting();
    site.conflict("conflicts.resolve", json!({"choice": "theirs"}));
    let planned = site.conflict("conflicts.abort", json!({"dry_run": true}));
    assert_eq!(planned["complete"], true);
    assert!(site.states()[0].contains("x.bin=theirs"), "a plan forgets nothing");
    let answer = site.conflict("conflicts.abort", json!({}));
    let item = first(&answer);
    assert_eq!(
        (&item["outcome"], &item["message"]),
        (&json!("unchanged"), &json!("what was decided of 5 of its files is forgotten; they are as they were")),
        "{answer}"
    );
    site.is_as(&before, "forgotten");
    assert_eq!(site.states(), ["open gone.md=- lost.md=- new.md=- poem.md=- x.bin=-"]);
}

#[test]
fn an_artifact_that_is_one_file_or_without_origin_is_decided_too() {
    let mut site = Site::new(&["command:c"], |_, collection, _| write(&collection.path("command:c"), "one\n"));
    site.run("deploy", json!({"artifacts": ["command:c"]}));
    write(&site.project.path("command:c"), "here\n");
    write(&site.collection.path("command:c"), "there\n");
    let project = site.project.text();
    let params = json!({"artifact": "c", "project": project, "file": "c.md", "choice": "both"});
    assert_eq!(site.json.result("conflicts.resolve", params)["conflict"]["files_open"], 0);
    let answer = site.json.result("conflicts.continue", json!({"artifact": "c", "project": project}));
    assert_eq!(answer["complete"], true, "{answer}");
    for path in [site.project.path("command:c"), site.collection.path("command:c")] {
        assert_eq!(fs::read_to_string(path).expect("text"), "here\nthere\n");
    }

    // A file on one side and a directory on the other: one or the other, as a whole.
    let old: &[(&str, &[u8])] = &[("a.md", b"a\n")];
    let mut site = self::site(old, &[("d", Some(b"a file\n"))], &[("d/e.md", Some(b"a directory\n"))]);
    site.conflicting();
    assert_eq!(site.states(), ["open =-"]);
    assert_eq!(site.refused("conflicts.resolve", json!({"choice": "both"})), "s: it has no lines of both sides");
    site.conflict("conflicts.resolve", json!({"choice": "theirs"}));
    site.proceed();
    assert_eq!(fs::read(site.project.path(KEY).join("d/e.md")).ok().as_deref(), Some(&b"a directory\n"[..]));
    assert_eq!(site.state(KEY), Some(DriftState::InSync));
}
