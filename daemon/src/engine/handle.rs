//! How the rest of the daemon talks to the engine: a channel in, a published snapshot and announcements out.

use super::event::Until;
use super::snapshot::Snapshot;
use super::{Command, Event, WaiterId};
use crate::metrics::Metrics;
use skillmeat_protocol::clock::Clock;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::event::DriftEvent;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;
use tokio::sync::{broadcast, oneshot, watch};

/// Which projects a barrier must cover. Collections are always covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyncScope {
    /// Everything.
    All,
    /// The project at this path.
    Project(Arc<str>),
}

/// What a barrier ended with.
#[derive(Clone, Debug)]
pub struct Synced {
    /// The picture to answer from.
    pub snapshot: Arc<Snapshot>,
    /// Why it may be behind; `None` when it reflects everything that finished before the request.
    pub stale: Option<String>,
}

/// What a subscriber starts with; nothing is lost between this and `live`.
#[derive(Debug)]
pub struct Subscription {
    /// The picture at the start.
    pub snapshot: Arc<Snapshot>,
    /// What happened since the clock asked for; `None` when that is no longer known.
    pub backlog: Option<Vec<Arc<DriftEvent>>>,
    /// What happens from here on. A reader that lags behind gets `Lagged` and must start again.
    pub live: broadcast::Receiver<Arc<DriftEvent>>,
}

/// The answer of the engine to one waiter.
#[derive(Debug)]
pub(super) enum Answer {
    Synced(Synced),
    Done(Result<(), WireError>),
    Subscribed(Box<Subscription>),
}

/// A cheap, cloneable connection to the engine.
#[derive(Clone, Debug)]
pub struct EngineHandle {
    tx: mpsc::Sender<Input>,
    snapshot: watch::Receiver<Arc<Snapshot>>,
    metrics: Arc<Metrics>,
    next_waiter: Arc<AtomicU64>,
}

/// What travels to the engine's thread.
#[derive(Debug)]
pub(super) enum Input {
    /// An event of the closed enum.
    Event(Event),
    /// A command, and who waits for its answer.
    Command(Command, WaiterId, oneshot::Sender<Answer>),
    /// End the thread.
    Stop,
}

impl EngineHandle {
    pub(super) fn new(
        tx: mpsc::Sender<Input>,
        snapshot: watch::Receiver<Arc<Snapshot>>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { tx, snapshot, metrics, next_waiter: Arc::default() }
    }

    /// What is known now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.borrow().clone()
    }

    /// Counters of the whole daemon.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// The read-your-writes barrier (design §5): returns when every file operation in `scope` that finished before
    /// this call is reflected, and what `until` says beside it is known, or says why it may not be. Never waits longer than `deadline`.
    pub async fn sync(&self, scope: SyncScope, until: Until, deadline: Duration) -> Synced {
        match self.ask(Command::Sync { scope, until, deadline }).await {
            Some(Answer::Synced(synced)) => synced,
            _ => Synced { snapshot: self.snapshot(), stale: Some("the daemon is stopping".into()) },
        }
    }

    /// [`Self::sync`] until everything was seen, for threads that may wait.
    pub fn sync_blocking(&self, scope: SyncScope, deadline: Duration) -> Synced {
        let until = Until::Seen;
        match self.begin(Command::Sync { scope, until, deadline }).and_then(|answer| answer.blocking_recv().ok()) {
            Some(Answer::Synced(synced)) => synced,
            _ => Synced { snapshot: self.snapshot(), stale: Some("the daemon is stopping".into()) },
        }
    }

    /// An operation is about to change files of these projects: what becomes of them is told when it has ended.
    pub fn operation_begins(&self, projects: Vec<PathBuf>) {
        self.send(Event::OperationBegan(projects));
    }

    /// The operation has ended, and [`Self::sync`] after it: what became of the projects is told as one event each, with its
    /// number.
    pub fn operation_ended(&self, projects: Vec<PathBuf>, operation: Option<u64>) {
        self.send(Event::OperationEnded(projects, operation));
    }

    /// Registers a project; `path` must be absolute and canonical.
    ///
    /// # Errors
    /// `AlreadyExists`; `Io` when the registry cannot be written.
    pub async fn add_project(&self, path: PathBuf) -> Result<(), WireError> {
        self.done(Command::AddProject { path }).await
    }

    /// Forgets the project at exactly this path.
    ///
    /// # Errors
    /// `NotFound`; `Io` when the registry cannot be written.
    pub async fn remove_project(&self, path: PathBuf) -> Result<(), WireError> {
        self.done(Command::RemoveProject { path }).await
    }

    /// Starts a subscription.
    ///
    /// # Errors
    /// `ShuttingDown`.
    pub async fn subscribe(&self, since: Option<Clock>) -> Result<Subscription, WireError> {
        match self.ask(Command::Subscribe { since }).await {
            Some(Answer::Subscribed(subscription)) => Ok(*subscription),
            _ => Err(stopping()),
        }
    }

    /// Says that files of the home were written by the daemon itself, so that they are looked at without waiting.
    pub fn look_at_home(&self) {
        self.send(Event::LookAtHome);
    }

    /// Has everything in `scope` compared with the disk, as if no event had come; a later [`Self::sync`] waits for it.
    pub fn verify(&self, scope: SyncScope) {
        self.send(Event::Verify(scope));
    }

    /// Hands an event to the engine; an engine that is gone has nothing to be told.
    pub(crate) fn send(&self, event: Event) {
        self.metrics.engine_queue.fetch_add(1, Ordering::Relaxed);
        if self.tx.send(Input::Event(event)).is_err() {
            self.metrics.engine_queue.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(super) fn stop(&self) {
        // An engine that is gone has stopped.
        let _ = self.tx.send(Input::Stop);
    }

    async fn done(&self, command: Command) -> Result<(), WireError> {
        match self.ask(command).await {
            Some(Answer::Done(result)) => result,
            _ => Err(stopping()),
        }
    }

    async fn ask(&self, command: Command) -> Option<Answer> {
        self.begin(command)?.await.ok()
    }

    fn begin(&self, command: Command) -> Option<oneshot::Receiver<Answer>> {
        let (tx, rx) = oneshot::channel();
        let waiter = WaiterId(self.next_waiter.fetch_add(1, Ordering::Relaxed));
        self.metrics.engine_queue.fetch_add(1, Ordering::Relaxed);
        self.tx.send(Input::Command(command, waiter, tx)).ok()?;
        Some(rx)
    }
}

fn stopping() -> WireError {
    WireError::new(ErrorCode::ShuttingDown, "the daemon is stopping").hint("run the command again")
}

/// A handle for tests of other rooms: one thread answers its commands from a snapshot that the test can replace.
#[cfg(test)]
pub(crate) fn for_tests(
    mut snapshot: Snapshot,
    projects: Vec<Arc<super::snapshot::ProjectView>>,
) -> (EngineHandle, TestEngine) {
    snapshot.projects.update(projects.into_iter().map(|view| (view.path.clone(), Some(view))).collect());
    let (tx, rx) = mpsc::channel();
    let (publish, published) = watch::channel(Arc::new(snapshot));
    let engine = TestEngine { publish, events: broadcast::channel(4).0, rule: Arc::default() };
    let answering = engine.clone();
    std::thread::spawn(move || {
        let mut unanswered = Vec::new();
        for input in rx {
            if let Input::Command(command, _, waiter) = input {
                match answering.answer(&command) {
                    Some(answer) => drop(waiter.send(answer)),
                    None => unanswered.push(waiter),
                }
            }
        }
    });
    (EngineHandle::new(tx, published, Arc::default()), engine)
}

/// How a test engine answers barriers.
#[cfg(test)]
#[derive(Clone, Debug, Default)]
pub(crate) enum TestRule {
    /// At once, as current.
    #[default]
    Current,
    /// At once, with this reason for being behind.
    Stale(String),
    /// Never.
    Silent,
}

/// What stands behind the handle of [`for_tests`].
#[cfg(test)]
#[derive(Clone, Debug)]
pub(crate) struct TestEngine {
    pub(crate) publish: watch::Sender<Arc<Snapshot>>,
    pub(crate) events: broadcast::Sender<Arc<DriftEvent>>,
    pub(crate) rule: Arc<std::sync::Mutex<TestRule>>,
}

#[cfg(test)]
impl TestEngine {
    fn answer(&self, command: &Command) -> Option<Answer> {
        use crate::engine::snapshot::ProjectView;
        use skillmeat_protocol::reply::{Counts, ProjectState};
        let snapshot = self.publish.borrow().clone();
        let text = |path: &std::path::Path| -> Arc<str> { path.to_string_lossy().into() };
        let change = |path: Arc<str>, view| {
            self.publish.send_modify(|snapshot| {
                let snapshot = Arc::make_mut(snapshot);
                snapshot.clock.generation += 1;
                snapshot.projects.update(vec![(path, view)]);
            });
            Ok(())
        };
        Some(match command {
            Command::Sync { .. } => match &*self.rule.lock().expect("not poisoned") {
                TestRule::Current => Answer::Synced(Synced { snapshot, stale: None }),
                TestRule::Stale(why) => Answer::Synced(Synced { snapshot, stale: Some(why.clone()) }),
                TestRule::Silent => return None,
            },
            Command::AddProject { path } if snapshot.projects.get(&text(path)).is_some() => {
                Answer::Done(Err(WireError::new(ErrorCode::AlreadyExists, "it is registered already")))
            }
            Command::AddProject { path } => {
                let view = ProjectView {
                    path: text(path),
                    name: path.file_name().map(|name| name.to_string_lossy().into()).unwrap_or_default(),
                    state: ProjectState::Watched,
                    profiles: Arc::default(),
                    counts: Counts::default(),
                    problems: Arc::default(),
                    drift: Vec::new(),
                    in_sync: Vec::new(),
                    added: Arc::default(),
                };
                Answer::Done(change(text(path), Some(Arc::new(view))))
            }
            Command::RemoveProject { path } => Answer::Done(change(text(path), None)),
            Command::Subscribe { since } => {
                let backlog = since.filter(|since| *since == snapshot.clock).map(|_| Vec::new());
                Answer::Subscribed(Box::new(Subscription { snapshot, backlog, live: self.events.subscribe() }))
            }
            #[allow(unreachable_patterns, reason = "commands that the server does not use")]
            _ => return None,
        })
    }
}
