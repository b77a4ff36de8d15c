//! Requests about the history as a whole: what happened, and what of it is kept.

use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Parameters of `history.list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryQuery {
    /// Only what concerned this artifact.
    pub artifact: Option<String>,
    /// Only what concerned this project, by path or name.
    pub project: Option<String>,
    /// Only what concerned this collection, by name or id.
    pub collection: Option<String>,
    /// Only what happened since: RFC 3339, a date, or so long ago (`30m`, `12h`, `7d`, `2w`).
    pub since: Option<String>,
    /// At most so many; 0 leaves the choice to the daemon.
    pub limit: u32,
    /// Where an earlier page ended.
    pub before: Option<String>,
}

/// Parameters of `history.gc`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryGc {
    /// Say what would be removed, and remove nothing.
    pub dry_run: bool,
    /// What was seen within so many days stays; 90 when it is not said.
    pub days: Option<u32>,
}
