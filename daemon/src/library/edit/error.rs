//! Why a text cannot be changed as asked.

use skillmeat_protocol::reply::Problem;
use std::path::{Path, PathBuf};

/// A change that was not made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The file, or the part of it that would change, is not as it must be; changing it could lose what it says.
    #[error("cannot change {}: {}", place(.0), .0.message)]
    Unusable(Box<Problem>),
    /// What should change is not there.
    #[error("cannot change {}: there is no {what}", .file.display())]
    Missing {
        /// The file.
        file: PathBuf,
        /// What was looked for.
        what: String,
    },
    /// The name is in use.
    #[error("cannot change {}: there is {what} already", .file.display())]
    Taken {
        /// The file.
        file: PathBuf,
        /// What is in the way.
        what: String,
    },
    /// What should be written would not be read again, by us or by the original.
    #[error("cannot write {} to {}: {why}", .what.escape_debug(), .file.display())]
    Refused {
        /// The file.
        file: PathBuf,
        /// The value.
        what: String,
        /// What is wrong with it.
        why: String,
    },
}

impl EditError {
    pub(super) fn missing(file: &Path, what: impl Into<String>) -> Self {
        Self::Missing { file: file.to_owned(), what: what.into() }
    }

    pub(super) fn taken(file: &Path, what: impl Into<String>) -> Self {
        Self::Taken { file: file.to_owned(), what: what.into() }
    }

    pub(super) fn refused(file: &Path, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Refused { file: file.to_owned(), what: what.into(), why: why.into() }
    }
}

impl From<Problem> for EditError {
    fn from(problem: Problem) -> Self {
        Self::Unusable(Box::new(problem))
    }
}

/// `file:line (key)`, as far as they are known.
fn place(problem: &Problem) -> String {
    let mut place = problem.file.clone();
    if let Some(line) = problem.line {
        place.push_str(&format!(":{line}"));
    }
    if let Some(key) = &problem.key {
        place.push_str(&format!(" ({key})"));
    }
    place
}
