//! From a touched path to what must be looked at.
//!
//! Two things make this more than a lookup. A directory that is moved, or put in the place of another, takes along what
//! lies in it without any event there. And a look watches directories, and targets of links, that have no route before its
//! result is taken in, so what is heard meanwhile is kept until then.

use super::event::{Now, Touch};
use super::routes::Reach;
use super::state::State;
use super::unit::{Root, TreeSlot, Unit};
use super::work::{Mark, Seq};
use crate::library::ignore::is_ignored;
use crate::model::Tree;
use crate::scan::{Look, Urgency};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Touches of one turn that are remembered: a program that rewrites a file without an end touches two or three paths.
const REMEMBERED: usize = 4;

/// The last touches of a turn, with nothing else between them.
#[derive(Debug, Default)]
pub(super) struct Repetitions(Vec<Touch>);

impl Repetitions {
    /// Whether an earlier touch has had the same consequences already: what it marked is due, and is not looked at before
    /// the turn ends.
    fn has(&mut self, touch: &Touch) -> bool {
        if let Some(earlier) = self.0.iter_mut().find(|earlier| earlier.path == touch.path) {
            let known = earlier.hint >= touch.hint;
            earlier.hint = earlier.hint.max(touch.hint);
            return known;
        }
        if self.0.len() == REMEMBERED {
            self.0.remove(0);
        }
        self.0.push(touch.clone());
        false
    }

    /// Something else happened, or the turn ended.
    pub(super) fn end(&mut self) {
        self.0.clear();
    }
}

impl State {
    pub(super) fn touched(&mut self, touch: &Touch, now: Now) {
        if self.repetitions.has(touch) {
            return;
        }
        self.seq.0 += 1;
        if self.looks > 0 && !self.heard.contains(&touch.path) {
            self.heard.insert(touch.path.clone());
        }
        let hits = self.routes.hits(&touch.path);
        // A file that is an artifact by itself changes nothing in its directory's listing; should it come or go, or
        // become a directory, the look at it says so.
        let known: Vec<Root> = hits
            .iter()
            .filter(|hit| hit.depth == 0 && hit.reach == Reach::Inside)
            .filter(|hit| matches!(hit.unit, Unit::Tree(slot) if self.is_present(slot)))
            .filter_map(|hit| self.root_of(hit.unit))
            .collect();
        for hit in hits {
            let Some(root) = self.root_of(hit.unit) else { continue };
            let only_listed = hit.reach != Reach::Inside && hit.depth > 0;
            let temporary = hit.reach == Reach::Listing && self.is_editor_file(hit.unit, &touch.path);
            if only_listed && (known.contains(&root) || temporary) {
                continue;
            }
            self.mark(hit.unit, root, Look::Read, touch.hint, Urgency::Now, now);
            match hit.unit {
                Unit::Tree(slot) => self.pending.cause(slot, &touch.path),
                _ => {
                    let mark = Mark { hint: touch.hint, ..Mark::at_once(self.seq, Look::Verify) };
                    self.mark_trees_below(&touch.path, root, mark, now);
                }
            }
        }
    }

    /// A directory that is moved, or put in the place of another, takes along what lies in it without any event there.
    fn mark_trees_below(&mut self, dir: &Path, root: Root, mark: Mark, now: Now) {
        for slot in self.trees_of(root, |path| path.starts_with(dir) && *path != *dir) {
            self.work.mark(Unit::Tree(slot), root, mark, now.mono);
        }
    }

    /// Replaces the routes of a unit, and has it looked at again if something happened in a directory that its look
    /// watched before there was a route to it.
    pub(super) fn reroute(
        &mut self,
        unit: Unit,
        root: Root,
        old: &[(Arc<Path>, Reach)],
        new: &[(Arc<Path>, Reach)],
        since: Seq,
        now: Now,
    ) {
        for (path, reach) in old {
            self.routes.remove(path, unit, *reach);
        }
        for (path, reach) in new {
            self.routes.add(path, unit, *reach);
        }
        if self.heard.is_empty() {
            return;
        }
        let old: HashSet<&(Arc<Path>, Reach)> = old.iter().collect();
        let fresh: HashSet<&Path> = new.iter().filter(|route| !old.contains(route)).map(|(path, _)| &**path).collect();
        let is_fresh = |path: &Path| fresh.contains(path);
        let is_missed = |path: &&PathBuf| is_fresh(path) || path.parent().is_some_and(is_fresh);
        let missed: Vec<PathBuf> = self.heard.iter().filter(is_missed).cloned().collect();
        if !missed.is_empty() {
            self.work.mark(unit, root, Mark::at_once(since, Look::Read), now.mono);
        }
        for path in missed {
            self.mark_trees_below(&path, root, Mark::at_once(since, Look::Verify), now);
        }
    }

    /// Whether something happened at, above or below one of these, since a look under way may have begun to watch them.
    pub(super) fn was_heard_around(&self, fresh: &[Arc<Path>]) -> bool {
        self.heard.iter().any(|path| fresh.iter().any(|place| path.starts_with(place) || place.starts_with(path)))
    }

    /// A look ended and was taken in.
    pub(super) fn look_ended(&mut self) {
        self.looks -= 1;
        if self.looks == 0 {
            self.heard.clear();
            self.unwatch_left();
        }
    }

    /// The trees of a root whose path is one of these.
    pub(super) fn trees_of(&self, root: Root, which: impl Fn(&Path) -> bool) -> Vec<TreeSlot> {
        let slots: Vec<TreeSlot> = match root {
            Root::Home => Vec::new(),
            Root::Collection(slot) => {
                let artifacts = self.collections.get(&slot).map(|c| c.artifacts.iter().filter_map(|(_, tree)| *tree));
                artifacts.map(Iterator::collect).unwrap_or_default()
            }
            Root::Project(slot) => {
                self.projects.get(&slot).map(|p| p.trees.values().copied().collect()).unwrap_or_default()
            }
        };
        slots.into_iter().filter(|slot| self.trees.get(slot).is_some_and(|tree| which(&tree.path))).collect()
    }

    fn is_present(&self, slot: TreeSlot) -> bool {
        self.trees.get(&slot).is_some_and(|t| matches!(t.tree, Some(Tree::Present(_))))
    }

    /// Temporaries beside artifacts come and go with every save and are no artifacts. A collection may be called so, and
    /// a profile root (`.github`).
    fn is_editor_file(&self, unit: Unit, path: &Path) -> bool {
        unit != Unit::Home && path.file_name().is_some_and(is_ignored)
    }
}
