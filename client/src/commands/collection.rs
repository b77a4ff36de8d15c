//! `collection`: what the collections are, and changes of them as a whole.

use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{
    CollectionCreate, CollectionName, CollectionRemove, CollectionRename, CollectionSetDefault, CollectionVerify,
    Freshness, Operation, Request,
};

use super::operate::{Plan, operate};
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
    let (operation, manner) = match command {
        CollectionCommand::List => return show(context, Request::Collections),
        CollectionCommand::Show { name } => {
            return show(context, Request::CollectionShow(CollectionName { collection: name }));
        }
        CollectionCommand::Create { name, manner } => (Operation::CollectionCreate(CollectionCreate { name }), manner),
        CollectionCommand::Rename { name, to, manner } => {
            (Operation::CollectionRename(CollectionRename { collection: name, to }), manner)
        }
        CollectionCommand::Remove { name, force, manner } => {
            (Operation::CollectionRemove(CollectionRemove { collection: name, force }), manner)
        }
        CollectionCommand::SetDefault { name, manner } => {
            (Operation::CollectionSetDefault(CollectionSetDefault { collection: name }), manner)
        }
        CollectionCommand::Verify { name, fix, manner } => {
            (Operation::CollectionVerify(CollectionVerify { collection: name, fix }), manner)
        }
    };
    operate(context, None, Plan { operation, dry_run: manner.dry_run })
}

fn show(context: &mut Context<'_>, request: Request) -> Done {
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
