//! Reading an artifact only to know what it is: nothing is packed, spooled or stored.
//!
//! By the same walk and the same rules as a capture, so that what is compared is what would be kept.

use super::capture::{self, Recorded, Scope, each_piece};
use super::content::Content;
use super::{HistoryError, spool::CHUNK};
use crate::model::Stamp;
use crate::os::files;
use sha2::{Digest, Sha256};
use skillmeat_protocol::hash::ContentHash;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Reads what is at `path`, until nobody waits any more.
///
/// # Errors
/// [`HistoryError::Changed`] when it does not hold still, [`HistoryError::GivenUp`] when `cancelled` is set; that it cannot be
/// read.
pub fn inspect(path: &Path, scope: Scope, cancelled: &AtomicBool) -> Result<(Content, Option<Recorded>), HistoryError> {
    let mut buffer = Vec::new();
    capture::gather(path, scope, &mut |file, stamp, also| {
        let mut hasher = Sha256::new();
        let hashed = each_piece(file, stamp, &mut buffer, |piece| {
            if cancelled.load(Ordering::Relaxed) {
                return Err(std::io::ErrorKind::TimedOut.into());
            }
            hasher.update(piece);
            also(piece);
            Ok(())
        });
        if cancelled.load(Ordering::Relaxed) {
            return Err(HistoryError::GivenUp { path: file.to_owned() });
        }
        hashed.map(|()| hasher.finalize().into())
    })
}

/// The bytes of one file, if it is still the one with this hash and size.
///
/// # Errors
/// [`HistoryError::Changed`] when it is not; that it cannot be read.
pub fn read_file(path: &Path, hash: ContentHash, size: u64) -> Result<Vec<u8>, HistoryError> {
    let metadata = std::fs::metadata(path).map_err(HistoryError::io("read", path))?;
    let stamp = Stamp { size, ..files::stamp(&metadata) };
    // The caller has bounded the size, so that a chunk is the least that is worth reserving.
    let (mut bytes, mut buffer) = (Vec::with_capacity(usize::try_from(size).unwrap_or(CHUNK)), Vec::new());
    each_piece(path, &stamp, &mut buffer, |piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    })?;
    let found: [u8; 32] = Sha256::digest(&bytes).into();
    if found == hash.0 { Ok(bytes) } else { Err(HistoryError::Changed { path: path.to_owned() }) }
}
