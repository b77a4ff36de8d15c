//! Requests about conflicts: what both sides of an artifact changed and nobody but a person can join.
//!
//! An artifact is named `type:name`, or `name` alone where that fits exactly one. *Ours* is the project's copy, *theirs* the
//! collection's. A conflict is kept from the first `pull`, `push`, `sync_project` or `deploy` that finds it.

use crate::bytes::Bytes;
use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// What `conflicts.list` was before it had pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct ConflictsQuery {
    /// Only those of this registered project, by path or name.
    pub project: Option<String>,
    /// Also those that are none any more.
    pub closed: bool,
}

/// Parameters of `conflicts.list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct ConflictListQuery {
    /// Only those of this registered project, by path or name.
    pub project: Option<String>,
    /// Also those that are none any more.
    pub closed: bool,
    /// At most so many; 0 leaves the choice to the daemon.
    pub limit: u32,
    /// Where an earlier page ended; on any connection.
    pub cursor: Option<String>,
}

/// A conflict, as requests name it. Parameters of `conflicts.continue` and `conflicts.abort`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct ConflictName {
    /// Of which artifact.
    pub artifact: String,
    /// In which registered project, by path or name.
    pub project: String,
    /// Under which profile; needed where the artifact has conflicts under several.
    pub profile: Option<String>,
}

/// Parameters of `conflicts.show`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct ConflictShow {
    /// Which.
    #[serde(flatten)]
    pub conflict: ConflictName,
    /// With the lines of this file, which both sides changed.
    pub file: Option<Bytes>,
}

/// A side of a conflict, or what can be made of all three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictSide {
    /// What both come from.
    Base,
    /// The project's.
    #[default]
    Ours,
    /// The collection's.
    Theirs,
    /// The lines of both, with markers around what is in conflict.
    Marked,
}

/// Parameters of `conflicts.read`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct ConflictRead {
    /// Which.
    #[serde(flatten)]
    pub conflict: ConflictName,
    /// Which of its files; of an artifact that is one file, it may be left out.
    pub file: Bytes,
    /// What of it.
    pub side: ConflictSide,
    /// From which byte on.
    pub from: u64,
}

/// How a file of a conflict is decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictChoice {
    /// As it is in the project.
    #[default]
    Ours,
    /// As it is in the collection.
    Theirs,
    /// As it was before both changed it.
    Base,
    /// The lines of both, one after the other, where they are in conflict.
    Both,
    /// As in this file, by its absolute path.
    Content(String),
}

/// Parameters of `conflicts.resolve`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Resolve {
    /// Which.
    #[serde(flatten)]
    pub conflict: ConflictName,
    /// Which of its files; all of them that are not decided when left out.
    pub file: Option<Bytes>,
    /// How.
    pub choice: ConflictChoice,
}
