//! `fan-out`: what a collection has, into every copy that nobody edited.
//!
//! One operation, however many projects it reaches, so that one `undo` takes it back. What is not clean is left and listed.

use super::{Follower, followers};
use crate::engine::snapshot::ProjectView;
use crate::history::Origin;
use crate::ops::ancestry::{self, Ahead};
use crate::ops::both_changed;
use crate::ops::conflicts;
use crate::ops::error::OpError;
use crate::ops::joining::{self, Joining};
use crate::ops::lookup::{self, Original};
use crate::ops::plan::Planned;
use crate::ops::planning::{Planning, Read};
use crate::ops::transfer::{self, Sides, Way};
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::reply::{Outcome, Standing};
use skillmeat_protocol::request::FanOut;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Plans it for each artifact and follower.
///
/// # Errors
/// What is asked for is not there or ambiguous; nobody waits for it any more.
pub(super) fn plan(
    planning: &mut Planning<'_>,
    query: &FanOut,
    projects: &[Arc<ProjectView>],
    cancelled: &AtomicBool,
) -> Result<Vec<Planned>, WireError> {
    let originals = lookup::originals(planning.snapshot, &query.which, query.collection.as_deref())?;
    let mut planned = Vec::new();
    for original in &originals {
        for follower in of(planning, original, projects) {
            if cancelled.load(Ordering::Relaxed) {
                return Err(OpError::Cancelled.to_wire());
            }
            // Of what was not named, only what there is to do is told.
            if follower.item.state != S::InSync || !query.which.artifacts.is_empty() {
                planned.push(one(planning, query, original, &follower));
            }
        }
    }
    Ok(planned)
}

/// The followers of an artifact in these projects, and those whose projects are not there.
pub(super) fn of(planning: &Planning<'_>, original: &Original, projects: &[Arc<ProjectView>]) -> Vec<Follower> {
    let mut found = followers(planning.snapshot, original.key(), Some(&original.collection.id));
    let is_locked = |follower: &Follower| projects.iter().any(|project| project.path == follower.project.path);
    found.retain(|follower| follower.is_missing() || is_locked(follower));
    found
}

/// Plans one of them.
pub(super) fn one(planning: &mut Planning<'_>, query: &FanOut, original: &Original, follower: &Follower) -> Planned {
    let way: Doing = match (follower.item.state, query.include_merges) {
        _ if follower.is_missing() => return left(planning, original, follower),
        (S::Outdated, _) => into_project,
        (S::Converged, _) => transfer::recorded,
        (S::Conflict, _) if is_behind(planning, original, follower) => both_changed::behind,
        (S::Conflict, true) => merged,
        _ => return left(planning, original, follower),
    };
    let source = planning.source_of(original, &follower.item);
    let attempt = source.and_then(|source| with(planning, original, follower, &source, way));
    attempt.unwrap_or_else(|error| begun(original, follower, Outcome::Failed).failed(&error))
}

/// Whether a copy is an earlier version of what the collection has, although its record says something else. What cannot be found
/// out is not so.
pub(super) fn is_behind(planning: &Planning<'_>, original: &Original, follower: &Follower) -> bool {
    let Follower { project, item } = follower;
    let ahead = || ancestry::ahead(planning, original, Path::new(&*project.path), item);
    item.state == S::Conflict && matches!(ahead(), Ok(Some(Ahead::Collection)))
}

/// What is done with a copy.
pub(super) type Doing = fn(&mut Planning<'_>, &Sides<'_>) -> Result<Planned, OpError>;

/// Does it with a copy that is to follow `source`.
pub(super) fn with(
    planning: &mut Planning<'_>,
    original: &Original,
    follower: &Follower,
    source: &Read,
    doing: Doing,
) -> Result<Planned, OpError> {
    let Follower { project, item } = follower;
    let refused = |error: WireError| OpError::Refused { message: error.message };
    let profile = lookup::profile(project, &item.profile).map_err(refused)?;
    let destination = planning.destination(project, &profile);
    let sides = Sides { destination: &destination, original, item, source, origin: Origin::Sync };
    if let Some(mut marked) = conflicts::marked(planning, &sides)? {
        marked.item.outcome = Outcome::Skipped;
        return Ok(marked);
    }
    doing(planning, &sides)
}

/// The files of the collection take the place of the copy's.
pub(super) fn into_project(planning: &mut Planning<'_>, sides: &Sides<'_>) -> Result<Planned, OpError> {
    transfer::into_project(planning, sides, Outcome::Updated)
}

/// Merged here; what cannot be merged was not asked for.
fn merged(planning: &mut Planning<'_>, sides: &Sides<'_>) -> Result<Planned, OpError> {
    let mut planned = joining::joined(planning, sides, Joining::of(Way::Pull), &sides.subject(planning.snapshot))?;
    if planned.item.outcome == Outcome::Refused {
        planned.item.outcome = Outcome::Skipped;
    }
    Ok(planned)
}

/// A follower that stays as it is.
pub(super) fn left(planning: &Planning<'_>, original: &Original, follower: &Follower) -> Planned {
    let ways = || follower.ways(planning.snapshot, Some(planning.history));
    match follower.standing() {
        Standing::Clean => begun(original, follower, Outcome::Unchanged),
        // It has what the collection has, and more.
        Standing::Modified => begun(original, follower, Outcome::Unchanged).saying(follower.told()).ways(ways()),
        _ => begun(original, follower, Outcome::Skipped).saying(follower.told()).ways(ways()),
    }
}

/// The beginning of what is told of a follower.
pub(super) fn begun(original: &Original, follower: &Follower, outcome: Outcome) -> Planned {
    let Follower { project, item } = follower;
    Planned::of(Some(&item.key), "", outcome)
        .in_project(&project.path, &item.profile, &item.path)
        .of_collection(&original.collection.name)
}
