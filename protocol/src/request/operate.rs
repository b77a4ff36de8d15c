//! Requests that change files. Each is one operation: planned, journalled, atomic, undoable.
//!
//! Artifacts are named `type:name`, or `name` alone where that fits exactly one; nothing is ever chosen among several.
//! Variant order is the wire: append only.

use super::across::{FanOut, Promote};
use super::branches::{DeployBranch, PushBranch, Switch};
use super::collections::{
    CollectionCreate, CollectionRemove, CollectionRename, CollectionSetDefault, CollectionVerify, GroupChange,
};
use super::conflicts::ConflictName;
use super::snapshots::{Rollback, SnapshotRestore};
use super::versions::Restore;
use crate::codec::{Decode, Encode};
use crate::ids::ArtifactType;
use serde::{Deserialize, Serialize};

/// An operation, or what it would do.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Operate {
    /// Answer with the plan and change nothing.
    pub dry_run: bool,
    /// What to do.
    pub operation: Operation,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// From a collection into projects.
    Deploy(Deploy),
    /// Out of a project again.
    Undeploy(Undeploy),
    /// What the collection changed, into the project.
    Pull(Transfer),
    /// What the project changed, into the collection.
    Push(Transfer),
    /// Both, as far as it is unambiguous.
    SyncProject(Transfer),
    /// Records what lies in a project as deployed.
    Adopt(Adopt),
    /// Drops records; the files stay.
    Forget(Forget),
    /// What lies in a project without a record, into a collection.
    Import(Import),
    /// Files from anywhere into a collection.
    Add(Add),
    /// Out of a collection; deployments stay.
    Remove(Remove),
    /// Another name in the collection; deployments stay what they are.
    Rename(Rename),
    /// Tags of artifacts.
    Tag(Tag),
    /// Groups of a collection.
    Group(GroupChange),
    /// A new collection.
    CollectionCreate(CollectionCreate),
    /// Another name for a collection.
    CollectionRename(CollectionRename),
    /// A collection and everything in it.
    CollectionRemove(CollectionRemove),
    /// The collection that is meant when none is named.
    CollectionSetDefault(CollectionSetDefault),
    /// Manifest, lock and disk against each other.
    CollectionVerify(CollectionVerify),
    /// Reverts operations.
    Undo(Undo),
    /// A collection that is not there, out of a snapshot.
    SnapshotRestore(SnapshotRestore),
    /// A collection becomes what it was.
    Rollback(Rollback),
    /// Puts a version back.
    Restore(Restore),
    /// Another branch becomes the current one.
    Switch(Switch),
    /// The tip of a branch, into projects.
    DeployBranch(DeployBranch),
    /// What one project changed, into the collection and from there to who follows.
    Promote(Promote),
    /// What the collection changed, into every clean copy.
    FanOut(FanOut),
    /// Ends a conflict with what was decided of its files.
    ConflictContinue(ConflictName),
    /// Forgets what was decided of a conflict, and takes its markers back.
    ConflictAbort(ConflictName),
    /// What the project changed, onto a branch.
    PushBranch(PushBranch),
}

impl Operation {
    /// The command: `deploy`, `collection create`.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Deploy(_) => "deploy",
            Self::Undeploy(_) => "undeploy",
            Self::Pull(_) => "pull",
            Self::Push(_) => "push",
            Self::SyncProject(_) => "sync",
            Self::Adopt(_) => "adopt",
            Self::Forget(_) => "forget",
            Self::Import(_) => "import",
            Self::Add(_) => "add",
            Self::Remove(_) => "remove",
            Self::Rename(_) => "rename",
            Self::Tag(_) => "tag",
            Self::Group(_) => "group",
            Self::CollectionCreate(_) => "collection create",
            Self::CollectionRename(_) => "collection rename",
            Self::CollectionRemove(_) => "collection remove",
            Self::CollectionSetDefault(_) => "collection set-default",
            Self::CollectionVerify(_) => "collection verify",
            Self::Undo(_) => "undo",
            Self::SnapshotRestore(_) => "snapshot restore",
            Self::Rollback(_) => "rollback",
            Self::Restore(_) => "version restore",
            Self::Switch(_) => "version switch",
            Self::DeployBranch(_) => "deploy",
            Self::Promote(_) => "promote",
            Self::FanOut(_) => "fan-out",
            Self::ConflictContinue(_) => "resolve --continue",
            Self::ConflictAbort(_) => "resolve --abort",
            Self::PushBranch(_) => "push",
        }
    }
}

/// Which artifacts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Which {
    /// `type:name`, or `name` where that is unambiguous.
    pub artifacts: Vec<String>,
    /// The members of this group of the collection.
    pub group: Option<String>,
    /// Everything that the operation could apply to.
    pub all: bool,
}

/// Under which deployment profiles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Profiles {
    /// Profile ids; empty means the project's primary one, or every one that has the artifact.
    pub profiles: Vec<String>,
    /// Every profile of the project.
    pub all_profiles: bool,
}

/// What to do where something else is in the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InTheWay {
    /// Leave it, and say what the ways on are.
    #[default]
    Refuse,
    /// Replace it; a copy is kept in the history.
    Force,
    /// Merge both, where that leaves no conflict.
    Merge,
}

/// How two sides that differ become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The source replaces the target; a copy of the target is kept in the history.
    Overwrite,
    /// Both merged, where that leaves no conflict.
    Merge,
    /// The source becomes an artifact of its own, called `<name>-fork`.
    Fork,
    /// Where both changed, nothing.
    Skip,
    /// Both merged; where that leaves conflicts in text, the project's copy gets them between markers.
    Markers,
    /// The project's copy, whichever way something goes: pulled, it stays and counts as edited from what the collection has.
    Ours,
    /// What the collection has, whichever way something goes; the history keeps the edits.
    Theirs,
    /// A person decides: where both changed, nothing is done, and the ways on are told.
    Prompt,
}

impl Strategy {
    /// What a configuration may name. Markers come into a file only when they are asked for.
    pub const CONFIGURABLE: [Self; 7] =
        [Self::Overwrite, Self::Merge, Self::Fork, Self::Skip, Self::Ours, Self::Theirs, Self::Prompt];

    /// The word of the JSON contract and of the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overwrite => "overwrite",
            Self::Merge => "merge",
            Self::Fork => "fork",
            Self::Skip => "skip",
            Self::Markers => "markers",
            Self::Ours => "ours",
            Self::Theirs => "theirs",
            Self::Prompt => "prompt",
        }
    }
}

/// Parameters of `deploy`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Deploy {
    /// Which.
    #[serde(flatten)]
    pub which: Which,
    /// From which collection, by name or id; without it the one that has each, or the default among several.
    pub collection: Option<String>,
    /// Into which registered projects, by path or name.
    pub projects: Vec<String>,
    /// Under which profiles.
    #[serde(flatten)]
    pub profiles: Profiles,
    /// Directory to deploy into instead of the type's own, relative to the project.
    pub dest_path: Option<String>,
    /// What to do where something else is in the way.
    pub in_the_way: InTheWay,
}

/// Parameters of `undeploy`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Undeploy {
    /// Which.
    #[serde(flatten)]
    pub which: Which,
    /// From which project, by path or name.
    pub project: String,
    /// Under which profiles.
    #[serde(flatten)]
    pub profiles: Profiles,
    /// Also where the copy was edited; a copy is kept in the history.
    pub force: bool,
}

/// Parameters of `pull`, `push` and `sync_project`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Transfer {
    /// Which; nothing named means everything that has something to transfer.
    #[serde(flatten)]
    pub which: Which,
    /// Between which project and its collections, by path or name.
    pub project: String,
    /// Under which profiles.
    #[serde(flatten)]
    pub profiles: Profiles,
    /// What to do where both sides changed, or others would be affected; without it, that is refused.
    pub strategy: Option<Strategy>,
}

/// Parameters of `adopt`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Adopt {
    /// Which.
    #[serde(flatten)]
    pub which: Which,
    /// In which project, by path or name.
    pub project: String,
    /// Under which profiles.
    #[serde(flatten)]
    pub profiles: Profiles,
    /// As deployed from which collection, by name or id.
    pub collection: Option<String>,
}

/// Parameters of `forget`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Forget {
    /// Which.
    #[serde(flatten)]
    pub which: Which,
    /// In which project, by path or name.
    pub project: String,
    /// Under which profiles.
    #[serde(flatten)]
    pub profiles: Profiles,
}

/// Parameters of `import`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Import {
    /// Which.
    #[serde(flatten)]
    pub which: Which,
    /// From which project, by path or name.
    pub project: String,
    /// Under which profiles.
    #[serde(flatten)]
    pub profiles: Profiles,
    /// Into which collection, by name or id; the default one otherwise.
    pub collection: Option<String>,
}

/// Parameters of `add`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Add {
    /// Absolute paths of files and directories.
    pub paths: Vec<String>,
    /// Type; told from layout and frontmatter otherwise.
    #[serde(rename = "type")]
    pub kind: Option<ArtifactType>,
    /// Name of a single one; that of its file or directory otherwise.
    pub name: Option<String>,
    /// Into which collection, by name or id; the default one otherwise.
    pub collection: Option<String>,
    /// Tags of all.
    pub tags: Vec<String>,
    /// Replace what has the same type and name; a copy is kept in the history.
    pub force: bool,
}

/// Parameters of `remove`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Remove {
    /// Which.
    #[serde(flatten)]
    pub which: Which,
    /// From which collection, by name or id; without it the one that has it.
    pub collection: Option<String>,
}

/// Parameters of `rename`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Rename {
    /// `type:name`, or `name` where that is unambiguous.
    pub artifact: String,
    /// The new name.
    pub to: String,
    /// In which collection, by name or id; without it the one that has it.
    pub collection: Option<String>,
}

/// Parameters of `tag`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Tag {
    /// Which.
    #[serde(flatten)]
    pub which: Which,
    /// In which collection, by name or id; without it the one that has it.
    pub collection: Option<String>,
    /// Tags to add.
    pub add: Vec<String>,
    /// Tags to take away.
    pub remove: Vec<String>,
}

/// Parameters of `undo`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Undo {
    /// Which operation; the last one that is not undone otherwise.
    pub operation: Option<u64>,
    /// The last one of this project, by path or name.
    pub project: Option<String>,
    /// The last one of this collection, by name or id.
    pub collection: Option<String>,
}

/// Parameters of `operations.list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct OperationsQuery {
    /// Only those of this project, by path or name.
    pub project: Option<String>,
    /// Only those of this collection, by name or id.
    pub collection: Option<String>,
    /// At most so many; 0 leaves the choice to the daemon.
    pub limit: u32,
    /// Only those before this one.
    pub before: Option<u64>,
}

/// Parameters of `operations.show`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct OperationId {
    /// Its number.
    pub operation: u64,
}
