//! What a turn has changed so far, until its end shows it to others.

use super::announce::Telling;
use super::unit::{CollectionSlot, ProjectSlot, Root, TreeSlot};
use crate::cache::Change;
use crate::library::ignore::is_ignored;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What changed since the last turn ended.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) projects: BTreeSet<ProjectSlot>,
    /// Projects whose records are to be stored.
    pub(super) scans: BTreeSet<ProjectSlot>,
    /// Projects that came or went.
    pub(super) moved: BTreeSet<ProjectSlot>,
    /// Projects for which what could be deployed is to be listed again: once a turn, however many artifacts came.
    pub(super) added: BTreeSet<ProjectSlot>,
    pub(super) collections: BTreeSet<CollectionSlot>,
    pub(super) gone: Vec<OldView>,
    pub(super) home: bool,
    pub(super) changes: Vec<Change>,
    pub(super) tellings: Vec<Telling>,
    pub(super) causes: HashMap<TreeSlot, PathBuf>,
    /// Projects whose first complete look is still under way.
    pub(super) unintroduced: BTreeSet<ProjectSlot>,
    /// [`super::work::Work::closings`] when they were last looked through.
    pub(super) closings: u64,
}

/// Something that readers saw and that is no longer known.
#[derive(Debug)]
pub(super) enum OldView {
    Project(Arc<str>),
    Collection(String),
}

impl Pending {
    pub(super) fn project(&mut self, slot: ProjectSlot) {
        self.projects.insert(slot);
    }

    pub(super) fn project_scan(&mut self, slot: ProjectSlot) {
        self.scans.insert(slot);
        self.projects.insert(slot);
    }

    pub(super) fn moved(&mut self, slot: ProjectSlot) {
        self.moved.insert(slot);
        self.projects.insert(slot);
    }

    pub(super) fn collection(&mut self, slot: CollectionSlot) {
        self.collections.insert(slot);
    }

    pub(super) fn home(&mut self) {
        self.home = true;
    }

    pub(super) fn root(&mut self, root: Root) {
        self.home = true;
        if let Root::Project(slot) = root {
            self.project_scan(slot);
        }
    }

    pub(super) fn gone(&mut self, old: OldView) {
        self.changes.push(match &old {
            OldView::Project(path) => Change::ProjectGone { path: PathBuf::from(&**path) },
            OldView::Collection(id) => Change::CollectionGone { id: id.clone() },
        });
        self.gone.push(old);
    }

    pub(super) fn tree_gone(&mut self, path: &Path) {
        self.changes.push(Change::TreeGone { path: path.to_owned() });
    }

    pub(super) fn change(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Remembers where an event touched an artifact, for whoever is told of the change. What editors leave beside a file
    /// counts only while nothing else was touched.
    pub(super) fn cause(&mut self, slot: TreeSlot, path: &Path) {
        if path.file_name().is_some_and(is_ignored) {
            self.causes.entry(slot).or_insert_with(|| path.to_owned());
        } else {
            self.causes.insert(slot, path.to_owned());
        }
    }

    pub(super) fn take_cause(&mut self, slot: TreeSlot) -> Option<PathBuf> {
        self.causes.remove(&slot)
    }

    /// What was loaded from the cache is no news to anybody, and the cache has it.
    pub(super) fn forget_news(&mut self) {
        self.tellings.clear();
        self.changes.clear();
    }
}
