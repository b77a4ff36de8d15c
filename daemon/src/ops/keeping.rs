//! What of the history is kept: `history gc`, `history verify`, and a copy a day.
//!
//! Whoever reads files into the history believes that what is stored stays stored until it is referred to. So nothing is
//! removed while an operation is planned or an edit is read, and neither begins while something is removed.

use super::conflicts::telling::Telling;
use super::error::{OpError, wire};
use super::run::Operations;
use super::told::Watcher;
use crate::engine::snapshot::Snapshot;
use crate::history::{History, Needed, Verified};
use crate::model::{Timestamp, Tree};
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::{ConflictState, HistoryGcReply, HistoryVerifyReply, Problem, Progress};
use skillmeat_protocol::request::HistoryGc;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLockWriteGuard};

/// Days that everything stays, when nobody says how many.
const DAYS: u32 = 90;
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;
/// Damage that is told one by one.
const TOLD: usize = 100;

impl Operations {
    /// The SkillMeat home.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Does `work` unless an operation is at work on this project, or on a collection when it is none; one that comes
    /// meanwhile waits.
    pub fn undisturbed<T>(&self, project: Option<&Path>, work: impl FnOnce() -> T) -> Option<T> {
        if self.stopping.load(Ordering::SeqCst) {
            return None;
        }
        let collections = self.home.join("collections");
        let _taken = self.locks.try_take(project.unwrap_or(&collections))?;
        let _reading = self.reading.read().unwrap_or_else(PoisonError::into_inner);
        Some(work())
    }

    /// A copy of the history a day, while nobody waits for it.
    pub fn back_up(&self) {
        let Ok(history) = self.history.as_ref().map(Arc::clone) else { return };
        let (now, counted) = (self.clock.wall(), self.counted());
        let work = move || {
            crate::os::process::stand_back();
            if let Err(error) = history.backup_if_due(now) {
                tracing::warn!(%error, "the history could not be backed up");
            }
            drop((history, counted));
        };
        if let Err(error) = std::thread::Builder::new().name("backup".into()).spawn(work) {
            tracing::warn!(%error, "the history could not be backed up");
        }
    }

    /// While this is held, nobody reads files into the history.
    fn alone(&self) -> RwLockWriteGuard<'_, ()> {
        self.reading.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes what of the history nothing needs. Blocks.
    ///
    /// # Errors
    /// The history cannot be read or written, or what is on the disk is not known.
    pub fn collect(&self, query: &HistoryGc, watcher: &mut Watcher<'_>) -> Result<HistoryGcReply, WireError> {
        let history = self.history()?;
        let now = self.now();
        let days = i64::from(query.days.unwrap_or(DAYS));
        let since = Timestamp(now.0.saturating_sub(days.saturating_mul(DAY)));
        // What records say counts as it is now, not as it was known some time ago.
        let needed = Needed { since, hashes: recorded(&*self.current()?) };
        if !query.dry_run {
            self.drop_closed(history, since)?;
        }
        let size = || size_of(history.path());
        let before = size();
        let mut problems = Vec::new();
        let collected = if query.dry_run {
            history.collectable(&needed).map_err(wire)?
        } else {
            let exclusively = |step: &mut dyn FnMut() -> Result<bool, _>| {
                let _alone = self.alone();
                step()
            };
            let cancelled = watcher.cancelled;
            let told = |done, total| (watcher.progress)(progress(done, total));
            let collected = history
                .collect(
                    &needed,
                    |step| if cancelled.load(Ordering::Relaxed) { Ok(false) } else { exclusively(step) },
                    told,
                )
                .map_err(wire)?;
            if collected.contents > 0 {
                let _alone = self.alone();
                if let Err(error) = history.shrink() {
                    problems.push(problem(history.path(), error.to_string()));
                }
            }
            collected
        };
        Ok(HistoryGcReply {
            dry_run: query.dry_run,
            contents: collected.contents,
            files: collected.files,
            bytes: collected.bytes,
            kept: collected.kept,
            before,
            after: size(),
            problems,
        })
    }

    /// Conflicts that are none any more are not kept for ever; those that are, and what they need, are.
    fn drop_closed(&self, history: &History, since: Timestamp) -> Result<(), WireError> {
        let snapshot = self.engine.snapshot();
        let telling = Telling { history, snapshot: &snapshot };
        for conflict in history.conflicts().map_err(wire)?.iter().filter(|conflict| conflict.at < since) {
            if telling.state(conflict).map_err(wire)? == ConflictState::Closed {
                history.batch(|batch| batch.drop_conflict(&conflict.place)).map_err(wire)?;
            }
        }
        Ok(())
    }

    /// Reads everything that the history holds. Blocks.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn verify_history(&self, watcher: &mut Watcher<'_>) -> Result<HistoryVerifyReply, WireError> {
        let history = self.history()?;
        let (cancelled, told) = (watcher.cancelled, &mut *watcher.progress);
        let verified = history.verify(|done, total| {
            told(progress(done, total));
            !cancelled.load(Ordering::Relaxed)
        });
        let Verified { files, bytes, contents, versions, operations, damage } =
            verified.map_err(|error| OpError::History(error).to_wire())?;
        let problems = damage.iter().take(TOLD).map(|error| problem(history.path(), error.to_string())).collect();
        let complete = damage.is_empty();
        Ok(HistoryVerifyReply { complete, files, bytes, contents, versions, operations, problems })
    }
}

/// Every hash that a record, a lock, a copy or an artifact has now.
fn recorded(snapshot: &Snapshot) -> BTreeSet<ContentHash> {
    let mut hashes = BTreeSet::new();
    for item in snapshot.projects.iter().flat_map(|project| project.items()) {
        hashes.extend([item.baseline(), item.collection_hash, item.project_hash].into_iter().flatten());
    }
    for artifact in snapshot.collections.iter().flat_map(|collection| &collection.artifacts) {
        hashes.extend(artifact.locked);
        if let Some(Tree::Present(info)) = &artifact.tree {
            hashes.extend([Some(info.hash), info.hash_with_ignored].into_iter().flatten());
        }
    }
    hashes
}

/// Bytes of the database and its log.
fn size_of(path: &Path) -> u64 {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    [path, Path::new(&log)].into_iter().filter_map(|path| path.metadata().ok()).map(|metadata| metadata.len()).sum()
}

fn progress(done: u64, total: u64) -> Progress {
    Progress { directories: 0, found: 0, at: "history".to_owned(), done, total }
}

fn problem(path: &Path, message: String) -> Problem {
    Problem { file: path.to_string_lossy().into_owned(), line: None, key: None, message, hint: None }
}
