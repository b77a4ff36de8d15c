//! What one collection says of itself.

use super::time::Timestamp;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::{Group, Problem, TagDefinition};
use std::path::PathBuf;

/// What an artifact declares of itself, in its manifest entry or its frontmatter (formats-core §2.1, §3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the format's")]
pub struct Metadata {
    pub title: Option<String>,
    pub description: Option<String>,
    pub version: Option<String>,
    pub author: Option<String>,
    pub license: Option<String>,
    pub tags: Vec<String>,
}

/// One `[[artifacts]]` entry, or an artifact found on disk that has none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Type and normalised name.
    pub key: ArtifactKey,
    /// Path relative to the collection (absolute in some marketplace imports).
    pub path: PathBuf,
    /// `false` for an artifact found on disk only.
    pub in_manifest: bool,
    /// Declared metadata: the manifest's, completed from the frontmatter of the files.
    pub metadata: Metadata,
    /// `local`, `github` or `marketplace`.
    pub origin: Option<String>,
    /// Where it came from.
    pub upstream: Option<String>,
    /// Version of that source.
    pub resolved_version: Option<String>,
    /// The original's identifier.
    pub uuid: Option<String>,
    /// When it was added.
    pub added: Option<Timestamp>,
    /// What makes the entry unusable although its key is known.
    pub flaw: Option<EntryFlaw>,
}

/// Why an entry with a known key cannot be used; the same is among the scan's problems.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EntryFlaw(pub String);

/// One entry of `collection.lock`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LockEntry {
    /// Type and normalised name.
    pub key: ArtifactKey,
    /// Content when it was added or updated.
    pub content_hash: ContentHash,
    /// Version of the source it was fetched from.
    pub resolved_version: Option<String>,
}

/// One look at a collection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CollectionScan {
    /// Whether the directory is there.
    pub present: bool,
    /// Why `collection.toml` as a whole could not be used; then nothing is known of its artifacts.
    pub unreadable: Option<String>,
    /// Whether an entry is so malformed that its key is unknown; then an unlisted artifact may be that one.
    pub unnamed_flaws: bool,
    /// Manifest entries in manifest order, then artifacts found on disk only, by key.
    pub entries: Vec<Entry>,
    /// Entries of `collection.lock`.
    pub lock: Vec<LockEntry>,
    /// Groups, by position.
    pub groups: Vec<Group>,
    /// Tag definitions, in manifest order.
    pub tags: Vec<TagDefinition>,
    /// What is wrong with any of it.
    pub problems: Vec<Problem>,
    /// Directories whose entries decide this result: the collection and its container directories.
    pub directories: Vec<PathBuf>,
    /// Paths that decide it by their own coming and going only: what is above those, above entries elsewhere and on the
    /// way of links.
    pub ancestors: Vec<PathBuf>,
}

impl Entry {
    /// Whether `other` says the same but for what it declares of itself.
    fn is_same_but_metadata(&self, other: &Self) -> bool {
        let Self { key, path, in_manifest, metadata: _, origin, upstream, resolved_version, uuid, added, flaw } = self;
        (key, path, *in_manifest, origin) == (&other.key, &other.path, other.in_manifest, &other.origin)
            && (upstream, resolved_version, uuid) == (&other.upstream, &other.resolved_version, &other.uuid)
            && (added, flaw) == (&other.added, &other.flaw)
    }
}

impl CollectionScan {
    /// Whether `other` says the same but for what artifacts declare of themselves.
    pub fn is_same_but_metadata(&self, other: &Self) -> bool {
        let Self { present, unreadable, unnamed_flaws, entries, lock, groups, tags, problems, directories, ancestors } =
            self;
        (*present, unreadable, *unnamed_flaws) == (other.present, &other.unreadable, other.unnamed_flaws)
            && entries.len() == other.entries.len()
            && entries.iter().zip(&other.entries).all(|(entry, other)| entry.is_same_but_metadata(other))
            && (lock, groups, tags) == (&other.lock, &other.groups, &other.tags)
            && (problems, directories, ancestors) == (&other.problems, &other.directories, &other.ancestors)
    }
}
