//! Out of an archive that nobody is trusted to have written.
//!
//! The archive is read by its raw headers: what makes a later entry mean something else (long names, PAX records) is read
//! here, with a limit, and everything that is not understood is refused. Three kinds of entries:
//!
//! * what a snapshot of a collection holds: directories, files, links, and second names of files;
//! * what may have been in a collection but is not put back: devices, pipes, links that lead out of it. It is left out, and told;
//! * what nobody could have made of a collection: absolute paths, `..`, another root, a path through a link or file, the same
//!   path twice, more than the archive's size can explain. Then nothing of the archive is used.

use super::SnapshotError;
use super::bounded::{Exact, Limited};
use super::walk::MAX_ENTRIES;
use crate::history::RelPath;
use crate::model::MAX_DEPTH;
use flate2::read::GzDecoder;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use tar::{Archive, Entry, EntryType, PaxExtensions};

/// Entries that say something of the next one, before it: one for its name, one for where it leads, and those of others.
const MAX_BEFORE: usize = 8;
/// Bytes of a name, and of the records that go before an entry.
const MAX_NAME: u64 = 64 << 10;
/// How much an archive may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    /// Bytes that any archive may hold, packed however well.
    pub(super) always: u64,
    /// Beyond that, bytes for each packed one.
    pub(super) expansion: u64,
}

impl Most {
    fn of(self, packed: u64) -> u64 {
        self.always.max(packed.saturating_mul(self.expansion))
    }
}

/// Text packs to a tenth.
const MOST: Most = Most { always: 256 << 20, expansion: 200 };

/// One entry.
pub enum Member<'a> {
    /// A directory.
    Directory,
    /// A regular file.
    File {
        /// Bytes.
        size: u64,
        /// Gives exactly so many, or an error.
        bytes: &'a mut dyn Read,
    },
    /// A second name of a file that came before.
    Same(&'a RelPath),
    /// A link within the collection, as it is written.
    Link(&'a OsString),
}

/// What goes with every entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Permission bits.
    pub mode: u32,
    /// Modification time in seconds.
    pub modified: u64,
}

/// What an archive held that is not put back, with the reason.
pub type LeftOut = Vec<(RelPath, &'static str)>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Directory,
    File,
    Other,
}

/// Whether an archive of `packed` bytes may hold so many: what is packed must be what is taken out again.
pub(super) fn is_plausible(packed: u64, unpacked: u64) -> bool {
    unpacked <= MOST.of(packed)
}

/// Reads the archive at `path` of the collection `name`, and passes every entry on but the root itself, in its order. Whether
/// the archive is whole is known only at the end: after an error nothing that was passed on may be used.
///
/// # Errors
/// [`SnapshotError::Unusable`], [`SnapshotError::Gone`], and those of `take`.
pub fn each<E: From<SnapshotError>>(
    path: &Path,
    name: &str,
    cancelled: &AtomicBool,
    take: impl FnMut(&RelPath, Manner, Member<'_>) -> Result<(), E>,
) -> Result<LeftOut, E> {
    each_within(MOST, path, name, cancelled, take)
}

pub(super) fn each_within<E: From<SnapshotError>>(
    most: Most,
    path: &Path,
    name: &str,
    cancelled: &AtomicBool,
    mut take: impl FnMut(&RelPath, Manner, Member<'_>) -> Result<(), E>,
) -> Result<LeftOut, E> {
    let file = crate::os::files::open_for_reading(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => SnapshotError::Gone { path: path.to_owned() },
        _ => SnapshotError::Io { verb: "read", path: path.to_owned(), source },
    })?;
    let metadata = file.metadata().map_err(SnapshotError::io("read", path))?;
    let unusable = |why: String| SnapshotError::Unusable { path: path.to_owned(), why };
    if !metadata.is_file() {
        return Err(unusable("it is no file".to_owned()).into());
    }
    let most = most.of(metadata.len());
    let unpacked = Limited { from: GzDecoder::new(BufReader::with_capacity(1 << 16, file)), left: most };
    let mut archive = Archive::new(unpacked);
    let broken = |error: io::Error| unusable(format!("it is damaged or cut off: {error}"));
    let mut reader =
        Reading { name, known: HashMap::new(), left_out: Vec::new(), count: 0, said: 0, before: Before::default() };
    for entry in archive.entries().map_err(broken)?.raw(true) {
        if cancelled.load(Ordering::Relaxed) {
            return Err(SnapshotError::Cancelled.into());
        }
        let mut entry = entry.map_err(broken)?;
        let Some(read) = reader.entry(&mut entry).map_err(|why| unusable(why.to_string()))? else { continue };
        let Plain { path, manner, kind, size } = read;
        match kind {
            Meaning::Directory => take(&path, manner, Member::Directory)?,
            Meaning::Same(of) => take(&path, manner, Member::Same(&of))?,
            Meaning::Link(target) => take(&path, manner, Member::Link(&target))?,
            Meaning::File => {
                let mut bytes = Exact { from: &mut entry, left: size, broken: None };
                let taken = take(&path, manner, Member::File { size, bytes: &mut bytes });
                // Whoever takes it cannot know whose fault it was.
                if let Some(why) = bytes.broken.take() {
                    return Err(unusable(format!("it is damaged or cut off: {why}")).into());
                }
                taken?;
                // What nobody wanted has to be whole too.
                io::copy(&mut bytes, &mut io::sink()).map_err(broken)?;
            }
        }
    }
    if !reader.known.contains_key(&RelPath::default()) {
        return Err(unusable(format!("it holds no collection '{name}'")).into());
    }
    // The check sum comes behind the last entry.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(broken)?;
    Ok(reader.left_out)
}

/// What an entry turned out to be.
struct Plain {
    path: RelPath,
    manner: Manner,
    kind: Meaning,
    size: u64,
}

enum Meaning {
    Directory,
    File,
    Same(RelPath),
    Link(OsString),
}

/// What entries before the next one say of it.
#[derive(Default)]
struct Before {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

struct Reading<'n> {
    name: &'n str,
    known: HashMap<RelPath, Kind>,
    left_out: LeftOut,
    /// Files, links and directories so far.
    count: usize,
    /// Entries since the last of them.
    said: usize,
    before: Before,
}

/// Why an archive is refused.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("it holds more than {MAX_ENTRIES} entries")]
    TooMany,
    #[error("an entry has a name longer than {MAX_NAME} bytes")]
    LongName,
    #[error("its path '{0}' leads elsewhere")]
    Elsewhere(String),
    #[error("its path '{0}' is not in '{1}'")]
    OtherRoot(String, String),
    #[error("its path '{0}' is deeper than {MAX_DEPTH} levels")]
    Deep(String),
    #[error("its path '{0}' goes through what is no directory")]
    Through(String),
    #[error("its path '{0}' is there twice")]
    Twice(String),
    #[error("its path '{0}' is another name of '{1}', which is no file before it")]
    NoFile(String, String),
    #[error("its link '{0}' leads to what can be no path")]
    NoPath(String),
    #[error("its entry '{0}' is of a kind that snapshots do not have")]
    Unknown(String),
    #[error("it is damaged or cut off: {0}")]
    Broken(#[from] io::Error),
}

impl Reading<'_> {
    /// None for what says something of the next entry, for the root, and for what is left out.
    fn entry<R: Read>(&mut self, entry: &mut Entry<'_, R>) -> Result<Option<Plain>, Refusal> {
        self.said += 1;
        if self.count > MAX_ENTRIES || self.said > MAX_BEFORE {
            return Err(Refusal::TooMany);
        }
        let kind = entry.header().entry_type();
        match kind {
            EntryType::GNULongName => self.before.path = Some(text(entry)?),
            EntryType::GNULongLink => self.before.link = Some(text(entry)?),
            EntryType::XHeader => self.records(entry)?,
            EntryType::XGlobalHeader => drop(text(entry)?),
            _ => return self.real(entry, kind),
        }
        Ok(None)
    }

    /// A PAX record may say a name that does not fit; one that changes what the entry's bytes are is refused.
    fn records<R: Read>(&mut self, entry: &mut Entry<'_, R>) -> Result<(), Refusal> {
        let records = text(entry)?;
        for record in PaxExtensions::new(&records) {
            let record = record?;
            match record.key_bytes() {
                b"path" => self.before.path = Some(record.value_bytes().to_vec()),
                b"linkpath" => self.before.link = Some(record.value_bytes().to_vec()),
                key if key == b"size" || key.starts_with(b"GNU.sparse") => {
                    return Err(Refusal::Unknown(String::from_utf8_lossy(key).into_owned()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn real<R: Read>(&mut self, entry: &mut Entry<'_, R>, kind: EntryType) -> Result<Option<Plain>, Refusal> {
        (self.count, self.said) = (self.count + 1, 0);
        let Before { path, link } = std::mem::take(&mut self.before);
        let raw = path.unwrap_or_else(|| entry.path_bytes().into_owned());
        let shown = String::from_utf8_lossy(&raw).escape_debug().to_string();
        let path = self.below(&raw, &shown)?;
        let header = entry.header();
        let manner = Manner { mode: header.mode()? & 0o777, modified: header.mtime()? };
        let size = header.entry_size()?;
        if path.is_empty() {
            if kind != EntryType::Directory {
                return Err(Refusal::Through(shown));
            }
            self.known.insert(path, Kind::Directory);
            return Ok(None);
        }
        let link = link.or_else(|| entry.link_name_bytes().map(|name| name.into_owned()));
        let (known, kind) = match kind {
            EntryType::Directory => (Kind::Directory, Some(Meaning::Directory)),
            EntryType::Regular | EntryType::Continuous => (Kind::File, Some(Meaning::File)),
            EntryType::Link => {
                let raw = link.unwrap_or_default();
                let of = self.below(&raw, &String::from_utf8_lossy(&raw).escape_debug().to_string())?;
                if self.known.get(&of) != Some(&Kind::File) {
                    return Err(Refusal::NoFile(shown, of.as_os_str().to_string_lossy().escape_debug().to_string()));
                }
                (Kind::File, Some(Meaning::Same(of)))
            }
            EntryType::Symlink => {
                let target = os(link.unwrap_or_default());
                if target.as_encoded_bytes().contains(&0) {
                    return Err(Refusal::NoPath(shown));
                } else if stays_inside(&path, &target) {
                    (Kind::Other, Some(Meaning::Link(target)))
                } else {
                    self.left_out.push((path.clone(), "a link that leads out of the collection"));
                    (Kind::Other, None)
                }
            }
            EntryType::Char | EntryType::Block | EntryType::Fifo => {
                self.left_out.push((path.clone(), "neither file, directory nor link"));
                (Kind::Other, None)
            }
            _ => return Err(Refusal::Unknown(shown)),
        };
        self.enter(&path, known, &shown)?;
        Ok(kind.map(|kind| Plain { path, manner, kind, size }))
    }

    /// The path below the root.
    fn below(&self, raw: &[u8], shown: &str) -> Result<RelPath, Refusal> {
        let raw = raw.strip_suffix(b"/").unwrap_or(raw);
        let whole = RelPath::new(os(raw.to_vec())).filter(|path| !path.is_empty());
        let whole = whole.ok_or_else(|| Refusal::Elsewhere(shown.to_owned()))?;
        if whole.components().count() > MAX_DEPTH + 2 {
            return Err(Refusal::Deep(shown.to_owned()));
        }
        let rest = match raw.strip_prefix(self.name.as_bytes()) {
            Some([]) => Some(&b""[..]),
            Some(rest) => rest.strip_prefix(b"/"),
            None => None,
        };
        let rest = rest.ok_or_else(|| Refusal::OtherRoot(shown.to_owned(), self.name.to_owned()))?;
        RelPath::new(os(rest.to_vec())).ok_or_else(|| Refusal::Elsewhere(shown.to_owned()))
    }

    /// Notes what is at a path. What is above it is a directory from now on, whether an entry says so or not.
    fn enter(&mut self, path: &RelPath, kind: Kind, shown: &str) -> Result<(), Refusal> {
        let bytes = path.as_os_str().as_encoded_bytes();
        for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            let Some(above) = RelPath::new(os(bytes[..at].to_vec())) else { continue };
            if *self.known.entry(above).or_insert(Kind::Directory) != Kind::Directory {
                return Err(Refusal::Through(shown.to_owned()));
            }
        }
        match self.known.insert(path.clone(), kind) {
            None => Ok(()),
            Some(Kind::Directory) if kind == Kind::Directory => Ok(()),
            Some(_) => Err(Refusal::Twice(shown.to_owned())),
        }
    }
}

/// Whether a link at `path` stays below the root. `..` only counts at its beginning, from where the link really is: behind
/// another link it would be a step from somewhere else.
pub fn stays_inside(path: &RelPath, target: &OsString) -> bool {
    let target = target.as_encoded_bytes();
    if target.is_empty() || target.starts_with(b"/") || cfg!(windows) && target.contains(&b':') {
        return false;
    }
    let mut depth = path.components().count() - 1;
    let mut down = false;
    for part in target.split(|byte| *byte == b'/' || cfg!(windows) && *byte == b'\\') {
        match part {
            b"" | b"." => {}
            b".." if down || depth == 0 => return false,
            b".." => depth -= 1,
            _ => down = true,
        }
    }
    true
}

fn text<R: Read>(entry: &mut Entry<'_, R>) -> Result<Vec<u8>, Refusal> {
    if entry.header().entry_size()? > MAX_NAME {
        return Err(Refusal::LongName);
    }
    let mut text = Vec::new();
    entry.take(MAX_NAME).read_to_end(&mut text)?;
    if text.last() == Some(&0) {
        text.pop();
    }
    Ok(text)
}

#[cfg(unix)]
fn os(bytes: Vec<u8>) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

#[cfg(not(unix))]
fn os(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}
