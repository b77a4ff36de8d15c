//! What a state means, for scripts written for the original and for people.

use skillmeat_protocol::drift::{ChangeOrigin, DriftState, DriftType, Recommendation};

/// The fields that follow from a state alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The original's word (design §6).
    pub drift_type: Option<DriftType>,
    /// Which side moved.
    pub change_origin: Option<ChangeOrigin>,
    /// What resolves it.
    pub recommendation: Option<Recommendation>,
}

/// Whether both sides declare the same version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// The same, or not both declared.
    Agree,
    /// Both declared, and different.
    Differ,
}

impl Verdict {
    /// The meaning of `state`.
    pub fn of(state: DriftState, versions: Versions) -> Self {
        use ChangeOrigin as O;
        use DriftState as S;
        use DriftType as T;
        use Recommendation as R;
        let (drift_type, change_origin, recommendation) = match state {
            S::InSync if versions == Versions::Differ => (Some(T::VersionMismatch), Some(O::Deployment), None),
            S::InSync => (None, Some(O::Deployment), None),
            S::Modified => (Some(T::Modified), Some(O::LocalModification), Some(R::PushToCollection)),
            S::Outdated => (Some(T::Outdated), Some(O::Sync), Some(R::PullFromCollection)),
            S::Converged => (None, None, None),
            S::Conflict => (Some(T::Conflict), Some(O::LocalModification), Some(R::ReviewManually)),
            S::Deleted => (Some(T::Modified), Some(O::LocalModification), Some(R::DeployToProject)),
            S::Removed => (Some(T::Removed), Some(O::Sync), Some(R::RemoveFromProject)),
            S::RemovedModified => (Some(T::Conflict), Some(O::LocalModification), Some(R::PushToCollection)),
            S::Added => (Some(T::Added), Some(O::Sync), Some(R::DeployToProject)),
            S::Foreign => (Some(T::Conflict), Some(O::LocalModification), Some(R::AdoptOrRename)),
            S::Untracked => (None, None, Some(R::Import)),
            S::Unreadable => (None, None, Some(R::FixFile)),
        };
        Self { drift_type, change_origin, recommendation }
    }
}
