//! Kernel events become "look here again"; nothing else about them is believed.
//!
//! Event kinds are dropped at this edge, because editors, `git` and the kernel combine them in too many ways; `stat`
//! and hashes decide what is true. One hint is kept: whether a write *finished* (closed after writing, or renamed into
//! place), so that it can be announced without waiting.
//!
//! All roots share one notify instance. On Linux that is one inotify queue, totally ordered, so a cookie file in the
//! daemon's own directory that comes out of it proves that every earlier event of every root came out before
//! (models.md §0.1). Elsewhere [`ORDERED`] is false and a barrier verifies by `stat` instead.
//!
//! * [`native`] – the notify instance and what its callback does
//! * [`dirs`] – which directories are watched
//! * [`faults`] – what the tests make go wrong

pub mod dirs;
pub mod faults;
pub mod native;

pub use faults::Faults;
pub use native::{Ensured, WatchError, Watches};

use std::path::PathBuf;

/// Whether a cookie proves that all earlier events were delivered.
pub const ORDERED: bool = cfg!(target_os = "linux");

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
    /// The cookie of this number came through the queue.
    Cookie(u64),
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
