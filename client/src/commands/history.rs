//! `history`: what happened, what of it is kept, and whether it is what was stored.

use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{Call, Format, Freshness, HistoryGc, HistoryQuery, Request};

use super::operate::{answer, exit_code, is_complete};
use super::{Context, pages};
use crate::args::{HistoryArgs, HistoryCommand};
use crate::failure::Done;
use crate::launch::{self, Start};
use crate::render::{json, timeline as look};
use crate::transport::{call, unexpected};

/// Runs `history`.
///
/// # Errors
/// Whatever ended it early.
pub fn history(context: &mut Context<'_>, args: HistoryArgs) -> Done {
    match args.command {
        Some(HistoryCommand::Gc { older_than, dry_run }) => {
            long(context, Request::HistoryGc(HistoryGc { dry_run, days: Some(older_than) }), "collecting")
        }
        Some(HistoryCommand::Verify) => long(context, Request::HistoryVerify, "verifying"),
        None => {
            let project = args.whose.project.as_deref().map(|path| context.around.project(path)).transpose()?;
            let HistoryArgs { artifact, whose, since, limit, before, .. } = args;
            let query = HistoryQuery { artifact, project, collection: whose.collection, since, limit, before };
            let request = Request::History(query);
            if context.json {
                pages::print_json(context, call(request, Freshness::Synced))?;
                return Ok(exit::OK);
            }
            match context.ask(request, Freshness::Synced)? {
                Reply::History(reply) => look::write_list(context.out, &reply, context.around.colour)?,
                other => return Err(unexpected(&other).into()),
            }
            Ok(exit::OK)
        }
    }
}

/// Work that tells how far it is.
fn long(context: &mut Context<'_>, request: Request, verb: &str) -> Done {
    let format = if context.json { Format::Json } else { Format::Typed };
    let is_verify = request == Request::HistoryVerify;
    let call = Call { freshness: Freshness::Synced, deadline_ms: 0, format, request };
    let mut connection = launch::reach(context.around, &call, Start::IfNeeded)?;
    match answer(context, &mut connection, verb)? {
        Reply::HistoryCollected(reply) => {
            look::write_collected(context.out, &reply)?;
            Ok(exit::OK)
        }
        Reply::HistoryVerified(reply) => {
            look::write_verified(context.out, &reply, context.around.colour)?;
            Ok(exit_code(reply.complete))
        }
        Reply::Json(text) => {
            json::data(context.out, &text)?;
            Ok(exit_code(!is_verify || is_complete(&text)))
        }
        other => Err(unexpected(&other).into()),
    }
}
