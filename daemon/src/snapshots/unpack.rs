//! An archive as a directory, at a place where nothing is yet.
//!
//! Every file is created, never opened, and every directory above one was made here: so nothing is written through a link,
//! whatever the archive says. Nothing is synced: whoever renames the result into place knows when that is worth waiting for.

use super::SnapshotError;
use super::archive::{self, LeftOut, Manner, Member};
use crate::os::create;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

/// What was unpacked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Files and links.
    pub files: u32,
    /// What was not put back.
    pub left_out: LeftOut,
}

/// Unpacks the archive at `path` of the collection `name` to `to`, where nothing may be; the directory above must be there.
/// Files get the modes and times that they had.
///
/// # Errors
/// Those of [`archive::each`], or that something cannot be written. Then nothing is at `to`.
pub fn unpack(path: &Path, name: &str, to: &Path, cancelled: &AtomicBool) -> Result<Unpacked, SnapshotError> {
    std::fs::create_dir(to).map_err(SnapshotError::io("make", to))?;
    let mut made = to.to_owned();
    let mut files = 0;
    let unpacked = archive::each(path, name, cancelled, |relative, manner, member| {
        let at = relative.below(to);
        if let Some(above) = at.parent().filter(|above| *above != made) {
            std::fs::create_dir_all(above).map_err(SnapshotError::io("make", above))?;
            made = above.to_owned();
        }
        files += u32::from(!matches!(member, Member::Directory));
        put(&at, manner, member, to)
    });
    if unpacked.is_err() {
        // All of it is ours. The first error says more than one of tidying up.
        let _ = std::fs::remove_dir_all(to);
    }
    Ok(Unpacked { files, left_out: unpacked? })
}

fn put(at: &Path, manner: Manner, member: Member<'_>, root: &Path) -> Result<(), SnapshotError> {
    let failed = |verb: &'static str| SnapshotError::io(verb, at);
    match member {
        Member::Directory => {
            if !at.is_dir() {
                std::fs::create_dir(at).map_err(failed("make"))?;
            }
            // What the owner may not enter cannot be filled.
            create::set_mode(at, manner.mode | 0o700).map_err(failed("set the mode of"))
        }
        Member::Link(target) => create::link(target, at).map_err(failed("make the link")),
        Member::File { bytes, .. } => {
            let mut file = create::file(at).map_err(failed("create"))?;
            io::copy(bytes, &mut file).map_err(failed("unpack to"))?;
            finish(file, at, manner)
        }
        Member::Same(of) => {
            let from = of.below(root);
            let mut file = create::file(at).map_err(failed("create"))?;
            let mut from = File::open(&from).map_err(SnapshotError::io("read", &from))?;
            io::copy(&mut from, &mut file).map_err(failed("write"))?;
            finish(file, at, manner)
        }
    }
}

fn finish(mut file: File, at: &Path, manner: Manner) -> Result<(), SnapshotError> {
    let modified = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(manner.modified));
    let done = file.flush().and_then(|()| modified.map_or(Ok(()), |at| file.set_modified(at)));
    // Last, since the mode may forbid writing.
    done.and_then(|()| create::set_mode(at, manner.mode)).map_err(SnapshotError::io("finish", at))
}
