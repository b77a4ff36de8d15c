//! Lists of operations as text: one JSON object a line, so that they can be read, cut by hand and run again.

use std::fmt::Write as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::count::Counts;
use super::field::Field;
use super::minimise::{self, Budget, Shortened};
use super::operation::Operation;
use super::oracle::Oracle;
use super::plan::Batch;
use crate::sandbox::Binaries;

/// A list of operations.
#[derive(Clone, Debug)]
pub struct Script {
    pub(super) projects: usize,
    pub(super) batches: Vec<Batch>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    /// Operations of the same batch have no barrier between them.
    batch: usize,
    /// Operations of the same batch and writer come one after the other.
    writer: usize,
    #[serde(flatten)]
    operation: Operation,
}

/// When the daemons are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    /// After every batch.
    Always,
    /// After the last; there are barriers after the others.
    AtTheEnd,
}

impl Script {
    /// Reads what `Display` wrote.
    ///
    /// # Errors
    /// Says which line cannot be read.
    pub fn from_text(text: &str) -> Result<Self, String> {
        let mut batches: Vec<Batch> = Vec::new();
        let mut projects = 0;
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            if let Some(count) = line.strip_prefix("# projects ") {
                projects = count.parse().map_err(|e| format!("line {}: {e}", number + 1))?;
                continue;
            }
            let line: Line = serde_json::from_str(line).map_err(|e| format!("line {}: {e}", number + 1))?;
            batches.resize_with(batches.len().max(line.batch + 1), Vec::new);
            let writers = &mut batches[line.batch];
            writers.resize_with(writers.len().max(line.writer + 1), Vec::new);
            writers[line.writer].push(line.operation);
        }
        if projects == 0 || batches.is_empty() {
            return Err("it has no line `# projects N`, or no operation".to_owned());
        }
        Ok(Self { projects, batches })
    }

    /// How many operations it has.
    pub fn operations(&self) -> usize {
        self.batches.iter().flatten().map(Vec::len).sum()
    }

    /// Runs it in a home of its own, with a comparison after every batch.
    ///
    /// # Errors
    /// The first difference.
    pub fn run(&self, binaries: &Binaries) -> Result<Counts, String> {
        self.play(binaries, Compare::Always)
    }

    /// Looks for a shorter list that fails as this one did, within so much time.
    pub fn shorten(&self, binaries: &Binaries, what: &str, within: Duration) -> Shortened {
        minimise::shorten(binaries, self.projects, &self.batches, what, Budget::of(within))
    }

    pub(super) fn play(&self, binaries: &Binaries, when: Compare) -> Result<Counts, String> {
        let field = Field::new(binaries, self.projects);
        let mut oracle = Oracle::start(&field);
        let mut counts = Counts::default();
        for (number, batch) in self.batches.iter().enumerate() {
            counts.add(&field.work(batch));
            if when == Compare::Always || number + 1 == self.batches.len() {
                oracle.compare(&field, batch, &mut counts)?;
            } else {
                oracle.barrier(batch, &mut counts)?;
            }
        }
        Ok(counts)
    }
}

impl std::fmt::Display for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = format!("# projects {}\n", self.projects);
        for (number, batch) in self.batches.iter().enumerate() {
            for (writer, operations) in batch.iter().enumerate() {
                for operation in operations {
                    let line = Line { batch: number, writer, operation: operation.clone() };
                    writeln!(text, "{}", serde_json::to_string(&line).map_err(|_| std::fmt::Error)?)?;
                }
            }
        }
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::Plan;

    #[test]
    fn a_script_is_read_as_it_was_written() {
        let plan = Plan { seed: 3, writers: 3, projects: 4, largest: 40 };
        let script = Script { projects: 4, batches: (0..30).map(|number| plan.batch(number)).collect() };
        let read = Script::from_text(&script.to_string()).expect("it is ours");
        assert_eq!((read.projects, &read.batches), (4, &script.batches));
        assert!(Script::from_text("{\"batch\":0}").is_err());
    }
}
