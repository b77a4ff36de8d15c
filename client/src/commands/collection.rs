//! `collection`: what the collections are.

use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{CollectionName, Freshness, Request};

use super::{Context, pages};
use crate::args::CollectionCommand;
use crate::failure::Done;
use crate::render::projects;
use crate::transport::{call, unexpected};

/// Runs `collection …`.
///
/// # Errors
/// Whatever ended it early.
pub fn collection(context: &mut Context<'_>, command: CollectionCommand) -> Done {
    let request = match command {
        CollectionCommand::List => Request::Collections,
        CollectionCommand::Show { name } => Request::CollectionShow(CollectionName { collection: name }),
    };
    if context.json {
        pages::print_json(context, call(request, Freshness::Synced))?;
        return Ok(exit::OK);
    }
    let colour = context.around.colour;
    match context.ask(request, Freshness::Synced)? {
        Reply::Collections(reply) => projects::write_collections(context.out, &reply, colour)?,
        Reply::Collection(reply) => projects::write_collection(context.out, &reply, colour)?,
        other => return Err(unexpected(&other).into()),
    }
    Ok(exit::OK)
}
