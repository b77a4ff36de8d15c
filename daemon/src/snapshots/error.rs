//! What can go wrong with a snapshot, each with what was tried and with which file.

use crate::library::atomic::WriteError;
use crate::library::edit::EditError;
use skillmeat_protocol::reply::Problem;
use std::io;
use std::path::{Path, PathBuf};

/// Why a snapshot cannot be taken, read or removed.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Something of the file system.
    #[error("cannot {verb} {}: {source}", path.display())]
    Io {
        /// What was tried.
        verb: &'static str,
        /// With what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The list cannot be read.
    #[error("{}{}: {}; it is left as it is, mend it or move it away", .0.file, .0.line.map(|n| format!(":{n}")).unwrap_or_default(), .0.message)]
    List(Box<Problem>),
    /// The list cannot be changed.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The list cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The name of a collection that no directory can have.
    #[error("'{}' cannot be the name of a collection: {flaw}", name.escape_debug())]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        flaw: &'static str,
    },
    /// The archive is not there.
    #[error("{} is not there any more", path.display())]
    Gone {
        /// Where it should be.
        path: PathBuf,
    },
    /// The archive holds what no snapshot of a collection holds, or is cut off.
    #[error("{} cannot be used: {why}; nothing of it was put anywhere", path.display())]
    Unusable {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// What is to be packed does not hold still.
    #[error("{} changed while it was read", path.display())]
    Changed {
        /// What changed.
        path: PathBuf,
    },
    /// Too much for one snapshot.
    #[error("{} holds more than {limit} {what}", path.display())]
    TooMuch {
        /// What holds it.
        path: PathBuf,
        /// The limit.
        limit: usize,
        /// Of what.
        what: &'static str,
    },
    /// Nobody waits for it any more.
    #[error("it was cancelled")]
    Cancelled,
}

impl SnapshotError {
    pub(super) fn io(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { verb, path, source }
    }
}
