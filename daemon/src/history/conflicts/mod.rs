//! Conflicts: what both sides of an artifact made of it, and what was decided of it so far.
//!
//! A conflict is kept with the contents of its three sides, so that it can be shown and resolved whatever becomes of the
//! files; foreign keys keep them from being collected. There is one at most of an artifact at a place. Found again with the same
//! sides, it stays what it is; with others, it takes the place of the one before, with what was decided of files that are
//! the same on all three sides.

mod rows;

pub(super) use rows::which;

use super::{Batch, ContentId, History, HistoryError, RelPath, Spot};
use crate::database::value::named;
use crate::model::Timestamp;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use std::path::PathBuf;

/// Where a conflict is: there is one at most of an artifact at each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictPlace {
    /// Which artifact.
    pub key: ArtifactKey,
    /// In which project.
    pub project: PathBuf,
    /// Under which profile.
    pub profile: String,
}

impl ConflictPlace {
    /// The same as versions know it.
    pub fn spot(&self) -> Spot {
        Spot::Project { path: self.project.clone(), profile: self.profile.clone() }
    }
}

/// A conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Its number; 0 before it is stored.
    pub id: i64,
    /// Where it is.
    pub place: ConflictPlace,
    /// The id of the collection on the other side.
    pub collection: String,
    /// When it was found.
    pub at: Timestamp,
    /// The recorded hash that both sides come from, if one is recorded.
    pub baseline: Option<ContentHash>,
    /// That of the project's copy.
    pub our_hash: ContentHash,
    /// That of the collection's.
    pub their_hash: ContentHash,
    /// What both come from, if it is known.
    pub base: Option<ContentId>,
    /// The project's copy.
    pub ours: ContentId,
    /// The collection's.
    pub theirs: ContentId,
    /// What the project was given, with markers in it, and its recorded hash.
    pub marked: Option<(ContentId, ContentHash)>,
    /// The paths that somebody has to decide about, in their order.
    pub files: Vec<ConflictFile>,
}

impl Conflict {
    /// Whether these are the sides of the other, too.
    pub fn is_of_the_same(&self, other: &Self) -> bool {
        let sides = |c: &Self| (c.collection.clone(), c.baseline, c.base, c.ours, c.theirs);
        self.place == other.place && sides(self) == sides(other)
    }

    /// Takes over what was decided of files that are the same in `earlier`.
    pub fn inherit(&mut self, earlier: &Self) {
        for file in &mut self.files {
            let same = earlier.files.iter().find(|other| other.path == file.path && other.sides == file.sides);
            file.resolution = file.resolution.or(same.and_then(|other| other.resolution));
        }
    }
}

/// One path of a conflict. Each side is a file, a link, or nothing; of the whole artifact, at the empty path, what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictFile {
    /// Below the artifact.
    pub path: RelPath,
    /// What both sides did to it.
    pub kind: ConflictKind,
    /// Why it could not be decided without a person.
    pub reason: ConflictReason,
    /// The permission bits of a file that takes the place of both.
    pub mode: u32,
    /// What it is on each side.
    pub sides: ConflictSides,
    /// What was decided.
    pub resolution: Option<Resolution>,
}

/// What is there on each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConflictSides {
    /// What both come from.
    pub base: Option<ContentId>,
    /// In the project.
    pub ours: Option<ContentId>,
    /// In the collection.
    pub theirs: Option<ContentId>,
}

/// What was decided of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// How.
    pub choice: Choice,
    /// What is there then; none for nothing.
    pub result: Option<ContentId>,
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
    const ALL: [Self; 3] = [Self::BothModified, Self::AddAdd, Self::Deletion];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BothModified => "both_modified",
            Self::AddAdd => "add_add",
            Self::Deletion => "deletion",
        }
    }
}

/// Why a path has to be decided by a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConflictReason {
    /// The same lines were changed.
    Lines,
    /// What comes of both cannot be parsed any more.
    Broken,
    /// It is gone on one side.
    Gone,
    /// It is no text.
    Binary,
    /// It is too large.
    Large,
    /// It is a link.
    Link,
    /// It is not known what both sides come from.
    NoBase,
    /// It is a file on one side and a directory on the other.
    Clash,
}

impl ConflictReason {
    const ALL: [Self; 8] =
        [Self::Lines, Self::Broken, Self::Gone, Self::Binary, Self::Large, Self::Link, Self::NoBase, Self::Clash];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Broken => "broken",
            Self::Gone => "gone",
            Self::Binary => "binary",
            Self::Large => "large",
            Self::Link => "link",
            Self::NoBase => "no_base",
            Self::Clash => "clash",
        }
    }
}

/// How a path was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// As it is in the project.
    Ours,
    /// As it is in the collection.
    Theirs,
    /// As it was.
    Base,
    /// The lines of both.
    Both,
    /// Something that a person made.
    Content,
}

impl Choice {
    const ALL: [Self; 5] = [Self::Ours, Self::Theirs, Self::Base, Self::Both, Self::Content];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Theirs => "theirs",
            Self::Base => "base",
            Self::Both => "both",
            Self::Content => "content",
        }
    }
}

named!(ConflictKind, ConflictKind::ALL, ConflictKind::as_str);
named!(ConflictReason, ConflictReason::ALL, ConflictReason::as_str);
named!(Choice, Choice::ALL, Choice::as_str);

impl History {
    /// Every conflict that is kept, the earliest first.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn conflicts(&self) -> Result<Vec<Conflict>, HistoryError> {
        self.conflicts_after(0)
    }

    /// Those of later numbers than this, the earliest first.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn conflicts_after(&self, number: i64) -> Result<Vec<Conflict>, HistoryError> {
        let found = rows::after(&self.lock(), number).map_err(self.failed("read"))?;
        found.into_iter().map(|conflict| self.sound(conflict)).collect()
    }

    /// The one that is kept of a place.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn conflict_at(&self, place: &ConflictPlace) -> Result<Option<Conflict>, HistoryError> {
        let found = rows::at(&self.lock(), place).map_err(self.failed("read"))?;
        found.map(|conflict| self.sound(conflict)).transpose()
    }

    /// Those whose markers a copy was given, and that nothing ended ([`Self::has_markers`]).
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn marked(&self) -> Result<Vec<Conflict>, HistoryError> {
        let found = rows::marked(&self.lock()).map_err(self.failed("read"))?;
        let mut marked = Vec::new();
        for conflict in found {
            let conflict = self.sound(conflict)?;
            if self.has_markers(&conflict)? {
                marked.push(conflict);
            }
        }
        Ok(marked)
    }

    /// Whether the last that an operation put at this place is what a conflict's markers are in. What was undone does not
    /// count, nor what undid it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn has_markers(&self, conflict: &Conflict) -> Result<bool, HistoryError> {
        let Some((_, hash)) = conflict.marked else { return Ok(false) };
        let last = rows::last_put(&self.lock(), &conflict.place).map_err(self.failed("read"))?;
        Ok(last == Some(hash))
    }

    fn sound(&self, (conflict, is_sound): (Conflict, bool)) -> Result<Conflict, HistoryError> {
        match is_sound {
            true => Ok(conflict),
            false => Err(self.damaged(format!("the conflict of {} was changed", conflict.place.key))),
        }
    }
}

impl Batch<'_> {
    /// Keeps a conflict in the place of the one that was kept of its place. Its contents must be stored.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn put_conflict(&self, conflict: &Conflict) -> Result<(), HistoryError> {
        rows::put(&self.transaction, conflict).map_err(self.history.failed("write"))
    }

    /// Keeps none of this place any more.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn drop_conflict(&self, place: &ConflictPlace) -> Result<(), HistoryError> {
        rows::drop(&self.transaction, place).map_err(self.history.failed("write"))
    }
}
