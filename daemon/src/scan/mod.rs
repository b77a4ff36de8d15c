//! Looking at the disk: one job is one look at one *unit* (the home, a collection, a project, the files of one artifact).
//!
//! Every directory is watched *before* it is read, so that a finished look together with the events after it is never
//! behind the disk (recursive watching by notify misses files in fresh directories, models.md §0.2). Jobs are done by
//! a few plain threads; they share nothing with the engine but the watch set and counters, and never change a file.
//!
//! * [`job`] – what is asked and answered
//! * [`pool`] – the threads
//! * [`tree`], [`walk`] and [`link`] – the files of one artifact: walk, stamps, hashes, where its links lead
//! * [`listing`], [`collection`], [`project`], [`home`] – listings
//! * [`discover`] – a search for projects

pub mod collection;
pub mod discover;
pub mod home;
pub mod job;
pub mod link;
pub mod listing;
pub mod pool;
pub mod project;
pub mod read;
pub mod stamp;
#[cfg(test)]
pub(crate) mod testing;
pub mod tree;
pub mod walk;

pub use job::{Finding, Job, JobKind, Look, Outcome};
pub use pool::{Pool, Urgency};

use skillmeat_protocol::reply::Problem;
use std::path::Path;

/// A problem with a whole file or directory.
fn problem(file: &Path, message: String) -> Problem {
    Problem { file: file.display().to_string(), line: None, key: None, message, hint: None }
}

/// The reason why a file is unusable, with its place.
fn located(file: &Path, problems: &[Problem], why: &str) -> String {
    match problems.iter().find_map(|problem| problem.line) {
        Some(line) => format!("{}:{line}: {why}", file.display()),
        None => format!("{}: {why}", file.display()),
    }
}
