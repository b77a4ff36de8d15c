//! What a daemon knows that was not running.

use std::fs;
use std::path::Path;

use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::request::{Detail, Freshness, StatusQuery};
use skillmeat_tests::compare;
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::{CLOCK_FILE_VARIABLE, Sandbox, remove, write};

use super::with_drift;
use crate::binaries;

#[test]
fn a_killed_daemon_leaves_nothing_in_the_way() {
    let sandbox = Sandbox::new(&binaries());
    let project = with_drift(&sandbox);
    let daemon = Daemon::start(&sandbox);
    daemon.client().add(Path::new(&project));
    daemon.client().sync();
    daemon.kill();
    // As a kill in the middle of `init` leaves it.
    let half = sandbox.home.join(".skillmeat-init.0jLQnY.tmp");
    fs::write(&half, "half").expect("a file of the sandbox");
    assert!(sandbox.socket().exists(), "this test is about a stale socket");
    assert_eq!(sandbox.cli(&["prompt", "--project", &project]).ok(), "", "a prompt starts nothing");

    let daemon = Daemon::start(&sandbox);
    assert_eq!(daemon.client().state("app", "skill:pdf"), Some(DriftState::Modified));
    assert!(!half.exists());
    daemon.kill();
    let status = sandbox.cli(&["status", "--all", "--porcelain"]);
    assert!(status.ok().starts_with("M  skill:pdf"), "{status:?}");
}

#[test]
fn a_restart_answers_from_the_cache_and_says_so() {
    let sandbox = Sandbox::new(&binaries());
    let project = with_drift(&sandbox);
    let daemon = Daemon::start(&sandbox);
    daemon.client().add(Path::new(&project));
    let before = daemon.client().status();
    assert!(daemon.terminate().success());

    let daemon = Daemon::start(&sandbox);
    let mut client = daemon.client();
    let query = StatusQuery { detail: Detail::All, available: true, ..StatusQuery::default() };
    let cached = client.status_of(query, Freshness::Cached);
    assert!(!cached.fresh, "a cached answer promises nothing");
    // Either it is already verified, or it says that it is not; the items are there in both cases.
    assert!(cached.stale.as_deref().is_none_or(|why| why.contains("verif")), "{:?}", cached.stale);
    assert_eq!(cached.projects[0].items.len(), before.projects[0].items.len());
    let after = client.status();
    assert_eq!(compare::status(&after), compare::status(&before));
    assert_eq!(after.projects, before.projects, "not even when it was first seen");
    assert!(client.health().verified);
}

#[test]
fn a_restart_sees_what_changed_meanwhile_and_reads_only_that() {
    let sandbox = Sandbox::new(&binaries());
    let project = with_drift(&sandbox);
    let daemon = Daemon::start(&sandbox);
    daemon.client().add(Path::new(&project));
    daemon.client().sync();
    assert!(daemon.terminate().success());
    write(&Path::new(&project).join(".claude/commands/review.md"), "edited while nobody watched\n");
    let daemon = Daemon::start(&sandbox);
    assert_eq!(daemon.client().state("app", "command:review"), Some(DriftState::Modified));
    assert_eq!(daemon.client().state("app", "skill:pdf"), Some(DriftState::Modified));
}

#[test]
fn what_changed_while_nobody_looked_is_told_by_stamps_that_are_believed() {
    type Change = fn(&Path);
    const RECORDS: &str = ".claude/.skillmeat-deployed.toml";
    let moved = |from: &Path, to: &Path| fs::rename(from, to).expect("in the sandbox");
    let changes: [(&str, Change); 9] = [
        ("nothing", |_| {}),
        ("a record changes", |root| {
            let text = fs::read_to_string(root.join(RECORDS)).expect("there");
            write(&root.join(RECORDS), text.replace("content_hash = \"", "content_hash = \"0"));
        }),
        ("an artifact comes", |root| write(&root.join(".claude/skills/new/SKILL.md"), "x")),
        ("a file of an artifact comes", |root| write(&root.join(".claude/skills/pdf/more/notes.md"), "x")),
        ("an artifact goes", |root| remove(&root.join(".claude/skills/new"))),
        ("a container comes", |root| write(&root.join(".claude/agents/a.md"), "x")),
        ("the records are behind a link", |root| {
            fs::rename(root.join(RECORDS), root.join("records.toml")).expect("in the sandbox");
            std::os::unix::fs::symlink("../records.toml", root.join(RECORDS)).expect("in the sandbox");
        }),
        ("what the link leads to changes", |root| write(&root.join("records.toml"), "")),
        ("the records go", |root| remove(&root.join(RECORDS))),
    ];
    let mut sandbox = Sandbox::new(&binaries());
    // An hour on, so that nothing is too young to be believed.
    let clock = sandbox.root.join("clock");
    write(&clock, "3600");
    sandbox.set(CLOCK_FILE_VARIABLE, &clock);
    let project = with_drift(&sandbox);
    let root = Path::new(&project);
    let cache = sandbox.places().state.join("cache");
    let answer = |daemon: Daemon| {
        let status = compare::status(&daemon.client().status());
        assert!(daemon.terminate().success());
        status
    };
    let daemon = Daemon::start(&sandbox);
    daemon.client().add(root);
    answer(daemon);
    for (what, change) in changes {
        change(root);
        let believed = answer(Daemon::start(&sandbox));
        moved(&cache, &cache.with_extension("kept"));
        let from_scratch = answer(Daemon::start(&sandbox));
        assert_eq!(compare::difference(&believed, &from_scratch), None, "{what}");
        remove(&cache);
        moved(&cache.with_extension("kept"), &cache);
    }
}

#[test]
fn without_its_cache_it_gives_the_same_answer() {
    let sandbox = Sandbox::new(&binaries());
    let project = with_drift(&sandbox);
    let status = ["status", "--all", "--json", "--verbose", "--available"];
    let daemon = Daemon::start(&sandbox);
    daemon.client().add(Path::new(&project));
    let before = sandbox.cli(&status).data();
    let cache = daemon.client().health().cache;
    assert!(daemon.terminate().success());
    fs::remove_file(&cache).expect("the cache is there");
    let _daemon = Daemon::start(&sandbox);
    let mut after = sandbox.cli(&status).data();
    let mut before = before;
    // Identities of collections are kept elsewhere, so even they are the same.
    for status in [&mut before, &mut after] {
        status.as_object_mut().expect("an object").remove("clock");
        for item in status["projects"][0]["items"].as_array_mut().expect("a list") {
            item.as_object_mut().expect("an object").remove("modification_detected_at");
        }
    }
    assert_eq!(compare::difference(&before, &after), None);
}

#[test]
fn a_cache_that_is_damaged_is_replaced_and_doctor_says_so() {
    let sandbox = Sandbox::new(&binaries());
    let project = with_drift(&sandbox);
    let daemon = Daemon::start(&sandbox);
    daemon.client().add(Path::new(&project));
    let cache = daemon.client().health().cache;
    assert!(daemon.terminate().success());
    fs::write(&cache, "this is no database, whatever its name says").expect("our own file");
    let daemon = Daemon::start(&sandbox);
    assert_eq!(daemon.client().state("app", "skill:pdf"), Some(DriftState::Modified));
    assert!(!daemon.client().health().notes.is_empty());
    let doctor = sandbox.cli(&["doctor"]);
    assert!(doctor.stdout.contains("note     cache"), "{doctor:?}");
}

#[test]
fn a_registered_project_is_known_from_the_first_request() {
    let sandbox = Sandbox::new(&binaries());
    let project = with_drift(&sandbox);
    let daemon = Daemon::start(&sandbox);
    daemon.client().add(Path::new(&project));
    let cache = daemon.client().health().cache;
    assert!(daemon.terminate().success());
    for with_cache in [true, false, true, false, true, false] {
        if !with_cache {
            fs::remove_file(&cache).expect("the cache is there");
        }
        let daemon = Daemon::start(&sandbox);
        assert_eq!(daemon.client().state("app", "skill:pdf"), Some(DriftState::Modified), "cache: {with_cache}");
        assert!(daemon.terminate().success());
    }
}
