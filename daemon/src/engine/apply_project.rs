//! Takes in a look at a project: its records, and which files are to be looked at.
//!
//! A project whose root is gone keeps its last known answer and is called missing. Coming back, everything in it is
//! compared again: no event spoke for it meanwhile.

use super::event::Now;
use super::items::cause;
use super::routes::{Reach, of_listing};
use super::state::{Presence, State};
use super::unit::{ProjectSlot, Root, TreeSlot, Unit};
use super::work::{Mark, Running};
use crate::model::{ProjectScan, Record, Tree};
use crate::scan::{Look, Urgency};
use skillmeat_protocol::event::CauseKind;
use skillmeat_protocol::ids::ArtifactType;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

impl State {
    pub(super) fn apply_project(&mut self, slot: ProjectSlot, mut scan: ProjectScan, ended: &Running, now: Now) {
        let Some(project) = self.projects.get_mut(&slot) else { return };
        let problems = std::mem::take(&mut scan.problems);
        if *project.problems != *problems {
            project.problems = problems.into();
            self.pending.project(slot);
        }
        let presence = if scan.present { Presence::Present } else { Presence::Missing };
        let before = std::mem::replace(&mut project.presence, presence);
        if before != presence {
            self.pending.project(slot);
            self.pending.moved(slot);
        }
        if presence == Presence::Missing {
            self.missing.insert(slot);
            self.route_project(slot, &scan, ended, now);
            return;
        }
        self.missing.remove(&slot);
        if before == Presence::Missing {
            // Also when its listing is what it was: the routes below the root went with it.
            self.route_project(slot, &scan, ended, now);
            self.compare_trees(slot, ended, now);
        }
        let Some(project) = self.projects.get_mut(&slot) else { return };
        if let Some(before) = &project.scan {
            keep_unread(before, &mut scan);
        }
        if let Some(before) = project.scan.as_deref().filter(|before| before.is_same_but_stamps(&scan)) {
            if before.stamps != scan.stamps {
                // Its records are shared by what is shown.
                project.scan = Some(Arc::new(ProjectScan { stamps: scan.stamps, ..before.clone() }));
                self.pending.scans.insert(slot);
            }
            return;
        }
        let scan = Arc::new(scan);
        project.scan = Some(Arc::clone(&scan));
        self.route_project(slot, &scan, ended, now);
        self.rebuild_trees(slot, &scan, ended, now);
        self.pending.project_scan(slot);
        let root = scan.directories.get(1).or(scan.directories.first());
        let cause = cause(CauseKind::Record, root.map(|d| d.join(".skillmeat-deployed.toml")).as_deref());
        self.relist(slot, &cause, now);
    }

    /// A project is what was known when it was looked at.
    pub(super) fn apply_unchanged(&mut self, slot: ProjectSlot, ended: &Running, now: Now) {
        if self.projects.get(&slot).is_some_and(|project| project.scan.is_none()) {
            // It was read from a cache that turned out to be damaged.
            self.mark_owner(Root::Project(slot), ended, now);
        }
    }

    pub(super) fn route_project(&mut self, slot: ProjectSlot, scan: &ProjectScan, ended: &Running, now: Now) {
        let Some(project) = self.projects.get_mut(&slot) else { return };
        let root = Arc::clone(&project.root);
        let mut routed = vec![(Arc::clone(&root), Reach::Dotted)];
        // The first directory is the root. It is listed again when it is itself a profile root, or a link leads to it.
        routed.extend(of_listing(scan.directories.iter().skip(1), &scan.ancestors));
        // A missing project has nothing below its root, but the ways up must stay.
        let old = std::mem::replace(&mut project.routed, routed.clone());
        self.reroute(Unit::Project(slot), Root::Project(slot), &old, &routed, ended.since, now);
    }

    pub(super) fn rebuild_trees(&mut self, slot: ProjectSlot, scan: &ProjectScan, ended: &Running, now: Now) {
        let Some(project) = self.projects.get_mut(&slot) else { return };
        let guards = Guards::new(&project.root, scan);
        let mut before = std::mem::take(&mut project.trees);
        let mut trees: HashMap<Arc<Path>, TreeSlot> = HashMap::with_capacity(before.len());
        let recorded = scan.records.iter().map(|r| (&r.path, r.key.kind));
        let wanted = recorded.chain(scan.on_disk.iter().map(|d| (&d.path, d.key.kind)));
        for (path, kind) in wanted {
            if trees.contains_key(path) {
                continue;
            }
            let kept = before.remove_entry(path);
            let (path, tree) = match kept {
                Some((path, tree)) if self.trees.get(&tree).is_some_and(|t| t.kind == kind) => {
                    self.guard_tree(tree, guards.of(&path), ended, now);
                    (path, tree)
                }
                other => {
                    if let Some((_, old)) = other {
                        self.drop_tree(old, now);
                    }
                    let tree = self.new_tree(Root::Project(slot), path, &guards.of(path), kind, ended.since, now);
                    (Arc::clone(path), tree)
                }
            };
            trees.insert(path, tree);
        }
        for (_, tree) in before {
            self.drop_tree(tree, now);
        }
        if let Some(project) = self.projects.get_mut(&slot) {
            project.trees = trees;
        }
    }

    /// A tree whose profile root is another now, or none, is looked at again: the former says nothing of it.
    fn guard_tree(&mut self, slot: TreeSlot, guard: Arc<Path>, ended: &Running, now: Now) {
        let Some(tree) = self.trees.get(&slot).filter(|tree| tree.guard != guard) else { return };
        let root = tree.root;
        self.reroute_tree(slot, |tree| tree.guard = guard);
        let mark = Mark::at_once(ended.since, Look::Verify);
        self.work.mark(Unit::Tree(slot), root, mark, now.mono);
    }

    fn compare_trees(&mut self, slot: ProjectSlot, ended: &Running, now: Now) {
        let trees: Vec<_> = self.projects.get(&slot).into_iter().flat_map(|p| p.trees.values().copied()).collect();
        let mark = Mark::at_once(ended.since, Look::Verify);
        for tree in trees {
            self.work.mark(Unit::Tree(tree), Root::Project(slot), mark, now.mono);
        }
    }

    /// A new unit for the files at `path`; it is looked at on behalf of whatever made it known.
    pub(super) fn new_tree(
        &mut self,
        root: Root,
        path: &Arc<Path>,
        guard: &Arc<Path>,
        kind: ArtifactType,
        since: super::work::Seq,
        now: Now,
    ) -> TreeSlot {
        let slot = TreeSlot(self.new_slot());
        let (tree, names) = self.remembered.remove(&**path).unzip();
        let path = Arc::clone(path);
        let linked: Vec<Arc<Path>> = match &tree {
            Some(Tree::Present(info)) => info.linked.iter().map(|path| path.as_path().into()).collect(),
            _ => Vec::new(),
        };
        let guard = Arc::clone(guard);
        let state = super::state::TreeState { root, path, guard, kind, tree, metadata: None, linked };
        self.routes.add_tree(slot, &state);
        self.trees.insert(slot, state);
        self.names.extend(names.flatten().map(|names| (slot, names)));
        let urgency = if self.verified { Urgency::Now } else { Urgency::WhenIdle };
        let mark = Mark { urgency, ..Mark::at_once(since, Look::Verify) };
        self.work.mark(Unit::Tree(slot), root, mark, now.mono);
        slot
    }

    pub(super) fn drop_tree(&mut self, slot: TreeSlot, now: Now) {
        let Some(tree) = self.trees.remove(&slot) else { return };
        self.names.remove(&slot);
        let unit = Unit::Tree(slot);
        self.routes.remove_tree(slot, &tree);
        if let Some(since) = self.work.forget(unit)
            && self.root_of(tree.root.unit()).is_some()
        {
            // What touched an artifact was left to the look at its files to answer; nobody has answered yet.
            let mark = Mark::at_once(since, Look::Read);
            self.work.mark(tree.root.unit(), tree.root, mark, now.mono);
        }
        self.pending.take_cause(slot);
        self.note_unwatched(unit, tree.root, None);
        self.pending.tree_gone(&tree.path);
    }
}

/// Where records cannot be read, those known before stay, marked as unreadable: an artifact that vanished from the answer
/// would look as if nobody had deployed it.
fn keep_unread(before: &ProjectScan, scan: &mut ProjectScan) {
    for unread in &scan.unread {
        for record in before.records.iter().filter(|r| r.profile == unread.profile) {
            let flaw = Some(unread.reason.clone());
            scan.records.push(Arc::new(Record { flaw, ..(**record).clone() }));
        }
    }
}

/// The profile root that an artifact lies in, else the project: without it, the project is missing rather than the artifact
/// deleted. Each is one allocation, however many artifacts it guards.
struct Guards {
    root: Arc<Path>,
    /// Listed directories, the root left out; the outermost first. They are the profile roots and what lies below those.
    listed: Vec<Arc<Path>>,
}

impl Guards {
    fn new(root: &Arc<Path>, scan: &ProjectScan) -> Self {
        let mut listed: Vec<Arc<Path>> = scan.directories.iter().skip(1).map(|dir| dir.as_path().into()).collect();
        listed.sort_by_key(|dir| dir.as_os_str().len());
        Self { root: Arc::clone(root), listed }
    }

    fn of(&self, path: &Path) -> Arc<Path> {
        let guard = self.listed.iter().find(|dir| path.starts_with(dir));
        Arc::clone(guard.unwrap_or(&self.root))
    }
}
