//! `undeploy`, `adopt` and `forget`: what is recorded of a project's copies, and the end of a deployment.

use super::account;
use super::command::{Subject, told};
use super::contents;
use super::error::OpError;
use super::lookup;
use super::plan::{Change, Edit, Planned};
use super::planning::{Destination, Planning};
use super::transfer::plain;
use super::witness::Witness;
use crate::engine::snapshot::{ItemView, ProjectView, Snapshot};
use crate::history::{Origin, Scope};
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::reply::Outcome;
use skillmeat_protocol::request::{Adopt, Forget, Undeploy};
use std::sync::Arc;

/// Plans `undeploy`.
///
/// # Errors
/// What is asked for is not there or ambiguous.
pub fn plan(planning: &mut Planning<'_>, query: &Undeploy, project: &ProjectView) -> Result<Vec<Planned>, WireError> {
    lookup::something_is_named(&query.which)?;
    let items = lookup::items(project, &query.which, &query.profiles, |item| item.record.is_some())?;
    Ok(each(planning, project, &items, |planning, destination, item| {
        let begun = |outcome| plain(project, item, outcome);
        leave(planning, query, destination, item, &begun)
    }))
}

/// Plans `adopt`: what is there counts as deployed, and what differs from the collection as edited.
///
/// # Errors
/// What is asked for is not there or ambiguous.
pub fn adopt(planning: &mut Planning<'_>, query: &Adopt, project: &ProjectView) -> Result<Vec<Planned>, WireError> {
    lookup::something_is_named(&query.which)?;
    let named = query.collection.as_deref();
    let collection = named.map(|_| lookup::collection(planning.snapshot, named)).transpose()?;
    // A project without records uses no collection yet, and what lies in it is untracked.
    let first =
        collection.clone().or_else(|| planning.snapshot.collection(&planning.snapshot.default_collection).cloned());
    let is_in_first = |item: &ItemView| first.as_ref().is_some_and(|c| lookup::has(c, &item.key));
    let usual = |item: &ItemView| match item.state {
        S::Foreign | S::Converged => true,
        S::Untracked => is_in_first(item),
        _ => false,
    };
    let items = lookup::items(project, &query.which, &query.profiles, usual)?;
    Ok(each(planning, project, &items, |planning, destination, item| {
        let what = item.key.to_string();
        if item.baseline().is_some() && matches!(item.state, S::Outdated | S::Conflict) {
            // Taken for an edited copy of what the collection has by now, the old content would be pushed over it.
            let on = Subject::of(planning.snapshot, &destination.project, item);
            return Ok(plain(project, item, Outcome::Refused)
                .saying(format!("a record says what it was deployed from, and it is {}", item.state.as_str()))
                .ways([on.on("pull", ""), on.on("push", "")]));
        }
        let which = skillmeat_protocol::request::Which { artifacts: vec![what.clone()], ..Default::default() };
        let from = item.collection.as_ref().and_then(|c| c.id.as_deref());
        let from = collection.as_ref().map(|c| &*c.id).or(from);
        let original = lookup::originals(planning.snapshot, &which, from)
            .map_err(|error| OpError::Refused { message: error.message })?
            .remove(0);
        let begun = |outcome| plain(project, item, outcome).of_collection(&original.collection.name);
        let source = planning.source_of(&original, item)?;
        let (Some(hash), Some(here)) = (source.hash, item.project_hash) else {
            return Ok(begun(Outcome::Refused).saying("it cannot be read"));
        };
        if item.baseline() == Some(hash) {
            return Ok(begun(Outcome::Unchanged));
        }
        let edit = planning.record(destination, &item.key, &item.path, &original.collection.name, hash);
        let mut planned = begun(Outcome::Recorded).holding(here);
        if here != hash {
            planned = planned.saying("it differs from the collection, as an edited copy would");
        }
        planned.edits.push(edit);
        let in_collection = account::in_collection(&original.collection.id);
        planned.sees(account::found(&item.key, in_collection, &source, None));
        let copy = planning.copy(item, Scope::Counted)?;
        let origin = if here == hash { Origin::Deployment } else { Origin::LocalModification };
        let adopted = account::made(&item.key, account::in_project(destination), here, copy.id, origin);
        planned.sees([account::of(adopted, [(item.key.clone(), hash)])]);
        Ok(planned)
    }))
}

/// Plans `forget`.
///
/// # Errors
/// What is asked for is not there or ambiguous.
pub fn forget(planning: &mut Planning<'_>, query: &Forget, project: &ProjectView) -> Result<Vec<Planned>, WireError> {
    lookup::something_is_named(&query.which)?;
    let items = lookup::items(project, &query.which, &query.profiles, |item| item.record.is_some())?;
    Ok(each(planning, project, &items, |_, destination, item| {
        if item.record.is_none() {
            return Ok(plain(project, item, Outcome::Unchanged).saying("no record names it"));
        }
        let mut planned = plain(project, item, Outcome::Recorded).saying("the record is dropped, the files stay");
        planned.edits.push(drop_record(destination, item));
        Ok(planned)
    }))
}

fn each(
    planning: &mut Planning<'_>,
    project: &ProjectView,
    items: &[Arc<ItemView>],
    mut plan: impl FnMut(&mut Planning<'_>, &Destination, &ItemView) -> Result<Planned, OpError>,
) -> Vec<Planned> {
    let one = |item: &Arc<ItemView>| {
        let attempt = lookup::profile(project, &item.profile)
            .map_err(|error| OpError::Refused { message: error.message })
            .and_then(|profile| {
                let destination = planning.destination(project, &profile);
                plan(planning, &destination, item)
            });
        attempt.unwrap_or_else(|error| plain(project, item, Outcome::Failed).failed(&error))
    };
    items.iter().map(one).collect()
}

fn drop_record(destination: &Destination, item: &ItemView) -> Edit {
    destination.edit(Change::DropRecord(item.key.clone(), item.profile.to_string()))
}

fn leave(
    planning: &mut Planning<'_>,
    query: &Undeploy,
    destination: &Destination,
    item: &ItemView,
    begun: &dyn Fn(Outcome) -> Planned,
) -> Result<Planned, OpError> {
    let on = Subject::of(planning.snapshot, &destination.project, item);
    if item.record.is_none() {
        let way = unrecorded(planning.snapshot, item, &on);
        return Ok(begun(Outcome::Refused).saying("nobody deployed it").ways([way]));
    }
    if item.path.symlink_metadata().is_err() {
        let mut planned = begun(Outcome::Removed).saying("its files were gone already");
        planned.edits.push(drop_record(destination, item));
        planned.sees([account::gone(&item.key, account::in_project(destination))]);
        return Ok(planned);
    }
    // What both sides have is nobody's own edit.
    let is_own = item.project_hash.is_none()
        || item.project_hash != item.baseline() && item.project_hash != item.collection_hash;
    if is_own && !query.force {
        let why = match item.state {
            S::Unreadable => item.message.as_deref().unwrap_or("it cannot be read").to_owned(),
            _ => "it was edited here".to_owned(),
        };
        return Ok(begun(Outcome::Refused).saying(why).ways(edited_ways(planning.snapshot, item, &on)));
    }
    let place = planning.place_of(destination, &item.path)?;
    let witness = Witness::of(&place.path)?;
    let there = planning.read(&place.path, Scope::Everything)?;
    if let Some(expected) = item.project_hash
        && !there.is(expected)
    {
        return Err(OpError::Changed { path: place.path, expected: Some(expected), found: there.hash });
    }
    let (pieces, extent) = contents::take(&place, there.id, &there.content, witness);
    let mut planned = begun(Outcome::Removed);
    if is_own {
        planned = planned.saying("the edits are kept in the history; `skillmeat undo` brings them back");
    }
    planned.moves(pieces, extent);
    planned.edits.push(drop_record(destination, item));
    let spot = || account::in_project(destination);
    planned.sees(account::found(&item.key, spot(), &there, account::baseline(item)));
    planned.sees([account::gone(&item.key, spot())]);
    Ok(planned)
}

/// What there is to do with a copy that no record names: what a collection has by that name is not imported, but recorded.
fn unrecorded(snapshot: &Snapshot, item: &ItemView, on: &Subject) -> String {
    let default = snapshot.collection(&snapshot.default_collection);
    match item.state {
        S::Untracked if !default.is_some_and(|collection| lookup::has(collection, &item.key)) => on.on("import", ""),
        _ => on.on("adopt", ""),
    }
}

/// What there is to do with an edited copy but to leave it.
fn edited_ways(snapshot: &Snapshot, item: &ItemView, on: &Subject) -> Vec<String> {
    let force = (on.on("undeploy", "--force"), "the edits are kept in the history");
    let forget = (on.on("forget", ""), "the files stay");
    match item.state {
        S::RemovedModified => on.only_copy(snapshot, item).into(),
        S::Unreadable => told([force, forget]).into(),
        _ => told([force, (on.on("push", ""), "the edits become the collection's"), forget]).into(),
    }
}
