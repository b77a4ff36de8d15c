//! The files of one artifact: stamps first, and where those do not settle it, hashes.
//!
//! The hash is the recorded one (H1, formats-core §6) without ignored files, and the same with them where there are any.
//! H1 has no delimiters and no modes; it is kept because it is what deployment records and locks hold.

use super::is_missing;
use super::job::{Finding, Known, Look, TreeFinding, Wants};
use super::link;
use super::names::Listings;
use super::read::{Buffer, Content, Motion, Reader};
use super::stamp::{self, FingerprintBuilder};
use super::walk::{self, Found, Walk, WalkError};
use crate::library::frontmatter::{self, MetadataFile};
use crate::metrics::Metrics;
use crate::model::{Fingerprint, MAX_IGNORED, Metadata, Names, Tree, TreeInfo, TreeKind};
use crate::watch::{Ensured, Watches};
use sha2::{Digest, Sha256};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactType;
use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Bytes of a metadata file that are looked at.
const MAX_METADATA: usize = 64 * 1024;
/// Looks at an artifact that does not hold still, before it is taken as it is.
const TRIES: usize = 6;

/// What to look at, and how.
#[derive(Debug)]
pub struct TreeRequest<'a> {
    /// The file or directory.
    pub path: &'a Path,
    /// Without it, nothing is said.
    pub guard: &'a Path,
    /// Decides where the metadata is.
    pub artifact: ArtifactType,
    /// How hard to look.
    pub look: Look,
    /// What is known.
    pub known: Option<Known>,
    /// What its directories held when they were listed last, where that is remembered.
    pub names: Option<&'a Names>,
    /// What is wanted beside hashes.
    pub wants: Wants,
    /// What it must not be.
    pub fence: &'a link::Fence,
    /// Bytes beyond which nothing is read, and the answer is [`Finding::Large`].
    pub most: u64,
}

/// Looks at one artifact. The second value says why events cannot be relied on for it.
pub fn scan(
    request: &TreeRequest<'_>,
    watches: &Watches,
    metrics: &Metrics,
    buffer: &mut Buffer,
) -> (Finding, Option<String>) {
    // Files that lie elsewhere, behind a link in the root, are there all the same; but nothing leads to them.
    if !request.path.starts_with(request.guard) && !request.guard.is_dir() {
        return (Finding::RootGone, None);
    }
    let mut unwatched = watch_way(request, watches);
    // Nearly always it is the directory that it was, and to ask what is there costs as much as to open it. Anything else
    // fails at once, and is located.
    if request.look == Look::Verify && request.known.is_some() {
        let place = Place { real: request.path.to_owned(), kind: TreeKind::Directory };
        match patiently(request, &place, &[], watches, metrics, buffer, &mut unwatched) {
            Finding::Unstable => {}
            finding => return (finding, unwatched),
        }
    }
    let mut beyond = Vec::new();
    let finding = match locate(request.path, watches, &mut beyond, &mut unwatched) {
        Ok(Some(place)) => patiently(request, &place, &beyond, watches, metrics, buffer, &mut unwatched),
        Ok(None) if !request.guard.is_dir() => Finding::RootGone,
        Ok(None) => tree(Tree::Absent, linked(request.path, beyond)),
        Err(error) => unreadable(request.path, &error, linked(request.path, beyond)),
    };
    (finding, unwatched)
}

/// [`TreeInfo::linked`] of an artifact whose files are at `real`.
fn linked(real: &Path, mut elsewhere: Vec<PathBuf>) -> Vec<PathBuf> {
    if elsewhere.is_empty() {
        return elsewhere;
    }
    elsewhere.sort_unstable();
    elsewhere.dedup();
    elsewhere.retain(|place| *place != real);
    elsewhere.insert(0, real.to_owned());
    elsewhere
}

/// Watches the directories from the guard down to the artifact, from the top: whatever comes or goes on the way after this
/// is heard, and whatever was there before is seen.
fn watch_way(request: &TreeRequest<'_>, watches: &Watches) -> Option<String> {
    let parent = request.path.parent().filter(|_| request.path.starts_with(request.guard))?;
    if watches.is_way_watched(request.guard, parent) {
        return None;
    }
    // Ancestors of one path: the length says which is which.
    let guard = request.guard.as_os_str().len();
    let way: Vec<_> = request.path.ancestors().skip(1).take_while(|dir| dir.as_os_str().len() >= guard).collect();
    for dir in way.into_iter().rev() {
        match watches.ensure(dir) {
            Ensured::Watched => {}
            Ensured::Gone => return None,
            Ensured::Refused { reason } => return Some(reason),
        }
    }
    None
}

struct Place {
    /// Elsewhere than the artifact when that is a link.
    real: PathBuf,
    kind: TreeKind,
}

/// Where the artifact is. When it is a link, `beyond` gets the places that decide that.
fn locate(
    path: &Path,
    watches: &Watches,
    beyond: &mut Vec<PathBuf>,
    unwatched: &mut Option<String>,
) -> io::Result<Option<Place>> {
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(e) if is_missing(&e) => return Ok(None),
        Err(e) => return Err(e),
    };
    let (real, metadata) = if metadata.file_type().is_symlink() {
        let way = link::follow(path, watches);
        beyond.extend(way.places_beyond(path));
        *unwatched = unwatched.take().or(way.unwatched);
        match path.canonicalize() {
            Ok(real) => (real, std::fs::metadata(path)?),
            // A link that leads nowhere is as good as nothing.
            Err(e) if is_missing(&e) => return Ok(None),
            Err(e) => return Err(e),
        }
    } else {
        (path.to_owned(), metadata)
    };
    let kind = match (metadata.is_dir(), metadata.is_file()) {
        (true, _) => TreeKind::Directory,
        (_, true) => TreeKind::File,
        _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is neither a file nor a directory")),
    };
    Ok(Some(Place { real, kind }))
}

/// What was read is believed when it held still; when somebody waits, it need not after some tries.
fn patiently(
    request: &TreeRequest<'_>,
    place: &Place,
    beyond: &[PathBuf],
    watches: &Watches,
    metrics: &Metrics,
    buffer: &mut Buffer,
    unwatched: &mut Option<String>,
) -> Finding {
    let mut once = |motion| at(request, place, beyond, watches, Reader { buffer, motion, metrics }, unwatched);
    let tries = if request.look == Look::AsItIs { TRIES } else { 0 };
    for _ in 0..tries {
        match once(Motion::Refused) {
            Finding::Unstable => {}
            finding => return finding,
        }
    }
    once(if request.look == Look::AsItIs { Motion::Taken } else { Motion::Refused })
}

fn at(
    request: &TreeRequest<'_>,
    place: &Place,
    beyond: &[PathBuf],
    watches: &Watches,
    mut reader: Reader<'_>,
    unwatched: &mut Option<String>,
) -> Finding {
    if let Some(why) = request.fence.refusal(&place.real, request.guard) {
        let message = format!("{} leads to {}, and {why}", request.path.display(), place.real.display());
        // What happens in there does not matter.
        return tree(Tree::Unreadable { message }, linked(request.path, beyond.to_vec()));
    }
    let started_ns = stamp::wall_ns();
    let mut listings = Listings::new(request.names, started_ns);
    let mut walk = match place.kind {
        TreeKind::Directory => match walk::walk(&place.real, watches, &mut listings, &mut reader.buffer.names) {
            Ok(walk) => walk,
            Err(WalkError::Changed { .. }) => return Finding::Unstable,
            Err(error) => {
                return tree(Tree::Unreadable { message: error.to_string() }, linked(&place.real, beyond.to_vec()));
            }
        },
        TreeKind::File => match std::fs::metadata(&place.real) {
            Ok(metadata) => Walk { files: vec![single(&metadata)], ..Walk::default() },
            Err(_) => return Finding::Unstable,
        },
    };
    let mut elsewhere = std::mem::take(&mut walk.linked);
    elsewhere.extend_from_slice(beyond);
    let linked = linked(&place.real, elsewhere);
    *unwatched = unwatched.take().or(walk.unwatched.take());
    reader.metrics.files_stated.fetch_add(walk.files.len() as u64, Ordering::Relaxed);

    let fingerprint = fingerprint(&walk.files, place.kind, &linked);
    let file = frontmatter::metadata_file(request.artifact, place.kind);
    if request.look == Look::Verify && request.known == Some(Known { fingerprint, racy: false }) {
        let metadata = match request.wants {
            Wants::Version => None,
            Wants::Metadata => Some(metadata_only(&place.real, &walk.files, file)),
        };
        return Finding::Unchanged { metadata, names: listings.news() };
    }
    if walk.files.iter().fold(0, |sum: u64, found| sum.saturating_add(found.stamp.size)) > request.most {
        return Finding::Large;
    }
    let mut hashes = Hashes::new(&walk.files);
    let (mut text, mut moved) = (None, false);
    for found in &walk.files {
        let mut head = is_metadata_file(found, file).then(Vec::new);
        let path = found.at(&place.real);
        match hashes.add(found, &path, &mut reader, head.as_mut()) {
            Content::Stable => {}
            Content::Changed if reader.motion == Motion::Taken => moved = true,
            Content::Changed => return Finding::Unstable,
            Content::Unreadable(error) => return unreadable(&path, &error, linked),
        }
        text = text.or(head);
    }
    let metadata = text.map(|bytes| match request.wants {
        Wants::Metadata => declared(frontmatter::head(&bytes)),
        Wants::Version => declared(frontmatter::matter(&bytes)),
    });
    let info = TreeInfo {
        kind: place.kind,
        hash: hashes.recorded(),
        hash_with_ignored: hashes.with_ignored(),
        fingerprint,
        racy: moved || walk.files.iter().any(|f| stamp::is_racy(&f.stamp, started_ns)),
        file_count: hashes.file_count,
        total_size: hashes.total_size,
        version: metadata.as_ref().and_then(|m| m.version.as_deref()).map(Into::into),
        linked: linked.clone(),
    };
    Finding::Tree(Box::new(TreeFinding {
        linked,
        tree: Tree::Present(Arc::new(info)),
        metadata: match request.wants {
            Wants::Metadata => Some(metadata.unwrap_or_default()),
            Wants::Version => None,
        },
        names: listings.all(),
    }))
}

fn single(metadata: &std::fs::Metadata) -> Found {
    Found { relative: OsString::new(), stamp: stamp::of(metadata), ignored: false }
}

fn tree(tree: Tree, linked: Vec<PathBuf>) -> Finding {
    Finding::Tree(Box::new(TreeFinding { tree, metadata: None, names: None, linked }))
}

fn unreadable(path: &Path, error: &io::Error, linked: Vec<PathBuf>) -> Finding {
    tree(Tree::Unreadable { message: format!("cannot read {}: {error}", path.display()) }, linked)
}

fn fingerprint(files: &[Found], kind: TreeKind, linked: &[PathBuf]) -> Fingerprint {
    let mut builder = FingerprintBuilder::default();
    // An empty directory and an empty name must not look alike.
    builder.note(if kind == TreeKind::File { "file" } else { "directory" });
    for found in files {
        builder.add(&found.relative, &found.stamp);
    }
    // The same files reached on another way are listened to elsewhere.
    for place in linked {
        builder.name(place.as_os_str());
    }
    builder.finish()
}

fn is_metadata_file(found: &Found, file: MetadataFile) -> bool {
    match file {
        MetadataFile::None => false,
        MetadataFile::Itself => found.relative.is_empty(),
        MetadataFile::Within(names) => names.iter().any(|name| found.relative.as_os_str() == *name),
    }
}

fn metadata_only(real: &Path, files: &[Found], file: MetadataFile) -> Metadata {
    let file = files.iter().find(|found| is_metadata_file(found, file));
    let text = file.and_then(|found| {
        let mut bytes = Vec::new();
        let limit = MAX_METADATA as u64;
        crate::os::files::open_for_reading(&found.at(real)).ok()?.take(limit).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    });
    text.map(|bytes| declared(frontmatter::head(&bytes))).unwrap_or_default()
}

fn declared(bytes: &[u8]) -> Metadata {
    frontmatter::parse(&String::from_utf8_lossy(bytes)).metadata
}

/// The hashes of one artifact, file by file in component order.
struct Hashes {
    recorded: Sha256,
    with_ignored: Option<Sha256>,
    file_count: u32,
    total_size: u64,
}

impl Hashes {
    fn new(files: &[Found]) -> Self {
        let ignored = files.iter().filter(|f| f.ignored).count();
        Self {
            recorded: Sha256::new(),
            with_ignored: (1..=MAX_IGNORED).contains(&ignored).then(Sha256::new),
            file_count: 0,
            total_size: 0,
        }
    }

    fn add(&mut self, found: &Found, path: &Path, reader: &mut Reader<'_>, mut head: Option<&mut Vec<u8>>) -> Content {
        if found.ignored && self.with_ignored.is_none() {
            return Content::Stable;
        }
        let name = found.relative.as_encoded_bytes();
        if !found.ignored {
            self.recorded.update(name);
        }
        if let Some(all) = &mut self.with_ignored {
            all.update(name);
        }
        let content = reader.read(path, &found.stamp, |piece| {
            if !found.ignored {
                self.recorded.update(piece);
            }
            if let Some(all) = &mut self.with_ignored {
                all.update(piece);
            }
            if let Some(head) = head.as_mut() {
                let room = MAX_METADATA.saturating_sub(head.len());
                head.extend_from_slice(&piece[..piece.len().min(room)]);
            }
        });
        if !found.ignored {
            self.file_count += 1;
            self.total_size += found.stamp.size;
        }
        content
    }

    fn recorded(&self) -> ContentHash {
        digest(self.recorded.clone())
    }

    fn with_ignored(&self) -> Option<ContentHash> {
        self.with_ignored.clone().map(digest)
    }
}

fn digest(hasher: Sha256) -> ContentHash {
    ContentHash(hasher.finalize().into())
}

#[cfg(all(test, unix))]
mod tests;
