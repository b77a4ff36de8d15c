//! Conflicts are tried before anybody asks: whether what both sides made of an artifact merges.
//!
//! The engine gives conflicts out as it classifies them, and takes what comes of each as an event. One thread here waits until they
//! have been quiet for a moment, tries one after the other, and answers about every one: also about those of which nothing can be
//! said, so that whoever waits for answers waits for no longer than they take.
//!
//! * `waiting` – what is to be tried; pure
//!
//! # Invariants
//!
//! * Nobody waits for this room who did not ask to: not the engine, not a status request.
//! * Of an item only the latest contents are tried.
//! * What an operation is at work on is left for later.
//! * A history that cannot be used costs answers and nothing else.

mod waiting;

use crate::engine::event::Event;
use crate::engine::handle::EngineHandle;
use crate::engine::trials::{Trial, Tried};
use crate::library::config::Config;
use crate::ops::Operations;
use crate::ops::trial::{Attempt, Trying};
use skillmeat_protocol::hash::ContentHash;
use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use waiting::Waiting;

/// Quiet before anything is read: whoever saves a file often saves the next one, too.
const QUIET: Duration = Duration::from_millis(100);
/// Of which there is no more than this.
const PATIENCE: Duration = Duration::from_secs(1);
/// Until what an operation was at work on is tried again.
const AGAIN: Duration = Duration::from_millis(100);
/// Answers that are given at once: each time, readers get another picture.
const TOGETHER: usize = 64;
/// How long the first of them waits for others.
const HELD: Duration = Duration::from_millis(50);

/// What travels to the thread.
enum Message {
    Try(Vec<Trial>),
    Stop,
}

/// The way in, before there is a thread: the engine is started first.
pub struct Inbox {
    tx: mpsc::Sender<Message>,
    rx: mpsc::Receiver<Message>,
}

impl Default for Inbox {
    fn default() -> Self {
        let (tx, rx) = mpsc::channel();
        Self { tx, rx }
    }
}

impl Inbox {
    /// A function that hands conflicts in; it never blocks.
    pub fn sink(&self) -> impl Fn(Vec<Trial>) + Send + 'static {
        let tx = self.tx.clone();
        // A thread that is gone answers nobody.
        move |trials| drop(tx.send(Message::Try(trials)))
    }
}

/// With what conflicts are tried.
struct Parts {
    engine: EngineHandle,
    operations: Arc<Operations>,
    settings: watch::Receiver<Arc<Config>>,
}

/// The running thread. Dropping it ends it, after the files that it is at.
#[must_use = "dropping it ends the trials"]
pub struct Trials {
    tx: mpsc::Sender<Message>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Trials {
    /// Starts the thread, which answers this engine.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(
        Inbox { tx, rx }: Inbox,
        engine: EngineHandle,
        operations: Arc<Operations>,
        settings: watch::Receiver<Arc<Config>>,
    ) -> io::Result<Self> {
        let parts = Parts { engine, operations, settings };
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let run = move || {
            crate::os::process::stand_back();
            run(&rx, &parts, &stopped);
        };
        let thread = std::thread::Builder::new().name("trials".into()).spawn(run)?;
        Ok(Self { tx, stop, thread: Some(thread) })
    }
}

impl Drop for Trials {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // A thread that has ended needs no telling.
        let _ = self.tx.send(Message::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that tries conflicts had ended by a defect");
        }
    }
}

fn run(rx: &mpsc::Receiver<Message>, parts: &Parts, stop: &AtomicBool) {
    let (mut waiting, mut nowhere) = (Waiting::default(), HashSet::new());
    loop {
        let first = match waiting.is_empty() {
            true => rx.recv().map_err(|_| RecvTimeoutError::Disconnected),
            false => rx.recv_timeout(AGAIN),
        };
        match first {
            Ok(Message::Try(trials)) => {
                waiting.add(trials);
                if !gathered(rx, &mut waiting) {
                    return;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
        }
        let busy = tried(parts, &mut waiting, &mut nowhere, stop);
        if stop.load(Ordering::SeqCst) {
            return;
        }
        waiting.back(busy);
    }
}

/// Takes what comes until nothing did for a while. Says whether to go on.
fn gathered(rx: &mpsc::Receiver<Message>, waiting: &mut Waiting) -> bool {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        match rx.recv_timeout(QUIET) {
            Ok(Message::Try(trials)) => waiting.add(trials),
            Err(RecvTimeoutError::Timeout) => return true,
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}

/// Tries everything that waits, and gives back what an operation is at work on.
fn tried(parts: &Parts, waiting: &mut Waiting, nowhere: &mut HashSet<ContentHash>, stop: &AtomicBool) -> Vec<Trial> {
    let most = parts.settings.borrow().observing.max_bytes;
    let snapshot = parts.engine.snapshot();
    let mut trying = Trying::new(&snapshot, most, stop, nowhere);
    let (mut busy, mut answers, mut since) = (Vec::new(), Vec::new(), Instant::now());
    let answer = |answers: Vec<Tried>| parts.engine.send(Event::Tried(answers));
    while let Some(trial) = waiting.take() {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        match parts.operations.attempt(&trial, &mut trying) {
            Attempt::Busy => busy.push(trial),
            Attempt::Answered(mergeable) => {
                if answers.is_empty() {
                    since = Instant::now();
                }
                answers.push(Tried { trial, mergeable });
            }
        }
        if answers.len() >= TOGETHER || !answers.is_empty() && since.elapsed() >= HELD {
            answer(std::mem::take(&mut answers));
        }
    }
    if !answers.is_empty() {
        answer(answers);
    }
    busy
}
