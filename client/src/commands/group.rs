//! `group`: what the groups of a collection are, and changes of them.

use skillmeat_protocol::error::{ErrorCode, exit};
use skillmeat_protocol::reply::{CollectionReply, Reply};
use skillmeat_protocol::request::{CollectionName, Freshness, GroupChange, GroupEdit as Edit, Operation, Request};

use super::Context;
use super::operate::{Plan, operate};
use crate::args::{GroupArgs, GroupCommand};
use crate::failure::{Done, Failure};
use crate::launch::{self, Start};
use crate::render::{groups, json};
use crate::transport::{call, unexpected};

/// Runs `group …`.
///
/// # Errors
/// Whatever ended it early.
pub fn group(context: &mut Context<'_>, args: GroupArgs) -> Done {
    let GroupArgs { collection, dry_run, command } = args;
    let (group, edit) = match command {
        GroupCommand::List => return show(context, collection, None),
        GroupCommand::Show { group } => return show(context, collection, Some(&group)),
        GroupCommand::Create { group, description, color, icon } => (group, Edit::Create { description, color, icon }),
        GroupCommand::Add { group, members, at } => (group, Edit::Add { members, at }),
        GroupCommand::Remove { group, members } => (group, Edit::Remove { members }),
        GroupCommand::Move { group, to } => (group, Edit::Move { to }),
        GroupCommand::Reorder { group, members } => (group, Edit::Reorder { members }),
        GroupCommand::Copy { group, to } => (group, Edit::Copy { to }),
        GroupCommand::Rename { group, to } => (group, Edit::Rename { to }),
        GroupCommand::Delete { group } => (group, Edit::Delete),
    };
    let operation = Operation::Group(GroupChange { collection, group, edit });
    operate(context, None, Plan { operation, dry_run })
}

/// Prints all groups, or the one of this name.
fn show(context: &mut Context<'_>, collection: Option<String>, name: Option<&str>) -> Done {
    let mut reply = collection_reply(context, collection)?;
    reply.groups.sort_by_key(|group| group.position);
    if let Some(name) = name {
        reply.groups.retain(|group| group.name == name);
        if reply.groups.is_empty() {
            let message = format!("collection {} has no group '{name}'", reply.collection.name);
            return Err(Failure::new(ErrorCode::NotFound, message).hint("see 'skillmeat group list'").into());
        }
    }
    match (context.json, name) {
        (true, _) => json::data(context.out, &groups::json(&reply))?,
        (false, None) => groups::write_list(context.out, &reply, context.around.colour)?,
        (false, Some(_)) => groups::write_members(context.out, &reply.groups, context.around.colour)?,
    }
    Ok(exit::OK)
}

/// The collection of this name, or the default one.
fn collection_reply(context: &Context<'_>, name: Option<String>) -> Result<CollectionReply, Failure> {
    let show = |collection| call(Request::CollectionShow(CollectionName { collection }), Freshness::Synced);
    let reply = match name {
        Some(name) => launch::ask(context.around, &show(name), Start::IfNeeded)?.1,
        None => {
            let (mut connection, reply) =
                launch::ask(context.around, &call(Request::Collections, Freshness::Synced), Start::IfNeeded)?;
            let known = match reply {
                Reply::Collections(known) => known.collections,
                other => return Err(unexpected(&other)),
            };
            let default = known.into_iter().find(|collection| collection.default).ok_or_else(|| {
                Failure::new(ErrorCode::NotFound, "there is no default collection")
                    .hint("name one with --collection, or make it with 'skillmeat init'")
            })?;
            connection.ask(&show(default.id))?
        }
    };
    match reply {
        Reply::Collection(reply) => Ok(reply),
        other => Err(unexpected(&other)),
    }
}
