//! Answers about conflicts.

use crate::bytes::Bytes;
use crate::clock::Clock;
use crate::codec::{Decode, Encode};
use crate::hash::ContentHash;
use crate::ids::ArtifactType;
use serde::{Deserialize, Serialize};

/// Whether a conflict is one still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictState {
    /// Both sides are what they were when it was found.
    Open,
    /// The project's copy was given markers, for a person to edit.
    Marked,
    /// A side is another by now: what of it is a conflict is looked at again when it is finished.
    Moved,
    /// It is none any more.
    Closed,
}

/// What both sides did to a file; the words are the original's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// Both changed it.
    BothModified,
    /// Both added it.
    AddAdd,
    /// One deleted what the other changed.
    Deletion,
}

/// Why a person has to decide about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictReason {
    /// The same lines were changed.
    Lines,
    /// What comes of both cannot be parsed any more.
    Broken,
    /// It is gone on one side.
    Gone,
    /// It is no text.
    Binary,
    /// It is too large.
    Large,
    /// It is a link.
    Link,
    /// It is not known what both sides come from.
    NoBase,
    /// It is a file on one side and a directory on the other.
    Clash,
}

/// How a file was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictResolution {
    /// As it is in the project.
    Ours,
    /// As it is in the collection.
    Theirs,
    /// As it was.
    Base,
    /// The lines of both.
    Both,
    /// Something that a person made.
    Content,
}

/// A file on one side.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ConflictLeaf {
    /// SHA-256 of its bytes; of a link, none; of a whole artifact, what identifies its content.
    pub hash: Option<ContentHash>,
    /// Bytes.
    pub size: u64,
    /// Permission bits of a file.
    pub mode: Option<u32>,
    /// Where a link leads.
    pub target: Option<String>,
}

/// A file that somebody has to decide about.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ConflictFile {
    /// Below the artifact, `/` between components; empty for the artifact as a whole.
    pub path: Bytes,
    /// What both sides did to it.
    pub kind: ConflictKind,
    /// Why it could not be decided.
    pub reason: ConflictReason,
    /// Whether it can be shown with markers, and decided by `both`.
    pub text: bool,
    /// What it was, if it was there and that is known.
    pub base: Option<ConflictLeaf>,
    /// What it is in the project.
    pub ours: Option<ConflictLeaf>,
    /// What it is in the collection.
    pub theirs: Option<ConflictLeaf>,
    /// How it was decided.
    pub resolution: Option<ConflictResolution>,
}

/// A conflict.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ConflictInfo {
    /// Its number.
    pub conflict: u64,
    /// Type of the artifact.
    #[serde(rename = "type")]
    pub kind: ArtifactType,
    /// Its name.
    pub name: String,
    /// Path of the project.
    pub project: String,
    /// Profile there.
    pub profile: String,
    /// Name of the collection.
    pub collection: String,
    /// When it was found; RFC 3339, UTC.
    pub at: String,
    /// Whether it is one still.
    pub state: ConflictState,
    /// The recorded hash that both sides come from, if one is recorded.
    pub base: Option<ContentHash>,
    /// That of the project's copy.
    pub ours: ContentHash,
    /// That of the collection's.
    pub theirs: ContentHash,
    /// How many files there are to be decided about.
    pub files_total: u32,
    /// How many of them are not decided.
    pub files_open: u32,
    /// The first of them.
    pub files: Vec<ConflictFile>,
    /// Commands that end it.
    pub ways: Vec<String>,
}

/// What the answer to `conflicts.list` was before it had pages.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ConflictsReply {
    /// Of which moment this is.
    pub clock: Clock,
    /// Whether it reflects everything that finished before the request.
    pub fresh: bool,
    /// Why it may be behind, when that is known.
    pub stale: Option<String>,
    /// The earliest first.
    pub conflicts: Vec<ConflictInfo>,
    /// Whether there are more.
    pub more: bool,
}

/// Answer to `conflicts.list`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ConflictListReply {
    /// Of which moment this is.
    pub clock: Clock,
    /// Whether it reflects everything that finished before the request.
    pub fresh: bool,
    /// Why it may be behind, when that is known.
    pub stale: Option<String>,
    /// The earliest first.
    pub conflicts: Vec<ConflictInfo>,
    /// Whether there are more.
    pub more: bool,
    /// Pass as `cursor` for the next page.
    pub next: Option<String>,
}

/// Answer to `conflicts.show` and `conflicts.resolve`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ConflictReply {
    /// Of which moment this is.
    pub clock: Clock,
    /// Whether it reflects everything that finished before the request.
    pub fresh: bool,
    /// Why it may be behind, when that is known.
    pub stale: Option<String>,
    /// The conflict.
    pub conflict: ConflictInfo,
    /// The file that was asked for, with its base and markers around what is in conflict (`diff3`); absent for what is no
    /// text, and above 1 MiB.
    pub text: Option<Bytes>,
}

/// Answer to `conflicts.read`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ConflictBytes {
    /// Whether there is a file on this side.
    pub present: bool,
    /// Bytes of all of it.
    pub size: u64,
    /// Those from where it was asked for, 4 MiB at most.
    pub bytes: Bytes,
    /// From where to go on.
    pub next: Option<u64>,
}
