//! Every limit of a connection in one place. The lengths of messages are the protocol's.

use skillmeat_protocol::frame;
use std::time::Duration;

/// Longest request: a frame's body, or a line without its newline.
pub(super) const REQUEST: usize = frame::MAX_REQUEST;
/// Longest reply.
pub(super) const REPLY: usize = frame::MAX_REPLY;
/// Connections served at once.
pub(super) const CONNECTIONS: usize = 64;
/// Connections beyond these that are told so at once; further ones are closed without a word.
pub(super) const REFUSALS: usize = 16;
/// From accepted to the encoding (and, in binary, the preamble) known.
pub(super) const HANDSHAKE: Duration = Duration::from_secs(1);
/// From the first byte of a request to its last.
pub(super) const REQUEST_ARRIVES: Duration = Duration::from_secs(10);
/// A connection that asks nothing and is subscribed to nothing.
pub(super) const IDLE: Duration = Duration::from_secs(3600);
/// A write during which the client takes nothing.
pub(super) const WRITE_STALLS: Duration = Duration::from_secs(10);
/// Deadline of a request that names none.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);
/// Longest deadline that a request can ask for; searches excepted.
pub(super) const DEADLINE_MAX: Duration = Duration::from_secs(60);
/// What the engine gets beyond the deadline that it was told, before its silence counts as an answer.
pub(super) const ENGINE_GRACE: Duration = Duration::from_millis(250);
/// Between two messages about the progress of one request.
pub(super) const PROGRESS: Duration = Duration::from_millis(100);
/// What open connections get to finish their request when the daemon stops.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);
/// Weight of one page: rows of any kind.
pub(super) const PAGE: usize = 2000;
