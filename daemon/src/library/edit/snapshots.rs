//! `snapshots.toml`: a snapshot more, or some fewer (formats-versions §2).

use super::dialect::{Fields, Node};
use super::error::EditError;
use super::list::{self, Kept, Shape, WhenEmpty};
use super::source::{Before, Edits, Source};
use super::times;
use crate::library::snapshots::SnapshotEntry;
use toml_edit::Item;

const KEYS: [&str; 5] = ["id", "timestamp", "message", "artifact_count", "tarball_path"];
const SHAPE: Shape = Shape { key: "snapshots", root: &["snapshots"], order: |_| &KEYS, when_empty: WhenEmpty::Written };

/// Adds a snapshot behind the others.
///
/// # Errors
/// The file cannot be read, or has one with this id.
pub fn add(before: &Before<'_>, new: &SnapshotEntry) -> Result<String, EditError> {
    let source = Source::parse(before)?;
    let ids = ids(&source)?;
    if ids.iter().any(|id| id.as_deref() == Some(&*new.id)) {
        return Err(EditError::taken(before.file, format!("a snapshot {}", new.id)));
    }
    let count = i64::try_from(new.artifact_count.unwrap_or(0)).unwrap_or(i64::MAX);
    let fields: Fields = vec![
        ("id".to_owned(), Node::from(new.id.as_str())),
        ("timestamp".to_owned(), times::utc(new.at)),
        ("message".to_owned(), Node::from(new.message.as_str())),
        ("artifact_count".to_owned(), Node::number(count)),
        ("tarball_path".to_owned(), Node::from(new.tarball_path.as_str())),
    ];
    let kept: Vec<Kept> = (0..ids.len()).map(|index| Kept { index, changes: Vec::new() }).collect();
    let mut edits = Edits::default();
    list::rewrite(&source, &mut edits, &SHAPE, &kept, &[fields])?;
    source.finish(edits)
}

/// Takes snapshots out; one that is not there changes nothing.
///
/// # Errors
/// The file cannot be read.
pub fn remove(before: &Before<'_>, gone: &[&str]) -> Result<String, EditError> {
    let source = Source::parse(before)?;
    let ids = ids(&source)?;
    let stays = |id: &Option<String>| id.as_deref().is_none_or(|id| !gone.contains(&id));
    let kept: Vec<Kept> = ids
        .iter()
        .enumerate()
        .filter(|(_, id)| stays(id))
        .map(|(index, _)| Kept { index, changes: Vec::new() })
        .collect();
    let mut edits = Edits::default();
    list::rewrite(&source, &mut edits, &SHAPE, &kept, &[])?;
    let text = source.finish(edits)?;
    // What parted the empty list from the tables that are gone.
    Ok(if kept.is_empty() && !ids.is_empty() { format!("{}{}", text.trim_end(), source.lines("\n")) } else { text })
}

fn ids(source: &Source<'_>) -> Result<Vec<Option<String>>, EditError> {
    let id = |table: &&dyn toml_edit::TableLike| table.get("id").and_then(Item::as_str).map(str::to_owned);
    Ok(list::elements(source, &SHAPE)?.iter().map(id).collect())
}
