//! Seeded random operations of several writers against a real daemon, and the oracle: what a fresh daemon finds on the
//! same files.
//!
//! The invariant is "incremental equals from scratch". Writers work through their lists of a batch at the same time;
//! when all have, the daemon is asked for a `synced` status and compared with a second daemon that knows nothing. What
//! each writer does follows from the seed; how their operations interleave is the operating system's choice, so a
//! failing seed need not fail again, and what it did is kept to be shortened and replayed.
//!
//! Reading order:
//!
//! * `operation` – what can be done, as data; `disk` – how
//! * `plan` – which operations a seed means
//! * `field` – the files they work on
//! * `oracle` – what must hold
//! * `count` – what is printed
//! * `replay` – lists of operations as text; `minimise` – the shortest list that still fails

mod count;
pub(crate) mod disk;
pub(crate) mod field;
pub mod minimise;
pub(crate) mod operation;
pub(crate) mod oracle;
pub(crate) mod plan;
pub mod replay;
pub(crate) mod rng;

use std::fmt;
use std::time::Duration;

pub use count::Counts;

use crate::sandbox::Binaries;
use field::Field;
use minimise::Shortened;
use oracle::Oracle;
use plan::{Batch, Plan};
use replay::Script;

/// One run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Decides every operation.
    pub seed: u64,
    /// How many operations, at least.
    pub operations: u64,
    /// How many of one writer between two comparisons, at most.
    pub batch: u64,
    /// How many write at the same time.
    pub writers: usize,
}

/// The two daemons disagree.
#[derive(Debug)]
pub struct Disagreement {
    /// What was asked for.
    pub options: Options,
    /// Done before.
    pub counts: Counts,
    /// The difference.
    pub what: String,
    batches: Vec<Batch>,
}

impl Options {
    /// More projects than writers: some belong to nobody in particular.
    fn projects(&self) -> usize {
        self.writers + 1
    }
}

/// Runs the operations. `progress` is told what was done so far after each comparison.
///
/// # Errors
/// At the first comparison that fails.
pub fn run(
    binaries: &Binaries,
    options: Options,
    mut progress: impl FnMut(&Counts),
) -> Result<Counts, Box<Disagreement>> {
    let plan =
        Plan { seed: options.seed, writers: options.writers, projects: options.projects(), largest: options.batch };
    let field = Field::new(binaries, options.projects());
    let mut oracle = Oracle::start(&field);
    let mut counts = Counts::default();
    let mut batches = Vec::new();
    while counts.operations() < options.operations {
        let batch = plan.batch(batches.len());
        counts.add(&field.work(&batch));
        let result = oracle.compare(&field, &batch, &mut counts);
        batches.push(batch);
        if let Err(what) = result {
            return Err(Box::new(Disagreement { options, counts, what, batches }));
        }
        progress(&counts);
    }
    Ok(counts)
}

impl Disagreement {
    /// Looks for a shorter list that fails, within so much time.
    pub fn shorten(&self, binaries: &Binaries, within: Duration) -> Shortened {
        let script = Script { projects: self.options.projects(), batches: self.batches.clone() };
        script.shorten(binaries, &self.what, within)
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options { seed, operations, batch, writers } = self.options;
        writeln!(f, "after {} operations: {}", self.counts.operations(), self.what)?;
        write!(f, "again: model --seed {seed} --ops {operations} --batch {batch} --writers {writers}")
    }
}
