//! What the daemon answers. Field names are the public JSON contract; absent values are `null`.
//!
//! One file a family: [`status`], [`library`], [`diff`], [`operation`], [`snapshots`], [`versions`], [`branches`],
//! [`history`], [`across`], [`conflicts`], [`projects`], [`stream`], [`daemon`].

pub mod across;
pub mod branches;
pub mod conflicts;
pub mod daemon;
pub mod diff;
pub mod history;
pub mod library;
pub mod operation;
pub mod projects;
pub mod snapshots;
pub mod status;
pub mod stream;
pub mod versions;

pub use across::{BlastCopy, BlastRadiusReply, BlastStatistics, Standing};
pub use branches::{BranchFollower, BranchInfo, BranchesReply, FollowersReply, WithBranches};
pub use conflicts::{
    ConflictBytes, ConflictFile, ConflictInfo, ConflictKind, ConflictLeaf, ConflictListReply, ConflictReason,
    ConflictReply, ConflictResolution, ConflictState, ConflictsReply,
};
pub use daemon::{DegradedRoot, HealthReply, InitReply, Latency, MetricsReply, StoppingReply};
pub use diff::{DiffHunk, DiffKind, DiffLine, DiffReply, FileDiff, FileMode, FileStatus, LineOp, SideInfo};
pub use history::{
    ConflictFound, DeletedSnapshot, ForeignRollback, FoundVersion, HistoryEntry, HistoryGcReply, HistoryKind,
    HistoryReply, HistoryVerifyReply,
};
pub use library::{
    Artifact, CollectionInfo, CollectionReply, CollectionsReply, Deployment, Group, ListReply, TagDefinition,
};
pub use operation::{
    OperationInfo, OperationItem, OperationReply, OperationShowReply, OperationState, OperationStep, OperationsReply,
    Outcome,
};
pub use projects::{DiscoverReply, DiscoveredProject, ProjectInfo, ProjectsReply};
pub use snapshots::{
    ChangedFile, FileChange, FileKind, RollbackReply, RollbackResult, SnapshotCompared, SnapshotCreated, SnapshotFile,
    SnapshotInfo, SnapshotReply, SnapshotShown, SnapshotsDeleted, SnapshotsReply,
};
pub use status::{Counts, Item, ProjectState, ProjectStatus, StatusReply};
pub use stream::{LiveReply, SubscribedReply, SyncReply};
pub use versions::{
    GraphCopy, GraphRoot, GraphStatistics, VersionFile, VersionFileKind, VersionGraphReply, VersionInfo, VersionOrigin,
    VersionParent, VersionPlace, VersionReply, VersionSighting, VersionsReply,
};

use crate::codec::{Decode, Encode};
use crate::error::WireError;
use crate::event::DriftEvent;
use serde::{Deserialize, Serialize};

/// One binary reply. A request has exactly one, but for [`Request::Subscribe`](crate::request::Request::Subscribe)
/// (`Subscribed`, then `Live`, then any number of `Event` and `Resync`) and
/// [`Request::Discover`](crate::request::Request::Discover) and [`Request::Operate`](crate::request::Request::Operate)
/// (any number of `Progress` before the last).
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
#[allow(missing_docs, reason = "each names its payload, which is documented")]
pub enum Reply {
    Error(WireError),
    Status(StatusReply),
    List(ListReply),
    Show(ListReply),
    Projects(ProjectsReply),
    ProjectAdded(ProjectInfo),
    ProjectRemoved(ProjectInfo),
    Progress(Progress),
    Discovered(DiscoverReply),
    Collections(CollectionsReply),
    Collection(CollectionReply),
    Subscribed(SubscribedReply),
    Live(LiveReply),
    Event(DriftEvent),
    Resync(LiveReply),
    Synced(SyncReply),
    Health(HealthReply),
    Metrics(MetricsReply),
    Initialised(InitReply),
    Stopping(StoppingReply),
    /// The JSON text of `data`, for [`Format::Json`](crate::request::Format::Json).
    Json(String),
    /// One page of a long JSON answer.
    JsonPage(JsonPage),
    Operated(OperationReply),
    Operations(OperationsReply),
    Operation(OperationShowReply),
    Diff(DiffReply),
    Snapshots(SnapshotReply),
    /// To the operation [`Rollback`](crate::request::Operation::Rollback), in the place of `Operated`.
    RolledBack(RollbackReply),
    Versions(VersionsReply),
    VersionGraph(VersionGraphReply),
    Version(VersionReply),
    History(HistoryReply),
    HistoryCollected(HistoryGcReply),
    HistoryVerified(HistoryVerifyReply),
    Branches(BranchesReply),
    BlastRadius(BlastRadiusReply),
    Conflicts(ConflictsReply),
    Conflict(ConflictReply),
    ConflictBytes(ConflictBytes),
    Followers(FollowersReply),
    ConflictList(ConflictListReply),
}

/// A page of JSON: print `head` of the first page, the `body` of all pages joined by commas, `tail` of the last.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct JsonPage {
    /// Text before the list.
    pub head: String,
    /// Elements of the list, without brackets.
    pub body: String,
    /// Text after the list.
    pub tail: String,
    /// Pass as `cursor` for the next page.
    pub next: Option<String>,
}

/// Something that could not be read or is not as it should be; the rest goes on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
pub struct Problem {
    /// The file or directory.
    pub file: String,
    /// Line in it, from 1.
    pub line: Option<u32>,
    /// Key in it, such as `deployed[2].content_hash`.
    pub key: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// How far long work has come.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Progress {
    /// Directories looked at.
    pub directories: u64,
    /// Projects found.
    pub found: u64,
    /// The one being looked at, or worked on.
    pub at: String,
    /// Items of an operation that are done.
    pub done: u64,
    /// Items that it has.
    pub total: u64,
}
