//! Whether the sides of a conflict merge, tried before anybody asks for a merge. Nothing is changed, and nothing is kept but a base
//! that only a snapshot had.
//!
//! What is answered follows from the three contents alone: rules of the configuration are left out, and where lines clash but the
//! history knows that one side was made of the other, nothing is said. That is taken without a merge, as long as nobody undoes what
//! made it so.

use super::ancestry;
use super::error::OpError;
use super::lookup::Original;
use super::merging::{self, Merging, Side};
use super::planning::{Planning, original_path};
use super::run::Operations;
use super::transfer;
use crate::engine::snapshot::{ItemView, Snapshot};
use crate::engine::trials::Trial;
use crate::history::{History, Scope};
use crate::os::files;
use crate::snapshots::baseline::Search;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::ProjectState;
use std::collections::HashSet;
use std::path::Path;
use std::rc::Rc;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;

/// What several trials have in common.
pub struct Trying<'a> {
    /// What the conflicts are by. Whatever has other contents by now is not what was read, and given out anew.
    pub snapshot: &'a Snapshot,
    /// Bytes of an artifact that is read unasked.
    pub most: u64,
    /// Nobody waits any more.
    pub cancelled: &'a AtomicBool,
    /// What was deployed and is nowhere: snapshots are not read for it again and again.
    pub nowhere: &'a mut HashSet<ContentHash>,
    search: Option<Search<'a>>,
}

impl<'a> Trying<'a> {
    /// Nothing read yet.
    pub fn new(
        snapshot: &'a Snapshot,
        most: u64,
        cancelled: &'a AtomicBool,
        nowhere: &'a mut HashSet<ContentHash>,
    ) -> Self {
        Self { snapshot, most, cancelled, nowhere, search: None }
    }
}

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// An operation is at work there.
    Busy,
    /// The three merge, or not; none where that cannot be said.
    Answered(Option<bool>),
}

impl Operations {
    /// Tries one. Blocks, and holds up no operation for it: what is read is what the picture says, or nothing is said of it. Where
    /// that goes wrong, it is read once more while nobody operates there.
    pub fn attempt<'a>(&'a self, trial: &Trial, trying: &mut Trying<'a>) -> Attempt {
        let Ok(history) = self.history() else { return Attempt::Answered(None) };
        let first = {
            let _reading = self.reading.read().unwrap_or_else(PoisonError::into_inner);
            self.attempted(history, trial, trying)
        };
        if let Ok(answer) = first {
            return Attempt::Answered(answer);
        }
        let again = || self.attempted(history, trial, trying).unwrap_or(None);
        self.undisturbed(Some(Path::new(&*trial.project)), again).map_or(Attempt::Busy, Attempt::Answered)
    }

    fn attempted<'a>(
        &'a self,
        history: &'a History,
        trial: &Trial,
        trying: &mut Trying<'a>,
    ) -> Result<Option<bool>, OpError> {
        let snapshot = trying.snapshot;
        let Some(item) = item_of(snapshot, trial) else { return Ok(None) };
        let mut planning = Planning::new(history, snapshot, &self.zone, self.now(), &self.home);
        (planning.most, planning.cancelled) = (Some(trying.most), trying.cancelled);
        // Nothing asked for them yet, so there are none but these.
        let _ = planning.strategies.set(Rc::default());
        let Some(original) = transfer::original_of(&planning, item) else { return Ok(None) };
        let is_known = || history.by_recorded(trial.sides.base).is_ok_and(|known| !known.is_empty());
        if is_far(snapshot, &original, item) || trying.nowhere.contains(&trial.sides.base) && !is_known() {
            return Ok(None);
        }
        planning.search = trying.search.take();
        let merging = merged(&mut planning, &original, item);
        trying.search = planning.search.take();
        Ok(match merging? {
            Merging::Clean { .. } => Some(true),
            Merging::Refused(dispute) if dispute.base.is_none() => {
                trying.nowhere.insert(trial.sides.base);
                None
            }
            Merging::Refused(_) => {
                let ahead = ancestry::ahead(&planning, &original, Path::new(&*trial.project), item)?;
                ahead.is_none().then_some(false)
            }
        })
    }
}

/// The item that is meant; none where it has other contents by now and is given out anew, or is compared by polling.
fn item_of<'s>(snapshot: &'s Snapshot, trial: &Trial) -> Option<&'s ItemView> {
    let project = snapshot.projects.get(&trial.project).filter(|project| project.state == ProjectState::Watched)?;
    let mut items = project.items().map(|item| &**item);
    items.find(|item| item.key == trial.key && item.profile == trial.profile && item.sides() == Some(trial.sides))
}

/// Whether reading either side may take as long as another machine does.
fn is_far(snapshot: &Snapshot, original: &Original, item: &ItemView) -> bool {
    let root = &*original.collection.path;
    snapshot.degraded.iter().any(|degraded| degraded.path == root)
        || [&*item.path, Path::new(root)].into_iter().any(|path| files::shared_file_system(path).is_some())
}

/// What comes of an item and of what it follows, both as they are now.
///
/// # Errors
/// A side cannot be read, or is not what the picture says; the history cannot be read.
pub(super) fn merged(planning: &mut Planning<'_>, original: &Original, item: &ItemView) -> Result<Merging, OpError> {
    let source = planning.source_of(original, item)?;
    let copy = planning.copy(item, Scope::Resolved)?;
    let from = original_path(original);
    let ours = Side { content: &copy.content, path: &item.path };
    let theirs = Side { content: &source.content, path: &from };
    merging::merge(planning, item.baseline(), ours, theirs, &[])
}
