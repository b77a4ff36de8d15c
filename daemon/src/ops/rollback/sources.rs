//! The bytes of what a rollback puts together: files of the collection, of the archive, of the history, and merged ones.

use super::super::error::OpError;
use crate::history::{Collector, Content, ContentEntry, EntryKind, RelPath, recorded};
use sha2::{Digest, Sha256};
use skillmeat_protocol::hash::ContentHash;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

/// Where the bytes with a hash are.
pub(super) struct Sources<'s, 'h> {
    root: &'s Path,
    current: HashMap<[u8; 32], RelPath>,
    archive: &'s mut Collector<'h>,
    written: HashMap<[u8; 32], Vec<u8>>,
}

impl<'s, 'h> Sources<'s, 'h> {
    /// `current` is what was found at `root`; `archive` keeps what of the snapshot differs from it.
    pub(super) fn new(root: &'s Path, current: &Content, archive: &'s mut Collector<'h>) -> Self {
        let file = |entry: &ContentEntry| match entry.kind {
            EntryKind::File { hash, .. } => Some((hash, entry.path.clone())),
            _ => None,
        };
        let current = current.entries.iter().filter_map(file).collect();
        Self { root, current, archive, written: HashMap::new() }
    }

    /// Writes the bytes to `to`.
    ///
    /// # Errors
    /// A file is not any more what it was; nobody has them.
    pub(super) fn feed(&mut self, hash: [u8; 32], to: &mut impl Write) -> Result<(), OpError> {
        let passed = |result: std::io::Result<()>| result.map_err(OpError::io("pass on", self.root));
        if let Some(bytes) = self.written.get(&hash) {
            return passed(to.write_all(bytes));
        }
        let Some(path) = self.current.get(&hash) else { return Ok(self.archive.read_back(hash, to)?) };
        let path = path.below(self.root);
        let bytes = std::fs::read(&path).map_err(OpError::io("read", &path))?;
        if <[u8; 32]>::from(Sha256::digest(&bytes)) != hash {
            return Err(OpError::Touched { path });
        }
        passed(to.write_all(&bytes))
    }

    /// All of them.
    ///
    /// # Errors
    /// As above.
    pub(super) fn bytes(&mut self, hash: [u8; 32]) -> Result<Vec<u8>, OpError> {
        let mut bytes = Vec::new();
        self.feed(hash, &mut bytes)?;
        Ok(bytes)
    }

    /// A file that is in none of these places.
    pub(super) fn know(&mut self, bytes: Vec<u8>) {
        self.written.insert(Sha256::digest(&bytes).into(), bytes);
    }

    /// The recorded hash of a content.
    ///
    /// # Errors
    /// As [`Sources::feed`].
    pub(super) fn recorded(&mut self, content: &Content) -> Result<Option<ContentHash>, OpError> {
        recorded(content, |hash, to| self.feed(hash, to))
    }
}
