//! The three-way merge of an artifact: a project's copy and the collection's, from the content that the record names.
//!
//! The base is what the history has for the recorded hash, else what a snapshot of the collection has. Without one, nothing is merged: which side changed a file is
//! then a guess, and a wrong one loses somebody's edit. What comes of a merge is kept in memory until it is staged, so only
//! the files that both sides changed are read here.

use super::error::OpError;
use super::planning::Planning;
use crate::history::{Content, ContentEntry, EntryKind, RelPath, recorded};
use sha2::{Digest, Sha256};
use skillmeat_merge::three_way::{Conflict, LARGEST_TEXT, Leaf, Merged, Reason, Refusal, Tree, Trees};
use skillmeat_protocol::hash::ContentHash;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// One side: what was read, and where.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// What it is made of.
    pub content: &'a Content,
    /// Where it lies.
    pub path: &'a Path,
}

/// What became of a merge.
pub enum Merging {
    /// One content for both.
    Clean {
        /// What it is made of; files that neither side has are kept by the plan.
        content: Content,
        /// Its recorded hash.
        hash: ContentHash,
    },
    /// A person has to decide; the text says what about.
    Refused(String),
}

/// A file by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Blob {
    hash: [u8; 32],
    size: u64,
}

/// Merges both sides, which were read just now, from what was recorded with `baseline`.
///
/// # Errors
/// A file is not what was read before; the history cannot be read.
pub fn merge(
    planning: &mut Planning<'_>,
    baseline: Option<ContentHash>,
    ours: Side<'_>,
    theirs: Side<'_>,
) -> Result<Merging, OpError> {
    let mut known = baseline.map(|hash| planning.history.by_recorded(hash)).transpose()?.unwrap_or_default();
    if let Some(hash) = baseline.filter(|_| known.is_empty())
        && (planning.fetch(theirs.path, hash)? || planning.fetch(ours.path, hash)?)
    {
        known = planning.history.by_recorded(hash)?;
    }
    let mut refused = None;
    // The recorded hash knows no modes and no delimiters: several contents may have it.
    for id in known {
        let base = planning.history.content(id)?;
        match from_base(planning, &base, ours, theirs)? {
            Merging::Refused(why) => drop(refused.get_or_insert(why)),
            clean => return Ok(clean),
        }
    }
    let unknown = || "both sides changed, and neither the history nor a snapshot has what they come from".to_owned();
    Ok(Merging::Refused(refused.unwrap_or_else(unknown)))
}

fn from_base(
    planning: &mut Planning<'_>,
    base: &Content,
    ours: Side<'_>,
    theirs: Side<'_>,
) -> Result<Merging, OpError> {
    if ours.content.kind != theirs.content.kind {
        return Ok(Merging::Refused("it is a file on one side and a directory on the other".to_owned()));
    }
    let (before, one, other) = (tree(base), tree(ours.content), tree(theirs.content));
    let name = ours.path.file_name().map(Path::new).unwrap_or(ours.path);
    let trees = Trees { base: Some(&before), ours: &one, theirs: &other, name };
    let read = |blob: &Blob| {
        if blob.size > LARGEST_TEXT as u64 {
            return Ok(None);
        }
        bytes_of(planning, blob.hash, &[ours, theirs]).map(Some)
    };
    let merge = match trees.merge(read) {
        Ok(merge) => merge,
        Err(Refusal::Unreadable(error)) => return Err(error),
        Err(Refusal::Clash(paths)) => {
            let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
            return Ok(Merging::Refused(format!("a file and a directory at once: {}", listed(&names))));
        }
    };
    if !merge.conflicts.is_empty() {
        return Ok(Merging::Refused(told(&merge.conflicts, ours.path)));
    }
    let mut written: HashMap<[u8; 32], Vec<u8>> = HashMap::new();
    let mut entries = Vec::new();
    for (path, merged) in merge.tree {
        let kind = match merged {
            Merged::Kept(Leaf::File { content: Blob { hash, size }, mode }) => EntryKind::File { hash, size, mode },
            Merged::Kept(Leaf::Link { target }) => EntryKind::Symlink { target },
            Merged::Written { bytes, mode } => {
                let kind = planning.keep_bytes(&bytes, mode)?;
                written.insert(Sha256::digest(&bytes).into(), bytes);
                kind
            }
        };
        // It is one of the paths that came in.
        entries.extend(RelPath::new(path).map(|path| ContentEntry { path, kind }));
    }
    let content = Content { kind: ours.content.kind, entries };
    let hash = recorded(&content, |hash, to| {
        let bytes = match written.get(&hash) {
            Some(bytes) => Cow::Borrowed(bytes),
            None => Cow::Owned(bytes_of(planning, hash, &[ours, theirs])?),
        };
        to.write_all(&bytes).map_err(OpError::io("hash", ours.path))
    })?;
    match hash {
        Some(hash) => Ok(Merging::Clean { content, hash }),
        None => Ok(Merging::Refused("it has a link to something that does not belong to it".to_owned())),
    }
}

/// Files and links by path. Empty directories are not merged: neither hash nor record knows them.
fn tree(content: &Content) -> Tree<Blob> {
    let leaf = |kind: &EntryKind| match kind {
        EntryKind::File { hash, size, mode } => {
            Some(Leaf::File { content: Blob { hash: *hash, size: *size }, mode: *mode })
        }
        EntryKind::Symlink { target } => Some(Leaf::Link { target: target.clone() }),
        EntryKind::EmptyDirectory { .. } => None,
    };
    let entries = content.entries.iter();
    entries.filter_map(|entry| Some((PathBuf::from(entry.path.as_os_str()), leaf(&entry.kind)?))).collect()
}

/// The bytes of a file that a side or the history has.
fn bytes_of(planning: &Planning<'_>, hash: [u8; 32], sides: &[Side<'_>]) -> Result<Vec<u8>, OpError> {
    for Side { content, path } in sides {
        let has = |kind: &EntryKind| matches!(kind, EntryKind::File { hash: known, .. } if *known == hash);
        let Some(entry) = content.entries.iter().find(|entry| has(&entry.kind)) else { continue };
        let path = entry.path.below(path);
        let bytes = std::fs::read(&path).map_err(OpError::io("read", &path))?;
        let found: [u8; 32] = Sha256::digest(&bytes).into();
        return if found == hash { Ok(bytes) } else { Err(OpError::Touched { path }) };
    }
    let mut bytes = Vec::new();
    planning.history.read_blob(ContentHash(hash), &mut bytes)?;
    Ok(bytes)
}

/// What a person has to decide, in one sentence.
fn told(conflicts: &[Conflict<Blob>], artifact: &Path) -> String {
    const REASONS: [(Reason, &str); 6] = [
        (Reason::Lines, "the same lines were changed on both sides"),
        (Reason::Broken, "changed on both sides, and what comes of it cannot be parsed any more"),
        (Reason::Gone, "deleted on one side and changed on the other"),
        (Reason::Binary, "changed on both sides, and not text"),
        (Reason::Large, "changed on both sides, and too large to be merged"),
        (Reason::Link, "changed on both sides, and a link"),
    ];
    let name = |conflict: &Conflict<Blob>| match conflict.path.as_os_str().is_empty() {
        true => artifact.file_name().unwrap_or_default().display().to_string(),
        false => conflict.path.display().to_string(),
    };
    let of = |reason: Reason| conflicts.iter().filter(|c| c.reason == reason).map(name).collect::<Vec<_>>();
    let parts = REASONS.iter().map(|(reason, text)| (text, of(*reason))).filter(|(_, names)| !names.is_empty());
    parts.map(|(text, names)| format!("{text}: {}", listed(&names))).collect::<Vec<_>>().join("; ")
}

/// The first few names.
fn listed(names: &[String]) -> String {
    const MOST: usize = 5;
    let shown = names[..names.len().min(MOST)].join(", ");
    if names.len() > MOST { format!("{shown} and {} more", names.len() - MOST) } else { shown }
}
