//! What the daemon knows, and the two halves of a turn: [`State::take`] events, then [`State::settle`].

use super::announce::Announcer;
use super::barrier::{Barrier, Ending, Ticket};
use super::event::{Effect, Event, Heard, Now, Response};
use super::followed::Followings;
use super::handle::SyncScope;
use super::items::{Item, Original};
use super::listen::Repetitions;
use super::marked::MarkedCopies;
use super::pending::Pending;
use super::routes::{Reach, Routes};
use super::snapshot::{ArtifactView, ProjectView, Snapshot};
use super::trials::Trials;
use super::unit::{CollectionSlot, ProjectSlot, Root, TreeSlot, Unit};
use super::verify::Restart;
use super::work::{Mark, Seq, Work};
use crate::library::config::Config;
use crate::library::registry::{CollectionEntry, ProjectEntry};
use crate::model::{CollectionScan, Entry, Metadata, Names, ProjectScan, Timestamp, Tree};
use crate::scan::job::{Known, Wants};
use crate::scan::{Job, JobKind, Look, Urgency};
use crate::watch::Hint;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::event::DriftEvent;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use skillmeat_protocol::reply::Problem;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Interval of the slow verification: everything is compared by stamps, in case an event never came.
pub(super) const SLOW_VERIFY: Duration = Duration::from_secs(600);
/// Announcements kept for subscribers that come back.
const HISTORY: usize = 1024;

/// What does not change while the daemon runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The SkillMeat home, its real path if it exists.
    pub home: PathBuf,
    /// Random per process.
    pub instance: u64,
}

/// A collection.
#[derive(Debug)]
pub(super) struct Collection {
    pub(super) identity: CollectionEntry,
    pub(super) id: Arc<str>,
    /// [`CollectionEntry::name`], shared by what refers to it.
    pub(super) name: Arc<str>,
    pub(super) root: Arc<Path>,
    pub(super) scan: Option<Arc<CollectionScan>>,
    /// By key, with the slot of the files of each.
    pub(super) artifacts: Vec<(Arc<ArtifactView>, Option<TreeSlot>)>,
    pub(super) routed: Vec<(Arc<Path>, Reach)>,
}

impl Collection {
    /// The artifact of this key, with the slot of its files.
    pub(super) fn find(&self, key: &ArtifactKey) -> Option<&(Arc<ArtifactView>, Option<TreeSlot>)> {
        let at = self.artifacts.binary_search_by(|(view, _)| view.entry.key.cmp(key)).ok()?;
        self.artifacts.get(at)
    }

    /// What readers see of its listing.
    pub(super) fn shown(&self) -> Vec<Arc<Entry>> {
        self.artifacts.iter().map(|(view, _)| Arc::clone(&view.entry)).collect()
    }
}

/// Stands for content that cannot be known for another reason than its files.
pub(super) static UNREADABLE: Tree = Tree::Unreadable { message: String::new() };

/// A registered project.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) registered: ProjectEntry,
    pub(super) root: Arc<Path>,
    /// The same as text: registered paths are UTF-8.
    pub(super) path: Arc<str>,
    /// The last look at which its root was there.
    pub(super) scan: Option<Arc<ProjectScan>>,
    pub(super) presence: Presence,
    /// Problems of the last look, whether the root was there or not.
    pub(super) problems: Arc<[Problem]>,
    pub(super) items: Vec<Item>,
    pub(super) added: Arc<[super::snapshot::AddedView]>,
    /// Collections that its records name.
    pub(super) uses: BTreeSet<CollectionSlot>,
    pub(super) trees: HashMap<Arc<Path>, TreeSlot>,
    pub(super) routed: Vec<(Arc<Path>, Reach)>,
    pub(super) view: Option<Arc<ProjectView>>,
}

/// Whether a project's root was there at the last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Unknown,
    Present,
    Missing,
}

/// The files of one artifact.
#[derive(Debug)]
pub(super) struct TreeState {
    pub(super) root: Root,
    pub(super) path: Arc<Path>,
    pub(super) guard: Arc<Path>,
    pub(super) kind: ArtifactType,
    pub(super) tree: Option<Tree>,
    pub(super) metadata: Option<Arc<Metadata>>,
    /// Files elsewhere that links lead to.
    pub(super) linked: Vec<Arc<Path>>,
}

/// Everything.
#[derive(Debug)]
pub struct State {
    pub(super) settings: Settings,
    pub(super) config: Arc<Config>,
    pub(super) home_problems: Vec<Problem>,
    pub(super) registry_problems: Vec<Problem>,
    pub(super) home_routed: Vec<(Arc<Path>, Reach)>,
    pub(super) home_known: bool,
    /// Roots that events cannot be relied on for: which of their units, and why.
    pub(super) unwatched: BTreeMap<Root, BTreeMap<Unit, String>>,
    /// Projects whose root was gone at the last look.
    pub(super) missing: BTreeSet<ProjectSlot>,
    /// Identities of collections, present or not.
    pub(super) identities: Vec<CollectionEntry>,
    pub(super) collections: BTreeMap<CollectionSlot, Collection>,
    pub(super) projects: BTreeMap<ProjectSlot, Project>,
    pub(super) projects_by_path: HashMap<Arc<Path>, ProjectSlot>,
    pub(super) trees: HashMap<TreeSlot, TreeState>,
    /// Which projects have an item of an artifact.
    pub(super) dependents: HashMap<Original, BTreeSet<ProjectSlot>>,
    /// Which projects use a collection.
    pub(super) users: HashMap<CollectionSlot, BTreeSet<ProjectSlot>>,
    /// Copies that follow a branch by its name.
    pub(super) followings: Followings,
    /// Copies that were given conflict markers.
    pub(super) marked: MarkedCopies,
    /// Conflicts of which it is not known whether they merge.
    pub(super) trials: Trials,
    /// Trees known from the cache, until a listing asks for them.
    pub(super) remembered: HashMap<Arc<Path>, (Tree, Option<Names>)>,
    /// What the cache says of the directories of trees that were not looked at yet.
    pub(super) names: HashMap<TreeSlot, Names>,
    /// When a state was first seen, from the cache.
    pub(super) first_seen: HashMap<(PathBuf, Option<String>, ArtifactKey), (DriftState, Timestamp)>,
    pub(super) routes: Routes,
    pub(super) work: Work,
    pub(super) barrier: Barrier,
    pub(super) announcer: Announcer,
    pub(super) history: VecDeque<Arc<DriftEvent>>,
    pub(super) history_from: u64,
    /// Touched paths since a look is under way: it watches places that have no route before it is taken in.
    pub(super) heard: HashSet<PathBuf>,
    pub(super) repetitions: Repetitions,
    /// Looks under way.
    pub(super) looks: u32,
    /// Roots of what is no longer known, whose directories are still watched.
    pub(super) left: Vec<PathBuf>,
    pub(super) pending: Pending,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) effects: Vec<Effect>,
    pub(super) next_slot: u32,
    pub(super) seq: Seq,
    /// Everything was compared with the disk at least once.
    pub(super) verified: bool,
    pub(super) next_verify: Duration,
    pub(super) next_poll: Option<Duration>,
    pub(super) restart: Restart,
    pub(super) next_missing: Option<Duration>,
    /// Barriers that ended in this turn, and when they were asked.
    pub(super) barrier_times: Vec<Duration>,
}

/// One turn: an event and its consequences.
pub fn step(state: &mut State, event: Event, now: Now) -> Vec<Effect> {
    state.take(event, now);
    state.settle(now)
}

impl State {
    /// Takes one event in. Several may be taken before one [`Self::settle`].
    pub fn take(&mut self, event: Event, now: Now) {
        if !matches!(event, Event::Touched(_)) {
            self.repetitions.end();
        }
        match event {
            Event::Touched(touch) => self.touched(&touch, now),
            Event::Drained(number, heard) => {
                let after = self.seq;
                self.seq.0 += 1;
                for scope in self.barrier.drained(number, after) {
                    self.bring_up(&scope, after, heard, now);
                }
            }
            Event::Lost { reason } => self.lost(&reason, now),
            Event::WatchesFailed => self.restart.failed(now.mono),
            Event::WatchesBack => self.watches_back(now),
            Event::Scanned(outcome) => self.scanned(outcome, now),
            Event::LookAtHome => self.mark(Unit::Home, Root::Home, Look::Read, Hint::Finished, Urgency::Now, now),
            Event::Verify(scope) => self.bring_up(&scope, self.seq, Heard::Nothing, now),
            Event::OperationBegan(projects) => self.operation_began(&projects),
            Event::OperationEnded(projects, number) => self.operation_ended(&projects, number, now),
            Event::Followed(list) => self.followed(list, now),
            Event::Marked(list) => self.marked(list, now),
            Event::Tried(list) => self.tried(list, now),
            Event::Tick => {}
            Event::Command(command, waiter) => self.command(command, waiter, now),
        }
    }

    /// Ends a turn: starts what is due, publishes what changed, announces, lets barriers end.
    pub fn settle(&mut self, now: Now) -> Vec<Effect> {
        self.repetitions.end();
        self.by_time(now);
        let jobs = self.begin(now);
        if !jobs.is_empty() {
            self.effects.push(Effect::Scan(jobs));
        }
        if !self.verified && self.work.is_empty() && self.home_known {
            self.verified = true;
            // Every item has a view by now.
            self.first_seen = HashMap::new();
            self.names = HashMap::new();
            self.work.shrink();
            self.effects.push(Effect::Settled);
        }
        for project in std::mem::take(&mut self.pending.added) {
            self.list_added(project);
        }
        let told = self.effects.len();
        self.publish(now);
        self.give_out_trials();
        self.end_barriers(now);
        // Waking listeners and the cache's writer first would keep who waits waiting: a fifth of a barrier after a write.
        self.effects[told..].sort_by_key(|effect| match effect {
            Effect::Publish(_) => 0,
            Effect::Answer(..) => 1,
            _ => 2,
        });
        if let Some(drain) = self.barrier.drain_to_begin() {
            self.effects.push(Effect::Drain(drain));
        }
        std::mem::take(&mut self.effects)
    }

    /// Begins the looks that are due.
    pub fn begin(&mut self, now: Now) -> Vec<(Job, Urgency)> {
        let mut jobs = Vec::new();
        for (unit, look, urgency) in self.work.start(now.mono) {
            match self.job(unit, look) {
                Some(job) => {
                    self.looks += 1;
                    jobs.push((job, self.urgency_of(unit, urgency)));
                }
                None => {
                    if let Some(ended) = self.work.ended(unit) {
                        self.work.settle(ended);
                    }
                }
            }
        }
        jobs
    }

    /// Whether everything is being looked at for the first time, and nobody waits for one project.
    pub fn is_catching_up(&self) -> bool {
        !self.verified && self.barrier.projects().next().is_none()
    }

    /// When the next turn is due without an event.
    pub fn deadline(&self) -> Duration {
        let times = [self.work.deadline(), self.barrier.deadline(), self.announcer.deadline(), self.next_poll];
        times
            .into_iter()
            .chain([self.next_missing, self.restart.deadline()])
            .flatten()
            .fold(self.next_verify, Duration::min)
    }

    /// The latest picture.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// How long the barriers that ended in the last turn took.
    pub fn take_barrier_times(&mut self) -> Vec<Duration> {
        std::mem::take(&mut self.barrier_times)
    }

    /// Marks a unit at the present place in history.
    pub(super) fn mark(&mut self, unit: Unit, root: Root, look: Look, hint: Hint, urgency: Urgency, now: Now) {
        self.work.mark(unit, root, Mark { since: self.seq, look, hint, urgency }, now.mono);
    }

    /// Whether nothing that was marked at or before `after` can still change the answer of `scope`.
    fn is_current(&self, scope: &SyncScope, after: Seq) -> bool {
        let is_open = |root| self.work.is_open(root, after);
        match scope {
            SyncScope::All => !self.work.open_roots().any(is_open),
            SyncScope::Project(path) => {
                let project = self.projects_by_path.get(Path::new(&**path)).map(|slot| Root::Project(*slot));
                // By name: at a cold start a thousand other projects are open.
                let roots = self.collections.keys().copied().map(Root::Collection).chain([Root::Home]).chain(project);
                !roots.filter(|root| self.concerns(scope, *root)).any(is_open)
            }
        }
    }

    fn is_seen(&self, ticket: &Ticket) -> bool {
        ticket.after.is_some_and(|after| self.is_current(&ticket.scope, after))
    }

    fn end_barriers(&mut self, now: Now) {
        if self.barrier.is_empty() {
            return;
        }
        let mut barrier = std::mem::take(&mut self.barrier);
        for (ticket, ending) in barrier.release(now.mono, |ticket| self.is_seen(ticket) && self.untried(ticket) == 0) {
            let stale = match ending {
                Ending::Current => None,
                Ending::Late if self.is_seen(&ticket) => {
                    Some(format!("it is not known of {} conflicts whether they merge", self.untried(&ticket)))
                }
                Ending::Late => Some(format!("{} scans are still outstanding", self.work.len().max(1))),
            };
            self.barrier_times.push(now.mono.saturating_sub(ticket.asked));
            self.effects.push(Effect::Answer(ticket.waiter, Response::Synced { stale }));
        }
        self.barrier = barrier;
    }

    pub(super) fn root_of(&self, unit: Unit) -> Option<Root> {
        match unit {
            Unit::Home => Some(Root::Home),
            Unit::Collection(slot) => self.collections.contains_key(&slot).then_some(Root::Collection(slot)),
            Unit::Project(slot) => self.projects.contains_key(&slot).then_some(Root::Project(slot)),
            Unit::Tree(slot) => self.trees.get(&slot).map(|tree| tree.root),
        }
    }

    fn job(&mut self, unit: Unit, look: Look) -> Option<Job> {
        let kind = match unit {
            Unit::Home => JobKind::Home { home: self.settings.home.as_path().into() },
            Unit::Collection(slot) => JobKind::Collection { root: Arc::clone(&self.collections.get(&slot)?.root) },
            Unit::Project(slot) => {
                let project = self.projects.get(&slot)?;
                let is_believed = look == Look::Verify && project.presence == Presence::Present;
                let known = project.scan.clone().filter(|_| is_believed);
                JobKind::Project { root: Arc::clone(&project.root), known }
            }
            Unit::Tree(slot) => {
                let tree = self.trees.get(&slot)?;
                let known = match &tree.tree {
                    Some(Tree::Present(info)) => Some(Known { fingerprint: info.fingerprint, racy: info.racy }),
                    _ => None,
                };
                JobKind::Tree {
                    path: Arc::clone(&tree.path),
                    guard: Arc::clone(&tree.guard),
                    artifact: tree.kind,
                    look,
                    known,
                    // For the first look only: they would be in memory for ever, for a look every ten minutes.
                    names: self.names.remove(&slot),
                    wants: if matches!(tree.root, Root::Collection(_)) { Wants::Metadata } else { Wants::Version },
                }
            }
        };
        Some(Job { unit, kind })
    }

    pub(super) fn new_slot(&mut self) -> u32 {
        self.next_slot += 1;
        self.next_slot
    }

    /// Keeps an announcement for subscribers that come back.
    pub(super) fn remember(&mut self, event: Arc<DriftEvent>) {
        if self.history.len() == HISTORY
            && let Some(oldest) = self.history.pop_front()
        {
            self.history_from = oldest.clock.generation;
        }
        self.history.push_back(event);
    }
}
