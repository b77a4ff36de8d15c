//! The daemon's own files: what it writes it reads, whatever the names; and what others wrote into them it survives.

use std::collections::HashSet;
use std::path::PathBuf;

use skillmeatd::library::registry::{
    CollectionEntry, ProjectEntry, parse_collections, parse_projects, render_collections, render_projects,
};
use skillmeatd::model::Timestamp;
use uuid::Uuid;

use super::project::survives;
use super::toml::{can_be_followed, file, with_record};

/// `projects.toml`.
pub fn projects(data: &[u8]) {
    let found = parse_projects(data, file());
    can_be_followed(&found.problems, data);
    let mut paths = HashSet::new();
    for entry in &found.entries {
        assert!(entry.path.is_absolute() && paths.insert(&entry.path), "{entry:?}");
        entry.added.into_iter().for_each(survives);
    }
    projects_survive(&found.entries);
    let mut paths = HashSet::new();
    let made: Vec<_> = pieces(data)
        .map(|text| ProjectEntry { path: path_of(text), added: number_of(text).map(Timestamp) })
        .filter(|entry| paths.insert(entry.path.clone()))
        .collect();
    projects_survive(&made);
    if let Some(longer) = with_record(data, "[[projects]]\npath = \"/zz/good\"\n") {
        let again = parse_projects(&longer, file()).entries;
        assert_eq!(again.get(..found.entries.len()), Some(&found.entries[..]));
        assert!(again.iter().any(|entry| entry.path == path_of("zz/good")));
    }
}

fn projects_survive(entries: &[ProjectEntry]) {
    let text = render_projects(entries).expect("these paths are text");
    let again = parse_projects(text.as_bytes(), file());
    assert_eq!((again.problems.as_slice(), again.entries.as_slice()), (&[][..], entries), "{text}");
}

/// `collections.toml`.
pub fn collections(data: &[u8]) {
    let found = parse_collections(data, file());
    can_be_followed(&found.problems, data);
    let mut ids = HashSet::new();
    assert!(found.entries.iter().all(|entry| entry.path.is_absolute() && ids.insert(entry.id)));
    collections_survive(&found.entries);
    let made: Vec<_> = pieces(data).zip(1..).map(|(text, id)| made(text, id)).collect();
    collections_survive(&made);
    const ID: &str = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    let record = format!("[[collections]]\nid = \"{ID}\"\nname = \"zz-good\"\npath = \"/zz/good\"\n");
    if let Some(longer) = with_record(data, &record) {
        let again = parse_collections(&longer, file()).entries;
        assert_eq!(again.get(..found.entries.len()), Some(&found.entries[..]));
        assert!(again.iter().any(|entry| entry.id.to_string() == ID));
    }
}

fn collections_survive(entries: &[CollectionEntry]) {
    let text = render_collections(entries).expect("these paths are text");
    let again = parse_collections(text.as_bytes(), file());
    assert_eq!((again.problems.as_slice(), again.entries.as_slice()), (&[][..], entries), "{text}");
}

/// A collection with names and numbers out of `text`.
fn made(text: &str, id: u128) -> CollectionEntry {
    let number = number_of(text).unwrap_or(i64::MAX);
    CollectionEntry {
        id: Uuid::from_u128(id),
        name: path_of(text).file_name().map_or("c".into(), |name| name.to_string_lossy().into_owned()),
        path: path_of(text),
        device: number.unsigned_abs(),
        inode: (number as u64).rotate_left(31),
        created_ns: number_of(text),
        former_names: text.split(['.', '-']).map(str::to_owned).collect(),
    }
}

/// Texts as a file system may name things, out of any bytes.
fn pieces(data: &[u8]) -> impl Iterator<Item = &str> {
    data.utf8_chunks().flat_map(|chunk| chunk.valid().split(['\0', '=', ';'])).take(64)
}

fn path_of(text: &str) -> PathBuf {
    PathBuf::from(format!("/{text}"))
}

/// A number that some of the texts have, within the years that can be written.
fn number_of(text: &str) -> Option<i64> {
    let bytes = *text.as_bytes().last_chunk::<7>()?;
    let small = bytes.iter().fold(0i64, |sum, byte| sum << 8 | i64::from(*byte));
    Some(if small & 1 == 0 { small } else { -(small >> 2) })
}
