//! Digests over several values, none of which can be taken for another: each is preceded by its length.
//!
//! Stored for ever, so nothing here may depend on the compiler, the platform's word or the order of a map.

use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::path::PathBuf;

/// Bytes that are gathered before they are hashed: rows are made of many short values.
const GATHERED: usize = 1024;

/// A SHA-256 in the making.
pub(super) struct Frame {
    digest: Sha256,
    gathered: [u8; GATHERED],
    len: usize,
}

impl Frame {
    /// `domain` keeps digests of different things apart.
    pub(super) fn new(domain: &str) -> Self {
        let mut frame = Self { digest: Sha256::new(), gathered: [0; GATHERED], len: 0 };
        frame.bytes(domain.as_bytes());
        frame
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.add(bytes);
    }

    pub(super) fn number(&mut self, number: u64) {
        let bytes = number.to_le_bytes();
        // Most of what is framed are numbers, for which no function need be called.
        match self.gathered.get_mut(self.len..self.len + bytes.len()) {
            Some(room) => {
                room.copy_from_slice(&bytes);
                self.len += bytes.len();
            }
            None => self.add(&bytes),
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.len + bytes.len() > GATHERED {
            self.digest.update(&self.gathered[..self.len]);
            self.len = 0;
            if bytes.len() > GATHERED {
                self.digest.update(bytes);
                return;
            }
        }
        self.gathered[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
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

    pub(super) fn finish(mut self) -> [u8; 32] {
        self.digest.update(&self.gathered[..self.len]);
        self.digest.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gathered_is_hashed_as_if_it_were_not() {
        for lens in
            [&[0][..], &[1, 2, 3], &[GATHERED - 8], &[GATHERED], &[GATHERED + 1, 5], &[500; 9], &[5000, 1, 3000]]
        {
            let (mut frame, mut plain) = (Frame::new("x"), Sha256::new());
            plain.update(1u64.to_le_bytes());
            plain.update("x");
            for (n, len) in lens.iter().enumerate() {
                let bytes = vec![n as u8; *len];
                frame.bytes(&bytes);
                plain.update((*len as u64).to_le_bytes());
                plain.update(&bytes);
            }
            assert_eq!(frame.finish(), <[u8; 32]>::from(plain.finalize()), "{lens:?}");
        }
    }
}
