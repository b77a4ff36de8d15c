//! From changed state to what others see: one new snapshot a turn, announcements, rows for the cache.

use super::announce::{ItemId, Telling};
use super::event::{AnnouncedAfter, Effect, Now};
use super::pending::OldView;
use super::snapshot::{CollectionView, ItemView, ProjectView, Snapshot};
use super::state::{Collection, Presence, Project, State};
use super::unit::{ProjectSlot, Root};
use super::wire;
use super::work::Seq;
use crate::cache::{Change, Coverage, DriftKey, DriftRow};
use crate::model::CollectionScan;
use skillmeat_protocol::clock::Clock;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::event::{Cause, CauseKind, DriftEvent, GoneItem, ItemChange};
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::{Counts, DegradedRoot, ProjectState};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

impl State {
    /// An item of a project is different.
    #[allow(clippy::too_many_arguments, reason = "an item's identity, its two views, and why and when")]
    pub(super) fn item_changed(
        &mut self,
        slot: ProjectSlot,
        key: ArtifactKey,
        profile: Arc<str>,
        old: Option<Arc<ItemView>>,
        new: Option<Arc<ItemView>>,
        cause: &Cause,
        now: Now,
    ) {
        self.pending.project(slot);
        let Some(project) = self.projects.get(&slot) else { return };
        let item =
            || DriftKey { project: Arc::clone(&project.root), profile: Some(profile.to_string()), key: key.clone() };
        // What is in sync has no row: that is most items, always, and nothing is asked of their past.
        let drifted = |view: &Arc<ItemView>| view.state != DriftState::InSync;
        let was_stored = match &old {
            Some(view) => drifted(view),
            None => self.is_remembered(project, &key, &profile),
        };
        match new.as_ref().filter(|view| drifted(view)) {
            Some(view) => self.pending.changes.push(Change::Drift(Box::new(DriftRow {
                item: item(),
                state: view.state,
                since: view.since.unwrap_or(now.wall),
                baseline: view.baseline(),
                in_collection: view.collection_hash,
                in_project: view.project_hash,
                collection_id: view.collection.as_ref().and_then(|c| c.id.as_ref()).map(ToString::to_string),
            }))),
            None if was_stored => self.pending.changes.push(Change::DriftGone(item())),
            None => {}
        }
        let id = ItemId { project: slot, key, profile };
        self.trials.changed(&id, old.as_deref(), new.as_deref());
        if self.pending.unintroduced.contains(&slot) {
            return;
        }
        if let Some(telling) = self.announcer.changed(id, old, new, cause, now.mono) {
            self.pending.tellings.push(telling);
        }
    }

    /// Ends a turn for readers, subscribers and the cache.
    pub(super) fn publish(&mut self, now: Now) {
        let introduced = self.introductions();
        let mut tellings = std::mem::take(&mut self.pending.tellings);
        tellings.extend(self.announcer.expired(now.mono));
        let outstanding = self.work.len() as u64;
        let settled = (self.snapshot.pending == 0) != (outstanding == 0) || self.snapshot.verified != self.verified;
        let pending = &self.pending;
        let changed = settled
            || pending.home
            || !pending.projects.is_empty()
            || !pending.collections.is_empty()
            || !pending.gone.is_empty()
            || !introduced.is_empty()
            || !tellings.is_empty();
        if changed {
            self.persist();
            let moved = std::mem::take(&mut self.pending.moved);
            // From the picture that readers still have.
            let farewells = self.farewells(now);
            let mut snapshot = self.next_snapshot(outstanding);
            let mut events = self.events(tellings, &introduced, &moved, now);
            events.extend(farewells);
            // Each event is a point in history of its own: whoever left after the first of a turn gets the others.
            for (event, _) in &mut events {
                snapshot.clock.generation += 1;
                event.clock = snapshot.clock;
            }
            if events.is_empty() {
                snapshot.clock.generation += 1;
            }
            self.snapshot = Arc::new(snapshot);
            self.effects.push(Effect::Publish(Arc::clone(&self.snapshot)));
            self.announce(events, now);
        } else if !self.pending.changes.is_empty() {
            self.persist();
        }
    }

    /// The next picture, but for its clock.
    fn next_snapshot(&mut self, outstanding: u64) -> Snapshot {
        let mut next = (*self.snapshot).clone();
        next.verified = self.verified;
        next.pending = outstanding;
        let mut changes = Vec::new();
        for slot in std::mem::take(&mut self.pending.projects) {
            if let Some(project) = self.projects.get(&slot) {
                let view = Arc::new(self.project_view(slot, project));
                changes.push((Arc::clone(&project.path), Some(Arc::clone(&view))));
                if let Some(project) = self.projects.get_mut(&slot) {
                    project.view = Some(view);
                }
            }
        }
        for old in std::mem::take(&mut self.pending.gone) {
            match old {
                // Unless it was registered again in the same turn.
                OldView::Project(path) if !self.projects_by_path.contains_key(Path::new(&*path)) => {
                    changes.push((path, None));
                }
                OldView::Project(_) => {}
                OldView::Collection(_) => self.pending.home = true,
            }
        }
        if !changes.is_empty() {
            next.projects.update(changes);
        }
        let collections = std::mem::take(&mut self.pending.collections);
        let home = std::mem::take(&mut self.pending.home);
        if home || !collections.is_empty() {
            let mut views: Vec<Arc<CollectionView>> = Vec::with_capacity(self.collections.len());
            for (slot, collection) in &self.collections {
                let old =
                    next.collections.iter().find(|old| old.id == collection.id && !home && !collections.contains(slot));
                views.push(old.map_or_else(|| Arc::new(collection_view(collection)), Arc::clone));
            }
            views.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
            next.collections = views.into();
        }
        if home {
            next.default_collection = self.config.default_collection.as_str().into();
            next.problems = self.home_problems.iter().chain(&self.registry_problems).cloned().collect();
            next.degraded = self
                .unwatched
                .iter()
                .filter_map(|(root, reasons)| {
                    Some(DegradedRoot { path: self.path_of(*root)?, reason: reasons.values().next()?.clone() })
                })
                .collect();
        }
        next
    }

    fn path_of(&self, root: Root) -> Option<String> {
        match root {
            Root::Home => Some(self.settings.home.display().to_string()),
            Root::Collection(slot) => self.collections.get(&slot).map(|c| c.root.display().to_string()),
            Root::Project(slot) => self.projects.get(&slot).map(|p| p.path.to_string()),
        }
    }

    fn project_view(&self, slot: ProjectSlot, project: &Project) -> ProjectView {
        let mut counts = Counts::default();
        let (mut drift, mut in_sync) = (Vec::new(), Vec::new());
        for view in project.items.iter().filter_map(|item| item.view.as_ref()) {
            *counts.of(view.state) += 1;
            let list = if view.state == DriftState::InSync { &mut in_sync } else { &mut drift };
            list.push(Arc::clone(view));
        }
        counts.added = u32::try_from(project.added.len()).unwrap_or(u32::MAX);
        let state = match project.presence {
            Presence::Unknown => ProjectState::Pending,
            Presence::Missing => ProjectState::Missing,
            Presence::Present if self.unwatched.contains_key(&Root::Project(slot)) => ProjectState::Degraded,
            Presence::Present => ProjectState::Watched,
        };
        let scan = project.scan.as_deref();
        ProjectView {
            path: Arc::clone(&project.path),
            name: scan.map_or_else(|| last_part(&project.path), |s| s.name.as_str()).into(),
            state,
            profiles: scan.map(|s| s.profiles.clone().into()).unwrap_or_default(),
            counts,
            problems: Arc::clone(&project.problems),
            drift,
            in_sync,
            added: Arc::clone(&project.added),
        }
    }

    /// Projects whose first look is now complete: told as a whole.
    fn introductions(&mut self) -> Vec<ProjectSlot> {
        let is_open = |root| self.work.is_open(root, Seq(u64::MAX));
        // At a cold start all of a thousand projects are asked about in each of many thousand turns.
        let before = std::mem::replace(&mut self.pending.closings, self.work.closings());
        if self.pending.unintroduced.is_empty() || before == self.work.closings() {
            return Vec::new();
        }
        if is_open(Root::Home) || self.collections.keys().any(|slot| is_open(Root::Collection(*slot))) {
            return Vec::new();
        }
        let all = self.pending.unintroduced.iter().copied();
        let complete: Vec<_> = all.filter(|slot| !is_open(Root::Project(*slot))).collect();
        for slot in &complete {
            self.pending.unintroduced.remove(slot);
            self.pending.project(*slot);
        }
        complete
    }

    /// Projects that are no longer registered, with everything that subscribers knew of them.
    fn farewells(&self, now: Now) -> Vec<(DriftEvent, Duration)> {
        let paths = self.pending.gone.iter().filter_map(|old| match old {
            OldView::Project(path) if !self.projects_by_path.contains_key(Path::new(&**path)) => Some(path),
            _ => None,
        });
        let known = paths.filter_map(|path| self.snapshot.projects.get(path));
        let farewell = |project: &Arc<ProjectView>| DriftEvent {
            clock: self.snapshot.clock,
            cause: Cause { kind: CauseKind::Availability, path: None, operation: None },
            project: project.path.to_string(),
            project_name: project.name.to_string(),
            available: false,
            items: Vec::new(),
            gone: project
                .drift
                .iter()
                .chain(&project.in_sync)
                .map(|item| GoneItem { key: item.key.clone(), profile: Some(item.profile.to_string()) })
                .collect(),
        };
        known.map(|project| (farewell(project), now.mono)).collect()
    }

    /// What subscribers are told of this turn, but for the clocks, and since when each was known.
    fn events(
        &self,
        tellings: Vec<Telling>,
        introduced: &[ProjectSlot],
        moved: &BTreeSet<ProjectSlot>,
        now: Now,
    ) -> Vec<(DriftEvent, Duration)> {
        let mut events: Vec<(DriftEvent, Duration)> = Vec::new();
        let availability = |project: &Project| Cause {
            kind: CauseKind::Availability,
            path: Some(project.path.to_string()),
            operation: None,
        };
        for slot in introduced.iter().chain(moved.iter().filter(|slot| !introduced.contains(slot))) {
            let Some(project) = self.projects.get(slot).filter(|_| !self.pending.unintroduced.contains(slot)) else {
                continue;
            };
            let mut event = self.event_for(project, availability(project));
            if introduced.contains(slot) {
                let drifted = project.items.iter().filter_map(|i| i.view.as_deref());
                let drifted = drifted.filter(|view| view.state != DriftState::InSync);
                event.items = drifted.map(|view| ItemChange { previous: None, item: wire::item(view) }).collect();
            }
            events.push((event, now.mono));
        }
        let mut grouped: BTreeMap<(ProjectSlot, Option<String>), Vec<Telling>> = BTreeMap::new();
        for telling in tellings {
            grouped.entry((telling.id.project, telling.cause.path.clone())).or_default().push(telling);
        }
        for ((slot, _), tellings) in grouped {
            let (Some(project), Some(first)) = (self.projects.get(&slot), tellings.first()) else { continue };
            let since = tellings.iter().map(|t| t.since).min().unwrap_or(now.mono);
            let mut event = self.event_for(project, first.cause.clone());
            for telling in tellings {
                match telling.now {
                    Some(view) => {
                        let previous = telling.told.map(|told| told.state);
                        event.items.push(ItemChange { previous, item: wire::item(&view) });
                    }
                    None => {
                        let profile = Some(telling.id.profile.to_string());
                        event.gone.push(GoneItem { key: telling.id.key, profile });
                    }
                }
            }
            events.push((event, since));
        }
        events
    }

    fn announce(&mut self, events: Vec<(DriftEvent, Duration)>, now: Now) {
        for (event, since) in events {
            let event = Arc::new(event);
            self.remember(Arc::clone(&event));
            self.effects.push(Effect::Announce(event, AnnouncedAfter(now.mono.saturating_sub(since))));
        }
    }

    fn event_for(&self, project: &Project, cause: Cause) -> DriftEvent {
        DriftEvent {
            clock: self.snapshot.clock,
            cause,
            project: project.path.to_string(),
            project_name: project.view.as_ref().map_or_else(|| last_part(&project.path).into(), |v| v.name.to_string()),
            available: project.presence == Presence::Present,
            items: Vec::new(),
            gone: Vec::new(),
        }
    }

    /// Hands rows to the cache, owners first.
    fn persist(&mut self) {
        let mut changes = Vec::new();
        for slot in &self.pending.collections {
            if let Some((collection, scan)) = self.collections.get(slot).and_then(|c| Some((c, c.scan.as_ref()?))) {
                let entries = scan.entries.iter().map(|entry| {
                    let completed = collection.find(&entry.key).map(|(view, _)| (*view.entry).clone());
                    completed.unwrap_or_else(|| entry.clone())
                });
                changes.push(Change::Collection {
                    id: collection.id.to_string(),
                    name: collection.identity.name.clone(),
                    path: collection.identity.path.clone(),
                    scan: Arc::new(CollectionScan { entries: entries.collect(), ..(**scan).clone() }),
                });
            }
        }
        for slot in std::mem::take(&mut self.pending.scans) {
            if let Some((project, scan)) = self.projects.get(&slot).and_then(|p| Some((p, p.scan.as_ref()?))) {
                let coverage = match self.unwatched.get(&Root::Project(slot)).and_then(|r| r.values().next()) {
                    Some(reason) => Coverage::Polled { reason: reason.clone() },
                    None => Coverage::Watched,
                };
                let path = project.registered.path.clone();
                changes.push(Change::Project { path, coverage, scan: Arc::clone(scan) });
            }
        }
        changes.append(&mut self.pending.changes);
        if !changes.is_empty() {
            self.effects.push(Effect::Persist(changes));
        }
    }

    /// What happened after `since`, if that is still known.
    pub(super) fn backlog(&self, since: Clock) -> Option<Vec<Arc<skillmeat_protocol::event::DriftEvent>>> {
        let known = since.instance == self.snapshot.clock.instance
            && since.generation >= self.history_from
            && since.generation <= self.snapshot.clock.generation;
        known.then(|| self.history.iter().filter(|e| e.clock.generation > since.generation).cloned().collect())
    }
}

fn last_part(path: &str) -> &str {
    Path::new(path).file_name().and_then(|n| n.to_str()).unwrap_or(path)
}

fn collection_view(collection: &Collection) -> CollectionView {
    let scan = collection.scan.as_deref();
    CollectionView {
        id: Arc::clone(&collection.id),
        name: Arc::clone(&collection.name),
        former_names: collection.identity.former_names.iter().map(|n| n.as_str().into()).collect(),
        path: collection.root.to_string_lossy().into(),
        unreadable: scan.and_then(|s| s.unreadable.as_deref()).map(Into::into),
        artifacts: collection.artifacts.iter().map(|(view, _)| Arc::clone(view)).collect(),
        groups: scan.map(|s| s.groups.clone().into()).unwrap_or_default(),
        tags: scan.map(|s| s.tags.clone().into()).unwrap_or_default(),
        problems: scan.map(|s| s.problems.clone().into()).unwrap_or_default(),
    }
}
