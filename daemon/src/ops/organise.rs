//! What is changed of artifacts that a collection has: their being there, their names, their tags, their groups.

use super::account;
use super::contents;
use super::error::OpError;
use super::lookup::{self, Original};
use super::manage::{self, deployments};
use super::piece::Piece;
use super::plan::{Change, Planned};
use super::planning::{Planning, original_path};
use super::target;
use super::witness::Witness;
use crate::engine::snapshot::CollectionView;
use crate::history::{Origin, Scope};
use crate::library::edit::groups::GroupChange;
use crate::library::edit::manifest::Field;
use crate::model::Tree;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::ids::{ArtifactKey, normalized_name};
use skillmeat_protocol::reply::Outcome;
use skillmeat_protocol::request::{Remove, Rename, Tag, Which};
use std::path::{Path, PathBuf};

fn begun(original: &Original, outcome: Outcome) -> Planned {
    Planned::of(Some(original.key()), "", outcome).of_collection(&original.collection.name).at(&original_path(original))
}

fn root(original: &Original) -> &Path {
    Path::new(&*original.collection.path)
}

/// `remove`.
///
/// # Errors
/// What is asked for is not there or ambiguous.
pub fn remove(planning: &mut Planning<'_>, query: &Remove) -> Result<Vec<Planned>, WireError> {
    let originals = lookup::originals(planning.snapshot, &query.which, query.collection.as_deref())?;
    let one = |original: &Original| {
        let attempt = removed(planning, original);
        attempt.unwrap_or_else(|error| begun(original, Outcome::Failed).failed(&error))
    };
    Ok(originals.iter().map(one).collect())
}

/// Where the files of an artifact are, as far as they are the collection's.
enum Files {
    Here(PathBuf),
    /// Why they stay.
    Stay(String),
}

fn files(original: &Original) -> Result<Files, OpError> {
    let (root, path, entry) = (root(original), original_path(original), &original.artifact.entry);
    if entry.flaw.is_some() || entry.path.as_os_str().is_empty() {
        return Ok(Files::Stay("the entry does not say where its files are".to_owned()));
    }
    if !path.starts_with(root) {
        return Ok(Files::Stay(format!("its files are elsewhere, at {}, and stay", path.display())));
    }
    if path.symlink_metadata().is_err() {
        return Ok(Files::Stay("its files were gone already".to_owned()));
    }
    let others = original.collection.artifacts.iter().filter(|other| other.entry.key != entry.key);
    for other in others.filter(|other| other.entry.in_manifest && other.entry.flaw.is_none()) {
        let there = root.join(&other.entry.path);
        if there == path {
            return Ok(Files::Stay(format!("its files are those of {} too, and stay", other.entry.key)));
        }
        if there.starts_with(&path) {
            let message = format!("{} lies within it; remove that first", other.entry.key);
            return Err(OpError::Refused { message });
        }
    }
    Ok(Files::Here(path))
}

fn removed(planning: &mut Planning<'_>, original: &Original) -> Result<Planned, OpError> {
    let (key, root) = (original.key(), root(original));
    let (mut planned, mut said) = match files(original)? {
        Files::Stay(why) => (begun(original, Outcome::Recorded), vec![why]),
        Files::Here(path) => {
            let place = manage::place(root, &path)?;
            let witness = Witness::of(&path)?;
            let read = planning.read(&path, Scope::Everything)?;
            let (pieces, extent) = contents::take(&place, read.id, &read.content, witness);
            let mut planned = begun(original, Outcome::Removed);
            planned.moves(pieces, extent);
            planned.sees(account::found(key, account::in_collection(&original.collection.id), &read, None));
            (planned, Vec::new())
        }
    };
    planned.sees([account::gone(key, account::in_collection(&original.collection.id))]);
    planned.edits.push(manage::in_manifest(root, Change::RemoveEntry(key.clone())));
    let memberships = leaving(&original.collection, key);
    if !memberships.is_empty() {
        planned.edits.push(manage::in_manifest(root, Change::Groups(memberships)));
    }
    if original.artifact.locked.is_some() {
        planned.edits.push(manage::unlocked(root, key));
    }
    let deployed = deployments(planning.snapshot, &original.collection.id, Some(key));
    if deployed > 0 {
        said.push(format!("{deployed} deployments stay, and are 'removed' from now on"));
    }
    Ok(if said.is_empty() { planned } else { planned.saying(said.join("; ")) })
}

/// `rename`.
///
/// # Errors
/// What is asked for is not there or ambiguous.
pub fn rename(planning: &mut Planning<'_>, query: &Rename) -> Result<Vec<Planned>, WireError> {
    let which = Which { artifacts: vec![query.artifact.clone()], ..Which::default() };
    let originals = lookup::originals(planning.snapshot, &which, query.collection.as_deref())?;
    let mut one = |original: &Original| {
        let attempt = renamed(planning, original, normalized_name(&query.to));
        attempt.unwrap_or_else(|error| begun(original, Outcome::Failed).failed(&error))
    };
    Ok(originals.iter().map(&mut one).collect())
}

fn renamed(planning: &mut Planning<'_>, original: &Original, to: &str) -> Result<Planned, OpError> {
    let (key, root, entry) = (original.key(), root(original), &original.artifact.entry);
    if key.name == to {
        return Ok(begun(original, Outcome::Unchanged));
    }
    target::check_plain_name(to)?;
    let same = |other: &ArtifactKey| other.kind == key.kind && other.name.to_lowercase() == to.to_lowercase();
    if let Some(taken) = original.collection.artifacts.iter().find(|a| a.entry.key != *key && same(&a.entry.key)) {
        let message = format!("collection '{}' has {} already", original.collection.name, taken.entry.key);
        return Err(OpError::Refused { message });
    }
    let mut planned = Planned::of(Some(&ArtifactKey::new(key.kind, to)), "", Outcome::Updated)
        .of_collection(&original.collection.name);
    let mut said = vec![format!("it was called {key}")];
    let path = match files(original)? {
        Files::Stay(why) => {
            planned.item.outcome = Outcome::Recorded;
            said.push(why);
            None
        }
        Files::Here(from) => {
            let place = manage::place(root, &from)?;
            let name = from.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let written = entry.key.name.rsplit('/').next().unwrap_or_default();
            let ending = name.strip_prefix(written).or_else(|| Some(&name[name.rfind('.')?..])).unwrap_or_default();
            let path = manage::beside(&place.path, &format!("{to}{ending}"))?;
            planned = planned.at(&path);
            planned.item.content_hash = original.artifact.tree.as_ref().and_then(Tree::hash);
            planned.pieces.push(Piece::moved(&from, &path, root));
            // What cannot be read can have another name all the same.
            if let Ok(read) = planning.read(&from, Scope::Resolved) {
                let spot = || account::in_collection(&original.collection.id);
                planned.sees(account::found(key, spot(), &read, None));
                planned.sees(read.hash.map(|hash| {
                    let new = ArtifactKey::new(key.kind, to);
                    let renamed = account::made(&new, spot(), hash, read.id, Origin::Import);
                    account::of(renamed, [(key.clone(), hash)])
                }));
            }
            path.strip_prefix(root).ok().and_then(Path::to_str).map(|path| path.replace('\\', "/"))
        }
    };
    planned.sees([account::gone(key, account::in_collection(&original.collection.id))]);
    planned.account.artifacts.push(key.clone());
    let change = Change::RenameEntry { key: key.clone(), name: to.to_owned(), path };
    planned.edits.push(manage::in_manifest(root, change));
    if original.artifact.locked.is_some() {
        // What is left over of one that is gone would be in the way.
        let new = ArtifactKey::new(key.kind, to);
        planned.edits.extend([manage::unlocked(root, &new), manage::relocked(root, key, to)]);
    }
    let deployed = deployments(planning.snapshot, &original.collection.id, Some(key));
    if deployed > 0 {
        said.push(format!("{deployed} deployments stay under the old name, and are 'removed' from now on"));
    }
    Ok(planned.saying(said.join("; ")))
}

/// `tag`.
///
/// # Errors
/// What is asked for is not there or ambiguous, or a tag cannot be one.
pub fn tag(planning: &Planning<'_>, query: &Tag) -> Result<Vec<Planned>, WireError> {
    manage::check_tags(query.add.iter().chain(&query.remove))?;
    let originals = lookup::originals(planning.snapshot, &query.which, query.collection.as_deref())?;
    Ok(originals.iter().map(|original| tagged(original, query)).collect())
}

fn tagged(original: &Original, query: &Tag) -> Planned {
    let before = &original.artifact.entry.metadata.tags;
    let mut tags: Vec<String> = before.clone();
    tags.retain(|tag| !query.remove.iter().any(|gone| gone.trim() == tag));
    for tag in query.add.iter().map(|tag| tag.trim()) {
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    if tags == *before {
        return begun(original, Outcome::Unchanged);
    }
    let mut planned = begun(original, Outcome::Recorded);
    if tags.is_empty() {
        planned = planned.saying("should its own files name tags, those count now");
    } else {
        planned = planned.saying(format!("tags: {}", tags.join(", ")));
    }
    let change = Change::ChangeEntry(original.key().clone(), vec![Field::Tags(tags)]);
    planned.edits.push(manage::in_manifest(root(original), change));
    planned
}

/// What takes an artifact out of every group.
fn leaving(collection: &CollectionView, key: &ArtifactKey) -> Vec<GroupChange> {
    let member = key.to_string();
    let has = |members: &[String]| members.iter().any(|m| *m == member || m.parse().as_ref() == Ok(key));
    let groups = collection.groups.iter().filter(|group| has(&group.members));
    groups
        .map(|group| GroupChange::RemoveMembers { group: group.name.clone(), members: vec![member.clone()] })
        .collect()
}
