//! What is new is written byte for byte as the original's writer does, step by step, and the steps back undo it.

use super::super::groups::GroupChange;
use super::super::lock::NewLock;
use super::*;
use crate::library::init::{EMPTY_LOCK, empty_collection};
use crate::library::{deployed, lock as lock_reader, manifest as manifest_reader};
use jiff::tz::{Offset, TimeZone};

fn two_hours_east() -> TimeZone {
    Offset::constant(2).to_time_zone()
}

#[test]
fn entries_come_and_go() {
    let empty = golden("empty.toml");
    assert_eq!(
        empty_collection("team", THEN)
            .replace("updated = \"2026-11-21T08:11:22.781486", "updated = \"2026-11-21T09:00:00"),
        empty
    );
    let one = manifest::add(&manifest(&empty), &full_entry(), NOW).expect("added");
    assert_eq!(one, golden("one-full.toml"));
    assert_eq!(manifest::remove(&manifest(&one), &key("skill:pdf"), NOW).expect("removed"), empty);

    let short = NewEntry { path: "mcp/a".to_owned(), ..entry(ArtifactType::Mcp, "a") };
    let one = manifest::add(&manifest(&empty), &short, NOW).expect("added");
    assert_eq!(one, golden("one-short.toml"));
    let two = manifest::add(&manifest(&one), &full_entry(), NOW).expect("added");
    assert_eq!(two, golden("short-and-full.toml"), "the list is spelled with headers now");
    assert_eq!(manifest::remove(&manifest(&two), &key("skill:pdf"), NOW).expect("removed"), one, "and inline again");
    assert_eq!(manifest::remove(&manifest(&one), &key("mcp:a"), NOW).expect("removed"), empty);

    let tags = golden("tags.toml");
    let one = manifest::add(&manifest(&tags), &full_entry(), NOW).expect("added");
    assert_eq!(one, golden("tags-one-full.toml"));
    assert_eq!(manifest::remove(&manifest(&one), &key("skill:pdf"), NOW).expect("removed"), tags);
}

#[test]
fn an_entry_reads_back_as_it_was_meant() {
    let text = golden("one-full.toml");
    let read = manifest_reader::parse(text.as_bytes(), Path::new(COLLECTION));
    assert_eq!(read.problems, []);
    let entry = &read.entries[0];
    assert_eq!(entry.metadata.title.as_deref(), Some("T \"q\" \\ \u{7}\t\u{7f}é"));
    assert_eq!((entry.metadata.tags.join(","), entry.added), ("b,a".to_owned(), Some(THEN)));
}

#[test]
fn groups_come_and_go() {
    let apply = |text: &str, change: GroupChange| groups::apply(&manifest(text), &[change], NOW).expect("applied");
    let none = golden("tags-one-full.toml");
    let one = apply(&none, GroupChange::Create(group("g", &[])));
    assert_eq!(one, golden("group-short.toml"));
    let filled =
        apply(&one, GroupChange::AddMembers { group: "g".into(), members: vec!["skills::pdf.md".into()], place: None });
    assert_eq!(filled, golden("group-members.toml"), "a list inside leaves no room in one line");
    let two = apply(&filled, GroupChange::Create(group("h", &[])));
    assert_eq!(two, golden("group-two.toml"));
    assert_eq!(apply(&two, GroupChange::Delete { group: "h".into() }), filled);
    let emptied = apply(&filled, GroupChange::RemoveMembers { group: "g".into(), members: vec!["skill:pdf".into()] });
    assert_eq!(emptied, one);
    assert_eq!(apply(&one, GroupChange::Delete { group: "g".into() }), none);

    let looks = |name: &str| Group { color: "red".into(), icon: "x".into(), ..group(name, &[]) };
    let empty = golden("empty.toml");
    let create = [GroupChange::Create(looks("g")), GroupChange::Create(looks("h \"1\""))];
    let two = groups::apply(&manifest(&empty), &create, NOW).expect("applied");
    assert_eq!(two, golden("group-two-short.toml"));
    let describe = |text: &str| GroupChange::Describe {
        group: "h \"1\"".into(),
        description: Some(text.to_owned()),
        color: None,
        icon: None,
    };
    let long = apply(&two, describe(&"d".repeat(40)));
    assert_eq!(long, golden("group-two-long.toml"));
    assert_eq!(apply(&long, describe("")), two);
}

#[test]
fn records_come_and_go() {
    let zone = two_hours_east();
    let mut first = record(ArtifactType::Skill, "pdf");
    first.parent_hash = Some(hash(0xcd));
    first.lineage.push(hash(0xcd));
    first.modification_detected_at = Some(NOW);
    first.artifact_uuid = Some("00".repeat(16));
    let second = record(ArtifactType::Command, "x y.md");
    let absent = Before { file: Path::new(DEPLOYED), text: None };
    let one = records::upsert(&absent, std::slice::from_ref(&first), &zone).expect("written").text.expect("a record");
    assert_eq!(one, golden("deployed-one.toml"));
    let two = records::upsert(&super::records(&one), &[second.clone(), first.clone()], &zone);
    let two = two.expect("written").text.expect("records");
    assert_eq!(two, golden("deployed-two.toml"));

    let read = deployed::parse(two.as_bytes(), Path::new(DEPLOYED), &zone);
    assert_eq!(read.problems, []);
    assert_eq!((read.records[0].deployed_at, read.records[1].key.to_string()), (Some(THEN), "command:x y".to_owned()));
    assert_eq!(read.records[0].modification_detected_at, Some(NOW));

    let id = |record: &NewRecord| (record.key.clone(), record.profile_id.clone());
    assert_eq!(records::remove(&super::records(&two), &[id(&second)]).expect("removed").text, Some(one));
    assert_eq!(records::remove(&super::records(&two), &[id(&second), id(&first)]).expect("removed").text, None);
}

#[test]
fn locks_come_and_go() {
    assert_eq!(EMPTY_LOCK, golden("lock-empty.toml"));
    let some = |text: &str| Some(text.to_owned());
    let first = NewLock {
        kind: ArtifactType::Skill,
        name: "pdf".into(),
        content_hash: hash(0xab),
        fetched: THEN,
        upstream: some("https://example.org/x"),
        resolved_sha: some(&"0f".repeat(20)),
        resolved_version: some("v1.2.0"),
    };
    let second = NewLock {
        kind: ArtifactType::Mcp,
        name: "ü \"q\"".into(),
        content_hash: hash(0xcd),
        fetched: NOW,
        upstream: None,
        resolved_sha: None,
        resolved_version: None,
    };
    let file = Path::new("/c/collection.lock");
    let one = lock::set(&Before { file, text: None }, &first).expect("locked");
    assert_eq!(one, golden("lock-one.toml"));
    let two = lock::set(&Before { file, text: Some(&one) }, &second).expect("locked");
    assert_eq!(two, golden("lock-two.toml"));
    assert_eq!(lock::set(&Before { file, text: Some(&two) }, &first).expect("locked"), two);
    assert_eq!(lock_reader::parse(two.as_bytes(), file).1, []);
    assert_eq!(lock::remove(&Before { file, text: Some(&two) }, &key("mcp:ü \"q\"")).expect("unlocked"), one);
    assert_eq!(lock::remove(&Before { file, text: Some(&one) }, &key("skill:pdf")).expect("unlocked"), EMPTY_LOCK);
}
