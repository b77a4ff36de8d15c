//! What was put together of two sides must fit together: manifest, lock, groups and files, as `collection verify` looks at them.

use super::super::error::OpError;
use super::versions::{Changed, Three, places};
use crate::history::{Content, EntryKind, RelPath};
use crate::library::edit::lock::{self as locks, NewLock};
use crate::library::edit::{Before, groups};
use crate::library::lock;
use crate::library::manifest::Manifest;
use crate::model::Timestamp;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The manifests of the three.
pub(super) struct Manifests<'m> {
    pub(super) current: &'m Manifest,
    pub(super) target: &'m Manifest,
    pub(super) goal: &'m Manifest,
}

/// Paths at which files and manifest would not fit together, though they do on one of the sides: artifacts whose files would be
/// gone, and files of artifacts that would be.
pub(super) fn misfits(three: Three<'_>, manifests: &Manifests<'_>, root: &Path, manifest: &str) -> Vec<String> {
    let [now, then, after] = [manifests.current, manifests.target, manifests.goal].map(|one| places(one, root));
    let mut found = BTreeSet::new();
    for (key, path) in &after {
        let was_there = |places: &BTreeMap<ArtifactKey, RelPath>, content: &Content| {
            places.get(key).is_some_and(|path| content.at(path).is_some())
        };
        if three.goal.at(path).is_none() && (was_there(&now, three.current) || was_there(&then, three.target)) {
            found.insert(path.as_os_str().display().to_string());
        }
    }
    for (_, path) in now.iter().filter(|(key, path)| !after.contains_key(key) && !after.values().any(|p| p == *path)) {
        let (stays, was) = (three.goal.at(path), three.target.at(path));
        let Some(stays) = stays.filter(|stays| Some(stays) != was.as_ref()) else { continue };
        let files = stays.entries.iter().filter(|entry| !matches!(entry.kind, EntryKind::EmptyDirectory { .. }));
        found.extend(files.map(|file| file.path.below(Path::new(path.as_os_str())).display().to_string()));
    }
    let complaints = |manifest: &'_ Manifest| -> BTreeSet<String> {
        manifest.problems.iter().map(|problem| problem.message.clone()).collect()
    };
    let known: BTreeSet<String> = &complaints(manifests.current) | &complaints(manifests.target);
    if !complaints(manifests.goal).is_subset(&known) || manifests.goal.unreadable != manifests.current.unreadable {
        found.insert(manifest.to_owned());
    }
    found.into_iter().collect()
}

/// A merged manifest, with its groups at positions 0, 1, 2 … again.
///
/// # Errors
/// It cannot be changed.
pub(super) fn numbered(
    text: &str,
    file: &Path,
    manifest: &Manifest,
    now: Timestamp,
) -> Result<Option<String>, OpError> {
    let positions = manifest.groups.iter().map(|group| group.position);
    if positions.eq(0..i64::try_from(manifest.groups.len()).unwrap_or(i64::MAX)) {
        return Ok(None);
    }
    Ok(Some(groups::apply(&Before { file, text: Some(text) }, &[], now)?))
}

/// The lock with what both sides' locks do not know: the hashes of merged artifacts, and those of artifacts that stay listed although
/// an operation, which is taken back, locked them first. None when it says all that. What comes from elsewhere is left alone: that
/// it differs from what was fetched is how one knows of edits.
///
/// # Errors
/// It cannot be changed.
pub(super) fn locked(
    [before, text]: [&str; 2],
    file: &Path,
    manifest: &Manifest,
    changed: &[Changed],
    hashes: &BTreeMap<ArtifactKey, ContentHash>,
    now: Timestamp,
) -> Result<Option<String>, OpError> {
    let [was, is] = [before, text].map(|text| -> BTreeMap<ArtifactKey, ContentHash> {
        let (entries, _) = lock::parse(text.as_bytes(), file);
        entries.into_iter().map(|entry| (entry.key, entry.content_hash)).collect()
    });
    let mut after: Option<String> = None;
    for entry in manifest.entries.iter().filter(|entry| entry.upstream.is_none()) {
        let key = &entry.key;
        let is_merged = changed.iter().any(|one| one.key == *key && one.other.is_some());
        let hash = match (was.get(key), is.get(key)) {
            (_, Some(locked)) => hashes.get(key).filter(|hash| is_merged && *hash != locked),
            (Some(locked), None) => hashes.get(key).or(Some(locked)),
            (None, None) => None,
        };
        let Some(hash) = hash else { continue };
        let new = NewLock {
            kind: key.kind,
            name: key.name.clone(),
            content_hash: *hash,
            fetched: now,
            upstream: None,
            resolved_sha: None,
            resolved_version: None,
        };
        after = Some(locks::set(&Before { file, text: Some(after.as_deref().unwrap_or(text)) }, &new)?);
    }
    Ok(after)
}
