//! The state at start: registry and cache, unverified until the disk was compared.

use super::announce::Announcer;
use super::barrier::Barrier;
use super::event::Now;
use super::followed::by_project;
use super::listen::Repetitions;
use super::marked;
use super::pending::Pending;
use super::routes::Routes;
use super::snapshot::{ArtifactView, Snapshot};
use super::state::{Presence, Settings, State};
use super::trials::Trials;
use super::unit::{ProjectSlot, Root, Unit};
use super::verify::Restart;
use super::work::{Running, Seq, Work};
use crate::cache::{Change, Loaded, LoadedProject};
use crate::library::config::Config;
use crate::library::registry::{CollectionEntry, ProjectEntry};
use crate::model::{CollectionScan, Following, Marked, ProjectScan};
use crate::scan::{Job, JobKind, Look, Urgency};
use crate::watch::Hint;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::event::{Cause, CauseKind};
use skillmeat_protocol::reply::Problem;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// What the daemon's own files say.
#[derive(Debug, Default)]
pub struct Registry {
    /// Registered projects.
    pub projects: Vec<ProjectEntry>,
    /// Identities of collections.
    pub collections: Vec<CollectionEntry>,
    /// Copies that follow a branch by its name.
    pub followings: Vec<Following>,
    /// Copies that were given conflict markers.
    pub marked: Vec<Marked>,
    /// What is wrong with those files.
    pub problems: Vec<Problem>,
}

impl State {
    /// Knows what is registered and nothing else. Home and projects can be looked at already ([`Self::begin`]); what else
    /// there is to look at, [`Self::recall`] says.
    pub fn new(settings: Settings, registry: Registry, now: Now) -> Self {
        let snapshot = Arc::new(Snapshot::empty(settings.instance));
        let mut state = Self {
            settings,
            config: Arc::new(Config::default()),
            home_problems: Vec::new(),
            registry_problems: registry.problems,
            home_routed: Vec::new(),
            home_known: false,
            unwatched: BTreeMap::new(),
            missing: BTreeSet::new(),
            identities: registry.collections,
            collections: BTreeMap::new(),
            projects: BTreeMap::new(),
            projects_by_path: HashMap::new(),
            trees: HashMap::new(),
            dependents: HashMap::new(),
            users: HashMap::new(),
            followings: by_project(registry.followings),
            marked: marked::by_project(registry.marked),
            trials: Trials::default(),
            remembered: HashMap::new(),
            names: HashMap::new(),
            first_seen: HashMap::new(),
            routes: Routes::default(),
            work: Work::default(),
            barrier: Barrier::default(),
            announcer: Announcer::default(),
            history: VecDeque::new(),
            history_from: 0,
            heard: HashSet::new(),
            repetitions: Repetitions::default(),
            looks: 0,
            left: Vec::new(),
            pending: Pending::default(),
            snapshot,
            effects: Vec::new(),
            next_slot: 0,
            seq: Seq(1),
            verified: false,
            next_verify: now.mono + super::state::SLOW_VERIFY,
            next_poll: None,
            restart: Restart::default(),
            next_missing: None,
            barrier_times: Vec::new(),
        };
        state.verify(Unit::Home, Root::Home, now);
        for registered in registry.projects {
            if let Some(slot) = state.insert_project(registered) {
                state.verify(Unit::Project(slot), Root::Project(slot), now);
            }
        }
        state
    }

    /// Begins the looks that are due, of projects as they are remembered: [`Self::recall`] follows.
    pub fn begin_knowing(&mut self, projects: &[LoadedProject], now: Now) -> Vec<(Job, Urgency)> {
        let slot = |project: &LoadedProject| self.projects_by_path.get(project.path.as_path()).copied();
        let known: HashMap<_, _> = projects.iter().filter_map(|p| Some((Unit::Project(slot(p)?), &p.scan))).collect();
        let mut jobs = self.begin(now);
        for (job, _) in &mut jobs {
            if let JobKind::Project { known: wanted, .. } = &mut job.kind {
                *wanted = known.get(&job.unit).map(|scan| Arc::clone(scan));
            }
        }
        jobs
    }

    /// Continues from what was known, none of which is news, and has all of it compared: each artifact as soon as it is
    /// known, by `submit`. To be called before the first event is taken.
    pub fn recall(&mut self, loaded: Loaded, now: Now, mut submit: impl FnMut(Vec<(Job, Urgency)>)) {
        let first_seen = loaded.first_seen.into_iter().filter(|(_, (state, _))| *state != DriftState::InSync);
        self.first_seen =
            first_seen.map(|(item, seen)| ((item.project.to_path_buf(), item.profile, item.key), seen)).collect();
        self.remembered = loaded.trees.into_iter().map(|tree| (tree.path, (tree.tree, tree.names))).collect();
        // What is remembered is told to nobody.
        self.pending.unintroduced.extend(self.projects.keys().copied());
        let mut strays = Vec::new();
        for collection in loaded.collections {
            match self.identities.iter().find(|i| i.id.to_string() == collection.id).cloned() {
                Some(identity) => self.load_collection(identity, collection.scan, now),
                None => strays.push(Change::CollectionGone { id: collection.id }),
            }
        }
        for LoadedProject { path, scan, .. } in loaded.projects {
            match self.projects_by_path.get(path.as_path()).copied() {
                Some(slot) => self.load_project(slot, scan, now),
                None => strays.push(Change::ProjectGone { path }),
            }
            submit(self.begin(now));
        }
        let known = |slot: &ProjectSlot| self.projects.get(slot).is_some_and(|project| project.scan.is_some());
        self.pending.unintroduced.retain(|slot| !known(slot));
        self.pending.forget_news();
        for stray in strays {
            self.pending.change(stray);
        }
        self.remembered = HashMap::new();
        self.pending.home();
    }

    fn verify(&mut self, unit: Unit, root: Root, now: Now) {
        self.mark(unit, root, Look::Verify, Hint::Finished, Urgency::WhenIdle, now);
    }

    fn load_collection(&mut self, identity: CollectionEntry, scan: CollectionScan, now: Now) {
        let slot = self.insert_collection(identity);
        self.verify(Unit::Collection(slot), Root::Collection(slot), now);
        let guard: Arc<std::path::Path> = match self.collections.get(&slot) {
            Some(collection) => Arc::clone(&collection.root),
            None => return,
        };
        let scan = Arc::new(scan);
        let mut artifacts = Vec::with_capacity(scan.entries.len());
        for entry in &scan.entries {
            let usable = entry.flaw.is_none();
            let path = guard.join(&entry.path).into();
            let root = Root::Collection(slot);
            let tree = usable.then(|| self.new_tree(root, &path, &guard, entry.key.kind, self.seq, now));
            if let Some(tree) = tree.and_then(|slot| self.trees.get_mut(&slot)) {
                // Completed from the files when it was stored; stands for them until they are looked at.
                tree.metadata = Some(Arc::new(entry.metadata.clone()));
            }
            let known = tree.and_then(|t| self.trees.get(&t)).and_then(|t| t.tree.clone());
            let locked = scan.lock.iter().find(|l| l.key == entry.key).map(|l| l.content_hash);
            artifacts.push((Arc::new(ArtifactView { entry: Arc::new(entry.clone()), tree: known, locked }), tree));
        }
        artifacts.sort_by(|(a, _), (b, _)| a.entry.key.cmp(&b.entry.key));
        if let Some(collection) = self.collections.get_mut(&slot) {
            collection.artifacts = artifacts;
            collection.scan = Some(Arc::clone(&scan));
        }
        self.route_collection(slot, &scan, &Running::at_start(Root::Collection(slot)), now);
    }

    fn load_project(&mut self, slot: ProjectSlot, scan: Arc<ProjectScan>, now: Now) {
        if let Some(project) = self.projects.get_mut(&slot) {
            project.presence = Presence::Present;
            project.scan = Some(Arc::clone(&scan));
        }
        let ended = Running::at_start(Root::Project(slot));
        self.route_project(slot, &scan, &ended, now);
        self.rebuild_trees(slot, &scan, &ended, now);
        self.relist(slot, &Cause { kind: CauseKind::Record, path: None, operation: None }, now);
    }
}
