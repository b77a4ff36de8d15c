//! Branches: named lines of an artifact in a collection, one of which is the current one.
//!
//! An artifact is named as for versions. Variant order is the wire: append only.

use super::operate::{Deploy, Transfer};
use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// What is asked of branches. None of it changes a file.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum BranchQuery {
    /// Which there are.
    List(BranchList),
    /// One more.
    Create(BranchCreate),
    /// One less.
    Delete(BranchDelete),
    /// Who follows which of them by its name.
    Followers(BranchList),
}

/// Parameters of `branches.list` and `branches.followers`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct BranchList {
    /// Of which artifact.
    pub artifact: String,
    /// In which collection, by name or id; all otherwise.
    pub collection: Option<String>,
}

/// Parameters of `branches.create`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct BranchCreate {
    /// Of which artifact.
    pub artifact: String,
    /// Its name.
    pub branch: String,
    /// The version that it begins with; what the collection has otherwise.
    pub at: Option<String>,
    /// In which collection, by name or id; the one that has the artifact otherwise.
    pub collection: Option<String>,
}

/// Parameters of `branches.delete`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct BranchDelete {
    /// Of which artifact.
    pub artifact: String,
    /// Which.
    pub branch: String,
    /// In which collection, by name or id; the one that has such a branch otherwise.
    pub collection: Option<String>,
}

/// Parameters of `branches.switch`: the collection gets the content of a branch, which is the current one from then on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Switch {
    /// Which artifact.
    pub artifact: String,
    /// To which of its branches.
    pub branch: String,
    /// In which collection, by name or id; the one that has the artifact otherwise.
    pub collection: Option<String>,
}

/// Parameters of `deploy` with a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct DeployBranch {
    /// What, and where to.
    #[serde(flatten)]
    pub deploy: Deploy,
    /// The branch of which the tip is deployed, and that is followed by its name from then on.
    pub branch: String,
}

/// Parameters of `push` with a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct PushBranch {
    /// What, and from where.
    #[serde(flatten)]
    pub transfer: Transfer,
    /// The branch that gets it as its tip.
    pub branch: String,
}
