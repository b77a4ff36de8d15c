//! One operation on files: all of it or nothing, across a kill at any instruction.
//!
//! 1. What is there and what is to be is in the content store, and every swap is in the journal, in one commit.
//! 2. What is to be is made in staging directories and flushed.
//! 3. Each item is swapped in, after a look whether it is still what was planned with; an item that is not is left as it
//!    is, and the others go on.
//! 4. Records and manifests follow, for what was done. Should that fail, everything is swapped back.
//! 5. The journal says that it is complete, and which versions it made; what was replaced is removed.
//!
//! Whatever ends the process before 5 has the next start swap back ([`super::recover`]); after it, only clean up.

use super::error::OpError;
use super::fault::{Faults, Point};
use super::piece::{Piece, Text, mode_of, prune, read, step};
use super::plan::Needs;
use super::planning::Gathered;
use super::recover;
use super::staging::Staging;
use super::swap::Swap;
use super::witness::Witness;
use crate::history::{Account, ContentId, History, HistoryError, Operation, OperationId, OperationState, Scope, Step};
use crate::model::Timestamp;
use crate::snapshots::unpack;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;

/// What became of an item.
#[derive(Debug)]
pub enum Fate {
    /// All of its pieces are in place.
    Done,
    /// It is as it was.
    Failed(OpError),
    /// Somebody asked to stop before it was its turn.
    Cancelled,
}

/// One item, as it is carried out.
#[derive(Debug)]
pub struct Item {
    /// What changes places.
    pub pieces: Vec<Piece>,
    /// What the history of versions is told once it is done.
    pub account: Account,
    /// What must have been done before.
    pub needs: Needs,
}

/// How it ended.
#[derive(Debug)]
pub struct Ran {
    /// Its number in the history; none when nothing changed.
    pub operation: Option<OperationId>,
    /// By item.
    pub fates: Vec<Fate>,
}

/// Who is told how far it is, and says whether to stop.
pub trait Observer {
    /// What was done, in one line, for the history.
    fn summary(&self, fates: &[Fate]) -> String;
    /// So many items are done.
    fn progress(&mut self, done: usize);
    /// Whether nobody wants the rest any more.
    fn is_cancelled(&self) -> bool;
    /// The same, for long work within an item.
    fn cancelled(&self) -> &AtomicBool;
}

/// What a transaction works with.
pub struct Workshop<'a> {
    /// Content and journal.
    pub history: &'a History,
    /// What the tests make go wrong.
    pub faults: &'a Faults,
}

/// What was journalled, and where each piece of it is staged.
#[derive(Clone, Copy)]
struct Work<'a> {
    number: OperationId,
    at: Timestamp,
    items: &'a [Vec<(Piece, PathBuf)>],
    accounts: &'a [Account],
    needs: &'a [Needs],
}

impl Workshop<'_> {
    /// Runs `items`, then writes what `texts` gives for those that were done.
    ///
    /// # Errors
    /// Nothing was changed, or everything was taken back.
    pub fn run(
        &self,
        mut operation: Operation,
        gathered: Gathered,
        items: Vec<Item>,
        texts: impl FnOnce(&[Fate]) -> Result<Vec<Text>, OpError>,
        observer: &mut dyn Observer,
    ) -> Result<Ran, OpError> {
        self.reach(Point::Captured)?;
        let at = operation.at;
        let mut staging = Staging::default();
        let mut staged: Vec<Vec<(Piece, PathBuf)>> = Vec::with_capacity(items.len());
        let (mut accounts, mut needs) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
        for item in items {
            accounts.push(item.account);
            needs.push(item.needs);
            let place = |piece: Piece| {
                let parent = piece.target.parent().unwrap_or(&piece.root);
                let at = match &piece.moved_from {
                    Some(from) => from.clone(),
                    None => staging.place(&piece.root, parent)?,
                };
                Ok((piece, at))
            };
            staged.push(item.pieces.into_iter().map(place).collect::<Result<_, OpError>>()?);
        }
        operation.steps = staged.iter().flatten().map(|(piece, at)| step(piece, at)).collect();
        operation.staging = staging.directories().cloned().collect();
        // One commit, so that the journal never names what is not stored.
        let number = self.history.batch(|batch| {
            gathered.store(batch)?;
            batch.begin(&operation)
        })?;
        let work = Work { number, at, items: &staged, accounts: &accounts, needs: &needs };
        let fates = self.carry_out(work, &mut staging, texts, observer);
        match fates {
            Ok(fates) => {
                let changed = fates.iter().any(|fate| matches!(fate, Fate::Done));
                Ok(Ran { operation: changed.then_some(number), fates })
            }
            Err(error) => {
                self.take_back(number, &error)?;
                Err(error)
            }
        }
    }

    fn carry_out(
        &self,
        work: Work<'_>,
        staging: &mut Staging,
        texts: impl FnOnce(&[Fate]) -> Result<Vec<Text>, OpError>,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Fate>, OpError> {
        let Work { number, at, items, accounts, needs } = work;
        self.reach(Point::Journalled)?;
        staging.make()?;
        self.reach(Point::StagingMade)?;
        for (piece, at) in items.iter().flatten() {
            if observer.is_cancelled() {
                return Err(OpError::Cancelled);
            }
            if let Some(after) = &piece.after {
                self.stage(*after, at, &piece.target)?;
                self.reach(Point::Staged)?;
            }
            if let Some(archive) = &piece.archive {
                let unpacked = unpack(&archive.path, &archive.name, at, observer.cancelled())?;
                *archive.unpacked.lock().unwrap_or_else(PoisonError::into_inner) = unpacked;
                self.reach(Point::Staged)?;
            }
        }
        staging.flush()?;
        self.reach(Point::Flushed)?;
        self.history.advance(number, OperationState::Applying)?;
        self.reach(Point::Applying)?;
        let mut fates = Vec::with_capacity(items.len());
        for (done, item) in items.iter().enumerate() {
            observer.progress(done);
            let first = fates.first().is_none_or(|fate| matches!(fate, Fate::Done));
            fates.push(if observer.is_cancelled() {
                Fate::Cancelled
            } else if needs[done] == Needs::First && !first {
                Fate::Failed(OpError::Refused { message: "what it was to follow was not done".to_owned() })
            } else {
                match self.apply(item)? {
                    Ok(()) => Fate::Done,
                    Err(error) => Fate::Failed(error),
                }
            });
        }
        observer.progress(items.len());
        if fates.iter().any(|fate| !matches!(fate, Fate::Done)) {
            let done = items.iter().zip(&fates).filter(|(_, fate)| matches!(fate, Fate::Done));
            let steps = done.flat_map(|(item, _)| item).map(|(piece, at)| step(piece, at)).collect();
            self.history.batch(|batch| batch.keep_steps(number, steps))?;
        }
        let changed = fates.iter().any(|fate| matches!(fate, Fate::Done));
        if changed {
            self.write_texts(number, staging, &texts(&fates)?)?;
        }
        // The renames themselves.
        staging.flush()?;
        self.reach(Point::DirectoriesSynced)?;
        // Ended here, what did nothing must not be called done by the next start.
        if changed {
            let done = accounts.iter().zip(&fates).filter(|(_, fate)| matches!(fate, Fate::Done));
            let done: Vec<Account> = done.map(|(account, _)| account.clone()).collect();
            self.history.batch(|batch| {
                batch.advance(number, OperationState::Swapped)?;
                batch.account(number, at, &done)
            })?;
        }
        // From here on it is done, whatever happens.
        let cleaned = self.reach(Point::Complete).and_then(|()| staging.remove()).and_then(|()| {
            self.reach(Point::StagingRemoved)?;
            let state = if changed { OperationState::Done } else { OperationState::RolledBack };
            Ok(self.history.finish(number, state, &observer.summary(&fates))?)
        });
        if let Err(error) = cleaned {
            tracing::warn!(%error, "an operation is complete and could not be cleaned up; the next start does");
        }
        self.reach(Point::Done).ok();
        Ok(fates)
    }

    /// Makes at `at` what is to be at `target`; an error names the latter, which people know.
    fn stage(&self, content: ContentId, at: &Path, target: &Path) -> Result<(), OpError> {
        self.history.materialise(content, at).map(drop).map_err(|error| match error {
            HistoryError::Io { verb, path, source } if path.starts_with(at) => {
                let below = path.strip_prefix(at).unwrap_or(Path::new(""));
                let path = if below.as_os_str().is_empty() { target.to_owned() } else { target.join(below) };
                OpError::Io { verb, path, source }
            }
            other => other.into(),
        })
    }

    /// All pieces of an item, or none.
    ///
    /// # Errors
    /// A part of it is in place and cannot be taken back: the operation must be, as a whole.
    fn apply(&self, item: &[(Piece, PathBuf)]) -> Result<Result<(), OpError>, OpError> {
        let mut begun = 0;
        let mut all = || {
            for (piece, at) in item {
                begun += 1;
                self.swap_in(piece, at)?;
            }
            for (piece, _) in item {
                if let (Some(top), None) = (&piece.prune_below, &piece.after) {
                    prune(&piece.target, top);
                    self.reach(Point::Pruned)?;
                }
            }
            Ok(())
        };
        let Err(error) = all() else { return Ok(Ok(())) };
        // The last one too: it may have failed after its swap, or in the middle of it.
        for (piece, at) in item[..begun].iter().rev() {
            recover::swap_back(self.history, &step(piece, at))?;
            recover::unmake(&piece.missing);
        }
        Ok(Err(error))
    }

    fn swap_in(&self, piece: &Piece, at: &Path) -> Result<(), OpError> {
        let touched = || OpError::Touched { path: piece.target.clone() };
        if Witness::of(&piece.target)? != piece.witness {
            return Err(touched());
        }
        for directory in &piece.missing {
            match std::fs::create_dir(directory) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists && directory.is_dir() => {}
                other => other.map_err(OpError::io("make", directory))?,
            }
        }
        self.reach(Point::ParentsMade)?;
        let Some(swap) = piece.swap() else { return Ok(()) };
        let ours = Witness::of(at)?;
        swap.perform(at, &piece.target)?;
        // Between that look and the swap somebody may have written: then it is in the staging directory now, and goes back.
        if swap != Swap::Place && !Witness::of(at).is_ok_and(|now| piece.witness.is_moved(&now)) {
            self.give_back(swap, ours, at, &piece.target)?;
            return Err(touched());
        }
        self.reach(Point::Swapped)
    }

    /// Puts back what a swap took that was not what it should have taken. Whoever wrote it may write again meanwhile: what
    /// comes out of an exchange must be what was put there last, or it is newer and goes back in turn.
    fn give_back(&self, swap: Swap, ours: Witness, at: &Path, target: &Path) -> Result<(), OpError> {
        let mut left = ours;
        loop {
            let putting = Witness::of(at)?;
            if let Err(error) = swap.inverse().perform(at, target) {
                // Something new is there. What was taken is in nobody's history yet, and nowhere else soon.
                self.history.capture(at, Scope::Everything)?;
                return Err(error.into());
            }
            let came = Witness::of(at)?;
            if swap != Swap::Exchange || left.is_moved(&came) {
                if swap == Swap::Exchange && left != ours {
                    // Something that was there for a moment, under what is newer.
                    self.history.capture(at, Scope::Everything)?;
                }
                return Ok(());
            }
            left = putting;
        }
    }

    fn write_texts(&self, number: OperationId, staging: &mut Staging, texts: &[Text]) -> Result<(), OpError> {
        let mut staged = Vec::with_capacity(texts.len());
        let mut kept = Vec::new();
        for text in texts {
            let parent = text.path.parent().unwrap_or(&text.root);
            let at = staging.place(&text.root, parent)?;
            let mode = mode_of(&text.path);
            let mut keep = |bytes: &Option<Vec<u8>>| -> Result<Option<ContentId>, OpError> {
                let Some(bytes) = bytes else { return Ok(None) };
                kept.push(self.history.bytes(bytes, mode)?);
                Ok(kept.last().map(|staged| staged.content().id()))
            };
            let (before, after) = (keep(&text.before)?, keep(&text.after)?);
            let piece = Piece {
                target: text.path.clone(),
                root: text.root.clone(),
                before,
                after,
                witness: Witness::of(&text.path)?,
                missing: Vec::new(),
                prune_below: None,
                moved_from: None,
                archive: None,
            };
            if read(&text.path)? != text.before {
                return Err(OpError::Touched { path: text.path.clone() });
            }
            staged.push((piece, at));
        }
        let steps: Vec<Step> = staged.iter().map(|(piece, at)| step(piece, at)).collect();
        let directories: Vec<PathBuf> = staging.directories().cloned().collect();
        self.history.batch(|batch| {
            for staged in kept {
                batch.keep(staged)?;
            }
            batch.add_steps(number, &steps, &directories)
        })?;
        self.reach(Point::TextsJournalled)?;
        // Records may be on a file system that no item is on.
        staging.make()?;
        for (piece, at) in &staged {
            if let Some(after) = &piece.after {
                self.stage(*after, at, &piece.target)?;
            }
        }
        staging.flush()?;
        for (piece, at) in &staged {
            self.swap_in(piece, at)?;
            self.reach(Point::TextSwapped)?;
        }
        Ok(())
    }

    /// Everything that was begun is undone, as after a kill.
    fn take_back(&self, number: OperationId, why: &OpError) -> Result<(), OpError> {
        self.reach(Point::RollbackBegun)?;
        recover::take_back(self.history, number, &why.to_string())?;
        self.reach(Point::RolledBack)
    }

    fn reach(&self, point: Point) -> Result<(), OpError> {
        self.faults.reach(point).map_err(|source| OpError::Io {
            verb: "go on after",
            path: PathBuf::from(point.name()),
            source,
        })
    }
}
