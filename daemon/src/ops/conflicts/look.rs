//! Looking at what nobody looked at yet: a conflict that no operation found, or of which a side moved on since.
//!
//! Whoever asks for a conflict, decides about it or lists all of them has it found by that; no `sync` has to come first. What is
//! found is kept as a sync would keep it. Under the project's lock, so that nothing that somebody decides meanwhile is forgotten.

use super::super::ancestry;
use super::super::error::{OpError, wire};
use super::super::joining;
use super::super::lookup;
use super::super::merging::Merging;
use super::super::planning::Planning;
use super::super::run::Operations;
use super::super::transfer::begun;
use super::{find, keep, place, with_sides};
use crate::engine::snapshot::{ItemView, ProjectView, Snapshot};
use crate::history::{Conflict, History, Scope};
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::{ConflictState, Outcome};
use skillmeat_protocol::request::ConflictName;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError};

/// A conflict as it is kept, and what it is of.
pub struct Found {
    /// The picture that it was looked at with.
    pub snapshot: Arc<Snapshot>,
    /// The project's copy.
    pub item: Arc<ItemView>,
    /// What is kept.
    pub conflict: Conflict,
}

/// Why somebody looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It was named.
    Asked,
    /// All are listed: what a sync takes without a merge is not among them.
    Listed,
}

impl Operations {
    /// The conflict that a request names, found if need be. Blocks.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`, `InvalidParams`; `Refused` where nothing has to be decided.
    pub fn conflict(
        &self,
        snapshot: &Arc<Snapshot>,
        name: &ConflictName,
        cancelled: &AtomicBool,
    ) -> Result<Found, WireError> {
        let history = self.history()?;
        let project = lookup::project(snapshot, &name.project)?;
        match find::one(history, &project, name)? {
            (item, Some(conflict), state) if state != ConflictState::Moved => {
                Ok(Found { snapshot: Arc::clone(snapshot), item, conflict })
            }
            _ => self.locked(&project, cancelled, |snapshot, project| self.looked_at(snapshot, project, name))?,
        }
    }

    /// Finds every conflict that no operation found yet, in one project or in all of them. Blocks. What cannot be read is left
    /// for those who name it.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn find_conflicts(
        &self,
        snapshot: &Snapshot,
        only: Option<&ProjectView>,
        cancelled: &AtomicBool,
    ) -> Result<(), WireError> {
        let history = self.history()?;
        for project in snapshot.projects.sorted() {
            if only.is_some_and(|only| only.path != project.path) || unknown(history, project)?.is_empty() {
                continue;
            }
            self.locked(project, cancelled, |snapshot, project| {
                for item in unknown(history, project)? {
                    let mut planning = self.planning(history, snapshot);
                    if look(&mut planning, project, &item, Why::Listed).is_ok() {
                        store(history, planning)?;
                    }
                }
                Ok(())
            })??;
        }
        Ok(())
    }

    /// Does something while nothing else happens to a project, with what is there by then.
    pub(super) fn locked<T>(
        &self,
        project: &ProjectView,
        cancelled: &AtomicBool,
        work: impl FnOnce(&Arc<Snapshot>, &ProjectView) -> T,
    ) -> Result<T, WireError> {
        let roots = [PathBuf::from(&*project.path)].into();
        let Some(_taken) = self.locks.take(roots, cancelled) else { return Err(OpError::Cancelled.to_wire()) };
        let _reading = self.reading.read().unwrap_or_else(PoisonError::into_inner);
        let snapshot = self.current()?;
        let project = lookup::project(&snapshot, &project.path)?;
        Ok(work(&snapshot, &project))
    }

    /// The conflict that is meant, looked at if it is not known as it is now.
    pub(super) fn looked_at(
        &self,
        snapshot: &Arc<Snapshot>,
        project: &ProjectView,
        name: &ConflictName,
    ) -> Result<Found, WireError> {
        let history = self.history()?;
        let (item, known, state) = find::one(history, project, name)?;
        if state == ConflictState::Moved {
            let mut planning = self.planning(history, snapshot);
            look(&mut planning, project, &item, Why::Asked)?;
            store(history, planning)?;
        }
        let known = match state {
            ConflictState::Moved => history.conflict_at(&place(Path::new(&*project.path), &item)).map_err(wire)?,
            _ => known,
        };
        let conflict = known.ok_or_else(|| find::none(project, name, &[&item]))?;
        Ok(Found { snapshot: Arc::clone(snapshot), item, conflict })
    }

    pub(super) fn planning<'a>(&'a self, history: &'a History, snapshot: &'a Snapshot) -> Planning<'a> {
        Planning::new(history, snapshot, &self.zone, self.now(), &self.home)
    }
}

fn store(history: &History, planning: Planning<'_>) -> Result<(), WireError> {
    let gathered = planning.into_gathered();
    if gathered.conflicts.is_empty() {
        return Ok(());
    }
    // What a power failure takes is found again.
    history.batch_later(|batch| gathered.store(batch)).map_err(OpError::from).map_err(wire)
}

/// What is in conflict and was never looked at.
fn unknown(history: &History, project: &ProjectView) -> Result<Vec<Arc<ItemView>>, WireError> {
    let mut found = Vec::new();
    for item in project.items().filter(|item| item.state == DriftState::Conflict) {
        let known = history.conflict_at(&place(Path::new(&*project.path), item)).map_err(wire)?;
        let state = known.map(|known| find::state(history, item, &known)).transpose().map_err(wire)?;
        if state.is_none_or(|state| state == ConflictState::Closed) {
            found.push(Arc::clone(item));
        }
    }
    Ok(found)
}

/// Merges both sides to see what of them is in conflict.
fn look(planning: &mut Planning<'_>, project: &ProjectView, item: &ItemView, why: Why) -> Result<(), WireError> {
    let planned = with_sides(planning, project, item, |planning, sides| {
        let nothing = |planning: &Planning<'_>| {
            let message = format!("nothing of {} has to be decided", item.key);
            Ok(begun(sides, Outcome::Refused).saying(message).ways([sides.subject(planning.snapshot).on("sync", "")]))
        };
        let is_newer = || ancestry::ahead(planning, sides.original, &sides.destination.project, item);
        if why == Why::Listed && is_newer()?.is_some() {
            return nothing(planning);
        }
        let copy = planning.copy(item, Scope::Resolved)?;
        match joining::merged(planning, sides, &copy, &[])? {
            Merging::Clean { .. } => nothing(planning),
            Merging::Refused(dispute) => {
                keep(planning, sides, &copy, &dispute, None)?;
                Ok(begun(sides, Outcome::Unchanged))
            }
        }
    });
    let item = planned.item;
    if item.outcome == Outcome::Unchanged {
        return Ok(());
    }
    let error = WireError::new(ErrorCode::Refused, item.message.unwrap_or_default());
    Err(item.ways.into_iter().next().map_or(error.clone(), |way| error.hint(way)))
}
