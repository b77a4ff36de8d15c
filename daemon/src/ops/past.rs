//! From what a request names to what the history knows: artifacts that may be gone from everywhere, and their versions.

use super::branches::{self, Line};
use super::error::wire;
use super::lookup::Name;
use super::plan::word;
use crate::engine::snapshot::Snapshot;
use crate::history::{History, Sought, Version};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::BTreeSet;

/// Bytes that a tag or the name of a branch may have.
const LONGEST_NAME: usize = 64;

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

/// The version of an artifact that is meant: by a tag, a branch, its hash or the beginning of it.
///
/// # Errors
/// `NotFound`, `Ambiguous`; `Io` when the history cannot be read.
pub fn version(history: &History, snapshot: &Snapshot, key: &ArtifactKey, text: &str) -> Result<Version, WireError> {
    match sought(history, snapshot, key, text)? {
        Sought::One(version) => Ok(*version),
        Sought::Nothing => Err(unknown(key, text)),
        Sought::Several(hashes) => {
            let hashes: Vec<String> = hashes.iter().map(|hash| hash.to_string()[..16].to_owned()).collect();
            let message = format!("'{text}' fits several versions of {key}: {}", hashes.join(", "));
            Err(WireError::new(ErrorCode::Ambiguous, message).hint("write more digits"))
        }
    }
}

/// The same, where there may be none.
///
/// # Errors
/// `Ambiguous` for a branch of several collections, `NotFound` for one of which the tip is not known yet; `Io`.
pub fn sought(history: &History, snapshot: &Snapshot, key: &ArtifactKey, text: &str) -> Result<Sought, WireError> {
    let found = history.version_named(key, text).map_err(wire)?;
    if found != Sought::Nothing {
        return Ok(found);
    }
    let name = |line: &Line| snapshot.collection(&line.collection).map(|collection| collection.name.to_string());
    let is_meant =
        |line: &Line| line.name == text || name(line).is_some_and(|name| text == format!("{name}/{}", line.name));
    let mut lines = branches::lines(snapshot, history, key)?;
    lines.retain(is_meant);
    let tips: BTreeSet<_> = lines.iter().map(|line| line.hash).collect();
    match (lines.pop(), tips.len()) {
        (None, _) => Ok(Sought::Nothing),
        (Some(Line { version: Some(version), .. }), 1) => Ok(Sought::One(Box::new(version))),
        (Some(line), 1) => {
            let place = name(&line).unwrap_or(line.collection);
            let message = format!("the history does not know yet what collection '{place}' has of {key}");
            Err(WireError::new(ErrorCode::NotFound, message).hint("run the command again"))
        }
        (Some(last), _) => {
            let names = lines.iter().chain([&last]).filter_map(name).map(|name| format!("{name}/{text}"));
            let message = format!("{key} has a branch '{text}' in several collections");
            let hint = format!("write one of {}", names.collect::<Vec<_>>().join(", "));
            Err(WireError::new(ErrorCode::Ambiguous, message).hint(hint))
        }
    }
}

/// There is no such version.
pub(super) fn unknown(key: &ArtifactKey, text: &str) -> WireError {
    let error = WireError::new(ErrorCode::NotFound, format!("{key} has no version '{text}'"));
    error.hint(format!("skillmeat versions {}", word(&key.to_string())))
}

/// Only the hash of a version is known.
pub(super) fn not_kept(version: &Version) -> WireError {
    let message = format!("the files of version {} of {} are not kept", version.hash.short(), version.key);
    WireError::new(ErrorCode::Refused, message)
}

/// A tag or branch is a word that nobody can take for the beginning of a hash.
///
/// # Errors
/// `InvalidParams`.
pub fn check_name(what: &str, name: &str) -> Result<(), WireError> {
    let invalid = |why: &str| {
        Err(WireError::new(ErrorCode::InvalidParams, format!("'{}' cannot be a {what}: {why}", name.escape_debug())))
    };
    match name {
        "" => invalid("it is empty"),
        _ if name.len() > LONGEST_NAME => invalid("it is longer than 64 bytes"),
        _ if name.contains(|c: char| c.is_whitespace() || c.is_control()) => invalid("it holds a space"),
        _ if name.starts_with('-') => invalid("it looks like an option"),
        _ if name.len() >= 4 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) => invalid("it looks like a hash"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_word_and_no_hash() {
        for good in ["v1", "1.0", "good", "bad-idea", "abc", "grün"] {
            assert!(check_name("tag", good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a\n", "beef", "0123456789", "-n", &"x".repeat(65)] {
            assert!(check_name("tag", bad).is_err(), "{bad}");
        }
    }
}
