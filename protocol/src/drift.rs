//! The states of a deployed artifact. The classification itself is the daemon's (`daemon/src/drift`).

use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Three-way state of one artifact in one project: baseline, collection, project. Order is the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftState {
    /// All agree.
    InSync,
    /// Only the project's copy changed.
    Modified,
    /// Only the collection changed.
    Outdated,
    /// Both changed, to the same content.
    Converged,
    /// Both changed, differently.
    Conflict,
    /// The project's copy is gone.
    Deleted,
    /// The collection no longer has it; the project's copy is as deployed.
    Removed,
    /// The collection no longer has it; the project's copy was edited.
    RemovedModified,
    /// In a collection that the project uses, not deployed here.
    Added,
    /// Not deployed, but its target path is occupied.
    Foreign,
    /// In the project only; nobody deployed it.
    Untracked,
    /// Something that decides the state cannot be read.
    Unreadable,
}

impl DriftState {
    /// Every state, in order.
    pub const ALL: [Self; 12] = [
        Self::InSync,
        Self::Modified,
        Self::Outdated,
        Self::Converged,
        Self::Conflict,
        Self::Deleted,
        Self::Removed,
        Self::RemovedModified,
        Self::Added,
        Self::Foreign,
        Self::Untracked,
        Self::Unreadable,
    ];

    /// The name in JSON and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InSync => "in_sync",
            Self::Modified => "modified",
            Self::Outdated => "outdated",
            Self::Converged => "converged",
            Self::Conflict => "conflict",
            Self::Deleted => "deleted",
            Self::Removed => "removed",
            Self::RemovedModified => "removed_modified",
            Self::Added => "added",
            Self::Foreign => "foreign",
            Self::Untracked => "untracked",
            Self::Unreadable => "unreadable",
        }
    }

    /// Two porcelain letters: project against baseline, collection against baseline.
    pub const fn letters(self) -> &'static str {
        match self {
            Self::InSync => "  ",
            Self::Modified => "M ",
            Self::Outdated => " M",
            Self::Converged => "==",
            Self::Conflict => "MM",
            Self::Deleted => "D ",
            Self::Removed => " D",
            Self::RemovedModified => "MD",
            Self::Added => " A",
            Self::Foreign => "AA",
            Self::Untracked => "??",
            Self::Unreadable => "!!",
        }
    }

    /// Whether somebody should do something: what `prompt` and exit codes count. `added`, `untracked` and `converged`
    /// are information.
    pub const fn is_drift(self) -> bool {
        !matches!(self, Self::InSync | Self::Converged | Self::Added | Self::Untracked)
    }

    /// Whether the two sides cannot be reconciled without a decision (exit code 2).
    pub const fn is_conflict(self) -> bool {
        matches!(self, Self::Conflict | Self::RemovedModified | Self::Foreign | Self::Unreadable)
    }
}

impl fmt::Display for DriftState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DriftState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let folded = text.trim().to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|s| s.as_str() == folded).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|s| s.as_str()).collect();
            format!("unknown state '{text}'; known states: {}", known.join(", "))
        })
    }
}

/// The original's vocabulary, for scripts written for it (formats-core §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the original's")]
pub enum DriftType {
    Modified,
    Outdated,
    Conflict,
    Removed,
    Added,
    VersionMismatch,
}

/// Which side a difference came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeOrigin {
    /// The project's copy was edited.
    LocalModification,
    /// The collection moved.
    Sync,
    /// Nothing moved since deployment.
    Deployment,
}

/// What resolves a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Recommendation {
    PushToCollection,
    PullFromCollection,
    ReviewManually,
    DeployToProject,
    RemoveFromProject,
    AdoptOrRename,
    Import,
    FixFile,
    /// The copy was given conflict markers: `conflicts.continue` and `conflicts.abort` end that, and nothing else is done with it.
    ResolveMarkers,
    /// The branch that it follows is gone: it is to follow another one.
    ChooseBranch,
}
