//! What an answer is made from: a snapshot, and how far it can be trusted.

use super::{ServerContext, limits};
use crate::engine::event::Until;
use crate::engine::handle::{SyncScope, Synced};
use crate::engine::snapshot::Snapshot;
use skillmeat_protocol::request::{Call, Format, Freshness};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// A snapshot with the promise that goes with it.
#[derive(Clone)]
pub(super) struct Picture {
    pub(super) snapshot: Arc<Snapshot>,
    /// Whether it reflects everything that finished before the request.
    pub(super) fresh: bool,
    /// Why it may be behind, when that is known.
    pub(super) stale: Option<String>,
}

impl Picture {
    /// What is known now.
    pub(super) fn cached(context: &ServerContext) -> Self {
        let snapshot = context.engine.snapshot();
        let stale = (!snapshot.verified).then(|| "not verified since the daemon started".to_owned());
        Self { snapshot, fresh: false, stale }
    }

    /// As fresh as the request asks.
    pub(super) async fn taken(context: &ServerContext, how: &Terms, scope: SyncScope) -> Self {
        match how.freshness {
            Freshness::Cached => Self::cached(context),
            Freshness::Synced => Self::synced(context, how.deadline, scope).await,
            Freshness::Settled => Self::after(context, how.deadline, scope, Until::Tried).await,
        }
    }

    /// After the barrier. An engine that keeps its waiters past the deadline is a defect, but the caller still gets
    /// what is known.
    pub(super) async fn synced(context: &ServerContext, deadline: Duration, scope: SyncScope) -> Self {
        Self::after(context, deadline, scope, Until::Seen).await
    }

    async fn after(context: &ServerContext, deadline: Duration, scope: SyncScope, until: Until) -> Self {
        let Synced { snapshot, stale } =
            match timeout(deadline + limits::ENGINE_GRACE, context.engine.sync(scope, until, deadline)).await {
                Ok(synced) => synced,
                Err(_) => Synced {
                    snapshot: context.engine.snapshot(),
                    stale: Some(format!("the engine did not answer within {} ms", deadline.as_millis())),
                },
            };
        Self { snapshot, fresh: stale.is_none(), stale }
    }
}

/// How fresh and how soon.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) freshness: Freshness,
    /// The asked deadline, or the usual one; never beyond the longest.
    pub(super) deadline: Duration,
    /// The deadline as asked, for work that has none by default.
    pub(super) asked_deadline: Option<Duration>,
    /// In which form the answer is wanted.
    pub(super) format: Format,
}

impl Terms {
    pub(super) fn of(call: &Call) -> Self {
        let asked_deadline = (call.deadline_ms > 0).then(|| Duration::from_millis(call.deadline_ms.into()));
        let deadline = asked_deadline.unwrap_or(limits::DEADLINE).min(limits::DEADLINE_MAX);
        Self { freshness: call.freshness, deadline, asked_deadline, format: call.format }
    }
}
