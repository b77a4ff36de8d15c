//! Differences: as a patch, byte for byte, or for a terminal, where every byte of a file must be seen and none obeyed.

use std::io::{self, Write};

use skillmeat_merge::diff::patch::{self, Header, Lines};
use skillmeat_merge::diff::{Kind, LineKind, Mode, Span};
use skillmeat_protocol::reply::{DiffHunk, DiffKind, DiffLine, FileDiff, FileMode, LineOp};

use super::term::{Tone, escape, is_unsafe, paint};

/// How bytes of files are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// As they are: the output is a patch.
    AsTheyAre,
    /// So that a terminal shows them.
    Shown,
}

/// How a difference looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether it is coloured.
    pub colour: bool,
    /// How bytes are printed.
    pub bytes: Bytes,
}

/// Prints a file's part of one page. What was on the page before is not repeated.
///
/// # Errors
/// Those of `out`.
pub fn write_file(out: &mut dyn Write, file: &FileDiff, look: Look) -> io::Result<()> {
    let kind = kind(file.kind);
    if !file.continued {
        let lines = if file.hunks.is_empty() { Lines::None } else { Lines::Follow };
        let (old, new) = (file.old_mode.map(mode), file.new_mode.map(mode));
        let mut text = Vec::new();
        Header { path: &file.path.0, kind, old, new, lines }.write(&mut text)?;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            write_head(out, line, Tone::Bold, look)?;
        }
    }
    for hunk in &file.hunks {
        if !hunk.continued {
            let (old, new) = spans(hunk);
            let mut text = Vec::new();
            patch::write_hunk(old, new, kind, &mut text)?;
            write_head(out, &text, Tone::Notice, look)?;
        }
        hunk.lines.iter().try_for_each(|line| write_line(out, line, look))?;
    }
    Ok(())
}

fn write_head(out: &mut dyn Write, line: &[u8], tone: Tone, look: Look) -> io::Result<()> {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    match (look.bytes, std::str::from_utf8(text)) {
        (Bytes::AsTheyAre, Ok(text)) => writeln!(out, "{}", paint(text, tone, look.colour)),
        // Names that are no text are quoted, so there is nothing else.
        (Bytes::AsTheyAre, Err(_)) => out.write_all(line),
        (Bytes::Shown, _) => {
            let text = String::from_utf8_lossy(text);
            writeln!(out, "{}", paint(&escape(text.trim_end_matches('\t')), tone, look.colour))
        }
    }
}

fn write_line(out: &mut dyn Write, line: &DiffLine, look: Look) -> io::Result<()> {
    let (kind, tone) = match line.op {
        LineOp::Context => (LineKind::Context, Tone::Plain),
        LineOp::Removed => (LineKind::Removed, Tone::Bad),
        LineOp::Added => (LineKind::Added, Tone::Good),
    };
    let bytes = &line.text.0;
    if look.bytes == Bytes::AsTheyAre && !look.colour {
        return patch::write_line(kind, bytes, &mut &mut *out);
    }
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    // Every line of a file with such ends has one; where it changed, it is shown.
    let text = if kind == LineKind::Context && look.bytes == Bytes::Shown {
        text.strip_suffix(b"\r").unwrap_or(text)
    } else {
        text
    };
    let coloured = look.colour && tone != Tone::Plain;
    if coloured {
        out.write_all(tone.begin().as_bytes())?;
    }
    out.write_all(patch::sign(kind))?;
    let mut at = 0;
    for (from, to) in line.marks.iter().map(|(from, to)| (*from as usize, *to as usize)).filter(|_| coloured) {
        // Whatever a daemon says, nothing beyond the line is looked at.
        let (from, to) = (from.clamp(at, text.len()), to.clamp(at, text.len()));
        write_bytes(out, &text[at..from], look)?;
        out.write_all(b"\x1b[7m")?;
        write_bytes(out, &text[from..to.max(from)], look)?;
        out.write_all(b"\x1b[27m")?;
        at = to.max(from);
    }
    write_bytes(out, &text[at..], look)?;
    if coloured {
        out.write_all(b"\x1b[0m")?;
    }
    out.write_all(if bytes.ends_with(b"\n") { b"\n" } else { patch::NO_END })
}

/// Bytes that are no text become `\xE9`; tabs stay, since they are how files are written.
fn write_bytes(out: &mut dyn Write, bytes: &[u8], look: Look) -> io::Result<()> {
    if look.bytes == Bytes::AsTheyAre {
        return out.write_all(bytes);
    }
    for chunk in bytes.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(at) = rest.find(|c: char| c != '\t' && is_unsafe(c)) {
            let (safe, from) = rest.split_at(at);
            let c = from.chars().next().map_or(0, char::len_utf8);
            write!(out, "{safe}{}", escape(&from[..c]))?;
            rest = &from[c..];
        }
        out.write_all(rest.as_bytes())?;
        chunk.invalid().iter().try_for_each(|byte| write!(out, "\\x{byte:02X}"))?;
    }
    Ok(())
}

fn spans(hunk: &DiffHunk) -> (Span, Span) {
    let span = |start, count| Span { start, count };
    (span(hunk.old_start, hunk.old_lines), span(hunk.new_start, hunk.new_lines))
}

fn kind(kind: DiffKind) -> Kind {
    match kind {
        DiffKind::Text => Kind::Text,
        DiffKind::Eol => Kind::LineEnds,
        DiffKind::Binary => Kind::Binary,
        DiffKind::Mode => Kind::Mode,
        DiffKind::Symlink => Kind::Symlink,
        DiffKind::Large => Kind::Large,
    }
}

/// A mode as git knows it.
pub fn mode(mode: FileMode) -> Mode {
    match mode {
        FileMode::Regular => Mode::Regular,
        FileMode::Executable => Mode::Executable,
        FileMode::Symlink => Mode::Symlink,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skillmeat_protocol::bytes::Bytes as Raw;
    use skillmeat_protocol::reply::FileStatus;

    type Row<'a> = (LineOp, &'a [u8], &'a [(u32, u32)]);

    fn file(lines: &[Row<'_>]) -> FileDiff {
        let line = |(op, text, marks): &Row<'_>| DiffLine { op: *op, text: Raw(text.to_vec()), marks: marks.to_vec() };
        let lines = lines.iter().map(line).collect();
        FileDiff {
            path: Raw(b"a\x1b b".to_vec()),
            status: FileStatus::Modified,
            kind: DiffKind::Text,
            old_mode: Some(FileMode::Regular),
            new_mode: Some(FileMode::Executable),
            old_hash: None,
            new_hash: None,
            old_size: None,
            new_size: None,
            added: Some(1),
            removed: Some(1),
            continued: false,
            hunks: vec![DiffHunk { old_start: 1, old_lines: 2, new_start: 1, new_lines: 2, continued: false, lines }],
        }
    }

    fn printed(file: &FileDiff, colour: bool, bytes: Bytes) -> String {
        let mut out = Vec::new();
        write_file(&mut out, file, Look { colour, bytes }).expect("memory");
        out.escape_ascii().to_string().replace("\\n", "\n")
    }

    #[test]
    fn a_patch_has_every_byte_and_a_terminal_sees_every_byte() {
        let file = file(&[
            (LineOp::Context, b"\tsame\r\n", &[]),
            (LineOp::Removed, b"caf\xe9 \x1b[2J\r\n", &[(5, 6)]),
            (LineOp::Added, b"cafe", &[(3, 99)]),
        ]);
        let head = "diff --git \"a/a\\\\033 b\" \"b/a\\\\033 b\"\nold mode 100644\nnew mode 100755\n--- \"a/a\\\\033 b\"\n+++ \"b/a\\\\033 b\"\n\
                    @@ -1,2 +1,2 @@\n"
            .replace('"', "\\\"");
        let patch = head.clone() + " \\tsame\\r\n-caf\\xe9 \\x1b[2J\\r\n+cafe\n\\\\ No newline at end of file\n";
        assert_eq!(printed(&file, false, Bytes::AsTheyAre), patch);
        let shown = head + " \\tsame\n-caf\\\\xE9 \\\\u{1b}[2J\\\\r\n+cafe\n\\\\ No newline at end of file\n";
        assert_eq!(printed(&file, false, Bytes::Shown), shown);
        let coloured = printed(&file, true, Bytes::Shown);
        let lines = [
            "\\x1b[31m-caf\\\\xE9 \\x1b[7m\\\\u{1b}\\x1b[27m[2J\\\\r\\x1b[0m\n",
            "\\x1b[32m+caf\\x1b[7me\\x1b[27m\\x1b[0m\n",
            "\\x1b[36m@@ -1,2 +1,2 @@\\x1b[0m\n",
        ];
        assert!(lines.iter().all(|line| coloured.contains(line)), "{coloured}");
    }

    #[test]
    fn what_was_on_the_page_before_is_not_repeated() {
        let mut file = file(&[(LineOp::Added, b"a\n", &[])]);
        file.continued = true;
        assert!(printed(&file, false, Bytes::AsTheyAre).starts_with("@@"));
        file.hunks[0].continued = true;
        assert_eq!(printed(&file, false, Bytes::AsTheyAre), "+a\n");
    }
}
