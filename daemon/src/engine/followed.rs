//! Copies that follow a branch by its name: which tip stands for the collection's side of an item.
//!
//! What is followed, and where those branches end, is no file and sends no event: whoever changes it tells all of it anew, and
//! what became different is classified again. A branch is a line of an artifact of a collection, so where it cannot be said
//! what the collection has, nothing is said of its branches either.

use super::event::Now;
use super::items::{Item, SideFound, Source, cause};
use super::snapshot::Follows;
use super::state::{Project, State, UNREADABLE};
use crate::model::{Fingerprint, Following, Tip, Tree, TreeInfo, TreeKind};
use skillmeat_protocol::event::CauseKind;
use skillmeat_protocol::hash::ContentHash;
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

/// What is followed in each project.
pub(super) type Followings = HashMap<PathBuf, Vec<Known>>;

/// A following, with what an item needs of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Known {
    following: Following,
    follows: Arc<Follows>,
    /// What stands for the tip; none where the collection's files do.
    tip: Option<Tree>,
}

/// All of them by project.
pub(super) fn by_project(list: Vec<Following>) -> Followings {
    let mut followings = Followings::new();
    for following in list {
        let follows = Follows {
            collection: following.followed.collection.as_str().into(),
            branch: following.followed.branch.as_str().into(),
            tip: following.tip,
        };
        let tip = match following.tip {
            Tip::Version(hash) => Some(tree(hash)),
            Tip::Current | Tip::Gone => None,
        };
        let project = following.copy.project.clone();
        followings.entry(project).or_default().push(Known { following, follows: Arc::new(follows), tip });
    }
    followings
}

/// Of a version nothing counts here but its hash.
fn tree(hash: ContentHash) -> Tree {
    Tree::Present(Arc::new(TreeInfo {
        kind: TreeKind::Directory,
        hash,
        hash_with_ignored: None,
        fingerprint: Fingerprint([0; 16]),
        racy: false,
        file_count: 0,
        total_size: 0,
        version: None,
        linked: Vec::new(),
    }))
}

/// The projects of which something else is said.
pub(super) fn differing<V: PartialEq>(old: &HashMap<PathBuf, V>, new: &HashMap<PathBuf, V>) -> BTreeSet<PathBuf> {
    let paths = old.keys().chain(new.keys());
    paths.filter(|path| old.get(*path) != new.get(*path)).cloned().collect()
}

impl State {
    /// Takes in what is followed now: all of it.
    pub(super) fn followed(&mut self, list: Vec<Following>, now: Now) {
        let old = std::mem::replace(&mut self.followings, by_project(list));
        let changed = differing(&old, &self.followings);
        self.reclassify_projects(changed, CauseKind::Collection, now);
    }

    /// Classifies everything in these projects again: the history says something else of them.
    pub(super) fn reclassify_projects(&mut self, paths: BTreeSet<PathBuf>, kind: CauseKind, now: Now) {
        let cause = cause(kind, None);
        for path in paths {
            if let Some(slot) = self.projects_by_path.get(path.as_path()).copied() {
                self.reclassify(slot, |_| true, &cause, now);
            }
        }
    }

    /// What an item follows by name, if its record is one of that collection.
    pub(super) fn following(&self, project: &Project, item: &Item) -> Option<&Known> {
        // Nearly always.
        let here = self.followings.get(&*project.root)?;
        item.record.as_ref()?;
        let Source::Collection(slot) = &item.source else { return None };
        let is_it = |known: &&Known| {
            let copy = &known.following.copy;
            copy.key == item.key && *copy.profile == *item.profile
        };
        let known = here.iter().find(is_it)?;
        let id = &*known.following.followed.collection;
        let of_it = self.collections.get(slot).is_some_and(|collection| *collection.id == *id);
        // One that came in the place of the other has none of its branches.
        let is_replaced = || !self.collections.values().any(|collection| *collection.id == *id);
        (of_it || is_replaced()).then_some(known)
    }

    /// Whether a following is of the very collection that its record names.
    fn is_lost(&self, known: &Known, item: &Item) -> bool {
        let Source::Collection(slot) = &item.source else { return false };
        let id = self.collections.get(slot).map(|collection| &*collection.id);
        known.follows.tip == Tip::Gone || id != Some(&*known.follows.collection)
    }

    /// The view of what an item follows.
    pub(super) fn follows(&self, known: &Known, item: &Item) -> Arc<Follows> {
        match self.is_lost(known, item) {
            true => Arc::new(Follows { tip: Tip::Gone, ..(*known.follows).clone() }),
            false => Arc::clone(&known.follows),
        }
    }

    /// The tip of what is followed in the place of what the collection has.
    pub(super) fn tip_instead<'a>(&self, known: &'a Known, item: &Item, side: SideFound<'a>) -> SideFound<'a> {
        if !matches!(side.tree, Tree::Present(_)) {
            return side;
        }
        if self.is_lost(known, item) {
            let key = &item.key;
            let note = format!(
                "it follows branch '{}', which is not there any more; skillmeat deploy {key} --branch BRANCH has it follow another",
                known.follows.branch
            );
            return SideFound { tree: &UNREADABLE, note: Some(note) };
        }
        match &known.tip {
            Some(tree) => SideFound { tree, note: None },
            None => side,
        }
    }
}
