//! Takes in what looks found, and classifies what depends on an artifact's files.

use super::event::Now;
use super::items::{Source, cause};
use super::state::{State, TreeState};
use super::unit::{CollectionSlot, Root, TreeSlot, Unit};
use super::work::{Mark, Running};
use crate::cache::{Change, TreeOwner};
use crate::model::{Metadata, Names, Tree, TreeKind};
use crate::scan::job::TreeFinding;
use crate::scan::{Finding, Look, Outcome};
use crate::watch::Hint;
use skillmeat_protocol::event::CauseKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl State {
    pub(super) fn scanned(&mut self, outcome: Outcome, now: Now) {
        let Outcome { unit, finding, unwatched } = outcome;
        let Some(ended) = self.work.ended(unit) else { return };
        if let Some(root) = self.root_of(unit) {
            // A look without a result says nothing of what it could watch either.
            if !matches!(finding, Finding::Unstable | Finding::Failed(_)) {
                self.note_unwatched(unit, root, unwatched);
            }
            self.apply(unit, root, finding, &ended, now);
        }
        self.work.settle(ended);
        self.look_ended();
    }

    fn apply(&mut self, unit: Unit, root: Root, finding: Finding, ended: &Running, now: Now) {
        match (unit, finding) {
            (Unit::Home, Finding::Home(scan)) => self.apply_home(*scan, ended, now),
            (Unit::Collection(slot), Finding::Collection(scan)) => self.apply_collection(slot, *scan, ended, now),
            (Unit::Project(slot), Finding::Project(scan)) => self.apply_project(slot, *scan, ended, now),
            (Unit::Project(slot), Finding::Unchanged { .. }) => self.apply_unchanged(slot, ended, now),
            (Unit::Tree(slot), Finding::Tree(finding)) => self.apply_tree(slot, root, *finding, ended, now),
            (Unit::Tree(slot), Finding::Unchanged { metadata, names }) => {
                self.apply_names(slot, root, names);
                self.apply_metadata(slot, root, metadata, now);
            }
            // Whoever the artifact belongs to is gone, or nearly: that look decides.
            (Unit::Tree(_), Finding::RootGone) => self.mark_owner(root, ended, now),
            (_, Finding::Unstable) => {
                // Read while it was written: its last known state stays until it holds still, but nobody waits for that.
                let mark = if self.barrier.is_empty() {
                    Mark { hint: Hint::Ongoing, ..Mark::at_once(ended.since, Look::Read) }
                } else {
                    Mark::at_once(ended.since, Look::AsItIs)
                };
                self.work.mark(unit, root, mark, now.mono);
            }
            (Unit::Tree(slot), Finding::Failed(reason)) => {
                tracing::error!(?unit, reason, "a scan failed");
                // Its content cannot be known, and must not pass for what it was.
                let message = format!("it could not be looked at: {reason}");
                let tree = Tree::Unreadable { message };
                self.apply_tree(
                    slot,
                    root,
                    TreeFinding { tree, metadata: None, names: None, linked: Vec::new() },
                    ended,
                    now,
                );
            }
            (unit, Finding::Failed(reason)) => tracing::error!(?unit, reason, "a scan failed"),
            (unit, finding) => tracing::error!(?unit, ?finding, "a scan answered for another kind of unit"),
        }
    }

    /// A root is polled as long as one of its units cannot be watched: each speaks for itself only.
    pub(super) fn note_unwatched(&mut self, unit: Unit, root: Root, unwatched: Option<String>) {
        match unwatched {
            Some(reason) => {
                let units = self.unwatched.entry(root).or_default();
                if units.is_empty() {
                    self.pending.root(root);
                }
                units.insert(unit, reason);
            }
            None => {
                let Some(units) = self.unwatched.get_mut(&root) else { return };
                if units.remove(&unit).is_some() && units.is_empty() {
                    self.unwatched.remove(&root);
                    self.pending.root(root);
                }
            }
        }
    }

    pub(super) fn mark_owner(&mut self, root: Root, ended: &Running, now: Now) {
        let mark = Mark::at_once(ended.since, Look::Read);
        if let Root::Collection(_) = root {
            // The list of collections decides whether this one still exists.
            self.work.mark(Unit::Home, Root::Home, mark, now.mono);
        }
        self.work.mark(root.unit(), root, mark, now.mono);
    }

    /// Routes what happens where links lead from the artifact, and has it looked at again if something happened there
    /// before there was a route.
    fn link(&mut self, slot: TreeSlot, root: Root, linked: &[PathBuf], ended: &Running, now: Now) {
        let Some(known) = self.trees.get(&slot) else { return };
        if known.linked.iter().map(|place| &**place).eq(linked.iter().map(PathBuf::as_path)) {
            return;
        }
        let linked: Vec<Arc<Path>> = linked.iter().map(|path| path.as_path().into()).collect();
        // The first matters with all that is below it, the others by themselves.
        let is_known = |place: &&Arc<Path>| known.linked.contains(place);
        let first = linked.first().filter(|first| known.linked.first() != Some(first));
        let fresh: Vec<_> = linked.iter().filter(|place| !is_known(place)).chain(first).cloned().collect();
        self.reroute_tree(slot, |tree| tree.linked = linked);
        if self.was_heard_around(&fresh) {
            let mark = Mark::at_once(ended.since, Look::Read);
            self.work.mark(Unit::Tree(slot), root, mark, now.mono);
        }
    }

    /// Changes what decides the routes of a tree.
    pub(super) fn reroute_tree(&mut self, slot: TreeSlot, change: impl FnOnce(&mut TreeState)) {
        let Some(tree) = self.trees.get_mut(&slot) else { return };
        // All of them: a target may lie below the directories that the artifact itself lies in, or be the artifact.
        self.routes.remove_tree(slot, tree);
        change(tree);
        self.routes.add_tree(slot, tree);
    }

    fn apply_tree(&mut self, slot: TreeSlot, root: Root, finding: TreeFinding, ended: &Running, now: Now) {
        let TreeFinding { tree, metadata, names, linked } = finding;
        self.link(slot, root, &linked, ended, now);
        // Whatever touched it is answered by this look, also if it changed nothing.
        let touched = self.pending.take_cause(slot);
        let Some(known) = self.trees.get_mut(&slot) else { return };
        // What cannot be read is there.
        let is_something = |tree: &Tree| !matches!(tree, Tree::Absent);
        let was_there = known.tree.as_ref().is_some_and(is_something);
        let is_there = is_something(&tree);
        // What kinds of things are artifacts depends on their place: a file in the place of a directory may be none, and
        // so may a link that leads where we may not look.
        let is_other = was_there != is_there || known.tree.as_ref().map(kind_of) != Some(kind_of(&tree));
        let newly_known = known.tree.is_none();
        let metadata = metadata.map(Arc::new);
        let same = known.tree.as_ref() == Some(&tree);
        let same_metadata = metadata.is_none() || known.metadata == metadata;
        if same && same_metadata {
            return;
        }
        known.tree = Some(tree.clone());
        if metadata.is_some() || !matches!(tree, Tree::Present(_)) {
            known.metadata = metadata;
        }
        let path = known.path.to_path_buf();
        let touched = touched.unwrap_or_else(|| path.clone());
        if !same && let Some(owner) = self.tree_owner(root) {
            self.pending.change(Change::Tree { path, owner, tree, names });
        }
        // Listings, `added` and untracked artifacts depend on what is there.
        let is_news = if newly_known { !is_there && self.is_unrecorded(root, slot) } else { is_other };
        if is_news {
            self.mark_owner(root, ended, now);
        }
        match root {
            Root::Project(project) => {
                let cause = cause(CauseKind::Project, Some(&touched));
                self.reclassify(project, |item| item.tree == slot, &cause, now);
            }
            Root::Collection(collection) => {
                self.original_changed(collection, slot, &touched, now);
                if was_there != is_there {
                    self.pending.added.extend(self.users.get(&collection).into_iter().flatten());
                }
            }
            Root::Home => {}
        }
    }

    /// Has what the next start can spare itself to list stored beside what is known.
    fn apply_names(&mut self, slot: TreeSlot, root: Root, names: Option<Names>) {
        let (Some(tree), Some(_), Some(owner)) = (self.trees.get(&slot), &names, self.tree_owner(root)) else { return };
        let Some(known) = tree.tree.clone() else { return };
        let path = tree.path.to_path_buf();
        self.pending.change(Change::Tree { path, owner, tree: known, names });
    }

    fn apply_metadata(&mut self, slot: TreeSlot, root: Root, metadata: Option<Metadata>, now: Now) {
        let touched = self.pending.take_cause(slot);
        let Some(tree) = self.trees.get_mut(&slot) else { return };
        let Some(metadata) = metadata.map(Arc::new).filter(|m| tree.metadata.as_ref() != Some(m)) else { return };
        tree.metadata = Some(metadata);
        let touched = touched.unwrap_or_else(|| tree.path.to_path_buf());
        if let Root::Collection(collection) = root {
            self.original_changed(collection, slot, &touched, now);
        }
    }

    /// Shows an artifact of a collection anew, and classifies what was deployed from it.
    fn original_changed(&mut self, collection: CollectionSlot, slot: TreeSlot, touched: &Path, now: Now) {
        let cause = cause(CauseKind::Collection, Some(touched));
        let Some(key) = self.refresh_artifact(collection, slot) else { return };
        let dependents = self.dependents.get(&(collection, key.clone())).cloned().unwrap_or_default();
        for project in dependents {
            let concerned =
                |item: &super::items::Item| item.key == key && item.source == Source::Collection(collection);
            self.reclassify(project, concerned, &cause, now);
        }
    }

    /// Makes the view of an artifact again after its files changed; gives its key.
    fn refresh_artifact(
        &mut self,
        collection: CollectionSlot,
        slot: TreeSlot,
    ) -> Option<skillmeat_protocol::ids::ArtifactKey> {
        let known = self.collections.get(&collection)?;
        let at = known.artifacts.iter().position(|(_, tree)| *tree == Some(slot))?;
        let (old, _) = known.artifacts.get(at)?;
        // From the manifest's own entry: completing a completed one would keep values that the files no longer have.
        let entry = known.scan.as_ref()?.entries.iter().find(|e| e.key == old.entry.key)?;
        let view = self.artifact_view(entry, Some(slot), old.locked);
        let key = view.entry.key.clone();
        if let Some(place) = self.collections.get_mut(&collection).and_then(|c| c.artifacts.get_mut(at)) {
            place.0 = Arc::new(view);
        }
        self.pending.collection(collection);
        Some(key)
    }

    /// Whether an artifact is known only because a listing found it.
    fn is_unrecorded(&self, root: Root, slot: TreeSlot) -> bool {
        match root {
            Root::Home => false,
            Root::Collection(collection) => self.collections.get(&collection).is_some_and(|collection| {
                collection.artifacts.iter().any(|(view, tree)| *tree == Some(slot) && !view.entry.in_manifest)
            }),
            Root::Project(project) => self
                .projects
                .get(&project)
                .is_some_and(|project| project.items.iter().any(|item| item.tree == slot && item.record.is_none())),
        }
    }

    fn tree_owner(&self, root: Root) -> Option<TreeOwner> {
        match root {
            Root::Home => None,
            Root::Collection(slot) => Some(TreeOwner::Collection(self.collections.get(&slot)?.id.to_string())),
            Root::Project(slot) => Some(TreeOwner::Project(self.projects.get(&slot)?.registered.path.clone())),
        }
    }
}

fn kind_of(tree: &Tree) -> Option<TreeKind> {
    match tree {
        Tree::Present(info) => Some(info.kind),
        _ => None,
    }
}
