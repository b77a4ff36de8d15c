//! The immutable picture that readers use: one `Arc` for everything, replaced whole, never locked.
//!
//! Publishing after a change must cost what changed. Projects are spread over a fixed number of maps, so a change copies one
//! small map and the list of shards, however many projects are registered; everything inside is shared by `Arc`.
//!
//! Invariant: a snapshot is consistent with itself. Its clock's generation grows whenever anything in it changed.

use crate::model::{Entry, Profile, Record, Timestamp, Tip, Tree};
use skillmeat_protocol::clock::Clock;
use skillmeat_protocol::drift::{ChangeOrigin, DriftState, DriftType, Recommendation};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::{Counts, DegradedRoot, Group, Problem, ProjectState, TagDefinition};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Number of maps that projects are spread over.
const SHARDS: usize = 64;

/// Everything a reader can see.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The history that this picture shows.
    pub clock: Clock,
    /// Whether everything in it has been compared with the disk since the daemon started.
    pub verified: bool,
    /// Scans outstanding when it was made.
    pub pending: u64,
    /// Registered projects.
    pub projects: Projects,
    /// Collections, by name.
    pub collections: Arc<[Arc<CollectionView>]>,
    /// Name of the configured default collection.
    pub default_collection: Arc<str>,
    /// Problems of config, registry and home.
    pub problems: Arc<[Problem]>,
    /// Roots that are polled.
    pub degraded: Arc<[DegradedRoot]>,
}

impl Snapshot {
    /// Nothing known yet.
    pub fn empty(instance: u64) -> Self {
        Self {
            clock: Clock { instance, generation: 0 },
            verified: false,
            pending: 0,
            projects: Projects::default(),
            collections: Arc::default(),
            default_collection: "default".into(),
            problems: Arc::default(),
            degraded: Arc::default(),
        }
    }

    /// The collection of this id, present name or former name, in this order.
    pub fn collection(&self, name_or_id: &str) -> Option<&Arc<CollectionView>> {
        let find = |pred: &dyn Fn(&CollectionView) -> bool| self.collections.iter().find(|c| pred(c));
        find(&|c| *c.id == *name_or_id)
            .or_else(|| find(&|c| *c.name == *name_or_id))
            .or_else(|| find(&|c| c.former_names.iter().any(|n| **n == *name_or_id)))
    }
}

/// Registered projects by path.
#[derive(Clone, Debug)]
pub struct Projects {
    shards: Arc<[Shard]>,
}

/// Some of the projects, by path.
type Shard = Arc<BTreeMap<Arc<str>, Arc<ProjectView>>>;

impl Default for Projects {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Arc::default()).collect() }
    }
}

impl Projects {
    /// The project at exactly this path.
    pub fn get(&self, path: &str) -> Option<&Arc<ProjectView>> {
        self.shards[shard_of(path)].get(path)
    }

    /// The innermost project that contains `path`.
    pub fn containing(&self, path: &Path) -> Option<&Arc<ProjectView>> {
        path.ancestors().filter_map(Path::to_str).find_map(|ancestor| self.get(ancestor))
    }

    /// All projects, by path.
    pub fn sorted(&self) -> Vec<&Arc<ProjectView>> {
        let mut all: Vec<_> = self.iter().collect();
        all.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        all
    }

    /// All projects, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ProjectView>> {
        self.shards.iter().flat_map(|shard| shard.values())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts in what changed: a view, or `None` for a project that is no longer registered.
    pub(super) fn update(&mut self, changes: Vec<(Arc<str>, Option<Arc<ProjectView>>)>) {
        let mut shards: Vec<_> = self.shards.to_vec();
        for (path, view) in changes {
            let shard = Arc::make_mut(&mut shards[shard_of(&path)]);
            match view {
                Some(view) => shard.insert(path, view),
                None => shard.remove(&path),
            };
        }
        self.shards = shards.into();
    }
}

fn shard_of(path: &str) -> usize {
    let fold = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    path.bytes().fold(0x811c_9dc5, fold) as usize % SHARDS
}

/// One project.
#[derive(Clone, Debug)]
pub struct ProjectView {
    /// Absolute path.
    pub path: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// Whether it can be watched.
    pub state: ProjectState,
    /// Profiles found.
    pub profiles: Arc<[Profile]>,
    /// Items per state, `added` included.
    pub counts: Counts,
    /// What could not be read.
    pub problems: Arc<[Problem]>,
    /// Items that are not in sync, by key and profile; without `added`.
    pub drift: Vec<Arc<ItemView>>,
    /// Items that are in sync, by key and profile.
    pub in_sync: Vec<Arc<ItemView>>,
    /// What the collections used here have and this project has not: hashes are in the collection's view.
    pub added: Arc<[AddedView]>,
}

impl ProjectView {
    /// All items but `added`.
    pub fn items(&self) -> impl Iterator<Item = &Arc<ItemView>> {
        self.drift.iter().chain(&self.in_sync)
    }
}

/// An artifact that could be deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedView {
    /// Id of its collection.
    pub collection_id: Arc<str>,
    /// Which artifact.
    pub key: ArtifactKey,
}

/// A collection as an item refers to it: known by id here, or only by the name in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionRef {
    /// Present name, or the record's.
    pub name: Arc<str>,
    /// UUID, when the collection is known.
    pub id: Option<Arc<str>>,
}

/// One artifact in one project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemView {
    /// Which artifact.
    pub key: ArtifactKey,
    /// Deployment profile.
    pub profile: Arc<str>,
    /// Its deployment record, if it has one.
    pub record: Option<Arc<Record>>,
    /// Where it came from.
    pub collection: Option<CollectionRef>,
    /// Absolute path of the project's copy.
    pub path: Arc<Path>,
    /// The state.
    pub state: DriftState,
    /// The original's word.
    pub drift_type: Option<DriftType>,
    /// Which side moved.
    pub change_origin: Option<ChangeOrigin>,
    /// What resolves it.
    pub recommendation: Option<Recommendation>,
    /// Content in the collection now.
    pub collection_hash: Option<ContentHash>,
    /// Content in the project now.
    pub project_hash: Option<ContentHash>,
    /// Version that the collection declares.
    pub collection_version: Option<Box<str>>,
    /// Version that the project's copy declares.
    pub project_version: Option<Box<str>>,
    /// For conflicts: whether the three contents merge; none while nobody tried, and where nobody can say.
    pub mergeable: Option<bool>,
    /// When this state was first seen; none for `in_sync`.
    pub since: Option<Timestamp>,
    /// The branch that it follows by its name; none for whatever the collection has.
    pub follows: Option<Arc<Follows>>,
    /// What a person should know beside the state.
    pub message: Option<Box<str>>,
}

/// The recorded hashes of what a merge is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sides {
    /// What was deployed.
    pub base: ContentHash,
    /// What the project has.
    pub ours: ContentHash,
    /// What the collection has, or the branch that is followed.
    pub theirs: ContentHash,
}

/// A branch that a copy follows by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follows {
    /// The collection's id.
    pub collection: Arc<str>,
    /// Its name.
    pub branch: Arc<str>,
    /// Where it ends: the collection's side of the item.
    pub tip: Tip,
}

impl ItemView {
    /// Whether both sides declare a version, and not the same.
    pub fn version_mismatch(&self) -> bool {
        matches!((&self.collection_version, &self.project_version), (Some(a), Some(b)) if a != b)
    }

    /// The branch that its collection's side is the tip of; none where that is what the collection has.
    pub fn line(&self) -> Option<&str> {
        self.follows.as_deref().filter(|follows| follows.tip != Tip::Current).map(|follows| &*follows.branch)
    }

    /// Whether its copy was given conflict markers, and nothing ended that.
    pub fn is_marked(&self) -> bool {
        self.recommendation == Some(Recommendation::ResolveMarkers)
    }

    /// The three contents that a merge would be of; none where nothing is in conflict, nobody recorded what was deployed, or the
    /// copy holds markers.
    pub fn sides(&self) -> Option<Sides> {
        let (base, ours, theirs) = (self.baseline()?, self.project_hash?, self.collection_hash?);
        (self.state == DriftState::Conflict && !self.is_marked()).then_some(Sides { base, ours, theirs })
    }

    /// Content recorded at deployment.
    pub fn baseline(&self) -> Option<ContentHash> {
        self.record.as_ref().and_then(|r| r.baseline)
    }
}

/// One collection.
#[derive(Clone, Debug)]
pub struct CollectionView {
    /// UUID.
    pub id: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// Names it had before.
    pub former_names: Vec<Arc<str>>,
    /// Absolute path.
    pub path: Arc<str>,
    /// Why its manifest cannot be used.
    pub unreadable: Option<Arc<str>>,
    /// By key; manifest entries and what is on disk only.
    pub artifacts: Vec<Arc<ArtifactView>>,
    /// By position.
    pub groups: Arc<[Group]>,
    /// In manifest order.
    pub tags: Arc<[TagDefinition]>,
    /// What could not be read.
    pub problems: Arc<[Problem]>,
}

impl CollectionView {
    /// The artifact of this key.
    pub fn artifact(&self, key: &ArtifactKey) -> Option<&Arc<ArtifactView>> {
        let at = self.artifacts.binary_search_by(|a| a.entry.key.cmp(key)).ok()?;
        self.artifacts.get(at)
    }
}

/// One artifact of one collection.
#[derive(Clone, Debug)]
pub struct ArtifactView {
    /// What the manifest and the frontmatter say.
    pub entry: Arc<Entry>,
    /// What its files are; none until they were read for the first time.
    pub tree: Option<Tree>,
    /// Content recorded in `collection.lock`.
    pub locked: Option<ContentHash>,
}
