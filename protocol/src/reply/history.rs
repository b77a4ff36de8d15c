//! Answers about the history as a whole.

use super::Problem;
use super::operation::OperationInfo;
use super::versions::{VersionOrigin, VersionPlace};
use crate::clock::Clock;
use crate::codec::{Decode, Encode};
use crate::hash::ContentHash;
use serde::{Deserialize, Serialize};

/// What happened. Variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryKind {
    /// Somebody asked for an operation.
    Operation,
    /// A content was found that no operation had put there.
    Found,
}

/// A content that was found somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct FoundVersion {
    /// `type:name`.
    pub artifact: String,
    /// Number of the version; absent when nothing was there any more.
    pub version: Option<u64>,
    /// Its recorded hash.
    pub hash: Option<ContentHash>,
    /// What brought it there, as far as one can tell.
    pub origin: VersionOrigin,
    /// Where.
    pub place: VersionPlace,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// What it was.
    pub kind: HistoryKind,
    /// When; RFC 3339, UTC.
    pub at: String,
    /// In one line.
    pub summary: String,
    /// The operation, when it was one.
    pub operation: Option<OperationInfo>,
    /// What was found, when something was.
    pub found: Option<FoundVersion>,
}

/// Answer to `history.list`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct HistoryReply {
    /// What names of collections were true at.
    pub clock: Clock,
    /// The latest first.
    pub entries: Vec<HistoryEntry>,
    /// Pass as `before` for earlier ones.
    pub next: Option<String>,
}

/// Answer to `history.gc`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct HistoryGcReply {
    /// Whether nothing was removed.
    pub dry_run: bool,
    /// Contents that nothing needs.
    pub contents: u64,
    /// Files that only they had.
    pub files: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// Contents that stay.
    pub kept: u64,
    /// Bytes of the database before.
    pub before: u64,
    /// Bytes of the database afterwards.
    pub after: u64,
    /// What a person should know.
    pub problems: Vec<Problem>,
}

/// Answer to `history.verify`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct HistoryVerifyReply {
    /// Whether everything is what was stored.
    pub complete: bool,
    /// Files that were hashed again.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Contents.
    pub contents: u64,
    /// Versions, with their sightings and tags.
    pub versions: u64,
    /// Operations.
    pub operations: u64,
    /// What is not what was stored; of many the first hundred.
    pub problems: Vec<Problem>,
}
