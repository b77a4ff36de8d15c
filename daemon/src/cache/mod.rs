//! `cache.db`: what the files said when the daemon last looked, so that a restart can answer at once.
//!
//! An index and nothing more. Truth is in the files; whatever is loaded here counts as unverified until the daemon has
//! looked again, and deleting the database while the daemon is stopped changes no answer. That is why no failure in
//! here stops the daemon: a database that cannot be used is replaced, and where none can be made an in-memory one
//! takes its place. Each time the caller gets a note for people, which `skillmeat doctor` shows.
//!
//! Reading order: [`change`] (what goes in and comes out), `schema` (the tables), `rows` (both, column by column),
//! `recover` (from a path to a usable database; opening one is shared: [`crate::database`]), `state` (how the last daemon left it), [`writer`].
//!
//! # Locking
//!
//! One connection, owned by one thread, in the one daemon that holds the instance lock: nobody competes, and nothing
//! else may open the file for writing. Reading it with `sqlite3` is harmless; holding a read transaction open keeps
//! the log from being emptied.
//!
//! # Compatibility
//!
//! Schemas only grow: migrations are appended, keyed on `user_version`, and run in one transaction at start. A database
//! from a later release is not understood half-way but set aside. The original keeps a `cache.db` of its own, at another
//! place; the `application_id` in the first bytes of the file keeps the two apart, and a file with another one is not
//! opened at all.
//!
//! # Performance
//!
//! Opening an up-to-date database reads it once and writes one row. Changes that wait are written together, with
//! prepared statements, in WAL mode with `synchronous = NORMAL`: a commit does not wait for the disk. A power failure
//! can lose the last commits, which is a kill a little earlier. Rows of lists are clustered by owner, so that replacing
//! one collection or project touches neighbouring pages. Measured with a release build on two shared cores: 340,000 rows
//! per second into 10,000 trees of 10 files, 150,000 per second for whole projects with records, trees and drift; opening
//! takes 4 ms when small and 130 ms with 50,000 trees in 1,000 projects, nearly all of it reading rows. The seals (`rows`)
//! are 0.1 µs of each tree, 16 ms of 150,000.
//!
//! # Invariants
//!
//! * What is loaded equals what was stored, or is refused as damaged.
//! * Rows are those of one moment (`state`): a prefix of the changes sent, never a selection of them.
//! * Every artifact has a known type; the tables refuse any other.

pub mod change;
mod recover;
mod rows;
mod schema;
mod state;
#[cfg(test)]
mod tests;
pub mod writer;

pub use change::{
    Change, Coverage, DriftKey, DriftRow, Loaded, LoadedCollection, LoadedProject, LoadedTree, TreeOwner,
};
pub use writer::Writer;

use std::path::{Path, PathBuf};
use std::time::Duration;

/// A usable cache.
#[derive(Debug)]
pub struct Opened {
    /// What the last daemon stored; empty when there was nothing or nothing usable.
    pub loaded: Loaded,
    /// Takes changes from now on.
    pub writer: Writer,
    /// What happened at opening beside the ordinary, for people.
    pub notes: Vec<String>,
}

/// Why the cache does not work at all, or did not end in order.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages name the fields")]
pub enum CacheError {
    #[error("cannot make an in-memory cache: {reason}")]
    Memory { reason: String },
    #[error("cannot start the thread that writes the cache")]
    Thread(#[source] std::io::Error),
    #[error("cannot close {} in {limit:?}", path.display())]
    Slow { path: PathBuf, limit: Duration },
    #[error("cannot close {}", path.display())]
    Close { path: PathBuf, source: rusqlite::Error },
    #[error("changes could not be written to {}, {batches} times; last: {reason}", path.display())]
    Lost { path: PathBuf, batches: u64, reason: String },
}

/// Opens the cache at `path`, creating, migrating or replacing what is there, and starts its writer. `early` is given the
/// projects as soon as they are read, so that they can be looked at while the rest is; in the end, and where there are none, it
/// is called with none. What it was given is not remembered when reading the rest fails.
///
/// Only another program's database and one that cannot be accessed stay as they are; the cache is then in memory.
///
/// # Errors
/// Only when neither a file nor memory nor a thread is to be had.
pub fn open(path: &Path, early: impl FnMut(&[LoadedProject])) -> Result<Opened, CacheError> {
    let recover::Ready { connection, loaded, notes } = recover::open(path, early)?;
    for note in &notes {
        tracing::warn!("{note}");
    }
    Ok(Opened { loaded, writer: Writer::start(connection, path.to_owned())?, notes })
}
