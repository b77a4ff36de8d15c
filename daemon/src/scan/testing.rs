//! A real directory with real watches, and a way to know that every event has arrived.

use crate::metrics::Metrics;
use crate::watch::{Signal, Watches};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Longest wait for an event: only a defect makes it matter.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Disk {
    pub(crate) root: PathBuf,
    pub(crate) watches: Arc<Watches>,
    pub(crate) metrics: Arc<Metrics>,
    signals: Mutex<Receiver<Signal>>,
    drains: Mutex<u64>,
    _dir: tempfile::TempDir,
}

impl Disk {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let real = dir.path().canonicalize().expect("it was just made");
        let metrics = Arc::<Metrics>::default();
        let (tx, signals) = channel();
        let sink = move |signal| drop(tx.send(signal));
        let watches = Watches::start(Arc::clone(&metrics), sink);
        let root = real.join("root");
        std::fs::create_dir(&root).expect("a fresh directory");
        let signals = Mutex::new(signals);
        Self { root, watches: Arc::new(watches), metrics, signals, drains: Mutex::new(0), _dir: dir }
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Writes a file, with the directories above it.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(path);
        std::fs::create_dir_all(path.parent().expect("below the root")).expect("directories");
        std::fs::write(&path, content).expect("a file");
        path
    }

    pub(crate) fn mkdir(&self, path: &str) -> PathBuf {
        let path = self.at(path);
        std::fs::create_dir_all(&path).expect("directories");
        path
    }

    /// Every path touched until now, in the kernel's order.
    pub(crate) fn touched(&self) -> Vec<PathBuf> {
        let mut drain = self.drains.lock().expect("not poisoned");
        *drain += 1;
        self.watches.drain(*drain);
        let signals = self.signals.lock().expect("not poisoned");
        let mut touched = Vec::new();
        loop {
            match signals.recv_timeout(PATIENCE).expect("the drain ends") {
                Signal::Drained(number) if number == *drain => return touched,
                Signal::Drained(_) | Signal::Undrained(_) => {}
                Signal::Touched { path, .. } => touched.push(path),
                Signal::Lost { reason } => panic!("{reason}"),
            }
        }
    }

    /// Whether what happens in `dir` is told.
    pub(crate) fn is_watched(&self, dir: &Path) -> bool {
        self.touched();
        let probe = dir.join("probe");
        std::fs::write(&probe, "x").expect("a file");
        std::fs::remove_file(&probe).expect("just written");
        self.touched().contains(&probe)
    }
}

#[cfg(unix)]
pub(crate) fn link(target: impl AsRef<Path>, link: &Path) {
    std::fs::create_dir_all(link.parent().expect("below the root")).expect("directories");
    std::os::unix::fs::symlink(target, link).expect("a link");
}

#[cfg(unix)]
pub(crate) fn fifo(path: &Path) {
    std::fs::create_dir_all(path.parent().expect("below the root")).expect("directories");
    let made = std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo");
    assert!(made.success());
}
