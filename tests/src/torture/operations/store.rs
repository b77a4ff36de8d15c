//! Nothing is lost from the content store: what the journal says that there was, can be read whole; and versions are told of
//! what was done, and of nothing else.
//!
//! Of a daemon that is not running: what is on the disk is what counts, not what somebody still has in memory.

use std::io;
use std::path::Path;

use skillmeat_protocol::hash::ContentHash;
use skillmeatd::history::{
    ContentEntry, ContentId, EntryKind, History, HistoryError, Journalled, Listed, OperationState, Scope,
};
use skillmeatd::model::Timestamp;
use skillmeatd::os::private_dir;

/// Lets the history know an artifact as it is now, so that it can be the base of a merge.
///
/// # Panics
/// When it cannot be stored.
pub(super) fn remember(history: &Path, artifact: &Path) {
    private_dir::ensure(history.parent().expect("a file has a directory")).expect("a directory of the sandbox");
    let history = History::open(history, Timestamp(0)).expect("there is none yet");
    history.capture(artifact, Scope::Resolved).expect("it was made");
}

/// Reads every content that a step of any operation names, every byte of it. Gives how many there are.
///
/// # Errors
/// One is not there, or is not what it was; the database cannot be read.
pub(super) fn readable(history: &Path) -> Result<u64, String> {
    let history = History::open(history, Timestamp(0)).map_err(|e| e.to_string())?;
    let operations = history.list(&Listed { root: None, before: None, limit: u32::MAX }).map_err(|e| e.to_string())?;
    let mut read = 0;
    for journalled in operations {
        told(&history, &journalled)?;
        for step in &journalled.operation.steps {
            for id in [step.before, step.after].into_iter().flatten() {
                whole(&history, id)
                    .map_err(|e| format!("operation {}, {}: {e}", journalled.id, step.target.display()))?;
                read += 1;
            }
        }
    }
    let damage = history.verify(|_, _| true).map_err(|e| e.to_string())?.damage;
    match damage.first() {
        None => Ok(read),
        Some(first) => Err(first.to_string()),
    }
}

/// Operations that change what an artifact is somewhere.
const MOVING: [&str; 9] = ["deploy", "undeploy", "pull", "push", "sync", "import", "add", "remove", "rename"];

/// One that was done made versions, one that was taken back made none.
fn told(history: &History, journalled: &Journalled) -> Result<(), String> {
    let (id, verb) = (journalled.id, &journalled.operation.verb);
    let (_, seen) = history.seen_before(id).map_err(|e| e.to_string())?;
    let is_done = matches!(journalled.state, OperationState::Done | OperationState::Undone);
    match (is_done, seen.is_empty()) {
        (true, true) if MOVING.contains(&verb.as_str()) => Err(format!("operation {id}, {verb}, made no version")),
        (false, false) => Err(format!("operation {id}, {verb}, was taken back and made versions")),
        _ => Ok(()),
    }
}

fn whole(history: &History, id: ContentId) -> Result<(), HistoryError> {
    for ContentEntry { kind, .. } in history.content(id)?.entries {
        if let EntryKind::File { hash, .. } = kind {
            history.read_blob(ContentHash(hash), io::sink())?;
        }
    }
    Ok(())
}
