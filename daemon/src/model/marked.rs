//! Copies that were given conflict markers, for a person to edit.

use super::Deployment;
use skillmeat_protocol::hash::ContentHash;

/// A copy that was given markers, and what of it must be as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The copy.
    pub copy: Deployment,
    /// The id of the collection that it came from.
    pub collection: String,
    /// What its record names.
    pub baseline: Option<ContentHash>,
    /// What it was before. A copy that is that again has no markers.
    pub ours: ContentHash,
}
