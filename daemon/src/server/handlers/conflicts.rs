//! Conflicts: listed, shown, read and decided. What ends them is an operation.

use super::super::picture::{Picture, Terms};
use super::super::{ServerContext, limits};
use super::discover::CancelOnDrop;
use crate::engine::snapshot::Snapshot;
use crate::history::{Conflict, History};
use crate::ops::conflicts::find;
use crate::ops::conflicts::look::Found;
use crate::ops::conflicts::telling::Telling;
use crate::ops::{OpError, lookup};
use skillmeat_protocol::bytes::Bytes;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::{ConflictBytes, ConflictListReply, ConflictReply, ConflictState, ConflictsReply};
use skillmeat_protocol::request::{
    ConflictListQuery, ConflictName, ConflictRead, ConflictShow, ConflictsQuery, Freshness, Resolve,
};
use std::path::Path;
use std::sync::Arc;

/// Conflicts of one answer.
const MOST: u32 = 500;
/// Bytes of a side of one answer.
const AT_ONCE: usize = limits::REPLY / 4;

/// Answers what `conflicts.list` was before it had pages: the first of them.
pub(in crate::server) async fn first(
    context: &Arc<ServerContext>,
    terms: &Terms,
    query: ConflictsQuery,
) -> Result<ConflictsReply, WireError> {
    let ConflictsQuery { project, closed } = query;
    let query = ConflictListQuery { project, closed, ..ConflictListQuery::default() };
    let ConflictListReply { clock, fresh, stale, conflicts, more, .. } = list(context, terms, query).await?;
    Ok(ConflictsReply { clock, fresh, stale, conflicts, more })
}

/// Answers `conflicts.list`. A cursor is the number of the last conflict of a page: what is found meanwhile has a later one.
pub(in crate::server) async fn list(
    context: &Arc<ServerContext>,
    terms: &Terms,
    query: ConflictListQuery,
) -> Result<ConflictListReply, WireError> {
    let cancelled = CancelOnDrop(Arc::default());
    let (operations, flag) = (context.operations.clone(), cancelled.0.clone());
    let is_synced = terms.freshness != Freshness::Cached;
    let after = query.cursor.as_deref().map(number).transpose()?;
    let most = limits::entries(query.limit, MOST, MOST) as usize;
    super::with_history(context, terms, move |history, picture| {
        let Picture { snapshot, fresh, stale } = picture;
        let project = query.project.as_deref().map(|name| lookup::project(&snapshot, name)).transpose()?;
        let is_asked = |conflict: &Conflict| {
            project.as_ref().is_none_or(|project| conflict.place.project == Path::new(&*project.path))
        };
        // Later pages go on with what the first one found.
        if is_synced && after.is_none() {
            operations.find_conflicts(&snapshot, project.as_deref(), &flag)?;
        }
        let telling = Telling { history, snapshot: &snapshot };
        let kept = history.conflicts_after(after.unwrap_or_default()).map_err(OpError::from).map_err(wire)?;
        let (mut conflicts, mut more) = (Vec::new(), false);
        for conflict in kept.iter().filter(|conflict| is_asked(conflict)) {
            let state = telling.state(conflict).map_err(OpError::from).map_err(wire)?;
            if state == ConflictState::Closed && !query.closed {
                continue;
            }
            if conflicts.len() == most {
                more = true;
                break;
            }
            conflicts.push(telling.listed(conflict, state).map_err(wire)?);
        }
        let next = conflicts.last().filter(|_| more).map(|last| last.conflict.to_string());
        Ok(ConflictListReply { clock: snapshot.clock, fresh, stale, conflicts, more, next })
    })
    .await
}

fn number(cursor: &str) -> Result<i64, WireError> {
    cursor
        .parse()
        .map_err(|_| WireError::new(ErrorCode::InvalidParams, format!("'{}' is not a cursor", cursor.escape_debug())))
}

/// Answers `conflicts.show`.
pub(in crate::server) async fn show(
    context: &Arc<ServerContext>,
    terms: &Terms,
    query: ConflictShow,
) -> Result<ConflictReply, WireError> {
    let cancelled = CancelOnDrop(Arc::default());
    let (operations, flag) = (context.operations.clone(), cancelled.0.clone());
    let is_synced = terms.freshness != Freshness::Cached;
    super::with_history(context, terms, move |history, picture| {
        let Picture { snapshot, fresh, stale } = picture;
        let Found { snapshot, item, conflict } = match is_synced {
            true => operations.conflict(&snapshot, &query.conflict, &flag)?,
            false => known(history, snapshot, &query.conflict)?,
        };
        let telling = Telling { history, snapshot: &snapshot };
        let text = match &query.file {
            Some(named) => {
                let file = find::file(&conflict, &item, named)?;
                telling.text(&conflict.files[file]).map_err(wire)?
            }
            None => None,
        };
        let conflict = telling.shown(&item, &conflict).map_err(wire)?;
        Ok(ConflictReply { clock: snapshot.clock, fresh, stale, conflict, text })
    })
    .await
}

/// Answers `conflicts.read`.
pub(in crate::server) async fn read(
    context: &Arc<ServerContext>,
    terms: &Terms,
    query: ConflictRead,
) -> Result<ConflictBytes, WireError> {
    let cancelled = CancelOnDrop(Arc::default());
    let (operations, flag) = (context.operations.clone(), cancelled.0.clone());
    super::with_history(context, terms, move |history, picture| {
        let project = lookup::project(&picture.snapshot, &query.conflict.project)?;
        // Page by page it stays what it was.
        let Found { snapshot, item, conflict } = match find::one(history, &project, &query.conflict)? {
            (item, Some(conflict), _) => Found { snapshot: picture.snapshot, item, conflict },
            _ => operations.conflict(&picture.snapshot, &query.conflict, &flag)?,
        };
        let file = find::file(&conflict, &item, &query.file)?;
        let telling = Telling { history, snapshot: &snapshot };
        let bytes = telling.side(&conflict.files[file], query.side).map_err(wire)?;
        let Some(bytes) = bytes else {
            return Ok(ConflictBytes { present: false, size: 0, bytes: Bytes::default(), next: None });
        };
        let from = usize::try_from(query.from).unwrap_or(usize::MAX).min(bytes.len());
        let to = from.saturating_add(AT_ONCE).min(bytes.len());
        let next = (to < bytes.len()).then_some(to as u64);
        Ok(ConflictBytes { present: true, size: bytes.len() as u64, bytes: Bytes::from(&bytes[from..to]), next })
    })
    .await
}

/// What is kept of a conflict, without a look at the files.
fn known(history: &History, snapshot: Arc<Snapshot>, name: &ConflictName) -> Result<Found, WireError> {
    let project = lookup::project(&snapshot, &name.project)?;
    let none = || WireError::new(ErrorCode::NotFound, "nobody looked at this conflict yet");
    let (item, conflict, _) = find::one(history, &project, name)?;
    Ok(Found { snapshot, item, conflict: conflict.ok_or_else(none)? })
}

/// Answers `conflicts.resolve`.
pub(in crate::server) async fn resolve(
    context: &Arc<ServerContext>,
    query: Resolve,
) -> Result<ConflictReply, WireError> {
    let cancelled = CancelOnDrop(Arc::default());
    let (operations, flag) = (context.operations.clone(), cancelled.0.clone());
    super::blocking(move || operations.resolve(&query, &flag)).await?
}

fn wire(error: OpError) -> WireError {
    // A conflict that somebody ends meanwhile is no defect.
    match error {
        OpError::History(crate::history::HistoryError::NoContent { .. }) => {
            WireError::new(ErrorCode::NotFound, "the conflict was ended meanwhile")
        }
        error => error.to_wire(),
    }
}
