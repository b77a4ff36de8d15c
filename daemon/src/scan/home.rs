//! The SkillMeat home: `config.toml` and the collections there are.

use super::listing::Listing;
use crate::library::config::{self, Config};
use crate::watch::{Ensured, Watches};
use skillmeat_protocol::reply::Problem;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

/// One look at the home.
#[derive(Clone, Debug)]
pub struct HomeScan {
    /// The settings, with defaults where the file has none.
    pub config: Config,
    /// Directories that hold, or may come to hold, a collection; by name.
    pub collections: Vec<FoundCollection>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Directories whose entries decide this result.
    pub directories: Vec<PathBuf>,
    /// Paths that decide it by their own coming and going only: those on the way of links.
    pub ancestors: Vec<PathBuf>,
}

/// A directory of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCollection {
    /// Name of the directory.
    pub name: String,
    /// Its real path.
    pub path: PathBuf,
    /// What identifies the directory when it is renamed.
    pub directory: DirectoryId,
    /// An id for it, should it be new: ids are random, and the engine must not be.
    pub fresh_id: uuid::Uuid,
}

impl FoundCollection {
    fn is_alias(&self) -> bool {
        self.path.file_name().is_none_or(|name| *name != *self.name)
    }
}

/// Device, inode and birth time: equal before and after a rename.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectoryId {
    /// Device, or volume.
    pub device: u64,
    /// Inode, or file index.
    pub inode: u64,
    /// Birth time in nanoseconds since 1970, where the file system keeps one: inodes are used again.
    pub created_ns: Option<i64>,
}

/// Looks at the home. A home that is not there is an empty one.
pub fn scan(home: &Path, user_home: Option<&Path>, watches: &Watches) -> (HomeScan, Option<String>) {
    let mut unwatched = None;
    let mut listing = Listing::new(watches);
    let collections_dir = listing.real(&home.join("collections"));
    let mut directories = Vec::new();
    for dir in [home, &collections_dir] {
        let existing = ensure_nearest(dir, watches, &mut unwatched);
        directories.push(existing.to_owned());
    }
    directories.dedup();
    let mut problems = Vec::new();
    let config_path = home.join("config.toml");
    listing.read_through(&config_path);
    let config = match crate::os::files::read_whole(&config_path) {
        Ok(bytes) => {
            let (config, found) = config::parse(&bytes, &config_path, user_home.unwrap_or(home));
            problems.extend(found);
            config
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Config::default(),
        Err(e) => {
            problems.push(super::problem(&config_path, format!("cannot read it: {e}")));
            Config::default()
        }
    };
    let mut collections = Vec::new();
    match std::fs::read_dir(&collections_dir) {
        Ok(entries) => {
            for entry in entries.flatten() {
                if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                    collections.extend(found(&entry.path(), &mut listing, &mut problems));
                }
            }
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => problems.push(super::problem(&collections_dir, format!("cannot list it: {e}"))),
    }
    for path in &config.collection_paths {
        match found(path, &mut listing, &mut problems) {
            Some(collection) => collections.push(collection),
            None => problems.push(super::problem(path, "the configured collection is not there".into())),
        }
        if let Some(parent) = path.parent() {
            let parent = parent.canonicalize().unwrap_or_else(|_| parent.to_owned());
            directories.push(ensure_nearest(&parent, watches, &mut unwatched).to_owned());
        }
    }
    // A directory and links to it are one collection, called as the directory is if that name is among them.
    collections.sort_by(|a, b| (a.is_alias(), &a.name, &a.path).cmp(&(b.is_alias(), &b.name, &b.path)));
    let mut seen = HashSet::new();
    collections.retain(|collection| seen.insert(collection.path.clone()));
    collections.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
    // A home that is gone is not an empty one; that is for who guards the daemon's own names.
    let ancestors = listing.finish().into_iter().filter(|place| !home.starts_with(place)).collect();
    (HomeScan { config, collections, problems, directories, ancestors }, unwatched.or(listing.unwatched))
}

/// Watches `dir`, or the nearest directory above it that is there: it tells when the next one comes.
fn ensure_nearest<'a>(dir: &'a Path, watches: &Watches, unwatched: &mut Option<String>) -> &'a Path {
    loop {
        let existing = dir.ancestors().find(|a| a.is_dir()).unwrap_or(dir);
        match watches.ensure(existing) {
            Ensured::Watched => {}
            Ensured::Refused { reason } => *unwatched = Some(reason),
            Ensured::Gone => continue,
        }
        // The next one may have come before this one was watched.
        if dir.ancestors().find(|a| a.is_dir()).unwrap_or(dir) == existing {
            return existing;
        }
    }
}

fn found(path: &Path, listing: &mut Listing<'_>, problems: &mut Vec<Problem>) -> Option<FoundCollection> {
    listing.read_through(path);
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_dir)?;
    let real = path.canonicalize().ok()?;
    let Some(name) = path.file_name().and_then(|n| n.to_str()).filter(|_| real.to_str().is_some()) else {
        problems.push(super::problem(path, "a collection's path must be valid UTF-8; rename it".into()));
        return None;
    };
    let fresh_id = uuid::Uuid::new_v4();
    Some(FoundCollection { name: name.into(), path: real, directory: directory_id(&metadata), fresh_id })
}

fn directory_id(metadata: &std::fs::Metadata) -> DirectoryId {
    let stamp = super::stamp::of(metadata);
    let created = metadata.created().ok().and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok());
    let created_ns = created.and_then(|d| i64::try_from(d.as_nanos()).ok());
    DirectoryId { device: stamp.device, inode: stamp.inode, created_ns }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::scan::testing::{Disk, link};

    fn look(disk: &Disk, home: &str) -> HomeScan {
        let (scan, unwatched) = scan(&disk.at(home), Some(&disk.root), &disk.watches);
        assert_eq!(unwatched, None);
        scan
    }

    fn names(scan: &HomeScan) -> Vec<&str> {
        scan.collections.iter().map(|c| &*c.name).collect()
    }

    #[test]
    fn a_home_that_is_not_there_is_empty_and_is_seen_when_it_comes() {
        let disk = Disk::new();
        let scan = look(&disk, "a/home");
        assert!(scan.collections.is_empty() && scan.problems.is_empty());
        assert_eq!((scan.config, scan.directories), (Config::default(), vec![disk.root.clone()]));
        assert!(disk.is_watched(&disk.root));
        disk.mkdir("a/home");
        assert_eq!(look(&disk, "a/home").directories, [disk.at("a/home")]);
        disk.mkdir("a/home/collections");
        assert_eq!(look(&disk, "a/home").directories, [disk.at("a/home"), disk.at("a/home/collections")]);
    }

    #[test]
    fn directories_are_collections_and_what_is_hidden_or_a_file_is_not() {
        let disk = Disk::new();
        for name in ["team", "default", ".trash", "x.tmp"] {
            disk.mkdir(&format!("home/collections/{name}"));
        }
        disk.write("home/collections/README", "x");
        let scan = look(&disk, "home");
        assert_eq!(names(&scan), ["default", "team", "x.tmp"]);
        assert_eq!(scan.collections[0].path, disk.at("home/collections/default"));
        assert_ne!(scan.collections[0].directory, scan.collections[1].directory);
    }

    #[test]
    fn identity_survives_a_rename_and_no_replacement() {
        let disk = Disk::new();
        let old = disk.mkdir("home/collections/a");
        let before = look(&disk, "home").collections[0].directory;
        std::fs::rename(&old, disk.at("home/collections/b")).expect("rename");
        assert_eq!(look(&disk, "home").collections[0].directory, before);
        disk.mkdir("home/collections/a");
        let scan = look(&disk, "home");
        assert_eq!((names(&scan), scan.collections[1].directory), (vec!["a", "b"], before));
        assert_ne!(scan.collections[0].directory, before);
    }

    #[test]
    fn a_directory_and_links_to_it_are_one_collection() {
        let disk = Disk::new();
        let real = disk.mkdir("home/collections/real");
        let outside = disk.mkdir("shared/skills");
        link(&real, &disk.at("home/collections/alias"));
        link(&outside, &disk.at("home/collections/team"));
        link("nowhere", &disk.at("home/collections/dangling"));
        disk.write("home/config.toml", format!("[daemon]\ncollections = [\"{}\", \"~/gone/x\"]\n", outside.display()));
        let scan = look(&disk, "home");
        let found: Vec<_> = scan.collections.iter().map(|c| (&*c.name, &c.path)).collect();
        assert_eq!(found, [("real", &real), ("skills", &outside)]);
        let [problem] = &scan.problems[..] else { panic!("{:?}", scan.problems) };
        assert!(problem.file.ends_with("gone/x"));
        assert!(scan.directories.contains(&disk.at("shared")) && disk.is_watched(&disk.at("shared")));
        assert!(scan.directories.contains(&disk.root), "the nearest directory that is there tells when `gone` comes");
    }

    #[test]
    fn a_damaged_config_is_a_problem_and_hides_no_collection() {
        let disk = Disk::new();
        disk.mkdir("home/collections/default");
        disk.write("home/config.toml", "[daemon\n");
        let scan = look(&disk, "home");
        assert_eq!((names(&scan), scan.problems.len(), &scan.config), (vec!["default"], 1, &Config::default()));
        std::fs::remove_file(disk.at("home/config.toml")).expect("there");
        disk.mkdir("home/config.toml");
        assert_eq!(look(&disk, "home").problems.len(), 1);
    }

    #[test]
    fn a_collection_that_is_a_link_is_seen_when_it_comes() {
        let disk = Disk::new();
        link(disk.at("w/team"), &disk.at("home/collections/team"));
        disk.mkdir("w");
        let scan = look(&disk, "home");
        assert!(scan.collections.is_empty() && scan.ancestors.contains(&disk.at("w/team")));
        assert!(!scan.ancestors.contains(&disk.root), "what lies above the home says nothing of what is in it");
        disk.touched();
        disk.mkdir("w/team");
        assert!(disk.touched().contains(&disk.at("w/team")));
    }
}
