//! `version switch`: the files of a branch take the place of what the collection has, and the branch is the current one.
//!
//! What was there becomes the tip of the branch that was current, so nothing that anybody did in the collection is lost by it.
//! Manifest and lock follow as for every change of a collection. It is an operation also where both branches have the same
//! content: which one is current is what it changes, and `undo` changes that back.

use super::account;
use super::across;
use super::branches;
use super::contents;
use super::error::OpError;
use super::following;
use super::lookup::{self, Original};
use super::manage;
use super::past;
use super::plan::{Change, Planned, word};
use super::planning::{Planning, original_path};
use super::version_restore;
use crate::history::{Content, Origin, Scope, Switch, Version};
use crate::library::edit::manifest::Field;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::reply::Outcome;
use skillmeat_protocol::request::{self, Which};
use std::path::Path;

/// Plans it.
///
/// # Errors
/// What is asked for is not there or ambiguous, or its files are not kept.
pub fn plan(planning: &mut Planning<'_>, query: &request::Switch) -> Result<Vec<Planned>, WireError> {
    let key = past::artifact(planning.snapshot, planning.history, &query.artifact)?;
    let which = Which { artifacts: vec![key.to_string()], ..Which::default() };
    let mut planned = Vec::new();
    for original in lookup::originals(planning.snapshot, &which, query.collection.as_deref())? {
        let (line, current) = branches::line(planning.snapshot, planning.history, &original, &query.branch)?;
        let item = |outcome| of(&original, outcome);
        if line.is_current {
            planned.push(item(Outcome::Unchanged).saying(format!("'{}' is the current branch already", line.name)));
            continue;
        }
        let Some(version) = line.version else {
            // A branch refers to its version, which is never removed.
            return Err(past::unknown(&key, &query.branch));
        };
        let content = version_restore::kept(planning, &version)?;
        let names = Names { from: &current, to: &line.name };
        let attempt = switched(planning, &original, &version, &content, names);
        planned.push(attempt.unwrap_or_else(|error| item(Outcome::Failed).failed(&error)));
    }
    Ok(planned)
}

/// From which branch to which.
#[derive(Clone, Copy)]
struct Names<'a> {
    from: &'a str,
    to: &'a str,
}

fn of(original: &Original, outcome: Outcome) -> Planned {
    Planned::of(Some(original.key()), "", outcome).of_collection(&original.collection.name).at(&original_path(original))
}

fn switched(
    planning: &mut Planning<'_>,
    original: &Original,
    version: &Version,
    content: &Content,
    names: Names<'_>,
) -> Result<Planned, OpError> {
    let (key, root, path) = (original.key(), Path::new(&*original.collection.path), original_path(original));
    if let Some(flaw) = &original.artifact.entry.flaw {
        return Err(OpError::Refused { message: format!("its entry in the manifest cannot be used: {}", flaw.0) });
    }
    let place = manage::place(root, &path)?;
    if place.path.symlink_metadata().is_err() {
        // There would be nothing for the branch that is left to have as its tip.
        let (what, hash) = (word(&key.to_string()), version.hash.short());
        let named = word(&original.collection.name);
        return Ok(of(original, Outcome::Refused)
            .saying("its files are gone")
            .ways([format!("skillmeat version restore {what} {hash} --collection {named}   # puts some there")]));
    }
    let there = planning.read(&place.path, Scope::Counted)?;
    let found = account::found(key, account::in_collection(&original.collection.id), &there, None);
    let Some((left, found)) = found.and_then(|found| Some((found.hash?, found))) else {
        return Err(OpError::Refused { message: format!("{} is a link", path.display()) });
    };
    let (pieces, extent) = contents::update(planning, &place, &there.content, &contents::counted(content))?;
    let mut planned = of(original, Outcome::Updated).holding(version.hash);
    planned.moves(pieces, extent);
    let spot = account::in_collection(&original.collection.id);
    planned.sees([found, account::made(key, spot, version.hash, content.id(), Origin::Rollback)]);
    planned.account.switches.push(Switch {
        collection: original.collection.id.to_string(),
        key: key.clone(),
        from: names.from.to_owned(),
        left,
        to: names.to.to_owned(),
    });
    planned.edits.extend([
        manage::locked(root, key, version.hash, planning.now),
        manage::in_manifest(root, Change::ChangeEntry(key.clone(), vec![Field::LastUpdated(Some(planning.now))])),
    ]);
    let said = format!("'{}' is the current branch; what was there stays in '{}'", names.to, names.from);
    // Who follows a branch by its name goes on following it.
    let there = following::of_what_is_there(planning.snapshot, &original.collection.id, key);
    Ok(match there.filter(|item| item.follows.is_none()).count() {
        0 => planned.saying(said),
        outdated => planned
            .saying(format!("{said}; {}", following::left_behind(outdated)))
            .ways([across::fan_out_command(planning.snapshot, key, &original.collection.name)]),
    })
}
