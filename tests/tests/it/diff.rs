//! `diff`, as people and programs ask for it: which sides, which files, which lines.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use serde_json::{Value, json};
use skillmeat_tests::files;
use skillmeat_tests::library::{CollectionDir, ProjectDir};
use skillmeat_tests::patches::{Files, apply};
use skillmeat_tests::process::{Daemon, Output};
use skillmeat_tests::sandbox::{Sandbox, remove, write};

use crate::binaries;

mod pages;
mod past;
mod sides;

/// A project with one skill, deployed by the daemon, so that the history holds what was deployed.
pub(crate) struct Scene {
    daemon: Daemon,
    collection: CollectionDir,
    project: ProjectDir,
    sandbox: Sandbox,
}

const SKILL: &str = "skill:pdf";

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::new(&binaries());
        let (collection, project) = (sandbox.collection("default"), sandbox.project("app"));
        collection.put(SKILL, "one\ntwo\nthree\nfour\nfive\n");
        write(&collection.path(SKILL).join("run.sh"), "#!/bin/sh\n");
        collection.list(&[SKILL]);
        let daemon = Daemon::start(&sandbox);
        daemon.client().add(&project.root);
        let scene = Self { daemon, collection, project, sandbox };
        scene.inside(&["deploy", SKILL]).ok();
        scene
    }

    fn inside(&self, args: &[&str]) -> Output {
        self.sandbox.cli_in(&self.project.root, args, "")
    }

    /// `data` of a difference of the skill.
    fn data(&self, args: &[&str]) -> Value {
        self.inside(&[&["diff", SKILL, "--json"], args].concat()).data()
    }

    fn error(&self, params: Value) -> Value {
        self.daemon.json().error("diff", params)
    }
}

/// Files of a directory, below a name.
fn read(root: &Path, name: &str) -> Files {
    fn below(dir: &Path, name: &str, files: &mut Files) {
        for entry in fs::read_dir(dir).expect("a readable directory") {
            let path = entry.expect("a readable entry").path();
            let name = format!("{name}/{}", path.file_name().expect("it has one").to_string_lossy());
            if path.is_dir() {
                below(&path, &name, files);
            } else {
                let bits = path.metadata().expect("it is there").permissions().mode();
                let mode = skillmeat_merge::diff::Mode::of_permissions(bits);
                files.insert(name.into_bytes(), (mode, fs::read(&path).expect("a readable file")));
            }
        }
    }
    let mut files = Files::new();
    below(root, name, &mut files);
    files
}

fn labels(data: &Value) -> (String, String) {
    let label = |side: &str| data[side]["label"].as_str().expect("a label").to_owned();
    (label("from"), label("to"))
}

fn paths(data: &Value) -> Vec<&str> {
    data["files"].as_array().expect("a list").iter().map(|file| file["path"].as_str().expect("text")).collect()
}

#[test]
fn what_is_printed_makes_the_project_of_the_collection_and_changes_nothing() {
    let scene = Scene::new();
    let (ours, theirs) = (scene.project.path(SKILL), scene.collection.path(SKILL));
    write(&ours.join("SKILL.md"), "one\nzwei\nthree\nfour\nfive\nsix");
    fs::set_permissions(ours.join("run.sh"), fs::Permissions::from_mode(0o755)).expect("our own file");
    write(&ours.join("lib/a b.txt"), "new\r\n");
    remove(&ours.join("run.sh"));
    write(&ours.join("run.sh/inner"), "");
    let roots = [scene.collection.root.clone(), scene.project.root.clone()];
    let before = roots.clone().map(|root| files::state(&root, &[]));
    let printed = scene.inside(&["diff", "pdf"]);
    assert_eq!(apply::apply(printed.ok().as_bytes(), &read(&theirs, "pdf")), Ok(read(&ours, "pdf")));
    let back = scene.inside(&["diff", "pdf", "--from", "project"]);
    assert_eq!(apply::apply(back.ok().as_bytes(), &read(&ours, "pdf")), Ok(read(&theirs, "pdf")));
    assert_eq!(roots.map(|root| files::state(&root, &[])), before);
    assert_eq!(printed.stderr, "");
}

#[test]
fn numbers_names_and_exit_codes_are_for_scripts() {
    let scene = Scene::new();
    for args in [&["diff", SKILL][..], &["diff", SKILL, "--exit-code"], &["diff", SKILL, "--stat"]] {
        assert_eq!(scene.inside(args).ok(), "", "{args:?}");
    }
    assert_eq!(scene.data(&["--exit-code"])["identical"], true);
    let ours = scene.project.path(SKILL);
    write(&ours.join("SKILL.md"), "one\r\ntwo\r\nthree\r\nfour\r\nfive\r\n");
    write(&ours.join("logo"), "\0");
    fs::set_permissions(ours.join("run.sh"), fs::Permissions::from_mode(0o755)).expect("our own file");
    let stat = " pdf/SKILL.md  |  10  +++++  -----  (line ends)
 pdf/logo      |  -                 (binary, nothing -> 1 bytes, new)
 pdf/run.sh    |  0                 (mode 100644 -> 100755)
 3 files changed, 5 insertions(+), 5 deletions(-)
";
    assert_eq!(scene.inside(&["diff", SKILL, "--stat"]).ok(), stat);
    assert_eq!(scene.inside(&["diff", SKILL, "--name-only"]).ok(), "pdf/SKILL.md\npdf/logo\npdf/run.sh\n");
    for args in [&["--exit-code"][..], &["--exit-code", "--stat"], &["--exit-code", "--json"]] {
        assert_eq!(scene.inside(&[&["diff", SKILL], args].concat()).code, Some(1), "{args:?}");
    }
    let printed = scene.inside(&["diff", SKILL]);
    for line in ["@@ -1,5 +1,5 @@ only line ends differ\n", "Binary files /dev/null and b/pdf/logo differ\n"] {
        assert!(printed.ok().contains(line), "{printed:?}");
    }
    let coloured = scene.inside(&["diff", SKILL, "--color", "always"]);
    assert!(coloured.ok().contains("\x1b[32m+one\r\x1b[0m\n"), "{coloured:?}");
}

#[test]
fn any_two_files_or_directories_are_compared() {
    let sandbox = Sandbox::new(&binaries());
    let (a, b) = (sandbox.root.join("a"), sandbox.root.join("b"));
    for (path, text) in [("same", "1"), ("build/x", "1"), ("__pycache__/x", "1"), (".git/config", "1"), ("gone", "1\n")]
    {
        write(&a.join(path), text);
    }
    for (path, text) in
        [("same", "1"), ("build/x", "2"), ("__pycache__/x", "2"), (".git/config", "2"), ("new/x", "1\n")]
    {
        write(&b.join(path), text);
    }
    symlink("same", a.join("link")).expect("our own directory");
    symlink("gone", b.join("link")).expect("our own directory");
    let inside = |args: &[&str]| sandbox.cli_in(&sandbox.root, args, "");
    assert_eq!(inside(&["diff", "a", "b", "--name-only"]).ok(), "build/x\ngone\nlink\nnew/x\n");
    let printed = inside(&["diff", "a", "b"]);
    assert!(
        printed.ok().contains("old mode 120000\n") && printed.ok().contains("\n-same\n\\ No newline"),
        "{printed:?}"
    );
    let files = inside(&["diff", "a/gone", "b/same"]);
    assert_eq!(
        files.ok(),
        "diff --git a/gone b/gone\n--- a/gone\n+++ b/gone\n@@ -1 +1 @@\n-1\n+1\n\\ No newline at end of file\n"
    );
    for (args, message) in [
        (&["diff", "a", "b/same"][..], "/b/same is a file and"),
        (&["diff", "a", "nowhere"], "/nowhere: No such file"),
        (&["diff", "a", "b", "--from", "project"], "two paths have no sides"),
        (&["diff", "a", "b", "c"], "unexpected value 'c'"),
        (&["diff", "a", "--to", ""], "sides are baseline, collection, project, a version or a snapshot"),
        (&["diff", "skill:pdf", "--from", "baseline", "--to", "1.0"], "no registered project is here"),
        (&["diff", "skill:pdf"], "no registered project is here"),
    ] {
        let refused = inside(args);
        assert!(matches!(refused.code, Some(3 | 64)) && refused.stderr.contains(message), "{refused:?}");
    }
    assert_eq!(sandbox.cli(&["diff", "a", "a"]).ok(), "");
}

#[test]
fn what_cannot_be_compared_says_why() {
    let scene = Scene::new();
    let app = json!({"project": "app"});
    for (params, code, message) in [
        (json!({"scope": app}), "invalid_params", "no artifact is named"),
        (json!({"artifact": SKILL}), "invalid_params", "no project is named"),
        (json!({"artifact": "skill:pfd", "scope": app}), "not_found", "there is no 'skill:pfd' in project 'app'"),
        (json!({"artifact": SKILL, "scope": {"project": "other"}}), "not_registered", "no registered project"),
        (json!({"artifact": SKILL, "scope": app, "profile": "codex"}), "not_found", "there is no 'skill:pdf'"),
        (json!({"artifact": SKILL, "scope": app, "from": "today"}), "invalid_params", "unknown variant"),
        (json!({"from": {"path": "a"}, "to": {"path": "/"}}), "bad_path", "not absolute"),
        (json!({"cursor": "d1.0.0.0"}), "invalid_params", "the cursor has expired"),
        (json!({"cursor": "here"}), "invalid_params", "'here' is not a cursor"),
    ] {
        let error = scene.error(params.clone());
        assert_eq!(error["data"]["code"], code, "{params}: {error}");
        assert!(error["message"].as_str().expect("text").contains(message), "{params}: {error}");
    }
}
