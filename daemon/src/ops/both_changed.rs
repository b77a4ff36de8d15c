//! What is done with an artifact that both sides changed: what the request says, else what the configuration says, else a merge.
//!
//! Where one side was made of the other, it is no conflict: the newer one is taken.
//!
//! *Ours* is the project's side and *theirs* the collection's, whichever way something goes; *overwrite* depends on the way. The
//! configuration decides conflicts only: it never makes a request do more than that, and never that others are affected.

use super::ancestry::{self, Ahead};
use super::command::Subject;
use super::error::OpError;
use super::joining::{self, Joining};
use super::plan::Planned;
use super::planning::Planning;
use super::transfer::{self, Sides, Way};
use crate::history::{Origin, Scope};
use skillmeat_protocol::reply::Outcome;
use skillmeat_protocol::request::{Strategy, Transfer};

/// Plans it.
///
/// # Errors
/// Something cannot be read, or changed meanwhile.
pub(super) fn plan(
    planning: &mut Planning<'_>,
    query: &Transfer,
    way: Way,
    sides: &Sides<'_>,
    on: &Subject,
) -> Result<Planned, OpError> {
    // What the request says counts more than what is known of the past; a rule of the configuration is about conflicts, and
    // this is none.
    if matches!(query.strategy, None | Some(Strategy::Merge | Strategy::Prompt))
        && let Some(ahead) = ancestry::ahead(planning, sides.original, &sides.destination.project, sides.item)?
    {
        return fast_forward(planning, query, way, sides, ahead, on);
    }
    let strategy = query.strategy.or_else(|| planning.strategies().of(&sides.item.key));
    match (strategy, way) {
        (None | Some(Strategy::Merge), _) | (Some(Strategy::Overwrite), Way::Both) => {
            joining::joined(planning, sides, Joining::of(way), on)
        }
        (Some(Strategy::Overwrite | Strategy::Theirs), Way::Pull) | (Some(Strategy::Theirs), _) => {
            transfer::into_project(planning, sides, Outcome::Updated)
        }
        (Some(Strategy::Ours), Way::Pull) => kept(planning, sides),
        (Some(Strategy::Ours), _) | (Some(Strategy::Overwrite), Way::Push) => {
            transfer::into_collection(planning, query, sides, on)
        }
        (Some(Strategy::Markers), _) => joining::marked(planning, sides, on),
        (Some(Strategy::Fork), _) => super::fork::plan(planning, sides, way),
        (Some(Strategy::Skip), _) => Ok(transfer::begun(sides, Outcome::Skipped)),
        (Some(Strategy::Prompt), _) => Ok(transfer::begun(sides, Outcome::Undecided)
            .saying("both sides changed, and somebody is to be asked")
            .ways([on.on("pull", "--strategy merge")].into_iter().chain(joining::ways_on(on)))),
    }
}

/// One side was made of the other, and is taken where it is missing.
fn fast_forward(
    planning: &mut Planning<'_>,
    query: &Transfer,
    way: Way,
    sides: &Sides<'_>,
    ahead: Ahead,
    on: &Subject,
) -> Result<Planned, OpError> {
    match (ahead, way) {
        (Ahead::Collection, Way::Pull | Way::Both) => behind(planning, sides),
        (Ahead::Collection, Way::Push) => Ok(transfer::begun(sides, Outcome::Unchanged)
            .saying("what is here is an earlier version of what the collection has")
            .ways([on.on("pull", "")])),
        (Ahead::Project, Way::Pull) => {
            Ok(kept(planning, sides)?.saying("what is here was made of what the collection has, and counts as edited"))
        }
        (Ahead::Project, Way::Push | Way::Both) => {
            let mut planned = transfer::into_collection(planning, query, sides, on)?;
            if planned.item.outcome == Outcome::Updated {
                let said = "what the collection had is an earlier version of it";
                let more = planned.item.message.take().map(|more| format!("; {more}")).unwrap_or_default();
                planned.item.message = Some(format!("{said}{more}"));
            }
            Ok(planned)
        }
    }
}

/// The project's copy is an earlier version of what the collection has, which takes its place.
pub(super) fn behind(planning: &mut Planning<'_>, sides: &Sides<'_>) -> Result<Planned, OpError> {
    let planned = transfer::into_project(planning, sides, Outcome::Updated)?;
    Ok(planned.saying("what was here is an earlier version of what the collection has"))
}

/// The project's copy stays, as an edited copy of what the collection has by now: a push brings it there.
fn kept(planning: &mut Planning<'_>, sides: &Sides<'_>) -> Result<Planned, OpError> {
    let copy = planning.copy(sides.item, Scope::Resolved)?;
    let (here, there) = (copy.counted(&sides.item.path)?, sides.source.counted(&sides.item.path)?);
    let mut planned = transfer::begun(sides, Outcome::Recorded).holding(here);
    planned.edits.push(transfer::record(planning, sides, there));
    planned.sees(sides.in_collection());
    planned.sees(sides.in_project(&copy));
    // That it stays is what the operation did.
    planned.sees([sides.put_in_project(here, copy.id, Origin::LocalModification)]);
    Ok(planned.saying("the project's copy stays; it counts as edited from what the collection has now"))
}
