//! Two texts as hunks of lines.
//!
//! A line is what ends with a line feed, with it; only the last may have none. A carriage return is part of its line, so a
//! change of line ends is a change of lines, as it is for git. Myers, as in git, with git's rule for where a change of
//! several possible places is shown.

use super::words::{self, Marks};
use imara_diff::{Algorithm, Diff, InternedInput, sources};
use std::ops::Range;

/// What a line of a hunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// On both sides.
    Context,
    /// On the first side only.
    Removed,
    /// On the second side only.
    Added,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// What it is.
    pub kind: LineKind,
    /// As it is in the file, with its line end.
    pub bytes: &'a [u8],
    /// What of it differs from its counterpart, in bytes; empty where nothing or everything does.
    pub marks: Vec<Range<u32>>,
}

/// Lines of one side, as a hunk's head names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first, from 1; the one before, where there are none.
    pub start: u32,
    /// How many.
    pub count: u32,
}

/// Changes that stand close to each other, with lines around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk<'a> {
    /// Lines of the first side.
    pub old: Span,
    /// Lines of the second side.
    pub new: Span,
    /// In order.
    pub lines: Vec<Line<'a>>,
}

/// All hunks, and their numbers of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextDiff<'a> {
    /// In order.
    pub hunks: Vec<Hunk<'a>>,
    /// Lines on the second side only.
    pub added: u32,
    /// Lines on the first side only.
    pub removed: u32,
}

/// Compares two texts of less than 2³¹ lines, and gives `context` lines around each change.
pub fn compare<'a>(old: &'a [u8], new: &'a [u8], context: u32, marks: Marks) -> TextDiff<'a> {
    let input = InternedInput::new(sources::byte_lines(old), sources::byte_lines(new));
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    diff.postprocess_lines(&input);
    let changes: Vec<Change> = diff.hunks().map(|hunk| Change { old: hunk.before, new: hunk.after }).collect();
    let sides = Sides {
        old: input.before.iter().map(|token| input.interner[*token]).collect(),
        new: input.after.iter().map(|token| input.interner[*token]).collect(),
    };
    TextDiff {
        hunks: grouped(&changes, context).map(|group| sides.hunk(group, context, marks)).collect(),
        added: diff.count_additions(),
        removed: diff.count_removals(),
    }
}

/// Lines of the first side that lines of the second take the place of.
struct Change {
    old: Range<u32>,
    new: Range<u32>,
}

/// Changes whose surroundings touch belong together.
fn grouped(changes: &[Change], context: u32) -> impl Iterator<Item = &[Change]> {
    let near = context.saturating_mul(2);
    changes.chunk_by(move |a, b| b.old.start - a.old.end <= near)
}

struct Sides<'a> {
    old: Vec<&'a [u8]>,
    new: Vec<&'a [u8]>,
}

impl<'a> Sides<'a> {
    fn hunk(&self, group: &[Change], context: u32, marks: Marks) -> Hunk<'a> {
        let (first, last) = (&group[0], &group[group.len() - 1]);
        let before = context.min(first.old.start);
        let after = context.min(self.old.len() as u32 - last.old.end);
        let old = first.old.start - before..last.old.end + after;
        let new = first.new.start - before..last.new.end + after;
        let mut lines = Vec::with_capacity((old.len() + new.len()).min(self.old.len() + self.new.len()));
        let mut at = old.start;
        for change in group {
            lines.extend(plain(LineKind::Context, &self.old[range(&(at..change.old.start))]));
            let (removed, added) = (&self.old[range(&change.old)], &self.new[range(&change.new)]);
            let from = lines.len();
            lines.extend(plain(LineKind::Removed, removed));
            lines.extend(plain(LineKind::Added, added));
            if marks == Marks::Words {
                let found = words::marks(removed, added);
                lines[from..].iter_mut().zip(found).for_each(|(line, marks)| line.marks = marks);
            }
            at = change.old.end;
        }
        lines.extend(plain(LineKind::Context, &self.old[range(&(at..old.end))]));
        Hunk { old: span(&old), new: span(&new), lines }
    }
}

fn plain<'s, 'a>(kind: LineKind, lines: &'s [&'a [u8]]) -> impl Iterator<Item = Line<'a>> + use<'s, 'a> {
    lines.iter().map(move |bytes| Line { kind, bytes, marks: Vec::new() })
}

fn range(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

fn span(lines: &Range<u32>) -> Span {
    let count = lines.end - lines.start;
    Span { start: if count == 0 { lines.start } else { lines.start + 1 }, count }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `-a+b c` for a removed, an added and a common line, hunks with their spans.
    fn shown(old: &str, new: &str, context: u32) -> String {
        let diff = compare(old.as_bytes(), new.as_bytes(), context, Marks::None);
        let mut text = String::new();
        for hunk in diff.hunks {
            let Hunk { old, new, lines } = hunk;
            text += &format!("[{},{} {},{}]", old.start, old.count, new.start, new.count);
            for line in lines {
                let sign = match line.kind {
                    LineKind::Context => ' ',
                    LineKind::Removed => '-',
                    LineKind::Added => '+',
                };
                text.push(sign);
                text += &String::from_utf8_lossy(line.bytes).replace('\n', "$");
            }
        }
        text
    }

    #[test]
    fn hunks_have_their_surroundings_and_are_numbered_as_patches_are() {
        let lines = |names: &str| names.chars().map(|c| format!("{c}\n")).collect::<String>();
        let table = [
            ("", "", 3, ""),
            ("abc", "abc", 3, ""),
            ("", "a", 3, "[0,0 1,1]+a$"),
            ("a", "", 3, "[1,1 0,0]-a$"),
            ("abcdefgh", "abcdXfgh", 1, "[4,3 4,3] d$-e$+X$ f$"),
            ("abcdefgh", "Xbcdefgh", 3, "[1,4 1,4]-a$+X$ b$ c$ d$"),
            ("abcdefgh", "aXcdefgY", 2, "[1,4 1,4] a$-b$+X$ c$ d$[6,3 6,3] f$ g$-h$+Y$"),
            ("abcdef", "aXcdYf", 1, "[1,6 1,6] a$-b$+X$ c$ d$-e$+Y$ f$"),
            ("abcd", "bcd", 0, "[1,1 0,0]-a$"),
            ("abcd", "abXcd", 0, "[2,0 3,1]+X$"),
        ];
        for (old, new, context, want) in table {
            assert_eq!(shown(&lines(old), &lines(new), context), want, "{old} {new} {context}");
        }
        assert_eq!(shown("a\nb", "a\nb\n", 3), "[1,2 1,2] a$-b+b$");
        assert_eq!(shown("a\r\n", "a\n", 3), "[1,1 1,1]-a\r$+a$");
    }

    #[test]
    fn numbers_are_of_lines_and_not_of_what_they_look_like() {
        let diff = compare(b"-- a\n++ b\nc\n", b"c\n+++ d\n--- e\n++\n", 3, Marks::None);
        assert_eq!((diff.added, diff.removed), (3, 2));
    }
}
