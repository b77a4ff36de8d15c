//! What differs between two files: which kind of difference, how many lines, which.

use super::text::{self, Hunk};
use super::words::Marks;
use crate::binary::is_binary;

/// Bytes of a file beyond which it is not compared by line.
pub const MAX_TEXT: usize = 16 * 1024 * 1024;
/// Bytes of a line beyond which its file is not compared by line: no person reads it, and no message holds many of them.
pub const MAX_LINE: usize = 1024 * 1024;

/// What git knows of a file's mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// 100644.
    Regular,
    /// 100755.
    Executable,
    /// 120000: its content is where it leads.
    Symlink,
}

impl Mode {
    /// Of a file with these permission bits: as for git, only the owner's right to execute counts.
    pub const fn of_permissions(bits: u32) -> Self {
        if bits & 0o100 == 0 { Self::Regular } else { Self::Executable }
    }

    /// As git writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Regular => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
        }
    }
}

/// One side of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File<'a> {
    /// Its mode.
    pub mode: Mode,
    /// Its content; of a link, where it leads.
    pub bytes: &'a [u8],
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It is on the second side only.
    Added,
    /// It is on the first side only.
    Removed,
    /// It is on both, and differs.
    Modified,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Lines.
    Text,
    /// Line ends and nothing else.
    LineEnds,
    /// Content of which a side is no text.
    Binary,
    /// The mode alone.
    Mode,
    /// Where a link leads.
    Symlink,
    /// Content that is too large to compare by line.
    Large,
}

/// The difference of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDiff<'a> {
    /// What became of it.
    pub status: Status,
    /// What differs.
    pub kind: Kind,
    /// Mode on the first side.
    pub old: Option<Mode>,
    /// Mode on the second side.
    pub new: Option<Mode>,
    /// Lines added; none when it was not compared by line.
    pub added: Option<u32>,
    /// Lines removed; none when it was not compared by line.
    pub removed: Option<u32>,
    /// The lines.
    pub hunks: Vec<Hunk<'a>>,
}

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Lines around each change.
    pub context: u32,
    /// Whether words that differ are marked.
    pub marks: Marks,
}

impl Default for Options {
    fn default() -> Self {
        Self { context: 3, marks: Marks::None }
    }
}

impl<'a> FileDiff<'a> {
    /// A difference that has no lines.
    pub fn without_lines(kind: Kind, old: Option<Mode>, new: Option<Mode>) -> Self {
        let status = match (old, new) {
            (None, _) => Status::Added,
            (_, None) => Status::Removed,
            _ => Status::Modified,
        };
        let counts = (kind == Kind::Mode).then_some(0);
        Self { status, kind, old, new, added: counts, removed: counts, hunks: Vec::new() }
    }
}

/// Compares two sides of a file; none when they are equal. That a file became a link or the other way round is two
/// differences, as it is for git: see [`super::tree::changes`].
pub fn compare<'a>(old: Option<File<'a>>, new: Option<File<'a>>, options: Options) -> Option<FileDiff<'a>> {
    if old == new {
        return None;
    }
    let bytes = |file: Option<File<'a>>| file.map_or(&[][..], |file| file.bytes);
    let (a, b) = (bytes(old), bytes(new));
    let (old, new) = (old.map(|file| file.mode), new.map(|file| file.mode));
    let is_link = [old, new].contains(&Some(Mode::Symlink));
    let kind = if a == b && old.is_some() && new.is_some() {
        Kind::Mode
    } else if is_link {
        Kind::Symlink
    } else if is_large(a) || is_large(b) {
        Kind::Large
    } else if is_binary(a) || is_binary(b) {
        Kind::Binary
    } else if old.is_some() && new.is_some() && differ_in_line_ends_only(a, b) {
        Kind::LineEnds
    } else {
        Kind::Text
    };
    let without_lines = FileDiff::without_lines(kind, old, new);
    if !matches!(kind, Kind::Text | Kind::LineEnds | Kind::Symlink) {
        return Some(without_lines);
    }
    // All lines differ where only their ends do, each in no word.
    let marks = if kind == Kind::Text { options.marks } else { Marks::None };
    let text = text::compare(a, b, options.context, marks);
    Some(FileDiff { added: Some(text.added), removed: Some(text.removed), hunks: text.hunks, ..without_lines })
}

fn is_large(bytes: &[u8]) -> bool {
    bytes.len() > MAX_TEXT
        || (bytes.len() > MAX_LINE && bytes.split_inclusive(|byte| *byte == b'\n').any(|line| line.len() > MAX_LINE))
}

/// Whether two different texts are equal but for `\r\n`, `\n` and `\r`.
fn differ_in_line_ends_only(a: &[u8], b: &[u8]) -> bool {
    fn plain(bytes: &[u8]) -> impl Iterator<Item = u8> {
        let ends_before = |at: usize| at.checked_sub(1).is_some_and(|before| bytes[before] == b'\r');
        let kept = bytes.iter().enumerate().filter(move |(at, byte)| **byte != b'\n' || !ends_before(*at));
        kept.map(|(_, byte)| if *byte == b'\r' { b'\n' } else { *byte })
    }
    plain(a).eq(plain(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::LOOKED_AT;

    fn file(bytes: &[u8]) -> Option<File<'_>> {
        Some(File { mode: Mode::Regular, bytes })
    }

    type Case<'a> = (Option<File<'a>>, Option<File<'a>>, Kind, Option<u32>, Option<u32>);

    #[test]
    fn each_difference_is_called_what_it_is() {
        let program = |bytes| Some(File { mode: Mode::Executable, bytes });
        let link = |bytes| Some(File { mode: Mode::Symlink, bytes });
        let late = [&[b'a'; LOOKED_AT][..], b"\0b"].concat();
        let long = [b'a'; MAX_LINE + 1];
        let table: [Case<'_>; 17] = [
            (file(b"a\n"), file(b"b\n"), Kind::Text, Some(1), Some(1)),
            (file(b"a\n"), program(b"b\n"), Kind::Text, Some(1), Some(1)),
            (file(b"a\n"), program(b"a\n"), Kind::Mode, Some(0), Some(0)),
            (None, file(b""), Kind::Text, Some(0), Some(0)),
            (None, file(b"a\nb"), Kind::Text, Some(2), Some(0)),
            (program(b"a\n"), None, Kind::Text, Some(0), Some(1)),
            (file(b"a\nb\n"), file(b"a\r\nb\n"), Kind::LineEnds, Some(1), Some(1)),
            (file(b"a\rb\r"), file(b"a\nb\n"), Kind::LineEnds, Some(2), Some(1)),
            (file(b"a\r\n\n"), file(b"a\n"), Kind::Text, Some(1), Some(2)),
            (file(b"a\n"), file(b"a"), Kind::Text, Some(1), Some(1)),
            (None, file(b"\r\n"), Kind::Text, Some(1), Some(0)),
            (file(b"a\0"), file(b"a"), Kind::Binary, None, None),
            (None, file(b"\0"), Kind::Binary, None, None),
            (file(&late), file(b"a"), Kind::Text, Some(1), Some(1)),
            (file(&long), file(b"a"), Kind::Large, None, None),
            (link(b"a"), link(b"b"), Kind::Symlink, Some(1), Some(1)),
            (None, link(b"a"), Kind::Symlink, Some(1), Some(0)),
        ];
        for (old, new, kind, added, removed) in table {
            let found = compare(old, new, Options::default()).expect("they differ");
            assert_eq!((found.kind, found.added, found.removed), (kind, added, removed), "{found:?}");
            let back = compare(new, old, Options::default()).expect("they differ");
            assert_eq!((back.kind, back.added, back.removed), (kind, removed, added), "{back:?}");
        }
        assert_eq!(compare(file(b"a"), file(b"a"), Options::default()), None);
        assert_eq!(compare(None, None, Options::default()), None);
    }
}
