//! Copies that follow a branch by its name: the states, what changes them, and what is told.

use super::bench::Bench;
use super::world::{World, collection_root, copy, deployed, following, hash, ms, original};
use crate::cache::Loaded;
use crate::engine::event::Event;
use crate::model::Tip;
use skillmeat_protocol::drift::{DriftState as S, Recommendation};

const P: &str = "/p";
const Q: &str = "/q";
/// The first collection of a world, and one that is nowhere.
const HERE: u64 = 1;
const NOWHERE: u64 = 99;

/// `pdf` was deployed with content 1; the collection has 5 by now.
fn world() -> World {
    let mut world = World::default();
    world.collection("default", &[("pdf", 5), ("csv", 2)]);
    world.project(P, "default", &[("pdf", 1)]);
    world.project(Q, "default", &[("pdf", 1)]);
    world
}

#[test]
fn the_tip_of_a_branch_is_the_side_of_the_collection() {
    const GONE: &str = "it follows branch 'next', which is not there any more";
    const NEXT: &str = "it follows branch 'next'";
    /// What the branch is, of which collection, and what the project has; the state, the other side, the message.
    type Case = (Tip, u64, u8, S, Option<u8>, &'static str);
    let cases: [Case; 9] = [
        (Tip::Version(hash(1)), HERE, 1, S::InSync, Some(1), NEXT),
        (Tip::Version(hash(1)), HERE, 3, S::Modified, Some(1), NEXT),
        (Tip::Version(hash(2)), HERE, 1, S::Outdated, Some(2), NEXT),
        (Tip::Version(hash(2)), HERE, 3, S::Conflict, Some(2), NEXT),
        (Tip::Version(hash(3)), HERE, 3, S::Converged, Some(3), NEXT),
        (Tip::Current, HERE, 1, S::Outdated, Some(5), NEXT),
        (Tip::Current, HERE, 5, S::Converged, Some(5), NEXT),
        (Tip::Gone, HERE, 1, S::Unreadable, None, GONE),
        (Tip::Version(hash(1)), NOWHERE, 1, S::Unreadable, None, GONE),
    ];
    for (tip, collection, content, state, there, message) in cases {
        let mut bench = Bench::running(world());
        bench.edit_and_settle(&copy(P, "pdf"), content);
        bench.follow(vec![following(P, "pdf", collection, tip)]);
        let item = bench.item(P, "pdf");
        let told = item.message.as_deref().unwrap_or_default();
        assert_eq!((item.state, item.collection_hash), (state, there.map(hash)), "{tip:?} {content}");
        assert!(told.starts_with(message), "{tip:?} {content}: {told}");
        let is_lost = item.recommendation == Some(Recommendation::ChooseBranch);
        assert_eq!(is_lost, message == GONE, "{tip:?} {content}");
        assert_eq!(bench.drift(Q, "pdf"), S::Outdated, "the other one follows what is there");
        bench.assert_like_fresh();
        // The order in which both become known is nothing.
        bench.follow(Vec::new());
        assert_eq!(bench.item(P, "pdf").follows, None);
        bench.assert_like_fresh();
    }
}

#[test]
fn a_collection_that_moves_on_is_nothing_to_who_follows_a_branch() {
    let mut bench = Bench::running(world());
    bench.follow(vec![following(P, "pdf", HERE, Tip::Version(hash(1)))]);
    bench.edit_and_settle(&original("default", "pdf"), 9);
    assert_eq!((bench.drift(P, "pdf"), bench.drift(Q, "pdf")), (S::InSync, S::Outdated));
    bench.follow(vec![following(P, "pdf", HERE, Tip::Current)]);
    assert_eq!(bench.drift(P, "pdf"), S::Outdated);
    bench.edit_and_settle(&original("default", "pdf"), 1);
    assert_eq!(bench.drift(P, "pdf"), S::InSync);
    bench.assert_like_fresh();
}

#[test]
fn what_is_not_known_of_the_collection_is_not_known_of_its_branches() {
    type Change = fn(&mut World);
    let cases: [(&str, Change, S); 4] = [
        ("no entry", |w| w.coll("default").entries.retain(|name| name != "pdf"), S::Removed),
        ("bad TOML", |w| w.coll("default").unreadable = Some("line 3".into()), S::Unreadable),
        ("unreadable files", |w| w.unreadable.extend([original("default", "pdf")]), S::Unreadable),
        ("no files", |w| w.files.retain(|path, _| *path != original("default", "pdf")), S::Removed),
    ];
    for (what, change, want) in cases {
        let mut bench = Bench::running(world());
        bench.follow(vec![following(P, "pdf", HERE, Tip::Version(hash(1)))]);
        change(&mut bench.world);
        bench.touch(original("default", "pdf"));
        bench.touch(collection_root("default").join("collection.toml"));
        bench.settle();
        assert_eq!(bench.drift(P, "pdf"), want, "{what}");
        bench.assert_like_fresh();
    }
}

#[test]
fn only_the_record_says_that_something_is_deployed() {
    let mut bench = Bench::running(world());
    bench.follow(vec![following(P, "pdf", HERE, Tip::Version(hash(1)))]);
    let records = "/p/.claude/.skillmeat-deployed.toml";
    let kept = std::mem::take(&mut bench.world.proj(P).records);
    bench.touch(records);
    bench.settle();
    let item = bench.item(P, "pdf");
    assert_eq!((item.state, item.follows.as_deref()), (S::Untracked, None));
    // Of another collection that is here, it says something else.
    bench.world.collection("team", &[("pdf", 4)]);
    bench.touch("/home/u/.skillmeat/collections");
    bench.world.proj(P).records.push(deployed("pdf", "team", 4));
    bench.touch(records);
    bench.settle();
    let item = bench.item(P, "pdf");
    assert_eq!((item.state, item.follows.as_deref()), (S::Modified, None));
    bench.world.proj(P).records = kept;
    bench.touch(records);
    bench.settle();
    assert_eq!(bench.drift(P, "pdf"), S::InSync);
    bench.assert_like_fresh();
}

#[test]
fn what_did_not_change_is_told_to_nobody() {
    let list = || vec![following(P, "pdf", HERE, Tip::Version(hash(1)))];
    let mut bench = Bench::running(world());
    bench.follow(list());
    bench.wait(ms(300));
    let told: Vec<_> = bench.announced.iter().map(|event| event.project.clone()).collect();
    assert_eq!(told, [P]);
    bench.forget();
    bench.step(Event::Followed(list()));
    bench.wait(ms(300));
    assert_eq!((bench.announced.len(), bench.published), (0, 0));
    // At a start it is known before anything is looked at.
    let mut fresh = Bench::restarted(bench.world.clone(), bench.state.identities.clone(), Loaded::default());
    fresh.settle();
    assert_eq!(fresh.drift(P, "pdf"), S::InSync);
}
