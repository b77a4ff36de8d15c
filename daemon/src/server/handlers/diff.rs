//! `diff`: both sides are read and compared on a blocking thread, and told in pages that agree with each other.

use super::super::ServerContext;
use super::super::paging::{Compared, Pages};
use super::super::picture::{Picture, Terms};
use super::super::scope;
use super::discover::CancelOnDrop;
use crate::diff::choose::{self, needs_no_project, two_paths};
use crate::diff::side::Reading;
use crate::diff::{self, Position};
use crate::engine::handle::SyncScope;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::DiffReply;
use skillmeat_protocol::request::{DiffQuery, DiffSide, Scope};
use std::sync::Arc;

/// Answers `diff`.
pub(in crate::server) async fn answer(
    context: &Arc<ServerContext>,
    pages: &mut Pages,
    terms: &Terms,
    query: DiffQuery,
) -> Result<DiffReply, WireError> {
    let (compared, position) = match &query.cursor {
        Some(cursor) => pages.resume_diff(cursor)?,
        None => (Arc::new(compare(context, terms, query).await?), Position::default()),
    };
    let cancelled = CancelOnDrop(Arc::default());
    let (operations, flag, whole) = (context.operations.clone(), cancelled.0.clone(), compared.clone());
    let filled = super::blocking(move || diff::fill(&whole.prepared, position, operations.history(), &flag)).await?;
    let (files, next) = filled?;
    let prepared = &compared.prepared;
    Ok(DiffReply {
        clock: compared.picture.snapshot.clock,
        identical: prepared.changes.is_empty(),
        fresh: compared.picture.fresh,
        stale: compared.picture.stale.clone(),
        from: prepared.from.clone(),
        to: prepared.to.clone(),
        files_changed: u32::try_from(prepared.changes.len()).unwrap_or(u32::MAX),
        files,
        next: pages.end_diff(&compared, next),
    })
}

/// Whether a project is meant only if there is one.
fn is_around(query: &DiffQuery) -> bool {
    matches!(query.scope, Scope::Containing(_)) && needs_no_project(query)
}

async fn compare(context: &Arc<ServerContext>, terms: &Terms, query: DiffQuery) -> Result<Compared, WireError> {
    // Files anywhere are read as they are now; of no project is anything asked.
    let (picture, project) = if two_paths(&query).is_some() {
        (Picture { fresh: true, stale: None, ..Picture::cached(context) }, None)
    } else {
        let selection = match scope::resolve(context, &query.scope).await {
            Ok(selection) => selection,
            // Wherever one stands.
            Err(error) if error.code == ErrorCode::NotRegistered && is_around(&query) => scope::Selection::All,
            Err(error) => return Err(error),
        };
        let picture = Picture::taken(context, terms, SyncScope::All).await;
        let project = match selection {
            scope::Selection::All => None,
            scope::Selection::One(_) => {
                selection.projects(&picture.snapshot)?.first().map(|project| Arc::clone(project))
            }
        };
        (picture, project)
    };
    let cancelled = CancelOnDrop(Arc::default());
    let (operations, flag, snapshot) = (context.operations.clone(), cancelled.0.clone(), picture.snapshot.clone());
    let prepared = super::blocking(move || {
        if let Some(project) = project.as_deref().filter(|_| !choose::needs_no_project(&query)) {
            let subject = choose::subject(&snapshot, project, &query)?;
            let (from, to) = choose::sides(subject.state(), subject.at_hand(), query.from.clone(), query.to.clone());
            if let (Some(item), Some(original)) = (&subject.item, &subject.original)
                && [from, to].contains(&DiffSide::Baseline)
            {
                operations.fetch_baseline(item, original, &flag)?;
            }
        }
        let reading = Reading {
            snapshot: &snapshot,
            home: operations.home(),
            collection: query.collection.as_deref(),
            history: operations.history(),
            cancelled: &flag,
        };
        diff::prepare(&snapshot, project.as_deref(), &query, &reading)
    });
    Ok(Compared { prepared: prepared.await??, picture })
}
