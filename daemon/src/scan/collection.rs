//! A collection: its manifest, its lock, and what lies in its container directories.
//!
//! Both are shown as they are: an entry without files, and files without an entry (formats-core §2, §17 #11).

use super::listing::Listing;
use super::{located, problem};
use crate::library::{lock, manifest};
use crate::model::{CollectionScan, Entry, Metadata};
use crate::watch::Watches;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// Looks at the collection at `root`.
pub fn scan(root: &Path, watches: &Watches) -> (CollectionScan, Option<String>) {
    let mut listing = Listing::new(watches);
    listing.way_up(root);
    let present = listing.enter(root);
    let mut scan = CollectionScan {
        present,
        unreadable: None,
        unnamed_flaws: false,
        entries: Vec::new(),
        lock: Vec::new(),
        groups: Vec::new(),
        tags: Vec::new(),
        problems: Vec::new(),
        directories: Vec::new(),
        ancestors: Vec::new(),
    };
    if !present {
        scan.ancestors = listing.finish();
        return (scan, listing.unwatched);
    }
    read_manifest(root, &mut listing, &mut scan);
    read_lock(root, &mut listing, &mut scan);
    let mut on_disk = BTreeMap::new();
    listing.containers(root, &mut on_disk);
    // Where the original's marketplace importer stores, when the directory exists (formats-core §3).
    for (_, artifacts) in listing.directories_in(root, |name| name == "artifacts") {
        if !listing.enter(&artifacts) {
            continue;
        }
        listing.containers(&artifacts, &mut on_disk);
    }
    for entry in &mut scan.entries {
        // Absolute paths (#20) win over the root by `join`'s own rule.
        let path = listing.event_path(&root.join(&entry.path));
        entry.path = path.strip_prefix(root).map(Path::to_owned).unwrap_or(path);
    }
    let listed: BTreeSet<_> = scan.entries.iter().map(|e| e.key.clone()).collect();
    for (key, path) in on_disk {
        if !listed.contains(&key) {
            let path = path.strip_prefix(root).map(Path::to_owned).unwrap_or(path);
            scan.entries.push(on_disk_only(key, path));
        }
    }
    scan.ancestors = listing.finish();
    scan.problems.extend(listing.problems);
    scan.directories = listing.directories;
    (scan, listing.unwatched)
}

fn read_manifest(root: &Path, listing: &mut Listing<'_>, scan: &mut CollectionScan) {
    let path = root.join("collection.toml");
    listing.read_through(&path);
    let parsed = match crate::os::files::read_whole(&path) {
        Ok(bytes) => manifest::parse(&bytes, &path),
        Err(e) => {
            let message = if e.kind() == io::ErrorKind::NotFound {
                "there is no collection.toml in this directory".to_owned()
            } else {
                format!("cannot read it: {e}")
            };
            scan.problems.push(problem(&path, message.clone()));
            scan.unreadable = Some(format!("{}: {message}", path.display()));
            return;
        }
    };
    scan.unreadable = parsed.unreadable.map(|why| located(&path, &parsed.problems, &why));
    scan.unnamed_flaws = parsed.unnamed_flaws;
    scan.entries = parsed.entries;
    scan.groups = parsed.groups;
    scan.tags = parsed.tags;
    scan.problems.extend(parsed.problems);
}

fn read_lock(root: &Path, listing: &mut Listing<'_>, scan: &mut CollectionScan) {
    let path = root.join("collection.lock");
    listing.read_through(&path);
    match crate::os::files::read_whole(&path) {
        Ok(bytes) => {
            let (lock, problems) = lock::parse(&bytes, &path);
            scan.lock = lock;
            scan.problems.extend(problems);
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => scan.problems.push(problem(&path, format!("cannot read it: {e}"))),
    }
}

fn on_disk_only(key: ArtifactKey, path: PathBuf) -> Entry {
    Entry {
        key,
        path,
        in_manifest: false,
        metadata: Metadata::default(),
        origin: None,
        upstream: None,
        resolved_version: None,
        uuid: None,
        added: None,
        flaw: None,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::scan::testing::{Disk, link};

    const HEAD: &str = "[collection]\nname = \"c\"\n";

    fn look(disk: &Disk) -> CollectionScan {
        let (scan, unwatched) = scan(&disk.root, &disk.watches);
        assert_eq!(unwatched, None);
        scan
    }

    fn entry(name: &str, path: &str) -> String {
        format!("[[artifacts]]\nname = \"{name}\"\ntype = \"skill\"\npath = \"{path}\"\norigin = \"local\"\n")
    }

    fn entries(scan: &CollectionScan) -> Vec<(String, &str, bool)> {
        let of = |e: &'_ Entry| (e.key.to_string(), e.in_manifest);
        scan.entries.iter().map(|e| (of(e).0, e.path.to_str().expect("UTF-8"), of(e).1)).collect()
    }

    #[test]
    fn entries_without_files_and_files_without_an_entry_are_both_shown() {
        let disk = Disk::new();
        disk.write(
            "collection.toml",
            HEAD.to_owned() + &entry("there", "skills/there") + &entry("missing", "skills/missing"),
        );
        disk.write("skills/there/SKILL.md", "x");
        disk.write("skills/stray/SKILL.md", "x");
        disk.write("artifacts/skills/imported/SKILL.md", "x");
        disk.write("commands/c.md", "x");
        let scan = look(&disk);
        assert_eq!(
            entries(&scan),
            [
                ("skill:there".into(), "skills/there", true),
                ("skill:missing".into(), "skills/missing", true),
                ("skill:imported".into(), "artifacts/skills/imported", false),
                ("skill:stray".into(), "skills/stray", false),
                ("command:c".into(), "commands/c.md", false),
            ]
        );
        assert!(scan.present && scan.unreadable.is_none());
        for dir in ["", "skills", "commands", "artifacts", "artifacts/skills"] {
            let dir = disk.at(dir).components().collect::<PathBuf>();
            assert!(scan.directories.contains(&dir) && disk.is_watched(&dir), "{}", dir.display());
        }
    }

    #[test]
    fn containers_may_come_to_an_empty_artifacts_directory() {
        let disk = Disk::new();
        disk.write("collection.toml", HEAD);
        let artifacts = disk.mkdir("artifacts");
        assert!(look(&disk).directories.contains(&artifacts));
        assert!(disk.is_watched(&artifacts));
    }

    #[test]
    fn the_way_to_an_entry_elsewhere_is_watched_and_listened_to() {
        let disk = Disk::new();
        let outside = Disk::new();
        let hook = outside.write("hooks/h.md", "x");
        let absolute = format!("[[artifacts]]\nname = \"h\"\ntype = \"hook\"\npath = \"{}\"\n", hook.display());
        disk.write("collection.toml", HEAD.to_owned() + &entry("s", "custom/deep/s") + &absolute);
        disk.mkdir("custom");
        let scan = look(&disk);
        assert_eq!(scan.entries[1].path, hook);
        for dir in ["custom", "custom/deep"] {
            assert!(scan.ancestors.contains(&disk.at(dir)), "{dir}: there or to come");
        }
        assert!(disk.is_watched(&disk.at("custom")), "so `deep` is seen when it comes");
        disk.touched();
        std::fs::write(&hook, "y").expect("a file");
        assert!(disk.touched().contains(&hook), "outside the collection too");
    }

    #[test]
    fn a_container_that_is_a_link_has_real_paths() {
        let disk = Disk::new();
        disk.write("collection.toml", HEAD.to_owned() + &entry("s", "skills/s"));
        disk.write("real/s/SKILL.md", "x");
        link("real", &disk.at("skills"));
        let scan = look(&disk);
        assert_eq!(entries(&scan), [("skill:s".into(), "real/s", true)]);
        assert!(scan.directories.contains(&disk.at("real")));
    }

    #[test]
    fn without_a_usable_manifest_its_artifacts_are_unknown_and_not_gone() {
        for (text, line) in [(None, None), (Some("[collection"), Some(1)), (Some("\0"), Some(1))] {
            let disk = Disk::new();
            if let Some(text) = text {
                disk.write("collection.toml", text);
            }
            let scan = look(&disk);
            assert!(scan.present && scan.unreadable.is_some());
            let [problem] = &scan.problems[..] else { panic!("{:?}", scan.problems) };
            assert_eq!((problem.file.as_str(), problem.line), (&*disk.at("collection.toml").to_string_lossy(), line));
        }
    }

    #[test]
    fn a_damaged_lock_hides_nothing_else() {
        let disk = Disk::new();
        disk.write("collection.toml", HEAD.to_owned() + &entry("s", "skills/s"));
        disk.write("collection.lock", "[lock");
        let scan = look(&disk);
        assert_eq!((scan.entries.len(), scan.lock.len(), scan.problems.len()), (1, 0, 1));
        assert!(scan.problems[0].file.ends_with("collection.lock"));
    }

    #[test]
    fn a_directory_that_is_gone_is_not_present() {
        let disk = Disk::new();
        std::fs::remove_dir(&disk.root).expect("empty");
        let scan = look(&disk);
        assert!(!scan.present && scan.entries.is_empty() && scan.unreadable.is_none());
    }

    #[test]
    fn what_lies_above_and_where_its_own_files_lead_decides_it() {
        let disk = Disk::new();
        let manifest = disk.write("w/manifest", HEAD.to_owned() + &entry("s", "skills/s"));
        link(&manifest, &disk.at("c/collection.toml"));
        let (scan, _) = super::scan(&disk.at("c"), &disk.watches);
        assert_eq!(scan.entries.len(), 1);
        for place in [&manifest, &disk.at("w"), &disk.root, &disk.at("c/skills")] {
            assert!(scan.ancestors.contains(place), "{}", place.display());
        }
        assert!(disk.is_watched(&disk.at("w")));
    }
}
