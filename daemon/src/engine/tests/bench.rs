//! What plays the thread around a [`State`]: it performs looks when a test says so, in the order that the test says, and
//! writes down every other effect.

use super::world::{HOME, World, skill};
use crate::cache::{Change, Loaded, LoadedProject};
use crate::engine::event::{Command, Effect, Event, Heard, Now, Response, Touch, Until, WaiterId};
use crate::engine::handle::SyncScope;
use crate::engine::load::Registry;
use crate::engine::snapshot::{ItemView, ProjectView, Snapshot};
use crate::engine::state::{Settings, State, step};
use crate::engine::trials::{Trial, Tried};
use crate::engine::unit::Unit;
use crate::library::registry::{CollectionEntry, ProjectEntry};
use crate::model::{Following, Marked, Timestamp};
use crate::scan::{Job, JobKind, Outcome, Urgency};
use crate::watch::Hint;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::event::DriftEvent;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A state, its world, and what it asked for.
pub(super) struct Bench {
    pub(super) state: State,
    pub(super) world: World,
    pub(super) time: Duration,
    /// Looks that were asked for and not performed yet.
    pub(super) jobs: Vec<Job>,
    /// Units whose looks are not to wait for others.
    pub(super) urgent: HashSet<Unit>,
    pub(super) announced: Vec<Arc<DriftEvent>>,
    pub(super) published: usize,
    pub(super) persisted: Vec<Change>,
    pub(super) answers: Vec<(WaiterId, Response)>,
    pub(super) drains: Vec<u64>,
    /// Conflicts that were given out to be tried.
    pub(super) trials: Vec<Trial>,
    pub(super) restarts: usize,
    pub(super) unwatched: Vec<PathBuf>,
    pub(super) saved_projects: Vec<Vec<ProjectEntry>>,
    pub(super) saved_collections: Vec<Vec<CollectionEntry>>,
    pub(super) effects: usize,
    waiters: u64,
}

impl Bench {
    /// Nothing looked at yet; every project of the world is registered.
    pub(super) fn new(world: World) -> Self {
        Self::restarted(world, Vec::new(), Loaded::default())
    }

    /// As a daemon that remembers something.
    pub(super) fn restarted(world: World, collections: Vec<CollectionEntry>, loaded: Loaded) -> Self {
        let early = loaded.projects.clone();
        Self::restarted_on(world, collections, &early, loaded)
    }

    /// The same, where what was read `early` need not be what is remembered.
    pub(super) fn restarted_on(
        world: World,
        collections: Vec<CollectionEntry>,
        early: &[LoadedProject],
        loaded: Loaded,
    ) -> Self {
        let projects = world.projects.keys().map(|path| ProjectEntry { path: path.clone(), added: None }).collect();
        let (followings, marked) = (world.followings.clone(), world.marked.clone());
        let registry = Registry { projects, collections, followings, marked, problems: Vec::new() };
        let settings = Settings { home: HOME.into(), instance: 7 };
        let now = Now { mono: Duration::ZERO, wall: Timestamp(0) };
        let mut state = State::new(settings, registry, now);
        let mut begun = state.begin_knowing(early, now);
        state.recall(loaded, now, |jobs| begun.extend(jobs));
        let mut bench = Self {
            state,
            world,
            time: Duration::ZERO,
            jobs: Vec::new(),
            urgent: HashSet::new(),
            announced: Vec::new(),
            published: 0,
            persisted: Vec::new(),
            answers: Vec::new(),
            drains: Vec::new(),
            trials: Vec::new(),
            restarts: 0,
            unwatched: Vec::new(),
            saved_projects: Vec::new(),
            saved_collections: Vec::new(),
            effects: 0,
            waiters: 0,
        };
        let mut effects = bench.state.settle(bench.now());
        effects.push(Effect::Scan(begun));
        bench.note(effects);
        bench
    }

    /// Everything was looked at, and what that announced is forgotten.
    pub(super) fn running(world: World) -> Self {
        let mut bench = Self::new(world);
        bench.settle();
        bench.time += Duration::from_secs(1);
        bench.tick();
        bench.forget();
        bench
    }

    pub(super) fn forget(&mut self) {
        self.announced.clear();
        self.persisted.clear();
        self.published = 0;
        self.effects = 0;
    }

    pub(super) fn now(&self) -> Now {
        Now { mono: self.time, wall: Timestamp(i64::try_from(self.time.as_micros()).expect("short tests")) }
    }

    pub(super) fn step(&mut self, event: Event) {
        let now = self.now();
        let effects = step(&mut self.state, event, now);
        self.note(effects);
    }

    fn note(&mut self, effects: Vec<Effect>) {
        self.effects += effects.len();
        let waking = effects.iter().position(|effect| matches!(effect, Effect::Announce(..) | Effect::Persist(_)));
        let answer = effects.iter().rposition(|effect| matches!(effect, Effect::Answer(_, Response::Synced { .. })));
        if let (Some(waking), Some(answer)) = (waking, answer) {
            assert!(answer < waking, "who waits comes first: {effects:?}");
        }
        for effect in effects {
            match effect {
                Effect::Scan(jobs) => {
                    let urgent = jobs.iter().filter(|(_, urgency)| *urgency != Urgency::WhenIdle);
                    self.urgent.extend(urgent.map(|(job, _)| job.unit));
                    self.jobs.extend(jobs.into_iter().map(|(job, _)| job));
                }
                Effect::Promote(units) => self.urgent.extend(units),
                Effect::Drain(number) => self.drains.push(number),
                Effect::Settled => {}
                Effect::RestartWatches => self.restarts += 1,
                Effect::Unwatch(path) => self.unwatched.push(path),
                Effect::Publish(_) => self.published += 1,
                Effect::Announce(event, _) => self.announced.push(event),
                Effect::Try(trials) => self.trials.extend(trials),
                Effect::Persist(changes) => self.persisted.extend(changes),
                Effect::SaveProjects(projects, _) => self.saved_projects.push(projects),
                Effect::SaveCollections(collections) => self.saved_collections.push(collections),
                Effect::Configure(_) => {}
                Effect::Answer(waiter, response) => self.answers.push((waiter, response)),
            }
        }
    }

    pub(super) fn tick(&mut self) {
        self.step(Event::Tick);
    }

    /// Lets time pass.
    pub(super) fn wait(&mut self, time: Duration) {
        self.time += time;
        self.tick();
    }

    /// Lets time pass as the thread around the state does: from deadline to deadline.
    pub(super) fn wait_in_turns(&mut self, time: Duration) {
        let end = self.time + time;
        while self.state.deadline() < end {
            let before = self.time;
            self.time = self.time.max(self.state.deadline());
            self.tick();
            self.settle();
            assert!(self.time > before || self.state.deadline() > self.time, "a deadline that passes nothing");
        }
        self.time = end;
        self.tick();
    }

    /// Performs the look at `path` with what the world is now, without telling the state.
    pub(super) fn look_at(&mut self, path: impl AsRef<Path>) -> Outcome {
        let path = path.as_ref();
        let at = self.jobs.iter().position(|job| path_of(job) == path);
        self.look(at.unwrap_or_else(|| panic!("no look at {} among {:?}", path.display(), self.jobs)))
    }

    /// The same for the look at this place in the queue.
    pub(super) fn look(&mut self, at: usize) -> Outcome {
        let job = self.jobs.remove(at);
        self.world.look(&job)
    }

    /// Performs the look at `path` and tells the state.
    pub(super) fn finish(&mut self, path: impl AsRef<Path>) {
        let outcome = self.look_at(path);
        self.step(Event::Scanned(outcome));
    }

    /// Performs every look, and those that follow, at the present time.
    pub(super) fn settle(&mut self) {
        self.settle_choosing(|_| 0);
    }

    /// The same in an order that the caller chooses among so many.
    pub(super) fn settle_choosing(&mut self, mut choose: impl FnMut(usize) -> usize) {
        for _ in 0..100_000 {
            if self.jobs.is_empty() {
                return;
            }
            let job = self.jobs.remove(choose(self.jobs.len()));
            let outcome = self.world.look(&job);
            self.step(Event::Scanned(outcome));
        }
        panic!("looks never end: {:?}", self.jobs);
    }

    pub(super) fn touch(&mut self, path: impl Into<PathBuf>) {
        self.step(Event::Touched(Touch { path: path.into(), hint: Hint::Finished }));
    }

    pub(super) fn writing(&mut self, path: impl Into<PathBuf>) {
        self.step(Event::Touched(Touch { path: path.into(), hint: Hint::Ongoing }));
    }

    /// A finished write to an artifact's only file. Events of what is made come from its container, and from the directory
    /// above when there was no container.
    pub(super) fn edit(&mut self, artifact: &Path, content: u8) {
        if self.world.files.insert(artifact.to_owned(), content).is_none() {
            self.touch(artifact.parent().expect("it has a container"));
            self.touch(artifact);
        }
        self.touch(artifact.join("SKILL.md"));
    }

    /// The same, looked at.
    pub(super) fn edit_and_settle(&mut self, artifact: &Path, content: u8) {
        self.edit(artifact, content);
        self.settle();
    }

    pub(super) fn command(&mut self, command: Command) -> WaiterId {
        self.waiters += 1;
        let waiter = WaiterId(self.waiters);
        self.step(Event::Command(command, waiter));
        waiter
    }

    /// Asks for a barrier whose drain has not ended yet.
    pub(super) fn sync(&mut self, scope: SyncScope) -> WaiterId {
        self.command(Command::Sync { scope, until: Until::Seen, deadline: Duration::from_secs(5) })
    }

    /// The same that waits for answers about conflicts, too.
    pub(super) fn sync_until_tried(&mut self, scope: SyncScope) -> WaiterId {
        self.command(Command::Sync { scope, until: Until::Tried, deadline: Duration::from_secs(5) })
    }

    /// Answers about a conflict that was given out.
    pub(super) fn answer(&mut self, trial: Trial, mergeable: Option<bool>) {
        self.step(Event::Tried(vec![Tried { trial, mergeable }]));
    }

    /// The last drain ends.
    pub(super) fn drained(&mut self, heard: Heard) {
        let number = *self.drains.last().expect("a drain was begun");
        self.step(Event::Drained(number, heard));
    }

    /// The answer to a barrier, if it was given: why it is stale.
    pub(super) fn synced(&self, waiter: WaiterId) -> Option<Option<String>> {
        self.answers.iter().find_map(|(who, response)| match response {
            Response::Synced { stale } if *who == waiter => Some(stale.clone()),
            _ => None,
        })
    }

    /// The history says what is followed by now.
    pub(super) fn follow(&mut self, list: Vec<Following>) {
        self.world.followings.clone_from(&list);
        self.step(Event::Followed(list));
    }

    /// The history says which copies were given markers.
    pub(super) fn mark(&mut self, list: Vec<Marked>) {
        self.world.marked.clone_from(&list);
        self.step(Event::Marked(list));
    }

    pub(super) fn snapshot(&self) -> &Snapshot {
        self.state.snapshot()
    }

    pub(super) fn view(&self, project: &str) -> Arc<ProjectView> {
        Arc::clone(self.snapshot().projects.get(project).expect("a registered project"))
    }

    pub(super) fn item(&self, project: &str, name: &str) -> Arc<ItemView> {
        let view = self.view(project);
        let item = view.items().find(|item| item.key == skill(name));
        Arc::clone(item.unwrap_or_else(|| panic!("no item {name} in {project}")))
    }

    pub(super) fn drift(&self, project: &str, name: &str) -> DriftState {
        self.item(project, name).state
    }

    /// What readers see must be what a daemon sees that looks at the same world for the first time.
    pub(super) fn assert_like_fresh(&self) {
        let identities = self.state.identities.clone();
        let mut fresh = Self::restarted(self.world.clone(), identities, Loaded::default());
        fresh.settle();
        for view in fresh.snapshot().projects.iter() {
            let Some(mine) = self.snapshot().projects.get(&view.path) else { panic!("{} is not here", view.path) };
            assert_eq!(mine.state, view.state, "{}", view.path);
            if !self.world.projects[Path::new(&*view.path)].gone {
                assert_eq!(text_of(mine), text_of(view), "{}", view.path);
            }
        }
        assert_eq!(self.snapshot().projects.len(), fresh.snapshot().projects.len());
        let collections = |bench: &Self| -> Vec<_> {
            let views = bench.snapshot().collections.iter();
            views
                .map(|c| {
                    (c.name.clone(), c.path.clone(), c.artifacts.iter().map(|a| format!("{a:?}")).collect::<Vec<_>>())
                })
                .collect()
        };
        assert_eq!(collections(self), collections(&fresh));
        // A missing project keeps the routes of its last answer.
        if self.world.projects.values().all(|project| !project.gone) {
            assert_eq!(self.state.routes.len(), fresh.state.routes.len(), "routes");
        }
    }
}

fn text_of(view: &ProjectView) -> Vec<String> {
    let items = view.items().map(|item| format!("{:?}", ItemView { since: None, ..(**item).clone() }));
    items.chain([format!("{:?} {:?} {:?}", view.counts, view.added, view.profiles)]).collect()
}

fn path_of(job: &Job) -> &Path {
    match &job.kind {
        JobKind::Home { home } => home,
        JobKind::Collection { root } | JobKind::Project { root, .. } => root,
        JobKind::Tree { path, .. } => path,
    }
}
