//! The journal: what an operation is about to do, how far it got, and what it did.
//!
//! An operation is written down before the first file moves, together with the contents that it replaces, and its state
//! follows what happens on disk. After a kill, [`History::unfinished`] says what to complete or to undo. Done operations
//! stay for ever: they are what `undo` works from.
//!
//! States: `prepared` → `applying` → `swapped` → `done` → `undone`; from each of the first three also `rolled_back`.
//! Steps of that order may be left out, none may be taken back.

mod operation;
mod rows;

pub use operation::{Journalled, Listed, Operation, OperationId, OperationState, Root, RootKind, Step};

use super::{Batch, History, HistoryError};
use std::path::{Path, PathBuf};

impl Batch<'_> {
    /// Writes an operation down as prepared.
    ///
    /// # Errors
    /// [`HistoryError::NoContent`] for a step whose content was not kept; [`HistoryError::Order`] and
    /// [`HistoryError::NoOperation`] when what it undoes is not done.
    pub fn begin(&self, operation: &Operation) -> Result<OperationId, HistoryError> {
        if let Some(undone) = operation.undoes {
            check(&self.stored(undone)?, OperationState::Undone)?;
        }
        self.check_contents(&operation.steps)?;
        rows::insert(&self.transaction, operation).map_err(self.history.failed("write"))
    }

    /// Adds steps to an operation that is under way, and directories that these are staged in.
    ///
    /// # Errors
    /// [`HistoryError::NoContent`]; [`HistoryError::NoOperation`]; [`HistoryError::Order`] when it is not under way.
    pub fn add_steps(&self, id: OperationId, steps: &[Step], staging: &[PathBuf]) -> Result<(), HistoryError> {
        let mut stored = self.stored(id)?;
        if !stored.state.is_unfinished() {
            return Err(HistoryError::Order { id, from: stored.state.as_str(), to: stored.state.as_str() });
        }
        self.check_contents(steps)?;
        let first = stored.operation.steps.len();
        stored.operation.steps.extend_from_slice(steps);
        staging.clone_into(&mut stored.operation.staging);
        rows::extend(&self.transaction, &stored, first).map_err(self.history.failed("write"))
    }

    /// Leaves an operation that is under way only these of its steps: the others were not made, or were made undone, so
    /// that undoing it concerns what it did.
    ///
    /// # Errors
    /// [`HistoryError::NoOperation`]; [`HistoryError::Order`] when it is not under way.
    pub fn keep_steps(&self, id: OperationId, steps: Vec<Step>) -> Result<(), HistoryError> {
        let mut stored = self.stored(id)?;
        if !stored.state.is_unfinished() {
            return Err(HistoryError::Order { id, from: stored.state.as_str(), to: stored.state.as_str() });
        }
        stored.operation.steps = steps;
        rows::replace_steps(&self.transaction, &stored).map_err(self.history.failed("write"))
    }

    fn check_contents(&self, steps: &[Step]) -> Result<(), HistoryError> {
        for id in steps.iter().flat_map(|step| [step.before, step.after]).flatten() {
            let row = super::store::content_row(&self.transaction, id).map_err(self.history.failed("read"))?;
            if row.is_none() {
                return Err(HistoryError::NoContent { path: self.history.path.clone(), id });
            }
        }
        Ok(())
    }

    /// Notes how far an unfinished operation got.
    ///
    /// # Errors
    /// [`HistoryError::NoOperation`]; [`HistoryError::Order`].
    pub fn advance(&self, id: OperationId, state: OperationState) -> Result<(), HistoryError> {
        let stored = self.stored(id)?;
        check(&stored, state)?;
        let summary = stored.summary.clone();
        self.update(Journalled { state, summary, ..stored })
    }

    /// Notes what became of an operation: [`OperationState::Done`] or [`OperationState::RolledBack`]. What it undoes is
    /// undone when it is done.
    ///
    /// # Errors
    /// [`HistoryError::NoOperation`]; [`HistoryError::Order`].
    pub fn finish(&self, id: OperationId, state: OperationState, summary: &str) -> Result<(), HistoryError> {
        let stored = self.stored(id)?;
        check(&stored, state)?;
        if let (OperationState::Done, Some(undone)) = (state, stored.operation.undoes) {
            self.advance(undone, OperationState::Undone)?;
            self.redo(undone)?;
        }
        self.update(Journalled { state, summary: Some(summary.to_owned()), ..stored })
    }

    /// What an operation had undone is done again once that is undone itself, and can be undone once more; and so on down.
    fn redo(&self, undone: OperationId) -> Result<(), HistoryError> {
        let (mut below, mut is_redone) = (self.stored(undone)?.operation.undoes, true);
        while let Some(id) = below {
            let stored = self.stored(id)?;
            below = stored.operation.undoes;
            let (from, to) = if is_redone {
                (OperationState::Undone, OperationState::Done)
            } else {
                (OperationState::Done, OperationState::Undone)
            };
            if stored.state != from {
                break;
            }
            self.update(Journalled { state: to, ..stored })?;
            is_redone = !is_redone;
        }
        Ok(())
    }

    fn stored(&self, id: OperationId) -> Result<Journalled, HistoryError> {
        self.history.shown(&self.transaction, id)
    }

    fn update(&self, journalled: Journalled) -> Result<(), HistoryError> {
        rows::update(&self.transaction, &journalled).map_err(self.history.failed("write"))
    }
}

fn check(stored: &Journalled, next: OperationState) -> Result<(), HistoryError> {
    if stored.state.may_become(next) {
        return Ok(());
    }
    Err(HistoryError::Order { id: stored.id, from: stored.state.as_str(), to: next.as_str() })
}

impl History {
    /// [`Batch::begin`] alone.
    ///
    /// # Errors
    /// Its own.
    pub fn begin(&self, operation: &Operation) -> Result<OperationId, HistoryError> {
        self.batch(|batch| batch.begin(operation))
    }

    /// [`Batch::advance`] alone.
    ///
    /// # Errors
    /// Its own.
    pub fn advance(&self, id: OperationId, state: OperationState) -> Result<(), HistoryError> {
        self.batch(|batch| batch.advance(id, state))
    }

    /// [`Batch::finish`] alone.
    ///
    /// # Errors
    /// Its own.
    pub fn finish(&self, id: OperationId, state: OperationState, summary: &str) -> Result<(), HistoryError> {
        self.batch(|batch| batch.finish(id, state, summary))
    }

    /// Operations that were under way when the last process ended, the latest first: the order in which to reverse them.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn unfinished(&self) -> Result<Vec<Journalled>, HistoryError> {
        let connection = self.lock();
        let ids = rows::unfinished(&connection).map_err(self.failed("read"))?;
        ids.into_iter().map(|id| self.shown(&connection, id)).collect()
    }

    /// Operations, the latest first.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn list(&self, listed: &Listed<'_>) -> Result<Vec<Journalled>, HistoryError> {
        let connection = self.lock();
        let ids = rows::list(&connection, listed).map_err(self.failed("read"))?;
        ids.into_iter().map(|id| self.shown(&connection, id)).collect()
    }

    /// One operation.
    ///
    /// # Errors
    /// [`HistoryError::NoOperation`]; damage.
    pub fn show(&self, id: OperationId) -> Result<Journalled, HistoryError> {
        self.shown(&self.lock(), id)
    }

    /// The latest operation on a root that is done and is none that undid another. Undoing one after the other goes back
    /// step by step.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn last_undoable(&self, root: &Path) -> Result<Option<Journalled>, HistoryError> {
        let connection = self.lock();
        let id = rows::last_undoable(&connection, root).map_err(self.failed("read"))?;
        id.map(|id| self.shown(&connection, id)).transpose()
    }

    fn shown(&self, connection: &rusqlite::Connection, id: OperationId) -> Result<Journalled, HistoryError> {
        match rows::load(connection, id).map_err(self.failed("read"))? {
            Some((journalled, seal)) if rows::seal(&journalled) == seal => Ok(journalled),
            Some(_) => Err(self.damaged(format!("what is written of operation {id} was changed"))),
            None => Err(HistoryError::NoOperation { path: self.path.clone(), id }),
        }
    }
}
