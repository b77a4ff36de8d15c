//! What a transaction moves: paths that get other content, and the files that people read and that say so.

use super::error::OpError;
use super::swap::Swap;
use super::witness::Witness;
use crate::history::{ContentId, Step};
use crate::snapshots::Unpacked;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// One path that becomes something else in one swap.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The file or directory.
    pub target: PathBuf,
    /// The project or collection that it belongs to.
    pub root: PathBuf,
    /// What is there, in the content store.
    pub before: Option<ContentId>,
    /// What is to be there.
    pub after: Option<ContentId>,
    /// What it looked like when it was planned with.
    pub witness: Witness,
    /// Directories above it that are to be made, the outermost first.
    pub missing: Vec<PathBuf>,
    /// The directory up to which, itself excluded, directories that are left empty are removed.
    pub prune_below: Option<PathBuf>,
    /// The archive that what comes is in: it is unpacked where it is staged, and not stored.
    pub archive: Option<Arc<Archive>>,
    /// Where that what comes is now, when it only gets another name: nothing is staged or stored then.
    pub moved_from: Option<PathBuf>,
}

impl Piece {
    /// `from` gets the name `to`, with everything in it; nothing may be there.
    pub fn moved(from: &Path, to: &Path, root: &Path) -> Self {
        Self {
            target: to.to_owned(),
            root: root.to_owned(),
            before: None,
            after: None,
            witness: Witness::Nothing,
            missing: Vec::new(),
            prune_below: None,
            archive: None,
            moved_from: Some(from.to_owned()),
        }
    }

    /// The rename that does it; none when nothing is there and nothing comes.
    pub(super) fn swap(&self) -> Option<Swap> {
        match (&self.moved_from, &self.archive) {
            (Some(_), _) | (_, Some(_)) => Some(Swap::Place),
            (None, None) => Swap::between(self.before.is_some(), self.after.is_some()),
        }
    }
}

/// A snapshot that becomes a directory.
#[derive(Debug)]
pub struct Archive {
    /// The file.
    pub path: PathBuf,
    /// The collection that it is of.
    pub name: String,
    /// What came of it, once it was unpacked.
    pub unpacked: Mutex<Unpacked>,
}

/// A file that people read, to be written for what was done.
#[derive(Clone, Debug)]
pub struct Text {
    /// The file.
    pub path: PathBuf,
    /// The project or collection that it belongs to.
    pub root: PathBuf,
    /// What it holds now; none when it is not there.
    pub before: Option<Vec<u8>>,
    /// What it is to hold; none when it is to go.
    pub after: Option<Vec<u8>>,
}

/// What the journal says of a piece whose other side is at `at`.
pub(super) fn step(piece: &Piece, at: &Path) -> Step {
    Step {
        target: piece.target.clone(),
        staged: Some(at.to_owned()),
        before: piece.before,
        after: piece.after,
        made_directories: piece.missing.clone(),
    }
}

/// The content of a file; none when it is not there.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, OpError> {
    match crate::os::files::read_whole(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(OpError::Io { verb: "read", path: path.to_owned(), source }),
    }
}

/// Removes the directories above `path` that are empty, up to `top`.
pub(super) fn prune(path: &Path, top: &Path) {
    for directory in path.ancestors().skip(1).take_while(|dir| dir.starts_with(top) && *dir != top) {
        if std::fs::remove_dir(directory).is_err() {
            return;
        }
    }
}

/// The permissions that a rewritten file keeps.
#[cfg(unix)]
pub(super) fn mode_of(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().map_or(0o644, |metadata| metadata.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
pub(super) fn mode_of(_path: &Path) -> u32 {
    0o644
}
