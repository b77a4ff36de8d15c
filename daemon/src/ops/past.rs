//! From what a request names to what the history knows: artifacts that may be gone from everywhere, and their versions.

use super::error::OpError;
use super::lookup::Name;
use crate::engine::snapshot::Snapshot;
use crate::history::{History, HistoryError, Sought, Version};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::BTreeSet;

/// The artifact that is meant. With its type it need not be anywhere any more; without, it is the only one of its name in
/// collections, projects and the history.
///
/// # Errors
/// `NotFound`, `Ambiguous`, `InvalidParams`.
pub fn artifact(snapshot: &Snapshot, history: &History, text: &str) -> Result<ArtifactKey, WireError> {
    let name = Name::read(text)?;
    if let Some(key) = name.key() {
        return Ok(key);
    }
    let in_collections = snapshot.collections.iter().flat_map(|c| c.artifacts.iter().map(|a| &a.entry.key));
    let in_projects = snapshot.projects.iter().flat_map(|project| project.items().map(|item| &item.key));
    let mut fitting: BTreeSet<ArtifactKey> =
        in_collections.chain(in_projects).filter(|key| name.fits(key)).cloned().collect();
    fitting.extend(history.artifacts_called(name.as_str()).map_err(wire)?);
    let all: Vec<String> = fitting.iter().map(ToString::to_string).collect();
    match (fitting.pop_first(), all.len()) {
        (Some(key), 1) => Ok(key),
        (None, _) => Err(WireError::new(ErrorCode::NotFound, format!("nothing is known of '{text}'"))
            .hint("write TYPE:NAME; `skillmeat list` shows what there is")),
        _ => Err(WireError::new(ErrorCode::Ambiguous, format!("'{text}' fits several: {}", all.join(", ")))
            .hint("write TYPE:NAME")),
    }
}

/// The version of an artifact that is meant.
///
/// # Errors
/// `NotFound`, `Ambiguous`; `Io` when the history cannot be read.
pub fn version(history: &History, key: &ArtifactKey, text: &str) -> Result<Version, WireError> {
    match history.version_named(key, text).map_err(wire)? {
        Sought::One(version) => Ok(*version),
        Sought::Nothing => Err(WireError::new(ErrorCode::NotFound, format!("{key} has no version '{text}'"))
            .hint(format!("skillmeat versions {key}"))),
        Sought::Several(hashes) => {
            let hashes: Vec<String> = hashes.iter().map(|hash| hash.to_string()[..16].to_owned()).collect();
            let message = format!("'{text}' fits several versions of {key}: {}", hashes.join(", "));
            Err(WireError::new(ErrorCode::Ambiguous, message).hint("write more digits"))
        }
    }
}

fn wire(error: HistoryError) -> WireError {
    OpError::from(error).to_wire()
}
