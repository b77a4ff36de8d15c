//! The socket side of the daemon: who connects, in which encoding, what they ask, what they get.
//!
//! Everything here reads immutable snapshots or asks the engine through its handle; no state of the product lives in
//! this room. It runs on one current-thread tokio runtime, and is the only room that names sockets.
//!
//! Reading order:
//!
//! * [`listener`] – binding, the claim on the socket; [`serve`](serve()) in `accept` – connections in, limits, farewell
//! * `connection` – the life of one connection over `inbox` (bounded reading) and `outbox` (bounded writing)
//! * `encoding` – the two encodings behind one seam: `binary` and `json`
//! * `dispatch` – freshness, deadline and panic isolation around the handlers
//! * `handlers` – one request family a file; `scope`, `paging` and `picture` are what they share
//!
//! # Invariants
//!
//! * Breaking a limit costs the offender its connection and nobody else anything.
//! * Nothing a client does makes memory grow without bound: reads, writes, pages and subscriptions have limits.
//! * Reading never writes; what writes goes through the engine or [`HomeFiles`] and is not interrupted half-way by a
//!   connection that closes.
//! * Contents of requests are never logged.

mod accept;
mod binary;
mod connection;
mod dispatch;
pub mod encoding;
mod handlers;
pub mod inbox;
mod json;
mod limits;
pub mod listener;
mod outbox;
mod paging;
mod picture;
mod scope;
#[cfg(test)]
mod testing;

pub use accept::serve;
pub use listener::{ListenError, Listener};

use crate::engine::handle::EngineHandle;
use crate::ops::Operations;
use skillmeat_protocol::endpoint::Places;
use skillmeat_protocol::reply::{DiscoverReply, InitReply, Progress};
use skillmeat_protocol::request::{DiscoverQuery, ShutdownReason};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;
use tokio::sync::mpsc;

/// What handlers know of the rest of the daemon.
pub struct ServerContext {
    /// The owner of state.
    pub engine: EngineHandle,
    /// Where things are; `endpoint` is the one that is really listened on.
    pub places: Places,
    /// The user's home directory, which is refused as a project.
    pub user_home: Option<PathBuf>,
    /// Version of the daemon.
    pub version: &'static str,
    /// Random per daemon process; the first half of every clock.
    pub instance: u64,
    /// When the process started.
    pub started: Instant,
    /// Path of `cache.db`.
    pub cache_path: PathBuf,
    /// Directory of the log files.
    pub logs_dir: PathBuf,
    /// What happened to the cache at start, when it was not simply opened.
    pub notes: Vec<String>,
    /// Asks the process to end. One place in the channel is enough: a second request changes nothing.
    pub stop: mpsc::Sender<ShutdownReason>,
    /// Called when the socket had to be bound again, perhaps in a directory that is a new one.
    pub rebound: Box<dyn Fn() + Send + Sync>,
    /// How the cache's writer is doing.
    pub store: Box<dyn Fn() -> StoreStatus + Send + Sync>,
    /// What changes files.
    pub operations: Arc<Operations>,
    /// Work on the files of the home and below search roots.
    pub files: Arc<dyn HomeFiles>,
}

/// How the cache's writer is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreStatus {
    /// Batches waiting.
    pub queue: u64,
    /// Rows written since the start.
    pub rows: u64,
    /// Why the last batch could not be written.
    pub error: Option<String>,
    /// The file that it writes to; none when the cache is in memory.
    pub file: Option<PathBuf>,
}

/// File work that takes long enough to be kept off the runtime's thread; called on a blocking thread.
pub trait HomeFiles: Send + Sync {
    /// Creates home, config and the default collection where they are missing.
    ///
    /// # Errors
    /// Those of the file system, with the path in the message.
    fn init(&self) -> io::Result<InitReply>;

    /// Looks for projects below `query.root`, which is absolute and a directory. `registered` tells whether a path is
    /// registered already. Stops early, with what it has, when `cancelled` becomes true. Registers nothing itself.
    fn discover(
        &self,
        query: &DiscoverQuery,
        registered: &dyn Fn(&Path) -> bool,
        progress: &mut dyn FnMut(Progress),
        cancelled: &AtomicBool,
    ) -> DiscoverReply;
}
