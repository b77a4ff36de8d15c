//! What one project says of itself.

use super::time::Timestamp;
use super::tree::Fingerprint;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::Problem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which generation of deployment record was read (formats-core §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordSchema {
    /// `[[deployed]]`, any generation that has it (0 to 4).
    Deployed,
    /// `[deployment]` and `[[artifacts]]` with hyphenated keys (generation S).
    Sync,
    /// `.claude/deployment.toml` (generation P): no hash, no collection.
    Plan,
}

/// One deployment record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// Type and normalised name.
    pub key: ArtifactKey,
    /// Deployment profile; `claude_code` when the record names none and its root is `.claude`.
    pub profile: Arc<str>,
    /// Platform, as written.
    pub platform: Option<Arc<str>>,
    /// Name of the collection it came from; none when the record's generation does not say.
    pub from_collection: Option<Arc<str>>,
    /// Absolute path of the deployed copy.
    pub path: Arc<Path>,
    /// Content at deployment.
    pub baseline: Option<ContentHash>,
    /// When it was deployed.
    pub deployed_at: Option<Timestamp>,
    /// When a modification was first detected, if the record says.
    pub modification_detected_at: Option<Timestamp>,
    /// Version that the record declares.
    pub version: Option<Box<str>>,
    /// Which generation it was read from.
    pub schema: RecordSchema,
    /// Line of the record in its file.
    pub line: u32,
    /// What makes it unusable although its key is known.
    pub flaw: Option<Box<str>>,
}

/// One profile root of a project.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Profile {
    /// `claude_code`, `codex`, `gemini`, `cursor`, or the directory's name without its dot.
    pub id: Arc<str>,
    /// Directory name, such as `.claude`.
    pub root: String,
    /// Whether it holds deployment records.
    pub has_records: bool,
}

/// An artifact found on disk that no record names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OnDisk {
    /// Type by its directory, normalised name.
    pub key: ArtifactKey,
    /// Profile whose root holds it.
    pub profile: Arc<str>,
    /// Absolute path.
    pub path: Arc<Path>,
}

/// A profile whose records could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Id of the profile.
    pub profile: Arc<str>,
    /// Names the file and the line.
    pub reason: Box<str>,
}

/// One look at a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectScan {
    /// Whether the root directory is there.
    pub present: bool,
    /// Name: from `.skillmeat-project.toml`, else that of the directory.
    pub name: String,
    /// Profile roots, by directory name.
    pub profiles: Vec<Profile>,
    /// Profiles whose records could not be read; what was known of them before is the better answer. Not stored.
    pub unread: Vec<Unread>,
    /// Records in file order, files by profile root.
    pub records: Vec<Arc<Record>>,
    /// Artifacts without a record, by profile and key.
    pub on_disk: Vec<OnDisk>,
    /// What is wrong with any of it.
    pub problems: Vec<Problem>,
    /// Directories whose entries decide this result: profile roots and their container directories.
    pub directories: Vec<PathBuf>,
    /// Paths that decide it by their own coming and going only: what is above those, above recorded copies and on the
    /// way of links.
    pub ancestors: Vec<PathBuf>,
    /// Digest of the stamps of all that decided this result, where stamps alone can say that it still holds.
    pub stamps: Option<Fingerprint>,
}

impl ProjectScan {
    /// Whether `other` says the same, whatever the stamps of what it was read from.
    pub fn is_same_but_stamps(&self, other: &Self) -> bool {
        let Self { present, name, profiles, unread, records, on_disk, problems, directories, ancestors, stamps: _ } =
            self;
        (*present, name, profiles, unread) == (other.present, &other.name, &other.profiles, &other.unread)
            && (records, on_disk) == (&other.records, &other.on_disk)
            && (problems, directories, ancestors) == (&other.problems, &other.directories, &other.ancestors)
    }
}
