//! Listing the directories that hold artifacts, for collections and projects alike: watch, then read.

use super::{link, problem, shown};
use crate::library::layout::{self, Occupant};
use crate::model::TreeKind;
use crate::watch::{Ensured, Watches};
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use skillmeat_protocol::reply::Problem;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Levels of directories below a container in which commands and agents may lie (field-notes §4A, formats-core §3.2).
const MAX_NESTING: u32 = 3;

/// What was watched and listed so far.
pub struct Listing<'a> {
    watches: &'a Watches,
    /// Why events cannot be relied on.
    pub unwatched: Option<String>,
    /// Directories whose entries decided the result.
    pub directories: Vec<PathBuf>,
    /// Directories of which only their own coming and going matters.
    pub ancestors: Vec<PathBuf>,
    /// What lies there and cannot be listed.
    pub problems: Vec<Problem>,
    real_parents: HashMap<PathBuf, PathBuf>,
}

impl<'a> Listing<'a> {
    /// Nothing listed yet.
    pub fn new(watches: &'a Watches) -> Self {
        Self {
            watches,
            unwatched: None,
            directories: Vec::new(),
            ancestors: Vec::new(),
            problems: Vec::new(),
            real_parents: HashMap::new(),
        }
    }

    /// Watches `dir` and remembers that its entries matter; says whether it is there.
    pub fn enter(&mut self, dir: &Path) -> bool {
        match self.watches.ensure(dir) {
            Ensured::Watched => {}
            Ensured::Gone => return false,
            Ensured::Refused { reason } => {
                self.unwatched = Some(reason);
                if !dir.is_dir() {
                    return false;
                }
            }
        }
        self.directories.push(dir.to_owned());
        true
    }

    /// Watches the directories that `root` lies in, so that its own coming and going is seen. Where others own them they
    /// may be closed to us; then the search for what is missing, and the slow verification, must do.
    pub fn way_up(&mut self, root: &Path) {
        let above: Vec<_> = root.ancestors().skip(1).filter(|a| a.parent().is_some()).collect();
        // From the top: what is made below a directory before that is watched is found by going on.
        for dir in above.into_iter().rev() {
            let _ = self.watches.ensure(dir);
            self.ancestors.push(dir.to_owned());
        }
        self.ancestors.push(root.to_owned());
    }

    /// Watches the directories between `root` and `path`, both excluded; of a path elsewhere, the directory that holds it.
    pub fn way_to(&mut self, root: &Path, path: &Path) {
        let mut between: Vec<_> =
            path.ancestors().skip(1).take_while(|dir| *dir != root && dir.starts_with(root)).collect();
        if !path.starts_with(root) {
            between.extend(path.parent());
        }
        // From the top, as in `way_up`.
        for dir in between.into_iter().rev() {
            if !self.directories.iter().any(|d| d == dir) && !self.ancestors.iter().any(|a| a == dir) {
                self.pass(dir);
            }
        }
    }

    fn pass(&mut self, dir: &Path) {
        match self.watches.ensure(dir) {
            // What is not there yet is seen by the directory above it, which was passed before.
            Ensured::Watched | Ensured::Gone => {}
            Ensured::Refused { reason } => self.unwatched = Some(reason),
        }
        self.ancestors.push(dir.to_owned());
    }

    /// The path by which events will name `path`: links in the directories above it are resolved, `path` itself is not.
    pub fn event_path(&mut self, path: &Path) -> PathBuf {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return path.to_owned() };
        let real = self
            .real_parents
            .entry(parent.to_owned())
            .or_insert_with(|| parent.canonicalize().unwrap_or_else(|_| parent.to_owned()));
        real.join(name)
    }

    /// Lists the container directories of `root` (`skills`, `commands`, …) and what lies in them.
    pub fn containers(&mut self, root: &Path, on_disk: &mut BTreeMap<ArtifactKey, PathBuf>) {
        for (name, kind) in entries(root) {
            let Some(artifact) = name.to_str().and_then(layout::container_type) else { continue };
            if kind == TreeKind::Directory && !is_plugin_store(&root.join(&name)) {
                let container = self.event_path(&root.join(&name).join("x"));
                let container = container.parent().unwrap_or(root).to_owned();
                if self.leads_back(&root.join(&name), &container, root) {
                    continue;
                }
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

    /// The entries of a directory, after watching for the targets of links that lead nowhere: one that appears is an
    /// artifact more.
    fn settled_entries(&mut self, dir: &Path) -> Vec<(OsString, TreeKind)> {
        let (found, dangling) = read(dir);
        if dangling.is_empty() {
            return found;
        }
        for name in dangling {
            let places = link::dangling(&dir.join(name));
            self.unwatched = link::watch(&places, self.watches).or(self.unwatched.take());
            let above = places.iter().flat_map(|place| place.ancestors().skip(1)).map(Path::to_owned);
            self.ancestors.extend(above);
            self.directories.extend(places);
        }
        self.ancestors.sort_unstable();
        self.ancestors.dedup();
        entries(dir)
    }

    fn container(
        &mut self,
        container: &Path,
        artifact: ArtifactType,
        below: &str,
        nesting: u32,
        on_disk: &mut BTreeMap<ArtifactKey, PathBuf>,
    ) {
        let dir = container.join(below);
        if !self.enter(&dir) {
            return;
        }
        for (name, kind) in self.settled_entries(&dir) {
            let path = dir.join(&name);
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
                    if !manifests.iter().any(|manifest| path.join(manifest).is_file()) {
                        let back = path.is_symlink()
                            && path.canonicalize().is_ok_and(|real| self.leads_back(&path, &real, &dir));
                        if nesting > 0 && !back {
                            self.container(container, artifact, &relative, nesting - 1, on_disk);
                        }
                        continue;
                    }
                    // Without its manifest it is a folder again, so its entries decide this listing too.
                    self.enter(&path);
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

/// Names in `dir` with what they are, links followed, sorted; nothing when it cannot be read. A link that leads nowhere
/// is not there.
pub fn entries(dir: &Path) -> Vec<(OsString, TreeKind)> {
    read(dir).0
}

/// The same, and the names of links that lead nowhere.
fn read(dir: &Path) -> (Vec<(OsString, TreeKind)>, Vec<OsString>) {
    let (mut entries, mut dangling) = (Vec::new(), Vec::new());
    let Ok(read) = std::fs::read_dir(dir) else { return (entries, dangling) };
    for entry in read.flatten() {
        let Ok(file_type) = entry.file_type() else { continue };
        let is_dir = match file_type.is_symlink() {
            true => match entry.path().metadata() {
                Ok(metadata) => metadata.is_dir(),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                    dangling.push(entry.file_name());
                    continue;
                }
                Err(_) => false,
            },
            false => file_type.is_dir(),
        };
        entries.push((entry.file_name(), if is_dir { TreeKind::Directory } else { TreeKind::File }));
    }
    entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    (entries, dangling)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::scan::testing::{Disk, fifo, link};

    fn listed(disk: &Disk) -> (Vec<(String, PathBuf)>, Vec<PathBuf>) {
        let mut listing = Listing::new(&disk.watches);
        let mut found = BTreeMap::new();
        listing.containers(&disk.root, &mut found);
        let found = found
            .into_iter()
            .map(|(key, path)| (key.to_string(), path.strip_prefix(&disk.root).map(Path::to_owned).unwrap_or(path)));
        (found.collect(), listing.directories)
    }

    #[test]
    fn folders_of_commands_are_entered_as_deep_as_names_may_nest() {
        let disk = Disk::new();
        disk.write("commands/1/2/3/deep.md", "x");
        disk.write("commands/1/2/3/4/deeper.md", "x");
        disk.write("commands/whole/command.md", "x");
        disk.write("commands/whole/part.md", "x");
        let (found, directories) = listed(&disk);
        let names: Vec<_> = found.iter().map(|(key, _)| &**key).collect();
        assert_eq!(names, ["command:1/2/3/deep", "command:whole"]);
        // It is one artifact only as long as its manifest is there.
        assert!(directories.contains(&disk.at("commands/whole")));
        std::fs::remove_file(disk.at("commands/whole/command.md")).expect("there");
        let names: Vec<_> = listed(&disk).0.into_iter().map(|(key, _)| key).collect();
        assert_eq!(names, ["command:1/2/3/deep", "command:whole/part"]);
    }

    #[test]
    fn names_are_sorted_and_links_are_what_they_lead_to() {
        let disk = Disk::new();
        disk.write("b/f", "x");
        disk.write("a", "x");
        link("b", &disk.at("c"));
        link("a", &disk.at("d"));
        link("nowhere", &disk.at("e"));
        link("f", &disk.at("f"));
        fifo(&disk.at("g"));
        let entries: Vec<_> =
            entries(&disk.root).into_iter().map(|(name, kind)| (name.into_string().expect("UTF-8"), kind)).collect();
        use TreeKind::{Directory, File};
        let want = [("a", File), ("b", Directory), ("c", Directory), ("d", File), ("f", File), ("g", File)];
        assert_eq!(entries, want.map(|(name, kind)| (name.to_owned(), kind)));
        assert_eq!(super::entries(&disk.at("a")), []);
    }

    #[test]
    fn names_that_nothing_can_be_called_by_are_told() {
        use std::os::unix::ffi::OsStrExt;
        let disk = Disk::new();
        for name in ["ok", "a\nb", "a\x01", "a..b", "a\\b", ".hidden", ".DS_Store", "CON", "x.", "-rf", " s ", "*"] {
            std::fs::create_dir(disk.mkdir("skills").join(name)).expect("made");
        }
        std::fs::create_dir(disk.at("skills").join(std::ffi::OsStr::from_bytes(b"caf\xe9"))).expect("made");
        disk.write("skills/no\nskill", "a file in skills is nothing");
        disk.write("commands/c\nc.md", "x");
        disk.write("commands/n\n.txt", "nothing");
        let mut listing = Listing::new(&disk.watches);
        let mut found = BTreeMap::new();
        listing.containers(&disk.root, &mut found);
        let names: Vec<_> = found.keys().map(|key| key.name.as_str()).collect();
        assert_eq!(names, [" s ", "*", "-rf", "CON", "ok", "x."]);
        let mut told: Vec<_> =
            listing.problems.iter().filter_map(|p| p.file.strip_prefix(disk.root.to_str()?)).collect();
        told.sort_unstable();
        let want =
            ["/commands/c\nc.md", "/skills/a\x01", "/skills/a\nb", "/skills/a..b", "/skills/a\\b", "/skills/caf\\xE9"];
        assert_eq!(told, want);
    }

    #[test]
    fn containers_and_folders_that_lead_back_are_told_and_not_listed() {
        let disk = Disk::new();
        disk.write("commands/c.md", "x");
        link(".", &disk.at("commands/loop"));
        link("/", &disk.at("commands/all"));
        link("..", &disk.at("skills"));
        link("/", &disk.at("agents"));
        let mut listing = Listing::new(&disk.watches);
        let mut found = BTreeMap::new();
        listing.containers(&disk.root, &mut found);
        assert_eq!(found.keys().map(ToString::to_string).collect::<Vec<_>>(), ["command:c"]);
        assert_eq!(listing.problems.len(), 4, "{:?}", listing.problems);
        assert_eq!(listing.directories, [disk.at("commands")]);
    }

    #[test]
    fn one_artifact_under_two_spellings_counts_once_and_always_the_same() {
        let disk = Disk::new();
        disk.write("mcps/db/x.json", "x");
        disk.write("mcp/db.json", "x");
        disk.write("hooks/h/hook.sh", "x");
        let (found, _) = listed(&disk);
        assert_eq!(found, [("hook:h".into(), "hooks/h".into()), ("mcp:db".into(), PathBuf::from("mcp/db.json"))]);
    }
}
