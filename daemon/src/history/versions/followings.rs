//! Which copies follow a branch by its name, and the tips that operations give to branches that are not current.
//!
//! It is written here and not in the deployment record: the original knows no such key and drops it whenever it rewrites the
//! file, which it does to answer a question. Then a copy would silently follow something else. Like a switch, both are
//! written in the commit that makes their operation irrevocable, with what was before, so that undoing it brings that back.

use super::branches::{Branch, MAIN};
use super::find::Numbered;
use super::rows::Sealed;
use super::sight::VersionId;
use crate::database::value::{Col, OsText, StoredPath};
use crate::history::frame::Frame;
use crate::history::{Batch, History, HistoryError, OperationId};
use crate::model::{Deployment, Followed, Following, Timestamp, Tip};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::{BTreeMap, BTreeSet};

/// A copy follows something else from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The copy.
    pub copy: Deployment,
    /// What it follows; none for whatever its collection has.
    pub to: Option<Followed>,
}

/// A branch that is not the current one gets another tip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// Of which artifact.
    pub key: ArtifactKey,
    /// The branch.
    pub branch: Followed,
    /// Its tip until now.
    pub from: ContentHash,
    /// Its tip from now on.
    pub to: ContentHash,
}

/// A copy with what it follows, as it was stored.
type Stored = (Deployment, Option<Followed>);

/// A move of a branch, as it was stored.
struct Move {
    key: ArtifactKey,
    branch: Followed,
    tips: [VersionId; 2],
}

impl Numbered for Stored {
    fn called(&self) -> String {
        format!("what {} in {} follows", self.0.key, self.0.project.display())
    }
}

impl Numbered for Move {
    fn called(&self) -> String {
        format!("the move of branch '{}'", self.branch.branch)
    }
}

impl History {
    /// The copies that follow a branch by its name, with what that is now.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn followings(&self) -> std::result::Result<Vec<Following>, HistoryError> {
        let rows = all(&self.lock()).map_err(self.failed("read"))?;
        let mut branches: BTreeMap<ArtifactKey, Vec<Branch>> = BTreeMap::new();
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let (copy, Some(followed)) = self.believed(row)? else { continue };
            if !branches.contains_key(&copy.key) {
                branches.insert(copy.key.clone(), self.branches(&copy.key)?);
            }
            let here = branches.get(&copy.key).into_iter().flatten();
            let tip = self.tip(&followed, here.filter(|branch| branch.collection == followed.collection))?;
            found.push(Following { copy, followed, tip });
        }
        Ok(found)
    }

    fn tip<'b>(
        &self,
        followed: &Followed,
        here: impl Iterator<Item = &'b Branch>,
    ) -> std::result::Result<Tip, HistoryError> {
        let here: Vec<&Branch> = here.collect();
        let Some(branch) = here.iter().find(|branch| branch.name == followed.branch) else {
            // Nobody named any: it has this one.
            return Ok(if here.is_empty() && followed.branch == MAIN { Tip::Current } else { Tip::Gone });
        };
        let Some(id) = branch.tip else { return Ok(Tip::Current) };
        let version = self.versions_by_id(&BTreeSet::from([id]))?.pop();
        Ok(version.map_or(Tip::Gone, |version| Tip::Version(version.hash)))
    }

    /// What a copy follows by its name, whether there is a record of the copy or not.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn following(&self, copy: &Deployment) -> std::result::Result<Option<Followed>, HistoryError> {
        let found = one(&self.lock(), copy).map_err(self.failed("read"))?;
        Ok(found.map(|row| self.believed(row)).transpose()?.and_then(|(_, followed)| followed))
    }

    /// The turns that undoing an operation comes to.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn turned_back(&self, operation: OperationId) -> std::result::Result<Vec<Turn>, HistoryError> {
        let found = changes(&self.lock(), operation).map_err(self.failed("read"))?;
        let back = |row| self.believed(row).map(|(copy, to)| Turn { copy, to });
        found.into_iter().map(back).collect()
    }

    /// The moves of branches that undoing an operation comes to.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn drawn_back(&self, operation: OperationId) -> std::result::Result<Vec<Advance>, HistoryError> {
        let found = moves(&self.lock(), operation).map_err(self.failed("read"))?;
        let mut back = Vec::with_capacity(found.len());
        for moved in found {
            let Move { key, branch, tips: [left, taken] } = self.believed(moved)?;
            let versions = self.versions_by_id(&BTreeSet::from([left, taken]))?;
            let hash = |id| versions.iter().find(|version| version.id == id).map(|version| version.hash);
            let (Some(to), Some(from)) = (hash(left), hash(taken)) else {
                return Err(self.damaged(format!("a tip that operation {operation} moved is no version")));
            };
            back.push(Advance { key, branch, from, to });
        }
        Ok(back)
    }
}

impl Batch<'_> {
    /// Has a copy follow something else, and writes down what it followed.
    pub(super) fn turn(&self, turn: &Turn, operation: OperationId) -> std::result::Result<(), HistoryError> {
        let Turn { copy, to } = turn;
        let failed = || self.history.failed("write");
        let left = one(&self.transaction, copy).map_err(failed())?;
        let left = left.map(|row| self.history.believed(row)).transpose()?.and_then(|(_, followed)| followed);
        if left == *to {
            return Ok(());
        }
        put_change(&self.transaction, operation, copy, left.as_ref()).map_err(failed())?;
        match to {
            Some(followed) => put(&self.transaction, copy, followed),
            None => drop_row(&self.transaction, copy),
        }
        .map_err(failed())
    }

    /// Gives a branch another tip, if it has the one that it is to have until now.
    pub(super) fn advance_branch(
        &self,
        advance: &Advance,
        operation: OperationId,
        at: Timestamp,
    ) -> std::result::Result<(), HistoryError> {
        let Advance { key, branch, from, to } = advance;
        let version = |hash: ContentHash| {
            let unknown = || self.history.damaged(format!("{} of {key} is no version", hash.short()));
            self.version_of(key, hash)?.ok_or_else(unknown)
        };
        let tips = [version(*from)?, version(*to)?];
        let Followed { collection, branch: name } = branch;
        let is_there = self
            .transaction
            .prepare_cached(
                "SELECT 1 FROM branches WHERE type = ?1 AND name = ?2 AND collection = ?3 AND branch = ?4 AND version = ?5",
            )
            .and_then(|mut select| {
                select.exists(params![Col(key.kind), key.name, collection, name, tips[0].0])
            })
            .map_err(self.history.failed("read"))?;
        if !is_there {
            return Err(self.history.damaged(format!("branch '{name}' of {key} is not at {}", from.short())));
        }
        let row = Branch { collection: collection.clone(), name: name.clone(), tip: Some(tips[1]), at };
        self.set_branch(key, &row)?;
        let moved = Move { key: key.clone(), branch: branch.clone(), tips };
        put_move(&self.transaction, operation, &moved).map_err(self.history.failed("write"))
    }
}

pub(super) const COPY: &str = "type = ?1 AND name = ?2 AND project = ?3 AND profile = ?4";

pub(super) fn copy(row: &Row<'_>) -> Result<Deployment> {
    let key = ArtifactKey { kind: row.get::<_, Col<_>>(0)?.0, name: row.get(1)? };
    Ok(Deployment { key, project: row.get::<_, StoredPath>(2)?.0, profile: row.get(3)? })
}

fn followed(row: &Row<'_>) -> Result<Option<Followed>> {
    let (collection, branch) = (row.get::<_, Option<String>>(4)?, row.get::<_, Option<String>>(5)?);
    Ok(collection.zip(branch).map(|(collection, branch)| Followed { collection, branch }))
}

fn following(row: &Row<'_>) -> Result<Sealed<Stored>> {
    let (copy, followed) = (copy(row)?, followed(row)?);
    let is_sound = row.get::<_, [u8; 32]>(6)? == seal(None, &copy, followed.as_ref());
    Ok(((copy, followed), is_sound))
}

const FOLLOWING: &str = "SELECT type, name, project, profile, collection, branch, seal FROM followings";

fn all(connection: &Connection) -> Result<Vec<Sealed<Stored>>> {
    let mut select = connection.prepare_cached(&format!("{FOLLOWING} ORDER BY project, profile, type, name"))?;
    select.query_map([], following)?.collect()
}

fn one(connection: &Connection, copy: &Deployment) -> Result<Option<Sealed<Stored>>> {
    let Deployment { key, project, profile } = copy;
    connection
        .prepare_cached(&format!("{FOLLOWING} WHERE {COPY}"))?
        .query_row(params![Col(key.kind), key.name, OsText::path(project), profile], following)
        .optional()
}

pub(super) fn put(connection: &Connection, copy: &Deployment, followed: &Followed) -> Result<()> {
    let Deployment { key, project, profile } = copy;
    let Followed { collection, branch } = followed;
    let seal = seal(None, copy, Some(followed));
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO followings (type, name, project, profile, collection, branch, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![Col(key.kind), key.name, OsText::path(project), profile, collection, branch, seal])
        .map(drop)
}

pub(super) fn drop_row(connection: &Connection, copy: &Deployment) -> Result<()> {
    let Deployment { key, project, profile } = copy;
    connection.prepare_cached(&format!("DELETE FROM followings WHERE {COPY}"))?.execute(params![
        Col(key.kind),
        key.name,
        OsText::path(project),
        profile
    ])?;
    super::imprints::drop_row(connection, copy)
}

fn changes(connection: &Connection, operation: OperationId) -> Result<Vec<Sealed<Stored>>> {
    connection
        .prepare_cached(
            "SELECT type, name, project, profile, left_collection, left_branch, seal FROM following_changes
             WHERE operation = ?1 ORDER BY project, profile, type, name",
        )?
        .query_map([operation.0], |row| {
            let (copy, followed) = (copy(row)?, followed(row)?);
            let is_sound = row.get::<_, [u8; 32]>(6)? == seal(Some(operation), &copy, followed.as_ref());
            Ok(((copy, followed), is_sound))
        })?
        .collect()
}

fn put_change(
    connection: &Connection,
    operation: OperationId,
    copy: &Deployment,
    left: Option<&Followed>,
) -> Result<()> {
    let Deployment { key, project, profile } = copy;
    let (collection, branch) = left.map(|left| (&left.collection, &left.branch)).unzip();
    let seal = seal(Some(operation), copy, left);
    connection
        .prepare_cached(
            "INSERT INTO following_changes (operation, type, name, project, profile, left_collection, left_branch, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![operation.0, Col(key.kind), key.name, OsText::path(project), profile, collection, branch, seal])
        .map(drop)
}

fn moves(connection: &Connection, operation: OperationId) -> Result<Vec<Sealed<Move>>> {
    connection
        .prepare_cached(
            "SELECT type, name, collection, branch, left_tip, taken_tip, seal FROM branch_moves WHERE operation = ?1",
        )?
        .query_map([operation.0], |row| {
            let key = ArtifactKey { kind: row.get::<_, Col<_>>(0)?.0, name: row.get(1)? };
            let branch = Followed { collection: row.get(2)?, branch: row.get(3)? };
            let moved = Move { key, branch, tips: [VersionId(row.get(4)?), VersionId(row.get(5)?)] };
            let is_sound = row.get::<_, [u8; 32]>(6)? == seal_move(operation, &moved);
            Ok((moved, is_sound))
        })?
        .collect()
}

fn put_move(connection: &Connection, operation: OperationId, moved: &Move) -> Result<()> {
    let Move { key, branch, tips: [left, taken] } = moved;
    let seal = seal_move(operation, moved);
    connection
        .prepare_cached(
            "INSERT INTO branch_moves (operation, type, name, collection, branch, left_tip, taken_tip, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![operation.0, Col(key.kind), key.name, branch.collection, branch.branch, left.0, taken.0, seal])
        .map(drop)
}

fn seal(operation: Option<OperationId>, copy: &Deployment, followed: Option<&Followed>) -> [u8; 32] {
    let mut frame = Frame::new("skillmeat following 1");
    frame.option(operation, |frame, operation| frame.number(operation.0.cast_unsigned()));
    frame.bytes(copy.key.kind.as_str().as_bytes());
    frame.bytes(copy.key.name.as_bytes());
    frame.name(copy.project.as_os_str());
    frame.bytes(copy.profile.as_bytes());
    frame.option(followed, |frame, followed| {
        frame.bytes(followed.collection.as_bytes());
        frame.bytes(followed.branch.as_bytes());
    });
    frame.finish()
}

fn seal_move(operation: OperationId, moved: &Move) -> [u8; 32] {
    let mut frame = Frame::new("skillmeat branch move 1");
    frame.number(operation.0.cast_unsigned());
    frame.bytes(moved.key.kind.as_str().as_bytes());
    frame.bytes(moved.key.name.as_bytes());
    frame.bytes(moved.branch.collection.as_bytes());
    frame.bytes(moved.branch.branch.as_bytes());
    moved.tips.iter().for_each(|tip| frame.number(tip.0.cast_unsigned()));
    frame.finish()
}
