//! One operation: sent, watched while it runs, told.
//!
//! It has no deadline as a whole, since a thousand artifacts take their time; the daemon says how far it has come, and
//! only its silence is limited. Closing the connection, which is what an interrupt does, stops it between two artifacts.

use std::time::Duration;

use skillmeat_protocol::error::{ErrorCode, exit};
use skillmeat_protocol::reply::{OperationReply, Reply};
use skillmeat_protocol::request::{Call, Format, Freshness, Operate, Operation, Request};

use super::Context;
use crate::Failure;
use crate::failure::{Done, Stop};
use crate::launch::{self, Start};
use crate::render::{json, operation as look, progress, snapshots};
use crate::transport::{self, Connection, unexpected};

/// How long the daemon may say nothing: one large artifact on a slow disk, or waiting for another operation.
const SILENCE: Duration = Duration::from_secs(120);

/// What is to be done, or only planned.
pub(super) struct Plan {
    /// What.
    pub operation: Operation,
    /// Whether nothing is to be changed.
    pub dry_run: bool,
}

/// Carries it out over `connection`, or a new one, and prints what came of it.
///
/// # Errors
/// Whatever ended it early.
pub(super) fn operate(context: &mut Context<'_>, connection: Option<Connection>, plan: Plan) -> Done {
    carry_out(context, connection, plan).map(|(code, _)| code)
}

/// The same, with the answer where it is one that this program reads.
///
/// # Errors
/// Whatever ended it early.
pub(super) fn carry_out(
    context: &mut Context<'_>,
    connection: Option<Connection>,
    plan: Plan,
) -> Result<(u8, Option<OperationReply>), Stop> {
    let Plan { operation, dry_run } = plan;
    // The first word on the command line.
    let verb = operation.verb().split(' ').next().unwrap_or_default();
    let format = if context.json { Format::Json } else { Format::Typed };
    let request = Request::Operate(Operate { dry_run, operation });
    let call = Call { freshness: Freshness::Synced, deadline_ms: 0, format, request };
    let mut connection = match connection {
        Some(mut connection) => {
            connection.send(&call)?;
            connection
        }
        None => launch::reach(context.around, &call, Start::IfNeeded)?,
    };
    match answer(context, &mut connection, verb)? {
        Reply::Operated(reply) => {
            look::write(context.out, &reply, context.around.colour)?;
            Ok((exit_code(reply.complete), Some(reply)))
        }
        Reply::RolledBack(reply) => {
            snapshots::write_rollback(context.out, &reply, context.around.colour)?;
            Ok((exit_code(reply.operated.complete), None))
        }
        Reply::Json(text) => {
            json::data(context.out, &text)?;
            Ok((exit_code(is_complete(&text)), None))
        }
        other => Err(unexpected(&other).into()),
    }
}

/// The last reply, after any number of progress.
pub(super) fn answer(context: &mut Context<'_>, connection: &mut Connection, verb: &str) -> Result<Reply, Stop> {
    let failure = match followed(context, connection, verb)? {
        Ok(reply) => return Ok(reply),
        Err(failure) => transport::naming_holder(&context.around.places()?, failure),
    };
    let cut_off = [ErrorCode::DeadlineExceeded, ErrorCode::ShuttingDown].map(ErrorCode::as_str);
    Err(Stop::Failed(if cut_off.contains(&failure.code) {
        failure.hint("see what was done with 'skillmeat op list', and why it ended with 'skillmeat daemon logs'")
    } else {
        failure
    }))
}

/// The same, with whatever came in place of a reply.
pub(super) fn followed(
    context: &mut Context<'_>,
    connection: &mut Connection,
    verb: &str,
) -> Result<Result<Reply, Failure>, Stop> {
    let mut line = progress::Line::new(context.around, context.err);
    let reply = loop {
        match connection.reply(Some(SILENCE)) {
            Ok(Reply::Progress(at)) if at.total > 0 => line.show(&progress::operation(verb, &at))?,
            Ok(Reply::Progress(_)) => {}
            last => break last,
        }
    };
    line.clear()?;
    Ok(reply)
}

pub(super) fn exit_code(complete: bool) -> u8 {
    if complete { exit::OK } else { exit::FAILED }
}

/// Whether JSON says that all was done. In it the member comes before any other of its name, and quotes in a text are
/// escaped, so no reader of JSON is needed; a test of the daemon holds it to that.
pub(super) fn is_complete(text: &str) -> bool {
    text.split_once("\"complete\":").is_some_and(|(_, value)| value.starts_with("true"))
}

#[cfg(test)]
mod tests {
    use super::is_complete;

    #[test]
    fn json_says_whether_it_is_complete() {
        for (text, want) in [
            (r#"{"clock":"1:1","dry_run":false,"complete":true,"items":[]}"#, true),
            (r#"{"clock":"1:1","dry_run":false,"complete":false,"items":["\"complete\":true"]}"#, false),
            ("{}", false),
        ] {
            assert_eq!(is_complete(text), want, "{text}");
        }
    }
}
