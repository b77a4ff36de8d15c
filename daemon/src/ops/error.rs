//! What can go wrong between a plan and its end, with the path that it happened at.

use super::swap::SwapError;
use super::target::TargetError;
use crate::history::HistoryError;
use crate::snapshots::SnapshotError;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::hash::ContentHash;
use std::io;
use std::path::{Path, PathBuf};

/// A step that could not be done.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages name the fields")]
pub enum OpError {
    #[error("{} changed meanwhile: expected {}, found {}", path.display(), shown(*expected), shown(*found))]
    Changed { path: PathBuf, expected: Option<ContentHash>, found: Option<ContentHash> },
    #[error("{} changed while it was worked on; nothing was done to it", path.display())]
    Touched { path: PathBuf },
    #[error("cannot {verb} {}: {source}", path.display())]
    Io { verb: &'static str, path: PathBuf, source: io::Error },
    #[error(transparent)]
    Swap(#[from] SwapError),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error(transparent)]
    Edit(#[from] crate::library::edit::EditError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error("{message}")]
    Refused { message: String },
    #[error("{} is a link to something else than what is to be there, and is not replaced unasked", path.display())]
    Link { path: PathBuf },
    #[error("it was cancelled")]
    Cancelled,
}

fn shown(hash: Option<ContentHash>) -> String {
    hash.map_or_else(|| "nothing".to_owned(), |hash| hash.to_string().chars().take(12).collect())
}

impl OpError {
    /// Something of the file system.
    pub fn io(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { verb, path, source }
    }

    /// Whether it was decided not to do it, rather than tried in vain.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::Changed { .. } | Self::Touched { .. } | Self::Link { .. } => true,
            Self::Target(target) => !matches!(target, TargetError::Io { .. }),
            Self::Snapshot(error) => matches!(error, SnapshotError::Unusable { .. } | SnapshotError::Changed { .. }),
            _ => false,
        }
    }

    /// As an answer to the whole request.
    pub fn to_wire(&self) -> WireError {
        let code = match self {
            Self::Target(_) => ErrorCode::BadPath,
            Self::Refused { .. } | Self::Changed { .. } | Self::Touched { .. } | Self::Link { .. } => {
                ErrorCode::Refused
            }
            Self::Snapshot(SnapshotError::Name { .. }) => ErrorCode::BadPath,
            Self::Snapshot(SnapshotError::Gone { .. }) => ErrorCode::NotFound,
            Self::Cancelled | Self::Snapshot(SnapshotError::Cancelled) => ErrorCode::DeadlineExceeded,
            _ => ErrorCode::Io,
        };
        WireError::new(code, self.to_string())
    }
}

/// What goes wrong below, as an answer to the whole request.
pub fn wire(error: impl Into<OpError>) -> WireError {
    error.into().to_wire()
}
