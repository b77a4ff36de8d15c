//! The merge of three trees of files: by file where only one side changed it, within the file where both did.
//!
//! Equality is that of bytes. A file that one side deleted and the other changed, or that both changed in ways that cannot
//! be joined, is a conflict; what the merged tree holds in its place is what survives, ours if both do, and never text with
//! markers. Without a base nobody knows which side changed something: what differs is a conflict then, and what only one
//! side has is kept.

use super::keys::Form;
use super::leaf::{Leaf, Tree, alike, clashes, merged_mode};
use super::renames::{renamed, renames};
use super::text::{LARGEST_TEXT, TextMerge};
use crate::binary::is_binary;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::path::{Path, PathBuf};

/// What is to be merged.
#[derive(Clone, Copy, Debug)]
pub struct Trees<'a, K> {
    /// Where both come from, if that is known.
    pub base: Option<&'a Tree<K>>,
    /// Our side.
    pub ours: &'a Tree<K>,
    /// Their side.
    pub theirs: &'a Tree<K>,
    /// What a tree is called that is a single file: what it holds follows from that.
    pub name: &'a Path,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeMerge<K> {
    /// The merged tree; of what is a conflict, what stays until it is resolved.
    pub tree: BTreeMap<PathBuf, Merged<K>>,
    /// What a person has to decide, in the order of paths.
    pub conflicts: Vec<Conflict<K>>,
    /// What was changed on a side, and how it got into the tree, in the order of paths. What both sides left alone is not
    /// listed, nor is what is a conflict.
    pub taken: Vec<(PathBuf, Taken)>,
}

/// What is at one path of a merged tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged<K> {
    /// What a side has, with the mode of both.
    Kept(Leaf<K>),
    /// A file that neither side has.
    Written {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Its permission bits.
        mode: u32,
    },
}

/// From where something was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Only our side changed it.
    Ours,
    /// Only their side changed it.
    Theirs,
    /// Both did the same.
    Both,
    /// Their change of a file that we renamed to this path.
    TheirsRenamed,
    /// Our change of a file that they renamed to this path.
    OursRenamed,
    /// Both changed it, in different lines.
    Lines,
    /// Both changed it, in different keys that are in conflict as lines.
    Keys,
}

/// What a person has to decide about one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict<K> {
    /// Where.
    pub path: PathBuf,
    /// What happened to it.
    pub kind: ConflictKind,
    /// Why it could not be decided here.
    pub reason: Reason,
    /// What it was, if that is known.
    pub base: Option<Leaf<K>>,
    /// What we have.
    pub ours: Option<Leaf<K>>,
    /// What they have.
    pub theirs: Option<Leaf<K>>,
}

impl<K> Conflict<K> {
    /// The permission bits of a file that takes the place of both sides.
    pub fn mode(&self) -> u32 {
        let of = |leaf: &Option<Leaf<K>>| match leaf {
            Some(Leaf::File { mode, .. }) => Some(*mode),
            _ => None,
        };
        mode_of([of(&self.base), of(&self.ours), of(&self.theirs)])
    }
}

/// What both sides did to a path; the words are the original's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConflictKind {
    /// Both changed it.
    BothModified,
    /// Both added it.
    AddAdd,
    /// One deleted what the other changed.
    Deletion,
}

impl ConflictKind {
    /// As the original writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BothModified => "both_modified",
            Self::AddAdd => "add_add",
            Self::Deletion => "deletion",
        }
    }
}

/// Why a path is a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The same lines were changed to different things.
    Lines,
    /// One of them is not a text.
    Binary,
    /// One of them is larger than [`LARGEST_TEXT`].
    Large,
    /// One of them is a link.
    Link,
    /// One of them is not there any more.
    Gone,
    /// It is not known which side changed it.
    NoBase,
    /// Different lines were changed, but what comes of it is not what its name says (JSON, TOML, frontmatter), while both sides
    /// are.
    Broken,
}

/// Why there is no merge at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal<E> {
    /// These paths would be a file and a directory at once.
    Clash(Vec<PathBuf>),
    /// Bytes could not be had.
    Unreadable(E),
}

impl<K: Clone + Eq + Hash> Trees<'_, K> {
    /// Merges them; `read` gives the bytes of a file, where they are needed, and may give none of one that is larger than
    /// [`LARGEST_TEXT`].
    ///
    /// # Errors
    /// What is a file on one side would be a directory of the other; that of `read`.
    pub fn merge<E>(self, mut read: impl FnMut(&K) -> Result<Option<Vec<u8>>, E>) -> Result<TreeMerge<K>, Refusal<E>> {
        let Some(base) = self.base else { return self.merge_by_path(|_| None, &mut read) };
        let by_us = renames(base, self.ours, self.theirs);
        let by_them = renames(base, self.theirs, self.ours);
        if by_us.is_empty() && by_them.is_empty() {
            return self.merge_by_path(|_| None, &mut read);
        }
        let moved = renamed(&renamed(base, &by_us), &by_them);
        let (ours, theirs) = (renamed(self.ours, &by_them), renamed(self.theirs, &by_us));
        let how = |path: &Path| {
            let to = |renames: &[super::renames::Rename]| renames.iter().any(|rename| rename.to == path);
            match (to(&by_us), to(&by_them)) {
                (true, _) => Some(Taken::TheirsRenamed),
                (_, true) => Some(Taken::OursRenamed),
                _ => None,
            }
        };
        Trees { base: Some(&moved), ours: &ours, theirs: &theirs, name: self.name }.merge_by_path(how, &mut read)
    }

    fn merge_by_path<E>(
        self,
        renamed: impl Fn(&Path) -> Option<Taken>,
        read: &mut impl FnMut(&K) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<TreeMerge<K>, Refusal<E>> {
        let known = self.base.into_iter().flat_map(|base| base.keys());
        let paths: BTreeSet<&PathBuf> = known.chain(self.ours.keys()).chain(self.theirs.keys()).collect();
        let mut merge = TreeMerge { tree: BTreeMap::new(), conflicts: Vec::new(), taken: Vec::new() };
        for path in paths {
            let base = self.base.and_then(|base| base.get(path));
            let three = Three { base, ours: self.ours.get(path), theirs: self.theirs.get(path) };
            let name = if path.as_os_str().is_empty() { self.name } else { path };
            let (merged, taken) =
                match three.decide(self.base.is_some(), Form::of(name), read).map_err(Refusal::Unreadable)? {
                    Decision::Taken(merged, taken) => (merged, taken),
                    Decision::Conflict(kind, reason) => {
                        let (ours, theirs) = (three.ours.cloned(), three.theirs.cloned());
                        let stays = ours.clone().or_else(|| theirs.clone()).map(Merged::Kept);
                        let conflict = Conflict { path: path.clone(), kind, reason, base: base.cloned(), ours, theirs };
                        merge.conflicts.push(conflict);
                        (stays, None)
                    }
                };
            if let Some(merged) = merged {
                merge.tree.insert(path.clone(), merged);
            }
            if let Some(taken) = taken {
                merge.taken.push((path.clone(), renamed(path).unwrap_or(taken)));
            }
        }
        let clashes = clashes(merge.tree.keys());
        if clashes.is_empty() { Ok(merge) } else { Err(Refusal::Clash(clashes)) }
    }
}

/// What is at one path of each.
struct Three<'a, K> {
    base: Option<&'a Leaf<K>>,
    ours: Option<&'a Leaf<K>>,
    theirs: Option<&'a Leaf<K>>,
}

/// What is decided about a path: what is there then, if anything.
enum Decision<K> {
    Taken(Option<Merged<K>>, Option<Taken>),
    Conflict(ConflictKind, Reason),
}

impl<K: Clone + Eq> Three<'_, K> {
    fn decide<E>(
        &self,
        has_base: bool,
        form: Option<Form>,
        read: &mut impl FnMut(&K) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Decision<K>, E> {
        let Self { base, ours, theirs } = *self;
        let (by_us, by_them) = (!alike(base, ours), !alike(base, theirs));
        if alike(ours, theirs) {
            let taken = if by_us { Some(Taken::Both) } else { self.who_changed_the_mode() };
            return Ok(Decision::Taken(self.kept(ours), taken));
        }
        if !has_base {
            return Ok(match (ours, theirs) {
                (Some(_), Some(_)) => Decision::Conflict(ConflictKind::AddAdd, Reason::NoBase),
                (Some(_), None) => Decision::Taken(self.kept(ours), Some(Taken::Ours)),
                _ => Decision::Taken(self.kept(theirs), Some(Taken::Theirs)),
            });
        }
        match (by_us, by_them) {
            (true, false) => Ok(Decision::Taken(self.kept(ours), Some(Taken::Ours))),
            (false, _) => Ok(Decision::Taken(self.kept(theirs), Some(Taken::Theirs))),
            (true, true) => self.both_changed(form, read),
        }
    }

    fn both_changed<E>(
        &self,
        form: Option<Form>,
        read: &mut impl FnMut(&K) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Decision<K>, E> {
        let kind = if self.base.is_some() { ConflictKind::BothModified } else { ConflictKind::AddAdd };
        let conflict = |reason| Ok(Decision::Conflict(kind, reason));
        let (Some(ours), Some(theirs)) = (self.ours, self.theirs) else {
            return Ok(Decision::Conflict(ConflictKind::Deletion, Reason::Gone));
        };
        let (Leaf::File { content: our_key, .. }, Leaf::File { content: their_key, .. }) = (ours, theirs) else {
            return conflict(Reason::Link);
        };
        let before = match self.base {
            Some(Leaf::File { content, .. }) => read(content)?,
            Some(Leaf::Link { .. }) => return conflict(Reason::Link),
            None => Some(Vec::new()),
        };
        let (Some(before), Some(ours), Some(theirs)) = (before, read(our_key)?, read(their_key)?) else {
            return conflict(Reason::Large);
        };
        let all = [&before, &ours, &theirs];
        if all.iter().any(|bytes| is_binary(bytes)) {
            return conflict(Reason::Binary);
        }
        if all.iter().any(|bytes| bytes.len() > LARGEST_TEXT) {
            return conflict(Reason::Large);
        }
        let lines = TextMerge::new(&before, &ours, &theirs).merged();
        let reason = if lines.is_some() { Reason::Broken } else { Reason::Lines };
        let is_good = |text: &Vec<u8>| {
            form.is_none_or(|form| form.is_whole(text) || !form.is_whole(&ours) || !form.is_whole(&theirs))
        };
        let by_lines = lines.filter(is_good).map(|bytes| (bytes, Taken::Lines));
        let by_keys = || Some((form?.merge(&before, &ours, &theirs)?, Taken::Keys));
        match by_lines.or_else(by_keys) {
            Some((bytes, taken)) => {
                Ok(Decision::Taken(Some(Merged::Written { bytes, mode: self.mode() }), Some(taken)))
            }
            None => conflict(reason),
        }
    }

    /// What a side has, with the mode of both.
    fn kept(&self, leaf: Option<&Leaf<K>>) -> Option<Merged<K>> {
        let leaf = match leaf? {
            Leaf::File { content, .. } => Leaf::File { content: content.clone(), mode: self.mode() },
            link @ Leaf::Link { .. } => link.clone(),
        };
        Some(Merged::Kept(leaf))
    }

    fn modes(&self) -> [Option<u32>; 3] {
        [self.base, self.ours, self.theirs].map(|leaf| leaf.and_then(Leaf::mode))
    }

    fn who_changed_the_mode(&self) -> Option<Taken> {
        let [base, ours, theirs] = self.modes();
        match (ours != base, theirs != base) {
            (false, false) => None,
            (true, false) => Some(Taken::Ours),
            (false, true) => Some(Taken::Theirs),
            (true, true) => Some(Taken::Both),
        }
    }

    /// The mode of the file that is there then.
    fn mode(&self) -> u32 {
        mode_of(self.modes())
    }
}

/// The mode of the file that is made of base, ours and theirs.
fn mode_of(modes: [Option<u32>; 3]) -> u32 {
    match modes {
        [base, Some(ours), Some(theirs)] => merged_mode(base, ours, theirs),
        [_, Some(mode), None] | [_, None, Some(mode)] => mode,
        // Neither is a file.
        [base, None, None] => base.unwrap_or_default(),
    }
}
