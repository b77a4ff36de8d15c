//! Answers about the history as a whole.

use super::Problem;
use super::conflicts::ConflictState;
use super::operation::OperationInfo;
use super::snapshots::SnapshotInfo;
use super::versions::{VersionOrigin, VersionPlace};
use crate::clock::Clock;
use crate::codec::{Decode, Encode};
use crate::hash::ContentHash;
use serde::{Deserialize, Serialize};

/// What happened. Variants are only ever appended. In JSON what one carries is a member of the entry that is called as it is, and
/// is there for that kind alone.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum HistoryKind {
    /// Somebody asked for an operation.
    Operation,
    /// A content was found that no operation had put there.
    Found,
    /// A snapshot was taken, and is still there.
    Snapshot(SnapshotInfo),
    /// Another program rolled a collection back.
    Rollback(ForeignRollback),
    /// Both sides of an artifact were found to be in conflict.
    Conflict(ConflictFound),
    /// A snapshot was given up.
    SnapshotDeleted(DeletedSnapshot),
}

/// A rollback of which only the audit trail tells.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ForeignRollback {
    /// Its id in the trail.
    pub id: String,
    /// Name of the collection.
    pub collection: String,
    /// The snapshot that was asked for.
    pub snapshot_id: String,
    /// The snapshot of what was there before; empty when the trail does not say.
    pub safety_snapshot_id: String,
    /// Whether it succeeded.
    pub success: bool,
    /// Why not.
    pub error: Option<String>,
}

/// A conflict that was found, whatever became of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ConflictFound {
    /// Its number.
    pub conflict: u64,
    /// `type:name`.
    pub artifact: String,
    /// Where.
    pub place: VersionPlace,
    /// Name of the collection on the other side, or its id when it is gone.
    pub collection: String,
    /// How many files were to be decided about.
    pub files: u32,
    /// The recorded hash that both sides came from, if one was recorded.
    pub base: Option<ContentHash>,
    /// That of the project's copy.
    pub ours: ContentHash,
    /// That of the collection's.
    pub theirs: ContentHash,
    /// What it is now.
    pub state: ConflictState,
}

/// A snapshot that is not there any more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct DeletedSnapshot {
    /// Its id.
    pub id: String,
    /// The name of the collection, when it was taken.
    pub collection: String,
    /// When it was taken; RFC 3339, UTC.
    pub taken_at: String,
    /// Why it was taken.
    pub message: String,
    /// How many artifacts it held, as the original counts them.
    pub artifact_count: Option<u64>,
    /// Whether it was given up because there were enough, and not because somebody asked for it.
    pub by_retention: bool,
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
#[serde(try_from = "Written", into = "Written")]
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

/// An entry as JSON has it.
#[derive(Serialize, Deserialize)]
struct Written {
    kind: Word,
    at: String,
    summary: String,
    operation: Option<OperationInfo>,
    found: Option<FoundVersion>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    snapshot: Option<SnapshotInfo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rollback: Option<ForeignRollback>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    conflict: Option<ConflictFound>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    snapshot_deleted: Option<DeletedSnapshot>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Operation,
    Found,
    Snapshot,
    Rollback,
    Conflict,
    SnapshotDeleted,
}

impl From<HistoryEntry> for Written {
    fn from(entry: HistoryEntry) -> Self {
        let HistoryEntry { kind, at, summary, operation, found } = entry;
        let mut written = Self {
            kind: Word::Operation,
            at,
            summary,
            operation,
            found,
            snapshot: None,
            rollback: None,
            conflict: None,
            snapshot_deleted: None,
        };
        written.kind = match kind {
            HistoryKind::Operation => Word::Operation,
            HistoryKind::Found => Word::Found,
            HistoryKind::Snapshot(info) => {
                written.snapshot = Some(info);
                Word::Snapshot
            }
            HistoryKind::Rollback(told) => {
                written.rollback = Some(told);
                Word::Rollback
            }
            HistoryKind::Conflict(found) => {
                written.conflict = Some(found);
                Word::Conflict
            }
            HistoryKind::SnapshotDeleted(gone) => {
                written.snapshot_deleted = Some(gone);
                Word::SnapshotDeleted
            }
        };
        written
    }
}

impl TryFrom<Written> for HistoryEntry {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, &'static str> {
        let Written { kind, at, summary, operation, found, snapshot, rollback, conflict, snapshot_deleted } = written;
        let kind = match kind {
            Word::Operation => HistoryKind::Operation,
            Word::Found => HistoryKind::Found,
            Word::Snapshot => HistoryKind::Snapshot(snapshot.ok_or("a snapshot of which nothing is said")?),
            Word::Rollback => HistoryKind::Rollback(rollback.ok_or("a rollback of which nothing is said")?),
            Word::Conflict => HistoryKind::Conflict(conflict.ok_or("a conflict of which nothing is said")?),
            Word::SnapshotDeleted => {
                let gone = snapshot_deleted.ok_or("a deleted snapshot of which nothing is said")?;
                HistoryKind::SnapshotDeleted(gone)
            }
        };
        Ok(Self { kind, at, summary, operation, found })
    }
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
