//! One edit into the history.
//!
//! What is read must be what the picture says; else it has been edited again, which is announced and comes here again.

use super::pending::Target;
use crate::engine::handle::EngineHandle;
use crate::engine::snapshot::Snapshot;
use crate::history::{Baseline, Cause, History, HistoryError, Origin, Scope, Seen, Sought, Spot, Version};
use crate::library::observing::Observing;
use crate::model::Tree;
use crate::ops::Operations;
use crate::ops::lineage::{Ancestries, records_of};
use crate::os::files;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::ProjectState;
use std::path::{Path, PathBuf};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// Something was written down.
    Version,
    /// There was nothing to write down, or it changed meanwhile.
    Nothing,
    /// An operation is at work there.
    Busy,
}

/// With what edits are kept.
pub(super) struct Watching<'a> {
    pub(super) engine: &'a EngineHandle,
    pub(super) operations: &'a Operations,
    pub(super) observing: &'a Observing,
}

/// What is at a place, by the picture.
struct Present {
    hash: ContentHash,
    path: PathBuf,
    /// The project or collection.
    root: PathBuf,
    baseline: Option<Baseline>,
    /// The file with its record.
    records: Option<PathBuf>,
}

impl Watching<'_> {
    /// Keeps what is at a place now, if the history does not have it as the latest there.
    ///
    /// # Errors
    /// It cannot be read, or the history not be written.
    pub(super) fn keep(&self, target: &Target) -> Result<Kept, HistoryError> {
        let Ok(history) = self.operations.history() else { return Ok(Kept::Nothing) };
        let snapshot = self.engine.snapshot();
        let Some(root) = present(&snapshot, target).map(|present| present.root) else { return Ok(Kept::Nothing) };
        if self.observing.except.iter().any(|except| root.starts_with(except)) {
            return Ok(Kept::Nothing);
        }
        let project = matches!(target.spot, Spot::Project { .. }).then_some(&*root);
        let kept = self.operations.undisturbed(project, || {
            // As it is now that nobody operates on it.
            match present(&self.engine.snapshot(), target) {
                Some(present) => self.keep_present(history, target, present),
                None => Ok(Kept::Nothing),
            }
        });
        kept.unwrap_or(Ok(Kept::Busy))
    }

    fn keep_present(&self, history: &History, target: &Target, present: Present) -> Result<Kept, HistoryError> {
        let known = match history.version_named(&target.key, &present.hash.to_string())? {
            Sought::One(version) => Some(*version),
            _ => None,
        };
        let head = history.head(&target.key, &target.spot)?;
        let is_latest = |version: &Version| head.as_ref().and_then(|head| head.version) == Some(version.id);
        let has_content = known.as_ref().is_some_and(|version| version.content.is_some());
        if has_content && known.as_ref().is_some_and(is_latest) {
            return Ok(Kept::Nothing);
        }
        let is_as_deployed = present.baseline.is_some_and(|baseline| baseline.hash == present.hash);
        if head.is_none() && is_as_deployed {
            // Nobody edited it, and nothing follows on it yet.
            return Ok(Kept::Nothing);
        }
        let staged = if has_content || files::shared_file_system(&present.path).is_some() {
            None
        } else {
            // A link itself is never content: where it leads is.
            let real = present.path.canonicalize().unwrap_or_else(|_| present.path.clone());
            match history.read_within(&real, Scope::Resolved, self.observing.max_bytes) {
                Ok(staged) => {
                    let recorded = staged.capture().recorded;
                    let is_it = |recorded: crate::history::Recorded| {
                        recorded.hash == present.hash || recorded.with_ignored == Some(present.hash)
                    };
                    if !recorded.is_some_and(is_it) {
                        return Ok(Kept::Nothing);
                    }
                    Some(staged)
                }
                // Known by its hash at least.
                Err(HistoryError::TooMuch { .. }) => None,
                Err(HistoryError::Changed { .. }) => return Ok(Kept::Nothing),
                Err(error) => return Err(error),
            }
        };
        let now = self.operations.now();
        let seen = Seen {
            key: target.key.clone(),
            spot: target.spot.clone(),
            hash: Some(present.hash),
            content: None,
            origin: Origin::LocalModification,
            cause: Cause::Found { baseline: present.baseline },
        };
        let before = match &present.records {
            Some(records) => Ancestries::default().of(history, records, &seen)?,
            None => Vec::new(),
        };
        let is_new = history.batch_later(|batch| {
            let content = staged.map(|staged| batch.keep(staged)).transpose()?.map(|capture| capture.id);
            for earlier in &before {
                batch.found(earlier, now)?;
            }
            batch.found(&Seen { content, ..seen.clone() }, now)
        })?;
        Ok(if is_new { Kept::Version } else { Kept::Nothing })
    }
}

fn present(snapshot: &Snapshot, target: &Target) -> Option<Present> {
    match &target.spot {
        Spot::Project { path, profile } => {
            let project = snapshot.projects.get(path.to_str()?)?;
            let item = project.items().find(|item| item.key == target.key && *item.profile == **profile)?;
            let record = item.record.as_ref()?;
            // What is compared by polling may be far away.
            (project.state == ProjectState::Watched).then_some(())?;
            Some(Present {
                hash: item.project_hash?,
                path: item.path.to_path_buf(),
                root: path.clone(),
                baseline: record.baseline.map(|hash| Baseline { hash, at: record.deployed_at }),
                records: records_of(project, profile),
            })
        }
        Spot::Collection { id } => {
            let collection = snapshot.collection(id)?;
            let artifact = collection.artifact(&target.key).filter(|artifact| artifact.entry.flaw.is_none())?;
            let root = Path::new(&*collection.path);
            snapshot.degraded.iter().all(|degraded| Path::new(&degraded.path) != root).then_some(())?;
            let Some(Tree::Present(info)) = &artifact.tree else { return None };
            let (hash, path) = (info.hash, root.join(&artifact.entry.path));
            Some(Present { hash, path, root: root.to_owned(), baseline: None, records: None })
        }
    }
}
