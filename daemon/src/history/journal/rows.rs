//! Operations as rows: `operations`, `operation_roots`, `operation_steps`.
//!
//! One seal covers all rows of an operation, since recovery moves files by what they say.

use super::{Journalled, Listed, Operation, OperationId, Root, Step};
use crate::database::value::{Col, OsText, PathList, StoredPath, StoredPaths};
use crate::history::content::ContentId;
use crate::history::frame::Frame;
use crate::history::store::content_row;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use std::path::Path;

pub(super) fn insert(connection: &Connection, operation: &Operation) -> Result<OperationId> {
    connection
        .prepare_cached(
            "INSERT INTO operations (verb, at, state, undoes, request, staging, seal)
             VALUES (?1, ?2, 'prepared', ?3, ?4, ?5, x'')",
        )?
        .execute(params![
            operation.verb,
            Col(operation.at),
            operation.undoes.map(|id| id.0),
            operation.request,
            PathList(&operation.staging),
        ])?;
    let id = OperationId(connection.last_insert_rowid());
    for (ordinal, Root { kind, path }) in (0_i64..).zip(&operation.roots) {
        connection
            .prepare_cached("INSERT INTO operation_roots (operation, ordinal, kind, path) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![id.0, ordinal, Col(*kind), OsText::path(path)])?;
    }
    steps(connection, id, &operation.steps, 0)?;
    let state = super::OperationState::Prepared;
    update(connection, &Journalled { id, state, summary: None, operation: operation.clone() })?;
    Ok(id)
}

/// Stores the steps from `first` on, which were added, and the staging directories.
pub(super) fn extend(connection: &Connection, journalled: &Journalled, first: usize) -> Result<()> {
    steps(connection, journalled.id, &journalled.operation.steps[first..], first)?;
    connection
        .prepare_cached("UPDATE operations SET staging = ?2 WHERE id = ?1")?
        .execute(params![journalled.id.0, PathList(&journalled.operation.staging)])?;
    update(connection, journalled)
}

/// Stores these steps instead of those that are stored.
pub(super) fn replace_steps(connection: &Connection, journalled: &Journalled) -> Result<()> {
    connection.prepare_cached("DELETE FROM operation_steps WHERE operation = ?1")?.execute([journalled.id.0])?;
    steps(connection, journalled.id, &journalled.operation.steps, 0)?;
    update(connection, journalled)
}

fn steps(connection: &Connection, id: OperationId, steps: &[Step], first: usize) -> Result<()> {
    let row = |id: Option<ContentId>| id.map_or(Ok(None), |id| content_row(connection, id));
    for (ordinal, step) in (0_i64..).zip(steps) {
        connection
            .prepare_cached(
                "INSERT INTO operation_steps (operation, ordinal, target, staged, before, after, made_directories)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                id.0,
                ordinal + first as i64,
                OsText::path(&step.target),
                step.staged.as_deref().map(OsText::path),
                row(step.before)?,
                row(step.after)?,
                PathList(&step.made_directories),
            ])?;
    }
    Ok(())
}

/// Stores what changes of an operation: state and summary.
pub(super) fn update(connection: &Connection, journalled: &Journalled) -> Result<()> {
    connection
        .prepare_cached("UPDATE operations SET state = ?2, summary = ?3, seal = ?4 WHERE id = ?1")?
        .execute(params![journalled.id.0, Col(journalled.state), journalled.summary, seal(journalled)])?;
    Ok(())
}

/// An operation with the seal that is stored with it.
pub(super) fn load(connection: &Connection, id: OperationId) -> Result<Option<(Journalled, [u8; 32])>> {
    let found = connection
        .prepare_cached(
            "SELECT state, summary, seal, verb, at, undoes, request, staging FROM operations WHERE id = ?1",
        )?
        .query_row([id.0], |row| {
            let operation = Operation {
                verb: row.get(3)?,
                at: row.get::<_, Col<_>>(4)?.0,
                undoes: row.get::<_, Option<i64>>(5)?.map(OperationId),
                request: row.get(6)?,
                roots: Vec::new(),
                steps: Vec::new(),
                staging: row.get::<_, StoredPaths>(7)?.0,
            };
            let (state, summary) = (row.get::<_, Col<_>>(0)?.0, row.get(1)?);
            Ok((Journalled { id, state, summary, operation }, row.get(2)?))
        })
        .optional()?;
    let Some((mut journalled, seal)) = found else { return Ok(None) };
    journalled.operation.roots = connection
        .prepare_cached("SELECT kind, path FROM operation_roots WHERE operation = ?1 ORDER BY ordinal")?
        .query_map([id.0], |row| Ok(Root { kind: row.get::<_, Col<_>>(0)?.0, path: row.get::<_, StoredPath>(1)?.0 }))?
        .collect::<Result<_>>()?;
    journalled.operation.steps = connection
        .prepare_cached(
            "SELECT s.target, s.staged, b.hash, a.hash, s.made_directories FROM operation_steps s
             LEFT JOIN contents b ON b.id = s.before LEFT JOIN contents a ON a.id = s.after
             WHERE s.operation = ?1 ORDER BY s.ordinal",
        )?
        .query_map([id.0], step)?
        .collect::<Result<_>>()?;
    Ok(Some((journalled, seal)))
}

fn step(row: &Row<'_>) -> Result<Step> {
    Ok(Step {
        target: row.get::<_, StoredPath>(0)?.0,
        staged: row.get::<_, Option<StoredPath>>(1)?.map(|path| path.0),
        before: row.get::<_, Option<[u8; 32]>>(2)?.map(ContentId),
        after: row.get::<_, Option<[u8; 32]>>(3)?.map(ContentId),
        made_directories: row.get::<_, StoredPaths>(4)?.0,
    })
}

/// Over everything that is stored of an operation.
pub(super) fn seal(journalled: &Journalled) -> [u8; 32] {
    let Journalled { id, state, summary, operation } = journalled;
    let mut frame = Frame::new("skillmeat operation 1");
    frame.number(id.0.cast_unsigned());
    frame.bytes(state.as_str().as_bytes());
    frame.option(summary.as_deref(), |frame, text| frame.bytes(text.as_bytes()));
    frame.bytes(operation.verb.as_bytes());
    frame.number(operation.at.0.cast_unsigned());
    frame.option(operation.undoes, |frame, id| frame.number(id.0.cast_unsigned()));
    frame.bytes(operation.request.as_bytes());
    frame.paths(&operation.staging);
    frame.number(operation.roots.len() as u64);
    for Root { kind, path } in &operation.roots {
        frame.bytes(kind.as_str().as_bytes());
        frame.name(path.as_os_str());
    }
    frame.number(operation.steps.len() as u64);
    for step in &operation.steps {
        frame.name(step.target.as_os_str());
        frame.option(step.staged.as_deref(), |frame, path| frame.name(path.as_os_str()));
        frame.option(step.before, |frame, id| frame.bytes(&id.0));
        frame.option(step.after, |frame, id| frame.bytes(&id.0));
        frame.paths(&step.made_directories);
    }
    frame.finish()
}

pub(super) fn unfinished(connection: &Connection) -> Result<Vec<OperationId>> {
    connection
        .prepare_cached(
            "SELECT id FROM operations WHERE state IN ('prepared', 'applying', 'swapped') ORDER BY id DESC",
        )?
        .query_map([], id)?
        .collect()
}

pub(super) fn list(connection: &Connection, listed: &Listed<'_>) -> Result<Vec<OperationId>> {
    let before = listed.before.map_or(i64::MAX, |id| id.0);
    match listed.root {
        Some(root) => connection
            .prepare_cached(
                "SELECT DISTINCT operation FROM operation_roots WHERE path = ?1 AND operation < ?2
                 ORDER BY operation DESC LIMIT ?3",
            )?
            .query_map(params![OsText::path(root), before, listed.limit], id)?
            .collect(),
        None => connection
            .prepare_cached("SELECT id FROM operations WHERE id < ?1 ORDER BY id DESC LIMIT ?2")?
            .query_map(params![before, listed.limit], id)?
            .collect(),
    }
}

pub(super) fn last_undoable(connection: &Connection, root: &Path) -> Result<Option<OperationId>> {
    connection
        .prepare_cached(
            "SELECT o.id FROM operation_roots r JOIN operations o ON o.id = r.operation
             WHERE r.path = ?1 AND o.state = 'done' AND o.undoes IS NULL ORDER BY r.operation DESC LIMIT 1",
        )?
        .query_row([OsText::path(root)], id)
        .optional()
}

fn id(row: &Row<'_>) -> Result<OperationId> {
    Ok(OperationId(row.get(0)?))
}
