//! `import`: what lies in a project without a record becomes an artifact of a collection, and the project a deployment of it.

use super::account;
use super::command::{Subject, word};
use super::error::OpError;
use super::lookup;
use super::manage;
use super::plan::Planned;
use super::planning::Planning;
use crate::engine::snapshot::{CollectionView, ItemView, ProjectView};
use crate::history::{Origin, Scope};
use crate::model::Tree;
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_protocol::error::WireError;
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
        let on = Subject::of(planning.snapshot, Path::new(&*project.path), item);
        if item.record.is_some() {
            planned.push(begun(Outcome::Unchanged).saying("a record names it already"));
        } else if collection.artifact(&item.key).is_some() || taken.contains(&item.key) {
            planned.push(
                begun(Outcome::Refused)
                    .saying(format!("collection '{}' has one of this name", collection.name))
                    .ways([taken_by(&on, &collection, &item.key)]),
            );
        } else if let Some(twin) = twin(&collection, item).filter(|_| !by_name) {
            planned.push(
                begun(Outcome::Refused)
                    .saying(format!("collection '{}' has the same content as {twin}", collection.name))
                    .ways([format!("{}   # a second one, under this name", on.with_collection("import", ""))]),
            );
        } else {
            taken.push(item.key.clone());
            let attempt = one(planning, project, &collection, item);
            planned.push(attempt.unwrap_or_else(|error| begun(Outcome::Failed).failed(&error)));
        }
    }
    Ok(planned)
}

/// What can be done where the name is taken: by an artifact, or by what is left of one.
fn taken_by(on: &Subject, collection: &CollectionView, key: &ArtifactKey) -> String {
    let is_whole = collection
        .artifact(key)
        .is_none_or(|artifact| artifact.entry.in_manifest && matches!(artifact.tree, Some(Tree::Present(_))));
    if is_whole {
        return format!("{}   # what is there counts as an edited copy of that one", on.on("adopt", ""));
    }
    format!("skillmeat collection verify {} --fix   # what is left of it there", word(&collection.name))
}

fn twin(collection: &CollectionView, item: &ItemView) -> Option<ArtifactKey> {
    let here = item.project_hash?;
    manage::twin(collection, item.key.kind, |hash| hash == here)
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
    let hash = copy.counted(&item.path)?;
    let root = Path::new(&*collection.path);
    let mut planned = manage::added(planning, root, &item.key, &item.path, &copy, &[])?;
    planned = planned.of_collection(&collection.name).in_project(&project.path, &item.profile, &item.path);
    let edit = planning.record(&destination, &item.key, &item.path, &collection.name, hash);
    planned.edits.push(edit);
    planned.sees([account::made(&item.key, account::in_project(&destination), hash, copy.id, Origin::Import)]);
    Ok(planned)
}
