//! `pull`, `push` and `sync`: between a project's copies and the collections they came from.
//!
//! Which way is open follows from the three-way state. What only one side changed goes to the other; where both changed,
//! they are merged where that is certain ([`super::joining`]), and everything else is refused with the ways on.

use super::account;
use super::across::{self, Follower};
use super::command::{Subject, told};
use super::conflicts;
use super::contents::{self, Links};
use super::error::OpError;
use super::following;
use super::link;
use super::lookup::{self, Original};
use super::manage;
use super::plan::{Change, Edit, Planned};
use super::planning::{Destination, Planning, Read, original_path};
use crate::engine::snapshot::{ItemView, ProjectView, Snapshot};
use crate::history::{Content, ContentId, Origin, Scope, Seen};
use crate::library::edit::manifest::Field;
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::Outcome;
use skillmeat_protocol::request::{Strategy, Transfer};
use std::path::Path;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the collection.
    Pull,
    /// Into the collection.
    Push,
    /// Whichever is open.
    Both,
}

/// What an item consists of.
#[derive(Clone, Copy)]
pub(super) struct Sides<'a> {
    pub(super) destination: &'a Destination,
    pub(super) original: &'a Original,
    pub(super) item: &'a ItemView,
    /// The collection's files.
    pub(super) source: &'a Read,
    /// What brings them into the project.
    pub(super) origin: Origin,
}

impl Sides<'_> {
    /// It, as commands name it.
    pub(super) fn subject(&self, snapshot: &Snapshot) -> Subject {
        Subject::of(snapshot, &self.destination.project, self.item)
    }

    /// What is in the collection.
    pub(super) fn in_collection(&self) -> Option<Seen> {
        let spot = account::in_collection(&self.original.collection.id);
        account::found(&self.item.key, spot, self.source, account::baseline(self.item))
    }

    /// What is in the project.
    pub(super) fn in_project(&self, read: &Read) -> Option<Seen> {
        let spot = account::in_project(self.destination);
        account::found(&self.item.key, spot, read, account::baseline(self.item))
    }

    /// What will be in the project.
    pub(super) fn put_in_project(&self, hash: ContentHash, content: ContentId, origin: Origin) -> Seen {
        account::made(&self.item.key, account::in_project(self.destination), hash, content, origin)
    }

    /// What will be in the collection; nothing where it is put onto a branch.
    pub(super) fn put_in_collection(&self, hash: ContentHash, content: ContentId, origin: Origin) -> Option<Seen> {
        let spot = || account::in_collection(&self.original.collection.id);
        (!following::is_aside(self.item)).then(|| account::made(&self.item.key, spot(), hash, content, origin))
    }
}

/// Plans it.
///
/// # Errors
/// What is asked for is not there or ambiguous.
pub fn plan(
    planning: &mut Planning<'_>,
    query: &Transfer,
    way: Way,
    project: &ProjectView,
) -> Result<Vec<Planned>, WireError> {
    let moves = |item: &ItemView| match way {
        Way::Pull => matches!(item.state, S::Outdated | S::Deleted | S::Conflict | S::Converged),
        Way::Push => matches!(item.state, S::Modified | S::Conflict | S::RemovedModified),
        Way::Both => item.record.is_some() && item.state != S::InSync,
    };
    let items = lookup::items(project, &query.which, &query.profiles, moves)?;
    Ok(items.iter().map(|item| one(planning, query, way, project, item)).collect())
}

/// Plans one item.
pub(super) fn one(
    planning: &mut Planning<'_>,
    query: &Transfer,
    way: Way,
    project: &ProjectView,
    item: &ItemView,
) -> Planned {
    let on = Subject::of(planning.snapshot, Path::new(&*project.path), item);
    if item.record.is_none() {
        return plain(project, item, Outcome::Refused)
            .saying("no record says that it was deployed")
            .ways([on.on("adopt", ""), on.on("import", "")]);
    }
    if query.strategy == Some(Strategy::Skip) && item.state == S::Conflict {
        return plain(project, item, Outcome::Skipped);
    }
    let snapshot = planning.snapshot;
    let is_marked = conflicts::is_marked(planning.history, Path::new(&*project.path), item).unwrap_or(false);
    let orphan = |planned| {
        let planned = orphan(snapshot, planned, item, &on);
        if is_marked { planned.ways(conflicts::ways_of(&on, item)) } else { planned }
    };
    with_sides(planning, project, item, orphan, |planning, sides| choose(planning, query, way, sides, &on))
}

/// Plans something with both sides of an item; `gone` says more where the collection does not have it.
pub(super) fn with_sides(
    planning: &mut Planning<'_>,
    project: &ProjectView,
    item: &ItemView,
    gone: impl FnOnce(Planned) -> Planned,
    work: impl FnOnce(&mut Planning<'_>, &Sides<'_>) -> Result<Planned, OpError>,
) -> Planned {
    let plain = |outcome| plain(project, item, outcome);
    let Ok(profile) = lookup::profile(project, &item.profile) else {
        return plain(Outcome::Refused).saying(format!("profile '{}' has no directory of its own", item.profile));
    };
    let destination = planning.destination(project, &profile);
    let Some(original) = original_of(planning, item) else {
        return gone(plain(Outcome::Refused));
    };
    if following::is_lost(item) {
        return following::lost(planning.snapshot, item, plain(Outcome::Refused));
    }
    let attempt = planning.source_of(&original, item).and_then(|source| {
        let (destination, original, source) = (&destination, &original, &source);
        work(planning, &Sides { destination, original, item, source, origin: Origin::Sync })
    });
    attempt.unwrap_or_else(|error| {
        let on = Subject::of(planning.snapshot, &destination.project, item);
        plain(Outcome::Failed).failed(&error).ways(link::ways(&on, item.state, &error))
    })
}

/// A copy as it is told, with its collection where one is known.
pub(super) fn plain(project: &ProjectView, item: &ItemView, outcome: Outcome) -> Planned {
    let planned = Planned::of(Some(&item.key), "", outcome).in_project(&project.path, &item.profile, &item.path);
    match &item.collection {
        Some(collection) => planned.of_collection(&collection.name),
        None => planned,
    }
}

/// The artifact of the collection that an item came from, if its manifest has it and its files are there.
pub(super) fn original_of(planning: &Planning<'_>, item: &ItemView) -> Option<Original> {
    let id = item.collection.as_ref()?.id.as_ref()?;
    let collection = planning.snapshot.collection(id)?;
    let artifact = collection.artifact(&item.key).filter(|a| a.entry.in_manifest && a.entry.flaw.is_none())?;
    matches!(artifact.tree, Some(crate::model::Tree::Present(_)))
        .then(|| Original { collection: collection.clone(), artifact: artifact.clone() })
}

/// The collection does not have it any more.
fn orphan(snapshot: &Snapshot, planned: Planned, item: &ItemView, on: &Subject) -> Planned {
    let why = item.message.as_deref().unwrap_or("the collection does not have it any more").to_owned();
    let planned = planned.saying(why);
    match item.state {
        S::RemovedModified => planned.ways(on.only_copy(snapshot, item)),
        S::Unreadable => planned,
        _ => {
            planned.ways(told([(on.on("undeploy", ""), "the copy goes, too"), (on.on("forget", ""), "the files stay")]))
        }
    }
}

fn choose(
    planning: &mut Planning<'_>,
    query: &Transfer,
    way: Way,
    sides: &Sides<'_>,
    on: &Subject,
) -> Result<Planned, OpError> {
    let item = sides.item;
    let overwrite = query.strategy == Some(Strategy::Overwrite);
    let named_by_user = !query.which.artifacts.is_empty();
    let takes_theirs = query.strategy == Some(Strategy::Theirs) || (overwrite && way == Way::Pull);
    if !takes_theirs && let Some(refused) = conflicts::marked(planning, sides)? {
        return Ok(refused);
    }
    match (item.state, way) {
        (S::InSync, _) => Ok(begun(sides, Outcome::Unchanged)),
        (S::Converged, _) => recorded(planning, sides),
        (S::Outdated, Way::Pull | Way::Both) => into_project(planning, sides, Outcome::Updated),
        (S::Outdated, Way::Push) => Ok(begun(sides, Outcome::Unchanged).saying("only the collection changed")),
        (S::Deleted, Way::Pull) => into_project(planning, sides, Outcome::Created),
        (S::Deleted, _) => Ok(begun(sides, Outcome::Refused)
            .saying("its files are gone from the project")
            .ways(told([(on.on("pull", ""), "puts them back"), (on.on("undeploy", ""), "drops the record")]))),
        (S::Modified, Way::Push | Way::Both) => into_collection(planning, query, sides, on),
        (S::Modified, Way::Pull) if overwrite && named_by_user => into_project(planning, sides, Outcome::Updated),
        (S::Modified, Way::Pull) => Ok(begun(sides, Outcome::Unchanged).saying("only the project changed")),
        (S::Conflict, _) => super::both_changed::plan(planning, query, way, sides, on),
        (state, _) => Ok(begun(sides, Outcome::Refused).saying(format!(
            "it is {}{}",
            state.as_str(),
            item.message.as_deref().map(|m| format!(": {m}")).unwrap_or_default()
        ))),
    }
}

/// An item of which only its identity is known.
pub(super) fn begun(sides: &Sides<'_>, outcome: Outcome) -> Planned {
    let Sides { destination, original, item, .. } = sides;
    Planned::of(Some(&item.key), "", outcome)
        .in_project(&destination.project.to_string_lossy(), &item.profile, &item.path)
        .of_collection(&original.collection.name)
}

/// The record of what is there on both sides.
pub(super) fn recorded(planning: &mut Planning<'_>, sides: &Sides<'_>) -> Result<Planned, OpError> {
    let hash = sides.source.counted(&sides.item.path)?;
    let mut planned = begun(sides, Outcome::Recorded).holding(hash);
    planned.edits.push(record(planning, sides, hash));
    planned.sees(sides.in_collection());
    planned.sees([sides.put_in_project(hash, sides.source.id, sides.origin)]);
    Ok(planned)
}

/// The record of a copy that came from this content of the collection.
pub(super) fn record(planning: &Planning<'_>, sides: &Sides<'_>, hash: ContentHash) -> Edit {
    let Sides { destination, original, item, .. } = sides;
    planning.record(destination, &item.key, &item.path, &original.collection.name, hash)
}

/// The collection's files take the place of the project's.
pub(super) fn into_project(
    planning: &mut Planning<'_>,
    sides: &Sides<'_>,
    outcome: Outcome,
) -> Result<Planned, OpError> {
    let content = sides.source.content.clone();
    let hash = sides.source.counted(&sides.item.path)?;
    let mut planned = put_into_project(planning, sides, &content, outcome, Links::Stay)?.holding(hash);
    planned.edits.push(record(planning, sides, hash));
    planned.sees(sides.in_collection());
    planned.sees([sides.put_in_project(hash, sides.source.id, sides.origin)]);
    Ok(planned)
}

pub(super) fn put_into_project(
    planning: &mut Planning<'_>,
    sides: &Sides<'_>,
    content: &Content,
    outcome: Outcome,
    links: Links,
) -> Result<Planned, OpError> {
    put_at(planning, sides.destination, sides.item, begun(sides, outcome), content, links)
}

/// Puts a content in the place of a project's copy.
pub(super) fn put_at(
    planning: &mut Planning<'_>,
    destination: &Destination,
    item: &ItemView,
    mut planned: Planned,
    content: &Content,
    links: Links,
) -> Result<Planned, OpError> {
    let place = planning.place_of(destination, &item.path)?;
    let (pieces, extent) = if place.path.symlink_metadata().is_err() {
        let id = planning.compose(content.clone());
        contents::place(&place, id, content)
    } else {
        let there = planning.copy(item, Scope::Counted)?;
        let spot = account::in_project(destination);
        planned.sees(account::found(&item.key, spot, &there, account::baseline(item)));
        contents::update_with(planning, &place, &there.content, content, links)?
    };
    planned.moves(pieces, extent);
    Ok(planned)
}

/// The project's files take the place of the collection's.
pub(super) fn into_collection(
    planning: &mut Planning<'_>,
    query: &Transfer,
    sides: &Sides<'_>,
    on: &Subject,
) -> Result<Planned, OpError> {
    let others = others(planning, sides);
    let edited = others.iter().filter(|other| matches!(other.item.state, S::Modified | S::Conflict));
    let affected: Vec<&str> = edited.map(|other| &*other.project.path).collect();
    if !affected.is_empty() && query.strategy.is_none() {
        return Ok(begun(sides, Outcome::Refused)
            .saying(format!("it was edited elsewhere too, where this would become a conflict: {}", affected.join(", ")))
            .ways(told([
                (on.on("push", "--strategy overwrite"), "the others keep their edits and get a conflict"),
                (on.on("push", "--strategy fork"), "an artifact of its own in the collection"),
            ])));
    }
    let copy = planning.copy(sides.item, Scope::Resolved)?;
    let hash = copy.counted(&sides.item.path)?;
    let mut planned = put_into_collection(planning, sides, &copy.content, hash, Links::Stay)?;
    planned.edits.push(record(planning, sides, hash));
    planned.sees(sides.in_project(&copy));
    planned.sees(sides.put_in_collection(hash, copy.id, Origin::Sync));
    let followers = others.iter().filter(|other| matches!(other.item.state, S::InSync | S::Outdated)).count();
    if followers > 0 {
        let command = across::fan_out_command(planning.snapshot, &sides.item.key, &sides.original.collection.name);
        let said = planned.item.message.take().map(|said| format!("{said}; ")).unwrap_or_default();
        planned = planned.saying(format!("{said}{followers} other deployments are outdated by this; {command}"));
    }
    Ok(planned)
}

/// Everybody else who follows the collection, or the same branch of it, with this artifact, and is there.
fn others(planning: &Planning<'_>, sides: &Sides<'_>) -> Vec<Follower> {
    let Sides { original, item, destination, .. } = sides;
    let mut found = across::followers(planning.snapshot, &item.key, Some(&original.collection.id));
    found.retain(|other| other.item.line() == item.line());
    let is_this =
        |other: &Follower| Path::new(&*other.project.path) == destination.project && other.item.profile == item.profile;
    found.retain(|other| !is_this(other) && !other.is_missing());
    found
}

/// Writes `content` into the collection, with its lock and manifest, or onto the branch that the copy follows.
pub(super) fn put_into_collection(
    planning: &mut Planning<'_>,
    sides: &Sides<'_>,
    content: &Content,
    hash: ContentHash,
    links: Links,
) -> Result<Planned, OpError> {
    if let Some(planned) = following::onto_branch(sides, hash) {
        return Ok(planned);
    }
    let (original, item) = (sides.original, sides.item);
    let path = original_path(original);
    let root = Path::new(&*original.collection.path);
    let place = manage::place(root, &path)?;
    let there = planning.read(&path, Scope::Counted)?;
    let (pieces, extent) = contents::update_with(planning, &place, &there.content, content, links)?;
    let mut planned = begun(sides, Outcome::Updated).at(&path).holding(hash);
    planned.moves(pieces, extent);
    planned.sees(sides.in_collection());
    planned.edits.extend([
        manage::locked(root, &item.key, hash, planning.now),
        manage::in_manifest(root, Change::ChangeEntry(item.key.clone(), vec![Field::LastUpdated(Some(planning.now))])),
    ]);
    Ok(planned)
}
