//! The set of watched directories.
//!
//! A kernel watch belongs to an inode, our knowledge to a path, so a path stays in this set only until any event says
//! that the directory there was removed or moved. What lay below it is then unknown too: those paths go to `stale` and
//! are unwatched before they are watched again, because notify keeps them under their old path and would take a new
//! request for a repetition (measured, dependencies.md §2).

use std::collections::{BTreeSet, HashSet};
use std::ops::Bound;
use std::path::{Path, PathBuf};

/// Watched directories, ordered so that everything below a directory is one range.
#[derive(Debug, Default)]
pub struct Dirs {
    watched: BTreeSet<PathBuf>,
    stale: HashSet<PathBuf>,
}

/// What to do to have a directory watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is watched.
    Held,
    /// Watch it.
    Fresh,
    /// Unwatch it, then watch it.
    Renewed,
}

impl Dirs {
    /// Takes `dir` into the set and says what its caller must do for that to be true.
    pub fn claim(&mut self, dir: &Path) -> Claim {
        if self.watched.contains(dir) {
            return Claim::Held;
        }
        self.watched.insert(dir.to_owned());
        if self.stale.remove(dir) { Claim::Renewed } else { Claim::Fresh }
    }

    /// Takes back a claim that could not be made true.
    pub fn abandon(&mut self, dir: &Path) {
        self.watched.remove(dir);
    }

    /// An event says that `path` was removed or moved: neither it nor anything below it is known to be watched.
    pub fn invalidate(&mut self, path: &Path) {
        for dir in self.below(path) {
            self.watched.remove(&dir);
            self.stale.insert(dir);
        }
    }

    /// Removes and returns everything at or below `path`: what is watched, and what notify may still keep.
    pub fn take(&mut self, path: &Path) -> Vec<PathBuf> {
        let mut dirs = self.below(path);
        for dir in &dirs {
            self.watched.remove(dir);
        }
        dirs.extend(self.stale.extract_if(|dir| dir.starts_with(path)));
        dirs
    }

    /// Forgets everything: the notify instance was replaced.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// How many directories are watched.
    pub fn len(&self) -> usize {
        self.watched.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.watched.is_empty()
    }

    fn below(&self, path: &Path) -> Vec<PathBuf> {
        self.watched
            .range::<Path, _>((Bound::Included(path), Bound::Unbounded))
            .take_while(|dir| dir.starts_with(path))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_directory_takes_what_lay_below_it_along_and_nothing_else() {
        let mut dirs = Dirs::default();
        for dir in ["/p", "/p/a", "/p/a/x", "/p/a-b", "/p/ab"] {
            assert_eq!(dirs.claim(Path::new(dir)), Claim::Fresh);
            assert_eq!(dirs.claim(Path::new(dir)), Claim::Held);
        }
        dirs.invalidate(Path::new("/p/a"));
        assert_eq!(dirs.len(), 3);
        for (dir, want) in
            [("/p/a", Claim::Renewed), ("/p/a/x", Claim::Renewed), ("/p/a-b", Claim::Held), ("/p/ab", Claim::Held)]
        {
            assert_eq!(dirs.claim(Path::new(dir)), want, "{dir}");
        }
        dirs.abandon(Path::new("/p/a"));
        assert_eq!(dirs.claim(Path::new("/p/a")), Claim::Fresh);
        assert_eq!(dirs.take(Path::new("/p/a")), [PathBuf::from("/p/a"), "/p/a/x".into()]);
        dirs.claim(Path::new("/p/a"));
        dirs.invalidate(Path::new("/p/a"));
        assert_eq!(dirs.take(Path::new("/p/a")), [PathBuf::from("/p/a")], "notify would take it for a repetition");
        dirs.clear();
        assert!(dirs.is_empty());
    }
}
