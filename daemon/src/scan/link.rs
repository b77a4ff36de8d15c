//! Where paths lead through links, also through those that lead nowhere yet: what appears there changes what was found.
//!
//! And where they must not lead ([`Fence`]): an artifact that is a link to `/` or to a home would have all of that watched
//! and hashed, and one that holds the daemon's own files would never come to rest.

use crate::watch::{Ensured, Watches};
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

/// Links followed at most, as by the kernel.
const MAX_HOPS: usize = 40;

/// Directories that are no artifact, whatever links to them.
#[derive(Clone, Debug, Default)]
pub struct Fence {
    homes: Vec<PathBuf>,
    own: Vec<PathBuf>,
}

impl Fence {
    /// `homes` may be above no artifact; with `own`, where the daemon writes, none may have anything in common.
    pub fn new(homes: impl IntoIterator<Item = PathBuf>, own: impl IntoIterator<Item = PathBuf>) -> Self {
        // Those that are not there yet keep the name under which they will be made.
        let real = |path: PathBuf| path.canonicalize().unwrap_or(path);
        Self { homes: homes.into_iter().map(real).collect(), own: own.into_iter().map(real).collect() }
    }

    /// Why `real`, a path without links, cannot be an artifact of the root `guard`.
    pub fn refusal(&self, real: &Path, guard: &Path) -> Option<&'static str> {
        if real.parent().is_none() {
            Some("that is the root directory")
        } else if is_within(guard, real) {
            Some("that holds the directory in which the artifact is")
        } else if self.homes.iter().any(|home| is_within(home, real)) {
            Some("that is a home directory, or holds one")
        } else if self.own.iter().any(|own| is_within(own, real) || is_within(real, own)) {
            Some("the daemon writes there")
        } else {
            None
        }
    }
}

/// Whether `path` is `dir` or lies in it, both without links and as the kernel writes them. The same as [`Path::starts_with`],
/// which takes both apart: each look at an artifact asks six times, and the answer is nearly always in the first bytes.
fn is_within(path: &Path, dir: &Path) -> bool {
    let rest = path.as_os_str().as_encoded_bytes().strip_prefix(dir.as_os_str().as_encoded_bytes());
    rest.is_some_and(|rest| rest.first().is_none_or(|byte| std::path::is_separator(char::from(*byte))))
}

/// The way to a path. Whatever comes, goes or is closed at one of its places, or at a directory above one, may make the
/// path lead elsewhere, without an event at the path itself.
#[derive(Debug)]
pub struct Way {
    /// The links on it, and directories that it left upwards.
    turns: Vec<PathBuf>,
    /// Where it ends, without a link in it. Nothing need be there. One of the links, when they go in a circle.
    pub end: PathBuf,
    /// Why events cannot be relied on.
    pub unwatched: Option<String>,
}

impl Way {
    /// Its places: each turn, then the end.
    pub fn places(&self) -> impl Iterator<Item = &Path> {
        self.turns.iter().chain(std::iter::once(&self.end)).map(PathBuf::as_path)
    }

    /// Whether there is no link on it.
    pub fn is_straight(&self) -> bool {
        self.turns.is_empty()
    }

    /// The same but for `link`, which is what was followed.
    pub fn places_beyond(&self, link: &Path) -> impl Iterator<Item = PathBuf> {
        self.places().filter(move |place| *place != link).map(Path::to_owned)
    }
}

/// Follows all links in `path` as the kernel does, and goes on by name where nothing is. Each directory is watched before
/// a name is looked up in it, so no step can become another one unheard.
pub fn follow(path: &Path, watches: &Watches) -> Way {
    follow_from(Path::new(""), path, watches)
}

/// The same for `path` below `real`, a path that [`follow`] has found no link in.
pub fn follow_from(real: &Path, path: &Path, watches: &Watches) -> Way {
    let mut turns: Vec<PathBuf> = Vec::new();
    let mut end = real.to_owned();
    let mut unwatched = None;
    let mut hops = 0;
    let mut rest = reversed(path);
    while let Some(component) = rest.pop() {
        match component.components().next() {
            Some(Component::ParentDir) => {
                if !turns.iter().any(|turn| turn.starts_with(&end)) {
                    turns.push(end.clone());
                }
                end.pop();
                continue;
            }
            Some(Component::CurDir) | None => continue,
            Some(_) => {}
        }
        // Only the administrator changes `/`.
        let watched = if end.parent().is_some() { watches.ensure(&end) } else { Ensured::Watched };
        end.push(component);
        let target = std::fs::read_link(&end);
        // Directories further up may be closed to us, as above a project.
        let is_passed = !rest.is_empty() && target.as_ref().is_err_and(|e| e.kind() == ErrorKind::InvalidInput);
        if let Ensured::Refused { reason } = watched
            && !is_passed
        {
            unwatched = Some(reason);
        }
        let Ok(target) = target else { continue };
        if !turns.contains(&end) {
            turns.push(end.clone());
        }
        hops += 1;
        if hops > MAX_HOPS {
            break;
        }
        end.pop();
        rest.extend(reversed(&target));
    }
    Way { turns, end, unwatched }
}

fn reversed(path: &Path) -> Vec<PathBuf> {
    path.components().rev().map(|component| component.as_os_str().into()).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::scan::testing::{Disk, link};

    fn places(disk: &Disk, path: &str) -> Vec<PathBuf> {
        let path = disk.at(path);
        follow(&path, &disk.watches).places_beyond(&path).collect()
    }

    #[test]
    fn every_place_that_decides_where_a_path_leads_is_named() {
        let disk = Disk::new();
        disk.mkdir("real/deep");
        link("real", &disk.at("alias"));
        link("alias/deep", &disk.at("one"));
        link(disk.at("one"), &disk.at("two"));
        assert_eq!(places(&disk, "two"), ["one", "alias", "real/deep"].map(|at| disk.at(at)));
        assert_eq!(places(&disk, "two/x")[3], disk.at("real/deep/x"), "also of a name below a link");
        link("circle", &disk.at("circle"));
        assert!(places(&disk, "circle").is_empty());
        link("real/deep/../../b", &disk.at("back"));
        assert_eq!(places(&disk, "back"), ["real/deep", "b"].map(|at| disk.at(at)), "without `deep` there is no `..`");
    }

    #[test]
    fn a_link_that_leads_nowhere_names_what_would_have_to_appear() {
        let disk = Disk::new();
        disk.mkdir("a/b");
        link("../x/./y", &disk.at("a/l"));
        assert_eq!(places(&disk, "a/l"), [disk.at("x/y")]);
        link(disk.at("a/b/z"), &disk.at("m"));
        link("m", &disk.at("n"));
        assert_eq!(places(&disk, "n"), [disk.at("m"), disk.at("a/b/z")], "the second may be made to lead elsewhere");
        assert!(places(&disk, "a").is_empty());
    }

    #[test]
    fn every_directory_on_the_way_is_watched() {
        let disk = Disk::new();
        disk.mkdir("w/x/y/z");
        link(disk.at("w/x/y/z"), &disk.at("v/l"));
        follow(&disk.at("v/l"), &disk.watches);
        for dir in ["v", "w", "w/x", "w/x/y"] {
            assert!(disk.is_watched(&disk.at(dir)), "{dir}");
        }
    }

    #[test]
    fn homes_and_what_holds_them_are_no_artifacts() {
        let fence = Fence::new(["/h/u".into(), "/h/u/.skillmeat".into()], ["/h/u/.skillmeat/daemon".into()]);
        let refused = |real: &str| fence.refusal(Path::new(real), Path::new("/w/app/.claude")).is_some();
        for real in
            ["/", "/w", "/w/app", "/w/app/.claude", "/h", "/h/u", "/h/u/.skillmeat", "/h/u/.skillmeat/daemon/logs"]
        {
            assert!(refused(real), "{real}");
        }
        for real in
            ["/w/app/.claude/skills/x", "/w/app2", "/w/app/docs", "/h/u/notes", "/h/u/.skillmeat/collections/c/s"]
        {
            assert!(!refused(real), "{real}");
        }
    }
}
