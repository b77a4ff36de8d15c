//! Copies that were given conflict markers: no file says so, and nobody is to take one for an edited copy.
//!
//! The history knows which they are, by its journal, and tells all of them anew whenever an operation may have changed that. Whether
//! a copy is one still follows from the hashes that it has: it was given markers between two contents, and while its record is what
//! it was then and it is not what it was before, it is what somebody makes of them.

use super::event::Now;
use super::followed::differing;
use super::items::Item;
use super::snapshot::CollectionRef;
use super::state::{Project, State};
use crate::model::Marked;
use skillmeat_protocol::event::CauseKind;
use skillmeat_protocol::hash::ContentHash;
use std::collections::HashMap;
use std::path::PathBuf;

/// What was given markers in each project.
pub(super) type MarkedCopies = HashMap<PathBuf, Vec<Marked>>;

/// What a copy with markers says of itself.
pub(super) const SAID: &str = "it was given conflict markers";

/// All of them by project.
pub(super) fn by_project(list: Vec<Marked>) -> MarkedCopies {
    let mut copies = MarkedCopies::new();
    for marked in list {
        copies.entry(marked.copy.project.clone()).or_default().push(marked);
    }
    copies
}

impl State {
    /// Takes in which copies were given markers: all of them.
    pub(super) fn marked(&mut self, list: Vec<Marked>, now: Now) {
        let old = std::mem::replace(&mut self.marked, by_project(list));
        let changed = differing(&old, &self.marked);
        self.reclassify_projects(changed, CauseKind::Record, now);
    }

    /// Whether a copy that has this content was given markers, and nothing ended that.
    pub(super) fn is_marked(
        &self,
        project: &Project,
        item: &Item,
        collection: Option<&CollectionRef>,
        here: Option<ContentHash>,
    ) -> bool {
        // Nearly always.
        let Some(copies) = self.marked.get(&*project.root) else { return false };
        let Some(record) = &item.record else { return false };
        let id = collection.and_then(|collection| collection.id.as_deref());
        copies.iter().any(|marked| {
            (&marked.copy.key, &*marked.copy.profile) == (&item.key, &*item.profile)
                && marked.baseline == record.baseline
                && here != Some(marked.ours)
                && id.is_none_or(|id| *id == *marked.collection)
        })
    }
}
