//! `deploy`: from a collection into projects.
//!
//! What is in the way is never lost and never silently replaced: something that nobody deployed, and a copy that was edited,
//! are refused with the ways on, unless the request says which of them to take.

use super::account;
use super::command::{Subject, told};
use super::contents;
use super::error::OpError;
use super::following::{self, deployment, followed};
use super::joining;
use super::lookup::{self, Original};
use super::plan::{Planned, word};
use super::planning::{Destination, Planning, original_path, relative_target};
use super::target::TargetError;
use super::transfer::{self, Sides};
use crate::engine::snapshot::{ItemView, ProjectView, Snapshot};
use crate::history::{Origin, Scope, Turn};
use crate::model::{Deployment, Followed, Tip, TreeKind};
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::Outcome;
use skillmeat_protocol::request::{Deploy, InTheWay, Profiles};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a request has each of its artifacts follow, by collection and artifact: a branch by its name, or whatever the collection
/// has. A copy of what is not in it goes on following what it follows.
pub(super) type Wanted = BTreeMap<(Arc<str>, ArtifactKey), Option<Followed>>;

/// Plans it for each artifact, project and profile.
///
/// # Errors
/// What is asked for is not there or ambiguous.
pub(super) fn plan(
    planning: &mut Planning<'_>,
    query: &Deploy,
    wanted: &Wanted,
    projects: &[Arc<ProjectView>],
) -> Result<Vec<Planned>, WireError> {
    let originals = lookup::originals(planning.snapshot, &query.which, query.collection.as_deref())?;
    let mut planned = Vec::new();
    let mut taken: BTreeMap<String, PathBuf> = BTreeMap::new();
    for project in projects {
        for profile in profiles(project, &query.profiles)? {
            let destination = planning.destination(project, &profile);
            for original in &originals {
                let asked = Asked { query, wanted: wanted_of(wanted, original) };
                let one = one(planning, asked, project, &destination, original);
                planned.push(alone(one, &mut taken));
            }
        }
    }
    Ok(planned)
}

/// What is asked of one artifact.
#[derive(Clone, Copy)]
struct Asked<'a> {
    query: &'a Deploy,
    /// What it is to follow; none where nothing is said of that.
    wanted: Option<Option<&'a Followed>>,
}

fn wanted_of<'a>(wanted: &'a Wanted, original: &Original) -> Option<Option<&'a Followed>> {
    let place = (Arc::clone(&original.collection.id), original.key().clone());
    wanted.get(&place).map(Option::as_ref)
}

/// Refuses what another item of the same request is put in the place of, on whatever file system.
fn alone(planned: Planned, taken: &mut BTreeMap<String, PathBuf>) -> Planned {
    let Some(path) = planned.item.path.clone().filter(|_| planned.is_effective()) else { return planned };
    match taken.entry(path.to_lowercase()) {
        Entry::Vacant(free) => {
            free.insert(path.into());
            planned
        }
        Entry::Occupied(other) => {
            let (path, other) = (PathBuf::from(path), other.get().clone());
            planned.failed(&if path == other {
                OpError::Refused { message: format!("{} is where another artifact is put", path.display()) }
            } else {
                TargetError::Case { path, other }.into()
            })
        }
    }
}

/// The profiles that are meant: those named, all, or the primary one.
fn profiles(project: &ProjectView, asked: &Profiles) -> Result<Vec<crate::model::Profile>, WireError> {
    if asked.all_profiles {
        return Ok(project.profiles.to_vec());
    }
    if !asked.profiles.is_empty() {
        let named: BTreeSet<&String> = asked.profiles.iter().collect();
        return named.into_iter().map(|id| lookup::profile(project, id)).collect();
    }
    let claude = project.profiles.iter().find(|p| &*p.id == "claude_code").or_else(|| project.profiles.first());
    match claude {
        Some(primary) => Ok(vec![primary.clone()]),
        None => Ok(vec![lookup::profile(project, "claude_code")?]),
    }
}

fn one(
    planning: &mut Planning<'_>,
    asked: Asked<'_>,
    project: &ProjectView,
    destination: &Destination,
    original: &Original,
) -> Planned {
    let key = original.key();
    let profile = &destination.profile.id;
    let known = project.items().find(|item| item.key == *key && item.profile == *profile).cloned();
    let begun = |outcome, path: &Path| {
        Planned::of(Some(key), "", outcome)
            .in_project(&project.path, profile, path)
            .of_collection(&original.collection.name)
    };
    let shown = known.as_ref().map_or_else(|| destination.root.clone(), |item| item.path.to_path_buf());
    if let Some(item) = known.as_deref().filter(|item| asked.wanted.is_none() && follows(item, original))
        && following::is_lost(item)
    {
        return following::lost(planning.snapshot, item, begun(Outcome::Refused, &item.path));
    }
    let attempt = match &known {
        Some(item) if item.record.is_some() => match elsewhere(asked.query, destination, original, item) {
            Ok(false) => again(planning, asked, destination, original, item),
            Ok(true) => {
                let on = Subject::of(planning.snapshot, &destination.project, item);
                Ok(begun(Outcome::Refused, &item.path)
                    .saying(format!("it is deployed at {}", item.path.display()))
                    .ways([format!("{}   # comes first", on.on("undeploy", ""))]))
            }
            Err(error) => Err(error),
        },
        _ => fresh(planning, asked, destination, original, known.as_deref()),
    };
    match attempt {
        Ok(planned) => planned,
        Err(error) => begun(Outcome::Failed, &shown).failed(&error),
    }
}

/// Whether another directory is asked for than the one that is recorded: one record is all that it has, and the copy at the first
/// place would be nobody's.
fn elsewhere(query: &Deploy, destination: &Destination, original: &Original, item: &ItemView) -> Result<bool, OpError> {
    let Some(dest) = &query.dest_path else { return Ok(false) };
    let kind = if item.path.is_dir() { TreeKind::Directory } else { TreeKind::File };
    let asked = relative_target(original.key(), &original_path(original), kind, Some(dest))?;
    Ok(destination.project.join(&asked) != *item.path)
}

/// It is recorded here already.
fn again(
    planning: &mut Planning<'_>,
    asked: Asked<'_>,
    destination: &Destination,
    original: &Original,
    item: &ItemView,
) -> Result<Planned, OpError> {
    let query = asked.query;
    let is_of_it = follows(item, original);
    let source = match asked.wanted {
        None if is_of_it => planning.source_of(original, item)?,
        _ => planning.original(original)?,
    };
    let turn = match (asked.wanted, item.follows.as_deref()) {
        (None, _) => None,
        // The branch that it follows by name happens to be the current one.
        (Some(None), Some(follows)) if is_of_it && follows.tip == Tip::Current => None,
        (Some(None), None) => None,
        (Some(wanted), _) => (wanted != followed(item).as_ref())
            .then(|| Turn { copy: deployment(&destination.project, item), to: wanted.cloned() }),
    };
    let recorded_from = item.record.as_ref().and_then(|r| r.from_collection.as_deref());
    let from_other =
        recorded_from.filter(|from| planning.snapshot.collection(from).is_none_or(|c| c.id != original.collection.id));
    let sides = Sides { destination, original, item, source: &source, origin: Origin::Deployment };
    let mut planned = match (item.state, query.in_the_way) {
        (DriftState::Unreadable, _) if !is_lost_only(item) => return Err(unreadable(item)),
        (_, _)
            if source.hash == item.project_hash
                && source.hash == item.baseline()
                && from_other.is_none()
                && turn.is_none() =>
        {
            transfer::begun(&sides, Outcome::Unchanged)
        }
        (_, _) if source.hash == item.project_hash => transfer::recorded(planning, &sides)?,
        _ if item.project_hash.is_none() => transfer::into_project(planning, &sides, Outcome::Created)?,
        _ if item.baseline() == item.project_hash => transfer::into_project(planning, &sides, Outcome::Updated)?,
        (_, InTheWay::Force) => transfer::into_project(planning, &sides, Outcome::Updated)?,
        (_, InTheWay::Merge) => joining::deployed(planning, &sides)?,
        (_, InTheWay::Refuse) => transfer::begun(&sides, Outcome::Refused)
            .saying(format!("the copy in the project was edited ({})", item.state.as_str()))
            .ways(edited_ways(planning.snapshot, asked, destination, item)),
    };
    if let Some(turn) = turn.filter(|_| planned.is_effective()) {
        let told = match &turn.to {
            Some(to) => format!("it follows branch '{}' from now on", to.branch),
            None => "it follows what the collection has from now on".to_owned(),
        };
        planned.account.turns.push(turn);
        planned = planned.saying(told);
    }
    if let Some(other) = from_other {
        planned = planned.saying(format!("it was deployed from collection '{other}' before"));
    }
    Ok(planned)
}

/// Whether a copy follows a branch of this very collection by its name.
fn follows(item: &ItemView, original: &Original) -> bool {
    item.follows.as_deref().is_some_and(|follows| follows.collection == original.collection.id)
}

/// The commands that lead on where a copy was edited.
fn edited_ways(snapshot: &Snapshot, asked: Asked<'_>, destination: &Destination, item: &ItemView) -> Vec<String> {
    let on = Subject::of(snapshot, &destination.project, item);
    match asked.wanted {
        Some(Some(Followed { branch, .. })) => {
            let branch = format!("--branch {}", word(branch));
            told([
                (on.on("deploy", &format!("{branch} --force")), "the edits are kept in the history"),
                (on.on("push", &branch), "the edits become that branch's"),
                (on.on("push", ""), "the edits go where they came from"),
            ])
        }
        _ => told([
            (on.on("deploy", "--force"), "the edits are kept in the history"),
            (on.on("deploy", "--merge"), "both are merged"),
            (on.on("push", ""), "the edits become the collection's"),
        ]),
    }
    .into()
}

/// The commands that lead on where something lies that nobody deployed.
fn foreign_ways(snapshot: &Snapshot, asked: Asked<'_>, destination: &Destination, original: &Original) -> Vec<String> {
    let on = Subject::new(snapshot, &destination.project, original.key(), &destination.profile.id);
    let named = format!("--collection {}", word(&original.collection.name));
    let branch = asked.wanted.flatten().map(|to| format!(" --branch {}", word(&to.branch))).unwrap_or_default();
    let dest = asked.query.dest_path.as_ref().map(|dest| format!(" --dest-path {}", word(dest))).unwrap_or_default();
    let force = on.on("deploy", &format!("{named}{branch}{dest} --force"));
    let force = (force, "what is there is kept in the history");
    let adopt = (on.on("adopt", &named), "what is there counts as an edited copy");
    match (branch.is_empty(), dest.is_empty()) {
        // Nobody looks there, so nothing is to be adopted.
        (_, false) => told([force]).into(),
        (false, true) => told([adopt, force]).into(),
        (true, true) => {
            let push = (format!("{} && {}", adopt.0, on.on("push", "")), "what is there becomes the collection's");
            told([adopt, force, push]).into()
        }
    }
}

/// Whether nothing is wrong with a copy but that the branch is gone that it follows.
fn is_lost_only(item: &ItemView) -> bool {
    let is_flawed = item.record.as_ref().is_some_and(|record| record.flaw.is_some());
    let is_there = item.project_hash.is_some() || item.path.symlink_metadata().is_err();
    following::is_lost(item) && !is_flawed && is_there
}

fn unreadable(item: &ItemView) -> OpError {
    let why = item.message.as_deref().unwrap_or("it cannot be read");
    OpError::Refused { message: format!("{}: {why}", item.path.display()) }
}

/// No record says that it is here.
fn fresh(
    planning: &mut Planning<'_>,
    asked: Asked<'_>,
    destination: &Destination,
    original: &Original,
    known: Option<&ItemView>,
) -> Result<Planned, OpError> {
    let query = asked.query;
    let source = planning.original(original)?;
    let kind = source.content.kind;
    let relative = relative_target(original.key(), &original_path(original), kind, query.dest_path.as_deref())?;
    let within = if query.dest_path.is_some() { &destination.project } else { &destination.root };
    let mut place = planning.place(destination, within, &relative)?;
    if let Some(known) = known.filter(|known| query.dest_path.is_none() && known.project_hash.is_some()) {
        // It may have another spelling: a directory where a file would be put, a name without extension.
        place = planning.place_of(destination, &known.path)?;
    }
    let key = original.key();
    let profile = &destination.profile.id;
    let begun = |outcome| {
        Planned::of(Some(key), "", outcome)
            .in_project(&destination.project.to_string_lossy(), profile, &place.path)
            .of_collection(&original.collection.name)
    };
    let spot = || account::in_project(destination);
    let in_collection = account::found(key, account::in_collection(&original.collection.id), &source, None);
    let hash = source.counted(&place.path)?;
    let deployed = account::made(key, spot(), hash, source.id, Origin::Deployment);
    let turn = asked.wanted.flatten().map(|to| {
        let copy = Deployment { key: key.clone(), project: destination.project.clone(), profile: profile.to_string() };
        Turn { copy, to: Some(to.clone()) }
    });
    let edit = planning.record(destination, key, &place.path, &original.collection.name, hash);
    if place.path.symlink_metadata().is_err() {
        let (pieces, extent) = contents::place(&place, source.id, &source.content);
        let mut planned = begun(Outcome::Created).holding(hash);
        planned.moves(pieces, extent);
        planned.edits.push(edit);
        planned.sees(in_collection.into_iter().chain([deployed]));
        planned.account.turns.extend(turn);
        return Ok(planned);
    }
    let there = planning.read(&place.path, Scope::Counted)?;
    if there.hash == Some(hash) {
        let mut planned = begun(Outcome::Recorded).holding(hash).saying("the same content was there already");
        planned.edits.push(edit);
        planned.sees(in_collection.into_iter().chain([deployed]));
        planned.account.turns.extend(turn);
        return Ok(planned);
    }
    if query.in_the_way != InTheWay::Force {
        let message = if query.in_the_way == InTheWay::Merge {
            "something that nobody deployed is there, and without a common origin nothing can be merged"
        } else {
            "something that nobody deployed is there"
        };
        let ways = foreign_ways(planning.snapshot, asked, destination, original);
        return Ok(begun(Outcome::Refused).saying(message).ways(ways));
    }
    let (pieces, extent) = contents::update(planning, &place, &there.content, &source.content)?;
    let mut planned = begun(Outcome::Updated).holding(hash).saying("what was there is kept in the history");
    planned.moves(pieces, extent);
    planned.edits.push(edit);
    planned.sees(account::found(key, spot(), &there, None));
    planned.sees(in_collection.into_iter().chain([deployed]));
    planned.account.turns.extend(turn);
    Ok(planned)
}
