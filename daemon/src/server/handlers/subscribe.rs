//! `subscribe`: a snapshot or a delta, then events.

use super::super::scope::{self, Selection};
use super::super::{ServerContext, encoding::Push};
use super::status::{Filter, project_status};
use crate::engine::handle::{EngineHandle, Subscription};
use skillmeat_protocol::clock::Clock;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::event::DriftEvent;
use skillmeat_protocol::reply::{LiveReply, SubscribedReply};
use skillmeat_protocol::request::SubscribeQuery;
use std::sync::Arc;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Where a subscription's events come from.
pub(in crate::server) struct Feed {
    engine: EngineHandle,
    selection: Selection,
    live: broadcast::Receiver<Arc<DriftEvent>>,
    start: Clock,
    /// Events were lost and no fresh subscription was made yet. Kept here, not in a future, because
    /// [`next`](Self::next) may be dropped at any await.
    lagged: bool,
}

/// Answers `subscribe`.
pub(in crate::server) async fn answer(
    context: &ServerContext,
    query: &SubscribeQuery,
) -> Result<(SubscribedReply, Feed), WireError> {
    let selection = scope::resolve(context, &query.scope).await?;
    let Subscription { snapshot, backlog, live } = context.engine.subscribe(query.since).await?;
    let (fresh_instance, shown, events) = match backlog {
        Some(backlog) => {
            let events = backlog.iter().filter(|event| selection.covers(&event.project));
            (false, Vec::new(), events.map(|event| event.as_ref().clone()).collect())
        }
        None => {
            let filter = Filter::drift();
            let projects = selection.projects(&snapshot)?;
            (true, projects.iter().map(|project| project_status(project, &filter, &snapshot)).collect(), Vec::new())
        }
    };
    let first = SubscribedReply { clock: snapshot.clock, fresh_instance, snapshot: shown, events };
    Ok((first, Feed { engine: context.engine.clone(), selection, live, start: snapshot.clock, lagged: false }))
}

impl Feed {
    /// The marker after the first reply.
    pub(in crate::server) fn reached(&self) -> LiveReply {
        LiveReply { clock: self.start }
    }

    /// The next message; `None` when the engine is gone. A reader that was too slow gets one `resync` and goes on from
    /// there. Cancel safe.
    pub(in crate::server) async fn next(&mut self) -> Option<Push> {
        loop {
            if self.lagged {
                let Subscription { snapshot, live, .. } = self.engine.subscribe(None).await.ok()?;
                self.live = live;
                self.lagged = false;
                return Some(Push::Resync(LiveReply { clock: snapshot.clock }));
            }
            match self.live.recv().await {
                Ok(event) if self.selection.covers(&event.project) => return Some(Push::Event(event)),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.lagged = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
