//! What differs between two sides of an artifact, or between any two files or directories.

use super::Scope;
use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// One of the things that are compared. Variant order is the wire: append only.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiffSide {
    /// The artifact as it was deployed, from the history.
    Baseline,
    /// The artifact in its collection, now.
    Collection,
    /// The artifact in the project, now.
    Project,
    /// The file or directory at this absolute path.
    Path(String),
    /// A version of the artifact, as it is named anywhere: by a tag, by its hash, or by the beginning of its hash.
    Version(String),
    /// The artifact as a snapshot of a collection holds it: by the snapshot's id, or by the beginning of it.
    Snapshot(String),
    /// Whichever of the two this names.
    Named(String),
}

/// How much a difference says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiffDetail {
    /// Which files, and how many lines of each; `hunks` are empty.
    Counts,
    /// The lines too.
    #[default]
    Lines,
}

/// Parameters of `diff`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct DiffQuery {
    /// `type:name`, or `name` where that is unambiguous; not needed where both sides are paths.
    pub artifact: Option<String>,
    /// In which project.
    pub scope: Scope,
    /// Under which deployment profile, where the project has it under several.
    pub profile: Option<String>,
    /// In which collection, by name or id, instead of the one that it came from.
    pub collection: Option<String>,
    /// The first side; what is left out follows from the other, or from the state.
    pub from: Option<DiffSide>,
    /// The second side.
    pub to: Option<DiffSide>,
    /// How much.
    pub detail: DiffDetail,
    /// Lines around each change; three when left out.
    pub context: Option<u32>,
    /// Whether words that differ within lines are marked.
    pub words: bool,
    /// Where an earlier page ended.
    pub cursor: Option<String>,
}
