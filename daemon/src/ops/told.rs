//! How operations are told of: their items in a line, and what the protocol says of them.

use crate::history::{self, Journalled};
use skillmeat_protocol::reply::{OperationInfo, OperationItem};
use std::path::Path;

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
