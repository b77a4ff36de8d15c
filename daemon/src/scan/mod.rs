//! Looking at the disk: one job is one look at one *unit* (the home, a collection, a project, the files of one artifact).
//!
//! Every directory is watched *before* it is read, so that a finished look together with the events after it is never
//! behind the disk (recursive watching by notify misses files in fresh directories, models.md §0.2). Jobs are done by
//! a few plain threads; they share nothing with the engine but the watch set and counters, and never change a file.
//!
//! * [`job`] – what is asked and answered
//! * [`pool`] – the threads
//! * [`tree`], [`walk`], [`names`] and [`link`] – the files of one artifact: walk, stamps, hashes, where its links lead
//! * [`listing`], [`collection`], [`project`], [`home`] – listings
//! * [`discover`] – a search for projects

pub mod collection;
pub mod discover;
pub mod home;
pub mod job;
pub mod link;
pub mod listing;
pub mod names;
pub mod pool;
pub mod project;
pub mod read;
pub mod stamp;
#[cfg(test)]
pub(crate) mod testing;
pub mod tree;
pub mod unchanged;
pub mod walk;

pub use job::{Finding, Job, JobKind, Look, Outcome};
pub use pool::{Pool, Urgency};

use skillmeat_protocol::reply::Problem;
use std::io;
use std::path::Path;

/// Whether nothing is at a path; a file in the place of a directory above it is one reason.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// A problem with a whole file or directory.
fn problem(file: &Path, message: String) -> Problem {
    Problem { file: shown(file), line: None, key: None, message, hint: None }
}

/// A path as text: bytes that are none appear as `\xE9`, so that two names never look alike.
fn shown(path: &Path) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing into a string cannot fail.
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
    text
}

/// The reason why a file is unusable, with its place.
fn located(file: &Path, problems: &[Problem], why: &str) -> String {
    match problems.iter().find_map(|problem| problem.line) {
        Some(line) => format!("{}:{line}: {why}", file.display()),
        None => format!("{}: {why}", file.display()),
    }
}
