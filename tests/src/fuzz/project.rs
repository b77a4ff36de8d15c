//! The files of a project and of the home: deployment records in every schema, names, settings.

use std::path::Path;
use std::sync::LazyLock;

use jiff::tz::TimeZone;
use skillmeatd::library::moment::{self, Naive};
use skillmeatd::library::records::{ParsedRecord, ParsedRecords};
use skillmeatd::library::{config, deployed, plan, project_file};
use skillmeatd::model::{RecordSchema, Timestamp};

use super::toml::{HASH, can_be_followed, file, is_toml, lines, names_something, stays_inside, with_record};

/// A clock with hours that do not exist and hours that occur twice.
static ZONE: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a POSIX time zone"));

/// `.skillmeat-deployed.toml` and `deployment.toml`: what is read can be followed and stays below its root, and one more
/// record of the same schema is found after any others, which stay as they were.
pub fn deployed(data: &[u8]) {
    let read = |data: &[u8]| deployed::parse(data, file(), &ZONE);
    let plan = |data: &[u8]| plan::parse(data, file());
    let found = read(data);
    records_hold(&found, data);
    records_hold(&plan(data), data);

    let hash = format!("content_hash = \"{HASH}\"\n");
    let record = format!("[[deployed]]\nartifact_name = \"zz-good\"\nartifact_type = \"skill\"\n{hash}");
    if let Some(longer) = with_record(data, &record) {
        // Records of the older schema in the same file do not count any more.
        let before = found.records.iter().filter(|record| record.schema == RecordSchema::Deployed).cloned().collect();
        one_more(before, &read(&longer));
    }
    let record = format!("[[artifacts]]\nname = \"zz-good\"\ntype = \"skill\"\nsha = \"{HASH}\"\n");
    if let Some(longer) = with_record(data, &record) {
        let again = read(&longer);
        if again.records.iter().any(|record| record.schema == RecordSchema::Sync) {
            one_more(found.records, &again);
        }
        one_more(plan(data).records, &plan(&longer));
    }
}

fn one_more(before: Vec<ParsedRecord>, now: &ParsedRecords) {
    let (last, others) = now.records.split_last().expect("one at least");
    assert_eq!(others, before);
    assert_eq!((last.key.to_string().as_str(), &last.flaw), ("skill:zz-good", &None));
    assert!(last.baseline.is_some() || last.schema == RecordSchema::Plan);
}

fn records_hold(read: &ParsedRecords, data: &[u8]) {
    can_be_followed(&read.problems, data);
    assert!(read.unreadable.is_some() || is_toml(data));
    assert!(read.unreadable.is_none() || read.records.is_empty());
    for record in &read.records {
        assert!((1..=lines(data)).contains(&record.line), "{record:?}");
        names_something(&record.key.name);
        for path in record.root_dir.iter().chain(&record.artifact_path) {
            stays_inside(path);
        }
        for at in [record.deployed_at, record.modification_detected_at].into_iter().flatten() {
            survives(at);
        }
    }
}

/// A time that was read is written so that it is read again.
pub(super) fn survives(at: Timestamp) {
    assert_eq!(moment::parse(&at.to_string(), Naive::Local(&ZONE)).ok(), Some(at), "{at}");
}

/// `.skillmeat-project.toml`: the name is one, and is found wherever its table stands.
pub fn project_file(data: &[u8]) {
    let (name, problems) = project_file::parse(data, file());
    can_be_followed(&problems, data);
    assert!(name.is_none_or(|name| !name.is_empty() && name.trim() == name));
    if let Some(longer) = with_record(data, "[project]\nname = \" zz-good \"\n") {
        assert_eq!(project_file::parse(&longer, file()).0.as_deref(), Some("zz-good"));
    }
}

/// `config.toml`: every setting can be used as it is, and one more hook runs beside any others.
pub fn config(data: &[u8]) {
    let read = |data: &[u8]| config::parse(data, file(), Path::new("/home/me"));
    let (found, problems) = read(data);
    can_be_followed(&problems, data);
    assert!(!found.default_collection.trim().is_empty());
    for path in found.collection_paths.iter().chain(&found.search_roots) {
        assert!(path.is_absolute() && !path.as_os_str().as_encoded_bytes().contains(&0), "{path:?}");
    }
    for hook in &found.hooks {
        assert!(!hook.on.is_empty() && !hook.timeout.is_zero() && hook.timeout.as_secs() <= 3600, "{hook:?}");
        assert!(hook.command.first().is_some_and(|program| !program.trim().is_empty()), "{hook:?}");
        assert!(hook.command.iter().all(|word| !word.contains('\0')), "{hook:?}");
    }
    if let Some(longer) = with_record(data, "[[hooks]]\non = \"conflict\"\ncommand = [\"zz-good\"]\n") {
        let (mut again, _) = read(&longer);
        assert_eq!(again.hooks.pop().expect("one at least").command, ["zz-good"]);
        assert_eq!(again, found);
    }
}
