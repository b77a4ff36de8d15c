//! A text as lines: what is compared, and which bytes a range of lines is.
//!
//! A line ends with `\n` and holds it; the last one may lack it and is then another line than the same with it. Nothing
//! else ends a line, so a text of any encoding is given out as it came in.

use imara_diff::{Interner, Token};
use std::ops::Range;

/// The bytes of a text, cut into lines, each with a number that equal lines share.
#[derive(Clone, Debug)]
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    /// Where each line begins, and the end of the last.
    starts: Vec<usize>,
    /// What each line is.
    pub(super) tokens: Vec<Token>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8], interner: &mut Interner<&'a [u8]>) -> Self {
        let mut lines = Self { bytes, starts: vec![0], tokens: Vec::new() };
        let mut end = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            end += line.len();
            lines.starts.push(end);
            lines.tokens.push(interner.intern(line));
        }
        lines
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The bytes of some of them.
    pub(super) fn bytes(&self, lines: &Range<usize>) -> &'a [u8] {
        &self.bytes[self.starts[lines.start]..self.starts[lines.end]]
    }

    /// The numbers of some of them.
    pub(super) fn tokens(&self, lines: &Range<usize>) -> &[Token] {
        &self.tokens[lines.clone()]
    }

    /// Whether line `at` ends with `\r\n`; the last one without an end is judged by the one before. None where no line
    /// says anything.
    pub(super) fn ends_with_crlf(&self, at: usize) -> Option<bool> {
        let line = |at: usize| self.bytes(&(at..at + 1));
        let decided = if at >= self.len() {
            return None;
        } else if line(at).ends_with(b"\n") {
            at
        } else {
            at.checked_sub(1)?
        };
        Some(line(decided).ends_with(b"\r\n"))
    }
}
