//! One artifact in many projects: whom a change concerns, and how it gets to all of them.
//!
//! * [`radius`] – who follows, and what a change meets there
//! * [`fan_out`] – what the collection has, into every clean copy
//! * [`promote`] – what one project has, into the collection and from there on
//!
//! A copy follows a collection when its record says that it came from there; what it is brought is the tip of the branch that it
//! follows by its name, else what the collection has. *Clean* is a copy that nobody edited, so that
//! another content in its place loses nothing. What is not clean is never touched here without being asked for: it is listed, with
//! the command for it. A project that is not there is listed, too, and is in nobody's way.

pub mod fan_out;
pub mod promote;
pub mod radius;

use super::command::{Subject, told, word};
use super::conflicts;
use super::lookup;
use super::plan::Planned;
use super::planning::Planning;
use crate::engine::snapshot::{ItemView, ProjectView, Snapshot};
use crate::history::History;
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::{ProjectState, Standing};
use skillmeat_protocol::request::{Operation, Which};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What is said of a copy whose project is not there.
pub(super) const MISSING: &str = "its project is missing: nothing is known of it but what was last seen";

/// A copy that follows a collection.
#[derive(Clone, Debug)]
pub struct Follower {
    /// Its project.
    pub project: Arc<ProjectView>,
    /// What is known of it.
    pub item: Arc<ItemView>,
}

/// The copies of an artifact that have a record, by project and profile: all, or those of the collection of this id.
pub fn followers(snapshot: &Snapshot, key: &ArtifactKey, collection: Option<&str>) -> Vec<Follower> {
    let of_it = |item: &ItemView| {
        let id = item.collection.as_ref().and_then(|collection| collection.id.as_deref());
        collection.is_none_or(|wanted| id == Some(wanted))
    };
    let mut found = Vec::new();
    for project in snapshot.projects.sorted() {
        let mut items: Vec<_> = project.items().filter(|item| item.key == *key && item.record.is_some()).collect();
        items.sort_by(|a, b| a.profile.cmp(&b.profile));
        let items = items.into_iter().filter(|item| of_it(item));
        found.extend(items.map(|item| Follower { project: Arc::clone(project), item: Arc::clone(item) }));
    }
    found
}

/// The command that brings what a collection has to its followers.
pub fn fan_out_command(snapshot: &Snapshot, key: &ArtifactKey, collection: &str) -> String {
    let what = word(&key.to_string());
    let is_usual = *collection == *snapshot.default_collection;
    let named = if is_usual { String::new() } else { format!(" --collection {}", word(collection)) };
    format!("skillmeat fan-out {what}{named}")
}

/// What a change of the collection meets at a copy in this state.
fn standing(state: S) -> Standing {
    match state {
        S::InSync | S::Outdated | S::Converged => Standing::Clean,
        S::Modified => Standing::Modified,
        S::Conflict => Standing::Conflicting,
        S::Deleted | S::Removed | S::RemovedModified => Standing::Gone,
        // Of the last three none has a record, so none follows.
        S::Unreadable | S::Added | S::Foreign | S::Untracked => Standing::Unreadable,
    }
}

impl Follower {
    /// Whether its project is not there. What is known of it is what was last seen.
    pub fn is_missing(&self) -> bool {
        self.project.state == ProjectState::Missing
    }

    /// What a change of the collection meets there.
    pub fn standing(&self) -> Standing {
        if self.is_missing() { Standing::Missing } else { standing(self.item.state) }
    }

    /// The commands that lead on from its state.
    pub fn ways(&self, snapshot: &Snapshot, history: Option<&History>) -> Vec<String> {
        if self.is_missing() {
            let project = word(&self.project.path);
            return vec![format!("skillmeat project remove {project}   # if it does not come back")];
        }
        let on = self.subject(snapshot);
        let is_marked = |history| conflicts::is_marked(history, Path::new(&*self.project.path), &self.item);
        if history.is_some_and(|history| is_marked(history).unwrap_or(false)) {
            return conflicts::ways_of(&on, &self.item);
        }
        match self.item.state {
            S::InSync => Vec::new(),
            S::Outdated => vec![on.on("pull", "")],
            S::Converged => vec![on.on("sync", "")],
            S::Modified => vec![on.promoted()],
            S::Conflict => [on.on("diff", ""), on.promoted()]
                .into_iter()
                .chain(told([
                    (on.on("pull", "--strategy overwrite"), "the collection's; the edits are kept in the history"),
                    (on.on("pull", "--strategy fork"), &format!("the edited copy lives on as {}-fork", self.item.key)),
                ]))
                .collect(),
            S::Deleted => {
                told([(on.on("pull", ""), "puts it back"), (on.on("undeploy", ""), "drops the record")]).into()
            }
            S::RemovedModified => on.only_copy(snapshot, &self.item).into(),
            S::Removed | S::Unreadable | S::Added | S::Foreign | S::Untracked => vec![on.status()],
        }
    }

    /// It, as commands name it.
    pub fn subject(&self, snapshot: &Snapshot) -> Subject {
        Subject::of(snapshot, Path::new(&*self.project.path), &self.item)
    }

    /// Its state in a few words.
    fn told(&self) -> String {
        if self.is_missing() {
            return MISSING.to_owned();
        }
        let why = match self.item.state {
            S::Modified => "it was edited here",
            S::Conflict => "it was edited here, and the collection has something else by now",
            S::Deleted => "its files are gone from the project",
            S::Removed | S::RemovedModified => "the collection does not have it any more",
            _ => "it cannot be read",
        };
        match &self.item.message {
            Some(message) => format!("{why}: {message}"),
            None => why.to_owned(),
        }
    }
}

/// The projects that such an operation is about: for a promotion, the one that it begins with is the first.
///
/// # Errors
/// What is asked for is not there or ambiguous.
pub(super) fn projects(snapshot: &Snapshot, operation: &Operation) -> Result<Vec<Arc<ProjectView>>, WireError> {
    let mut found = Vec::new();
    let spread: Vec<(ArtifactKey, Arc<str>)> = match operation {
        Operation::Promote(query) => {
            let project = lookup::project(snapshot, &query.project)?;
            let item = promote::copy(&project, query)?;
            found.push(project);
            let id = item.collection.as_ref().and_then(|collection| collection.id.clone());
            id.filter(|_| query.fan_out).map(|id| (item.key.clone(), id)).into_iter().collect()
        }
        Operation::FanOut(query) => {
            let originals = lookup::originals(snapshot, &query.which, query.collection.as_deref())?;
            originals.into_iter().map(|original| (original.key().clone(), original.collection.id.clone())).collect()
        }
        _ => Vec::new(),
    };
    for (key, id) in spread {
        for follower in followers(snapshot, &key, Some(&id)) {
            if !follower.is_missing() && !found.iter().any(|known| known.path == follower.project.path) {
                found.push(follower.project);
            }
        }
    }
    Ok(found)
}

/// Plans a promotion or a fan-out. Of projects, only those that are named are touched.
///
/// # Errors
/// What is asked for is not there or ambiguous; nobody waits for it any more.
pub(super) fn plan(
    planning: &mut Planning<'_>,
    operation: &Operation,
    projects: &[Arc<ProjectView>],
    cancelled: &AtomicBool,
) -> Result<Vec<Planned>, WireError> {
    match operation {
        Operation::Promote(query) => promote::plan(planning, query, projects, cancelled),
        Operation::FanOut(query) => fan_out::plan(planning, query, projects, cancelled),
        other => {
            let message = format!("{} is about one project", other.verb());
            Err(WireError::new(ErrorCode::Internal, message))
        }
    }
}

/// One artifact, as requests name several.
fn only(artifact: &str) -> Which {
    Which { artifacts: vec![artifact.to_owned()], ..Which::default() }
}
