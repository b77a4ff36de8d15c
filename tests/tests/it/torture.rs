//! Kills, damaged caches, lost events and hostile clients, each for seconds; the long versions are `cargo run --bin torture`.

use skillmeat_tests::torture::{Tally, cache, connections, events, kill, operations};

use crate::binaries;

/// What was counted, and what was skipped and why, for `--nocapture` and for failures.
#[track_caller]
fn check(done: Result<Tally, String>) -> Tally {
    match done {
        Ok(tally) => {
            println!("{tally}");
            tally
        }
        Err(what) => panic!("\n{what}"),
    }
}

fn counted(work: impl FnOnce(&mut Tally) -> Result<(), String>) -> Tally {
    let mut tally = Tally::default();
    let done = work(&mut tally);
    check(done.map(|()| tally))
}

#[test]
fn a_kill_at_any_moment_leaves_a_daemon_that_starts_and_is_right() {
    let tally = check(kill::run(&binaries(), kill::Options { times: 10, seed: 3 }));
    assert_eq!(tally.of("answers equal to those of a fresh daemon"), 10);
}

#[test]
fn an_operation_that_ends_in_the_middle_was_done_or_was_not() {
    let tally = check(operations::run(&binaries(), operations::Options { every: 11, offset: 3, random: 44, seed: 1 }));
    assert!(
        tally.of("kills after which it was taken back") > 0 && tally.of("kills after which it was done") > 0,
        "{tally}"
    );
}

#[test]
fn whatever_becomes_of_the_cache_the_answer_is_right() {
    let scene = cache::Scene::new(&binaries());
    let options = cache::Options { bytes: 2000, starts: 3, seed: 5 };
    counted(|tally| {
        cache::sweep(&scene.cache, &cache::damage::some(&scene.cache, 60, options.seed), tally)?;
        cache::starts(&scene, options, tally)
    });
}

#[test]
fn whatever_is_in_the_way_of_the_cache_the_answer_is_right_and_doctor_says_what() {
    let scene = cache::Scene::new(&binaries());
    counted(|tally| cache::obstacles::run(&scene, tally));
}

#[test]
fn losses_that_are_announced_are_repaired_at_once() {
    let options = events::Options { operations: 18, seed: 1 };
    for faults in ["lose=1", "lose=7"] {
        counted(|tally| events::announced(&binaries(), options, faults, tally));
    }
}

#[test]
fn losses_that_are_not_announced_are_repaired_by_comparing() {
    let options = events::Options { operations: 18, seed: 1 };
    let tally = counted(|tally| events::silent(&binaries(), options, "drop=1", tally));
    assert!(tally.of("answers behind before verify, as they must be to mean anything") > 0, "{tally}");
}

#[test]
fn an_overflow_of_the_kernel_s_queue_is_repaired_at_once() {
    let options = events::Options { operations: 6, seed: 2 };
    counted(|tally| events::overflow(&binaries(), options, tally));
}

#[test]
fn beyond_the_limit_of_watches_roots_are_polled_until_it_is_raised() {
    counted(|tally| events::limit(&binaries(), tally));
}

#[test]
fn a_shared_file_system_is_polled() {
    counted(|tally| events::shared(&binaries(), tally));
}

#[test]
fn crowds_and_standstills_cost_nobody_else_anything() {
    let options = connections::Options { rounds: 2, standing: 0, artifacts: 300, still_s: 1 };
    let tally = check(connections::run(&binaries(), options));
    assert_eq!(tally.of("waiting clients answered"), 32, "{tally}");
    assert!(tally.of("of a crowd, told why not") > 0, "{tally}");
}
