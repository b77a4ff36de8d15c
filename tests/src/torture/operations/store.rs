//! Nothing is lost from the content store: what the journal says that there was, can be read whole.
//!
//! Of a daemon that is not running: what is on the disk is what counts, not what somebody still has in memory.

use std::io;
use std::path::Path;

use skillmeat_protocol::hash::ContentHash;
use skillmeatd::history::{ContentEntry, ContentId, EntryKind, History, HistoryError, Listed, Scope};
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
        for step in &journalled.operation.steps {
            for id in [step.before, step.after].into_iter().flatten() {
                whole(&history, id)
                    .map_err(|e| format!("operation {}, {}: {e}", journalled.id, step.target.display()))?;
                read += 1;
            }
        }
    }
    Ok(read)
}

fn whole(history: &History, id: ContentId) -> Result<(), HistoryError> {
    for ContentEntry { kind, .. } in history.content(id)?.entries {
        if let EntryKind::File { hash, .. } = kind {
            history.read_blob(ContentHash(hash), io::sink())?;
        }
    }
    Ok(())
}
