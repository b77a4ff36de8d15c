//! What is looked at as a whole. Slots are never used twice, so a late finding cannot hit the wrong unit.

/// A known collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CollectionSlot(pub u32);

/// A registered project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectSlot(pub u32);

/// The files of one artifact, in one collection or project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeSlot(pub u32);

/// One unit of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Config and the list of collections.
    Home,
    /// Manifest, lock and listing.
    Collection(CollectionSlot),
    /// Records and listing.
    Project(ProjectSlot),
    /// Files.
    Tree(TreeSlot),
}

/// To whom a unit belongs: barriers and polling are per root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// The home itself.
    Home,
    /// A collection with its trees.
    Collection(CollectionSlot),
    /// A project with its trees.
    Project(ProjectSlot),
}

impl Root {
    /// The unit that decides which trees there are.
    pub fn unit(self) -> Unit {
        match self {
            Self::Home => Unit::Home,
            Self::Collection(slot) => Unit::Collection(slot),
            Self::Project(slot) => Unit::Project(slot),
        }
    }
}
