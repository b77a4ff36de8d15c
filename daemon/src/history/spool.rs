//! Files on their way into the database: cut into chunks, packed, and kept aside until a transaction takes them.
//!
//! The transaction must be short, since everybody waits for it, and one capture must be one transaction. So packing
//! happens before, and what does not fit into a little memory waits in a nameless file beside the database. A kill
//! leaves nothing of it.

use skillmeat_protocol::hash::ContentHash;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use tempfile::SpooledTempFile;
use zstd::bulk::Compressor;

/// Bytes of a file in one row: what is in memory at once, of a file of any size.
pub(super) const CHUNK: usize = 4 << 20;
/// Packed bytes that wait in memory.
const IN_MEMORY: usize = 8 << 20;
/// zstd's own default: text shrinks to a third at about the speed of SHA-256.
const LEVEL: i32 = 3;

/// How a chunk is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// As it is: packed it would not be smaller.
    None,
    /// One zstd frame.
    Zstd,
}

impl Packing {
    pub(super) const ALL: [Self; 2] = [Self::None, Self::Zstd];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Zstd => "zstd",
        }
    }
}

/// One chunk in the spool.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Bytes before packing, at most [`CHUNK`].
    pub(super) size: usize,
    pub(super) packing: Packing,
    at: u64,
    packed: usize,
}

/// One file in the spool.
#[derive(Debug)]
pub(super) struct StagedBlob {
    pub(super) hash: ContentHash,
    pub(super) size: u64,
    pub(super) chunks: Vec<Chunk>,
}

/// Chunks, one after the other.
pub(super) struct Spool {
    file: SpooledTempFile,
    end: u64,
    packer: Option<Compressor<'static>>,
    room: Vec<u8>,
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spool").field("end", &self.end).finish_non_exhaustive()
    }
}

impl Spool {
    /// `directory` takes what does not fit into memory.
    pub(super) fn new(directory: &Path) -> Self {
        let file = tempfile::spooled_tempfile_in(IN_MEMORY, directory);
        Self { file, end: 0, packer: None, room: Vec::new() }
    }

    /// Packs one piece, which must not be empty.
    pub(super) fn push(&mut self, piece: &[u8]) -> io::Result<Chunk> {
        let packer = match &mut self.packer {
            Some(packer) => packer,
            none => none.insert(Compressor::new(LEVEL)?),
        };
        self.room.resize(zstd::zstd_safe::compress_bound(piece.len()), 0);
        let packed = packer.compress_to_buffer(piece, &mut self.room[..])?;
        let (packing, bytes) =
            if packed < piece.len() { (Packing::Zstd, &self.room[..packed]) } else { (Packing::None, piece) };
        // Something may have been read back meanwhile.
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(bytes)?;
        let chunk = Chunk { size: piece.len(), packing, at: self.end, packed: bytes.len() };
        self.end += bytes.len() as u64;
        Ok(chunk)
    }

    /// What a chunk became.
    pub(super) fn read(&mut self, chunk: &Chunk) -> io::Result<&[u8]> {
        self.room.resize(chunk.packed, 0);
        self.file.seek(SeekFrom::Start(chunk.at))?;
        self.file.read_exact(&mut self.room)?;
        Ok(&self.room)
    }
}

/// The bytes of a chunk that was stored; none when it is not what [`Spool::push`] made of `size` bytes.
pub(super) fn unpack(packing: Packing, data: Vec<u8>, size: usize) -> Option<Vec<u8>> {
    if size > CHUNK {
        return None;
    }
    let bytes = match packing {
        Packing::None => data,
        Packing::Zstd => zstd::bulk::decompress(&data, size).ok()?,
    };
    (bytes.len() == size).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn chunks_come_back_in_any_order_also_from_disk() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut spool = Spool::new(directory.path());
        // Digests do not pack.
        let blocks = (0..CHUNK as u64 / 32).flat_map(|n| <[u8; 32]>::from(Sha256::digest(n.to_le_bytes())));
        let noise: Vec<u8> = blocks.collect();
        let pieces = [&b"x"[..], &[b'a'; 100_000], &noise, &noise[1..], &noise[..CHUNK - 9]];
        let chunks = pieces.map(|piece| spool.push(piece).expect("room"));
        assert!(spool.file.is_rolled());
        let packings = chunks.each_ref().map(|chunk| chunk.packing);
        assert_eq!(packings, [Packing::None, Packing::Zstd, Packing::None, Packing::None, Packing::None]);
        for at in [3, 0, 4, 2, 1] {
            let data = spool.read(&chunks[at]).expect("there").to_vec();
            assert_eq!(unpack(chunks[at].packing, data, chunks[at].size).as_deref(), Some(pieces[at]));
        }
        let more = spool.push(b"more").expect("room");
        assert_eq!(spool.read(&more).expect("there"), b"more");
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        let packed = zstd::bulk::compress(&[7; 1000], LEVEL).expect("packs");
        assert!(unpack(Packing::Zstd, packed.clone(), 1000).is_some());
        assert!(unpack(Packing::Zstd, packed.clone(), 999).is_none());
        assert!(unpack(Packing::Zstd, packed.clone(), 1001).is_none());
        assert!(unpack(Packing::Zstd, packed.clone(), CHUNK + 1).is_none(), "not even tried");
        assert!(unpack(Packing::Zstd, b"not a frame".to_vec(), 11).is_none());
        assert!(unpack(Packing::None, packed, 1000).is_none());
    }
}
