//! Copies that follow a branch by its name: what stands for the collection's side of them, and who is told.
//!
//! Where such a branch is not the current one, its tip is a version, and what would go into the collection becomes that tip
//! instead: no file of the collection is touched. A following ends with the record, and when something is deployed that is not
//! of that branch.
//!
//! The engine hears of followings and tips after each commit that may have changed one, before the barrier that ends the operation:
//! so whoever has the answer of an operation is shown what it led to.

use super::command::Subject;
use super::contents;
use super::error::OpError;
use super::lookup::Original;
use super::plan::{Change, Planned, word};
use super::planning::{Planning, Read, Source};
use super::run::Operations;
use super::transfer::Sides;
use super::version_restore;
use crate::engine::event::Event;
use crate::engine::snapshot::{ItemView, Snapshot};
use crate::history::{Advance, EntryKind, History, HistoryError, OperationId, Sought, Turn, Version};
use crate::model::{Deployment, Followed, Following, Tip};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::{Outcome, Problem};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

impl Operations {
    /// Has the engine know what the history says of followings by now.
    pub(super) fn tell_followings(&self, history: &History) {
        // Who read first must not tell last.
        let _told = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        match history.followings() {
            Ok(list) => self.engine.send(Event::Followed(list)),
            Err(error) => tracing::error!(%error, "what copies follow cannot be read"),
        }
    }
}

/// What copies follow by name when the daemon starts. Where that cannot be known, the status says so: they are compared with
/// what their collections have.
pub fn at_start(history: &Result<History, HistoryError>, problems: &mut Vec<Problem>) -> Vec<Following> {
    let failed = match history.as_ref().map(History::followings) {
        Ok(Ok(followings)) => return followings,
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    problems.push(Problem {
        file: "history.db".to_owned(),
        line: None,
        key: None,
        message: format!(
            "which copies follow a branch is not known, and all are compared with their collections: {failed}"
        ),
        hint: Some("skillmeat doctor".to_owned()),
    });
    Vec::new()
}

/// Where an item is, as the history calls it.
pub(super) fn deployment(project: &Path, item: &ItemView) -> Deployment {
    Deployment { key: item.key.clone(), project: project.to_owned(), profile: item.profile.to_string() }
}

/// What an item follows by name.
pub(super) fn followed(item: &ItemView) -> Option<Followed> {
    let follows = item.follows.as_deref()?;
    Some(Followed { collection: follows.collection.to_string(), branch: follows.branch.to_string() })
}

/// The branch that is to get what a push of this item puts somewhere; none for the collection's files.
fn line_of(item: &ItemView) -> Option<(Followed, ContentHash)> {
    match item.follows.as_deref()?.tip {
        Tip::Version(hash) => Some((followed(item)?, hash)),
        Tip::Current | Tip::Gone => None,
    }
}

/// Refuses what follows a branch that is not there, with the commands that have it follow something else.
pub(super) fn lost(snapshot: &Snapshot, item: &ItemView, planned: Planned) -> Planned {
    let on = Subject::of(snapshot, Path::new(planned.item.project.as_deref().unwrap_or_default()), item);
    let known = item.collection.as_ref().filter(|collection| collection.id.is_some());
    let within = known.map(|known| format!(" --collection {}", word(&known.name))).unwrap_or_default();
    let ways = [
        format!("skillmeat version branch {}{within}   # those that are there", word(&item.key.to_string())),
        format!("{}   # or another of them", on.with_collection("deploy", "--branch main")),
        on.on("undeploy", ""),
    ];
    planned.saying(item.message.as_deref().unwrap_or("the branch that it follows is not there any more")).ways(ways)
}

/// Copies of an artifact that follow whatever their collection has: those that a change of it concerns.
pub(super) fn of_what_is_there<'s>(
    snapshot: &'s Snapshot,
    collection: &'s str,
    key: &'s ArtifactKey,
) -> impl Iterator<Item = &'s ItemView> {
    let items = snapshot.projects.iter().flat_map(|project| project.items()).map(|item| &**item);
    items.filter(move |item| {
        let id = item.collection.as_ref().and_then(|collection| collection.id.as_deref());
        item.record.is_some() && item.key == *key && id == Some(collection) && item.line().is_none()
    })
}

/// What a change of a collection says of those that follow what it has; the command beside it reaches them.
pub(super) fn left_behind(deployments: usize) -> String {
    match deployments {
        1 => "1 deployment has something else".to_owned(),
        several => format!("{several} deployments have something else"),
    }
}

/// Whether an item follows a branch that is not there.
pub(super) fn is_lost(item: &ItemView) -> bool {
    item.follows.as_deref().is_some_and(|follows| follows.tip == Tip::Gone)
}

impl Planning<'_> {
    /// What a copy follows: the tip of its branch, else what its collection has.
    ///
    /// # Errors
    /// It cannot be read, is not kept, or is not what the picture says.
    pub fn source_of(&mut self, original: &Original, item: &ItemView) -> Result<Read, OpError> {
        match item.follows.as_deref().map(|follows| follows.tip) {
            Some(Tip::Version(hash)) => self.version_read(original.key(), hash),
            Some(Tip::Gone) => {
                let message = item.message.as_deref().unwrap_or("the branch that it follows is not there any more");
                Err(OpError::Refused { message: message.to_owned() })
            }
            Some(Tip::Current) | None => self.original(original),
        }
    }

    fn version_read(&mut self, key: &ArtifactKey, hash: ContentHash) -> Result<Read, OpError> {
        let known = match self.history.version_named(key, &hash.to_string())? {
            Sought::One(version) => *version,
            Sought::Nothing | Sought::Several(_) => {
                return Err(OpError::Refused {
                    message: format!("the history does not know {} of {key}", hash.short()),
                });
            }
        };
        self.read_version(&known).map_err(|error| OpError::Refused { message: error.message })
    }

    /// The files of a version, as something that can be deployed.
    ///
    /// # Errors
    /// They are not kept, or hold a link: what is deployed holds none.
    pub fn read_version(&mut self, version: &Version) -> Result<Read, WireError> {
        let content = contents::counted(&version_restore::kept(self, version)?);
        if let Some(link) = content.entries.iter().find(|entry| matches!(entry.kind, EntryKind::Symlink { .. })) {
            let link = link.path.as_os_str().to_string_lossy();
            let message = format!("version {} of {} holds a link, {link}", version.hash.short(), version.key);
            let what = word(&version.key.to_string());
            let hint = format!("skillmeat version restore {what} {}", version.hash.short());
            return Err(WireError::new(ErrorCode::Refused, message).hint(hint));
        }
        let id = self.compose(content.clone());
        let (source, hash) = (Source::History, Some(version.hash));
        Ok(Read { source, id, content: Arc::new(content), hash, with_ignored: None })
    }
}

/// Plans giving the branch that an item follows another tip; nothing for an item that follows what its collection has.
pub(super) fn onto_branch(sides: &Sides<'_>, hash: ContentHash) -> Option<Planned> {
    let (branch, from) = line_of(sides.item)?;
    let said = format!("into branch '{}'; what the collection has stays as it is", branch.branch);
    let mut planned = super::transfer::begun(sides, Outcome::Updated).holding(hash).saying(said);
    planned.account.advances.push(Advance { key: sides.item.key.clone(), branch, from, to: hash });
    Some(planned)
}

/// Whether what an operation puts for both sides of an item is nothing that its collection has.
pub(super) fn is_aside(item: &ItemView) -> bool {
    line_of(item).is_some()
}

/// Has followings end where a plan drops or begins a record, unless it says what is followed then; and a branch be moved once.
///
/// # Errors
/// The history cannot be read.
pub(super) fn tie(planning: &Planning<'_>, planned: &mut [Planned]) -> Result<(), WireError> {
    let mut moved = BTreeSet::new();
    for planned in planned {
        let again = planned.account.advances.iter().find(|a| !moved.insert((a.key.clone(), a.branch.clone())));
        if let Some(Advance { branch, .. }) = again {
            let message = format!("something else of this request is put onto branch '{}'", branch.branch);
            let left = Planned::again(planned.item.clone()).failed(&OpError::Refused { message });
            *planned = left;
            continue;
        }
        let mut ends = Vec::new();
        for edit in &planned.edits {
            let (key, profile, from) = match &edit.change {
                Change::Record(record) => (&record.key, &record.profile_id, Some(&record.from_collection)),
                Change::DropRecord(key, profile) => (key, profile, None),
                _ => continue,
            };
            let copy = Deployment { key: key.clone(), project: edit.root.clone(), profile: profile.clone() };
            if planned.account.turns.iter().any(|turn| turn.copy == copy) {
                continue;
            }
            let stays = from.is_some_and(|from| follows(planning.snapshot, &copy, from));
            if !stays && planning.history.following(&copy).map_err(super::error::wire)?.is_some() {
                ends.push(Turn { copy, to: None });
            }
        }
        planned.account.turns.extend(ends);
    }
    Ok(())
}

/// Whether a copy is known to follow a branch of this collection by name.
fn follows(snapshot: &Snapshot, copy: &Deployment, collection: &str) -> bool {
    let project = copy.project.to_str().and_then(|path| snapshot.projects.get(path));
    let item = project.and_then(|p| p.items().find(|item| item.key == copy.key && *item.profile == *copy.profile));
    let follows = item.and_then(|item| item.follows.as_deref());
    follows.is_some_and(|follows| snapshot.collection(collection).is_some_and(|known| known.id == follows.collection))
}

/// What undoing an operation does to branches and followings.
///
/// # Errors
/// A branch has moved on since; the history cannot be read.
pub(super) fn back(planning: &Planning<'_>, operation: OperationId) -> Result<(Vec<Advance>, Vec<Turn>), WireError> {
    let wire = super::error::wire;
    let advances = planning.history.drawn_back(operation).map_err(wire)?;
    for Advance { key, branch, from, .. } in &advances {
        let branches = planning.history.branches(key).map_err(wire)?;
        let tip = branches.iter().find(|known| known.collection == branch.collection && known.name == branch.branch);
        let version =
            planning.history.versions_by_id(&tip.and_then(|tip| tip.tip).into_iter().collect()).map_err(wire)?;
        if version.first().map(|version| version.hash) != Some(*from) {
            let message = format!("branch '{}' of {key} is not where operation {operation} left it", branch.branch);
            let hint = "something happened to it since; undo what came later first: skillmeat op list";
            return Err(WireError::new(ErrorCode::Refused, message).hint(hint));
        }
    }
    Ok((advances, planning.history.turned_back(operation).map_err(wire)?))
}

/// Collections whose branches a plan gives other tips, without changing a file of theirs.
pub(super) fn roots(planned: &Planned, snapshot: &Snapshot) -> Vec<PathBuf> {
    let of = |advance: &Advance| snapshot.collection(&advance.branch.collection).map(|c| PathBuf::from(&*c.path));
    let collections = planned.account.advances.iter().filter_map(of);
    let project = planned.item.project.as_deref().map(PathBuf::from);
    collections.chain(project.filter(|_| !planned.account.advances.is_empty())).collect()
}
