//! The lines of what differs, a page at a time.
//!
//! A page ends when it is full, also inside a file or a hunk: one file may be longer than a message. The next page compares that
//! file once more and goes on where the last one ended, so that nothing of files is kept between two pages.

use super::archived::{Ahead, Archive};
use super::prepare::Prepared;
use super::side::{Bytes, Origin, wire};
use crate::history::{self, History};
use skillmeat_merge::diff::file::{self, MAX_TEXT};
use skillmeat_merge::diff::tree::{Change, Entry};
use skillmeat_merge::diff::{File, FileDiff, Hunk, Kind, Line, LineKind, Mode, Status};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::{self, DiffHunk, DiffKind, DiffLine, FileMode, FileStatus, LineOp};
use skillmeat_protocol::request::DiffDetail;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes of JSON after which a page ends. One line more is 6 MiB of it at most, so a page is far from what a reply may hold.
const PAGE: usize = 4 * 1024 * 1024;
/// What a file takes beside its name, at most.
const OF_FILE: usize = 640;
/// What a hunk takes beside its lines.
const OF_HUNK: usize = 128;
/// What a line takes beside its text and its marks.
const OF_LINE: usize = 64;
/// What a mark takes.
const OF_MARK: usize = 24;

/// Where a page begins: a file, a hunk of it, a line of that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Among the files that differ.
    pub file: usize,
    /// Among its hunks.
    pub hunk: usize,
    /// Among its lines.
    pub line: usize,
}

/// What one page holds, and where the next one begins.
pub type Page = (Vec<reply::FileDiff>, Option<Position>);

/// Makes the page that begins at `position`. Blocks.
///
/// # Errors
/// A file cannot be read, or is another one by now.
pub fn fill(
    prepared: &Prepared,
    position: Position,
    history: Result<&History, WireError>,
    cancelled: &AtomicBool,
) -> Result<Page, WireError> {
    let mut files = Vec::new();
    let mut filled = 0;
    let mut from = position;
    let mut ahead = Ahead::default();
    while let Some(change) = prepared.changes.get(from.file) {
        if filled >= PAGE {
            return Ok((files, Some(from)));
        }
        if cancelled.load(Ordering::Relaxed) {
            return Err(WireError::new(ErrorCode::DeadlineExceeded, "the comparison was given up"));
        }
        let mut archived =
            |archive: &Arc<Archive>, hash| ahead.bytes(archive, hash, &prepared.changes[from.file..], cancelled);
        let sides = Read::both(change, &history, &mut archived)?;
        let Some(diff) = sides.compare(change, prepared) else {
            from = Position { file: from.file + 1, ..Position::default() };
            continue;
        };
        let mut told = head(change, &diff, from != Position { file: from.file, ..Position::default() });
        filled += OF_FILE + json_len(&change.path);
        let next = match prepared.detail {
            DiffDetail::Counts => None,
            DiffDetail::Lines => lines(&diff, from, &mut told.hunks, &mut filled),
        };
        files.push(told);
        match next {
            Some(next) => return Ok((files, Some(next))),
            None => from = Position { file: from.file + 1, ..Position::default() },
        }
    }
    Ok((files, None))
}

/// Adds hunks and lines from a position on until the page is full; returns where it became so.
fn lines(diff: &FileDiff<'_>, from: Position, hunks: &mut Vec<DiffHunk>, filled: &mut usize) -> Option<Position> {
    for (n, hunk) in diff.hunks.iter().enumerate().skip(from.hunk) {
        let first = if n == from.hunk { from.line } else { 0 };
        *filled += OF_HUNK;
        let mut told = hunk_head(hunk, first > 0);
        for (at, line) in hunk.lines.iter().enumerate().skip(first) {
            if *filled >= PAGE && at > first {
                hunks.push(told);
                return Some(Position { file: from.file, hunk: n, line: at });
            }
            *filled += OF_LINE + json_len(line.bytes) + OF_MARK * line.marks.len();
            told.lines.push(told_line(line));
        }
        hunks.push(told);
        if *filled >= PAGE && n + 1 < diff.hunks.len() {
            return Some(Position { file: from.file, hunk: n + 1, line: 0 });
        }
    }
    None
}

/// Bytes that these take in JSON.
fn json_len(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Ok(text) => text
            .bytes()
            .map(|byte| if matches!(byte, 0..0x20) { 6 } else { 1 + usize::from(matches!(byte, b'"' | b'\\')) })
            .sum(),
        Err(_) => bytes.len().div_ceil(3) * 4 + 16,
    }
}

/// The bytes of both sides of a file, unless that is too many.
struct Read<'a> {
    old: Option<Cow<'a, [u8]>>,
    new: Option<Cow<'a, [u8]>>,
    is_large: bool,
}

impl<'a> Read<'a> {
    fn both(
        change: &'a Change<Bytes>,
        history: &Result<&History, WireError>,
        archived: &mut Archived<'_>,
    ) -> Result<Self, WireError> {
        let sides = [&change.old, &change.new];
        let same = matches!(sides, [Some(old), Some(new)] if old.content == new.content);
        let is_large = sides.iter().copied().flatten().any(|entry| entry.content.size > MAX_TEXT as u64);
        if same || is_large {
            return Ok(Self { old: None, new: None, is_large });
        }
        let mut read = |entry: &'a Option<Entry<Bytes>>| {
            entry.as_ref().map(|entry| bytes(&entry.content, history, archived)).transpose()
        };
        Ok(Self { old: read(&change.old)?, new: read(&change.new)?, is_large })
    }

    /// What differs; none when the two cannot be told apart.
    fn compare(&'a self, change: &Change<Bytes>, prepared: &Prepared) -> Option<FileDiff<'a>> {
        let modes = (change.old.as_ref().map(|entry| entry.mode), change.new.as_ref().map(|entry| entry.mode));
        let same = matches!((&change.old, &change.new), (Some(old), Some(new)) if old.content == new.content);
        match (same, self.is_large) {
            (true, _) => Some(FileDiff::without_lines(Kind::Mode, modes.0, modes.1)),
            (false, true) => Some(FileDiff::without_lines(Kind::Large, modes.0, modes.1)),
            (false, false) => {
                fn file<'a>(mode: Option<Mode>, bytes: &'a Option<Cow<'_, [u8]>>) -> Option<File<'a>> {
                    Some(File { mode: mode?, bytes: bytes.as_deref()? })
                }
                file::compare(file(modes.0, &self.old), file(modes.1, &self.new), prepared.options)
            }
        }
    }
}

/// Reads a file in an archive, by its hash.
type Archived<'a> = dyn FnMut(&Arc<Archive>, ContentHash) -> Result<Vec<u8>, WireError> + 'a;

fn bytes<'a>(
    content: &'a Bytes,
    history: &Result<&History, WireError>,
    archived: &mut Archived<'_>,
) -> Result<Cow<'a, [u8]>, WireError> {
    match &content.origin {
        Origin::Archived(archive) => archived(archive, content.hash).map(Cow::Owned),
        Origin::Target(target) => Ok(Cow::Borrowed(target)),
        Origin::Disk(path) => history::read_file(path, content.hash, content.size).map(Cow::Owned).map_err(wire),
        Origin::Stored => {
            let history = history.as_ref().map_err(Clone::clone)?;
            let mut bytes = Vec::new();
            history.read_blob(content.hash, &mut bytes).map_err(wire)?;
            Ok(Cow::Owned(bytes))
        }
    }
}

fn head(change: &Change<Bytes>, diff: &FileDiff<'_>, continued: bool) -> reply::FileDiff {
    let hash = |entry: &Option<Entry<Bytes>>| -> Option<ContentHash> { Some(entry.as_ref()?.content.hash) };
    let size = |entry: &Option<Entry<Bytes>>| -> Option<u64> { Some(entry.as_ref()?.content.size) };
    reply::FileDiff {
        path: change.path.as_slice().into(),
        status: match diff.status {
            Status::Added => FileStatus::Added,
            Status::Removed => FileStatus::Removed,
            Status::Modified => FileStatus::Modified,
        },
        kind: match diff.kind {
            Kind::Text => DiffKind::Text,
            Kind::LineEnds => DiffKind::Eol,
            Kind::Binary => DiffKind::Binary,
            Kind::Mode => DiffKind::Mode,
            Kind::Symlink => DiffKind::Symlink,
            Kind::Large => DiffKind::Large,
        },
        old_mode: diff.old.map(told_mode),
        new_mode: diff.new.map(told_mode),
        old_hash: hash(&change.old),
        new_hash: hash(&change.new),
        old_size: size(&change.old),
        new_size: size(&change.new),
        added: diff.added,
        removed: diff.removed,
        continued,
        hunks: Vec::new(),
    }
}

fn told_mode(mode: Mode) -> FileMode {
    match mode {
        Mode::Regular => FileMode::Regular,
        Mode::Executable => FileMode::Executable,
        Mode::Symlink => FileMode::Symlink,
    }
}

fn hunk_head(hunk: &Hunk<'_>, continued: bool) -> DiffHunk {
    DiffHunk {
        old_start: hunk.old.start,
        old_lines: hunk.old.count,
        new_start: hunk.new.start,
        new_lines: hunk.new.count,
        continued,
        lines: Vec::new(),
    }
}

fn told_line(line: &Line<'_>) -> DiffLine {
    DiffLine {
        op: match line.kind {
            LineKind::Context => LineOp::Context,
            LineKind::Removed => LineOp::Removed,
            LineKind::Added => LineOp::Added,
        },
        text: line.bytes.into(),
        marks: line.marks.iter().map(|mark| (mark.start, mark.end)).collect(),
    }
}
