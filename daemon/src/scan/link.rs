//! Where links lead, also those that lead nowhere yet: what appears there changes the artifact.
//!
//! Watch, then look again: a target that appears in between must not be missed.
//!
//! And where they must not lead ([`Fence`]): an artifact that is a link to `/` or to a home would have all of that watched
//! and hashed, and one that holds the daemon's own files would never come to rest.

use crate::watch::{Ensured, Watches};
use std::path::{Component, Path, PathBuf};

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

/// The place that a link names, and every directory above it that is not there either, nearest to the root last. Links in
/// what is there are resolved, so that events carry the same paths. Empty when the link cannot be read.
pub fn dangling(link: &Path) -> Vec<PathBuf> {
    let Some(named) = std::fs::read_link(link).ok().and_then(|target| Some(link.parent()?.join(target))) else {
        return Vec::new();
    };
    let mut place = PathBuf::new();
    for component in named.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                place.pop();
            }
            Component::Normal(name) => {
                place.push(name);
                if let Ok(real) = place.canonicalize() {
                    place = real;
                }
            }
            Component::RootDir | Component::Prefix(_) => place.push(component),
        }
    }
    let missing = place.ancestors().take_while(|ancestor| ancestor.symlink_metadata().is_err());
    let mut places: Vec<_> = missing.map(Path::to_owned).collect();
    if places.is_empty() {
        // It is there after all, or is a link of its own.
        places.push(place);
    }
    places
}

/// Watches the directories in which the first of these places would be seen to appear or change.
pub fn watch(places: &[PathBuf], watches: &Watches) -> Option<String> {
    let mut unwatched = None;
    for parent in places.iter().filter_map(|place| place.parent()) {
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
            [root.join("m")],
            "a link to a link: the second is watched by its own name"
        );
        assert!(dangling(&root.join("a")).is_empty());
    }
}
