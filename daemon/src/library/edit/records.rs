//! Deployment records: `.skillmeat-deployed.toml` (formats-core §4.1).
//!
//! A record is known by type, normalised name and profile. One that is written again keeps its place, its
//! `artifact_uuid` and every key that is not known here; a record that cannot be read stays as it is, since only whoever
//! wrote it knows what it was.

use super::dialect::{Fields, Node};
use super::error::EditError;
use super::list::{self, Kept, Shape, WhenEmpty};
use super::source::{Before, Edits, Source};
use super::table::Change;
use super::times;
use crate::library::deployed;
use crate::library::portable::{nested_name_flaw, relative_path};
use crate::library::problems::Problems;
use crate::library::profile::{PLATFORMS, default_profile_of};
use crate::model::Timestamp;
use jiff::tz::TimeZone;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::{HashMap, HashSet};

/// Keys of a record, in the order of the original.
const KEYS: [&str; 17] = [
    "artifact_name",
    "artifact_type",
    "from_collection",
    "deployed_at",
    "artifact_path",
    "content_hash",
    "local_modifications",
    "parent_hash",
    "version_lineage",
    "last_modified_check",
    "modification_detected_at",
    "merge_base_snapshot",
    "deployment_profile_id",
    "platform",
    "profile_root_dir",
    "artifact_uuid",
    "collection_sha",
];

const SHAPE: Shape = Shape { key: "deployed", root: &["deployed"], order: |_| &KEYS, when_empty: WhenEmpty::Omitted };

/// What a record says after an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord {
    /// Type and normalised name.
    pub key: ArtifactKey,
    /// The name as the manifest writes it.
    pub name: String,
    /// Name of the collection.
    pub from_collection: String,
    /// When it was deployed.
    pub deployed_at: Timestamp,
    /// Where the copy is, relative to the profile root.
    pub artifact_path: String,
    /// The baseline: content of collection and copy at deployment.
    pub content_hash: ContentHash,
    /// Contents that were deployed, newest first.
    pub lineage: Vec<ContentHash>,
    /// The content before this one.
    pub parent_hash: Option<ContentHash>,
    /// What the next merge starts from.
    pub merge_base: ContentHash,
    /// Deployment profile.
    pub profile_id: String,
    /// Its platform.
    pub platform: String,
    /// Its root, such as `.claude`.
    pub root_dir: String,
    /// Identity of the artifact, 32 hex digits. A record that has one keeps its own.
    pub artifact_uuid: Option<String>,
    /// When the copy was first seen to differ; none when it does not.
    pub modification_detected_at: Option<Timestamp>,
}

/// A file after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// What it says; none when the file shall be deleted, because nothing is left in it.
    pub text: Option<String>,
}

impl From<String> for Edited {
    fn from(text: String) -> Self {
        let nothing = text.trim_start_matches('\u{feff}').trim().is_empty();
        Self { text: Some(text).filter(|_| !nothing) }
    }
}

/// Which deployment a record is about: artifact and profile.
pub type RecordId = (ArtifactKey, String);

/// Writes `records`, each in the place of the one it follows on, else at the end. `zone` is the clock of `deployed_at`.
///
/// # Errors
/// The file cannot be read, or a record says what the original could not read.
pub fn upsert(before: &Before<'_>, records: &[NewRecord], zone: &TimeZone) -> Result<Edited, EditError> {
    for record in records {
        check(before, record)?;
    }
    let source = Source::parse(before)?;
    let there = identities(&source, zone)?;
    let mut wanted: HashMap<RecordId, &NewRecord> = HashMap::new();
    for record in records {
        wanted.insert((record.key.clone(), record.profile_id.clone()), record);
    }
    let mut written = HashSet::new();
    let mut kept = Vec::new();
    for (index, (id, has_uuid)) in there.iter().enumerate() {
        let record = id.as_ref().and_then(|id| wanted.get(id));
        match (record, id) {
            (Some(record), Some(id)) => {
                // The original knows one record of each identity; a second would be read instead of this one.
                if written.insert(id.clone()) {
                    kept.push(Kept { index, changes: changes(record, zone, *has_uuid) });
                }
            }
            _ => kept.push(Kept { index, changes: Vec::new() }),
        }
    }
    let mut new = Vec::new();
    for record in records {
        let id = (record.key.clone(), record.profile_id.clone());
        if let Some(record) = wanted.get(&id).filter(|_| !written.contains(&id)) {
            new.push(fields(record, zone));
            written.insert(id);
        }
    }
    let mut edits = Edits::default();
    list::rewrite(&source, &mut edits, &SHAPE, &kept, &new)?;
    source.finish(edits).map(Edited::from)
}

/// Takes the records of `ids` out. A file in which nothing is left is to be deleted, as the original does.
///
/// # Errors
/// The file cannot be read.
pub fn remove(before: &Before<'_>, ids: &[RecordId]) -> Result<Edited, EditError> {
    let source = Source::parse(before)?;
    let ids: HashSet<&RecordId> = ids.iter().collect();
    let there = identities(&source, &TimeZone::UTC)?;
    let stays = |(_, (id, _)): &(usize, (Option<RecordId>, bool))| !id.as_ref().is_some_and(|id| ids.contains(id));
    let kept: Vec<_> = there.into_iter().enumerate().filter(stays).collect();
    let kept: Vec<_> = kept.into_iter().map(|(index, _)| Kept { index, changes: Vec::new() }).collect();
    let mut edits = Edits::default();
    list::rewrite(&source, &mut edits, &SHAPE, &kept, &[])?;
    source.finish(edits).map(Edited::from)
}

/// What was at the place of each record before, the oldest first, as its lineage says: by where its own hash stands, since the
/// original writes the newest first in one place and last in another (formats-versions §7). Nothing where that does not tell.
///
/// # Errors
/// The file cannot be read.
pub fn ancestors(before: &Before<'_>) -> Result<HashMap<RecordId, Vec<ContentHash>>, EditError> {
    let source = Source::parse(before)?;
    let ids = identities(&source, &TimeZone::UTC)?;
    let mut unsaid = Problems::default();
    let listed = source.document.root().sections(SHAPE.key, &mut unsaid).sections;
    let mut ancestors = HashMap::new();
    for (section, (id, _)) in listed.iter().zip(ids) {
        let own = ["content_hash", "collection_sha"].iter().find_map(|key| section.item(key)?.as_str()?.parse().ok());
        let (Some(id), Some(own)) = (id, own) else { continue };
        let written = section.strings("version_lineage", &mut unsaid);
        let written: Option<Vec<ContentHash>> = written.iter().map(|hash| hash.parse().ok()).collect();
        ancestors.entry(id).or_insert_with(|| oldest_first(own, written.unwrap_or_default()));
    }
    Ok(ancestors)
}

fn oldest_first(own: ContentHash, mut lineage: Vec<ContentHash>) -> Vec<ContentHash> {
    if lineage.first() == Some(&own) {
        lineage.reverse();
    }
    let distinct: HashSet<&ContentHash> = lineage.iter().collect();
    if distinct.len() < lineage.len() || lineage.pop() != Some(own) {
        return Vec::new();
    }
    lineage
}

/// The lineage of each record in the file, newest first; of one that has none written, its own hash.
///
/// # Errors
/// The file cannot be read.
pub fn lineages(before: &Before<'_>, zone: &TimeZone) -> Result<HashMap<RecordId, Vec<ContentHash>>, EditError> {
    let source = Source::parse(before)?;
    let ids = identities(&source, zone)?;
    let mut unsaid = Problems::default();
    let listed = source.document.root().sections(SHAPE.key, &mut unsaid).sections;
    let mut lineages = HashMap::new();
    for (section, (id, _)) in listed.iter().zip(ids) {
        let Some(id) = id else { continue };
        let written = section.strings("version_lineage", &mut unsaid);
        let mut lineage: Vec<ContentHash> = written.iter().filter_map(|hash| hash.parse().ok()).collect();
        let own = ["content_hash", "collection_sha"].iter().find_map(|key| section.item(key)?.as_str()?.parse().ok());
        // The original writes the newest first in one place and last in another (formats-versions §7).
        if let Some(own) = own
            && lineage.first() != Some(&own)
        {
            if lineage.last() == Some(&own) {
                lineage.reverse();
            } else {
                lineage.insert(0, own);
            }
        }
        lineages.entry(id).or_insert(lineage);
    }
    Ok(lineages)
}

/// Adds records that are none of those in the file.
pub(super) fn append(before: &Before<'_>, new: &[Fields]) -> Result<String, EditError> {
    let source = Source::parse(before)?;
    let count = list::elements(&source, &SHAPE)?.len();
    let kept: Vec<_> = (0..count).map(|index| Kept { index, changes: Vec::new() }).collect();
    let mut edits = Edits::default();
    list::rewrite(&source, &mut edits, &SHAPE, &kept, new)?;
    source.finish(edits)
}

/// For each record in the file which it is, if that can be read, and whether it has a UUID.
fn identities(source: &Source<'_>, zone: &TimeZone) -> Result<Vec<(Option<RecordId>, bool)>, EditError> {
    let directory = source.file.parent().and_then(|root| root.file_name()).unwrap_or_default().to_string_lossy();
    let mut unsaid = Problems::default();
    if !source.root().contains_key(SHAPE.key) && source.root().contains_key("artifacts") {
        // Beside `deployed`, these records would count no more.
        let message = "holds records of an older generation, which must be converted first";
        return Err(source.document.problem_at(None, "artifacts", message).into());
    }
    // Refuses what is no list of tables, so that every section is an element.
    list::elements(source, &SHAPE)?;
    let listed = source.document.root().sections(SHAPE.key, &mut unsaid).sections;
    let identity = listed.iter().map(|section| {
        let record = deployed::deployed(section, zone, &mut unsaid);
        let id = record.map(|record| {
            let profile = default_profile_of(&record, &directory).to_owned();
            (record.key, profile)
        });
        (id, section.item("artifact_uuid").and_then(|item| item.as_str()).is_some_and(|uuid| !uuid.is_empty()))
    });
    Ok(identity.collect())
}

fn check(before: &Before<'_>, record: &NewRecord) -> Result<(), EditError> {
    let refuse = |what: &str, why: &str| Err(EditError::refused(before.file, what, why));
    if let Some(flaw) = nested_name_flaw(&record.name) {
        return refuse(&record.name, flaw);
    }
    if ArtifactKey::new(record.key.kind, &record.name) != record.key {
        return refuse(&record.name, "it is the name of another artifact");
    }
    if let Err(flaw) = relative_path(&record.artifact_path).and_then(|_| relative_path(&record.root_dir)) {
        return refuse(&record.artifact_path, &flaw.to_string());
    }
    if !PLATFORMS.contains(&record.platform.as_str()) {
        return refuse(&record.platform, "it is no platform that the original reads");
    }
    if record.from_collection.is_empty() || record.profile_id.is_empty() {
        return refuse(&record.name, "its record names no collection or no profile");
    }
    Ok(())
}

/// What the record says, key by key; none for a key that is to be absent.
fn values(record: &NewRecord, zone: &TimeZone) -> Vec<Change> {
    let text = |text: &str| Some(Node::from(text));
    let hash = |hash: &ContentHash| Some(Node::Text(hash.to_string()));
    let lineage: Vec<_> = record.lineage.iter().map(ToString::to_string).collect();
    vec![
        Change::new("artifact_name", text(&record.name)),
        Change::new("artifact_type", text(record.key.kind.as_str())),
        Change::new("from_collection", text(&record.from_collection)),
        Change::new("deployed_at", times::local(record.deployed_at, zone)),
        Change::new("artifact_path", text(&record.artifact_path)),
        Change::new("content_hash", hash(&record.content_hash)),
        Change::new("local_modifications", Node::Flag(false)),
        Change::new("parent_hash", record.parent_hash.as_ref().and_then(hash)),
        Change::new("version_lineage", Some(Node::texts(&lineage)).filter(|_| !lineage.is_empty())),
        Change::new("modification_detected_at", record.modification_detected_at.map(times::utc)),
        Change::new("merge_base_snapshot", hash(&record.merge_base)),
        Change::new("deployment_profile_id", text(&record.profile_id)),
        Change::new("platform", text(&record.platform)),
        Change::new("profile_root_dir", text(&record.root_dir)),
        Change::new("artifact_uuid", record.artifact_uuid.as_deref().map(Node::from)),
        Change::new("collection_sha", hash(&record.content_hash)),
    ]
}

fn changes(record: &NewRecord, zone: &TimeZone, has_uuid: bool) -> Vec<Change> {
    let mut changes = values(record, zone);
    changes.retain(|change| change.key != "artifact_uuid" || !has_uuid && change.value.is_some());
    changes
}

fn fields(record: &NewRecord, zone: &TimeZone) -> Fields {
    let pairs = values(record, zone).into_iter();
    pairs.filter_map(|change| Some((change.key.to_owned(), change.value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_a_lineage_follows_from_where_its_own_hash_stands() {
        let hashes = |bytes: &[u8]| bytes.iter().map(|byte| ContentHash([*byte; 32])).collect::<Vec<_>>();
        for (lineage, want) in [
            (&[][..], &[][..]),
            (&[3], &[]),
            (&[3, 2, 1], &[1, 2]),
            (&[1, 2, 3], &[1, 2]),
            // It cannot be told.
            (&[1, 3, 2], &[]),
            (&[1, 2], &[]),
            (&[3, 1, 3], &[]),
            (&[1, 1, 3], &[]),
        ] {
            assert_eq!(oldest_first(ContentHash([3; 32]), hashes(lineage)), hashes(want), "{lineage:?}");
        }
    }
}
