//! Copies that follow a branch by its name, and not whatever their collection has.

use super::time::Timestamp;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use std::path::PathBuf;

/// A copy of an artifact, wherever it was deployed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deployment {
    /// Of which artifact.
    pub key: ArtifactKey,
    /// In which project.
    pub project: PathBuf,
    /// Under which profile.
    pub profile: String,
}

/// A branch of the artifact in question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Followed {
    /// The collection's id.
    pub collection: String,
    /// Its name.
    pub branch: String,
}

/// What tells a deployment from any other: what its record says of when and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imprint {
    /// When it was deployed.
    pub deployed_at: Timestamp,
    /// The recorded hash.
    pub baseline: ContentHash,
}

/// What the end of a branch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tip {
    /// What the collection has: it is the current branch.
    Current,
    /// This version.
    Version(ContentHash),
    /// There is no such branch.
    Gone,
}

/// A copy, and what it follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Following {
    /// The copy.
    pub copy: Deployment,
    /// The branch.
    pub followed: Followed,
    /// What that is now.
    pub tip: Tip,
}
