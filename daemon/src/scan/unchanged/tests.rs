//! Stamps of real projects in a temporary directory. Time is said, so that nothing is too young.

use super::*;
use crate::metrics::Metrics;
use crate::scan::project;
use crate::scan::testing::{Disk, fifo, link};
use jiff::tz::TimeZone;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A minute after everything that a test writes.
fn later() -> i64 {
    stamp::wall_ns() + 60_000_000_000
}

fn look_at(root: &Path, watches: &Watches, started_ns: i64) -> ProjectScan {
    let (zone, room) = (&TimeZone::UTC, &mut Room::default());
    let mut scan = project::scan(root, zone, watches).0;
    scan.stamps = stamps(root, &scan, Taking { started_ns, zone, room });
    scan
}

fn still(disk: &Disk, known: &ProjectScan) -> bool {
    let taking = Taking { started_ns: later(), zone: &TimeZone::UTC, room: &mut Room::default() };
    holds(&disk.root, known, &disk.watches, taking)
}

/// Two records, a command in a directory of its own, an untracked skill.
fn project() -> Disk {
    let disk = Disk::new();
    let record = |kind: &str, name: &str| {
        format!(
            "[[deployed]]\nartifact_name = \"{name}\"\nartifact_type = \"{kind}\"\nfrom_collection = \"default\"\n\n"
        )
    };
    disk.write(".claude/.skillmeat-deployed.toml", record("skill", "s") + &record("command", "c"));
    disk.write(".claude/skills/s/SKILL.md", "x");
    disk.write(".claude/skills/untracked/SKILL.md", "x");
    disk.write(".claude/commands/more/c.md", "x");
    disk
}

#[test]
fn what_did_not_change_is_known_again_and_watched() {
    let disk = project();
    let known = look_at(&disk.root, &disk.watches, later());
    assert!(known.stamps.is_some());
    assert_eq!(known.records.len() + known.on_disk.len(), 4, "{known:?}");
    let (looked, verified) = (Arc::<Metrics>::default(), Arc::<Metrics>::default());
    let watches = [&looked, &verified].map(|metrics| Watches::start(Arc::clone(metrics), drop));
    project::scan(&disk.root, &TimeZone::UTC, &watches[0]);
    let taking = Taking { started_ns: later(), zone: &TimeZone::UTC, room: &mut Room::default() };
    assert!(holds(&disk.root, &known, &watches[1], taking));
    let count = |metrics: &Metrics| metrics.watches.load(Ordering::Relaxed);
    assert_eq!(count(&verified), count(&looked), "as many directories as a look watches");
    // The files of an artifact are the business of the look at it.
    disk.write(".claude/skills/s/SKILL.md", "another");
    assert!(still(&disk, &known));
}

#[test]
fn whatever_decides_a_look_ends_what_was_known() {
    type Change = fn(&Disk);
    let changes: [(&str, Change); 13] = [
        ("the records are written", |disk| drop(disk.write(".claude/.skillmeat-deployed.toml", "[[deployed]]\n"))),
        ("the records go", |disk| fs::remove_file(disk.at(".claude/.skillmeat-deployed.toml")).expect("gone")),
        ("the records are closed", |disk| {
            let closed = fs::Permissions::from_mode(0o000);
            fs::set_permissions(disk.at(".claude/.skillmeat-deployed.toml"), closed).expect("closed");
        }),
        ("records of another kind come", |disk| drop(disk.write(".claude/deployment.toml", ""))),
        ("the project gets a name", |disk| drop(disk.write(".claude/.skillmeat-project.toml", ""))),
        ("an artifact comes", |disk| drop(disk.write(".claude/skills/new/SKILL.md", "x"))),
        ("an artifact goes", |disk| fs::remove_dir_all(disk.at(".claude/skills/untracked")).expect("gone")),
        ("a command comes below another directory", |disk| drop(disk.write(".claude/commands/more/d.md", "x"))),
        ("a container comes", |disk| drop(disk.mkdir(".claude/agents"))),
        ("a profile comes", |disk| drop(disk.mkdir(".codex"))),
        ("the profile is another directory", |disk| {
            fs::rename(disk.at(".claude"), disk.at("old")).expect("moved");
            fs::create_dir(disk.at(".claude")).expect("made");
        }),
        ("the profile is a link", |disk| {
            fs::rename(disk.at(".claude"), disk.at("old")).expect("moved");
            link("old", &disk.at(".claude"));
        }),
        ("the project goes", |disk| fs::rename(&disk.root, disk.root.with_extension("gone")).expect("moved")),
    ];
    for (what, change) in changes {
        let disk = project();
        let known = look_at(&disk.root, &disk.watches, later());
        assert!(still(&disk, &known), "before {what}");
        change(&disk);
        assert!(!still(&disk, &known), "{what}");
    }
}

#[test]
fn what_is_not_ordinary_has_no_stamps() {
    type Make = fn(&Disk);
    let odd: [(&str, Make); 6] = [
        ("a container that is a link", |disk| link("../elsewhere", &disk.at(".claude/agents"))),
        ("records that are a link", |disk| {
            fs::rename(disk.at(".claude/.skillmeat-deployed.toml"), disk.at("records")).expect("moved");
            link("../records", &disk.at(".claude/.skillmeat-deployed.toml"));
        }),
        ("records that are no file", |disk| {
            fs::remove_file(disk.at(".claude/.skillmeat-deployed.toml")).expect("gone");
            fifo(&disk.at(".claude/.skillmeat-deployed.toml"));
        }),
        ("records that cannot be understood", |disk| drop(disk.write(".claude/.skillmeat-deployed.toml", "= ="))),
        ("a record of something outside the project", |disk| {
            let text =
                "[[deployed]]\nartifact_name = \"x\"\nartifact_type = \"skill\"\nartifact_path = \"/usr/nothing/x\"\n";
            disk.write(".claude/.skillmeat-deployed.toml", text);
        }),
        ("no profile", |disk| fs::rename(disk.at(".claude"), disk.at("old")).expect("moved")),
    ];
    for (what, make) in odd {
        let disk = project();
        make(&disk);
        assert_eq!(look_at(&disk.root, &disk.watches, later()).stamps, None, "{what}");
    }
    let disk = project();
    assert_eq!(look_at(&disk.root, &disk.watches, stamp::wall_ns()).stamps, None, "what is too young");
    let itself = look_at(&disk.at(".claude"), &disk.watches, later());
    assert_eq!((itself.present, itself.stamps), (true, None), "a project that is a profile root");
}

#[test]
fn the_zone_of_naive_times_is_part_of_the_digest() {
    let disk = project();
    let known = look_at(&disk.root, &disk.watches, later());
    let zone = &TimeZone::fixed(jiff::tz::offset(2));
    let taking = Taking { started_ns: later(), zone, room: &mut Room::default() };
    assert!(!holds(&disk.root, &known, &disk.watches, taking));
}
