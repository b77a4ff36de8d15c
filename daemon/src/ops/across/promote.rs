//! `promote`: what one project changed, into the collection, and into the clean followers where that is asked for.
//!
//! Beside a push, it looks at everybody who follows: edited copies would become conflicts of it, which somebody has to want. With
//! the followers it is one operation. They follow only if the collection really got what they are to follow.

use super::fan_out::{self, Doing};
use super::{Follower, only};
use crate::engine::snapshot::{ItemView, ProjectView};
use crate::history::{Cause, Seen, Spot};
use crate::ops::ancestry;
use crate::ops::error::OpError;
use crate::ops::lookup::{self, Original};
use crate::ops::plan::{Needs, Planned, word};
use crate::ops::planning::{Planning, Read, Source};
use crate::ops::transfer::{self, Way};
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::Outcome;
use skillmeat_protocol::request::{FanOut, Promote, Strategy, Transfer};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Projects that a refusal names.
const NAMED: usize = 5;

/// The copy that is promoted: the only one, the only one that is not as the collection is, or one of several that are the same.
///
/// # Errors
/// There is none, or several that differ.
pub(super) fn copy(project: &ProjectView, query: &Promote) -> Result<Arc<ItemView>, WireError> {
    let mut all = lookup::items(project, &only(&query.artifact), &query.profiles, |_| true)?;
    if all.iter().any(|item| item.state != S::InSync) {
        all.retain(|item| item.state != S::InSync);
    }
    let contents: BTreeSet<_> = all.iter().map(|item| (item.project_hash, item.baseline())).collect();
    if contents.len() > 1 {
        let profiles: Vec<&str> = all.iter().map(|item| &*item.profile).collect();
        let message = format!("'{}' is not the same under each profile: {}", query.artifact, profiles.join(", "));
        return Err(WireError::new(ErrorCode::Ambiguous, message).hint("say which with --profile"));
    }
    // A name that fits nothing is an error already.
    all.into_iter().next().ok_or_else(|| WireError::new(ErrorCode::InvalidParams, "no artifact is named"))
}

/// Plans it.
///
/// # Errors
/// What is asked for is not there or ambiguous; nobody waits for it any more.
pub(super) fn plan(
    planning: &mut Planning<'_>,
    query: &Promote,
    projects: &[Arc<ProjectView>],
    cancelled: &AtomicBool,
) -> Result<Vec<Planned>, WireError> {
    let no_project = || WireError::new(ErrorCode::InvalidParams, "no project is named");
    let project = projects.first().ok_or_else(no_project)?;
    if query.strategy == Some(Strategy::Theirs) {
        let error =
            WireError::new(ErrorCode::InvalidParams, "'theirs' is the collection's side: nothing would be promoted");
        return Err(error.hint(format!("skillmeat pull {} --strategy theirs", word(&query.artifact))));
    }
    let item = copy(project, query)?;
    let promoted = Follower { project: Arc::clone(project), item: Arc::clone(&item) };
    // Whoever would be affected is looked at here.
    let strategy = match query.strategy {
        Some(strategy) => strategy,
        None => configured(planning, &promoted),
    };
    if query.strategy.is_none() && strategy == Strategy::Theirs {
        return Ok(vec![theirs(planning, &promoted)]);
    }
    let transfer = Transfer { which: only(&item.key.to_string()), strategy: Some(strategy), ..Transfer::default() };
    let planned = transfer::one(planning, &transfer, Way::Push, project, &item);
    let planned = leading_on(planning, planned, &promoted);
    let Some(original) = transfer::original_of(planning, &item) else { return Ok(vec![planned]) };
    let everybody = super::followers(planning.snapshot, &item.key, Some(&original.collection.id));
    // What goes onto a branch concerns those who follow it.
    let same = |other: &Follower| !is(other, &promoted) && other.item.line() == item.line();
    let (missing, others): (Vec<Follower>, Vec<Follower>) =
        everybody.into_iter().filter(same).partition(Follower::is_missing);
    let missing: Vec<_> =
        missing.iter().filter(|_| query.fan_out).map(|other| fan_out::left(planning, &original, other)).collect();
    match planned.item.outcome {
        Outcome::Updated | Outcome::Merged => {}
        // The collection has it already.
        Outcome::Unchanged | Outcome::Recorded if query.fan_out && matches!(item.state, S::InSync | S::Converged) => {
            let mut all = vec![planned];
            let query = FanOut { which: only(&item.key.to_string()), ..FanOut::default() };
            for follower in others.iter().filter(|other| is_locked(other, projects)) {
                wanted(cancelled)?;
                all.push(fan_out::one(planning, &query, &original, follower));
            }
            all.extend(missing);
            return Ok(all);
        }
        _ => return Ok(vec![planned]),
    }
    let edited: Vec<&Follower> = others.iter().filter(|other| other.item.state == S::Modified).collect();
    if !edited.is_empty() && !query.force {
        return Ok(vec![refused(planning, planned, &promoted, &edited)]);
    }
    let Some(new) = content(planning, &planned, &original) else { return Ok(vec![planned]) };
    let clean: Vec<(&Follower, Doing)> =
        others.iter().filter_map(|other| Some((other, doing(planning, &original, other, &new)?))).collect();
    let onward = super::fan_out_command(planning.snapshot, &item.key, &original.collection.name);
    if !query.fan_out {
        return Ok(vec![told(planned, onward, clean.len(), edited.len())]);
    }
    let mut all = vec![told(planned, onward, 0, edited.len())];
    for (follower, doing) in clean.into_iter().filter(|(other, _)| is_locked(other, projects)) {
        wanted(cancelled)?;
        let attempt = fan_out::with(planning, &original, follower, &new, doing);
        let mut planned =
            attempt.unwrap_or_else(|error| fan_out::begun(&original, follower, Outcome::Failed).failed(&error));
        planned.needs = Needs::First;
        all.push(planned);
    }
    all.extend(missing);
    Ok(all)
}

/// What the configuration says of a conflict; a merge of everything else, and where one side was made of the other: that is none.
fn configured(planning: &mut Planning<'_>, promoted: &Follower) -> Strategy {
    let Follower { project, item } = promoted;
    if item.state != S::Conflict {
        return Strategy::Merge;
    }
    let original = transfer::original_of(planning, item);
    let ahead = original.map(|original| ancestry::ahead(planning, &original, Path::new(&*project.path), item));
    match ahead {
        Some(Ok(None)) => planning.strategies().of(&item.key).unwrap_or(Strategy::Merge),
        _ => Strategy::Merge,
    }
}

/// The configuration takes the collection's side: there is nothing to promote.
fn theirs(planning: &Planning<'_>, promoted: &Follower) -> Planned {
    let planned = transfer::plain(&promoted.project, &promoted.item, Outcome::Refused);
    let on = promoted.subject(planning.snapshot);
    let again = on.promoted();
    planned
        .saying(
            "both sides changed, and the configuration takes the collection's ('theirs'): nothing would be promoted",
        )
        .ways([
            format!("{again} --strategy merge"),
            format!("{again} --strategy overwrite   # the project's; what the collection had is kept"),
            format!("{}   # the collection's; the edits are kept in the history", on.on("pull", "")),
        ])
}

/// A refusal has the commands for this project.
fn leading_on(planning: &Planning<'_>, planned: Planned, promoted: &Follower) -> Planned {
    if planned.item.outcome != Outcome::Refused || promoted.item.record.is_none() {
        return planned;
    }
    let again = promoted.subject(planning.snapshot).promoted();
    let overwrite = format!("{again} --strategy overwrite   # the project's; what the collection had is kept");
    let ways = promoted
        .ways(planning.snapshot, Some(planning.history))
        .into_iter()
        .map(|way| if way == again { overwrite.clone() } else { way });
    planned.ways(ways)
}

fn is(one: &Follower, other: &Follower) -> bool {
    one.project.path == other.project.path && one.item.profile == other.item.profile
}

fn is_locked(follower: &Follower, projects: &[Arc<ProjectView>]) -> bool {
    projects.iter().any(|project| project.path == follower.project.path)
}

fn wanted(cancelled: &AtomicBool) -> Result<(), WireError> {
    if cancelled.load(Ordering::Relaxed) { Err(OpError::Cancelled.to_wire()) } else { Ok(()) }
}

/// What a follower does when the collection has `new`; nothing for one that is not clean. Who has what the collection had has
/// lost nothing by taking what came of it.
fn doing(planning: &Planning<'_>, original: &Original, follower: &Follower, new: &Read) -> Option<Doing> {
    let item = &follower.item;
    match item.state {
        _ if item.project_hash.is_some() && item.project_hash == new.hash => Some(transfer::recorded),
        S::InSync | S::Outdated | S::Converged => Some(fan_out::into_project),
        S::Conflict if fan_out::is_behind(planning, original, follower) => Some(fan_out::into_project),
        _ => None,
    }
}

/// What the plan puts into the collection, or onto a branch.
fn content(planning: &Planning<'_>, planned: &Planned, original: &Original) -> Option<Read> {
    let there = Spot::Collection { id: original.collection.id.to_string() };
    let tip = planned.account.advances.first().map(|advance| advance.to);
    let is_it = |seen: &&Seen| match tip {
        Some(tip) => seen.hash == Some(tip) && seen.content.is_some(),
        None => seen.spot == there && matches!(seen.cause, Cause::Made { .. }),
    };
    let made = planned.account.seen.iter().rev().find(is_it)?;
    let id = made.content?;
    let content = planning.gathered_content(id)?;
    Some(Read { source: Source::History, id, content: Arc::new(content), hash: made.hash, with_ignored: None })
}

fn refused(planning: &Planning<'_>, planned: Planned, promoted: &Follower, edited: &[&Follower]) -> Planned {
    let names: Vec<&str> = edited.iter().take(NAMED).map(|other| &*other.project.path).collect();
    let more = if edited.len() > NAMED { format!(" and {} more", edited.len() - NAMED) } else { String::new() };
    let message =
        format!("it was edited elsewhere too, where this would become a conflict: {}{more}", names.join(", "));
    let what = word(&promoted.item.key.to_string());
    planned.failed(&OpError::Refused { message }).ways([
        format!("skillmeat blast-radius {what}"),
        format!(
            "{} --yes   # the others keep their edits and get a conflict",
            promoted.subject(planning.snapshot).promoted()
        ),
    ])
}

/// Says who can follow, and who gets a conflict.
fn told(planned: Planned, onward: String, clean: usize, edited: usize) -> Planned {
    let copies = |n: usize| if n == 1 { "1 copy".to_owned() } else { format!("{n} copies") };
    let mut parts = Vec::new();
    if clean > 0 {
        parts.push(format!("{} elsewhere can follow", copies(clean)));
    }
    if edited > 0 {
        parts.push(format!("{} edited elsewhere: in conflict by this", copies(edited)));
    }
    let mut planned = planned;
    // What a push says of others is said better here.
    parts.splice(
        0..0,
        planned.account.advances.iter().map(|advance| format!("into branch '{}'", advance.branch.branch)),
    );
    planned.item.message = (!parts.is_empty()).then(|| parts.join("; "));
    planned.ways((clean > 0).then_some(onward))
}
