//! Files that one side only renamed, while the other changed them: the change follows the file.
//!
//! Only where content makes it certain: the renamed file is byte for byte what it was, no other file of the base or of that side
//! holds the same bytes, and nothing of the other side is in the way. Everything else stays what it looks like, a file that was
//! deleted and one that was added, so that nothing is put where nobody expects it.

use super::leaf::{Leaf, Tree};
use std::collections::HashMap;
use std::hash::Hash;
use std::path::{Path, PathBuf};

/// One file that `side` renamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rename {
    pub(super) from: PathBuf,
    pub(super) to: PathBuf,
}

/// What `side` renamed and `other` changed.
pub(super) fn renames<K: Eq + Hash>(base: &Tree<K>, side: &Tree<K>, other: &Tree<K>) -> Vec<Rename> {
    let gone = |path: &Path| base.contains_key(path) && !side.contains_key(path);
    if !base.keys().any(|path| gone(path)) {
        return Vec::new();
    }
    let (before, after) = (by_content(base), by_content(side));
    let mut found = Vec::new();
    for (from, leaf) in base.iter().filter(|(path, _)| gone(path)) {
        let Leaf::File { content, .. } = leaf else { continue };
        let (Some([_]), Some([to])) = (before.get(content).map(Vec::as_slice), after.get(content).map(Vec::as_slice))
        else {
            continue;
        };
        let is_changed = other.get(from).is_some_and(|now| now != leaf);
        let is_free = !base.contains_key(*to) && !other.contains_key(*to);
        if is_changed && is_free {
            found.push(Rename { from: from.clone(), to: (*to).to_owned() });
        }
    }
    found
}

/// The same tree with the renamed files at their new places.
pub(super) fn renamed<K: Clone>(tree: &Tree<K>, renames: &[Rename]) -> Tree<K> {
    let mut tree = tree.clone();
    for Rename { from, to } in renames {
        if let Some(leaf) = tree.remove(from) {
            tree.insert(to.clone(), leaf);
        }
    }
    tree
}

fn by_content<K: Eq + Hash>(tree: &Tree<K>) -> HashMap<&K, Vec<&Path>> {
    let mut paths: HashMap<&K, Vec<&Path>> = HashMap::new();
    for (path, leaf) in tree {
        if let Leaf::File { content, .. } = leaf {
            paths.entry(content).or_default().push(path);
        }
    }
    paths
}
