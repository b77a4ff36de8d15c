//! Writes without an end: "what finished before the request" never waits for what comes after it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use skillmeat_protocol::drift::DriftState::*;
use skillmeat_tests::library::recorded_hash;
use skillmeat_tests::sandbox::{save_atomically, write};

use super::Stage;

const ROUNDS: u64 = 50;

/// Does `write` over and over in another thread, while `ask` runs.
fn during(write: impl Fn(u64) + Sync, ask: impl FnOnce(&AtomicU64)) {
    let (stop, count) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                write(count.fetch_add(1, Ordering::Relaxed));
            }
        });
        // Ends the thread also when an assertion fails.
        struct Stop<'a>(&'a AtomicBool);
        impl Drop for Stop<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let _stop = Stop(&stop);
        ask(&count);
    });
}

#[test]
fn an_artifact_that_is_written_without_an_end_delays_no_answer() {
    let mut stage = Stage::new();
    let busy = stage.project.file("skill:pdf");
    let append = |path: &Path, n: u64| {
        let mut file = fs::File::options().append(true).open(path).expect("it is there");
        writeln!(file, "{n}").expect("written");
        if n.is_multiple_of(1000) {
            file.set_len(0).expect("emptied");
        }
    };
    let ways: [&(dyn Fn(u64) + Sync); 3] =
        [&|n| write(&busy, format!("{n}\n").repeat(2000)), &|n| append(&busy, n), &|n| {
            save_atomically(&busy, format!("{n}\n").repeat(2000))
        }];
    for (way, rewrite) in ways.into_iter().enumerate() {
        let calm = stage.project.file("skill:csv");
        during(rewrite, |count| {
            while count.load(Ordering::Relaxed) < 3 {
                thread::yield_now();
            }
            for round in 0..ROUNDS {
                write(&calm, format!("{way} {round}\n"));
                // Each of these asserts that the answer is not stale.
                let items = stage.client.project("app").items;
                let item = |name: &str| items.iter().find(|item| item.name == name).expect("listed");
                let hash = item("csv").project_hash.map(|hash| hash.to_string());
                assert_eq!(hash, Some(recorded_hash(&stage.project.path("skill:csv"))), "{way} {round}");
                assert_eq!(item("pdf").state, Modified, "{way} {round}");
            }
        });
        let hash = stage.client.item("app", "skill:pdf").expect("listed").project_hash.map(|hash| hash.to_string());
        assert_eq!(hash, Some(recorded_hash(&stage.project.path("skill:pdf"))), "{way}: once it holds still");
    }
}
