//! A project: its profile roots, their deployment records, and artifacts that no record names.
//!
//! The root that a record belongs to is that of the file it stands in, whatever the record says (formats-core §17
//! #12). While a records file cannot be read, nothing in its root is called untracked: it may well be recorded.

use super::listing::Listing;
use super::{located, problem};
use crate::library::records::ParsedRecord;
use crate::library::{deployed, layout, plan, profile, project_file};
use crate::model::{OnDisk, Profile, ProjectScan, Record, RecordSchema, SharedTexts, Unread};
use crate::watch::Watches;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::Problem;
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The records of a profile root.
pub const DEPLOYED: &str = ".skillmeat-deployed.toml";
/// The records of generation P; only ever below `.claude`.
pub const PLAN: &str = "deployment.toml";
/// What a project says of itself, in a profile root.
pub const PROJECT_FILE: &str = ".skillmeat-project.toml";
/// [`Profile::root`] of a project that is itself a profile root.
pub const ITSELF: &str = ".";
/// Dot-directories that other tools fill and that never hold records.
pub(super) const NEVER_PROFILES: [&str; 18] = [
    ".git",
    ".hg",
    ".svn",
    ".jj",
    ".venv",
    ".cache",
    ".npm",
    ".cargo",
    ".rustup",
    ".tox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".next",
    ".nuxt",
    ".gradle",
    ".idea",
    ".vscode",
];

/// Looks at the project at `root`, whose path is real.
pub fn scan(root: &Path, zone: &jiff::tz::TimeZone, watches: &Watches) -> (ProjectScan, Option<String>) {
    let mut listing = Listing::new(watches);
    listing.way_up(root);
    let mut scan = ProjectScan {
        present: false,
        name: root.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_else(|| root.display().to_string()),
        profiles: Vec::new(),
        unread: Vec::new(),
        records: Vec::new(),
        on_disk: Vec::new(),
        problems: Vec::new(),
        directories: Vec::new(),
        ancestors: Vec::new(),
        stamps: None,
    };
    if listing.enter(root) {
        if let Some(id) = own_profile(root) {
            look_at_profile(root, root.to_owned(), ITSELF, id, zone, &mut listing, &mut scan);
        }
        let found = match scan.profiles.is_empty() {
            true => listing.directories_in(root, |name| name.starts_with('.') && !NEVER_PROFILES.contains(&name)),
            false => Vec::new(),
        };
        for (name, real) in found {
            look_at_profile(root, real, &name, profile::profile_of_root(&name), zone, &mut listing, &mut scan);
        }
        scan.present = !scan.profiles.is_empty();
        if !scan.present {
            let message = "there is no profile root (.claude, .codex, .gemini, .cursor) in this directory";
            scan.problems.push(problem(root, message.into()));
        }
    } else {
        scan.problems.push(problem(root, "the project directory is not there".into()));
    }
    // An item is identified as a record is, so an artifact lying about cannot be a second one.
    let recorded: HashSet<_> = scan.records.iter().map(|r| (r.key.clone(), Arc::clone(&r.profile))).collect();
    scan.on_disk.retain(|found| !recorded.contains(&(found.key.clone(), Arc::clone(&found.profile))));
    scan.ancestors = listing.finish();
    scan.problems.extend(listing.problems);
    scan.directories = listing.directories;
    (scan, listing.unwatched)
}

/// The profile of a directory that is itself a profile root: the user's own (`~/.claude`, `CLAUDE_CONFIG_DIR`), which
/// belongs to no project.
fn own_profile(root: &Path) -> Option<&'static str> {
    let name = root.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let built_in = profile::BUILTIN.iter().find(|p| p.root == name).map(|p| p.id);
    let has_settings = || root.join("settings.json").is_file() && root.join("skills").is_dir();
    built_in.or_else(|| (root.join(DEPLOYED).is_file() || has_settings()).then_some("claude_code"))
}

fn look_at_profile(
    project: &Path,
    root: PathBuf,
    name: &str,
    id: &str,
    zone: &jiff::tz::TimeZone,
    listing: &mut Listing<'_>,
    scan: &mut ProjectScan,
) {
    // Watched even when it holds no records yet: they may come.
    if !listing.enter(&root) {
        return;
    }
    let built_in = name == ITSELF || profile::BUILTIN.iter().any(|p| p.root == name);
    let mut unread = None;
    let mut has_records = false;
    let mut parsed = Vec::new();
    let deployed_file = root.join(DEPLOYED);
    if let Some(bytes) = read(&deployed_file, listing, &mut unread, &mut scan.problems) {
        has_records = true;
        let file = deployed::parse(&bytes, &deployed_file, zone);
        unread = file.unreadable.map(|why| located(&deployed_file, &file.problems, &why));
        parsed.extend(file.records);
        scan.problems.extend(file.problems);
    }
    let plan_file = root.join(PLAN);
    if id == "claude_code"
        && parsed.is_empty()
        && let Some(bytes) = read(&plan_file, listing, &mut unread, &mut scan.problems)
    {
        has_records = true;
        let file = plan::parse(&bytes, &plan_file);
        unread = unread.or_else(|| file.unreadable.map(|why| located(&plan_file, &file.problems, &why)));
        parsed.extend(file.records);
        scan.problems.extend(file.problems);
    }
    if !built_in && !has_records && unread.is_none() {
        return;
    }
    let id: Arc<str> = id.into();
    let project_file = root.join(PROJECT_FILE);
    if let Some(bytes) = read(&project_file, listing, &mut None, &mut scan.problems) {
        let (declared, problems) = project_file::parse(&bytes, &project_file);
        if let Some(declared) = declared {
            scan.name = declared;
        }
        scan.problems.extend(problems);
    }
    let mut on_disk = BTreeMap::new();
    listing.containers(&root, &mut on_disk);
    let mut recorded: HashSet<PathBuf> = HashSet::new();
    let mut recorded_keys: HashSet<ArtifactKey> = HashSet::new();
    // Identity is by profile too, and a record may name another than that of its root.
    let mut seen: HashSet<_> = scan.records.iter().map(|r| (r.key.clone(), Arc::clone(&r.profile))).collect();
    let mut texts = SharedTexts::default();
    let listed: HashSet<&Path> = on_disk.values().map(PathBuf::as_path).collect();
    for record in parsed {
        let record = placed(record, project, &root, &id, &mut texts, &listed, listing);
        recorded.insert(record.path.to_path_buf());
        recorded_keys.insert(record.key.clone());
        if !seen.insert((record.key.clone(), Arc::clone(&record.profile))) {
            // Record identity is (type, name, profile) (formats-core §4.1): the first of several stays.
            let file = if record.schema == RecordSchema::Plan { &plan_file } else { &deployed_file };
            let message = format!("{} is recorded twice for profile {}", record.key, record.profile);
            let hint = Some("remove one of the two records; the first is used".into());
            scan.problems.push(Problem { line: Some(record.line), hint, ..problem(file, message) });
            continue;
        }
        scan.records.push(Arc::new(record));
    }
    if let Some(reason) = unread {
        scan.unread.push(Unread { profile: Arc::clone(&id), reason: reason.into() });
    } else {
        let unrecorded =
            on_disk.into_iter().filter(|(key, path)| !recorded.contains(path) && !recorded_keys.contains(key));
        scan.on_disk.extend(unrecorded.map(|(key, path)| OnDisk { key, profile: Arc::clone(&id), path: path.into() }));
    }
    scan.profiles.push(Profile { id, root: name.to_owned(), has_records });
}

/// The bytes of a file that need not be there. One that is and cannot be read is a problem, and the reason for `unread`.
fn read(
    path: &Path,
    listing: &mut Listing<'_>,
    unread: &mut Option<String>,
    problems: &mut Vec<Problem>,
) -> Option<Vec<u8>> {
    listing.read_through(path);
    match crate::os::files::read_whole(path) {
        Ok(bytes) => Some(bytes),
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        Err(e) => {
            *unread = Some(format!("cannot read {}: {e}", path.display()));
            problems.push(problem(path, format!("cannot read it: {e}")));
            None
        }
    }
}

/// Finds the deployed copy: below the profile root, or below the project for destinations outside it (#8); the first
/// that exists, else the first.
fn placed(
    record: ParsedRecord,
    project: &Path,
    root: &Path,
    profile: &Arc<str>,
    texts: &mut SharedTexts,
    listed: &HashSet<&Path>,
    listing: &mut Listing<'_>,
) -> Record {
    let candidates: Vec<PathBuf> = match &record.artifact_path {
        Some(path) => vec![root.join(path), project.join(path)],
        None => layout::default_paths(record.key.kind, &record.key.name).iter().map(|p| root.join(p)).collect(),
    };
    let path = listing.first_of(&candidates, listed).unwrap_or_else(|| root.to_owned());
    Record {
        key: record.key,
        profile: record.profile_id.map_or_else(|| Arc::clone(profile), |id| texts.get(&id)),
        platform: record.platform.map(|name| texts.get(&name)),
        from_collection: record.from_collection.map(|name| texts.get(&name)),
        path: path.into(),
        baseline: record.baseline,
        deployed_at: record.deployed_at,
        modification_detected_at: record.modification_detected_at,
        version: record.version.map(Into::into),
        schema: record.schema,
        line: record.line,
        flaw: record.flaw.map(Into::into),
    }
}

#[cfg(all(test, unix))]
mod tests;
