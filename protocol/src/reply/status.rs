//! Answers to `status`: projects and their items.

use super::Problem;
use crate::clock::Clock;
use crate::codec::{Decode, Encode};
use crate::drift::{ChangeOrigin, DriftState, DriftType, Recommendation};
use crate::hash::ContentHash;
use crate::ids::ArtifactType;
use serde::{Deserialize, Serialize};

/// One artifact in one project.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Item {
    /// Type of the artifact.
    #[serde(rename = "type")]
    pub kind: ArtifactType,
    /// Name without a trailing extension.
    pub name: String,
    /// Deployment profile, such as `claude_code`; none for `added`.
    pub profile: Option<String>,
    /// Name of the collection it came from, or would come from.
    pub collection: Option<String>,
    /// UUID of that collection, when it is known here.
    pub collection_id: Option<String>,
    /// The state.
    pub state: DriftState,
    /// The original's word for it.
    pub drift_type: Option<DriftType>,
    /// Which side moved.
    pub change_origin: Option<ChangeOrigin>,
    /// What resolves it.
    pub recommendation: Option<Recommendation>,
    /// Content recorded at deployment.
    pub baseline_hash: Option<ContentHash>,
    /// Content in the collection now.
    pub collection_hash: Option<ContentHash>,
    /// Content in the project now.
    pub project_hash: Option<ContentHash>,
    /// Version that the collection declares.
    pub collection_version: Option<String>,
    /// Version that the project's copy declares.
    pub project_version: Option<String>,
    /// Both declare a version, and not the same.
    pub version_mismatch: bool,
    /// RFC 3339, UTC.
    pub deployed_at: Option<String>,
    /// RFC 3339, UTC: when the present state was first seen.
    pub modification_detected_at: Option<String>,
    /// For conflicts: whether a three-way merge of what was deployed, the project's and the collection's content is clean, whatever
    /// the configuration says of conflicts. `null` until that was tried, which is soon after the conflict is seen (`freshness` of
    /// `settled` waits for it), and where it cannot be said: the content at deployment is not known, something cannot be read or is
    /// too large to be read unasked, or lines clash but one side was made of the other.
    pub mergeable: Option<bool>,
    /// Absolute path of the project's copy.
    pub path: Option<String>,
    /// What a person should know beside the state.
    pub message: Option<String>,
}

/// How many items are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "one per state")]
pub struct Counts {
    pub in_sync: u32,
    pub modified: u32,
    pub outdated: u32,
    pub converged: u32,
    pub conflict: u32,
    pub deleted: u32,
    pub removed: u32,
    pub removed_modified: u32,
    pub added: u32,
    pub foreign: u32,
    pub untracked: u32,
    pub unreadable: u32,
}

impl Counts {
    /// The counter of one state.
    pub fn of(&mut self, state: DriftState) -> &mut u32 {
        match state {
            DriftState::InSync => &mut self.in_sync,
            DriftState::Modified => &mut self.modified,
            DriftState::Outdated => &mut self.outdated,
            DriftState::Converged => &mut self.converged,
            DriftState::Conflict => &mut self.conflict,
            DriftState::Deleted => &mut self.deleted,
            DriftState::Removed => &mut self.removed,
            DriftState::RemovedModified => &mut self.removed_modified,
            DriftState::Added => &mut self.added,
            DriftState::Foreign => &mut self.foreign,
            DriftState::Untracked => &mut self.untracked,
            DriftState::Unreadable => &mut self.unreadable,
        }
    }

    /// The count of one state.
    pub fn get(mut self, state: DriftState) -> u32 {
        *self.of(state)
    }

    /// Items that somebody should do something about.
    pub fn drifted(self) -> u32 {
        self.sum(DriftState::is_drift)
    }

    /// Items that need a decision.
    pub fn conflicts(self) -> u32 {
        self.sum(DriftState::is_conflict)
    }

    /// Counts come off the wire: what does not fit is as many as fit, and no panic.
    fn sum(self, which: impl Fn(DriftState) -> bool) -> u32 {
        DriftState::ALL.into_iter().filter(|s| which(*s)).fold(0, |sum, s| sum.saturating_add(self.get(s)))
    }

    /// Adds another project's counts.
    pub fn add(&mut self, other: Self) {
        for state in DriftState::ALL {
            let count = self.of(state);
            *count = count.saturating_add(other.get(state));
        }
    }
}

/// One project in a status answer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ProjectStatus {
    /// Absolute path.
    pub path: String,
    /// Name of its directory, or what `.skillmeat-project.toml` says.
    pub name: String,
    /// Present, missing or degraded.
    pub state: ProjectState,
    /// Whether its root is there now.
    pub available: bool,
    /// Items per state; the filters of the query do not change it.
    pub counts: Counts,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// The items asked for.
    pub items: Vec<Item>,
}

/// Whether a project can be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectState {
    /// Registered, not yet looked at.
    Pending,
    /// There and watched.
    Watched,
    /// There, but its file system or the watch limit forces polling.
    Degraded,
    /// Its root is gone; the last known answer stays.
    Missing,
}

/// Answer to `status`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct StatusReply {
    /// The history that this answer shows.
    pub clock: Clock,
    /// Whether it reflects everything that finished before the request.
    pub fresh: bool,
    /// Why it may not, when something is known to be behind.
    pub stale: Option<String>,
    /// One entry a project, by path.
    pub projects: Vec<ProjectStatus>,
    /// Pass as `cursor` for the next page.
    pub next: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_count_is_too_large_to_be_added() {
        let mut all = Counts { modified: u32::MAX, conflict: 1, ..Counts::default() };
        all.add(all);
        assert_eq!((all.modified, all.conflict), (u32::MAX, 2));
        assert_eq!((all.drifted(), all.conflicts()), (u32::MAX, 2));
    }
}
