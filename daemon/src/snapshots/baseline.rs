//! What a deployment was made of, when only a snapshot of its collection holds it.
//!
//! The original keeps no contents but in snapshots, and so what it deployed can be merged from them alone. A content counts only if
//! it has exactly the recorded hash: nothing is taken for a base because it is near in time. What was found goes into the history,
//! where every later merge and comparison finds it, whatever becomes of the snapshot.

use super::content::{counts, of_archive};
use super::{Shelf, SnapshotError};
use crate::history::{Collector, Content, ContentId, EntryKind, History, HistoryError, RelPath, recorded, resolved};
use skillmeat_protocol::hash::ContentHash;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// How much is read for all that is sought.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    /// Archives.
    pub archives: usize,
    /// Bytes of the files in them.
    pub bytes: u64,
}

impl Default for Most {
    fn default() -> Self {
        Self { archives: 100, bytes: 2 << 30 }
    }
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// An archive.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Where its files are kept meanwhile.
    #[error(transparent)]
    History(#[from] HistoryError),
}

/// Archives that were read, each once.
pub struct Search<'h> {
    history: &'h History,
    most: Most,
    /// The files of all of them.
    files: Collector<'h>,
    /// What each holds; none for one that cannot be used.
    read: HashMap<PathBuf, Option<Content>>,
    /// Recorded hashes that were worked out.
    hashed: HashMap<ContentId, Option<ContentHash>>,
}

impl<'h> Search<'h> {
    /// Nothing read yet.
    pub fn new(history: &'h History, most: Most) -> Self {
        Self { history, most, files: history.collector(), read: HashMap::new(), hashed: HashMap::new() }
    }

    /// Looks at `path` of a collection for what has this recorded hash, in its snapshots from the latest on, and gives it to the
    /// history. Says whether it was there.
    ///
    /// # Errors
    /// The history fails, or nobody waits any more. An archive that cannot be used is passed over.
    pub fn fetch(
        &mut self,
        shelves: &[Shelf],
        path: &RelPath,
        hash: ContentHash,
        cancelled: &AtomicBool,
    ) -> Result<bool, SearchError> {
        let mut entries = Vec::new();
        for shelf in shelves {
            match shelf.list() {
                Ok(listed) => entries.extend(listed.entries.into_iter().map(|entry| (shelf, entry))),
                Err(error) => tracing::warn!(%error, "its snapshots are no base of a merge"),
            }
        }
        entries.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.at));
        for (shelf, entry) in entries {
            let archive = shelf.archive(&entry);
            if !self.read.contains_key(&archive) {
                if self.read.len() >= self.most.archives || self.most.bytes == 0 {
                    return Ok(false);
                }
                let content = self.content(&archive, shelf.name(), cancelled)?;
                self.read.insert(archive.clone(), content);
            }
            let Some(content) = self.read.get(&archive).and_then(|content| content.as_ref()?.at(path)) else {
                continue;
            };
            let ignored = content.entries.iter().any(|entry| !counts(&entry.path));
            let counted = super::content::counted(content.clone());
            // The original counts files that the ignore list names in some places and not in others.
            let is_it = self.hash(&counted)? == Some(hash) || ignored && self.hash(&content)? == Some(hash);
            if let Some(content) = resolved(&counted).filter(|_| is_it) {
                self.keep(&archive, shelf.name(), path, &content, hash, cancelled)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn content(&mut self, archive: &Path, name: &str, cancelled: &AtomicBool) -> Result<Option<Content>, SearchError> {
        let Self { files, most, .. } = self;
        let read = of_archive::<SearchError>(archive, name, cancelled, |_, size, bytes| {
            most.bytes = most.bytes.saturating_sub(size);
            Ok(files.stream(bytes, archive, |_| true)?)
        });
        match read {
            Ok((content, _)) => Ok(Some(content)),
            Err(SearchError::Snapshot(SnapshotError::Cancelled)) => Err(SnapshotError::Cancelled.into()),
            Err(SearchError::Snapshot(error)) => {
                tracing::warn!(%error, "a snapshot is no base of a merge");
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    fn hash(&mut self, content: &Content) -> Result<Option<ContentHash>, HistoryError> {
        let id = content.id();
        if let Some(known) = self.hashed.get(&id) {
            return Ok(*known);
        }
        let files = &mut self.files;
        let hash = recorded(content, |hash, to| files.read_back(hash, to))?;
        self.hashed.insert(id, hash);
        Ok(hash)
    }

    /// Stores the files of one artifact, and no others.
    fn keep(
        &self,
        archive: &Path,
        name: &str,
        path: &RelPath,
        content: &Content,
        hash: ContentHash,
        cancelled: &AtomicBool,
    ) -> Result<(), SearchError> {
        let wanted = |hash| {
            content
                .entries
                .iter()
                .any(|entry| matches!(entry.kind, EntryKind::File { hash: known, .. } if known == hash))
        };
        let mut files = self.history.collector();
        of_archive::<SearchError>(archive, name, cancelled, |at, _, bytes| {
            let is_below = at == path || Path::new(at.as_os_str()).starts_with(path.as_os_str());
            Ok(files.stream(bytes, archive, |hash| is_below && wanted(hash))?)
        })?;
        self.history.batch(|batch| {
            batch.keep(files.finish())?;
            batch.compose_recorded(content, hash).map(drop)
        })?;
        Ok(())
    }
}
