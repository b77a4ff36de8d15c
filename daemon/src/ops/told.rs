//! How operations are told of: their items in a line, and what the protocol says of them.

use super::transaction::{Fate, Observer};
use crate::history::{self, Journalled};
use skillmeat_protocol::reply::{OperationInfo, OperationItem, Progress};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Items that a summary names.
const SUMMARISED: usize = 3;

/// An operation as the protocol tells it.
pub fn info_of(journalled: &Journalled) -> OperationInfo {
    use crate::history::OperationState as S;
    use skillmeat_protocol::reply::OperationState;
    let history::Operation { verb, at, undoes, roots, .. } = &journalled.operation;
    OperationInfo {
        operation: journalled.id.0.cast_unsigned(),
        verb: verb.clone(),
        at: at.to_string(),
        state: match journalled.state {
            S::Prepared | S::Applying | S::Swapped => OperationState::Running,
            S::Done => OperationState::Done,
            S::RolledBack => OperationState::RolledBack,
            S::Undone => OperationState::Undone,
        },
        roots: roots.iter().map(|root| root.path.to_string_lossy().into_owned()).collect(),
        undoes: undoes.map(|id| id.0.cast_unsigned()),
        summary: journalled.summary.clone().unwrap_or_default(),
    }
}

/// An item in a line: what, and where it goes.
pub fn label(item: &OperationItem) -> String {
    let name = item.kind.map_or_else(|| item.name.clone(), |kind| format!("{kind}:{}", item.name));
    match item.project.as_deref().and_then(|path| Path::new(path).file_name()) {
        Some(project) => format!("{name} → {}", project.to_string_lossy()),
        None => name,
    }
}

/// Who waits for an operation.
pub struct Watcher<'a> {
    /// Is told how far it is.
    pub progress: &'a mut dyn FnMut(Progress),
    /// Nobody waits any more: what has not begun is left.
    pub cancelled: &'a AtomicBool,
}

/// Passes on what a transaction says.
pub(super) struct Told<'a, 'w> {
    /// Who is told.
    pub(super) watcher: &'a mut Watcher<'w>,
    /// Of the items, in a line each.
    pub(super) labels: Vec<String>,
    /// The command.
    pub(super) verb: &'a str,
    /// Whether the daemon ends.
    pub(super) stopping: &'a AtomicBool,
}

impl Observer for Told<'_, '_> {
    fn summary(&self, fates: &[Fate]) -> String {
        let done = self.labels.iter().zip(fates).filter(|(_, fate)| matches!(fate, Fate::Done));
        let done: Vec<&str> = done.map(|(label, _)| label.as_str()).collect();
        let verb = self.verb;
        match done.as_slice() {
            [] => format!("{verb}: nothing was done"),
            few if few.len() <= SUMMARISED => format!("{verb} {}", few.join(", ")),
            many => format!("{verb} {} and {} more", many[..SUMMARISED].join(", "), many.len() - SUMMARISED),
        }
    }

    fn progress(&mut self, done: usize) {
        let at = self.labels.get(done).map(String::as_str).unwrap_or_default();
        (self.watcher.progress)(Progress {
            directories: 0,
            found: 0,
            at: format!("{} {at}", self.verb),
            done: done as u64,
            total: self.labels.len() as u64,
        });
    }

    fn is_cancelled(&self) -> bool {
        self.watcher.cancelled.load(Ordering::Relaxed) || self.stopping.load(Ordering::Relaxed)
    }

    fn cancelled(&self) -> &AtomicBool {
        self.watcher.cancelled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_told_with_what_comes_next() {
        let (mut heard, cancelled, stopping) = (Vec::new(), AtomicBool::new(false), AtomicBool::new(false));
        let mut watcher = Watcher { progress: &mut |at| heard.push((at.at, at.done, at.total)), cancelled: &cancelled };
        let labels = vec!["skill:a → p".to_owned(), "skill:b → p".to_owned()];
        let mut told = Told { watcher: &mut watcher, labels, verb: "deploy", stopping: &stopping };
        (0..=2).for_each(|done| told.progress(done));
        let expected = [("deploy skill:a → p", 0, 2), ("deploy skill:b → p", 1, 2), ("deploy ", 2, 2)];
        assert_eq!(heard, expected.map(|(at, done, total)| (at.to_owned(), done, total)));
    }
}
