//! Snapshots that nobody asked for: before what replaces, removes or renames something in a collection, and after operations.
//!
//! The original packs a whole collection after every deploy and sync, whether anything changed or not. Here a state is packed
//! once: what the latest snapshot holds already is not packed again, which is told from stamps while the daemon runs. Since every
//! operation that changed a collection is followed by a snapshot, taken while nobody waits for it, the one before the next
//! operation is there already, unless somebody edited files in between: that is what the one before is for. A deploy changes no
//! collection, so after most of them nothing is packed at all.
//!
//! They are not what `undo` lives from, which is the history. They are what the original can roll back to and finds its merge
//! bases in, and what is left when the history is lost. So one that fails is told and stops nothing but a rollback.

use super::finding;
use crate::engine::snapshot::{CollectionView, Snapshot};
use crate::history::{GoneBecause, History};
use crate::library::snapshot_settings::{AutomaticSnapshots, SnapshotSettings};
use crate::library::snapshots::AUTOMATIC;
use crate::model::Timestamp;
use crate::ops::error::OpError;
use crate::ops::locks::RootLocks;
use crate::ops::piece::Piece;
use crate::ops::plan::Planned;
use crate::ops::planning::configuration;
use crate::ops::run::Operations;
use crate::snapshots::retention::{About, Policy, superfluous};
use crate::snapshots::{Listing, Shelf, SnapshotError, Watch};
use jiff::tz::TimeZone;
use skillmeat_protocol::reply::{OperationItem, OperationReply, Outcome, Problem};
use skillmeat_protocol::request::Operation;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

/// Artifacts that a message names.
const NAMED: usize = 3;

/// What the latest snapshot of each shelf was taken of, by digest: as long as that is what the collection has, it is not read.
#[derive(Debug, Default)]
pub struct Latest(Mutex<HashMap<PathBuf, (String, [u8; 32])>>);

impl Latest {
    pub(super) fn of(&self, shelf: &Shelf) -> Option<(String, [u8; 32])> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(shelf.directory()).cloned()
    }

    pub(super) fn note(&self, shelf: &Shelf, id: String, digest: [u8; 32]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(shelf.directory().to_owned(), (id, digest));
    }
}

/// What it takes to take one, on any thread.
#[derive(Clone)]
struct Taker {
    locks: Arc<RootLocks>,
    latest: Arc<Latest>,
    settings: SnapshotSettings,
    now: Timestamp,
    history: Option<Arc<History>>,
}

impl Taker {
    /// The id of a snapshot that holds what is at `root`: the latest one, or a new one.
    fn take(&self, shelf: &Shelf, root: &Path, message: &str, cancelled: &AtomicBool) -> Result<String, SnapshotError> {
        let shelves = BTreeSet::from([shelf.directory().to_owned()]);
        let _taken = self.locks.take(shelves, cancelled).ok_or(SnapshotError::Cancelled)?;
        let listing = Listing::of(root)?;
        let digest = listing.digest();
        let mut watch = Watch { cancelled, told: &mut |_, _| () };
        if let Some(same) = shelf.same(&listing, self.latest.of(shelf).as_ref(), &mut watch)? {
            self.latest.note(shelf, same.clone(), digest);
            return Ok(same);
        }
        let created = shelf.create(&listing, &format!("{AUTOMATIC}{message}"), self.now, None, &mut watch)?;
        self.latest.note(shelf, created.entry.id.clone(), digest);
        let SnapshotSettings { keep, max_age_days, safety_days, .. } = self.settings;
        let policy = Policy { keep, max_age_days, safety_days, about: About::Automatic };
        let listed = shelf.list()?;
        let gone = superfluous(&listed.entries, &policy, self.now);
        if !gone.is_empty() {
            for problem in shelf.delete(&gone)? {
                tracing::warn!(file = problem.file, why = problem.message, "a snapshot could not be given up");
            }
            let gone: Vec<_> = listed.entries.iter().filter(|entry| gone.contains(&&*entry.id)).collect();
            super::note_gone(self.history.as_deref(), shelf, &gone, GoneBecause::Retention, self.now);
        }
        Ok(created.entry.id)
    }
}

impl Operations {
    /// What the configuration says of snapshots, now.
    pub(super) fn settings(&self) -> SnapshotSettings {
        configuration(&self.home).snapshots
    }

    fn taker(&self, now: Timestamp) -> Taker {
        let (locks, latest) = (Arc::clone(&self.locks), Arc::clone(&self.latest));
        Taker { locks, latest, settings: self.settings(), now, history: self.history.as_ref().ok().cloned() }
    }

    /// A snapshot of what a rollback is about to replace, whatever the configuration says.
    ///
    /// # Errors
    /// There is none; the rollback must not go on.
    pub(in crate::ops) fn safety(
        &self,
        snapshot: &Snapshot,
        view: &CollectionView,
        begins: Timestamp,
        cancelled: &AtomicBool,
    ) -> Result<String, OpError> {
        let refused = |error: skillmeat_protocol::error::WireError| OpError::Refused { message: error.message };
        let shelf = finding::own_shelf(&self.home, snapshot, view).map_err(refused)?;
        Ok(self.taker(before_it(begins)).take(&shelf, Path::new(&*view.path), "Before rollback", cancelled)?)
    }

    /// Snapshots of the collections in which a plan replaces, removes or renames something. What cannot be taken is told.
    pub(in crate::ops) fn snapshot_before(
        &self,
        snapshot: &Snapshot,
        operation: &Operation,
        planned: &[Planned],
        begins: Timestamp,
        cancelled: &AtomicBool,
    ) -> Vec<Problem> {
        let taker = self.taker(before_it(begins));
        if taker.settings.automatic == AutomaticSnapshots::Off {
            return Vec::new();
        }
        let mut problems = Vec::new();
        for view in snapshot.collections.iter() {
            let concerned = planned.iter().filter(|planned| planned.pieces.iter().any(|piece| harms(piece, view)));
            let items: Vec<&OperationItem> = concerned.map(|planned| &planned.item).collect();
            if items.is_empty() {
                continue;
            }
            let message = before(operation, &items);
            let shelf = finding::own_shelf(&self.home, snapshot, view);
            let taken = shelf.map_err(|error| error.message).and_then(|shelf| {
                let taken = taker.take(&shelf, Path::new(&*view.path), &message, cancelled);
                taken.map_err(|error| error.to_string())
            });
            problems.extend(taken.err().map(|why| Problem {
                file: view.path.to_string(),
                line: None,
                key: None,
                message: format!("no snapshot was taken before: {why}"),
                hint: Some("the history keeps what was replaced: skillmeat undo".to_owned()),
            }));
        }
        problems
    }

    /// Snapshots of the collections that an operation deployed from or changed, while nobody waits.
    pub(in crate::ops) fn snapshot_after(&self, operation: &Operation, reply: &OperationReply) {
        let taker = self.taker(self.clock.wall());
        let snapshot = self.engine.snapshot();
        let roots = reply.operation.iter().flat_map(|operation| &operation.roots);
        let roots: BTreeSet<&str> = roots.map(String::as_str).collect();
        let done = |item: &&OperationItem| {
            use Outcome as O;
            !matches!(item.outcome, O::Refused | O::Failed | O::Cancelled | O::Undecided | O::Unchanged)
        };
        let mut work: Vec<(Shelf, PathBuf, String)> = Vec::new();
        for view in snapshot.collections.iter() {
            let of_view = |item: &&OperationItem| item.collection.as_deref() == Some(&*view.name);
            let items: Vec<&OperationItem> = reply.items.iter().filter(done).filter(of_view).collect();
            let concerned = roots.contains(&*view.path)
                || matches!(operation, Operation::Deploy(_) | Operation::DeployBranch(_)) && !items.is_empty();
            if !concerned {
                continue;
            }
            let Ok(shelf) = finding::own_shelf(&self.home, &snapshot, view) else { continue };
            work.push((shelf, PathBuf::from(&*view.path), after(operation, &items, taker.now, &self.zone)));
        }
        if work.is_empty() || taker.settings.automatic == AutomaticSnapshots::Off {
            return;
        }
        let (counted, hurry) = (self.counted(), Arc::clone(&self.hurry));
        let work = move || {
            crate::os::process::stand_back();
            for (shelf, root, message) in work {
                match taker.take(&shelf, &root, &message, &hurry) {
                    // The next operation packs what this one could not.
                    Ok(_) | Err(SnapshotError::Changed { .. } | SnapshotError::Cancelled) => {}
                    Err(error) => tracing::warn!(%error, "no snapshot was taken"),
                }
            }
            drop(counted);
        };
        if let Err(error) = std::thread::Builder::new().name("snapshot".into()).spawn(work) {
            tracing::warn!(%error, "no snapshot was taken");
        }
    }
}

/// The time of a snapshot that an operation takes before it begins: a rollback to it takes that operation back.
fn before_it(begins: Timestamp) -> Timestamp {
    Timestamp(begins.0 - 1)
}

/// Whether something that a collection has is not there any more afterwards.
fn harms(piece: &Piece, view: &CollectionView) -> bool {
    let root = Path::new(&*view.path);
    let replaced = piece.before.is_some() && piece.target.starts_with(root);
    let renamed = piece.moved_from.as_deref().is_some_and(|from| from.starts_with(root) && from != root);
    replaced || renamed
}

fn names(items: &[&OperationItem], separator: char) -> String {
    let name = |item: &&OperationItem| match item.kind {
        Some(kind) => format!("{kind}{separator}{}", item.name),
        None => item.name.clone(),
    };
    let mut named = items.iter().take(NAMED).map(name).collect::<Vec<_>>().join(", ");
    if items.len() > NAMED {
        named.push_str(&format!(" and {} more", items.len() - NAMED));
    }
    named
}

fn before(operation: &Operation, items: &[&OperationItem]) -> String {
    match operation {
        Operation::Remove(_) => format!("Before removing {}", names(items, '/')),
        Operation::Add(_)
        | Operation::Push(_)
        | Operation::PushBranch(_)
        | Operation::SyncProject(_)
        | Operation::Promote(_)
        | Operation::ConflictContinue(_) => format!("Before updating {}", names(items, '/')),
        other => format!("Before {}: {}", other.verb(), names(items, '/')),
    }
}

fn after(operation: &Operation, items: &[&OperationItem], now: Timestamp, zone: &TimeZone) -> String {
    let plain: Vec<String> = items.iter().take(NAMED).map(|item| item.name.clone()).collect();
    let mut named = plain.join(", ");
    if items.len() > NAMED {
        named.push_str(&format!(" and {} more", items.len() - NAMED));
    }
    let moment = jiff::Timestamp::from_microsecond(now.0).unwrap_or_default().to_zoned(zone.clone());
    let at = moment.strftime("%Y-%m-%dT%H:%M:%S.%6f");
    let project = items.iter().find_map(|item| item.project.as_deref()).unwrap_or_default();
    match operation {
        Operation::Deploy(_) | Operation::DeployBranch(_) => format!("Auto-deploy: {named} to {project} at {at}"),
        Operation::Push(_)
        | Operation::PushBranch(_)
        | Operation::SyncProject(_)
        | Operation::Promote(_)
        | Operation::ConflictContinue(_) => {
            format!("Auto-sync from project: {named} at {at}")
        }
        other if named.is_empty() => format!("After {}", other.verb()),
        other => format!("After {}: {}", other.verb(), names(items, '/')),
    }
}
