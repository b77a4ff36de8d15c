//! Artifacts of a collection: `[[artifacts]]` in `collection.toml` (formats-core §2.1).
//!
//! An entry is known by type and normalised name; of two that are the same, the first is meant, as for the reader.

use super::collection;
use super::dialect::{Fields, Node};
use super::error::EditError;
use super::groups;
use super::list::{self, Kept, Shape, WhenEmpty};
use super::source::{Before, Edits, Source};
use super::table::{self, Change};
use super::times;
use crate::library::portable::{name_flaw, relative_path};
use crate::library::profile::PLATFORMS;
use crate::model::Timestamp;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use std::path::Path;
use toml_edit::{Item, TableLike};

/// Keys of an entry, in the order of the original.
const KEYS: [&str; 16] = [
    "name",
    "type",
    "path",
    "origin",
    "added",
    "upstream",
    "version_spec",
    "resolved_sha",
    "resolved_version",
    "last_updated",
    "discovered_at",
    "tags",
    "origin_source",
    "target_platforms",
    "import_id",
    "uuid",
];
const METADATA_KEYS: [&str; 5] = ["title", "description", "author", "license", "version"];
const METADATA: &str = "metadata";

/// What the original can read; any other value makes it lose the whole collection.
const ORIGINS: [&str; 3] = ["local", "github", "marketplace"];

/// Where a marketplace gets its artifacts from. The original reads this of artifacts from marketplaces only.
const ORIGIN_SOURCES: [&str; 3] = ["github", "gitlab", "bitbucket"];

const SHAPE: Shape = Shape { key: "artifacts", root: &collection::ROOT, order, when_empty: WhenEmpty::Written };

fn order(table: &str) -> &'static [&'static str] {
    match table {
        METADATA => &METADATA_KEYS,
        _ => &KEYS,
    }
}

/// What an artifact says of itself, as far as a collection records it. None is written as an absent key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryMetadata {
    /// Title.
    pub title: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Author.
    pub author: Option<String>,
    /// License.
    pub license: Option<String>,
    /// Declared version.
    pub version: Option<String>,
}

/// A field of an entry and what it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// Where it is, relative to the collection.
    Path(String),
    /// `local`, `github` or `marketplace`.
    Origin(String),
    /// When it was added.
    Added(Timestamp),
    /// What it says of itself.
    Metadata(EntryMetadata),
    /// Where it came from.
    Upstream(Option<String>),
    /// Which version was asked for.
    VersionSpec(Option<String>),
    /// The commit that was fetched.
    ResolvedSha(Option<String>),
    /// The version that was fetched.
    ResolvedVersion(Option<String>),
    /// When it was last updated.
    LastUpdated(Option<Timestamp>),
    /// When it was discovered.
    DiscoveredAt(Option<Timestamp>),
    /// Tags, in order; old files have some in `metadata`, which are replaced too.
    Tags(Vec<String>),
    /// Which marketplace it came from.
    OriginSource(Option<String>),
    /// Platforms that it is for; empty for all.
    TargetPlatforms(Vec<String>),
    /// Which import it came with.
    ImportId(Option<String>),
    /// Identity, 32 hex digits.
    Uuid(Option<String>),
}

/// An artifact to be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// Type.
    pub kind: ArtifactType,
    /// Name, as it shall be written.
    pub name: String,
    /// Where it is, relative to the collection.
    pub path: String,
    /// `local`, `github` or `marketplace`.
    pub origin: String,
    /// When it was added.
    pub added: Timestamp,
    /// Everything else.
    pub fields: Vec<Field>,
}

/// Lists `entry` after the others.
///
/// # Errors
/// The file cannot be read, has the artifact already, or the entry says what the original could not read.
pub fn add(before: &Before<'_>, entry: &NewEntry, at: Timestamp) -> Result<String, EditError> {
    let source = collection::parse(before)?;
    let key = ArtifactKey::new(entry.kind, &entry.name);
    check_name(before.file, &entry.name)?;
    if position(&source, &key)?.is_some() {
        return Err(EditError::taken(before.file, key.to_string()));
    }
    let (path, origin) = (Field::Path(entry.path.clone()), Field::Origin(entry.origin.clone()));
    let given = [path, origin, Field::Added(entry.added)];
    let mut all = vec![
        Change::new("name", Node::from(entry.name.as_str())),
        Change::new("type", Node::from(entry.kind.as_str())),
    ];
    all.extend(changes(before.file, given.iter().chain(&entry.fields))?);
    let new = table::merged(Vec::new(), &all, &order);
    check_whole(before.file, &new)?;
    let kept = kept(&source, |_| Some(Vec::new()))?;
    write(&source, &kept, &[new], at)
}

/// Changes `fields` of an entry.
///
/// # Errors
/// The file cannot be read, does not list the artifact, or a field is what the original could not read.
pub fn change(before: &Before<'_>, key: &ArtifactKey, fields: &[Field], at: Timestamp) -> Result<String, EditError> {
    let source = collection::parse(before)?;
    let index = listed(&source, key)?;
    let changes = changes(before.file, fields.iter())?;
    let there = source.fields(list::elements(&source, &SHAPE)?[index]);
    check_whole(before.file, &table::merged(there, &changes, &order))?;
    let kept = kept(&source, |other| Some(if other == index { changes.clone() } else { Vec::new() }))?;
    write(&source, &kept, &[], at)
}

/// Takes an artifact off the list. Groups keep it as a member, so that putting it back brings it back there too.
///
/// # Errors
/// The file cannot be read, or does not list the artifact.
pub fn remove(before: &Before<'_>, key: &ArtifactKey, at: Timestamp) -> Result<String, EditError> {
    let source = collection::parse(before)?;
    listed(&source, key)?;
    let keys: Vec<_> = list::elements(&source, &SHAPE)?.into_iter().map(key_of).collect();
    let kept = kept(&source, |index| (keys[index].as_ref() != Some(key)).then(Vec::new))?;
    write(&source, &kept, &[], at)
}

/// Gives an artifact another name, in its entry and in every group, and `path` if it moves.
///
/// # Errors
/// The file cannot be read, does not list the artifact, lists another by the new name, or the name is none.
pub fn rename(
    before: &Before<'_>,
    key: &ArtifactKey,
    name: &str,
    path: Option<&str>,
    at: Timestamp,
) -> Result<String, EditError> {
    let source = collection::parse(before)?;
    check_name(before.file, name)?;
    let index = listed(&source, key)?;
    let new = ArtifactKey::new(key.kind, name);
    if new != *key && position(&source, &new)?.is_some() {
        return Err(EditError::taken(before.file, new.to_string()));
    }
    let path: Vec<_> = path.map(|path| Field::Path(path.to_owned())).into_iter().collect();
    let mut changes = changes(before.file, path.iter())?;
    changes.push(Change::new("name", Node::from(name)));
    let kept = kept(&source, |other| Some(if other == index { changes.clone() } else { Vec::new() }))?;
    let text = write(&source, &kept, &[], at)?;
    groups::rename_member(&Before { text: Some(&text), ..*before }, key, &new)
}

/// Gives the collection another name.
///
/// # Errors
/// The file cannot be read, or the name is empty.
pub fn rename_collection(before: &Before<'_>, name: &str, at: Timestamp) -> Result<String, EditError> {
    if name.trim().is_empty() {
        return Err(EditError::refused(before.file, name, "a collection has a name"));
    }
    let source = collection::parse(before)?;
    let mut edits = Edits::default();
    collection::touch(&source, &mut edits, Some(name), at)?;
    source.finish(edits)
}

fn write(source: &Source<'_>, kept: &[Kept], new: &[Fields], at: Timestamp) -> Result<String, EditError> {
    let mut edits = Edits::default();
    list::rewrite(source, &mut edits, &SHAPE, kept, new)?;
    collection::touch(source, &mut edits, None, at)?;
    source.finish(edits)
}

/// The elements that stay, with what changes in each; `of` gives none for one that goes.
fn kept(source: &Source<'_>, of: impl Fn(usize) -> Option<Vec<Change>>) -> Result<Vec<Kept>, EditError> {
    let count = list::elements(source, &SHAPE)?.len();
    Ok((0..count).filter_map(|index| Some(Kept { index, changes: of(index)? })).collect())
}

fn key_of(table: &dyn TableLike) -> Option<ArtifactKey> {
    let text = |key| table.get(key).and_then(Item::as_str);
    Some(ArtifactKey::new(text("type")?.parse().ok()?, text("name")?))
}

fn position(source: &Source<'_>, key: &ArtifactKey) -> Result<Option<usize>, EditError> {
    Ok(list::elements(source, &SHAPE)?.into_iter().position(|table| key_of(table).as_ref() == Some(key)))
}

fn listed(source: &Source<'_>, key: &ArtifactKey) -> Result<usize, EditError> {
    position(source, key)?.ok_or_else(|| EditError::missing(source.file, format!("entry {key}")))
}

fn check_name(file: &Path, name: &str) -> Result<(), EditError> {
    name_flaw(name).map_or(Ok(()), |flaw| Err(EditError::refused(file, name, flaw)))
}

fn changes<'f>(file: &Path, fields: impl Iterator<Item = &'f Field>) -> Result<Vec<Change>, EditError> {
    let mut changes = Vec::new();
    for field in fields {
        check(file, field)?;
        let text = |text: &Option<String>| text.as_deref().map(Node::from);
        let texts = |texts: &[String]| Some(Node::texts(texts)).filter(|_| !texts.is_empty());
        let change = match field {
            Field::Path(path) => Change::new("path", Node::from(path.as_str())),
            Field::Origin(origin) => Change::new("origin", Node::from(origin.as_str())),
            Field::Added(at) => Change::new("added", times::utc(*at)),
            Field::Upstream(url) => Change::new("upstream", text(url)),
            Field::VersionSpec(spec) => Change::new("version_spec", text(spec)),
            Field::ResolvedSha(sha) => Change::new("resolved_sha", text(sha)),
            Field::ResolvedVersion(version) => Change::new("resolved_version", text(version)),
            Field::LastUpdated(at) => Change::new("last_updated", at.map(times::utc)),
            Field::DiscoveredAt(at) => Change::new("discovered_at", at.map(times::utc)),
            Field::Tags(tags) => {
                // The reader adds the old ones, so what was taken away would come back.
                changes.push(Change { table: METADATA, key: "tags", value: None });
                Change::new("tags", texts(tags))
            }
            Field::OriginSource(source) => Change::new("origin_source", text(source)),
            Field::TargetPlatforms(platforms) => Change::new("target_platforms", texts(platforms)),
            Field::ImportId(id) => Change::new("import_id", text(id)),
            Field::Uuid(uuid) => Change::new("uuid", text(uuid)),
            Field::Metadata(metadata) => {
                let values =
                    [&metadata.title, &metadata.description, &metadata.author, &metadata.license, &metadata.version];
                let all = METADATA_KEYS.into_iter().zip(values);
                changes.extend(all.map(|(key, value)| Change { table: METADATA, key, value: text(value) }));
                continue;
            }
        };
        changes.push(change);
    }
    Ok(changes)
}

/// What two fields say together.
fn check_whole(file: &Path, fields: &Fields) -> Result<(), EditError> {
    let field = |key: &str| fields.iter().find(|(name, _)| name == key).map(|(_, node)| node);
    match field("origin_source") {
        Some(Node::Text(text)) if field("origin") != Some(&Node::from("marketplace")) => {
            Err(EditError::refused(file, text, "only what comes from a marketplace has an origin_source"))
        }
        _ => Ok(()),
    }
}

fn check(file: &Path, field: &Field) -> Result<(), EditError> {
    let one_of = |text: &str, all: &[&str]| {
        let why = || format!("it is none of {}", all.join(", "));
        if all.contains(&text) { Ok(()) } else { Err(EditError::refused(file, text, why())) }
    };
    match field {
        // Marketplace imports of the original are absolute (#20), and are left so; new ones are not.
        Field::Path(path) => relative_path(path).map(drop).map_err(|e| EditError::refused(file, path, e.to_string())),
        Field::Origin(origin) => one_of(origin, &ORIGINS),
        Field::OriginSource(Some(source)) => one_of(source, &ORIGIN_SOURCES),
        Field::TargetPlatforms(platforms) => platforms.iter().try_for_each(|platform| one_of(platform, &PLATFORMS)),
        _ => Ok(()),
    }
}
