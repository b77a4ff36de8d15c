//! What happened, in one line of time: operations, and what was found without one.
//!
//! Each source gives what it has, the latest first, as moments with a mark; [`merged`] puts any number of sources
//! together. A further source needs a [`Rank`] of its own, and nothing here changes.

use super::events::ConflictFound;
use super::versions::Sighting;
use super::{History, HistoryError, OperationId, Spot};
use crate::model::Timestamp;
use rusqlite::types::Value;
use skillmeat_protocol::ids::ArtifactKey;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Which source a moment is from; of two at the same time, the larger is told as the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Rank {
    Found,
    Operation,
    Snapshot,
    Rollback,
    Conflict,
    SnapshotGone,
}

impl Rank {
    const ALL: [Self; 6] =
        [Self::Found, Self::Operation, Self::Snapshot, Self::Rollback, Self::Conflict, Self::SnapshotGone];

    const fn letter(self) -> &'static str {
        match self {
            Self::Found => "f",
            Self::Operation => "o",
            Self::Snapshot => "s",
            Self::Rollback => "r",
            Self::Conflict => "c",
            Self::SnapshotGone => "d",
        }
    }
}

/// Where a moment stands in the line: what pages continue from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// Of which source.
    pub rank: Rank,
    /// Its number there.
    pub id: i64,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.at.0, self.rank.letter(), self.id)
    }
}

/// Text that is no mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAMark;

impl FromStr for Mark {
    type Err = NotAMark;

    fn from_str(text: &str) -> Result<Self, NotAMark> {
        let split = |rank: Rank| text.split_once(rank.letter()).map(|parts| (rank, parts));
        let (rank, (at, id)) = Rank::ALL.into_iter().find_map(split).ok_or(NotAMark)?;
        let number = |text: &str| text.parse().map_err(|_| NotAMark);
        Ok(Self { at: Timestamp(number(at)?), rank, id: number(id)? })
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// An operation.
    Operation(OperationId),
    /// Something was found.
    Found(Sighting),
    /// What both sides made of something was found to be in conflict.
    Conflict(ConflictFound),
}

impl Asked {
    /// Whether a moment of a source that is not in the database is asked for.
    pub fn takes(&self, mark: &Mark) -> bool {
        self.since.is_none_or(|since| mark.at >= since) && self.before.is_none_or(|before| *mark < before)
    }
}

/// What of the past is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Only of this artifact.
    pub artifact: Option<ArtifactKey>,
    /// Only of this project or collection: where its files are, and how its sightings name it.
    pub root: Option<(PathBuf, Spot)>,
    /// Only since.
    pub since: Option<Timestamp>,
    /// Only before.
    pub before: Option<Mark>,
    /// Not more than these.
    pub limit: u32,
}

/// The latest of several sources, each of which has its latest first.
pub fn merged<T>(sources: Vec<Vec<(Mark, T)>>, limit: u32) -> Vec<(Mark, T)> {
    let mut all: Vec<(Mark, T)> = sources.into_iter().flatten().collect();
    all.sort_by(|(a, _), (b, _)| b.cmp(a));
    all.truncate(limit as usize);
    all
}

impl History {
    /// What happened, the latest first.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn timeline(&self, asked: &Asked) -> Result<Vec<(Mark, Moment)>, HistoryError> {
        let conflicts = self.conflicts_in(asked)?.into_iter();
        let conflicts = conflicts.map(|(mark, found)| (mark, Moment::Conflict(found))).collect();
        Ok(merged(vec![self.operations_in(asked)?, self.found_in(asked)?, conflicts], asked.limit))
    }

    /// Whether an operation began at this very moment.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn has_operation_at(&self, at: Timestamp) -> Result<bool, HistoryError> {
        let connection = self.lock();
        let known = connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM operations WHERE at = ?1)")
            .and_then(|mut select| select.query_row([at.0], |row| row.get(0)));
        known.map_err(self.failed("read"))
    }

    fn operations_in(&self, asked: &Asked) -> Result<Vec<(Mark, Moment)>, HistoryError> {
        let mut query = Query::new(asked, Rank::Operation);
        if let Some(key) = &asked.artifact {
            let (kind, name) = (query.value(key.kind.as_str().to_owned()), query.value(key.name.clone()));
            let of = format!("SELECT operation FROM operation_artifacts WHERE type = {kind} AND name = {name}");
            query.conditions.push(format!("id IN ({of})"));
        }
        if let Some((path, _)) = &asked.root {
            let path = query.value(path_value(path));
            query.conditions.push(format!("id IN (SELECT operation FROM operation_roots WHERE path = {path})"));
        }
        let sql = query.sql("SELECT id, at FROM operations");
        let connection = self.lock();
        let found = connection.prepare(&sql).and_then(|mut select| {
            let moment = |row: &rusqlite::Row<'_>| {
                let (id, at) = (row.get(0)?, Timestamp(row.get(1)?));
                Ok((Mark { at, rank: Rank::Operation, id }, Moment::Operation(OperationId(id))))
            };
            select.query_map(rusqlite::params_from_iter(&query.values), moment)?.collect()
        });
        found.map_err(self.failed("read"))
    }

    fn found_in(&self, asked: &Asked) -> Result<Vec<(Mark, Moment)>, HistoryError> {
        let mut query = Query::new(asked, Rank::Found);
        query.conditions.push("operation IS NULL".to_owned());
        artifact_is(&mut query, asked);
        if let Some((_, spot)) = &asked.root {
            let (place, root) = match spot {
                Spot::Project { path, .. } => ("project", path_value(path)),
                Spot::Collection { id } => ("collection", id.clone().into()),
            };
            let root = query.value(root);
            query.conditions.push(format!("place = '{place}' AND root = {root}"));
        }
        let sightings = self.sightings(&query.sql(""), &query.values)?;
        let mark = |found: &Sighting| Mark { at: found.at, rank: Rank::Found, id: found.id };
        Ok(sightings.into_iter().map(|found| (mark(&found), Moment::Found(found))).collect())
    }
}

/// Only rows of the artifact that is asked for.
pub(super) fn artifact_is(query: &mut Query, asked: &Asked) {
    if let Some(key) = &asked.artifact {
        let (kind, name) = (query.value(key.kind.as_str().to_owned()), query.value(key.name.clone()));
        query.conditions.push(format!("type = {kind} AND name = {name}"));
    }
}

pub(super) fn path_value(path: &std::path::Path) -> Value {
    match path.to_str() {
        Some(text) => Value::Text(text.to_owned()),
        None => Value::Blob(crate::database::value::os_bytes(path.as_os_str())),
    }
}

/// Conditions that every source has.
pub(super) struct Query {
    pub(super) conditions: Vec<String>,
    pub(super) values: Vec<Value>,
    limit: u32,
}

impl Query {
    pub(super) fn new(asked: &Asked, rank: Rank) -> Self {
        let mut query = Self { conditions: vec!["TRUE".to_owned()], values: Vec::new(), limit: asked.limit };
        if let Some(since) = asked.since {
            let since = query.value(since.0);
            query.conditions.push(format!("at >= {since}"));
        }
        if let Some(mark) = asked.before {
            let (at, id) = (query.value(mark.at.0), query.value(mark.id));
            // Of the same time, what ranks lower comes after it in the answer.
            query.conditions.push(match rank.cmp(&mark.rank) {
                std::cmp::Ordering::Less => format!("at <= {at} AND {id} IS NOT NULL"),
                std::cmp::Ordering::Equal => format!("(at, id) < ({at}, {id})"),
                std::cmp::Ordering::Greater => format!("at < {at} AND {id} IS NOT NULL"),
            });
        }
        query
    }

    /// A place for a value.
    pub(super) fn value(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    pub(super) fn sql(&self, select: &str) -> String {
        format!("{select} WHERE {} ORDER BY at DESC, id DESC LIMIT {}", self.conditions.join(" AND "), self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back() {
        for rank in Rank::ALL {
            let mark = Mark { at: Timestamp(-7), rank, id: 12 };
            assert_eq!(mark.to_string().parse(), Ok(mark));
        }
        for bad in ["", "7", "o", "7o", "o7", "7x7", "7o7o7"] {
            assert_eq!(bad.parse::<Mark>(), Err(NotAMark), "{bad}");
        }
    }

    #[test]
    fn sources_become_one_line() {
        let mark = |at, rank, id| Mark { at: Timestamp(at), rank, id };
        let operations = vec![(mark(9, Rank::Operation, 2), "o2"), (mark(5, Rank::Operation, 1), "o1")];
        let found = vec![(mark(7, Rank::Found, 9), "f9"), (mark(5, Rank::Found, 8), "f8")];
        let told = |limit| -> Vec<&str> {
            merged(vec![operations.clone(), found.clone()], limit).into_iter().map(|(_, what)| what).collect()
        };
        assert_eq!(told(9), ["o2", "f9", "o1", "f8"]);
        assert_eq!(told(3), ["o2", "f9", "o1"]);
    }
}
