//! Links inside an artifact: whether what one leads to is what is to be at its place, so that it can stay.
//!
//! What is compared and deployed is what links lead to, and a link to a directory or to nothing counts for nothing. So a link is no
//! change by itself, and it is looked at where it leads. Nothing is ever written there: where something else is to be, the link
//! itself changes places with it.

use super::command::{Subject, told, word};
use super::contents::Place;
use super::error::OpError;
use super::planning::Planning;
use crate::history::{EntryKind, Scope};
use skillmeat_protocol::drift::DriftState;
use std::path::Path;

/// Whether the link at `path` leads to what `will` be there once the update is done. `inside` says what becomes of a file that
/// the artifact has, if it is one.
///
/// # Errors
/// What it leads to cannot be read.
pub(super) fn leads_to<'k>(
    planning: &Planning<'_>,
    place: &Place,
    path: &Path,
    will: Option<&EntryKind>,
    inside: impl Fn(&Path) -> Option<Option<&'k EntryKind>>,
) -> Result<bool, OpError> {
    // To nothing, or round in circles.
    let Ok(real) = path.canonicalize() else { return Ok(will.is_none()) };
    if !real.is_file() {
        return Ok(will.is_none());
    }
    let Some(will) = will else { return Ok(false) };
    let top = place.path.canonicalize().map_err(OpError::io("find", &place.path))?;
    if let Some(becomes) = real.strip_prefix(&top).ok().and_then(inside) {
        return Ok(becomes == Some(will));
    }
    let there = planning.history.read(&real, Scope::Counted)?;
    Ok(there.content().entries.first().is_some_and(|entry| entry.kind == *will))
}

/// What can be done about an update that a link is in the way of.
pub(super) fn ways(on: &Subject, state: DriftState, error: &OpError) -> Vec<String> {
    let OpError::Link { path } = error else { return Vec::new() };
    let (link, new) = (word(&path.to_string_lossy()), word(&format!("{}.new", path.to_string_lossy())));
    let by_hand = match path.canonicalize() {
        Ok(real) if real.is_file() => {
            let copied = format!("cp {} {new} && mv {new} {link}", word(&real.to_string_lossy()));
            (copied, "a copy of what it leads to, in its place; then again")
        }
        _ => (format!("rm {link}"), "the link alone; then again"),
    };
    if state == DriftState::Conflict {
        let ended = (on.on("resolve", "--continue"), "what was decided or merged takes the place of the link");
        return told([ended, by_hand]).into();
    }
    told([by_hand]).into()
}
