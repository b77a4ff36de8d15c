//! Both sides of an artifact changed: what becomes of them, and what is kept where that is a conflict.

use super::account;
use super::command::{Subject, told};
use super::conflicts::{self, marks};
use super::contents::Links;
use super::error::OpError;
use super::merging::{self, Merging, Side};
use super::plan::Planned;
use super::planning::{Planning, Read, original_path};
use super::transfer::{self, Sides, Way, begun};
use crate::history::{ConflictFile, Content, Origin, Scope};
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::Outcome;
use std::path::Path;

/// Where a merge goes, and from what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Joining<'a> {
    /// Into the project alone, or into the collection too.
    pub(super) way: Way,
    /// What was decided of files that cannot be merged.
    pub(super) decided: &'a [ConflictFile],
    /// What becomes of links: who ends a conflict says what is to be there.
    pub(super) links: Links,
}

impl Joining<'static> {
    /// Nothing was decided.
    pub(super) fn of(way: Way) -> Self {
        Self { way, decided: &[], links: Links::Stay }
    }
}

/// Merges both sides where that is certain, and keeps the conflict where it is not. Pulled, what comes of it is an edited copy
/// of what the collection has; otherwise both sides get it.
pub(super) fn joined(
    planning: &mut Planning<'_>,
    sides: &Sides<'_>,
    joining: Joining<'_>,
    on: &Subject,
) -> Result<Planned, OpError> {
    let copy = planning.copy(sides.item, Scope::Resolved)?;
    match merged(planning, sides, &copy, joining.decided)? {
        Merging::Clean { content, hash, decided } => {
            let mut planned = put(planning, sides, joining, &copy, (&content, hash))?;
            planned.item.message = decided.or(planned.item.message);
            Ok(planned)
        }
        Merging::Refused(dispute) => {
            conflicts::keep(planning, sides, &copy, &dispute, None)?;
            let kept = joining.decided.iter().any(|file| file.resolution.is_some());
            let message = if kept { format!("still to be decided: {}", dispute.why) } else { dispute.why };
            Ok(begun(sides, Outcome::Refused).saying(message).ways(ways_on(on)))
        }
    }
}

/// The same, but what of texts cannot be merged is put into the project's copy between markers. What was decided before stays.
pub(super) fn marked(planning: &mut Planning<'_>, sides: &Sides<'_>, on: &Subject) -> Result<Planned, OpError> {
    let copy = planning.copy(sides.item, Scope::Resolved)?;
    let place = conflicts::place_of(sides);
    let decided = planning.history.conflict_at(&place)?.map(|known| known.files).unwrap_or_default();
    let mut dispute = match merged(planning, sides, &copy, &decided)? {
        Merging::Clean { content, hash, .. } => {
            return put(planning, sides, Joining::of(Way::Pull), &copy, (&content, hash));
        }
        Merging::Refused(dispute) => *dispute,
    };
    let from = original_path(sides.original);
    let both = sides_of(sides, &copy, &from);
    let names = marks::put_in(planning, &mut dispute, &both)?;
    if names.is_empty() {
        conflicts::keep(planning, sides, &copy, &dispute, None)?;
        let message = format!("{}; there is no text to put markers into", dispute.why);
        return Ok(begun(sides, Outcome::Refused).saying(message).ways(ways_on(on)));
    }
    let rest = std::mem::take(&mut dispute.rest);
    let (content, hash) = merging::put_together(planning, copy.content.kind, rest, &dispute.written, &both)?;
    let mut planned = transfer::put_into_project(planning, sides, &content, Outcome::Updated, Links::Stay)?;
    let id = planning.compose_whole(content, hash);
    conflicts::keep(planning, sides, &copy, &dispute, Some((id, hash)))?;
    planned.sees(sides.in_collection());
    // It is made of the collection's only once the conflict is ended: till then that would look like what the collection lacks.
    let parent = copy.hash.map(|hash| (sides.item.key.clone(), hash));
    planned.sees([account::of(sides.put_in_project(hash, id, Origin::Merge), parent)]);
    Ok(planned
        .holding(hash)
        .saying(format!("holds conflict markers now: {}", names.join(", ")))
        .ways(conflicts::ways_of_marked(on)))
}

/// The merge of `deploy --merge`.
pub(super) fn deployed(planning: &mut Planning<'_>, sides: &Sides<'_>) -> Result<Planned, OpError> {
    if sides.item.state == DriftState::Modified {
        return Ok(begun(sides, Outcome::Unchanged).saying("only the project changed"));
    }
    if let Some(refused) = conflicts::marked(planning, sides)? {
        return Ok(refused);
    }
    joined(planning, sides, Joining::of(Way::Pull), &sides.subject(planning.snapshot))
}

/// What comes of both sides.
pub(super) fn merged(
    planning: &mut Planning<'_>,
    sides: &Sides<'_>,
    copy: &Read,
    decided: &[ConflictFile],
) -> Result<Merging, OpError> {
    let from = original_path(sides.original);
    let [ours, theirs] = sides_of(sides, copy, &from);
    merging::merge(planning, sides.item.baseline(), ours, theirs, decided)
}

fn sides_of<'a>(sides: &'a Sides<'_>, copy: &'a Read, from: &'a Path) -> [Side<'a>; 2] {
    let ours = Side { content: &copy.content, path: &sides.item.path };
    [ours, Side { content: &sides.source.content, path: from }]
}

fn parents(sides: &Sides<'_>, copy: &Read) -> Result<Vec<(ArtifactKey, ContentHash)>, OpError> {
    let theirs = sides.source.counted(&sides.item.path)?;
    Ok(copy.hash.into_iter().chain([theirs]).map(|hash| (sides.item.key.clone(), hash)).collect())
}

/// Puts one content for both sides where it belongs.
pub(super) fn put(
    planning: &mut Planning<'_>,
    sides: &Sides<'_>,
    Joining { way, links, .. }: Joining<'_>,
    copy: &Read,
    (content, hash): (&Content, ContentHash),
) -> Result<Planned, OpError> {
    let source = sides.source.counted(&sides.item.path)?;
    let mut planned = transfer::put_into_project(planning, sides, content, Outcome::Merged, links)?;
    let id = planning.compose_whole(content.clone(), hash);
    planned.sees(sides.in_collection());
    planned.sees([account::of(sides.put_in_project(hash, id, Origin::Merge), parents(sides, copy)?)]);
    let recorded = if way == Way::Pull {
        source
    } else {
        let other = transfer::put_into_collection(planning, sides, content, hash, links)?;
        planned.item.files_written += other.item.files_written;
        planned.item.files_removed += other.item.files_removed;
        planned.pieces.extend(other.pieces);
        planned.edits.extend(other.edits);
        planned.account.advances.extend(other.account.advances);
        planned.sees(sides.put_in_collection(hash, id, Origin::Merge));
        hash
    };
    planned.edits.push(transfer::record(planning, sides, recorded));
    Ok(planned.holding(recorded))
}

/// What can be done about a conflict.
pub(super) fn ways_on(on: &Subject) -> [String; 7] {
    let fork = format!("the project's copy lives on as {}-fork", on.artifact());
    told([
        (on.on("conflicts show", ""), "by file, with both sides"),
        (on.on("resolve", "--theirs --continue"), "what is in conflict as in the collection, the rest merged"),
        (on.on("resolve", "--ours --continue"), "the same as in the project"),
        (on.on("mergetool", ""), "with the tool that git is configured for"),
        (on.on("pull", "--strategy overwrite"), "the collection's; the edits are kept in the history"),
        (on.on("push", "--strategy overwrite"), "the project's; what the collection had is kept"),
        (on.on("pull", "--strategy fork"), &fork),
    ])
}
