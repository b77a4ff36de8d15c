//! Whatever lies at the path: an answer, a note where people should know, and nothing lost that is not ours.

use super::sample::{Sample, small_project};
use super::{Place, close, names};
use crate::cache::schema::{APPLICATION_ID, MIGRATIONS};
use crate::cache::{Change, Loaded, TreeOwner, open};
use crate::database::testing::damage_table;
use crate::model::Tree;
use rusqlite::Connection;
use std::path::Path;

/// A database as the release with schema `version` left it, with `user_version` set to `claimed`.
fn database(path: &Path, version: usize, claimed: i64) -> Connection {
    let connection = Connection::open(path).expect("creates");
    connection.pragma_update(None, "application_id", APPLICATION_ID).expect("pragma");
    connection.pragma_update(None, "journal_mode", "WAL").expect("pragma");
    for migration in &MIGRATIONS[..version] {
        connection.execute_batch(migration).expect("migration");
    }
    connection.pragma_update(None, "user_version", claimed).expect("pragma");
    connection
}

/// Opens what cannot be kept: empty, set aside, explained, and in order from then on.
fn check_set_aside(place: &Place, why: &str) {
    let opened = place.open();
    assert_eq!(opened.loaded, Loaded::default(), "{why}");
    let [note] = &opened.notes[..] else { panic!("one note: {:?}", opened.notes) };
    assert!(note.contains("cache.db.bad-1") && note.contains(why), "{note}");
    assert!(place.file_names().contains("cache.db.bad-1"), "{:?}", place.file_names());
    opened.writer.send(small_project("/after"));
    close(opened.writer);
    assert_eq!(place.load().projects.len(), 1, "the new one is used");
}

/// Opens what must not be touched: empty, explained, every file as it was, and the writer takes changes.
fn check_untouched(path: &Path, why: &str) {
    let directory = path.parent().expect("has one");
    let before = directory.is_dir().then(|| names(directory));
    let opened = open(path, |_| {}).expect("memory");
    assert_eq!(opened.loaded, Loaded::default());
    let [note] = &opened.notes[..] else { panic!("one note: {:?}", opened.notes) };
    assert!(note.contains("is not used") && note.contains(why), "{note}");
    opened.writer.send(small_project("/p"));
    close(opened.writer);
    assert_eq!(directory.is_dir().then(|| names(directory)), before);
}

#[test]
fn what_an_earlier_schema_left_without_seals_is_read_again() {
    let place = Place::new();
    let connection = database(&place.path, 2, 2);
    connection
        .execute_batch(
            "INSERT INTO projects VALUES (1, '/p', 'p', 1, 'slow disk', '[]', '[\"/p/.claude\"]', '[]');
             INSERT INTO trees (path, project_id, state) VALUES ('/p/.claude/skills/pdf', 1, 'absent');
             INSERT INTO drift (project_id, type, name, state, since) VALUES (1, 'skill', 'pdf', 'deleted', 42);
             INSERT INTO collections VALUES (1, '5a1c', 'c', '/c', 1, NULL, 0, '[]', '[]', '[]');
             INSERT INTO trees (path, collection_id, state) VALUES ('/c/skills/pdf', 1, 'absent');",
        )
        .expect("rows");
    drop(connection);
    assert_eq!(place.load(), Loaded::default());
    let opened = place.open();
    opened.writer.send(small_project("/p"));
    close(opened.writer);
    assert_eq!(place.load().projects.len(), 1, "it is used from now on");
}

#[test]
fn every_earlier_schema_opens_without_a_note() {
    for version in 0..=MIGRATIONS.len() {
        let place = Place::new();
        drop(database(&place.path, version, version as i64));
        assert_eq!(place.load(), Loaded::default(), "version {version}");
    }
}

#[test]
fn a_half_migrated_database_is_replaced() {
    let place = Place::new();
    drop(database(&place.path, 2, 3));
    check_set_aside(&place, "is missing");

    let place = Place::new();
    drop(database(&place.path, 2, 1));
    check_set_aside(&place, "already exists");
}

#[test]
fn a_database_without_one_column_is_replaced() {
    let place = Place::filled();
    let connection = Connection::open(&place.path).expect("opens");
    connection.execute_batch("ALTER TABLE artifacts DROP COLUMN flaw").expect("drops");
    drop(connection);
    check_set_aside(&place, "column flaw of table artifacts");
}

#[test]
fn a_database_from_the_future_is_kept_as_it_was() {
    let place = Place::filled();
    let connection = Connection::open(&place.path).expect("opens");
    connection.pragma_update(None, "user_version", 99).expect("pragma");
    drop(connection);
    check_set_aside(&place, "schema version 99");
    let kept = Connection::open(place.directory.path().join("cache.db.bad-1")).expect("opens");
    assert_eq!(kept.pragma_query_value(None, "user_version", |row| row.get(0)), Ok(99));
    assert_eq!(kept.query_row("SELECT count(*) FROM projects", [], |row| row.get(0)), Ok(1));
}

#[test]
fn damaged_pages_are_noticed() {
    let place = Place::filled();
    let mut bytes = std::fs::read(&place.path).expect("reads");
    bytes[4096..].fill(0xaa);
    std::fs::write(&place.path, bytes).expect("writes");
    check_set_aside(&place, "damaged");
}

#[test]
fn a_damaged_page_that_loading_does_not_read_is_noticed_after_a_kill() {
    let place = Place::new();
    let opened = place.open();
    opened.writer.send(small_project("/p"));
    opened.writer.abandon();
    damage_table(&place.path, "trees");
    check_set_aside(&place, "damaged");
}

#[test]
fn a_truncated_file_is_replaced() {
    let place = Place::filled();
    let bytes = std::fs::read(&place.path).expect("reads");
    std::fs::write(&place.path, &bytes[..bytes.len() / 2]).expect("writes");
    check_set_aside(&place, "malformed");
}

#[test]
fn what_is_no_database_is_replaced() {
    for bytes in [b"hello".to_vec(), vec![0; 99], vec![0xfe; 10_000]] {
        let place = Place::new();
        std::fs::write(&place.path, bytes).expect("writes");
        check_set_aside(&place, "not a database");
    }
}

#[test]
fn an_empty_file_is_filled() {
    let place = Place::new();
    std::fs::write(&place.path, "").expect("writes");
    let opened = place.open();
    assert_eq!(opened.notes, Vec::<String>::new());
    opened.writer.send(small_project("/p"));
    close(opened.writer);
    assert_eq!(place.load().projects.len(), 1);
}

#[test]
fn a_value_that_no_release_writes_is_damage_and_not_a_default() {
    for sql in [
        "UPDATE deployments SET type = 'ghost'",
        "UPDATE deployments SET record_schema = ''",
        "UPDATE drift SET state = 'fine'",
        "UPDATE projects SET problems = '[{}]'",
        "UPDATE projects SET path = 7",
    ] {
        let place = Place::filled();
        let connection = Connection::open(&place.path).expect("opens");
        connection.pragma_update(None, "ignore_check_constraints", true).expect("pragma");
        assert_eq!(connection.execute(sql, []), Ok(1), "{sql}");
        drop(connection);
        check_set_aside(&place, "damaged");
    }
}

#[test]
fn a_value_that_was_changed_in_its_row_is_damage() {
    for (table, sql) in [
        ("trees", "UPDATE trees SET hash = zeroblob(32) WHERE state = 'present'"),
        ("trees", "UPDATE trees SET path = path || 'x'"),
        ("trees", "UPDATE trees SET names = zeroblob(60) WHERE names IS NOT NULL"),
        ("drift", "UPDATE drift SET since = since + 1"),
        ("projects", "UPDATE projects SET name = name || 'x'"),
        ("projects", "UPDATE deployments SET line = line + 1"),
        ("projects", "DELETE FROM deployments"),
        ("collections", "UPDATE collections SET path = path || 'x'"),
        ("collections", "UPDATE artifact_metadata SET title = 'another'"),
        ("collections", "DELETE FROM artifacts"),
    ] {
        let place = Place::new();
        let opened = place.open();
        opened.writer.send(present_tree());
        close(opened.writer);
        let connection = Connection::open(&place.path).expect("opens");
        assert_ne!(connection.execute(sql, []), Ok(0), "{sql}");
        drop(connection);
        check_set_aside(&place, &format!("table {table} was changed"));
    }
}

#[test]
fn whatever_single_byte_is_damaged_nothing_wrong_is_loaded() {
    let place = Place::new();
    let opened = place.open();
    opened.writer.send(present_tree());
    close(opened.writer);
    let stored = place.load();
    let bytes = std::fs::read(&place.path).expect("reads");
    // A prime step visits every kind of place within some pages.
    for at in (0..bytes.len()).step_by(1999) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        let place = Place::new();
        std::fs::write(&place.path, damaged).expect("writes");
        let opened = place.open();
        assert!(is_part_of(&opened.loaded, &stored), "byte {at}: {:#?}", opened.loaded);
        // What SQLite refuses later is a loss that the writer reports.
        let _ = opened.writer.close(std::time::Duration::from_secs(60));
    }
}

/// A project and a collection, each with a tree that is there.
fn present_tree() -> Vec<Change> {
    let mut sample = Sample::new(3);
    let mut changes = small_project("/p");
    let mut scan = sample.collection();
    while scan.entries.is_empty() {
        scan = sample.collection();
    }
    let (id, name, path) = ("5a1c".to_owned(), "c".to_owned(), "/c".into());
    changes.push(Change::Collection { id: id.clone(), name, path, scan: std::sync::Arc::new(scan) });
    let mut tree = sample.tree();
    while !matches!(tree, Tree::Present(_)) {
        tree = sample.tree();
    }
    let (path, owner) = ("/c/skills/pdf".into(), TreeOwner::Collection(id));
    changes.push(Change::Tree { path, owner, tree, names: Some(sample.known_names()) });
    changes
}

/// Less than what was stored is read again; anything else would be believed.
fn is_part_of(loaded: &Loaded, stored: &Loaded) -> bool {
    loaded.projects.iter().all(|p| stored.projects.contains(p))
        && loaded.collections.iter().all(|c| stored.collections.contains(c))
        && loaded.trees.iter().all(|t| stored.trees.contains(t))
        && loaded.first_seen.iter().all(|f| stored.first_seen.contains(f))
}

#[test]
fn the_newest_two_bad_copies_are_kept() {
    let place = Place::new();
    for _ in 0..4 {
        std::fs::write(&place.path, "not a database").expect("writes");
        std::fs::write(place.directory.path().join("cache.db-wal"), "nor a log").expect("writes");
        close(place.open().writer);
    }
    let names: Vec<_> = place.file_names().into_iter().collect();
    assert_eq!(names, ["cache.db", "cache.db.bad-3", "cache.db.bad-3-wal", "cache.db.bad-4", "cache.db.bad-4-wal"]);
}

#[test]
fn a_database_of_another_program_is_not_touched() {
    for (id, mode) in [(0, "DELETE"), (0, "WAL"), (APPLICATION_ID + 1, "WAL")] {
        let place = Place::new();
        let connection = Connection::open(&place.path).expect("creates");
        connection.pragma_update(None, "application_id", id).expect("pragma");
        connection.pragma_update(None, "journal_mode", mode).expect("pragma");
        connection.execute_batch("CREATE TABLE projects (id); INSERT INTO projects VALUES (1)").expect("rows");
        let before = std::fs::read(&place.path).expect("reads");
        // While its owner has it open, so that a log lies beside it.
        check_untouched(&place.path, "another program");
        assert_eq!(std::fs::read(&place.path).expect("reads"), before);
        drop(connection);
        check_untouched(&place.path, "another program");
    }
}

#[test]
fn a_place_where_no_file_can_be_leaves_memory() {
    let place = Place::new();
    std::fs::write(&place.path, "a file").expect("writes");
    check_untouched(&place.path.join("cache.db"), "cannot create its directory");

    let place = Place::new();
    std::fs::create_dir(&place.path).expect("creates");
    check_untouched(&place.path, "cannot open it");
}
