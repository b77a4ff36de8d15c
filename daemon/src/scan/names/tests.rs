//! Real directories: what is believed, and what is not.

use super::*;
use crate::scan::testing::{Disk, fifo, link};
use crate::scan::walk;
use std::path::Path;
use std::time::Duration;

/// Every stamp is old by then.
const LATER: i64 = i64::MAX;

fn opened(path: &Path) -> Directory {
    Directory::open(path).expect("it is there")
}

fn listed(path: &Path, remembered: Option<&Names>) -> (Vec<Entry>, Option<Names>, bool) {
    let mut listings = Listings::new(remembered, LATER);
    let entries = listings.of(&opened(path), &mut Room::default()).expect("readable");
    let is_news = listings.is_news;
    (entries, listings.all(), is_news)
}

/// What somebody would remember who found this there.
fn as_if(path: &Path, names: &[&str]) -> Names {
    let stamp =
        opened(path).stamp_of_names(&mut Room::default()).expect("stamped").expect("a file system that is known");
    let entries: Vec<_> = names.iter().map(|name| Entry { name: name.into(), kind: EntryKind::File }).collect();
    let mut listings = Listings::new(None, LATER);
    listings.keep(&stamp, &entries);
    listings.all().expect("little")
}

/// Returns when the file system gives out later times than until now.
fn tick(disk: &Disk) {
    let time = || disk.write("clock", "x").metadata().and_then(|m| m.modified()).expect("a time");
    let first = time();
    while time().duration_since(first).unwrap_or_default() < Duration::from_millis(1) {}
}

#[test]
fn names_are_believed_while_the_directory_is_as_it_was() {
    let disk = Disk::new();
    let dir = disk.mkdir("s");
    // Nothing but the memory says this.
    let remembered = as_if(&dir, &["a", "b"]);
    let (entries, names, is_news) = listed(&dir, Some(&remembered));
    assert_eq!(entries.iter().map(|entry| entry.name.to_str()).collect::<Vec<_>>(), [Some("a"), Some("b")]);
    assert_eq!((names.as_ref(), is_news), (Some(&remembered), false));
}

#[test]
fn whatever_comes_goes_or_is_replaced_is_seen() {
    type Change = fn(&Disk);
    let changes: [(&str, Change); 6] = [
        ("a file comes", |disk| drop(disk.write("s/new", "x"))),
        ("a file goes", |disk| std::fs::remove_file(disk.at("s/a")).expect("removed")),
        ("a name is another one", |disk| std::fs::rename(disk.at("s/a"), disk.at("s/c")).expect("renamed")),
        ("a file is replaced by a directory", |disk| {
            std::fs::remove_file(disk.at("s/a")).expect("removed");
            disk.mkdir("s/a");
        }),
        ("a file is replaced by a link", |disk| {
            std::fs::remove_file(disk.at("s/a")).expect("removed");
            link("b", &disk.at("s/a"));
        }),
        ("the directory is another one", |disk| {
            std::fs::rename(disk.at("s"), disk.at("old")).expect("renamed");
            disk.mkdir("s");
        }),
    ];
    for (what, change) in changes {
        let disk = Disk::new();
        disk.write("s/a", "x");
        disk.write("s/b", "x");
        let (_, remembered, _) = listed(&disk.at("s"), None);
        tick(&disk);
        change(&disk);
        let (entries, names, is_news) = listed(&disk.at("s"), remembered.as_ref());
        assert!(is_news, "{what}");
        assert_eq!(entries, listed(&disk.at("s"), None).0, "{what}");
        assert_ne!(names, remembered, "{what}");
    }
}

#[test]
fn what_is_young_is_not_remembered() {
    let disk = Disk::new();
    disk.write("s/a", "x");
    let mut listings = Listings::new(None, stamp::wall_ns());
    listings.of(&opened(&disk.at("s")), &mut Room::default()).expect("readable");
    assert_eq!(listings.all(), None);
}

#[test]
fn every_kind_and_every_name_comes_back() {
    let disk = Disk::new();
    let long = "x".repeat(255);
    for name in ["a", "é", " ", "new\nline", &long] {
        disk.write(&format!("s/{name}"), "x");
    }
    disk.mkdir("s/directory");
    link("nowhere", &disk.at("s/link"));
    fifo(&disk.at("s/fifo"));
    disk.write("s/empty/x", "x");
    std::fs::remove_file(disk.at("s/empty/x")).expect("removed");
    let mut listings = Listings::new(None, LATER);
    let of = |listings: &mut Listings<'_>, path: &str| {
        listings.of(&opened(&disk.at(path)), &mut Room::default()).expect("readable")
    };
    let first = ["s", "s/directory", "s/empty"].map(|path| of(&mut listings, path));
    let names = listings.all().expect("little");
    let mut again = Listings::new(Some(&names), LATER);
    // In another order: it is the directory that counts.
    let mut second = ["s/empty", "s/directory", "s"].map(|path| of(&mut again, path));
    second.reverse();
    assert_eq!(second, first);
    assert_eq!(again.news(), None);
}

#[test]
fn what_was_cut_or_changed_is_read_again_or_the_same() {
    let disk = Disk::new();
    disk.write("s/a", "x");
    disk.write("s/b/c", "x");
    let (want, names, _) = listed(&disk.at("s"), None);
    let bytes = names.expect("little").bytes().to_vec();
    for length in 0..bytes.len() {
        let (entries, ..) = listed(&disk.at("s"), Some(&bytes[..length].to_vec().into()));
        assert_eq!(entries, want, "the first {length} bytes");
    }
    // A kind that does not exist.
    let mut odd = bytes;
    odd[Stamp::BYTES + 4] = b'?';
    assert_eq!(listed(&disk.at("s"), Some(&odd.into())).0, want);
}

#[test]
fn a_mass_of_names_is_not_kept() {
    let disk = Disk::new();
    for n in 0..200 {
        disk.write(&format!("s/{n:03}-{}", "x".repeat(200)), "");
    }
    let (entries, names, _) = listed(&disk.at("s"), None);
    assert_eq!((entries.len(), names), (200, None));
}

#[test]
fn a_walk_with_a_memory_finds_what_one_without_finds() {
    let disk = Disk::new();
    for path in ["s/SKILL.md", "s/b/one", "s/b/c/two", "s/d/three", "s/node_modules/x"] {
        disk.write(path, path);
    }
    let walk = |remembered: Option<&Names>| {
        let mut listings = Listings::new(remembered, LATER);
        let found = walk::walk(&disk.at("s"), &disk.watches, &mut listings, &mut Room::default()).expect("readable");
        let files: Vec<_> = found.files.iter().map(|f| (f.relative.clone(), f.stamp, f.ignored)).collect();
        (files, listings.all())
    };
    let (_, mut names) = walk(None);
    type Change = fn(&Disk);
    let changes: [Change; 5] = [
        |disk| drop(disk.write("s/b/c/new", "x")),
        |disk| std::fs::rename(disk.at("s/b"), disk.at("s/z")).expect("renamed"),
        |disk| std::fs::remove_dir_all(disk.at("s/d")).expect("removed"),
        |disk| std::fs::rename(disk.at("s/z/c"), disk.at("s/d")).expect("renamed"),
        |disk| drop(disk.write("s/SKILL.md", "longer than before")),
    ];
    for (n, change) in changes.into_iter().enumerate() {
        tick(&disk);
        change(&disk);
        let (files, now) = walk(names.as_ref());
        assert_eq!(files, walk(None).0, "change {n}");
        names = now;
    }
}
