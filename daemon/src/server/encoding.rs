//! The seam between the two encodings and everything else: requests out of bytes, replies into bytes.
//!
//! The rest of the server sees [`Asked`], [`Reply`] and [`Push`], so that both encodings cannot differ in what they
//! answer, only in how it is written.

use super::inbox::Inbox;
use super::{binary, json, limits};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::event::DriftEvent;
use skillmeat_protocol::reply::{LiveReply, Progress, Reply, SnapshotReply};
use skillmeat_protocol::request::{Call, Format};
use std::sync::Arc;
use tokio::io::AsyncRead;

/// What the first byte of a connection selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Frames of bincode.
    Binary,
    /// JSON-RPC 2.0, one object per line.
    Json,
}

/// One request.
#[derive(Debug, PartialEq)]
pub enum Asked {
    /// Who answers; JSON only, since a binary connection opens with a welcome.
    Hello,
    /// A request of the protocol; boxed, because operations have many members and everything else has few.
    Call(Box<Call>),
}

/// How the answer to one request is written.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplyTo {
    /// A frame.
    Binary {
        /// Typed, or JSON text in a typed envelope.
        format: Format,
        /// Whether the request continues a paged answer, so that its last page is a page too.
        resumed: bool,
    },
    /// A line with this id; nothing for a notification.
    Json {
        /// As the client wrote it.
        id: Option<serde_json::Value>,
    },
}

/// What stands at the front of the inbox.
#[derive(Debug, PartialEq)]
pub enum Incoming {
    /// A request.
    Asked(ReplyTo, Asked),
    /// Bytes that are no request; the connection goes on after this answer.
    Refused(Vec<u8>),
    /// Bytes after which nothing can be trusted; the connection ends after this answer.
    Broken(Vec<u8>),
}

/// A message that answers no request directly.
#[derive(Clone, Debug)]
pub enum Push {
    /// What follows happens now.
    Live(LiveReply),
    /// Something changed.
    Event(Arc<DriftEvent>),
    /// Events were dropped.
    Resync(LiveReply),
    /// How far the running request has come.
    Progress(Progress),
}

impl Encoding {
    /// Takes the next request out of `inbox`; `None` until it is complete.
    pub fn next<R: AsyncRead + Unpin>(self, inbox: &mut Inbox<R>) -> Option<Incoming> {
        match self {
            Self::Binary => binary::next(inbox),
            Self::Json => json::next(inbox),
        }
    }

    /// An error that belongs to no request.
    pub fn error(self, error: WireError) -> Vec<u8> {
        match self {
            Self::Binary => binary::reply(Format::Typed, false, Reply::Error(error)),
            Self::Json => json::error(&serde_json::Value::Null, error.code.json_rpc(), &error),
        }
    }
}

impl ReplyTo {
    /// The bytes of an answer; empty when none is wanted.
    pub fn reply(&self, answer: Result<Reply, WireError>) -> Vec<u8> {
        match self {
            Self::Binary { format, resumed } => binary::reply(*format, *resumed, answer.unwrap_or_else(Reply::Error)),
            Self::Json { id: Some(id) } => json::reply(id, answer),
            Self::Json { id: None } => Vec::new(),
        }
    }

    /// The bytes of a message beside the answer.
    pub fn push(&self, push: &Push) -> Vec<u8> {
        match self {
            Self::Binary { format, .. } => binary::push(*format, push),
            Self::Json { .. } => json::push(push),
        }
    }
}

/// The JSON of a reply's payload: the `data` of the client's `--json`, the `result` of JSON-RPC.
pub(super) fn payload_json(reply: &Reply) -> serde_json::Result<String> {
    use serde_json::to_string;
    match reply {
        Reply::Error(payload) => to_string(payload),
        Reply::Status(payload) => to_string(payload),
        Reply::List(payload) | Reply::Show(payload) => to_string(payload),
        Reply::Projects(payload) => to_string(payload),
        Reply::ProjectAdded(payload) | Reply::ProjectRemoved(payload) => to_string(payload),
        Reply::Progress(payload) => to_string(payload),
        Reply::Discovered(payload) => to_string(payload),
        Reply::Collections(payload) => to_string(payload),
        Reply::Collection(payload) => to_string(payload),
        Reply::Subscribed(payload) => to_string(payload),
        Reply::Live(payload) | Reply::Resync(payload) => to_string(payload),
        Reply::Event(payload) => to_string(payload),
        Reply::Synced(payload) => to_string(payload),
        Reply::Health(payload) => to_string(payload),
        Reply::Metrics(payload) => to_string(payload),
        Reply::Initialised(payload) => to_string(payload),
        Reply::Stopping(payload) => to_string(payload),
        Reply::Operated(payload) => to_string(payload),
        Reply::Operations(payload) => to_string(payload),
        Reply::Operation(payload) => to_string(payload),
        Reply::Diff(payload) => to_string(payload),
        Reply::Snapshots(reply) => match reply {
            SnapshotReply::Created(payload) => to_string(payload),
            SnapshotReply::Listed(payload) => to_string(payload),
            SnapshotReply::Shown(payload) => to_string(payload),
            SnapshotReply::Compared(payload) => to_string(payload),
            SnapshotReply::Deleted(payload) => to_string(payload),
        },
        Reply::RolledBack(payload) => to_string(payload),
        Reply::Versions(payload) => to_string(payload),
        Reply::VersionGraph(payload) => to_string(payload),
        Reply::Version(payload) => to_string(payload),
        Reply::History(payload) => to_string(payload),
        Reply::HistoryCollected(payload) => to_string(payload),
        Reply::HistoryVerified(payload) => to_string(payload),
        Reply::Branches(payload) => to_string(payload),
        Reply::Followers(payload) => to_string(payload),
        Reply::BlastRadius(payload) => to_string(payload),
        Reply::Conflicts(payload) => to_string(payload),
        Reply::ConflictList(payload) => to_string(payload),
        Reply::Conflict(payload) => to_string(payload),
        Reply::ConflictBytes(payload) => to_string(payload),
        Reply::Json(text) => Ok(text.clone()),
        Reply::JsonPage(page) => Ok([page.head.as_str(), &page.body, &page.tail].concat()),
    }
}

/// The error for an answer that is longer than a reply may be.
pub(super) fn too_large(len: usize) -> WireError {
    WireError::new(
        ErrorCode::TooLarge,
        format!("the answer takes {len} bytes, more than the {} of a reply", limits::REPLY),
    )
    .hint("ask for less: one project, one collection, or fewer types and states")
}

/// The error for a request that is longer than a request may be.
pub(super) fn too_long() -> WireError {
    WireError::new(ErrorCode::ParseError, format!("the request is longer than {} bytes", limits::REQUEST))
}

/// The error for an answer that cannot be written down: a defect.
pub(super) fn unwritable(error: &dyn std::error::Error) -> WireError {
    tracing::error!(%error, "an answer cannot be encoded");
    WireError::new(ErrorCode::Internal, "the answer cannot be encoded").hint("skillmeat daemon logs")
}
