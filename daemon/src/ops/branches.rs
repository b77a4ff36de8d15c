//! Branches as people ask for them: listed, made, given up, and deployed. Making one current is [`switch`](super::switch).
//!
//! The tip of a current branch is what its collection has now, so it is told from the picture; the history may not know it yet.
//! A branch that is deployed is followed by its name ([`following`](super::following)), unless it is the current one.

use super::error::{OpError, wire};
use super::lookup::{self, Original};
use super::plan::{Planned, word};
use super::planning::{Planning, original_path};
use super::run::Operations;
use super::{account, deploy, past};
use crate::engine::snapshot::{ProjectView, Snapshot};
use crate::history::{Branch, Cause, History, MAIN, Origin, Scope, Seen, Sought, Version};
use crate::model::{Followed, Timestamp, Tree};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::request::{BranchCreate, BranchDelete, DeployBranch, InTheWay, Which};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError};

/// A branch as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The collection's id.
    pub collection: String,
    /// Its name.
    pub name: String,
    /// Whether it is the current one.
    pub is_current: bool,
    /// The hash of its tip; none where there is nothing.
    pub hash: Option<ContentHash>,
    /// The same as the history knows it.
    pub version: Option<Version>,
    /// Since when; none for what was never written down.
    pub at: Option<Timestamp>,
}

impl Line {
    /// Whether its files are there, or kept.
    pub fn is_kept(&self) -> bool {
        match self.is_current {
            true => self.hash.is_some(),
            false => self.version.as_ref().is_some_and(|version| version.content.is_some()),
        }
    }
}

/// The branches of an artifact in every collection that has it or had branches of it; the current one of each first.
///
/// # Errors
/// `Io` when the history cannot be read.
pub fn lines(snapshot: &Snapshot, history: &History, key: &ArtifactKey) -> Result<Vec<Line>, WireError> {
    let mut of: BTreeMap<String, Vec<Branch>> = BTreeMap::new();
    for branch in history.branches(key).map_err(wire)? {
        of.entry(branch.collection.clone()).or_default().push(branch);
    }
    for collection in snapshot.collections.iter().filter(|collection| collection.artifact(key).is_some()) {
        of.entry(collection.id.to_string()).or_default();
    }
    let mut lines = Vec::new();
    for (collection, branches) in of {
        let (current, others): (Vec<_>, Vec<_>) = branches.into_iter().partition(|branch| branch.tip.is_none());
        let current = current.into_iter().next();
        let artifact = snapshot.collection(&collection).and_then(|collection| collection.artifact(key));
        let hash = artifact.and_then(|artifact| artifact.tree.as_ref()).and_then(Tree::hash);
        let version = match hash.map(|hash| history.version_named(key, &hash.to_string())).transpose().map_err(wire)? {
            Some(Sought::One(version)) => Some(*version),
            _ => None,
        };
        let at = current.as_ref().map(|branch| branch.at);
        let name = current.map_or_else(|| MAIN.to_owned(), |branch| branch.name);
        lines.push(Line { collection: collection.clone(), name, is_current: true, hash, version, at });
        let tips: BTreeSet<_> = others.iter().filter_map(|branch| branch.tip).collect();
        let tips = history.versions_by_id(&tips).map_err(wire)?;
        lines.extend(others.into_iter().map(|branch| {
            let version = tips.iter().find(|version| Some(version.id) == branch.tip).cloned();
            let hash = version.as_ref().map(|version| version.hash);
            let (collection, name, at) = (branch.collection, branch.name, Some(branch.at));
            Line { collection, name, is_current: false, hash, version, at }
        }));
    }
    Ok(lines)
}

/// The branch of an artifact of a collection that has this name.
///
/// # Errors
/// `NotFound`, with those that there are.
pub(super) fn line(
    snapshot: &Snapshot,
    history: &History,
    original: &Original,
    name: &str,
) -> Result<(Line, String), WireError> {
    let mut here = lines(snapshot, history, original.key())?;
    here.retain(|line| *line.collection == *original.collection.id);
    let current = here.iter().find(|line| line.is_current).map_or_else(|| MAIN.to_owned(), |line| line.name.clone());
    let (key, collection) = (original.key(), &original.collection.name);
    match here.iter().position(|line| line.name == name) {
        Some(at) => Ok((here.swap_remove(at), current)),
        None => {
            let known: Vec<String> = here.into_iter().map(|line| line.name).collect();
            let message =
                format!("{key} has no branch '{name}' in collection '{collection}'; it has {}", known.join(", "));
            let what = word(&key.to_string());
            let hint = format!("skillmeat version branch {what} {} --collection {}", word(name), word(collection));
            Err(WireError::new(ErrorCode::NotFound, message).hint(hint))
        }
    }
}

impl Operations {
    /// Makes a branch; what is known afterwards. Blocks.
    ///
    /// # Errors
    /// The name is taken or no name, or what it would begin with is not there.
    pub fn create_branch(&self, query: &BranchCreate) -> Result<(), WireError> {
        past::check_name("branch", &query.branch)?;
        self.with_collections(|history, snapshot| {
            let key = past::artifact(snapshot, history, &query.artifact)?;
            let which = Which { artifacts: vec![key.to_string()], ..Which::default() };
            let originals = lookup::originals(snapshot, &which, query.collection.as_deref())?;
            let original = originals.into_iter().next().ok_or_else(|| nothing(&key))?;
            let here = history.branches(&key).map_err(wire)?;
            let is_here = |branch: &&Branch| *branch.collection == *original.collection.id;
            let is_main = query.branch == MAIN && !here.iter().any(|branch| is_here(&branch));
            if is_main || here.iter().filter(is_here).any(|branch| branch.name == query.branch) {
                let (what, name) = (word(&key.to_string()), word(&query.branch));
                let message = format!("{key} has a branch '{}' already", query.branch);
                let error = WireError::new(ErrorCode::AlreadyExists, message);
                let collection = word(&original.collection.name);
                return Err(error.hint(format!("skillmeat version switch {what} {name} --collection {collection}")));
            }
            if history.tags(&key).map_err(wire)?.iter().any(|tag| tag.name == query.branch) {
                let message = format!("{key} has a tag '{}'", query.branch);
                let error = WireError::new(ErrorCode::AlreadyExists, message);
                let (what, name) = (word(&key.to_string()), word(&query.branch));
                return Err(error.hint(format!("skillmeat version untag {what} {name}")));
            }
            let at = query.at.as_deref().map(|text| past::version(history, snapshot, &key, text)).transpose()?;
            self.write_branch(history, &original, query, at, here.iter().any(|branch| is_here(&branch)))
        })
    }

    fn write_branch(
        &self,
        history: &History,
        original: &Original,
        query: &BranchCreate,
        at: Option<Version>,
        has_branches: bool,
    ) -> Result<(), WireError> {
        let (key, now) = (original.key(), self.now());
        let staged = match &at {
            Some(version) if version.content.is_none() => return Err(past::not_kept(version)),
            Some(_) => None,
            None => Some(read(history, original)?),
        };
        let branch = |name: &str, tip| Branch {
            collection: original.collection.id.to_string(),
            name: name.to_owned(),
            tip,
            at: now,
        };
        history
            .batch(|batch| {
                let tip = match (at, staged) {
                    (Some(version), _) => Some(version.id),
                    (None, None) => None,
                    (None, Some((staged, hash))) => {
                        let content = Some(batch.keep(staged)?.id);
                        let spot = account::in_collection(&original.collection.id);
                        let cause = Cause::Found { baseline: None };
                        let (key, hash, origin) = (key.clone(), Some(hash), Origin::LocalModification);
                        batch.found(&Seen { key, spot, hash, content, origin, cause }, now)?;
                        hash.map(|hash| batch.version_of(original.key(), hash)).transpose()?.flatten()
                    }
                };
                if !has_branches {
                    batch.set_branch(key, &branch(MAIN, None))?;
                }
                batch.set_branch(key, &branch(&query.branch, tip))
            })
            .map_err(wire)
    }

    /// Gives a branch up. Its versions stay. Blocks.
    ///
    /// # Errors
    /// There is none, or several; it is the current one.
    pub fn delete_branch(&self, query: &BranchDelete) -> Result<(), WireError> {
        self.with_collections(|history, snapshot| {
            let key = past::artifact(snapshot, history, &query.artifact)?;
            let mut found = lines(snapshot, history, &key)?;
            let collection = query.collection.as_deref();
            let id = collection.map(|named| snapshot.collection(named).map_or(named, |view| &*view.id).to_owned());
            found.retain(|line| line.name == query.branch && id.as_ref().is_none_or(|id| *id == line.collection));
            match found.as_slice() {
                [] => {
                    let message = format!("{key} has no branch '{}'", query.branch);
                    let hint = format!("skillmeat version branch {} --list", word(&key.to_string()));
                    Err(WireError::new(ErrorCode::NotFound, message).hint(hint))
                }
                [one] if one.is_current => {
                    let message = format!("'{}' is the current branch of {key}", query.branch);
                    let what = word(&key.to_string());
                    let hint = format!("make another one current first: skillmeat version switch {what} BRANCH");
                    Err(WireError::new(ErrorCode::Refused, message).hint(hint))
                }
                [one] => {
                    let delete = history.batch(|batch| batch.delete_branch(&key, &one.collection, &one.name));
                    delete.map(drop).map_err(wire)
                }
                several => {
                    let name = |line: &Line| snapshot.collection(&line.collection).map(|view| view.name.to_string());
                    let names = several.iter().map(|line| name(line).unwrap_or_else(|| line.collection.clone()));
                    let message = format!(
                        "{key} has a branch '{}' in several collections: {}",
                        query.branch,
                        names.collect::<Vec<_>>().join(", ")
                    );
                    Err(WireError::new(ErrorCode::Ambiguous, message).hint("say which with --collection"))
                }
            }
        })
    }

    /// Does `work` while nobody operates on a collection, with what is known then.
    fn with_collections<T>(
        &self,
        work: impl FnOnce(&History, &Snapshot) -> Result<T, WireError>,
    ) -> Result<T, WireError> {
        let _counted = self.counted();
        let history = self.history()?;
        let cancel = || OpError::Cancelled.to_wire();
        let roots = BTreeSet::from([self.home().join("collections")]);
        let _taken = self.locks.take(roots, &AtomicBool::new(false)).ok_or_else(cancel)?;
        let _reading = self.reading.read().unwrap_or_else(PoisonError::into_inner);
        let done = work(history, &*self.current()?)?;
        // Who follows a branch that came or went is shown so before this is answered.
        self.tell_followings(history);
        self.current()?;
        Ok(done)
    }
}

/// The files of a collection's artifact, which must be what the picture says.
fn read(history: &History, original: &Original) -> Result<(crate::history::Staged, ContentHash), WireError> {
    let path = original_path(original);
    let Some(Tree::Present(info)) = &original.artifact.tree else { return Err(nothing(original.key())) };
    // A link itself is never content: where it leads is.
    let real = path.canonicalize().map_err(|error| OpError::io("find", &path)(error).to_wire())?;
    let staged = history.read(&real, Scope::Resolved).map_err(wire)?;
    let recorded = staged.capture().recorded;
    if !recorded.is_some_and(|recorded| recorded.hash == info.hash || recorded.with_ignored == Some(info.hash)) {
        let found = recorded.map(|recorded| recorded.hash);
        return Err(OpError::Changed { path, expected: Some(info.hash), found }
            .to_wire()
            .hint("run the command again"));
    }
    Ok((staged, info.hash))
}

/// Plans deploying the tip of a branch, which the copies follow by its name from then on. The current branch is what everybody
/// follows who follows none by name.
///
/// # Errors
/// What is asked for is not there or ambiguous.
pub fn deploy(
    planning: &mut Planning<'_>,
    query: &DeployBranch,
    projects: &[Arc<ProjectView>],
) -> Result<Vec<Planned>, WireError> {
    let invalid = |message: &str| WireError::new(ErrorCode::InvalidParams, message);
    if projects.is_empty() {
        return Err(invalid("no project is named"));
    }
    if query.deploy.in_the_way == InTheWay::Merge {
        let hint = "put the edits onto the branch first, and deploy it then: skillmeat push TYPE:NAME --branch BRANCH";
        return Err(invalid("a copy is merged only with what it follows already").hint(hint));
    }
    let originals = lookup::originals(planning.snapshot, &query.deploy.which, query.deploy.collection.as_deref())?;
    let mut wanted = deploy::Wanted::new();
    for original in &originals {
        let (line, _) = line(planning.snapshot, planning.history, original, &query.branch)?;
        let id = &original.collection.id;
        let followed = match line.version.filter(|_| !line.is_current) {
            Some(version) => {
                let read = planning.read_version(&version)?;
                planning.take_instead(original, read);
                Some(Followed { collection: id.to_string(), branch: line.name })
            }
            None => None,
        };
        wanted.insert((Arc::clone(id), original.key().clone()), followed);
    }
    deploy::plan(planning, &query.deploy, &wanted, projects)
}

fn nothing(key: &ArtifactKey) -> WireError {
    WireError::new(ErrorCode::NotFound, format!("no collection has files of {key}"))
        .hint(format!("begin it with a version: skillmeat versions {}", word(&key.to_string())))
}
