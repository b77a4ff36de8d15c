//! Answers of `subscribe` and `sync`: where in history a client is.

use super::ProjectStatus;
use crate::clock::Clock;
use crate::codec::{Decode, Encode};
use crate::event::DriftEvent;
use serde::{Deserialize, Serialize};

/// First answer to `subscribe`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct SubscribedReply {
    /// The history that this answer reaches.
    pub clock: Clock,
    /// Whether `snapshot` replaces what the subscriber knew; otherwise `events` continue it.
    pub fresh_instance: bool,
    /// The state of every project asked for, without in-sync items; only with `fresh_instance`.
    pub snapshot: Vec<ProjectStatus>,
    /// What happened since the clock that was passed; only without `fresh_instance`.
    pub events: Vec<DriftEvent>,
}

/// Marks that what follows happens now; as `resync`, that events were dropped and the subscriber should ask again.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct LiveReply {
    /// The history reached.
    pub clock: Clock,
}

/// Answer to `sync`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct SyncReply {
    /// The history reached.
    pub clock: Clock,
    /// Whether everything that finished before the request is in it.
    pub fresh: bool,
    /// Why not.
    pub stale: Option<String>,
}
