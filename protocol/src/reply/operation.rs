//! Answers to operations: what was done to each artifact, or would be.

use super::Problem;
use crate::clock::Clock;
use crate::codec::{Decode, Encode};
use crate::hash::ContentHash;
use crate::ids::ArtifactType;
use serde::{Deserialize, Serialize};

/// What an operation did to one artifact, group or collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is new at its place.
    Created,
    /// Its files are others now.
    Updated,
    /// Changes of both sides were joined.
    Merged,
    /// It lives on under another name.
    Forked,
    /// It is no longer at its place.
    Removed,
    /// Only what is recorded of it changed.
    Recorded,
    /// Nothing was to be done.
    Unchanged,
    /// It was left alone, as was asked.
    Skipped,
    /// It was left alone although something was asked; `message` says why, `ways` what can be done.
    Refused,
    /// Something failed; it is as it was.
    Failed,
    /// Somebody asked to stop before it was its turn.
    Cancelled,
    /// Both sides changed it, and a person is to decide; `ways` says how.
    Undecided,
}

/// What happened to one artifact at one place.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OperationItem {
    /// Type; absent for a group or a collection.
    #[serde(rename = "type")]
    pub kind: Option<ArtifactType>,
    /// Name.
    pub name: String,
    /// Path of the project, when one is concerned.
    pub project: Option<String>,
    /// Profile there.
    pub profile: Option<String>,
    /// Name of the collection, when one is concerned.
    pub collection: Option<String>,
    /// What happened.
    pub outcome: Outcome,
    /// Where, absolute.
    pub path: Option<String>,
    /// Content afterwards.
    pub content_hash: Option<ContentHash>,
    /// Files written.
    pub files_written: u32,
    /// Files removed.
    pub files_removed: u32,
    /// What a person should know.
    pub message: Option<String>,
    /// Commands that lead on, where nothing was done.
    pub ways: Vec<String>,
}

/// Where an operation is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// It is under way.
    Running,
    /// It was done.
    Done,
    /// It failed, or was killed, and what it had begun was taken back.
    RolledBack,
    /// It was done and later undone.
    Undone,
}

/// One operation, as the history keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OperationInfo {
    /// Its number; later ones have larger ones.
    pub operation: u64,
    /// The command: `deploy`, `undo`, …
    pub verb: String,
    /// When it began; RFC 3339, UTC.
    pub at: String,
    /// Where it is in its life.
    pub state: OperationState,
    /// Projects and collections that it changed, by path.
    pub roots: Vec<String>,
    /// The operation that it undid.
    pub undoes: Option<u64>,
    /// What it did, in one line.
    pub summary: String,
}

/// Answer to every operation.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OperationReply {
    /// The history that shows its effect.
    pub clock: Clock,
    /// Whether this is a plan of which nothing was done.
    pub dry_run: bool,
    /// Whether it did all that was asked: no item is refused, failed, cancelled or undecided.
    pub complete: bool,
    /// What the history keeps of it; absent when nothing changed.
    pub operation: Option<OperationInfo>,
    /// By place and artifact.
    pub items: Vec<OperationItem>,
    /// What was found to be wrong on the way.
    pub problems: Vec<Problem>,
}

/// Answer to `operations.list`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OperationsReply {
    /// The latest first.
    pub operations: Vec<OperationInfo>,
    /// Pass as `before` for earlier ones.
    pub next: Option<u64>,
}

/// One path that an operation changed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OperationStep {
    /// The file or directory, absolute.
    pub path: String,
    /// Its content before; absent when nothing was there.
    pub before: Option<ContentHash>,
    /// Its content after; absent when nothing is there.
    pub after: Option<ContentHash>,
}

/// Answer to `operations.show`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OperationShowReply {
    /// The operation.
    pub info: OperationInfo,
    /// What it changed, in order.
    pub steps: Vec<OperationStep>,
}
