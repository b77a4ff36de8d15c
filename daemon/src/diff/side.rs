//! One side as a tree of files: names, modes and hashes, and where the bytes are when they are asked for.

use super::archived::Archive;
use super::choose::Subject;
use crate::engine::snapshot::Snapshot;
use crate::history::{self, Content, ContentEntry, EntryKind, History, HistoryError, Scope};
use crate::library::ignore::is_ignored;
use crate::model::Tree;
use sha2::{Digest, Sha256};
use skillmeat_merge::diff::Mode;
use skillmeat_merge::diff::tree::Entry;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::SideInfo;
use skillmeat_protocol::request::DiffSide;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A file's content: equal when the bytes are.
#[derive(Clone, Debug)]
pub struct Bytes {
    /// SHA-256.
    pub hash: ContentHash,
    /// How many.
    pub size: u64,
    /// Where they are.
    pub origin: Origin,
}

/// Where bytes are.
#[derive(Clone, Debug)]
pub enum Origin {
    /// In this file.
    Disk(PathBuf),
    /// In the history, by their hash.
    Stored,
    /// Here: where a link leads.
    Target(Vec<u8>),
    /// In an archive, by their hash.
    Archived(Arc<Archive>),
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        (self.hash, self.size) == (other.hash, other.size)
    }
}

/// One side.
#[derive(Clone, Debug)]
pub struct Side {
    /// As it is told.
    pub info: SideInfo,
    /// Files by path below it; the empty path for one that is itself a file.
    pub files: Vec<(Vec<u8>, Entry<Bytes>)>,
}

/// What reading a side needs.
pub struct Reading<'a> {
    /// What is known now.
    pub snapshot: &'a Snapshot,
    /// The SkillMeat home, where snapshots are.
    pub home: &'a Path,
    /// The collection that is named, by which a snapshot may be told from others.
    pub collection: Option<&'a str>,
    /// The history, or why it cannot be used.
    pub history: Result<&'a History, WireError>,
    /// Nobody waits any more.
    pub cancelled: &'a AtomicBool,
}

impl Reading<'_> {
    /// Reads a side of an artifact.
    ///
    /// # Errors
    /// It cannot be read, or is not known.
    pub fn side(&self, subject: &Subject, side: &DiffSide) -> Result<Side, WireError> {
        match side {
            DiffSide::Path(path) => self.path(Path::new(path)),
            DiffSide::Baseline => self.baseline(subject),
            DiffSide::Version(_) | DiffSide::Snapshot(_) | DiffSide::Named(_) => self.past(subject, side),
            DiffSide::Project => {
                let label = format!("project {}", subject.project_name.as_deref().unwrap_or_default());
                let item = subject.item.as_ref().filter(|item| item.project_hash.is_some());
                self.there(side, label, item.map(|item| item.path.to_path_buf()))
            }
            DiffSide::Collection => {
                let name = subject.collection_name.as_deref();
                let label = name.map_or("no collection".to_owned(), |name| format!("collection {name}"));
                if let Some(Tree::Unreadable { message }) =
                    subject.original.as_ref().and_then(|original| original.artifact.tree.as_ref())
                {
                    return Err(WireError::new(ErrorCode::Io, message));
                }
                if let Some((branch, hash)) = subject.followed() {
                    return self.tip(subject, side, format!("branch {branch} of {label}"), hash);
                }
                self.there(side, label, subject.original_path())
            }
        }
    }

    /// Reads any file or directory, links as links.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn path(&self, path: &Path) -> Result<Side, WireError> {
        let shown = path.to_string_lossy().into_owned();
        absolute(path)?;
        let info = SideInfo {
            side: DiffSide::Path(shown.clone()),
            label: shown.clone(),
            present: true,
            path: Some(shown),
            content_hash: None,
        };
        self.read(info, path, Scope::Counted)
    }

    /// The tip of a branch that is not the current one.
    fn tip(&self, subject: &Subject, side: &DiffSide, label: String, hash: ContentHash) -> Result<Side, WireError> {
        let history = self.history.clone()?;
        let Some(content) = stored(history, hash).map_err(wire)? else {
            let message = format!("the files of version {} of {} are not kept", hash.short(), subject.key);
            return Err(WireError::new(ErrorCode::Refused, message));
        };
        let side = side.clone();
        let info = SideInfo { side, label, present: true, path: None, content_hash: Some(hash) };
        Ok(Side { info, files: files(&content, |_| Origin::Stored) })
    }

    /// A side that is on disk, or nowhere.
    fn there(&self, side: &DiffSide, label: String, path: Option<PathBuf>) -> Result<Side, WireError> {
        let shown = path.as_ref().map(|path| path.to_string_lossy().into_owned());
        let info = SideInfo { side: side.clone(), label, present: path.is_some(), path: shown, content_hash: None };
        match path {
            None => Ok(Side { info, files: Vec::new() }),
            Some(path) => {
                // A link itself is never content: where it leads is.
                let real = path.canonicalize().map_err(|error| {
                    let message = format!("cannot find {}: {error}", path.display());
                    WireError::new(ErrorCode::Io, message).path(path.to_string_lossy())
                })?;
                self.read(info, &real, Scope::Resolved)
            }
        }
    }

    fn read(&self, info: SideInfo, path: &Path, scope: Scope) -> Result<Side, WireError> {
        let (content, recorded) = history::inspect(path, scope, self.cancelled).map_err(wire)?;
        let origin = |entry: &ContentEntry| Origin::Disk(entry.path.below(path));
        let info = SideInfo { content_hash: recorded.map(|recorded| recorded.hash), ..info };
        Ok(Side { info, files: files(&content, origin) })
    }

    /// What was deployed. A side that still has the recorded hash is that; else the history may hold it, which has it from a
    /// snapshot by now if one does.
    fn baseline(&self, subject: &Subject) -> Result<Side, WireError> {
        let key = &subject.key;
        let Some(hash) = subject.baseline() else {
            return Err(WireError::new(
                ErrorCode::NotFound,
                format!("{key} has no baseline: no record says what was deployed"),
            )
            .hint("compare the two sides: --from collection --to project"));
        };
        let info = SideInfo {
            side: DiffSide::Baseline,
            label: "baseline".to_owned(),
            present: true,
            path: None,
            content_hash: Some(hash),
        };
        // A history that cannot be used takes nothing from sides that are as deployed.
        let stored = match &self.history {
            Ok(history) => stored(history, hash).map_err(wire),
            Err(error) => Err(error.clone()),
        };
        if let Ok(Some(content)) = &stored {
            return Ok(Side { info, files: files(content, |_| Origin::Stored) });
        }
        if let Some(read) = self.here(subject, hash)? {
            return Ok(Side { info, ..read });
        }
        stored?;
        let message =
            format!("no baseline content: neither the history nor a snapshot holds what was deployed of {key}");
        Err(WireError::new(ErrorCode::NotFound, message)
            .hint("it was deployed by another program, and both sides changed since; compare them: --from collection --to project"))
    }

    /// The side that has this hash now.
    pub(super) fn here(&self, subject: &Subject, hash: ContentHash) -> Result<Option<Side>, WireError> {
        for side in [DiffSide::Project, DiffSide::Collection] {
            let read = self.side(subject, &side)?;
            if read.info.content_hash == Some(hash) {
                return Ok(Some(read));
            }
        }
        Ok(None)
    }
}

/// Whether it says the same whoever reads it.
///
/// # Errors
/// `BadPath`.
pub fn absolute(path: &Path) -> Result<(), WireError> {
    if path.is_absolute() {
        return Ok(());
    }
    Err(WireError::new(ErrorCode::BadPath, "the path is not absolute").path(path.to_string_lossy()))
}

/// The latest content that was seen with this hash. One that holds no links is preferred, since that is what was deployed.
pub(super) fn stored(history: &History, hash: ContentHash) -> Result<Option<Content>, HistoryError> {
    let mut found = None;
    for id in history.by_recorded(hash)? {
        let content = history.content(id)?;
        let is_plain = !content.entries.iter().any(|entry| matches!(entry.kind, EntryKind::Symlink { .. }));
        if is_plain {
            return Ok(Some(content));
        }
        found.get_or_insert(content);
    }
    Ok(found)
}

/// The files and links of a content that count. Directories follow from them.
pub(super) fn files(content: &Content, origin: impl Fn(&ContentEntry) -> Origin) -> Vec<(Vec<u8>, Entry<Bytes>)> {
    let counts = |entry: &&ContentEntry| {
        !Path::new(entry.path.as_os_str()).components().any(|part| is_ignored(part.as_os_str()))
    };
    let file = |entry: &ContentEntry| {
        let (mode, content) = match &entry.kind {
            EntryKind::File { hash, size, mode } => {
                let bytes = Bytes { hash: ContentHash(*hash), size: *size, origin: origin(entry) };
                (Mode::of_permissions(*mode), bytes)
            }
            EntryKind::Symlink { target } => {
                let target = target.as_encoded_bytes().to_vec();
                let hash = ContentHash(Sha256::digest(&target).into());
                let bytes = Bytes { hash, size: target.len() as u64, origin: Origin::Target(target) };
                (Mode::Symlink, bytes)
            }
            EntryKind::EmptyDirectory { .. } => return None,
        };
        Some((entry.path.as_os_str().as_encoded_bytes().to_vec(), Entry { mode, content }))
    };
    content.entries.iter().filter(counts).filter_map(file).collect()
}

/// What the history said of a side, as an answer.
pub fn wire(error: HistoryError) -> WireError {
    let (code, hint) = match &error {
        HistoryError::Changed { .. } => (ErrorCode::Io, Some("run the command again")),
        HistoryError::GivenUp { .. } => (ErrorCode::DeadlineExceeded, None),
        HistoryError::TooMuch { .. } => (ErrorCode::TooLarge, None),
        HistoryError::Special { .. } => (ErrorCode::BadPath, None),
        HistoryError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => (ErrorCode::NotFound, None),
        _ => (ErrorCode::Io, None),
    };
    let wire = WireError::new(code, error.to_string());
    match hint {
        Some(hint) => wire.hint(hint),
        None => wire,
    }
}
