//! Which two sides a request means: an artifact's, by its state where nothing is said, or two paths.

use crate::engine::snapshot::{ItemView, ProjectView, Snapshot};
use crate::history::History;
use crate::model::{Tip, Tree};
use crate::ops::lookup::{self, Original};
use crate::ops::planning::original_path;
use crate::ops::{past, target};
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::request::{DiffQuery, DiffSide, Profiles, Which};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An artifact, with what its sides need.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Which.
    pub key: ArtifactKey,
    /// Name of the file or directory, by which patches call it.
    pub name: Vec<u8>,
    /// Name of the project; none where it is about none.
    pub project_name: Option<Arc<str>>,
    /// The copy in the project, when there is one or a record of one.
    pub item: Option<Arc<ItemView>>,
    /// The artifact in its collection, when it is there.
    pub original: Option<Original>,
    /// Name of the collection.
    pub collection_name: Option<Arc<str>>,
}

impl Subject {
    /// The state of the copy.
    pub fn state(&self) -> DriftState {
        self.item.as_ref().map_or(DriftState::Added, |item| item.state)
    }

    /// The hash that was recorded at deployment.
    pub fn baseline(&self) -> Option<ContentHash> {
        self.item.as_ref().and_then(|item| item.baseline())
    }

    /// Where the artifact is in its collection.
    pub fn original_path(&self) -> Option<PathBuf> {
        self.original.as_ref().map(original_path)
    }

    /// The branch that the copy follows instead of what the collection has, and the version at its tip.
    pub fn followed(&self) -> Option<(&str, ContentHash)> {
        let follows = self.item.as_deref()?.follows.as_deref()?;
        let of_it = self.original.as_ref().is_some_and(|original| original.collection.id == follows.collection);
        match follows.tip {
            Tip::Version(hash) if of_it => Some((&follows.branch, hash)),
            _ => None,
        }
    }

    /// What somebody has of it now: the project, else the collection.
    pub fn at_hand(&self) -> DiffSide {
        match self.item.as_ref().and_then(|item| item.project_hash) {
            Some(_) => DiffSide::Project,
            None => DiffSide::Collection,
        }
    }
}

/// The sides of a request that names two paths and no artifact.
pub fn two_paths(query: &DiffQuery) -> Option<(&Path, &Path)> {
    match (&query.artifact, &query.from, &query.to) {
        (None, Some(DiffSide::Path(from)), Some(DiffSide::Path(to))) => Some((Path::new(from), Path::new(to))),
        _ => None,
    }
}

/// The artifact that a request is about.
///
/// # Errors
/// `InvalidParams`, `NotFound`, `Ambiguous`; `Io` when the state cannot be known.
pub fn subject(snapshot: &Snapshot, project: &ProjectView, query: &DiffQuery) -> Result<Subject, WireError> {
    let Some(name) = &query.artifact else {
        return Err(WireError::new(ErrorCode::InvalidParams, "no artifact is named")
            .hint("name one as TYPE:NAME, or two paths"));
    };
    let which = Which { artifacts: vec![name.clone()], ..Which::default() };
    let profiles = Profiles { profiles: query.profile.iter().cloned().collect(), all_profiles: false };
    let named = query.collection.as_deref();
    let item = match lookup::items(project, &which, &profiles, |_| true) {
        Ok(items) => Some(only(&items)?),
        // It may be one that could be deployed.
        Err(error) if error.code == ErrorCode::NotFound && query.profile.is_none() => {
            let found = lookup::originals(snapshot, &which, named).map_err(|_| error)?;
            let collection_name = found.first().map(|original| original.collection.name.clone());
            let Some(original) = found.into_iter().next() else { return Err(nothing(name)) };
            return Ok(Subject {
                key: original.key().clone(),
                name: file_name(&original_path(&original)),
                project_name: Some(project.name.clone()),
                item: None,
                original: Some(original),
                collection_name,
            });
        }
        Err(error) => return Err(error),
    };
    let Some(item) = item else { return Err(nothing(name)) };
    if item.state == DriftState::Unreadable {
        let why = item.message.as_deref().unwrap_or("it cannot be read");
        return Err(WireError::new(ErrorCode::Io, why).path(item.path.to_string_lossy()));
    }
    let collection = match named {
        Some(_) => Some(lookup::collection(snapshot, named)?),
        None => {
            let id = item.collection.as_ref().and_then(|collection| collection.id.as_ref());
            id.and_then(|id| snapshot.collection(id)).cloned()
        }
    };
    let collection_name = match &collection {
        Some(collection) => Some(collection.name.clone()),
        None => item.collection.as_ref().map(|collection| collection.name.clone()),
    };
    let original = collection.and_then(|collection| {
        let artifact = collection.artifact(&item.key).filter(|a| a.entry.in_manifest && a.entry.flaw.is_none())?;
        let is_there = matches!(artifact.tree, Some(Tree::Present(_) | Tree::Unreadable { .. }));
        is_there.then(|| Original { collection: collection.clone(), artifact: artifact.clone() })
    });
    Ok(Subject {
        key: item.key.clone(),
        name: file_name(&item.path),
        project_name: Some(project.name.clone()),
        item: Some(item),
        original,
        collection_name,
    })
}

/// Whether a request is about the past of an artifact and about no project, which need not be there then.
pub fn needs_no_project(query: &DiffQuery) -> bool {
    let sides = || query.from.iter().chain(&query.to);
    let is_past = |side: &DiffSide| matches!(side, DiffSide::Version(_) | DiffSide::Snapshot(_) | DiffSide::Named(_));
    let is_of_project = |side: &DiffSide| matches!(side, DiffSide::Project | DiffSide::Baseline);
    query.artifact.is_some() && sides().any(is_past) && !sides().any(is_of_project)
}

/// The artifact of a request that needs no project. It may be gone from everywhere.
///
/// # Errors
/// `InvalidParams`, `NotFound`, `Ambiguous`.
pub fn alone(snapshot: &Snapshot, history: &History, query: &DiffQuery) -> Result<Subject, WireError> {
    let key = past::artifact(snapshot, history, query.artifact.as_deref().unwrap_or_default())?;
    let which = Which { artifacts: vec![key.to_string()], ..Which::default() };
    let original = match lookup::originals(snapshot, &which, query.collection.as_deref()) {
        Ok(found) => found.into_iter().next(),
        // It is asked for only where it is one of the sides.
        Err(error) if error.code == ErrorCode::NotFound || is_about_none(query) => None,
        Err(error) => return Err(error),
    };
    let usual = target::deployed_path(key.kind, &key.name).map(PathBuf::from);
    let path = original.as_ref().map(original_path).or(usual.ok());
    Ok(Subject {
        name: path.as_deref().map_or_else(|| key.name.clone().into_bytes(), file_name),
        key,
        project_name: None,
        item: None,
        collection_name: original.as_ref().map(|original| original.collection.name.clone()),
        original,
    })
}

/// Whether both sides are said, and neither is a collection as it is now.
fn is_about_none(query: &DiffQuery) -> bool {
    let is_other = |side: &Option<DiffSide>| !matches!(side, None | Some(DiffSide::Collection));
    is_other(&query.from) && is_other(&query.to)
}

fn only(items: &[Arc<ItemView>]) -> Result<Arc<ItemView>, WireError> {
    match items {
        [one] => Ok(one.clone()),
        several => {
            let profiles: Vec<&str> = several.iter().map(|item| &*item.profile).collect();
            let key = several.first().map(|item| item.key.to_string()).unwrap_or_default();
            let message = format!("{key} is here under several profiles: {}", profiles.join(", "));
            Err(WireError::new(ErrorCode::Ambiguous, message).hint("say which with --profile"))
        }
    }
}

fn nothing(name: &str) -> WireError {
    WireError::new(ErrorCode::NotFound, format!("there is no '{name}'"))
}

fn file_name(path: &Path) -> Vec<u8> {
    path.file_name().unwrap_or_default().as_encoded_bytes().to_vec()
}

/// The two sides, where some are left out.
///
/// With one side given, the other is the project, or, beside the project, the collection. What is in no project any more, or not
/// yet, is compared with its past in the collection. With none, it is what the state asks
/// for: what would come with a pull where only the collection changed, what was edited where only the project did, and
/// how the project differs from the collection where both did.
pub fn sides(
    state: DriftState,
    at_hand: DiffSide,
    from: Option<DiffSide>,
    to: Option<DiffSide>,
) -> (DiffSide, DiffSide) {
    use DiffSide::{Baseline, Collection, Named, Path, Project, Snapshot, Version};
    let beside = |given: &DiffSide| match given {
        Project => Collection,
        Version(_) | Snapshot(_) | Named(_) => at_hand.clone(),
        Baseline | Collection | Path(_) => Project,
    };
    match (from, to) {
        (Some(from), Some(to)) => (from, to),
        (Some(from), None) => {
            let to = beside(&from);
            (from, to)
        }
        (None, Some(to)) => (beside(&to), to),
        (None, None) => match state {
            DriftState::Outdated | DriftState::Added | DriftState::Removed => (Project, Collection),
            DriftState::RemovedModified => (Baseline, Project),
            DriftState::InSync
            | DriftState::Modified
            | DriftState::Converged
            | DriftState::Conflict
            | DriftState::Deleted
            | DriftState::Foreign
            | DriftState::Untracked
            | DriftState::Unreadable => (Collection, Project),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_follows_from_the_other_side_or_from_the_state() {
        use DiffSide::{Baseline as B, Collection as C, Project as P};
        let path = || DiffSide::Path("/x".into());
        let named = || DiffSide::Named("x".into());
        let table = [
            (DriftState::Modified, None, None, (C, P)),
            (DriftState::Outdated, None, None, (P, C)),
            (DriftState::Conflict, None, None, (C, P)),
            (DriftState::Removed, None, None, (P, C)),
            (DriftState::RemovedModified, None, None, (B, P)),
            (DriftState::Added, None, None, (P, C)),
            (DriftState::Outdated, Some(B), None, (B, P)),
            (DriftState::Outdated, Some(C), None, (C, P)),
            (DriftState::Modified, Some(P), None, (P, C)),
            (DriftState::Modified, None, Some(C), (P, C)),
            (DriftState::Modified, None, Some(B), (P, B)),
            (DriftState::Outdated, None, Some(P), (C, P)),
            (DriftState::Outdated, None, Some(path()), (P, path())),
            (DriftState::Outdated, Some(B), Some(C), (B, C)),
            (DriftState::Modified, Some(named()), None, (named(), P)),
            (DriftState::Modified, None, Some(named()), (P, named())),
        ];
        for (state, from, to, want) in table {
            assert_eq!(sides(state, P, from.clone(), to.clone()), want, "{state} {from:?} {to:?}");
        }
        assert_eq!(sides(DriftState::Added, C, Some(named()), None), (named(), C), "it is in no project");
        assert_eq!(sides(DriftState::Added, C, Some(B), None), (B, P));
    }
}
