//! The files below one artifact, watched as they are found.
//!
//! Order is that of path *components* (`a/b` before `a-b`), which a depth-first walk over sorted names yields by
//! itself; it is the order of the recorded hash (formats-core §6). Directory links are not entered, links to files are
//! read through, everything that is not a regular file is passed over.

use super::names::Listings;
use super::{is_missing, link, stamp};
use crate::library::ignore;
use crate::model::{MAX_DEPTH, MAX_FILES, MAX_IGNORED, Stamp};
use crate::os::directory::{Directory, Entry, EntryKind, Room};
use crate::watch::{Ensured, Watches};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

/// One regular file, or link to one.
#[derive(Debug)]
pub struct Found {
    /// Below the root, `/` between components.
    pub relative: OsString,
    /// Before reading.
    pub stamp: Stamp,
    /// Whether the ignore list names it or a directory above it.
    pub ignored: bool,
}

impl Found {
    /// Its path, given that of the artifact.
    pub fn at(&self, root: &Path) -> PathBuf {
        // Joining nothing would leave a separator at the end of a file's name.
        if self.relative.is_empty() { root.to_owned() } else { root.join(&self.relative) }
    }
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct Walk {
    /// Files in component order.
    pub files: Vec<Found>,
    /// Places that decide where links in the artifact lead, as [`link::Way::places`].
    pub linked: Vec<PathBuf>,
    /// Why events cannot be relied on.
    pub unwatched: Option<String>,
    /// How many of the files are ignored.
    pub ignored: usize,
}

/// Why a walk cannot say what is there.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// A directory or file that cannot be looked at.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Too much for one artifact.
    #[error("{} holds more than {limit} {what}", path.display())]
    TooMuch {
        /// The artifact.
        path: PathBuf,
        /// The limit.
        limit: usize,
        /// Of what.
        what: &'static str,
    },
    /// A directory vanished during the walk.
    #[error("{} changed while it was read", path.display())]
    Changed {
        /// Which.
        path: PathBuf,
    },
}

/// Walks the directory `root`, whose path must be real. `listings` spares directories that hold what they held.
///
/// # Errors
/// [`WalkError`]: a partial answer would be a wrong one.
pub fn walk(root: &Path, watches: &Watches, listings: &mut Listings<'_>, room: &mut Room) -> Result<Walk, WalkError> {
    let mut found = Walk::default();
    descend(root, OsStr::new(""), Kept::Yes, 0, (watches, &mut *listings, room), &mut found).map_err(|error| {
        match error {
            WalkError::TooMuch { limit, what, .. } => WalkError::TooMuch { path: root.to_owned(), limit, what },
            other => other,
        }
    })?;
    Ok(found)
}

/// Whether the directories so far are kept or ignored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Yes,
    No,
}

fn descend(
    dir: &Path,
    relative: &OsStr,
    kept: Kept,
    depth: usize,
    (watches, listings, room): (&Watches, &mut Listings<'_>, &mut Room),
    found: &mut Walk,
) -> Result<(), WalkError> {
    if depth > MAX_DEPTH {
        return Err(WalkError::TooMuch { path: dir.to_owned(), limit: MAX_DEPTH, what: "levels of directories" });
    }
    match watches.ensure(dir) {
        Ensured::Watched => {}
        Ensured::Gone => return Err(WalkError::Changed { path: dir.to_owned() }),
        Ensured::Refused { reason } => found.unwatched = Some(reason),
    }
    let unreadable = |path: &Path, source: io::Error| match is_missing(&source) {
        true => WalkError::Changed { path: path.to_owned() },
        false => WalkError::Unreadable { path: path.to_owned(), source },
    };
    let directory = Directory::open(dir).map_err(|e| unreadable(dir, e))?;
    let entries = listings.of(&directory, room).map_err(|e| unreadable(dir, e))?;
    for Entry { name, kind } in entries {
        let kept = if kept == Kept::Yes && !ignore::is_ignored(&name) { Kept::Yes } else { Kept::No };
        if kept == Kept::No && found.ignored > MAX_IGNORED {
            continue;
        }
        let stamp = match kind {
            EntryKind::File => match directory.stamp(&name).map_err(|e| unreadable(&dir.join(&name), e))? {
                Some(stamp) => stamp,
                None => continue,
            },
            EntryKind::Directory => {
                descend(&dir.join(&name), &below(relative, name), kept, depth + 1, (watches, listings, room), found)?;
                continue;
            }
            EntryKind::Link => {
                let path = dir.join(&name);
                let way = link::follow(&path, watches);
                found.linked.extend(way.places_beyond(&path));
                found.unwatched = way.unwatched.or(found.unwatched.take());
                // One that leads nowhere, to itself or to a directory is no file, until it leads to one.
                match std::fs::metadata(&path) {
                    Ok(metadata) if metadata.is_file() => stamp::of(&metadata),
                    _ => continue,
                }
            }
            EntryKind::Other => continue,
        };
        found.ignored += usize::from(kept == Kept::No);
        found.files.push(Found { relative: below(relative, name), stamp, ignored: kept == Kept::No });
        if found.files.len() - found.ignored > MAX_FILES {
            return Err(WalkError::TooMuch { path: dir.to_owned(), limit: MAX_FILES, what: "files" });
        }
    }
    Ok(())
}

/// `name` in the directory that is called `relative`.
fn below(relative: &OsStr, name: OsString) -> OsString {
    if relative.is_empty() {
        return name;
    }
    let mut path = OsString::with_capacity(relative.len() + 1 + name.len());
    path.push(relative);
    path.push("/");
    path.push(name);
    path
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::scan::testing::{Disk, fifo, link};

    fn look_at(root: &Path, disk: &Disk) -> Result<Walk, WalkError> {
        walk(root, &disk.watches, &mut Listings::new(None, stamp::wall_ns()), &mut Room::default())
    }

    fn names(walk: &Walk) -> Vec<&str> {
        walk.files.iter().map(|f| f.relative.to_str().expect("UTF-8")).collect()
    }

    #[test]
    fn files_come_in_the_order_of_components() {
        let disk = Disk::new();
        for file in ["a-b", "a/b", "a/b.c/d", "a.md", "B", "é", "a/b-c"] {
            disk.write(file, file);
        }
        let walk = look_at(&disk.root, &disk).expect("readable");
        assert_eq!(names(&walk), ["B", "a/b", "a/b-c", "a/b.c/d", "a-b", "a.md", "é"]);
    }

    #[test]
    fn links_to_files_are_read_through_and_nothing_else_is_entered() {
        let disk = Disk::new();
        disk.write("s/SKILL.md", "x");
        let target = disk.write("elsewhere/shared.md", "y");
        link(&target, &disk.at("s/shared.md"));
        link(disk.at("elsewhere"), &disk.at("s/directory"));
        link("loop", &disk.at("s/loop"));
        link("nowhere", &disk.at("s/dangling"));
        fifo(&disk.at("s/fifo"));
        let walk = look_at(&disk.at("s"), &disk).expect("readable");
        assert_eq!(names(&walk), ["SKILL.md", "shared.md"]);
        let places = [disk.at("s/nowhere"), disk.at("elsewhere"), target];
        assert_eq!(
            walk.linked, places,
            "what comes there, or takes the place of a directory, is a file of the artifact"
        );
    }

    #[test]
    fn depth_is_limited_by_name() {
        let disk = Disk::new();
        let deep = |levels: usize| vec!["d"; levels].join("/");
        disk.write(&format!("s/{}/file", deep(MAX_DEPTH)), "x");
        assert_eq!(look_at(&disk.at("s"), &disk).expect("as deep as allowed").files.len(), 1);
        disk.mkdir(&format!("s/{}", deep(MAX_DEPTH + 1)));
        let error = look_at(&disk.at("s"), &disk).expect_err("one deeper").to_string();
        assert_eq!(error, format!("{} holds more than 128 levels of directories", disk.at("s").display()));
    }

    #[test]
    fn a_mass_of_ignored_files_is_passed_over() {
        let disk = Disk::new();
        disk.write("s/zzz.md", "x");
        for n in 0..MAX_IGNORED + 50 {
            disk.write(&format!("s/node_modules/{:02}/{n}", n / 100), "");
        }
        let walk = look_at(&disk.at("s"), &disk).expect("readable");
        assert_eq!(walk.files.len(), MAX_IGNORED + 2);
        assert_eq!(walk.files.last().map(|f| (f.relative.as_os_str(), f.ignored)), Some((OsStr::new("zzz.md"), false)));
    }

    #[test]
    fn a_directory_that_is_gone_is_a_change_and_not_an_error() {
        let disk = Disk::new();
        assert!(matches!(look_at(&disk.at("gone"), &disk), Err(WalkError::Changed { .. })));
    }

    /// What watching recursively by notify itself does not give.
    #[cfg(target_os = "linux")]
    #[test]
    fn looks_together_with_events_are_never_behind_the_disk() {
        let disk = Disk::new();
        let root = disk.mkdir("s");
        let look = || match look_at(&root, &disk) {
            Ok(walk) => Some(names(&walk).into_iter().map(str::to_owned).collect::<Vec<_>>()),
            Err(WalkError::Changed { .. }) => None,
            Err(error) => panic!("{error}"),
        };
        for round in 0..20 {
            let mut seen = look();
            let target = root.clone();
            let writer = std::thread::spawn(move || {
                for n in 0..40 {
                    let dir = target.join(format!("{}/{}/{}", round % 3, n % 7, n));
                    std::fs::create_dir_all(&dir).expect("directories");
                    std::fs::write(dir.join("f"), "x").expect("a file");
                    if n % 5 == 4 {
                        std::fs::remove_dir_all(target.join(format!("{}/{}", round % 3, (n + 3) % 7))).ok();
                    }
                }
            });
            while !writer.is_finished() {
                if disk.touched().iter().any(|path| path.starts_with(&root)) {
                    seen = look();
                }
            }
            writer.join().expect("no panic");
            // Looks until no event speaks against the last one.
            while seen.is_none() || disk.touched().iter().any(|path| path.starts_with(&root)) {
                seen = look();
            }
            let fresh = Disk::new();
            let again = look_at(&root, &fresh).expect("nobody writes any more");
            assert_eq!(seen.as_deref(), Some(&names(&again).into_iter().map(str::to_owned).collect::<Vec<_>>()[..]));
            let deepest = again.files.last().map(|f| f.at(&root)).expect("there are files");
            let deepest = deepest.parent().expect("it lies in the artifact");
            assert!(disk.is_watched(deepest), "{}", deepest.display());
            look();
            disk.touched();
        }
    }
}
