//! The audit trail against what the original writes.

use super::*;
use crate::library::audit::{AuditEntry, Operation, ids};
use crate::library::edit::audit::add;
use jiff::tz::TimeZone;

const FILE: &str = "/a/default_rollback_audit.toml";

#[test]
fn entries_are_written_as_by_the_original() {
    let first = AuditEntry {
        at: Timestamp(1_795_248_754_000_123),
        collection: "default".into(),
        source: "20261121-081234-000001".into(),
        target: "20261121-070854-838706".into(),
        operation: Operation::Simple,
        preserving: false,
        restored: vec!["(all files)".into()],
        merged: vec![],
        conflicts: vec![],
        paths: vec![],
        error: None,
    };
    let second = AuditEntry {
        operation: Operation::Selective,
        restored: vec!["skills/a/SKILL.md".into()],
        paths: vec!["skills/a/SKILL.md".into()],
        error: Some("no space".into()),
        ..first.clone()
    };
    let one = add(&Before { file: Path::new(FILE), text: None }, &first, &TimeZone::UTC).expect("added");
    let two = add(&before(FILE, &one), &second, &TimeZone::UTC).expect("added");
    let taken = "id = \"rb_20261121_081234_2\"";
    assert_eq!(two.replace(taken, "id = \"rb_20261121_081235\""), golden("rollback_audit.toml"));
    assert_eq!(ids(two.as_bytes(), Path::new(FILE)).expect("read"), ["rb_20261121_081234", "rb_20261121_081234_2"]);
    let kept = format!("# mine\n\n{one}more = 1\n");
    assert!(add(&before(FILE, &kept), &second, &TimeZone::UTC).expect("added").starts_with(&kept));
    assert!(add(&before(FILE, "[[entries]\n"), &first, &TimeZone::UTC).is_err());
}
