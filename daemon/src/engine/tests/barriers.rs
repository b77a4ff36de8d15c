//! Read your writes.

use super::bench::Bench;
use super::world::{World, collection_root, copy, ms, original};
use crate::engine::event::{Event, Heard};
use crate::engine::handle::SyncScope;
use skillmeat_protocol::drift::DriftState as S;
use std::time::Duration;

fn world() -> World {
    let mut world = World::default();
    world.collection("default", &[("pdf", 1)]);
    world.project("/p", "default", &[("pdf", 1)]);
    world.project("/q", "default", &[("pdf", 1)]);
    world
}

fn of(project: &str) -> SyncScope {
    SyncScope::Project(project.into())
}

#[test]
fn nothing_outstanding_needs_a_drain_only() {
    let mut bench = Bench::running(world());
    let waiter = bench.sync(of("/p"));
    assert_eq!(bench.synced(waiter), None);
    bench.drained(Heard::Everything);
    assert_eq!(bench.synced(waiter), Some(None));
    assert!(bench.jobs.is_empty(), "a status request looks at nothing");
}

#[test]
fn what_was_marked_before_the_drain_is_looked_at_first() {
    let mut bench = Bench::running(world());
    let pdf = copy("/p", "pdf");
    let waiter = bench.sync(of("/p"));
    bench.edit(&pdf, 9);
    bench.drained(Heard::Everything);
    assert_eq!(bench.synced(waiter), None);
    bench.finish(&pdf);
    assert_eq!(bench.synced(waiter), Some(None));
    assert_eq!(bench.drift("/p", "pdf"), S::Modified);
}

#[test]
fn what_waits_for_quiet_is_looked_at_at_once() {
    let mut bench = Bench::running(world());
    let pdf = copy("/p", "pdf");
    bench.world.files.insert(pdf.clone(), 9);
    bench.writing(pdf.join("SKILL.md"));
    let waiter = bench.sync(of("/p"));
    assert!(bench.jobs.is_empty());
    bench.drained(Heard::Everything);
    bench.finish(&pdf);
    assert_eq!(bench.synced(waiter), Some(None));
}

#[test]
fn what_a_look_discovers_belongs_to_it() {
    let mut bench = Bench::running(world());
    bench.world.files.insert(copy("/p", "new"), 4);
    bench.touch("/p/.claude/skills/new");
    let waiter = bench.sync(of("/p"));
    bench.drained(Heard::Everything);
    bench.finish("/p");
    assert_eq!(bench.synced(waiter), None, "the new artifact was not read yet");
    bench.finish(copy("/p", "new"));
    assert_eq!(bench.synced(waiter), Some(None));
    assert_eq!(bench.drift("/p", "new"), S::Untracked);
}

#[test]
fn later_changes_do_not_delay_it() {
    let mut bench = Bench::running(world());
    let pdf = copy("/p", "pdf");
    bench.edit(&pdf, 9);
    let waiter = bench.sync(of("/p"));
    bench.drained(Heard::Everything);
    bench.edit(&pdf, 8);
    bench.edit(&copy("/p", "other"), 8);
    bench.finish(&pdf);
    assert_eq!(bench.synced(waiter), Some(None));
    bench.settle();
    bench.assert_like_fresh();
}

#[test]
fn other_projects_do_not_delay_it_and_collections_do() {
    let mut bench = Bench::running(world());
    bench.edit(&copy("/q", "pdf"), 9);
    let (p, all) = (bench.sync(of("/p")), bench.sync(SyncScope::All));
    bench.drained(Heard::Everything);
    assert_eq!((bench.synced(p), bench.synced(all)), (Some(None), None));
    bench.settle();
    assert_eq!(bench.synced(all), Some(None));
    bench.edit(&original("default", "pdf"), 9);
    let p = bench.sync(of("/p"));
    bench.drained(Heard::Everything);
    assert_eq!(bench.synced(p), None);
    bench.settle();
    assert_eq!(bench.synced(p), Some(None));
    assert_eq!(bench.drift("/p", "pdf"), S::Outdated);
}

#[test]
fn artifacts_of_a_collection_delay_only_the_projects_that_use_it() {
    let mut world = world();
    world.collection("team", &[("huge", 1)]);
    world.project("/t", "team", &[("huge", 1)]);
    let mut bench = Bench::running(world);
    bench.edit(&original("team", "huge"), 9);
    bench.urgent.clear();
    let (p, t) = (bench.sync(of("/p")), bench.sync(of("/t")));
    bench.drained(Heard::Everything);
    assert_eq!((bench.synced(p), bench.synced(t)), (Some(None), None));
    let awaited: Vec<_> = bench.jobs.iter().map(|job| bench.urgent.contains(&job.unit)).collect();
    assert_eq!(awaited, [true], "for the project that uses it");
    bench.settle();
    assert_eq!((bench.synced(t), bench.drift("/t", "huge")), (Some(None), S::Outdated));
    // What it is called, and so who uses it, is for its listing to say.
    bench.touch(collection_root("team").join("collection.toml"));
    let p = bench.sync(of("/p"));
    bench.drained(Heard::Everything);
    assert_eq!(bench.synced(p), None);
    bench.settle();
    assert_eq!(bench.synced(p), Some(None));
}

#[test]
fn where_nothing_can_be_drained_the_scope_is_compared() {
    let mut bench = Bench::running(world());
    let waiter = bench.sync(of("/p"));
    bench.world.files.insert(copy("/p", "pdf"), 9);
    bench.world.files.insert(copy("/p", "new"), 9);
    bench.drained(Heard::Nothing);
    assert!(bench.jobs.iter().all(|job| !format!("{job:?}").contains("\"/q")), "{:?}", bench.jobs);
    bench.settle();
    assert_eq!(bench.synced(waiter), Some(None));
    assert_eq!((bench.drift("/p", "pdf"), bench.drift("/p", "new")), (S::Modified, S::Untracked));
}

#[test]
fn the_deadline_answers_with_the_reason() {
    let mut bench = Bench::running(world());
    bench.edit(&copy("/p", "pdf"), 9);
    let waiter = bench.sync(of("/p"));
    bench.drained(Heard::Everything);
    bench.wait(ms(4999));
    assert_eq!(bench.synced(waiter), None);
    bench.wait(ms(1));
    let why = bench.synced(waiter).expect("answered").expect("stale");
    assert!(why.contains("1 scan"), "{why}");
}

#[test]
fn a_drain_that_lost_events_is_repeated() {
    let mut bench = Bench::running(world());
    let waiter = bench.sync(of("/p"));
    bench.world.files.insert(copy("/p", "pdf"), 9);
    bench.step(Event::Lost { reason: "overflow".into() });
    assert_eq!((bench.restarts, &bench.drains[..]), (1, &[1, 2][..]));
    bench.step(Event::Drained(1, Heard::Everything));
    bench.settle();
    assert_eq!(bench.synced(waiter), None, "the first drain proves nothing");
    bench.drained(Heard::Everything);
    assert_eq!(bench.synced(waiter), Some(None));
    assert_eq!(bench.drift("/p", "pdf"), S::Modified);
}

#[test]
fn at_start_it_waits_for_the_first_comparison() {
    let mut bench = Bench::new(world());
    let waiter = bench.sync(of("/p"));
    bench.drained(Heard::Everything);
    let mut answered = false;
    while !bench.jobs.is_empty() {
        assert!(!answered || !bench.jobs.iter().any(|j| format!("{j:?}").contains("\"/p")));
        let last = bench.jobs.len() - 1;
        let path = format!("{:?}", bench.jobs[last].kind);
        bench.settle_choosing(|n| n - 1);
        answered = bench.synced(waiter).is_some();
        assert!(answered, "{path}");
    }
    assert_eq!(bench.synced(waiter), Some(None));
    assert_eq!(bench.drift("/p", "pdf"), S::InSync);
}

#[test]
fn what_no_event_speaks_for_is_compared() {
    let mut world = world();
    world.unwatched.insert("/p".into());
    world.proj("/q").gone = true;
    let mut bench = Bench::running(world);
    bench.world.files.insert(copy("/p", "pdf"), 9);
    bench.world.proj("/q").gone = false;
    let (p, q) = (bench.sync(of("/p")), bench.sync(of("/q")));
    bench.drained(Heard::Everything);
    bench.settle();
    assert_eq!((bench.synced(p), bench.synced(q)), (Some(None), Some(None)));
    assert_eq!((bench.drift("/p", "pdf"), bench.drift("/q", "pdf")), (S::Modified, S::InSync));
}

#[test]
fn an_unknown_project_waits_for_collections_only() {
    let mut bench = Bench::running(world());
    bench.edit(&copy("/p", "pdf"), 9);
    let waiter = bench.sync(of("/nowhere"));
    bench.drained(Heard::Everything);
    assert_eq!(bench.synced(waiter), Some(None));
    bench.wait(Duration::from_secs(1));
    bench.touch(collection_root("default").join("collection.toml"));
    let waiter = bench.sync(of("/nowhere"));
    bench.drained(Heard::Everything);
    assert_eq!(bench.synced(waiter), None);
}

#[test]
fn what_never_holds_still_holds_up_nobody() {
    let mut bench = Bench::running(world());
    let pdf = copy("/p", "pdf");
    bench.world.unstable.insert(pdf.clone());
    bench.edit(&pdf, 9);
    bench.finish(&pdf);
    assert!(bench.jobs.is_empty(), "nobody waits, so it may come to rest first");
    bench.writing(pdf.join("SKILL.md"));
    let waiter = bench.sync(of("/p"));
    bench.drained(Heard::Everything);
    bench.writing(pdf.join("SKILL.md"));
    bench.finish(&pdf);
    assert_eq!(bench.synced(waiter), None, "that look has no result");
    bench.writing(pdf.join("SKILL.md"));
    bench.finish(&pdf);
    assert_eq!(bench.synced(waiter), Some(None));
    assert_eq!(bench.drift("/p", "pdf"), S::Modified);
    bench.world.unstable.clear();
    bench.edit(&pdf, 1);
    bench.settle();
    assert_eq!(bench.drift("/p", "pdf"), S::InSync);
    bench.assert_like_fresh();
}

#[test]
fn one_project_does_not_wait_for_the_first_look_at_all_others() {
    let mut world = world();
    for n in 0..50 {
        world.project(&format!("/other{n}"), "default", &[("pdf", 1)]);
    }
    let mut bench = Bench::new(world);
    let waiter = bench.sync(of("/p"));
    bench.drained(Heard::Everything);
    let mut looks = 0;
    while bench.synced(waiter).is_none() {
        // As the threads do: what is urgent first.
        let next = bench.jobs.iter().position(|job| bench.urgent.contains(&job.unit)).unwrap_or(0);
        let outcome = bench.look(next);
        bench.urgent.remove(&outcome.unit);
        bench.step(Event::Scanned(outcome));
        looks += 1;
    }
    assert_eq!((bench.synced(waiter), bench.drift("/p", "pdf")), (Some(None), S::InSync));
    assert_eq!(looks, 5, "home, collection, its artifact, the project, its artifact");
    bench.settle();
    bench.assert_like_fresh();
}
