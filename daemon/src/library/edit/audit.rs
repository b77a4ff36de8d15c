//! `<collection>_rollback_audit.toml`: one rollback more (formats-versions §3).

use super::dialect::{Fields, Node};
use super::error::EditError;
use super::list::{self, Kept, Shape, WhenEmpty};
use super::source::{Before, Edits, Source};
use super::times;
use crate::library::audit::{self, AuditEntry};
use jiff::tz::TimeZone;
use toml_edit::Item;

const KEYS: [&str; 15] = [
    "id",
    "timestamp",
    "collection_name",
    "source_snapshot_id",
    "target_snapshot_id",
    "operation_type",
    "files_restored",
    "files_merged",
    "conflicts_resolved",
    "conflicts_pending",
    "preserve_changes_enabled",
    "success",
    "selective_paths",
    "error",
    "metadata",
];
const SHAPE: Shape = Shape { key: "entries", root: &["entries"], order: |_| &KEYS, when_empty: WhenEmpty::Written };

/// Adds a rollback behind the others, with an id that none of them has.
///
/// # Errors
/// The file cannot be read.
pub fn add(before: &Before<'_>, new: &AuditEntry, zone: &TimeZone) -> Result<String, EditError> {
    let source = Source::parse(before)?;
    let elements = list::elements(&source, &SHAPE)?;
    let id = |table: &&dyn toml_edit::TableLike| table.get("id").and_then(Item::as_str).map(str::to_owned);
    let taken: Vec<String> = elements.iter().filter_map(id).collect();
    let kept: Vec<Kept> = (0..elements.len()).map(|index| Kept { index, changes: Vec::new() }).collect();
    let mut fields: Fields = Vec::new();
    let mut field = |key: &str, value: Node| fields.push((key.to_owned(), value));
    field("id", Node::Text(audit::free_id(new.at, zone, &taken)));
    field("timestamp", times::local(new.at, zone));
    field("collection_name", Node::from(new.collection.as_str()));
    field("source_snapshot_id", Node::from(new.source.as_str()));
    field("target_snapshot_id", Node::from(new.target.as_str()));
    field("operation_type", Node::from(new.operation.as_str()));
    field("files_restored", Node::texts(&new.restored));
    field("files_merged", Node::texts(&new.merged));
    field("conflicts_resolved", Node::List(Vec::new()));
    field("conflicts_pending", Node::texts(&new.conflicts));
    field("preserve_changes_enabled", Node::Flag(new.preserving));
    field("success", Node::Flag(new.error.is_none()));
    if !new.paths.is_empty() {
        field("selective_paths", Node::texts(&new.paths));
    }
    if let Some(error) = &new.error {
        field("error", Node::from(error.as_str()));
    }
    let mut edits = Edits::default();
    list::rewrite(&source, &mut edits, &SHAPE, &kept, &[fields])?;
    source.finish(edits)
}
