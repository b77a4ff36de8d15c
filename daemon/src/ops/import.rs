//! `import`: what lies in a project without a record becomes an artifact of a collection, and the project a deployment of it.

use super::deploy::hash_of;
use super::error::OpError;
use super::lookup;
use super::manage;
use super::plan::{Change, Edit, Planned, named};
use super::planning::Planning;
use crate::engine::snapshot::{CollectionView, ItemView, ProjectView};
use crate::history::Scope;
use crate::model::Tree;
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::Outcome;
use skillmeat_protocol::request::Import;
use std::path::Path;
use std::sync::Arc;

/// Plans it.
///
/// # Errors
/// What is asked for is not there or ambiguous.
pub fn plan(planning: &mut Planning<'_>, query: &Import, project: &ProjectView) -> Result<Vec<Planned>, WireError> {
    lookup::something_is_named(&query.which)?;
    let items = lookup::items(project, &query.which, &query.profiles, |item| item.state == S::Untracked)?;
    let collection = lookup::collection(planning.snapshot, query.collection.as_deref())?;
    let by_name = !query.which.artifacts.is_empty();
    let mut taken: Vec<ArtifactKey> = Vec::new();
    let mut planned = Vec::new();
    for item in &items {
        let begun = |outcome| {
            Planned::of(Some(&item.key), "", outcome)
                .in_project(&project.path, &item.profile, &item.path)
                .of_collection(&collection.name)
        };
        let what = named(item.key.kind, &item.key.name);
        if item.record.is_some() {
            planned.push(begun(Outcome::Unchanged).saying("a record names it already"));
        } else if collection.artifact(&item.key).is_some() || taken.contains(&item.key) {
            planned.push(
                begun(Outcome::Refused)
                    .saying(format!("collection '{}' has one of this name", collection.name))
                    .ways([format!("skillmeat adopt {what}   # what is there counts as an edited copy of that one")]),
            );
        } else if let Some(twin) = twin(&collection, item).filter(|_| !by_name) {
            planned.push(
                begun(Outcome::Refused)
                    .saying(format!("collection '{}' has the same content as {twin}", collection.name))
                    .ways([format!("skillmeat import {what}   # a second one, under this name")]),
            );
        } else {
            taken.push(item.key.clone());
            let attempt = one(planning, project, &collection, item);
            planned.push(attempt.unwrap_or_else(|error| begun(Outcome::Failed).failed(&error)));
        }
    }
    Ok(planned)
}

/// What has the same type and content under another name.
fn twin(collection: &CollectionView, item: &ItemView) -> Option<ArtifactKey> {
    let here: ContentHash = item.project_hash?;
    let same = |tree: &Option<Tree>| matches!(tree, Some(Tree::Present(info)) if info.hash == here);
    let mut alike = collection.artifacts.iter().filter(|a| a.entry.key.kind == item.key.kind && same(&a.tree));
    alike.next().map(|a| a.entry.key.clone())
}

fn one(
    planning: &mut Planning<'_>,
    project: &ProjectView,
    collection: &Arc<CollectionView>,
    item: &ItemView,
) -> Result<Planned, OpError> {
    let profile =
        lookup::profile(project, &item.profile).map_err(|error| OpError::Refused { message: error.message })?;
    let destination = planning.destination(project, &profile);
    let copy = planning.copy(item, Scope::Resolved)?;
    let hash = hash_of(&copy, &item.path)?;
    let root = Path::new(&*collection.path);
    let mut planned = manage::added(planning, root, &item.key, &item.path, &copy, &[])?;
    planned = planned.of_collection(&collection.name).in_project(&project.path, &item.profile, &item.path);
    let record = planning.record(&destination, &item.key, &item.path, &collection.name, hash);
    planned.edits.push(Edit {
        path: destination.records.clone(),
        root: destination.project.clone(),
        change: Change::Record(Box::new(record)),
    });
    Ok(planned)
}

/// Whether a place in the collection is free.
///
/// # Errors
/// It is not.
pub fn check_free(path: &Path) -> Result<(), OpError> {
    if path.symlink_metadata().is_ok() {
        return Err(OpError::Refused {
            message: format!("{} is there already, and the manifest does not have it", path.display()),
        });
    }
    Ok(())
}
