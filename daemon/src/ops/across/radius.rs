//! `blast-radius`: who follows an artifact, and what a change of it meets there. Nothing is changed.
//!
//! Of a conflict it is tried whether both sides merge, as a pull would: so the files of those copies are read.

use super::{Follower, MISSING, fan_out, followers};
use crate::engine::snapshot::Snapshot;
use crate::history::History;
use crate::model::Tree;
use crate::ops::lookup::{self, Name};
use crate::ops::merging::Merging;
use crate::ops::past;
use crate::ops::planning::Planning;
use crate::ops::run::Operations;
use crate::ops::{transfer, trial};
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::{BlastCopy, BlastStatistics, Counts, GraphRoot, Standing};
use skillmeat_protocol::request::BlastRadiusQuery;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a pull would do about a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meeting {
    /// The copy is an earlier version of what the collection has.
    Behind,
    /// Both sides merge.
    Merges,
    /// They do not.
    Clashes,
}

/// Whom a change concerns.
#[derive(Debug)]
pub struct Radius {
    /// Which artifact.
    pub artifact: ArtifactKey,
    /// The collections that have it.
    pub roots: Vec<GraphRoot>,
    /// The copies, by path and profile.
    pub copies: Vec<BlastCopy>,
    /// How many of them.
    pub statistics: BlastStatistics,
    /// How many by state.
    pub counts: Counts,
}

impl Operations {
    /// Who follows an artifact, by the picture.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`, `InvalidParams`; that nobody waits for it any more.
    pub fn blast_radius(
        &self,
        snapshot: &Snapshot,
        query: &BlastRadiusQuery,
        cancelled: &AtomicBool,
    ) -> Result<Radius, WireError> {
        // Without a history there is still everything but merges.
        let artifact = match Name::read(&query.artifact)?.key() {
            Some(key) => key,
            None => past::artifact(snapshot, self.history()?, &query.artifact)?,
        };
        let named = query.collection.as_deref();
        let collection = named.map(|name| lookup::collection_even_damaged(snapshot, Some(name))).transpose()?;
        let id = collection.as_ref().map(|collection| &*collection.id);
        let roots = roots(snapshot, &artifact, id);
        let followers = followers(snapshot, &artifact, id);
        if roots.is_empty() && followers.is_empty() {
            let message = format!("nothing has {artifact}, and nothing follows it");
            return Err(WireError::new(ErrorCode::NotFound, message).hint("`skillmeat list` shows what there is"));
        }
        let (mut copies, mut counts) = (Vec::with_capacity(followers.len()), Counts::default());
        for follower in &followers {
            if cancelled.load(Ordering::Relaxed) {
                return Err(WireError::new(ErrorCode::DeadlineExceeded, "it was cancelled"));
            }
            let meeting = match (follower.item.state, self.history()) {
                (S::Conflict, Ok(history)) if !follower.is_missing() => self.meeting(history, snapshot, follower),
                _ => None,
            };
            if !follower.is_missing() {
                *counts.of(follower.item.state) += 1;
            }
            copies.push(copy(snapshot, self.history().ok(), follower, meeting));
        }
        let statistics = statistics(&copies);
        Ok(Radius { artifact, roots, copies, statistics, counts })
    }

    /// What a pull would do about a conflict; none where that cannot be said.
    fn meeting(&self, history: &History, snapshot: &Snapshot, follower: &Follower) -> Option<Meeting> {
        let item = &follower.item;
        // One for each: what a merge puts together is given up with it.
        let mut planning = Planning::new(history, snapshot, &self.zone, self.now(), &self.home);
        let original = transfer::original_of(&planning, item)?;
        if fan_out::is_behind(&planning, &original, follower) {
            return Some(Meeting::Behind);
        }
        let merging = trial::merged(&mut planning, &original, item).ok()?;
        Some(if matches!(merging, Merging::Clean { .. }) { Meeting::Merges } else { Meeting::Clashes })
    }
}

/// The collections that have an artifact, or the one of this id; with what they have.
pub fn roots(snapshot: &Snapshot, key: &ArtifactKey, only: Option<&str>) -> Vec<GraphRoot> {
    let meant = snapshot.collections.iter().filter(|collection| only.is_none_or(|id| *collection.id == *id));
    let having = meant.filter_map(|collection| Some((collection, collection.artifact(key)?)));
    having
        .map(|(collection, artifact)| GraphRoot {
            collection: collection.name.to_string(),
            collection_id: collection.id.to_string(),
            hash: artifact.tree.as_ref().and_then(Tree::hash),
        })
        .collect()
}

fn copy(snapshot: &Snapshot, history: Option<&History>, follower: &Follower, meeting: Option<Meeting>) -> BlastCopy {
    let Follower { project, item } = follower;
    let is_behind = meeting == Some(Meeting::Behind);
    let is_missing = follower.is_missing();
    let told = match (is_missing, is_behind) {
        (true, _) => Some(MISSING.to_owned()),
        (_, true) => Some("it is an earlier version of what the collection has".to_owned()),
        _ => None,
    };
    BlastCopy {
        project: project.path.to_string(),
        project_name: project.name.to_string(),
        profile: item.profile.to_string(),
        collection: item.collection.as_ref().map(|collection| collection.name.to_string()),
        standing: if is_behind { Standing::Clean } else { follower.standing() },
        state: item.state,
        // A change of the collection is none of a branch that is not current.
        next: if is_missing || item.line().is_some() { item.state } else { next(item.state) },
        baseline: item.baseline(),
        hash: item.project_hash.filter(|_| !is_missing),
        merges: meeting.filter(|_| !is_behind).map(|meeting| meeting == Meeting::Merges),
        message: told.or_else(|| item.message.as_deref().map(str::to_owned)),
        ways: if is_behind {
            vec![follower.subject(snapshot).on("pull", "")]
        } else {
            follower.ways(snapshot, history)
        },
    }
}

/// The state of a copy once the collection has something new.
fn next(state: S) -> S {
    match state {
        S::InSync => S::Outdated,
        // Its record is behind: by hashes both sides will have changed.
        S::Modified | S::Converged => S::Conflict,
        other => other,
    }
}

fn statistics(copies: &[BlastCopy]) -> BlastStatistics {
    let mut statistics = BlastStatistics::default();
    for copy in copies {
        statistics.total += 1;
        let of_standing = match copy.standing {
            Standing::Clean => &mut statistics.clean,
            Standing::Modified => &mut statistics.modified,
            Standing::Conflicting => &mut statistics.conflicting,
            Standing::Gone => &mut statistics.gone,
            Standing::Unreadable | Standing::Missing => &mut statistics.unreadable,
        };
        *of_standing += 1;
        statistics.behind += u32::from(copy.standing == Standing::Clean && copy.state != S::InSync);
    }
    statistics
}
