//! `.claude/deployment.toml` (generation P): names and versions without hashes.
//!
//! No release wrote it, yet plans and guides show it, so projects have it (formats-core §4.2). Its records have no
//! baseline: they are in sync when both sides agree and a conflict otherwise.

use super::problems::Problems;
use super::records::{self, ParsedRecord, ParsedRecords};
use super::toml_text::Document;
use crate::model::RecordSchema;
use std::path::Path;

/// Reads the records.
pub fn parse(bytes: &[u8], path: &Path) -> ParsedRecords {
    let document = match Document::parse(bytes, path) {
        Ok(document) => document,
        Err(problem) => return ParsedRecords::unreadable(problem),
    };
    let mut problems = Problems::default();
    let list = document.root().sections("artifacts", &mut problems);
    let mut parsed = ParsedRecords { unreadable: list.unusable(), ..ParsedRecords::default() };
    for section in list.sections {
        let Some(key) = records::key(&section, "name", "type", &mut problems) else {
            continue;
        };
        let version = section.scalar("version", &mut problems).filter(|version| version != "unknown");
        parsed.records.push(ParsedRecord { version, ..ParsedRecord::bare(key, RecordSchema::Plan, section.line()) });
    }
    parsed.problems = problems.into_vec();
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_only() {
        let text = "[deployment]\nproject_path = \"/p\"\n\n[[artifacts]]\nname = \"brainstorming\"\ntype = \"skill\"\n\
                    version = \"1.0.0\"\n\n[[artifacts]]\nname = \"x\"\n";
        let parsed = parse(text.as_bytes(), Path::new("/p/.claude/deployment.toml"));
        assert_eq!(parsed.records.len(), 1);
        let record = &parsed.records[0];
        assert_eq!(record.key.to_string(), "skill:brainstorming");
        assert_eq!((record.schema, record.line, record.version.as_deref()), (RecordSchema::Plan, 4, Some("1.0.0")));
        assert_eq!((record.baseline, &record.from_collection), (None, &None));
        let complaint = &parsed.problems[0];
        assert_eq!((complaint.line, complaint.key.as_deref()), (Some(9), Some("artifacts[1].type")));
        assert!(parse(b"[[", Path::new("/p")).unreadable.is_some());
    }
}
