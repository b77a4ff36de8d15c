//! `resolve --continue` and `--abort`: one operation each, undone like every other.
//!
//! What is decided goes to the project and to the collection, as a merge of `sync` does. Where the project's copy was given
//! markers, it is the result, edited as it is by then; the collection's side of it is what it was when they were put there, so
//! that what the collection changed since is merged and not lost.

use super::super::account;
use super::super::command::told;
use super::super::contents::Links;
use super::super::error::OpError;
use super::super::joining::{self, Joining};
use super::super::lookup;
use super::super::merging::{self, Merging, Side, Written};
use super::super::plan::Planned;
use super::super::planning::{Planning, original_path};
use super::super::transfer::{self, Sides, Way, begun};
use super::{find, marks, named, shown, with_sides};
use crate::engine::snapshot::{ItemView, ProjectView};
use crate::history::{Conflict, ConflictFile, Content, EntryKind, Origin, Scope};
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::reply::{ConflictState, Outcome};
use skillmeat_protocol::request::ConflictName;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Ends a conflict with what was decided.
pub(in crate::ops) fn finish(
    planning: &mut Planning<'_>,
    name: &ConflictName,
    project: &ProjectView,
) -> Result<Planned, WireError> {
    let (item, conflict, state) = find::one(planning.history, project, name)?;
    Ok(with_sides(planning, project, &item, |planning, sides| match (state, &conflict) {
        (ConflictState::Closed, _) => Ok(closed(planning, sides)),
        (ConflictState::Marked, Some(conflict)) => edited(planning, sides, conflict),
        _ => {
            let decided = conflict.as_ref().map(|conflict| &*conflict.files).unwrap_or_default();
            let joining = Joining { way: Way::Both, decided, links: Links::GiveWay };
            joining::joined(planning, sides, joining, &sides.subject(planning.snapshot))
        }
    }))
}

fn closed(planning: &Planning<'_>, sides: &Sides<'_>) -> Planned {
    let on = sides.subject(planning.snapshot);
    let ways = match sides.item.state {
        DriftState::InSync => None,
        DriftState::Modified | DriftState::Outdated | DriftState::Converged => Some(on.on("sync", "")),
        _ => Some(on.status()),
    };
    let message = format!("it is no conflict any more: it is {}", sides.item.state.as_str());
    begun(sides, Outcome::Refused).saying(message).ways(ways)
}

/// The project's copy as a person left it, for both sides.
fn edited(planning: &mut Planning<'_>, sides: &Sides<'_>, conflict: &Conflict) -> Result<Planned, OpError> {
    let (item, on) = (sides.item, sides.subject(planning.snapshot));
    let joining = Joining { links: Links::GiveWay, ..Joining::of(Way::Both) };
    let Some((given, _)) = conflict.marked else { return Ok(closed(planning, sides)) };
    let copy = planning.copy(item, Scope::Resolved)?;
    let given = files(&planning.history.content(given)?);
    let mut now = files(&copy.content);
    let own = [Side { content: &copy.content, path: &item.path }];
    let (mut left, mut open) = (Vec::new(), Vec::new());
    for file in &conflict.files {
        let path = PathBuf::from(file.path.as_os_str());
        let has_markers = match now.get(&path) {
            Some(EntryKind::File { hash, .. }) => {
                let text = merging::bytes_of(planning, *hash, &own)?;
                marks::are_left(planning.history, file, &text)?
            }
            _ => false,
        };
        let untouched = now.get(&path) == given.get(&path);
        match file.resolution {
            Some(resolution) if has_markers || untouched => {
                merging::settle(planning, &mut now, &path, resolution)?;
            }
            None if has_markers => left.push(file),
            None if untouched => open.push(file),
            // What somebody wrote there is later than what was decided.
            _ => {}
        }
    }
    if !left.is_empty() || !open.is_empty() {
        let part = |text: &str, files: &[&ConflictFile]| {
            let names: Vec<String> = files.iter().map(|file| shown(file, &item.path)).collect();
            (!names.is_empty()).then(|| format!("{text}: {}", names.join(", ")))
        };
        let parts = [part("markers are left", &left), part("still to be decided", &open)];
        let first = left.iter().chain(&open).next().map(|file| named(file, &item.path)).unwrap_or_default();
        return Ok(begun(sides, Outcome::Refused)
            .saying(parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
            .ways(told([
                (on.resolve(&first, "--ours"), "or --theirs, --base"),
                (on.on("resolve", "--abort"), "the copy as it was"),
            ])));
    }
    let (content, hash) = merging::put_together(planning, copy.content.kind, now, &Written::new(), &own)?;
    if sides.source.is(conflict.their_hash) {
        return joining::put(planning, sides, joining, &copy, (&content, hash));
    }
    // The collection moved on since: what it was is what both come from now.
    let from = original_path(sides.original);
    let theirs = Side { content: &sides.source.content, path: &from };
    let base = planning.history.content(conflict.theirs)?;
    let ours = Side { content: &content, path: &item.path };
    match merging::from_base(planning, Some((conflict.theirs, &base)), ours, theirs, &[])? {
        Merging::Clean { content, hash, .. } => joining::put(planning, sides, joining, &copy, (&content, hash)),
        // It took its own change back. Nobody's is lost by what a person made of both.
        Merging::Refused(_) if item.baseline().is_some_and(|baseline| sides.source.is(baseline)) => {
            Ok(joining::put(planning, sides, joining, &copy, (&content, hash))?
                .saying("the collection had gone back to what was deployed; the copy is what both have now"))
        }
        Merging::Refused(dispute) => Ok(begun(sides, Outcome::Refused)
            .saying(format!("the collection changed since, and not only elsewhere; {}", dispute.why))
            .ways(told([
                (on.on("resolve", "--abort"), "the copy as it was; the edits are kept in the history"),
                (on.on("diff", ""), "what the collection has, and what is here"),
            ]))),
    }
}

/// Forgets what was decided, and takes markers back.
pub(in crate::ops) fn abort(
    planning: &mut Planning<'_>,
    name: &ConflictName,
    project: &ProjectView,
) -> Result<Planned, WireError> {
    let (item, mut conflict, state) = find::one(planning.history, project, name)?;
    if state == ConflictState::Closed {
        return Ok(with_sides(planning, project, &item, |planning, sides| Ok(closed(planning, sides))));
    }
    let files = conflict.iter_mut().flat_map(|conflict| &mut conflict.files);
    let decided = files.filter_map(|file| file.resolution.take()).count();
    let planned = match conflict.as_ref().filter(|_| state == ConflictState::Marked) {
        // It needs no collection, which may not have it any more.
        Some(conflict) => given_back(planning, project, &item, conflict)
            .unwrap_or_else(|error| transfer::plain(project, &item, Outcome::Failed).failed(&error)),
        None => {
            let message = match decided {
                0 => "nothing was decided; its files are as they were".to_owned(),
                n => format!("what was decided of {n} of its files is forgotten; they are as they were"),
            };
            transfer::plain(project, &item, Outcome::Unchanged).saying(message)
        }
    };
    if let Some(conflict) = conflict.filter(|_| decided > 0) {
        planning.conflict(conflict);
    }
    Ok(planned)
}

/// The copy as it was before it was given markers.
fn given_back(
    planning: &mut Planning<'_>,
    project: &ProjectView,
    item: &ItemView,
    conflict: &Conflict,
) -> Result<Planned, OpError> {
    let refused = |error: WireError| OpError::Refused { message: error.message };
    let profile = lookup::profile(project, &item.profile).map_err(refused)?;
    let destination = planning.destination(project, &profile);
    let before = planning.history.content(conflict.ours)?;
    let begun = transfer::plain(project, item, Outcome::Updated);
    let mut planned = transfer::put_at(planning, &destination, item, begun, &before, Links::Stay)?;
    let spot = account::in_project(&destination);
    planned.sees([account::made(&item.key, spot, conflict.our_hash, conflict.ours, Origin::Rollback)]);
    Ok(planned.holding(conflict.our_hash).saying("the copy is as it was before it was given markers"))
}

/// Files and links by path.
fn files(content: &Content) -> BTreeMap<PathBuf, EntryKind> {
    let leaves = content.entries.iter().filter(|entry| !matches!(entry.kind, EntryKind::EmptyDirectory { .. }));
    leaves.map(|entry| (Path::new(entry.path.as_os_str()).to_owned(), entry.kind.clone())).collect()
}
