//! An artifact in the archive of a snapshot: which files it has, and their bytes when they are asked for.
//!
//! An archive can only be read from its beginning to its end. So it is read once for the names and hashes, and once more for
//! each page of lines, which then takes what it will need of it, as far as that fits into a budget. Nothing is kept between two
//! pages.

use super::side::{Bytes, Origin, files};
use crate::history::{Content, ContentEntry, EntryKind, RelPath};
use crate::library::manifest;
use crate::model::TreeKind;
use crate::ops::OpError;
use crate::snapshots::archive::{self, Member};
use crate::snapshots::{SnapshotError, content};
use sha2::{Digest, Sha256};
use skillmeat_merge::diff::file::MAX_TEXT;
use skillmeat_merge::diff::tree::{Change, Entry};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The manifest of a collection, in an archive.
const MANIFEST: &str = "collection.toml";
/// Bytes of a manifest that is read.
const LARGEST_MANIFEST: u64 = 32 << 20;
/// Bytes that are taken out of an archive at once: both sides of any file fit.
const AHEAD: u64 = 2 * MAX_TEXT as u64;
/// Links that lead to links.
const HOPS: usize = 8;

/// An archive of a collection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Archive {
    path: PathBuf,
    name: String,
}

/// What an archive holds of an artifact.
#[derive(Debug)]
pub enum Held {
    /// The collection did not have it.
    Nothing,
    /// These files.
    Files(Vec<(Vec<u8>, Entry<Bytes>)>),
}

/// Finds an artifact in the archive at `path` of the collection `name`, where the manifest in it says.
///
/// # Errors
/// The archive or its manifest cannot be read.
pub fn held(path: &Path, name: &str, key: &ArtifactKey, cancelled: &AtomicBool) -> Result<Held, WireError> {
    let mut manifest = None;
    let read = content::of_archive::<SnapshotError>(path, name, cancelled, |relative, size, bytes| {
        let is_manifest = relative.as_os_str() == MANIFEST && size <= LARGEST_MANIFEST;
        let mut kept = is_manifest.then(Vec::new);
        let hash = hash(bytes, kept.as_mut()).map_err(|source| io_error(path, source))?;
        manifest = manifest.take().or(kept);
        Ok(hash)
    });
    let (whole, _) = read.map_err(wire)?;
    let unusable = |why: &str| {
        let message = format!("the {MANIFEST} in {} {why}, so nobody knows where it holds {key}", path.display());
        WireError::new(ErrorCode::Io, message).hint("skillmeat snapshot show SNAPSHOT")
    };
    let manifest = manifest.ok_or_else(|| unusable("is missing"))?;
    let manifest = manifest::parse(&manifest, &path.join(MANIFEST));
    if let Some(why) = &manifest.unreadable {
        return Err(unusable(&format!("cannot be read ({why})")));
    }
    let Some(entry) = manifest.entries.iter().find(|entry| entry.key == *key) else {
        return if manifest.unnamed_flaws { Err(unusable("has damaged entries")) } else { Ok(Held::Nothing) };
    };
    let root = match &entry.flaw {
        Some(flaw) => return Err(unusable(&format!("cannot be followed ({})", flaw.0))),
        None => RelPath::new(entry.path.as_os_str()).filter(|path| !path.is_empty()),
    };
    let root = root.ok_or_else(|| unusable("leads out of the collection"))?;
    let of = Arc::new(Archive { path: path.to_owned(), name: name.to_owned() });
    Ok(below(&whole, &root, &of))
}

/// The files at and below `root`, those that links lead to in place of the links, as a collection itself is read.
fn below(whole: &Content, root: &RelPath, of: &Arc<Archive>) -> Held {
    let all: HashMap<&RelPath, &EntryKind> = whole.entries.iter().map(|entry| (&entry.path, &entry.kind)).collect();
    let mut entries = Vec::new();
    let mut is_there = false;
    for entry in &whole.entries {
        let Some(path) = relative(&entry.path, root) else { continue };
        is_there = true;
        entries.extend(file(&all, &entry.path).map(|kind| ContentEntry { path, kind: kind.clone() }));
    }
    if !is_there {
        return Held::Nothing;
    }
    let content = Content { kind: TreeKind::Directory, entries };
    Held::Files(files(&content, |_| Origin::Archived(Arc::clone(of))))
}

fn relative(path: &RelPath, root: &RelPath) -> Option<RelPath> {
    let rest = Path::new(path.as_os_str()).strip_prefix(root.as_os_str()).ok()?;
    RelPath::new(rest.as_os_str())
}

/// The file at `path`, or that a link there leads to.
fn file<'a>(all: &HashMap<&'a RelPath, &'a EntryKind>, path: &RelPath) -> Option<&'a EntryKind> {
    let mut at = path.clone();
    for _ in 0..HOPS {
        match all.get(&at)? {
            kind @ EntryKind::File { .. } => return Some(kind),
            EntryKind::Symlink { target } => at = leads_to(&at, Path::new(target))?,
            EntryKind::EmptyDirectory { .. } => return None,
        }
    }
    None
}

/// Where a link at `path` leads, within the collection.
fn leads_to(path: &RelPath, target: &Path) -> Option<RelPath> {
    let mut place: Vec<&std::ffi::OsStr> = Path::new(path.as_os_str()).parent()?.iter().collect();
    for part in target.components() {
        match part {
            std::path::Component::Normal(name) => place.push(name),
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => drop(place.pop()?),
            std::path::Component::RootDir | std::path::Component::Prefix(_) => return None,
        }
    }
    RelPath::new(place.iter().collect::<PathBuf>())
}

/// Bytes of files in archives, by their hashes, for one page.
#[derive(Debug, Default)]
pub struct Ahead {
    taken: HashMap<(Arc<Archive>, ContentHash), Vec<u8>>,
}

impl Ahead {
    /// The bytes of the file with this hash. Of what else `changes` need, as much as there is room for is taken too.
    ///
    /// # Errors
    /// The archive cannot be read, or is another one by now.
    pub fn bytes(
        &mut self,
        archive: &Arc<Archive>,
        hash: ContentHash,
        changes: &[Change<Bytes>],
        cancelled: &AtomicBool,
    ) -> Result<Vec<u8>, WireError> {
        let key = (Arc::clone(archive), hash);
        if !self.taken.contains_key(&key) {
            let taken = take(archive, &wanted(archive, changes), cancelled)?;
            // Of the other side's archive, what was taken is needed still.
            self.taken.retain(|(of, _), _| of != archive);
            self.taken.extend(taken.into_iter().map(|(hash, bytes)| ((Arc::clone(archive), hash), bytes)));
        }
        self.taken.get(&key).cloned().ok_or_else(|| {
            let message = format!("{} changed while it was read", archive.path.display());
            WireError::new(ErrorCode::Io, message).hint("run the command again")
        })
    }
}

/// What of an archive is needed next, with its size. The first is always among it.
fn wanted(archive: &Arc<Archive>, changes: &[Change<Bytes>]) -> HashMap<ContentHash, u64> {
    let mut wanted = HashMap::new();
    let mut room = AHEAD;
    for bytes in changes.iter().flat_map(|change| [&change.old, &change.new]).flatten().map(|entry| &entry.content) {
        let is_here = matches!(&bytes.origin, Origin::Archived(of) if of == archive);
        if !is_here || bytes.size > MAX_TEXT as u64 || wanted.contains_key(&bytes.hash) {
            continue;
        }
        let Some(left) = room.checked_sub(bytes.size) else { break };
        room = left;
        wanted.insert(bytes.hash, bytes.size);
    }
    wanted
}

/// Files are known by their hashes, since one may have several names in an archive, of which it holds the bytes under the first.
fn take(
    archive: &Archive,
    wanted: &HashMap<ContentHash, u64>,
    cancelled: &AtomicBool,
) -> Result<HashMap<ContentHash, Vec<u8>>, WireError> {
    let sizes: HashSet<u64> = wanted.values().copied().collect();
    let mut taken = HashMap::new();
    archive::each::<SnapshotError>(&archive.path, &archive.name, cancelled, |_, _, member| {
        if let Member::File { size, bytes } = member
            && sizes.contains(&size)
        {
            let mut kept = Vec::new();
            let hash = hash(bytes, Some(&mut kept)).map_err(|source| io_error(&archive.path, source))?;
            if wanted.contains_key(&ContentHash(hash)) {
                taken.insert(ContentHash(hash), kept);
            }
        }
        Ok(())
    })
    .map_err(wire)?;
    Ok(taken)
}

fn hash(bytes: &mut dyn Read, mut kept: Option<&mut Vec<u8>>) -> io::Result<[u8; 32]> {
    let (mut digest, mut piece) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let read = match bytes.read(&mut piece) {
            Ok(0) => return Ok(digest.finalize().into()),
            Ok(read) => &piece[..read],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        digest.update(read);
        if let Some(kept) = &mut kept {
            kept.extend_from_slice(read);
        }
    }
}

fn io_error(path: &Path, source: io::Error) -> SnapshotError {
    SnapshotError::Io { verb: "read", path: path.to_owned(), source }
}

fn wire(error: SnapshotError) -> WireError {
    OpError::from(error).to_wire()
}
