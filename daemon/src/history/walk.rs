//! What is below an artifact that is to be captured: files, links and empty directories, in component order.
//!
//! Not the walk of `scan`, which reads through links, watches what it reads and has no use for directories. What the two
//! must agree on is the order and what counts as a file, on which the recorded hash rests; a test compares them.
//!
//! The listing carries stamps. The same listing once more, after everything was read, says that nothing came, went or
//! changed from the first look to the last, as far as stamps tell: what comes back to the same within one tick of the
//! file system's clock (4 ms at most on Linux) is not noticed.

use super::content::RelPath;
use super::{HistoryError, Scope};
use crate::library::ignore;
use crate::model::{MAX_DEPTH, MAX_FILES, MAX_IGNORED, Stamp, TreeKind};
use crate::os::files;
use std::ffi::{OsStr, OsString};
use std::fs::{FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// What is at one path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FoundKind {
    File {
        stamp: Stamp,
        mode: u32,
    },
    Link {
        target: OsString,
        /// The file that it leads to, if any: its bytes are part of the recorded hash.
        leads_to: Option<Stamp>,
    },
    EmptyDirectory {
        mode: u32,
    },
}

/// One path below the artifact.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) relative: RelPath,
    pub(super) path: PathBuf,
    /// Whether the ignore list names it or a directory above it.
    pub(super) ignored: bool,
    pub(super) kind: FoundKind,
}

impl Found {
    /// Of the file that is part of the recorded hash, if it is one.
    pub(super) fn stamp(&self) -> Option<&Stamp> {
        match &self.kind {
            FoundKind::File { stamp, .. } => Some(stamp),
            FoundKind::Link { leads_to, .. } => leads_to.as_ref(),
            FoundKind::EmptyDirectory { .. } => None,
        }
    }
}

/// Everything that [`list`] found, in component order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) kind: TreeKind,
    pub(super) found: Vec<Found>,
    /// Ignored files and links to files among them. Beyond [`MAX_IGNORED`] some are missing, unless they were wanted.
    pub(super) ignored: usize,
    /// Of every directory, before it was read: tells of what came and went again.
    directories: Vec<Stamp>,
}

/// Lists what is at `path`.
pub(super) fn list(path: &Path, scope: Scope) -> Result<Listing, HistoryError> {
    let metadata = std::fs::symlink_metadata(path).map_err(HistoryError::io("read", path))?;
    if metadata.is_dir() {
        let mut walk = Walk { root: path, scope, found: Vec::new(), ignored: 0, directories: Vec::new(), files: 0 };
        walk.descend(path, OsStr::new(""), false, 0)?;
        let Walk { found, ignored, directories, .. } = walk;
        return Ok(Listing { kind: TreeKind::Directory, found, ignored, directories });
    }
    let kind = match kind(path, metadata.file_type(), &metadata)? {
        // What a link leads to is not its content.
        Some(FoundKind::Link { target, .. }) => FoundKind::Link { target, leads_to: None },
        Some(kind) => kind,
        None => return Err(HistoryError::Special { path: path.to_owned() }),
    };
    let found = vec![Found { relative: RelPath::default(), path: path.to_owned(), ignored: false, kind }];
    Ok(Listing { kind: TreeKind::File, found, ignored: 0, directories: Vec::new() })
}

struct Walk<'a> {
    root: &'a Path,
    scope: Scope,
    found: Vec<Found>,
    ignored: usize,
    directories: Vec<Stamp>,
    files: usize,
}

impl Walk<'_> {
    fn descend(&mut self, dir: &Path, relative: &OsStr, ignored: bool, depth: usize) -> Result<(), HistoryError> {
        if depth > MAX_DEPTH {
            return Err(self.too_much(MAX_DEPTH, "levels of directories"));
        }
        let metadata = std::fs::symlink_metadata(dir).map_err(unreadable(dir))?;
        self.directories.push(files::stamp(&metadata));
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(unreadable(dir))? {
            let entry = entry.map_err(unreadable(dir))?;
            let file_type = entry.file_type().map_err(unreadable(&entry.path()))?;
            entries.push((entry.file_name(), file_type, entry));
        }
        // Bytes of UTF-8 sort as code points do.
        entries.sort_unstable_by(|(a, ..), (b, ..)| a.as_encoded_bytes().cmp(b.as_encoded_bytes()));
        for (name, file_type, entry) in entries {
            let path = dir.join(&name);
            let mut below = relative.to_owned();
            if !below.is_empty() {
                below.push("/");
            }
            below.push(&name);
            let ignored = ignored || ignore::is_ignored(&name);
            if ignored && self.scope != Scope::Everything && self.ignored > MAX_IGNORED {
                continue;
            }
            if file_type.is_dir() {
                let before = self.found.len();
                self.descend(&path, &below, ignored, depth + 1)?;
                let counts = |found: &Found| self.scope == Scope::Everything || !found.ignored;
                if !self.found[before..].iter().any(counts) && (self.scope == Scope::Everything || !ignored) {
                    let mode = mode(&entry.metadata().map_err(unreadable(&path))?);
                    let at = Found {
                        relative: self.relative(below, &path)?,
                        path,
                        ignored,
                        kind: FoundKind::EmptyDirectory { mode },
                    };
                    // Before what it holds that does not count.
                    self.found.insert(before, at);
                }
                continue;
            }
            let metadata = entry.metadata().map_err(unreadable(&path))?;
            let kind = match kind(&path, file_type, &metadata)? {
                None => continue,
                Some(FoundKind::Link { leads_to, .. }) if self.scope == Scope::Resolved => {
                    let Some(stamp) = leads_to else { continue };
                    FoundKind::File { stamp, mode: mode(&std::fs::metadata(&path).map_err(unreadable(&path))?) }
                }
                Some(kind) => kind,
            };
            let is_hashed = !matches!(kind, FoundKind::Link { leads_to: None, .. });
            self.ignored += usize::from(ignored && is_hashed);
            self.files += usize::from(!ignored || self.scope == Scope::Everything);
            if self.files > MAX_FILES {
                return Err(self.too_much(MAX_FILES, "files"));
            }
            let relative = self.relative(below, &path)?;
            self.found.push(Found { relative, path, ignored, kind });
        }
        Ok(())
    }

    fn relative(&self, below: OsString, path: &Path) -> Result<RelPath, HistoryError> {
        RelPath::new(below).ok_or_else(|| {
            let source = io::Error::new(io::ErrorKind::InvalidFilename, "its name cannot be kept");
            HistoryError::Io { verb: "read", path: path.to_owned(), source }
        })
    }

    fn too_much(&self, limit: usize, what: &'static str) -> HistoryError {
        HistoryError::TooMuch { path: self.root.to_owned(), limit, what }
    }
}

/// None for what is neither file nor link; the recorded hash leaves that out, too.
fn kind(path: &Path, file_type: FileType, metadata: &Metadata) -> Result<Option<FoundKind>, HistoryError> {
    if file_type.is_file() {
        return Ok(Some(FoundKind::File { stamp: files::stamp(metadata), mode: mode(metadata) }));
    }
    if !file_type.is_symlink() {
        return Ok(None);
    }
    let target = std::fs::read_link(path).map_err(unreadable(path))?.into_os_string();
    let leads_to = std::fs::metadata(path).ok().filter(Metadata::is_file);
    Ok(Some(FoundKind::Link { target, leads_to: leads_to.as_ref().map(files::stamp) }))
}

/// The permission bits of a file or directory.
#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    files::stamp(metadata).mode & 0o777
}

/// The permission bits of a file or directory, as far as there are any.
#[cfg(not(unix))]
fn mode(metadata: &Metadata) -> u32 {
    match (metadata.is_dir(), metadata.permissions().readonly()) {
        (true, _) => 0o755,
        (false, false) => 0o644,
        (false, true) => 0o444,
    }
}

/// What vanishes below an artifact that is there changed.
fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> HistoryError {
    move |source| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => HistoryError::Changed { path: path.to_owned() },
        _ => HistoryError::Io { verb: "read", path: path.to_owned(), source },
    }
}
