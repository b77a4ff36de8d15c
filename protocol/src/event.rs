//! What subscribers receive after their snapshot.

use crate::clock::Clock;
use crate::codec::{Decode, Encode};
use crate::drift::DriftState;
use crate::ids::ArtifactKey;
use crate::reply::Item;
use serde::{Deserialize, Serialize};

/// What made items change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CauseKind {
    /// Files in the project.
    Project,
    /// Files or manifest of a collection.
    Collection,
    /// A deployment record.
    Record,
    /// The project was registered, found again or lost.
    Availability,
    /// An operation of this daemon.
    Operation,
    /// Nothing: it became known whether a conflict merges.
    Merge,
}

/// What made items change, and where.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Cause {
    /// Which side.
    pub kind: CauseKind,
    /// The path that changed, when one did.
    pub path: Option<String>,
    /// The operation, when one did.
    pub operation: Option<u64>,
}

/// One item that is no longer what it was.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ItemChange {
    /// Its state before; absent when it is new.
    pub previous: Option<DriftState>,
    /// What it is now.
    pub item: Item,
}

/// An item that is gone from the project's answer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct GoneItem {
    /// Which artifact.
    #[serde(flatten)]
    pub key: ArtifactKey,
    /// Under which profile.
    pub profile: Option<String>,
}

/// Changes of one project, announced together.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct DriftEvent {
    /// The history after this event.
    pub clock: Clock,
    /// What made it happen.
    pub cause: Cause,
    /// Path of the project.
    pub project: String,
    /// Name of the project.
    pub project_name: String,
    /// Whether its root is there.
    pub available: bool,
    /// What changed.
    pub items: Vec<ItemChange>,
    /// What disappeared.
    pub gone: Vec<GoneItem>,
}
