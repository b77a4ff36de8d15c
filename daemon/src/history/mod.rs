//! `history.db`: what cannot be recomputed: the contents of artifacts, their versions, and the journal of operations on them.
//!
//! Everything that an operation replaces or removes is kept here first, with what the operation is about to do. So a kill at
//! any instruction can be completed or reversed, and a finished operation undone. Nothing is removed but what nothing
//! needs, and only when somebody asks for it ([`History::collect`]).
//!
//! Reading order: [`Content`] (what an artifact is), [`Staged`] (reading one), [`Collector`] (single files), [`inspect`]
//! (reading one without keeping it), `store` and `spool` (where the bytes go), [`Written`] (putting one back), [`Operation`]
//! and [`Journalled`] (the journal), [`Version`] and [`Seen`] (what there was where), [`Conflict`] (what is to be decided),
//! `events` and `timeline`, `gc`, `verify`, `open` and `backup`.
//!
//! # Locking
//!
//! One connection behind a mutex, for any number of threads. Reading, hashing, packing, unpacking and writing of files
//! happen outside of it; only rows are moved within. [`History::batch`] holds it from `BEGIN IMMEDIATE` to the commit. A
//! file is taken out chunk by chunk, so that a large one holds nobody up. Backups read through a connection of their own, which
//! in WAL mode holds up nobody either. Other processes are kept away by the instance lock; `sqlite3` may
//! read.
//!
//! # Compatibility
//!
//! Schemas only grow: migrations are appended, keyed on `user_version`, run in one transaction, and a copy of the database
//! is made before. One from a later release is refused and left alone. The digests that rows are proved by
//! (`frame`) are part of the format: lengths and numbers in little endian of 64 bits, never what a compiler makes up.
//!
//! # Performance
//!
//! Measured with an optimised build on two shared cores and ext4: capturing a new artifact of ten files of 8 KB takes 2.3 ms,
//! most of it waiting for the disk; one whose files are all known 0.4 ms, without waiting; writing it out 0.8 ms. The
//! journal costs 0.4 ms for each of its three commits. A file of 256 MiB is read and packed in 1.4 s (text) to 3 s (noise),
//! for which the lock is not held, stored in 4 ms to 1.4 s, for which it is, and written out in about 1 s, with two
//! chunks of 4 MiB and 8 MiB of spool in memory. A backup copies and checks 350 MB a second. Opening takes 2 ms, however
//! large the file is.
//!
//! # Invariants
//!
//! * What is read back equals what was stored, or is an error that names the file and its newest backup.
//! * A commit is on disk when [`History::batch`] returns (`synchronous = FULL`); one of [`History::batch_later`] when the next
//!   such commit is.
//! * The file is never deleted, replaced or set aside, and not begun anew beside what is left of it.
//! * Whatever an operation refers to is there: contents by foreign key, and none of those is removed.
//! * A capture is what was there at one moment, or an error; a content is written as a whole where nothing was, or not.

mod backup;
mod capture;
mod collector;
mod conflicts;
mod content;
mod error;
mod events;
mod frame;
mod gc;
mod inspect;
mod journal;
mod materialise;
mod open;
mod recorded;
mod spool;
mod store;
#[cfg(all(test, unix))]
mod tests;
mod timeline;
mod verify;
mod versions;
mod walk;

pub use capture::{Capture, Recorded, Scope, Staged};
pub use collector::Collector;
pub use conflicts::{
    Choice, Conflict, ConflictFile, ConflictKind, ConflictPlace, ConflictReason, ConflictSides, Resolution,
};
pub use content::{Content, ContentEntry, ContentId, EntryKind, RelPath};
pub use error::HistoryError;
pub use events::{ConflictFound, GoneBecause, SnapshotGone};
pub use gc::{Collected, Needed};
pub use inspect::{inspect, read_file};
pub use journal::{Journalled, Listed, Operation, OperationId, OperationState, Root, RootKind, Step};
pub use materialise::Written;
pub use recorded::{Hasher, recorded, resolved};
pub use timeline::{Asked, Mark, Moment, NotAMark, Rank, merged};
pub use verify::Verified;
pub use versions::{
    Account, Advance, Ancestor, Baseline, Branch, Carried, Cause, Lineage, MAIN, Origin, Page, Seen, Sighting, Sought,
    Spot, SpotRow, Switch, Tag, Turn, Version, VersionId, VersionRow,
};

use crate::database::Obstacle;
use crate::model::Timestamp;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The open database. Any number of threads may use it.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
    connection: Mutex<Connection>,
}

/// One transaction: all of it is stored, or nothing.
#[derive(Debug)]
pub struct Batch<'a> {
    history: &'a History,
    transaction: Transaction<'a>,
}

impl History {
    /// Opens the database at `path`, creating or migrating it. `now` dates the backup that precedes a migration.
    ///
    /// # Errors
    /// [`HistoryError::Unusable`] for what cannot be used as it is, [`HistoryError::Gone`] when it is not there but has
    /// been. Nothing that lies there is changed then.
    pub fn open(path: &Path, now: Timestamp) -> Result<Self, HistoryError> {
        open::open(&open::KIND, path, now)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Does `work` in one transaction, which waits for the disk once, when it ends well. Everybody else waits meanwhile:
    /// read files before. Within it, only the [`Batch`] may be used; a [`History`] would wait for itself.
    ///
    /// # Errors
    /// That of `work`, or that the transaction cannot begin or be stored. Then nothing of it is.
    pub fn batch<T, E: From<HistoryError>>(&self, work: impl FnOnce(&Batch<'_>) -> Result<T, E>) -> Result<T, E> {
        self.batch_on(&mut self.lock(), work)
    }

    /// The same without waiting for the disk: a power failure may take it, as a whole and with nothing else. For what nobody
    /// was promised.
    ///
    /// # Errors
    /// Those of [`History::batch`].
    pub fn batch_later<T>(&self, work: impl FnOnce(&Batch<'_>) -> Result<T, HistoryError>) -> Result<T, HistoryError> {
        let mut connection = self.lock();
        let failed = self.failed("write");
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).map_err(&failed)?;
        // Other logs can be torn by it.
        let relaxed = mode == "wal";
        if relaxed {
            connection.pragma_update(None, "synchronous", "NORMAL").map_err(&failed)?;
        }
        let done = self.batch_on(&mut connection, work);
        if relaxed {
            connection.pragma_update(None, "synchronous", "FULL").map_err(&failed)?;
        }
        done
    }

    fn batch_on<T, E: From<HistoryError>>(
        &self,
        connection: &mut Connection,
        work: impl FnOnce(&Batch<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(self.failed("write"))?;
        let batch = Batch { history: self, transaction };
        // Dropped on the way, it is rolled back.
        let value = work(&batch)?;
        batch.transaction.commit().map_err(self.failed("write"))?;
        Ok(value)
    }

    /// Reads the artifact at `path`, which may be large, without holding anybody up. Links are not followed.
    ///
    /// # Errors
    /// [`HistoryError::Changed`] when it does not hold still; that it cannot be read.
    pub fn read(&self, path: &Path, scope: Scope) -> Result<Staged, HistoryError> {
        capture::read(self, path, scope, None)
    }

    /// The same for an artifact of so many bytes at most; one that is larger is not read at all.
    ///
    /// # Errors
    /// [`HistoryError::TooMuch`], and as above.
    pub fn read_within(&self, path: &Path, scope: Scope, most: u64) -> Result<Staged, HistoryError> {
        capture::read(self, path, scope, Some(most))
    }

    /// A file of these bytes, to be kept.
    ///
    /// # Errors
    /// They cannot be packed.
    pub fn bytes(&self, bytes: &[u8], mode: u32) -> Result<Staged, HistoryError> {
        capture::bytes(self, bytes, mode)
    }

    /// For files that come from elsewhere than one artifact, into one spool.
    pub fn collector(&self) -> Collector<'_> {
        Collector::new(self)
    }

    /// [`History::read`] and [`Batch::keep`] in one.
    ///
    /// # Errors
    /// Theirs.
    pub fn capture(&self, path: &Path, scope: Scope) -> Result<Capture, HistoryError> {
        let staged = self.read(path, scope)?;
        self.batch(|batch| batch.keep(staged))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic while it was held has rolled the transaction back.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn directory(&self) -> &Path {
        // The path names a file, so it has one.
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// For `map_err`. What the surroundings cause says nothing about the content.
    fn failed(&self, verb: &'static str) -> impl Fn(rusqlite::Error) -> HistoryError {
        move |source| {
            if source.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
                return HistoryError::Database { verb, path: self.path.clone(), source };
            }
            match Obstacle::from_error(&source) {
                Obstacle::Damaged(what) => self.damaged(what),
                _ => HistoryError::Database { verb, path: self.path.clone(), source },
            }
        }
    }

    fn damaged(&self, what: String) -> HistoryError {
        HistoryError::Damaged { path: self.path.clone(), what, backup: backup::newest(&self.path) }
    }
}
