//! The cache as its callers see it, on real files.

mod model;
mod recovery;
pub(super) mod sample;
mod writing;

use super::{Change, Loaded, Opened, Writer, open};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// A directory of its own with the path of a cache in it.
struct Place {
    directory: TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("cache.db");
        Self { directory, path }
    }

    /// With one small project in it, closed in order.
    fn filled() -> Self {
        let place = Self::new();
        let opened = place.open();
        opened.writer.send(sample::small_project("/p"));
        close(opened.writer);
        place
    }

    fn open(&self) -> Opened {
        open(&self.path, |_| {}).expect("the ladder ends in memory at the latest")
    }

    /// Opens what must be in good order and closes it again.
    fn load(&self) -> Loaded {
        let opened = self.open();
        assert_eq!(opened.notes, Vec::<String>::new());
        close(opened.writer);
        opened.loaded
    }

    fn file_names(&self) -> BTreeSet<String> {
        names(self.directory.path())
    }
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).expect("directory");
    entries.map(|entry| entry.expect("entry").file_name().into_string().expect("Unicode")).collect()
}

fn close(writer: Writer) {
    writer.close(Duration::from_secs(60)).expect("closes in order");
}

/// Sends and waits until the thread is done with it, so that what follows is another transaction.
fn send_alone(writer: &Writer, changes: Vec<Change>) {
    writer.send(changes);
    while writer.queued() > 0 {
        std::thread::yield_now();
    }
}
