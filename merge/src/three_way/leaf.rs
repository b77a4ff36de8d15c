//! What lies at the paths of a tree: files by what identifies their bytes, and links by where they lead.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What is at one path. `K` identifies bytes: equal keys mean equal bytes, and the other way round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaf<K> {
    /// A regular file.
    File {
        /// Its bytes.
        content: K,
        /// Its permission bits.
        mode: u32,
    },
    /// A symbolic link, which is never followed here.
    Link {
        /// As it is written.
        target: OsString,
    },
}

/// Files and links by path, in the order of components; a tree that is a single file has it at the empty path. Directories
/// follow from the paths.
pub type Tree<K> = BTreeMap<PathBuf, Leaf<K>>;

impl<K: PartialEq> Leaf<K> {
    /// Whether both are the same but for their modes.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File { content: one, .. }, Self::File { content: other, .. }) => one == other,
            (Self::Link { target: one }, Self::Link { target: other }) => one == other,
            _ => false,
        }
    }

    /// The mode of a file.
    pub(super) fn mode(&self) -> Option<u32> {
        match self {
            Self::File { mode, .. } => Some(*mode),
            Self::Link { .. } => None,
        }
    }
}

/// The same without the mode, where both may be absent.
pub(super) fn alike<K: PartialEq>(one: Option<&Leaf<K>>, other: Option<&Leaf<K>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is_alike(other),
        (None, None) => true,
        _ => false,
    }
}

/// The mode of a file that both sides have. Where both changed it, differently, it can be executed if the one that changed this
/// says so, and is otherwise open to those to whom both open it.
pub(super) fn merged_mode(base: Option<u32>, ours: u32, theirs: u32) -> u32 {
    const EXECUTABLE: u32 = 0o111;
    match base {
        _ if ours == theirs => ours,
        Some(base) if ours == base => theirs,
        Some(base) if theirs == base => ours,
        _ => {
            let can = |mode: u32| mode & EXECUTABLE != 0;
            let executable = match base.map(can) {
                Some(before) if can(ours) == before => can(theirs),
                Some(before) if can(theirs) == before => can(ours),
                _ => can(ours) || can(theirs),
            };
            let open = ours & theirs & !EXECUTABLE;
            // Whoever may read it may execute it, as everywhere.
            if executable { open | (open & 0o444) >> 2 } else { open }
        }
    }
}

/// Paths that would be a file and a directory at once.
pub(super) fn clashes<'p>(paths: impl IntoIterator<Item = &'p PathBuf>) -> Vec<PathBuf> {
    let mut clashes: Vec<PathBuf> = Vec::new();
    let mut last: Option<&Path> = None;
    // In the order of components, what is below a path follows it at once.
    for path in paths {
        match last {
            Some(above) if path.starts_with(above) => {
                if clashes.last().is_none_or(|known| known != above) {
                    clashes.push(above.to_owned());
                }
            }
            _ => last = Some(path),
        }
    }
    clashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_merged_as_one_expects_and_whichever_side_is_called_ours() {
        let cases = [
            (Some(0o644), 0o644, 0o755, 0o755),
            (Some(0o755), 0o644, 0o755, 0o644),
            (Some(0o644), 0o600, 0o644, 0o600),
            (Some(0o644), 0o600, 0o755, 0o700),
            (Some(0o755), 0o700, 0o644, 0o600),
            (None, 0o644, 0o755, 0o755),
            (None, 0o600, 0o755, 0o700),
            (None, 0o640, 0o644, 0o640),
        ];
        for (base, ours, theirs, want) in cases {
            assert_eq!(merged_mode(base, ours, theirs), want, "{base:?} {ours:o} {theirs:o}");
            assert_eq!(merged_mode(base, theirs, ours), want, "{base:?} {theirs:o} {ours:o}");
        }
    }

    #[test]
    fn a_path_that_is_a_file_and_a_directory_clashes() {
        let cases: [(&[&str], &[&str]); 5] = [
            (&["a", "b/c"], &[]),
            (&["a", "a-b", "a.md"], &[]),
            (&["a", "a/b", "a/c", "d"], &["a"]),
            (&["", "a"], &[""]),
            (&["a/b", "a/b/c", "x", "x/y/z"], &["a/b", "x"]),
        ];
        for (paths, want) in cases {
            let paths: std::collections::BTreeSet<PathBuf> = paths.iter().map(PathBuf::from).collect();
            let want: Vec<PathBuf> = want.iter().map(PathBuf::from).collect();
            assert_eq!(clashes(&paths), want, "{paths:?}");
        }
    }
}
