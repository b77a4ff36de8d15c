//! `version restore`: the files of a version take the place of what is in a project or a collection.
//!
//! In a project the record stays: it says what was deployed, and what is there is an edited copy of that, unless it is the
//! same again. In a collection manifest and lock follow, and the deployments are outdated by it.

use super::account;
use super::across;
use super::contents;
use super::error::{OpError, wire};
use super::following;
use super::lookup;
use super::manage;
use super::past;
use super::plan::{Change, Planned};
use super::planning::{Planning, original_path};
use super::transfer;
use crate::engine::snapshot::{ItemView, ProjectView};
use crate::history::{Content, Origin, Scope, Version};
use crate::library::edit::manifest::Field;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::Outcome;
use skillmeat_protocol::request::{Restore, Which};
use std::path::Path;

/// Plans it.
///
/// # Errors
/// What is asked for is not there or ambiguous, or its files are not kept.
pub fn plan(
    planning: &mut Planning<'_>,
    query: &Restore,
    project: Option<&ProjectView>,
) -> Result<Vec<Planned>, WireError> {
    let key = past::artifact(planning.snapshot, planning.history, &query.artifact)?;
    let version = past::version(planning.history, planning.snapshot, &key, &query.version)?;
    let content = kept(planning, &version)?;
    let which = Which { artifacts: vec![key.to_string()], ..Which::default() };
    match (project, &query.collection) {
        (Some(project), None) => {
            let items = lookup::items(project, &which, &query.profiles, |_| true)?;
            let one = |item: &std::sync::Arc<ItemView>| {
                let attempt = in_project(planning, project, item, &version, &content);
                attempt.unwrap_or_else(|error| transfer::plain(project, item, Outcome::Failed).failed(&error))
            };
            Ok(items.iter().map(one).collect())
        }
        (None, Some(named)) => {
            let originals = lookup::originals(planning.snapshot, &which, Some(named))?;
            let one = |original: &lookup::Original| {
                let attempt = in_collection(planning, original, &version, &content);
                attempt.unwrap_or_else(|error| of(original, Outcome::Failed).failed(&error))
            };
            Ok(originals.iter().map(one).collect())
        }
        _ => Err(WireError::new(ErrorCode::InvalidParams, "name either a project or a collection to put it back into")),
    }
}

/// The files of a version.
///
/// # Errors
/// They are not kept.
pub(super) fn kept(planning: &Planning<'_>, version: &Version) -> Result<Content, WireError> {
    match planning.history.content_of_version(version).map_err(wire)? {
        Some(id) => planning.history.content(id).map_err(wire),
        None => Err(past::not_kept(version)),
    }
}

fn in_project(
    planning: &mut Planning<'_>,
    project: &ProjectView,
    item: &ItemView,
    version: &Version,
    content: &Content,
) -> Result<Planned, OpError> {
    let profile =
        lookup::profile(project, &item.profile).map_err(|error| OpError::Refused { message: error.message })?;
    let destination = planning.destination(project, &profile);
    let place = planning.place_of(&destination, &item.path)?;
    let mut planned = transfer::plain(project, item, Outcome::Updated).holding(version.hash);
    let spot = || account::in_project(&destination);
    let (pieces, extent) = if place.path.symlink_metadata().is_err() {
        planned.item.outcome = Outcome::Created;
        let id = planning.compose(content.clone());
        contents::place(&place, id, content)
    } else {
        let there = planning.copy(item, Scope::Counted)?;
        planned.sees(account::found(&item.key, spot(), &there, account::baseline(item)));
        contents::update(planning, &place, &there.content, &contents::counted(content))?
    };
    if pieces.is_empty() {
        return Ok(transfer::plain(project, item, Outcome::Unchanged).holding(version.hash));
    }
    planned.moves(pieces, extent);
    planned.sees([account::made(&item.key, spot(), version.hash, content.id(), Origin::Rollback)]);
    Ok(planned)
}

fn of(original: &lookup::Original, outcome: Outcome) -> Planned {
    Planned::of(Some(original.key()), "", outcome).of_collection(&original.collection.name).at(&original_path(original))
}

fn in_collection(
    planning: &mut Planning<'_>,
    original: &lookup::Original,
    version: &Version,
    content: &Content,
) -> Result<Planned, OpError> {
    let (key, root, path) = (original.key(), Path::new(&*original.collection.path), original_path(original));
    if let Some(flaw) = &original.artifact.entry.flaw {
        return Err(OpError::Refused { message: format!("its entry in the manifest cannot be used: {}", flaw.0) });
    }
    let place = manage::place(root, &path)?;
    let spot = || account::in_collection(&original.collection.id);
    let mut planned = of(original, Outcome::Updated).holding(version.hash);
    let (pieces, extent) = if place.path.symlink_metadata().is_err() {
        planned.item.outcome = Outcome::Created;
        let id = planning.compose(content.clone());
        contents::place(&place, id, content)
    } else {
        let there = planning.read(&place.path, Scope::Counted)?;
        planned.sees(account::found(key, spot(), &there, None));
        contents::update(planning, &place, &there.content, &contents::counted(content))?
    };
    if pieces.is_empty() {
        return Ok(of(original, Outcome::Unchanged).holding(version.hash));
    }
    planned.moves(pieces, extent);
    planned.sees([account::made(key, spot(), version.hash, content.id(), Origin::Rollback)]);
    planned.edits.extend([
        manage::locked(root, key, version.hash, planning.now),
        manage::in_manifest(root, Change::ChangeEntry(key.clone(), vec![Field::LastUpdated(Some(planning.now))])),
    ]);
    let outdated = following::of_what_is_there(planning.snapshot, &original.collection.id, key).count();
    Ok(match outdated {
        0 => planned,
        _ => planned.saying(following::left_behind(outdated)).ways([across::fan_out_command(
            planning.snapshot,
            key,
            &original.collection.name,
        )]),
    })
}
