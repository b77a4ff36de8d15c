//! The collection as operations left it since a snapshot: what tells apart what they changed and what people did.
//!
//! It is put together from the journal, which says what every operation left at every path: the snapshot, and over it what each
//! operation since put there or took away. So a path that no operation touched is as in the snapshot there, and whatever it
//! holds now came from people. A later snapshot of the whole would not do: it also holds what people had changed by then. What
//! another tool changed is in no journal, and counts as people's: it stays.
//!
//! A switch of branches brings what is on a branch, and that may be what people did there: it is theirs still. So what operations
//! left is known for each branch, from where it was left.

use super::super::error::OpError;
use super::super::lookup::Original;
use super::super::planning::{Planning, original_path};
use crate::engine::snapshot::CollectionView;
use crate::history::{Carried, Content, ContentEntry, Journalled, Listed, OperationId, OperationState, RelPath, Step};
use crate::model::{Timestamp, TreeKind};
use crate::snapshots::content::counts;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

/// Operations that are read at once.
const PAGE: u32 = 500;

/// What the operations since `taken` made of `then`, the content of the snapshot.
///
/// # Errors
/// The history cannot be read.
pub(super) fn of(
    planning: &Planning<'_>,
    view: &CollectionView,
    taken: Timestamp,
    then: &Content,
) -> Result<Content, OpError> {
    let root = Path::new(&*view.path);
    let (mut tree, mut lines) = (Tree::of(then), Lines::default());
    let operations = since(planning, root, taken)?;
    let began = |id: OperationId| Ok::<_, OpError>(planning.history.show(id)?.operation.at);
    for journalled in operations.iter().rev() {
        // What was undone, and the undoing of it, amount to nothing.
        let counts = match journalled.operation.undoes {
            _ if journalled.state != OperationState::Done => false,
            Some(undone) => began(undone)? < taken,
            None => true,
        };
        if !counts {
            continue;
        }
        let switched = lines.switched(planning, view, journalled.id, taken, &tree)?;
        for step in &journalled.operation.steps {
            let at = within(root, &step.target);
            let switched = switched.iter().find_map(|(path, base)| Some((below(path, at.as_ref()?)?, base)));
            let after = match switched {
                None => step.after.map(|id| planning.history.content(id)).transpose()?,
                Some((below, Base::Version(content))) if below.is_empty() => Some(content.clone()),
                Some((below, Base::Version(content))) => content.at(&below),
                Some((_, Base::Left(_) | Base::Stays)) => continue,
            };
            tree.apply(root, step, after.as_ref());
        }
        for (path, base) in switched {
            if let Base::Left(entries) = base {
                tree.take(&path);
                tree.0.extend(entries);
            }
        }
    }
    Ok(tree.into_content())
}

/// A path of the collection, relative to it.
fn within(root: &Path, path: &Path) -> Option<RelPath> {
    RelPath::new(path.strip_prefix(root).ok()?.as_os_str()).filter(|path| !path.is_empty())
}

/// What is left of a path below another.
fn below(above: &RelPath, path: &RelPath) -> Option<RelPath> {
    RelPath::new(Path::new(path.as_os_str()).strip_prefix(above.as_os_str()).ok()?.as_os_str())
}

type Entries = BTreeMap<Vec<Vec<u8>>, ContentEntry>;

/// What operations left on each branch that is not the current one.
#[derive(Default)]
struct Lines(HashMap<(ArtifactKey, String), Entries>);

/// What operations left of an artifact on the branch that was switched to.
enum Base {
    /// What they had left there when it was left.
    Left(Entries),
    /// What people made of this version is on it: of what the switch changed, this.
    Version(Content),
    /// The same as on the other: nobody knows more.
    Stays,
}

impl Lines {
    /// The artifacts of which an operation made other branches current, where what they brought is not the switch's doing.
    fn switched(
        &mut self,
        planning: &Planning<'_>,
        view: &CollectionView,
        operation: OperationId,
        taken: Timestamp,
        tree: &Tree,
    ) -> Result<Vec<(RelPath, Base)>, OpError> {
        let (root, history) = (Path::new(&*view.path), planning.history);
        let mut found = Vec::new();
        for back in history.switched_back(operation)?.into_iter().filter(|back| back.collection == *view.id) {
            // One that is called otherwise by now, or is gone, is as the operation left it.
            let artifact = view.artifact(&back.key).cloned();
            let original = artifact.map(|artifact| Original { collection: Arc::new(view.clone()), artifact });
            let Some(path) = original.and_then(|original| within(root, &original_path(&original))) else { continue };
            self.0.insert((back.key.clone(), back.to), tree.at(&path));
            let base = match self.0.get(&(back.key.clone(), back.from)) {
                Some(left) => Base::Left(left.clone()),
                None => match history.carried(operation, &back.key, &back.collection, taken)? {
                    Carried::Nothing => continue,
                    Carried::Edits(None) => Base::Stays,
                    Carried::Edits(Some(id)) => {
                        let version = history.versions_by_id(&BTreeSet::from([id]))?.pop();
                        let content = version.and_then(|version| version.content);
                        content.map(|id| history.content(id)).transpose()?.map_or(Base::Stays, Base::Version)
                    }
                },
            };
            found.push((path, base));
        }
        Ok(found)
    }
}

/// Operations on `root` that began since `taken`, the latest first.
fn since(planning: &Planning<'_>, root: &Path, taken: Timestamp) -> Result<Vec<Journalled>, OpError> {
    let mut found: Vec<Journalled> = Vec::new();
    loop {
        let before = found.last().map(|last| last.id);
        let page = planning.history.list(&Listed { root: Some(root), before, limit: PAGE })?;
        let full = page.len() == PAGE as usize;
        let known = page.len();
        let newer: Vec<Journalled> =
            page.into_iter().take_while(|journalled| journalled.operation.at >= taken).collect();
        let done = newer.len() < known || !full;
        found.extend(newer);
        if done {
            return Ok(found);
        }
    }
}

/// A content that is changed path by path. Paths are keyed so that what is below one follows it at once.
struct Tree(Entries);

fn place(path: &RelPath) -> Vec<Vec<u8>> {
    path.components().map(<[u8]>::to_vec).collect()
}

impl Tree {
    fn of(content: &Content) -> Self {
        Self(content.entries.iter().map(|entry| (place(&entry.path), entry.clone())).collect())
    }

    fn into_content(self) -> Content {
        Content { kind: TreeKind::Directory, entries: self.0.into_values().collect() }
    }

    fn apply(&mut self, root: &Path, step: &Step, after: Option<&Content>) {
        let Some(target) = within(root, &step.target) else { return };
        let from = step.staged.as_deref().filter(|_| (step.before, step.after) == (None, None));
        let from = from.and_then(|from| within(root, from));
        match (from, after) {
            // It only got another name.
            (Some(from), _) => {
                for entry in self.take(&from) {
                    self.put(&target, Path::new(entry.path.as_os_str()).strip_prefix(from.as_os_str()).ok(), &entry);
                }
            }
            (None, after) => {
                self.take(&target);
                for entry in after.iter().flat_map(|content| &content.entries) {
                    self.put(&target, Some(Path::new(entry.path.as_os_str())), entry);
                }
            }
        }
    }

    /// What is at a path and below it.
    fn at(&self, path: &RelPath) -> Entries {
        let place = place(path);
        let behind = self.0.range(place.clone()..).take_while(|(other, _)| other.starts_with(&place));
        behind.map(|(other, entry)| (other.clone(), entry.clone())).collect()
    }

    /// Takes away what is at a path and below it.
    fn take(&mut self, path: &RelPath) -> Vec<ContentEntry> {
        self.at(path).keys().filter_map(|place| self.0.remove(place)).collect()
    }

    fn put(&mut self, target: &RelPath, below: Option<&Path>, entry: &ContentEntry) {
        let mut path = target.as_os_str().to_owned();
        if let Some(below) = below.filter(|below| !below.as_os_str().is_empty()) {
            path.push("/");
            path.push(below);
        }
        let Some(path) = RelPath::new(path).filter(counts) else { return };
        self.0.insert(place(&path), ContentEntry { path, kind: entry.kind.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{ContentId, EntryKind};

    fn content(paths: &[(&str, u8)]) -> Content {
        let entry = |(path, hash): &(&str, u8)| {
            let path = RelPath::new(*path).expect("a path");
            ContentEntry { path, kind: EntryKind::File { hash: [*hash; 32], size: 1, mode: 0o644 } }
        };
        let kind = if matches!(paths, [("", _)]) { TreeKind::File } else { TreeKind::Directory };
        Content { kind, entries: paths.iter().map(entry).collect() }
    }

    #[test]
    fn steps_are_laid_over_a_content() {
        let mut tree = Tree::of(&content(&[("a/x", 1), ("a/y", 1), ("b", 1), ("b-c", 1), ("d/x", 1)]));
        let id = Some(ContentId([0; 32]));
        let step = |target: &str, before, after, staged: Option<&str>| Step {
            target: Path::new("/c").join(target),
            staged: staged.map(|staged| Path::new("/c").join(staged)),
            before,
            after,
            made_directories: Vec::new(),
        };
        let root = Path::new("/c");
        let mut apply = |step: Step, after: Option<&Content>| tree.apply(root, &step, after);
        apply(step("a/x", id, id, None), Some(&content(&[("", 2)])));
        apply(step("b", id, None, None), None);
        apply(step("n", None, id, None), Some(&content(&[("m", 3), ("node_modules/x", 3)])));
        apply(step("e", None, None, Some("d")), None);
        apply(step("../elsewhere", None, id, None), Some(&content(&[("", 9)])));
        apply(step("a/y", None, None, None), None);
        let want = content(&[("a/x", 2), ("b-c", 1), ("e/x", 1), ("n/m", 3)]);
        assert_eq!(tree.into_content(), want);
    }
}
