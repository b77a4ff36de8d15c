//! Operations on collections as a whole: their groups, their names, their being there.
//!
//! Variant order is the wire: append only.

use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Parameters of `groups.*`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct GroupChange {
    /// In which collection, by name or id; the default one otherwise.
    pub collection: Option<String>,
    /// Name of the group.
    pub group: String,
    /// What happens to it.
    pub edit: GroupEdit,
}

/// What happens to a group. Positions are 0, 1, 2 … without gaps, always.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupEdit {
    /// It is made, as the last one.
    Create {
        /// Description.
        description: String,
        /// Colour.
        color: String,
        /// Icon.
        icon: String,
    },
    /// Artifacts join it, in this order, at the end or at a place.
    Add {
        /// `type:name` each.
        members: Vec<String>,
        /// Place among the members.
        at: Option<u32>,
    },
    /// Artifacts leave it.
    Remove {
        /// `type:name` each.
        members: Vec<String>,
    },
    /// It gets another place among the groups.
    Move {
        /// The place.
        to: u32,
    },
    /// Its members get another order.
    Reorder {
        /// All of them.
        members: Vec<String>,
    },
    /// It is made again under another name.
    Copy {
        /// The other name.
        to: String,
    },
    /// It gets another name.
    Rename {
        /// The other name.
        to: String,
    },
    /// It goes; its members stay in the collection.
    Delete,
}

/// Parameters of `collections.create`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct CollectionCreate {
    /// Its name.
    pub name: String,
}

/// Parameters of `collections.rename`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct CollectionRename {
    /// Name or id.
    pub collection: String,
    /// The new name.
    pub to: String,
}

/// Parameters of `collections.remove`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct CollectionRemove {
    /// Name or id.
    pub collection: String,
    /// Also when something of it is deployed, or it is not empty; a copy is kept in the history.
    pub force: bool,
}

/// Parameters of `collections.set_default`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct CollectionSetDefault {
    /// Name or id.
    pub collection: String,
}

/// Parameters of `collections.verify`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct CollectionVerify {
    /// Name or id; every collection otherwise.
    pub collection: Option<String>,
    /// Repair what can be repaired without losing anything.
    pub fix: bool,
}
