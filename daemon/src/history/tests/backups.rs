//! Backups: when, how many, and that each is the whole database.

use super::{NOW, Place, Random, Scope};
use crate::database::{Commits, Kind};
use crate::history::{History, HistoryError, open};
use crate::model::Timestamp;
use std::os::unix::fs::PermissionsExt;

const HOUR: i64 = 3_600_000_000;

fn at(hours: i64) -> Timestamp {
    Timestamp(NOW.0 + hours * HOUR)
}

fn copies(place: &Place) -> Vec<String> {
    place.file_names().into_iter().filter(|name| !name.starts_with("history.db-") && name != "history.db").collect()
}

/// Stores something that was not there.
fn change(place: &Place, history: &History, seed: u64) {
    let file = place.write("file", seed.to_string());
    history.capture(&file, Scope::Counted).expect("captured");
}

#[test]
fn one_a_day_while_something_changes_and_three_are_kept() {
    let place = Place::new();
    let history = place.open();
    change(&place, &history, 0);
    let first = history.backup_if_due(NOW).expect("copied").expect("there was none");
    assert_eq!(copies(&place), ["history.db.20261121T080000Z.bak"]);
    assert_eq!(first.metadata().expect("there").permissions().mode() & 0o777, 0o600);
    change(&place, &history, 1);
    assert_eq!(history.backup_if_due(at(23)).expect("young"), None);
    for day in 1..5 {
        change(&place, &history, 10 + day as u64);
        assert!(history.backup_if_due(at(24 * day)).expect("copied").is_some(), "day {day}");
        assert_eq!(history.backup_if_due(at(24 * day + 23)).expect("young"), None, "day {day}");
    }
    assert_eq!(history.backup_if_due(at(24 * 9)).expect("read"), None, "nothing was stored since");
    let kept =
        ["history.db.20261123T080000Z.bak", "history.db.20261124T080000Z.bak", "history.db.20261125T080000Z.bak"];
    assert_eq!(copies(&place), kept);
}

#[test]
fn a_backup_opens_and_holds_everything_while_others_write() {
    let place = Place::new();
    let history = place.open();
    place.write("s/a", Random::new(2).bytes(100_000));
    let captured = history.capture(&place.at("s"), Scope::Counted).expect("captured");
    let backup = std::thread::scope(|scope| {
        let writer = scope.spawn(|| (0..50).for_each(|seed| change(&place, &history, 100 + seed)));
        let backup = history.backup_if_due(NOW).expect("copied").expect("due");
        writer.join().expect("no panic");
        backup
    });
    let other = Place::new();
    other.write("daemon/history.db", std::fs::read(backup).expect("reads"));
    let restored = other.open();
    restored.materialise(captured.id, &other.at("s")).expect("all is there");
    assert_eq!(super::observe(&other.at("s")), super::observe(&place.at("s")));
}

#[test]
fn one_that_cannot_be_written_leaves_nothing_half() {
    if rustix::process::geteuid().is_root() {
        return;
    }
    let place = Place::new();
    let history = place.open();
    change(&place, &history, 0);
    let mode =
        |mode| std::fs::set_permissions(place.at("daemon"), std::fs::Permissions::from_mode(mode)).expect("a mode");
    mode(0o500);
    let error = history.backup_if_due(NOW).expect_err("read-only").to_string();
    mode(0o700);
    assert!(error.starts_with(&format!("cannot create a backup in {}", place.at("daemon").display())), "{error}");
    assert_eq!(copies(&place), Vec::<String>::new());
}

#[test]
fn what_a_kill_left_of_one_is_removed() {
    let place = Place::new();
    for name in ["daemon/.history-backup.abc", "daemon/.history-backup.abc-journal", "daemon/projects.toml"] {
        place.write(name, "x");
    }
    let history = place.open();
    assert_eq!(copies(&place), ["projects.toml"]);
    history.backup_if_due(NOW).expect("copied").expect("due");
    assert_eq!(
        copies(&place),
        ["history.db.20261121T080000Z.bak", "projects.toml"],
        "nor does a finished one leave any"
    );
}

/// A later release, whose migration works.
static LATER: Kind = Kind {
    mark: open::KIND.mark,
    migrations: &[
        include_str!("../schema/0001_base.sql"),
        include_str!("../schema/0002_versions.sql"),
        include_str!("../schema/0003_branches.sql"),
        include_str!("../schema/0004_conflicts.sql"),
        include_str!("../schema/0005_events.sql"),
        include_str!("../schema/0006_followings.sql"),
        include_str!("../schema/0007_imprints.sql"),
        "CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT;",
    ],
    commits: Commits::Durable,
};

/// Another one, whose migration does not.
static BROKEN: Kind = Kind {
    mark: open::KIND.mark,
    migrations: &[
        include_str!("../schema/0001_base.sql"),
        include_str!("../schema/0002_versions.sql"),
        include_str!("../schema/0003_branches.sql"),
        include_str!("../schema/0004_conflicts.sql"),
        include_str!("../schema/0005_events.sql"),
        include_str!("../schema/0006_followings.sql"),
        include_str!("../schema/0007_imprints.sql"),
        "CREATE TABLE blobs (id INTEGER PRIMARY KEY) STRICT;",
    ],
    commits: Commits::Durable,
};

#[test]
fn a_migration_is_preceded_by_a_copy() {
    let place = Place::new();
    change(&place, &place.open(), 0);
    assert_eq!(copies(&place), Vec::<String>::new(), "creating one is none");
    let error = open::open(&BROKEN, &place.path, NOW).expect_err("the table exists").to_string();
    assert!(
        error.ends_with("; the newest backup is ".to_owned().as_str()) || error.contains("newest backup is"),
        "{error}"
    );
    change(&place, &place.open(), 1);
    open::open(&LATER, &place.path, at(1)).expect("migrated");
    assert_eq!(copies(&place).len(), 2);
    assert!(matches!(place.try_open(), Err(HistoryError::Unusable { backup: Some(_), .. })), "there is no way back");
    let older = copies(&place).pop().expect("a copy");
    std::fs::rename(place.at("daemon").join(older), &place.path).expect("but this one");
    assert_eq!(place.open().path(), place.path);
    assert_eq!(place.count("contents"), 2);
}
