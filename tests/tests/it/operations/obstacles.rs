//! A file system that refuses: closed directories, a full disk, one that may not be written, and two where one was expected.
//! What cannot be done is as it was, the path is named, and the rest is done.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use sha2::{Digest, Sha256};
use skillmeat_tests::sandbox::write;

use super::*;

/// A daemon for whom permissions count, even when this is a superuser.
fn unprivileged(sandbox: &Sandbox) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Daemon::command(sandbox);
    }
    let mut command = sandbox.command("setpriv");
    command.args(["--bounding-set", "-dac_override,-dac_read_search,-fowner"]).arg(&sandbox.binaries.daemon);
    command.args(["run", "--ready", "stdout"]);
    command
}

/// A daemon whose project's `place` is a file system of its own, with what was there; none where that is not allowed.
fn mounted(sandbox: &Sandbox, place: &Path, options: &str, then: &str) -> Option<Command> {
    let mut probe = Command::new("unshare");
    probe.args(["-Urm", "sh", "-c", "mount -t tmpfs none /mnt"]).stderr(std::process::Stdio::null());
    if !probe.status().is_ok_and(|status| status.success()) {
        return None;
    }
    let script = format!(
        "cp -a \"$1\" \"$1.kept\" && mount -t tmpfs -o {options} none \"$1\" && cp -a \"$1.kept/.\" \"$1\" && \
         rm -r \"$1.kept\" && {then} exec \"$0\" run --ready stdout"
    );
    let mut command = sandbox.command("unshare");
    command.args(["-Urm", "sh", "-c", &script]).arg(&sandbox.binaries.daemon).arg(place);
    Some(command)
}

impl Site {
    /// A daemon that this command starts, for files that are there.
    fn under(sandbox: Sandbox, collection: CollectionDir, project: ProjectDir, command: Command) -> Self {
        let daemon = Daemon::spawn(&sandbox, command).expect("ready");
        daemon.client().add(&project.root);
        Self { json: daemon.json(), daemon, collection, project, sandbox }
    }

    /// A path as the daemon sees it, which may have mounted something there.
    fn seen(&self, path: &Path) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{}", self.daemon.pid(), path.display()))
    }
}

/// Everything below `path` but the times of directories, which come and go with staging.
fn content(path: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let known = skillmeat_tests::files::state(path, &[]);
    known.into_keys().map(|path| (path.clone(), fs::read(&path).ok())).collect()
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("ours");
}

#[track_caller]
fn names_the_path(answer: &Value, path: &str) {
    let text = match answer.get("error") {
        Some(error) => error["message"].to_string(),
        None => answer["result"]["items"].as_array().expect("items").iter().map(|i| i["message"].to_string()).collect(),
    };
    assert!(text.contains(path), "'{path}' is not named: {answer}");
}

#[test]
fn directories_that_may_not_be_written() {
    let keys = ["skill:a", "skill:b", "command:c"];
    let sandbox = Sandbox::new(&binaries());
    let (collection, project) = (sandbox.collection("default"), sandbox.project("app"));
    collection.fill(&keys);
    project.deploy(&collection, &keys[..2]);
    let command = unprivileged(&sandbox);
    let mut site = Site::under(sandbox, collection, project, command);
    write(&site.collection.file("skill:a"), "newer\n");
    write(&site.collection.file("skill:b"), "newer\n");
    let before = site.files();
    let closed = [site.project.path("skill:b"), site.project.claude().join("skills"), site.project.claude()];
    let requests = [
        ("pull", json!({"artifacts": ["skill:b"]})),
        ("undeploy", json!({"artifacts": ["skill:b"]})),
        ("deploy", json!({"artifacts": ["command:c"]})),
        ("forget", json!({"artifacts": ["skill:b"]})),
        ("push", json!({"artifacts": ["skill:b"]})),
    ];
    for path in &closed {
        for (method, params) in &requests {
            mode(path, 0o555);
            let params = site.with_project(method, params.clone());
            let answer = site.json.call(method, params);
            mode(path, 0o755);
            let done = answer["result"]["operation"].is_object();
            if done {
                site.undo();
            } else if answer["result"]["complete"] != true {
                names_the_path(&answer, "/.claude/");
            }
            site.is_as(&before, &format!("{method}, {} closed", path.display()));
        }
    }
    // One of two: the other is done and recorded.
    mode(&closed[0], 0o555);
    let answer = site.run("pull", json!({}));
    mode(&closed[0], 0o755);
    assert_eq!(answer["complete"], false, "{answer}");
    assert_eq!((site.state("skill:a"), site.state("skill:b")), (Some(DriftState::InSync), Some(DriftState::Outdated)));
    site.undo();
    site.is_as(&before, "half of a pull, undone");
}

#[test]
fn a_disk_that_is_full() {
    let sandbox = Sandbox::new(&binaries());
    let (collection, project) = (sandbox.collection("default"), sandbox.project("app"));
    collection.fill(&["skill:small", "skill:large", "skill:both"]);
    write(&collection.path("skill:large").join("data"), vec![b'x'; 600_000]);
    project.deploy(&collection, &["skill:both"]);
    let Some(command) = mounted(&sandbox, &project.root, "size=256k,mode=700", "") else {
        println!("skipped: no mounts here");
        return;
    };
    let mut site = Site::under(sandbox, collection, project, command);
    let claude = site.seen(&site.project.claude());
    let before = content(&claude);
    for params in [json!({"artifacts": ["skill:large"]}), json!({"artifacts": ["skill:small", "skill:large"]})] {
        let params = site.with_project("deploy", params);
        let answer = site.json.call("deploy", params);
        assert!(answer.to_string().contains("No space left"), "{answer}");
        names_the_path(&answer, "/projects/");
        assert!(content(&claude) == before, "{answer}");
        let left: Vec<_> =
            fs::read_dir(site.seen(&site.project.root)).expect("listed").flatten().map(|e| e.file_name()).collect();
        assert_eq!(left, [".claude"], "nothing lies about");
    }
    // What fits goes on working.
    let answer = site.run("deploy", json!({"artifacts": ["skill:small"]}));
    assert_eq!(answer["complete"], true, "{answer}");
    assert_eq!(site.state("skill:small"), Some(DriftState::InSync));
    write(&site.collection.path("skill:both").join("data"), vec![b'x'; 600_000]);
    let params = site.with_project("pull", json!({"artifacts": ["skill:both"]}));
    let answer = site.json.call("pull", params);
    assert!(answer.to_string().contains("No space left"), "{answer}");
    assert_eq!(site.state("skill:both"), Some(DriftState::Outdated));
}

#[test]
fn a_history_that_is_full_changes_nothing() {
    let sandbox = Sandbox::new(&binaries());
    let (collection, project) = (sandbox.collection("default"), sandbox.project("app"));
    collection.fill(&["skill:large", "skill:small"]);
    let noise = |n: u32| -> Vec<u8> {
        (0..3_000u32).flat_map(|k| Sha256::digest([n.to_le_bytes(), k.to_le_bytes()].concat())).collect()
    };
    for n in 0..40 {
        write(&collection.path("skill:large").join(format!("data{n}")), noise(n));
    }
    let mut command = sandbox.command("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" run --ready stdout"]).arg(&sandbox.binaries.daemon);
    let mut site = Site::under(sandbox, collection, project, command);
    let before = site.files();
    let params = site.with_project("deploy", json!({"artifacts": ["skill:large"]}));
    let answer = site.json.call("deploy", params);
    assert!(answer["error"].is_object() || answer["result"]["complete"] == false, "{answer}");
    names_the_path(&answer, "history.db");
    site.is_as(&before, "no history, no change");
    let answer = site.run("deploy", json!({"artifacts": ["skill:small"]}));
    assert_eq!(answer["complete"], true, "{answer}");
    site.undo();
    site.is_as(&before, "undone");
}

#[test]
fn two_file_systems_in_one_project() {
    for below in ["", ".claude", ".claude/skills", ".claude/skills/a"] {
        let sandbox = Sandbox::new(&binaries());
        let (collection, project) = (sandbox.collection("default"), sandbox.project("app"));
        collection.fill(&["skill:a", "skill:b", "command:c"]);
        project.deploy(&collection, &["skill:a"]);
        let place: PathBuf = project.root.join(below).components().collect();
        let Some(command) = mounted(&sandbox, &place, "size=8m,mode=755", "") else {
            println!("skipped: no mounts here");
            return;
        };
        let mut site = Site::under(sandbox, collection, project, command);
        let claude = site.seen(&site.project.claude());
        write(&site.collection.file("skill:a"), "newer\n");
        write(&site.collection.path("skill:a").join("deep/new.md"), "new\n");
        for (method, params) in [
            ("pull", json!({"artifacts": ["a"]})),
            ("deploy", json!({"artifacts": ["skill:b", "command:c"]})),
            ("undeploy", json!({"artifacts": ["a"]})),
        ] {
            let before = content(&claude);
            let params = site.with_project(method, params);
            let answer = site.json.call(method, params);
            let done = answer["result"]["complete"] == true;
            // What is a file system itself cannot be taken away.
            assert_eq!(done, (below, method) != (".claude/skills/a", "undeploy"), "{below}, {method}: {answer}");
            if !done {
                names_the_path(&answer, "/.claude/");
                assert!(content(&claude) == before, "{below}, {method}");
            }
        }
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        for dir in [site.seen(&site.project.root), claude.clone(), claude.join("skills"), claude.join("skills/a")] {
            let left: Vec<String> = fs::read_dir(&dir).into_iter().flatten().flatten().map(name).collect();
            assert!(!left.iter().any(|name| name.contains(".tmp")), "{below}: {left:?}");
        }
    }
}
