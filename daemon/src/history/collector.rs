//! Files on their way into the history that are no artifact: single ones of a collection, and those of an archive.

use super::capture::{Reader, Staged, fill};
use super::content::{Content, EntryKind};
use super::spool::{self, CHUNK, StagedBlob};
use super::{History, HistoryError};
use crate::model::TreeKind;
use crate::os::files;
use sha2::{Digest, Sha256};
use skillmeat_protocol::hash::ContentHash;
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::path::Path;

/// Reads and packs; what comes of it is stored by [`Batch::keep`](super::Batch::keep).
pub struct Collector<'a> {
    reader: Reader<'a>,
    room: Vec<u8>,
    /// Which of the staged files has these bytes, of those that came as a stream.
    streamed: HashMap<[u8; 32], usize>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(history: &'a History) -> Self {
        Self { reader: Reader::new(history), room: vec![0; CHUNK], streamed: HashMap::new() }
    }

    /// Takes what is at `path` now, a file or a link, and says what it is.
    ///
    /// # Errors
    /// It cannot be read, changes meanwhile, or is something else.
    pub fn path(&mut self, path: &Path) -> Result<EntryKind, HistoryError> {
        let metadata = path.symlink_metadata().map_err(HistoryError::io("read", path))?;
        if metadata.is_symlink() {
            let target = std::fs::read_link(path).map_err(HistoryError::io("read", path))?.into_os_string();
            return Ok(EntryKind::Symlink { target });
        }
        if !metadata.is_file() {
            return Err(HistoryError::Special { path: path.to_owned() });
        }
        let stamp = files::stamp(&metadata);
        let hash = self.reader.file(path, &stamp, &mut |_| ())?;
        let mode = if cfg!(unix) { stamp.mode & 0o777 } else { 0o644 };
        Ok(EntryKind::File { hash, size: stamp.size, mode })
    }

    /// Hashes what `bytes` give, and keeps it if it is `wanted` by that hash. `from` is named in errors.
    ///
    /// # Errors
    /// They cannot be read or packed.
    pub fn stream(
        &mut self,
        bytes: &mut dyn Read,
        from: &Path,
        wanted: impl FnOnce([u8; 32]) -> bool,
    ) -> Result<[u8; 32], HistoryError> {
        let failed = |source: io::Error| HistoryError::Io { verb: "read", path: from.to_owned(), source };
        let (mut digest, mut size, mut chunks) = (Sha256::new(), 0, Vec::new());
        let Self { reader, room: piece, streamed } = self;
        let mut filled = fill(bytes, piece).map_err(failed)?;
        loop {
            digest.update(&piece[..filled]);
            size += filled as u64;
            if filled < CHUNK {
                break;
            }
            // A large file is packed before it is known whether that was of use: it is not read twice.
            chunks.push(reader.spool.push(piece).map_err(failed)?);
            filled = fill(bytes, piece).map_err(failed)?;
        }
        let hash: [u8; 32] = digest.finalize().into();
        if wanted(hash) && reader.is_new(hash)? {
            if filled > 0 {
                chunks.push(reader.spool.push(&piece[..filled]).map_err(failed)?);
            }
            streamed.insert(hash, reader.blobs.len());
            reader.blobs.push(StagedBlob { hash: ContentHash(hash), size, chunks });
        }
        Ok(hash)
    }

    /// Writes the bytes of a file to `to` that came as a stream and was kept, or that the history has.
    ///
    /// # Errors
    /// [`HistoryError::NoBlob`] for any other, damage, and [`HistoryError::Io`] naming the database when `to` fails.
    pub fn read_back(&mut self, hash: [u8; 32], mut to: impl Write) -> Result<(), HistoryError> {
        let Reader { blobs, spool, history, .. } = &mut self.reader;
        let Some(blob) = self.streamed.get(&hash).and_then(|at| blobs.get(*at)) else {
            return history.read_blob(ContentHash(hash), to).map(drop);
        };
        let failed = |source| HistoryError::io("read what is spooled in", history.directory())(source);
        for chunk in &blob.chunks {
            let packed = spool.read(chunk).map_err(failed)?.to_vec();
            let bytes = spool::unpack(chunk.packing, packed, chunk.size);
            let bytes = bytes.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData)).map_err(failed)?;
            to.write_all(&bytes).map_err(HistoryError::io("pass on a file of", history.path()))?;
        }
        Ok(())
    }

    /// What was taken, with an empty content: others refer to the files by their hashes.
    pub fn finish(self) -> Staged {
        let content = Content { kind: TreeKind::Directory, entries: Vec::new() };
        let Reader { blobs, spool, .. } = self.reader;
        Staged { content, recorded: None, blobs, spool }
    }
}
