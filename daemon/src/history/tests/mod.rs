//! The history as its callers see it, on real files.

mod backups;
mod capturing;
mod conflicts;
mod damage;
mod followings;
mod journal;
mod storing;
mod versions;

use super::{Content, ContentEntry, EntryKind, History, HistoryError, Scope};
use crate::model::Timestamp;
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// 2026-11-21T08:00:00Z.
const NOW: Timestamp = Timestamp(1_795_248_000_000_000);

/// A directory of its own: `daemon/history.db`, and room for artifacts beside it.
struct Place {
    directory: TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("daemon/history.db");
        Self { directory, path }
    }

    fn open(&self) -> History {
        self.try_open().expect("opens")
    }

    fn try_open(&self) -> Result<History, HistoryError> {
        History::open(&self.path, NOW)
    }

    /// Past the history, as somebody with `sqlite3` would.
    fn tamper(&self, sql: &str) {
        let connection = Connection::open(&self.path).expect("opens");
        connection.pragma_update(None, "ignore_check_constraints", true).expect("pragma");
        connection.pragma_update(None, "foreign_keys", false).expect("pragma");
        assert_ne!(connection.execute(sql, []), Ok(0), "{sql}");
    }

    fn count(&self, table: &str) -> i64 {
        let connection = Connection::open(&self.path).expect("opens");
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("counts")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file, with the directories above it.
    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().expect("below the directory")).expect("directories");
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    /// What lies beside the database.
    fn file_names(&self) -> BTreeSet<String> {
        let entries = std::fs::read_dir(self.at("daemon")).expect("a directory");
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("Unicode")).collect()
    }
}

/// Numbers that look random and are the same each time (xorshift).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 11) % limit
    }

    /// Half of them noise, half of them text.
    fn bytes(&mut self, length: usize) -> Vec<u8> {
        if self.below(2) == 0 {
            return b"one line of a skill\n".iter().copied().cycle().take(length).collect();
        }
        self.noise(length)
    }

    /// Does not pack.
    fn noise(&mut self, length: usize) -> Vec<u8> {
        let words = std::iter::repeat_with(|| self.next().to_le_bytes()).take(length / 8 + 1);
        words.flatten().take(length).collect()
    }
}

/// Everything that a content should keep, read by other means.
fn observe(root: &Path) -> BTreeSet<(PathBuf, String)> {
    let mut seen = BTreeSet::new();
    let mut open = vec![root.to_owned()];
    while let Some(path) = open.pop() {
        let metadata = std::fs::symlink_metadata(&path).expect("it is there");
        let mode = std::os::unix::fs::MetadataExt::mode(&metadata) & 0o777;
        let is = if metadata.is_dir() {
            let before = open.len();
            open.extend(std::fs::read_dir(&path).expect("readable").map(|entry| entry.expect("an entry").path()));
            if open.len() == before && path != root { format!("empty {mode:o}") } else { "directory".to_owned() }
        } else if metadata.is_symlink() {
            format!("link {:?}", std::fs::read_link(&path).expect("a link"))
        } else {
            use sha2::{Digest, Sha256};
            format!("file {mode:o} {:x?}", Sha256::digest(std::fs::read(&path).expect("readable")))
        };
        seen.insert((path.strip_prefix(root).expect("below").to_owned(), is));
    }
    seen
}
