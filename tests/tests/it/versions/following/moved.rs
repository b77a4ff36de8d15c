//! Projects whose directory is moved, copied or replaced: whether their copies go on following.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_tests::library::ProjectDir;
use skillmeat_tests::process::PATIENCE;
use skillmeat_tests::sandbox::write;

use super::{SKILL, edit, followers, following, is_in};
use crate::operations::{Site, first};
use crate::versions::list;

fn at(root: &Path) -> ProjectDir {
    ProjectDir { root: root.to_owned() }
}

/// The project's directory is somewhere else by now.
fn moved(from: &ProjectDir, name: &str) -> ProjectDir {
    let to = from.root.with_file_name(name);
    fs::rename(&from.root, &to).expect("moved");
    at(&to)
}

/// Another directory with the same in it, to the last time.
fn copied(from: &ProjectDir, name: &str) -> ProjectDir {
    let to = from.root.with_file_name(name);
    let done = Command::new("cp").arg("-a").args([&from.root, &to]).status().expect("cp");
    assert!(done.success());
    at(&to)
}

/// What is found again is followed as soon as somebody has looked.
#[track_caller]
fn until(site: &mut Site, want: &[&str]) {
    let began = Instant::now();
    while followers(site) != want {
        assert!(began.elapsed() < PATIENCE, "{:?} instead of {want:?}", followers(site));
    }
}

fn removed(site: &mut Site, project: &ProjectDir) {
    site.json.result("projects.remove", json!({"path": project.text()}));
}

/// Deploys what the collection has into a new project at this path.
fn another(site: &mut Site, project: &ProjectDir) {
    fs::create_dir_all(project.root.join(".claude")).expect("made");
    site.daemon.client().sync();
    let done = site.run("deploy", json!({"artifacts": [SKILL], "projects": [project.text()]}));
    assert_eq!(first(&done)["outcome"], "created", "{done}");
}

#[test]
fn a_moved_project_goes_on_following() {
    for is_removed_first in [false, true] {
        let mut site = following();
        if is_removed_first {
            let old = at(&site.project.root);
            removed(&mut site, &old);
        }
        let new = moved(&site.project, "elsewhere");
        let info = site.daemon.client().add(&new.root);
        assert_eq!(info.counts.in_sync, 1, "what is answered is of the branch already: {info:?}");
        assert_eq!(followers(&mut site), ["elsewhere next in_sync"]);
        // The branch it is that is compared, pulled and pushed.
        edit(&new, "one");
        is_in(&site, &new, S::Modified);
        let pushed = site.run("push", json!({"artifacts": [SKILL], "project": new.text()}));
        assert_eq!(first(&pushed)["outcome"], "updated", "{pushed}");
        assert_eq!(followers(&mut site), ["elsewhere next in_sync"]);
        // And once more: what the push recorded is noted.
        let further = moved(&new, "further");
        site.daemon.client().add(&further.root);
        assert_eq!(followers(&mut site), ["further next in_sync"]);
        // Back to where it was, which may be known still: nobody adds it then.
        let back = moved(&further, "app");
        if is_removed_first {
            site.daemon.client().add(&back.root);
        }
        until(&mut site, &["app next in_sync"]);
        assert_eq!(site.json.result("history.verify", json!({}))["complete"], true);
    }
}

#[test]
fn a_copy_of_a_project_follows_as_well() {
    let mut site = following();
    let twin = copied(&site.project, "twin");
    site.daemon.client().add(&twin.root);
    assert_eq!(followers(&mut site), ["app next in_sync", "twin next in_sync"]);
    // Each for itself from then on.
    let left = site.run("deploy", json!({"artifacts": [SKILL], "branch": "main", "projects": [twin.text()]}));
    assert_eq!(first(&left)["outcome"], "updated", "{left}");
    assert_eq!(followers(&mut site), ["app next in_sync"]);
    // What was found is followed by who is found by searching, too.
    let third = copied(&site.project, "third");
    let root = third.root.parent().expect("it is in one").to_str().expect("text").to_owned();
    site.json.result("projects.discover", json!({"root": root, "add": true}));
    assert_eq!(followers(&mut site), ["app next in_sync", "third next in_sync"]);
}

#[test]
fn another_project_at_the_old_path_follows_nothing() {
    let mut site = following();
    let old = at(&site.project.root);
    let new = moved(&site.project, "elsewhere");
    site.daemon.client().add(&new.root);
    another(&mut site, &old);
    assert_eq!(followers(&mut site), ["elsewhere next in_sync"]);
    is_in(&site, &old, S::InSync);
    // The same where the other one came first, and was registered while nobody knew where the old one is.
    let mut site = following();
    let old = at(&site.project.root);
    removed(&mut site, &old);
    let new = moved(&site.project, "elsewhere");
    let stranger = site.sandbox.project("stranger");
    site.daemon.client().add(&stranger.root);
    another(&mut site, &stranger);
    removed(&mut site, &stranger);
    fs::rename(&stranger.root, &old.root).expect("moved");
    site.daemon.client().add(&old.root);
    assert_eq!(followers(&mut site), Vec::<String>::new());
    is_in(&site, &old, S::InSync);
    // Whose place it was is known no more; nothing is guessed.
    site.daemon.client().add(&new.root);
    assert_eq!(followers(&mut site), Vec::<String>::new());
}

#[test]
fn what_is_not_certain_is_not_carried_over() {
    // One operation on two copies, of which one follows: the records are the same.
    let mut site = following();
    let switched = site.json.result("branches.switch", json!({"artifact": SKILL, "branch": "next"}));
    assert_eq!(switched["complete"], true);
    let ordinary = site.sandbox.project("ordinary");
    site.daemon.client().add(&ordinary.root);
    site.run("deploy", json!({"artifacts": [SKILL], "projects": [ordinary.text()]}));
    write(&site.collection.file(SKILL), "for all\n");
    let fanned = site.json.result("fan_out", json!({"artifacts": [SKILL]}));
    assert_eq!(list(&fanned["items"]).len(), 2, "{fanned}");
    assert_eq!(followers(&mut site), ["app next in_sync"]);
    let third = copied(&ordinary, "third");
    site.daemon.client().add(&third.root);
    assert_eq!(followers(&mut site), ["app next in_sync"], "it is a copy of one that follows nothing");
    let moved_on = moved(&site.project, "elsewhere");
    site.daemon.client().add(&moved_on.root);
    assert!(!followers(&mut site).iter().any(|one| one.starts_with("elsewhere")), "{:?}", followers(&mut site));
    // A record that somebody else has written since.
    let mut site = following();
    let new = moved(&site.project, "elsewhere");
    let records = new.root.join(".claude/.skillmeat-deployed.toml");
    let text = fs::read_to_string(&records).expect("records");
    let line = text.lines().find(|line| line.starts_with("deployed_at")).expect("a time").to_owned();
    write(&records, text.replace(&line, "deployed_at = \"2020-01-02T03:04:05\""));
    site.daemon.client().add(&new.root);
    assert!(!followers(&mut site).iter().any(|one| one.starts_with("elsewhere")));
}

#[test]
fn a_place_that_may_be_there_still_keeps_its_following() {
    let mut site = following();
    let disk = site.sandbox.root.join("disk");
    fs::create_dir(&disk).expect("made");
    let on_disk = at(&disk.join("work"));
    fs::create_dir_all(on_disk.root.join(".claude")).expect("made");
    site.daemon.client().add(&on_disk.root);
    site.run("deploy", json!({"artifacts": [SKILL], "branch": "next", "projects": [on_disk.text()]}));
    // Copied, and its disk taken away: an empty directory is left.
    let copy = at(&site.sandbox.projects.join("copy"));
    let done = Command::new("cp").arg("-a").args([&on_disk.root, &copy.root]).status().expect("cp");
    assert!(done.success());
    let aside = site.sandbox.root.join("aside");
    fs::rename(&on_disk.root, &aside).expect("unmounted");
    site.daemon.client().add(&copy.root);
    let told: Vec<Value> =
        list(&site.json.result("branches.followers", json!({"artifact": SKILL}))["followers"]).clone();
    assert_eq!(told.len(), 3, "{told:?}");
    fs::rename(&aside, &on_disk.root).expect("mounted");
    site.daemon.client().verify();
    let mut told = followers(&mut site);
    told.sort();
    assert_eq!(told, ["app next in_sync", "copy next in_sync", "work next in_sync"]);
}
