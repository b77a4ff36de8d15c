//! Start and end of the process, in the order that keeps its promises.
//!
//! Start: lock, log, registry, operations that were left half-done, watching; then projects are looked at while the cache is
//! read, and artifacts as soon as it names them; engine, socket, ready. Requests that must be current wait on the
//! barrier until the first comparison is through; `cached` ones are answered from the cache at once and say so.
//!
//! End: no new connections, open ones finish what they are at, the engine ends its turn, scans end their file, the
//! registry and the cache are flushed, the socket goes, then the lock. All within three seconds, or the process
//! ends anyway: a cache that was not closed in order is checked at the next start.

use super::detach::detach;
use super::home_work::HomeWork;
use super::instance::{Hold, InstanceError, InstanceLock, LostHome};
use super::listening::listen;
use super::names::Names;
use super::paths::Directories;
use super::ready::{Audience, Readiness};
use super::{home_files, log, signals};
use crate::cache::{self, CacheError};
use crate::clock::Clock;
use crate::engine::State;
use crate::engine::driver::{Engine, Inbox, Parts};
use crate::engine::event::Now;
use crate::engine::handle::EngineHandle;
use crate::engine::load::Registry;
use crate::engine::state::Settings;
use crate::history::History;
use crate::library::config::Config;
use crate::metrics::Metrics;
use crate::notifications::Notifier;
use crate::observer::{self, Observer};
use crate::ops::{self, Operations, conflicts, following, recover};
use crate::os;
use crate::registry::{self, Registrar};
use crate::scan::link::Fence;
use crate::scan::pool::{Pool, Surroundings};
use crate::server::{self, ListenError, Listener, ServerContext, StoreStatus};
use crate::trials::{self, Trials};
use crate::watch::Watches;
use skillmeat_protocol::endpoint::{Env, LockNote, NoHome, Places};
use skillmeat_protocol::request::ShutdownReason;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// The version that clients see.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Longest time from the request to end until the process is gone.
const END_WITHIN: Duration = Duration::from_secs(3);
/// Of which operations get this much to come to an end.
const OPERATIONS_WITHIN: Duration = Duration::from_millis(1000);
/// Of which the cache gets this much to write what is queued.
const FLUSH_WITHIN: Duration = Duration::from_millis(1500);
/// Between two looks at the names that others find the daemon by, for file systems that deliver no events.
const CLAIM_CHECK: Duration = Duration::from_secs(300);
/// What must have passed since a name was last touched before it is put back.
const QUIET: Duration = Duration::from_millis(100);
/// Threads that look at the disk. More gain nothing: the kernel serialises most of it.
const SCAN_THREADS: usize = 4;

/// How the daemon was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By a client that waits for the readiness line on our standard output.
    Detached,
    /// By a person or a service manager; the log goes to standard error.
    Foreground,
}

/// What the tests make go wrong; nothing in the shipped program.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// The delivery of events.
    pub events: crate::watch::Faults,
    /// The steps of operations.
    pub operations: ops::Faults,
}

/// Why the daemon cannot start.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum StartError {
    #[error(transparent)]
    NoHome(#[from] NoHome),
    #[error(transparent)]
    Instance(#[from] InstanceError),
    #[error("cannot leave the terminal: {0}")]
    Detach(io::Error),
    #[error("{0}")]
    Registry(io::Error),
    #[error(transparent)]
    Cache(#[from] CacheError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("cannot start {what}: {source}")]
    Thread { what: &'static str, source: io::Error },
}

/// Runs the daemon until it is asked to end, with these faults: none, except in tests.
///
/// # Errors
/// [`StartError`]; whoever waits for readiness has been told the same.
pub fn run(mode: Mode, faults: Faults) -> Result<(), StartError> {
    let audience = if mode == Mode::Detached { Audience::Stdout } else { Audience::Nobody };
    let readiness = Readiness::new(audience);
    match start(mode, faults) {
        Ok(daemon) => {
            readiness.ready();
            daemon.serve();
            Ok(())
        }
        Err(error) => {
            readiness.failed(&error.to_string());
            Err(error)
        }
    }
}

/// Everything that runs, in the order in which it ends.
struct Daemon {
    runtime: tokio::runtime::Runtime,
    listener: Listener,
    context: Arc<ServerContext>,
    stop: mpsc::Receiver<ShutdownReason>,
    operations: Arc<Operations>,
    engine: Engine,
    notifier: Notifier,
    observer: Observer,
    trials: Trials,
    _signals: signals::Listening,
    names: Arc<Names>,
    lock: Arc<InstanceLock>,
    _logging: log::Logging,
}

fn start(mode: Mode, faults: Faults) -> Result<Daemon, StartError> {
    os::memory::two_arenas();
    let started = Instant::now();
    let clock = Clock::start();
    let uid = os::process::effective_uid().unwrap_or_default();
    let env = Env::of_process(uid);
    let mut places = Places::resolve(&env)?;
    let lock = InstanceLock::acquire(&places)?;
    if mode == Mode::Detached {
        detach().map_err(StartError::Detach)?;
    }
    let directories = Directories::of(&places);
    let destination = match mode {
        Mode::Detached => log::Destination::Directory(directories.logs.clone()),
        Mode::Foreground => log::Destination::Stderr,
    };
    let logging = log::start(&destination, std::env::var(log::LEVEL_VARIABLE).ok().as_deref());
    tracing::info!(version = VERSION, pid = std::process::id(), home = %places.home.display(), "starting");

    home_files::remove_leftovers(&places);
    let files = registry::read(&places.state).map_err(StartError::Registry)?;
    // Before the first look: what the last daemon left half-done is taken back first.
    let history = History::open(&places.state.join("history.db"), clock.wall());
    let unfinished = recover::at_start(&history);
    let metrics = Arc::new(Metrics::default());
    let inbox = Inbox::new(Arc::clone(&metrics));
    let names = Names::new();
    let sink = {
        let (names, engine) = (Arc::clone(&names), inbox.signals());
        move |signal| {
            if let Some(signal) = names.hear(signal) {
                engine(signal);
            }
        }
    };
    let watches = Arc::new(Watches::start(Arc::clone(&metrics), faults.events.before(sink)));
    let thread = |what| move |source| StartError::Thread { what, source };
    let around = Surroundings {
        watches: Arc::clone(&watches),
        metrics: Arc::clone(&metrics),
        user_home: env.home.clone(),
        fence: fence(&env, &places, &directories),
        zone: jiff::tz::TimeZone::system(),
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).clamp(1, SCAN_THREADS);
    let pool = Pool::start(threads, around, inbox.findings()).map_err(thread("the scan threads"))?;
    let registrar = Registrar::start(places.state.clone()).map_err(thread("the registry's thread"))?;

    let (id, _) = uuid::Uuid::new_v4().as_u64_pair();
    // Events carry real paths.
    let home = places.home.canonicalize().unwrap_or_else(|_| places.home.clone());
    let mut problems = files.problems;
    let followings = following::at_start(&history, &mut problems);
    let marked = conflicts::marked::at_start(&history);
    let registry = Registry { projects: files.projects, collections: files.collections, followings, marked, problems };
    let now = Now { mono: clock.elapsed(), wall: clock.wall() };
    let mut state = State::new(Settings { home: home.clone(), instance: id }, registry, now);
    // Projects are looked at while the rest of the cache is read: what is found waits in the inbox.
    let opened = cache::open(&directories.cache, |projects| pool.submit(state.begin_knowing(projects, now)))?;
    state.recall(opened.loaded, now, |jobs| pool.submit(jobs));
    let store = opened.writer.monitor();
    let (config_tx, config) = watch::channel(Arc::new(Config::default()));
    let configure = Box::new(move |config| drop(config_tx.send_replace(config)));
    let restarted = Box::new({
        let names = Arc::clone(&names);
        move || names.touch()
    });
    let own_watches = Arc::clone(&watches);
    let (to_try, tried) = (trials::Inbox::default(), config.clone());
    let trials = Box::new(to_try.sink());
    let parts = Parts { clock, metrics, watches, pool, store: opened.writer, registrar, configure, trials, restarted };
    let engine = Engine::start(state, inbox, parts).map_err(thread("the engine"))?;
    // Before anything is announced.
    let (announcements, settings) = (engine.announcements.subscribe(), config.clone());
    let notifier = Notifier::start(engine.announcements.subscribe(), config).map_err(thread("the notifier"))?;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(thread("the server"))?;
    let entered = runtime.enter();
    let (listener, elsewhere) = listen(&places)?;
    drop(entered);
    places.endpoint = listener.endpoint().clone();
    names.watch(own_watches, &places, &places.endpoint);
    lock.record(&LockNote {
        pid: std::process::id(),
        version: VERSION.into(),
        endpoint: places.endpoint.to_string(),
        logs: directories.logs.display().to_string(),
        instance: id,
    })?;
    let notes = opened
        .notes
        .into_iter()
        .chain(lock.warning().map(Into::into))
        .chain(elsewhere)
        .chain(unfinished)
        .chain(logging.trouble().map(Into::into));
    let (stop_tx, stop) = mpsc::channel(1);
    let signals = listen_for_signals(stop_tx.clone(), engine.handle.clone()).map_err(thread("handling signals"))?;
    let operations = Operations::new(engine.handle.clone(), history, home, clock, faults.operations);
    let operations = Arc::new(operations);
    let observed = observer::Parts {
        announcements,
        settings,
        engine: engine.handle.clone(),
        operations: Arc::clone(&operations),
        clock,
    };
    let observer = Observer::start(observed).map_err(thread("observing edits"))?;
    let trials = Trials::start(to_try, engine.handle.clone(), Arc::clone(&operations), tried);
    let trials = trials.map_err(thread("trying conflicts"))?;
    let context = Arc::new(ServerContext {
        engine: engine.handle.clone(),
        operations: Arc::clone(&operations),
        files: Arc::new(HomeWork { places: places.clone(), clock }),
        places,
        user_home: env.home,
        version: VERSION,
        instance: id,
        started,
        cache_path: directories.cache,
        logs_dir: directories.logs,
        notes: notes.collect(),
        stop: stop_tx,
        store: Box::new(move || StoreStatus {
            queue: store.queued() as u64,
            rows: store.rows(),
            error: store.status(),
            file: store.file().map(Path::to_owned),
        }),
        rebound: Box::new({
            let names = Arc::clone(&names);
            move || names.touch()
        }),
    });
    let lock = Arc::new(lock);
    Ok(Daemon {
        runtime,
        listener,
        context,
        stop,
        operations,
        engine,
        notifier,
        observer,
        trials,
        _signals: signals,
        names,
        lock,
        _logging: logging,
    })
}

/// A deployed link to any of these would have a home hashed, or the daemon watch itself.
fn fence(env: &Env, places: &Places, directories: &Directories) -> Fence {
    let homes = env.home.iter().chain([&places.home]).cloned();
    let own = [Some(&*places.state), directories.cache.parent(), Some(&*directories.logs)];
    Fence::new(homes, own.into_iter().flatten().map(Path::to_owned))
}

fn listen_for_signals(stop: mpsc::Sender<ShutdownReason>, engine: EngineHandle) -> io::Result<signals::Listening> {
    signals::listen(move |request| match request {
        // A full channel means that the end was asked for already.
        signals::Request::Stop => drop(stop.try_send(ShutdownReason::Requested)),
        signals::Request::Reload => engine.look_at_home(),
    })
}

impl Daemon {
    fn serve(self) {
        let Self {
            runtime,
            listener,
            context,
            mut stop,
            operations,
            mut engine,
            notifier,
            observer,
            trials,
            _signals,
            names,
            lock,
            _logging,
        } = self;
        let watchdog = std::sync::OnceLock::new();
        let socket = watch::Sender::new(());
        let ended = engine.take_ended();
        let shutdown = async {
            tokio::select! {
                reason = stop.recv() => tracing::info!(?reason, "stopping"),
                // Without its engine the daemon would answer from an ever older picture.
                _ = ended => tracing::error!("the engine ended; stopping"),
                lost = lost_home(&lock, &names, &socket) => tracing::error!("{lost}; stopping"),
            }
            super::ready::stopping();
            watchdog.get_or_init(end_in_any_case);
        };
        runtime.block_on(server::serve(listener, context, &socket, shutdown));
        // An operation stops before its next item; one that cannot is ended by the next start.
        operations.stop(OPERATIONS_WITHIN);
        // Whatever else runs on blocking threads is a read.
        runtime.shutdown_background();
        drop(notifier);
        drop((observer, trials));
        match engine.stop() {
            Some(writer) => {
                if let Err(error) = writer.close(FLUSH_WITHIN) {
                    tracing::warn!(%error, "the cache was not closed in order");
                }
            }
            None => tracing::error!("the engine had failed"),
        }
        tracing::info!("stopped");
    }
}

/// Completes when this process is no longer the daemon of its home; until then puts back what was taken away, and has the
/// socket looked at.
async fn lost_home(lock: &Arc<InstanceLock>, names: &Arc<Names>, socket: &watch::Sender<()>) -> LostHome {
    let mut touched = names.touches();
    loop {
        let held = Arc::clone(lock);
        match tokio::task::spawn_blocking(move || held.check()).await {
            Ok(Ok(Hold::Intact)) => {}
            Ok(Ok(Hold::Restored)) => tracing::warn!("the lock file was taken away; it is there again"),
            Ok(Err(lost)) => return lost,
            Err(error) => tracing::error!(%error, "cannot look at the lock"),
        }
        // Watched first, so that nothing happens to it between the look and the watch.
        let again = Arc::clone(names);
        if let Err(error) = tokio::task::spawn_blocking(move || again.ensure()).await {
            tracing::error!(%error, "cannot watch the directories of lock and socket");
        }
        socket.send_replace(());
        // Time counts only where no events come.
        let _ = tokio::time::timeout(CLAIM_CHECK, touched.changed()).await;
        // Whoever removes a home removes one name after the other, and must not find a new one in its way.
        while let Ok(Ok(())) = tokio::time::timeout(QUIET, touched.changed()).await {}
    }
}

/// Ends the process when an orderly end takes too long.
fn end_in_any_case() {
    let thread = std::thread::Builder::new().name("watchdog".into());
    let spawned = thread.spawn(|| {
        std::thread::sleep(END_WITHIN);
        tracing::error!("stopping took too long; ending without it");
        std::process::exit(1);
    });
    if let Err(error) = spawned {
        tracing::warn!(%error, "cannot watch over the end");
    }
}
