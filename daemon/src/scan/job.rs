//! What the engine asks of a scan, and what it gets.

use super::home::HomeScan;
use crate::engine::Unit;
use crate::model::{CollectionScan, Fingerprint, Metadata, Names, ProjectScan, Tree};
use skillmeat_protocol::ids::ArtifactType;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How hard to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// Equal stamps are believed, unless they were racy.
    Verify,
    /// An event says that something changed: read the content.
    Read,
    /// Somebody waits for an artifact that does not hold still: try a few times, then take what was read. Each byte was
    /// read after the look began, so whatever was finished before that is in it; what is half done is looked at again for
    /// the event that its completion brings.
    AsItIs,
}

/// One look at one unit.
#[derive(Clone, Debug)]
pub struct Job {
    /// Which unit the answer belongs to.
    pub unit: Unit,
    /// What to look at.
    pub kind: JobKind,
}

/// What to look at.
#[derive(Clone, Debug)]
pub enum JobKind {
    /// Config and the list of collections.
    Home {
        /// The SkillMeat home.
        home: Arc<Path>,
    },
    /// Manifest, lock and listing of a collection.
    Collection {
        /// Its directory.
        root: Arc<Path>,
    },
    /// Records and listing of a project.
    Project {
        /// Its directory.
        root: Arc<Path>,
        /// What was found last, where its stamps may say that it still holds.
        known: Option<Arc<ProjectScan>>,
    },
    /// The files of one artifact.
    Tree {
        /// The file or directory.
        path: Arc<Path>,
        /// Without this directory the whole project or collection is gone, and nothing is said of the artifact.
        guard: Arc<Path>,
        /// Type, which decides where its metadata is.
        artifact: ArtifactType,
        /// How hard to look.
        look: Look,
        /// The stamps that are known, and whether they can be believed.
        known: Option<Known>,
        /// What its directories held when they were listed last, where that is remembered.
        names: Option<Names>,
        /// Whether the metadata is wanted too.
        wants: Wants,
    },
}

/// What is known of an artifact's stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Their digest.
    pub fingerprint: Fingerprint,
    /// Whether they were too young to be believed.
    pub racy: bool,
}

/// What is wanted beside hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// The declared version only: copies in projects.
    Version,
    /// All declared metadata: originals in collections.
    Metadata,
}

/// The answer to a job.
#[derive(Debug)]
pub struct Outcome {
    /// Which unit.
    pub unit: Unit,
    /// What was found.
    pub finding: Finding,
    /// Why events cannot be relied on for this unit, so that it must be polled.
    pub unwatched: Option<String>,
}

/// What was found.
#[derive(Debug)]
pub enum Finding {
    /// Config and collections.
    Home(Box<HomeScan>),
    /// A collection.
    Collection(Box<CollectionScan>),
    /// A project.
    Project(Box<ProjectScan>),
    /// The files of an artifact.
    Tree(Box<TreeFinding>),
    /// The stamps of the artifact or project are those that were known.
    Unchanged {
        /// Where it was wanted.
        metadata: Option<Metadata>,
        /// As [`TreeFinding::names`].
        names: Option<Names>,
    },
    /// The project or collection itself is gone.
    RootGone,
    /// Something changed while it was read: look again.
    Unstable,
    /// There is more to read than the request allows. The pool asks again without a limit; the engine never sees this.
    Large,
    /// The look itself failed in a way that says nothing of the disk (a defect): the reason.
    Failed(String),
}

/// The files of an artifact.
#[derive(Debug)]
pub struct TreeFinding {
    /// The result.
    pub tree: Tree,
    /// Declared metadata, where it was wanted.
    pub metadata: Option<Metadata>,
    /// What its directories held, where that is not what was remembered and can be believed later.
    pub names: Option<Names>,
    /// As [`crate::model::TreeInfo::linked`], also of what is absent or unreadable.
    pub linked: Vec<PathBuf>,
}
