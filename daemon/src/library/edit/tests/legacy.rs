//! Older generations become `[[deployed]]`, and none of their records is lost.

use super::super::legacy::{Known, convert};
use super::*;
use crate::library::deployed;
use crate::library::records::ParsedRecord;
use jiff::tz::TimeZone;

const PLAN: &str = "/p/.claude/deployment.toml";

fn known(record: &ParsedRecord) -> Known {
    Known {
        from_collection: "default".to_owned(),
        artifact_path: None,
        baseline: (record.key.name == "both").then(|| hash(0xab)),
    }
}

#[test]
fn generation_s_is_written_as_the_original_would_have() {
    let text = fixture("w3-legacy/home/projects/sync-schema-v030/.claude/.skillmeat-deployed.toml");
    let converted = convert(&records(&text), None, &TimeZone::UTC, NOW, known).expect("readable").expect("old records");
    assert_eq!((converted.text.as_str(), converted.left_out), (golden("sync-converted.toml").as_str(), vec![]));
    let again = convert(&records(&converted.text), None, &TimeZone::UTC, NOW, known);
    assert_eq!(again, Ok(None), "once is enough");
}

#[test]
fn what_is_no_record_is_named_and_what_is_neither_stays() {
    let text = "note = 1\n\n[deployment]\ncollection = \"c\"\n\n[[artifacts]]\nname = \"a\"\ntype = \"spell\"\n\n[mine]\nx = 1\n\n\
                [[artifacts]]\nname = \"b.md\"\ntype = \"command\"\n";
    let converted = convert(&records(text), None, &TimeZone::UTC, NOW, known).expect("readable").expect("old records");
    let complaints: Vec<_> = converted.left_out.iter().filter_map(|problem| problem.line).collect();
    assert_eq!(complaints, [8]);
    assert!(converted.text.starts_with("note = 1\n\n[mine]\nx = 1\n\n[[deployed]]\n"), "{}", converted.text);
    let read = deployed::parse(converted.text.as_bytes(), Path::new(DEPLOYED), &TimeZone::UTC);
    let record = &read.records[0];
    assert_eq!((record.key.to_string().as_str(), record.baseline, read.problems), ("command:b", None, vec![]));
    assert_eq!((record.from_collection.as_deref(), record.deployed_at), (Some("c"), Some(NOW)));
    assert_eq!(record.artifact_path.as_deref(), Some("commands/b.md"));
}

#[test]
fn generation_p_has_the_baseline_that_both_sides_agree_on() {
    let text = "[[artifacts]]\nname = \"both\"\ntype = \"skill\"\n[[artifacts]]\nname = \"differ\"\ntype = \"skill\"\n";
    let absent = Before { file: Path::new(DEPLOYED), text: None };
    let plan = before(PLAN, text);
    let converted = convert(&absent, Some(&plan), &TimeZone::UTC, NOW, known).expect("readable").expect("old records");
    let read = deployed::parse(converted.text.as_bytes(), Path::new(DEPLOYED), &TimeZone::UTC);
    let baselines: Vec<_> = read.records.iter().map(|record| record.baseline).collect();
    assert_eq!((baselines, read.problems), (vec![Some(hash(0xab)), None], vec![]));
    assert!(converted.text.contains(&format!("content_hash = \"{}\"", "0".repeat(64))), "the original needs one");

    let current = fixture("w3-legacy/home/projects/gen0-v020/.claude/.skillmeat-deployed.toml");
    assert_eq!(convert(&records(&current), Some(&plan), &TimeZone::UTC, NOW, known), Ok(None), "it counts no more");
}
