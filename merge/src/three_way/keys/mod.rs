//! Merging by key, where the lines of a file are in conflict and its keys are not.
//!
//! Two sides that each add a key at the same place, or change neighbouring ones, are a conflict by line and none by meaning. So
//! the files whose form is known are cut into their keys without a byte being left out (`document`), and the keys are merged
//! like the paths of a tree. A value is taken as its side wrote it. What is a conflict by key too stays one by line.
//!
//! The forms also say whether a text is whole: what parsed on both sides must parse when it is merged.

mod document;
mod frontmatter;
mod json;
mod meaning;
mod shape;
#[cfg(test)]
mod tests;
mod toml;

pub use shape::TomlShape;

use super::text::TextMerge;
use std::path::Path;

/// Texts above this are not merged by key: forms are cut up with more care than speed.
const LARGEST: usize = 1 << 20;

/// A form whose keys are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Toml,
    /// YAML between `---` lines at the top, by its top-level keys; any text below.
    Markdown,
}

impl Form {
    /// The form of a file with this name.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "json" => Some(Self::Json),
            "toml" => Some(Self::Toml),
            "md" | "markdown" => Some(Self::Markdown),
            _ => None,
        }
    }

    /// Whether a text is what its form says, with no key twice. Markdown without frontmatter is not.
    pub(super) fn is_whole(self, text: &[u8]) -> bool {
        text.len() <= LARGEST
            && match self {
                Self::Json => json::value(text).is_some(),
                Self::Toml => toml::is_whole(text),
                Self::Markdown => frontmatter::split(text).is_some_and(|(block, _)| frontmatter::map(block).is_some()),
            }
    }

    /// What becomes of three texts by their keys, if no key is in conflict and the result is whole.
    pub(super) fn merge(self, base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
        if [base, ours, theirs].iter().any(|text| text.len() > LARGEST) {
            return None;
        }
        let merged = match self {
            Self::Json => {
                let document::Value::Map(base) = json::value(base)? else { return None };
                let document::Value::Map(ours) = json::value(ours)? else { return None };
                let document::Value::Map(theirs) = json::value(theirs)? else { return None };
                base.merge(&ours, &theirs)?.text()
            }
            Self::Toml => toml::merge(&[], base, ours, theirs)?,
            Self::Markdown => {
                let (base, below) = frontmatter::split(base)?;
                let (ours, ours_below) = frontmatter::split(ours)?;
                let (theirs, theirs_below) = frontmatter::split(theirs)?;
                let maps = || {
                    let (base, ours, theirs) =
                        (frontmatter::map(base)?, frontmatter::map(ours)?, frontmatter::map(theirs)?);
                    Some(base.merge(&ours, &theirs)?.text())
                };
                let block = TextMerge::new(base, ours, theirs).merged().or_else(maps)?;
                [block, TextMerge::new(below, ours_below, theirs_below).merged()?].concat()
            }
        };
        self.is_whole(&merged).then_some(merged)
    }
}
