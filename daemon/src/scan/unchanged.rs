//! Whether a project still is what was found, from stamps alone.
//!
//! A start looks at every project, and nearly always finds what it found last: its records parsed again, its directories
//! listed again, for a tenth of all processor time of a start with 10,000 artifacts. What a look at a project says follows from
//! the names in its directories, from the files of records and from what is above them, so their stamps say whether it is the
//! same (the rule of artifacts and of `names`, for a whole project).
//!
//! # Invariants
//!
//! * What a look would watch is watched before the first stamp is taken.
//! * Stamps are believed only where all were too old to be racy when they were taken, on file systems known to keep them.
//! * Whatever is not of the ordinary kind has no stamps and is looked at: links, places outside the project, a project
//!   that is itself a profile root, anything with a problem.
//! * The digest holds what else decides the result: the zone of naive times, and the release that read the files.

use super::is_missing;
use super::project::{DEPLOYED, ITSELF, PLAN, PROJECT_FILE};
use super::stamp::{self, FingerprintBuilder};
use crate::model::{Fingerprint, ProjectScan, Stamp};
use crate::os::directory::{Directory, Room};
use crate::watch::{Ensured, Watches};
use std::path::Path;

/// When and how stamps are taken.
#[derive(Debug)]
pub struct Taking<'a> {
    /// When the look began, nanoseconds since 1970: what is younger is not believed.
    pub started_ns: i64,
    /// The zone of naive times.
    pub zone: &'a jiff::tz::TimeZone,
    /// What is known of devices.
    pub room: &'a mut Room,
}

/// Whether a look at the project at `root` would find what is `known`. Afterwards all is watched that such a look watches.
/// Without stamps nothing holds, and nothing is looked at.
pub fn holds(root: &Path, known: &ProjectScan, watches: &Watches, taking: Taking<'_>) -> bool {
    if known.stamps.is_none() {
        return false;
    }
    // From the top, so that what comes after its parent was watched is heard.
    for above in &known.ancestors {
        // Above the project others may keep directories closed.
        if let Ensured::Refused { .. } = watches.ensure(above)
            && !root.starts_with(above)
        {
            return false;
        }
    }
    known.directories.iter().all(|dir| watches.ensure(dir) == Ensured::Watched)
        && stamps(root, known, taking) == known.stamps
}

/// The digest of what decided a look that found `scan`; none where stamps cannot say later that it still holds.
pub fn stamps(root: &Path, scan: &ProjectScan, taking: Taking<'_>) -> Option<Fingerprint> {
    let Taking { started_ns, zone, room } = taking;
    let is_ordinary = scan.present && scan.unread.is_empty() && scan.problems.is_empty();
    if !is_ordinary || scan.profiles.iter().any(|profile| profile.root == ITSELF) {
        return None;
    }
    let mut digest = FingerprintBuilder::default();
    digest.note(env!("CARGO_PKG_VERSION"));
    digest.note(&format!("{zone:?}"));
    for above in &scan.ancestors {
        if !above.starts_with(root) && !root.starts_with(above) {
            return None;
        }
        digest.add(above.as_os_str(), &passed(above)?);
    }
    let is_old = |stamp: &Stamp| !stamp::is_racy(stamp, started_ns);
    for dir in &scan.directories {
        let stamp = Directory::open(dir).ok()?.stamp_of_names(room).ok()?.filter(is_old)?;
        digest.add(dir.as_os_str(), &stamp);
    }
    for profile in &scan.profiles {
        for file in [DEPLOYED, PLAN, PROJECT_FILE] {
            let path = root.join(&profile.root).join(file);
            digest.add(path.as_os_str(), &read(&path).filter(is_old)?);
        }
    }
    Some(digest.finish())
}

const NOTHING: Stamp = Stamp { size: 0, mtime_ns: 0, ctime_ns: 0, inode: 0, device: 0, mode: 0 };

/// What matters of a path of which only the coming and going matters; none for a link.
fn passed(path: &Path) -> Option<Stamp> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_symlink() => None,
        Ok(metadata) => {
            let Stamp { inode, device, mode, .. } = stamp::of(&metadata);
            Some(Stamp { inode, device, mode, size: metadata.is_dir().into(), ..NOTHING })
        }
        Err(error) => is_missing(&error).then_some(NOTHING),
    }
}

/// The stamp of a file that is read, where there is one; none for what is no regular file.
fn read(path: &Path) -> Option<Stamp> {
    match path.symlink_metadata() {
        Ok(metadata) => metadata.is_file().then(|| stamp::of(&metadata)),
        Err(error) => is_missing(&error).then_some(NOTHING),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
