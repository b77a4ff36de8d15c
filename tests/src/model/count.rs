//! What a run did, to be printed: a proof that says how much it looked at.

use std::collections::BTreeMap;
use std::fmt;

use super::operation::Operation;

/// Counters of a run.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Operations by kind: done, and not allowed by the files.
    kinds: BTreeMap<&'static str, (u64, u64)>,
    /// Answers waited for through the barrier.
    pub barriers: u64,
    /// Those that said that they are stale. They are asked for again, and count as findings.
    pub stale: u64,
    /// Comparisons with a daemon started from scratch.
    pub comparisons: u64,
    /// Projects compared member by member.
    pub projects: u64,
    /// Projects held to the rule for missing ones.
    pub missing: u64,
    /// Projects held to the rule for unreadable records.
    pub unread: u64,
}

impl Counts {
    /// Operations tried.
    pub fn operations(&self) -> u64 {
        self.kinds.values().map(|(done, refused)| done + refused).sum()
    }

    pub(crate) fn operation(&mut self, operation: &Operation, done: bool) {
        let (did, refused) = self.kinds.entry(operation.kind()).or_default();
        *(if done { did } else { refused }) += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (kind, (done, refused)) in &other.kinds {
            let of = self.kinds.entry(kind).or_default();
            of.0 += done;
            of.1 += refused;
        }
        self.barriers += other.barriers;
        self.stale += other.stale;
        self.comparisons += other.comparisons;
        self.projects += other.projects;
        self.missing += other.missing;
        self.unread += other.unread;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:24} {:>9} {:>12}", "operation", "done", "not allowed")?;
        for (kind, (done, refused)) in &self.kinds {
            writeln!(f, "{kind:24} {done:>9} {refused:>12}")?;
        }
        let all = |pick: fn(&(u64, u64)) -> u64| self.kinds.values().map(pick).sum::<u64>();
        writeln!(f, "{:24} {:>9} {:>12}", "all", all(|of| of.0), all(|of| of.1))?;
        writeln!(f, "barriers {}, stale answers {}", self.barriers, self.stale)?;
        write!(
            f,
            "comparisons {}: projects equal {}, last answer kept (missing) {}, records kept (unreadable) {}",
            self.comparisons, self.projects, self.missing, self.unread
        )
    }
}
