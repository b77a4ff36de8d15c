//! Versions: what is written down of what was seen, and found again; and a database of before there were any.

use super::{NOW, Place, Scope};
use crate::database::{Commits, Kind};
use crate::history::{
    Account, Ancestor, Baseline, Cause, ContentId, History, HistoryError, Operation, OperationId, OperationState,
    Origin, Page, Seen, Sought, Spot, Tag, Version, VersionRow, open,
};
use crate::model::Timestamp;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;

fn key() -> ArtifactKey {
    "skill:pdf".parse().expect("a key")
}

fn hash(byte: u8) -> ContentHash {
    ContentHash([byte; 32])
}

fn project() -> Spot {
    Spot::Project { path: "/w/app".into(), profile: "claude_code".into() }
}

fn collection() -> Spot {
    Spot::Collection { id: "c1".into() }
}

fn found(spot: Spot, byte: u8, baseline: Option<u8>) -> Seen {
    let baseline = baseline.map(|byte| Baseline { hash: hash(byte), at: Some(Timestamp(NOW.0 - 5)) });
    let cause = Cause::Found { baseline };
    Seen { key: key(), spot, hash: Some(hash(byte)), content: None, origin: Origin::LocalModification, cause }
}

fn made(spot: Spot, byte: u8, origin: Origin, parents: &[u8]) -> Seen {
    let parents = parents.iter().map(|byte| Ancestor { key: key(), hash: hash(*byte) }).collect();
    Seen { key: key(), spot, hash: Some(hash(byte)), content: None, origin, cause: Cause::Made { parents } }
}

fn gone(spot: Spot) -> Seen {
    Seen { hash: None, ..made(spot, 0, Origin::LocalModification, &[]) }
}

fn operation(history: &History, verb: &str) -> OperationId {
    let operation = Operation {
        verb: verb.to_owned(),
        at: NOW,
        undoes: None,
        request: "{}".to_owned(),
        roots: Vec::new(),
        steps: Vec::new(),
        staging: Vec::new(),
    };
    let id = history.begin(&operation).expect("begun");
    history.finish(id, OperationState::Done, "done").expect("finished");
    id
}

fn account(history: &History, seen: Vec<Seen>) -> OperationId {
    let id = operation(history, "some");
    let account = Account { artifacts: vec![key()], seen, ..Account::default() };
    history.batch(|batch| batch.account(id, NOW, &[account])).expect("written");
    id
}

fn all(history: &History) -> Vec<Version> {
    let mut listed = Vec::new();
    history.versions(&key(), Page { before: None, limit: 100 }, |row| listed.push(row.id)).expect("read");
    assert!(listed.is_sorted_by(|a, b| a > b), "the latest first");
    let all = history.versions_by_id(&listed.into_iter().collect()).expect("read");
    // One by one they are the same.
    history
        .versions(&key(), Page { before: None, limit: 100 }, |row| {
            assert!(all.iter().any(|version| VersionRow::from(version) == *row), "{row:?}");
        })
        .expect("read");
    all
}

/// `2<1 sync`: version 2, made of 1.
fn told(history: &History) -> Vec<String> {
    let all = all(history);
    let byte = |id| all.iter().find(|v| v.id == id).map_or(0, |v| v.hash.0[0]);
    all.iter()
        .map(|version| {
            let parents: Vec<String> = version.parents.iter().map(|id| byte(*id).to_string()).collect();
            let by = if version.operation.is_some() { "made" } else { "found" };
            format!("{}<{} {} {by}", version.hash.0[0], parents.join("+"), version.origin.as_str())
        })
        .collect()
}

/// What was at a place, one after the other.
fn course(history: &History, spot: &Spot) -> Vec<u8> {
    let all = all(history);
    let byte = |id| all.iter().find(|v| Some(v.id) == id).map_or(0, |v| v.hash.0[0]);
    let sightings = history.sightings("ORDER BY id", &[]).expect("read");
    sightings.into_iter().filter(|s| s.spot == *spot).map(|s| byte(s.version)).collect()
}

/// What it shows, what is seen, the versions of it, what was in the project and in the collection one after the other.
type Case<'a> = (&'a str, Vec<Seen>, &'a [&'a str], &'a [u8], &'a [u8]);

#[test]
fn what_is_new_was_made_of_what_was_there() {
    let cases: [Case<'_>; 9] = [
        (
            "a deployment of what was added before",
            vec![made(collection(), 1, Origin::Import, &[]), made(project(), 1, Origin::Deployment, &[])],
            &["1< import made"],
            &[1],
            &[1],
        ),
        (
            "a deployment of what lay in a collection",
            vec![found(collection(), 1, None), made(project(), 1, Origin::Deployment, &[])],
            &["1< import found"],
            &[1],
            &[1],
        ),
        (
            "an edit of what somebody else deployed",
            vec![found(project(), 2, Some(1))],
            &["1< deployment found", "2<1 local_modification found"],
            &[1, 2],
            &[],
        ),
        (
            "what is as it was recorded, is no edit",
            vec![found(project(), 1, Some(1)), found(project(), 1, Some(1))],
            &["1< deployment found"],
            &[1],
            &[],
        ),
        (
            "one edit after the other, and back",
            vec![found(project(), 2, Some(1)), found(project(), 3, Some(1)), found(project(), 1, Some(1))],
            &["1< deployment found", "2<1 local_modification found", "3<2 local_modification found"],
            &[1, 2, 3, 1],
            &[],
        ),
        (
            "a pull over an edit, of what was edited in the collection",
            vec![found(project(), 3, Some(1)), found(collection(), 2, Some(1)), made(project(), 2, Origin::Sync, &[])],
            &["1< deployment found", "3<1 local_modification found", "2<1 local_modification found"],
            &[1, 3, 2],
            &[1, 2],
        ),
        (
            "a merge has two parents",
            vec![
                found(project(), 3, Some(1)),
                found(collection(), 2, Some(1)),
                made(project(), 4, Origin::Merge, &[3, 2]),
                made(collection(), 4, Origin::Merge, &[]),
            ],
            &[
                "1< deployment found",
                "3<1 local_modification found",
                "2<1 local_modification found",
                "4<3+2 merge made",
            ],
            &[1, 3, 4],
            &[1, 2, 4],
        ),
        (
            "what was recorded there since by somebody else",
            vec![found(project(), 2, Some(1)), found(project(), 6, Some(5))],
            &[
                "1< deployment found",
                "2<1 local_modification found",
                "5<2 deployment found",
                "6<5 local_modification found",
            ],
            &[1, 2, 5, 6],
            &[],
        ),
        (
            "gone, and there again",
            vec![
                made(project(), 1, Origin::Deployment, &[]),
                gone(project()),
                gone(project()),
                found(project(), 2, None),
            ],
            &["1< deployment made", "2< local_modification found"],
            &[1, 0, 2],
            &[],
        ),
    ];
    for (what, seen, versions, in_project, in_collection) in cases {
        let place = Place::new();
        let history = place.open();
        account(&history, seen);
        assert_eq!(told(&history), versions, "{what}");
        assert_eq!(course(&history, &project()), in_project, "{what}");
        assert_eq!(course(&history, &collection()), in_collection, "{what}");
    }
}

#[test]
fn undoing_comes_to_what_was_before() {
    let place = Place::new();
    let history = place.open();
    let deploy = account(&history, vec![made(project(), 1, Origin::Deployment, &[])]);
    let pull = account(&history, vec![found(project(), 2, Some(1)), made(project(), 3, Origin::Sync, &[])]);
    let before = |id| {
        let (artifacts, seen) = history.seen_before(id).expect("read");
        assert_eq!(artifacts, [key()]);
        seen.iter().map(|seen| (seen.spot.clone(), seen.hash, seen.origin)).collect::<Vec<_>>()
    };
    assert_eq!(before(pull), [(project(), Some(hash(2)), Origin::Rollback)]);
    assert_eq!(before(deploy), [(project(), None, Origin::Rollback)]);
    let undone = account(&history, history.seen_before(pull).expect("read").1);
    assert_eq!(course(&history, &project()), [1, 2, 3, 2]);
    assert_eq!(before(undone), [(project(), Some(hash(3)), Origin::Rollback)], "and of undoing that");
}

#[test]
fn a_version_has_the_content_that_was_captured_with_its_hash() {
    let place = Place::new();
    let history = place.open();
    place.write("s/SKILL.md", "one\n");
    let captured = history.capture(&place.at("s"), Scope::Resolved).expect("captured");
    let recorded = captured.recorded.expect("no link").hash;
    let seen = |content: Option<ContentId>| Seen { hash: Some(recorded), content, ..found(project(), 0, None) };
    history.batch(|batch| batch.found(&seen(None), NOW)).expect("written");
    let version = all(&history).remove(0);
    assert_eq!(version.content, Some(captured.id), "known by its hash");
    assert_eq!(history.content_of_version(&version).expect("sound"), Some(captured.id));
    place.write("t/SKILL.md", "two\n");
    let other = history.capture(&place.at("t"), Scope::Resolved).expect("captured").id;
    history.batch(|batch| batch.found(&seen(Some(other)), NOW)).expect("written");
    let version = all(&history).remove(0);
    assert!(matches!(history.content_of_version(&version), Err(HistoryError::Damaged { .. })), "it is another's");
}

#[test]
fn a_version_is_named_by_tag_or_by_the_beginning_of_its_hash() {
    let place = Place::new();
    let history = place.open();
    let alike = ContentHash(std::array::from_fn(|at| if at < 3 { 7 } else { 9 }));
    let seen = |hash| Seen { hash: Some(hash), ..found(project(), 0, None) };
    for hash in [hash(1), hash(7), alike] {
        history.batch(|batch| batch.found(&seen(hash), NOW)).expect("written");
    }
    let named = |text: &str| match history.version_named(&key(), text).expect("read") {
        Sought::One(version) => vec![version.hash],
        Sought::Nothing => Vec::new(),
        Sought::Several(hashes) => hashes,
    };
    let version = all(&history)[0].id;
    let tag = |name: &str, version| Tag { name: name.to_owned(), version, at: NOW };
    history.batch(|batch| batch.tag(&key(), &tag("good", version))).expect("written");
    for (text, want) in [
        ("0101", vec![hash(1)]),
        (&hash(7).to_string(), vec![hash(7)]),
        ("070707", vec![hash(7), alike]),
        ("07070709", vec![alike]),
        ("good", vec![hash(1)]),
        ("goo", vec![]),
        ("ffff", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(named(text), want, "{text}");
    }
    let last = all(&history)[2].id;
    history.batch(|batch| batch.tag(&key(), &tag("good", last))).expect("written");
    assert_eq!(history.tags(&key()).expect("read"), [tag("good", last)], "it is one version's");
    let other: ArtifactKey = "command:pdf".parse().expect("a key");
    assert_eq!(history.tags(&other).expect("read"), []);
    let untag = |name: &str| history.batch(|batch| batch.untag(&key(), name)).expect("written");
    assert_eq!((untag("good"), untag("good")), (true, false));
}

#[test]
fn a_changed_row_is_not_believed() {
    for sql in [
        "UPDATE versions SET hash = zeroblob(32) WHERE id = 2",
        "UPDATE versions SET parent = NULL WHERE id = 2",
        "UPDATE versions SET merged = 1 WHERE id = 2",
        "UPDATE versions SET origin = 'merge' WHERE id = 2",
        "UPDATE versions SET at = at + 1 WHERE id = 2",
        "UPDATE versions SET root = '/w/other' WHERE id = 2",
        "UPDATE versions SET operation = 1 WHERE id = 2",
        "UPDATE sightings SET version = 1 WHERE id = 2",
        "UPDATE sightings SET version = NULL WHERE id = 2",
        "UPDATE sightings SET at = at + 1 WHERE id = 2",
        "UPDATE sightings SET operation = 1 WHERE id = 2",
        "UPDATE version_tags SET version = 1",
        "UPDATE version_tags SET tag = 'bad'",
    ] {
        let place = Place::new();
        let history = place.open();
        account(&history, vec![found(project(), 2, Some(1))]);
        let version = all(&history)[1].id;
        let tag = Tag { name: "good".to_owned(), version, at: NOW };
        history.batch(|batch| batch.tag(&key(), &tag)).expect("written");
        place.tamper(sql);
        let read = || -> Result<(), HistoryError> {
            history.versions(&key(), Page { before: None, limit: 9 }, |_| ())?;
            history.head(&key(), &project())?;
            history.tags(&key()).map(drop)
        };
        let error = read().expect_err(sql).to_string();
        assert!(error.contains("is damaged: what is written of ") && error.contains(" was changed"), "{sql}: {error}");
    }
}

/// As it was before there were versions.
static FIRST: Kind =
    Kind { mark: open::KIND.mark, migrations: &[include_str!("../schema/0001_base.sql")], commits: Commits::Durable };

#[test]
fn a_database_of_before_is_copied_and_keeps_everything() {
    let place = Place::new();
    {
        let mut connection = FIRST.open_file(&place.path).expect("opens");
        FIRST.migrate(&mut connection).expect("made");
        // As the first release wrote it.
        connection
            .execute_batch(
                "INSERT INTO blobs VALUES (1, x'98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4', 3);
                 INSERT INTO chunks VALUES (1, 0, 3, 'none', x'68690a');
                 INSERT INTO operations VALUES (1, 'deploy', 5, 'done', NULL, 'deploy it', '{}', '[]', x'00');",
            )
            .expect("filled");
    }
    let history = place.open();
    assert_eq!(place.file_names().iter().filter(|name| name.ends_with(".bak")).count(), 1);
    let mut bytes = Vec::new();
    let blob = "98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4".parse().expect("a hash");
    history.read_blob(blob, &mut bytes).expect("kept");
    assert_eq!((bytes, place.count("operations")), (b"hi\n".to_vec(), 1));
    assert_eq!(all(&history), [], "of what was before, nothing is made up");
    account(&history, vec![found(project(), 2, Some(1))]);
    assert_eq!(all(&history).len(), 2);
}
