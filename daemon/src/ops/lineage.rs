//! What a deployment record says of the past of a copy, for a place that the history does not know yet.
//!
//! The original keeps a lineage in each record, of hashes whose contents nobody has any more. They are versions all the same:
//! with them, a copy that another program deployed and this one meets for the first time has the ancestors that it really has.
//! They are told before everything else of an operation, since a parent is older than its child.

use super::error::OpError;
use super::plan::Planned;
use super::planning::Planning;
use crate::engine::snapshot::ProjectView;
use crate::history::{Baseline, Cause, History, HistoryError, Origin, Seen, Spot};
use crate::library::edit::{Before, records};
use crate::os::files;
use crate::scan::project::{DEPLOYED, ITSELF};
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Lineages of files of records, each read once.
#[derive(Debug, Default)]
pub struct Ancestries(HashMap<PathBuf, HashMap<(ArtifactKey, String), Vec<ContentHash>>>);

impl Ancestries {
    /// What is to be told first of a copy that was found at a place, the oldest first: nothing where the place is known, or where
    /// its record says nothing of what was before.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn of(&mut self, history: &History, records: &Path, seen: &Seen) -> Result<Vec<Seen>, HistoryError> {
        let (Spot::Project { profile, .. }, Cause::Found { baseline: Some(baseline) }) = (&seen.spot, &seen.cause)
        else {
            return Ok(Vec::new());
        };
        if history.head(&seen.key, &seen.spot)?.is_some() {
            return Ok(Vec::new());
        }
        let known = self.0.entry(records.to_owned()).or_insert_with(|| read(records));
        let Some(earlier) = known.get(&(seen.key.clone(), profile.clone())).filter(|earlier| !earlier.is_empty())
        else {
            return Ok(Vec::new());
        };
        // Each was deployed; when, nobody wrote down, but not after what is there now.
        let deployed = |hash: &ContentHash| Seen {
            key: seen.key.clone(),
            spot: seen.spot.clone(),
            hash: Some(*hash),
            content: None,
            origin: Origin::Deployment,
            cause: Cause::Found { baseline: Some(Baseline { hash: *hash, at: baseline.at }) },
        };
        Ok(earlier.iter().chain([&baseline.hash]).map(deployed).collect())
    }
}

/// A file that cannot be read says nothing; whoever needs it will say why.
fn read(path: &Path) -> HashMap<(ArtifactKey, String), Vec<ContentHash>> {
    let text = files::read_whole(path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    records::ancestors(&Before { file: path, text: text.as_deref() }).unwrap_or_default()
}

/// The file that records what is under a profile of a project.
pub fn records_of(project: &ProjectView, profile: &str) -> Option<PathBuf> {
    let profile = project.profiles.iter().find(|known| *known.id == *profile)?;
    let project = Path::new(&*project.path);
    Some(if profile.root == ITSELF { project.join(DEPLOYED) } else { project.join(&profile.root).join(DEPLOYED) })
}

/// Has every item that found a copy at a place that is not known tell of its past first.
///
/// # Errors
/// The history cannot be read.
pub(super) fn tell(planning: &Planning<'_>, planned: &mut [Planned]) -> Result<(), WireError> {
    let mut ancestries = Ancestries::default();
    for planned in planned {
        let mut before = Vec::new();
        for seen in &planned.account.seen {
            let Spot::Project { path, profile } = &seen.spot else { continue };
            let project = path.to_str().and_then(|path| planning.snapshot.projects.get(path));
            let Some(records) = project.and_then(|project| records_of(project, profile)) else { continue };
            let told = ancestries.of(planning.history, &records, seen);
            before.extend(told.map_err(|error| OpError::History(error).to_wire())?);
        }
        planned.account.seen.splice(0..0, before);
    }
    Ok(())
}
