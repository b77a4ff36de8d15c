//! Where links lead, also those that lead nowhere yet: what appears there changes the artifact.
//!
//! Watch, then look again: a target that appears in between must not be missed.
//!
//! And where they must not lead ([`Fence`]): an artifact that is a link to `/` or to a home would have all of that watched
//! and hashed, and one that holds the daemon's own files would never come to rest.

use crate::watch::{Ensured, Watches};
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
        } else if guard.starts_with(real) {
            Some("that holds the directory in which the artifact is")
        } else if self.homes.iter().any(|home| home.starts_with(real)) {
            Some("that is a home directory, or holds one")
        } else if self.own.iter().any(|own| own.starts_with(real) || real.starts_with(own)) {
            Some("the daemon writes there")
        } else {
            None
        }
    }
}

/// Where a link leads while nothing is there: that place, every directory above it that is not there either, nearest to
/// the root last, and the links on the way. Links in what is there are resolved, so that events carry the same paths.
/// Empty when it is no link.
pub fn dangling(link: &Path) -> Vec<PathBuf> {
    if std::fs::read_link(link).is_err() {
        return Vec::new();
    }
    let Way { hops, end } = follow(link);
    let missing = end.ancestors().take_while(|ancestor| ancestor.symlink_metadata().is_err());
    let mut places: Vec<_> = missing.map(Path::to_owned).collect();
    if places.is_empty() {
        // It is there after all, or the links go round in a circle.
        places.push(end);
    }
    places.extend(hops.into_iter().filter(|hop| hop != link));
    places
}

/// Every link on the way of a link to where it leads, the first left out: each may be made to lead elsewhere, without an
/// event at the others. Links in directories on the way are ones, too.
pub fn hops(link: &Path) -> Vec<PathBuf> {
    follow(link).hops.into_iter().filter(|hop| hop != link).collect()
}

struct Way {
    hops: Vec<PathBuf>,
    end: PathBuf,
}

/// Follows all links in `path` as the kernel does, and goes on by name where nothing is.
fn follow(path: &Path) -> Way {
    let mut hops: Vec<PathBuf> = Vec::new();
    let mut end = PathBuf::new();
    let mut rest = reversed(path);
    while let Some(component) = rest.pop() {
        match component.components().next() {
            Some(Component::ParentDir) => {
                end.pop();
                continue;
            }
            Some(Component::CurDir) | None => continue,
            Some(_) => end.push(component),
        }
        let Ok(target) = std::fs::read_link(&end) else { continue };
        if hops.len() > MAX_HOPS || hops.contains(&end) {
            break;
        }
        hops.push(end.clone());
        end.pop();
        rest.extend(reversed(&target));
    }
    Way { hops, end }
}

fn reversed(path: &Path) -> Vec<PathBuf> {
    path.components().rev().map(|component| component.as_os_str().into()).collect()
}

/// The places below a directory that does not let us in, as [`dangling`], and that directory: it is what will change.
/// Empty when it is not a link that leads there.
pub fn barred(link: &Path) -> Vec<PathBuf> {
    let mut places = dangling(link);
    let closed: Vec<_> = places.iter().filter_map(|place| place.parent()).map(Path::to_owned).collect();
    places.extend(closed);
    places
}

/// Watches the directories in which these places would be seen to appear or change, and those above: a directory that is
/// moved takes along what lies in it. Above, others may keep us out, as above a project.
pub fn watch(places: &[PathBuf], watches: &Watches) -> Option<String> {
    let mut unwatched = None;
    for parent in places.iter().filter_map(|place| place.parent()) {
        let above: Vec<_> = parent.ancestors().skip(1).filter(|dir| dir.parent().is_some()).collect();
        // From the top: what is made below a directory before that is watched is found by going on.
        for dir in above.into_iter().rev() {
            let _ = watches.ensure(dir);
        }
        if let Ensured::Refused { reason } = watches.ensure(parent) {
            unwatched = Some(reason);
        }
    }
    unwatched
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_on_the_way_are_found_also_in_directories_and_circles() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().canonicalize().expect("it is there");
        std::fs::create_dir_all(root.join("real/deep")).expect("made");
        symlink("real", root.join("alias")).expect("made");
        symlink("alias/deep", root.join("one")).expect("made");
        symlink(root.join("one"), root.join("two")).expect("made");
        assert_eq!(hops(&root.join("two")), [root.join("one"), root.join("alias")]);
        symlink("circle", root.join("circle")).expect("made");
        assert!(hops(&root.join("circle")).is_empty());
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

    #[test]
    fn a_link_that_leads_nowhere_names_what_would_have_to_appear() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().canonicalize().expect("it is there");
        std::fs::create_dir_all(root.join("a/b")).expect("made");
        symlink("../x/./y", root.join("a/l")).expect("made");
        assert_eq!(dangling(&root.join("a/l")), [root.join("x/y"), root.join("x")]);
        symlink(root.join("a/b/z"), root.join("m")).expect("made");
        assert_eq!(dangling(&root.join("m")), [root.join("a/b/z")]);
        symlink("m", root.join("n")).expect("made");
        assert_eq!(
            dangling(&root.join("n")),
            [root.join("a/b/z"), root.join("m")],
            "a link to a link: the second may be made to lead elsewhere"
        );
        assert!(dangling(&root.join("a")).is_empty());
    }
}
