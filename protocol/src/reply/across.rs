//! Answers about one artifact in many projects.

use super::versions::GraphRoot;
use crate::clock::Clock;
use crate::codec::{Decode, Encode};
use crate::drift::DriftState;
use crate::hash::ContentHash;
use serde::{Deserialize, Serialize};

/// What a change of the collection meets at a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nobody edited it: it can follow.
    Clean,
    /// It was edited, and the collection has what it was made of.
    Modified,
    /// It was edited, and the collection has something else.
    Conflicting,
    /// Its files, or those of the collection, are gone.
    Gone,
    /// It cannot be read.
    Unreadable,
    /// Its project is not there: all else is as it was last seen.
    Missing,
}

impl Standing {
    /// The word of the JSON contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Modified => "modified",
            Self::Conflicting => "conflicting",
            Self::Gone => "gone",
            Self::Unreadable => "unreadable",
            Self::Missing => "missing",
        }
    }
}

/// A project's copy that follows a collection.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct BlastCopy {
    /// Path of the project.
    pub project: String,
    /// Its name.
    pub project_name: String,
    /// Profile.
    pub profile: String,
    /// Name of the collection that it follows.
    pub collection: Option<String>,
    /// What a change of the collection meets.
    pub standing: Standing,
    /// Its drift state.
    pub state: DriftState,
    /// Its drift state once the collection has something new.
    pub next: DriftState,
    /// What was deployed.
    pub baseline: Option<ContentHash>,
    /// What is there; absent when nothing is or it cannot be read.
    pub hash: Option<ContentHash>,
    /// Of a conflict, whether both sides merge without one; absent where that cannot be said.
    pub merges: Option<bool>,
    /// What a person should know.
    pub message: Option<String>,
    /// Commands that lead on.
    pub ways: Vec<String>,
}

/// How many copies there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the number of copies of that standing")]
pub struct BlastStatistics {
    /// All.
    pub total: u32,
    pub clean: u32,
    pub modified: u32,
    pub conflicting: u32,
    pub gone: u32,
    /// Those of missing projects are among them.
    pub unreadable: u32,
    /// Of the clean ones, those that have not what the collection has.
    pub behind: u32,
}

/// Answer to `blast_radius`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct BlastRadiusReply {
    /// What it was true at.
    pub clock: Clock,
    /// Copies that need a decision.
    pub conflicts: u32,
    /// Copies that are not in sync.
    pub drifted: u32,
    /// Whether it reflects everything that happened before the request.
    pub fresh: bool,
    /// Why it may not.
    pub stale: Option<String>,
    /// `type:name`.
    pub artifact: String,
    /// The collections that have it.
    pub roots: Vec<GraphRoot>,
    /// The copies, by path and profile.
    pub copies: Vec<BlastCopy>,
    /// How many of them.
    pub statistics: BlastStatistics,
}
