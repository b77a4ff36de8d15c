//! Who goes first, and that what is large is in nobody's way.

use super::super::job::{Look, Wants};
use super::super::testing::Disk;
use super::*;
use crate::engine::unit::{ProjectSlot, TreeSlot};
use skillmeat_protocol::ids::ArtifactType;
use std::sync::mpsc::channel;

fn unit(n: u32) -> Unit {
    Unit::Project(ProjectSlot(n))
}

fn job(n: u32) -> Job {
    Job { unit: unit(n), kind: JobKind::Project { root: std::path::Path::new("/p").into(), known: None } }
}

fn units(jobs: &VecDeque<Job>) -> Vec<Unit> {
    jobs.iter().map(|job| job.unit).collect()
}

#[test]
fn what_somebody_waits_for_overtakes_in_order() {
    let mut queue = Queue::default();
    queue.submit(job(9), Urgency::Now);
    (0..5).for_each(|n| queue.submit(job(n), Urgency::WhenIdle));
    queue.promote(&HashSet::from([unit(3), unit(1), unit(7)]));
    assert_eq!((units(&queue.now), units(&queue.when_idle)), ([9, 1, 3].map(unit).into(), [0, 2, 4].map(unit).into()));
}

#[test]
fn what_is_large_and_awaited_has_a_lane_of_its_own_whenever_that_is_known() {
    let mut queue = Queue::default();
    queue.submit(job(1), Urgency::Now);
    queue.submit(job(2), Urgency::Awaited);
    queue.submit(job(3), Urgency::Now);
    queue.promote(&HashSet::from([unit(3)]));
    queue.submit(job(4), Urgency::Now);
    while let Some(job) = Role::Any.next(&mut queue) {
        queue.is_large(job);
    }
    queue.promote(&HashSet::from([unit(4), unit(5)]));
    assert_eq!((units(&queue.large_awaited), units(&queue.large)), ([2, 3, 4].map(unit).into(), vec![unit(1)]));
    assert_eq!(Role::LargeAwaited.next(&mut queue).map(|job| job.unit), Some(unit(2)));
    for n in 1..=4 {
        queue.ended(unit(n));
    }
    assert!(queue.awaited.is_empty() && queue.under_way.is_empty(), "what has ended is forgotten");
}

/// The first to end is the one that somebody waits for, though it came last and one that takes twelve times as long is
/// under way.
#[test]
fn a_large_artifact_that_is_awaited_does_not_wait_for_others() {
    let disk = Disk::new();
    let around = Surroundings {
        watches: Arc::clone(&disk.watches),
        metrics: Arc::clone(&disk.metrics),
        user_home: None,
        fence: Fence::default(),
        zone: jiff::tz::TimeZone::UTC,
    };
    let (tx, outcomes) = channel();
    let pool = Pool::start(1, around, move |outcome| drop(tx.send(outcome))).expect("threads");
    let large = |n: u32, size: u64, urgency| {
        let path = disk.write(&format!("{n}.md"), "");
        let file = std::fs::File::options().write(true).open(&path).expect("just written");
        file.set_len(size).expect("a sparse file");
        let (artifact, guard) = (ArtifactType::Command, disk.root.clone());
        let kind = JobKind::Tree {
            path: path.into(),
            guard: guard.into(),
            artifact,
            look: Look::Read,
            known: None,
            names: None,
            wants: Wants::Version,
        };
        pool.submit(vec![(Job { unit: Unit::Tree(TreeSlot(n)), kind }, urgency)]);
    };
    large(1, 12 * LARGE, Urgency::Now);
    large(2, 12 * LARGE, Urgency::Now);
    large(3, LARGE + 1, Urgency::Awaited);
    let order: Vec<_> = outcomes.iter().take(3).map(|outcome| outcome.unit).collect();
    assert_eq!(order, [3, 1, 2].map(|n| Unit::Tree(TreeSlot(n))));
}
