//! Taking back what was begun: after a failure, and at the start after a kill.
//!
//! Which swaps were made is told from what lies where, not from the journal: it is written before, so that a kill between
//! the two leaves evidence and no doubt. What somebody else put in a target meanwhile stays theirs; what was there before is
//! in the content store then.

use super::error::OpError;
use super::staging;
use super::swap::{Swap, aside};
use crate::history::{ContentId, History, HistoryError, OperationId, OperationState, Scope, Step};
use std::path::{Path, PathBuf};

/// What the start found unfinished.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Operations that were taken back.
    pub taken_back: usize,
    /// Operations that were complete but not cleaned up.
    pub cleaned: usize,
    /// Paths that somebody else changed meanwhile, and that were left as they are.
    pub left: Vec<PathBuf>,
}

/// Ends every operation that the last daemon did not, and says for people what came of it.
pub fn at_start(history: &Result<History, HistoryError>) -> Vec<String> {
    let recovered = match history.as_ref().map(recover) {
        Ok(Ok(recovered)) => recovered,
        Ok(Err(error)) => return vec![format!("an operation could not be taken back: {error}")],
        Err(error) => return vec![error.to_string()],
    };
    if recovered != Recovered::default() {
        tracing::warn!(?recovered, "operations that the last daemon had begun were ended");
    }
    let left = recovered.left.iter();
    left.map(|path| {
        format!("{} was changed by somebody while an operation was taken back, and stays so", path.display())
    })
    .collect()
}

/// Ends every operation that the last daemon did not.
///
/// # Errors
/// A path cannot be put back; the operation stays unfinished and is tried again at the next start.
pub fn recover(history: &History) -> Result<Recovered, OpError> {
    let mut recovered = Recovered::default();
    for unfinished in history.unfinished()? {
        let staging = unfinished.operation.staging.clone();
        if unfinished.state == OperationState::Swapped {
            clean(&staging)?;
            history.finish(unfinished.id, OperationState::Done, "completed at the next start")?;
            recovered.cleaned += 1;
        } else {
            recovered.left.extend(swap_all_back(history, &unfinished.operation.steps)?);
            // Before the journal forgets where they are.
            clean(&staging)?;
            history.finish(unfinished.id, OperationState::RolledBack, "taken back at the next start")?;
            recovered.taken_back += 1;
        }
    }
    Ok(recovered)
}

/// Takes an operation back that failed.
///
/// # Errors
/// A rename failed; the next start tries again.
pub(super) fn take_back(history: &History, operation: OperationId, why: &str) -> Result<(), OpError> {
    let journalled = history.show(operation)?;
    swap_all_back(history, &journalled.operation.steps)?;
    clean(&journalled.operation.staging)?;
    Ok(history.finish(operation, OperationState::RolledBack, why)?)
}

/// Swaps back whatever steps were made. Gives the paths that could not be, because somebody changed them.
fn swap_all_back(history: &History, steps: &[Step]) -> Result<Vec<PathBuf>, OpError> {
    let mut left = Vec::new();
    for step in steps.iter().rev() {
        if swap_back(history, step)? == Found::Theirs {
            left.push(step.target.clone());
        }
        unmake(&step.made_directories);
    }
    Ok(left)
}

/// What was found at a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The step had not been made, or was swapped back.
    Before,
    /// Something that neither the step nor what came before it left there.
    Theirs,
}

/// Swaps one step back, if it was made.
pub(super) fn swap_back(history: &History, step: &Step) -> Result<Found, OpError> {
    let Step { target, staged, before, after, .. } = step;
    let Some(staged) = staged else { return Ok(Found::Before) };
    if (before, after) == (&None, &None) {
        if is_staging(staged.parent()) && target.symlink_metadata().is_ok() && staged.symlink_metadata().is_err() {
            // It came out of an archive, and goes with the staging directory. Somebody may have edited it since.
            history.capture(target, Scope::Everything)?;
        }
        return move_back(staged, target);
    }
    let Some(swap) = Swap::between(before.is_some(), after.is_some()) else { return Ok(Found::Before) };
    put_aside_back(staged, target)?;
    let is = |path: &Path, content: &Option<ContentId>| -> Result<bool, OpError> {
        match content {
            Some(content) if path.symlink_metadata().is_ok() => {
                Ok(history.read(path, Scope::Everything)?.content().id() == *content)
            }
            _ => Ok(false),
        }
    };
    let there = target.symlink_metadata().is_ok();
    match swap {
        Swap::Place if !there => return Ok(Found::Before),
        // Made before, or by somebody else meanwhile; what is staged says that it was not we.
        Swap::Place if staged.symlink_metadata().is_ok() => return Ok(Found::Before),
        Swap::Place | Swap::Exchange if !is(target, after)? => {
            return Ok(if is(target, before)? { Found::Before } else { Found::Theirs });
        }
        Swap::Exchange if is(staged, after)? => return Ok(Found::Before),
        Swap::Take if there => return Ok(if is(target, before)? { Found::Before } else { Found::Theirs }),
        _ => {}
    }
    make_above(target)?;
    if let (Swap::Exchange | Swap::Take, false, Some(before)) = (swap, staged.symlink_metadata().is_ok(), before) {
        // What was there is only in the content store any more.
        make_above(staged)?;
        history.materialise(*before, staged)?;
    }
    if swap == Swap::Place {
        make_above(staged)?;
    }
    swap.inverse().perform(staged, target)?;
    if swap == Swap::Exchange && !is(staged, after)? {
        // Somebody wrote after that look: it is theirs, and stays.
        swap.perform(staged, target)?;
        return Ok(Found::Theirs);
    }
    Ok(Found::Before)
}

/// Makes the directories above `path` that are missing.
fn make_above(path: &Path) -> Result<(), OpError> {
    let Some(parent) = path.parent() else { return Ok(()) };
    std::fs::create_dir_all(parent).map_err(OpError::io("make", parent))
}

/// What only got another name gets the old one again, whatever is in it by now: nothing else has it.
fn move_back(from: &Path, target: &Path) -> Result<Found, OpError> {
    match (target.symlink_metadata().is_ok(), from.symlink_metadata().is_ok()) {
        (false, _) => Ok(Found::Before),
        (true, true) => Ok(Found::Theirs),
        (true, false) => {
            Swap::Take.perform(from, target)?;
            Ok(Found::Before)
        }
    }
}

/// An exchange by three renames may have been cut in the middle.
fn put_aside_back(staged: &Path, target: &Path) -> Result<(), OpError> {
    let aside = aside(staged);
    if aside.symlink_metadata().is_err() {
        return Ok(());
    }
    if target.symlink_metadata().is_ok() {
        std::fs::rename(target, staged).map_err(OpError::io("move away", target))?;
    }
    std::fs::rename(&aside, target).map_err(OpError::io("put back", target))
}

/// Removes directories that were made on the way, from the inside, unless something is in them.
pub(super) fn unmake(made: &[PathBuf]) {
    for directory in made.iter().rev() {
        let _ = std::fs::remove_dir(directory);
    }
}

fn clean(staging: &[PathBuf]) -> Result<(), OpError> {
    // Only what can be ours, whatever the journal says.
    staging.iter().filter(|dir| is_staging(Some(dir))).try_for_each(|dir| staging::remove(dir))
}

/// Whether this is a staging directory, by its name.
pub(super) fn is_staging(directory: Option<&Path>) -> bool {
    let name = directory.and_then(Path::file_name);
    name.is_some_and(|name| name.as_encoded_bytes().starts_with(staging::PREFIX.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_only_got_another_name_goes_back_with_what_is_in_it_by_now() {
        let dir = tempfile::tempdir().expect("a directory");
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        fs::create_dir(&old).expect("made");
        assert_eq!(move_back(&old, &new).expect("nothing to do"), Found::Before);
        assert!(old.is_dir());
        Swap::Place.perform(&old, &new).expect("moved");
        fs::write(new.join("later"), "x").expect("written");
        assert_eq!(move_back(&old, &new).expect("moved back"), Found::Before);
        assert!(old.join("later").is_file() && !new.exists());
        fs::create_dir(&new).expect("somebody else's");
        assert_eq!(move_back(&old, &new).expect("left"), Found::Theirs);
        assert!(old.join("later").is_file() && new.is_dir());
    }
}
