//! Nothing is lost from the content store: what the journal says that there was, can be read whole; and versions are told of
//! what was done, and of nothing else.
//!
//! Of a daemon that is not running: what is on the disk is what counts, not what somebody still has in memory.

use std::io;
use std::path::Path;

use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeatd::history::{
    Cause, ContentEntry, ContentId, EntryKind, History, HistoryError, Journalled, Listed, OperationState, Origin,
    Scope, Seen, Spot, Tag,
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

/// Lets the history know an artifact as it is now as a version with a tag, seen in a project that is no more.
///
/// # Panics
/// When it cannot be stored.
pub(super) fn tagged(history: &Path, artifact: &Path, key: &str, tag: &str) {
    private_dir::ensure(history.parent().expect("a file has a directory")).expect("a directory of the sandbox");
    let history = History::open(history, Timestamp(0)).expect("there is none yet");
    let staged = history.read(artifact, Scope::Resolved).expect("it was made");
    let hash = staged.capture().recorded.expect("it is no link").hash;
    let key: ArtifactKey = key.parse().expect("a key");
    let spot = Spot::Project { path: "/no/project".into(), profile: "claude_code".to_owned() };
    let written = history.batch(|batch| {
        let content = Some(batch.keep(staged)?.id);
        let (origin, cause) = (Origin::LocalModification, Cause::Found { baseline: None });
        batch.found(&Seen { key: key.clone(), spot, hash: Some(hash), content, origin, cause }, Timestamp(0))?;
        let version = batch.version_of(&key, hash)?.expect("it was found");
        batch.tag(&key, &Tag { name: tag.to_owned(), version, at: Timestamp(0) })
    });
    written.unwrap_or_else(|error: HistoryError| panic!("{error}"));
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
const MOVING: [&str; 14] = [
    "deploy",
    "undeploy",
    "pull",
    "push",
    "sync",
    "import",
    "add",
    "remove",
    "rename",
    "version restore",
    "version switch",
    "resolve --continue",
    "promote",
    "fan-out",
];

/// One that was done made versions, one that was taken back made none.
fn told(history: &History, journalled: &Journalled) -> Result<(), String> {
    let (id, verb) = (journalled.id, &journalled.operation.verb);
    let (_, seen) = history.seen_before(id).map_err(|e| e.to_string())?;
    let is_done = matches!(journalled.state, OperationState::Done | OperationState::Undone);
    let switches = history.switched_back(id).map_err(|e| e.to_string())?.len();
    if verb == "version switch" && switches != usize::from(is_done) {
        return Err(format!(
            "operation {id}, {verb}, is {} and switched {switches} branches",
            journalled.state.as_str()
        ));
    }
    let moves = history.drawn_back(id).map_err(|e| e.to_string())?.len();
    let turns = history.turned_back(id).map_err(|e| e.to_string())?.len();
    let is_onto_branch = journalled.operation.request.starts_with("{\"push_branch\"");
    let is_of_branch = journalled.operation.request.starts_with("{\"deploy_branch\"");
    if !is_done && moves + turns > 0
        || is_onto_branch && moves != usize::from(is_done)
        || is_of_branch && turns != usize::from(is_done)
    {
        let state = journalled.state.as_str();
        return Err(format!("operation {id}, {verb}, is {state}, moved {moves} branches and turned {turns} copies"));
    }
    if is_onto_branch {
        return Ok(());
    }
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
