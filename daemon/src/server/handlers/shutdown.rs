//! `shutdown`: a person, or a newer client, asks the daemon to end.
//!
//! An older client never stops a newer daemon, and equal versions have no reason to: otherwise two installations on one
//! machine restart each other for ever.

use super::super::ServerContext;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::preamble::compare_versions;
use skillmeat_protocol::reply::StoppingReply;
use skillmeat_protocol::request::{ShutdownQuery, ShutdownReason};

/// Answers `shutdown`; the reply goes out before the process ends.
pub(in crate::server) fn answer(context: &ServerContext, query: &ShutdownQuery) -> Result<StoppingReply, WireError> {
    if query.reason == ShutdownReason::Upgrade && !is_newer(query.version.as_deref(), context.version) {
        let asking = query.version.as_deref().unwrap_or("without a version");
        return Err(WireError::new(
            ErrorCode::Refused,
            format!("this daemon is {}; a client that is {asking} does not replace it", context.version),
        )
        .hint("open a new shell, so that the newest skillmeat is found"));
    }
    tracing::info!(reason = ?query.reason, "asked to stop");
    // A full channel means that the process was asked already, a closed one that it is ending.
    context.stop.try_send(query.reason).ok();
    Ok(StoppingReply { pid: std::process::id() })
}

fn is_newer(asking: Option<&str>, running: &str) -> bool {
    asking.is_some_and(|asking| compare_versions(asking, running).is_gt())
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::World;
    use super::*;

    #[tokio::test]
    async fn only_a_newer_client_replaces_the_daemon() {
        use ShutdownReason::{Requested, Upgrade};
        // The daemon of the tests is 1.2.3.
        for (reason, version, stops) in [
            (Requested, None, true),
            (Requested, Some("1.0.0"), true),
            (Upgrade, Some("1.10.0"), true),
            (Upgrade, Some("1.2.3"), false),
            (Upgrade, Some("1.2.2"), false),
            (Upgrade, None, false),
        ] {
            let mut world = World::of(Vec::new());
            let answered = answer(&world.context, &ShutdownQuery { reason, version: version.map(Into::into) });
            assert_eq!(answered.is_ok(), stops, "{reason:?} {version:?}");
            assert_eq!(world.stop.try_recv().is_ok(), stops, "{reason:?} {version:?}");
        }
    }
}
