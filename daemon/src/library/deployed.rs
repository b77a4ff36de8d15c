//! `.skillmeat-deployed.toml`: what was deployed below one profile root.
//!
//! Two shapes share the file name (formats-core §4). `[[deployed]]` has been extended four times since 0.1.0 without
//! renaming anything, so one reader with optional keys reads all of its generations. The other, with `[deployment]`,
//! `[[artifacts]]` and hyphens, was written from 0.3.0 to 0.4 and reads as "no deployments" in the original, which then
//! overwrites it (#9); its hashes are computed as today's, so its records are as good.

use super::moment::{self, Naive};
use super::problems::Problems;
use super::records::{self, ParsedRecord, ParsedRecords};
use super::section::Section;
use super::toml_text::Document;
use crate::model::RecordSchema;
use jiff::tz::TimeZone;
use std::path::Path;

/// The collection of a generation S file that names none.
const SYNC_DEFAULT_COLLECTION: &str = "default";

/// Reads the records. `zone` is the clock of `deployed_at`, which has no offset. When both shapes are in one file, only
/// `[[deployed]]` counts, since it is the later one.
pub fn parse(bytes: &[u8], path: &Path, zone: &TimeZone) -> ParsedRecords {
    let document = match Document::parse(bytes, path) {
        Ok(document) => document,
        Err(problem) => return ParsedRecords::unreadable(problem),
    };
    let root = document.root();
    let mut problems = Problems::default();
    let list_key = if root.has("deployed") { "deployed" } else { "artifacts" };
    let list = root.sections(list_key, &mut problems);
    let unreadable = list.unusable();
    let records = if list_key == "deployed" {
        list.sections.iter().filter_map(|section| deployed(section, zone, &mut problems)).collect()
    } else {
        let header = root.section("deployment", &mut problems);
        list.sections.iter().filter_map(|section| synced(section, header.as_ref(), &mut problems)).collect()
    };
    ParsedRecords { unreadable, records, problems: problems.into_vec() }
}

/// Generations 0 to 4.
pub(super) fn deployed(section: &Section<'_>, zone: &TimeZone, problems: &mut Problems) -> Option<ParsedRecord> {
    let key = records::key(section, "artifact_name", "artifact_type", problems)?;
    let mut flaw = None;
    let root_dir = records::path(section, "profile_root_dir", &mut flaw, problems);
    let artifact_path = records::path(section, "artifact_path", &mut flaw, problems);
    // A damaged content_hash is not replaced by collection_sha: a file someone edited by hand is no place to guess.
    let hash_key = match section.item("content_hash").map(|item| item.as_str() != Some("")) {
        Some(true) => "content_hash",
        _ => "collection_sha",
    };
    Some(ParsedRecord {
        profile_id: named(section, "deployment_profile_id", problems),
        platform: named(section, "platform", problems),
        root_dir,
        from_collection: named(section, "from_collection", problems),
        artifact_path,
        baseline: records::hash(section, hash_key, problems),
        deployed_at: moment::read(section, "deployed_at", Naive::Local(zone), problems),
        modification_detected_at: moment::read(section, "modification_detected_at", Naive::Utc, problems),
        flaw,
        ..ParsedRecord::bare(key, RecordSchema::Deployed, section.line())
    })
}

/// Generation S.
fn synced(section: &Section<'_>, header: Option<&Section<'_>>, problems: &mut Problems) -> Option<ParsedRecord> {
    let key = records::key(section, "name", "type", problems)?;
    let collection = header.and_then(|header| named(header, "collection", problems));
    let dated = if section.has("deployed-at") { Some(section) } else { header };
    Some(ParsedRecord {
        from_collection: Some(collection.unwrap_or_else(|| SYNC_DEFAULT_COLLECTION.to_owned())),
        baseline: records::hash(section, "sha", problems),
        deployed_at: dated.and_then(|section| moment::read(section, "deployed-at", Naive::Utc, problems)),
        // It writes "unknown" for what declares none.
        version: section.scalar("version", problems).filter(|version| version != "unknown"),
        ..ParsedRecord::bare(key, RecordSchema::Sync, section.line())
    })
}

/// A name that is absent or empty is none.
fn named(section: &Section<'_>, key: &str, problems: &mut Problems) -> Option<String> {
    section.text(key, problems).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::Offset;
    use skillmeat_protocol::reply::Problem;

    const HASH: &str = "8c1d114d9edc5cea03e50aaf2af846ed2c70156c3a81e9047be20f4a92bcfee3";

    fn read(text: &str) -> ParsedRecords {
        parse(text.as_bytes(), Path::new("/p/.claude/.skillmeat-deployed.toml"), &Offset::constant(1).to_time_zone())
    }

    fn complaints(parsed: &ParsedRecords) -> Vec<(u32, &str)> {
        let of = |p: &'_ Problem| p.line.unwrap_or(0);
        parsed.problems.iter().map(|p| (of(p), p.key.as_deref().unwrap_or(""))).collect()
    }

    #[test]
    fn the_current_generation() {
        let parsed = read(&format!(
            "[[deployed]]\nartifact_name = \"implement.md\"\nartifact_type = \"command\"\nfrom_collection = \"team\"\n\
             deployed_at = \"2026-11-21T08:11:56.185751\"\nartifact_path = \"commands/implement.md\"\n\
             content_hash = \"{HASH}\"\nlocal_modifications = false\nversion_lineage = [\n    \"{HASH}\",\n]\n\
             modification_detected_at = \"2026-11-21T09:00:00\"\nmerge_base_snapshot = \"{HASH}\"\n\
             deployment_profile_id = \"codex\"\nplatform = \"martian\"\nprofile_root_dir = \".codex\"\n\
             artifact_uuid = \"00\"\ncollection_sha = \"{HASH}\"\nunknown_key = {{ a = 1 }}\n"
        ));
        assert_eq!(parsed.problems, []);
        let record = &parsed.records[0];
        assert_eq!(record.key.to_string(), "command:implement");
        assert_eq!(record.profile_id.as_deref(), Some("codex"));
        assert_eq!(record.platform.as_deref(), Some("martian"));
        assert_eq!(record.root_dir.as_deref(), Some(".codex"));
        assert_eq!(record.from_collection.as_deref(), Some("team"));
        assert_eq!(record.artifact_path.as_deref(), Some("commands/implement.md"));
        assert_eq!(record.baseline, HASH.parse().ok());
        assert_eq!(record.deployed_at.map(|t| t.to_string()).as_deref(), Some("2026-11-21T07:11:56.185751Z"));
        let detected = record.modification_detected_at.map(|t| t.to_string());
        assert_eq!(detected.as_deref(), Some("2026-11-21T09:00:00Z"));
        assert_eq!((record.schema, record.line, &record.flaw), (RecordSchema::Deployed, 1, &None));
    }

    #[test]
    fn generation_0_has_only_the_older_hash_and_may_be_inline() {
        let parsed = read(&format!(
            "deployed = [\n  {{ artifact_name = \"a\", artifact_type = \"skill\", collection_sha = \"{HASH}\" }},\n]\n"
        ));
        assert_eq!(parsed.problems, []);
        let record = &parsed.records[0];
        assert_eq!((record.baseline, record.line), (HASH.parse().ok(), 2));
        assert_eq!((&record.deployed_at, &record.from_collection, &record.artifact_path), (&None, &None, &None));
    }

    #[test]
    fn generation_s_is_universal_time_and_comes_from_its_header() {
        let body = format!(
            "[[artifacts]]\nname = \"a\"\ntype = \"skill\"\nsource = \"local:/x\"\nversion = \"unknown\"\nsha = \"{HASH}\"\n\
             deployed-at = \"2026-11-21T08:12:41.785082Z\"\n[[artifacts]]\nname = \"b\"\ntype = \"workflow\"\nversion = 2.0\n"
        );
        for (header, collection, b_at) in [
            (
                "[deployment]\ncollection = \"team\"\ndeployed-at = \"2026-11-21T08:00:00\"\n",
                "team",
                Some("2026-11-21T08:00:00Z"),
            ),
            ("", "default", None),
        ] {
            let parsed = read(&format!("{header}{body}"));
            assert_eq!(parsed.problems, []);
            let [a, b] = &parsed.records[..] else { panic!("two records: {parsed:?}") };
            assert_eq!((a.schema, a.baseline, &a.version), (RecordSchema::Sync, HASH.parse().ok(), &None));
            assert_eq!(a.deployed_at.map(|t| t.to_string()).as_deref(), Some("2026-11-21T08:12:41.785082Z"));
            assert_eq!((b.baseline, b.version.as_deref()), (None, Some("2.0")));
            assert_eq!(b.deployed_at.map(|t| t.to_string()).as_deref(), b_at);
            assert_eq!(a.from_collection.as_deref(), Some(collection));
        }
    }

    #[test]
    fn when_both_shapes_are_there_the_later_counts() {
        let new = "[[deployed]]\nartifact_name = \"new\"\nartifact_type = \"skill\"\n";
        let old = "[[artifacts]]\nname = \"old\"\ntype = \"skill\"\n";
        let parsed = read(&format!("{old}{new}"));
        assert_eq!(parsed.records.iter().map(|r| r.key.name.as_str()).collect::<Vec<_>>(), ["new"]);
        assert_eq!(read(&format!("deployed = []\n{old}")).records, []);
        assert_eq!(read("").records, []);
    }

    #[test]
    fn a_damaged_record_hides_nothing() {
        let parsed = read(&format!(
            "[[deployed]]\nartifact_type = \"skill\"\n\
             [[deployed]]\nartifact_name = \"a\"\nartifact_type = \"spell\"\n\
             [[deployed]]\nartifact_name = \"../a\"\nartifact_type = \"skill\"\n\
             [[deployed]]\nartifact_name = \"b\"\nartifact_type = \"skill\"\ncontent_hash = \"beef\"\n\
             collection_sha = \"{HASH}\"\ndeployed_at = \"soon\"\n\
             [[deployed]]\nartifact_name = \"c\"\nartifact_type = \"skill\"\nartifact_path = \"/etc/passwd\"\n\
             [[deployed]]\nartifact_name = \"d\"\nartifact_type = \"skill\"\nartifact_path = \"a/../../d\"\n\
             [[deployed]]\nartifact_name = \"e\"\nartifact_type = \"skill\"\nprofile_root_dir = \"../other\"\n\
             [[deployed]]\nartifact_name = \"f\"\nartifact_type = \"skill\"\nplatform = 3\n\
             [[deployed]]\nartifact_name = \"g\"\nartifact_type = \"skill\"\nartifact_path = 3\n"
        ));
        assert_eq!(
            complaints(&parsed),
            [
                (1, "deployed[0].artifact_name"),
                (5, "deployed[1].artifact_type"),
                (7, "deployed[2].artifact_name"),
                (12, "deployed[3].content_hash"),
                (14, "deployed[3].deployed_at"),
                (18, "deployed[4].artifact_path"),
                (22, "deployed[5].artifact_path"),
                (26, "deployed[6].profile_root_dir"),
                (30, "deployed[7].platform"),
                (34, "deployed[8].artifact_path"),
            ]
        );
        let state: Vec<_> =
            parsed.records.iter().map(|r| (r.key.name.as_str(), r.baseline.is_some(), r.flaw.is_some())).collect();
        assert_eq!(
            state,
            [
                ("b", false, false),
                ("c", false, true),
                ("d", false, true),
                ("e", false, true),
                ("f", false, false),
                ("g", false, true)
            ]
        );
    }

    #[test]
    fn a_file_that_is_no_toml_says_so() {
        let parsed = read("[[deployed]]\nartifact_name = \"a\n");
        assert!(parsed.unreadable.is_some());
        assert_eq!(parsed.problems[0].line, Some(2));
        let wrong = read("deployed = 3\n");
        assert_eq!(wrong.unreadable.as_deref(), Some("must be a list of tables, is an integer"));
        assert_eq!(complaints(&wrong), [(1, "deployed")]);
    }
}
