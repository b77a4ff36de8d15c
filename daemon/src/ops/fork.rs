//! The `fork` strategy: both sides of a conflict live on, one of them under another name.

use super::account;
use super::contents;
use super::error::OpError;
use super::manage;
use super::plan::Planned;
use super::planning::{Planning, Read, relative_target};
use super::transfer::{self, Sides, Way};
use crate::history::{Origin, Scope};
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::Outcome;
use std::path::Path;

/// Numbers that are tried for a free name.
const MOST: u32 = 100;

/// Pulled, the project's copy becomes an untracked artifact and the collection's takes its place; pushed, it becomes another
/// artifact of the collection, and the conflict stays.
pub(super) fn plan(planning: &mut Planning<'_>, sides: &Sides<'_>, way: Way) -> Result<Planned, OpError> {
    let copy = planning.copy(sides.item, Scope::Resolved)?;
    let free = |key: &ArtifactKey| match way {
        Way::Push => sides.original.collection.artifact(key).is_none(),
        _ => true,
    };
    if way == Way::Push {
        let key = forked(&sides.item.key, free)?;
        let root = Path::new(&*sides.original.collection.path);
        let mut planned = manage::added(planning, root, &key, &sides.item.path, &copy, &[])?;
        planned.item.outcome = Outcome::Forked;
        descends(&mut planned, &key, sides, &copy);
        let name = sides.original.collection.name.clone();
        return Ok(planned
            .of_collection(&name)
            .saying("the conflict stays; the project's copy is an artifact of its own now"));
    }
    let destination = sides.destination;
    let place_of = |key: &ArtifactKey| -> Result<contents::Place, OpError> {
        let relative = relative_target(key, &sides.item.path, copy.content.kind, None)?;
        planning.place(destination, &destination.root, &relative)
    };
    let key = forked(&sides.item.key, |key| place_of(key).is_ok_and(|p| p.path.symlink_metadata().is_err()))?;
    let place = place_of(&key)?;
    copy.counted(&sides.item.path)?;
    let (pieces, extent) = contents::place(&place, copy.id, &copy.content);
    let mut planned = transfer::into_project(planning, sides, Outcome::Forked)?;
    planned.item.files_written += extent.written;
    planned.pieces.splice(0..0, pieces);
    planned.account.artifacts.push(key.clone());
    let hash = copy.counted(&sides.item.path)?;
    planned.sees([account::made(&key, account::in_project(destination), hash, copy.id, Origin::LocalModification)]);
    descends(&mut planned, &key, sides, &copy);
    Ok(planned.saying(format!("the edited copy is at {}", place.path.display())))
}

/// The fork was made of the project's copy, which is a version of the artifact that it was forked from.
fn descends(planned: &mut Planned, fork: &ArtifactKey, sides: &Sides<'_>, copy: &Read) {
    planned.account.artifacts.push(sides.item.key.clone());
    let found =
        account::found(&sides.item.key, account::in_project(sides.destination), copy, account::baseline(sides.item));
    let seen = std::mem::take(&mut planned.account.seen);
    let parents = || copy.hash.map(|hash| (sides.item.key.clone(), hash));
    let seen = seen.into_iter().map(|seen| if seen.key == *fork { account::of(seen, parents()) } else { seen });
    planned.account.seen = found.into_iter().chain(seen).collect();
}

fn forked(key: &ArtifactKey, free: impl Fn(&ArtifactKey) -> bool) -> Result<ArtifactKey, OpError> {
    let names =
        (1..=MOST).map(|n| if n == 1 { format!("{}-fork", key.name) } else { format!("{}-fork-{n}", key.name) });
    names
        .map(|name| ArtifactKey { kind: key.kind, name })
        .find(|key| free(key))
        .ok_or_else(|| OpError::Refused { message: format!("there are {MOST} forks of {key} already") })
}
