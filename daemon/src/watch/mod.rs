//! Kernel events become "look here again"; nothing else about them is believed.
//!
//! Event kinds are dropped at this edge, because editors, `git` and the kernel combine them in too many ways; `stat`
//! and hashes decide what is true. One hint is kept: whether a write *finished* (closed after writing, or renamed into
//! place), so that it can be announced without waiting.
//!
//! All roots share one queue. On Linux it is totally ordered, so that reading it empty proves that every earlier event
//! of every root was heard. Elsewhere nothing proves that, and a barrier verifies by `stat` instead.
//!
//! * [`inotify`] – Linux
//! * [`places`] – which directory a kernel watch stands for
//! * `native` – other systems, through notify
//! * [`faults`] – what the tests make go wrong

pub mod faults;
#[cfg(target_os = "linux")]
pub mod inotify;
#[cfg(any(not(target_os = "linux"), test))]
pub mod native;
#[cfg(target_os = "linux")]
pub mod places;

pub use faults::Faults;
#[cfg(target_os = "linux")]
pub use inotify::Watches;
#[cfg(not(target_os = "linux"))]
pub use native::Watches;

use std::path::PathBuf;

/// What the kernel said, reduced to what is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Look here again.
    Touched {
        /// A file or directory at, or directly below, a watched directory.
        path: PathBuf,
        /// Whether the operation is complete.
        hint: Hint,
    },
    /// Everything that happened before the drain of this number was asked for has been told.
    Drained(u64),
    /// The drain of this number proves nothing: there is no queue, or it has no order.
    Undrained(u64),
    /// Events were lost; everything may have changed.
    Lost {
        /// For people.
        reason: String,
    },
}

/// The one thing kept of an event's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hint {
    /// More may follow at once.
    Ongoing,
    /// Closed after writing, renamed, removed: complete.
    Finished,
}

/// What became of a request to watch a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ensured {
    /// It is watched from now on, or was already.
    Watched,
    /// It is not there, or is not a directory.
    Gone,
    /// The kernel refuses: no more watches, or no permission.
    Refused {
        /// For people, with what to do.
        reason: String,
    },
}

/// Watching could not be started.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// inotify and its kin.
    #[error("cannot start watching for changes: {source}")]
    Start {
        /// What the kernel said.
        source: std::io::Error,
    },
}
