//! Collections: what goes into one, and what every operation that changes one writes.

use super::account;
use super::contents::{self, Place};
use super::error::OpError;
use super::plan::{Change, Edit, Planned};
use super::planning::{Planning, Read};
use super::target;
use super::{add, check, collections, grouping, organise, switch};
use crate::engine::snapshot::{CollectionView, ItemView, Snapshot};
use crate::history::Origin;
use crate::library::edit::lock::NewLock;
use crate::library::edit::manifest::{EntryMetadata, Field, NewEntry};
use crate::library::{frontmatter, layout};
use crate::model::{Metadata, Timestamp, Tree};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use skillmeat_protocol::reply::Outcome;
use skillmeat_protocol::request::Operation;
use std::path::{Path, PathBuf};

/// A change of a collection's manifest.
pub(super) fn in_manifest(root: &Path, change: Change) -> Edit {
    Edit { path: root.join("collection.toml"), root: root.to_owned(), change }
}

/// What the lock says of an artifact whose files are these from now on.
pub(super) fn locked(root: &Path, key: &ArtifactKey, hash: ContentHash, at: Timestamp) -> Edit {
    let lock = NewLock {
        kind: key.kind,
        name: key.name.clone(),
        content_hash: hash,
        fetched: at,
        upstream: None,
        resolved_sha: None,
        resolved_version: None,
    };
    Edit { path: root.join("collection.lock"), root: root.to_owned(), change: Change::Lock(Box::new(lock)) }
}

/// What the lock says no more.
pub(super) fn unlocked(root: &Path, key: &ArtifactKey) -> Edit {
    Edit { path: root.join("collection.lock"), root: root.to_owned(), change: Change::Unlock(key.clone()) }
}

/// What the lock says under another name.
pub(super) fn relocked(root: &Path, key: &ArtifactKey, name: &str) -> Edit {
    let change = Change::RenameLock { key: key.clone(), name: name.to_owned() };
    Edit { path: root.join("collection.lock"), root: root.to_owned(), change }
}

/// How many deployments there are of a collection, or of one artifact of it.
pub(super) fn deployments(snapshot: &Snapshot, collection: &str, key: Option<&ArtifactKey>) -> usize {
    let is_of = |item: &ItemView| {
        let id = item.collection.as_ref().and_then(|c| c.id.as_deref());
        item.record.is_some() && id == Some(collection) && key.is_none_or(|key| *key == item.key)
    };
    snapshot.projects.iter().flat_map(|project| project.items()).filter(|item| is_of(item)).count()
}

/// The path of what is at `from` when it gets another name beside it.
///
/// # Errors
/// Something is called so, on this or any system. A name that differs in case only is free where the system tells them
/// apart.
pub(super) fn beside(from: &Path, name: &str) -> Result<PathBuf, OpError> {
    let parent = from.parent().unwrap_or(from);
    let path = parent.join(name);
    let taken = |other: &Path| OpError::Refused { message: format!("{} is there already", other.display()) };
    if path.symlink_metadata().is_ok() {
        let old = from.file_name().map(|old| old.to_string_lossy().to_lowercase());
        if old == Some(name.to_lowercase()) {
            let message = format!("{} is the same name on this file system, which ignores case", path.display());
            return Err(OpError::Refused { message });
        }
        return Err(taken(&path));
    }
    let entries = std::fs::read_dir(parent).map_err(OpError::io("list", parent))?;
    for other in entries.flatten().map(|entry| entry.path()) {
        let folded = other.file_name().map(|other| other.to_string_lossy().to_lowercase());
        if other != from && folded == Some(name.to_lowercase()) {
            return Err(taken(&other));
        }
    }
    Ok(path)
}

/// The place of an artifact's files in a collection.
///
/// # Errors
/// Nothing may be written there: it is elsewhere, as marketplace imports of the original are, or behind a link.
pub(super) fn place(root: &Path, path: &Path) -> Result<Place, OpError> {
    let relative = path.strip_prefix(root).ok().and_then(Path::to_str).ok_or_else(|| OpError::Refused {
        message: format!("{} is not in the collection at {}", path.display(), root.display()),
    })?;
    let (path, missing) = target::way(root, relative)?;
    // Containers stay when they are left empty: the original makes them with the collection.
    let prune_below = relative.split_once('/').map_or_else(|| root.to_owned(), |(container, _)| root.join(container));
    Ok(Place { path, root: root.to_owned(), missing, prune_below })
}

/// A new artifact in a collection, with the content of `source`.
///
/// # Errors
/// The name cannot be used, or something is in the way.
pub(super) fn added(
    planning: &mut Planning<'_>,
    root: &Path,
    key: &ArtifactKey,
    source: &Path,
    read: &Read,
    tags: &[String],
) -> Result<Planned, OpError> {
    // Stricter than a place in a project: the original takes a manifest with such a name for damaged, as a whole.
    target::check_plain_name(&key.name)?;
    let relative = super::planning::relative_target(key, source, read.content.kind, None)?;
    let place = place(root, &root.join(&relative))?;
    check_free(&place.path)?;
    let hash = read.counted(source)?;
    let (pieces, extent) = contents::place(&place, read.id, &read.content);
    let mut planned = Planned::of(Some(key), "", Outcome::Created).at(&place.path).holding(hash);
    planned.moves(pieces, extent);
    let fields = declared(source, key, read, tags);
    let entry = NewEntry {
        kind: key.kind,
        name: key.name.clone(),
        path: relative,
        origin: "local".to_owned(),
        added: planning.now,
        fields,
    };
    planned.edits.extend([in_manifest(root, Change::AddEntry(Box::new(entry))), locked(root, key, hash, planning.now)]);
    let spot = account::in_collection_at(planning, root);
    planned.sees(spot.map(|spot| account::made(key, spot, hash, read.id, Origin::Import)));
    Ok(planned)
}

/// Whether a place in the collection is free.
fn check_free(path: &Path) -> Result<(), OpError> {
    if path.symlink_metadata().is_ok() {
        return Err(OpError::Refused {
            message: format!("{} is there already, and the manifest does not have it", path.display()),
        });
    }
    Ok(())
}

/// What has the same type and content under another name.
pub(super) fn twin(
    collection: &CollectionView,
    kind: ArtifactType,
    is_same: impl Fn(ContentHash) -> bool,
) -> Option<ArtifactKey> {
    let same = |tree: &Option<Tree>| matches!(tree, Some(Tree::Present(info)) if is_same(info.hash));
    let mut alike = collection.artifacts.iter().filter(|a| a.entry.key.kind == kind && same(&a.tree));
    alike.next().map(|a| a.entry.key.clone())
}

/// Whether each of these can be a tag.
///
/// # Errors
/// `InvalidParams`.
pub(super) fn check_tags<'t>(tags: impl IntoIterator<Item = &'t String>) -> Result<(), WireError> {
    match tags.into_iter().find(|tag| tag.trim().is_empty() || tag.contains(char::is_control)) {
        Some(tag) => Err(WireError::new(ErrorCode::InvalidParams, format!("'{}' cannot be a tag", tag.escape_debug()))),
        None => Ok(()),
    }
}

/// What the files say of themselves, as `list` shows it.
fn matter(source: &Path, key: &ArtifactKey, read: &Read) -> Metadata {
    let file = match frontmatter::metadata_file(key.kind, read.content.kind) {
        frontmatter::MetadataFile::None => return Metadata::default(),
        frontmatter::MetadataFile::Itself => source.to_owned(),
        frontmatter::MetadataFile::Within(names) => {
            let there = names.iter().map(|name| source.join(name)).find(|path| path.is_file());
            let Some(file) = there else { return Metadata::default() };
            file
        }
    };
    let bytes = crate::os::files::read_whole(&file).unwrap_or_default();
    frontmatter::parse(&String::from_utf8_lossy(frontmatter::head(&bytes))).metadata
}

/// The fields that the files fill, with `tags` behind their own.
pub(super) fn declared(source: &Path, key: &ArtifactKey, read: &Read, tags: &[String]) -> Vec<Field> {
    let Metadata { title, description, version, author, license, tags: mut all } = matter(source, key, read);
    for tag in tags {
        if !all.contains(tag) {
            all.push(tag.clone());
        }
    }
    let mut fields = vec![Field::Tags(all)];
    let metadata = EntryMetadata { title, description, author, license, version };
    if metadata != EntryMetadata::default() {
        fields.push(Field::Metadata(metadata));
    }
    fields
}

/// Container directories that a new collection has, as `init` of the original makes them.
pub(super) fn usual_containers() -> impl Iterator<Item = &'static str> {
    use skillmeat_protocol::ids::ArtifactType::{Agent, Command, Skill, Workflow};
    [Skill, Command, Agent, Workflow].into_iter().filter_map(|kind| layout::containers(kind).first().copied())
}

/// Plans what changes collections alone.
///
/// # Errors
/// What is asked for is not there or ambiguous.
pub fn plan(planning: &mut Planning<'_>, operation: &Operation) -> Result<Vec<Planned>, WireError> {
    match operation {
        Operation::Add(query) => add::plan(planning, query),
        Operation::Remove(query) => organise::remove(planning, query),
        Operation::Rename(query) => organise::rename(planning, query),
        Operation::Tag(query) => organise::tag(planning, query),
        Operation::Group(query) => grouping::plan(planning, query),
        Operation::CollectionCreate(query) => Ok(collections::create(planning, query)),
        Operation::CollectionRename(query) => collections::rename(planning, query),
        Operation::CollectionRemove(query) => collections::remove(planning, query),
        Operation::CollectionSetDefault(query) => collections::set_default(planning, query),
        Operation::CollectionVerify(query) => check::plan(planning, query),
        Operation::Switch(query) => switch::plan(planning, query),
        Operation::Deploy(_)
        | Operation::DeployBranch(_)
        | Operation::Undeploy(_)
        | Operation::Pull(_)
        | Operation::Push(_)
        | Operation::SyncProject(_)
        | Operation::Adopt(_)
        | Operation::Forget(_)
        | Operation::Import(_)
        | Operation::Undo(_)
        | Operation::SnapshotRestore(_)
        | Operation::Rollback(_)
        | Operation::Restore(_)
        | Operation::PushBranch(_)
        | Operation::Promote(_)
        | Operation::FanOut(_) => Err(WireError::new(ErrorCode::InvalidParams, "this concerns a project")),
        Operation::ConflictContinue(_) | Operation::ConflictAbort(_) => {
            Err(WireError::new(ErrorCode::InvalidParams, "this concerns a project"))
        }
    }
}
