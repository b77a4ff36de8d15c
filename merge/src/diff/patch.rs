//! Differences as text that `git apply` and `patch` read: git's headers, hunks of lines as they are.
//!
//! In pieces, so that whoever shows them on a terminal can colour each, and whoever gets a long one in parts can write it in
//! parts. A difference without lines (binary, too large) is named in words that make `git apply` refuse the patch as a whole,
//! since applying the rest alone would give neither side.

use super::file::{FileDiff, Kind, Mode};
use super::name;
use super::text::{LineKind, Span};
use std::io::{self, Write};

/// What stands above the lines of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// Where it is, `/` between components.
    pub path: &'a [u8],
    /// What differs.
    pub kind: Kind,
    /// Mode on the first side.
    pub old: Option<Mode>,
    /// Mode on the second side.
    pub new: Option<Mode>,
    /// Whether lines follow.
    pub lines: Lines,
}

/// Whether lines follow a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Yes.
    Follow,
    /// No: a mode, an empty file, something that has no lines.
    None,
}

impl Header<'_> {
    /// Writes it, each line with its end.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut line =
            |parts: &[&[u8]]| parts.iter().try_for_each(|part| out.write_all(part)).and_then(|()| out.write_all(b"\n"));
        // git knows one way only of saying that there is a difference which is not shown.
        let is_named = matches!(self.kind, Kind::Binary | Kind::Large);
        // Where this line is the only one with the name, patch must find its end: a blank is quoted, which git reads too.
        let quoted = if self.lines == Lines::None { name::quoted_with_blanks } else { name::quoted };
        let (a, b) = (quoted("a/", self.path), quoted("b/", self.path));
        line(&[b"diff --git ", &a, b" ", &b])?;
        match (self.old, self.new) {
            (None, Some(new)) => line(&[b"new file mode ", new.as_str().as_bytes()])?,
            (Some(old), None) => line(&[b"deleted file mode ", old.as_str().as_bytes()])?,
            // Without a line here, git takes what has no lines for remarks between patches, and patch a link for a file.
            (Some(old), Some(new)) if old != new || is_named || self.kind == Kind::Symlink => {
                line(&[b"old mode ", old.as_str().as_bytes()])?;
                line(&[b"new mode ", new.as_str().as_bytes()])?;
            }
            _ => {}
        }
        let nothing = || b"/dev/null".to_vec();
        let old = self.old.map_or_else(nothing, |_| name::alone("a/", self.path));
        let new = self.new.map_or_else(nothing, |_| name::alone("b/", self.path));
        match self.lines {
            _ if is_named => {
                let (old, new) = (old.trim_ascii_end(), new.trim_ascii_end());
                line(&[b"Binary files ", old, b" and ", new, b" differ"])
            }
            Lines::Follow => {
                line(&[b"--- ", &old])?;
                line(&[b"+++ ", &new])
            }
            Lines::None => Ok(()),
        }
    }
}

/// Writes the head of a hunk. Where a file changed in its line ends only, that is said here: everything behind the second `@@` is
/// for people.
///
/// # Errors
/// Those of `out`.
pub fn write_hunk(old: Span, new: Span, kind: Kind, out: &mut impl Write) -> io::Result<()> {
    let shown = |span: Span| match span.count {
        1 => span.start.to_string(),
        count => format!("{},{count}", span.start),
    };
    let remark = if kind == Kind::LineEnds { " only line ends differ" } else { "" };
    writeln!(out, "@@ -{} +{} @@{remark}", shown(old), shown(new))
}

/// Writes one line, and, behind one that has no end, that it has none.
///
/// # Errors
/// Those of `out`.
pub fn write_line(kind: LineKind, bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    out.write_all(sign(kind))?;
    out.write_all(bytes)?;
    if bytes.ends_with(b"\n") { Ok(()) } else { out.write_all(NO_END) }
}

/// What follows a line without an end.
pub const NO_END: &[u8] = b"\n\\ No newline at end of file\n";

/// What stands before a line.
pub const fn sign(kind: LineKind) -> &'static [u8] {
    match kind {
        LineKind::Context => b" ",
        LineKind::Removed => b"-",
        LineKind::Added => b"+",
    }
}

/// Writes the whole difference of the file at `path`.
///
/// # Errors
/// Those of `out`.
pub fn write(path: &[u8], diff: &FileDiff<'_>, out: &mut impl Write) -> io::Result<()> {
    let lines = if diff.hunks.is_empty() { Lines::None } else { Lines::Follow };
    Header { path, kind: diff.kind, old: diff.old, new: diff.new, lines }.write(out)?;
    for hunk in &diff.hunks {
        write_hunk(hunk.old, hunk.new, diff.kind, out)?;
        hunk.lines.iter().try_for_each(|line| write_line(line.kind, line.bytes, out))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::file::{File, Options, compare};
    use super::*;

    fn patch(path: &str, old: Option<(Mode, &str)>, new: Option<(Mode, &str)>) -> String {
        let file = |side: Option<(Mode, &'static str)>| side.map(|(mode, text)| File { mode, bytes: text.as_bytes() });
        let leak = |side: Option<(Mode, &str)>| side.map(|(mode, text)| (mode, &*text.to_owned().leak()));
        let diff = compare(file(leak(old)), file(leak(new)), Options::default()).expect("they differ");
        let mut out = Vec::new();
        write(path.as_bytes(), &diff, &mut out).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn patches_are_written_as_git_writes_them() {
        use Mode::{Executable as E, Regular as R, Symlink as S};
        let table = [
            (
                patch("f", Some((R, "a\nb\n")), Some((R, "a\nc"))),
                "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n\\ No newline at end of file\n",
            ),
            (
                patch("f", Some((S, "a")), Some((S, "b"))),
                "diff --git a/f b/f\nold mode 120000\nnew mode 120000\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n\
                 -a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n",
            ),
            (patch("f", Some((R, "a")), Some((E, "a"))), "diff --git a/f b/f\nold mode 100644\nnew mode 100755\n"),
            (patch("f", None, Some((R, ""))), "diff --git a/f b/f\nnew file mode 100644\n"),
            (
                patch("f g", None, Some((E, "a\n"))),
                "diff --git a/f g b/f g\nnew file mode 100755\n--- /dev/null\n+++ b/f g\t\n@@ -0,0 +1 @@\n+a\n",
            ),
            (
                patch("f\n", Some((S, "t")), None),
                "diff --git \"a/f\\n\" \"b/f\\n\"\ndeleted file mode 120000\n--- \"a/f\\n\"\n+++ /dev/null\n\
                 @@ -1 +0,0 @@\n-t\n\\ No newline at end of file\n",
            ),
            (
                patch("f g", Some((R, "\0")), Some((R, ""))),
                "diff --git \"a/f g\" \"b/f g\"\nold mode 100644\nnew mode 100644\nBinary files a/f g and b/f g differ\n",
            ),
            (
                patch("f", Some((R, "a\r\n")), Some((R, "a\n"))),
                "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@ only line ends differ\n-a\r\n+a\n",
            ),
        ];
        for (given, want) in table {
            assert_eq!(given, want);
        }
    }
}
