//! `undo`: the swaps of an operation, backwards.
//!
//! Every path must hold what the operation left there; if one does not, something happened to it since, and nothing is done.
//! So operations on the same files are undone from the last one back. Undoing is an operation itself, and can be undone.

use super::error::{OpError, wire};
use super::following;
use super::lookup::Original;
use super::piece::Piece;
use super::plan::{Planned, word};
use super::planning::{Planning, original_path};
use super::recover;
use super::witness::Witness;
use crate::history::{Account, Advance, History, Journalled, Listed, OperationId, OperationState, Scope, Step, Switch};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::Outcome;
use skillmeat_protocol::request::Undo;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The operation that a request means.
///
/// # Errors
/// `NotFound`; `Refused` for one that was not done, or is undone already.
pub fn which(history: &History, query: &Undo, root: Option<&Path>) -> Result<Journalled, WireError> {
    let found = match (query.operation, root) {
        (Some(number), _) => {
            let id = OperationId(i64::try_from(number).unwrap_or(i64::MAX));
            Some(history.show(id).map_err(wire)?)
        }
        (None, Some(root)) => history.last_undoable(root).map_err(wire)?,
        (None, None) => {
            let latest = history.list(&Listed { root: None, before: None, limit: 100 }).map_err(wire)?;
            latest.into_iter().find(|j| j.state == OperationState::Done && j.operation.undoes.is_none())
        }
    };
    match found {
        Some(found) if found.state == OperationState::Done => Ok(found),
        Some(found) => {
            let message = format!("operation {} is {} and cannot be undone", found.id, found.state.as_str());
            Err(WireError::new(ErrorCode::Refused, message).hint("skillmeat op list"))
        }
        None => Err(WireError::new(ErrorCode::NotFound, "there is nothing to undo").hint("skillmeat op list")),
    }
}

/// Plans it: all of it or nothing.
///
/// # Errors
/// As [`which`]; `Refused` when something happened since.
pub fn plan(planning: &mut Planning<'_>, undone: &Journalled) -> Result<Vec<Planned>, WireError> {
    let mut pieces = Vec::new();
    let mut items = Vec::new();
    let mut moves: Vec<(PathBuf, PathBuf)> = Vec::new();
    let audit = planning.home.join("audit");
    let whole: Vec<&PathBuf> =
        undone.operation.steps.iter().filter(|step| is_unpacked(step)).map(|step| &step.target).collect();
    // What is written down of a rollback stays, as does what the journal says of it. What came out of an archive goes with
    // whatever was changed in it.
    let stays = |step: &Step| {
        step.target.starts_with(&audit)
            || whole.iter().any(|whole| step.target.starts_with(whole) && step.target != **whole)
    };
    for step in undone.operation.steps.iter().rev().filter(|step| !stays(step)) {
        let roots = undone.operation.roots.iter().map(|root| &root.path);
        // The innermost: the home is a root too, and holds the collections.
        let root = roots.filter(|root| step.target.starts_with(root)).max_by_key(|root| root.as_os_str().len());
        let root = root.cloned().unwrap_or_else(|| step.target.parent().unwrap_or(Path::new("/")).to_owned());
        let failed = |error: OpError| if is_gone(&root) { missing(&root, undone.id) } else { explained(&error) };
        if let Some(piece) = reversed(planning, step, root.clone(), &moves).map_err(failed)? {
            items.push(shown(&piece));
            moves.extend(piece.moved_from.clone().map(|from| (from, piece.target.clone())));
            pieces.push(piece);
        }
    }
    let switches = planning.history.switched_back(undone.id).map_err(wire)?;
    for back in &switches {
        as_it_was_left(planning, back)?;
    }
    let (advances, turns) = following::back(planning, undone.id)?;
    if items.is_empty() {
        // Nothing but branches changed.
        items.extend(advances.first().map(|advance| moved(planning, advance)));
    }
    let Some(first) = items.first_mut() else { return Ok(items) };
    first.pieces = pieces;
    let (artifacts, seen) = planning.history.seen_before(undone.id).map_err(wire)?;
    first.account = Account { artifacts, seen, switches, advances, turns };
    Ok(items)
}

/// A branch is switched back only from what the switch put there: whatever was changed on it since, in this file or another, would
/// be the other branch's.
fn as_it_was_left(planning: &mut Planning<'_>, back: &Switch) -> Result<(), WireError> {
    let Switch { collection, key, from, left, to } = back;
    let Some(view) = planning.snapshot.collection(collection).cloned() else { return Ok(()) };
    let branches = planning.history.branches(key).map_err(wire)?;
    let current = branches.iter().find(|branch| branch.collection == *collection && branch.tip.is_none());
    let (what, named) = (word(&key.to_string()), word(&view.name));
    let hint = format!("skillmeat version switch {what} {} --collection {named}", word(to));
    let refused = |message: String| Err(WireError::new(ErrorCode::Refused, message));
    if let Some(other) = current.filter(|branch| branch.name != *from) {
        let message = format!("the current branch of {key} is '{}' by now", other.name);
        return refused(message).map_err(|error| error.hint(hint));
    }
    let Some(artifact) = view.artifact(key).cloned() else { return Ok(()) };
    let path = original_path(&Original { collection: view, artifact });
    if path.symlink_metadata().is_err() {
        let restore = format!("skillmeat version restore {what} {} --collection {named}", left.short());
        return refused(format!("the files of {key} are gone")).map_err(|error| error.hint(restore));
    }
    let there = planning.read(&path, Scope::Counted).map_err(|error| explained(&error))?;
    if there.is(*left) {
        return Ok(());
    }
    let message = format!("{key} was changed on branch '{from}' since, which would become a change of '{to}'");
    refused(message).map_err(|error| error.hint(format!("{hint}   # the change stays in '{from}'")))
}

fn is_gone(root: &Path) -> bool {
    matches!(root.symlink_metadata(), Err(error) if error.kind() == ErrorKind::NotFound)
}

/// It reached a project or collection that is not there any more.
fn missing(root: &Path, id: OperationId) -> WireError {
    let message = format!("{} is missing, and the operation reached it too", root.display());
    WireError::new(ErrorCode::Refused, message).hint(format!("once it is back where it was: skillmeat undo {id}"))
}

/// A branch that goes back to its tip, while no file changes.
fn moved(planning: &Planning<'_>, advance: &Advance) -> Planned {
    let collection = planning.snapshot.collection(&advance.branch.collection);
    let name = collection.map_or(&*advance.branch.collection, |collection| &collection.name);
    let said = format!("branch '{}' is at {} again", advance.branch.branch, advance.to.short());
    Planned::of(Some(&advance.key), "", Outcome::Updated).of_collection(name).holding(advance.to).saying(said)
}

fn explained(error: &OpError) -> WireError {
    error.to_wire().hint("something happened to it since; undo what came later first: skillmeat op list")
}

/// Where a path is while the directory around it has not been moved yet by earlier pieces of the plan.
fn present(path: &Path, moves: &[(PathBuf, PathBuf)]) -> PathBuf {
    moves.iter().rev().fold(path.to_owned(), |path, (from, to)| match path.strip_prefix(to) {
        Ok(rest) => from.join(rest),
        Err(_) => path,
    })
}

fn reversed(
    planning: &mut Planning<'_>,
    step: &Step,
    root: PathBuf,
    moves: &[(PathBuf, PathBuf)],
) -> Result<Option<Piece>, OpError> {
    let target = step.target.clone();
    if let (None, None, Some(from)) = (step.before, step.after, &step.staged) {
        if is_unpacked(step) {
            return unpacked(planning, target, root).map(Some);
        }
        // It only got another name. Whatever is in it now goes back with it, so nothing can be lost.
        return match (target.symlink_metadata().is_ok(), from.symlink_metadata().is_ok()) {
            (true, false) => Ok(Some(Piece::moved(&target, from, &root))),
            _ => Err(OpError::Touched { path: target }),
        };
    }
    if step.before == step.after {
        return Ok(None);
    }
    let now = present(&target, moves);
    let witness = Witness::of(&now)?;
    let before = match (step.after, witness.is_something()) {
        (None, false) => None,
        (Some(after), true) => {
            let there = planning.read(&now, Scope::Everything)?;
            // Caches and the like may have come since; they go along, and are in the history then.
            if there.id != after && planning.read(&now, Scope::Counted)?.id != after {
                return Err(OpError::Touched { path: target });
            }
            Some(there.id)
        }
        _ => return Err(OpError::Touched { path: target }),
    };
    let parents = target.ancestors().skip(1).take_while(|dir| dir.starts_with(&root));
    let mut missing: Vec<PathBuf> = parents.filter(|dir| !present(dir, moves).exists()).map(Path::to_owned).collect();
    missing.reverse();
    if step.before.is_none() {
        missing.clear();
    }
    // Only directories that the operation made go with what it put there.
    let prune_below = step.made_directories.first().and_then(|top| top.parent()).map(Path::to_owned);
    Ok(Some(Piece {
        target,
        root,
        before,
        after: step.before,
        witness,
        missing,
        prune_below,
        moved_from: None,
        archive: None,
    }))
}

/// Whether a step put there what came out of an archive: it has no contents, and came from where things are staged.
fn is_unpacked(step: &Step) -> bool {
    (step.before, step.after) == (None, None)
        && step.staged.as_deref().is_some_and(|from| recover::is_staging(from.parent()))
}

/// What came out of an archive goes, whatever is in it by now: all of it is in the history then.
fn unpacked(planning: &mut Planning<'_>, target: PathBuf, root: PathBuf) -> Result<Piece, OpError> {
    let witness = Witness::of(&target)?;
    if !witness.is_something() {
        return Err(OpError::Touched { path: target });
    }
    let before = Some(planning.read(&target, Scope::Everything)?.id);
    let prune_below = target.parent().map(Path::to_owned);
    let (missing, moved_from, archive) = (Vec::new(), None, None);
    Ok(Piece { target, root, before, after: None, witness, missing, prune_below, moved_from, archive })
}

fn shown(piece: &Piece) -> Planned {
    let outcome = match (piece.before.is_some(), piece.after.is_some()) {
        (false, _) => Outcome::Created,
        (true, true) => Outcome::Updated,
        (true, false) => Outcome::Removed,
    };
    let name = piece.target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Planned::of(None, &name, outcome).at(&piece.target)
}
