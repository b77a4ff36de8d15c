//! Start and end of the process, in the order that keeps its promises.
//!
//! Start: lock, log, registry and cache, watching, engine, socket, ready. Requests that must be current wait on the
//! barrier until the first comparison is through; `cached` ones are answered from the cache at once and say so.
//!
//! End: no new connections, open ones finish what they are at, the engine ends its turn, scans end their file, the
//! registry and the cache are flushed, the socket goes, then the lock. All within three seconds, or the process
//! ends anyway: a cache that was not closed in order is checked at the next start.

use super::detach::detach;
use super::instance::{InstanceError, InstanceLock};
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
use crate::library::config::Config;
use crate::metrics::Metrics;
use crate::notifications::Notifier;
use crate::os;
use crate::registry::{self, Registrar};
use crate::scan::discover;
use crate::scan::pool::{Pool, Surroundings};
use crate::server::{self, HomeFiles, ListenError, Listener, ServerContext, StoreStatus};
pub use crate::watch::Faults;
use crate::watch::{WatchError, Watches};
use skillmeat_protocol::endpoint::{Endpoint, Env, LockNote, NoHome, Places};
use skillmeat_protocol::reply::{DiscoverReply, InitReply, Progress};
use skillmeat_protocol::request::{DiscoverQuery, ShutdownReason};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// The version that clients see.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Longest time from the request to end until the process is gone.
const END_WITHIN: Duration = Duration::from_secs(3);
/// Of which the cache gets this much to write what is queued.
const FLUSH_WITHIN: Duration = Duration::from_millis(1500);
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
    Watch(#[from] WatchError),
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
    engine: Engine,
    notifier: Notifier,
    _signals: signals::Listening,
    _logging: log::Logging,
    _lock: InstanceLock,
}

fn start(mode: Mode, faults: Faults) -> Result<Daemon, StartError> {
    let started = Instant::now();
    let clock = Clock::start();
    let uid = os::process::effective_uid().unwrap_or_default();
    let env = Env::of_process(uid);
    let mut places = Places::resolve(&env)?;
    // Before detaching, which makes private what is created after it: a home is as open as the user's umask says.
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

    let files = registry::read(&places.state).map_err(StartError::Registry)?;
    let opened = cache::open(&directories.cache)?;
    let metrics = Arc::new(Metrics::default());
    let inbox = Inbox::new(Arc::clone(&metrics));
    let sink = faults.before(inbox.signals());
    let watches = Arc::new(Watches::start(places.state.join("cookies"), Arc::clone(&metrics), sink)?);
    let thread = |what| move |source| StartError::Thread { what, source };
    let around = Surroundings {
        watches: Arc::clone(&watches),
        metrics: Arc::clone(&metrics),
        user_home: env.home.clone(),
        zone: jiff::tz::TimeZone::system(),
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).clamp(1, SCAN_THREADS);
    let pool = Pool::start(threads, around, inbox.findings()).map_err(thread("the scan threads"))?;
    let registrar = Registrar::start(places.state.clone()).map_err(thread("the registry's thread"))?;

    let (id, _) = uuid::Uuid::new_v4().as_u64_pair();
    // Events carry real paths.
    let home = places.home.canonicalize().unwrap_or_else(|_| places.home.clone());
    let registry = Registry { projects: files.projects, collections: files.collections, problems: files.problems };
    let now = Now { mono: clock.elapsed(), wall: clock.wall() };
    let state = State::new(Settings { home, instance: id }, registry, opened.loaded, now);
    let store = opened.writer.monitor();
    let (config_tx, config) = watch::channel(Arc::new(Config::default()));
    let configure = Box::new(move |config| drop(config_tx.send_replace(config)));
    let parts = Parts { clock, metrics, watches, pool, store: opened.writer, registrar, configure };
    let engine = Engine::start(state, inbox, parts).map_err(thread("the engine"))?;
    let notifier = Notifier::start(engine.announcements.subscribe(), config).map_err(thread("the notifier"))?;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(thread("the server"))?;
    let entered = runtime.enter();
    let listener = listen(&places.endpoint)?;
    drop(entered);
    places.endpoint = listener.endpoint().clone();
    lock.record(&LockNote {
        pid: std::process::id(),
        version: VERSION.into(),
        endpoint: places.endpoint.to_string(),
        logs: directories.logs.display().to_string(),
    })?;
    let notes = opened.notes.into_iter().chain(lock.warning().map(Into::into)).chain(logging.trouble().map(Into::into));
    let (stop_tx, stop) = mpsc::channel(1);
    let signals = listen_for_signals(stop_tx.clone(), engine.handle.clone()).map_err(thread("handling signals"))?;
    let context = Arc::new(ServerContext {
        engine: engine.handle.clone(),
        files: Arc::new(Files { places: places.clone(), clock }),
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
            error: store.status(),
            file: store.file().map(Path::to_owned),
        }),
    });
    Ok(Daemon { runtime, listener, context, stop, engine, notifier, _signals: signals, _logging: logging, _lock: lock })
}

fn listen_for_signals(stop: mpsc::Sender<ShutdownReason>, engine: EngineHandle) -> io::Result<signals::Listening> {
    signals::listen(move |request| match request {
        // A full channel means that the end was asked for already.
        signals::Request::Stop => drop(stop.try_send(ShutdownReason::Requested)),
        signals::Request::Reload => engine.look_at_home(),
    })
}

/// Work on files for the server.
struct Files {
    places: Places,
    clock: Clock,
}

impl HomeFiles for Files {
    fn init(&self) -> io::Result<InitReply> {
        home_files::init(&self.places, self.clock.wall())
    }

    fn discover(
        &self,
        query: &DiscoverQuery,
        registered: &dyn Fn(&Path) -> bool,
        progress: &mut dyn FnMut(Progress),
        cancelled: &AtomicBool,
    ) -> DiscoverReply {
        let search = discover::Search { root: PathBuf::from(&query.root), depth: query.depth };
        discover::discover(&search, registered, progress, cancelled)
    }
}

/// Listens on the socket that systemd hands over, else on our own. Called within the runtime.
fn listen(endpoint: &Endpoint) -> Result<Listener, StartError> {
    #[cfg(target_os = "linux")]
    if let Some(listener) = listenfd::ListenFd::from_env().take_unix_listener(0).ok().flatten() {
        let what = "listening on the socket of systemd";
        return Listener::adopt(listener).map_err(|source| StartError::Thread { what, source });
    }
    Ok(Listener::bind(endpoint)?)
}

impl Daemon {
    fn serve(self) {
        let Self { runtime, listener, context, mut stop, mut engine, notifier, _signals, _logging, _lock } = self;
        let watchdog = std::sync::OnceLock::new();
        let ended = engine.take_ended();
        let shutdown = async {
            tokio::select! {
                reason = stop.recv() => tracing::info!(?reason, "stopping"),
                // Without its engine the daemon would answer from an ever older picture.
                _ = ended => tracing::error!("the engine ended; stopping"),
            }
            super::ready::stopping();
            watchdog.get_or_init(end_in_any_case);
        };
        runtime.block_on(server::serve(listener, context, shutdown));
        // Whatever runs on blocking threads is a read.
        runtime.shutdown_background();
        drop(notifier);
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
