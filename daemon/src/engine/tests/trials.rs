//! Whether conflicts merge: what is given out, when an answer counts, and who waits for it.

use super::bench::Bench;
use super::world::{World, copy, hash, ms, original};
use crate::engine::event::{Command, Heard};
use crate::engine::handle::SyncScope;
use crate::engine::snapshot::Sides;
use crate::engine::trials::Trial;
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_protocol::event::CauseKind;

const P: &str = "/p";
const Q: &str = "/q";

/// `pdf` was deployed with content 1, and the collection has 5 by now.
fn world() -> World {
    let mut world = World::default();
    world.collection("default", &[("pdf", 5)]);
    world.project(P, "default", &[("pdf", 1)]);
    world.project(Q, "default", &[("pdf", 1)]);
    world
}

fn sides(ours: u8, theirs: u8) -> Sides {
    Sides { base: hash(1), ours: hash(ours), theirs: hash(theirs) }
}

/// The only one that was given out since the last time.
fn given_out(bench: &mut Bench) -> Trial {
    let trials = std::mem::take(&mut bench.trials);
    let [trial] = trials.as_slice() else { panic!("{trials:?}") };
    trial.clone()
}

#[test]
fn a_conflict_is_given_out_once_and_its_answer_is_shown_and_told() {
    for (mergeable, events) in [(Some(true), 1), (Some(false), 1), (None, 0)] {
        let mut bench = Bench::running(world());
        assert_eq!(bench.trials, []);
        bench.edit_and_settle(&copy(P, "pdf"), 7);
        let trial = given_out(&mut bench);
        assert_eq!((&*trial.project, trial.sides), (P, sides(7, 5)));
        assert_eq!((bench.drift(P, "pdf"), bench.item(P, "pdf").mergeable), (S::Conflict, None));
        bench.wait(ms(300));
        bench.forget();
        bench.answer(trial, mergeable);
        assert_eq!(bench.item(P, "pdf").mergeable, mergeable);
        let told: Vec<_> = bench.announced.iter().map(|event| (event.cause.kind, event.items[0].clone())).collect();
        assert_eq!(told.len(), events);
        for (cause, change) in told {
            assert_eq!((cause, change.previous), (CauseKind::Merge, Some(S::Conflict)));
            assert_eq!(change.item.mergeable, mergeable);
        }
        // Looked at again, it is what it was.
        bench.edit_and_settle(&copy(P, "pdf"), 7);
        bench.edit_and_settle(&original("default", "pdf"), 5);
        assert_eq!((bench.item(P, "pdf").mergeable, bench.trials.len()), (mergeable, 0));
    }
}

#[test]
fn an_answer_counts_for_the_contents_that_it_is_about() {
    type Change = fn(&mut Bench);
    /// What happens, what was tried before that and is answered after, and what is to be tried then.
    type Case = (&'static str, Change, Option<(u8, u8)>);
    let cases: [Case; 5] = [
        ("edited again", |b| b.edit_and_settle(&copy(P, "pdf"), 8), Some((8, 5))),
        ("the collection moves on", |b| b.edit_and_settle(&original("default", "pdf"), 6), Some((7, 6))),
        ("as deployed again", |b| b.edit_and_settle(&copy(P, "pdf"), 1), None),
        ("the same on both sides", |b| b.edit_and_settle(&copy(P, "pdf"), 5), None),
        (
            "no longer registered",
            |b| {
                b.command(Command::RemoveProject { path: P.into() });
            },
            None,
        ),
    ];
    for answered in [false, true] {
        for (what, change, next) in cases {
            let mut bench = Bench::running(world());
            bench.edit_and_settle(&copy(P, "pdf"), 7);
            let trial = given_out(&mut bench);
            if answered {
                bench.answer(trial.clone(), Some(true));
            }
            change(&mut bench);
            bench.answer(trial, Some(true));
            let shown = bench.snapshot().projects.get(P).and_then(|view| view.drift.first().cloned());
            assert_eq!(shown.and_then(|item| item.mergeable), None, "{what} {answered}");
            let wanted: Vec<_> = bench.trials.iter().map(|trial| trial.sides).collect();
            assert_eq!(wanted, Vec::from_iter(next.map(|(ours, theirs)| sides(ours, theirs))), "{what} {answered}");
            let waiter = bench.sync_until_tried(SyncScope::Project(P.into()));
            bench.drained(Heard::Everything);
            bench.settle();
            assert_eq!(bench.synced(waiter).is_some(), next.is_none(), "{what} {answered}");
        }
    }
}

#[test]
fn what_was_there_before_is_tried_again() {
    let mut bench = Bench::running(world());
    for (ours, wanted) in [(7, true), (8, true), (1, false), (7, true)] {
        bench.edit_and_settle(&copy(P, "pdf"), ours);
        assert_eq!(bench.item(P, "pdf").mergeable, None, "{ours}");
        if wanted {
            let trial = given_out(&mut bench);
            assert_eq!(trial.sides, sides(ours, 5));
            bench.answer(trial, Some(false));
        }
        assert_eq!(bench.item(P, "pdf").mergeable, wanted.then_some(false), "{ours}");
    }
}

#[test]
fn a_barrier_waits_for_answers_only_if_it_is_asked_to() {
    for (scope, is_concerned) in
        [(SyncScope::All, true), (SyncScope::Project(P.into()), true), (SyncScope::Project(Q.into()), false)]
    {
        let mut bench = Bench::running(world());
        // What is seen by the barrier itself counts, too.
        bench.edit(&copy(P, "pdf"), 7);
        let (seen, tried) = (bench.sync(scope.clone()), bench.sync_until_tried(scope.clone()));
        bench.drained(Heard::Everything);
        bench.settle();
        assert_eq!(bench.synced(seen), Some(None), "{scope:?}");
        assert_eq!(bench.synced(tried), (!is_concerned).then_some(None), "{scope:?}");
        let trial = given_out(&mut bench);
        bench.answer(trial, None);
        assert_eq!(bench.synced(tried), Some(None), "{scope:?}");
        // Nobody answers.
        bench.edit_and_settle(&copy(P, "pdf"), 8);
        let late = bench.sync_until_tried(scope.clone());
        bench.drained(Heard::Everything);
        bench.wait_in_turns(ms(5001));
        let why = is_concerned.then(|| "it is not known of 1 conflicts whether they merge".to_owned());
        assert_eq!(bench.synced(late), Some(why), "{scope:?}");
    }
}

#[test]
fn nothing_is_given_out_before_everything_was_compared_once() {
    let mut world = world();
    world.files.insert(copy(P, "pdf"), 7);
    let mut bench = Bench::new(world);
    while !bench.jobs.is_empty() {
        assert_eq!(bench.trials, []);
        let outcome = bench.look(0);
        bench.step(crate::engine::event::Event::Scanned(outcome));
    }
    assert_eq!(given_out(&mut bench).sides, sides(7, 5));
}

#[test]
fn without_a_recorded_base_there_is_nothing_to_try() {
    let mut world = world();
    world.proj(P).records[0].baseline = None;
    world.files.insert(copy(P, "pdf"), 7);
    let mut bench = Bench::running(world);
    assert_eq!((bench.drift(P, "pdf"), bench.item(P, "pdf").mergeable), (S::Conflict, None));
    let waiter = bench.sync_until_tried(SyncScope::All);
    bench.drained(Heard::Everything);
    bench.settle();
    assert_eq!((bench.synced(waiter), bench.trials.len()), (Some(None), 0));
}
