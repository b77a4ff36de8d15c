//! What a merge leaves to a person, in one sentence: by what both sides did, with the first few names.

use crate::ops::merging::Blob;
use skillmeat_merge::three_way::{Conflict, ConflictKind, Reason};
use std::path::Path;

/// What both sides did, and how that is said, in the order in which it is said.
const CHANGED: [(Reason, &str); 6] = [
    (Reason::Lines, "the same lines were changed on both sides"),
    (Reason::Broken, "changed on both sides, and what comes of it cannot be parsed any more"),
    (Reason::Gone, "deleted on one side and changed on the other"),
    (Reason::Binary, "changed on both sides, and not text"),
    (Reason::Large, "changed on both sides, and too large to be merged"),
    (Reason::Link, "changed on both sides, and a link"),
];
/// Nothing was there that either could have changed, whatever the reason.
const ADDED: &str = "added on both sides, and not the same";
/// Names of one kind.
const MOST: usize = 5;

/// What a person has to decide.
pub(super) fn told(conflicts: &[&Conflict<Blob>], artifact: &Path) -> String {
    let name = |conflict: &&Conflict<Blob>| match conflict.path.as_os_str().is_empty() {
        true => artifact.file_name().unwrap_or_default().display().to_string(),
        false => conflict.path.display().to_string(),
    };
    type Some<'a> = Vec<&'a Conflict<Blob>>;
    let (added, changed): (Some<'_>, Some<'_>) = conflicts.iter().partition(|c| c.kind == ConflictKind::AddAdd);
    let of = |reason: Reason| changed.iter().filter(|c| c.reason == reason).map(name).collect::<Vec<_>>();
    let parts = CHANGED.iter().map(|(reason, text)| (*text, of(*reason)));
    let parts = parts.chain([(ADDED, added.iter().map(name).collect())]).filter(|(_, names)| !names.is_empty());
    parts.map(|(text, names)| format!("{text}: {}", listed(&names))).collect::<Vec<_>>().join("; ")
}

/// The first few names.
pub(super) fn listed(names: &[String]) -> String {
    let shown = names[..names.len().min(MOST)].join(", ");
    if names.len() > MOST { format!("{shown} and {} more", names.len() - MOST) } else { shown }
}
