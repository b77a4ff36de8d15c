//! The thread around the state: takes events from one channel, performs effects, and knows the time.
//!
//! It never reads artifacts, runs SQL or talks to a socket: those are done by the threads that it feeds. The one thing
//! it asks of the kernel itself is what its queue of events holds, which is what a barrier costs.

use super::event::{AnnouncedAfter, Effect, Event, Heard, Now, Response};
use super::handle::{Answer, EngineHandle, Input, Subscription, Synced};
use super::snapshot::Snapshot;
use super::trials::Trial;
use super::{State, WaiterId};
use crate::cache;
use crate::clock::Clock;
use crate::library::config::Config;
use crate::metrics::Metrics;
use crate::registry::Registrar;
use crate::scan::Pool;
use crate::watch::{Signal, Watches};
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::event::DriftEvent;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{broadcast, oneshot, watch};

/// Events taken in one turn at most, so that readers see progress during a storm.
const TURN: usize = 512;
/// How long findings are gathered while everything is looked at for the first time. Waking this thread for each of tens of
/// thousands, and showing each to readers, would take a fifth of the start.
const GATHER: Duration = Duration::from_millis(1);
/// Announcements that a slow subscriber may be behind before it is told to start again.
const SUBSCRIBER_QUEUE: usize = 256;
/// A turn that takes longer is a defect worth a line in the log (rust-analyzer's rule).
const SLOW_TURN: Duration = Duration::from_millis(100);

/// What the engine's thread needs.
pub struct Parts {
    /// Time.
    pub clock: Clock,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Where directories are watched.
    pub watches: Arc<Watches>,
    /// Who looks at the disk.
    pub pool: Pool,
    /// Who writes the cache.
    pub store: cache::Writer,
    /// Who writes the registry.
    pub registrar: Registrar,
    /// Who is told of changed settings.
    pub configure: Box<dyn Fn(Arc<Config>) + Send>,
    /// Who tries whether conflicts merge.
    pub trials: Box<dyn Fn(Vec<Trial>) + Send>,
    /// Who is told that nothing is watched any more, so that what no look watches is watched again.
    pub restarted: Box<dyn Fn() + Send>,
}

/// The channel into the engine, before there is an engine: its sources are started first.
pub struct Inbox {
    tx: mpsc::Sender<Input>,
    rx: mpsc::Receiver<Input>,
    metrics: Arc<Metrics>,
}

impl Inbox {
    /// An empty channel.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        let (tx, rx) = mpsc::channel();
        Self { tx, rx, metrics }
    }

    /// A function that feeds kernel events in; it never blocks.
    pub fn signals(&self) -> impl Fn(Signal) + Send + Sync + 'static {
        let (tx, metrics) = (self.tx.clone(), Arc::clone(&self.metrics));
        move |signal| {
            let event = match signal {
                Signal::Touched { path, hint } => Event::Touched(super::Touch { path, hint }),
                Signal::Drained(number) => Event::Drained(number, Heard::Everything),
                Signal::Undrained(number) => Event::Drained(number, Heard::Nothing),
                Signal::Lost { reason } => Event::Lost { reason },
            };
            feed(&tx, &metrics, event);
        }
    }

    /// A function that feeds findings in.
    pub fn findings(&self) -> impl Fn(crate::scan::Outcome) + Send + Clone + 'static {
        let (tx, metrics) = (self.tx.clone(), Arc::clone(&self.metrics));
        move |outcome| feed(&tx, &metrics, Event::Scanned(outcome))
    }
}

fn feed(tx: &mpsc::Sender<Input>, metrics: &Metrics, event: Event) {
    metrics.engine_queue.fetch_add(1, Ordering::Relaxed);
    // An engine that is gone has nothing to be told.
    if tx.send(Input::Event(event)).is_err() {
        metrics.engine_queue.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A running engine.
pub struct Engine {
    /// How others talk to it.
    pub handle: EngineHandle,
    /// What is announced, for those who are not connections.
    pub announcements: broadcast::Sender<Arc<DriftEvent>>,
    thread: JoinHandle<cache::Writer>,
    ended: Option<oneshot::Receiver<()>>,
}

impl Engine {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(mut state: State, inbox: Inbox, parts: Parts) -> std::io::Result<Self> {
        let Inbox { tx, rx, metrics } = inbox;
        // Before anyone can ask: the first picture shows what is registered and remembered.
        let first = state.settle(now(&parts.clock));
        let (snapshot_tx, snapshot_rx) = watch::channel(Arc::clone(state.snapshot()));
        let (announcements, _) = broadcast::channel(SUBSCRIBER_QUEUE);
        let (alive, ended) = oneshot::channel();
        let handle = EngineHandle::new(tx, snapshot_rx, metrics);
        let driver = Driver {
            state,
            parts,
            snapshot: snapshot_tx,
            announcements: announcements.clone(),
            waiters: HashMap::new(),
            _alive: alive,
        };
        let thread = std::thread::Builder::new().name("engine".into()).spawn(move || driver.run(first, &rx))?;
        Ok(Self { handle, announcements, thread, ended: Some(ended) })
    }

    /// Completes, with an error, when the thread ends: by [`Self::stop`], or by a defect that must end the process.
    /// A second call gives one that has completed.
    pub fn take_ended(&mut self) -> oneshot::Receiver<()> {
        self.ended.take().unwrap_or_else(|| oneshot::channel().1)
    }

    /// Ends the thread after the turn it is at, and gives back the cache's writer for an orderly end. None when the
    /// thread had panicked.
    pub fn stop(self) -> Option<cache::Writer> {
        self.handle.stop();
        self.thread.join().ok()
    }
}

struct Driver {
    state: State,
    parts: Parts,
    snapshot: watch::Sender<Arc<Snapshot>>,
    announcements: broadcast::Sender<Arc<DriftEvent>>,
    waiters: HashMap<WaiterId, oneshot::Sender<Answer>>,
    /// Dropped with the thread, whatever ends it.
    _alive: oneshot::Sender<()>,
}

impl Driver {
    fn run(mut self, first: Vec<Effect>, rx: &mpsc::Receiver<Input>) -> cache::Writer {
        self.perform(first);
        loop {
            let wait = self.state.deadline().saturating_sub(self.now().mono);
            let first = match rx.recv_timeout(wait) {
                Ok(input) => Some(input),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            if first.is_some() && self.state.is_catching_up() {
                std::thread::sleep(GATHER);
            }
            let now = self.now();
            let mut taken = 0u64;
            let mut stop = false;
            for input in first.into_iter().chain(rx.try_iter()).take(TURN) {
                taken += 1;
                match input {
                    Input::Event(event) => self.state.take(event, now),
                    Input::Command(command, waiter, answer) => {
                        self.waiters.insert(waiter, answer);
                        self.state.take(Event::Command(command, waiter), now);
                    }
                    Input::Stop => {
                        stop = true;
                        break;
                    }
                }
            }
            self.parts.metrics.engine_queue.fetch_sub(taken, Ordering::Relaxed);
            if stop {
                break;
            }
            let effects = self.state.settle(now);
            self.perform(effects);
            let took = self.now().mono.saturating_sub(now.mono);
            if took > SLOW_TURN {
                tracing::warn!(?took, taken, "a turn of the engine was slow");
            }
        }
        self.parts.store
    }

    fn now(&self) -> Now {
        now(&self.parts.clock)
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for took in self.state.take_barrier_times() {
            self.parts.metrics.barrier_latency.record(took);
        }
        // Freed at the end: nobody should wait for that.
        let mut replaced = Vec::new();
        for effect in effects {
            match effect {
                Effect::Scan(jobs) => self.parts.pool.submit(jobs),
                Effect::Settled => {
                    self.parts.pool.shrink();
                    crate::os::memory::give_back();
                }
                Effect::Drain(number) => self.parts.watches.drain(number),
                Effect::Promote(units) => self.parts.pool.promote(&units),
                Effect::RestartWatches => {
                    let event = match self.parts.watches.restart() {
                        Ok(()) => Event::WatchesBack,
                        Err(error) => {
                            tracing::error!(%error, "cannot restart watching; everything is polled, and it is tried again");
                            Event::WatchesFailed
                        }
                    };
                    let now = self.now();
                    self.state.take(event, now);
                    (self.parts.restarted)();
                }
                Effect::Unwatch(root) => self.parts.watches.release(&root),
                Effect::Publish(snapshot) => replaced.push(self.snapshot.send_replace(snapshot)),
                Effect::Announce(event, AnnouncedAfter(took)) => {
                    self.parts.metrics.announce_latency.record(took);
                    // Nobody listening is the usual case.
                    let _ = self.announcements.send(event);
                }
                Effect::Try(trials) => (self.parts.trials)(trials),
                Effect::Persist(changes) => self.parts.store.send(changes),
                Effect::SaveProjects(projects, waiter) => {
                    let answer = waiter.and_then(|waiter| self.waiters.remove(&waiter));
                    let done = move |result: Result<(), WireError>| {
                        if let Some(answer) = answer {
                            let _ = answer.send(Answer::Done(result));
                        }
                    };
                    self.parts.registrar.save_projects(projects, Box::new(done));
                }
                Effect::SaveCollections(collections) => self.parts.registrar.save_collections(collections),
                Effect::Configure(config) => (self.parts.configure)(config),
                Effect::Answer(waiter, response) => self.answer(waiter, response),
            }
        }
    }

    fn answer(&mut self, waiter: WaiterId, response: Response) {
        let Some(tx) = self.waiters.remove(&waiter) else { return };
        let snapshot = Arc::clone(self.state.snapshot());
        let answer = match response {
            Response::Synced { stale } => Answer::Synced(Synced { snapshot, stale }),
            Response::Done(result) => Answer::Done(result),
            Response::Subscribed { backlog } => {
                let live = self.announcements.subscribe();
                Answer::Subscribed(Box::new(Subscription { snapshot, backlog, live }))
            }
        };
        // Whoever asked may have gone; that cancels reads and nothing else.
        let _ = tx.send(answer);
    }
}

fn now(clock: &Clock) -> Now {
    Now { mono: clock.elapsed(), wall: clock.wall() }
}
