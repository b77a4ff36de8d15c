//! What a record says was deployed, when the history does not have it: out of the snapshots of the artifact's collection.

use super::error::OpError;
use super::lookup::Original;
use super::planning::{Planning, original_path};
use super::run::Operations;
use crate::engine::snapshot::{CollectionView, ItemView};
use crate::history::RelPath;
use crate::snapshots::baseline::{Most, Search, SearchError};
use crate::snapshots::{Shelf, SnapshotError};
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::hash::ContentHash;
use std::path::Path;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;

impl From<SearchError> for OpError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Snapshot(error) => error.into(),
            SearchError::History(error) => error.into(),
        }
    }
}

/// Where the snapshots of a collection are, and where in them an artifact is that lies at `at`.
fn places(home: &Path, view: &CollectionView, at: &Path) -> Option<(Vec<Shelf>, RelPath)> {
    let path = RelPath::new(at.strip_prefix(&*view.path).ok()?.as_os_str()).filter(|path| !path.is_empty())?;
    let names = std::iter::once(&view.name).chain(&view.former_names);
    Some((names.filter_map(|name| Shelf::of(home, name).ok()).collect(), path))
}

impl Planning<'_> {
    /// Looks for what has this recorded hash in the snapshots of the collection in which `at` lies. Once it is found, the history
    /// has it.
    ///
    /// # Errors
    /// The history fails, or nobody waits any more.
    pub fn fetch(&mut self, at: &Path, hash: ContentHash) -> Result<bool, OpError> {
        let inside = |view: &&std::sync::Arc<CollectionView>| at.starts_with(&*view.path);
        let view = self.snapshot.collections.iter().filter(inside).max_by_key(|view| view.path.len());
        let Some((shelves, path)) = view.and_then(|view| places(self.home, view, at)) else { return Ok(false) };
        let cancelled = self.cancelled;
        let search = self.search.get_or_insert_with(|| Search::new(self.history, Most::default()));
        Ok(search.fetch(&shelves, &path, hash, cancelled)?)
    }
}

impl Operations {
    /// The same of one copy, for a comparison with what was deployed.
    ///
    /// # Errors
    /// Nobody waits any more. What else goes wrong is told when it turns out to be missing.
    pub fn fetch_baseline(
        &self,
        item: &ItemView,
        original: &Original,
        cancelled: &AtomicBool,
    ) -> Result<(), WireError> {
        let (Some(hash), Ok(history)) = (item.baseline(), self.history()) else { return Ok(()) };
        let is_at_hand = item.project_hash == Some(hash) || item.collection_hash == Some(hash);
        if is_at_hand || history.by_recorded(hash).is_ok_and(|known| !known.is_empty()) {
            return Ok(());
        }
        let Some((shelves, path)) = places(&self.home, &original.collection, &original_path(original)) else {
            return Ok(());
        };
        let _reading = self.reading.read().unwrap_or_else(PoisonError::into_inner);
        match Search::new(history, Most::default()).fetch(&shelves, &path, hash, cancelled).map_err(OpError::from) {
            Err(error @ (OpError::Cancelled | OpError::Snapshot(SnapshotError::Cancelled))) => Err(error.to_wire()),
            Err(error) => {
                tracing::warn!(%error, "no snapshot could be searched for what was deployed");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }
}
