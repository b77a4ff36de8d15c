//! What is written down of an operation.

use crate::database::value::named;
use crate::history::content::ContentId;
use crate::model::Timestamp;
use std::fmt;
use std::path::{Path, PathBuf};

/// Numbers operations in the order in which they began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(pub i64);

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How far an operation got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OperationState {
    /// Nothing but staging has happened.
    Prepared,
    /// Files are being moved.
    Applying,
    /// All files are in place; records may not be.
    Swapped,
    /// All of it happened.
    Done,
    /// None of it happened.
    RolledBack,
    /// All of it happened, and was reversed by a later operation.
    Undone,
}

impl OperationState {
    const ALL: [Self; 6] = [Self::Prepared, Self::Applying, Self::Swapped, Self::Done, Self::RolledBack, Self::Undone];

    /// As it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Applying => "applying",
            Self::Swapped => "swapped",
            Self::Done => "done",
            Self::RolledBack => "rolled_back",
            Self::Undone => "undone",
        }
    }

    /// Whether something of it may have to be completed or reversed.
    pub fn is_unfinished(self) -> bool {
        self < Self::Done
    }

    pub(super) fn may_become(self, next: Self) -> bool {
        match next {
            Self::Undone => self == Self::Done,
            _ => self.is_unfinished() && self < next,
        }
    }
}

/// What a root is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum RootKind {
    Project,
    Collection,
    Home,
}

impl RootKind {
    const ALL: [Self; 3] = [Self::Project, Self::Collection, Self::Home];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Collection => "collection",
            Self::Home => "home",
        }
    }
}

named!(OperationState, OperationState::ALL, OperationState::as_str);
named!(RootKind, RootKind::ALL, RootKind::as_str);

/// A directory that an operation changes something in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Root {
    /// What it is.
    pub kind: RootKind,
    /// Where.
    pub path: PathBuf,
}

/// One path that an operation changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// What is changed.
    pub target: PathBuf,
    /// Where the new content waits, and the old one after the swap; none when nothing new comes. Where the target itself
    /// was, when there is no content before nor after: then it only gets another name.
    pub staged: Option<PathBuf>,
    /// What was there; none for nothing.
    pub before: Option<ContentId>,
    /// What is to be there; none for nothing.
    pub after: Option<ContentId>,
    /// Directories above the target that are made for it, from the top.
    pub made_directories: Vec<PathBuf>,
}

/// An operation as it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What a person asked for: `deploy`, `pull`.
    pub verb: String,
    /// When.
    pub at: Timestamp,
    /// The operation that this one reverses.
    pub undoes: Option<OperationId>,
    /// What was asked for, as JSON.
    pub request: String,
    /// Every root that it touches.
    pub roots: Vec<Root>,
    /// In the order in which they are done.
    pub steps: Vec<Step>,
    /// Directories to remove in the end, whatever became of it.
    pub staging: Vec<PathBuf>,
}

/// An operation as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journalled {
    /// Its number.
    pub id: OperationId,
    /// How far it got.
    pub state: OperationState,
    /// What became of it, for people; none until it is finished.
    pub summary: Option<String>,
    /// What it is.
    pub operation: Operation,
}

/// Which operations to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed<'a> {
    /// Only those that touched this root.
    pub root: Option<&'a Path>,
    /// Only earlier ones.
    pub before: Option<OperationId>,
    /// Not more than these.
    pub limit: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_only_go_on() {
        use OperationState::{Applying, Done, Prepared, RolledBack, Swapped, Undone};
        for (from, good) in [
            (Prepared, &[Applying, Swapped, Done, RolledBack][..]),
            (Applying, &[Swapped, Done, RolledBack]),
            (Swapped, &[Done, RolledBack]),
            (Done, &[Undone]),
            (RolledBack, &[]),
            (Undone, &[]),
        ] {
            let found: Vec<_> = OperationState::ALL.into_iter().filter(|next| from.may_become(*next)).collect();
            assert_eq!(found, good, "{from:?}");
        }
    }
}
