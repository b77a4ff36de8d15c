//! Answers about versions of artifacts.

use crate::clock::Clock;
use crate::codec::{Decode, Encode};
use crate::drift::DriftState;
use crate::hash::ContentHash;
use serde::{Deserialize, Serialize};

/// What brought a content to a place. The first three are the original's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionOrigin {
    /// It was deployed into a project.
    Deployment,
    /// It came from the other side: by `pull`, `push` or `sync`.
    Sync,
    /// Somebody edited it where it is.
    LocalModification,
    /// Two sides were joined.
    Merge,
    /// An earlier state was put back.
    Rollback,
    /// It came from outside of every collection.
    Import,
    /// Its source has something newer.
    Refresh,
}

impl VersionOrigin {
    /// The word of the JSON contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Sync => "sync",
            Self::LocalModification => "local_modification",
            Self::Merge => "merge",
            Self::Rollback => "rollback",
            Self::Import => "import",
            Self::Refresh => "refresh",
        }
    }
}

/// A project, or a collection, that has or had an artifact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
pub struct VersionPlace {
    /// Path of the project.
    pub project: Option<String>,
    /// Profile there.
    pub profile: Option<String>,
    /// Name of the collection; its id when it is known no more.
    pub collection: Option<String>,
}

/// A version that another was made of.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct VersionParent {
    /// Its number.
    pub version: u64,
    /// Of which artifact: another one's for a fork or after a rename.
    pub artifact: String,
    /// Its recorded hash.
    pub hash: ContentHash,
}

/// One version of an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct VersionInfo {
    /// Its number; those that were seen later have larger ones.
    pub version: u64,
    /// Its recorded hash.
    pub hash: ContentHash,
    /// What it was made of: nothing that is known, one version, or two.
    pub parents: Vec<VersionParent>,
    /// What brought it where it was first seen.
    pub origin: VersionOrigin,
    /// When it was first seen; RFC 3339, UTC.
    pub at: String,
    /// The operation that made it; absent when it was found.
    pub operation: Option<u64>,
    /// Where it was first seen.
    pub place: VersionPlace,
    /// Whether its files are kept, so that it can be put back.
    pub kept: bool,
    /// Names that it was given.
    pub tags: Vec<String>,
    /// Where it is now.
    pub now: Vec<VersionPlace>,
}

/// Answer to `versions.list`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct VersionsReply {
    /// What `now` was true at.
    pub clock: Clock,
    /// Whether `now` reflects everything that happened before the request.
    pub fresh: bool,
    /// Why it may not.
    pub stale: Option<String>,
    /// `type:name`.
    pub artifact: String,
    /// The latest first.
    pub versions: Vec<VersionInfo>,
    /// Pass as `before` for earlier ones.
    pub next: Option<u64>,
}

/// A collection that has an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct GraphRoot {
    /// Its name.
    pub collection: String,
    /// Its id.
    pub collection_id: String,
    /// What it has; absent when its files are gone or cannot be read.
    pub hash: Option<ContentHash>,
}

/// A project's copy of an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct GraphCopy {
    /// Path of the project.
    pub project: String,
    /// Its name.
    pub project_name: String,
    /// Profile.
    pub profile: String,
    /// Name of the collection that it came from, or belongs to.
    pub collection: Option<String>,
    /// Its drift state.
    pub state: DriftState,
    /// What was deployed.
    pub baseline: Option<ContentHash>,
    /// What is there; absent when nothing is or it cannot be read.
    pub hash: Option<ContentHash>,
    /// Whether it is not what was deployed.
    pub modified: bool,
    /// Whether no collection has what was deployed any more.
    pub orphaned: bool,
}

/// How many copies there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct GraphStatistics {
    /// All.
    pub total: u32,
    /// Not what was deployed.
    pub modified: u32,
    /// What was deployed.
    pub unmodified: u32,
    /// What was deployed is in no collection any more.
    pub orphaned: u32,
}

/// Answer to `versions.graph`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct VersionGraphReply {
    /// What copies and collections were true at.
    pub clock: Clock,
    /// Whether they reflect everything that happened before the request.
    pub fresh: bool,
    /// Why they may not.
    pub stale: Option<String>,
    /// `type:name`.
    pub artifact: String,
    /// The collections that have it.
    pub roots: Vec<GraphRoot>,
    /// The projects' copies, by path and profile.
    pub copies: Vec<GraphCopy>,
    /// How many of them.
    pub statistics: GraphStatistics,
    /// Its versions, the latest first.
    pub versions: Vec<VersionInfo>,
    /// Whether there are earlier versions than these.
    pub more: bool,
}

/// What a path of a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionFileKind {
    /// A regular file.
    File,
    /// A symbolic link.
    Symlink,
    /// A directory in which there is nothing.
    EmptyDirectory,
}

/// One path of a version.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct VersionFile {
    /// Below the artifact; empty for an artifact that is one file.
    pub path: String,
    /// What it is.
    pub kind: VersionFileKind,
    /// Bytes; 0 for what is no file.
    pub size: u64,
    /// Permission bits; absent for a link.
    pub mode: Option<u32>,
    /// SHA-256 of its bytes; absent for what is no file.
    pub hash: Option<ContentHash>,
    /// Where a link leads.
    pub target: Option<String>,
}

/// Once that a version came to be somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct VersionSighting {
    /// When; RFC 3339, UTC.
    pub at: String,
    /// Where.
    pub place: VersionPlace,
    /// What brought it there.
    pub origin: VersionOrigin,
    /// The operation that did; absent when it was found.
    pub operation: Option<u64>,
}

/// Answer to `versions.show`, `versions.tag` and `versions.untag`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct VersionReply {
    /// What `now` was true at.
    pub clock: Clock,
    /// Whether `now` reflects everything that happened before the request.
    pub fresh: bool,
    /// Why it may not.
    pub stale: Option<String>,
    /// `type:name`.
    pub artifact: String,
    /// The version.
    pub info: VersionInfo,
    /// When and where it was seen, the latest first; of many the latest hundred.
    pub seen: Vec<VersionSighting>,
    /// What it is made of, in order; nothing when its files are not kept.
    pub files: Vec<VersionFile>,
}
