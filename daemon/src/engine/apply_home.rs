//! Takes in a look at the home: settings, and which collections there are.
//!
//! A collection keeps its UUID when its directory is renamed (same device, inode and birth time), and when a directory
//! of the same path is put in its place (a fresh clone, a restore) while the old one is nowhere. Its former names stay
//! resolvable, because deployment records hold names.

use super::event::{Effect, Now};
use super::items::{Source, cause};
use super::pending::OldView;
use super::routes::of_listing;
use super::state::{Collection, Project, State};
use super::unit::{CollectionSlot, Root, Unit};
use super::work::Running;
use crate::library::registry::CollectionEntry;
use crate::scan::Look;
use crate::scan::home::{DirectoryId, FoundCollection, HomeScan};
use skillmeat_protocol::event::CauseKind;
use std::sync::Arc;

impl State {
    pub(super) fn apply_home(&mut self, scan: HomeScan, ended: &Running, now: Now) {
        let first = !std::mem::replace(&mut self.home_known, true);
        self.route_home(&scan, ended, now);
        if first || self.home_problems != scan.problems {
            self.home_problems = scan.problems;
            self.pending.home();
        }
        let default_changed = scan.config.default_collection != self.config.default_collection;
        if first || *self.config != scan.config {
            self.config = Arc::new(scan.config);
            self.pending.home();
            self.effects.push(Effect::Configure(Arc::clone(&self.config)));
        }
        let changed = self.match_collections(&scan.collections, ended, now);
        let renamed = changed || default_changed;
        if first || renamed {
            self.pending.home();
            // A name may now mean another collection, in any project; or that it means none is certain only now.
            let awaits = |project: &Project| project.items.iter().any(|i| matches!(i.source, Source::Unknown(_)));
            let concerned = self.projects.iter().filter(|(_, project)| renamed || awaits(project));
            let cause = cause(CauseKind::Collection, Some(&self.settings.home.join("collections")));
            for slot in concerned.map(|(slot, _)| *slot).collect::<Vec<_>>() {
                self.relist(slot, &cause, now);
            }
        }
    }

    fn route_home(&mut self, scan: &HomeScan, ended: &Running, now: Now) {
        let routed: Vec<_> = of_listing(&scan.directories, &scan.ancestors).collect();
        let old = std::mem::replace(&mut self.home_routed, routed.clone());
        self.reroute(Unit::Home, Root::Home, &old, &routed, ended.since, now);
    }

    /// Brings the known collections in line with the directories found; says whether any name or place changed.
    fn match_collections(&mut self, found: &[FoundCollection], ended: &Running, now: Now) -> bool {
        let mut identities_changed = false;
        let mut present = Vec::new();
        for directory in found {
            let (identity, changed) = self.identify(directory, found);
            identities_changed |= changed;
            present.push(identity);
        }
        let gone: Vec<CollectionSlot> = self
            .collections
            .iter()
            .filter(|(_, c)| !present.iter().any(|i| i.id == c.identity.id && i.path == c.identity.path))
            .map(|(slot, _)| *slot)
            .collect();
        let mut changed = !gone.is_empty();
        for slot in gone {
            self.drop_collection(slot, now);
        }
        let mut replaced = Vec::new();
        for identity in present {
            match self.collections.iter_mut().find(|(_, c)| c.identity.id == identity.id) {
                Some((slot, known)) if known.identity != identity => {
                    if directory_of(&known.identity) != directory_of(&identity) {
                        replaced.push(*slot);
                    }
                    known.name = identity.name.as_str().into();
                    known.identity = identity;
                    changed = true;
                }
                Some(_) => {}
                None => {
                    self.add_collection(identity, ended, now);
                    changed = true;
                }
            }
        }
        for slot in replaced {
            // Another directory in the same place: no event spoke for what lies in it.
            self.verify_root(Root::Collection(slot), ended.since, now);
        }
        if identities_changed {
            self.effects.push(Effect::SaveCollections(self.identities.clone()));
        }
        changed
    }

    /// The identity of a directory, and whether the list of identities changed by it.
    fn identify(&mut self, directory: &FoundCollection, found: &[FoundCollection]) -> (CollectionEntry, bool) {
        let is_here = |i: &CollectionEntry| directory_of(i) == directory.directory;
        let is_elsewhere = |i: &CollectionEntry| found.iter().any(|f| f.directory == directory_of(i));
        let replaced = |i: &CollectionEntry| i.path == directory.path && !is_elsewhere(i);
        let at = self.identities.iter().position(is_here).or_else(|| self.identities.iter().position(replaced));
        let Some(identity) = at.and_then(|at| self.identities.get_mut(at)) else {
            let identity = CollectionEntry {
                id: directory.fresh_id,
                name: directory.name.clone(),
                path: directory.path.clone(),
                device: directory.directory.device,
                inode: directory.directory.inode,
                created_ns: directory.directory.created_ns,
                former_names: Vec::new(),
            };
            self.identities.push(identity.clone());
            return (identity, true);
        };
        let before = identity.clone();
        if identity.name != directory.name {
            let former = std::mem::replace(&mut identity.name, directory.name.clone());
            identity.former_names.retain(|name| *name != former && *name != directory.name);
            identity.former_names.push(former);
        }
        identity.path.clone_from(&directory.path);
        identity.device = directory.directory.device;
        identity.inode = directory.directory.inode;
        identity.created_ns = directory.directory.created_ns;
        (identity.clone(), *identity != before)
    }

    pub(super) fn add_collection(&mut self, identity: CollectionEntry, ended: &Running, now: Now) -> CollectionSlot {
        let slot = self.insert_collection(identity);
        let mark = super::work::Mark::at_once(ended.since, Look::Verify);
        self.work.mark(Unit::Collection(slot), Root::Collection(slot), mark, now.mono);
        slot
    }

    pub(super) fn insert_collection(&mut self, identity: CollectionEntry) -> CollectionSlot {
        let slot = CollectionSlot(self.new_slot());
        let collection = Collection {
            id: identity.id.to_string().into(),
            name: identity.name.as_str().into(),
            root: identity.path.as_path().into(),
            identity,
            scan: None,
            artifacts: Vec::new(),
            routed: Vec::new(),
        };
        self.collections.insert(slot, collection);
        self.pending.collection(slot);
        slot
    }

    fn drop_collection(&mut self, slot: CollectionSlot, now: Now) {
        let Some(collection) = self.collections.remove(&slot) else { return };
        let unit = Unit::Collection(slot);
        for (path, reach) in &collection.routed {
            self.routes.remove(path, unit, *reach);
        }
        for tree in collection.artifacts.iter().filter_map(|(_, tree)| *tree) {
            self.drop_tree(tree, now);
        }
        self.work.forget(unit);
        self.unwatched.remove(&Root::Collection(slot));
        self.users.remove(&slot);
        self.unwatch(&collection.root);
        self.pending.gone(OldView::Collection(collection.id.to_string()));
    }
}

fn directory_of(identity: &CollectionEntry) -> DirectoryId {
    DirectoryId { device: identity.device, inode: identity.inode, created_ns: identity.created_ns }
}
