//! `collection.lock`: what each artifact was when it was added or updated (formats-core §2.2).

use super::dialect::{self, Node};
use super::error::EditError;
use super::source::{Before, Edits, Source};
use super::table::{self, Change};
use super::times;
use crate::library::init::EMPTY_LOCK;
use crate::library::lock;
use crate::library::portable::nested_name_flaw;
use crate::model::Timestamp;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use toml_edit::{Item, Table, Value};

const KEYS: [&str; 5] = ["content_hash", "fetched", "upstream", "resolved_sha", "resolved_version"];
const HEADER: &str = "[lock.entries]";

/// What is locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLock {
    /// Type.
    pub kind: ArtifactType,
    /// Name, as the manifest writes it.
    pub name: String,
    /// Content in the collection.
    pub content_hash: ContentHash,
    /// When it was fetched.
    pub fetched: Timestamp,
    /// Where it came from.
    pub upstream: Option<String>,
    /// The commit that was fetched.
    pub resolved_sha: Option<String>,
    /// The version that was fetched.
    pub resolved_version: Option<String>,
}

/// Locks an artifact, in the place of what was locked for it before, else after the others.
///
/// # Errors
/// The file cannot be read, or the entry is written in a way that cannot be changed.
pub fn set(before: &Before<'_>, new: &NewLock) -> Result<String, EditError> {
    check_name(before, &new.name)?;
    let source = Source::parse(&Before { text: before.text.or(Some(EMPTY_LOCK)), ..*before })?;
    let key = ArtifactKey::new(new.kind, &new.name);
    let changes = changes(new);
    let mut edits = Edits::default();
    let entries = entries(&source)?;
    if let Some((name, item)) = entries.and_then(|table| find(table, &key).next()) {
        let path = path(name);
        match item {
            Item::Table(table) => table::change(&source, &mut edits, table, &path, &changes, |_| &KEYS)?,
            Item::Value(Value::InlineTable(table)) => {
                if let (Some(text), Some(place)) = (table::inline(&source, table, &changes, &KEYS), table.span()) {
                    edits.replace(place, text);
                }
            }
            item => return Err(table::unusual(&source, &path, item.span())),
        }
        return source.finish(edits);
    }
    let fields = table::merged(Vec::new(), &changes, &|_| &KEYS);
    let text = dialect::standard_table(&path(&format!("{}::{}", new.name, new.kind)), &fields);
    // The original leaves the header out as soon as there is an entry.
    if let Some(block) = entries.filter(|table| table.is_empty()).and_then(|table| source.block(table))
        && source.text[block.lead..block.end].trim() == HEADER
    {
        edits.replace(block.lead..block.end, source.lines(&text));
        return source.finish(edits);
    }
    let lock = source.root().get("lock").and_then(Item::as_table);
    let last = entries.and_then(|table| source.blocks_below(table).last().copied());
    let last = last.or_else(|| lock.and_then(|table| source.blocks_below(table).last().copied()));
    let at = last.map_or(source.text.len(), |block| block.end);
    edits.replace(at..at, source.inserted(at, &format!("\n{text}")));
    source.finish(edits)
}

/// Unlocks an artifact; one that is not locked changes nothing.
///
/// # Errors
/// The file cannot be read.
pub fn remove(before: &Before<'_>, key: &ArtifactKey) -> Result<String, EditError> {
    let source = Source::parse(before)?;
    let mut edits = Edits::default();
    let Some(entries) = entries(&source)? else { return source.finish(edits) };
    let found: Vec<_> = find(entries, key).collect();
    let all = found.len() == entries.len() && source.block(entries).is_none();
    for (index, (name, item)) in found.into_iter().enumerate() {
        match item {
            Item::Table(table) if source.block(table).is_some() => {
                for block in source.blocks_below(table) {
                    let header = if all && index == 0 { source.lines(&format!("\n{HEADER}\n")) } else { String::new() };
                    edits.replace(source.with_blank_lines(block), header);
                }
            }
            Item::Value(value) if source.block(entries).is_some() => {
                let key = entries.key(name).and_then(toml_edit::Key::span);
                let (Some(key), Some(value)) = (key, value.span()) else { continue };
                edits.replace(source.line_start(key.start)..source.line_end(value.end), "");
            }
            item => return Err(table::unusual(&source, &path(name), item.span())),
        }
    }
    source.finish(edits)
}

/// Calls what is locked by another name; one that is not locked changes nothing.
///
/// # Errors
/// The file cannot be read, locks something by the new name already, or the name is none.
pub fn rename(before: &Before<'_>, key: &ArtifactKey, name: &str) -> Result<String, EditError> {
    check_name(before, name)?;
    let source = Source::parse(before)?;
    let mut edits = Edits::default();
    let Some(entries) = entries(&source)? else { return source.finish(edits) };
    let new = ArtifactKey::new(key.kind, name);
    if new != *key && find(entries, &new).next().is_some() {
        return Err(EditError::taken(before.file, new.to_string()));
    }
    if let Some((old, item)) = find(entries, key).next() {
        // A table that has tables of its own is named in their headers too.
        let tables = item.as_table().map_or(0, |table| source.blocks_below(table).len());
        let place = entries.key(old).and_then(toml_edit::Key::span).filter(|_| tables < 2);
        let place = place.ok_or_else(|| table::unusual(&source, &path(old), item.span()))?;
        edits.replace(place, dialect::key(&format!("{name}::{}", key.kind)));
    }
    source.finish(edits)
}

fn check_name(before: &Before<'_>, name: &str) -> Result<(), EditError> {
    let flaw = nested_name_flaw(name);
    let flaw = flaw.or(name.contains("::").then_some("the original divides an entry's name at '::'"));
    flaw.map_or(Ok(()), |flaw| Err(EditError::refused(before.file, name, flaw)))
}

fn path(name: &str) -> String {
    format!("lock.entries.{}", dialect::key(name))
}

/// The table of entries, if there is one.
fn entries<'d>(source: &'d Source<'_>) -> Result<Option<&'d Table>, EditError> {
    let table = |item: &'d Item, path: &str| match item {
        Item::Table(table) if !table.is_dotted() => Ok(table),
        item => Err(table::unusual(source, path, item.span())),
    };
    let Some(lock) = source.root().get("lock") else { return Ok(None) };
    let Some(entries) = table(lock, "lock")?.get("entries") else { return Ok(None) };
    table(entries, "lock.entries").map(Some)
}

fn find<'d>(entries: &'d Table, key: &ArtifactKey) -> impl Iterator<Item = (&'d str, &'d Item)> {
    entries.iter().filter(move |(name, _)| lock::key(name).as_ref() == Ok(key))
}

fn changes(new: &NewLock) -> Vec<Change> {
    let text = |text: &Option<String>| text.as_deref().map(Node::from);
    vec![
        Change::new("content_hash", Node::Text(new.content_hash.to_string())),
        Change::new("fetched", times::utc(new.fetched)),
        Change::new("upstream", text(&new.upstream)),
        Change::new("resolved_sha", text(&new.resolved_sha)),
        Change::new("resolved_version", text(&new.resolved_version)),
    ]
}
