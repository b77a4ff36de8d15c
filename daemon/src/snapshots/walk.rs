//! What is in a collection now: every file, link and directory, in the order in which the original packs them.
//!
//! Nothing is left out but our own staging directories: what is in the way of a hash may still be what somebody wants back.
//! The listing carries stamps, so that the same listing once more says that nothing changed in between.

use super::SnapshotError;
use crate::history::RelPath;
use crate::model::{MAX_DEPTH, Stamp};
use crate::os::files;
use sha2::{Digest, Sha256};
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

/// Files, links and directories in one collection.
pub(super) const MAX_ENTRIES: usize = 500_000;
/// How the names of staging directories begin.
const STAGING: &[u8] = b".skillmeat.tmp.";

/// What is at one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundKind {
    /// A regular file.
    File,
    /// A link, as it is written.
    Link(OsString),
    /// A directory, whether anything is in it or not.
    Directory,
}

/// One path below a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Below the collection.
    pub relative: RelPath,
    /// Where it is.
    pub path: PathBuf,
    /// What.
    pub kind: FoundKind,
    /// Of a directory, only what does not change with its entries.
    pub stamp: Stamp,
    /// Its modification time in seconds.
    pub modified: u64,
}

/// Everything below a collection: directories before what is in them, each by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The collection.
    pub root: PathBuf,
    /// What is there.
    pub found: Vec<Found>,
    /// What is neither file, link nor directory, and is not kept.
    pub left_out: Vec<PathBuf>,
}

impl Listing {
    /// Lists what is at `root`, a directory.
    ///
    /// # Errors
    /// It cannot be read; [`SnapshotError::TooMuch`].
    pub fn of(root: &Path) -> Result<Self, SnapshotError> {
        let mut listing = Self { root: root.to_owned(), found: Vec::new(), left_out: Vec::new() };
        listing.descend(root, OsStr::new(""), 0)?;
        Ok(listing)
    }

    /// Identifies it, with all stamps: equal digests mean that nobody touched anything.
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for found in &self.found {
            let name = found.relative.as_os_str().as_encoded_bytes();
            digest.update((name.len() as u64).to_le_bytes());
            digest.update(name);
            let Stamp { size, mtime_ns, ctime_ns, inode, device, mode } = found.stamp;
            for number in [size, mtime_ns.cast_unsigned(), ctime_ns.cast_unsigned(), inode, device, u64::from(mode)] {
                digest.update(number.to_le_bytes());
            }
            if let FoundKind::Link(target) = &found.kind {
                digest.update(target.as_encoded_bytes());
            }
        }
        digest.finalize().into()
    }

    /// Bytes that its archive unpacks to, at most: each path has a header, perhaps a long name and a long link, and is filled up.
    pub(super) fn unpacked(&self) -> u64 {
        const BLOCK: u64 = 512;
        let size = |found: &Found| if found.kind == FoundKind::File { found.stamp.size } else { 0 };
        let one = |found: &Found| {
            let name = found.relative.as_os_str().len() as u64;
            let link = if let FoundKind::Link(target) = &found.kind { target.len() as u64 } else { 0 };
            8 * BLOCK + name + link + size(found)
        };
        self.found.iter().map(one).sum()
    }

    /// How many artifacts the original would count: what is directly in the directories of its first three types.
    pub fn artifact_count(&self) -> u64 {
        let counts = |found: &&Found| {
            let mut parts = found.relative.components();
            let container = parts.next().is_some_and(|part| [&b"skills"[..], b"commands", b"agents"].contains(&part));
            container && parts.next().is_some() && parts.next().is_none()
        };
        self.found.iter().filter(counts).count() as u64
    }

    fn descend(&mut self, directory: &Path, relative: &OsStr, depth: usize) -> Result<(), SnapshotError> {
        if depth > MAX_DEPTH {
            return Err(self.too_much(MAX_DEPTH, "levels of directories"));
        }
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(unreadable(directory))? {
            entries.push(entry.map_err(unreadable(directory))?);
        }
        entries.sort_unstable_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let (name, path) = (entry.file_name(), entry.path());
            if name.as_encoded_bytes().starts_with(STAGING) {
                continue;
            }
            let mut below = relative.to_owned();
            if !below.is_empty() {
                below.push("/");
            }
            below.push(&name);
            let metadata = entry.metadata().map_err(unreadable(&path))?;
            let kind = match metadata.file_type() {
                kind if kind.is_file() => FoundKind::File,
                kind if kind.is_dir() => FoundKind::Directory,
                kind if kind.is_symlink() => {
                    FoundKind::Link(std::fs::read_link(&path).map_err(unreadable(&path))?.into_os_string())
                }
                _ => {
                    self.left_out.push(path);
                    continue;
                }
            };
            if self.found.len() >= MAX_ENTRIES {
                return Err(self.too_much(MAX_ENTRIES, "files and directories"));
            }
            let source = || io::Error::new(io::ErrorKind::InvalidFilename, "its name cannot be kept");
            let name = RelPath::new(below.clone());
            let relative = name.ok_or_else(|| SnapshotError::io("read", &path)(source()))?;
            let is_directory = kind == FoundKind::Directory;
            let (stamp, modified) = (stamp(&metadata), modified(&metadata));
            self.found.push(Found { relative, path: path.clone(), kind, stamp, modified });
            if is_directory {
                self.descend(&path, &below, depth + 1)?;
            }
        }
        Ok(())
    }

    fn too_much(&self, limit: usize, what: &'static str) -> SnapshotError {
        SnapshotError::TooMuch { path: self.root.clone(), limit, what }
    }
}

/// A directory's own times change with its entries, which are looked at themselves, and its size says nothing.
fn stamp(metadata: &Metadata) -> Stamp {
    let stamp = files::stamp(metadata);
    if metadata.is_dir() { Stamp { size: 0, mtime_ns: 0, ctime_ns: 0, ..stamp } } else { stamp }
}

fn modified(metadata: &Metadata) -> u64 {
    let since = metadata.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_secs())
}

/// What vanishes below a collection that is there changed.
fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> SnapshotError {
    move |source| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => SnapshotError::Changed { path: path.to_owned() },
        _ => SnapshotError::Io { verb: "read", path: path.to_owned(), source },
    }
}
