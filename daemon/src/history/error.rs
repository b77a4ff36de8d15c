//! What can go wrong, each with what was tried and with which file.

use super::OperationId;
use super::content::ContentId;
use crate::database::Obstacle;
use skillmeat_protocol::hash::ContentHash;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why something of the history cannot be had, or a content not be captured or written.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The database cannot be opened as it is. It was left so.
    #[error("cannot open {}: {obstacle}{}", path.display(), Advice(backup.as_deref()))]
    Unusable {
        /// The database.
        path: PathBuf,
        /// Why.
        obstacle: Obstacle,
        /// The newest copy of it.
        backup: Option<PathBuf>,
    },
    /// There was a database, for there is a copy of it or its log; starting with an empty one would hide the loss.
    #[error("cannot open {}: it is gone or empty, but {} is there; restore it, or move that away too", path.display(), left.display())]
    Gone {
        /// The database.
        path: PathBuf,
        /// What is left of it.
        left: PathBuf,
    },
    /// Something stored does not say any more what was stored.
    #[error("{} is damaged: {what}{}", path.display(), Advice(backup.as_deref()))]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What it is that cannot be believed.
        what: String,
        /// The newest copy of it.
        backup: Option<PathBuf>,
    },
    /// The database is in order and refuses all the same: no space, no permission, somebody else at work.
    #[error("cannot {verb} {}: {source}", path.display())]
    Database {
        /// What was tried.
        verb: &'static str,
        /// The database.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// A file or directory outside of the database.
    #[error("cannot {verb} {}: {source}", path.display())]
    Io {
        /// What was tried.
        verb: &'static str,
        /// With what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is to be captured does not hold still.
    #[error("{} changed while it was read", path.display())]
    Changed {
        /// What changed.
        path: PathBuf,
    },
    /// Nobody waits for it any more.
    #[error("reading {} was given up", path.display())]
    GivenUp {
        /// What was being read.
        path: PathBuf,
    },
    /// Too much for one artifact.
    #[error("{} holds more than {limit} {what}", path.display())]
    TooMuch {
        /// The artifact.
        path: PathBuf,
        /// The limit.
        limit: usize,
        /// Of what.
        what: &'static str,
    },
    /// Something that is neither file, directory nor link.
    #[error("cannot read {}: it is neither a file nor a directory", path.display())]
    Special {
        /// Which.
        path: PathBuf,
    },
    /// No content has this id.
    #[error("{} holds no content {id}", path.display())]
    NoContent {
        /// The database.
        path: PathBuf,
        /// The id.
        id: ContentId,
    },
    /// No file with these bytes was ever captured.
    #[error("{} holds no file with hash {hash}", path.display())]
    NoBlob {
        /// The database.
        path: PathBuf,
        /// SHA-256 of the bytes.
        hash: ContentHash,
    },
    /// No operation has this id.
    #[error("{} holds no operation {id}", path.display())]
    NoOperation {
        /// The database.
        path: PathBuf,
        /// The id.
        id: OperationId,
    },
    /// An operation cannot take this state after the one that it has.
    #[error("operation {id} is {from} and cannot become {to}")]
    Order {
        /// The operation.
        id: OperationId,
        /// Its state.
        from: &'static str,
        /// The state that it was to get.
        to: &'static str,
    },
}

impl HistoryError {
    /// For `map_err`, with a file outside of the database.
    pub(super) fn io(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { verb, path: path.to_owned(), source }
    }
}

/// What to do about a database that is of no use.
struct Advice<'a>(Option<&'a Path>);

impl fmt::Display for Advice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(backup) => write!(f, "; the newest backup is {}", backup.display()),
            None => f.write_str("; there is no backup"),
        }
    }
}
