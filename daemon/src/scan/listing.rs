//! Listing the directories that hold artifacts, for collections and projects alike: watch, then read.

use super::link::{self, Way};
use super::{problem, shown};
use crate::library::layout::{self, Occupant};
use crate::model::TreeKind;
use crate::watch::{Ensured, Watches};
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use skillmeat_protocol::reply::Problem;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// Levels of directories below a container in which commands and agents may lie (field-notes §4A, formats-core §3.2).
const MAX_NESTING: u32 = 3;

/// What was watched and listed so far.
///
/// Whatever was looked up is in [`Self::directories`], or among what [`Self::finish`] gives: with an event at one of these
/// the result may be another, and without one it is not. Links are followed by [`Self::real`] only.
pub struct Listing<'a> {
    watches: &'a Watches,
    /// Why events cannot be relied on.
    pub unwatched: Option<String>,
    /// Directories whose entries decided the result.
    pub directories: Vec<PathBuf>,
    /// What lies there and cannot be listed.
    pub problems: Vec<Problem>,
    /// Paths of which only their own coming and going matters; with each, the directories above.
    passed: BTreeSet<PathBuf>,
    /// By the directory as it was named.
    real_parents: HashMap<PathBuf, PathBuf>,
    /// Known to have no link in it, so that nothing above is asked for again.
    straight: Option<PathBuf>,
}

/// An entry of a directory.
struct Listed {
    name: OsString,
    /// What it is or leads to; none for a link that leads nowhere.
    kind: Option<TreeKind>,
    /// Where it leads, if it is a link.
    way: Option<Way>,
}

impl<'a> Listing<'a> {
    /// Nothing listed yet.
    pub fn new(watches: &'a Watches) -> Self {
        Self {
            watches,
            unwatched: None,
            directories: Vec::new(),
            problems: Vec::new(),
            passed: BTreeSet::new(),
            real_parents: HashMap::new(),
            straight: None,
        }
    }

    /// The paths of which only their own coming and going matters: what is above comes first.
    pub fn finish(&mut self) -> Vec<PathBuf> {
        let mut passed = std::mem::take(&mut self.passed);
        for dir in &self.directories {
            passed.remove(dir);
        }
        passed.into_iter().collect()
    }

    /// Watches `dir` and remembers that its entries matter; says whether it is there.
    pub fn enter(&mut self, dir: &Path) -> bool {
        if !self.watch(dir) && !dir.is_dir() {
            return false;
        }
        self.directories.push(dir.to_owned());
        true
    }

    /// Whether `dir` is watched from now on.
    fn watch(&mut self, dir: &Path) -> bool {
        match self.watches.ensure(dir) {
            Ensured::Watched => true,
            // What is not there yet is seen by the directory above it.
            Ensured::Gone => false,
            Ensured::Refused { reason } => {
                self.unwatched = Some(reason);
                false
            }
        }
    }

    /// Watches the directories that `root` lies in, so that its own coming and going is seen. Where others own them they
    /// may be closed to us; then the search for what is missing, and the slow verification, must do.
    pub fn way_up(&mut self, root: &Path) {
        let mut way = link::follow(root, self.watches);
        way.unwatched = None;
        self.straight = way.is_straight().then(|| way.end.clone());
        self.remember(way);
    }

    /// Where `path` really is, or would be, whatever links lead there.
    pub fn real(&mut self, path: &Path) -> PathBuf {
        let below = self.straight.as_ref().and_then(|real| Some((real, path.strip_prefix(real).ok()?)));
        let way = match below {
            Some((real, rest)) => link::follow_from(real, rest, self.watches),
            None => link::follow(path, self.watches),
        };
        self.remember(way)
    }

    fn remember(&mut self, way: Way) -> PathBuf {
        for place in way.places() {
            for dir in place.ancestors().filter(|dir| dir.parent().is_some()) {
                // Then those above are known, too.
                if !self.passed.insert(dir.to_owned()) {
                    break;
                }
            }
        }
        self.unwatched = way.unwatched.or(self.unwatched.take());
        way.end
    }

    /// Has what `file` leads to listened to, should it be a link. Call it before reading the file.
    pub fn read_through(&mut self, file: &Path) {
        if file.is_symlink() {
            self.real(file);
        }
    }

    /// The path by which events will name `path`: links in the directories above it are resolved, `path` itself is not. The
    /// directory that holds it is watched.
    pub fn event_path(&mut self, path: &Path) -> PathBuf {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return path.to_owned() };
        if let Some(real) = self.real_parents.get(parent) {
            return real.join(name);
        }
        let real = self.real(parent);
        self.watch(&real);
        let path = real.join(name);
        self.real_parents.insert(parent.to_owned(), real);
        path
    }

    /// The first of these paths at which anything is, else the first, by which events will name it. What comes to one of
    /// them later is listened to only when nothing was there. What is `listed` is there.
    pub fn first_of(&mut self, candidates: &[PathBuf], listed: &HashSet<&Path>) -> Option<PathBuf> {
        let paths: Vec<PathBuf> = candidates.iter().map(|path| self.event_path(path)).collect();
        let is_there = |path: &PathBuf| listed.contains(&**path) || path.symlink_metadata().is_ok();
        let found = paths.iter().position(is_there);
        // One that comes before the one that was found counts.
        self.passed.extend(paths.iter().take(found.unwrap_or(paths.len())).cloned());
        paths.into_iter().nth(found.unwrap_or(0))
    }

    /// Lists the container directories of `root` (`skills`, `commands`, …) and what lies in them.
    pub fn containers(&mut self, root: &Path, on_disk: &mut BTreeMap<ArtifactKey, PathBuf>) {
        for Listed { name, kind, way } in self.entries(root, |name| layout::container_type(name).is_some()) {
            let Some(artifact) = name.to_str().and_then(layout::container_type) else { continue };
            let path = root.join(&name);
            let container = way.map_or_else(|| path.clone(), |way| self.remember(way));
            if kind == Some(TreeKind::Directory)
                && !is_plugin_store(&container)
                && !self.leads_back(&path, &container, root)
                && self.enter(&container)
            {
                self.container(&container, artifact, "", MAX_NESTING, on_disk);
            }
        }
    }

    /// Whether what is at `path` is really `above` `from`. To list that would be to list it again and again, or, should it
    /// be `/`, everything.
    fn leads_back(&mut self, path: &Path, above: &Path, from: &Path) -> bool {
        let back = from.starts_with(above);
        if back {
            let message = format!("it leads back to {}; what is in it is not listed", shown(above));
            self.problems.push(problem(path, message));
        }
        back
    }

    /// Names in `dir` that are `wanted`, by name; nothing when it cannot be read. Links are followed after all on the way
    /// is watched.
    fn entries(&self, dir: &Path, wanted: impl Fn(&str) -> bool) -> Vec<Listed> {
        let Ok(read) = std::fs::read_dir(dir) else { return Vec::new() };
        let mut entries = Vec::new();
        for entry in read.flatten().filter(|entry| entry.file_name().to_str().is_none_or(&wanted)) {
            let Ok(file_type) = entry.file_type() else { continue };
            let kind = |is_dir| if is_dir { TreeKind::Directory } else { TreeKind::File };
            let way = file_type.is_symlink().then(|| link::follow(&entry.path(), self.watches));
            let kind = match way {
                None => Some(kind(file_type.is_dir())),
                Some(_) => match entry.path().metadata() {
                    Ok(metadata) => Some(kind(metadata.is_dir())),
                    Err(e) if e.kind() == io::ErrorKind::NotFound => None,
                    Err(_) => Some(TreeKind::File),
                },
            };
            entries.push(Listed { name: entry.file_name(), kind, way });
        }
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    /// The directories in `dir` whose name is `wanted`, with the real path of each, by name.
    pub fn directories_in(&mut self, dir: &Path, wanted: impl Fn(&str) -> bool) -> Vec<(String, PathBuf)> {
        let mut found = Vec::new();
        for Listed { name, kind, way } in self.entries(dir, wanted) {
            let Some(name) = name.to_str() else { continue };
            let real = way.map_or_else(|| dir.join(name), |way| self.remember(way));
            if kind == Some(TreeKind::Directory) {
                found.push((name.to_owned(), real));
            }
        }
        found
    }

    /// Lists `dir`, which was entered, and what `below` of a container is.
    fn container(
        &mut self,
        dir: &Path,
        artifact: ArtifactType,
        below: &str,
        nesting: u32,
        on_disk: &mut BTreeMap<ArtifactKey, PathBuf>,
    ) {
        for Listed { name, kind, way } in self.entries(dir, |_| true) {
            let path = dir.join(&name);
            let is_link = way.is_some();
            // It is something else, or an artifact at last, when it leads to something else.
            let real = way.map_or_else(|| path.clone(), |way| self.remember(way));
            let Some(kind) = kind else { continue };
            let Some(name) = name.to_str() else {
                if layout::would_be_artifact(artifact, &name.to_string_lossy(), kind) {
                    self.problems.push(problem(&path, "its name is not UTF-8, so it is not listed; rename it".into()));
                }
                continue;
            };
            let relative = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
            let key = match layout::artifact_in_container(artifact, &relative, kind) {
                None => {
                    if let Some(flaw) = layout::flaw_of_artifact(artifact, name, kind) {
                        self.problems.push(problem(&path, format!("{flaw}, so it is not listed; rename it")));
                    }
                    continue;
                }
                Some(Occupant::Artifact(key)) => key,
                Some(Occupant::ArtifactOrFolder { key, manifests }) => {
                    if is_link && self.leads_back(&path, &real, dir) {
                        continue;
                    }
                    // Its entries decide what it is.
                    if !self.enter(&real) {
                        continue;
                    }
                    let manifests: Vec<_> = manifests.iter().map(|manifest| real.join(manifest)).collect();
                    manifests.iter().for_each(|manifest| self.read_through(manifest));
                    if !manifests.iter().any(|manifest| manifest.is_file()) {
                        if nesting > 0 {
                            self.container(&real, artifact, &relative, nesting - 1, on_disk);
                        }
                        continue;
                    }
                    key
                }
            };
            on_disk.entry(key).or_insert(path);
        }
    }
}

/// Whether this `plugins` directory is where Claude Code itself keeps installed plugins (field-notes §4A): its caches are
/// nobody's artifacts.
fn is_plugin_store(dir: &Path) -> bool {
    dir.ends_with("plugins")
        && ["installed_plugins.json", "known_marketplaces.json"].iter().any(|f| dir.join(f).exists())
}

#[cfg(all(test, unix))]
mod tests;
