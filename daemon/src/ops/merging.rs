//! The three-way merge of an artifact: a project's copy and the collection's, from the content that the record names.
//!
//! The base is what the history has for the recorded hash, else what a snapshot of the collection has. Without one, nothing is
//! merged: which side changed a file is then a guess, and a wrong one loses somebody's edit. What comes of a merge is kept in
//! memory until it is staged, so only the files that both sides changed are read here.

mod sentence;

use self::sentence::{listed, told};
use super::error::OpError;
use super::planning::Planning;
use crate::history::{
    ConflictFile, ConflictKind, ConflictReason, ConflictSides, Content, ContentEntry, ContentId, EntryKind, RelPath,
    Resolution, recorded, resolved,
};
use crate::library::strategies::{Resolution as Rule, Strategies};
use crate::model::TreeKind;
use sha2::{Digest, Sha256};
use skillmeat_merge::three_way::{
    self as three_way, Conflict, LARGEST_TEXT, Leaf, Merged, Reason, Refusal, Tree, TreeMerge, Trees,
};
use skillmeat_protocol::hash::ContentHash;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};

/// One side: what was read, and where.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// What it is made of.
    pub content: &'a Content,
    /// Where it lies.
    pub path: &'a Path,
}

/// What became of a merge.
pub enum Merging {
    /// One content for both.
    Clean {
        /// What it is made of; files that neither side has are kept by the plan.
        content: Content,
        /// Its recorded hash.
        hash: ContentHash,
        /// Files that were in conflict, and what rules of the configuration made of them.
        decided: Option<String>,
    },
    /// A person has to decide.
    Refused(Box<Dispute>),
}

/// What a person has to decide.
pub struct Dispute {
    /// What about, in one sentence; without what is decided already.
    pub why: String,
    /// What both sides come from, if it is known.
    pub base: Option<ContentId>,
    /// The paths, in their order; also those that are decided.
    pub files: Vec<ConflictFile>,
    /// What base, ours and theirs are of each of them; nothing where the whole artifact is to be decided about.
    pub leaves: Vec<[Option<EntryKind>; 3]>,
    /// What comes of the rest: of what is not decided, the project's, or what survives. Nothing where the whole artifact is to be
    /// decided about.
    pub rest: BTreeMap<PathBuf, EntryKind>,
    /// The bytes of what was put together.
    pub written: Written,
}

/// The bytes of files that neither side has, by their hashes.
pub type Written = HashMap<[u8; 32], Vec<u8>>;

/// A file by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Blob {
    hash: [u8; 32],
    size: u64,
}

/// Merges both sides, which were read just now, from what was recorded with `baseline`. What was decided of files that are
/// the same still is taken for them.
///
/// # Errors
/// A file is not what was read before; the history cannot be read.
pub fn merge(
    planning: &mut Planning<'_>,
    baseline: Option<ContentHash>,
    ours: Side<'_>,
    theirs: Side<'_>,
    decided: &[ConflictFile],
) -> Result<Merging, OpError> {
    let mut known = baseline.map(|hash| planning.history.by_recorded(hash)).transpose()?.unwrap_or_default();
    if let Some(hash) = baseline.filter(|_| known.is_empty())
        && (planning.fetch(theirs.path, hash)? || planning.fetch(ours.path, hash)?)
    {
        known = planning.history.by_recorded(hash)?;
    }
    let mut refused = None;
    // The recorded hash knows no modes and no delimiters: several contents may have it.
    for id in known {
        let base = planning.history.content(id)?;
        // The sides are read with files in place of links to them.
        let base = resolved(&base).unwrap_or(base);
        match from_base(planning, Some((id, &base)), ours, theirs, decided)? {
            Merging::Refused(dispute) => drop(refused.get_or_insert(dispute)),
            clean => return Ok(clean),
        }
    }
    match refused {
        Some(dispute) => Ok(Merging::Refused(dispute)),
        None => from_base(planning, None, ours, theirs, decided),
    }
}

/// The same from a base that is known, or that nobody knows: then everything that differs is to be decided about.
///
/// # Errors
/// As [`merge`].
pub fn from_base(
    planning: &mut Planning<'_>,
    base: Option<(ContentId, &Content)>,
    ours: Side<'_>,
    theirs: Side<'_>,
    decided: &[ConflictFile],
) -> Result<Merging, OpError> {
    const UNKNOWN: &str = "both sides changed, and neither the history nor a snapshot has what they come from";
    let id = base.map(|(id, _)| id);
    let sides = [ours, theirs];
    let as_whole = |planning: &mut Planning<'_>, reason, why: String| {
        whole(planning, id, sides, decided).unwrap_or_else(|| Ok(Merging::Refused(all(id, sides, reason, why))))
    };
    if ours.content.kind != theirs.content.kind {
        let why = "it is a file on one side and a directory on the other".to_owned();
        return as_whole(planning, ConflictReason::Clash, why);
    }
    let (before, one, other) = (base.map(|(_, base)| tree(base)), tree(ours.content), tree(theirs.content));
    let name = ours.path.file_name().map(Path::new).unwrap_or(ours.path);
    let trees = Trees { base: before.as_ref(), ours: &one, theirs: &other, name };
    let read = |blob: &Blob| {
        if blob.size > LARGEST_TEXT as u64 {
            return Ok(None);
        }
        bytes_of(planning, blob.hash, &sides).map(Some)
    };
    let mut merge = match trees.merge(read) {
        Ok(merge) => merge,
        Err(Refusal::Unreadable(error)) => return Err(error),
        Err(Refusal::Clash(paths)) => {
            let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
            let why = format!("a file and a directory at once: {}", listed(&names));
            return as_whole(planning, ConflictReason::Clash, why);
        }
    };
    if id.is_none() && merge.conflicts.is_empty() {
        return as_whole(planning, ConflictReason::NoBase, UNKNOWN.to_owned());
    }
    let by_rule = decide(&mut merge, &planning.strategies(), name, decided);
    let (mut rest, mut written) = (BTreeMap::new(), Written::new());
    for (path, merged) in merge.tree {
        let kind = match merged {
            Merged::Kept(leaf) => entry(&leaf),
            Merged::Written { bytes, mode } => {
                let kind = planning.keep_bytes(&bytes, mode)?;
                written.insert(Sha256::digest(&bytes).into(), bytes);
                kind
            }
        };
        rest.insert(path, kind);
    }
    let (mut files, mut leaves, mut open) = (Vec::new(), Vec::new(), Vec::new());
    for conflict in &merge.conflicts {
        leaves.push([&conflict.base, &conflict.ours, &conflict.theirs].map(|leaf| leaf.as_ref().map(entry)));
        let mut file = disputed(planning, conflict);
        match decided.iter().find(|other| other.path == file.path && other.sides == file.sides) {
            Some(ConflictFile { resolution: Some(resolution), .. }) => {
                file.resolution = Some(*resolution);
                settle(planning, &mut rest, &conflict.path, *resolution)?;
            }
            _ => open.push(conflict),
        }
        files.push(file);
    }
    if !open.is_empty() {
        let why = if id.is_none() { UNKNOWN.to_owned() } else { told(&open, ours.path) };
        return Ok(Merging::Refused(Box::new(Dispute { why, base: id, files, leaves, rest, written })));
    }
    let (content, hash) = put_together(planning, ours.content.kind, rest, &written, &sides)?;
    Ok(Merging::Clean { content, hash, decided: by_rule })
}

/// Takes the sides that the configuration names for files in conflict that nobody decided about, and says so.
fn decide(
    merge: &mut TreeMerge<Blob>,
    strategies: &Strategies,
    artifact: &Path,
    decided: &[ConflictFile],
) -> Option<String> {
    let is_decided =
        |path: &Path| decided.iter().any(|file| file.resolution.is_some() && Path::new(file.path.as_os_str()) == path);
    let (mut left, mut told) = (Vec::new(), Vec::new());
    for conflict in std::mem::take(&mut merge.conflicts) {
        let path = if conflict.path.as_os_str().is_empty() { artifact } else { &conflict.path };
        let rule = if is_decided(&conflict.path) { Rule::Leave } else { strategies.of_file(path) };
        let (leaf, word) = match rule {
            Rule::Ours => (&conflict.ours, "ours"),
            Rule::Theirs => (&conflict.theirs, "theirs"),
            Rule::Leave => {
                left.push(conflict);
                continue;
            }
        };
        told.push(format!("{} ({word})", path.display()));
        match leaf {
            Some(leaf) => drop(merge.tree.insert(conflict.path, Merged::Kept(leaf.clone()))),
            None => drop(merge.tree.remove(&conflict.path)),
        }
    }
    merge.conflicts = left;
    (!told.is_empty()).then(|| format!("in conflict, and decided by config.toml: {}", listed(&told)))
}

/// A content of these files, with its recorded hash.
///
/// # Errors
/// A file cannot be read; they cannot all be there at once.
pub fn put_together(
    planning: &Planning<'_>,
    kind: TreeKind,
    files: BTreeMap<PathBuf, EntryKind>,
    written: &Written,
    sides: &[Side<'_>],
) -> Result<(Content, ContentHash), OpError> {
    // They are paths that came in.
    let entry = |(path, kind)| RelPath::new(path).map(|path| ContentEntry { path, kind });
    let content = Content { kind, entries: files.into_iter().filter_map(entry).collect() };
    if let Some(flaw) = content.flaw() {
        return Err(OpError::Refused { message: format!("what was decided cannot be: {flaw}") });
    }
    let hash = recorded_of(planning, &content, written, sides)?;
    Ok((content, hash))
}

/// Puts what was decided of a path in its place.
///
/// # Errors
/// The history cannot be read.
pub fn settle(
    planning: &Planning<'_>,
    files: &mut BTreeMap<PathBuf, EntryKind>,
    path: &Path,
    resolution: Resolution,
) -> Result<(), OpError> {
    files.remove(path);
    if let Some(id) = resolution.result {
        let content = planning.history.content(id)?;
        files.extend(content.entries.into_iter().next().map(|entry| (path.to_owned(), entry.kind)));
    }
    Ok(())
}

/// The whole artifact as one thing to be decided about.
fn all(base: Option<ContentId>, [ours, theirs]: [Side<'_>; 2], reason: ConflictReason, why: String) -> Box<Dispute> {
    let sides = ConflictSides { base, ours: Some(ours.content.id()), theirs: Some(theirs.content.id()) };
    let (path, kind) = (RelPath::default(), ConflictKind::BothModified);
    let file = ConflictFile { path, kind, reason, mode: 0, sides, resolution: None };
    let (rest, written) = (BTreeMap::new(), Written::new());
    Box::new(Dispute { why, base, files: vec![file], leaves: Vec::new(), rest, written })
}

/// The same where it was decided.
fn whole(
    planning: &Planning<'_>,
    base: Option<ContentId>,
    sides: [Side<'_>; 2],
    decided: &[ConflictFile],
) -> Option<Result<Merging, OpError>> {
    let ids = ConflictSides { base, ours: Some(sides[0].content.id()), theirs: Some(sides[1].content.id()) };
    let found = decided.iter().find(|file| file.path.is_empty() && file.sides == ids)?;
    let id = found.resolution?.result?;
    let read = || {
        let content = planning.history.content(id)?;
        let hash = recorded_of(planning, &content, &Written::new(), &sides)?;
        Ok(Merging::Clean { content, hash, decided: None })
    };
    Some(read())
}

/// A conflict as the history keeps it.
fn disputed(planning: &mut Planning<'_>, conflict: &Conflict<Blob>) -> ConflictFile {
    let mut side = |leaf: &Option<Leaf<Blob>>| {
        let entry = ContentEntry { path: RelPath::default(), kind: entry(leaf.as_ref()?) };
        Some(planning.compose(Content { kind: TreeKind::File, entries: vec![entry] }))
    };
    ConflictFile {
        path: RelPath::new(conflict.path.clone()).unwrap_or_default(),
        kind: match conflict.kind {
            three_way::ConflictKind::BothModified => ConflictKind::BothModified,
            three_way::ConflictKind::AddAdd => ConflictKind::AddAdd,
            three_way::ConflictKind::Deletion => ConflictKind::Deletion,
        },
        reason: match conflict.reason {
            Reason::Lines => ConflictReason::Lines,
            Reason::Broken => ConflictReason::Broken,
            Reason::Gone => ConflictReason::Gone,
            Reason::Binary => ConflictReason::Binary,
            Reason::Large => ConflictReason::Large,
            Reason::Link => ConflictReason::Link,
            Reason::NoBase => ConflictReason::NoBase,
        },
        mode: conflict.mode(),
        sides: ConflictSides { base: side(&conflict.base), ours: side(&conflict.ours), theirs: side(&conflict.theirs) },
        resolution: None,
    }
}

fn entry(leaf: &Leaf<Blob>) -> EntryKind {
    match leaf {
        Leaf::File { content: Blob { hash, size }, mode } => EntryKind::File { hash: *hash, size: *size, mode: *mode },
        Leaf::Link { target } => EntryKind::Symlink { target: target.clone() },
    }
}

/// Files and links by path. Empty directories are not merged: neither hash nor record knows them.
fn tree(content: &Content) -> Tree<Blob> {
    let leaf = |kind: &EntryKind| match kind {
        EntryKind::File { hash, size, mode } => {
            Some(Leaf::File { content: Blob { hash: *hash, size: *size }, mode: *mode })
        }
        EntryKind::Symlink { target } => Some(Leaf::Link { target: target.clone() }),
        EntryKind::EmptyDirectory { .. } => None,
    };
    let entries = content.entries.iter();
    entries.filter_map(|entry| Some((PathBuf::from(entry.path.as_os_str()), leaf(&entry.kind)?))).collect()
}

/// The bytes of a file that a side or the history has.
///
/// # Errors
/// It is not what was read before, and nowhere else.
pub fn bytes_of(planning: &Planning<'_>, hash: [u8; 32], sides: &[Side<'_>]) -> Result<Vec<u8>, OpError> {
    let mut touched = None;
    for Side { content, path } in sides {
        let has = |kind: &EntryKind| matches!(kind, EntryKind::File { hash: known, .. } if *known == hash);
        let Some(entry) = content.entries.iter().find(|entry| has(&entry.kind)) else { continue };
        let path = entry.path.below(path);
        match std::fs::read(&path) {
            Ok(bytes) if <[u8; 32]>::from(Sha256::digest(&bytes)) == hash => return Ok(bytes),
            Ok(_) => touched = Some(OpError::Touched { path }),
            Err(error) => touched = Some(OpError::io("read", &path)(error)),
        }
    }
    let mut bytes = Vec::new();
    match (planning.history.read_blob(ContentHash(hash), &mut bytes), touched) {
        (Ok(_), _) => Ok(bytes),
        (Err(_), Some(touched)) => Err(touched),
        (Err(error), None) => Err(error.into()),
    }
}

/// The recorded hash of a content whose files are among `written`, at a side or in the history.
fn recorded_of(
    planning: &Planning<'_>,
    content: &Content,
    written: &Written,
    sides: &[Side<'_>],
) -> Result<ContentHash, OpError> {
    let place = sides.first().map_or(Path::new(""), |side| side.path);
    let hash = recorded(content, |hash, to| {
        let bytes = match written.get(&hash) {
            Some(bytes) => Cow::Borrowed(bytes),
            None => Cow::Owned(bytes_of(planning, hash, sides)?),
        };
        to.write_all(&bytes).map_err(OpError::io("hash", place))
    })?;
    let why = || "it has a link to something that does not belong to it".to_owned();
    hash.ok_or_else(|| OpError::Refused { message: why() })
}
