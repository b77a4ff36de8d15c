//! What is no file where a file belongs, and no directory where a directory does.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use skillmeat_protocol::drift::DriftState::InSync;
use skillmeat_tests::sandbox::{remove, write};

use super::{Field, GOOD};

const KINDS: [&str; 8] =
    ["fifo", "socket", "device", "endless link", "directory", "dangling link", "link to itself", "proc link"];

/// Puts something that is no file at `path`. Without the right to make devices a link to one stands for it.
fn put(kind: &str, path: &Path) {
    fs::create_dir_all(path.parent().expect("below the sandbox")).expect("a directory of the sandbox");
    match kind {
        "fifo" => mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).expect("a file system with pipes"),
        // The listener may go: what matters is what it leaves.
        "socket" => drop(bound(path)),
        "device" => {
            if mknodat(CWD, path, FileType::CharacterDevice, Mode::RWXU, makedev(1, 5)).is_err() {
                symlink("/dev/zero", path).expect("free");
            }
        }
        "endless link" => symlink("/dev/zero", path).expect("free"),
        "directory" => fs::create_dir(path).expect("free"),
        "dangling link" => symlink("nowhere", path).expect("free"),
        "link to itself" => symlink(path.file_name().expect("a name"), path).expect("free"),
        "proc link" => symlink("/proc/self/status", path).expect("free"),
        other => panic!("{other}"),
    }
}

/// Socket addresses are short, paths in a sandbox may not be: bound beside and moved.
fn bound(path: &Path) -> UnixListener {
    let short = tempfile::Builder::new().prefix("s").tempdir_in("/tmp").expect("a directory");
    let listener = UnixListener::bind(short.path().join("s")).expect("a socket");
    fs::rename(short.path().join("s"), path).expect("one file system");
    listener
}

#[test]
fn what_is_no_file_inside_an_artifact_counts_for_nothing() {
    let mut field = Field::new(|_, collection, project| {
        collection.put("skill:odd", "odd\n");
        project.deploy(collection, &["skill:odd"]);
        collection.list(&[GOOD, "skill:odd"]);
        for kind in KINDS.into_iter().filter(|kind| *kind != "proc link") {
            put(kind, &project.path("skill:odd").join(kind));
        }
    });
    println!("{} kinds in an artifact", KINDS.len());
    let app = field.project.text();
    assert_eq!(field.client.state(&app, "skill:odd"), Some(InSync));
    field.good_holds("special files in an artifact");
    // A link to what only looks like a file is one that cannot be read, at once and by name.
    put("proc link", &field.project.path("skill:odd").join("proc"));
    let message = field.unreadable("skill:odd");
    assert!(message.contains("skills/odd/proc: it does not hold as many bytes as it says"), "{message}");
    field.good_holds("a link into /proc");
}

#[test]
fn what_is_no_file_is_no_artifact_either() {
    let mut field = Field::new(|_, collection, project| {
        for (i, kind) in KINDS.iter().enumerate().filter(|(_, kind)| **kind != "directory") {
            let key = format!("command:c{i}");
            collection.put(&key, "c\n");
            project.deploy(collection, &[&key]);
            remove(&project.path(&key));
            put(kind, &project.path(&key));
        }
    });
    let items = field.status().items;
    let deployed: Vec<_> = items.iter().filter(|item| item.name.starts_with('c')).collect();
    assert_eq!(deployed.len(), KINDS.len() - 1);
    for item in deployed {
        assert_ne!(item.state, InSync, "{item:?}");
    }
    println!("{} kinds as artifacts", KINDS.len() - 1);
    field.good_holds("special files as artifacts");
}

#[test]
fn what_is_no_file_at_the_place_of_a_file_of_skillmeat_is_named() {
    let mut count = 0;
    for kind in KINDS.into_iter().filter(|kind| !kind.contains("dangling")) {
        let mut field = Field::new(|sandbox, _, _| {
            let other = sandbox.collection("other");
            remove(&other.manifest());
            put(kind, &other.manifest());
            put(kind, &other.root.join("collection.lock"));
            put(kind, &sandbox.home.join("config.toml"));
            fs::create_dir_all(sandbox.projects.join("odd/.claude/skills/mine")).expect("a directory of the sandbox");
            put(kind, &sandbox.projects.join("odd/.claude/.skillmeat-deployed.toml"));
            put(kind, &sandbox.projects.join("odd/.claude/.skillmeat-project.toml"));
        });
        let odd = field.sandbox.projects.join("odd");
        field.client.add(&odd);
        let status = field.client.project(odd.to_str().expect("text"));
        for file in [".skillmeat-deployed.toml", ".skillmeat-project.toml"] {
            assert!(status.problems.iter().any(|p| p.file.ends_with(file)), "{kind}: {:?}", status.problems);
        }
        let problems = field.client.health().problems;
        for file in ["other/collection.toml", "other/collection.lock", "config.toml"] {
            assert!(problems.iter().any(|p| p.file.ends_with(file)), "{kind} at {file}: {problems:#?}");
        }
        count += 5;
        field.good_holds(kind);
    }
    println!("{count} places of files taken by something else");
}

#[test]
fn a_file_in_the_place_of_a_directory_is_told_and_may_be_put_right() {
    let mut field = Field::new(|sandbox, _, project| {
        write(&sandbox.home.join("collections/file"), "not a collection");
        write(&project.claude().join("commands"), "not a container");
        write(&sandbox.projects.join("odd/.claude"), "not a profile root");
    });
    let odd = field.sandbox.projects.join("odd");
    let path = odd.to_str().expect("text").to_owned();
    field.client.add(&odd);
    let status = field.client.project(path.as_str());
    assert!(!status.available && status.problems.iter().any(|p| p.message.contains("profile root")), "{status:?}");
    field.good_holds("a file as a profile root");
    remove(&odd.join(".claude"));
    write(&odd.join(".claude/skills/mine/SKILL.md"), "mine");
    assert!(field.client.state(&path, "skill:mine").is_some());
    // And back, under the daemon's eyes.
    remove(&odd.join(".claude"));
    write(&odd.join(".claude"), "again");
    assert!(!field.client.project(path.as_str()).available);
    field.good_holds("a profile root that became a file");
}
