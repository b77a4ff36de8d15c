//! The files of a collection: manifest, groups and tags in it, lock.

use std::collections::HashSet;
use std::path::Path;

use skillmeatd::library::{lock, manifest};

use super::toml::{HASH, can_be_followed, file, is_toml, names_something, stays_inside, with_record};

const ARTIFACT: &str = "[[artifacts]]\nname = \"zz-good\"\ntype = \"skill\"\npath = \"skills/zz-good\"\n";
const GROUP: &str = "[[groups]]\nname = \"zz-good\"\nposition = 9223372036854775807\nmembers = [\"skill:zz-good\"]\n";
const TAG: &str = "[[tag_definitions]]\nname = \"ZZ\"\nslug = \"zz-good\"\n";

/// `collection.toml`: keys are unique, what is not flawed is safe to look at, and one more entry is found after any
/// others, which stay as they were.
pub fn manifest(data: &[u8]) {
    let read = manifest::parse(data, file());
    can_be_followed(&read.problems, data);
    assert_eq!(read.unreadable.is_none(), is_toml(data));
    let mut keys = HashSet::new();
    for entry in &read.entries {
        assert!(keys.insert(&entry.key), "{} twice", entry.key);
        if entry.flaw.is_none() {
            names_something(&entry.key.name);
            let path = entry.path.to_str().expect("it was read from text");
            if !Path::new(path).is_absolute() {
                stays_inside(path);
            }
        }
    }
    if let Some(longer) = with_record(data, ARTIFACT) {
        let again = manifest::parse(&longer, file());
        assert_eq!(again.entries.get(..read.entries.len()), Some(&read.entries[..]));
        assert!(again.entries.iter().any(|entry| entry.key.to_string() == "skill:zz-good"));
        assert_eq!((again.unnamed_flaws, &again.name), (read.unnamed_flaws, &read.name));
    }
}

/// Groups are in the order of their positions; neither they nor tag definitions hide each other.
pub fn groups(data: &[u8]) {
    let read = manifest::parse(data, file());
    can_be_followed(&read.problems, data);
    assert!(read.groups.is_sorted_by_key(|group| group.position));
    assert!(read.groups.iter().all(|group| !group.name.trim().is_empty()));
    assert!(read.tags.iter().all(|tag| !tag.name.trim().is_empty() && !tag.slug.trim().is_empty()));
    if let Some(longer) = with_record(data, GROUP) {
        let again = manifest::parse(&longer, file());
        let (last, before) = again.groups.split_last().expect("one at least");
        assert_eq!(before, read.groups);
        assert_eq!((last.name.as_str(), last.members.len()), ("zz-good", 1));
    }
    if let Some(longer) = with_record(data, TAG) {
        let again = manifest::parse(&longer, file());
        let (last, before) = again.tags.split_last().expect("one at least");
        assert_eq!(before, read.tags);
        assert_eq!(last.slug, "zz-good");
    }
}

/// `collection.lock`: keys are unique, and one more entry is found beside any others.
pub fn lock(data: &[u8]) {
    let (entries, problems) = lock::parse(data, file());
    can_be_followed(&problems, data);
    let mut keys = HashSet::new();
    assert!(entries.iter().all(|entry| keys.insert(&entry.key)));
    let record = format!("[lock.entries.\"zz-good::skill\"]\ncontent_hash = \"{HASH}\"\n");
    if let Some(longer) = with_record(data, &record) {
        let (again, _) = lock::parse(&longer, file());
        assert!(entries.iter().all(|entry| again.contains(entry)));
        assert!(again.iter().any(|entry| entry.key.to_string() == "skill:zz-good"));
    }
}
