//! What goes into the cache and what comes out of it.

use crate::model::{CollectionScan, Names, ProjectScan, Timestamp, Tree};
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One thing that is different now. Each replaces what the cache had for the same collection, project, path or item.
///
/// Owners come first: a [`Change::Tree`] whose owner and a [`Change::Drift`] whose project the cache does not have are
/// not stored, because nothing would ever remove them again. They are missing after a restart, never wrong.
#[derive(Clone, Debug)]
pub enum Change {
    /// A collection was looked at.
    Collection {
        /// UUID.
        id: String,
        /// Name: that of its directory.
        name: String,
        /// Absolute path.
        path: PathBuf,
        /// What was found; shared with the engine.
        scan: Arc<CollectionScan>,
    },
    /// A collection is no longer known; its artifacts, lock, groups and trees go with it.
    CollectionGone {
        /// UUID.
        id: String,
    },
    /// A project was looked at.
    Project {
        /// Absolute path.
        path: PathBuf,
        /// How its changes reach the daemon.
        coverage: Coverage,
        /// What was found; shared with the engine.
        scan: Arc<ProjectScan>,
    },
    /// A project is no longer registered; its profiles, deployments, trees and drift go with it.
    ProjectGone {
        /// Absolute path.
        path: PathBuf,
    },
    /// An artifact was read.
    Tree {
        /// Absolute path of the artifact.
        path: PathBuf,
        /// With whom its rows go away.
        owner: TreeOwner,
        /// What was read.
        tree: Tree,
        /// What its directories held, where that can be believed later.
        names: Option<Names>,
    },
    /// Nobody refers to this path any more.
    TreeGone {
        /// Absolute path of the artifact.
        path: PathBuf,
    },
    /// An item was classified.
    Drift(Box<DriftRow>),
    /// An item no longer exists.
    DriftGone(DriftKey),
}

/// How changes of a project reach the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Coverage {
    /// The kernel tells.
    Watched,
    /// It is polled.
    Polled {
        /// Why, for people.
        reason: String,
    },
}

/// The collection or project that a tree belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeOwner {
    /// A collection, by UUID.
    Collection(String),
    /// A project, by absolute path.
    Project(PathBuf),
}

/// Identity of one item of a project's status.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DriftKey {
    /// Absolute path of the project.
    pub project: Arc<Path>,
    /// Deployment profile; none for an artifact that is not deployed.
    pub profile: Option<String>,
    /// Type and normalised name.
    pub key: ArtifactKey,
}

/// One classified item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftRow {
    /// Which item.
    pub item: DriftKey,
    /// Its state.
    pub state: DriftState,
    /// When this state was first seen.
    pub since: Timestamp,
    /// Content at deployment.
    pub baseline: Option<ContentHash>,
    /// Content in the collection.
    pub in_collection: Option<ContentHash>,
    /// Content in the project.
    pub in_project: Option<ContentHash>,
    /// UUID of the collection, when it is known.
    pub collection_id: Option<String>,
}

/// Everything that the daemon knew when it last ran: plausible, but unverified until it has looked again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// In the order in which they were first stored.
    pub projects: Vec<LoadedProject>,
    /// In the order in which they were first stored.
    pub collections: Vec<LoadedCollection>,
    /// What was last read at each path.
    pub trees: Vec<LoadedTree>,
    /// The last state of each item and when it was first seen.
    pub first_seen: Vec<(DriftKey, (DriftState, Timestamp))>,
}

/// What is stored of one artifact's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedTree {
    /// Absolute path of the artifact.
    pub path: Arc<Path>,
    /// What was read.
    pub tree: Tree,
    /// What its directories held.
    pub names: Option<Names>,
}

/// One stored project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedProject {
    /// Absolute path.
    pub path: PathBuf,
    /// How its changes reached the daemon that stored it.
    pub coverage: Coverage,
    /// What was found.
    pub scan: Arc<ProjectScan>,
}

/// One stored collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedCollection {
    /// UUID.
    pub id: String,
    /// Name: that of its directory.
    pub name: String,
    /// Absolute path.
    pub path: PathBuf,
    /// What was found.
    pub scan: CollectionScan,
}
