//! Snapshots as people ask for them: taken, listed, shown, compared, removed. None of it changes a collection.
//!
//! `finding` – from names to shelves and snapshots; [`automatic`] – those that nobody asked for. What brings a snapshot back
//! are operations: [`restore`](super::restore), [`rollback`](super::rollback).
//!
//! Removing a snapshot is not undone: it is the one request whose purpose is that something is gone.

pub mod automatic;
pub mod finding;

use super::error::{OpError, wire};
use super::run::Operations;
use super::told::Watcher;
use crate::history::{Content, EntryKind, GoneBecause, History, SnapshotGone};
use crate::library::snapshots::{MANUAL, SnapshotEntry};
use crate::model::Timestamp;
use crate::snapshots::content::{self, Difference};
use crate::snapshots::retention::{About, Policy, superfluous};
use crate::snapshots::{Listing, Shelf, Watch};
use finding::{Kept, info};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::{
    ChangedFile, FileChange, FileKind, Problem, Progress, SnapshotCompared, SnapshotCreated, SnapshotFile,
    SnapshotReply, SnapshotShown, SnapshotsDeleted, SnapshotsReply,
};
use skillmeat_protocol::request::{
    SnapshotCreate, SnapshotDelete, SnapshotDiff, SnapshotList, SnapshotName, SnapshotPrune, SnapshotQuery,
};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Characters of a message.
const LONGEST: usize = 500;
/// Snapshots of a page, when the request does not say, and at most; both are the original's.
const USUAL: u32 = 50;
const MOST: u32 = 100;
/// Files that are listed of a snapshot.
const SHOWN: usize = 10_000;

impl Operations {
    /// Answers what is asked of snapshots. Blocks.
    ///
    /// # Errors
    /// Nothing was done.
    pub fn snapshots(&self, query: &SnapshotQuery, watcher: &mut Watcher<'_>) -> Result<SnapshotReply, WireError> {
        let _counted = self.counted();
        let cancelled = watcher.cancelled;
        Ok(match query {
            SnapshotQuery::Create(query) => SnapshotReply::Created(self.take(query, watcher)?),
            SnapshotQuery::List(query) => SnapshotReply::Listed(self.listed(query)?),
            SnapshotQuery::Show(query) => SnapshotReply::Shown(self.shown(query, cancelled)?),
            SnapshotQuery::Diff(query) => SnapshotReply::Compared(self.compared(query, cancelled)?),
            SnapshotQuery::Delete(query) => SnapshotReply::Deleted(self.deleted(query, cancelled)?),
            SnapshotQuery::Prune(query) => SnapshotReply::Deleted(self.pruned(query, cancelled)?),
        })
    }

    fn take(&self, query: &SnapshotCreate, watcher: &mut Watcher<'_>) -> Result<SnapshotCreated, WireError> {
        let message = query.message.as_deref().map(str::trim).filter(|message| !message.is_empty()).unwrap_or(MANUAL);
        if message.chars().count() > LONGEST {
            let message = format!("a message has at most {LONGEST} characters");
            return Err(WireError::new(ErrorCode::InvalidParams, message));
        }
        let snapshot = self.engine.snapshot();
        let view = super::lookup::collection_even_damaged(&snapshot, query.collection.as_deref())?;
        let shelf = finding::own_shelf(&self.home, &snapshot, &view)?;
        let cancel = || OpError::Cancelled.to_wire();
        // Nothing is changed in it meanwhile, by us.
        let roots = BTreeSet::from([self.home.join("collections"), shelf.directory().to_owned()]);
        let _taken = self.locks.take(roots, watcher.cancelled).ok_or_else(cancel)?;
        let listing = Listing::of(Path::new(&*view.path)).map_err(wire)?;
        let known = self.latest.of(&shelf);
        let Watcher { progress, cancelled } = watcher;
        let at = |done, total| Progress { directories: 0, found: 0, at: view.name.to_string(), done, total };
        let mut watch = Watch { cancelled, told: &mut |done, total| progress(at(done, total)) };
        let same = shelf.same(&listing, known.as_ref(), &mut watch).map_err(wire)?;
        let created = shelf.create(&listing, message, self.clock.wall(), same, &mut watch).map_err(wire)?;
        self.latest.note(&shelf, created.entry.id.clone(), listing.digest());
        let left_out = |path: &std::path::PathBuf| Problem {
            file: path.display().to_string(),
            line: None,
            key: None,
            message: "is neither file, directory nor link, and is not in the snapshot".to_owned(),
            hint: None,
        };
        Ok(SnapshotCreated {
            snapshot: info(&shelf, &created.entry),
            same_as: created.same_as,
            problems: created.left_out.iter().map(left_out).collect(),
        })
    }

    fn listed(&self, query: &SnapshotList) -> Result<SnapshotsReply, WireError> {
        let limit = match query.limit {
            Some(0) => return Err(WireError::new(ErrorCode::InvalidParams, "limit must be at least 1")),
            limit => limit.unwrap_or(USUAL).min(MOST) as usize,
        };
        let (all, problems) = self.all_of(query.collection.as_deref())?;
        let from = match &query.cursor {
            None => 0,
            Some(cursor) => {
                1 + all.iter().position(|kept| kept.entry.id == *cursor).ok_or_else(|| {
                    WireError::new(ErrorCode::InvalidParams, format!("Invalid cursor: snapshot '{cursor}' not found"))
                })?
            }
        };
        let page: Vec<&Kept> = all.iter().skip(from).take(limit).collect();
        let next_cursor = page.last().filter(|_| from + page.len() < all.len()).map(|kept| kept.entry.id.clone());
        let snapshots = page.into_iter().map(|kept| info(&kept.shelf, &kept.entry)).collect();
        Ok(SnapshotsReply { snapshots, next_cursor, problems })
    }

    /// All snapshots of a collection, under whatever name it had, the latest first.
    fn all_of(&self, named: Option<&str>) -> Result<(Vec<Kept>, Vec<Problem>), WireError> {
        let (mut all, mut problems) = (Vec::new(), Vec::new());
        for shelf in finding::shelves_of(&self.home, &self.engine.snapshot(), named)? {
            let listed = shelf.list().map_err(wire)?;
            all.extend(listed.entries.into_iter().map(|entry| Kept { shelf: shelf.clone(), entry }));
            problems.extend(listed.problems);
        }
        all.sort_by_key(|kept| Reverse(kept.entry.at));
        Ok((all, problems))
    }

    fn shown(&self, query: &SnapshotName, cancelled: &AtomicBool) -> Result<SnapshotShown, WireError> {
        let kept = finding::find(&self.home, &self.engine.snapshot(), &query.snapshot, query.collection.as_deref())?;
        let (content, problems) = read(&kept, cancelled)?;
        let leaves = content.entries.iter().filter(|entry| !matches!(entry.kind, EntryKind::EmptyDirectory { .. }));
        let files = content.entries.iter().take(SHOWN).map(|entry| SnapshotFile {
            path: entry.path.as_os_str().to_string_lossy().into_owned(),
            kind: kind(&entry.kind),
            size: if let EntryKind::File { size, .. } = entry.kind { size } else { 0 },
            executable: matches!(entry.kind, EntryKind::File { mode, .. } if mode & 0o111 != 0),
        });
        Ok(SnapshotShown {
            snapshot: info(&kept.shelf, &kept.entry),
            file_count: leaves.count() as u64,
            total_size: content.size(),
            files: files.collect(),
            problems,
        })
    }

    fn compared(&self, query: &SnapshotDiff, cancelled: &AtomicBool) -> Result<SnapshotCompared, WireError> {
        let snapshot = self.engine.snapshot();
        let find = |id: &str| finding::find(&self.home, &snapshot, id, query.collection.as_deref());
        let from = find(&query.from)?;
        let (before, mut problems) = read(&from, cancelled)?;
        let to = query.to.as_deref().map(find).transpose()?;
        let after = match &to {
            Some(to) => {
                let (after, more) = read(to, cancelled)?;
                problems.extend(more);
                after
            }
            None => {
                let view = finding::view(&snapshot, &from.shelf)?;
                let listing = Listing::of(Path::new(&*view.path)).map_err(wire)?;
                content::of_listing(&listing).map_err(wire)?
            }
        };
        let (before, after) = (content::counted(before), content::counted(after));
        Ok(SnapshotCompared {
            from: info(&from.shelf, &from.entry),
            to: to.map(|to| info(&to.shelf, &to.entry)),
            changes: content::differences(&before, &after).iter().map(changed).collect(),
            problems,
        })
    }

    fn deleted(&self, query: &SnapshotDelete, cancelled: &AtomicBool) -> Result<SnapshotsDeleted, WireError> {
        if query.snapshots.is_empty() {
            let error = WireError::new(ErrorCode::InvalidParams, "no snapshot is named");
            return Err(error.hint("skillmeat snapshot list"));
        }
        let snapshot = self.engine.snapshot();
        let found = query.snapshots.iter();
        let found = found.map(|id| finding::find(&self.home, &snapshot, id, query.collection.as_deref()));
        self.remove(found.collect::<Result<_, _>>()?, cancelled)
    }

    fn pruned(&self, query: &SnapshotPrune, cancelled: &AtomicBool) -> Result<SnapshotsDeleted, WireError> {
        let settings = self.settings();
        let policy = Policy {
            keep: query.keep.unwrap_or(settings.keep),
            max_age_days: query.max_age_days.unwrap_or(settings.max_age_days),
            safety_days: settings.safety_days,
            about: if query.manual { About::All } else { About::Automatic },
        };
        let (all, problems) = self.all_of(query.collection.as_deref())?;
        let entries: Vec<_> = all.iter().map(|kept| kept.entry.clone()).collect();
        let gone = superfluous(&entries, &policy, self.clock.wall());
        let found: Vec<Kept> = all.iter().filter(|kept| gone.contains(&&*kept.entry.id)).cloned().collect();
        let mut reply = if query.dry_run {
            let snapshots = found.iter().map(|kept| info(&kept.shelf, &kept.entry)).collect();
            SnapshotsDeleted { dry_run: true, snapshots, problems: Vec::new() }
        } else {
            self.remove(found, cancelled)?
        };
        reply.problems.extend(problems);
        Ok(reply)
    }

    fn remove(&self, found: Vec<Kept>, cancelled: &AtomicBool) -> Result<SnapshotsDeleted, WireError> {
        let shelves: BTreeSet<_> = found.iter().map(|kept| kept.shelf.directory().to_owned()).collect();
        let snapshots: Vec<_> = found.iter().map(|kept| info(&kept.shelf, &kept.entry)).collect();
        let cancel = || OpError::Cancelled.to_wire();
        let _taken = self.locks.take(shelves.clone(), cancelled).ok_or_else(cancel)?;
        let mut problems = Vec::new();
        for directory in &shelves {
            let of_shelf: Vec<&Kept> = found.iter().filter(|kept| kept.shelf.directory() == directory).collect();
            let shelf = &of_shelf[0].shelf;
            // Somebody else may have removed one meanwhile.
            let listed = shelf.list().map_err(wire)?.entries;
            let is_meant = |entry: &&SnapshotEntry| of_shelf.iter().any(|kept| kept.entry.id == entry.id);
            let gone: Vec<&SnapshotEntry> = listed.iter().filter(is_meant).collect();
            let ids: Vec<&str> = of_shelf.iter().map(|kept| &*kept.entry.id).collect();
            problems.extend(shelf.delete(&ids).map_err(wire)?);
            let history = self.history.as_deref().ok();
            note_gone(history, shelf, &gone, GoneBecause::Asked, self.clock.wall());
        }
        Ok(SnapshotsDeleted { dry_run: false, snapshots, problems })
    }
}

/// Writes down that snapshots were given up. They are gone whether that can be written down or not.
fn note_gone(history: Option<&History>, shelf: &Shelf, gone: &[&SnapshotEntry], cause: GoneBecause, at: Timestamp) {
    let Some(history) = history else { return };
    let one = |entry: &&SnapshotEntry| SnapshotGone {
        number: 0,
        at,
        shelf: shelf.name().to_owned(),
        snapshot: entry.id.clone(),
        taken: entry.at,
        message: entry.message.clone(),
        artifact_count: entry.artifact_count,
        cause,
    };
    let gone: Vec<SnapshotGone> = gone.iter().map(one).collect();
    if let Err(error) = history.batch(|batch| batch.gave_up(&gone)) {
        tracing::warn!(%error, "that snapshots were given up is not in the history");
    }
}

/// What a snapshot holds, and what of it would not be put back.
fn read(kept: &Kept, cancelled: &AtomicBool) -> Result<(Content, Vec<Problem>), WireError> {
    let archive = kept.shelf.archive(&kept.entry);
    let (content, left_out) = content::hashed(&archive, kept.shelf.name(), cancelled).map_err(wire)?;
    Ok((content, left_out_of(&archive, &left_out)))
}

/// What an archive holds that is not put back, for people.
pub(super) fn left_out_of(archive: &Path, left_out: &crate::snapshots::archive::LeftOut) -> Vec<Problem> {
    let told = left_out.iter().map(|(path, why)| Problem {
        file: archive.display().to_string(),
        line: None,
        key: Some(path.as_os_str().to_string_lossy().into_owned()),
        message: format!("{why}; it is left out"),
        hint: None,
    });
    told.take(crate::library::problems::MOST).collect()
}

fn kind(kind: &EntryKind) -> FileKind {
    match kind {
        EntryKind::File { .. } => FileKind::File,
        EntryKind::Symlink { .. } => FileKind::Link,
        EntryKind::EmptyDirectory { .. } => FileKind::Directory,
    }
}

fn changed((path, before, after): &Difference<'_>) -> ChangedFile {
    use EntryKind::File;
    let change = match (before, after) {
        (None, _) => FileChange::Added,
        (_, None) => FileChange::Removed,
        (Some(File { hash: a, .. }), Some(File { hash: b, .. })) if a == b => FileChange::Mode,
        (Some(a), Some(b)) if kind(a) == kind(b) => FileChange::Modified,
        _ => FileChange::Kind,
    };
    let path = path.as_os_str().to_string_lossy().into_owned();
    ChangedFile { path, change, before: before.map(kind), after: after.map(kind) }
}

/// A shelf as people know it.
pub(super) fn shelf_named(shelf: &Shelf) -> String {
    format!("collection '{}'", shelf.name())
}
