//! What the files of one artifact are: an artifact is a file or a directory.

use skillmeat_protocol::hash::ContentHash;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// Files in one artifact beyond which it is reported instead of hashed or captured.
pub const MAX_FILES: usize = 50_000;
/// Ignored files beyond which the rest of them is passed over, unwatched: `node_modules` was never part of a recorded
/// hash, and must not make an artifact too large. A scan and a capture must agree on it, or their second hash differs.
pub const MAX_IGNORED: usize = 2_000;
/// Levels of directories in one artifact.
pub const MAX_DEPTH: usize = 128;

/// What `stat` says of one file. Equal stamps mean unchanged content, unless the stamp was racy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Modification time, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Change time, nanoseconds since 1970; 0 where the platform has none.
    pub ctime_ns: i64,
    /// Inode, or file index; 0 where the platform has none.
    pub inode: u64,
    /// Device, or volume; 0 where the platform has none.
    pub device: u64,
    /// Permission bits; 0 where the platform has none.
    pub mode: u32,
}

impl Stamp {
    /// Bytes of [`Self::to_bytes`]: five numbers and the mode.
    pub const BYTES: usize = 5 * 8 + 4;

    /// Its parts as they are declared, little-endian.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let numbers = [self.size, self.mtime_ns as u64, self.ctime_ns as u64, self.inode, self.device];
        let mut bytes = [0; Self::BYTES];
        let (whole, rest) = bytes.as_chunks_mut::<8>();
        whole.iter_mut().zip(numbers).for_each(|(bytes, number)| *bytes = number.to_le_bytes());
        rest.copy_from_slice(&self.mode.to_le_bytes());
        bytes
    }

    /// The stamp of which [`Self::to_bytes`] gave these.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let (numbers, rest) = bytes.as_chunks::<8>();
        let number = |at: usize| numbers.get(at).copied().map_or(0, u64::from_le_bytes);
        Self {
            size: number(0),
            mtime_ns: number(1).cast_signed(),
            ctime_ns: number(2).cast_signed(),
            inode: number(3),
            device: number(4),
            mode: rest.try_into().map_or(0, u32::from_le_bytes),
        }
    }
}

/// Digest of all paths and stamps of an artifact: equal fingerprints mean that nothing needs to be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 16]);

/// The names in the directories of an artifact, each directory with its own stamp, as `scan/names.rs` writes them. Worth only
/// time: whatever is not believed is listed again.
///
/// Those of many artifacts share one piece of memory, which goes back to the system as a whole once a start has used them.
#[derive(Clone)]
pub struct Names {
    shared: Arc<[u8]>,
    own: Range<usize>,
}

impl Names {
    /// The part `own` of bytes that hold more than these; none where they end before it does.
    pub fn within(shared: &Arc<[u8]>, own: Range<usize>) -> Option<Self> {
        shared.get(own.clone())?;
        Some(Self { shared: Arc::clone(shared), own })
    }

    /// As they are written.
    pub fn bytes(&self) -> &[u8] {
        self.shared.get(self.own.clone()).unwrap_or_default()
    }
}

impl From<Vec<u8>> for Names {
    fn from(bytes: Vec<u8>) -> Self {
        Self { own: 0..bytes.len(), shared: bytes.into() }
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Names {}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Names({})", self.bytes().escape_ascii())
    }
}

/// Whether an artifact is one file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum TreeKind {
    File,
    Directory,
}

/// The result of reading one artifact.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Tree {
    /// Nothing is there.
    Absent,
    /// It is there and was read completely.
    Present(Arc<TreeInfo>),
    /// It is there, but its content cannot be known; never treated as absent.
    Unreadable {
        /// Names the file and the reason.
        message: String,
    },
}

impl Tree {
    /// The recorded hash of what is there and was read.
    pub fn hash(&self) -> Option<ContentHash> {
        match self {
            Self::Present(info) => Some(info.hash),
            Self::Absent | Self::Unreadable { .. } => None,
        }
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TreeInfo {
    /// File or directory.
    pub kind: TreeKind,
    /// The recorded hash (H1, formats-core §6) over all files that are not ignored.
    pub hash: ContentHash,
    /// The same over all files, when some are ignored.
    pub hash_with_ignored: Option<ContentHash>,
    /// Digest of the stamps behind these hashes.
    pub fingerprint: Fingerprint,
    /// Whether a stamp was so young that a later change could share it; such a tree is read again when verified.
    pub racy: bool,
    /// Files, without ignored ones.
    pub file_count: u32,
    /// Their bytes.
    pub total_size: u64,
    /// Version that its frontmatter declares.
    pub version: Option<Box<str>>,
    /// Empty for an artifact without links. Else first where its files really are: everything in there is its content;
    /// then every place elsewhere that decides where a link leads: what comes, goes or is written there changes it.
    pub linked: Vec<PathBuf>,
}
