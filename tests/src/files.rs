//! The state of a directory, byte for byte and stamp for stamp: reading must not change it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What is known of one entry: type, mode, times, and content or target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    mode: u32,
    inode: u64,
    mtime: (i64, i64),
    ctime: (i64, i64),
    content: Vec<u8>,
}

/// Every entry at or below `root`, except below `without`.
pub fn state(root: &Path, without: &[PathBuf]) -> BTreeMap<PathBuf, Entry> {
    let mut found = BTreeMap::new();
    collect(root, without, &mut found);
    found
}

fn collect(path: &Path, without: &[PathBuf], found: &mut BTreeMap<PathBuf, Entry>) {
    if without.iter().any(|w| w == path) {
        return;
    }
    let metadata = fs::symlink_metadata(path).expect("nothing else removes it");
    let content = if metadata.is_file() {
        fs::read(path).unwrap_or_default()
    } else if metadata.is_symlink() {
        fs::read_link(path).expect("a link has a target").into_os_string().into_encoded_bytes()
    } else {
        Vec::new()
    };
    found.insert(
        path.to_owned(),
        Entry {
            mode: metadata.mode(),
            inode: metadata.ino(),
            mtime: (metadata.mtime(), metadata.mtime_nsec()),
            ctime: (metadata.ctime(), metadata.ctime_nsec()),
            content,
        },
    );
    if metadata.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            collect(&entry.path(), without, found);
        }
    }
}

/// Paths whose entries differ.
pub fn changed(before: &BTreeMap<PathBuf, Entry>, after: &BTreeMap<PathBuf, Entry>) -> Vec<PathBuf> {
    let paths: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    paths.into_iter().filter(|path| before.get(*path) != after.get(*path)).cloned().collect()
}
