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

/// What files are read into. Each thread keeps one: clearing it costs more than reading a small file.
#[derive(Debug)]
pub struct Buffer(Vec<u8>);

impl Default for Buffer {
    fn default() -> Self {
        Self(vec![0; CHUNK])
    }
}

/// Reads files one after the other, and counts them.
#[derive(Debug)]
pub struct Reader<'a> {
    /// Of this thread.
    pub buffer: &'a mut Buffer,
    /// For every file.
    pub motion: Motion,
    /// Where it counts.
    pub metrics: &'a Metrics,
}

impl Reader<'_> {
    /// Passes the content of `path` to `consume`, piece by piece.
    pub fn read(&mut self, path: &Path, expected: &Stamp, mut consume: impl FnMut(&[u8])) -> Content {
        let mut file = match crate::os::files::open_for_reading(path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Content::Changed,
            Err(e) => return Content::Unreadable(e),
        };
        let limit = match self.motion {
            Motion::Refused => expected.size,
            // Not longer than it is now: somebody may append for ever.
            Motion::Taken => file.metadata().map_or(expected.size, |metadata| metadata.len()),
        };
        let mut size = 0u64;
        // The end is where it should be, so a last read that returns nothing is saved; what was added is seen below.
        while size < limit {
            match file.read(&mut self.buffer.0) {
                Ok(0) => break,
                Ok(n) => {
                    size += n as u64;
                    consume(&self.buffer.0[..n]);
                    if size > limit {
                        return Content::Changed;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // Something else has taken the place of the file.
                Err(_) if !has_stamp(&file, expected) => return Content::Changed,
                Err(e) => return Content::Unreadable(e),
            }
        }
        self.metrics.files_read.fetch_add(1, Ordering::Relaxed);
        self.metrics.bytes_hashed.fetch_add(size, Ordering::Relaxed);
        // A short read is a file that was truncated meanwhile, not a hash. The stamp was taken before opening, so one
        // comparison says that it was this file and that it did not change.
        if size == expected.size && has_stamp(&file, expected) { Content::Stable } else { Content::Changed }
    }
}

fn has_stamp(file: &File, expected: &Stamp) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file() && stamp::of(&metadata) == *expected)
}
