//! From records and listings to states: the rules that need more than the three hashes.

use super::bench::Bench;
use super::world::{Deployed, World, collection_root, copy, deployed, hash, ms, original, skill};
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_protocol::ids::ArtifactKey;
use std::time::Duration;

const P: &str = "/p";

fn world() -> World {
    let mut world = World::default();
    world.collection("default", &[("pdf", 1), ("csv", 2)]);
    world.collection("unused", &[("extra", 7)]);
    world.project(P, "default", &[("pdf", 1)]);
    world
}

fn added(bench: &Bench) -> Vec<ArtifactKey> {
    bench.view(P).added.iter().map(|a| a.key.clone()).collect()
}

#[test]
fn added_is_what_the_collections_named_here_have_and_the_project_has_not() {
    let mut bench = Bench::running(world());
    assert_eq!(added(&bench), [skill("csv")], "and nothing of a collection that no record names");
    assert_eq!(bench.view(P).counts.added, 1);
    let root = collection_root("default");
    type Change = fn(&mut World);
    let cases: [(&str, Change, &[&str]); 6] = [
        ("files missing", |w| w.files.retain(|path, _| *path != original("default", "csv")), &[]),
        ("cannot be read", |w| w.unreadable.extend([original("default", "csv")]), &["csv"]),
        (
            "files back",
            |w| {
                w.unreadable.clear();
                w.files.insert(original("default", "csv"), 3);
            },
            &["csv"],
        ),
        ("entry unusable", |w| w.coll("default").flawed.extend(["csv".into()]), &[]),
        (
            "on disk only",
            |w| {
                w.coll("default").flawed.clear();
                w.coll("default").entries.remove("csv");
            },
            &[],
        ),
        ("listed again", |w| w.coll("default").entries.extend(["csv".into()]), &["csv"]),
    ];
    for (what, change, want) in cases {
        change(&mut bench.world);
        bench.touch(original("default", "csv"));
        bench.touch(root.join("collection.toml"));
        bench.settle();
        assert_eq!(added(&bench), want.iter().map(|n| skill(n)).collect::<Vec<_>>(), "{what}");
        bench.assert_like_fresh();
    }
}

#[test]
fn an_original_that_becomes_unreadable_without_its_manifest_changing_is_there() {
    let mut bench = Bench::running(world());
    bench.world.files.remove(&original("default", "csv"));
    bench.touch(original("default", "csv"));
    bench.settle();
    assert_eq!(added(&bench), []);
    bench.world.unreadable.insert(original("default", "csv"));
    bench.touch(original("default", "csv"));
    bench.settle();
    bench.assert_like_fresh();
    assert_eq!(added(&bench), [skill("csv")]);
}

#[test]
fn what_nobody_deployed_is_foreign_where_a_used_collection_has_it() {
    let mut bench = Bench::running(world());
    for name in ["csv", "extra", "mine"] {
        bench.edit(&copy(P, name), 9);
    }
    bench.touch("/p/.claude/skills");
    bench.settle();
    let states = ["csv", "extra", "mine"].map(|name| bench.drift(P, name));
    assert_eq!(states, [S::Foreign, S::Untracked, S::Untracked]);
    assert_eq!(added(&bench), [], "a foreign one is not also added");
    assert_eq!(bench.item(P, "csv").collection.as_ref().map(|c| &*c.name), Some("default"));
    bench.edit_and_settle(&copy(P, "csv"), 2);
    assert!(bench.item(P, "csv").message.as_deref().is_some_and(|m| m.contains("same content")));
    bench.world.files.remove(&copy(P, "csv"));
    bench.touch(copy(P, "csv"));
    bench.settle();
    assert_eq!(added(&bench), [skill("csv")]);
    bench.assert_like_fresh();
}

#[test]
fn a_collection_that_cannot_be_known_makes_nothing_removed() {
    type Change = fn(&mut World);
    let cases: [(&str, Change, S, &str); 5] = [
        ("no entry", |_| (), S::Removed, "has no entry for it"),
        ("an entry without a name", |w| w.coll("default").unnamed_flaws = true, S::Unreadable, "may be this one"),
        ("bad TOML", |w| w.coll("default").unreadable = Some("line 3".into()), S::Unreadable, "line 3"),
        (
            "an unusable entry",
            |w| {
                w.coll("default").entries.insert("pdf".into());
                w.coll("default").flawed.insert("pdf".into());
            },
            S::Unreadable,
            "cannot be used",
        ),
        (
            "unreadable files",
            |w| {
                w.coll("default").entries.insert("pdf".into());
                w.unreadable.insert(original("default", "pdf"));
            },
            S::Unreadable,
            "cannot read",
        ),
    ];
    for (what, change, want, message) in cases {
        let mut bench = Bench::running(world());
        bench.world.coll("default").entries.remove("pdf");
        bench.world.files.remove(&original("default", "pdf"));
        change(&mut bench.world);
        bench.touch(original("default", "pdf"));
        bench.touch(collection_root("default").join("collection.toml"));
        bench.settle();
        let item = bench.item(P, "pdf");
        assert_eq!(item.state, want, "{what}");
        assert!(item.message.as_deref().is_some_and(|m| m.contains(message)), "{what}: {:?}", item.message);
        bench.assert_like_fresh();
    }
}

#[test]
fn without_a_baseline_only_agreement_is_trusted() {
    let mut world = world();
    world.proj(P).records[0].baseline = None;
    let mut bench = Bench::running(world);
    assert_eq!(bench.drift(P, "pdf"), S::InSync);
    bench.edit_and_settle(&copy(P, "pdf"), 9);
    let item = bench.item(P, "pdf");
    assert_eq!((item.state, item.message.as_deref()), (S::Conflict, Some("no baseline")));
}

#[test]
fn an_unusable_record_is_unreadable_and_hides_no_other() {
    let mut world = world();
    let flaw = Some("its path leads out of the project".to_owned());
    world.proj(P).records.push(Deployed { flaw, ..deployed("csv", "default", 2) });
    let bench = Bench::running(world);
    let item = bench.item(P, "csv");
    assert_eq!(item.state, S::Unreadable);
    assert!(item.message.as_deref().is_some_and(|m| m.contains("leads out")));
    assert_eq!(bench.drift(P, "pdf"), S::InSync);
}

#[test]
fn records_without_a_collection_are_of_the_default_one_of_the_config() {
    let mut world = world();
    world.collection("team", &[("pdf", 8)]);
    world.proj(P).records[0].from = None;
    let mut bench = Bench::running(world);
    assert_eq!(bench.drift(P, "pdf"), S::InSync);
    bench.world.config.default_collection = "team".into();
    bench.touch("/home/u/.skillmeat/config.toml");
    bench.settle();
    assert_eq!(bench.drift(P, "pdf"), S::Outdated);
    assert_eq!(bench.item(P, "pdf").collection.as_ref().map(|c| &*c.name), Some("team"));
    bench.assert_like_fresh();
}

#[test]
fn a_record_that_moves_to_another_collection_is_classified_against_it() {
    let mut bench = Bench::running(world());
    bench.world.proj(P).records[0].from = Some("unused".into());
    bench.touch("/p/.claude/.skillmeat-deployed.toml");
    bench.settle();
    assert_eq!(bench.drift(P, "pdf"), S::Removed);
    assert_eq!(added(&bench), [skill("extra")]);
    bench.edit_and_settle(&original("default", "pdf"), 9);
    assert_eq!(bench.drift(P, "pdf"), S::Removed, "the old collection is of no concern any more");
    bench.assert_like_fresh();
}

#[test]
fn a_state_is_as_old_as_it_was_when_first_seen() {
    let mut bench = Bench::running(world());
    let pdf = copy(P, "pdf");
    bench.edit_and_settle(&pdf, 9);
    let first = bench.item(P, "pdf").since.expect("drift has an age");
    bench.wait(Duration::from_secs(10));
    bench.edit_and_settle(&pdf, 8);
    assert_eq!(bench.item(P, "pdf").since, Some(first), "still modified");
    bench.edit_and_settle(&pdf, 1);
    assert_eq!(bench.item(P, "pdf").since, None);
    bench.wait(ms(300));
    bench.edit_and_settle(&pdf, 7);
    assert_eq!(bench.item(P, "pdf").since, Some(bench.now().wall));
}

#[test]
fn the_record_may_know_when_a_modification_was_first_seen() {
    let mut world = world();
    world.files.insert(copy(P, "pdf"), 9);
    world.proj(P).records[0].detected = Some(-5);
    let bench = Bench::running(world);
    assert_eq!(bench.item(P, "pdf").since.map(|t| t.0), Some(-5));
}

#[test]
fn versions_that_differ_are_a_flag_beside_the_state() {
    let mut world = world();
    world.versions.insert(original("default", "pdf"), "1.2".into());
    world.versions.insert(copy(P, "pdf"), "1.1".into());
    let bench = Bench::running(world);
    let item = bench.item(P, "pdf");
    assert!(item.version_mismatch() && item.state == S::InSync);
    assert_eq!(item.collection_hash, Some(hash(1)));
}
