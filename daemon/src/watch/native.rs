//! The notify instance: one for the whole daemon, and the only module that names the crate.
//!
//! # Locking
//!
//! notify's `watch` waits for notify's own thread, and that thread runs our callback. The callback may therefore take
//! only the lock of [`Dirs`], which nobody holds while calling notify; the lock of the watcher is taken around each
//! request and also makes *claim, watch* one step, so that no scan can believe in a watch that is not there yet.

use super::dirs::{Claim, Dirs};
use super::{Hint, Signal};
use crate::metrics::Metrics;
use notify::event::{CreateKind, ModifyKind, RenameMode};
use notify::{Config, ErrorKind, EventKind, EventKindMask, RecommendedWatcher, RecursiveMode, Watcher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What became of a request to watch a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ensured {
    /// It is watched from now on, or was already.
    Watched,
    /// It is not there, or is not a directory.
    Gone,
    /// The kernel refuses: no more watches, or no permission.
    Refused {
        /// For people, with what to do.
        reason: String,
    },
}

/// The watched directories and the cookies.
pub struct Watches {
    watcher: Mutex<Option<RecommendedWatcher>>,
    dirs: Arc<Mutex<Dirs>>,
    sink: Sink,
    cookies: PathBuf,
    metrics: Arc<Metrics>,
}

type Sink = Arc<dyn Fn(Signal) + Send + Sync>;

impl std::fmt::Debug for Watches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watches").field("cookies", &self.cookies).finish_non_exhaustive()
    }
}

/// The instance could not be made, or the cookie directory could not be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// inotify and its kin.
    #[error("cannot watch {path} for changes: {source}")]
    Start {
        /// The cookie directory.
        path: PathBuf,
        /// What the kernel said.
        source: notify::Error,
    },
    /// The cookie directory.
    #[error("cannot create {path}: {source}")]
    CookieDir {
        /// The cookie directory.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
}

impl Watches {
    /// Starts watching nothing but the cookie directory, which is emptied first.
    ///
    /// `sink` is called on notify's thread and must not block.
    ///
    /// # Errors
    /// [`WatchError::CookieDir`]. A kernel that has no instance or watch left is no error: roots are then polled.
    pub fn start(
        cookies: PathBuf,
        metrics: Arc<Metrics>,
        sink: impl Fn(Signal) + Send + Sync + 'static,
    ) -> Result<Self, WatchError> {
        let cookie_dir = |source| WatchError::CookieDir { path: cookies.clone(), source };
        match std::fs::remove_dir_all(&cookies) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(cookie_dir(e)),
            _ => {}
        }
        std::fs::create_dir_all(&cookies).map_err(cookie_dir)?;
        // Events carry real paths; a cookie must be recognised by its directory.
        let cookies = cookies.canonicalize().map_err(cookie_dir)?;
        let watches = Self { watcher: Mutex::new(None), dirs: Arc::default(), sink: Arc::new(sink), cookies, metrics };
        match watches.restart() {
            // Without an instance everything is compared instead, and says that it is degraded.
            Err(error @ WatchError::Start { .. }) => tracing::warn!(%error, "no events will be heard"),
            other => other?,
        }
        Ok(watches)
    }

    /// Replaces the notify instance: after lost events nothing is known of what it watches. Everything must be scanned
    /// again afterwards, which watches it again.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn restart(&self) -> Result<(), WatchError> {
        let failed = |source| WatchError::Start { path: self.cookies.clone(), source };
        let mut slot = lock(&self.watcher);
        drop(slot.take());
        lock(&self.dirs).clear();
        let cookie_dir = |source| WatchError::CookieDir { path: self.cookies.clone(), source };
        std::fs::create_dir_all(&self.cookies).map_err(cookie_dir)?;
        let mask = EventKindMask::CORE | EventKindMask::ACCESS_CLOSE;
        let config = Config::default().with_event_kinds(mask).with_follow_symlinks(false);
        let (dirs, sink) = (Arc::clone(&self.dirs), Arc::clone(&self.sink));
        let (cookies, metrics) = (self.cookies.clone(), Arc::clone(&self.metrics));
        let callback = move |event| deliver(event, &dirs, &cookies, &metrics, &*sink);
        let mut watcher = RecommendedWatcher::new(callback, config).map_err(failed)?;
        watcher.watch(&self.cookies, RecursiveMode::NonRecursive).map_err(failed)?;
        *slot = Some(watcher);
        Ok(())
    }

    /// Watches `dir`, whose path must be real (no links in it). Call it *before* reading the directory.
    pub fn ensure(&self, dir: &Path) -> Ensured {
        let mut slot = lock(&self.watcher);
        let Some(watcher) = slot.as_mut() else {
            // Never *gone*: everything would be missing for want of an inotify instance.
            let reason = "no inotify instance or watch is left; raise fs.inotify.max_user_instances and \
                          fs.inotify.max_user_watches, then run `skillmeat daemon restart`";
            return Ensured::Refused { reason: reason.into() };
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
                // Without its cookies no request would ever be answered in time again.
                if dir == self.cookies {
                    continue;
                }
                // Already gone is as good.
                let _ = watcher.unwatch(&dir);
            }
        }
        self.metrics.watches.store(lock(&self.dirs).len() as u64, Ordering::Relaxed);
    }

    /// Writes a cookie; its number comes back as [`Signal::Cookie`] after everything that happened before.
    ///
    /// # Errors
    /// Those of the file system; the barrier then verifies by `stat`.
    pub fn write_cookie(&self, number: u64) -> io::Result<()> {
        let path = self.cookies.join(number.to_string());
        std::fs::File::create(&path)?;
        std::fs::remove_file(&path)
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
        ErrorKind::MaxFilesWatch => Ensured::Refused {
            reason:
                "the limit of inotify watches is reached; raise it with `sysctl fs.inotify.max_user_watches=524288`"
                    .into(),
        },
        _ => Ensured::Refused { reason: format!("cannot watch {}: {error}", dir.display()) },
    }
}

fn deliver(
    event: notify::Result<notify::Event>,
    dirs: &Mutex<Dirs>,
    cookies: &Path,
    metrics: &Metrics,
    sink: &dyn Fn(Signal),
) {
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
            mode => mode != RenameMode::To,
        },
        _ => false,
    };
    let hint = match event.kind {
        EventKind::Create(CreateKind::Folder) | EventKind::Remove(_) | EventKind::Access(_) => Hint::Finished,
        EventKind::Modify(ModifyKind::Name(_) | ModifyKind::Metadata(_)) => Hint::Finished,
        _ => Hint::Ongoing,
    };
    for path in event.paths {
        if path.parent() == Some(cookies) {
            if let (EventKind::Create(_), Some(number)) = (event.kind, cookie_number(&path)) {
                sink(Signal::Cookie(number));
            }
            continue;
        }
        if departed {
            lock(dirs).invalidate(&path);
        }
        sink(Signal::Touched { path, hint });
    }
}

fn cookie_number(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::Ensured;
    use crate::scan::testing::Disk;
    use std::fs;

    #[test]
    fn a_directory_that_takes_the_place_of_another_is_watched() {
        let disk = Disk::new();
        let (a, b) = (disk.mkdir("a"), disk.at("b"));
        assert_eq!(disk.watches.ensure(&disk.root), Ensured::Watched);
        assert_eq!(disk.watches.ensure(&a), Ensured::Watched);
        fs::rename(&a, &b).expect("rename");
        fs::create_dir(&a).expect("mkdir");
        disk.touched();
        assert_eq!(disk.watches.ensure(&b), Ensured::Watched);
        assert_eq!(disk.watches.ensure(&a), Ensured::Watched);
        assert!(disk.is_watched(&a) && disk.is_watched(&b));
        fs::remove_dir_all(&a).expect("remove");
        fs::create_dir(&a).expect("mkdir");
        disk.touched();
        disk.watches.ensure(&a);
        assert!(disk.is_watched(&a));
    }

    #[test]
    fn what_lay_below_a_moved_directory_is_watched_in_its_new_and_its_old_place() {
        let disk = Disk::new();
        let inner = disk.mkdir("a/x");
        for dir in [&disk.root, &disk.at("a"), &inner] {
            disk.watches.ensure(dir);
        }
        fs::rename(disk.at("a"), disk.at("b")).expect("rename");
        disk.mkdir("a/x");
        disk.touched();
        for dir in ["a", "a/x", "b", "b/x"] {
            disk.watches.ensure(&disk.at(dir));
        }
        for dir in ["a", "a/x", "b", "b/x"] {
            assert!(disk.is_watched(&disk.at(dir)), "{dir}");
        }
    }

    #[test]
    fn what_was_released_while_it_was_away_is_watched_again_when_it_is_back() {
        let disk = Disk::new();
        let inner = disk.mkdir("p/.claude");
        for dir in [&disk.root, &disk.at("p"), &inner] {
            disk.watches.ensure(dir);
        }
        fs::rename(disk.at("p"), disk.at("away")).expect("rename");
        disk.touched();
        disk.watches.release(&disk.at("p"));
        disk.mkdir("p/.claude");
        for dir in [&disk.at("p"), &inner] {
            assert_eq!(disk.watches.ensure(dir), Ensured::Watched);
            assert!(disk.is_watched(dir), "{}", dir.display());
        }
    }

    #[test]
    fn cookies_outlive_the_release_of_everything_and_a_restart() {
        let disk = Disk::new();
        disk.watches.ensure(&disk.root);
        disk.watches.release(disk.root.parent().expect("it holds the cookies too"));
        disk.touched();
        assert!(!disk.is_watched(&disk.root));
        disk.watches.restart().expect("inotify");
        disk.touched();
        disk.watches.ensure(&disk.root);
        assert!(disk.is_watched(&disk.root));
    }

    #[test]
    fn what_is_not_there_is_gone_and_without_an_instance_nothing_is() {
        let disk = Disk::new();
        assert_eq!(disk.watches.ensure(&disk.at("nothing")), Ensured::Gone);
        let cookies = disk.root.with_file_name("cookies");
        fs::remove_dir_all(&cookies).expect("remove");
        fs::write(&cookies, "in the way").expect("a file");
        disk.watches.restart().expect_err("the cookies have no directory");
        assert!(matches!(disk.watches.ensure(&disk.root), Ensured::Refused { .. }), "everything would seem gone");
        fs::remove_file(&cookies).expect("remove");
        disk.watches.restart().expect("and it comes back");
        disk.watches.ensure(&disk.root);
        assert!(disk.is_watched(&disk.root));
    }
}
