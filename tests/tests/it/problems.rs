//! Bad input is named by file, line and key, and hides nothing else. Reading changes nothing.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use skillmeat_protocol::drift::DriftState::*;
use skillmeat_protocol::reply::Problem;
use skillmeat_tests::files;
use skillmeat_tests::library::record;
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::{Sandbox, remove, write};
use skillmeat_tests::world::{self, World};

use crate::binaries;

const KEYS: [&str; 3] = ["skill:pdf", "skill:csv", "command:review"];

/// Appends to a file and gives the number of the first line appended.
fn append(path: &Path, text: &str) -> u32 {
    let before = fs::read_to_string(path).unwrap_or_default();
    write(path, format!("{before}{text}"));
    before.lines().count() as u32 + 1
}

#[track_caller]
fn the_one<'a>(problems: &'a [Problem], file: &Path) -> &'a Problem {
    let of: Vec<_> = problems.iter().filter(|p| Path::new(&p.file) == file).collect();
    assert_eq!(of.len(), 1, "problems with {}: {problems:#?}", file.display());
    of[0]
}

/// What is appended to a file, the line in it that the problem names, and the key.
type Damage = (&'static str, &'static str, u32, Option<&'static str>);

#[test]
fn one_bad_record_is_named_and_hides_nothing() {
    let cases: [Damage; 6] = [
        ("no name", "[[deployed]]\nartifact_type = \"skill\"\n", 0, Some("deployed[3]")),
        ("no type", "[[deployed]]\nartifact_name = \"x\"\n", 0, Some("deployed[3]")),
        ("unknown type", "[[deployed]]\nartifact_name = \"x\"\nartifact_type = \"spell\"\n", 2, Some("artifact_type")),
        (
            "name of a wrong type",
            "[[deployed]]\nartifact_name = 7\nartifact_type = \"skill\"\n",
            1,
            Some("artifact_name"),
        ),
        (
            "path that leaves the root",
            "[[deployed]]\nartifact_name = \"x\"\nartifact_type = \"skill\"\nartifact_path = \"../../../etc\"\n",
            3,
            Some("artifact_path"),
        ),
        (
            "hash that is none",
            "[[deployed]]\nartifact_name = \"x\"\nartifact_type = \"skill\"\ncontent_hash = \"zz\"\n",
            3,
            Some("content_hash"),
        ),
    ];
    for (what, text, offset, key) in cases {
        let sandbox = Sandbox::new(&binaries());
        let (_, project) = sandbox.app(&KEYS);
        let first = append(&project.records(), text);
        let daemon = Daemon::start(&sandbox);
        let mut client = daemon.client();
        client.add(&project.root);
        let status = client.project("app");
        let problem = the_one(&status.problems, &project.records());
        assert_eq!(problem.line, Some(first + offset), "{what}: {problem:?}");
        assert!(problem.key.as_deref().zip(key).is_some_and(|(k, want)| k.contains(want)), "{what}: {problem:?}");
        for key in KEYS {
            assert_eq!(client.state("app", key), Some(InSync), "{what}");
        }
        // The person sees it, with the file and the line.
        let human = sandbox.cli(&["status", "--all"]);
        let place = format!("{}:{}: ", project.records().display(), first + offset);
        assert!(human.ok().contains(&place), "{what}: {human:?}");
        let doctor = sandbox.cli(&["doctor"]);
        assert_eq!(doctor.code, Some(3), "{what}: {doctor:?}");
        assert!(doctor.stdout.contains(&place), "{what}: {doctor:?}");
    }
}

#[test]
fn the_same_record_twice_is_named() {
    let sandbox = Sandbox::new(&binaries());
    let (_, project) = sandbox.app(&KEYS);
    let line = append(&project.records(), &record("skill:pdf", "default", &"0".repeat(64)));
    let daemon = Daemon::start(&sandbox);
    let mut client = daemon.client();
    client.add(&project.root);
    let status = client.project("app");
    assert_eq!(the_one(&status.problems, &project.records()).line, Some(line));
    assert_eq!(client.state("app", "skill:pdf"), Some(InSync), "the first one is used");
}

#[test]
fn a_file_that_is_no_toml_is_named_and_the_others_answer() {
    let sandbox = Sandbox::new(&binaries());
    let (one, two) = (sandbox.collection("default"), sandbox.collection("team"));
    one.fill(&KEYS);
    two.fill(&KEYS);
    let (app, web) = (sandbox.project("app"), sandbox.project("web"));
    app.deploy(&one, &KEYS);
    web.deploy(&two, &KEYS);
    let broken_record = append(&app.records(), "[[deployed]\n");
    let daemon = Daemon::start(&sandbox);
    let mut client = daemon.client();
    client.add(&app.root);
    client.add(&web.root);
    let status = client.project("app");
    assert_eq!(the_one(&status.problems, &app.records()).line, Some(broken_record));
    assert!(status.items.iter().all(|item| item.state != Untracked), "they may well be recorded: {status:#?}");
    assert_eq!(client.state("web", "skill:pdf"), Some(InSync));
    // Repaired, it answers again.
    app.deploy(&one, &[]);
    let text = fs::read_to_string(app.records()).expect("it is there").replace("[[deployed]\n", "");
    write(&app.records(), text);
    assert_eq!(client.state("app", "skill:pdf"), Some(InSync));
    assert!(client.project("app").problems.is_empty());

    // A manifest that cannot be read decides nothing; the project's own copies still answer.
    let line = append(&two.manifest(), "\n= nothing\n") + 1;
    let collections = client.collections();
    assert!(!collections.collections.iter().find(|c| c.name == "team").expect("listed").readable);
    let all = client.health().problems;
    assert_eq!(the_one(&all, &two.manifest()).line, Some(line));
    assert_eq!(client.state("web", "skill:pdf"), Some(Unreadable));
    assert_eq!(client.state("app", "skill:pdf"), Some(InSync));
    let message = client.item("web", "skill:pdf").expect("listed").message.expect("it says why");
    assert!(message.contains("collection.toml"), "{message}");
}

#[test]
fn entries_locks_settings_and_frontmatter_are_named() {
    let sandbox = Sandbox::new(&binaries());
    let (collection, project) = sandbox.app(&KEYS);
    let entry = append(&collection.manifest(), "\n[[artifacts]]\nname = \"x\"\ntype = \"spell\"\npath = \"x\"\n") + 3;
    let lock = collection.root.join("collection.lock");
    let locked = append(&lock, "[lock]\nversion = \"1.0.0\"\n\n[lock.entries.pdf]\nsource = 7\n");
    let config = sandbox.home.join("config.toml");
    sandbox.config(
        "[settings]\ndefault-collection = \"default\"\n\n[[hooks]]\non = [\"somehow\"]\ncommand = [\"true\"]\n",
    );
    write(&collection.file("skill:csv"), "---\ndescription: [unclosed\n---\ntext\n");
    let daemon = Daemon::start(&sandbox);
    let mut client = daemon.client();
    client.add(&project.root);
    client.sync();
    let problems = client.health().problems;
    assert_eq!(the_one(&problems, &collection.manifest()).line, Some(entry));
    let of_lock: Vec<_> = problems.iter().filter(|p| Path::new(&p.file) == lock).collect();
    assert!(of_lock.iter().all(|p| p.line.is_some_and(|line| line >= locked)), "{problems:#?}");
    let of_config = the_one(&problems, &config);
    assert_eq!((of_config.line, of_config.key.is_some()), (Some(5), true), "{of_config:?}");
    assert_eq!(client.state("app", "skill:pdf"), Some(InSync));
    assert_eq!(client.state("app", "skill:csv"), Some(Outdated), "bad frontmatter is content like any other");
    assert_eq!(client.state("app", "command:review"), Some(InSync));
}

#[test]
fn odd_files_neither_stop_nor_confuse_it() {
    let sandbox = Sandbox::new(&binaries());
    let (_, project) = sandbox.app(&KEYS);
    let claude = project.claude();
    let not_utf8 = std::ffi::OsStr::from_bytes(b"caf\xe9");
    write(&claude.join("skills").join(not_utf8).join("SKILL.md"), "a name that is no text\n");
    write(&project.path("skill:pdf").join(not_utf8), "inside an artifact\n");
    symlink("loop", claude.join("skills/loop")).expect("nothing is there");
    symlink("..", project.path("skill:csv").join("up")).expect("nothing is there");
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, claude.join("commands/pipe.md"), FileType::Fifo, Mode::RWXU, 0).expect("pipes");
    write(&claude.join("commands/new\nline \x1b[31m.md"), "odd\n");
    let daemon = Daemon::start(&sandbox);
    let mut client = daemon.client();
    client.add(&project.root);
    assert_eq!(client.state("app", "skill:pdf"), Some(Modified));
    assert_eq!(client.state("app", "skill:csv"), Some(InSync), "a linked directory is not entered");
    assert_eq!(client.state("app", "command:review"), Some(InSync));
    for command in [&["status", "--all"][..], &["status", "--all", "--verbose"], &["list"], &["doctor"]] {
        let output = sandbox.cli(command);
        let printable = |text: &str| text.chars().all(|c| c == '\n' || !c.is_control());
        assert!(printable(&output.stdout) && printable(&output.stderr), "{output:?}");
    }
}

/// The whole session, over everything that a home can hold.
#[test]
fn reading_changes_nothing() {
    for name in world::names() {
        let mut sandbox = Sandbox::with_default_home(&binaries());
        let world = World::copy(&name, &mut sandbox);
        write(&sandbox.home.join("collections/default/collection.toml.bak"), "left over");
        append(&sandbox.home.join("config.toml"), "\n# a comment\n[unknown]\nkey = 1\n");
        let own: Vec<PathBuf> = vec![sandbox.home.join("daemon")];
        let home = fs::metadata(&sandbox.home).expect("it is there");
        let before = files::state(&sandbox.user, &own);
        let daemon = Daemon::start(&sandbox);
        for path in world.projects.values() {
            sandbox.cli(&["project".as_ref(), "add".as_ref(), path.as_os_str()]).ok();
        }
        for command in [
            &["status", "--all", "--verbose", "--available"][..],
            &["list"],
            &["show", "skill:brainstorming"],
            &["collection", "list"],
            &["collection", "show", "default"],
            &["project", "list"],
            &["project", "discover", "h"],
            &["daemon", "status"],
            &["prompt"],
        ] {
            sandbox.cli(command).ok();
        }
        sandbox.cli(&["doctor"]);
        let mut client = daemon.client();
        client.subscribe(Default::default());
        client.sync();
        assert!(daemon.terminate().success());
        let _again = Daemon::start(&sandbox);
        let mut changed = files::changed(&before, &files::state(&sandbox.user, &own));
        // Making `daemon` in the home touches the home itself, once.
        changed.retain(|path| *path != sandbox.home);
        assert_eq!(changed, Vec::<PathBuf>::new(), "{name}");
        assert_eq!(fs::metadata(&sandbox.home).expect("it is there").permissions(), home.permissions());
    }
}

#[test]
fn a_damaged_registry_is_kept_aside() {
    let sandbox = Sandbox::new(&binaries());
    let project = sandbox.project("app");
    let daemon = Daemon::start(&sandbox);
    daemon.client().add(&project.root);
    assert!(daemon.terminate().success());
    let registry = sandbox.places().state.join("projects.toml");
    let line = append(&registry, "\n[[projects]]\npath = 7\n");
    let daemon = Daemon::start(&sandbox);
    let mut client = daemon.client();
    assert_eq!(client.projects().projects.len(), 1, "the good entry holds");
    let problems = client.health().problems;
    assert!(the_one(&problems, &registry).line.is_some_and(|l| l >= line), "{problems:#?}");
    let second = sandbox.project("web");
    client.add(&second.root);
    assert!(registry.with_extension("toml.damaged").exists());
    remove(&registry.with_extension("toml.damaged"));
}

#[test]
fn a_list_of_projects_with_a_slip_loses_one_entry_and_everybody_is_told() {
    let sandbox = Sandbox::new(&binaries());
    let (app, web) = (sandbox.project("app"), sandbox.project("web"));
    let daemon = Daemon::start(&sandbox);
    daemon.client().add(&app.root);
    daemon.client().add(&web.root);
    assert!(daemon.terminate().success());
    let registry = sandbox.places().state.join("projects.toml");
    let kept = registry.with_extension("toml.damaged");
    let whole = fs::read_to_string(&registry).expect("it is there");
    let broken = whole.replacen("[[projects]]", "[[projects]", 1);
    write(&registry, &broken);

    let daemon = Daemon::start(&sandbox);
    let known: Vec<_> = daemon.client().projects().projects.into_iter().map(|project| project.path).collect();
    assert_eq!(known, [web.text()]);
    let told = [registry.to_str().expect("text"), kept.to_str().expect("text"), "skillmeat project add"];
    let list = sandbox.cli(&["project", "list"]);
    let status = sandbox.cli_in(&app.root, &["status"], "");
    for (text, output) in [(list.ok(), &list), (&status.stderr, &status)] {
        assert!(told.iter().all(|part| text.contains(part)), "{output:?}");
    }
    assert_eq!(status.code, Some(3), "{status:?}");
    assert_eq!(fs::read_to_string(&kept).expect("kept"), broken);
    assert!(daemon.terminate().success());

    write(&registry, "");
    let _daemon = Daemon::start(&sandbox);
    for args in [&["project", "list"][..], &["status", "--all"]] {
        let output = sandbox.cli(args);
        assert!(output.ok().contains("projects.toml: it is empty"), "{output:?}");
        assert!(output.ok().contains("skillmeat project add"), "{output:?}");
    }
    assert_eq!(fs::read_to_string(&kept).expect("an empty file is no copy worth keeping"), broken);
}
