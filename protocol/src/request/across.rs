//! Requests about one artifact in many projects.
//!
//! A copy *follows* an artifact of a collection when its record says that it came from there.

use super::operate::{Profiles, Strategy, Which};
use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Parameters of `blast_radius`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct BlastRadiusQuery {
    /// Of which artifact, as `type:name`, or `name` where that is unambiguous.
    pub artifact: String,
    /// Only copies that follow this collection, by name or id.
    pub collection: Option<String>,
}

/// Parameters of `fan_out`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct FanOut {
    /// Which artifacts of a collection.
    #[serde(flatten)]
    pub which: Which,
    /// Of which collection, by name or id; without it the one that has each, or the default among several.
    pub collection: Option<String>,
    /// Also where both sides changed, as far as that merges without a conflict.
    pub include_merges: bool,
}

/// Parameters of `promote`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(default)]
pub struct Promote {
    /// From which project, by path or name.
    pub project: String,
    /// Which artifact, as `type:name`, or `name` where that is unambiguous.
    pub artifact: String,
    /// The copy under which profile, where several have it.
    #[serde(flatten)]
    pub profiles: Profiles,
    /// What to do where the collection changed too; without it, both are merged where that leaves no conflict.
    pub strategy: Option<Strategy>,
    /// Also where copies elsewhere were edited: they stay as they are, and are in conflict from then on.
    pub force: bool,
    /// Into the clean followers, too.
    pub fan_out: bool,
}
