//! Long answers in pages that agree with each other.
//!
//! A cursor is a clock and a position, and means something only on the connection that got it: the connection keeps the
//! snapshot of its last unfinished page, so that all pages show one moment however long the reader takes. Keeping one
//! snapshot a connection bounds what slow readers can hold.

use super::limits;
use super::picture::Picture;
use crate::diff::{Position, Prepared};
use skillmeat_protocol::clock::Clock;
use skillmeat_protocol::error::{ErrorCode, WireError};
use std::sync::Arc;

/// What a connection remembers of an unfinished answer.
#[derive(Default)]
pub(super) struct Pages {
    kept: Option<Picture>,
    compared: Option<Arc<Compared>>,
    /// Comparisons that this connection asked for in several pages, so that none is taken for another.
    comparisons: u64,
}

/// A comparison, and the picture that it was made with.
pub(super) struct Compared {
    pub(super) prepared: Prepared,
    pub(super) picture: Picture,
}

/// Where a page starts, and on which picture.
pub(super) struct Resumed {
    pub(super) picture: Picture,
    pub(super) position: usize,
}

impl Pages {
    /// The picture and position that `cursor` continues.
    ///
    /// # Errors
    /// `InvalidParams` for text that is no cursor, or one whose picture is gone.
    pub(super) fn resume(&self, cursor: &str) -> Result<Resumed, WireError> {
        let parsed =
            cursor.split_once('+').and_then(|(clock, at)| Some((clock.parse::<Clock>().ok()?, at.parse().ok()?)));
        let (clock, position) = parsed.ok_or_else(|| no_cursor(cursor))?;
        let picture = self.kept.clone().filter(|kept| kept.snapshot.clock == clock).ok_or_else(expired)?;
        Ok(Resumed { picture, position })
    }

    /// Ends a page: keeps the picture and returns the cursor when there is more, else forgets it.
    pub(super) fn end(&mut self, picture: Picture, next: Option<usize>) -> Option<String> {
        let cursor = next.map(|position| format!("{}+{position}", picture.snapshot.clock));
        self.kept = cursor.is_some().then_some(picture);
        cursor
    }

    /// The comparison and position that `cursor` continues.
    ///
    /// # Errors
    /// As [`Pages::resume`].
    pub(super) fn resume_diff(&self, cursor: &str) -> Result<(Arc<Compared>, Position), WireError> {
        let parsed = || {
            let numbers: Option<Vec<u64>> = cursor.strip_prefix('d')?.split('.').map(|n| n.parse().ok()).collect();
            let at = |n: u64| usize::try_from(n).ok();
            match numbers?[..] {
                [number, file, hunk, line] => {
                    Some((number, Position { file: at(file)?, hunk: at(hunk)?, line: at(line)? }))
                }
                _ => None,
            }
        };
        let (number, position) = parsed().ok_or_else(|| no_cursor(cursor))?;
        let compared = self.compared.clone().filter(|_| number == self.comparisons).ok_or_else(expired)?;
        Ok((compared, position))
    }

    /// Ends a page of a comparison.
    pub(super) fn end_diff(&mut self, compared: &Arc<Compared>, next: Option<Position>) -> Option<String> {
        let goes_on = self.compared.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, compared));
        self.comparisons += u64::from(!goes_on);
        self.compared = next.is_some().then(|| Arc::clone(compared));
        next.map(|Position { file, hunk, line }| format!("d{}.{file}.{hunk}.{line}", self.comparisons))
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.compared = None;
        self.kept = None;
    }
}

fn no_cursor(cursor: &str) -> WireError {
    WireError::new(ErrorCode::InvalidParams, format!("'{cursor}' is not a cursor"))
}

fn expired() -> WireError {
    WireError::new(ErrorCode::InvalidParams, "the cursor has expired")
        .hint("ask again without a cursor; pages must be read on the connection that got the first")
}

/// Fills one page from `position`: rows are made one by one until their weights reach a page's, so a page holds at
/// least one row and may end above the limit by one row. Returns the position after the last, if it is not the end.
pub(super) fn fill<S, T>(
    source: &[S],
    position: usize,
    mut make: impl FnMut(&S) -> T,
    weight: impl Fn(&T) -> usize,
) -> (Vec<T>, Option<usize>) {
    let mut rows = Vec::new();
    let mut filled = 0;
    for (at, item) in source.iter().enumerate().skip(position) {
        if filled >= limits::PAGE {
            return (rows, Some(at));
        }
        let row = make(item);
        filled += 1 + weight(&row);
        rows.push(row);
    }
    (rows, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::snapshot::Snapshot;

    #[test]
    fn pages_join_to_the_whole_and_hold_at_least_one_row() {
        for weight in [0, 1, 300, 5000] {
            let source: Vec<u32> = (0..4500).collect();
            let (mut all, mut at) = (Vec::new(), Some(0));
            while let Some(position) = at {
                let (rows, next) = fill(&source, position, |row| *row, |_| weight);
                assert!(!rows.is_empty() && rows.len() * (1 + weight) <= limits::PAGE + 1 + weight);
                all.extend(rows);
                at = next;
            }
            assert_eq!(all, source);
        }
    }

    #[test]
    fn a_cursor_lives_as_long_as_its_picture() {
        let picture = |generation| Picture {
            snapshot: Arc::new(Snapshot { clock: Clock { instance: 1, generation }, ..Snapshot::empty(1) }),
            fresh: true,
            stale: None,
        };
        let mut pages = Pages::default();
        let cursor = pages.end(picture(4), Some(17)).expect("more to come");
        let resumed = pages.resume(&cursor).expect("kept");
        assert_eq!((resumed.position, resumed.picture.snapshot.clock.generation), (17, 4));
        assert!(pages.resume("4+17").is_err() && pages.resume("").is_err());
        pages.end(picture(5), Some(1));
        assert_eq!(pages.resume(&cursor).err().expect("expired").code, ErrorCode::InvalidParams);
    }
}
