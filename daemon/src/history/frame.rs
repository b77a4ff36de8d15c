//! Digests over several values, none of which can be taken for another: each is preceded by its length.
//!
//! Stored for ever, so nothing here may depend on the compiler, the platform's word or the order of a map.

use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::path::PathBuf;

/// A SHA-256 in the making.
pub(super) struct Frame(Sha256);

impl Frame {
    /// `domain` keeps digests of different things apart.
    pub(super) fn new(domain: &str) -> Self {
        let mut frame = Self(Sha256::new());
        frame.bytes(domain.as_bytes());
        frame
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    pub(super) fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    pub(super) fn name(&mut self, name: &OsStr) {
        self.bytes(name.as_encoded_bytes());
    }

    /// Something that need not be there.
    pub(super) fn option<T>(&mut self, value: Option<T>, add: impl FnOnce(&mut Self, T)) {
        self.number(u64::from(value.is_some()));
        if let Some(value) = value {
            add(self, value);
        }
    }

    pub(super) fn paths(&mut self, paths: &[PathBuf]) {
        self.number(paths.len() as u64);
        paths.iter().for_each(|path| self.name(path.as_os_str()));
    }

    pub(super) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
