//! Storing: once each, all or nothing, by several at a time, and what happens where there is no room.

use super::{Place, Random, Scope};
use crate::history::{ContentId, EntryKind, HistoryError, RelPath};
use skillmeat_protocol::hash::ContentHash;
use std::os::unix::fs::PermissionsExt;

#[test]
fn equal_files_and_contents_are_stored_once() {
    let place = Place::new();
    let history = place.open();
    for (name, text) in [("s/a", "same"), ("s/b", "same"), ("s/c", "other"), ("t/a", "same"), ("t/e", "")] {
        place.write(name, text);
    }
    let first = history.capture(&place.at("s"), Scope::Counted).expect("captured");
    assert_eq!((place.count("blobs"), place.count("chunks"), place.count("entries")), (2, 2, 3));
    assert_eq!(history.capture(&place.at("s"), Scope::Everything).expect("captured"), first);
    assert_eq!((place.count("contents"), place.count("entries"), place.count("recorded")), (1, 3, 1));
    history.capture(&place.at("t"), Scope::Counted).expect("captured");
    assert_eq!((place.count("blobs"), place.count("chunks")), (3, 2), "nothing has no chunk");
    std::fs::set_permissions(place.at("s/a"), std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let executable = history.capture(&place.at("s"), Scope::Counted).expect("captured");
    assert_ne!(executable.id, first.id);
    assert_eq!(place.count("blobs"), 3);
    // The recorded hash does not tell them apart.
    let hash = first.recorded.expect("no link").hash;
    assert_eq!(history.by_recorded(hash).expect("known"), [executable.id, first.id]);
    std::fs::set_permissions(place.at("s/a"), std::fs::Permissions::from_mode(0o644)).expect("a mode");
    history.capture(&place.at("s"), Scope::Counted).expect("captured");
    assert_eq!(history.by_recorded(hash).expect("known"), [first.id, executable.id], "the latest first");
    assert_eq!(history.by_recorded(ContentHash([9; 32])).expect("known"), []);
}

#[test]
fn what_was_put_together_is_found_by_what_is_recorded_of_it() {
    let place = Place::new();
    let history = place.open();
    place.write("s/a", "x");
    let captured = history.capture(&place.at("s"), Scope::Counted).expect("captured");
    let mut content = history.content(captured.id).expect("stored");
    content.entries[0].path = RelPath::new("b").expect("a path");
    let hash = ContentHash([7; 32]);
    let id = history.batch(|batch| batch.compose_recorded(&content, hash)).expect("stored");
    assert_eq!((id, history.by_recorded(hash).expect("known")), (content.id(), vec![content.id()]));
    content.entries[0].kind = EntryKind::File { hash: [9; 32], size: 1, mode: 0o644 };
    let missing = history.batch(|batch| batch.compose_recorded(&content, hash));
    assert!(matches!(missing, Err(HistoryError::NoBlob { .. })), "{missing:?}");
}

#[test]
fn a_batch_that_fails_leaves_nothing() {
    let place = Place::new();
    let history = place.open();
    place.write("s/a", "x");
    let staged = history.read(&place.at("s"), Scope::Counted).expect("read");
    let failed = history.batch(|batch| -> Result<(), HistoryError> {
        let captured = batch.keep(staged)?;
        assert_eq!(captured.files, 1);
        Err(HistoryError::NoContent { path: place.path.clone(), id: ContentId([0; 32]) })
    });
    assert!(failed.is_err());
    let staged = history.read(&place.at("s"), Scope::Counted).expect("read");
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        history.batch(|batch| -> Result<(), HistoryError> {
            batch.keep(staged)?;
            std::panic::resume_unwind(Box::new(()));
        })
    }));
    assert!(panicked.is_err());
    assert_eq!((place.count("blobs"), place.count("contents")), (0, 0));
    history.capture(&place.at("s"), Scope::Counted).expect("it goes on");
}

#[test]
fn a_kill_within_a_batch_leaves_what_was_before() {
    let place = Place::new();
    let history = place.open();
    place.write("s/a", "x");
    place.write("t/b", Random::new(3).noise(3 << 20));
    let before = history.capture(&place.at("s"), Scope::Counted).expect("captured");
    let staged = history.read(&place.at("t"), Scope::Counted).expect("read");
    // The files as a killed process leaves them.
    let image = Place::new();
    std::fs::create_dir(image.at("daemon")).expect("a directory");
    let unfinished = history.batch(|batch| {
        let captured = batch.keep(staged)?;
        for name in ["history.db", "history.db-wal"] {
            std::fs::copy(place.at("daemon").join(name), image.at("daemon").join(name)).expect("copied");
        }
        Ok::<_, HistoryError>(captured)
    });
    let unfinished = unfinished.expect("committed after the copy").id;
    let killed = image.open();
    killed.materialise(before.id, &image.at("s")).expect("it was committed");
    assert!(matches!(killed.content(unfinished), Err(HistoryError::NoContent { .. })));
    assert_eq!(image.count("blobs"), 1);
    history.materialise(unfinished, &place.at("again")).expect("here it is");
}

#[test]
fn several_capture_and_write_at_once() {
    let place = Place::new();
    let history = place.open();
    let shared = Random::new(1).noise(200_000);
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (place, history, shared) = (&place, &history, &shared);
            scope.spawn(move || {
                for round in 0..12 {
                    let name = format!("{thread}/{round}");
                    place.write(&format!("{name}/shared"), shared);
                    place.write(&format!("{name}/round"), format!("{round}"));
                    place.write(&format!("{name}/own"), Random::new(thread * 100 + round).noise(3000));
                    let captured = history.capture(&place.at(&name), Scope::Counted).expect("captured");
                    let copy = place.at(&format!("{name}-copy"));
                    history.materialise(captured.id, &copy).expect("written");
                    let again = history.capture(&copy, Scope::Counted).expect("captured");
                    assert_eq!(again.id, captured.id);
                }
            });
        }
    });
    assert_eq!(place.count("contents"), 48);
    assert_eq!(place.count("blobs"), 1 + 12 + 48, "each file once, whoever was first");
}

#[test]
fn nothing_is_written_where_something_is() {
    let place = Place::new();
    let history = place.open();
    let file = place.write("s/a", "new");
    let captured = history.capture(&place.at("s"), Scope::Counted).expect("captured");
    place.write("there/a", "old");
    let error = history.materialise(captured.id, &place.at("there")).expect_err("it is taken").to_string();
    assert!(error.contains("make directory") && error.contains("there"), "{error}");
    let hash = history.capture(&file, Scope::Counted).expect("captured").recorded.expect("no link").hash;
    history.write_file(hash, &place.at("there/a"), 0o644).expect_err("it is taken");
    assert_eq!(std::fs::read(place.at("there/a")).expect("a file"), b"old");
    std::os::unix::fs::symlink("nowhere", place.at("link")).expect("a link");
    history.write_file(hash, &place.at("link"), 0o644).expect_err("a link is something");
    assert!(!place.at("nowhere").exists());
    let missing = ContentHash([9; 32]);
    assert!(matches!(history.write_file(missing, &place.at("new"), 0o644), Err(HistoryError::NoBlob { .. })));
    assert!(!place.at("new").exists());
}

#[test]
fn a_full_disk_costs_the_batch_and_nothing_else() {
    let place = Place::new();
    let history = place.open();
    place.write("s/a", "small");
    let small = history.capture(&place.at("s"), Scope::Counted).expect("captured");
    {
        let connection = history.lock();
        let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).expect("pragma");
        connection.pragma_update_and_check(None, "max_page_count", pages + 2, |_| Ok(())).expect("pragma");
    }
    place.write("t/b", Random::new(7).noise(1 << 20));
    let error = history.capture(&place.at("t"), Scope::Counted).expect_err("no room").to_string();
    assert_eq!(error, format!("cannot write {}: database or disk is full", place.path.display()));
    assert_eq!(place.count("blobs"), 1);
    history.materialise(small.id, &place.at("again")).expect("what was stored is there");
    history.lock().pragma_update_and_check(None, "max_page_count", 1 << 30, |_| Ok(())).expect("pragma");
    history.capture(&place.at("t"), Scope::Counted).expect("room again");
}

#[test]
fn commits_wait_for_the_disk_and_only_the_user_can_read() {
    let place = Place::new();
    let history = place.open();
    let connection = history.lock();
    let value = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).expect("pragma");
    assert_eq!((value("synchronous"), value("foreign_keys")), (2, 1));
    let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).expect("pragma");
    assert_eq!(journal, "wal");
    let mode = |name: &str| place.at(name).metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!((mode("daemon"), mode("daemon/history.db"), mode("daemon/history.db-wal")), (0o700, 0o600, 0o600));
    drop(connection);
    drop(history);
    assert_eq!(place.try_open().expect("again").path(), place.path);
}
