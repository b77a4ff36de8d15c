//! What a rollback does to artifacts: what of each was there, and what comes in its place, for the history of versions.

use super::super::account;
use super::super::error::OpError;
use super::super::plan::Planned;
use super::super::planning::Planning;
use super::sources::Sources;
use crate::engine::snapshot::CollectionView;
use crate::history::{Content, Origin, RelPath, Scope, Seen};
use crate::library::manifest::Manifest;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::BTreeMap;
use std::path::Path;

/// What a collection is, was in the snapshot, and is to be.
#[derive(Clone, Copy)]
pub(super) struct Three<'c> {
    pub(super) current: &'c Content,
    pub(super) target: &'c Content,
    pub(super) goal: &'c Content,
}

/// An artifact that does not stay as it is.
pub(super) struct Changed {
    pub(super) key: ArtifactKey,
    /// Where it is to be.
    pub(super) path: Option<RelPath>,
    before: Option<Content>,
    pub(super) after: Option<Content>,
    /// What the snapshot has of it, where that is something else than what is to be.
    pub(super) other: Option<Content>,
}

/// Where the artifacts of a manifest are, in a collection at `root`.
pub(super) fn places(manifest: &Manifest, root: &Path) -> BTreeMap<ArtifactKey, RelPath> {
    let entries = manifest.entries.iter().filter(|entry| entry.flaw.is_none());
    entries.filter_map(|entry| Some((entry.key.clone(), below(&entry.path, root)?))).collect()
}

fn below(path: &Path, root: &Path) -> Option<RelPath> {
    RelPath::new(path.strip_prefix(root).unwrap_or(path).as_os_str()).filter(|path| !path.is_empty())
}

/// The artifacts that change. `after` is where the manifest will say that they are; what no manifest lists stays where it is.
pub(super) fn changed(three: Three<'_>, view: &CollectionView, after: &BTreeMap<ArtifactKey, RelPath>) -> Vec<Changed> {
    let root = Path::new(&*view.path);
    let mut known: BTreeMap<&ArtifactKey, (Option<RelPath>, Option<&RelPath>)> = BTreeMap::new();
    for (key, path) in after {
        known.entry(key).or_default().1 = Some(path);
    }
    let is_elsewhere = |path: &RelPath| after.values().any(|other| other == path);
    let unlisted = view.artifacts.iter().filter(|artifact| !artifact.entry.in_manifest);
    let unlisted = unlisted.filter_map(|artifact| Some((&artifact.entry.key, below(&artifact.entry.path, root)?)));
    let unlisted: BTreeMap<&ArtifactKey, RelPath> = unlisted.filter(|(_, path)| !is_elsewhere(path)).collect();
    for (key, path) in &unlisted {
        known.entry(key).or_default().1.get_or_insert(path);
    }
    for artifact in view.artifacts.iter() {
        known.entry(&artifact.entry.key).or_default().0 = below(&artifact.entry.path, root);
    }
    let one = |(key, (was, is)): (&ArtifactKey, (Option<RelPath>, Option<&RelPath>))| {
        let before = was.as_ref().and_then(|path| three.current.at(path));
        let after = is.and_then(|path| three.goal.at(path));
        let other = is.and_then(|path| three.target.at(path)).filter(|other| Some(other) != after.as_ref());
        (before != after).then(|| Changed { key: key.clone(), path: is.cloned(), before, after, other })
    };
    known.into_iter().filter_map(one).collect()
}

/// Tells the history of versions of `changed`, and gives the hashes of what is to be.
///
/// # Errors
/// Something is not any more what it was, or cannot be read.
pub(super) fn tell(
    planning: &mut Planning<'_>,
    sources: &mut Sources<'_, '_>,
    view: &CollectionView,
    changed: &[Changed],
    planned: &mut Planned,
) -> Result<BTreeMap<ArtifactKey, ContentHash>, OpError> {
    let root = Path::new(&*view.path);
    let spot = || account::in_collection(&view.id);
    let mut hashes = BTreeMap::new();
    for Changed { key, path, before, after, other } in changed {
        planned.account.artifacts.push(key.clone());
        let mut was = None;
        let artifact = view.artifacts.iter().find(|artifact| artifact.entry.key == *key);
        let old = artifact.filter(|_| before.is_some()).and_then(|artifact| below(&artifact.entry.path, root));
        if let Some(path) = old {
            let read = planning.read(&path.below(root), Scope::Counted)?;
            let found = account::found(key, spot(), &read, None);
            was = found.as_ref().and_then(|found| found.hash);
            planned.sees(found);
        }
        let (Some(after), Some(path)) = (after, path) else {
            planned.sees([Seen { origin: Origin::Rollback, ..account::gone(key, spot()) }]);
            continue;
        };
        // What stays of it must be in the history too.
        if path.below(root).symlink_metadata().is_ok() {
            planning.read(&path.below(root), Scope::Counted)?;
        }
        let Some(hash) = sources.recorded(after)? else { continue };
        let id = planning.compose_whole(after.clone(), hash);
        let made = account::made(key, spot(), hash, id, Origin::Rollback);
        // What is in no archive and was not asked for cannot be hashed, and then it is not told.
        let from = other.as_ref().and_then(|other| sources.recorded(other).ok().flatten());
        let parents = was.zip(from).filter(|(was, from)| was != from && *from != hash);
        planned.sees([match parents {
            Some((was, from)) => account::of(made, [was, from].map(|hash| (key.clone(), hash))),
            None => made,
        }]);
        hashes.insert(key.clone(), hash);
    }
    Ok(hashes)
}
