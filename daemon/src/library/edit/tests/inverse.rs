//! Real files: a change and its inverse give the file back, and a change that changes nothing gives the file.

use super::super::groups::GroupChange;
use super::super::lock::NewLock;
use super::*;
use crate::library::{deployed, lock as lock_reader, manifest as manifest_reader, moment};
use jiff::tz::TimeZone;
use toml_edit::{Document, Item};

const MANIFESTS: [&str; 3] = [
    "w1-mixed-states/home/.skillmeat/collections/default/",
    "w1-mixed-states/home/.skillmeat/collections/team/",
    "w3-legacy/home/.skillmeat/collections/default/",
];

const RECORDS: [&str; 4] = [
    "w1-mixed-states/home/projects/api-service/.claude/.skillmeat-deployed.toml",
    "w1-mixed-states/home/projects/web-app/.claude/.skillmeat-deployed.toml",
    "w1-mixed-states/home/projects/docs-site/.claude/.skillmeat-deployed.toml",
    "w3-legacy/home/projects/gen0-v020/.claude/.skillmeat-deployed.toml",
];

/// When the original last wrote the collection.
fn updated(text: &str) -> Timestamp {
    let document = Document::parse(text).expect("TOML");
    let at = document["collection"]["updated"].as_str().expect("a time");
    moment::parse(at, moment::Naive::Utc).expect("a time")
}

#[test]
fn collections() {
    for directory in MANIFESTS {
        let text = fixture(&format!("{directory}collection.toml"));
        let at = updated(&text);
        let added = manifest::add(&manifest(&text), &full_entry(), NOW).expect("added");
        assert!(added.starts_with(&text[..40]) && added.contains("[[artifacts]]\nname = \"pdf\""), "{added}");
        assert_eq!(manifest::remove(&manifest(&added), &key("skill:pdf"), at).expect("removed"), text);

        for entry in manifest_reader::parse(text.as_bytes(), Path::new(COLLECTION)).entries {
            let change = |text: &str, fields: &[Field]| {
                manifest::change(&manifest(text), &entry.key, fields, at).expect("changed")
            };
            let tagged = change(&text, &[Field::Tags(vec!["x".into(), "y".into()]), Field::LastUpdated(Some(NOW))]);
            let read = manifest_reader::parse(tagged.as_bytes(), Path::new(COLLECTION));
            let found = read.entries.iter().find(|other| other.key == entry.key).expect("listed");
            assert_eq!(found.metadata.tags, ["x", "y"]);
            assert_eq!(change(&tagged, &[Field::Tags(vec![]), Field::LastUpdated(None)]), text);
            let moved = change(&text, &[Field::Path("elsewhere".into())]);
            assert_eq!(change(&moved, &[Field::Path(entry.path.to_string_lossy().into_owned())]), text);

            let renamed = manifest::rename(&manifest(&text), &entry.key, "new \"name\"", None, at).expect("renamed");
            let new = ArtifactKey::new(entry.key.kind, "new \"name\"");
            let back = manifest::rename(&manifest(&renamed), &new, &entry.key.name, None, at).expect("renamed");
            assert_eq!(back, text);
            let gone = manifest::remove(&manifest(&text), &entry.key, at).expect("removed");
            let read = manifest_reader::parse(gone.as_bytes(), Path::new(COLLECTION));
            assert!(read.problems.is_empty() && read.entries.iter().all(|other| other.key != entry.key));
        }
        let create = [GroupChange::Create(group("g", &["skill:a"])), GroupChange::Create(group("h", &[]))];
        let grouped = groups::apply(&manifest(&text), &create, at).expect("created");
        let delete = [GroupChange::Delete { group: "h".into() }, GroupChange::Delete { group: "g".into() }];
        assert_eq!(groups::apply(&manifest(&grouped), &delete, at).expect("deleted"), text);
        let named = manifest::rename_collection(&manifest(&text), "other", at).expect("renamed");
        let name = manifest_reader::parse(text.as_bytes(), Path::new(COLLECTION)).name.expect("a name");
        assert_eq!(manifest::rename_collection(&manifest(&named), &name, at).expect("renamed"), text);
    }
}

#[test]
fn locks() {
    for directory in MANIFESTS {
        let text = fixture(&format!("{directory}collection.lock"));
        let file = Path::new("/c/collection.lock");
        let before = Before { file, text: Some(&text) };
        let document = Document::parse(text.as_str()).expect("TOML");
        for entry in lock_reader::parse(text.as_bytes(), file).0 {
            let fetched = &document["lock"]["entries"][&format!("{}::{}", entry.key.name, entry.key.kind)]["fetched"];
            let fetched = fetched.as_str().map(|text| moment::parse(text, moment::Naive::Utc).expect("a time"));
            let same = NewLock {
                kind: entry.key.kind,
                name: entry.key.name.clone(),
                content_hash: entry.content_hash,
                fetched: fetched.expect("a time"),
                upstream: None,
                resolved_sha: None,
                resolved_version: None,
            };
            assert_eq!(lock::set(&before, &same).expect("locked"), text);
            let version = Some("v2".to_owned());
            let other = NewLock { content_hash: hash(1), resolved_version: version, ..same.clone() };
            let changed = lock::set(&before, &other).expect("locked");
            assert_ne!(changed, text);
            assert_eq!(lock::set(&Before { file, text: Some(&changed) }, &same).expect("locked"), text);
        }
        let new = NewLock {
            kind: ArtifactType::Hook,
            name: "n".into(),
            content_hash: hash(1),
            fetched: NOW,
            upstream: None,
            resolved_sha: None,
            resolved_version: None,
        };
        let more = lock::set(&before, &new).expect("locked");
        assert_eq!(lock::remove(&Before { file, text: Some(&more) }, &key("hook:n")).expect("unlocked"), text);
    }
}

#[test]
fn deployments() {
    for path in RECORDS {
        let text = fixture(path);
        let new = record(ArtifactType::Hook, "n");
        let more = records::upsert(&records(&text), std::slice::from_ref(&new), &TimeZone::UTC);
        let more = more.expect("written").text.expect("records");
        assert!(more.starts_with(&text));
        let id = (new.key.clone(), new.profile_id.clone());
        assert_eq!(records::remove(&records(&more), &[id]).expect("removed").text.as_ref(), Some(&text));

        let document = Document::parse(text.as_str()).expect("TOML");
        let tables = document["deployed"].as_array_of_tables().expect("records");
        for (read, table) in
            deployed::parse(text.as_bytes(), Path::new(DEPLOYED), &TimeZone::UTC).records.iter().zip(tables)
        {
            let has = |key: &str| table.get(key).and_then(Item::as_str).map(str::to_owned);
            let hash = read.baseline.expect("a hash");
            let same = NewRecord {
                key: read.key.clone(),
                name: has("artifact_name").expect("a name"),
                from_collection: has("from_collection").expect("a collection"),
                deployed_at: read.deployed_at.expect("a time"),
                artifact_path: has("artifact_path").expect("a path"),
                content_hash: hash,
                lineage: if table.contains_key("version_lineage") { vec![hash] } else { vec![] },
                parent_hash: None,
                merge_base: hash,
                profile_id: "claude_code".into(),
                platform: "claude_code".into(),
                root_dir: ".claude".into(),
                artifact_uuid: Some("not written over".into()).filter(|_| table.contains_key("artifact_uuid")),
                modification_detected_at: read.modification_detected_at,
            };
            let write = |text: &str, record: &NewRecord| {
                let edited = records::upsert(&records(text), std::slice::from_ref(record), &TimeZone::UTC);
                edited.expect("written").text.expect("records")
            };
            let again = write(&text, &same);
            // Only a record of the first generation lacks keys of today's.
            assert_eq!(again == text, table.contains_key("platform"), "{path}\n{again}");
            let moved = NewRecord { modification_detected_at: Some(NOW), content_hash: super::hash(1), ..same.clone() };
            assert_eq!(write(&write(&again, &moved), &same), again);
        }
    }
}
