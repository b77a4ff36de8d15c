//! Named moments of an operation, at which the tests end the process or make a step fail.
//!
//! The shipped program passes [`Faults::default`], which does nothing. The list is closed: a test walks it and fails when a
//! point is never reached, so no step can be added that nobody dies at.

use std::fmt;
use std::io;
use std::sync::Arc;

/// A moment between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each names what has just been done, in this order")]
pub enum Point {
    Planned,
    Captured,
    Journalled,
    StagingMade,
    Staged,
    Flushed,
    Applying,
    ParentsMade,
    Swapped,
    Pruned,
    TextsJournalled,
    TextSwapped,
    DirectoriesSynced,
    Complete,
    StagingRemoved,
    Done,
    RollbackBegun,
    RolledBack,
}

impl Point {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Planned,
        Self::Captured,
        Self::Journalled,
        Self::StagingMade,
        Self::Staged,
        Self::Flushed,
        Self::Applying,
        Self::ParentsMade,
        Self::Swapped,
        Self::Pruned,
        Self::TextsJournalled,
        Self::TextSwapped,
        Self::DirectoriesSynced,
        Self::Complete,
        Self::StagingRemoved,
        Self::Done,
        Self::RollbackBegun,
        Self::RolledBack,
    ];

    /// What it is called on the command line of a test.
    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

type Hook = Arc<dyn Fn(Point) -> io::Result<()> + Send + Sync>;

/// What happens at the points.
#[derive(Clone, Default)]
pub struct Faults(Option<Hook>);

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Faults").field(&self.0.is_some()).finish()
    }
}

impl Faults {
    /// `hook` is called at each point; its error fails the step that follows.
    pub fn at(hook: impl Fn(Point) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    pub(super) fn reach(&self, point: Point) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |hook| hook(point))
    }
}
