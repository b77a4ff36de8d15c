//! Whatever happens to the file: never a wrong answer, an error that names the file, and nothing replaced.

use super::{Content, ContentEntry, EntryKind, History, NOW, Place, Random, Scope, observe};
use crate::database::testing::damage_table;
use crate::history::{ContentId, HistoryError, Operation, Root, RootKind, Step};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

/// With two contents and an operation in it, closed.
fn filled(place: &Place) -> Vec<ContentId> {
    let history = place.open();
    place.write("s/SKILL.md", "some text, some text, some text, some text");
    place.write("s/sub/noise", Random::new(5).bytes(9000));
    std::os::unix::fs::symlink("SKILL.md", place.at("s/link")).expect("a link");
    std::fs::create_dir(place.at("s/empty")).expect("a directory");
    let directory = history.capture(&place.at("s"), Scope::Everything).expect("captured").id;
    let file = history.capture(&place.at("s/SKILL.md"), Scope::Everything).expect("captured").id;
    let step = Step {
        target: place.at("s"),
        staged: None,
        before: Some(directory),
        after: Some(file),
        made_directories: vec![place.at("a")],
    };
    let operation = Operation {
        verb: "deploy".to_owned(),
        at: NOW,
        undoes: None,
        request: "{}".to_owned(),
        roots: vec![Root { kind: RootKind::Project, path: place.directory.path().to_owned() }],
        steps: vec![step],
        staging: vec![place.at("staging")],
    };
    history.begin(&operation).expect("begun");
    vec![directory, file]
}

#[test]
fn a_changed_row_is_named_and_nothing_of_it_is_believed() {
    for (sql, what) in [
        ("UPDATE chunks SET data = zeroblob(length(data))", "the stored file with hash"),
        ("UPDATE chunks SET size = size + 1", "cannot be unpacked"),
        ("DELETE FROM chunks", "was changed"),
        ("UPDATE blobs SET size = size + 1", "its list was changed"),
        ("UPDATE entries SET path = 'another' WHERE kind = 'symlink'", "out of order"),
        ("UPDATE entries SET path = '../../out' WHERE kind = 'symlink'", "leads elsewhere"),
        ("UPDATE entries SET target = '/etc' WHERE kind = 'symlink'", "its list was changed"),
        ("UPDATE entries SET mode = 511", "its list was changed"),
        ("UPDATE contents SET kind = 'file' WHERE id = 1", "its kind and its paths disagree"),
        ("UPDATE entries SET blob = 1", "its list was changed"),
        ("DELETE FROM entries", "content"),
        ("UPDATE contents SET kind = 'ghost'", "not among the values"),
    ] {
        let place = Place::new();
        let id = filled(&place)[0];
        let before = observe(&place.at("s"));
        place.tamper(sql);
        let history = place.open();
        let error = history.materialise(id, &place.at("to")).expect_err(sql).to_string();
        let start = format!("{} is damaged: ", place.path.display());
        assert!(error.starts_with(&start) && error.contains(what), "{sql}: {error}");
        assert!(error.ends_with("; there is no backup"), "{error}");
        assert!(!place.at("to").exists(), "{sql}");
        assert!(history.materialise(id, &place.at("s")).is_err());
        assert_eq!(observe(&place.at("s")), before, "{sql}");
    }
}

#[test]
fn a_changed_journal_is_not_acted_upon() {
    for sql in [
        "UPDATE operations SET state = 'done'",
        "UPDATE operations SET state = 'applying'",
        "UPDATE operations SET request = '[]'",
        "UPDATE operations SET staging = '[\"/home\"]'",
        "UPDATE operation_steps SET target = '/home'",
        "UPDATE operation_steps SET before = after",
        "UPDATE operation_steps SET before = NULL",
        "UPDATE operation_steps SET made_directories = '[]'",
        "UPDATE operation_roots SET path = '/home'",
        "DELETE FROM operation_steps",
    ] {
        let place = Place::new();
        filled(&place);
        place.tamper(sql);
        let history = place.open();
        let error = history.show(crate::history::OperationId(1)).expect_err(sql).to_string();
        assert!(error.contains("what is written of operation 1 was changed"), "{sql}: {error}");
    }
    let place = Place::new();
    let id = filled(&place)[1];
    let history = place.open();
    let hash =
        history.capture(&place.at("s/SKILL.md"), Scope::Counted).expect("captured").recorded.expect("a file").hash;
    assert_eq!(history.by_recorded(hash).expect("known"), [id]);
    place.tamper("UPDATE recorded SET content = 1");
    assert!(matches!(history.by_recorded(hash), Err(HistoryError::Damaged { .. })));
}

#[test]
fn whatever_single_byte_is_damaged_nothing_wrong_comes_back() {
    let place = Place::new();
    let ids = filled(&place);
    let history = place.open();
    let right: Vec<Content> = ids.iter().map(|id| history.content(*id).expect("stored")).collect();
    let operation = history.unfinished().expect("begun").remove(0);
    let seen = observe(&place.at("s"));
    drop(history);
    let bytes = std::fs::read(&place.path).expect("reads");
    let mut noticed = 0;
    // A prime step visits every kind of place within some pages.
    for at in (0..bytes.len()).step_by(499) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        let copy = Place::new();
        copy.write("daemon/history.db", &damaged);
        let answer = History::open(&copy.path, NOW).and_then(|history| {
            for (id, right) in ids.iter().zip(&right) {
                assert_eq!(history.content(*id)?, *right, "byte {at}");
            }
            history.materialise(ids[0], &copy.at("to"))?;
            assert_eq!(observe(&copy.at("to")), seen, "byte {at}");
            for found in history.unfinished()? {
                assert_eq!(found, operation, "byte {at}");
            }
            Ok(())
        });
        if let Err(error) = answer {
            noticed += 1;
            assert!(error.to_string().contains("history.db"), "byte {at}: {error}");
            assert!(!copy.at("to").exists() || observe(&copy.at("to")) == seen, "byte {at}");
        }
        assert_eq!(copy.file_names().iter().filter(|name| name.contains("bad")).count(), 0);
    }
    assert!(noticed > 0);
}

/// Opening fails, and every byte that lies there is as before.
fn check_refused(place: &Place, why: &str) {
    let bytes = || std::fs::read(&place.path).ok();
    let (before, names) = (bytes(), place.file_names());
    let error = place.try_open().expect_err(why).to_string();
    assert!(error.starts_with(&format!("cannot open {}: ", place.path.display())), "{error}");
    assert!(error.contains(why), "{error}");
    assert_eq!(bytes(), before, "{why}");
    let sidecars =
        |names: BTreeSet<String>| names.into_iter().filter(|name| !name.contains(".db-")).collect::<Vec<_>>();
    assert_eq!(sidecars(place.file_names()), sidecars(names), "{why}");
}

#[test]
fn what_cannot_be_used_is_refused_and_left_alone() {
    let place = Place::new();
    filled(&place);
    let tampered = |sql: &str, why: &str| {
        let place = Place::new();
        filled(&place);
        let connection = Connection::open(&place.path).expect("opens");
        connection.execute_batch(sql).expect("sql");
        drop(connection);
        check_refused(&place, why);
    };
    let latest = crate::history::open::KIND.latest();
    tampered("PRAGMA user_version = 99", &format!("schema version 99, and this release knows {latest}"));
    tampered("PRAGMA application_id = 7", "another program");
    tampered("ALTER TABLE operations DROP COLUMN summary", "column summary of table operations is missing");
    tampered("PRAGMA user_version = 0", "already exists");
    for bytes in [b"hello".to_vec(), vec![0; 99], vec![0xfe; 10_000]] {
        let place = Place::new();
        place.write("daemon/history.db", bytes);
        check_refused(&place, "not a database");
    }
    let bytes = std::fs::read(&place.path).expect("reads");
    std::fs::write(&place.path, &bytes[..bytes.len() / 2]).expect("writes");
    check_refused(&place, "malformed");
}

#[test]
fn one_that_is_gone_is_not_begun_anew_beside_what_is_left_of_it() {
    let place = Place::new();
    filled(&place);
    let backup = place.open().backup_if_due(NOW).expect("copied").expect("due");
    for empty in [false, true] {
        if empty {
            std::fs::write(&place.path, "").expect("emptied");
        } else {
            std::fs::remove_file(&place.path).expect("removed");
        }
        check_refused(&place, "it is gone or empty, but ");
        assert!(place.try_open().expect_err("gone").to_string().contains(&backup.display().to_string()));
    }
    std::fs::rename(&backup, place.at("daemon/history.db-wal")).expect("moved");
    check_refused(&place, "history.db-wal is there");
    std::fs::remove_file(place.at("daemon/history.db-wal")).expect("removed");
    place.open();
}

#[test]
fn a_damaged_page_is_reported_with_the_backup_and_not_copied_over_it() {
    let place = Place::new();
    let id = filled(&place)[0];
    let history = place.open();
    let backup = history.backup_if_due(NOW).expect("copied").expect("due");
    drop(history);
    damage_table(&place.path, "entries");

    let history = place.open();
    let error = history.content(id).expect_err("damaged").to_string();
    assert!(error.contains("is damaged") && error.ends_with(&format!("backup is {}", backup.display())), "{error}");
    let tomorrow = crate::model::Timestamp(NOW.0 + 25 * 3_600_000_000);
    let error = history.backup_if_due(tomorrow).expect_err("damaged").to_string();
    assert!(error.contains("is damaged"), "{error}");
    let copies: Vec<_> = place.file_names().into_iter().filter(|name| name.contains("bak")).collect();
    assert_eq!(copies.len(), 1, "{copies:?}");
    drop(history);

    std::fs::rename(backup, &place.path).expect("restored as the message says");
    place.open().materialise(id, &place.at("to")).expect("all is back");
    assert_eq!(observe(&place.at("to")), observe(&place.at("s")));
}

#[test]
fn a_place_where_nothing_can_be_written_is_named() {
    let place = Place::new();
    place.write("daemon", "a file");
    let error = place.try_open().expect_err("no directory").to_string();
    assert!(error.contains("daemon/history.db: cannot create its directory"), "{error}");
    if !rustix::process::geteuid().is_root() {
        let place = Place::new();
        std::fs::create_dir(place.at("daemon")).expect("a directory");
        std::fs::set_permissions(place.at("daemon"), std::fs::Permissions::from_mode(0o500)).expect("a mode");
        check_refused(&place, "Permission denied");
        std::fs::set_permissions(place.at("daemon"), std::fs::Permissions::from_mode(0o700)).expect("a mode");
        place.open();
    }
    let place = Place::new();
    std::fs::create_dir_all(&place.path).expect("a directory");
    let error = place.try_open().expect_err("a directory").to_string();
    assert!(error.contains("cannot open it"), "{error}");
}

/// Lists that no capture makes, stored with the id that they really have: reading them back must not trust the id.
#[test]
fn lists_of_any_shape_are_read_without_panic_and_only_sound_ones_believed() {
    let place = Place::new();
    let history = place.open();
    place.write("blob", "x");
    history.capture(&place.at("blob"), Scope::Counted).expect("captured");
    let connection = Connection::open(&place.path).expect("opens");
    connection.pragma_update(None, "ignore_check_constraints", true).expect("pragma");
    let mut random = Random::new(8);
    for row in 100..400_i64 {
        let id: [u8; 32] = random.noise(32).try_into().expect("as many");
        let pick = |random: &mut Random, from: &[&str]| from[random.below(from.len() as u64) as usize].to_owned();
        let kind = pick(&mut random, &["'file'", "'directory'", "'directory'"]);
        connection
            .execute(&format!("INSERT OR IGNORE INTO contents VALUES ({row}, ?1, {kind}, NULL)"), [id])
            .expect("stored");
        for ordinal in 0..random.below(3) {
            let path = pick(&mut random, &["''", "'a'", "'a/b'", "'..'", "'/a'", "x'ff00'", "x'ff'", "7", "'b//c'"]);
            let entry = pick(&mut random, &["'file'", "'symlink'", "'empty_directory'", "'ghost'"]);
            let rest = pick(&mut random, &["1, 420, NULL", "NULL, NULL, 'x'", "NULL, 493, NULL", "99, -1, 3"]);
            let sql = format!("INSERT INTO entries VALUES ({row}, {ordinal}, {path}, {entry}, {rest})");
            // Constraints that cannot be switched off refuse some.
            let _ = connection.execute(&sql, []);
        }
        assert!(history.content(ContentId(id)).is_err(), "it has not the id that it claims");
    }
    let entry = |path: &str| ContentEntry {
        path: crate::history::RelPath::new(path).expect("a path"),
        kind: EntryKind::Symlink { target: "/".into() },
    };
    // The id of a list with a flaw is its own, and it is refused all the same.
    let evil = Content { kind: crate::model::TreeKind::Directory, entries: vec![entry("a"), entry("a/b")] };
    connection.execute("INSERT INTO contents VALUES (999, ?1, 'directory', NULL)", [evil.id().0]).expect("stored");
    let rows = "INSERT INTO entries VALUES (999, 0, 'a', 'symlink', NULL, NULL, '/'), (999, 1, 'a/b', 'symlink', NULL, NULL, '/')";
    connection.execute(rows, []).expect("stored");
    let error = history.materialise(evil.id(), &place.at("to")).expect_err("would lead out").to_string();
    assert!(error.contains("one of its paths is below another"), "{error}");
}
