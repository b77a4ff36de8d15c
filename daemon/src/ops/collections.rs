//! Collections as a whole: made, renamed, removed, meant by default.
//!
//! A rename moves the directory itself: nothing is copied, so it takes no space and loses no time stamp, and the directory
//! keeps its inode, by which the engine knows it ([`crate::engine`]). So its id stays, its former name is noted there, and
//! deployment records that say that name still lead to it. What comes back from the history is another directory at the
//! same path, which keeps the id too.
//!
//! In the journal a move is a step without contents, whose staged place is the old path ([`Piece::moved`]). That path is
//! nowhere near a staging directory, so no cleaning up can touch it. After a kill, where the directory is says whether it
//! was moved: under the new name only, it goes back with whatever is in it. Texts inside it were written after it moved,
//! and are swapped back before it, as steps are taken back from the last one.

use super::contents::{self, Place};
use super::error::OpError;
use super::lookup;
use super::manage::{self, deployments};
use super::piece::Piece;
use super::plan::{Change, Edit, Planned, word};
use super::planning::Planning;
use super::target;
use super::witness::Witness;
use crate::engine::snapshot::CollectionView;
use crate::history::{Content, ContentEntry, EntryKind, RelPath, Scope};
use crate::library::init::{EMPTY_LOCK, empty_collection};
use crate::model::TreeKind;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::Outcome;
use skillmeat_protocol::request::{CollectionCreate, CollectionRemove, CollectionRename, CollectionSetDefault};
use std::path::{Path, PathBuf};

/// Modes of what the original makes.
const FILE: u32 = 0o644;
const DIRECTORY: u32 = 0o755;

fn item(name: &str, outcome: Outcome) -> Planned {
    Planned::of(None, name, outcome).of_collection(name)
}

fn refused(message: impl Into<String>) -> OpError {
    OpError::Refused { message: message.into() }
}

/// Where the collections of this home are, really.
pub(super) fn directory(planning: &Planning<'_>) -> PathBuf {
    let home = planning.home.canonicalize().unwrap_or_else(|_| planning.home.to_owned());
    let directory = home.join("collections");
    directory.canonicalize().unwrap_or(directory)
}

/// `collection create`.
pub fn create(planning: &mut Planning<'_>, query: &CollectionCreate) -> Vec<Planned> {
    let attempt = created(planning, &query.name);
    vec![attempt.unwrap_or_else(|error| item(&query.name, Outcome::Failed).failed(&error))]
}

fn created(planning: &mut Planning<'_>, name: &str) -> Result<Planned, OpError> {
    let place = new_place(planning, name)?;
    let manifest = planning.keep_bytes(empty_collection(name, planning.now).as_bytes(), FILE)?;
    let lock = planning.keep_bytes(EMPTY_LOCK.as_bytes(), FILE)?;
    let containers = manage::usual_containers().map(|name| (name, EntryKind::EmptyDirectory { mode: DIRECTORY }));
    let parts = [("collection.toml", manifest), ("collection.lock", lock)].into_iter().chain(containers);
    let mut entries: Vec<ContentEntry> =
        parts.filter_map(|(name, kind)| Some(ContentEntry { path: RelPath::new(name)?, kind })).collect();
    entries.sort_by(|a, b| a.path.components().cmp(b.path.components()));
    let content = Content { kind: TreeKind::Directory, entries };
    let id = planning.compose(content.clone());
    let (pieces, extent) = contents::place(&place, id, &content);
    let mut planned = item(name, Outcome::Created).at(&place.path);
    planned.moves(pieces, extent);
    Ok(planned)
}

/// Where a new collection goes.
pub(super) fn new_place(planning: &Planning<'_>, name: &str) -> Result<Place, OpError> {
    check_new_name(planning, name, None)?;
    let parent = directory(planning);
    let home = parent.parent().unwrap_or(&parent).to_owned();
    let missing = if parent.exists() { Vec::new() } else { target::way(&home, "collections/x")?.1 };
    let (path, _) = target::way(&parent, name)?;
    if path.symlink_metadata().is_ok() {
        return Err(refused(format!("{} is there already, and is no collection", path.display())));
    }
    Ok(Place { root: path.clone(), missing, prune_below: parent, path })
}

/// Whether a collection may be called so; `but` is the one that is renamed.
pub(super) fn check_new_name(planning: &Planning<'_>, name: &str, but: Option<&CollectionView>) -> Result<(), OpError> {
    target::check_plain_name(name)?;
    for other in planning.snapshot.collections.iter().filter(|c| but.is_none_or(|but| but.id != c.id)) {
        if *other.id == *name || other.name.to_lowercase() == name.to_lowercase() {
            return Err(refused(format!("there is a collection '{}' already", other.name)));
        }
        if other.former_names.iter().any(|former| **former == *name) {
            return Err(refused(format!(
                "collection '{}' was called '{name}' before, and deployments may still say so",
                other.name
            )));
        }
    }
    Ok(())
}

/// The directory of a collection, if it is one of this home and no link.
fn own(planning: &Planning<'_>, collection: &CollectionView) -> Result<PathBuf, OpError> {
    let expected = directory(planning).join(&*collection.name);
    if Path::new(&*collection.path) != expected || expected.is_symlink() {
        return Err(refused(format!(
            "it is at {}, elsewhere than the other collections; do it there",
            collection.path
        )));
    }
    Ok(expected)
}

/// `collection rename`.
///
/// # Errors
/// There is no such collection, or its manifest cannot be read.
pub fn rename(planning: &mut Planning<'_>, query: &CollectionRename) -> Result<Vec<Planned>, WireError> {
    let collection = lookup::collection(planning.snapshot, Some(&query.collection))?;
    let attempt = renamed(planning, &collection, &query.to);
    Ok(vec![attempt.unwrap_or_else(|error| item(&collection.name, Outcome::Failed).failed(&error))])
}

fn renamed(planning: &Planning<'_>, collection: &CollectionView, to: &str) -> Result<Planned, OpError> {
    if *collection.name == *to {
        return Ok(item(to, Outcome::Unchanged).at(Path::new(&*collection.path)));
    }
    let from = own(planning, collection)?;
    check_new_name(planning, to, Some(collection))?;
    let path = manage::beside(&from, to)?;
    let mut planned = item(to, Outcome::Updated).at(&path);
    planned.pieces.push(Piece::moved(&from, &path, &path));
    planned.edits.push(manage::in_manifest(&path, Change::NameCollection(to.to_owned())));
    if is_default(planning, collection) {
        planned.edits.push(default(planning, to));
    }
    let mut message = format!("it was called '{}'", collection.name);
    let deployed = deployments(planning.snapshot, &collection.id, None);
    if deployed > 0 {
        message.push_str(&format!(", and {deployed} deployments say so; they are still found by it here"));
    }
    Ok(planned.saying(message))
}

fn is_default(planning: &Planning<'_>, collection: &CollectionView) -> bool {
    planning.snapshot.collection(&planning.snapshot.default_collection).is_some_and(|c| c.id == collection.id)
}

fn default(planning: &Planning<'_>, name: &str) -> Edit {
    Edit {
        path: planning.home.join("config.toml"),
        root: planning.home.to_owned(),
        change: Change::DefaultCollection(name.to_owned()),
    }
}

/// `collection remove`.
///
/// # Errors
/// There is no such collection.
pub fn remove(planning: &mut Planning<'_>, query: &CollectionRemove) -> Result<Vec<Planned>, WireError> {
    // One whose manifest cannot be read can be removed too.
    let Some(collection) = planning.snapshot.collection(&query.collection).cloned() else {
        lookup::collection(planning.snapshot, Some(&query.collection))?;
        return Err(WireError::new(ErrorCode::NotFound, format!("there is no collection '{}'", query.collection)));
    };
    let attempt = removed(planning, &collection, query.force);
    Ok(vec![attempt.unwrap_or_else(|error| item(&collection.name, Outcome::Failed).failed(&error))])
}

fn removed(planning: &mut Planning<'_>, collection: &CollectionView, force: bool) -> Result<Planned, OpError> {
    let name = &*collection.name;
    if is_default(planning, collection) {
        let others = planning.snapshot.collections.iter().filter(|other| other.id != collection.id);
        return Ok(item(name, Outcome::Refused)
            .saying("it is the default collection")
            .ways(others.map(|other| format!("skillmeat collection set-default {}", word(&other.name)))));
    }
    let path = own(planning, collection)?;
    let witness = Witness::of(&path)?;
    let read = planning.read(&path, Scope::Everything)?;
    let is_frame = |entry: &&ContentEntry| {
        let path = entry.path.as_os_str();
        path == "collection.toml" || path == "collection.lock" || matches!(entry.kind, EntryKind::EmptyDirectory { .. })
    };
    let files = read.content.entries.iter().filter(|entry| !is_frame(entry)).count();
    let deployed = deployments(planning.snapshot, &collection.id, None);
    if !force && (files > 0 || deployed > 0 || !collection.artifacts.is_empty()) {
        let artifacts = collection.artifacts.len();
        return Ok(item(name, Outcome::Refused)
            .at(&path)
            .saying(format!("it has {artifacts} artifacts in {files} files, and {deployed} deployments"))
            .ways([format!("skillmeat collection remove {} --force   # a copy is kept in the history", word(name))]));
    }
    let parent = path.parent().unwrap_or(&path).to_owned();
    let place = Place { root: path.clone(), missing: Vec::new(), prune_below: parent, path };
    let (pieces, extent) = contents::take(&place, read.id, &read.content, witness);
    let mut planned = item(name, Outcome::Removed).at(&place.path);
    planned.moves(pieces, extent);
    if deployed > 0 {
        planned = planned.saying(format!("{deployed} deployments stay, and are 'removed' from now on"));
    }
    Ok(planned)
}

/// `collection set-default`.
///
/// # Errors
/// There is no such collection, or its manifest cannot be read.
pub fn set_default(planning: &Planning<'_>, query: &CollectionSetDefault) -> Result<Vec<Planned>, WireError> {
    let collection = lookup::collection(planning.snapshot, Some(&query.collection))?;
    if *planning.snapshot.default_collection == *collection.name {
        return Ok(vec![item(&collection.name, Outcome::Unchanged)]);
    }
    let mut planned = item(&collection.name, Outcome::Recorded).at(&planning.home.join("config.toml"));
    planned.edits.push(default(planning, &collection.name));
    Ok(vec![planned])
}
