//! From what a request names to shelves and the snapshots on them. Nothing is chosen among several.
//!
//! Shelves are called as collections are, as the original has it. So a collection that was renamed has one for each name that it
//! had, and two collections of one name could not be told apart: neither gets a snapshot then.

use crate::engine::snapshot::{CollectionView, Snapshot};
use crate::library::snapshots::SnapshotEntry;
use crate::ops::error::wire;
use crate::ops::lookup;
use crate::snapshots::{Shelf, shelves};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::SnapshotInfo;
use std::path::Path;
use std::sync::Arc;

/// Snapshots that are listed where several are meant.
const SHOWN: usize = 8;

/// One snapshot, and where it is.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Where.
    pub shelf: Shelf,
    /// How it is listed.
    pub entry: SnapshotEntry,
}

/// The shelf on which snapshots of a collection are put.
///
/// # Errors
/// `Refused` when another one is called the same; its name cannot be one of a directory.
pub fn own_shelf(home: &Path, snapshot: &Snapshot, view: &CollectionView) -> Result<Shelf, WireError> {
    if let Some(other) = snapshot.collections.iter().find(|other| other.name == view.name && other.id != view.id) {
        let message = format!("{} and {} are both called '{}'", view.path, other.path, view.name);
        return Err(WireError::new(ErrorCode::Refused, message).hint("snapshots are kept by name: rename one of them"));
    }
    Shelf::of(home, &view.name).map_err(wire)
}

/// The shelves of a collection: under its name, and under those that it had. One that is gone still has its shelf.
///
/// # Errors
/// `NotFound`.
pub fn shelves_of(home: &Path, snapshot: &Snapshot, named: Option<&str>) -> Result<Vec<Shelf>, WireError> {
    let name = named.unwrap_or(&snapshot.default_collection);
    if let Some(view) = snapshot.collection(name) {
        let names = std::iter::once(&view.name).chain(&view.former_names);
        return names.map(|name| Shelf::of(home, name).map_err(wire)).collect();
    }
    match Shelf::of(home, name) {
        Ok(shelf) if shelf.exists() => Ok(vec![shelf]),
        _ => lookup::collection_even_damaged(snapshot, named).map(|_| Vec::new()),
    }
}

/// The snapshot with this id, or whose id alone begins so.
///
/// # Errors
/// `NotFound`, `Ambiguous`; a list that would have to be read cannot be.
pub fn find(home: &Path, snapshot: &Snapshot, id: &str, named: Option<&str>) -> Result<Kept, WireError> {
    if id.trim().is_empty() {
        let error = WireError::new(ErrorCode::InvalidParams, "no snapshot is named");
        return Err(error.hint("skillmeat snapshot list"));
    }
    let places = match named {
        Some(_) => shelves_of(home, snapshot, named)?,
        None => {
            let names = shelves(home).map_err(wire)?;
            names.iter().map(|name| Shelf::of(home, name).map_err(wire)).collect::<Result<_, _>>()?
        }
    };
    let (mut exact, mut alike, mut damaged) = (Vec::new(), Vec::new(), None);
    for shelf in places {
        match shelf.list() {
            Ok(listed) => {
                for entry in listed.entries {
                    let found = Kept { shelf: shelf.clone(), entry };
                    match () {
                        () if found.entry.id == id => exact.push(found),
                        () if found.entry.id.starts_with(id) => alike.push(found),
                        () => {}
                    }
                }
            }
            Err(error) => damaged = damaged.or(Some(error)),
        }
    }
    let mut found = if exact.is_empty() { alike } else { exact };
    match (found.len(), damaged) {
        (1, _) => Ok(found.remove(0)),
        // It may be in there.
        (0, Some(error)) => Err(wire(error)),
        (0, None) => {
            let error = WireError::new(ErrorCode::NotFound, format!("there is no snapshot '{id}'"));
            Err(error.hint("skillmeat snapshot list"))
        }
        _ => {
            let shown = found.iter().take(SHOWN).map(|kept| format!("{} of {}", kept.entry.id, kept.shelf.name()));
            let message = format!("'{id}' fits several snapshots: {}", shown.collect::<Vec<_>>().join(", "));
            Err(WireError::new(ErrorCode::Ambiguous, message).hint("write more of it, or say which with --collection"))
        }
    }
}

/// The collection that a shelf is of, whether its manifest can be read or not.
///
/// # Errors
/// `NotFound`.
pub fn view(snapshot: &Snapshot, shelf: &Shelf) -> Result<Arc<CollectionView>, WireError> {
    match snapshot.collection(shelf.name()) {
        Some(view) => Ok(Arc::clone(view)),
        None => {
            let message = format!("{} is not there", super::shelf_named(shelf));
            Err(WireError::new(ErrorCode::NotFound, message).hint("skillmeat snapshot restore SNAPSHOT"))
        }
    }
}

/// A snapshot as the protocol tells it.
pub fn info(shelf: &Shelf, entry: &SnapshotEntry) -> SnapshotInfo {
    let archive = shelf.archive(entry);
    SnapshotInfo {
        id: entry.id.clone(),
        collection: shelf.name().to_owned(),
        at: entry.at.to_string(),
        message: entry.message.clone(),
        automatic: entry.is_automatic(),
        artifact_count: entry.artifact_count,
        size: archive.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len()),
        path: archive.to_string_lossy().into_owned(),
    }
}
