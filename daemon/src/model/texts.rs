//! Equal texts as one allocation: tens of thousands of records name a handful of profiles, platforms and collections.

use std::collections::HashSet;
use std::sync::Arc;

/// Texts met so far.
#[derive(Debug, Default)]
pub struct SharedTexts(HashSet<Arc<str>>);

impl SharedTexts {
    /// The text, shared with whoever asked for it before.
    pub fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.0.insert(Arc::clone(&new));
        new
    }
}
