//! What the writer does when things go wrong under it.

use super::sample::small_project;
use super::{Place, close, send_alone};
use crate::cache::{CacheError, Change, Loaded, Writer, recover};
use std::time::Duration;

/// A writer that has next to no room, over the database of `place`.
fn cramped(place: &Place) -> Writer {
    let ready = recover::open(&place.path, |_| {}).expect("opens");
    let pages: i64 = ready.connection.pragma_query_value(None, "page_count", |row| row.get(0)).expect("pragma");
    let limit = ready.connection.pragma_update_and_check(None, "max_page_count", pages + 2, |row| row.get::<_, i64>(0));
    assert_eq!(limit, Ok(pages + 2));
    Writer::start(ready.connection, place.path.clone()).expect("thread")
}

fn too_much() -> Vec<Change> {
    (0..200).flat_map(|number| small_project(&format!("/large/{number}"))).collect()
}

#[test]
fn after_a_lost_batch_and_a_later_one_the_rows_are_thrown_away() {
    let place = Place::filled();
    let writer = cramped(&place);
    send_alone(&writer, too_much());
    let status = writer.status().expect("reports the failure");
    assert!(status.contains("1 times") && status.contains("full"), "{status}");
    send_alone(&writer, vec![Change::ProjectGone { path: "/p".into() }]);
    assert!(matches!(writer.close(Duration::from_secs(60)), Err(CacheError::Lost { batches: 1, .. })));

    let opened = place.open();
    assert_eq!(opened.loaded, Loaded::default());
    assert!(opened.notes.len() == 1 && opened.notes[0].contains("emptied"), "{:?}", opened.notes);
    close(opened.writer);
    assert_eq!(place.load(), Loaded::default());
    assert_eq!(place.file_names().len(), 1, "nothing is set aside: {:?}", place.file_names());
}

#[test]
fn after_a_lost_batch_alone_the_rows_are_those_before_it() {
    let place = Place::filled();
    let before = place.load();
    let writer = cramped(&place);
    send_alone(&writer, too_much());
    assert!(writer.close(Duration::from_secs(60)).is_err());
    assert_eq!(place.load(), before);
}

#[test]
fn a_kill_leaves_what_was_written() {
    let place = Place::new();
    let opened = place.open();
    send_alone(&opened.writer, small_project("/p"));
    // The files as a killed process leaves them: a log that nobody emptied.
    let image = Place::new();
    for name in ["cache.db", "cache.db-wal"] {
        std::fs::copy(place.directory.path().join(name), image.directory.path().join(name)).expect("copies");
    }
    close(opened.writer);
    assert_eq!(place.file_names().into_iter().collect::<Vec<_>>(), ["cache.db"]);
    let killed = image.load();
    assert_eq!(killed.projects.len(), 1);
    assert_eq!(killed, place.load());
}

#[test]
fn a_log_without_its_database_is_not_replayed_into_the_next() {
    let place = Place::new();
    let opened = place.open();
    send_alone(&opened.writer, small_project("/p"));
    let next = Place::new();
    for name in ["cache.db-wal", "cache.db-shm"] {
        std::fs::copy(place.directory.path().join(name), next.directory.path().join(name)).expect("copies");
    }
    close(opened.writer);
    assert_eq!(next.load(), Loaded::default());
}

#[test]
fn a_batch_of_nothing_is_not_queued() {
    let place = Place::new();
    let opened = place.open();
    opened.writer.send(Vec::new());
    assert_eq!(opened.writer.queued(), 0);
    close(opened.writer);
}

#[test]
fn rows_are_counted_by_the_time_the_queue_is_empty() {
    let place = Place::filled();
    let opened = place.open();
    let rows = || opened.writer.monitor().rows();
    send_alone(&opened.writer, small_project("/q"));
    let stored = rows();
    assert!(stored > 0);
    send_alone(&opened.writer, vec![Change::ProjectGone { path: "/q".into() }]);
    assert!(rows() > stored, "deleting counts too");
    close(opened.writer);
}
