//! What requests ask of the state.

use super::event::{Command, Effect, Now, Response, WaiterId};
use super::items::originals;
use super::pending::OldView;
use super::state::{Presence, Project, State};
use super::unit::{ProjectSlot, Root, Unit};
use crate::library::registry::ProjectEntry;
use crate::scan::{Look, Urgency};
use crate::watch::Hint;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::event::{Cause, CauseKind};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl State {
    pub(super) fn command(&mut self, command: Command, waiter: WaiterId, now: Now) {
        match command {
            Command::Sync { scope, until, deadline } => self.barrier.enter(waiter, (scope, until), now.mono, deadline),
            Command::AddProject { path } => {
                if self.projects_by_path.contains_key(path.as_path()) {
                    let error = WireError::new(ErrorCode::AlreadyExists, "this project is already registered");
                    return self.refuse(waiter, error.path(path.display().to_string()));
                }
                let registered = ProjectEntry { path, added: Some(now.wall) };
                let Some(slot) = self.insert_project(registered) else {
                    let error = WireError::new(ErrorCode::BadPath, "a project's path must be valid UTF-8");
                    return self.refuse(waiter, error.hint("rename the directory"));
                };
                self.pending.unintroduced.insert(slot);
                self.seq.0 += 1;
                let root = Root::Project(slot);
                self.mark(Unit::Project(slot), root, Look::Read, Hint::Finished, Urgency::Now, now);
                self.save_projects(Some(waiter));
            }
            Command::RemoveProject { path } => {
                let Some(slot) = self.projects_by_path.get(path.as_path()).copied() else {
                    let error = WireError::new(ErrorCode::NotFound, "no project is registered at this path");
                    let error = error.path(path.display().to_string()).hint("`skillmeat project list` shows them");
                    return self.refuse(waiter, error);
                };
                self.drop_project(slot, now);
                self.save_projects(Some(waiter));
            }
            Command::Subscribe { since } => {
                let backlog = since.and_then(|clock| self.backlog(clock));
                self.effects.push(Effect::Answer(waiter, Response::Subscribed { backlog }));
            }
        }
    }

    /// On the way from the old state of a project to the new one, an operation passes states that concern nobody.
    pub(super) fn operation_began(&mut self, projects: &[PathBuf]) {
        for slot in self.slots_of(projects) {
            self.announcer.hold(slot);
        }
    }

    pub(super) fn operation_ended(&mut self, projects: &[PathBuf], number: Option<u64>, now: Now) {
        let cause = number.map(|number| Cause { kind: CauseKind::Operation, path: None, operation: Some(number) });
        for slot in self.slots_of(projects) {
            self.announcer.release(slot, cause.as_ref(), now.mono);
        }
    }

    fn slots_of(&self, projects: &[PathBuf]) -> Vec<ProjectSlot> {
        projects.iter().filter_map(|path| self.projects_by_path.get(path.as_path()).copied()).collect()
    }

    fn refuse(&mut self, waiter: WaiterId, error: WireError) {
        self.effects.push(Effect::Answer(waiter, Response::Done(Err(error))));
    }

    fn save_projects(&mut self, waiter: Option<WaiterId>) {
        let mut projects: Vec<_> = self.projects.values().map(|p| p.registered.clone()).collect();
        projects.sort_by(|a, b| a.path.cmp(&b.path));
        self.effects.push(Effect::SaveProjects(projects, waiter));
    }

    /// Adds a project without looking at it; none when its path is not UTF-8.
    pub(super) fn insert_project(&mut self, registered: ProjectEntry) -> Option<ProjectSlot> {
        let path: Arc<str> = registered.path.to_str()?.into();
        let root: Arc<Path> = registered.path.as_path().into();
        let slot = ProjectSlot(self.new_slot());
        self.projects_by_path.insert(Arc::clone(&root), slot);
        let project = Project {
            registered,
            root,
            path,
            scan: None,
            presence: Presence::Unknown,
            problems: Arc::default(),
            items: Vec::new(),
            added: Arc::default(),
            uses: BTreeSet::new(),
            trees: HashMap::new(),
            routed: Vec::new(),
            view: None,
        };
        self.projects.insert(slot, project);
        self.pending.project(slot);
        Some(slot)
    }

    /// Stops watching below `root` as soon as nothing is being looked at: a look may have begun to rely on these watches
    /// for what has no route before it is taken in.
    pub(super) fn unwatch(&mut self, root: &Path) {
        self.left.push(root.to_owned());
        if self.looks == 0 {
            self.unwatch_left();
        }
    }

    /// Stops watching below the roots that were left, unless anybody else listens there: somebody may register the user's
    /// home, which holds collections and other projects.
    pub(super) fn unwatch_left(&mut self) {
        for root in std::mem::take(&mut self.left) {
            // A root that was not looked at yet has no routes.
            let mut roots = self.projects.values().map(|p| &p.root).chain(self.collections.values().map(|c| &c.root));
            if !roots.any(|other| other.starts_with(&root)) && !self.routes.any_below(&root) {
                self.effects.push(Effect::Unwatch(root));
            }
        }
    }

    fn drop_project(&mut self, slot: ProjectSlot, now: Now) {
        let Some(project) = self.projects.remove(&slot) else { return };
        let unit = Unit::Project(slot);
        self.projects_by_path.remove(&project.root);
        for (path, reach) in &project.routed {
            self.routes.remove(path, unit, *reach);
        }
        for tree in project.trees.values() {
            self.drop_tree(*tree, now);
        }
        for original in originals(&project.items) {
            if let Some(projects) = self.dependents.get_mut(&original) {
                projects.remove(&slot);
            }
        }
        self.dependents.retain(|_, projects| !projects.is_empty());
        for users in self.users.values_mut() {
            users.remove(&slot);
        }
        self.work.forget(unit);
        self.announcer.forget(slot);
        self.trials.forget(slot);
        self.unwatched.remove(&Root::Project(slot));
        self.missing.remove(&slot);
        self.pending.unintroduced.remove(&slot);
        self.unwatch(&project.root);
        self.pending.gone(OldView::Project(project.path));
    }
}
