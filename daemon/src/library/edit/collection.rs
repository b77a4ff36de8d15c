//! What every change to `collection.toml` has in common: the order of its parts, and that `updated` says when.

use super::dialect::Node;
use super::error::EditError;
use super::source::{Before, Edits, Source};
use super::table::{self, Change};
use super::times;
use crate::model::Timestamp;

/// Keys of the root, in the order of the original.
pub(super) const ROOT: [&str; 5] = ["collection", "artifacts", "mcp_servers", "tag_definitions", "groups"];
const KEYS: [&str; 4] = ["name", "version", "created", "updated"];

/// Parses a collection's manifest. One that is not there cannot be changed: it is what makes a collection.
pub(super) fn parse<'t>(before: &Before<'t>) -> Result<Source<'t>, EditError> {
    if before.text.is_none() {
        return Err(EditError::missing(before.file, "such file"));
    }
    Source::parse(before)
}

/// Says in `[collection]` that the collection changed `at`, and what else changed there.
pub(super) fn touch(
    source: &Source<'_>,
    edits: &mut Edits,
    name: Option<&str>,
    at: Timestamp,
) -> Result<(), EditError> {
    let mut changes = vec![Change::new("updated", times::utc(at))];
    changes.extend(name.map(|name| Change::new("name", Node::from(name))));
    table::change_root(source, edits, "collection", &changes, |_| &KEYS)
}
