//! Reading one file: hashed as it streams, and believed only if it did not change meanwhile.

use super::stamp;
use crate::metrics::Metrics;
use crate::model::Stamp;
use crate::os::directory::Room;
use std::fs::File;
use std::io::{self, Read, Seek};
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

/// What directories and files are read into. Each thread keeps one: clearing it costs more than reading a small file.
#[derive(Debug)]
pub struct Buffer {
    /// For names.
    pub names: Room,
    content: Vec<u8>,
}

impl Default for Buffer {
    fn default() -> Self {
        Self { names: Room::default(), content: vec![0; CHUNK] }
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
        let size = match self.pass(&mut file, limit, &mut consume) {
            Ok(size) => size,
            // Something else has taken the place of the file.
            Err(_) if !has_stamp(&file, expected) => return Content::Changed,
            Err(e) => return Content::Unreadable(e),
        };
        self.metrics.files_read.fetch_add(1, Ordering::Relaxed);
        self.metrics.bytes_hashed.fetch_add(size, Ordering::Relaxed);
        // A short read is a file that was truncated meanwhile, not a hash. The stamp was taken before opening, so one
        // comparison says that it was this file and that it did not change.
        match (has_stamp(&file, expected), size == expected.size) {
            (false, _) => Content::Changed,
            (true, true) => Content::Stable,
            (true, false) => self.mismatch(&mut file, expected),
        }
    }

    /// A file that says it did not change, and does not hold what it says. One that did change between the two
    /// questions says so when asked again; one of `/proc` or `/sys` never will, and waiting for it to hold still would
    /// never end.
    fn mismatch(&mut self, file: &mut File, expected: &Stamp) -> Content {
        let again = file.rewind().and_then(|()| self.pass(file, expected.size, &mut |_| {}));
        match again {
            Ok(size) if size != expected.size && has_stamp(file, expected) => {
                let message = "it does not hold as many bytes as it says; the kernel makes it up while it is read";
                Content::Unreadable(io::Error::new(io::ErrorKind::InvalidData, message))
            }
            Ok(_) => Content::Changed,
            Err(e) => Content::Unreadable(e),
        }
    }

    /// Reads until there are `limit` bytes; gives the bytes read. The end is where it should be, so a last read that
    /// returns nothing is saved, except where a file says that it is empty: the kernel says so of what it makes up.
    fn pass(&mut self, file: &mut File, limit: u64, consume: &mut dyn FnMut(&[u8])) -> io::Result<u64> {
        let mut size = 0u64;
        while size < limit.max(1) {
            match file.read(&mut self.buffer.content) {
                Ok(0) => break,
                Ok(n) => {
                    size += n as u64;
                    consume(&self.buffer.content[..n]);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(size)
    }
}

fn has_stamp(file: &File, expected: &Stamp) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file() && stamp::of(&metadata) == *expected)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn read(path: &Path, expected: &Stamp) -> Content {
        let (mut buffer, metrics) = (Buffer::default(), Metrics::default());
        let mut reader = Reader { buffer: &mut buffer, motion: Motion::Refused, metrics: &metrics };
        reader.read(path, expected, |_| {})
    }

    fn stamp_of(path: &Path) -> Stamp {
        stamp::of(&std::fs::metadata(path).expect("it is there"))
    }

    #[test]
    fn what_the_kernel_makes_up_is_not_waited_for() {
        let made_up = Path::new("/proc/self/status");
        // Its times are those of the first look at it.
        let said = stamp_of(made_up);
        assert_eq!(said.size, 0);
        assert!(matches!(read(made_up, &said), Content::Unreadable(_)));
    }

    #[test]
    fn only_what_holds_still_is_stable() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("f");
        std::fs::write(&path, "text").expect("written");
        let said = stamp_of(&path);
        assert!(matches!(read(&path, &said), Content::Stable));
        for other in [Stamp { size: 3, ..said }, Stamp { size: 5, ..said }, Stamp { mtime_ns: 1, ..said }] {
            assert!(matches!(read(&path, &other), Content::Changed), "{other:?}");
        }
        assert!(matches!(read(&dir.path().join("gone"), &said), Content::Changed));
    }
}
