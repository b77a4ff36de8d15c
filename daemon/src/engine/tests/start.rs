//! From nothing known to everything compared.

use super::bench::Bench;
use super::world::{CLAUDE, HOME, World, collection_root, copy, original, skill};
use crate::engine::event::Command;
use crate::scan::JobKind;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::event::CauseKind;
use skillmeat_protocol::reply::ProjectState;

fn world() -> World {
    let mut world = World::default();
    world.collection("default", &[("pdf", 1), ("csv", 2), ("spare", 3)]);
    world.project("/p", "default", &[("pdf", 1), ("csv", 2)]);
    world
}

#[test]
fn looks_follow_from_each_other_and_only_the_last_makes_it_verified() {
    let mut bench = Bench::new(world());
    assert_eq!(bench.jobs.len(), 2, "the home and the registered project");
    assert_eq!(bench.view("/p").state, ProjectState::Pending);
    bench.finish(HOME);
    bench.finish(collection_root("default"));
    assert!(bench.jobs.iter().any(|job| matches!(job.kind, JobKind::Project { .. })));
    bench.finish("/p");
    assert_eq!(bench.jobs.len(), 5, "three originals, two copies");
    while bench.jobs.len() > 1 {
        let job = bench.jobs[0].clone();
        let JobKind::Tree { path, .. } = job.kind else { panic!("{job:?}") };
        bench.finish(path);
        assert!(!bench.snapshot().verified && bench.announced.is_empty());
    }
    bench.settle();
    assert!(bench.snapshot().verified);
    assert_eq!(bench.snapshot().pending, 0);
    assert_eq!(bench.drift("/p", "pdf"), DriftState::InSync);
    assert_eq!(bench.view("/p").added.iter().map(|a| a.key.clone()).collect::<Vec<_>>(), [skill("spare")]);
}

#[test]
fn a_new_project_is_told_as_a_whole_and_once() {
    for reverse in [false, true] {
        let mut world = world();
        world.files.insert(copy("/p", "csv"), 9);
        let mut bench = Bench::new(world);
        bench.settle_choosing(|n| if reverse { n - 1 } else { 0 });
        let [event] = &bench.announced[..] else { panic!("{:?}", bench.announced) };
        assert_eq!(event.cause.kind, CauseKind::Availability);
        assert!(event.available && event.gone.is_empty());
        let [change] = &event.items[..] else { panic!("{event:?}") };
        assert_eq!((change.previous, change.item.state, &*change.item.name), (None, DriftState::Modified, "csv"));
        assert_eq!(event.clock, bench.snapshot().clock);
    }
}

#[test]
fn a_project_registered_later_is_introduced_too() {
    let mut bench = Bench::running(world());
    bench.world.project("/q", "default", &[("pdf", 1)]);
    bench.edit(&original("default", "pdf"), 5);
    bench.settle();
    bench.forget();
    bench.command(Command::AddProject { path: "/q".into() });
    bench.settle();
    let [event] = &bench.announced[..] else { panic!("{:?}", bench.announced) };
    assert_eq!((&*event.project, event.items.len()), ("/q", 1));
    assert_eq!(bench.item("/q", "pdf").profile.as_ref(), CLAUDE);
    bench.assert_like_fresh();
}

#[test]
fn a_home_without_anything_is_verified() {
    let mut bench = Bench::new(World::default());
    bench.settle();
    assert!(bench.snapshot().verified && bench.snapshot().collections.is_empty());
}
