//! Everything at once for a long time, to see whether anything grows: writers, clients of every kind, subscribers that
//! come and go, projects that are added and removed, storms, and connections that send garbage.
//!
//! Once a period all of them are held, the daemon is compared with one started from scratch on whatever the files are by
//! then, the files of the start are put back, and the daemon is measured. So every measurement is of the same content,
//! and what is not the same was not given back.
//!
//! Reading order: `load` – what is done; `sample` – what is measured; `table` – what of it counts as flat.

mod load;
mod sample;
pub mod table;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use crate::model::Counts;
use crate::model::field::Field;
use crate::model::oracle::Oracle;
use crate::sandbox::Binaries;
use load::{Load, Tally};
use sample::Sample;

/// Projects that are registered all the time.
const PROJECTS: usize = 6;

/// One run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Decides the operations of the writers.
    pub seed: u64,
    /// How long there is load.
    pub length: Duration,
    /// How long between two measurements.
    pub period: Duration,
    /// Measurements before this do not count: allocators, caches and pools fill up once.
    pub warm_up: Duration,
}

/// What a run gave.
#[derive(Debug)]
pub struct Report {
    /// In order; the first is taken before any load.
    pub samples: Vec<Sample>,
    /// Of the comparisons and writers.
    pub counts: Counts,
    /// What the others did.
    pub tally: Arc<Tally>,
    /// When measurements begin to count.
    pub warm_up: Duration,
}

/// Runs it. `progress` is told each sample.
///
/// # Errors
/// The daemon answers otherwise than one started from scratch, or does not come to rest.
pub fn run(binaries: &Binaries, options: Options, mut progress: impl FnMut(&Sample)) -> Result<Report, String> {
    let mut field = Field::new(binaries, PROJECTS);
    // The level that users have: the size of the log is measured.
    field.sandbox.unset("SKILLMEAT_LOG");
    let field = field;
    let mut oracle = Oracle::start(&field);
    let tally = Arc::new(Tally::default());
    let mut counts = Counts::default();
    let started = Instant::now();
    let mut samples = vec![sample::take(&mut oracle, started.elapsed())?];
    progress(&samples[0]);
    let (gate, over) = (RwLock::new(()), AtomicBool::new(false));
    let socket = oracle.daemon().socket().to_owned();
    let load = Load { field: &field, socket, gate: &gate, over: &over, tally: &tally };
    let result = thread::scope(|scope| {
        let workers = load.start(scope, options.seed);
        let mut measure = || -> Result<(), String> {
            while started.elapsed() < options.length {
                let rest = options.length.saturating_sub(started.elapsed());
                // The period is what is asked for, not a wait for something.
                thread::park_timeout(options.period.min(rest));
                if workers.iter().any(thread::ScopedJoinHandle::is_finished) {
                    return Err("a part of the load ended".to_owned());
                }
                let _held = gate.write().map_err(|_| "a part of the load panicked")?;
                oracle.forget();
                oracle.compare(&field, &Vec::new(), &mut counts)?;
                load.put_back(&mut oracle)?;
                let sample = sample::take(&mut oracle, started.elapsed())?;
                progress(&sample);
                samples.push(sample);
            }
            Ok(())
        };
        let result = measure();
        over.store(true, Ordering::Relaxed);
        let mut trouble = Vec::new();
        for worker in workers {
            match worker.join() {
                Ok(done) => counts.add(&done),
                Err(panic) => trouble.push(said(&*panic)),
            }
        }
        result.and_then(|()| trouble.into_iter().next().map_or(Ok(()), Err))
    });
    result?;
    oracle.forget();
    oracle.compare(&field, &Vec::new(), &mut counts)?;
    Ok(Report { samples, counts, tally, warm_up: options.warm_up })
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    format!("a part of the load panicked: {}", text.unwrap_or_default())
}
