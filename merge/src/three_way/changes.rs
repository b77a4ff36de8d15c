//! What one text changed of another, as ranges of lines.
//!
//! Myers' algorithm as `git` runs it by default, with the changes moved as far down as they go (and to each other), which
//! is what `git merge-file` does: two merges can only agree if they start from the same changes.

use imara_diff::{Algorithm, Diff, NoSliderHeuristic, Token};
use std::ops::Range;

/// Lines that were replaced by others; either may be none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// The lines before.
    pub(super) before: Range<usize>,
    /// The lines after.
    pub(super) after: Range<usize>,
}

/// The changes from `before` to `after`, in order, each at least one line from the next. Numbers of lines are below
/// `numbers`.
pub(super) fn changes(before: &[Token], after: &[Token], numbers: u32) -> Vec<Change> {
    let mut diff = Diff::default();
    diff.compute_with(Algorithm::Myers, before, after, numbers);
    diff.postprocess_with(before, after, NoSliderHeuristic);
    let range = |range: &Range<u32>| range.start as usize..range.end as usize;
    diff.hunks().map(|hunk| Change { before: range(&hunk.before), after: range(&hunk.after) }).collect()
}

/// The same for parts of texts: what is in them is numbered anew, so that the cost is that of the parts.
pub(super) fn changes_within(before: &[Token], after: &[Token]) -> Vec<Change> {
    let mut known: Vec<u32> = before.iter().chain(after).map(|token| token.0).collect();
    known.sort_unstable();
    known.dedup();
    let number = |token: &Token| {
        // Every one of them is in the list.
        Token(known.partition_point(|other| *other < token.0) as u32)
    };
    let before: Vec<Token> = before.iter().map(number).collect();
    let after: Vec<Token> = after.iter().map(number).collect();
    changes(&before, &after, known.len() as u32)
}
