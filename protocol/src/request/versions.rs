//! Requests about versions of artifacts, and about the history as a whole.
//!
//! An artifact is named `type:name`, or `name` alone where that fits exactly one. A version is named by a tag, by its hash, or
//! by the beginning of its hash (four digits or more) where that fits exactly one.

use super::operate::Profiles;
use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Parameters of `versions.list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct VersionsQuery {
    /// Of which artifact.
    pub artifact: String,
    /// At most so many; 0 leaves the choice to the daemon.
    pub limit: u32,
    /// Only those before the one of this number.
    pub before: Option<u64>,
}

/// What is answered by several replies as of `versions.list`. The last is the one with which there are as many versions as asked for,
/// or after which there are no earlier ones; an error ends them too. Binary only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct VersionPages {
    /// Of which artifact.
    pub artifact: String,
    /// At most so many in all; 0 for every one.
    pub limit: u32,
    /// Only those before the one of this number.
    pub before: Option<u64>,
    /// At most so many in one answer; 0 leaves the choice to the daemon.
    pub page: u32,
}

/// Parameters of `versions.graph`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct VersionGraphQuery {
    /// Of which artifact.
    pub artifact: String,
}

/// Parameters of `versions.show`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct VersionName {
    /// Of which artifact.
    pub artifact: String,
    /// Which version.
    pub version: String,
}

/// Parameters of `versions.tag` and `versions.untag`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct VersionTag {
    /// Of which artifact.
    pub artifact: String,
    /// The version that has the tag from then on; none takes it away.
    pub version: Option<String>,
    /// The tag.
    pub tag: String,
}

/// Parameters of `versions.restore`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Restore {
    /// Which artifact.
    pub artifact: String,
    /// Which version.
    pub version: String,
    /// Into the copy of this registered project, by path or name.
    pub project: Option<String>,
    /// Under which profiles there; every one that has the artifact when empty.
    #[serde(flatten)]
    pub profiles: Profiles,
    /// Into this collection, by name or id; not together with a project.
    pub collection: Option<String>,
}
