//! From what a collection is to what it is to be, with one swap for each path that differs.
//!
//! Unlike within an artifact, a link may be replaced: it is the link that was kept, and nothing is written through it.

use super::super::contents::Extent;
use super::super::error::OpError;
use super::super::piece::Piece;
use super::super::planning::Planning;
use super::super::target;
use super::super::witness::Witness;
use crate::history::{Collector, Content, EntryKind, RelPath};
use crate::model::TreeKind;
use crate::snapshots::content::differences;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// The pieces that make `after` of `before`, which is at `root`. What they replace is kept with `files`.
///
/// # Errors
/// Something is not any more what it was, cannot be written to, or would take files along that nobody kept.
pub(super) fn between(
    planning: &mut Planning<'_>,
    mut files: Collector<'_>,
    root: &Path,
    before: &Content,
    after: &Content,
) -> Result<(Vec<Piece>, Extent), OpError> {
    let mut pieces = Vec::new();
    let mut extent = Extent::default();
    let mut ways = Ways { root, known: HashMap::new(), made: BTreeSet::new() };
    let kept = directories(after);
    let mut whole: Option<RelPath> = None;
    for (path, was, will) in differences(before, after) {
        if whole.as_ref().is_some_and(|above| is_below(path, above)) {
            continue;
        }
        // A file on one side and a directory on the other change places as a whole, from the uppermost one on.
        let (old, new) = (before.at(path), after.at(path));
        if old.is_some() && new.is_some() && (was.is_none() || will.is_none()) {
            whole = Some(path.clone());
        }
        let target = path.below(root);
        if is_empty(was) && will.is_none() && !has_nothing(&target)? {
            // What nobody counts is in it.
            continue;
        }
        let missing = ways.to(path, new.is_some())?;
        let witness = Witness::of(&target)?;
        if let Some(old) = &old {
            keep(&mut files, &target, old)?;
        }
        let count = |content: &Option<Content>| content.as_ref().map_or(0, files_in);
        extent.written += count(&new);
        extent.removed += if new.is_none() { count(&old) } else { 0 };
        let above = path.as_os_str().as_encoded_bytes().iter().enumerate().rev().filter(|(_, byte)| **byte == b'/');
        let stays = above.map(|(end, _)| end).find(|end| kept.contains(&path.as_os_str().as_encoded_bytes()[..*end]));
        let depth = stays.map_or(0, |end| path.as_os_str().as_encoded_bytes()[..end].split(|b| *b == b'/').count());
        let prune_below =
            Path::new(path.as_os_str()).components().take(depth).fold(root.to_owned(), |at, c| at.join(c));
        pieces.push(Piece {
            target,
            root: root.to_owned(),
            before: old.map(|content| planning.compose(content)),
            after: new.map(|content| planning.compose(content)),
            witness,
            missing,
            prune_below: Some(prune_below),
            moved_from: None,
            archive: None,
        });
    }
    planning.gather(files.finish());
    Ok((pieces, extent))
}

/// The ways to paths, each looked at once.
struct Ways<'r> {
    root: &'r Path,
    /// Directories that are missing on the way to a directory.
    known: HashMap<PathBuf, Vec<PathBuf>>,
    made: BTreeSet<PathBuf>,
}

impl Ways<'_> {
    /// The directories to be made for what comes to `path`.
    fn to(&mut self, path: &RelPath, comes: bool) -> Result<Vec<PathBuf>, OpError> {
        let Some(parent) = Path::new(path.as_os_str()).parent().filter(|parent| !parent.as_os_str().is_empty()) else {
            return Ok(Vec::new());
        };
        if !self.known.contains_key(parent) {
            let unusual = || OpError::Refused { message: format!("{} is not UTF-8", parent.display()) };
            let (at, mut missing) = target::way(self.root, parent.to_str().ok_or_else(unusual)?)?;
            if at.symlink_metadata().is_err() {
                missing.push(at);
            }
            self.known.insert(parent.to_owned(), missing);
        }
        if !comes {
            return Ok(Vec::new());
        }
        let missing = self.known.get(parent).cloned().unwrap_or_default();
        Ok(missing.into_iter().filter(|directory| self.made.insert(directory.clone())).collect())
    }
}

/// Keeps what is about to be replaced, which must be what was planned with, and all that is there.
fn keep(files: &mut Collector<'_>, target: &Path, content: &Content) -> Result<(), OpError> {
    let touched = |path: &Path| OpError::Touched { path: path.to_owned() };
    if content.kind == TreeKind::Directory {
        let there = crate::snapshots::Listing::of(target)?;
        let mut counted = there.found.iter().filter(|found| found.kind != crate::snapshots::FoundKind::Directory);
        let known: HashSet<&RelPath> = content.entries.iter().map(|entry| &entry.path).collect();
        if let Some(other) = counted.find(|found| !known.contains(&found.relative)) {
            return Err(OpError::Refused {
                message: format!(
                    "{} would become something else and holds {}, which does not belong to it; move that away",
                    target.display(),
                    other.relative.as_os_str().display()
                ),
            });
        }
    }
    for entry in content.entries.iter().filter(|entry| !is_empty(Some(&entry.kind))) {
        let path = entry.path.below(target);
        if files.path(&path)? != entry.kind {
            return Err(touched(&path));
        }
    }
    Ok(())
}

/// Directories of a content, whether something is in them or not.
fn directories(content: &Content) -> HashSet<&[u8]> {
    let mut found = HashSet::new();
    for entry in &content.entries {
        let bytes = entry.path.as_os_str().as_encoded_bytes();
        found.extend(bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| &bytes[..end]));
        if is_empty(Some(&entry.kind)) {
            found.insert(bytes);
        }
    }
    found
}

fn is_below(path: &RelPath, above: &RelPath) -> bool {
    let rest = path.as_os_str().as_encoded_bytes().strip_prefix(above.as_os_str().as_encoded_bytes());
    rest.is_some_and(|rest| rest.first() == Some(&b'/'))
}

fn is_empty(kind: Option<&EntryKind>) -> bool {
    matches!(kind, Some(EntryKind::EmptyDirectory { .. }))
}

fn has_nothing(directory: &Path) -> Result<bool, OpError> {
    let mut entries = std::fs::read_dir(directory).map_err(OpError::io("read", directory))?;
    Ok(entries.next().is_none())
}

fn files_in(content: &Content) -> u32 {
    u32::try_from(content.entries.iter().filter(|entry| !is_empty(Some(&entry.kind))).count()).unwrap_or(u32::MAX)
}
