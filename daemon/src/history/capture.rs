//! Reading an artifact so that it can be put back: first without the lock of the database, then in one transaction.
//!
//! A file is hashed as it streams; only one whose hash is not stored yet is packed, for which a file larger than a chunk
//! is read a second time. What changes while it is read is an error and never a mixture: each file must have its stamp
//! before and after, and at the end everything is listed again.

use super::content::{Content, ContentEntry, ContentId, EntryKind};
use super::spool::{CHUNK, Spool, StagedBlob};
use super::walk::{self, Found, FoundKind, Listing};
use super::{History, HistoryError};
use crate::model::{MAX_IGNORED, Stamp, TreeKind};
use crate::os::files;
use sha2::{Digest, Sha256};
use skillmeat_protocol::hash::ContentHash;
use std::collections::HashSet;
use std::io::{self, Read};
use std::path::Path;

/// Which files of an artifact to capture. What is neither file, link nor directory is never captured: pipes, sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Those that count: what is compared and merged.
    Counted,
    /// Those that count, with the files that links lead to in place of the links: what is copied elsewhere, where a link
    /// would lead to something else. Links to directories and to nothing are left out, as in the recorded hash.
    Resolved,
    /// Also what the ignore list names: for what is about to be removed or replaced.
    Everything,
}

/// The hashes that files of the original would hold of a content (H1, formats-core §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Without ignored files.
    pub hash: ContentHash,
    /// With them, where there are any, and not more than a scan would hash.
    pub with_ignored: Option<ContentHash>,
}

/// What [`History::read`] read, ready to be stored.
#[derive(Debug)]
pub struct Staged {
    pub(super) content: Content,
    pub(super) recorded: Option<Recorded>,
    pub(super) blobs: Vec<StagedBlob>,
    pub(super) spool: Spool,
}

/// What was captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// By which to find it again.
    pub id: ContentId,
    /// None for a link: what it leads to is not its content.
    pub recorded: Option<Recorded>,
    /// Files and links.
    pub files: u64,
    /// Bytes of the files.
    pub bytes: u64,
}

impl Staged {
    /// What was read.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// What [`Batch::keep`](super::Batch::keep) will say.
    pub fn capture(&self) -> Capture {
        let is_file = |entry: &&ContentEntry| !matches!(entry.kind, EntryKind::EmptyDirectory { .. });
        Capture {
            id: self.content.id(),
            recorded: self.recorded,
            files: self.content.entries.iter().filter(is_file).count() as u64,
            bytes: self.content.size(),
        }
    }
}

/// One file whose bytes are at hand.
pub(super) fn bytes(history: &History, bytes: &[u8], mode: u32) -> Result<Staged, HistoryError> {
    let mut spool = Spool::new(history.directory());
    let pack = |piece: &[u8]| spool.push(piece);
    let chunks = bytes.chunks(CHUNK).map(pack).collect::<io::Result<Vec<_>>>();
    let chunks = chunks.map_err(HistoryError::io("pack for", history.path()))?;
    let (hash, size): ([u8; 32], u64) = (Sha256::digest(bytes).into(), bytes.len() as u64);
    let kind = EntryKind::File { hash, size, mode };
    let entries = vec![ContentEntry { path: super::RelPath::default(), kind }];
    let content = Content { kind: TreeKind::File, entries };
    Ok(Staged { content, recorded: None, blobs: vec![StagedBlob { hash: ContentHash(hash), size, chunks }], spool })
}

/// Reads what is at `path`, without the lock but for asking which files are stored already.
pub(super) fn read(history: &History, path: &Path, scope: Scope, most: Option<u64>) -> Result<Staged, HistoryError> {
    let listing = walk::list(path, scope)?;
    if let Some(most) = most {
        let sizes = listing.found.iter().filter_map(|found| found.stamp()).map(|stamp| stamp.size);
        if sizes.fold(0u64, u64::saturating_add) > most {
            let limit = usize::try_from(most).unwrap_or(usize::MAX);
            return Err(HistoryError::TooMuch { path: path.to_owned(), limit, what: "bytes" });
        }
    }
    let mut reader = Reader::new(history);
    let (content, recorded) =
        gather_listed(&listing, path, scope, &mut |path, stamp, also| reader.file(path, stamp, also))?;
    Ok(Staged { content, recorded, blobs: reader.blobs, spool: reader.spool })
}

/// How one file is read: everything of it is passed on, and its hash returned.
pub(super) type ReadFile<'a> =
    &'a mut dyn FnMut(&Path, &Stamp, &mut dyn FnMut(&[u8])) -> Result<[u8; 32], HistoryError>;

/// What is at `path`, of which `file` reads the files.
pub(super) fn gather(
    path: &Path,
    scope: Scope,
    file: ReadFile<'_>,
) -> Result<(Content, Option<Recorded>), HistoryError> {
    gather_listed(&walk::list(path, scope)?, path, scope, file)
}

fn gather_listed(
    listing: &Listing,
    path: &Path,
    scope: Scope,
    file: ReadFile<'_>,
) -> Result<(Content, Option<Recorded>), HistoryError> {
    let (mut hashes, mut buffer) = (Hashes::new(listing), Vec::new());
    let mut entries = Vec::new();
    for found in &listing.found {
        let kept = !found.ignored || scope == Scope::Everything;
        if hashes.wants(found) && found.stamp().is_some() {
            hashes.name(found);
        }
        let kind = match &found.kind {
            FoundKind::File { stamp, mode } if kept => {
                let hash = file(&found.path, stamp, &mut |piece| hashes.piece(found, piece))?;
                Some(EntryKind::File { hash, size: stamp.size, mode: *mode })
            }
            kind => {
                if let Some(stamp) = found.stamp().filter(|_| hashes.wants(found)) {
                    each_piece(&found.path, stamp, &mut buffer, |piece| {
                        hashes.piece(found, piece);
                        Ok(())
                    })?;
                }
                match kind {
                    FoundKind::Link { target, .. } if kept => Some(EntryKind::Symlink { target: target.clone() }),
                    FoundKind::EmptyDirectory { mode } if kept => Some(EntryKind::EmptyDirectory { mode: *mode }),
                    _ => None,
                }
            }
        };
        entries.extend(kind.map(|kind| ContentEntry { path: found.relative.clone(), kind }));
    }
    if walk::list(path, scope)? != *listing {
        return Err(HistoryError::Changed { path: path.to_owned() });
    }
    let is_link =
        listing.kind == TreeKind::File && matches!(entries[..], [ContentEntry { kind: EntryKind::Symlink { .. }, .. }]);
    let content = Content { kind: listing.kind, entries };
    let recorded = (!is_link).then(|| hashes.finish());
    Ok((content, recorded))
}

pub(super) struct Reader<'a> {
    pub(super) history: &'a History,
    pub(super) spool: Spool,
    pub(super) blobs: Vec<StagedBlob>,
    /// What is stored or in the spool.
    seen: HashSet<[u8; 32]>,
    buffer: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(history: &'a History) -> Self {
        let spool = Spool::new(history.directory());
        Self { history, spool, blobs: Vec::new(), seen: HashSet::new(), buffer: Vec::new() }
    }

    /// Whether nobody has these bytes yet; from now on somebody has.
    pub(super) fn is_new(&mut self, hash: [u8; 32]) -> Result<bool, HistoryError> {
        Ok(self.seen.insert(hash) && !self.history.has_blob(ContentHash(hash))?)
    }

    /// Hashes a file, and packs it if nobody has yet.
    pub(super) fn file(
        &mut self,
        path: &Path,
        stamp: &Stamp,
        also: &mut dyn FnMut(&[u8]),
    ) -> Result<[u8; 32], HistoryError> {
        let mut hasher = Sha256::new();
        each_piece(path, stamp, &mut self.buffer, |piece| {
            hasher.update(piece);
            also(piece);
            Ok(())
        })?;
        let hash: [u8; 32] = hasher.finalize().into();
        if !self.is_new(hash)? {
            return Ok(hash);
        }
        let mut chunks = Vec::new();
        let failed = |source| HistoryError::Io { verb: "pack", path: path.to_owned(), source };
        if (1..=CHUNK as u64).contains(&stamp.size) {
            // It is still in the buffer, as a whole.
            chunks.push(self.spool.push(&self.buffer[..stamp.size as usize]).map_err(failed)?);
        } else if stamp.size > 0 {
            let mut again = Sha256::new();
            let spool = &mut self.spool;
            each_piece(path, stamp, &mut self.buffer, |piece| {
                again.update(piece);
                chunks.push(spool.push(piece)?);
                Ok(())
            })?;
            if <[u8; 32]>::from(again.finalize()) != hash {
                return Err(HistoryError::Changed { path: path.to_owned() });
            }
        }
        self.blobs.push(StagedBlob { hash: ContentHash(hash), size: stamp.size, chunks });
        Ok(hash)
    }
}

/// Passes a file on in pieces of [`CHUNK`] bytes, the last one shorter. A file of one piece stays in the buffer.
pub(super) fn each_piece(
    path: &Path,
    expected: &Stamp,
    buffer: &mut Vec<u8>,
    mut consume: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), HistoryError> {
    let changed = || HistoryError::Changed { path: path.to_owned() };
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => changed(),
        _ => HistoryError::Io { verb: "read", path: path.to_owned(), source },
    };
    let mut file = files::open_for_reading(path).map_err(failed)?;
    // One more than it should have: growing is noticed, and somebody may append for ever.
    let most = expected.size.saturating_add(1);
    let room = usize::try_from(most).map_or(CHUNK, |most| most.min(CHUNK));
    if buffer.len() < room {
        buffer.resize(room, 0);
    }
    let mut read = 0;
    while read < most {
        let piece = fill(&mut file, &mut buffer[..room]).map_err(failed)?;
        if piece == 0 {
            break;
        }
        read += piece as u64;
        consume(&buffer[..piece]).map_err(failed)?;
    }
    let metadata = file.metadata().map_err(failed)?;
    let is_same = metadata.is_file() && files::stamp(&metadata) == *expected;
    if is_same && read == expected.size { Ok(()) } else { Err(changed()) }
}

pub(super) fn fill(file: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

/// The recorded hashes, as `scan` computes them.
struct Hashes {
    recorded: Sha256,
    with_ignored: Option<Sha256>,
}

impl Hashes {
    fn new(listing: &Listing) -> Self {
        let some = (1..=MAX_IGNORED).contains(&listing.ignored);
        Self { recorded: Sha256::new(), with_ignored: some.then(Sha256::new) }
    }

    /// Whether anything depends on it.
    fn wants(&self, found: &Found) -> bool {
        !found.ignored || self.with_ignored.is_some()
    }

    fn name(&mut self, found: &Found) {
        self.piece(found, found.relative.as_os_str().as_encoded_bytes());
    }

    fn piece(&mut self, found: &Found, piece: &[u8]) {
        if !found.ignored {
            self.recorded.update(piece);
        }
        if let Some(all) = &mut self.with_ignored {
            all.update(piece);
        }
    }

    fn finish(self) -> Recorded {
        let digest = |hasher: Sha256| ContentHash(hasher.finalize().into());
        Recorded { hash: digest(self.recorded), with_ignored: self.with_ignored.map(digest) }
    }
}
