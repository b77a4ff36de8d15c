//! Answers about branches of artifacts.

use crate::clock::Clock;
use crate::codec::{Decode, Encode};
use crate::drift::DriftState;
use crate::hash::ContentHash;
use serde::{Deserialize, Serialize};

/// A named line of an artifact in a collection.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct BranchInfo {
    /// Name of the collection; its id when it is known no more.
    pub collection: String,
    /// The collection's id.
    pub collection_id: String,
    /// Its name.
    pub branch: String,
    /// Whether it is the current one: what the collection has is its tip.
    pub current: bool,
    /// Number of the version at its tip; absent while the history does not know it.
    pub version: Option<u64>,
    /// The recorded hash of its tip; absent where the collection has no files of it.
    pub hash: Option<ContentHash>,
    /// Since when that is its tip, or it is the current one; RFC 3339, UTC. Absent for what was never written down.
    pub at: Option<String>,
    /// Whether the files of its tip are there or kept.
    pub kept: bool,
}

/// Answer to everything that is asked of branches.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct BranchesReply {
    /// What the tips of current branches were true at.
    pub clock: Clock,
    /// Whether they reflect everything that happened before the request.
    pub fresh: bool,
    /// Why they may not.
    pub stale: Option<String>,
    /// `type:name`.
    pub artifact: String,
    /// By collection and name, the current one of each collection first.
    pub branches: Vec<BranchInfo>,
}

/// A copy that follows a branch by its name, and not whatever its collection has.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct BranchFollower {
    /// Absolute path of its project.
    pub project: String,
    /// Name of its project.
    pub project_name: String,
    /// Under which profile.
    pub profile: String,
    /// Name of the collection.
    pub collection: String,
    /// The collection's id.
    pub collection_id: String,
    /// The branch.
    pub branch: String,
    /// Whether that is there.
    pub present: bool,
    /// The state of the copy, compared with the tip of the branch.
    pub state: DriftState,
}

/// Answer to who follows a branch of an artifact by its name.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct FollowersReply {
    /// What it was true at.
    pub clock: Clock,
    /// Whether it reflects everything that happened before the request.
    pub fresh: bool,
    /// Why it may not.
    pub stale: Option<String>,
    /// `type:name`.
    pub artifact: String,
    /// By project and profile.
    pub followers: Vec<BranchFollower>,
}

/// The JSON of an answer about the versions of an artifact. Typed answers have no room for branches: who reads those asks for
/// branches too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithBranches<T> {
    /// The answer.
    #[serde(flatten)]
    pub reply: T,
    /// The branches of the artifact, whose tips are among its versions.
    pub branches: Vec<BranchInfo>,
}
