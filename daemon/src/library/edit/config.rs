//! `config.toml`: the one setting that operations change.

use super::dialect::Node;
use super::error::EditError;
use super::source::{Before, Edits, Source};
use super::table::{self, Change};
use crate::library::init::DEFAULT_CONFIG;

/// Makes `name` the collection that is meant when none is named: `settings.default-collection`.
///
/// # Errors
/// The file cannot be read, or `settings` is something else than a table.
pub fn set_default_collection(before: &Before<'_>, name: &str) -> Result<String, EditError> {
    if name.trim().is_empty() {
        return Err(EditError::refused(before.file, name, "a collection has a name"));
    }
    let source = Source::parse(&Before { text: before.text.or(Some(DEFAULT_CONFIG)), ..*before })?;
    let mut edits = Edits::default();
    let change = [Change::new("default-collection", Node::from(name))];
    if source.root().contains_key("settings") {
        table::change_root(&source, &mut edits, "settings", &change, |_| &["default-collection"])?;
    } else {
        let fields = vec![("default-collection".to_owned(), Node::from(name))];
        let text = format!("\n{}", super::dialect::standard_table("settings", &fields));
        let at = source.text.len();
        edits.replace(at..at, source.inserted(at, &text));
    }
    source.finish(edits)
}
