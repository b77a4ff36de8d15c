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
/// Open files that connections leave to the rest of the daemon: its own (about twenty), the scan threads' directories
/// and files, the cache's. Without them clients could make files unreadable.
pub(super) const FILES_OF_OTHERS: u64 = 40;
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

/// How many entries a page of at most `most` has, when `asked` for so many; 0 leaves it to the daemon.
pub(super) fn entries(asked: u32, usual: u32, most: u32) -> u32 {
    if asked == 0 { usual } else { asked.min(most) }
}

/// How many connections are served and refused at once by a process that may open this many files.
pub(super) fn connections(open_files: Option<u64>) -> (usize, usize) {
    let spare = open_files.map_or(u64::MAX, |limit| limit.saturating_sub(FILES_OF_OTHERS));
    let spare = usize::try_from(spare).unwrap_or(usize::MAX).max(2);
    let refused = REFUSALS.min(spare.div_ceil(5));
    (CONNECTIONS.min(spare - refused), refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_fit_into_the_files_that_may_be_open() {
        assert_eq!(connections(None), (CONNECTIONS, REFUSALS));
        for limit in 0..2000 {
            let (served, refused) = connections(Some(limit));
            assert!(served >= 1 && refused >= 1 && served <= CONNECTIONS && refused <= REFUSALS, "{limit}");
            assert!(limit < FILES_OF_OTHERS + 2 || (served + refused) as u64 + FILES_OF_OTHERS <= limit, "{limit}");
        }
        assert_eq!(connections(Some(1024)), (CONNECTIONS, REFUSALS));
    }
}
