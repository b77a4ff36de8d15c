//! `op`: what was changed before.

use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{Freshness, OperationId, OperationsQuery, Request};

use super::{Context, pages};
use crate::args::OpCommand;
use crate::failure::Done;
use crate::render::history;
use crate::transport::{call, unexpected};

/// Runs `op …`.
///
/// # Errors
/// Whatever ended it early.
pub fn op(context: &mut Context<'_>, command: OpCommand) -> Done {
    let request = match command {
        OpCommand::List { whose, limit, before } => {
            let project = whose.project.as_deref().map(|path| context.around.project(path)).transpose()?;
            Request::Operations(OperationsQuery { project, collection: whose.collection, limit, before })
        }
        OpCommand::Show { operation } => Request::OperationShow(OperationId { operation }),
    };
    if context.json {
        pages::print_json(context, call(request, Freshness::Synced))?;
        return Ok(exit::OK);
    }
    let colour = context.around.colour;
    match context.ask(request, Freshness::Synced)? {
        Reply::Operations(reply) => history::write_list(context.out, &reply, colour)?,
        Reply::Operation(reply) => history::write_one(context.out, &reply, colour)?,
        other => return Err(unexpected(&other).into()),
    }
    Ok(exit::OK)
}
