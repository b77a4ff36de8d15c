//! From what a request names to a conflict, and whether that is one still.

use super::super::command::word;
use super::super::error::wire;
use super::super::lookup;
use super::{has_markers, place};
use crate::engine::snapshot::{ItemView, ProjectView};
use crate::history::{Conflict, ConflictFile, History, HistoryError};
use skillmeat_protocol::bytes::Bytes;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::ConflictState;
use skillmeat_protocol::request::{ConflictName, Profiles, Which};
use std::path::Path;
use std::sync::Arc;

/// An item, the conflict that is kept of it, and whether it is one. What nobody looked at yet has moved on from nothing.
pub type Known = (Arc<ItemView>, Option<Conflict>, ConflictState);

/// The one conflict that a request names: that which is one, or else what is kept of one that was.
///
/// # Errors
/// `NotFound` where there is none, `Ambiguous`, `InvalidParams`; `Io` when the history cannot be read.
pub fn one(history: &History, project: &ProjectView, name: &ConflictName) -> Result<Known, WireError> {
    let which = Which { artifacts: vec![name.artifact.clone()], ..Which::default() };
    let profiles = Profiles { profiles: name.profile.iter().cloned().collect(), all_profiles: false };
    let items = lookup::items(project, &which, &profiles, |_| false)?;
    let mut known = Vec::new();
    for item in &items {
        let conflict = history.conflict_at(&place(Path::new(&*project.path), item)).map_err(wire)?;
        let state = conflict.as_ref().map(|conflict| state(history, item, conflict)).transpose().map_err(wire)?;
        known.push(match (conflict, state) {
            (_, None | Some(ConflictState::Closed)) if item.state == DriftState::Conflict => {
                (Arc::clone(item), None, ConflictState::Moved)
            }
            (Some(conflict), Some(state)) => (Arc::clone(item), Some(conflict), state),
            _ => continue,
        });
    }
    if known.len() > 1 {
        known.retain(|(_, _, state)| *state != ConflictState::Closed);
    }
    match known.len() {
        1 => Ok(known.remove(0)),
        0 => Err(none(project, name, &items.iter().map(|item| &**item).collect::<Vec<_>>())),
        _ => Err(several(name, known.iter().map(|(item, ..)| &**item))),
    }
}

/// What a request names is in no conflict.
pub(super) fn none(project: &ProjectView, name: &ConflictName, items: &[&ItemView]) -> WireError {
    let states: Vec<&str> = items.iter().map(|item| item.state.as_str()).collect();
    let message = format!("{} is in no conflict: it is {}", name.artifact, states.join(", "));
    let hint = format!("skillmeat conflicts list --project {}", word(&project.path));
    WireError::new(ErrorCode::NotFound, message).hint(hint)
}

/// It is one under several profiles.
fn several<'a>(name: &ConflictName, items: impl Iterator<Item = &'a ItemView>) -> WireError {
    let profiles: Vec<&str> = items.map(|item| &*item.profile).collect();
    let message = format!("'{}' is in conflict under several profiles: {}", name.artifact, profiles.join(", "));
    WireError::new(ErrorCode::Ambiguous, message).hint("say which with --profile")
}

/// Whether a conflict is one still.
///
/// # Errors
/// The history cannot be read.
pub fn state(history: &History, item: &ItemView, conflict: &Conflict) -> Result<ConflictState, HistoryError> {
    let id = item.collection.as_ref().and_then(|collection| collection.id.as_deref());
    if item.record.is_none() || id.is_some_and(|id| *id != *conflict.collection) {
        return Ok(ConflictState::Closed);
    }
    // Markers stay what they are when the collection is gone.
    if has_markers(history, conflict, item)? {
        return Ok(ConflictState::Marked);
    }
    let is_same = (item.baseline(), item.project_hash, item.collection_hash)
        == (conflict.baseline, Some(conflict.our_hash), Some(conflict.their_hash));
    Ok(match (item.state, is_same) {
        (DriftState::Conflict, true) => ConflictState::Open,
        (DriftState::Conflict, false) => ConflictState::Moved,
        _ => ConflictState::Closed,
    })
}

/// The file of a conflict that a request names. Of an artifact that is one file, its name is as good as none.
///
/// # Errors
/// `NotFound`, with those that there are.
pub fn file(conflict: &Conflict, item: &ItemView, named: &Bytes) -> Result<usize, WireError> {
    let is = |file: &ConflictFile| {
        let path = file.path.as_os_str().as_encoded_bytes();
        path == named.0 || path.is_empty() && *super::shown(file, &item.path).as_bytes() == *named.0
    };
    conflict.files.iter().position(is).ok_or_else(|| {
        let names: Vec<String> = conflict.files.iter().map(|file| super::shown(file, &item.path)).collect();
        let message = format!("{} has no conflict in '{}'", item.key, String::from_utf8_lossy(&named.0));
        WireError::new(ErrorCode::NotFound, message).hint(format!("in conflict: {}", names.join(", ")))
    })
}
