//! What a client can ask. Variant order is the wire: append only.

pub mod across;
pub mod branches;
pub mod collections;
pub mod conflicts;
pub mod diff;
pub mod history;
pub mod operate;
pub mod snapshots;
pub mod versions;

pub use across::{BlastRadiusQuery, FanOut, Promote};
pub use branches::{BranchCreate, BranchDelete, BranchList, BranchQuery, DeployBranch, PushBranch, Switch};
pub use collections::{
    CollectionCreate, CollectionRemove, CollectionRename, CollectionSetDefault, CollectionVerify, GroupChange,
    GroupEdit,
};
pub use conflicts::{
    ConflictChoice, ConflictListQuery, ConflictName, ConflictRead, ConflictShow, ConflictSide, ConflictsQuery, Resolve,
};
pub use diff::{DiffDetail, DiffQuery, DiffSide};
pub use history::{HistoryGc, HistoryQuery};
pub use operate::{
    Add, Adopt, Deploy, Forget, Import, InTheWay, Operate, Operation, OperationId, OperationsQuery, Profiles, Remove,
    Rename, Strategy, Tag, Transfer, Undeploy, Undo, Which,
};
pub use snapshots::{
    Rollback, SnapshotCreate, SnapshotDelete, SnapshotDiff, SnapshotList, SnapshotName, SnapshotPrune, SnapshotQuery,
    SnapshotRestore,
};
pub use versions::{Restore, VersionGraphQuery, VersionName, VersionPages, VersionTag, VersionsQuery};

use crate::clock::Clock;
use crate::codec::{Decode, Encode};
use crate::drift::DriftState;
use crate::ids::{ArtifactKey, ArtifactType};
use serde::{Deserialize, Serialize};

/// One binary request: how fresh and how soon, in which form, and what.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Call {
    /// How fresh the answer must be.
    pub freshness: Freshness,
    /// Milliseconds until the answer is late; 0 leaves the choice to the daemon.
    pub deadline_ms: u32,
    /// Form of the answer.
    pub format: Format,
    /// The request.
    pub request: Request,
}

/// How fresh an answer must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// Reflects every file operation that finished before the daemon received the request.
    #[default]
    Synced,
    /// What is known now.
    Cached,
    /// As `Synced`, and of each conflict it is known whether it merges, unless nobody can say.
    Settled,
}

/// Form of the answer to a binary request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub enum Format {
    /// Typed replies.
    #[default]
    Typed,
    /// The JSON text of the `data` member, so that a small client prints JSON without encoding it.
    Json,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Request {
    /// Drift of one or all projects.
    Status(StatusQuery),
    /// Artifacts of the collections.
    List(ListQuery),
    /// One artifact, with its deployments.
    Show(ShowQuery),
    /// Registered projects.
    Projects,
    /// Registers a project.
    ProjectAdd(ProjectPath),
    /// Forgets a project; its files stay.
    ProjectRemove(ProjectPath),
    /// Looks for projects below a directory.
    Discover(DiscoverQuery),
    /// Known collections.
    Collections,
    /// One collection.
    CollectionShow(CollectionName),
    /// A snapshot or delta, then live events until the connection closes.
    Subscribe(SubscribeQuery),
    /// The barrier alone.
    Sync(SyncQuery),
    /// Whether the daemon is well.
    Health,
    /// Counters.
    Metrics,
    /// Creates home, config and the default collection where they are missing.
    Init,
    /// Asks the daemon to end.
    Shutdown(ShutdownQuery),
    /// The barrier, after everything in scope was compared with the disk as if no event had ever come.
    Verify(SyncQuery),
    /// Changes files.
    Operate(Operate),
    /// Operations of the past.
    Operations(OperationsQuery),
    /// One of them, with what it changed.
    OperationShow(OperationId),
    /// What differs between two sides.
    Diff(DiffQuery),
    /// Snapshots of collections.
    Snapshots(SnapshotQuery),
    /// Versions of an artifact.
    Versions(VersionsQuery),
    /// Who has which of them.
    VersionGraph(VersionGraphQuery),
    /// One of them.
    VersionShow(VersionName),
    /// Gives one a name, or takes the name away.
    VersionTag(VersionTag),
    /// What happened, in one line of time.
    History(HistoryQuery),
    /// Removes what of the past nothing needs.
    HistoryGc(HistoryGc),
    /// Whether everything of the past is what was stored.
    HistoryVerify,
    /// Branches of an artifact.
    Branches(BranchQuery),
    /// Whom a change of an artifact concerns.
    BlastRadius(BlastRadiusQuery),
    /// Conflicts that were found.
    Conflicts(ConflictsQuery),
    /// One of them.
    ConflictShow(ConflictShow),
    /// The bytes of one side of one of its files.
    ConflictRead(ConflictRead),
    /// Decides about its files; nothing in projects and collections is changed.
    Resolve(Resolve),
    /// Versions of an artifact in several answers, each of which is on its way while the next one is made.
    VersionPages(VersionPages),
    /// Conflicts that were found, page by page.
    ConflictList(ConflictListQuery),
}

/// Which projects are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every registered project.
    #[default]
    All,
    /// The registered project at this path, or of this name when it is not a path.
    Project(String),
    /// The registered project that contains this absolute path.
    Containing(String),
}

/// How much a status answer says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Counts only; `items` is empty.
    Counts,
    /// Everything but in-sync items.
    #[default]
    Drift,
    /// Everything.
    All,
}

/// Parameters of `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct StatusQuery {
    /// Which projects.
    pub scope: Scope,
    /// Only these types; empty means all.
    pub types: Vec<ArtifactType>,
    /// Only these states; empty means all.
    pub states: Vec<DriftState>,
    /// Only these collections, by name or id; empty means all.
    pub collections: Vec<String>,
    /// How much.
    pub detail: Detail,
    /// Whether `added` items are listed (they are always counted).
    pub available: bool,
    /// Where an earlier page ended.
    pub cursor: Option<String>,
}

/// Parameters of `list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    /// Only these types; empty means all.
    pub types: Vec<ArtifactType>,
    /// Only these collections, by name or id; empty means all.
    pub collections: Vec<String>,
    /// Where an earlier page ended.
    pub cursor: Option<String>,
}

/// Parameters of `show`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ShowQuery {
    /// Which artifact; JSON takes `"type:name"` in `artifact` too.
    #[serde(flatten)]
    pub key: ArtifactKey,
    /// Which collection, by name or id; without it all that have the artifact answer.
    #[serde(default)]
    pub collection: Option<String>,
}

/// Parameters of `projects.add` and `projects.remove`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ProjectPath {
    /// Absolute path; for removal also a registered name.
    pub path: String,
}

/// Parameters of `projects.discover`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct DiscoverQuery {
    /// Absolute directory to search.
    pub root: String,
    /// Levels below it to search; 0 is the directory itself.
    #[serde(default = "default_depth")]
    pub depth: u32,
    /// Whether what is found is registered.
    #[serde(default)]
    pub add: bool,
}

/// Depth of a search that names none (the original's, formats-core §5).
pub const fn default_depth() -> u32 {
    3
}

/// Parameters of `collections.show`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct CollectionName {
    /// Name or id.
    pub collection: String,
}

/// Parameters of `subscribe`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscribeQuery {
    /// Which projects.
    pub scope: Scope,
    /// What the subscriber knows already; answered with a delta when it is still held, else with a snapshot.
    pub since: Option<Clock>,
}

/// Parameters of `sync` and `verify`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncQuery {
    /// Which projects must be current.
    pub scope: Scope,
}

/// Why a daemon should end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShutdownReason {
    /// A person asked.
    #[default]
    Requested,
    /// A newer client takes over; refused when the client is not newer.
    Upgrade,
}

/// Parameters of `shutdown`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct ShutdownQuery {
    /// Why.
    pub reason: ShutdownReason,
    /// Version of the client that asks.
    pub version: Option<String>,
}
