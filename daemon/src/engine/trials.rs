//! Whether conflicts merge: what is asked of those who read files, and what they answered.
//!
//! The engine reads no files and no history, so a conflict is shown without an answer first. Each is given out once for its three
//! hashes, by an effect; the answer comes as an event, whenever that is. It is about hashes and not about an item: one for others
//! than an item has by then is dropped, and an item that gets others loses its answer. So no answer is ever older than what it is
//! shown with. What follows from anything else than the three contents, as the rules of the configuration do, is no part of it.
//!
//! Nothing is given out before everything was compared with the disk once: until then whoever reads files is needed elsewhere.

use super::announce::ItemId;
use super::barrier::Ticket;
use super::event::{Effect, Now, Until};
use super::handle::SyncScope;
use super::items::cause;
use super::snapshot::{ItemView, Sides};
use super::state::State;
use super::unit::ProjectSlot;
use skillmeat_protocol::event::CauseKind;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// A conflict to be tried.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Trial {
    /// In which project, by its registered path.
    pub project: Arc<str>,
    /// Of which artifact.
    pub key: ArtifactKey,
    /// Under which profile.
    pub profile: Arc<str>,
    /// Between which contents.
    pub sides: Sides,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// What was tried.
    pub trial: Trial,
    /// Whether the three merge; none where that cannot be said.
    pub mergeable: Option<bool>,
}

/// Conflicts that nobody answered about yet.
#[derive(Debug, Default)]
pub(super) struct Trials {
    open: BTreeMap<ItemId, Sides>,
    /// Those of them that were not given out.
    wanted: BTreeSet<ItemId>,
}

impl Trials {
    /// An item has another view.
    pub(super) fn changed(&mut self, id: &ItemId, old: Option<&ItemView>, new: Option<&ItemView>) {
        let sides = new.and_then(ItemView::sides);
        if sides == old.and_then(ItemView::sides) {
            return;
        }
        match sides {
            Some(sides) => {
                self.open.insert(id.clone(), sides);
                self.wanted.insert(id.clone());
            }
            None => {
                self.open.remove(id);
                self.wanted.remove(id);
            }
        }
    }

    /// Forgets a project that is no longer registered.
    pub(super) fn forget(&mut self, project: ProjectSlot) {
        self.open.retain(|id, _| id.project != project);
        self.wanted.retain(|id| id.project != project);
    }

    /// How many are open of this project, or of all.
    pub(super) fn open(&self, of: Option<ProjectSlot>) -> usize {
        self.open.keys().filter(|id| of.is_none_or(|slot| id.project == slot)).count()
    }
}

impl State {
    /// Has what is new tried, once everything is known.
    pub(super) fn give_out_trials(&mut self) {
        if !self.verified || self.trials.wanted.is_empty() {
            return;
        }
        let wanted = std::mem::take(&mut self.trials.wanted);
        let trial = |id: ItemId| {
            let (sides, project) = (*self.trials.open.get(&id)?, self.projects.get(&id.project)?);
            Some(Trial { project: Arc::clone(&project.path), key: id.key, profile: id.profile, sides })
        };
        let trials: Vec<Trial> = wanted.into_iter().filter_map(trial).collect();
        self.effects.push(Effect::Try(trials));
    }

    /// Takes in what came of some.
    pub(super) fn tried(&mut self, list: Vec<Tried>, now: Now) {
        for Tried { trial: Trial { project, key, profile, sides }, mergeable } in list {
            let Some(slot) = self.projects_by_path.get(Path::new(&*project)).copied() else { continue };
            let id = ItemId { project: slot, key, profile };
            if self.trials.open.get(&id) != Some(&sides) {
                continue;
            }
            self.trials.open.remove(&id);
            self.trials.wanted.remove(&id);
            let items = self.projects.get_mut(&slot).map(|project| project.items.iter_mut()).into_iter().flatten();
            let mut items = items.filter(|item| item.key == id.key && item.profile == id.profile);
            let Some(view) = items.next().and_then(|item| item.view.as_mut()) else { continue };
            if view.sides() != Some(sides) || view.mergeable == mergeable {
                continue;
            }
            let old = Arc::clone(view);
            Arc::make_mut(view).mergeable = mergeable;
            let new = Arc::clone(view);
            let why = cause(CauseKind::Merge, None);
            self.item_changed(slot, id.key, id.profile, Some(old), Some(new), &why, now);
        }
    }

    /// For how many conflicts a request waits.
    pub(super) fn untried(&self, ticket: &Ticket) -> usize {
        match (ticket.until, &ticket.scope) {
            (Until::Seen, _) => 0,
            (Until::Tried, SyncScope::All) => self.trials.open(None),
            (Until::Tried, SyncScope::Project(path)) => match self.projects_by_path.get(Path::new(&**path)) {
                Some(slot) => self.trials.open(Some(*slot)),
                None => 0,
            },
        }
    }
}
