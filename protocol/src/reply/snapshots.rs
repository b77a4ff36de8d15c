//! Answers about snapshots of collections.

use super::{OperationReply, Problem};
use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Answer to a [`SnapshotQuery`](crate::request::SnapshotQuery). Variant order is the wire: append only.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum SnapshotReply {
    /// To `snapshots.create`.
    Created(SnapshotCreated),
    /// To `snapshots.list`.
    Listed(SnapshotsReply),
    /// To `snapshots.show`.
    Shown(SnapshotShown),
    /// To `snapshots.diff`.
    Compared(SnapshotCompared),
    /// To `snapshots.delete` and `snapshots.prune`.
    Deleted(SnapshotsDeleted),
}

/// One snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct SnapshotInfo {
    /// Its id.
    pub id: String,
    /// The name of the collection, when it was taken.
    pub collection: String,
    /// When it was taken; RFC 3339, UTC.
    pub at: String,
    /// Why.
    pub message: String,
    /// Whether an operation took it, and no person.
    pub automatic: bool,
    /// How many artifacts it holds, as the original counts them: skills, commands and agents.
    pub artifact_count: Option<u64>,
    /// Its archive.
    pub path: String,
    /// Bytes of the archive; absent when it is gone.
    pub size: Option<u64>,
}

/// Answer to `snapshots.create`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct SnapshotCreated {
    /// The new one.
    pub snapshot: SnapshotInfo,
    /// The one before, when it holds the same; then the new one takes no room.
    pub same_as: Option<String>,
    /// What was found to be wrong on the way.
    pub problems: Vec<Problem>,
}

/// Answer to `snapshots.list`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct SnapshotsReply {
    /// The latest first.
    pub snapshots: Vec<SnapshotInfo>,
    /// Pass as `cursor` for earlier ones.
    pub next_cursor: Option<String>,
    /// What is wrong with the list.
    pub problems: Vec<Problem>,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A link.
    Link,
    /// A directory in which nothing is.
    Directory,
}

/// One path in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct SnapshotFile {
    /// Relative to the collection.
    pub path: String,
    /// What.
    pub kind: FileKind,
    /// Bytes of a file.
    pub size: u64,
    /// Whether it may be executed.
    pub executable: bool,
}

/// Answer to `snapshots.show`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct SnapshotShown {
    /// Which.
    pub snapshot: SnapshotInfo,
    /// How many files and links it holds.
    pub file_count: u64,
    /// Their bytes.
    pub total_size: u64,
    /// By path; the first ten thousand.
    pub files: Vec<SnapshotFile>,
    /// What it holds that would not be put back, with the reason.
    pub problems: Vec<Problem>,
}

/// How a path differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileChange {
    /// It is on the later side only.
    Added,
    /// It is on the earlier side only.
    Removed,
    /// Its content is another one.
    Modified,
    /// Only its permissions are others.
    Mode,
    /// It is something else: a link where a file was.
    Kind,
}

/// A path that differs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ChangedFile {
    /// Relative to the collection.
    pub path: String,
    /// How.
    pub change: FileChange,
    /// What it was.
    pub before: Option<FileKind>,
    /// What it is.
    pub after: Option<FileKind>,
}

/// Answer to `snapshots.diff`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct SnapshotCompared {
    /// The earlier side.
    pub from: SnapshotInfo,
    /// The later side; absent for the collection as it is now.
    pub to: Option<SnapshotInfo>,
    /// By path.
    pub changes: Vec<ChangedFile>,
    /// What it holds that was not compared, with the reason.
    pub problems: Vec<Problem>,
}

/// Answer to `snapshots.delete` and `snapshots.prune`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct SnapshotsDeleted {
    /// Whether nothing was removed, as was asked.
    pub dry_run: bool,
    /// Those that are gone, or would be.
    pub snapshots: Vec<SnapshotInfo>,
    /// What could not be removed.
    pub problems: Vec<Problem>,
}

/// What a rollback led to, in the original's words.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct RollbackResult {
    /// Whether the collection is now what was asked for. Of a plan: whether it would be.
    pub success: bool,
    /// The snapshot that was asked for.
    pub snapshot_id: String,
    /// Paths that are now as in the snapshot, relative to the collection.
    pub files_restored: Vec<String>,
    /// Paths in which changes of both sides were joined.
    pub files_merged: Vec<String>,
    /// Paths that both sides changed differently; nothing was done then.
    pub conflicts: Vec<String>,
    /// The snapshot of what was there before.
    pub safety_snapshot_id: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
}

/// Answer to `rollback`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct RollbackReply {
    /// The operation.
    #[serde(flatten)]
    pub operated: OperationReply,
    /// What it led to.
    pub result: RollbackResult,
}
