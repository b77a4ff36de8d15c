//! What the daemon's user may not read. A superuser may read everything, so then the daemon runs as another.

use std::fs;
use std::os::unix::fs::{PermissionsExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use skillmeat_tests::process::{Daemon, run};
use skillmeat_tests::sandbox::{Sandbox, write};

use super::{GOOD, append};
use crate::binaries;

/// `nobody`, where it is known.
const OTHER: u32 = 65_534;

/// Gives the sandbox to [`OTHER`], with programs that it can run, when this is a superuser.
fn hand_over(sandbox: &mut Sandbox) -> bool {
    if !rustix::process::geteuid().is_root() {
        return false;
    }
    let bin = sandbox.root.join("bin");
    fs::create_dir(&bin).expect("free");
    for (program, name) in [(&mut sandbox.binaries.daemon, "testd"), (&mut sandbox.binaries.client, "testc")] {
        let copy = bin.join(name);
        // The build directory may be closed to others, or on another file system.
        fs::hard_link(&*program, &copy).or_else(|_| fs::copy(&*program, &copy).map(drop)).expect("copied");
        *program = copy;
    }
    sandbox.set("SKILLMEATD", sandbox.binaries.daemon.clone());
    give(&sandbox.root);
    true
}

fn give(path: &Path) {
    // A program that is linked must stay whose it is; its directory is enough.
    if !path.parent().is_some_and(|dir| dir.ends_with("bin")) {
        lchown(path, Some(OTHER), Some(OTHER)).expect("a superuser may");
    }
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path).expect("readable").flatten() {
            give(&entry.path());
        }
    }
}

fn as_other(mut command: Command, other: bool) -> Command {
    if other {
        command.uid(OTHER).gid(OTHER);
    }
    command
}

fn close(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o0)).expect("ours");
}

#[test]
fn what_may_not_be_read_is_named_and_nothing_else_suffers() {
    let mut sandbox = Sandbox::new(&binaries());
    let (collection, shut) = (sandbox.collection("default"), sandbox.collection("shut"));
    let keys = [GOOD, "skill:file", "skill:dir", "skill:inner", "command:c"];
    collection.fill(&keys);
    let project = sandbox.project("app");
    project.deploy(&collection, &keys);
    let records = sandbox.project("records");
    records.deploy(&collection, &[GOOD]);
    let root = sandbox.project("root");
    write(&project.path("skill:inner").join("deep/x"), "x");
    append(&sandbox.home.join("config.toml"), "[daemon]\n");
    let other = hand_over(&mut sandbox);
    let closed = [
        project.file("skill:file"),
        project.path("skill:dir"),
        project.path("skill:inner").join("deep"),
        project.path("command:c"),
        records.records(),
        root.claude(),
        shut.manifest(),
        sandbox.home.join("config.toml"),
    ];
    closed.iter().for_each(|path| close(path));
    let mut command = as_other(sandbox.command(&sandbox.binaries.daemon), other);
    command.args(["run", "--ready", "stdout"]);
    let daemon = Daemon::spawn(&sandbox, command).expect("ready");
    let cli = |args: &[&str]| {
        let mut command = as_other(sandbox.command(&sandbox.binaries.client), other);
        command.args(args);
        run(command, "")
    };
    for project in [&project, &records, &root] {
        cli(&["project", "add", &project.text()]).ok();
    }
    let state = |key: &str| -> (String, String) {
        let data = cli(&["status", "--json", "--verbose", "--project", &project.text()]).data();
        let is = |item: &&Value| {
            format!("{}:{}", item["type"].as_str().unwrap_or(""), item["name"].as_str().unwrap_or("")) == key
        };
        let items = data["projects"][0]["items"].as_array().cloned().unwrap_or_default();
        let item = items.iter().find(is).unwrap_or_else(|| panic!("{key}: {items:?}"));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&item["state"]), text(&item["message"]))
    };
    for key in &keys[1..] {
        let (found, message) = state(key);
        assert_eq!(found, "unreadable", "{key}");
        assert!(message.contains("ermission denied") && message.contains("/.claude/"), "{key}: {message}");
    }
    let doctor = cli(&["doctor"]);
    for file in [records.records(), shut.manifest(), sandbox.home.join("config.toml"), root.claude()] {
        assert!(doctor.stdout.contains(file.to_str().expect("text")), "{}: {doctor:?}", file.display());
    }
    println!("{} closed files and directories", closed.len());
    assert_eq!(state(GOOD).0, "in_sync");
    write(&project.file(GOOD), "edited\n");
    assert_eq!(state(GOOD).0, "modified");
    // Opened again, everything is as it was.
    for path in &closed {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).expect("ours");
    }
    for key in &keys[1..] {
        let want = if *key == "skill:inner" { "modified" } else { "in_sync" };
        assert_eq!(state(key).0, want, "{key}");
    }
    assert!(daemon.terminate().success());
}
