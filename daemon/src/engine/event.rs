//! What comes in and what is asked for: closed enums, matched in one place each.

use super::handle::SyncScope;
use super::snapshot::Snapshot;
use super::trials::{Trial, Tried};
use super::unit::Unit;
use crate::cache::Change;
use crate::library::config::Config;
use crate::library::registry::{CollectionEntry, ProjectEntry};
use crate::model::{Following, Marked, Timestamp};
use crate::scan::{Job, Outcome, Urgency};
use crate::watch::Hint;
use skillmeat_protocol::clock::Clock;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::event::DriftEvent;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The time of an event, taken once per turn by the thread around the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Since the daemon started; never goes back.
    pub mono: Duration,
    /// For people; may jump.
    pub wall: Timestamp,
}

/// Names one waiting request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaiterId(pub u64);

/// "Look here again."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Where.
    pub path: PathBuf,
    /// Whether the operation is complete.
    pub hint: Hint,
}

/// What a drain proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Every event that came before it was told.
    Everything,
    /// Nothing: there is no queue, or it has no order.
    Nothing,
}

/// What comes in.
#[derive(Debug)]
pub enum Event {
    /// The kernel says that something happened at a path.
    Touched(Touch),
    /// The drain of this number ended.
    Drained(u64, Heard),
    /// Events were lost.
    Lost {
        /// For people.
        reason: String,
    },
    /// Watching could not be started anew: nothing is watched.
    WatchesFailed,
    /// Watching was started anew.
    WatchesBack,
    /// A look ended.
    Scanned(Outcome),
    /// The daemon itself wrote below the home.
    LookAtHome,
    /// Somebody doubts that every event came: compare this scope with the disk.
    Verify(SyncScope),
    /// An operation of this daemon is about to change files of these projects.
    OperationBegan(Vec<PathBuf>),
    /// It has ended, and what it did has been looked at; its number, when it changed anything.
    OperationEnded(Vec<PathBuf>, Option<u64>),
    /// Which copies follow a branch by its name, and where those branches end: all of it.
    Followed(Vec<Following>),
    /// Which copies were given conflict markers: all of them.
    Marked(Vec<Marked>),
    /// What came of conflicts that were tried.
    Tried(Vec<Tried>),
    /// A deadline passed.
    Tick,
    /// A request.
    Command(Command, WaiterId),
}

/// What a barrier waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Everything before it has been looked at.
    Seen,
    /// The same, and of each conflict it is known whether it merges, or that nobody can say.
    Tried,
}

/// What requests ask of the state.
#[derive(Debug)]
pub enum Command {
    /// The barrier.
    Sync {
        /// What it must cover.
        scope: SyncScope,
        /// What it waits for.
        until: Until,
        /// How long the asker waits.
        deadline: Duration,
    },
    /// Register a project; the path is real.
    AddProject {
        /// Its root.
        path: PathBuf,
    },
    /// Forget a project.
    RemoveProject {
        /// Its root, as registered.
        path: PathBuf,
    },
    /// Start a subscription.
    Subscribe {
        /// What the subscriber knows already.
        since: Option<Clock>,
    },
}

/// What the state asks for.
#[derive(Debug)]
pub enum Effect {
    /// Look at these units.
    Scan(Vec<(Job, Urgency)>),
    /// Drain the kernel's queue, under this number.
    Drain(u64),
    /// Somebody waits for these units: look at them before others that were asked for earlier.
    Promote(HashSet<Unit>),
    /// Everything was compared for the first time: what the start took can be given back.
    Settled,
    /// Start the watching anew: what is watched is no longer known.
    RestartWatches,
    /// Stop watching below a directory.
    Unwatch(PathBuf),
    /// Show readers a new picture.
    Publish(Arc<Snapshot>),
    /// Tell subscribers.
    Announce(Arc<DriftEvent>, AnnouncedAfter),
    /// Try whether these conflicts merge, while nobody waits for anything else.
    Try(Vec<Trial>),
    /// Store in the cache.
    Persist(Vec<Change>),
    /// Write the registry of projects, then answer whoever registered.
    SaveProjects(Vec<ProjectEntry>, Option<WaiterId>),
    /// Write the identities of collections.
    SaveCollections(Vec<CollectionEntry>),
    /// The settings changed.
    Configure(Arc<Config>),
    /// Answer a request.
    Answer(WaiterId, Response),
}

/// How long a change was known before it was announced; for the latency counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnnouncedAfter(pub Duration);

/// The answer to a command.
#[derive(Debug)]
pub enum Response {
    /// A barrier ended.
    Synced {
        /// Why the picture may be behind.
        stale: Option<String>,
    },
    /// Done, or not.
    Done(Result<(), WireError>),
    /// A subscription starts here.
    Subscribed {
        /// What happened since the clock that was passed; none when that is not known any more.
        backlog: Option<Vec<Arc<DriftEvent>>>,
    },
}
