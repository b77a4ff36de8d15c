//! The log: daily files, seven kept, each bounded; or stderr for a daemon in the foreground.
//!
//! Logging must never hold up or end the daemon, whatever happens to the disk:
//!
//! * Lines go through a bounded queue to a thread of their own. When the disk hangs and the queue is full, lines are
//!   dropped; a queue that waited instead would stop the engine.
//! * A full disk or a lost directory loses lines, and the next day's file is tried anew.
//! * `tracing-appender` has no limit on size (tracing #2972), so `capped` ends a day's file.
//! * `tracing-subscriber` reports failed writes with `eprintln!`, which panics when stderr is a closed pipe; that is
//!   switched off.
//!
//! Lines name files, counts and kinds. Contents of artifacts, requests and settings do not belong in them.
//!
//! `SKILLMEAT_LOG` sets the level (`error`, `warn`, `info`, `debug`, `trace`; a release build has no `trace`) of the daemon
//! itself, or as `target=level,…` that of anything.

mod capped;
mod one_line;

use crate::clock::Clock;
use crate::os::private_dir;
use capped::{Capped, Day};
use one_line::OneLine;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tracing::Level;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::Registry;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// The environment variable with the level.
pub const LEVEL_VARIABLE: &str = "SKILLMEAT_LOG";
/// What the files are called, before `.<year>-<month>-<day>` (UTC).
pub const FILE_PREFIX: &str = "skillmeatd.log";
/// Files kept.
const FILES: usize = 7;
/// Bytes a day.
const DAY_LIMIT: u64 = 16 * 1024 * 1024;
/// Lines that may wait for the disk.
const QUEUE: usize = 8192;

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Files in this directory, which is made for the user alone.
    Directory(PathBuf),
    /// Standard error, for a daemon in the foreground.
    Stderr,
}

/// Keeps the log going. Dropping it writes what is queued, waiting about a second at most.
#[derive(Debug)]
#[must_use = "dropping it ends the log"]
pub struct Logging {
    _worker: Option<WorkerGuard>,
    trouble: Option<String>,
}

impl Logging {
    /// Why lines do not go where they should, when they go to stderr instead.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }
}

/// Starts logging for the whole process, panics included; `level` is the value of [`LEVEL_VARIABLE`]. It never fails: a
/// directory that cannot be used is a [`Logging::trouble`], since a daemon without a log is better than none.
pub fn start(destination: &Destination, level: Option<&str>) -> Logging {
    let (targets, misread) = targets(level);
    let files = match destination {
        Destination::Directory(directory) => Some(files(directory)),
        Destination::Stderr => None,
    };
    let (worker, trouble) = match files {
        Some(Ok(files)) => {
            let (writer, worker) = queued(files);
            install(lines(move || writer.clone(), targets));
            log_panics();
            (Some(worker), None)
        }
        Some(Err(why)) => {
            install(lines(io::stderr, targets));
            (None, Some(why))
        }
        None => {
            install(lines(io::stderr, targets));
            (None, None)
        }
    };
    for message in misread.iter().chain(&trouble) {
        tracing::warn!("{message}");
    }
    Logging { _worker: worker, trouble }
}

/// Bytes of the log files in a directory.
pub fn size(directory: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    let ours = entries.flatten().filter(|e| e.file_name().as_encoded_bytes().starts_with(FILE_PREFIX.as_bytes()));
    ours.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
}

fn install(layer: impl Layer<Registry> + Send + Sync) {
    // Refused when the process logs already, which only a process that starts two daemons does: the first log stays.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
}

/// One event a line: time in UTC, level, target, message, fields.
fn lines<S, W>(writer: impl Fn() -> W + Send + Sync + 'static, targets: Targets) -> impl Layer<S> + Send + Sync
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: Write,
{
    let writer = move || OneLine(writer());
    let format = tracing_subscriber::fmt::layer().with_ansi(false).log_internal_errors(false).with_writer(writer);
    format.with_filter(targets)
}

fn queued(writer: impl Write + Send + 'static) -> (tracing_appender::non_blocking::NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default().lossy(true).buffered_lines_limit(QUEUE).thread_name("log").finish(writer)
}

/// What `level` lets through, and what is wrong with it. A bare level is the daemon's: at `debug`, the libraries below it
/// log the content of messages.
fn targets(level: Option<&str>) -> (Targets, Option<String>) {
    let with = |ours: Level| Targets::new().with_default(Level::WARN).with_target("skillmeatd", ours);
    let Some(text) = level.map(str::trim).filter(|text| !text.is_empty()) else { return (with(Level::INFO), None) };
    if let Ok(ours) = text.parse::<Level>() {
        return (with(ours), None);
    }
    match text.parse::<Targets>() {
        // A word that is no level reads as a target with everything on.
        Ok(targets) if text.contains('=') => (targets, None),
        _ => {
            let message = format!("{LEVEL_VARIABLE}='{}' is no level; info is used", text.escape_debug());
            (with(Level::INFO), Some(message))
        }
    }
}

fn files(directory: &Path) -> Result<impl Write + Send + 'static + use<>, String> {
    // tracing-appender would make it readable for others, and print to stderr while it is missing.
    private_dir::ensure(directory).map_err(|e| format!("no log files: {e}"))?;
    let clock = Clock::start();
    let today = move || Day::of(clock.wall());
    let file = directory.join(format!("{FILE_PREFIX}.{}", today()));
    let written = match std::fs::symlink_metadata(&file) {
        // Opening a FIFO would wait for its reader, and a link leads who knows where.
        Ok(found) if !found.is_file() => {
            return Err(format!("no log files: {} is not a file; move it away", file.display()));
        }
        Ok(found) => found.len(),
        Err(_) => 0,
    };
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(FILE_PREFIX)
        .max_log_files(FILES)
        .build(directory)
        .map_err(|e| format!("no log files in {}: {e}", directory.display()))?;
    Ok(Capped::new(appender, DAY_LIMIT, written, today))
}

/// The default hook tells only stderr, which is `/dev/null` in the background.
fn log_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let thread = std::thread::current();
        tracing::error!(thread = thread.name(), "{info}");
        default(info);
    }));
}

#[cfg(test)]
mod tests;
