//! The answer to `diff`: which files differ, how, and in which lines.
//!
//! A long answer comes in pages, and a page may end inside a file. The next page then begins with the same file once more,
//! marked `continued`, and, where it ended inside a hunk, with the same hunk, marked so too: their lines follow those
//! before.

use crate::bytes::Bytes;
use crate::clock::Clock;
use crate::codec::{Decode, Encode};
use crate::hash::ContentHash;
use crate::request::DiffSide;
use serde::{Deserialize, Serialize};

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileStatus {
    /// It is on the second side only.
    Added,
    /// It is on the first side only.
    Removed,
    /// It is on both, and differs.
    Modified,
}

/// What of a file differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiffKind {
    /// Lines.
    Text,
    /// Line ends and nothing else.
    Eol,
    /// Content of which a side is no text.
    Binary,
    /// The mode alone.
    Mode,
    /// Where a link leads; its lines are the two targets.
    Symlink,
    /// Content that is too large to compare by line.
    Large,
}

/// A file's mode, as git knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
pub enum FileMode {
    /// A file.
    #[serde(rename = "100644")]
    Regular,
    /// A file that its owner may execute.
    #[serde(rename = "100755")]
    Executable,
    /// A symbolic link.
    #[serde(rename = "120000")]
    Symlink,
}

/// What a line of a hunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineOp {
    /// On both sides.
    Context,
    /// On the first side only.
    Removed,
    /// On the second side only.
    Added,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct DiffLine {
    /// What it is.
    pub op: LineOp,
    /// As it is in the file, with its line end.
    pub text: Bytes,
    /// What of it differs from its counterpart: from which byte up to which.
    pub marks: Vec<(u32, u32)>,
}

/// Changes that stand close to each other, with lines around them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct DiffHunk {
    /// Its first line on the first side, from 1; the line before it, where it has none there.
    pub old_start: u32,
    /// Lines on the first side.
    pub old_lines: u32,
    /// Its first line on the second side.
    pub new_start: u32,
    /// Lines on the second side.
    pub new_lines: u32,
    /// Whether its first lines were on the page before.
    pub continued: bool,
    /// In order.
    pub lines: Vec<DiffLine>,
}

/// The difference of one file.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct FileDiff {
    /// Where it is, `/` between components.
    pub path: Bytes,
    /// What became of it.
    pub status: FileStatus,
    /// What differs.
    pub kind: DiffKind,
    /// Mode on the first side.
    pub old_mode: Option<FileMode>,
    /// Mode on the second side.
    pub new_mode: Option<FileMode>,
    /// SHA-256 of its bytes on the first side; of a link, of where it leads.
    pub old_hash: Option<ContentHash>,
    /// SHA-256 of its bytes on the second side.
    pub new_hash: Option<ContentHash>,
    /// Bytes on the first side.
    pub old_size: Option<u64>,
    /// Bytes on the second side.
    pub new_size: Option<u64>,
    /// Lines added; absent when it was not compared by line.
    pub added: Option<u32>,
    /// Lines removed; absent when it was not compared by line.
    pub removed: Option<u32>,
    /// Whether a part of it was on the page before.
    pub continued: bool,
    /// In order.
    pub hunks: Vec<DiffHunk>,
}

/// What was compared.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct SideInfo {
    /// Which side.
    pub side: DiffSide,
    /// For people: `collection default`, `project app`.
    pub label: String,
    /// Whether anything is there.
    pub present: bool,
    /// Where, absolute; absent for what is in the history.
    pub path: Option<String>,
    /// The recorded hash of what was compared.
    pub content_hash: Option<ContentHash>,
}

/// Answer to `diff`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct DiffReply {
    /// The history that says what the sides are.
    pub clock: Clock,
    /// Whether nothing differs.
    pub identical: bool,
    /// Whether it reflects everything that finished before the request.
    pub fresh: bool,
    /// Why it may be behind, when that is known.
    pub stale: Option<String>,
    /// What was compared.
    pub from: SideInfo,
    /// With what.
    pub to: SideInfo,
    /// Files that differ, on all pages together.
    pub files_changed: u32,
    /// In the order of path components.
    pub files: Vec<FileDiff>,
    /// Pass as `cursor` for the next page.
    pub next: Option<String>,
}
