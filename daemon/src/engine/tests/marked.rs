//! Copies that were given conflict markers: when they are shown as that.

use super::bench::Bench;
use super::world::{World, collection_root, copy, marked, ms, original};
use crate::engine::event::Event;
use skillmeat_protocol::drift::{DriftState as S, Recommendation as R};

const P: &str = "/p";
const Q: &str = "/q";
/// The first collection of a world, and one that is nowhere.
const HERE: u64 = 1;
const NOWHERE: u64 = 99;
const SAID: &str = "it was given conflict markers";

/// `pdf` was deployed with content 1, edited to 3 and given markers, which are content 7; the collection has 5.
fn world() -> World {
    let mut world = World::default();
    world.collection("default", &[("pdf", 5)]);
    world.project(P, "default", &[("pdf", 1)]);
    world.project(Q, "default", &[("pdf", 1)]);
    world.files.insert(copy(P, "pdf"), 7);
    world
}

#[test]
fn a_copy_with_markers_is_shown_as_one_whatever_its_state() {
    type Change = fn(&mut Bench);
    let cases: [(&str, Change, S, Option<R>); 9] = [
        ("given", |_| {}, S::Conflict, None),
        ("edited", |b| b.edit_and_settle(&copy(P, "pdf"), 8), S::Conflict, None),
        ("the collection went back", |b| b.edit_and_settle(&original("default", "pdf"), 1), S::Modified, None),
        ("edited to what was deployed", |b| b.edit_and_settle(&copy(P, "pdf"), 1), S::Outdated, None),
        ("edited to what the other side is", |b| b.edit_and_settle(&copy(P, "pdf"), 5), S::Converged, None),
        (
            "no longer in the collection",
            |b| {
                b.world.coll("default").entries.clear();
                b.touch(collection_root("default").join("collection.toml"));
                b.settle();
            },
            S::RemovedModified,
            None,
        ),
        ("as it was before", |b| b.edit_and_settle(&copy(P, "pdf"), 3), S::Conflict, Some(R::ReviewManually)),
        (
            "another record",
            |b| {
                b.world.proj(P).records[0].baseline = Some(2);
                b.touch("/p/.claude/.skillmeat-deployed.toml");
                b.settle();
            },
            S::Conflict,
            Some(R::ReviewManually),
        ),
        (
            "unreadable",
            |b| {
                b.world.unreadable.insert(original("default", "pdf"));
                b.touch(original("default", "pdf"));
                b.settle();
            },
            S::Unreadable,
            Some(R::FixFile),
        ),
    ];
    for (what, change, state, other) in cases {
        let mut bench = Bench::running(world());
        bench.mark(vec![marked(P, "pdf", HERE, 3)]);
        change(&mut bench);
        let item = bench.item(P, "pdf");
        let want = other.unwrap_or(R::ResolveMarkers);
        assert_eq!((item.state, item.recommendation), (state, Some(want)), "{what}");
        let says = item.message.as_deref().is_some_and(|message| message.contains(SAID));
        assert_eq!((says, item.is_marked()), (other.is_none(), other.is_none()), "{what}: {:?}", item.message);
        assert!(!bench.item(Q, "pdf").is_marked(), "{what}");
        bench.assert_like_fresh();
        // Ended, it is an item like every other.
        bench.mark(Vec::new());
        assert!(!bench.item(P, "pdf").is_marked(), "{what}");
        bench.assert_like_fresh();
    }
    let mut bench = Bench::running(world());
    bench.mark(vec![marked(P, "pdf", NOWHERE, 3)]);
    assert!(!bench.item(P, "pdf").is_marked(), "of another collection");
}

#[test]
fn what_holds_markers_is_not_tried_and_told_once() {
    let mut bench = Bench::running(world());
    let trial = bench.trials.pop().expect("given out");
    bench.mark(vec![marked(P, "pdf", HERE, 3)]);
    bench.answer(trial, Some(true));
    assert_eq!(bench.item(P, "pdf").mergeable, None);
    bench.wait(ms(300));
    let told: Vec<_> = bench.announced.iter().map(|event| (&*event.project, event.items.len())).collect();
    assert_eq!((told, bench.trials.len()), (vec![(P, 1)], 0));
    bench.forget();
    bench.step(Event::Marked(vec![marked(P, "pdf", HERE, 3)]));
    bench.wait(ms(300));
    assert_eq!((bench.announced.len(), bench.published), (0, 0));
    bench.mark(Vec::new());
    assert_eq!(bench.trials.len(), 1, "tried again");
}
