//! The journal: what was begun is found again as it was, and only states that can follow do.

use super::{NOW, Place, Scope};
use crate::history::{
    ContentId, History, HistoryError, Listed, Operation, OperationId, OperationState, Root, RootKind, Step,
};
use crate::model::Timestamp;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

fn operation(roots: &[&str]) -> Operation {
    Operation {
        verb: "deploy".to_owned(),
        at: Timestamp(NOW.0 + 1),
        undoes: None,
        request: r#"{"name":"pdf"}"#.to_owned(),
        roots: roots.iter().map(|path| Root { kind: RootKind::Project, path: path.into() }).collect(),
        steps: Vec::new(),
        staging: Vec::new(),
    }
}

fn done(history: &History, operation: &Operation) -> OperationId {
    let id = history.begin(operation).expect("begun");
    history.finish(id, OperationState::Done, "deployed pdf").expect("finished");
    id
}

fn ids(list: Vec<crate::history::Journalled>) -> Vec<i64> {
    list.into_iter().map(|journalled| journalled.id.0).collect()
}

#[test]
fn what_was_begun_is_found_after_a_restart_as_it_was() {
    let place = Place::new();
    let history = place.open();
    let odd = |name: &[u8]| PathBuf::from(OsStr::from_bytes(name));
    place.write("s/a", "x");
    let staged = history.read(&place.at("s"), Scope::Everything).expect("read");
    let begun = history.batch(|batch| {
        // The content and what refers to it are one commit.
        let before = Some(batch.keep(staged)?.id);
        let steps = vec![
            Step {
                target: odd(b"/p/\xff"),
                staged: Some(odd(b"/p/.s/\xfe\n")),
                before,
                after: None,
                made_directories: vec![odd(b"/p"), odd(b"/p/\xfd")],
            },
            Step { target: "/p/b".into(), staged: None, before: None, after: before, made_directories: Vec::new() },
        ];
        let mut operation = Operation { steps, staging: vec![odd(b"/p/.s")], ..operation(&["/p", "/q"]) };
        operation.roots.push(Root { kind: RootKind::Home, path: odd(b"/h\xff") });
        Ok::<_, HistoryError>((batch.begin(&operation)?, operation))
    });
    let (id, operation) = begun.expect("begun");
    history.advance(id, OperationState::Applying).expect("goes on");
    drop(history);
    let history = place.open();
    let found = history.unfinished().expect("read");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id, found[0].state, &found[0].summary), (id, OperationState::Applying, &None));
    assert_eq!(found[0].operation, operation);
    history.finish(id, OperationState::RolledBack, "it was interrupted").expect("finished");
    assert_eq!(history.unfinished().expect("read"), []);
    let shown = history.show(id).expect("it stays");
    assert_eq!((shown.state, shown.summary.as_deref()), (OperationState::RolledBack, Some("it was interrupted")));
    let root = odd(b"/h\xff");
    assert_eq!(ids(history.list(&Listed { root: Some(&root), before: None, limit: 9 }).expect("read")), [id.0]);
    assert_eq!(place.file_names().len(), 3, "{:?}", place.file_names());
}

#[test]
fn lists_are_by_root_and_in_pages_the_latest_first() {
    let place = Place::new();
    let history = place.open();
    for roots in [&["/p"][..], &["/q"], &["/p", "/q"], &["/p", "/p"]] {
        done(&history, &operation(roots));
    }
    let list = |root: Option<&str>, before, limit| {
        let listed = Listed { root: root.map(Path::new), before, limit };
        ids(history.list(&listed).expect("read"))
    };
    assert_eq!(list(None, None, 9), [4, 3, 2, 1]);
    assert_eq!(list(None, Some(OperationId(3)), 1), [2]);
    assert_eq!(list(Some("/p"), None, 9), [4, 3, 1]);
    assert_eq!(list(Some("/p"), Some(OperationId(4)), 1), [3]);
    assert!(list(Some("/"), None, 9).is_empty());
    assert!(matches!(history.show(OperationId(5)), Err(HistoryError::NoOperation { .. })));
}

#[test]
fn undoing_goes_back_step_by_step() {
    let place = Place::new();
    let history = place.open();
    let root = Path::new("/p");
    let last = || history.last_undoable(root).expect("read").map(|journalled| journalled.id.0);
    assert_eq!(last(), None);
    let first = done(&history, &operation(&["/p"]));
    let second = done(&history, &operation(&["/p"]));
    done(&history, &operation(&["/other"]));
    let failed = history.begin(&operation(&["/p"])).expect("begun");
    assert_eq!(last(), Some(second.0), "an unfinished one is not");
    history.finish(failed, OperationState::RolledBack, "no").expect("finished");
    assert_eq!(last(), Some(second.0));

    let undo = |id| Operation { undoes: Some(id), verb: "undo".to_owned(), ..operation(&["/p"]) };
    let undoing = history.begin(&undo(second)).expect("begun");
    assert_eq!(history.show(second).expect("there").state, OperationState::Done, "not yet");
    history.finish(undoing, OperationState::Done, "undid").expect("finished");
    assert_eq!(history.show(second).expect("there").state, OperationState::Undone);
    assert_eq!(last(), Some(first.0));
    assert!(matches!(history.begin(&undo(second)), Err(HistoryError::Order { .. })), "once is enough");
    assert!(matches!(history.begin(&undo(OperationId(99))), Err(HistoryError::NoOperation { .. })));

    let refused = history.begin(&undo(first)).expect("begun");
    history.finish(refused, OperationState::RolledBack, "moved on").expect("finished");
    assert_eq!(last(), Some(first.0), "an undo that did not happen undid nothing");
    done(&history, &undo(first));
    assert_eq!(last(), None);
}

#[test]
fn states_do_not_go_back_and_contents_must_be_kept() {
    let place = Place::new();
    let history = place.open();
    let id = done(&history, &operation(&["/p"]));
    let error = history.advance(id, OperationState::Applying).expect_err("done").to_string();
    assert_eq!(error, "operation 1 is done and cannot become applying");
    assert!(history.finish(id, OperationState::RolledBack, "no").is_err());
    assert_eq!(history.show(id).expect("there").summary.as_deref(), Some("deployed pdf"));
    let step = Step {
        target: "/p/a".into(),
        staged: None,
        before: Some(ContentId([1; 32])),
        after: None,
        made_directories: Vec::new(),
    };
    let error = history.begin(&Operation { steps: vec![step], ..operation(&["/p"]) }).expect_err("never kept");
    assert!(matches!(error, HistoryError::NoContent { .. }), "{error}");
    assert_eq!(place.count("operations"), 1);
}

#[test]
fn nothing_that_is_referred_to_can_be_deleted() {
    let place = Place::new();
    let history = place.open();
    place.write("s/a", "x");
    let before = Some(history.capture(&place.at("s"), Scope::Everything).expect("captured").id);
    let step = Step { target: "/p/a".into(), staged: None, before, after: None, made_directories: Vec::new() };
    history.begin(&Operation { steps: vec![step], ..operation(&["/p"]) }).expect("begun");
    let connection = history.lock();
    for table in ["blobs", "contents", "operations"] {
        assert!(connection.execute(&format!("DELETE FROM {table}"), []).is_err(), "{table}");
    }
}
