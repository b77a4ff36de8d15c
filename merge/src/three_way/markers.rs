//! A text with conflict markers, as `git merge-file` writes it, for people and for the tools that they open.
//!
//! Only for showing: what is stored of a conflict is its three sides. In [`Style::Merge`] the lines that both sides have in
//! common are taken out of a conflict, which may fall into several by that; what is left close together is shown as one.

use super::changes::changes_within;
use super::chunks::{Chunk, Verdict};
use super::text::TextMerge;
use std::ops::Range;

/// How much of a conflict is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Both sides, as short as possible: the default of git.
    Merge,
    /// Both sides and the base, as they are: `diff3`.
    Diff3,
    /// Both sides without the lines with which both begin or end, and the base: `zdiff3`.
    ZealousDiff3,
}

/// What stands behind the markers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labels<'a> {
    /// Behind `<<<<<<<`.
    pub ours: &'a str,
    /// Behind `|||||||`.
    pub base: &'a str,
    /// Behind `>>>>>>>`.
    pub theirs: &'a str,
}

/// What the original writes.
impl Default for Labels<'_> {
    fn default() -> Self {
        Self { ours: "LOCAL (current)", base: "BASE", theirs: "REMOTE (incoming)" }
    }
}

/// What is shown as one conflict.
struct Shown {
    base: Range<usize>,
    ours: Range<usize>,
    theirs: Range<usize>,
}

/// What comes next in the text.
enum Piece {
    Theirs(Chunk),
    Same,
    Conflict(Shown),
}

impl TextMerge<'_> {
    /// The text with its conflicts between markers. A text without conflicts is the merged one.
    pub fn marked(&self, style: Style, labels: &Labels<'_>) -> Vec<u8> {
        self.put_together(style, |text, shown| self.show(text, shown, style, labels))
    }

    /// The text with both sides of each conflict, one after the other and without markers: `git merge-file --union`.
    pub fn union(&self) -> Vec<u8> {
        self.put_together(Style::Merge, |text, shown| {
            let ours = self.ours.bytes(&shown.ours);
            text.extend_from_slice(ours);
            if !ours.is_empty() && !ours.ends_with(b"\n") {
                text.extend_from_slice(self.end_around(shown));
            }
            text.extend_from_slice(self.theirs.bytes(&shown.theirs));
        })
    }

    /// What merges, and what `put` makes of each conflict.
    fn put_together(&self, style: Style, put: impl Fn(&mut Vec<u8>, &Shown)) -> Vec<u8> {
        let mut text = Vec::new();
        let mut at = 0;
        for piece in self.pieces(style) {
            match piece {
                Piece::Same => {}
                Piece::Theirs(chunk) => {
                    text.extend_from_slice(self.ours.bytes(&(at..chunk.ours.start)));
                    text.extend_from_slice(self.theirs.bytes(&chunk.theirs));
                    at = chunk.ours.end;
                }
                Piece::Conflict(shown) => {
                    text.extend_from_slice(self.ours.bytes(&(at..shown.ours.start)));
                    put(&mut text, &shown);
                    at = shown.ours.end;
                }
            }
        }
        text.extend_from_slice(self.ours.bytes(&(at..self.ours.len())));
        text
    }

    fn pieces(&self, style: Style) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for chunk in self.chunks() {
            match chunk.verdict {
                Verdict::Ours | Verdict::Same => pieces.push(Piece::Same),
                Verdict::Theirs => pieces.push(Piece::Theirs(chunk.clone())),
                Verdict::Conflict => match style {
                    Style::Merge => pieces.extend(self.narrowed(chunk).into_iter().map(Piece::Conflict)),
                    Style::Diff3 => pieces.push(Piece::Conflict(whole(chunk))),
                    Style::ZealousDiff3 => pieces.push(Piece::Conflict(self.trimmed(chunk))),
                },
            }
        }
        if style == Style::Merge { self.joined(pieces) } else { pieces }
    }

    /// A conflict without the lines that both sides have in common.
    fn narrowed(&self, chunk: &Chunk) -> Vec<Shown> {
        if chunk.ours.is_empty() || chunk.theirs.is_empty() {
            return vec![whole(chunk)];
        }
        let changes = changes_within(self.ours.tokens(&chunk.ours), self.theirs.tokens(&chunk.theirs));
        let shift = |range: &Range<usize>, by: usize| range.start + by..range.end + by;
        let parts = changes.iter().map(|change| Shown {
            base: chunk.base.clone(),
            ours: shift(&change.before, chunk.ours.start),
            theirs: shift(&change.after, chunk.theirs.start),
        });
        parts.collect()
    }

    /// A conflict without the lines with which both sides begin, and end.
    fn trimmed(&self, chunk: &Chunk) -> Shown {
        let Shown { base, mut ours, mut theirs } = whole(chunk);
        let same = |one: usize, other: usize| self.ours.tokens[one] == self.theirs.tokens[other];
        while !ours.is_empty() && !theirs.is_empty() && same(ours.start, theirs.start) {
            ours.start += 1;
            theirs.start += 1;
        }
        while !ours.is_empty() && !theirs.is_empty() && same(ours.end - 1, theirs.end - 1) {
            ours.end -= 1;
            theirs.end -= 1;
        }
        Shown { base, ours, theirs }
    }

    /// Conflicts with nothing but a few lines between them, or lines that say nothing, are easier to read as one.
    fn joined(&self, pieces: Vec<Piece>) -> Vec<Piece> {
        let mut joined: Vec<Piece> = Vec::new();
        for piece in pieces {
            if let (Some(Piece::Conflict(last)), Piece::Conflict(next)) = (joined.last_mut(), &piece) {
                let between = last.ours.end..next.ours.start;
                if between.len() <= 3 || !self.ours.bytes(&between).iter().any(u8::is_ascii_alphanumeric) {
                    last.ours.end = next.ours.end;
                    last.theirs.end = next.theirs.end;
                    continue;
                }
            }
            joined.push(piece);
        }
        joined
    }

    fn show(&self, text: &mut Vec<u8>, shown: &Shown, style: Style, labels: &Labels<'_>) {
        let end = self.end_around(shown);
        let marker = |text: &mut Vec<u8>, sign: u8, label: &str| {
            text.extend_from_slice(&[sign; 7]);
            if !label.is_empty() {
                text.push(b' ');
                text.extend_from_slice(label.as_bytes());
            }
            text.extend_from_slice(end);
        };
        let lines = |text: &mut Vec<u8>, bytes: &[u8]| {
            text.extend_from_slice(bytes);
            if !bytes.is_empty() && !bytes.ends_with(b"\n") {
                text.extend_from_slice(end);
            }
        };
        marker(text, b'<', labels.ours);
        lines(text, self.ours.bytes(&shown.ours));
        if style != Style::Merge {
            marker(text, b'|', labels.base);
            lines(text, self.base.bytes(&shown.base));
        }
        marker(text, b'=', "");
        lines(text, self.theirs.bytes(&shown.theirs));
        marker(text, b'>', labels.theirs);
    }

    fn end_around(&self, shown: &Shown) -> &'static [u8] {
        if self.is_crlf_around(shown) { b"\r\n" } else { b"\n" }
    }

    /// Markers end as the lines before them do, if those agree that it is `\r\n`.
    fn is_crlf_around(&self, shown: &Shown) -> bool {
        let ours = self.ours.ends_with_crlf(shown.ours.start.saturating_sub(1));
        let theirs = self.theirs.ends_with_crlf(shown.theirs.start.saturating_sub(1));
        let base = self.base.ends_with_crlf(0);
        ours != Some(false) && theirs != Some(false) && base == Some(true)
    }
}

fn whole(chunk: &Chunk) -> Shown {
    Shown { base: chunk.base.clone(), ours: chunk.ours.clone(), theirs: chunk.theirs.clone() }
}
