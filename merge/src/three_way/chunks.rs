//! Which side changed what: the changes of both sides, laid beside each other.
//!
//! Changes that overlap or touch decide together, because lines that neither side saw beside each other would stand beside
//! each other else. What both sides changed in the same way at the same lines needs no decision and is no chunk.

use super::changes::{Change, changes};
use super::lines::Lines;
use std::iter::Peekable;
use std::ops::Range;

/// What is decided of some lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Only our side changed them.
    Ours,
    /// Only their side changed them.
    Theirs,
    /// Both changed them, by different changes that lead to the same.
    Same,
    /// Both changed them to different things.
    Conflict,
}

/// Lines that belong to each other, and what is decided of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// What is decided.
    pub verdict: Verdict,
    /// The lines of the base.
    pub base: Range<usize>,
    /// Our lines.
    pub ours: Range<usize>,
    /// Their lines.
    pub theirs: Range<usize>,
}

/// The changes of one side that are still to be looked at.
struct Side {
    rest: Peekable<std::vec::IntoIter<Change>>,
    /// By how much its lines are ahead of the base's, after what was looked at.
    ahead: isize,
}

impl Side {
    fn new(base: &Lines<'_>, side: &Lines<'_>, numbers: u32) -> Self {
        Self { rest: changes(&base.tokens, &side.tokens, numbers).into_iter().peekable(), ahead: 0 }
    }

    /// The lines of the base that the next change is about.
    fn next_lines(&mut self) -> Option<Range<usize>> {
        self.rest.peek().map(|change| change.before.clone())
    }

    fn take(&mut self) -> Option<Change> {
        let change = self.rest.next()?;
        // Positions in memory are below `isize::MAX`.
        self.ahead = change.after.end as isize - change.before.end as isize;
        Some(change)
    }

    /// Where line `at` of the base, which no change is left about, is in this side.
    fn position(&self, at: usize) -> usize {
        at.saturating_add_signed(self.ahead)
    }

    /// Takes every change that begins at or before `end`; returns the end of the last, if that is later.
    fn absorb(&mut self, mut end: usize) -> usize {
        while let Some(lines) = self.next_lines().filter(|lines| lines.start <= end) {
            end = end.max(lines.end);
            self.take();
        }
        end
    }
}

/// The chunks in their order.
pub(super) fn chunks(base: &Lines<'_>, ours: &Lines<'_>, theirs: &Lines<'_>, numbers: u32) -> Vec<Chunk> {
    let (mut a, mut b) = (Side::new(base, ours, numbers), Side::new(base, theirs, numbers));
    let mut chunks = Vec::new();
    loop {
        let (start, end) = match (a.next_lines(), b.next_lines()) {
            (None, None) => break,
            (Some(one), None) | (None, Some(one)) => (one.start, one.end),
            (Some(one), Some(other)) => {
                if one == other && is_same(&mut a, &mut b, ours, theirs) {
                    a.take();
                    b.take();
                    continue;
                }
                if one.start <= other.start { (one.start, one.end) } else { (other.start, other.end) }
            }
        };
        let from = (a.position(start), b.position(start));
        let (mut reached, mut before) = (end, usize::MAX);
        let (mut by_us, mut by_them) = (false, false);
        // Each side's changes may touch what the other's have added.
        while reached != before {
            before = reached;
            by_us |= a.next_lines().is_some_and(|lines| lines.start <= reached);
            reached = a.absorb(reached);
            by_them |= b.next_lines().is_some_and(|lines| lines.start <= reached);
            reached = b.absorb(reached);
        }
        let (ours_at, theirs_at) = (from.0..a.position(reached), from.1..b.position(reached));
        let verdict = match (by_us, by_them) {
            (true, false) => Verdict::Ours,
            (false, true) => Verdict::Theirs,
            _ if ours.tokens(&ours_at) == theirs.tokens(&theirs_at) => Verdict::Same,
            _ => Verdict::Conflict,
        };
        chunks.push(Chunk { verdict, base: start..reached, ours: ours_at, theirs: theirs_at });
    }
    chunks
}

/// Whether the next changes of both, which are about the same lines, are the same.
fn is_same(a: &mut Side, b: &mut Side, ours: &Lines<'_>, theirs: &Lines<'_>) -> bool {
    match (a.rest.peek(), b.rest.peek()) {
        (Some(one), Some(other)) => ours.tokens(&one.after) == theirs.tokens(&other.after),
        _ => false,
    }
}
