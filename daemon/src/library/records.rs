//! Deployment records as read, whatever their schema (formats-core §4).
//!
//! Only type and name are required of a record. Whatever else is missing or damaged makes it less useful, never
//! invisible: a record that vanished would turn its files into untracked ones, which invites deleting them.

use super::portable::{nested_name_flaw, relative_path};
use super::problems::Problems;
use super::section::Section;
use crate::model::{RecordSchema, Timestamp};
use skillmeat_protocol::hash::{ContentHash, NotAHash};
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use skillmeat_protocol::reply::Problem;

/// One deployment record; the caller knows the project and the profile root of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedRecord {
    /// Type and normalised name.
    pub key: ArtifactKey,
    /// Deployment profile, as written.
    pub profile_id: Option<String>,
    /// Platform, as written; the original refuses values it does not know.
    pub platform: Option<String>,
    /// Profile root that the record names, relative to the project.
    pub root_dir: Option<String>,
    /// Collection by name. None in schemas that do not say.
    pub from_collection: Option<String>,
    /// Path relative to the profile root, or to the project (#8: try both, in this order). None in schemas that do not
    /// say: then [`layout::default_paths`](super::layout::default_paths).
    pub artifact_path: Option<String>,
    /// Content at deployment.
    pub baseline: Option<ContentHash>,
    /// When it was deployed.
    pub deployed_at: Option<Timestamp>,
    /// When a modification was first detected.
    pub modification_detected_at: Option<Timestamp>,
    /// Declared version.
    pub version: Option<String>,
    /// Schema of the file.
    pub schema: RecordSchema,
    /// Line of the record.
    pub line: u32,
    /// What makes it unusable although its key is known: a path that leads out of its root.
    pub flaw: Option<String>,
}

/// The records of one file, in file order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParsedRecords {
    /// Why the file as a whole could not be used; then nothing is known of its records, and those known before are the
    /// better answer. Also among the problems.
    pub unreadable: Option<String>,
    /// The records.
    pub records: Vec<ParsedRecord>,
    /// What is wrong with any of it.
    pub problems: Vec<Problem>,
}

impl ParsedRecords {
    /// A file that could not be used as a whole.
    pub(super) fn unreadable(problem: Problem) -> Self {
        Self { unreadable: Some(problem.message.clone()), records: Vec::new(), problems: vec![problem] }
    }
}

impl ParsedRecord {
    /// A record of which nothing but the key is known.
    pub(super) fn bare(key: ArtifactKey, schema: RecordSchema, line: u32) -> Self {
        Self {
            key,
            profile_id: None,
            platform: None,
            root_dir: None,
            from_collection: None,
            artifact_path: None,
            baseline: None,
            deployed_at: None,
            modification_detected_at: None,
            version: None,
            schema,
            line,
            flaw: None,
        }
    }
}

/// The key of a record, if name and type are usable; problems otherwise. Nested names are accepted here, since records
/// may name what deploying found in a folder.
pub(super) fn key(section: &Section<'_>, name: &str, kind: &str, problems: &mut Problems) -> Option<ArtifactKey> {
    let name_text = section.required_text(name, problems);
    let kind_text = section.required_text(kind, problems);
    let (name_text, kind_text) = (name_text?, kind_text?);
    if let Some(flaw) = nested_name_flaw(name_text) {
        problems.push(section.problem(name, flaw));
        return None;
    }
    match kind_text.parse::<ArtifactType>() {
        Ok(kind) => Some(ArtifactKey::new(kind, name_text)),
        Err(e) => {
            problems.push(section.problem(kind, e.to_string()));
            None
        }
    }
}

/// Stands where the original wants a hash and none is known: git's way to say that there is no object. Whatever is there
/// differs from it, so the original takes such a record for a conflict instead of losing the whole file.
pub const NO_HASH: ContentHash = ContentHash([0; 32]);

/// The hash at `key`, none when it is absent, empty or [`NO_HASH`]; what is no hash is a problem.
pub(super) fn hash(section: &Section<'_>, key: &str, problems: &mut Problems) -> Option<ContentHash> {
    let text = section.text(key, problems)?;
    if text.is_empty() {
        return None;
    }
    let hash = text.trim().parse().map_err(|e: NotAHash| problems.push(section.problem(key, e.to_string()))).ok();
    hash.filter(|hash| *hash != NO_HASH)
}

/// The path at `key`, made relative and safe; none when it is absent or empty. Anything else there is a problem and the
/// record's flaw: to look at the default path instead would be a guess against what somebody wrote.
pub(super) fn path(
    section: &Section<'_>,
    key: &str,
    flaw: &mut Option<String>,
    problems: &mut Problems,
) -> Option<String> {
    let message = match section.item(key)?.as_str() {
        Some("") => return None,
        Some(text) => match relative_path(text) {
            Ok(path) => return Some(path),
            Err(e) => format!("{e}: '{}'", text.escape_debug()),
        },
        None => "the path is not a string".to_owned(),
    };
    flaw.get_or_insert_with(|| message.clone());
    problems.push(section.problem(key, message));
    None
}
