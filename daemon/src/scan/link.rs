//! Where links lead, also those that lead nowhere yet: what appears there changes the artifact.
//!
//! Watch, then look again: a target that appears in between must not be missed.

use crate::watch::{Ensured, Watches};
use std::path::{Component, Path, PathBuf};

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

/// The places below a directory that does not let us in, as [`dangling`], and that directory: it is what will change.
/// Empty when it is not a link that leads there.
pub fn barred(link: &Path) -> Vec<PathBuf> {
    let mut places = dangling(link);
    if let Some(closed) = places.last().and_then(|place| place.parent()).map(Path::to_owned) {
        places.push(closed);
    }
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
