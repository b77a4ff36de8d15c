//! Systems other than Linux, through notify: one instance for the whole daemon.
//!
//! Nothing proves here that earlier events have arrived, so [`Watches::drain`] says so at once and a barrier compares by
//! `stat`. On Linux this is built for its own tests only.
//!
//! # Locking
//!
//! notify's `watch` waits for notify's own thread, and that thread runs our callback. The callback may therefore take
//! only the lock of [`Dirs`], which nobody holds while calling notify; the lock of the watcher is taken around each
//! request and also makes *claim, watch* one step, so that no scan can believe in a watch that is not there yet.

pub mod dirs;

use super::{Ensured, Hint, Signal, WatchError};
use crate::metrics::Metrics;
use dirs::{Claim, Dirs};
use notify::event::{CreateKind, ModifyKind, RenameMode};
use notify::{Config, ErrorKind, EventKind, EventKindMask, RecommendedWatcher, RecursiveMode, Watcher};
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The watched directories.
pub struct Watches {
    watcher: Mutex<Option<RecommendedWatcher>>,
    dirs: Arc<Mutex<Dirs>>,
    sink: Sink,
    metrics: Arc<Metrics>,
}

type Sink = Arc<dyn Fn(Signal) + Send + Sync>;

impl std::fmt::Debug for Watches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watches").finish_non_exhaustive()
    }
}

impl Watches {
    /// Starts watching nothing. `sink` is called on notify's thread and must not block.
    ///
    /// A kernel that refuses is no error: everything is then polled.
    pub fn start(metrics: Arc<Metrics>, sink: impl Fn(Signal) + Send + Sync + 'static) -> Self {
        let watches = Self { watcher: Mutex::new(None), dirs: Arc::default(), sink: Arc::new(sink), metrics };
        if let Err(error) = watches.restart() {
            tracing::warn!(%error, "no events will be heard");
        }
        watches
    }

    /// Replaces the notify instance: after lost events nothing is known of what it watches. Everything must be scanned
    /// again afterwards, which watches it again.
    ///
    /// # Errors
    /// [`WatchError::Start`]; then nothing is watched.
    pub fn restart(&self) -> Result<(), WatchError> {
        let mut slot = lock(&self.watcher);
        drop(slot.take());
        lock(&self.dirs).clear();
        let mask = EventKindMask::CORE | EventKindMask::ACCESS_CLOSE;
        let config = Config::default().with_event_kinds(mask).with_follow_symlinks(false);
        let (dirs, sink, metrics) = (Arc::clone(&self.dirs), Arc::clone(&self.sink), Arc::clone(&self.metrics));
        let callback = move |event| deliver(event, &dirs, &metrics, &*sink);
        let failed = |source| WatchError::Start { source: io::Error::other(source) };
        *slot = Some(RecommendedWatcher::new(callback, config).map_err(failed)?);
        Ok(())
    }

    /// False: nothing is known that [`Self::ensure`] would not have to ask for, too.
    pub fn is_way_watched(&self, _top: &Path, _dir: &Path) -> bool {
        false
    }

    /// Watches `dir`, whose path must be real (no links in it). Call it *before* reading the directory.
    pub fn ensure(&self, dir: &Path) -> Ensured {
        let mut slot = lock(&self.watcher);
        let Some(watcher) = slot.as_mut() else {
            // Never *gone*: everything would be missing for want of an inotify instance.
            return Ensured::Refused { reason: "the system refuses to tell of changes; the log says why".into() };
        };
        let claim = lock(&self.dirs).claim(dir);
        match claim {
            Claim::Held => return Ensured::Watched,
            Claim::Renewed => {
                // An error only says that notify had dropped it by itself.
                let _ = watcher.unwatch(dir);
            }
            Claim::Fresh => {}
        }
        let watched = watcher.watch(dir, RecursiveMode::NonRecursive);
        let ensured = match watched {
            Ok(()) => Ensured::Watched,
            Err(error) => {
                lock(&self.dirs).abandon(dir);
                refusal(dir, &error)
            }
        };
        // Not before a claim that failed is taken back: another thread would believe it.
        drop(slot);
        self.metrics.watches.store(lock(&self.dirs).len() as u64, Ordering::Relaxed);
        ensured
    }

    /// Stops watching everything at or below `root`.
    pub fn release(&self, root: &Path) {
        let mut slot = lock(&self.watcher);
        let dirs = lock(&self.dirs).take(root);
        if let Some(watcher) = slot.as_mut() {
            for dir in dirs {
                // Already gone is as good.
                let _ = watcher.unwatch(&dir);
            }
        }
        self.metrics.watches.store(lock(&self.dirs).len() as u64, Ordering::Relaxed);
    }

    /// Says that nothing is proven: see the module's documentation.
    pub fn drain(&self, number: u64) {
        (self.sink)(Signal::Undrained(number));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Both values stay valid whatever panicked while holding them: a set, and an instance that checks itself.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refusal(dir: &Path, error: &notify::Error) -> Ensured {
    match &error.kind {
        ErrorKind::PathNotFound => Ensured::Gone,
        ErrorKind::Io(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ensured::Gone,
        _ => Ensured::Refused { reason: format!("cannot watch {}: {error}", dir.display()) },
    }
}

fn deliver(event: notify::Result<notify::Event>, dirs: &Mutex<Dirs>, metrics: &Metrics, sink: &dyn Fn(Signal)) {
    let event = match event {
        Ok(event) => event,
        Err(error) => return sink(Signal::Lost { reason: error.to_string() }),
    };
    // Before the paths: the kernel's overflow event has none.
    if event.need_rescan() {
        metrics.overflows.fetch_add(1, Ordering::Relaxed);
        return sink(Signal::Lost { reason: "the kernel's event queue overflowed".into() });
    }
    metrics.fs_events.fetch_add(1, Ordering::Relaxed);
    let departed = match event.kind {
        EventKind::Remove(_) => true,
        EventKind::Modify(ModifyKind::Name(mode)) => match mode {
            // A repetition of `From` and `To`, which came by themselves.
            RenameMode::Both => return,
            // Also of one that arrived: it may be in the place of another.
            _ => true,
        },
        _ => false,
    };
    let hint = match event.kind {
        EventKind::Create(CreateKind::Folder) | EventKind::Remove(_) | EventKind::Access(_) => Hint::Finished,
        EventKind::Modify(ModifyKind::Name(_) | ModifyKind::Metadata(_)) => Hint::Finished,
        _ => Hint::Ongoing,
    };
    for path in event.paths {
        if departed {
            lock(dirs).invalidate(&path);
        }
        sink(Signal::Touched { path, hint });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    /// What only notify's own behaviour can break: a path that it still keeps for another directory.
    #[test]
    fn a_directory_that_takes_the_place_of_another_is_watched() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let root = dir.path().canonicalize().expect("it was just made");
        let (tx, signals) = channel();
        let watches = Watches::start(Arc::default(), move |signal| drop(tx.send(signal)));
        let heard = |at: &Path| {
            std::fs::write(at, "x").expect("a file");
            let until = |signal: Signal| matches!(signal, Signal::Touched { path, hint: Hint::Finished } if path == at);
            while !until(signals.recv_timeout(Duration::from_secs(30)).expect("an event")) {}
        };
        let (a, b) = (root.join("a"), root.join("b"));
        std::fs::create_dir(&a).expect("mkdir");
        for dir in [&root, &a] {
            assert_eq!(watches.ensure(dir), Ensured::Watched);
        }
        std::fs::rename(&a, &b).expect("rename");
        std::fs::create_dir(&a).expect("mkdir");
        heard(&root.join("probe"));
        for dir in [&a, &b] {
            assert_eq!(watches.ensure(dir), Ensured::Watched);
            heard(&dir.join("probe"));
        }
        watches.drain(7);
        assert_eq!(signals.try_iter().last(), Some(Signal::Undrained(7)));
        assert_eq!(watches.ensure(&root.join("nothing")), Ensured::Gone);
    }
}
