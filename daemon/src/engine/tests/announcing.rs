//! What subscribers hear of a change, and when.

use super::bench::Bench;
use super::world::{World, collection_root, copy, ms, original, skill};
use crate::engine::event::{Command, Response};
use skillmeat_protocol::clock::Clock;
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_protocol::event::{CauseKind, DriftEvent};
use std::sync::Arc;
use std::time::Duration;

fn world() -> World {
    let mut world = World::default();
    world.collection("default", &[("pdf", 1), ("csv", 2)]);
    world.project("/p", "default", &[("pdf", 1), ("csv", 2)]);
    world
}

fn states(event: &DriftEvent) -> Vec<(&str, Option<S>, S)> {
    event.items.iter().map(|c| (&*c.item.name, c.previous, c.item.state)).collect()
}

#[test]
fn one_edit_is_one_event_with_its_cause_and_what_was_before() {
    let mut bench = Bench::running(world());
    let pdf = copy("/p", "pdf");
    bench.edit_and_settle(&pdf, 9);
    bench.wait_in_turns(Duration::from_secs(1));
    let [event] = &bench.announced[..] else { panic!("{:?}", bench.announced) };
    assert_eq!(states(event), [("pdf", Some(S::InSync), S::Modified)]);
    assert_eq!(event.cause.kind, CauseKind::Project);
    assert_eq!(event.cause.path.as_deref(), Some("/p/.claude/skills/pdf/SKILL.md"));
    bench.forget();
    bench.edit_and_settle(&original("default", "pdf"), 8);
    bench.wait_in_turns(Duration::from_secs(1));
    let [event] = &bench.announced[..] else { panic!("{:?}", bench.announced) };
    assert_eq!(states(event), [("pdf", Some(S::Modified), S::Conflict)]);
    assert_eq!(event.cause.kind, CauseKind::Collection);
    bench.assert_like_fresh();
}

#[test]
fn an_editors_temporaries_do_not_hide_the_file_that_was_saved() {
    let mut bench = Bench::running(world());
    let pdf = copy("/p", "pdf");
    bench.touch(pdf.join("4913"));
    bench.edit(&pdf, 9);
    bench.touch(pdf.join("SKILL.md~"));
    bench.settle();
    assert_eq!(bench.announced[0].cause.path.as_deref(), Some("/p/.claude/skills/pdf/SKILL.md"));
}

#[test]
fn a_cause_that_changed_nothing_is_not_blamed_for_a_later_change() {
    let mut bench = Bench::running(world());
    let pdf = copy("/p", "pdf");
    bench.touch(pdf.join("read-only.md"));
    bench.settle();
    bench.world.files.insert(pdf.clone(), 9);
    bench.wait_in_turns(Duration::from_secs(601));
    assert_eq!(bench.announced[0].cause.path.as_deref(), pdf.to_str());
}

#[test]
fn what_follows_within_20_ms_is_folded_and_an_echo_is_silent() {
    let mut bench = Bench::running(world());
    let pdf = copy("/p", "pdf");
    bench.edit_and_settle(&pdf, 9);
    bench.wait(ms(5));
    bench.edit_and_settle(&pdf, 8);
    bench.wait(ms(5));
    bench.edit_and_settle(&pdf, 7);
    assert_eq!(bench.announced.len(), 1);
    assert_eq!(bench.item("/p", "pdf").project_hash, Some(super::world::hash(7)), "readers do not wait");
    bench.wait(ms(20));
    assert_eq!(bench.announced.len(), 2);
    assert_eq!(states(&bench.announced[1]), [("pdf", Some(S::Modified), S::Modified)]);
    bench.wait(ms(100));
    bench.forget();
    // Through another state and back to what was told.
    bench.edit_and_settle(&pdf, 6);
    bench.wait(ms(1));
    bench.edit_and_settle(&pdf, 1);
    bench.wait(ms(1));
    bench.edit_and_settle(&pdf, 6);
    bench.wait_in_turns(ms(400));
    assert_eq!(bench.announced.len(), 1, "{:?}", bench.announced);
}

#[test]
fn unfinished_writes_wait_for_quiet_and_at_most_250_ms() {
    let mut bench = Bench::running(world());
    let pdf = copy("/p", "pdf");
    bench.world.files.insert(pdf.clone(), 9);
    for _ in 0..10 {
        bench.writing(pdf.join("SKILL.md"));
        assert!(bench.jobs.is_empty());
        bench.wait(ms(19));
    }
    assert!(bench.jobs.is_empty());
    bench.wait(ms(1));
    bench.settle();
    assert_eq!(bench.announced.len(), 1);
    bench.wait(ms(300));
    bench.forget();
    let mut waited = 0;
    while bench.jobs.is_empty() {
        bench.writing(pdf.join("SKILL.md"));
        bench.wait(ms(10));
        waited += 10;
        assert!(waited <= 250, "writes without a pause put a look off for ever");
    }
    assert_eq!(waited, 250);
}

#[test]
fn what_is_read_while_it_is_written_keeps_its_state_and_is_read_again() {
    let mut bench = Bench::running(world());
    let pdf = copy("/p", "pdf");
    bench.world.unstable.insert(pdf.clone());
    bench.edit(&pdf, 9);
    bench.finish(&pdf);
    assert!(bench.jobs.is_empty() && bench.announced.is_empty());
    assert_eq!(bench.drift("/p", "pdf"), S::InSync);
    bench.world.unstable.clear();
    bench.wait(ms(20));
    bench.settle();
    assert_eq!(bench.drift("/p", "pdf"), S::Modified);
    assert_eq!(bench.announced[0].cause.path.as_deref(), Some("/p/.claude/skills/pdf/SKILL.md"));
}

#[test]
fn a_manifest_and_a_record_are_causes_of_their_own() {
    let mut bench = Bench::running(world());
    bench.world.coll("default").entries.remove("csv");
    bench.touch(collection_root("default").join("collection.toml"));
    bench.settle();
    assert!(bench.announced.is_empty(), "it may be back in a moment");
    bench.wait(ms(2));
    let [event] = &bench.announced[..] else { panic!("{:?}", bench.announced) };
    assert_eq!(states(event), [("csv", Some(S::InSync), S::Removed)]);
    assert_eq!(event.cause.kind, CauseKind::Collection);
    bench.wait(ms(300));
    bench.forget();
    bench.world.proj("/p").records[0].baseline = Some(77);
    bench.touch("/p/.claude/.skillmeat-deployed.toml");
    bench.settle();
    let [event] = &bench.announced[..] else { panic!("{:?}", bench.announced) };
    assert_eq!(states(event), [("pdf", Some(S::InSync), S::Converged)]);
    assert_eq!(event.cause.kind, CauseKind::Record);
    assert_eq!(event.cause.path.as_deref(), Some("/p/.claude/.skillmeat-deployed.toml"));
    bench.assert_like_fresh();
}

#[test]
fn an_item_that_is_no_longer_recorded_and_not_there_is_gone() {
    let mut bench = Bench::running(world());
    bench.world.proj("/p").records.remove(0);
    bench.world.files.remove(&copy("/p", "pdf"));
    bench.touch("/p/.claude/.skillmeat-deployed.toml");
    bench.touch(copy("/p", "pdf"));
    bench.settle();
    bench.wait_in_turns(Duration::from_secs(1));
    let gone: Vec<_> = bench.announced.iter().flat_map(|e| &e.gone).map(|g| g.key.clone()).collect();
    assert_eq!(gone, [skill("pdf")]);
    bench.assert_like_fresh();
}

fn subscribe(bench: &mut Bench, since: Option<Clock>) -> Option<Vec<Arc<DriftEvent>>> {
    let waiter = bench.command(Command::Subscribe { since });
    let answer = bench.answers.iter().position(|(who, _)| *who == waiter).expect("answered at once");
    match bench.answers.remove(answer).1 {
        Response::Subscribed { backlog } => backlog,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_subscriber_that_comes_back_gets_what_it_missed_or_starts_again() {
    let mut bench = Bench::running(world());
    assert_eq!(subscribe(&mut bench, None), None);
    let start = bench.snapshot().clock;
    for content in 10..13 {
        bench.edit_and_settle(&copy("/p", "pdf"), content);
        bench.wait(ms(300));
    }
    let missed = subscribe(&mut bench, Some(start)).expect("known");
    assert_eq!(missed.len(), 3);
    assert_eq!(subscribe(&mut bench, Some(missed[1].clock)).expect("known").len(), 1);
    let now = bench.snapshot().clock;
    assert_eq!(subscribe(&mut bench, Some(now)).as_deref(), Some(&[][..]));
    for unknown in [Clock { instance: 8, ..start }, Clock { generation: now.generation + 1, ..now }] {
        assert_eq!(subscribe(&mut bench, Some(unknown)), None);
    }
    for round in 0..1030u32 {
        bench.edit_and_settle(&copy("/p", "pdf"), if round % 2 == 0 { 20 } else { 21 });
        bench.wait(ms(300));
    }
    assert_eq!(subscribe(&mut bench, Some(start)), None, "too old");
    let oldest = bench.state.history.front().expect("full").clock;
    assert_eq!(subscribe(&mut bench, Some(oldest)).expect("known").len(), 1023);
}

#[test]
fn a_subscriber_that_left_between_two_events_of_one_turn_gets_the_second() {
    let mut world = world();
    world.project("/q", "default", &[("pdf", 1)]);
    let mut bench = Bench::running(world);
    bench.edit_and_settle(&original("default", "pdf"), 9);
    let [first, second] = &bench.announced[..] else { panic!("{:?}", bench.announced) };
    let (first, second) = (Arc::clone(first), Arc::clone(second));
    assert_eq!(second.clock, bench.snapshot().clock);
    assert_eq!(subscribe(&mut bench, Some(first.clock)).expect("known"), [second]);
}

#[test]
fn a_project_that_is_no_longer_registered_is_told_with_all_its_items() {
    let mut world = World::default();
    world.collection("default", &[("pdf", 1), ("csv", 2)]);
    world.project("/p", "default", &[("pdf", 1), ("csv", 2)]);
    let mut bench = Bench::running(world);
    bench.edit_and_settle(&copy("/p", "pdf"), 9);
    bench.forget();
    bench.command(Command::RemoveProject { path: "/p".into() });
    let [event] = &bench.announced[..] else { panic!("{:?}", bench.announced) };
    assert_eq!((event.cause.kind, &*event.project, event.available), (CauseKind::Availability, "/p", false));
    let gone: Vec<_> = event.gone.iter().map(|gone| &*gone.key.name).collect();
    assert_eq!((gone, event.items.len(), event.clock), (vec!["pdf", "csv"], 0, bench.snapshot().clock));
    // Registered again in the same breath, it is introduced as ever.
    bench.forget();
    bench.command(Command::AddProject { path: "/p".into() });
    bench.settle();
    assert!(bench.announced.iter().all(|event| event.available), "{:?}", bench.announced);
}
