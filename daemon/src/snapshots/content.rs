//! What a snapshot or a collection is made of, as the history describes contents: so that they can be compared.

use super::archive::{self, LeftOut, Member};
use super::walk::{FoundKind, Listing};
use super::{SnapshotError, pack};
use crate::history::{Content, ContentEntry, EntryKind, RelPath};
use crate::library::ignore;
use crate::model::TreeKind;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Whether a path counts: neither it nor a directory above it is on the ignore list.
pub fn counts(path: &RelPath) -> bool {
    let mut parts = Path::new(path.as_os_str()).components();
    !parts.any(|part| ignore::is_ignored(part.as_os_str()))
}

/// What the archive at `path` of the collection `name` holds. `file` is given the bytes of each file, and says their hash.
///
/// # Errors
/// Those of [`archive::each`] and of `file`.
pub fn of_archive<E: From<SnapshotError>>(
    path: &Path,
    name: &str,
    cancelled: &AtomicBool,
    mut file: impl FnMut(&RelPath, u64, &mut dyn Read) -> Result<[u8; 32], E>,
) -> Result<(Content, LeftOut), E> {
    let mut found: HashMap<RelPath, EntryKind> = HashMap::new();
    let left_out = archive::each::<E>(path, name, cancelled, |relative, manner, member| {
        let kind = match member {
            Member::Directory => EntryKind::EmptyDirectory { mode: manner.mode },
            Member::Link(target) => EntryKind::Symlink { target: target.clone() },
            Member::File { size, bytes } => {
                EntryKind::File { hash: file(relative, size, bytes)?, size, mode: manner.mode }
            }
            Member::Same(of) => match found.get(of) {
                Some(EntryKind::File { hash, size, .. }) => {
                    EntryKind::File { hash: *hash, size: *size, mode: manner.mode }
                }
                // Refused before it comes here.
                _ => return Ok(()),
            },
        };
        found.insert(relative.clone(), kind);
        Ok(())
    })?;
    Ok((put_together(found), left_out))
}

/// The same, with each file read for its hash alone.
///
/// # Errors
/// Those of [`archive::each`].
pub fn hashed(path: &Path, name: &str, cancelled: &AtomicBool) -> Result<(Content, LeftOut), SnapshotError> {
    of_archive(path, name, cancelled, |_, _, bytes| {
        let mut digest = Hash(Sha256::new());
        io::copy(bytes, &mut digest).map_err(|source| SnapshotError::Unusable {
            path: path.to_owned(),
            why: format!("it is damaged or cut off: {source}"),
        })?;
        Ok(digest.0.finalize().into())
    })
}

/// What is listed, as far as it counts, as it was at one moment.
///
/// # Errors
/// It cannot be read, or does not hold still.
pub fn of_listing(listing: &Listing) -> Result<Content, SnapshotError> {
    let mut found = HashMap::new();
    for one in listing.found.iter().filter(|one| counts(&one.relative)) {
        let mode = one.stamp.mode & 0o777;
        let kind = match &one.kind {
            FoundKind::Directory => EntryKind::EmptyDirectory { mode },
            FoundKind::Link(target) => EntryKind::Symlink { target: target.clone() },
            FoundKind::File => {
                let mut digest = Hash(Sha256::new());
                pack::read(one, &mut digest)?;
                EntryKind::File { hash: digest.0.finalize().into(), size: one.stamp.size, mode }
            }
        };
        found.insert(one.relative.clone(), kind);
    }
    if Listing::of(&listing.root)? != *listing {
        return Err(SnapshotError::Changed { path: listing.root.clone() });
    }
    Ok(put_together(found))
}

/// Takes what is written to it for what is to be hashed.
struct Hash(Sha256);

impl io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The part of a content that counts.
pub fn counted(content: Content) -> Content {
    let entries = content.entries.into_iter().filter(|entry| counts(&entry.path)).collect();
    Content { entries, ..content }
}

/// In component order, with those directories alone in which nothing is.
fn put_together(found: HashMap<RelPath, EntryKind>) -> Content {
    let mut entries: Vec<ContentEntry> = found.into_iter().map(|(path, kind)| ContentEntry { path, kind }).collect();
    entries.sort_by(|a, b| a.path.components().cmp(b.path.components()));
    let is_above = |above: &RelPath, below: &RelPath| {
        let rest = below.as_os_str().as_encoded_bytes().strip_prefix(above.as_os_str().as_encoded_bytes());
        rest.is_some_and(|rest| rest.first() == Some(&b'/'))
    };
    // In component order, what is below a path follows it at once.
    let full: Vec<bool> = entries
        .iter()
        .enumerate()
        .map(|(at, entry)| entries.get(at + 1).is_some_and(|next| is_above(&entry.path, &next.path)))
        .collect();
    let mut full = full.into_iter();
    entries.retain(|entry| {
        let full = full.next() == Some(true);
        !(full && matches!(entry.kind, EntryKind::EmptyDirectory { .. }))
    });
    Content { kind: TreeKind::Directory, entries }
}

/// A path that differs, and what it is on either side.
pub type Difference<'c> = (&'c RelPath, Option<&'c EntryKind>, Option<&'c EntryKind>);

/// Where two contents differ, by path. A directory that is empty on one side and not on the other is no difference.
pub fn differences<'c>(before: &'c Content, after: &'c Content) -> Vec<Difference<'c>> {
    let index = |content: &'c Content| -> BTreeMap<Vec<&'c [u8]>, &'c ContentEntry> {
        content.entries.iter().map(|entry| (entry.path.components().collect(), entry)).collect()
    };
    let (old, new) = (index(before), index(after));
    let is_filled = |side: &BTreeMap<Vec<&[u8]>, &ContentEntry>, path: &[&[u8]]| {
        let mut behind = side.range(path.to_vec()..);
        behind.next().is_some_and(|(other, _)| other.len() > path.len() && other.starts_with(path))
    };
    let paths: std::collections::BTreeSet<&Vec<&[u8]>> = old.keys().chain(new.keys()).collect();
    let mut found = Vec::new();
    for path in paths {
        let (was, is) = (old.get(path), new.get(path));
        let kind = |entry: Option<&&'c ContentEntry>| entry.map(|entry| &entry.kind);
        let is_directory = |entry: Option<&&ContentEntry>| {
            entry.is_none_or(|entry| matches!(entry.kind, EntryKind::EmptyDirectory { .. }))
        };
        if kind(was) == kind(is)
            || is_directory(was) && is_directory(is) && (is_filled(&old, path) || is_filled(&new, path))
        {
            continue;
        }
        if let Some(entry) = was.or(is) {
            found.push((&entry.path, kind(was), kind(is)));
        }
    }
    found
}
