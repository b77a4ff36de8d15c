//! From one content to another with as few swaps as possible.
//!
//! Where a directory is already, its files are swapped one by one: what did not change is not written, and what no hash
//! counts (`.git`, caches) stays. Where there is nothing, the directory comes as a whole, so that nobody sees half of it;
//! and it goes as a whole.

use super::error::OpError;
use super::link;
use super::piece::Piece;
use super::planning::Planning;
use super::witness::Witness;
use crate::history::{Content, ContentEntry, ContentId, EntryKind, RelPath, Scope};
use crate::model::TreeKind;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Where something is, or is to be.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file or directory.
    pub path: PathBuf,
    /// The project or collection that it belongs to.
    pub root: PathBuf,
    /// Directories above it that are to be made.
    pub missing: Vec<PathBuf>,
    /// See [`Piece::prune_below`].
    pub prune_below: PathBuf,
}

impl Place {
    fn piece(&self, before: Option<ContentId>, after: Option<ContentId>, witness: Witness) -> Piece {
        Piece {
            target: self.path.clone(),
            root: self.root.clone(),
            before,
            after,
            witness,
            missing: self.missing.clone(),
            prune_below: Some(self.prune_below.clone()),
            moved_from: None,
            archive: None,
        }
    }
}

/// How many files change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Files written.
    pub written: u32,
    /// Files removed.
    pub removed: u32,
}

/// The pieces that put `after` where nothing is.
pub fn place(place: &Place, after: ContentId, content: &Content) -> (Vec<Piece>, Extent) {
    let extent = Extent { written: count(content), removed: 0 };
    (vec![place.piece(None, Some(after), Witness::Nothing)], extent)
}

/// The pieces that take everything away that is at a place; `before` was captured with what is ignored.
pub fn take(place: &Place, before: ContentId, content: &Content, witness: Witness) -> (Vec<Piece>, Extent) {
    let extent = Extent { written: 0, removed: count(content) };
    (vec![place.piece(Some(before), None, witness)], extent)
}

/// What becomes of a link that leads to something else than what is to be at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// It stays: somebody put it there, and nobody said what is to become of it.
    Stay,
    /// It goes, itself and not what it leads to: somebody decided what is to be there.
    GiveWay,
}

/// The pieces that make `after` of `before`, which is there and was captured without what is ignored.
///
/// # Errors
/// A link would have to be replaced, or a file take the place of a directory that holds what is not ours.
pub fn update(
    planning: &mut Planning<'_>,
    place: &Place,
    before: &Content,
    after: &Content,
) -> Result<(Vec<Piece>, Extent), OpError> {
    update_with(planning, place, before, after, Links::Stay)
}

/// The same, with what becomes of links.
///
/// # Errors
/// As [`update`].
pub fn update_with(
    planning: &mut Planning<'_>,
    place: &Place,
    before: &Content,
    after: &Content,
    links: Links,
) -> Result<(Vec<Piece>, Extent), OpError> {
    if before.kind != after.kind || clash(before, after) {
        return whole(planning, place, after);
    }
    let (old, new) = (files(before), files(after));
    let (mut pieces, mut extent) = (Vec::new(), Extent::default());
    let mut made: BTreeSet<PathBuf> = BTreeSet::new();
    let names: BTreeSet<&Path> = old.keys().chain(new.keys()).copied().collect();
    for name in names {
        let (was, will) = (old.get(name).copied(), new.get(name).copied());
        if was == will {
            continue;
        }
        let path = if name.as_os_str().is_empty() { place.path.clone() } else { place.path.join(name) };
        if let Some(EntryKind::Symlink { .. }) = was {
            if link::leads_to(planning, place, &path, will, |inner| {
                old.contains_key(inner).then(|| new.get(inner).copied())
            })? {
                continue;
            }
            if links == Links::Stay {
                return Err(OpError::Link { path });
            }
        }
        let mut single = |kind: Option<&EntryKind>| {
            let entries = vec![ContentEntry { path: RelPath::default(), kind: kind?.clone() }];
            Some(planning.compose(Content { kind: TreeKind::File, entries }))
        };
        let (before, after) = (single(was), single(will));
        let witness = Witness::of(&path)?;
        // The witness is of now. Who wrote since it was read would be replaced, and be in nobody's history.
        if let Some(before) = before
            && planning.history.read(&path, Scope::Everything)?.content().id() != before
        {
            return Err(OpError::Touched { path });
        }
        extent.written += u32::from(will.is_some());
        extent.removed += u32::from(will.is_none());
        let parents = path.ancestors().skip(1).take_while(|dir| *dir != place.path && dir.starts_with(&place.path));
        let mut missing: Vec<PathBuf> =
            parents.filter(|dir| will.is_some() && !dir.exists()).map(Path::to_owned).collect();
        missing.reverse();
        missing.retain(|dir| made.insert(dir.clone()));
        pieces.push(Piece {
            witness,
            target: path,
            root: place.root.clone(),
            before,
            after,
            missing,
            prune_below: Some(place.path.clone()),
            moved_from: None,
            archive: None,
        });
    }
    Ok((pieces, extent))
}

/// A file where a directory was, or the other way round: one exchange of everything.
fn whole(planning: &mut Planning<'_>, place: &Place, after: &Content) -> Result<(Vec<Piece>, Extent), OpError> {
    let witness = Witness::of(&place.path)?;
    let all = planning.read(&place.path, Scope::Everything)?;
    let content = all.content;
    if content.entries.iter().any(|entry| is_ignored(entry.path.as_os_str())) {
        return Err(OpError::Refused {
            message: format!(
                "{} would become something else and holds files that do not belong to it; move those away",
                place.path.display()
            ),
        });
    }
    let id = planning.compose(after.clone());
    let extent = Extent { written: count(after), removed: count(&content) };
    Ok((vec![place.piece(Some(all.id), Some(id), witness)], extent))
}

/// Whether an entry is on the ignore list, by itself or by a directory above.
fn is_ignored(path: &OsStr) -> bool {
    Path::new(path).components().any(|part| crate::library::ignore::is_ignored(part.as_os_str()))
}

/// Whether a path is a file on one side and a directory on the other.
fn clash(before: &Content, after: &Content) -> bool {
    let above = |content: &Content| -> BTreeSet<PathBuf> {
        let paths = content.entries.iter().map(|entry| Path::new(entry.path.as_os_str()));
        paths.flat_map(|path| path.ancestors().skip(1).map(Path::to_owned).collect::<Vec<_>>()).collect()
    };
    let holds = |content: &Content, directories: &BTreeSet<PathBuf>| {
        let mut leaves = content.entries.iter().filter(|e| !matches!(e.kind, EntryKind::EmptyDirectory { .. }));
        leaves.any(|entry| !entry.path.is_empty() && directories.contains(Path::new(entry.path.as_os_str())))
    };
    holds(before, &above(after)) || holds(after, &above(before))
}

/// The same without what is ignored: what may be put where something is already.
pub fn counted(content: &Content) -> Content {
    let entries = content.entries.iter().filter(|entry| !is_ignored(entry.path.as_os_str())).cloned().collect();
    Content { kind: content.kind, entries }
}

/// Files and links by path; directories follow from them.
fn files(content: &Content) -> BTreeMap<&Path, &EntryKind> {
    let leaves = content.entries.iter().filter(|entry| !matches!(entry.kind, EntryKind::EmptyDirectory { .. }));
    leaves.map(|entry| (Path::new(entry.path.as_os_str()), &entry.kind)).collect()
}

/// Files and links.
pub(super) fn count(content: &Content) -> u32 {
    u32::try_from(files(content).len()).unwrap_or(u32::MAX)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::engine::snapshot::Snapshot;
    use crate::history::History;
    use crate::model::Timestamp;
    use jiff::tz::TimeZone;

    #[test]
    fn what_was_written_since_it_was_read_is_not_replaced() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path().canonicalize().expect("it is there");
        let artifact = root.join("artifact");
        std::fs::create_dir(&artifact).expect("a directory");
        std::fs::write(artifact.join("a.md"), "one\n").expect("a file");
        let history = History::open(&root.join("history.db"), Timestamp(0)).expect("there is none yet");
        let (snapshot, zone) = (Snapshot::empty(0), TimeZone::UTC);
        let mut planning = Planning::new(&history, &snapshot, &zone, Timestamp(0), &root);
        let read = planning.read(&artifact, Scope::Counted).expect("read");
        let place =
            Place { path: artifact.clone(), root: root.clone(), missing: Vec::new(), prune_below: root.clone() };
        let empty = Content { kind: TreeKind::Directory, entries: Vec::new() };
        let (pieces, extent) = update(&mut planning, &place, &read.content, &empty).expect("nobody wrote");
        assert_eq!((pieces.len(), extent), (1, Extent { written: 0, removed: 1 }));
        std::fs::write(artifact.join("a.md"), "two\n").expect("a file");
        let error = update(&mut planning, &place, &read.content, &empty).expect_err("somebody wrote");
        assert!(matches!(&error, OpError::Touched { path } if *path == artifact.join("a.md")), "{error}");
    }
}
