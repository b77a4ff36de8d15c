//! Lost events, roots without events, and looks that say nothing.

use super::bench::Bench;
use super::world::{World, copy, ms, original};
use crate::engine::event::{Command, Event};
use crate::engine::handle::SyncScope;
use crate::scan::{Finding, Outcome};
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_protocol::reply::ProjectState;
use std::time::Duration;

fn world() -> World {
    let mut world = World::default();
    world.collection("default", &[("pdf", 1), ("csv", 2)]);
    world.project("/p", "default", &[("pdf", 1), ("csv", 2)]);
    world
}

#[test]
fn after_lost_events_everything_is_compared() {
    let mut bench = Bench::running(world());
    bench.world.files.insert(copy("/p", "pdf"), 9);
    bench.world.files.insert(original("default", "csv"), 9);
    bench.world.files.insert(copy("/p", "new"), 9);
    bench.step(Event::Lost { reason: "overflow".into() });
    assert_eq!((bench.restarts, bench.jobs.len()), (1, 7), "home, collection, project, four trees");
    bench.settle();
    assert_eq!((bench.drift("/p", "pdf"), bench.drift("/p", "csv")), (S::Modified, S::Outdated));
    bench.assert_like_fresh();
}

#[test]
fn the_slow_verification_finds_what_no_event_told() {
    let mut bench = Bench::running(world());
    bench.world.files.insert(copy("/p", "pdf"), 9);
    bench.wait_in_turns(Duration::from_secs(601));
    assert_eq!(bench.drift("/p", "pdf"), S::Modified);
}

#[test]
fn who_doubts_that_every_event_came_can_have_everything_compared() {
    let mut bench = Bench::running(world());
    bench.world.files.insert(copy("/p", "pdf"), 9);
    bench.settle();
    assert_eq!(bench.drift("/p", "pdf"), S::InSync, "this test is about a lost event");
    bench.step(Event::Verify(SyncScope::Project("/p".into())));
    bench.settle();
    assert_eq!(bench.drift("/p", "pdf"), S::Modified);
    bench.assert_like_fresh();
}

#[test]
fn a_root_is_polled_as_long_as_anything_in_it_cannot_be_watched() {
    let mut world = world();
    world.unwatched.insert(copy("/p", "pdf"));
    let mut bench = Bench::new(world);
    // The artifact is looked at before and after the listing, which can be watched.
    for order in [0, 1] {
        bench.settle_choosing(|n| if order == 0 { 0 } else { n - 1 });
        assert_eq!(bench.view("/p").state, ProjectState::Degraded);
        assert_eq!(bench.snapshot().degraded.len(), 1);
        bench.step(Event::Lost { reason: "overflow".into() });
    }
    bench.settle();
    bench.wait_in_turns(Duration::from_secs(1));
    bench.forget();
    bench.world.files.insert(copy("/p", "pdf"), 9);
    bench.wait_in_turns(Duration::from_secs(3));
    assert_eq!(bench.drift("/p", "pdf"), S::Modified);
    bench.forget();
    bench.wait_in_turns(Duration::from_secs(10));
    assert!(bench.announced.is_empty());
    bench.world.unwatched.clear();
    bench.wait_in_turns(Duration::from_secs(3));
    assert_eq!(bench.view("/p").state, ProjectState::Watched);
    assert!(bench.snapshot().degraded.is_empty());
    assert!(bench.state.deadline() > bench.time + Duration::from_secs(60), "and then no longer");
}

#[test]
fn a_failed_look_says_unreadable_and_never_in_sync() {
    let mut bench = Bench::running(world());
    bench.edit(&copy("/p", "pdf"), 9);
    let Outcome { unit, .. } = bench.look_at(copy("/p", "pdf"));
    bench.step(Event::Scanned(Outcome { unit, finding: Finding::Failed("a panic".into()), unwatched: None }));
    let item = bench.item("/p", "pdf");
    assert_eq!(item.state, S::Unreadable);
    assert!(item.message.as_deref().is_some_and(|m| m.contains("a panic")), "{item:?}");
    bench.edit_and_settle(&copy("/p", "pdf"), 1);
    assert_eq!(bench.drift("/p", "pdf"), S::InSync);
}

#[test]
fn findings_for_what_is_no_longer_known_are_ignored() {
    let mut bench = Bench::running(world());
    bench.edit(&copy("/p", "pdf"), 9);
    let late = bench.look_at(copy("/p", "pdf"));
    bench.command(Command::RemoveProject { path: "/p".into() });
    bench.command(Command::AddProject { path: "/p".into() });
    bench.world.files.insert(copy("/p", "pdf"), 1);
    bench.settle();
    bench.step(Event::Scanned(late));
    assert_eq!(bench.drift("/p", "pdf"), S::InSync);
    bench.settle();
    assert!(bench.state.work.is_empty() && bench.state.work.open_roots().next().is_none());
    bench.assert_like_fresh();
}

#[test]
fn a_finding_that_came_twice_is_ignored() {
    let mut bench = Bench::running(world());
    bench.edit(&copy("/p", "pdf"), 9);
    let outcome = bench.look_at(copy("/p", "pdf"));
    let unit = outcome.unit;
    bench.step(Event::Scanned(outcome));
    bench.step(Event::Scanned(Outcome { unit, finding: Finding::Unstable, unwatched: None }));
    assert!(bench.state.work.is_empty());
    bench.wait(ms(300));
    assert!(bench.jobs.is_empty());
}

#[test]
fn what_changes_during_a_look_is_looked_at_again() {
    let mut bench = Bench::running(world());
    bench.edit(&copy("/p", "pdf"), 9);
    let old = bench.look_at(copy("/p", "pdf"));
    bench.edit(&copy("/p", "pdf"), 1);
    assert!(bench.jobs.is_empty(), "one look at a time");
    bench.step(Event::Scanned(old));
    bench.settle();
    assert_eq!(bench.drift("/p", "pdf"), S::InSync);
    bench.assert_like_fresh();
}

#[test]
fn what_is_made_in_a_directory_before_its_watch_is_known_is_found() {
    // The look watches `skills` and lists it; then something is made there; only then its result is taken in.
    let mut world = World::default();
    world.collection("default", &[("pdf", 1)]);
    let mut bench = Bench::running(world);
    bench.world.project("/p", "default", &[]);
    bench.command(Command::AddProject { path: "/p".into() });
    let first = bench.look_at("/p");
    bench.world.files.insert(copy("/p", "made"), 9);
    bench.touch("/p/.claude/skills");
    bench.touch(copy("/p", "made"));
    bench.step(Event::Scanned(first));
    bench.settle();
    assert_eq!(bench.drift("/p", "made"), S::Untracked);

    // The same in a directory of a project that is known, and in a collection that is not.
    bench.world.files.remove(&copy("/p", "made"));
    bench.touch("/p/.claude/skills");
    bench.settle();
    bench.world.files.insert(copy("/p", "one"), 9);
    bench.touch("/p/.claude/skills");
    let listed_one = bench.look_at("/p");
    bench.world.files.insert(copy("/p", "two"), 9);
    bench.touch(copy("/p", "two"));
    bench.step(Event::Scanned(listed_one));
    bench.settle();
    bench.assert_like_fresh();

    bench.world.collection("other", &[("a", 1)]);
    bench.touch(super::world::collection_root("other"));
    bench.finish(super::world::HOME);
    let listed = bench.look_at(super::world::collection_root("other"));
    bench.world.files.insert(original("other", "b"), 1);
    bench.world.coll("other").entries.insert("b".into());
    bench.touch(super::world::collection_root("other").join("collection.toml"));
    bench.step(Event::Scanned(listed));
    bench.settle();
    bench.assert_like_fresh();
}

#[test]
fn watching_that_cannot_be_started_anew_is_tried_again_less_and_less_often() {
    let mut bench = Bench::running(world());
    // Without an instance no directory can be watched.
    bench.world.unwatched.extend(["/p".into(), super::world::collection_root("default")]);
    bench.step(Event::Lost { reason: "overflow".into() });
    bench.step(Event::WatchesFailed);
    bench.settle();
    assert!(!bench.snapshot().degraded.is_empty());
    let mut tried = Vec::new();
    while tried.len() < 9 {
        let before = bench.restarts;
        bench.wait(ms(500));
        bench.settle();
        if bench.restarts > before {
            tried.push(bench.time.as_secs());
            bench.step(Event::WatchesFailed);
        }
    }
    let pauses: Vec<_> = tried.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 64, 64]);
    while bench.restarts < 11 {
        bench.wait(ms(500));
        bench.settle();
    }
    bench.world.unwatched.clear();
    bench.step(Event::WatchesBack);
    assert!(!bench.jobs.is_empty(), "what is not looked at is not watched");
    bench.settle();
    assert!(bench.snapshot().degraded.is_empty());
    // As ever: a restart that succeeds at once has its comparison already.
    bench.step(Event::Lost { reason: "overflow".into() });
    bench.settle();
    bench.step(Event::WatchesBack);
    assert!(bench.jobs.is_empty());
}
