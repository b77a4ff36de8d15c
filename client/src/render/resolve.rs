//! What each state means and the command that deals with it: the one table to change when commands arrive.
//!
//! Only commands that exist in this release are printed. Copying files by hand would leave the deployment record
//! behind, so until there are commands that change files, the command shown is the one that shows the two sides.

use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::Item;

use super::term::shell_word;

/// Which command a state calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing is to be done.
    None,
    /// Compare what the collection has with what the project has.
    CompareSides,
    /// Look at what the collection has.
    ShowCollection,
    /// Look at what the project has.
    ShowProject,
}

/// The meaning of a state, and what to do about it.
pub const fn advice(state: DriftState) -> (&'static str, Remedy) {
    match state {
        DriftState::InSync => ("as deployed, and as in the collection", Remedy::None),
        DriftState::Modified => ("edited here since it was deployed", Remedy::CompareSides),
        DriftState::Outdated => ("the collection has moved on", Remedy::CompareSides),
        DriftState::Converged => ("both sides changed to the same content; nothing to do", Remedy::None),
        DriftState::Conflict => ("both sides changed, differently", Remedy::CompareSides),
        DriftState::Deleted => ("deployed, but gone from the project", Remedy::ShowCollection),
        DriftState::Removed => ("gone from the collection; the copy here is as deployed", Remedy::ShowProject),
        DriftState::RemovedModified => {
            ("gone from the collection, and edited here: the only copy", Remedy::ShowProject)
        }
        DriftState::Added => ("in the collection, not deployed here", Remedy::ShowCollection),
        DriftState::Foreign => ("not deployed, but its place is taken by something else", Remedy::CompareSides),
        DriftState::Untracked => ("only here; nobody deployed it", Remedy::ShowProject),
        DriftState::Unreadable => ("cannot be read; the message names the file", Remedy::ShowProject),
    }
}

/// The command, with real paths. `collection_path` is that of the artifact in its collection, when it is known.
pub fn command(item: &Item, collection_path: Option<&str>) -> Option<String> {
    let key = ArtifactKey { kind: item.kind, name: item.name.clone() };
    let mut show = format!("skillmeat show {}", shell_word(&key.to_string()));
    if let Some(collection) = &item.collection {
        show.push_str(&format!(" --collection {}", shell_word(collection)));
    }
    match (advice(item.state).1, collection_path, item.path.as_deref()) {
        (Remedy::None, ..) => None,
        (Remedy::CompareSides, Some(collection), Some(project)) => {
            Some(format!("diff -ru {} {}", shell_word(collection), shell_word(project)))
        }
        (Remedy::CompareSides | Remedy::ShowCollection, ..) => Some(show),
        (Remedy::ShowProject, _, Some(project)) => Some(format!("ls -ld {}", shell_word(project))),
        (Remedy::ShowProject, ..) => Some("skillmeat doctor".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::status::samples::item;

    #[test]
    fn every_state_that_is_drift_has_a_command_that_exists() {
        for state in DriftState::ALL {
            let given = command(&item(state), Some("/c/skills/it's"));
            if state.is_drift() {
                let command = given.unwrap_or_else(|| panic!("{state} has no command"));
                assert!(
                    ["diff -ru ", "skillmeat show ", "ls -ld "].iter().any(|c| command.starts_with(c)),
                    "{command}"
                );
            }
        }
        let modified = item(DriftState::Modified);
        assert_eq!(
            command(&modified, Some("/c/it's")).as_deref(),
            Some(r"diff -ru '/c/it'\''s' /w/.claude/skills/modified")
        );
        assert_eq!(command(&modified, None).as_deref(), Some("skillmeat show skill:modified --collection default"));
    }
}
