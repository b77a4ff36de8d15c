//! The merge of three texts.

use super::chunks::{Chunk, Verdict, chunks};
use super::lines::Lines;
use imara_diff::Interner;
use std::ops::Range;

/// Texts above this are not merged by line: what they are made of is not what people edit, and the daemon would hold it in memory
/// several times.
pub const LARGEST_TEXT: usize = 32 << 20;

/// Three texts and what their merge decides.
#[derive(Clone, Debug)]
pub struct TextMerge<'a> {
    pub(super) base: Lines<'a>,
    pub(super) ours: Lines<'a>,
    pub(super) theirs: Lines<'a>,
    chunks: Vec<Chunk>,
}

/// Lines that both sides changed to different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextConflict<'a> {
    /// What they were.
    pub base: &'a [u8],
    /// What they are on our side.
    pub ours: &'a [u8],
    /// What they are on their side.
    pub theirs: &'a [u8],
}

impl<'a> TextMerge<'a> {
    /// Merges what became of `base`.
    pub fn new(base: &'a [u8], ours: &'a [u8], theirs: &'a [u8]) -> Self {
        let mut interner = Interner::new(base.len() / 16);
        let base = Lines::new(base, &mut interner);
        let ours = Lines::new(ours, &mut interner);
        let theirs = Lines::new(theirs, &mut interner);
        let chunks = chunks(&base, &ours, &theirs, interner.num_tokens());
        Self { base, ours, theirs, chunks }
    }

    /// What is decided, in the order of the lines. Lines between chunks are the same on both sides.
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// Whether nothing is left to be decided by a person.
    pub fn is_clean(&self) -> bool {
        self.chunks.iter().all(|chunk| chunk.verdict != Verdict::Conflict)
    }

    /// What a person has to decide, in the order of the lines.
    pub fn conflicts(&self) -> impl Iterator<Item = TextConflict<'a>> + '_ {
        self.chunks.iter().filter(|chunk| chunk.verdict == Verdict::Conflict).map(|chunk| TextConflict {
            base: self.base.bytes(&chunk.base),
            ours: self.ours.bytes(&chunk.ours),
            theirs: self.theirs.bytes(&chunk.theirs),
        })
    }

    /// The merged text, if there is nothing left to be decided.
    pub fn merged(&self) -> Option<Vec<u8>> {
        if !self.is_clean() {
            return None;
        }
        let mut text = Vec::with_capacity(self.ours.bytes(&self.all_of_ours()).len());
        let mut at = 0;
        for chunk in self.chunks.iter().filter(|chunk| chunk.verdict == Verdict::Theirs) {
            text.extend_from_slice(self.ours.bytes(&(at..chunk.ours.start)));
            text.extend_from_slice(self.theirs.bytes(&chunk.theirs));
            at = chunk.ours.end;
        }
        text.extend_from_slice(self.ours.bytes(&(at..self.ours.len())));
        Some(text)
    }

    fn all_of_ours(&self) -> Range<usize> {
        0..self.ours.len()
    }
}
