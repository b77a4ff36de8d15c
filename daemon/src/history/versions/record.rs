//! Writing down what was seen.
//!
//! What is new was made of what was at the same place before, unless it is said what it was made of. A place of which
//! nothing is known yet begins with what its record says: that is what the first edit was made of, whoever deployed it.

use super::rows::{self, NewVersion};
use super::sight::{Account, Baseline, Cause, Origin, Seen, Sighting, Spot, VersionId};
use crate::database::value::Col;
use crate::history::store::content_row;
use crate::history::{Batch, ContentId, HistoryError, OperationId};
use crate::model::Timestamp;
use rusqlite::{OptionalExtension, params};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;

/// Who writes down, and when.
#[derive(Clone, Copy)]
struct Writing {
    operation: Option<OperationId>,
    at: Timestamp,
}

impl Batch<'_> {
    /// Writes down what an operation did, for each of its parts that was done.
    ///
    /// # Errors
    /// Damage; the database cannot be written.
    pub fn account(&self, operation: OperationId, at: Timestamp, accounts: &[Account]) -> Result<(), HistoryError> {
        for Account { artifacts, seen, switches, advances, turns } in accounts {
            for key in artifacts {
                self.transaction
                    .prepare_cached(
                        "INSERT OR IGNORE INTO operation_artifacts (type, name, operation) VALUES (?1, ?2, ?3)",
                    )
                    .and_then(|mut insert| insert.execute(params![Col(key.kind), key.name, operation.0]))
                    .map_err(self.history.failed("write"))?;
            }
            for seen in seen {
                self.see(seen, Writing { operation: Some(operation), at })?;
            }
            for switch in switches {
                self.switch(switch, operation, at)?;
            }
            for advance in advances {
                self.advance_branch(advance, operation, at)?;
            }
            for turn in turns {
                self.turn(turn, operation)?;
            }
        }
        Ok(())
    }

    /// Writes down what was found somewhere. Gives whether anything of it was new.
    ///
    /// # Errors
    /// Damage; the database cannot be written.
    pub fn found(&self, seen: &Seen, at: Timestamp) -> Result<bool, HistoryError> {
        self.see(seen, Writing { operation: None, at })
    }

    fn see(&self, seen: &Seen, writing: Writing) -> Result<bool, HistoryError> {
        let mut head = self.head(&seen.key, &seen.spot)?;
        let (writing, parents, origin) = match &seen.cause {
            Cause::Made { parents } => {
                let parents = parents.iter().take(2).map(|of| self.ancestor(&of.key, of.hash, seen, writing));
                (writing, parents.collect::<Result<Vec<_>, _>>()?, seen.origin)
            }
            Cause::Found { baseline } => {
                let found = Writing { operation: None, ..writing };
                if let Some(baseline) = baseline {
                    head = self.begin_with(*baseline, seen, found, head)?;
                }
                // Nobody edits what was never there.
                let origin = if head.is_none() { Origin::Import } else { seen.origin };
                (found, Vec::new(), origin)
            }
        };
        let here = head.as_ref().and_then(|head| head.version);
        let Some(hash) = seen.hash else {
            if here.is_some() {
                self.sighting(seen, None, origin, writing)?;
            }
            return Ok(here.is_some());
        };
        let parents = if parents.is_empty() { here.into_iter().collect() } else { parents };
        let (version, is_new) = self.version(seen, hash, seen.content, &parents, origin, writing)?;
        if writing.operation.is_none() && here == Some(version) {
            return Ok(is_new);
        }
        self.sighting(seen, Some(version), origin, writing)?;
        Ok(true)
    }

    /// What a record says, as the first thing that was at a place, or as what somebody else put there since.
    fn begin_with(
        &self,
        baseline: Baseline,
        seen: &Seen,
        writing: Writing,
        head: Option<Sighting>,
    ) -> Result<Option<Sighting>, HistoryError> {
        let is_known = match rows::version_id(&self.transaction, &seen.key, baseline.hash).map_err(self.failed())? {
            Some((version, _)) => self.was_at(&seen.key, &seen.spot, version)?,
            None => false,
        };
        let is_collection = matches!(seen.spot, Spot::Collection { .. });
        if is_known || is_collection && head.is_some() {
            return Ok(head);
        }
        let origin = if is_collection { Origin::Import } else { Origin::Deployment };
        let writing = Writing { at: baseline.at.unwrap_or(writing.at).min(writing.at), ..writing };
        let parents: Vec<VersionId> = head.and_then(|head| head.version).into_iter().collect();
        let (version, _) = self.version(seen, baseline.hash, None, &parents, origin, writing)?;
        self.sighting(seen, Some(version), origin, writing).map(Some)
    }

    /// The version of this hash, made if nobody knew it.
    fn version(
        &self,
        seen: &Seen,
        hash: ContentHash,
        content: Option<ContentId>,
        parents: &[VersionId],
        origin: Origin,
        Writing { operation, at }: Writing,
    ) -> Result<(VersionId, bool), HistoryError> {
        let content = self.content_of(hash, content)?;
        match rows::version_id(&self.transaction, &seen.key, hash).map_err(self.failed())? {
            Some((version, has_content)) => {
                // The same hash may stand for other modes: the latest that was seen counts.
                if let Some(content) = content.filter(|_| seen.content.is_some() || !has_content) {
                    rows::set_content(&self.transaction, version, content).map_err(self.failed())?;
                }
                Ok((version, false))
            }
            None => {
                let spot = &seen.spot;
                let new = NewVersion { key: &seen.key, hash, content, parents, origin, at, spot, operation };
                let version = rows::insert_version(&self.transaction, &new).map_err(self.failed())?;
                Ok((version, true))
            }
        }
    }

    /// A version that another was made of; one that nobody knew is known by its hash from now on.
    fn ancestor(
        &self,
        key: &ArtifactKey,
        hash: ContentHash,
        seen: &Seen,
        writing: Writing,
    ) -> Result<VersionId, HistoryError> {
        let seen = Seen { key: key.clone(), content: None, ..seen.clone() };
        let writing = Writing { operation: None, ..writing };
        self.version(&seen, hash, None, &[], Origin::Import, writing).map(|(version, _)| version)
    }

    fn sighting(
        &self,
        seen: &Seen,
        version: Option<VersionId>,
        origin: Origin,
        Writing { operation, at }: Writing,
    ) -> Result<Sighting, HistoryError> {
        let (key, spot) = (seen.key.clone(), seen.spot.clone());
        let sighting = Sighting { id: 0, key, spot, version, origin, at, operation };
        rows::insert_sighting(&self.transaction, sighting).map_err(self.failed())
    }

    fn head(&self, key: &ArtifactKey, spot: &Spot) -> Result<Option<Sighting>, HistoryError> {
        self.history.head_in(&self.transaction, key, spot)
    }

    fn was_at(&self, key: &ArtifactKey, spot: &Spot, version: VersionId) -> Result<bool, HistoryError> {
        let (condition, mut values) = rows::at_spot(key, spot);
        values.push(version.0.into());
        let condition = format!("{condition} AND version = ?6 LIMIT 1");
        let found = rows::sightings(&self.transaction, &condition, &values).map_err(self.failed())?;
        Ok(!found.is_empty())
    }

    /// The row of a content: the one that is said, else the latest that was captured with this hash.
    fn content_of(&self, hash: ContentHash, content: Option<ContentId>) -> Result<Option<i64>, HistoryError> {
        if let Some(id) = content
            && let Some(row) = content_row(&self.transaction, id).map_err(self.failed())?
        {
            return Ok(Some(row));
        }
        self.transaction
            .prepare_cached("SELECT content FROM recorded WHERE hash = ?1 ORDER BY id DESC LIMIT 1")
            .and_then(|mut select| select.query_row([Col(hash)], |row| row.get(0)).optional())
            .map_err(self.failed())
    }

    fn failed(&self) -> impl Fn(rusqlite::Error) -> HistoryError {
        self.history.failed("write")
    }
}
