//! Which copies were given markers, for the engine: it shows them as what they are, and not as edited.
//!
//! It hears of all of them after each commit that may have changed one, before the barrier that ends the operation.

use super::super::run::Operations;
use crate::engine::event::Event;
use crate::history::{Conflict, History, HistoryError};
use crate::model::{Deployment, Marked};
use std::sync::PoisonError;

impl Operations {
    /// Has the engine know what the history says of copies by now: what they follow, and which hold markers.
    pub(in crate::ops) fn tell_engine(&self, history: &History) {
        self.tell_followings(history);
        // Who read first must not tell last.
        let _told = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        match history.marked() {
            Ok(list) => self.engine.send(Event::Marked(list.into_iter().map(copy).collect())),
            Err(error) => tracing::error!(%error, "which copies hold conflict markers cannot be read"),
        }
    }
}

/// Which they are when the daemon starts. Without a history nobody knows, and nothing can be done with one either.
pub fn at_start(history: &Result<History, HistoryError>) -> Vec<Marked> {
    let Ok(history) = history else { return Vec::new() };
    let list = history.marked().unwrap_or_else(|error| {
        tracing::error!(%error, "which copies hold conflict markers cannot be read");
        Vec::new()
    });
    list.into_iter().map(copy).collect()
}

fn copy(conflict: Conflict) -> Marked {
    let place = conflict.place;
    Marked {
        copy: Deployment { key: place.key, project: place.project, profile: place.profile },
        collection: conflict.collection,
        baseline: conflict.baseline,
        ours: conflict.our_hash,
    }
}
