//! Tags: names that people give to versions of an artifact.
//!
//! A tag is one version's; giving it to another takes it away from the first. What is tagged is never collected.

use super::find::Numbered;
use super::rows;
use super::sight::VersionId;
use crate::database::value::Col;
use crate::history::{Batch, History, HistoryError};
use crate::model::Timestamp;
use skillmeat_protocol::ids::ArtifactKey;

/// A name of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The name.
    pub name: String,
    /// Which version.
    pub version: VersionId,
    /// Since when.
    pub at: Timestamp,
}

impl Numbered for Tag {
    fn called(&self) -> String {
        format!("tag '{}'", self.name)
    }
}

impl History {
    /// The tags of an artifact, by name.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn tags(&self, key: &ArtifactKey) -> Result<Vec<Tag>, HistoryError> {
        let found = rows::tags(&self.lock(), key).map_err(self.failed("read"))?;
        found.into_iter().map(|tag| self.believed(tag)).collect()
    }
}

impl Batch<'_> {
    /// Gives a version a tag, which no other has from then on.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn tag(&self, key: &ArtifactKey, tag: &Tag) -> Result<(), HistoryError> {
        rows::set_tag(&self.transaction, key, tag).map_err(self.history.failed("write"))
    }

    /// Takes a tag away; whether there was one.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn untag(&self, key: &ArtifactKey, name: &str) -> Result<bool, HistoryError> {
        self.transaction
            .prepare_cached("DELETE FROM version_tags WHERE type = ?1 AND name = ?2 AND tag = ?3")
            .and_then(|mut delete| delete.execute(rusqlite::params![Col(key.kind), key.name, name]))
            .map(|count| count > 0)
            .map_err(self.history.failed("write"))
    }
}
