//! The thread that writes. It owns the connection; everybody else only hands it changes.
//!
//! Sending never blocks. What comes within `GATHER` of the first change goes into one IMMEDIATE transaction: one commit
//! for a burst, and one writing of a page that many rows share. A kill loses what was not written yet, which the next
//! start finds out from the files.
//!
//! A batch that cannot be written is lost: keeping it would need as much memory as the disk lacks space. The thread
//! goes on, reports it ([`Writer::status`]), and marks the first batch that succeeds afterwards (`state`), so that the
//! next start throws the rows away instead of showing some that never belonged together. If nothing succeeds any more,
//! the rows are those of an earlier moment and need no mark.

use super::change::Change;
use super::rows::{collection, drift, project, tree};
use super::{CacheError, state};
use rusqlite::{Connection, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Changes in one transaction; bounds the log and what one failure loses.
const BATCH: usize = 8192;
/// How long the first change waits for company.
const GATHER: Duration = Duration::from_millis(100);

enum Message {
    Changes(Vec<Change>),
    /// Write what is waiting, end, and say how that went.
    Close(Sender<rusqlite::Result<()>>),
}

/// Hands changes to the writing thread. Dropping it lets the thread write what is waiting and end, but, unlike
/// [`Writer::close`], leaves a database that counts as interrupted.
#[derive(Debug)]
pub struct Writer {
    messages: Sender<Message>,
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    /// Whether there is a file at all.
    in_file: bool,
    queued: AtomicUsize,
    rows: AtomicU64,
    trouble: Mutex<Trouble>,
}

#[derive(Debug, Default)]
struct Trouble {
    lost: u64,
    last: String,
}

impl Shared {
    fn lose(&self, batches: usize, why: String) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.lost += batches as u64;
        trouble.last = why;
    }
}

impl Writer {
    /// Starts the thread. `path` is for messages.
    pub(super) fn start(connection: Connection, path: PathBuf) -> Result<Self, CacheError> {
        let (messages, inbox) = mpsc::channel();
        let in_file = connection.path().is_some_and(|path| !path.is_empty());
        let (queued, rows) = (AtomicUsize::new(0), AtomicU64::new(0));
        let shared = Arc::new(Shared { path, in_file, queued, rows, trouble: Mutex::default() });
        let store = Store { connection, shared: shared.clone(), gap: false };
        let thread = std::thread::Builder::new().name("cache".to_owned()).spawn(move || store.run(&inbox));
        Ok(Self { messages, shared, thread: thread.map_err(CacheError::Thread)? })
    }

    /// Hands over one batch. Never blocks and never fails; what cannot be written shows in [`Writer::status`].
    pub fn send(&self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        self.shared.queued.fetch_add(1, Ordering::Relaxed);
        if self.messages.send(Message::Changes(changes)).is_err() {
            self.shared.queued.fetch_sub(1, Ordering::Relaxed);
            self.shared.lose(1, "the writing thread has ended".to_owned());
        }
    }

    /// Batches that are not yet written.
    pub fn queued(&self) -> usize {
        self.shared.queued()
    }

    /// What could not be written since the start, for people; none when all was.
    pub fn status(&self) -> Option<String> {
        self.shared.status()
    }

    /// The same two questions for those who do not own the writer.
    pub fn monitor(&self) -> Monitor {
        Monitor(Arc::clone(&self.shared))
    }

    /// Writes what is waiting, empties the log into the database and ends the thread.
    ///
    /// # Errors
    /// [`CacheError::Slow`] when that takes longer than `limit` (the thread goes on by itself), [`CacheError::Close`]
    /// when the end cannot be written, [`CacheError::Lost`] when an earlier batch could not be. The database is sound
    /// in each case; the next start checks it.
    pub fn close(self, limit: Duration) -> Result<(), CacheError> {
        let (reply, outcome) = mpsc::channel();
        let path = self.shared.path.clone();
        let asked = self.messages.send(Message::Close(reply)).is_ok();
        match outcome.recv_timeout(limit) {
            Err(mpsc::RecvTimeoutError::Timeout) => return Err(CacheError::Slow { path, limit }),
            Ok(Err(source)) => return Err(CacheError::Close { path, source }),
            Ok(Ok(())) | Err(mpsc::RecvTimeoutError::Disconnected) => {}
        }
        let ended = self.thread.join().is_ok();
        let trouble = self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if asked && ended && trouble.lost == 0 {
            return Ok(());
        }
        Err(CacheError::Lost { path, batches: trouble.lost, reason: trouble.last.clone() })
    }

    /// Ends the thread as a kill would after the last commit: everything sent is written, nothing is closed.
    #[cfg(test)]
    pub(super) fn abandon(self) {
        drop(self.messages);
        self.thread.join().expect("the thread does not panic");
    }
}

/// Tells how a [`Writer`] is doing.
#[derive(Clone, Debug)]
pub struct Monitor(Arc<Shared>);

impl Monitor {
    /// Batches that are not yet written.
    pub fn queued(&self) -> usize {
        self.0.queued()
    }

    /// Rows inserted, changed and deleted since the start. Those of a batch count before it leaves the queue, so that
    /// an empty queue means that all are in.
    pub fn rows(&self) -> u64 {
        self.0.rows.load(Ordering::Relaxed)
    }

    /// What could not be written since the start, for people; none when all was.
    pub fn status(&self) -> Option<String> {
        self.0.status()
    }

    /// The file that is written to; none when the cache is in memory.
    pub fn file(&self) -> Option<&Path> {
        self.0.in_file.then_some(self.0.path.as_path())
    }
}

impl Shared {
    fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }

    fn status(&self) -> Option<String> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        (trouble.lost > 0).then(|| {
            let Trouble { lost, last } = &*trouble;
            format!("{}: changes could not be written, {lost} times so far; last: {last}", self.path.display())
        })
    }
}

/// The thread's side.
struct Store {
    connection: Connection,
    shared: Arc<Shared>,
    /// Whether a batch was lost that the database does not know of yet.
    gap: bool,
}

/// What one transaction takes.
#[derive(Default)]
struct Batch {
    changes: Vec<Change>,
    /// How many sendings these are.
    count: usize,
    close: Option<Sender<rusqlite::Result<()>>>,
}

impl Batch {
    fn gather(first: Message, inbox: &Receiver<Message>) -> Self {
        let mut batch = Self::default();
        let mut next = Some(first);
        let until = Instant::now() + GATHER;
        while let Some(message) = next {
            match message {
                Message::Changes(mut changes) => {
                    batch.changes.append(&mut changes);
                    batch.count += 1;
                }
                Message::Close(reply) => {
                    batch.close = Some(reply);
                    break;
                }
            }
            let wait = until.saturating_duration_since(Instant::now());
            next = if batch.changes.len() < BATCH { inbox.recv_timeout(wait).ok() } else { None };
        }
        batch
    }
}

impl Store {
    fn run(mut self, inbox: &Receiver<Message>) {
        while let Ok(first) = inbox.recv() {
            let batch = Batch::gather(first, inbox);
            if let Err(e) = self.write(&batch.changes) {
                tracing::warn!(path = %self.shared.path.display(), error = %e, "cannot write to the cache");
                self.gap = true;
                self.shared.lose(batch.count, e.to_string());
            }
            self.shared.queued.fetch_sub(batch.count, Ordering::Relaxed);
            if let Some(reply) = batch.close {
                let outcome = self.finish();
                // The sender has gone when it waited too long; there is nobody else to tell.
                let _ = reply.send(outcome);
                return;
            }
        }
    }

    fn write(&mut self, changes: &[Change]) -> rusqlite::Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if self.gap {
            state::mark_incomplete(&transaction)?;
        }
        for change in changes {
            apply(&transaction, change)?;
        }
        transaction.commit()?;
        self.shared.rows.store(self.connection.total_changes(), Ordering::Relaxed);
        self.gap = false;
        Ok(())
    }

    /// After a loss the database must not count as closed in order; the lost changes are then found by the next
    /// start's checks or by the mark.
    fn finish(self) -> rusqlite::Result<()> {
        let lost = self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).lost;
        if lost == 0 {
            state::mark_closed(&self.connection)?;
        }
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        self.connection.close().map_err(|(_, e)| e)
    }
}

fn apply(connection: &Connection, change: &Change) -> rusqlite::Result<()> {
    match change {
        Change::Collection { id, name, path, scan } => collection::store(connection, id, name, path, scan),
        Change::CollectionGone { id } => collection::remove(connection, id),
        Change::Project { path, coverage, scan } => project::store(connection, path, coverage, scan),
        Change::ProjectGone { path } => project::remove(connection, path),
        Change::Tree { path, owner, tree, names } => tree::store(connection, path, owner, tree, names.as_ref()),
        Change::TreeGone { path } => tree::remove(connection, path),
        Change::Drift(row) => drift::store(connection, row),
        Change::DriftGone(item) => drift::remove(connection, item),
    }
}
