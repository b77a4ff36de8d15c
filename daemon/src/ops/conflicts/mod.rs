//! Conflicts as data: kept when they are found, decided file by file, ended in one operation.
//!
//! Nothing of a conflict is in the files but what somebody asks for: the sides are in the history, and what was decided of each
//! file, too. Whether it is one still is told from the picture. What ends it is a merge like every other, which takes what was
//! decided for files whose three sides are the same still; a side that moved on meanwhile is merged anew, and never overwritten.
//!
//! `keep` writes down what a merge left; [`find`] names one; [`look`] finds what nobody found yet; [`telling`] tells of it; [`resolve`] decides; `finish` ends;
//! [`marks`] knows markers, [`mod@marked`] who holds them.

pub mod find;
mod finish;
pub mod look;
pub mod marked;
pub mod marks;
pub mod resolve;
pub mod telling;

pub(super) use finish::{abort, finish};

use super::command::{Subject, told};
use super::error::OpError;
use super::merging::Dispute;
use super::plan::Planned;
use super::planning::{Planning, Read};
use super::transfer::{self, Sides, begun};
use crate::engine::snapshot::{ItemView, ProjectView};
use crate::history::{Conflict, ConflictFile, ConflictPlace, ContentId, History, HistoryError};
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::{ConflictState, Outcome};
use std::path::Path;

/// Where the conflict of an item is kept.
pub(super) fn place_of(sides: &Sides<'_>) -> ConflictPlace {
    place(&sides.destination.project, sides.item)
}

fn place(project: &Path, item: &ItemView) -> ConflictPlace {
    let (key, profile) = (item.key.clone(), item.profile.to_string());
    ConflictPlace { key, project: project.to_owned(), profile }
}

/// Keeps what a merge left to be decided. Found again, a conflict stays as it is; what was decided of files that did not change
/// stays in any case.
pub(super) fn keep(
    planning: &mut Planning<'_>,
    sides: &Sides<'_>,
    copy: &Read,
    dispute: &Dispute,
    marked: Option<(ContentId, ContentHash)>,
) -> Result<(), OpError> {
    let item = sides.item;
    let mut found = Conflict {
        id: 0,
        place: place_of(sides),
        collection: sides.original.collection.id.to_string(),
        at: planning.now,
        baseline: item.baseline(),
        our_hash: item.project_hash.map_or_else(|| copy.counted(&item.path), Ok)?,
        their_hash: item.collection_hash.map_or_else(|| sides.source.counted(&item.path), Ok)?,
        base: dispute.base,
        ours: copy.id,
        theirs: sides.source.id,
        marked,
        files: dispute.files.clone(),
    };
    let known = planning.history.conflict_at(&found.place)?;
    if let Some(known) = &known {
        found.inherit(known);
        if found.is_of_the_same(known) {
            (found.id, found.at, found.marked) = (known.id, known.at, marked.or(known.marked));
        }
    }
    if known.as_ref() != Some(&found) {
        planning.conflict(found);
    }
    Ok(())
}

/// Whether the copy of an item holds the markers of a conflict, edited or not.
fn has_markers(history: &History, conflict: &Conflict, item: &ItemView) -> Result<bool, HistoryError> {
    Ok(conflict.marked.is_some()
        && item.baseline() == conflict.baseline
        && item.project_hash != Some(conflict.our_hash)
        && history.has_markers(conflict)?)
}

/// Whether the copy of an item was given markers, and nothing ended that yet.
pub(super) fn is_marked(history: &History, project: &Path, item: &ItemView) -> Result<bool, HistoryError> {
    match history.conflict_at(&place(project, item))? {
        Some(conflict) => Ok(find::state(history, item, &conflict)? == ConflictState::Marked),
        None => Ok(false),
    }
}

/// Refuses to take a copy that was given markers for somebody's edits.
pub(super) fn marked(planning: &Planning<'_>, sides: &Sides<'_>) -> Result<Option<Planned>, OpError> {
    if !is_marked(planning.history, &sides.destination.project, sides.item)? {
        return Ok(None);
    }
    let ways = ways_of(&sides.subject(planning.snapshot), sides.item);
    Ok(Some(begun(sides, Outcome::Refused).saying("the copy was given conflict markers").ways(ways)))
}

/// What can be done about a copy with markers; `item` is as it is by now.
pub(super) fn ways_of(on: &Subject, item: &ItemView) -> Vec<String> {
    match is_only_given_back(item) {
        true => vec![on.on("resolve", "--abort")],
        false => ways_of_marked(on).into(),
    }
}

/// Whether there is nothing to go on with: nothing that somebody edits, or nothing to bring it to.
fn is_only_given_back(item: &ItemView) -> bool {
    matches!(item.state, DriftState::Deleted | DriftState::Removed | DriftState::RemovedModified)
}

/// The same, where the copy is there and the collection has the artifact.
pub(super) fn ways_of_marked(on: &Subject) -> [String; 2] {
    told([
        (on.on("resolve", "--continue"), "once no markers are left: for the project and the collection"),
        (on.on("resolve", "--abort"), "the copy as it was"),
    ])
}

/// Plans something with both sides of an item.
fn with_sides(
    planning: &mut Planning<'_>,
    project: &ProjectView,
    item: &ItemView,
    work: impl FnOnce(&mut Planning<'_>, &Sides<'_>) -> Result<Planned, OpError>,
) -> Planned {
    let on = Subject::of(planning.snapshot, Path::new(&*project.path), item);
    let is_marked = is_marked(planning.history, Path::new(&*project.path), item).unwrap_or(false);
    let gone = |planned: Planned| {
        let ways = if is_marked { ways_of(&on, item) } else { vec![on.status()] };
        planned.saying("the collection does not have it any more").ways(ways)
    };
    transfer::with_sides(planning, project, item, gone, work)
}

/// The name of a file of a conflict, for commands; that of the artifact where it is one file.
fn named(file: &ConflictFile, artifact: &Path) -> Vec<u8> {
    let name = if file.path.is_empty() { artifact.file_name().unwrap_or_default() } else { file.path.as_os_str() };
    name.as_encoded_bytes().to_vec()
}

/// The name of a file of a conflict, for people; that of the artifact for all of it.
fn shown(file: &ConflictFile, artifact: &Path) -> String {
    if file.path.is_empty() {
        artifact.file_name().unwrap_or_default().display().to_string()
    } else {
        Path::new(file.path.as_os_str()).display().to_string()
    }
}
