//! What plans tell the history of versions: what was found where, and what will be there.
//!
//! What is about to be replaced is told first. So an edit that nobody observed is a version too, and what comes in its place
//! knows what it follows on.

use super::planning::{Destination, Planning, Read, Source};
use crate::engine::snapshot::ItemView;
use crate::history::{Ancestor, Baseline, Cause, ContentId, Origin, Seen, Spot};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use std::path::Path;

/// A place in a project.
pub fn in_project(destination: &Destination) -> Spot {
    Spot::Project { path: destination.project.clone(), profile: destination.profile.id.to_string() }
}

/// A place in the collection of this id.
pub fn in_collection(id: &str) -> Spot {
    Spot::Collection { id: id.to_owned() }
}

/// A place in the collection at this path; none for what is no collection.
pub fn in_collection_at(planning: &Planning<'_>, root: &Path) -> Option<Spot> {
    let collection = planning.snapshot.collections.iter().find(|collection| Path::new(&*collection.path) == root)?;
    Some(in_collection(&collection.id))
}

/// What the record of an item says that it came from.
pub fn baseline(item: &ItemView) -> Option<Baseline> {
    let record = item.record.as_ref()?;
    Some(Baseline { hash: record.baseline?, at: record.deployed_at })
}

/// What was read somewhere; none for a link, and for what is not there.
pub fn found(key: &ArtifactKey, spot: Spot, read: &Read, baseline: Option<Baseline>) -> Option<Seen> {
    if read.source == Source::History {
        return None;
    }
    // Where ignored files belong to it, the record may have counted them.
    let counted = baseline.map(|baseline| baseline.hash).filter(|hash| read.is(*hash));
    let (hash, content) = (Some(counted.or(read.hash)?), Some(read.id));
    let (key, origin) = (key.clone(), Origin::LocalModification);
    Some(Seen { key, spot, hash, content, origin, cause: Cause::Found { baseline } })
}

/// What an operation puts somewhere.
pub fn made(key: &ArtifactKey, spot: Spot, hash: ContentHash, content: ContentId, origin: Origin) -> Seen {
    let (hash, content) = (Some(hash), Some(content));
    Seen { key: key.clone(), spot, hash, content, origin, cause: Cause::Made { parents: Vec::new() } }
}

/// What an operation takes away.
pub fn gone(key: &ArtifactKey, spot: Spot) -> Seen {
    let cause = Cause::Made { parents: Vec::new() };
    Seen { key: key.clone(), spot, hash: None, content: None, origin: Origin::LocalModification, cause }
}

/// The same, made of these.
#[must_use]
pub fn of(seen: Seen, parents: impl IntoIterator<Item = (ArtifactKey, ContentHash)>) -> Seen {
    let parents = parents.into_iter().map(|(key, hash)| Ancestor { key, hash }).collect();
    Seen { cause: Cause::Made { parents }, ..seen }
}
