//! Snapshots of collections: what is asked of them, and the two operations that bring one back.
//!
//! A snapshot is named by its id, or by a beginning of it that fits one only. Variant order is the wire: append only.

use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// What is asked of snapshots. None of it changes a collection.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum SnapshotQuery {
    /// Takes one.
    Create(SnapshotCreate),
    /// The latest first, in pages.
    List(SnapshotList),
    /// One, with what is in it.
    Show(SnapshotName),
    /// How two differ, or one and the collection as it is now.
    Diff(SnapshotDiff),
    /// Removes some.
    Delete(SnapshotDelete),
    /// Removes those that are not worth their room any more.
    Prune(SnapshotPrune),
}

/// Parameters of `snapshots.create`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct SnapshotCreate {
    /// Of which collection, by name or id; the default one otherwise.
    pub collection: Option<String>,
    /// Why; at most 500 characters.
    pub message: Option<String>,
}

/// Parameters of `snapshots.list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct SnapshotList {
    /// Of which collection, by name or id; the default one otherwise.
    pub collection: Option<String>,
    /// At most so many, from 1; 50 when left out, and never more than 100.
    pub limit: Option<u32>,
    /// The last one that was seen: those after it.
    pub cursor: Option<String>,
}

/// Parameters of `snapshots.show`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct SnapshotName {
    /// Which.
    pub snapshot: String,
    /// Of which collection, by name or id; any otherwise.
    pub collection: Option<String>,
}

/// Parameters of `snapshots.diff`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct SnapshotDiff {
    /// The earlier side.
    pub from: String,
    /// The later side; the collection as it is now when left out.
    pub to: Option<String>,
    /// Of which collection, by name or id; any otherwise.
    pub collection: Option<String>,
}

/// Parameters of `snapshots.delete`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct SnapshotDelete {
    /// Which.
    pub snapshots: Vec<String>,
    /// Of which collection, by name or id; any otherwise.
    pub collection: Option<String>,
}

/// Parameters of `snapshots.prune`. What is left out is as the configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct SnapshotPrune {
    /// Of which collection, by name or id; the default one otherwise.
    pub collection: Option<String>,
    /// The newest so many stay; 0 for all.
    pub keep: Option<u32>,
    /// Older ones go; 0 for any age.
    pub max_age_days: Option<u32>,
    /// Those that people took, too.
    pub manual: bool,
    /// Say what would go, and remove nothing.
    pub dry_run: bool,
}

/// Parameters of `snapshots.restore`: a collection that is not there comes back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct SnapshotRestore {
    /// Which.
    pub snapshot: String,
    /// Of which collection, by name or id; any otherwise.
    pub collection: Option<String>,
    /// The name that it gets; that which it had otherwise.
    pub to: Option<String>,
}

/// Parameters of `rollback`: a collection becomes what it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Rollback {
    /// To which snapshot.
    pub snapshot: String,
    /// Of which collection, by name or id; any otherwise.
    pub collection: Option<String>,
    /// Only what operations changed since the snapshot goes; what people changed since stays.
    pub preserve_changes: bool,
    /// Only these files and directories, relative to the collection; empty for everything.
    pub paths: Vec<String>,
}
