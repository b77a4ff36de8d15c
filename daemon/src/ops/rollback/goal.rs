//! What a collection is to become: pure.

use crate::history::{Content, ContentEntry, EntryKind, RelPath};
use crate::model::TreeKind;
use skillmeat_protocol::error::{ErrorCode, WireError};
use std::collections::{BTreeMap, HashSet};

/// Which paths a rollback is about.
pub(super) struct Selection<'p>(&'p [String]);

impl<'p> Selection<'p> {
    /// These files and directories; all of them when there are none.
    pub(super) fn new(paths: &'p [String]) -> Self {
        Self(paths)
    }

    pub(super) fn has(&self, path: &RelPath) -> bool {
        self.0.is_empty() || self.0.iter().any(|named| is_at_or_below(path, named))
    }

    /// Whether each names something.
    ///
    /// # Errors
    /// `NotFound`.
    pub(super) fn check(&self, current: &Content, target: &Content, name: &str) -> Result<(), WireError> {
        let is_known = |named: &str| {
            let mut all = current.entries.iter().chain(&target.entries);
            all.any(|entry| is_at_or_below(&entry.path, named))
        };
        match self.0.iter().find(|named| !is_known(named)) {
            Some(unknown) => {
                let message = format!("neither the snapshot nor collection '{name}' has anything at {unknown}");
                Err(WireError::new(ErrorCode::NotFound, message).hint("skillmeat snapshot show SNAPSHOT"))
            }
            None => Ok(()),
        }
    }
}

fn is_at_or_below(path: &RelPath, named: &str) -> bool {
    let rest = path.as_os_str().as_encoded_bytes().strip_prefix(named.as_bytes());
    rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

/// What a snapshot holds.
pub(super) struct Target {
    pub(super) content: Content,
    /// Paths at which it holds something that is not put back: what is there now stays.
    pub(super) left_out: HashSet<RelPath>,
}

impl Target {
    /// Whether it says what is to be at a path.
    pub(super) fn is_about(&self, selected: &Selection<'_>, path: &RelPath) -> bool {
        selected.has(path) && !self.left_out.contains(path)
    }
}

/// The snapshot, where it is asked for.
///
/// # Errors
/// Paths that would have to be a file and a directory.
pub(super) fn plain(current: &Content, target: &Target, selected: &Selection<'_>) -> Result<Content, Vec<String>> {
    let (now, then) = (leaves(current), leaves(&target.content));
    let stays = now.values().filter(|entry| !target.is_about(selected, &entry.path));
    let comes = then.values().filter(|entry| target.is_about(selected, &entry.path));
    finished(stays.chain(comes).map(|entry| (*entry).clone()), current, target, selected)
}

/// These files and links, with the empty directories that belong to them.
///
/// # Errors
/// Paths that would have to be a file and a directory.
pub(super) fn finished(
    leaves: impl Iterator<Item = ContentEntry>,
    current: &Content,
    target: &Target,
    selected: &Selection<'_>,
) -> Result<Content, Vec<String>> {
    let place = |path: &RelPath| path.components().map(<[u8]>::to_vec).collect::<Vec<_>>();
    let mut chosen: BTreeMap<Vec<Vec<u8>>, ContentEntry> = leaves.map(|entry| (place(&entry.path), entry)).collect();
    // Empty directories are as in the snapshot, where nothing came into them.
    let directories = target.content.entries.iter().filter(|entry| is_directory(entry) && selected.has(&entry.path));
    let stay = current.entries.iter().filter(|entry| is_directory(entry) && !selected.has(&entry.path));
    for entry in directories.chain(stay) {
        let place = place(&entry.path);
        let behind = chosen.range(place.clone()..).next();
        if behind.is_none_or(|(other, _)| !other.starts_with(&place)) {
            chosen.insert(place, entry.clone());
        }
    }
    let goal = Content { kind: TreeKind::Directory, entries: chosen.into_values().collect() };
    let clashes = goal
        .entries
        .windows(2)
        .filter(|pair| is_at_or_below(&pair[1].path, &pair[0].path.as_os_str().to_string_lossy()));
    let clashes: Vec<String> = clashes.map(|pair| shown(&pair[0].path)).collect();
    if clashes.is_empty() { Ok(goal) } else { Err(clashes) }
}

/// Files and links, by component.
pub(super) fn leaves(content: &Content) -> BTreeMap<Vec<&[u8]>, &ContentEntry> {
    let leaves = content.entries.iter().filter(|entry| !is_directory(entry));
    leaves.map(|entry| (entry.path.components().collect(), entry)).collect()
}

fn is_directory(entry: &ContentEntry) -> bool {
    matches!(entry.kind, EntryKind::EmptyDirectory { .. })
}

pub(super) fn shown(path: &RelPath) -> String {
    path.as_os_str().to_string_lossy().into_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// `path=x` is a file of content x, `path>x` a link, `path/` an empty directory.
    pub(in crate::ops::rollback) fn content(text: &str) -> Content {
        let entry = |word: &str| {
            let (path, kind) = match (word.split_once('='), word.split_once('>')) {
                (Some((path, text)), _) => {
                    (path, EntryKind::File { hash: [text.as_bytes()[0]; 32], size: 1, mode: 0o644 })
                }
                (None, Some((path, to))) => (path, EntryKind::Symlink { target: to.into() }),
                (None, None) => (word.trim_end_matches('/'), EntryKind::EmptyDirectory { mode: 0o755 }),
            };
            ContentEntry { path: RelPath::new(path).expect("a path"), kind }
        };
        let mut entries: Vec<ContentEntry> = text.split_whitespace().map(entry).collect();
        entries.sort_by(|a, b| a.path.components().cmp(b.path.components()));
        Content { kind: TreeKind::Directory, entries }
    }

    pub(in crate::ops::rollback) fn target(text: &str, left_out: &[&str]) -> Target {
        let left_out = left_out.iter().map(|path| RelPath::new(*path).expect("a path")).collect();
        Target { content: content(text), left_out }
    }

    pub(in crate::ops::rollback) fn paths(paths: &[&str]) -> Vec<String> {
        paths.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn plain_is_the_snapshot_where_it_is_asked_for() {
        for (now, then, named, want) in [
            ("a=1 b=1", "a=2 c=1", &[][..], "a=2 c=1"),
            ("a=1 d/x=1", "d/", &[], "d/"),
            ("d/", "d/x=1", &[], "d/x=1"),
            ("a=1 b=1 d/x=1", "a=2 b=2 d/x=2", &["a"], "a=2 b=1 d/x=1"),
            ("a=1 d/x=1 d/y=1 dd=1", "a=2 d/x=2 d/z=2 dd=2", &["d"], "a=1 d/x=2 d/z=2 dd=1"),
            ("a=1 e/", "a=2 f/", &["a"], "a=2 e/"),
            ("a=1 l>/out", "a=2", &[], "a=2 l>/out"),
            ("a/x=1", "a=1", &[], "a=1"),
        ] {
            let named = paths(named);
            let goal = plain(&content(now), &target(then, &["l"]), &Selection::new(&named));
            assert_eq!(goal, Ok(content(want)), "{now} to {then} at {named:?}");
        }
        let named = paths(&["a"]);
        let goal = plain(&content("a/x=1 b=1"), &target("a=1", &[]), &Selection::new(&named));
        assert_eq!(goal, Ok(content("a=1 b=1")));
        let named = paths(&["a/x"]);
        let goal = plain(&content("a=1"), &target("a/x=1", &[]), &Selection::new(&named));
        assert_eq!(goal, Err(paths(&["a"])), "a directory is needed where a file stays");
    }
}
