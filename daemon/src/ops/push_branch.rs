//! `push --branch`: what a project has becomes the tip of a branch, whatever the copy follows.
//!
//! No file changes, nor does the record: the copy goes on following what it follows. The tip that is replaced stays a version,
//! and a branch is moved only to what was made of its tip, unless somebody says otherwise: what others put there would be lost
//! from the line. Where it is the branch that the copy follows anyway, or the current one, it is an ordinary push.

use super::account;
use super::ancestry;
use super::branches::{self, Line};
use super::command::Subject;
use super::error::OpError;
use super::lookup::{self, Original};
use super::manage;
use super::plan::{Change, Planned, word};
use super::planning::{Planning, Read, Source, original_path};
use super::transfer::{self, Sides, Way};
use super::{contents, past};
use crate::engine::snapshot::{ItemView, ProjectView};
use crate::history::{Advance, Origin, Scope};
use crate::library::edit::manifest::Field;
use crate::model::Followed;
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::Outcome;
use skillmeat_protocol::request::{PushBranch, Strategy};
use std::path::Path;

/// Plans it.
///
/// # Errors
/// What is asked for is not there or ambiguous; there is no such branch.
pub fn plan(planning: &mut Planning<'_>, query: &PushBranch, project: &ProjectView) -> Result<Vec<Planned>, WireError> {
    let transfer = &query.transfer;
    if !matches!(transfer.strategy, None | Some(Strategy::Overwrite | Strategy::Ours)) {
        let message = "onto a branch something is only put as it is; with --strategy overwrite whatever the branch has";
        let hint = "have the copy follow the branch, and merge then: skillmeat deploy TYPE:NAME --branch BRANCH";
        return Err(WireError::new(ErrorCode::InvalidParams, message).hint(hint));
    }
    let usual = |item: &ItemView| matches!(item.state, S::Modified | S::Conflict);
    let items = lookup::items(project, &transfer.which, &transfer.profiles, usual)?;
    let mut planned = Vec::with_capacity(items.len());
    for item in &items {
        planned.push(one(planning, query, project, item)?);
    }
    Ok(planned)
}

fn one(
    planning: &mut Planning<'_>,
    query: &PushBranch,
    project: &ProjectView,
    item: &ItemView,
) -> Result<Planned, WireError> {
    let ordinary = |planning: &mut Planning<'_>| transfer::one(planning, &query.transfer, Way::Push, project, item);
    let original = transfer::original_of(planning, item).filter(|_| item.record.is_some());
    let Some(original) = original else { return Ok(ordinary(planning)) };
    let (line, _) = branches::line(planning.snapshot, planning.history, &original, &query.branch)?;
    let follows_it = item.follows.as_deref().is_some_and(|follows| *follows.branch == *line.name);
    if follows_it || line.is_current && item.follows.is_none() {
        return Ok(ordinary(planning));
    }
    let begun = |outcome| {
        Planned::of(Some(&item.key), "", outcome)
            .in_project(&project.path, &item.profile, &item.path)
            .of_collection(&original.collection.name)
    };
    let attempt = aside(planning, query, (project, item), &original, &line, &begun);
    Ok(attempt.unwrap_or_else(|error| begun(Outcome::Failed).failed(&error)))
}

fn aside(
    planning: &mut Planning<'_>,
    query: &PushBranch,
    (project, item): (&ProjectView, &ItemView),
    original: &Original,
    line: &Line,
    begun: &dyn Fn(Outcome) -> Planned,
) -> Result<Planned, OpError> {
    let branch = format!("--branch {}", word(&line.name));
    let on = Subject::of(planning.snapshot, Path::new(&*project.path), item);
    let Some(tip) = line.hash else {
        return Err(OpError::Refused { message: past::unknown(&item.key, &line.name).message });
    };
    if item.project_hash.is_none() {
        return Ok(begun(Outcome::Refused).saying("there is nothing in the project that could be put there"));
    }
    let copy = planning.copy(item, Scope::Resolved)?;
    let hash = copy.counted(&item.path)?;
    if copy.is(tip) {
        return Ok(begun(Outcome::Unchanged)
            .holding(tip)
            .saying(format!("it is the tip of branch '{}' already", line.name)));
    }
    let refused_profile = |error: WireError| OpError::Refused { message: error.message };
    let profile = lookup::profile(project, &item.profile).map_err(refused_profile)?;
    let destination = planning.destination(project, &profile);
    let source = Read { source: Source::History, ..copy.clone() };
    let sides = Sides { destination: &destination, original, item, source: &source, origin: Origin::Sync };
    if let Some(marked) = super::conflicts::marked(planning, &sides)? {
        return Ok(marked);
    }
    let root = Path::new(&*project.path);
    if query.transfer.strategy.is_none() && !ancestry::descends(planning.history, root, item, tip)? {
        return Ok(begun(Outcome::Refused)
            .saying(format!("branch '{}' has {}, which this was not made of", line.name, tip.short()))
            .ways([
                on.on("diff", &format!("--from {} --to project", tip.short())),
                format!(
                    "{}   # what the branch has stays a version",
                    on.on("push", &format!("{branch} --strategy overwrite"))
                ),
                format!(
                    "{}   # the copy follows it; its edits are kept in the history",
                    on.on("deploy", &format!("{branch} --force"))
                ),
            ]));
    }
    let mut planned = if line.is_current {
        into_files(planning, &sides, &copy, hash)?
    } else {
        let branch = Followed { collection: original.collection.id.to_string(), branch: line.name.clone() };
        let said = format!("into branch '{}'; the copy follows what it followed", line.name);
        let mut planned = begun(Outcome::Updated).holding(hash).saying(said);
        planned.account.advances.push(Advance { key: item.key.clone(), branch, from: tip, to: hash });
        planned
    };
    planned.sees(sides.in_project(&copy));
    if line.is_current {
        let spot = account::in_collection(&original.collection.id);
        planned.sees([account::made(&item.key, spot, hash, copy.id, Origin::Sync)]);
    }
    Ok(planned)
}

/// Into the collection, whose current branch it is, from a copy that follows another one.
fn into_files(
    planning: &mut Planning<'_>,
    sides: &Sides<'_>,
    copy: &Read,
    hash: ContentHash,
) -> Result<Planned, OpError> {
    let (original, item) = (sides.original, sides.item);
    let (path, root) = (original_path(original), Path::new(&*original.collection.path));
    let place = manage::place(root, &path)?;
    let there = planning.original(original)?;
    let counted = planning.read(&path, Scope::Counted)?;
    let (pieces, extent) = contents::update(planning, &place, &counted.content, &copy.content)?;
    let mut planned = transfer::begun(sides, Outcome::Updated).at(&path).holding(hash);
    planned.moves(pieces, extent);
    let spot = account::in_collection(&original.collection.id);
    planned.sees(account::found(&item.key, spot, &there, None));
    planned.edits.extend([
        manage::locked(root, &item.key, hash, planning.now),
        manage::in_manifest(root, Change::ChangeEntry(item.key.clone(), vec![Field::LastUpdated(Some(planning.now))])),
    ]);
    Ok(planned)
}
