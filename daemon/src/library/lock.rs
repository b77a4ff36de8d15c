//! `collection.lock`: what each artifact of a collection was when it was added or updated (formats-core §2.2).

use super::problems::Problems;
use super::records;
use super::toml_text::Document;
use crate::model::LockEntry;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use skillmeat_protocol::reply::Problem;
use std::collections::HashSet;
use std::path::Path;

/// Reads the entries, in file order. Nobody's state depends on a lock entry, so one that is unusable is left out, and
/// is a problem.
pub fn parse(bytes: &[u8], path: &Path) -> (Vec<LockEntry>, Vec<Problem>) {
    let document = match Document::parse(bytes, path) {
        Ok(document) => document,
        Err(problem) => return (Vec::new(), vec![problem]),
    };
    let mut problems = Problems::default();
    let lock = document.root().section("lock", &mut problems);
    let Some(table) = lock.and_then(|lock| lock.section("entries", &mut problems)) else {
        return (Vec::new(), problems.into_vec());
    };
    let mut entries = Vec::new();
    let mut seen = HashSet::new();
    for (name, section) in table.named_sections(&mut problems) {
        let key = match key(name) {
            Ok(key) => key,
            Err(message) => {
                problems.push(table.problem(name, message));
                continue;
            }
        };
        if section.required_text("content_hash", &mut problems).is_none() {
            continue;
        }
        let Some(content_hash) = records::hash(&section, "content_hash", &mut problems) else {
            continue;
        };
        if !seen.insert(key.clone()) {
            problems.push(table.problem(name, format!("{key} is locked twice; the first entry counts")));
            continue;
        }
        let resolved_version = section.scalar("resolved_version", &mut problems);
        entries.push(LockEntry { key, content_hash, resolved_version });
    }
    (entries, problems.into_vec())
}

/// `name::type`, divided at the first `::` as the original does.
pub(super) fn key(text: &str) -> Result<ArtifactKey, String> {
    let (name, kind) = text.split_once("::").ok_or("is not NAME::TYPE")?;
    if name.is_empty() {
        return Err("has no name before '::'".to_owned());
    }
    let kind = kind.parse::<ArtifactType>().map_err(|e| e.to_string())?;
    Ok(ArtifactKey::new(kind, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "8c1d114d9edc5cea03e50aaf2af846ed2c70156c3a81e9047be20f4a92bcfee3";

    #[test]
    fn entries_in_file_order() {
        let text = format!(
            "[lock]\nversion = \"1.0.0\"\n\n[lock.entries.\"z::skill\"]\ncontent_hash = \"{HASH}\"\n\
             fetched = \"2026-11-21T08:11:24.315233\"\nresolved_version = \"v1.2.0\"\n\n\
             [lock.entries.\"a.md::command\"]\ncontent_hash = \"{HASH}\"\n\n\
             [lock.entries]\n\"m::mcp_server\" = {{ content_hash = \"{HASH}\" }}\n"
        );
        let (entries, problems) = parse(text.as_bytes(), Path::new("/c/collection.lock"));
        assert_eq!(problems, []);
        let keys: Vec<_> = entries.iter().map(|e| e.key.to_string()).collect();
        assert_eq!(keys, ["skill:z", "command:a", "mcp:m"]);
        assert_eq!(entries[0].resolved_version.as_deref(), Some("v1.2.0"));
        assert_eq!(Some(entries[0].content_hash), HASH.parse().ok());
    }

    #[test]
    fn what_cannot_be_used_is_a_problem_and_the_rest_stays() {
        let text = format!(
            "[lock.entries.\"a::b::skill\"]\ncontent_hash = \"{HASH}\"\n[lock.entries.nokind]\n\
             [lock.entries.\"c::skill\"]\ncontent_hash = \"12\"\n[lock.entries.\"d::skill\"]\n\
             [lock.entries.\"e::skill\"]\ncontent_hash = \"{HASH}\"\n[lock.entries.\"e.md::skill\"]\n\
             content_hash = \"{HASH}\"\n[lock.entries.\"::skill\"]\n"
        );
        let (entries, problems) = parse(text.as_bytes(), Path::new("/c/collection.lock"));
        assert_eq!(entries.iter().map(|e| e.key.to_string()).collect::<Vec<_>>(), ["skill:e"]);
        let found: Vec<_> = problems.iter().map(|p| (p.line.unwrap_or(0), p.key.as_deref().unwrap_or(""))).collect();
        assert_eq!(
            found,
            [
                (1, "lock.entries.\"a::b::skill\""),
                (3, "lock.entries.nokind"),
                (5, "lock.entries.\"c::skill\".content_hash"),
                (6, "lock.entries.\"d::skill\".content_hash"),
                (9, "lock.entries.\"e.md::skill\""),
                (11, "lock.entries.\"::skill\""),
            ]
        );
    }

    #[test]
    fn an_empty_or_damaged_lock() {
        for (text, problems) in [
            ("", 0),
            ("[lock]\nversion = \"1.0.0\"\n\n[lock.entries]\n", 0),
            ("lock = 3", 1),
            ("[lock]\nentries = []", 1),
            ("[lock", 1),
        ] {
            let parsed = parse(text.as_bytes(), Path::new("/c/collection.lock"));
            assert_eq!((parsed.0.len(), parsed.1.len()), (0, problems), "{text}");
        }
    }
}
