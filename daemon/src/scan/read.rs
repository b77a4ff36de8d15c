//! Reading one file: hashed as it streams, and believed only if it did not change meanwhile.

use super::stamp;
use crate::metrics::Metrics;
use crate::model::Stamp;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::Ordering;

/// Bytes read at a time (dependencies.md §6: a reused 64 KiB buffer beats reading whole files).
const CHUNK: usize = 64 * 1024;

/// What became of a file.
#[derive(Debug)]
pub enum Content {
    /// It was read completely and had `stamp` before and after.
    Stable,
    /// It changed, vanished, or is another file than the one that was stamped.
    Changed,
    /// It cannot be read.
    Unreadable(io::Error),
}

/// What to do with content that changes while it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// It is of no use.
    Refused,
    /// It is passed on as it was read, and called changed.
    Taken,
}

/// A reusable buffer.
pub struct Reader<'a> {
    motion: Motion,
    buffer: Vec<u8>,
    metrics: &'a Metrics,
}

impl<'a> Reader<'a> {
    /// A reader that counts into `metrics`.
    pub fn new(motion: Motion, metrics: &'a Metrics) -> Self {
        Self { motion, buffer: vec![0; CHUNK], metrics }
    }

    /// Passes the content of `path` to `consume`, piece by piece.
    pub fn read(&mut self, path: &Path, expected: &Stamp, mut consume: impl FnMut(&[u8])) -> Content {
        let mut file = match crate::os::files::open_for_reading(path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Content::Changed,
            Err(e) => return Content::Unreadable(e),
        };
        let limit = match self.motion {
            Motion::Refused if !has_stamp(&file, expected) => return Content::Changed,
            Motion::Refused => expected.size,
            // Not longer than it is now: somebody may append for ever.
            Motion::Taken => file.metadata().map_or(expected.size, |metadata| metadata.len()),
        };
        let mut size = 0u64;
        loop {
            match file.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(n) => {
                    size += n as u64;
                    consume(&self.buffer[..n]);
                    if size > limit {
                        return Content::Changed;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Content::Unreadable(e),
            }
        }
        self.metrics.files_read.fetch_add(1, Ordering::Relaxed);
        self.metrics.bytes_hashed.fetch_add(size, Ordering::Relaxed);
        // A short read is a file that was truncated meanwhile, not a hash.
        if size == expected.size && has_stamp(&file, expected) { Content::Stable } else { Content::Changed }
    }
}

fn has_stamp(file: &File, expected: &Stamp) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file() && stamp::of(&metadata) == *expected)
}
