//! A search for projects below a directory: which ones hold a profile root with something in it.
//!
//! Nothing is watched or registered here, and links to directories are not followed, so the walk ends. Hidden
//! directories are not entered (profile roots are looked into, not searched), nor are those that tools fill. What cannot
//! be read is told, and the rest goes on.

use super::project::{DEPLOYED, NEVER_PROFILES, PLAN};
use super::{is_missing, problem};
use crate::library::{deployed, layout, plan, profile};
use crate::os::files::read_whole;
use jiff::tz::TimeZone;
use skillmeat_protocol::reply::{DiscoverReply, DiscoveredProject, Problem, Progress};
use std::fs::DirEntry;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Problems told; of a tree that is not ours, the rest would only repeat them.
const MAX_PROBLEMS: usize = 100;
/// Directories that builds and package tools fill (formats-core §5), beside the hidden ones.
const NEVER_SEARCHED: [&str; 8] = ["node_modules", "venv", "__pycache__", "vendor", "dist", "build", "target", "Pods"];

/// Where to search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The directory to start from, whatever its name; itself a candidate.
    pub root: PathBuf,
    /// Levels below it; 0 is the directory itself.
    pub depth: u32,
}

/// Searches. `registered` is asked with real paths; `progress` is called for every directory. Once `cancelled` is true, the
/// answer is what was found until then.
pub fn discover(
    search: &Search,
    registered: &dyn Fn(&Path) -> bool,
    progress: &mut dyn FnMut(Progress),
    cancelled: &AtomicBool,
) -> DiscoverReply {
    let mut found = Found::default();
    let mut directories = 0;
    let mut waiting = match search.root.canonicalize() {
        Ok(root) => vec![(root, 0)],
        Err(e) => {
            found.complain(&search.root, &e);
            Vec::new()
        }
    };
    while let Some((directory, level)) = waiting.pop() {
        if cancelled.load(Ordering::Relaxed) {
            break;
        }
        directories += 1;
        let at = directory.display().to_string();
        progress(Progress { directories, found: found.projects.len() as u64, at, done: 0, total: 0 });
        let entries = found.list(&directory);
        let below = look_at(&directory, entries, registered, &mut found);
        if level < search.depth {
            // Backwards, so that the first by name is the next to be looked at.
            waiting.extend(below.into_iter().rev().map(|path| (path, level + 1)));
        }
    }
    found.projects.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    DiscoverReply { projects: found.projects, directories, problems: found.problems }
}

#[derive(Default)]
struct Found {
    projects: Vec<DiscoveredProject>,
    problems: Vec<Problem>,
}

impl Found {
    fn tell(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    fn complain(&mut self, path: &Path, error: &io::Error) {
        self.tell(problem(path, format!("cannot read it: {error}")));
    }

    /// Entries by name. An entry that cannot be read is told, and so is a directory.
    fn list(&mut self, directory: &Path) -> Vec<DirEntry> {
        let mut entries = Vec::new();
        match std::fs::read_dir(directory) {
            Ok(read) => {
                for entry in read {
                    match entry {
                        Ok(entry) => entries.push(entry),
                        Err(e) => self.complain(directory, &e),
                    }
                }
            }
            Err(e) => self.complain(directory, &e),
        }
        entries.sort_unstable_by_key(DirEntry::file_name);
        entries
    }
}

/// Records `directory` if it is a project; gives the directories to search below it, by name.
fn look_at(
    directory: &Path,
    entries: Vec<DirEntry>,
    registered: &dyn Fn(&Path) -> bool,
    found: &mut Found,
) -> Vec<PathBuf> {
    let mut below = Vec::new();
    let mut roots = Vec::new();
    let mut deployments = 0;
    for entry in entries {
        let Ok(kind) = entry.file_type() else { continue };
        let name = entry.file_name();
        if !name.as_encoded_bytes().starts_with(b".") {
            if kind.is_dir() && !NEVER_SEARCHED.iter().any(|never| *never == name) {
                below.push(entry.path());
            }
            continue;
        }
        // A profile root may be a link, as dotfiles often are; it is looked into, not searched.
        let Some(name) = name.to_str().filter(|name| !NEVER_PROFILES.contains(name)) else { continue };
        if (kind.is_dir() || kind.is_symlink())
            && let Some(records) = profile_root(&entry.path(), name, found)
        {
            roots.push(name.to_owned());
            deployments += records;
        }
    }
    if roots.is_empty() {
        return below;
    }
    match directory.to_str() {
        Some(path) => found.projects.push(DiscoveredProject {
            path: path.to_owned(),
            roots,
            deployments,
            registered: registered(directory),
            added: false,
        }),
        None => found.tell(problem(directory, "a project's path must be valid UTF-8".into())),
    }
    below
}

/// How many deployments `root` records; none when it is no profile root. A built-in one counts when anything in it is
/// known, others only when they hold records: `.vscode` has settings too.
fn profile_root(root: &Path, name: &str, found: &mut Found) -> Option<u32> {
    let built_in = profile::BUILTIN.iter().any(|profile| profile.root == name);
    let mut records = count(&root.join(DEPLOYED), found, |bytes, path| deployed::parse(bytes, path, &TimeZone::UTC));
    if name == ".claude" && records.unwrap_or(0) == 0 {
        records = count(&root.join(PLAN), found, plan::parse).or(records);
    }
    if records.is_some() || !built_in || !root.is_dir() {
        return records;
    }
    found.list(root).iter().any(is_known).then_some(0)
}

/// Whether an entry of a built-in profile root shows that somebody uses it: agents make the directory alone, too.
fn is_known(entry: &DirEntry) -> bool {
    const FILES: [&str; 3] = [".skillmeat-project.toml", "settings.json", "settings.local.json"];
    let name = entry.file_name();
    let known_file = |name: &str| FILES.contains(&name) || layout::project_config(name).is_some();
    let path = entry.path();
    name.to_str().is_some_and(|name| {
        (layout::container_type(name).is_some() && path.is_dir()) || (known_file(name) && path.is_file())
    })
}

/// How many records a file holds; none when it is not there. A damaged or unreadable one is there, and told.
fn count(
    path: &Path,
    found: &mut Found,
    parse: impl FnOnce(&[u8], &Path) -> crate::library::records::ParsedRecords,
) -> Option<u32> {
    match read_whole(path) {
        Ok(bytes) => {
            let parsed = parse(&bytes, path);
            parsed.problems.into_iter().for_each(|problem| found.tell(problem));
            Some(u32::try_from(parsed.records.len()).unwrap_or(u32::MAX))
        }
        Err(e) if is_missing(&e) => None,
        Err(e) => {
            found.complain(path, &e);
            path.symlink_metadata().is_ok().then_some(0)
        }
    }
}

#[cfg(test)]
mod tests;
