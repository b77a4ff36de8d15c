//! Links inside an artifact: a conflict about one ends, and nothing is written where it leads.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::json;
use skillmeat_protocol::drift::DriftState;
use skillmeat_tests::sandbox::write;

use super::KEY;
use crate::operations::{Site, first};

const OLD: &str = "one\ntwo\nthree\n";
const HERE: &str = "one\nhere\nthree\n";
const THERE: &str = "one\nthere\nthree\n";

/// Which side has a link at `x.md`, and where it leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Linked {
    /// The collection's, to a file of the artifact.
    Inside,
    /// The collection's, to a file beside the collection.
    Outside,
    /// The project's, to a file beside the project.
    Here,
}

/// A conflict in the lines of a file that is a link on one side; and what that leads to.
fn linked(how: Linked) -> (Site, PathBuf) {
    let mut site = super::site(&[("x.md", OLD.as_bytes()), ("a.md", OLD.as_bytes())], &[], &[]);
    let (here, there) = (site.project.path(KEY).join("x.md"), site.collection.path(KEY).join("x.md"));
    let (link, real) = match how {
        Linked::Inside => (&there, site.collection.path(KEY).join("a.md")),
        Linked::Outside => (&there, site.sandbox.write("shared.md", OLD)),
        Linked::Here => (&here, site.sandbox.write("mine.md", OLD)),
    };
    fs::remove_file(link).expect("it was deployed");
    let to = if how == Linked::Inside { Path::new("a.md") } else { &*real };
    symlink(to, link).expect("free");
    assert_eq!(site.state(KEY), Some(DriftState::InSync), "{how:?}: a link is what it leads to");
    let (linked, other) = if how == Linked::Here { (HERE, (&there, THERE)) } else { (THERE, (&here, HERE)) };
    write(&real, linked);
    write(other.0, other.1);
    site.conflicting();
    (site, real)
}

#[test]
fn each_way_of_deciding_ends_a_conflict_about_a_link() {
    // Where the link is, the choice, what is there then, and whether the link stays.
    for (how, choice, want, stays) in [
        (Linked::Inside, "ours", HERE, false),
        (Linked::Inside, "theirs", THERE, true),
        (Linked::Inside, "base", OLD, false),
        (Linked::Outside, "ours", HERE, false),
        (Linked::Outside, "theirs", THERE, true),
        (Linked::Outside, "base", OLD, false),
        (Linked::Here, "ours", HERE, true),
        (Linked::Here, "theirs", THERE, false),
        (Linked::Here, "base", OLD, false),
    ] {
        let (mut site, real) = linked(how);
        let before = site.files();
        let led_to = fs::read(&real).expect("there");
        assert_eq!(site.decide("x.md", json!(choice)), 0, "{how:?} {choice}");
        let planned = site.conflict("conflicts.continue", json!({"dry_run": true}));
        assert_eq!(first(&planned)["outcome"], "merged", "{how:?} {choice}: {planned}");
        site.is_as(&before, "planned");
        site.proceed();
        site.both_have("x.md", Some(want.as_bytes()));
        assert_eq!(site.state(KEY), Some(DriftState::InSync), "{how:?} {choice}");
        let root = if how == Linked::Here { site.project.path(KEY) } else { site.collection.path(KEY) };
        assert_eq!(root.join("x.md").is_symlink(), stays, "{how:?} {choice}");
        assert_eq!(fs::read(&real).expect("there"), led_to, "{how:?} {choice}: nothing is written through it");
        site.undo();
        site.is_as(&before, "undone");
        assert!(root.join("x.md").is_symlink(), "{how:?} {choice}: undone, the link is back");
    }
}

#[test]
fn links_that_count_for_nothing_are_in_nobodys_way() {
    let mut site = super::lines();
    for root in [site.project.path(KEY), site.collection.path(KEY)] {
        symlink("..", root.join("up")).expect("free");
        symlink("/nonexistent/x", root.join("nothing")).expect("free");
    }
    site.conflicting();
    site.decide("poem.md", json!("theirs"));
    site.proceed();
    assert_eq!(site.state(KEY), Some(DriftState::InSync));
    for root in [site.project.path(KEY), site.collection.path(KEY)] {
        assert!(root.join("up").is_symlink() && root.join("nothing").is_symlink());
    }
}

#[test]
fn a_link_that_nobody_decided_about_stays_and_what_can_be_done_is_said() {
    for (clean, way) in [(true, 0), (true, 1), (false, 0)] {
        let mut site = super::site(&[("x.md", b"1\n2\n3\n4\n5\n6\n7\n8\n9\n")], &[], &[]);
        let real = site.sandbox.write("it's mine.md", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
        let link = site.project.path(KEY).join("x.md");
        fs::remove_file(&link).expect("it was deployed");
        symlink(&real, &link).expect("free");
        if clean {
            write(&real, "one\n2\n3\n4\n5\n6\n7\n8\n9\n");
        }
        write(&site.collection.path(KEY).join("x.md"), "1\n2\n3\n4\n5\n6\n7\n8\nnine\n");
        let before = site.files();
        let answer = site.conflicting();
        assert!(
            first(&answer)["message"].as_str().is_some_and(|m| m.contains("is a link to something else")),
            "{answer}"
        );
        site.is_as(&before, "refused");
        let ways = first(&answer)["ways"].clone();
        let line = ways[way].as_str().unwrap_or_else(|| panic!("{way}: {answer}"));
        if line.starts_with("cp ") {
            assert!(
                std::process::Command::new("sh").arg("-c").arg(line).status().expect("a shell").success(),
                "{line}"
            );
            assert_eq!(site.run("sync_project", json!({"artifacts": [KEY]}))["complete"], true, "{line}");
        } else {
            assert_eq!(site.paste(line, &[])[0].code, Some(0), "{line}");
        }
        assert_eq!(site.state(KEY), Some(DriftState::InSync), "{line}");
        assert!(fs::read_to_string(&real).expect("there").ends_with("9\n"), "nothing was written through it");
    }
}
