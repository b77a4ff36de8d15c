//! From a collection into an archive: a tar within a gzip, everything below one directory that is called as the collection.
//!
//! The same files give the same tar, byte for byte, which is how two of them are told to be equal: what comes out of the
//! latest archive is compared with what would be packed now, and nothing is packed where it is the same.

use super::bounded::Exact;
use super::walk::{Found, FoundKind, Listing};
use super::{LEVEL, SnapshotError, Watch};
use crate::os::files;
use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use tar::{Builder, EntryType, Header};

/// Writes the archive to `file`, up to its last byte but without waiting for the disk.
pub(super) fn write(
    listing: &Listing,
    name: &str,
    file: &File,
    label: &str,
    watch: &mut Watch<'_>,
) -> Result<(), SnapshotError> {
    let packed = GzBuilder::new().filename(label).write(file, Compression::new(LEVEL));
    let packed = tar(listing, name, packed, watch)?;
    packed.finish().map(drop).map_err(SnapshotError::io("write the archive of", &listing.root))
}

/// Whether what is listed is what the archive at `path` holds, to the byte, as [`write`] would pack it.
pub(super) fn is_same(
    listing: &Listing,
    name: &str,
    path: &Path,
    watch: &mut Watch<'_>,
) -> Result<bool, SnapshotError> {
    let Ok(file) = File::open(path) else { return Ok(false) };
    let mut compare = Compare { with: GzDecoder::new(BufReader::new(file)), room: Vec::new(), differs: false };
    let compared = tar(listing, name, &mut compare, watch).map(drop);
    match compared {
        Ok(()) => Ok(compare.is_at_end()),
        Err(SnapshotError::Cancelled) => Err(SnapshotError::Cancelled),
        Err(_) if compare.differs => Ok(false),
        Err(error) => Err(error),
    }
}

fn tar<W: Write>(listing: &Listing, name: &str, to: W, watch: &mut Watch<'_>) -> Result<W, SnapshotError> {
    let mut builder = Builder::new(to);
    let root = listing.root.symlink_metadata().map_err(SnapshotError::io("read", &listing.root))?;
    // Of the root only that it is there: its own times change with whatever is staged beside it.
    let mut itself = header(files::stamp(&root).mode, EntryType::Directory, 0, 0);
    builder
        .append_data(&mut itself, format!("{name}/"), io::empty())
        .map_err(SnapshotError::io("pack", &listing.root))?;
    let total = listing.found.len() as u64;
    for (done, found) in (0..).zip(&listing.found) {
        if watch.is_cancelled() {
            return Err(SnapshotError::Cancelled);
        }
        (watch.told)(done, total);
        let mut at = std::ffi::OsString::from(format!("{name}/"));
        at.push(found.relative.as_os_str());
        match &found.kind {
            FoundKind::Directory => {
                at.push("/");
                let mut header = header(found.stamp.mode, EntryType::Directory, 0, 0);
                builder.append_data(&mut header, at, io::empty()).map_err(SnapshotError::io("pack", &found.path))?;
            }
            FoundKind::Link(target) => {
                let mut header = header(found.stamp.mode, EntryType::Symlink, 0, found.modified);
                // As it is written, where a header has the room; the builder tidies paths.
                let literal = header.set_link_name_literal(target.as_encoded_bytes()).is_ok();
                let appended = if literal {
                    builder.append_data(&mut header, at, io::empty())
                } else {
                    builder.append_link(&mut header, at, target)
                };
                appended.map_err(SnapshotError::io("pack", &found.path))?;
            }
            FoundKind::File => file(&mut builder, found, Path::new(&at), watch)?,
        }
    }
    builder.into_inner().map_err(SnapshotError::io("pack", &listing.root))
}

fn file<W: Write>(builder: &mut Builder<W>, found: &Found, at: &Path, watch: &Watch<'_>) -> Result<(), SnapshotError> {
    let mut header = header(found.stamp.mode, EntryType::Regular, found.stamp.size, found.modified);
    let packed =
        whole(found, |bytes| builder.append_data(&mut header, at, Waited { from: bytes, cancelled: watch.cancelled }));
    // Given up within a large file.
    if watch.is_cancelled() { Err(SnapshotError::Cancelled) } else { packed }
}

/// Gives nothing more when nobody waits any more.
struct Waited<'a, R> {
    from: R,
    cancelled: &'a AtomicBool,
}

impl<R: Read> Read for Waited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(io::Error::other("nobody waits for it"));
        }
        self.from.read(buffer)
    }
}

/// Passes on a file of a listing, as it was listed.
///
/// # Errors
/// It cannot be read, or is not any more what it was; that it cannot be passed on.
pub(super) fn read(found: &Found, to: &mut dyn Write) -> Result<(), SnapshotError> {
    whole(found, |bytes| io::copy(bytes, to).map(drop))
}

/// Exactly as much as was listed: behind a header that says more or less, every other entry would be read wrong.
fn whole(found: &Found, pass: impl FnOnce(&mut Exact<'_, File>) -> io::Result<()>) -> Result<(), SnapshotError> {
    let changed = || SnapshotError::Changed { path: found.path.clone() };
    let mut file = match files::open_for_reading(&found.path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(changed()),
        Err(e) => return Err(SnapshotError::io("read", &found.path)(e)),
    };
    pass(&mut Exact { from: &mut file, left: found.stamp.size, broken: None }).map_err(|e| match e.kind() {
        io::ErrorKind::UnexpectedEof => changed(),
        _ => SnapshotError::io("pack", &found.path)(e),
    })?;
    let metadata = file.metadata().map_err(SnapshotError::io("read", &found.path))?;
    if metadata.is_file() && files::stamp(&metadata) == found.stamp { Ok(()) } else { Err(changed()) }
}

fn header(mode: u32, kind: EntryType, size: u64, modified: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode & 0o777);
    header.set_size(size);
    header.set_mtime(modified);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// Takes what is written to it for what should be in an archive.
struct Compare<R> {
    with: R,
    room: Vec<u8>,
    differs: bool,
}

impl<R: Read> Compare<R> {
    fn is_at_end(&mut self) -> bool {
        // The tail of zeros may be longer than ours.
        let mut rest = [0; 512];
        loop {
            match self.with.read(&mut rest) {
                Ok(0) => return true,
                Ok(read) if rest[..read].iter().all(|byte| *byte == 0) => {}
                _ => return false,
            }
        }
    }
}

impl<R: Read> Write for Compare<R> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.room.resize(bytes.len(), 0);
        self.differs = self.with.read_exact(&mut self.room).is_err() || self.room != bytes;
        if self.differs { Err(io::Error::other("it differs")) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
