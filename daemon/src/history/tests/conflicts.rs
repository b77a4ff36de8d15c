//! Conflicts as they are kept: what is read back, what a later one takes over, what of the contents stays.

use super::{NOW, Place};
use crate::history::{
    Asked, Choice, Conflict, ConflictFile, ConflictKind, ConflictPlace, ConflictReason, ConflictSides, ContentId,
    GoneBecause, History, Moment, Needed, RelPath, Resolution, Scope, SnapshotGone,
};
use crate::model::Timestamp;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use std::collections::BTreeSet;

fn stored(place: &Place, history: &History, name: &str) -> ContentId {
    let path = place.write(name, name);
    history.capture(&path, Scope::Counted).expect("captured").id
}

fn file(path: &str, sides: [ContentId; 3], resolution: Option<Resolution>) -> ConflictFile {
    let [base, ours, theirs] = sides.map(Some);
    ConflictFile {
        path: RelPath::new(path).expect("a path"),
        kind: ConflictKind::Deletion,
        reason: ConflictReason::Gone,
        mode: 0o755,
        sides: ConflictSides { base, ours, theirs },
        resolution,
    }
}

fn conflict(sides: [ContentId; 3], files: Vec<ConflictFile>) -> Conflict {
    let [base, ours, theirs] = sides;
    let key = ArtifactKey { kind: ArtifactType::Skill, name: "s".to_owned() };
    Conflict {
        id: 0,
        place: ConflictPlace { key, project: "/w".into(), profile: "codex".to_owned() },
        collection: "id".to_owned(),
        at: NOW,
        baseline: Some(ContentHash([1; 32])),
        our_hash: ContentHash([2; 32]),
        their_hash: ContentHash([3; 32]),
        base: Some(base),
        ours,
        theirs,
        marked: Some((ours, ContentHash([4; 32]))),
        files,
    }
}

fn resolution(choice: Choice, result: Option<ContentId>) -> Option<Resolution> {
    Some(Resolution { choice, result })
}

#[test]
fn what_is_read_back_is_what_was_kept_and_one_takes_the_place_of_another() {
    let place = Place::new();
    let history = place.open();
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| stored(&place, &history, name));
    let put = |conflict: &Conflict| history.batch(|batch| batch.put_conflict(conflict)).expect("stored");
    let files = vec![
        file("", [a, b, c], None),
        file("p/q", [b, b, a], resolution(Choice::Content, Some(d))),
        file("x", [b, b, b], resolution(Choice::Theirs, None)),
    ];
    let first = conflict([a, b, c], files);
    put(&first);
    let known = history.conflict_at(&first.place).expect("readable").expect("there");
    assert_eq!(known, Conflict { id: 1, ..first.clone() });
    put(&Conflict { marked: None, base: None, baseline: None, ..known.clone() });
    let changed = history.conflicts().expect("readable");
    assert_eq!(changed, [Conflict { id: 1, marked: None, base: None, baseline: None, ..first.clone() }]);
    assert!(!history.has_markers(&changed[0]).expect("readable"));
    let elsewhere = ConflictPlace { profile: "claude_code".to_owned(), ..first.place.clone() };
    assert_eq!(history.conflict_at(&elsewhere).expect("readable"), None);
    history.batch(|batch| batch.drop_conflict(&first.place)).expect("dropped");
    assert_eq!((history.conflicts().expect("readable"), place.count("conflict_files")), (vec![], 0));
}

#[test]
fn what_was_decided_is_taken_over_where_the_three_sides_are_the_same() {
    let [a, b, c] = [[1; 32], [2; 32], [3; 32]].map(ContentId);
    let decided = resolution(Choice::Ours, Some(b));
    let earlier = conflict([a, b, c], vec![file("same", [a, b, c], decided), file("other", [a, b, c], decided)]);
    let open = |path, sides| file(path, sides, None);
    let mut later = conflict(
        [a, c, b],
        vec![
            open("same", [a, b, c]),
            open("other", [a, b, b]),
            open("new", [a, b, c]),
            file("same", [a, b, c], resolution(Choice::Base, Some(a))),
        ],
    );
    later.inherit(&earlier);
    let found: Vec<_> = later.files.iter().map(|file| file.resolution.map(|r| r.choice)).collect();
    assert_eq!(found, [Some(Choice::Ours), None, None, Some(Choice::Base)]);
    assert!(
        !later.is_of_the_same(&earlier) && earlier.is_of_the_same(&Conflict { at: Timestamp(0), ..earlier.clone() })
    );
}

#[test]
fn contents_stay_as_long_as_a_conflict_names_them() {
    let place = Place::new();
    let history = place.open();
    let [a, b, c, d, e, _lost] = ["a", "b", "c", "d", "e", "lost"].map(|name| stored(&place, &history, name));
    let mut kept = conflict([a, b, c], vec![file("x", [d, d, d], resolution(Choice::Content, Some(e)))]);
    kept.marked = None;
    history.batch(|batch| batch.put_conflict(&kept)).expect("stored");
    let needed = Needed { since: Timestamp(i64::MAX), hashes: BTreeSet::new() };
    let collect = || history.collect(&needed, |step| step(), |_, _| ()).expect("collected").contents;
    assert_eq!(collect(), 1);
    for id in [a, b, c, d, e] {
        history.content(id).expect("it is named");
    }
    history.batch(|batch| batch.drop_conflict(&kept.place)).expect("dropped");
    assert_eq!(collect(), 5);
}

#[test]
fn a_conflict_that_was_changed_is_not_believed() {
    for sql in [
        "UPDATE conflicts SET their_hash = our_hash",
        "UPDATE conflicts SET theirs = ours",
        "UPDATE conflict_files SET choice = 'ours'",
        "UPDATE conflict_files SET result = NULL",
        "UPDATE conflict_files SET path = '../x'",
        "DELETE FROM conflict_files",
    ] {
        let place = Place::new();
        let history = place.open();
        let [a, b, c] = ["a", "b", "c"].map(|name| stored(&place, &history, name));
        let files = vec![file("x", [a, b, c], resolution(Choice::Content, Some(c)))];
        let kept = conflict([a, b, c], files);
        history.batch(|batch| batch.put_conflict(&kept)).expect("stored");
        assert!(history.verify(|_, _| true).expect("readable").damage.is_empty());
        place.tamper(sql);
        let error = history.conflict_at(&kept.place).expect_err(sql).to_string();
        assert!(error.contains("the conflict of skill:s was changed"), "{sql}: {error}");
        assert_eq!(history.verify(|_, _| true).expect("readable").damage.len(), 1, "{sql}");
    }
}

#[test]
fn what_became_an_event_stays_one_and_is_not_believed_when_it_was_changed() {
    for (sql, what) in [
        ("UPDATE conflicts_found SET files = 7", "that skill:s was in conflict was changed"),
        ("UPDATE conflicts_found SET project = '/x'", "that skill:s was in conflict was changed"),
        ("UPDATE snapshots_gone SET message = 'x'", "that snapshot 2026 was given up was changed"),
        ("UPDATE snapshots_gone SET cause = 'asked'", "that snapshot 2026 was given up was changed"),
    ] {
        let place = Place::new();
        let history = place.open();
        let [a, b, c] = ["a", "b", "c"].map(|name| stored(&place, &history, name));
        let kept = conflict([a, b, c], vec![file("x", [a, b, c], None)]);
        let gone = SnapshotGone {
            number: 1,
            at: NOW,
            shelf: "team".to_owned(),
            snapshot: "2026".to_owned(),
            taken: Timestamp(5),
            message: "m".to_owned(),
            artifact_count: Some(3),
            cause: GoneBecause::Retention,
        };
        history.batch(|batch| batch.put_conflict(&kept)).expect("stored");
        let known = history.conflict_at(&kept.place).expect("readable").expect("there");
        history.batch(|batch| batch.put_conflict(&Conflict { marked: None, ..known })).expect("stored again");
        history.batch(|batch| batch.drop_conflict(&kept.place)).expect("dropped");
        history.batch(|batch| batch.gave_up(std::slice::from_ref(&gone))).expect("stored");
        let asked = |before| Asked { limit: 9, before, ..Asked::default() };
        let told = history.timeline(&asked(None)).expect("readable");
        assert!(matches!(&told[..], [(mark, Moment::Conflict(found))] if found.files == 1 && mark.id == 1), "{told:?}");
        let given_up = history.snapshots_gone(&asked(None), Some(&["team".to_owned()])).expect("readable");
        assert_eq!(given_up.iter().map(|(_, gone)| gone).collect::<Vec<_>>(), [&gone]);
        for (shelves, before) in
            [(Some(&["else".to_owned()][..]), None), (Some(&[][..]), None), (None, Some(given_up[0].0))]
        {
            assert_eq!(history.snapshots_gone(&asked(before), shelves).expect("readable"), [], "{shelves:?}");
        }
        assert!(history.verify(|_, _| true).expect("readable").damage.is_empty());
        place.tamper(sql);
        let damage = history.verify(|_, _| true).expect("readable").damage;
        assert!(matches!(&damage[..], [one] if one.to_string().contains(what)), "{sql}: {damage:?}");
    }
}
