//! The shortest list of operations that still fails: delta debugging over batches, then over operations, within a
//! budget of time, because every try is a daemon of its own.
//!
//! A failure that needs a race may not come again. Each try therefore runs more than once, first with the writers one
//! after the other (nothing left to chance but the daemon's own threads), then as it was.

use std::time::{Duration, Instant};

use super::operation::Operation;
use super::plan::Batch;
use super::replay::{Compare, Script};
use crate::sandbox::Binaries;

/// Tries of a list that failed once, before it counts as passing.
const TRIES: usize = 2;
/// Tries of the whole list before it counts as a race.
const FIRST_TRIES: usize = 4;

/// When to stop looking.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    until: Instant,
}

impl Budget {
    /// So much from now on.
    pub(super) fn of(time: Duration) -> Self {
        Self { until: Instant::now() + time }
    }

    fn is_spent(self) -> bool {
        Instant::now() >= self.until
    }
}

/// What was found.
#[derive(Debug)]
pub struct Shortened {
    /// The shortest failing list, or, when it did not fail again, all that was done.
    pub script: Script,
    /// What differs with it; none when it did not fail again: it takes a race.
    pub what: Option<String>,
    /// Lists tried.
    pub tries: usize,
}

struct Search<'a> {
    binaries: &'a Binaries,
    projects: usize,
    budget: Budget,
    tries: usize,
    what: Option<String>,
    wanted: String,
}

/// Looks for a shorter list that fails.
pub(super) fn shorten(
    binaries: &Binaries,
    projects: usize,
    batches: &[Batch],
    what: &str,
    budget: Budget,
) -> Shortened {
    let mut search = Search { binaries, projects, budget, tries: 0, what: None, wanted: symptom(what) };
    let found = search.first(batches).map(|failing| {
        let batches = search.reduce(failing, |batches| batches.to_vec());
        // One operation is one batch of one writer from here on, when it still fails so; else operations are taken
        // out of the batches that they are in.
        let batches = search.fewer_operations(batches);
        search.fewer_barriers(batches)
    });
    let script = Script { projects, batches: found.unwrap_or_else(|| batches.to_vec()) };
    Shortened { script, what: search.what, tries: search.tries }
}

impl Search<'_> {
    /// The shortest end of the list that fails, by doubling: what broke is most often near the end.
    fn first(&mut self, batches: &[Batch]) -> Option<Vec<Batch>> {
        let mut length = 1;
        loop {
            let end = &batches[batches.len().saturating_sub(length)..];
            let one_by_one: Vec<Batch> = end.iter().map(|batch| vec![batch.concat()]).collect();
            if self.fails(&one_by_one, FIRST_TRIES / 2) {
                return Some(one_by_one);
            }
            if self.fails(end, FIRST_TRIES) {
                return Some(end.to_vec());
            }
            if length >= batches.len() || self.budget.is_spent() {
                return None;
            }
            length *= 4;
        }
    }

    fn fails(&mut self, batches: &[Batch], tries: usize) -> bool {
        let script = Script { projects: self.projects, batches: batches.to_vec() };
        for _ in 0..tries {
            if self.budget.is_spent() {
                return false;
            }
            self.tries += 1;
            match script.play(self.binaries, Compare::AtTheEnd) {
                Err(what) if symptom(&what) == self.wanted => {
                    self.what = Some(what);
                    return true;
                }
                // Another mistake would lead the search astray; it will be found on its own.
                _ => {}
            }
        }
        false
    }

    /// Removes parts of a list, halves first, as long as what `build` makes of the rest fails.
    fn reduce<T: Clone>(&mut self, mut parts: Vec<T>, build: impl Fn(&[T]) -> Vec<Batch>) -> Vec<T> {
        let mut size = parts.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < parts.len() {
                let mut rest = parts.clone();
                rest.drain(at..parts.len().min(at + size));
                if !rest.is_empty() && self.fails(&build(&rest), TRIES) {
                    parts = rest;
                } else {
                    at += size;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
        parts
    }

    fn fewer_operations(&mut self, batches: Vec<Batch>) -> Vec<Batch> {
        let mut all: Vec<(usize, usize, Operation)> = Vec::new();
        for (number, batch) in batches.iter().enumerate() {
            for (writer, operations) in batch.iter().enumerate() {
                all.extend(operations.iter().map(|operation| (number, writer, operation.clone())));
            }
        }
        let kept = self.reduce(all, rebuilt);
        rebuilt(&kept)
    }

    /// Joins neighbours where the barrier between them does not matter.
    fn fewer_barriers(&mut self, mut batches: Vec<Batch>) -> Vec<Batch> {
        let mut at = 0;
        while at + 1 < batches.len() {
            let mut joined = batches.clone();
            let next = joined.remove(at + 1);
            joined[at] = vec![joined[at].concat().into_iter().chain(next.concat()).collect()];
            if self.fails(&joined, TRIES) {
                batches = joined;
            } else {
                at += 1;
            }
        }
        batches
    }
}

/// What differs, without where: the first line from its last space on, without numbers and names.
fn symptom(what: &str) -> String {
    let line = what.lines().next().unwrap_or_default();
    let member = line.rsplit(' ').next().unwrap_or_default();
    let mut depth = 0;
    member
        .chars()
        .filter(|c| match c {
            '[' | '(' | '{' => {
                depth += 1;
                false
            }
            ']' | ')' | '}' => {
                depth -= 1;
                false
            }
            _ => depth == 0 && !c.is_ascii_digit(),
        })
        .collect()
}

/// Batches of what is left; those of which nothing is left are gone, and so are idle writers.
fn rebuilt(operations: &[(usize, usize, Operation)]) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    let mut last = None;
    for (batch, writer, operation) in operations {
        let (new_batch, new_writer) = match last {
            Some((b, w)) => (b != *batch, b != *batch || w != *writer),
            None => (true, true),
        };
        if new_batch {
            batches.push(Vec::new());
        }
        if let Some(current) = batches.last_mut() {
            if new_writer {
                current.push(Vec::new());
            }
            if let Some(list) = current.last_mut() {
                list.push(operation.clone());
            }
        }
        last = Some((*batch, *writer));
    }
    batches
}
