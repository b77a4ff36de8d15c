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

/// One side of a path, or of nothing.
type Side<'c> = Option<&'c EntryKind>;

/// The snapshot, where it is asked for.
///
/// # Errors
/// Paths that would have to be a file and a directory.
pub(super) fn plain(current: &Content, target: &Target, selected: &Selection<'_>) -> Result<Content, Vec<String>> {
    each(current, target, selected, |_, _, then| Ok(then))
}

/// The snapshot, but for what is not as in `base` now.
///
/// # Errors
/// Paths that are neither as in the base now nor in the snapshot, and not the same in both.
pub(super) fn preserving(
    base: &Content,
    current: &Content,
    target: &Target,
    selected: &Selection<'_>,
) -> Result<Content, Vec<String>> {
    let base = leaves(base);
    each(current, target, selected, |path, now, then| {
        let was = base.get(&path.components().collect::<Vec<_>>()).map(|entry| &entry.kind);
        join(was, now, then).ok_or(())
    })
}

/// One path of three sides; none when `now` and `then` both differ from `base`, and from each other. Contents of files are not
/// joined here.
fn join<'c>(base: Side<'c>, now: Side<'c>, then: Side<'c>) -> Option<Side<'c>> {
    match () {
        () if now == then || then == base => Some(now),
        () if now == base => Some(then),
        () => None,
    }
}

fn each<'c>(
    current: &'c Content,
    target: &'c Target,
    selected: &Selection<'_>,
    choose: impl Fn(&RelPath, Side<'c>, Side<'c>) -> Result<Side<'c>, ()>,
) -> Result<Content, Vec<String>> {
    let (now, then) = (leaves(current), leaves(&target.content));
    let mut chosen: BTreeMap<Vec<&[u8]>, ContentEntry> = BTreeMap::new();
    let mut conflicts = Vec::new();
    for (place, entry) in now.iter().chain(then.iter().filter(|(place, _)| !now.contains_key(*place))) {
        let path = &entry.path;
        let side = |side: &BTreeMap<Vec<&'c [u8]>, &'c ContentEntry>| side.get(place).map(|entry| &entry.kind);
        let (is, was) = (side(&now), side(&then));
        let kind = if !selected.has(path) || target.left_out.contains(path) { Ok(is) } else { choose(path, is, was) };
        match kind {
            Ok(Some(kind)) => {
                chosen.insert(place.clone(), ContentEntry { path: path.clone(), kind: kind.clone() });
            }
            Ok(None) => {}
            Err(()) => conflicts.push(shown(path)),
        }
    }
    // Empty directories are as in the snapshot, where nothing came into them.
    let directories = target.content.entries.iter().filter(|entry| is_directory(entry) && selected.has(&entry.path));
    let stay = current.entries.iter().filter(|entry| is_directory(entry) && !selected.has(&entry.path));
    for entry in directories.chain(stay) {
        let place: Vec<&[u8]> = entry.path.components().collect();
        let behind = chosen.range(place.clone()..).next();
        if behind.is_none_or(|(other, _)| !other.starts_with(&place)) {
            chosen.insert(place, entry.clone());
        }
    }
    let goal = Content { kind: TreeKind::Directory, entries: chosen.into_values().collect() };
    for pair in goal.entries.windows(2) {
        if is_at_or_below(&pair[1].path, &pair[0].path.as_os_str().to_string_lossy()) {
            conflicts.push(shown(&pair[0].path));
        }
    }
    conflicts.sort();
    if conflicts.is_empty() { Ok(goal) } else { Err(conflicts) }
}

/// Files and links, by component.
fn leaves(content: &Content) -> BTreeMap<Vec<&[u8]>, &ContentEntry> {
    let leaves = content.entries.iter().filter(|entry| !is_directory(entry));
    leaves.map(|entry| (entry.path.components().collect(), entry)).collect()
}

fn is_directory(entry: &ContentEntry) -> bool {
    matches!(entry.kind, EntryKind::EmptyDirectory { .. })
}

fn shown(path: &RelPath) -> String {
    path.as_os_str().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `path=x` is a file of content x, `path>x` a link, `path/` an empty directory.
    fn content(text: &str) -> Content {
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

    fn target(text: &str, left_out: &[&str]) -> Target {
        let left_out = left_out.iter().map(|path| RelPath::new(*path).expect("a path")).collect();
        Target { content: content(text), left_out }
    }

    fn paths(paths: &[&str]) -> Vec<String> {
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

    #[test]
    fn what_people_changed_stays() {
        let base = content("same=1 tool=1 mine=1 both=1 equal=1 gone=1 taken=1");
        let then = "same=1 tool=2 mine=1 equal=3 new=1 taken=1";
        let nothing = paths(&[]);
        for (now, want) in [
            // Only the operations' changes are taken back.
            ("same=1 tool=1 mine=2 equal=3 own=1 taken=1", Ok("same=1 tool=2 mine=2 equal=3 own=1 new=1 taken=1")),
            ("same=1 tool=1 equal=1 gone=1", Ok("same=1 tool=2 equal=3 new=1")),
            ("same=1 tool=3 mine=1 both=2 equal=1 gone=2 new=2 taken=1", Err(&["both", "gone", "new", "tool"][..])),
        ] {
            let goal = preserving(&base, &content(now), &target(then, &[]), &Selection::new(&nothing));
            assert_eq!(goal, want.map(content).map_err(paths), "{now}");
        }
        let now = content("a=1 b=1 own=1");
        let (base, then) = (content("a=1 b=3"), target("a=1 b=2 new=1", &[]));
        assert_eq!(preserving(&base, &now, &then, &Selection::new(&nothing)), Err(paths(&["b"])));
        let named = paths(&["a", "new"]);
        let goal = preserving(&base, &now, &then, &Selection::new(&named));
        assert_eq!(goal, Ok(content("a=1 b=1 new=1 own=1")), "what is not named is not in the way");
    }
}
