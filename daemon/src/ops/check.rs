//! `collection verify`: manifest, lock, groups and disk against each other.
//!
//! Each thing that is wrong is an item. What can be put right by writing down what is there is [`Outcome::Recorded`] with
//! `fix`, and refused with that way on without it; what would lose something, or needs a choice, is refused with the ways.
//! Nothing on the disk is ever removed here.

use super::account;
use super::lookup::{self, Original};
use super::manage;
use super::plan::{Change, Edit, Planned, word};
use super::planning::Planning;
use crate::engine::snapshot::{ArtifactView, CollectionView};
use crate::history::Scope;
use crate::library::edit::groups::GroupChange;
use crate::library::edit::manifest::NewEntry;
use crate::library::{lock, manifest};
use crate::model::{LockEntry, Tree};
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::Outcome;
use skillmeat_protocol::request::CollectionVerify;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Plans it.
///
/// # Errors
/// There is no such collection.
pub fn plan(planning: &mut Planning<'_>, query: &CollectionVerify) -> Result<Vec<Planned>, WireError> {
    let snapshot = planning.snapshot;
    let collections: Vec<Arc<CollectionView>> = match &query.collection {
        None => snapshot.collections.to_vec(),
        Some(name) => match snapshot.collection(name) {
            Some(found) => vec![Arc::clone(found)],
            None => vec![lookup::collection(snapshot, Some(name))?],
        },
    };
    let mut planned = Vec::new();
    for collection in &collections {
        let mut checked = Checked { collection, fix: query.fix, has_lock: true, found: Vec::new() };
        checked.all(planning);
        if checked.found.is_empty() {
            let healthy = Planned::of(None, &collection.name, Outcome::Unchanged);
            checked.found.push(healthy.of_collection(&collection.name).at(Path::new(&*collection.path)));
        }
        planned.extend(checked.found);
    }
    Ok(planned)
}

struct Checked<'c> {
    collection: &'c Arc<CollectionView>,
    fix: bool,
    /// Whether anything can be written to the lock.
    has_lock: bool,
    found: Vec<Planned>,
}

impl Checked<'_> {
    fn all(&mut self, planning: &mut Planning<'_>) {
        let collection = self.collection;
        if let Some(why) = &collection.unreadable {
            self.found.push(self.item(None, &collection.name, Outcome::Refused).saying(&**why));
            return;
        }
        let lock = self.lock();
        self.has_lock = lock.is_some();
        self.name();
        for artifact in &collection.artifacts {
            if artifact.entry.in_manifest {
                self.entry(planning, artifact);
            } else {
                self.unlisted(planning, artifact);
            }
        }
        self.stale_locks(lock.unwrap_or_default());
        self.groups();
        self.problems();
    }

    fn root(&self) -> &Path {
        Path::new(&*self.collection.path)
    }

    fn item(&self, key: Option<&ArtifactKey>, name: &str, outcome: Outcome) -> Planned {
        Planned::of(key, name, outcome).of_collection(&self.collection.name)
    }

    fn decide(&mut self, key: &ArtifactKey, why: impl Into<String>, ways: Vec<String>) {
        self.found.push(self.item(Some(key), "", Outcome::Refused).saying(why).ways(ways));
    }

    /// Something that `edits` put right, if asked.
    fn repairable(&mut self, key: Option<&ArtifactKey>, name: &str, why: impl Into<String>, edits: Vec<Edit>) {
        let mut planned = self.item(key, name, if self.fix { Outcome::Recorded } else { Outcome::Refused }).saying(why);
        if self.fix {
            planned.edits = edits;
        } else {
            planned = planned.ways([format!("skillmeat collection verify {} --fix", word(&self.collection.name))]);
        }
        self.found.push(planned);
    }

    /// What is locked; none when the file is damaged, which is a problem of its own, and nothing can be written to it.
    fn lock(&self) -> Option<Vec<LockEntry>> {
        let path = self.root().join("collection.lock");
        let Ok(bytes) = crate::os::files::read_whole(&path) else { return Some(Vec::new()) };
        let (entries, problems) = lock::parse(&bytes, &path);
        (problems.is_empty() || !entries.is_empty()).then_some(entries)
    }

    /// The original saves a collection to the directory that its manifest names (formats-core §2.1).
    fn name(&mut self) {
        let path = self.root().join("collection.toml");
        let Ok(bytes) = crate::os::files::read_whole(&path) else { return };
        let Some(written) = manifest::parse(&bytes, &path).name else { return };
        let directory = self.root().file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if written != directory {
            let why = format!("its manifest calls it '{written}'");
            let edit = manage::in_manifest(self.root(), Change::NameCollection(directory));
            self.repairable(None, &self.collection.name, why, vec![edit]);
        }
    }

    fn entry(&mut self, planning: &Planning<'_>, artifact: &ArtifactView) {
        let entry = &artifact.entry;
        let what = entry.key.to_string();
        let remove = format!("skillmeat remove {} --collection {}", word(&what), word(&self.collection.name));
        if let Some(flaw) = &entry.flaw {
            let manifest = self.root().join("collection.toml");
            return self.decide(&entry.key, &flaw.0, vec![format!("edit {}", manifest.display()), remove]);
        }
        match &artifact.tree {
            Some(Tree::Present(_)) if !self.has_lock => {}
            Some(Tree::Present(info)) => match artifact.locked {
                None => {
                    let edit = manage::locked(self.root(), &entry.key, info.hash, planning.now);
                    self.repairable(Some(&entry.key), "", "it is not in the lock", vec![edit]);
                }
                Some(locked) if locked != info.hash && info.hash_with_ignored != Some(locked) => {
                    if entry.upstream.is_some() {
                        // That it differs is how one knows of the edits when the source has something newer.
                        let planned = self.item(Some(&entry.key), "", Outcome::Unchanged);
                        self.found.push(planned.saying("it was edited since it was fetched"));
                    } else {
                        let edit = manage::locked(self.root(), &entry.key, info.hash, planning.now);
                        self.repairable(Some(&entry.key), "", "the lock has other content", vec![edit]);
                    }
                }
                Some(_) => {}
            },
            Some(Tree::Unreadable { message }) => self.decide(&entry.key, message, Vec::new()),
            Some(Tree::Absent) | None => {
                let path = self.root().join(&entry.path);
                let why = format!("its files are gone: {}", path.display());
                self.decide(
                    &entry.key,
                    why,
                    vec![format!("{remove}   # drops the entry"), "skillmeat undo".to_owned()],
                );
            }
        }
    }

    fn unlisted(&mut self, planning: &mut Planning<'_>, artifact: &Arc<ArtifactView>) {
        let key = &artifact.entry.key;
        let path = self.root().join(&artifact.entry.path);
        let (Some(relative), None) = (artifact.entry.path.to_str(), crate::library::portable::name_flaw(&key.name))
        else {
            let why = format!("{} is not in the manifest, and its name cannot be", path.display());
            return self.decide(key, why, Vec::new());
        };
        let original = Original { collection: Arc::clone(self.collection), artifact: Arc::clone(artifact) };
        let read = match planning.read(&path, Scope::Resolved).and_then(|_| planning.original(&original)) {
            Ok(read) => read,
            Err(error) => return self.decide(key, error.to_string(), Vec::new()),
        };
        let Some(hash) = read.hash else {
            return self.decide(key, format!("{} is a link", path.display()), Vec::new());
        };
        let entry = NewEntry {
            kind: key.kind,
            name: key.name.clone(),
            path: relative.to_owned(),
            origin: "local".to_owned(),
            added: planning.now,
            fields: manage::declared(&path, key, &read, &[]),
        };
        let mut edits = vec![manage::in_manifest(self.root(), Change::AddEntry(Box::new(entry)))];
        if self.has_lock {
            edits.push(manage::locked(self.root(), key, hash, planning.now));
        }
        self.repairable(Some(key), "", format!("{} is not in the manifest", path.display()), edits);
        let spot = account::in_collection(&self.collection.id);
        if let Some(planned) = self.found.last_mut().filter(|planned| planned.is_effective()) {
            planned.sees(account::found(key, spot, &read, None));
        }
    }

    fn stale_locks(&mut self, locked: Vec<LockEntry>) {
        for locked in locked {
            if self.collection.artifact(&locked.key).is_none() {
                let edit = manage::unlocked(self.root(), &locked.key);
                self.repairable(Some(&locked.key), "", "the lock has it, the manifest does not", vec![edit]);
            }
        }
    }

    fn groups(&mut self) {
        let collection = self.collection;
        let positions = collection.groups.iter().map(|group| group.position);
        let mut are_dense = positions.eq(0..i64::try_from(collection.groups.len()).unwrap_or(i64::MAX));
        for group in collection.groups.iter() {
            let listed = |member: &String| {
                let key: Option<ArtifactKey> = member.parse().ok();
                key.and_then(|key| collection.artifact(&key)).is_some_and(|a| a.entry.in_manifest)
            };
            let dead: BTreeSet<&String> = group.members.iter().filter(|member| !listed(member)).collect();
            for member in dead {
                let (group, members) = (group.name.clone(), vec![member.clone()]);
                let why = format!("group member {member} is not in the manifest");
                let change = Change::Groups(vec![GroupChange::RemoveMembers { group: group.clone(), members }]);
                self.repairable(None, &group, why, vec![manage::in_manifest(self.root(), change)]);
                // Whatever is written puts the positions in order too.
                are_dense |= self.fix;
            }
        }
        if !are_dense {
            let edit = manage::in_manifest(self.root(), Change::Groups(Vec::new()));
            self.repairable(None, &collection.name, "the positions of its groups are not 0, 1, 2 …", vec![edit]);
        }
    }

    /// What the readers complained of, beside what is an item already.
    fn problems(&mut self) {
        let flaws: Vec<&str> =
            self.collection.artifacts.iter().filter_map(|a| a.entry.flaw.as_ref().map(|flaw| &*flaw.0)).collect();
        let rest = self.collection.problems.iter().filter(|problem| !flaws.contains(&problem.message.as_str()));
        let items: Vec<Planned> = rest
            .map(|problem| {
                let line = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
                let planned = self.item(None, &self.collection.name, Outcome::Refused).at(Path::new(&problem.file));
                let planned = planned.saying(format!("{}{line}: {}", problem.file, problem.message));
                planned.ways(problem.hint.clone())
            })
            .collect();
        self.found.extend(items);
    }
}
