//! Answers about collections and their artifacts.

use super::Problem;
use crate::clock::Clock;
use crate::codec::{Decode, Encode};
use crate::drift::DriftState;
use crate::hash::ContentHash;
use crate::ids::ArtifactType;
use serde::{Deserialize, Serialize};

/// One deployment of an artifact (the shape of the original's `deployments_json`).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Deployment {
    /// Absolute path of the project.
    pub project_path: String,
    /// Name of the project.
    pub project_name: String,
    /// RFC 3339, UTC.
    pub deployed_at: Option<String>,
    /// Content in the project now.
    pub content_hash: Option<ContentHash>,
    /// Deployment profile.
    pub deployment_profile_id: String,
    /// Whether the copy differs from what was deployed.
    pub local_modifications: bool,
    /// Platform of the profile.
    pub platform: Option<String>,
    /// The state of this deployment.
    pub state: DriftState,
}

/// One artifact of one collection.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Artifact {
    /// Type.
    #[serde(rename = "type")]
    pub kind: ArtifactType,
    /// Name without a trailing extension.
    pub name: String,
    /// Name of the collection.
    pub collection: String,
    /// UUID of the collection.
    pub collection_id: String,
    /// Path relative to the collection.
    pub path: String,
    /// Whether `collection.toml` has it.
    pub in_manifest: bool,
    /// Whether its files are there.
    pub on_disk: bool,
    /// Content now; `null` when absent or unreadable.
    pub content_hash: Option<ContentHash>,
    /// Whether the content differs from what `collection.lock` recorded; `null` without an entry.
    pub modified_since_lock: Option<bool>,
    /// Declared title.
    pub title: Option<String>,
    /// Declared description.
    pub description: Option<String>,
    /// Declared version.
    pub version: Option<String>,
    /// Declared author.
    pub author: Option<String>,
    /// Declared licence.
    pub license: Option<String>,
    /// Tags, in manifest order.
    pub tags: Vec<String>,
    /// Groups of the collection that it is in.
    pub groups: Vec<String>,
    /// `local`, `github` or `marketplace`.
    pub origin: Option<String>,
    /// Where it came from.
    pub upstream: Option<String>,
    /// Files in it.
    pub file_count: u32,
    /// Their bytes.
    pub total_size: u64,
    /// Where it is deployed.
    pub deployments: Vec<Deployment>,
    /// What a person should know, such as an unreadable file.
    pub message: Option<String>,
}

/// Answer to `list` and `show`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ListReply {
    /// The history that this answer shows.
    pub clock: Clock,
    /// Whether it reflects everything that finished before the request.
    pub fresh: bool,
    /// Why it may not.
    pub stale: Option<String>,
    /// By collection, type and name.
    pub artifacts: Vec<Artifact>,
    /// Pass as `cursor` for the next page.
    pub next: Option<String>,
}

/// One collection.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct CollectionInfo {
    /// UUID; follows a renamed directory.
    pub id: String,
    /// Name: that of its directory.
    pub name: String,
    /// Names it had before; deployment records that use one still find it.
    pub former_names: Vec<String>,
    /// Absolute path.
    pub path: String,
    /// Whether it is the configured default.
    pub default: bool,
    /// Whether its manifest could be read.
    pub readable: bool,
    /// Artifacts in the manifest.
    pub artifacts: u32,
    /// Artifacts on disk that the manifest lacks.
    pub unlisted: u32,
    /// Manifest entries without files.
    pub missing_files: u32,
    /// Deployments that came from it.
    pub deployments: u32,
}

/// Answer to `collections.list`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct CollectionsReply {
    /// The history that this answer shows.
    pub clock: Clock,
    /// By name.
    pub collections: Vec<CollectionInfo>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// A named list of artifacts of a collection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Colour.
    pub color: String,
    /// Icon.
    pub icon: String,
    /// Place among the groups.
    pub position: i64,
    /// Members, `type:name`.
    pub members: Vec<String>,
}

/// A tag that a collection defines.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
pub struct TagDefinition {
    /// Name.
    pub name: String,
    /// Slug.
    pub slug: String,
    /// Colour.
    pub color: String,
    /// Description.
    pub description: String,
}

/// Answer to `collections.show`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct CollectionReply {
    /// The history that this answer shows.
    pub clock: Clock,
    /// The collection.
    pub collection: CollectionInfo,
    /// By type and name.
    pub artifacts: Vec<Artifact>,
    /// By position.
    pub groups: Vec<Group>,
    /// In manifest order.
    pub tags: Vec<TagDefinition>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}
