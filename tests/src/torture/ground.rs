//! The files of the [model](crate::model), worked on one operation at a time while something goes wrong around the daemon.

use std::collections::VecDeque;

use crate::model::field::Field;
use crate::model::operation::Operation;
use crate::model::plan::Plan;
use crate::model::rng::Rng;
use crate::sandbox::Binaries;

/// As many as have deployments of different kinds.
const PROJECTS: usize = 3;
/// Operations that are planned at once.
const AHEAD: u64 = 8;

/// Three projects, and what is done to them.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) field: Field,
    /// For everything that is not an operation.
    pub(crate) rng: Rng,
    /// What was done.
    pub(crate) log: Vec<String>,
    plan: Plan,
    planned: VecDeque<Operation>,
    batches: usize,
}

impl Ground {
    /// The same operations for the same seed.
    pub(crate) fn new(binaries: &Binaries, seed: u64) -> Self {
        Self {
            field: Field::new(binaries, PROJECTS),
            rng: Rng::new(seed),
            log: Vec::new(),
            plan: Plan { seed, writers: 1, projects: PROJECTS, largest: AHEAD },
            planned: VecDeque::new(),
            batches: 0,
        }
    }

    /// Does one operation. One that the files do not allow (below a file, in a project that is away) is no failure: the
    /// daemon must agree with what is there whatever happened.
    pub(crate) fn operate(&mut self) {
        let operation = loop {
            if let Some(operation) = self.planned.pop_front() {
                break operation;
            }
            self.planned.extend(self.plan.batch(self.batches).into_iter().flatten());
            self.batches += 1;
        };
        let outcome =
            operation.apply(&self.field.sandbox.root).map_or_else(|e| format!("  ({})", e.kind()), |()| String::new());
        self.log.push(format!("{operation:?}{outcome}"));
    }
}
