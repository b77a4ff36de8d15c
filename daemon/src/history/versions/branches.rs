//! Branches: named lines of an artifact in a collection, one of which is the current one.
//!
//! The tip of the current branch is not written down: it is what the collection has. So whatever changes the collection, an
//! operation, a rollback or a person, moves that branch, and the two cannot disagree. A branch that is not current has a
//! version as its tip, whose content is kept as long. Switching is written in the commit that makes the switching operation
//! irrevocable, and so is its undoing.
//!
//! An artifact of which nothing is written down here has one branch, [`MAIN`].

use super::find::Numbered;
use super::rows;
use super::sight::{Sighting, Spot, VersionId};
use crate::database::value::Col;
use crate::history::frame::Frame;
use crate::history::{Batch, History, HistoryError, OperationId};
use crate::model::Timestamp;
use rusqlite::{Connection, Result, Row, params};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;

/// The branch that everything has.
pub const MAIN: &str = "main";

/// A named line of an artifact in a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The collection's id.
    pub collection: String,
    /// Its name.
    pub name: String,
    /// Its tip; none for the current one, whose tip is what the collection has.
    pub tip: Option<VersionId>,
    /// Since when it has that tip, or is the current one.
    pub at: Timestamp,
}

/// Another branch becomes the current one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// The collection's id.
    pub collection: String,
    /// Of which artifact.
    pub key: ArtifactKey,
    /// The one that was current.
    pub from: String,
    /// What the collection had: its tip from now on.
    pub left: ContentHash,
    /// The one that is current from now on.
    pub to: String,
}

/// Whose doing it is what a branch had when it became the current one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// That of operations, or of somebody before.
    Nothing,
    /// People's, who made it of this version; none where nobody knows of what.
    Edits(Option<VersionId>),
}

impl Numbered for Branch {
    fn called(&self) -> String {
        format!("branch '{}'", self.name)
    }
}

/// The names of a switch, as they were stored.
struct Switched {
    key: ArtifactKey,
    collection: String,
    from: String,
    to: String,
}

impl Numbered for Switched {
    fn called(&self) -> String {
        format!("the switch to branch '{}'", self.to)
    }
}

impl History {
    /// The branches of an artifact that were ever named, in all collections.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn branches(&self, key: &ArtifactKey) -> std::result::Result<Vec<Branch>, HistoryError> {
        let found = branches(&self.lock(), key).map_err(self.failed("read"))?;
        found.into_iter().map(|branch| self.believed(branch)).collect()
    }

    /// The artifacts that have branches.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(in crate::history) fn branched(&self) -> std::result::Result<Vec<ArtifactKey>, HistoryError> {
        let connection = self.lock();
        let found = connection
            .prepare("SELECT DISTINCT type, name FROM branches")
            .and_then(|mut select| select.query_map([], |row| key(row, 0))?.collect());
        found.map_err(self.failed("read"))
    }

    /// The switches that undoing an operation comes to.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn switched_back(&self, operation: OperationId) -> std::result::Result<Vec<Switch>, HistoryError> {
        let found = switches(&self.lock(), operation).map_err(self.failed("read"))?;
        let mut back = Vec::with_capacity(found.len());
        for switched in found {
            let Switched { key, collection, from, to } = self.believed(switched)?;
            // It left what was put there by it, else nothing would be undone.
            let spot = Spot::Collection { id: collection.clone() };
            let (condition, mut values) = rows::at_spot(&key, &spot);
            values.push(operation.0.into());
            let made = self.sightings(&format!("{condition} AND operation = ?6 ORDER BY id DESC LIMIT 1"), &values)?;
            let made = made.first().and_then(|sighting| sighting.version).into_iter().collect();
            let left = self.versions_by_id(&made)?.pop().map(|version| version.hash);
            let left =
                left.ok_or_else(|| self.damaged(format!("nobody knows what operation {operation} put there")))?;
            back.push(Switch { collection, key, from: to, left, to: from });
        }
        Ok(back)
    }
}

impl History {
    /// Whether an operation that made a branch the current one brought what people had made `since`, before it.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn carried(
        &self,
        operation: OperationId,
        key: &ArtifactKey,
        collection: &str,
        since: Timestamp,
    ) -> std::result::Result<Carried, HistoryError> {
        let (condition, values) = rows::at_spot(key, &Spot::Collection { id: collection.to_owned() });
        let all = self.sightings(&format!("{condition} ORDER BY id DESC"), &values)?;
        let mut before = all.iter().skip_while(|sighting| sighting.operation != Some(operation));
        let tip = before.next().and_then(|made| made.version);
        let mut before = before.skip_while(|sighting| sighting.version != tip).peekable();
        let is_edit = |sighting: &&Sighting| sighting.operation.is_none() && sighting.at >= since;
        if before.next_if(is_edit).is_none() {
            return Ok(Carried::Nothing);
        }
        // One edit after the other.
        while before.next_if(is_edit).is_some() {}
        Ok(Carried::Edits(before.next().and_then(|sighting| sighting.version)))
    }
}

impl Batch<'_> {
    /// Gives a branch a tip, or makes it the current one. There is one of those.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn set_branch(&self, key: &ArtifactKey, branch: &Branch) -> std::result::Result<(), HistoryError> {
        set(&self.transaction, key, branch).map_err(self.history.failed("write"))
    }

    /// Forgets a branch; whether there was one.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn delete_branch(
        &self,
        key: &ArtifactKey,
        collection: &str,
        name: &str,
    ) -> std::result::Result<bool, HistoryError> {
        self.transaction
            .prepare_cached("DELETE FROM branches WHERE type = ?1 AND name = ?2 AND collection = ?3 AND branch = ?4")
            .and_then(|mut delete| delete.execute(params![Col(key.kind), key.name, collection, name]))
            .map(|count| count > 0)
            .map_err(self.history.failed("write"))
    }

    /// The number of an artifact's version with this hash.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn version_of(
        &self,
        key: &ArtifactKey,
        hash: ContentHash,
    ) -> std::result::Result<Option<VersionId>, HistoryError> {
        let found = rows::version_id(&self.transaction, key, hash).map_err(self.history.failed("read"))?;
        Ok(found.map(|(id, _)| id))
    }

    /// Writes down that an operation made another branch the current one.
    pub(super) fn switch(
        &self,
        switch: &Switch,
        operation: OperationId,
        at: Timestamp,
    ) -> std::result::Result<(), HistoryError> {
        let Switch { collection, key, from, left, to } = switch;
        let tip = self.version_of(key, *left)?;
        let tip = tip.ok_or_else(|| self.history.damaged(format!("{} of {key} is no version", left.short())))?;
        let branch = |name: &str, tip| Branch { collection: collection.clone(), name: name.to_owned(), tip, at };
        self.set_branch(key, &branch(from, Some(tip)))?;
        self.set_branch(key, &branch(to, None))?;
        self.transaction
            .prepare_cached(
                "INSERT INTO branch_switches (operation, type, name, collection, left_name, taken_name, seal)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )
            .and_then(|mut insert| {
                let seal = seal_switch(operation, key, [collection, from, to]);
                insert.execute(params![operation.0, Col(key.kind), key.name, collection, from, to, seal])
            })
            .map(drop)
            .map_err(self.history.failed("write"))
    }
}

fn key(row: &Row<'_>, first: usize) -> Result<ArtifactKey> {
    Ok(ArtifactKey { kind: row.get::<_, Col<_>>(first)?.0, name: row.get(first + 1)? })
}

fn branches(connection: &Connection, key: &ArtifactKey) -> Result<Vec<rows::Sealed<Branch>>> {
    connection
        .prepare_cached(
            "SELECT collection, branch, version, at, seal FROM branches WHERE type = ?1 AND name = ?2
             ORDER BY collection, branch",
        )?
        .query_map(params![Col(key.kind), key.name], |row| {
            let tip = row.get::<_, Option<i64>>(2)?.map(VersionId);
            let branch = Branch { collection: row.get(0)?, name: row.get(1)?, tip, at: row.get::<_, Col<_>>(3)?.0 };
            let is_sound = row.get::<_, [u8; 32]>(4)? == seal(key, &branch);
            Ok((branch, is_sound))
        })?
        .collect()
}

fn set(connection: &Connection, key: &ArtifactKey, branch: &Branch) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO branches (type, name, collection, branch, version, at, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            Col(key.kind),
            key.name,
            branch.collection,
            branch.name,
            branch.tip.map(|tip| tip.0),
            Col(branch.at),
            seal(key, branch),
        ])
        .map(drop)
}

fn seal(key: &ArtifactKey, branch: &Branch) -> [u8; 32] {
    let mut frame = Frame::new("skillmeat branch 1");
    frame.bytes(key.kind.as_str().as_bytes());
    frame.bytes(key.name.as_bytes());
    frame.bytes(branch.collection.as_bytes());
    frame.bytes(branch.name.as_bytes());
    frame.option(branch.tip, |frame, id| frame.number(id.0.cast_unsigned()));
    frame.number(branch.at.0.cast_unsigned());
    frame.finish()
}

fn switches(connection: &Connection, operation: OperationId) -> Result<Vec<rows::Sealed<Switched>>> {
    connection
        .prepare_cached(
            "SELECT type, name, collection, left_name, taken_name, seal FROM branch_switches WHERE operation = ?1",
        )?
        .query_map([operation.0], |row| {
            let switched = Switched { key: key(row, 0)?, collection: row.get(2)?, from: row.get(3)?, to: row.get(4)? };
            let Switched { key, collection, from, to } = &switched;
            let is_sound = row.get::<_, [u8; 32]>(5)? == seal_switch(operation, key, [collection, from, to]);
            Ok((switched, is_sound))
        })?
        .collect()
}

fn seal_switch(operation: OperationId, key: &ArtifactKey, names: [&String; 3]) -> [u8; 32] {
    let mut frame = Frame::new("skillmeat switch 1");
    frame.number(operation.0.cast_unsigned());
    frame.bytes(key.kind.as_str().as_bytes());
    frame.bytes(key.name.as_bytes());
    names.iter().for_each(|name| frame.bytes(name.as_bytes()));
    frame.finish()
}
