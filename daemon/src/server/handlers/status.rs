//! `status`: the items of projects, filtered, in pages of whole projects.

use super::super::paging::{self, Pages, Resumed};
use super::super::picture::{Picture, Terms};
use super::super::{ServerContext, scope};
use crate::engine::snapshot::{CollectionRef, ItemView, ProjectView, Snapshot};
use crate::engine::wire;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::ids::ArtifactType;
use skillmeat_protocol::reply::{ProjectStatus, StatusReply};
use skillmeat_protocol::request::{Detail, StatusQuery};
use std::sync::Arc;

/// Answers `status`.
pub(in crate::server) async fn answer(
    context: &ServerContext,
    pages: &mut Pages,
    terms: &Terms,
    query: &StatusQuery,
) -> Result<StatusReply, WireError> {
    let selection = scope::resolve(context, &query.scope).await?;
    let Resumed { picture, position } = match &query.cursor {
        Some(cursor) => pages.resume(cursor)?,
        None => Resumed { picture: Picture::taken(context, terms, selection.to_sync()).await, position: 0 },
    };
    let snapshot = picture.snapshot.clone();
    let projects = selection.projects(&snapshot)?;
    let filter = Filter::new(query, &snapshot, &projects)?;
    let (rows, next) = paging::fill(
        &projects,
        position,
        |project| project_status(project, &filter, &snapshot),
        |row| row.items.len() + row.problems.len(),
    );
    let (fresh, stale) = (picture.fresh, picture.stale.clone());
    let next = pages.end(picture, next);
    Ok(StatusReply { clock: snapshot.clock, fresh, stale, projects: rows, next })
}

/// Which items are listed. Counts are never filtered.
pub(super) struct Filter {
    types: Vec<ArtifactType>,
    states: Vec<DriftState>,
    collections: Vec<CollectionRef>,
    detail: Detail,
    /// Whether `added` items are listed.
    available: Availability,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Availability {
    Counted,
    Listed,
}

impl Filter {
    /// What a subscriber starts with: everything that is not in sync.
    pub(super) fn drift() -> Self {
        Self {
            types: Vec::new(),
            states: Vec::new(),
            collections: Vec::new(),
            detail: Detail::Drift,
            available: Availability::Counted,
        }
    }

    /// The query's filter, with its collections resolved.
    ///
    /// # Errors
    /// `NotFound` for a collection that is neither known nor named by a record of `projects`.
    fn new(query: &StatusQuery, snapshot: &Snapshot, projects: &[&Arc<ProjectView>]) -> Result<Self, WireError> {
        let collections = query.collections.iter().map(|text| wanted(text, snapshot, projects));
        let available = if query.available { Availability::Listed } else { Availability::Counted };
        Ok(Self {
            types: query.types.clone(),
            states: query.states.clone(),
            collections: collections.collect::<Result<_, _>>()?,
            detail: query.detail,
            available,
        })
    }

    /// Whether items of a state are listed at all. Naming a state in the filter asks for it.
    fn lists(&self, state: DriftState) -> bool {
        let named = self.states.contains(&state);
        match (self.detail, state) {
            (Detail::Counts, _) => false,
            (_, DriftState::Added) if self.states.is_empty() => self.available == Availability::Listed,
            (Detail::Drift, DriftState::InSync) => named,
            _ => self.states.is_empty() || named,
        }
    }

    fn takes_type(&self, kind: ArtifactType) -> bool {
        self.types.is_empty() || self.types.contains(&kind)
    }

    /// Ids decide where both sides have one: a name may have belonged to another collection before.
    fn takes_collection(&self, name: Option<&str>, id: Option<&str>) -> bool {
        self.collections.is_empty()
            || self.collections.iter().any(|wanted| match (&wanted.id, id) {
                (Some(wanted), Some(id)) => **wanted == *id,
                _ => name == Some(&*wanted.name),
            })
    }

    fn takes(&self, item: &ItemView) -> bool {
        let collection = item.collection.as_ref();
        self.lists(item.state)
            && self.takes_type(item.key.kind)
            && self.takes_collection(collection.map(|c| &*c.name), collection.and_then(|c| c.id.as_deref()))
    }
}

fn wanted(text: &str, snapshot: &Snapshot, projects: &[&Arc<ProjectView>]) -> Result<CollectionRef, WireError> {
    if let Some(known) = snapshot.collection(text) {
        return Ok(CollectionRef { name: known.name.clone(), id: Some(known.id.clone()) });
    }
    let recorded = |item: &Arc<ItemView>| item.collection.as_ref().is_some_and(|c| *c.name == *text);
    if projects.iter().any(|project| project.items().any(recorded)) {
        return Ok(CollectionRef { name: text.into(), id: None });
    }
    Err(super::collections::not_found(text, snapshot))
}

/// One project's answer, items by type, name and profile; among equals by where they come from, so that two daemons give
/// the same files the same order.
pub(super) fn project_status(project: &ProjectView, filter: &Filter, snapshot: &Snapshot) -> ProjectStatus {
    let mut status = wire::project(project);
    if filter.detail == Detail::Counts {
        return status;
    }
    let in_sync: &[_] = if filter.lists(DriftState::InSync) { &project.in_sync } else { &[] };
    let taken = project.drift.iter().chain(in_sync).filter(|item| filter.takes(item));
    status.items = taken.map(|item| wire::item(item)).collect();
    if filter.lists(DriftState::Added) {
        let added = project.added.iter().filter(|added| filter.takes_type(added.key.kind));
        let items = added.filter_map(|added| wire::added(added, snapshot));
        status.items.extend(
            items.filter(|item| filter.takes_collection(item.collection.as_deref(), item.collection_id.as_deref())),
        );
    }
    // Runs that are sorted already make this one pass.
    status.items.sort_by(|a, b| {
        (a.kind, &a.name, &a.profile, &a.collection, &a.collection_id, &a.path).cmp(&(
            b.kind,
            &b.name,
            &b.profile,
            &b.collection,
            &b.collection_id,
            &b.path,
        ))
    });
    status
}

#[cfg(test)]
mod tests;
