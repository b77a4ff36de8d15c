//! Whether a conflict merges, as a status says it: tried before anybody asks, of the contents that are there, and of nothing else.

use serde_json::json;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::event::CauseKind;
use skillmeat_protocol::request::{Freshness, SubscribeQuery};
use skillmeat_tests::library::ProjectDir;
use skillmeat_tests::sandbox::{Sandbox, write};

use super::{KEY, POEM, Sides, lines, site};
use crate::binaries;
use crate::operations::{Site, first};

const HERE: &str = "one\ntwo\nhere\nfour\nfive\n";
const THERE: &str = "one\ntwo\nthere\nfour\nfive\n";
const LAST: &str = "one\ntwo\nthree\nfour\nFIVE\n";

/// What is said once everything is, and that it is a conflict.
#[track_caller]
fn settled(site: &Site, project: &ProjectDir) -> Option<bool> {
    let status = site.daemon.client().status_with(project.text(), Freshness::Settled);
    assert!(status.fresh, "{:?}", status.stale);
    let item = status.projects[0].items.iter().find(|item| format!("{}:{}", item.kind, item.name) == KEY);
    let item = item.expect("it is listed");
    assert_eq!(item.state, DriftState::Conflict, "{item:?}");
    item.mergeable
}

fn poem(root: &std::path::Path, text: &str) {
    write(&root.join("poem.md"), text);
}

#[test]
fn a_status_says_of_each_conflict_what_a_merge_does() {
    let old: [(&str, &[u8]); 3] = [("poem.md", POEM), ("a.md", b"a\n"), ("x.bin", b"\0old")];
    let cases: [(&str, Sides<'_>, Sides<'_>, bool); 7] = [
        ("other files", &[("poem.md", Some(HERE.as_bytes()))], &[("a.md", Some(b"b\n"))], true),
        ("other lines", &[("poem.md", Some(HERE.as_bytes()))], &[("poem.md", Some(LAST.as_bytes()))], true),
        ("the same lines", &[("poem.md", Some(HERE.as_bytes()))], &[("poem.md", Some(THERE.as_bytes()))], false),
        ("gone there", &[("a.md", Some(b"b\n"))], &[("a.md", None)], false),
        ("gone there, not edited", &[("poem.md", Some(HERE.as_bytes()))], &[("a.md", None)], true),
        ("no text", &[("x.bin", Some(b"\0here"))], &[("x.bin", Some(b"\0there"))], false),
        ("both new", &[("new.md", Some(b"here\n"))], &[("new.md", Some(b"there\n"))], false),
    ];
    for (what, here, there, want) in cases {
        let mut site = site(&old, here, there);
        let before = site.files();
        assert_eq!(settled(&site, &site.project), Some(want), "{what}");
        site.is_as(&before, what);
        assert!(site.states().is_empty() == want, "{what}: {:?}", site.states());
        let answer = site.run("pull", json!({"artifacts": [KEY], "strategy": "merge", "dry_run": true}));
        assert_eq!(first(&answer)["outcome"] == "merged", want, "{what}: {answer}");
        let project = site.project.text();
        let lines = site.sandbox.cli(&["status", "--settled", "--porcelain", "--project", &project]);
        assert!(lines.ok().starts_with(if want { "mm " } else { "MM " }), "{what}: {lines:?}");
        let text = site.sandbox.cli(&["status", "--settled", "--project", &project]);
        let (said, way) = match want {
            true => ("lines merge cleanly", format!("skillmeat pull {KEY} --strategy merge --project {project}")),
            false => ("lines overlap", format!("skillmeat conflicts show {KEY} --project {project}")),
        };
        assert!(text.ok().contains(said) && text.ok().contains(&way), "{what}: {text:?}");
    }
}

#[test]
fn an_answer_goes_with_the_contents_that_it_is_about_and_is_told() {
    let site = lines();
    assert_eq!(settled(&site, &site.project), Some(false));
    let mut events = site.daemon.client();
    events.subscribe(SubscribeQuery::default());
    let mut ask = site.daemon.client();
    for (text, want) in [(LAST, true), (HERE, false), (&THERE.replace("one", "ONE"), true)] {
        poem(&site.project.path(KEY), text);
        // The barrier does not wait, and says nothing that it does not know.
        let seen = ask.item(&site.project.text(), KEY).expect("listed");
        assert!(seen.mergeable.is_none_or(|said| said == want), "{text}: {seen:?}");
        let told = loop {
            let event = events.event();
            let Some(change) = event.items.into_iter().next() else { continue };
            if change.item.mergeable.is_some() {
                break (event.cause.kind, change);
            }
        };
        assert_eq!((told.0, told.1.previous), (CauseKind::Merge, Some(DriftState::Conflict)));
        assert_eq!((told.1.item.mergeable, told.1.item.project_hash), (Some(want), seen.project_hash), "{text}");
        assert_eq!(settled(&site, &site.project), Some(want), "{text}");
    }
    // Nobody has to ask for it, and another daemon finds it out, too.
    let site = site.restarted();
    assert_eq!(settled(&site, &site.project), Some(true));
}

#[test]
fn what_else_decides_a_merge_is_no_part_of_it() {
    let site = lines();
    site.sandbox.config("[settings]\ndefault-collection = \"default\"\n[strategy.files]\n\"*.md\" = \"ours\"\n");
    assert_eq!(settled(&site, &site.project), Some(false));
    // What counts as too much to be read unasked is not read.
    site.sandbox.config("[settings]\ndefault-collection = \"default\"\n[history]\nobserve-max-bytes = 20\n");
    poem(&site.project.path(KEY), LAST);
    assert_eq!(settled(&site, &site.project), None);
}

#[test]
fn where_the_common_origin_is_nowhere_nothing_is_said_and_a_snapshot_is_somewhere() {
    for snapshot in [true, false] {
        let sandbox = Sandbox::new(&binaries());
        let (collection, project) = (sandbox.collection("default"), sandbox.project("app"));
        collection.fill(&[KEY]);
        poem(&collection.path(KEY), std::str::from_utf8(POEM).expect("text"));
        // By the original, before there was a history.
        project.deploy(&collection, &[KEY]);
        let mut site = Site::on(sandbox, collection, project);
        if snapshot {
            site.json.result("snapshots.create", json!({"message": "as deployed"}));
        }
        poem(&site.project.path(KEY), HERE);
        poem(&site.collection.path(KEY), LAST);
        assert_eq!(settled(&site, &site.project), snapshot.then_some(true), "{snapshot}");
        // Nor is it looked for again and again.
        poem(&site.project.path(KEY), &HERE.replace("one", "ONE"));
        assert_eq!(settled(&site, &site.project), snapshot.then_some(true), "{snapshot}");
    }
}

#[test]
fn a_history_that_cannot_be_used_says_nothing() {
    let site = lines();
    let Site { json, daemon, collection, project, sandbox } = site;
    drop(json);
    daemon.terminate();
    write(&sandbox.places().state.join("history.db"), "no database, and long enough to be looked at".repeat(100));
    let site = Site::on_registered(sandbox, collection, project);
    assert_eq!(settled(&site, &site.project), None);
}

#[test]
fn what_was_made_of_the_other_side_is_no_clash() {
    let mut site = site(&[("poem.md", b"zero\n")], &[], &[]);
    let other = site.sandbox.project("other");
    site.daemon.client().add(&other.root);
    site.run("deploy", json!({"artifacts": [KEY], "projects": [other.text()]}));
    for text in ["one\n", "two\n"] {
        poem(&site.collection.path(KEY), text);
        site.run("pull", json!({"artifacts": [KEY]}));
    }
    poem(&other.path(KEY), "one\n");
    poem(&site.collection.path(KEY), "three\n");
    assert_eq!(settled(&site, &other), None, "a pull takes the collection's");
    let pulled = site.json.result("pull", json!({"artifacts": [KEY], "project": other.text(), "strategy": "merge"}));
    assert_eq!(first(&pulled)["outcome"], "updated", "{pulled}");
    poem(&other.path(KEY), "else\n");
    poem(&site.collection.path(KEY), "four\n");
    assert_eq!(settled(&site, &other), Some(false));
}

#[test]
fn of_a_followed_branch_the_tip_is_merged() {
    let mut site = Site::new(&[KEY], |_, _, _| {});
    poem(&site.collection.path(KEY), std::str::from_utf8(POEM).expect("text"));
    site.json.result("branches.create", json!({"artifact": KEY, "branch": "next"}));
    let other = site.sandbox.project("other");
    site.daemon.client().add(&other.root);
    let both = [site.project.text(), other.text()];
    site.run("deploy", json!({"artifacts": [KEY], "branch": "next", "projects": both}));
    // What the collection has would merge; the tip does not.
    poem(&site.collection.path(KEY), LAST);
    poem(&other.path(KEY), THERE);
    let pushed = site.json.result("push", json!({"artifacts": [KEY], "project": other.text()}));
    assert_eq!(pushed["complete"], true, "{pushed}");
    poem(&site.project.path(KEY), HERE);
    assert_eq!(settled(&site, &site.project), Some(false));
    poem(&site.project.path(KEY), LAST);
    assert_eq!(settled(&site, &site.project), Some(true));
}

#[test]
fn many_at_once_are_all_answered() {
    let sandbox = Sandbox::new(&binaries());
    let (collection, project) = (sandbox.collection("default"), sandbox.project("app"));
    let keys: Vec<String> = (0..50).map(|n| format!("skill:s{n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    collection.fill(&keys);
    keys.iter().for_each(|key| poem(&collection.path(key), std::str::from_utf8(POEM).expect("text")));
    let mut site = Site::on(sandbox, collection, project);
    site.run("deploy", json!({"artifacts": keys}));
    for (n, key) in keys.iter().enumerate() {
        poem(&site.project.path(key), HERE);
        poem(&site.collection.path(key), if n % 2 == 0 { THERE } else { LAST });
    }
    let status = site.daemon.client().status_with(site.project.text(), Freshness::Settled);
    assert!(status.fresh, "{:?}", status.stale);
    let mut said: Vec<Option<bool>> = status.projects[0].items.iter().map(|item| item.mergeable).collect();
    said.sort_unstable();
    assert_eq!(said, [vec![Some(false); 25], vec![Some(true); 25]].concat());
}
