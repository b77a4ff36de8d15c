//! From records and listings to classified items.
//!
//! A project's items are rebuilt when its records or listing change, or when what its collections list changes; they
//! are only classified again when files change. `added` is what the collections that its records name have and the
//! project has not; it refers to the collection's view, so that a change there costs nothing here.

use super::marked;
use super::snapshot::{AddedView, CollectionRef, ItemView};
use super::state::{Project, State};
use super::unit::{CollectionSlot, ProjectSlot, TreeSlot};
use crate::drift::verdict::Versions;
use crate::drift::{Baseline, Verdict, classify, compare};
use crate::model::{Record, Timestamp, Tip, Tree};
use skillmeat_protocol::drift::{DriftState, Recommendation};
use skillmeat_protocol::event::{Cause, CauseKind};
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// One item of a project.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) key: ArtifactKey,
    pub(super) profile: Arc<str>,
    pub(super) record: Option<Arc<Record>>,
    pub(super) tree: TreeSlot,
    pub(super) source: Source,
    /// None until both sides were read.
    pub(super) view: Option<Arc<ItemView>>,
}

/// Where an item came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A collection that is here.
    Collection(CollectionSlot),
    /// A collection that is not.
    Unknown(Arc<str>),
    /// No collection has it.
    Nowhere,
}

/// One side that decides an item, with what a person should know about it.
pub(super) struct SideFound<'a> {
    pub(super) tree: &'a Tree,
    pub(super) note: Option<String>,
}

/// An artifact of a collection.
pub(super) type Original = (CollectionSlot, ArtifactKey);

static ABSENT: Tree = Tree::Absent;

impl State {
    /// Rebuilds the items of a project from its last look.
    pub(super) fn relist(&mut self, slot: ProjectSlot, cause: &Cause, now: super::Now) {
        let Some(scan) = self.projects.get(&slot).and_then(|p| p.scan.clone()) else { return };
        let uses: BTreeSet<CollectionSlot> =
            scan.records.iter().filter_map(|r| self.collection_named(self.origin_name(r))).collect();
        let mut items = Vec::with_capacity(scan.records.len() + scan.on_disk.len());
        for record in &scan.records {
            let name = self.origin_name(record);
            let source = self.collection_named(name).map_or_else(|| Source::Unknown(name.into()), Source::Collection);
            let (key, profile) = (record.key.clone(), Arc::clone(&record.profile));
            items.push((key, profile, Some(Arc::clone(record)), &record.path, source));
        }
        let by_name = self.by_name(&uses);
        for found in &scan.on_disk {
            let owner = by_name.iter().find(|c| self.lists(**c, &found.key)).copied();
            let source = owner.map_or(Source::Nowhere, Source::Collection);
            items.push((found.key.clone(), Arc::clone(&found.profile), None, &found.path, source));
        }
        let Some(project) = self.projects.get_mut(&slot) else { return };
        let old_originals = originals(&project.items);
        let mut before: HashMap<(ArtifactKey, Arc<str>), Item> =
            project.items.drain(..).map(|item| ((item.key.clone(), Arc::clone(&item.profile)), item)).collect();
        let mut list = Vec::with_capacity(items.len());
        for (key, profile, record, path, source) in items {
            let Some(tree) = project.trees.get(path).copied() else { continue };
            // The last known view stays until both sides are read again.
            let view = before.remove(&(key.clone(), Arc::clone(&profile))).and_then(|item| item.view);
            list.push(Item { key, profile, record, tree, source, view });
        }
        list.sort_by(|a, b| (&a.key, &a.profile).cmp(&(&b.key, &b.profile)));
        project.items = list;
        let old_uses = std::mem::replace(&mut project.uses, uses);
        self.index(slot, &old_originals, &old_uses);
        for (_, item) in before {
            if let Some(view) = item.view {
                self.item_changed(slot, item.key, item.profile, Some(view), None, cause, now);
            }
        }
        self.list_added(slot);
        self.reclassify(slot, |_| true, cause, now);
        self.pending.project(slot);
    }

    /// Name of the collection that a record came from; old records that name none came from the default one.
    fn origin_name<'a>(&'a self, record: &'a Record) -> &'a str {
        record.from_collection.as_deref().unwrap_or(&self.config.default_collection)
    }

    /// The collection of this name, or that had it before.
    pub(super) fn collection_named(&self, name: &str) -> Option<CollectionSlot> {
        // Two collections may have a name in common; which one is meant must not depend on when each was found.
        let by = |pred: &dyn Fn(&super::state::Collection) -> bool| {
            let meant = self.collections.iter().filter(|(_, c)| pred(c)).min_by_key(|(_, c)| &c.identity.path);
            meant.map(|(slot, _)| *slot)
        };
        by(&|c| c.identity.name == name)
            .or_else(|| by(&|c| c.identity.former_names.iter().any(|former| former == name)))
            .or_else(|| by(&|c| *c.id == *name))
    }

    /// Collections in an order that does not depend on when each was found.
    fn by_name(&self, slots: &BTreeSet<CollectionSlot>) -> Vec<CollectionSlot> {
        let known = slots.iter().filter_map(|slot| Some((self.collections.get(slot)?, *slot)));
        let mut known: Vec<_> = known.map(|(c, slot)| (&c.identity.name, &c.identity.path, slot)).collect();
        known.sort_unstable();
        known.into_iter().map(|(_, _, slot)| slot).collect()
    }

    fn lists(&self, collection: CollectionSlot, key: &ArtifactKey) -> bool {
        let artifact = self.collections.get(&collection).and_then(|c| c.find(key));
        artifact.is_some_and(|(view, _)| view.entry.in_manifest)
    }

    /// Keeps the index from artifacts to projects in step with a project's items.
    fn index(&mut self, slot: ProjectSlot, old: &HashSet<Original>, old_uses: &BTreeSet<CollectionSlot>) {
        let Some(project) = self.projects.get(&slot) else { return };
        let wanted = originals(&project.items);
        for original in old.difference(&wanted) {
            if let Some(projects) = self.dependents.get_mut(original) {
                projects.remove(&slot);
                if projects.is_empty() {
                    self.dependents.remove(original);
                }
            }
        }
        for original in wanted.difference(old) {
            self.dependents.entry(original.clone()).or_default().insert(slot);
        }
        let uses = project.uses.clone();
        for gone in old_uses.difference(&uses) {
            if let Some(users) = self.users.get_mut(gone) {
                users.remove(&slot);
            }
        }
        for used in uses {
            self.users.entry(used).or_default().insert(slot);
        }
    }

    /// What could be deployed here.
    pub(super) fn list_added(&mut self, slot: ProjectSlot) {
        let Some(project) = self.projects.get(&slot) else { return };
        let here: HashSet<&ArtifactKey> = project.items.iter().map(|item| &item.key).collect();
        let mut added = Vec::new();
        let uses = self.by_name(&project.uses);
        for (id, collection) in uses.iter().filter_map(|c| self.collections.get(c)).map(|c| (&c.id, c)) {
            for (artifact, tree) in &collection.artifacts {
                let there = tree
                    .and_then(|t| self.trees.get(&t))
                    .is_some_and(|t| matches!(t.tree, Some(Tree::Present(_) | Tree::Unreadable { .. })));
                let entry = &artifact.entry;
                if there && entry.in_manifest && entry.flaw.is_none() && !here.contains(&entry.key) {
                    added.push(AddedView { collection_id: Arc::clone(id), key: entry.key.clone() });
                }
            }
        }
        let Some(project) = self.projects.get_mut(&slot) else { return };
        if *project.added != *added {
            project.added = added.into();
            self.pending.project(slot);
        }
    }

    /// Classifies the chosen items of a project again.
    pub(super) fn reclassify(
        &mut self,
        slot: ProjectSlot,
        which: impl Fn(&Item) -> bool,
        cause: &Cause,
        now: super::Now,
    ) {
        let Some(project) = self.projects.get(&slot) else { return };
        let changed: Vec<_> = project
            .items
            .iter()
            .enumerate()
            .filter(|(_, item)| which(item))
            .filter_map(|(at, item)| {
                let view = self.classified(project, item, now.wall)?;
                (item.view.as_deref() != Some(&view)).then(|| (at, Arc::new(view)))
            })
            .collect();
        for (at, view) in changed {
            let Some(item) = self.projects.get_mut(&slot).and_then(|p| p.items.get_mut(at)) else { continue };
            let old = item.view.replace(Arc::clone(&view));
            let (key, profile) = (item.key.clone(), Arc::clone(&item.profile));
            self.item_changed(slot, key, profile, old, Some(view), cause, now);
        }
    }

    /// The present view of an item; none while a side was not read yet.
    fn classified(&self, project: &Project, item: &Item, wall: Timestamp) -> Option<ItemView> {
        let tree = self.trees.get(&item.tree)?;
        let local = tree.tree.as_ref()?;
        let known = self.following(project, item);
        let follows = known.map(|known| self.follows(known, item));
        let origin = self.origin_side(item)?;
        let origin = match known {
            Some(known) => self.tip_instead(known, item, origin),
            None => origin,
        };
        let record = item.record.as_deref();
        let baseline = match record {
            None => Baseline::NoRecord,
            Some(Record { baseline: Some(hash), .. }) => Baseline::Known(*hash),
            Some(_) => Baseline::Unknown,
        };
        let (collection, here) = compare(record.and_then(|r| r.baseline), origin.tree, local);
        let flaw = record.and_then(|r| r.flaw.as_deref());
        let state = match flaw {
            Some(_) => DriftState::Unreadable,
            // An untracked artifact that vanished between two looks.
            None => classify(baseline, collection, here).unwrap_or(DriftState::Untracked),
        };
        let (collection_ref, entry) = self.origin_of(item);
        // What the manifest declares is what the collection has.
        let entry = entry.filter(|_| follows.as_deref().is_none_or(|follows| follows.tip == Tip::Current));
        let collection_version = entry.and_then(|e| e.metadata.version.clone().or_else(|| e.resolved_version.clone()));
        let declared = |v: &str| v != "unknown" && !v.is_empty();
        let project_version = match local {
            Tree::Present(info) => info.version.clone(),
            _ => None,
        };
        let project_version =
            project_version.or_else(|| record.and_then(|r| r.version.clone())).filter(|v| declared(v));
        let collection_version = collection_version.filter(|v| declared(v)).map(String::into_boxed_str);
        let versions = match (&collection_version, &project_version) {
            (Some(a), Some(b)) if a != b => Versions::Differ,
            _ => Versions::Agree,
        };
        let verdict = Verdict::of(state, versions);
        let message = match (flaw, state) {
            (Some(flaw), _) => Some(flaw.to_owned()),
            (_, DriftState::Conflict) if baseline == Baseline::Unknown => Some("no baseline".to_owned()),
            (_, DriftState::Foreign) if collection == here => Some("same content as in the collection".to_owned()),
            (_, DriftState::Converged) if collection == crate::drift::Side::Absent => {
                Some("gone on both sides".to_owned())
            }
            (_, DriftState::Unreadable) => match local {
                Tree::Unreadable { message } => Some(message.clone()),
                _ => origin.note,
            },
            (_, DriftState::Removed | DriftState::RemovedModified | DriftState::Conflict) => origin.note,
            _ => None,
        };
        let is_gone = follows.as_deref().is_some_and(|follows| follows.tip == Tip::Gone);
        let branch = follows.as_deref().filter(|_| !is_gone).map(|follows| &follows.branch);
        let hash = |side| match side {
            crate::drift::Side::Present(hash) => Some(hash),
            _ => None,
        };
        let is_marked =
            state != DriftState::Unreadable && self.is_marked(project, item, collection_ref.as_ref(), hash(here));
        let said = is_marked.then(|| marked::SAID.to_owned());
        let followed = branch.map(|branch| format!("it follows branch '{branch}'"));
        let messages: Vec<String> = [message, said, followed].into_iter().flatten().collect();
        let recommendation = match state {
            _ if is_marked => Some(Recommendation::ResolveMarkers),
            DriftState::Unreadable if is_gone && flaw.is_none() => Some(Recommendation::ChooseBranch),
            _ => verdict.recommendation,
        };
        let mut view = ItemView {
            key: item.key.clone(),
            profile: Arc::clone(&item.profile),
            record: item.record.clone(),
            collection: collection_ref,
            path: Arc::clone(&tree.path),
            state,
            drift_type: verdict.drift_type,
            change_origin: verdict.change_origin,
            recommendation,
            collection_hash: hash(collection),
            project_hash: hash(here),
            collection_version,
            project_version,
            mergeable: None,
            since: self.first_seen(project, item, state, wall),
            follows,
            message: (!messages.is_empty()).then(|| messages.join("; ").into_boxed_str()),
        };
        // What is known of the same three contents is known still.
        let before = item.view.as_deref().filter(|before| before.sides() == view.sides());
        view.mergeable = before.and_then(|before| before.mergeable);
        Some(view)
    }

    fn origin_of(&self, item: &Item) -> (Option<CollectionRef>, Option<&crate::model::Entry>) {
        match &item.source {
            Source::Collection(slot) => {
                let Some(collection) = self.collections.get(slot) else { return (None, None) };
                let id = Some(Arc::clone(&collection.id));
                let entry = collection.find(&item.key).map(|(view, _)| &*view.entry).filter(|e| e.in_manifest);
                (Some(CollectionRef { name: Arc::clone(&collection.name), id }), entry)
            }
            Source::Unknown(name) => (Some(CollectionRef { name: Arc::clone(name), id: None }), None),
            Source::Nowhere => (None, None),
        }
    }

    /// The collection's side of an item; none while it was not read yet.
    fn origin_side(&self, item: &Item) -> Option<SideFound<'_>> {
        let absent = |note: Option<String>| Some(SideFound { tree: &ABSENT, note });
        let unknowable = |note: String| Some(SideFound { tree: &super::state::UNREADABLE, note: Some(note) });
        let slot = match &item.source {
            Source::Nowhere => return absent(None),
            Source::Unknown(_) if !self.home_known => return None,
            Source::Unknown(name) => return absent(Some(format!("there is no collection '{name}'"))),
            Source::Collection(slot) => slot,
        };
        let collection = self.collections.get(slot)?;
        let scan = collection.scan.as_deref()?;
        if let Some(reason) = &scan.unreadable {
            return unknowable(reason.clone());
        }
        let name = &collection.identity.name;
        match collection.find(&item.key) {
            Some((view, tree)) if view.entry.in_manifest => {
                if let Some(flaw) = &view.entry.flaw {
                    return unknowable(format!("its entry in collection '{name}' cannot be used: {}", flaw.0));
                }
                let tree = self.trees.get(tree.as_ref()?)?;
                let found = tree.tree.as_ref()?;
                let note = match found {
                    Tree::Absent => Some(format!("its files are missing from collection '{name}'")),
                    Tree::Unreadable { message } => Some(message.clone()),
                    Tree::Present(_) => None,
                };
                Some(SideFound { tree: found, note })
            }
            _ if scan.unnamed_flaws => {
                unknowable(format!("collection '{name}' has an entry without a usable name, which may be this one"))
            }
            Some(_) => absent(Some(format!("it lies in collection '{name}' but its manifest has no entry for it"))),
            None => absent(Some(format!("the manifest of collection '{name}' has no entry for it"))),
        }
    }

    /// Whether the cache holds a row of an item that has no view yet.
    pub(super) fn is_remembered(&self, project: &Project, key: &ArtifactKey, profile: &str) -> bool {
        let item = || (project.registered.path.clone(), Some(profile.to_owned()), key.clone());
        !self.first_seen.is_empty() && self.first_seen.contains_key(&item())
    }

    /// When an item's state was first seen: before, or now. Before the first view of an item count the cache and the
    /// record; later they speak of an earlier visit to this state.
    fn first_seen(&self, project: &Project, item: &Item, state: DriftState, wall: Timestamp) -> Option<Timestamp> {
        if state == DriftState::InSync {
            return None;
        }
        if let Some(view) = item.view.as_deref().filter(|v| v.state == state) {
            return view.since;
        }
        let key = (project.registered.path.clone(), Some(item.profile.to_string()), item.key.clone());
        let cached = || self.first_seen.get(&key).filter(|(cached, _)| *cached == state).map(|(_, since)| *since);
        let recorded = || item.record.as_ref().and_then(|r| r.modification_detected_at);
        let before = || cached().or_else(recorded).filter(|_| item.view.is_none());
        before().or(Some(wall))
    }
}

/// The artifacts of collections that items come from: their entries in [`State::dependents`].
pub(super) fn originals(items: &[Item]) -> HashSet<Original> {
    let known = items.iter().filter_map(|item| match item.source {
        Source::Collection(collection) => Some((collection, item.key.clone())),
        _ => None,
    });
    known.collect()
}

/// What made the items of a root change.
pub(super) fn cause(kind: CauseKind, path: Option<&Path>) -> Cause {
    Cause { kind, path: path.map(|p| p.to_string_lossy().into_owned()), operation: None }
}
