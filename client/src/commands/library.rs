//! `list`, `show` and `init`: what the collections hold.

use skillmeat_protocol::error::{ErrorCode, exit};
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{Freshness, ListQuery, Request, ShowQuery};

use super::{Context, pages};
use crate::args::{ListArgs, ShowArgs};
use crate::failure::{Done, Failure};
use crate::launch::{self, Start};
use crate::render::artifacts::{self, Collections};
use crate::render::term::escape;
use crate::transport::{call, unexpected};

/// Runs `list`.
///
/// # Errors
/// Whatever ended it early.
pub fn list(context: &mut Context<'_>, args: ListArgs) -> Done {
    let query = ListQuery { types: args.types, collections: args.collections, cursor: None };
    let mut call = call(Request::List(query), Freshness::Synced);
    if context.json {
        pages::print_json(context, call)?;
        return Ok(exit::OK);
    }
    let (mut connection, first) = launch::ask(context.around, &call, Start::IfNeeded)?;
    let reply = pages::list(&mut connection, &mut call, first)?;
    artifacts::write_list(context.out, &reply.artifacts, Collections::Shown, context.around.colour)?;
    context.out.flush()?;
    context.note_stale(reply.stale.as_deref(), reply.fresh, Freshness::Synced)?;
    Ok(exit::OK)
}

/// Runs `show`.
///
/// # Errors
/// Whatever ended it early.
pub fn show(context: &mut Context<'_>, args: ShowArgs) -> Done {
    let name = args.key.to_string();
    let request = Request::Show(ShowQuery { key: args.key, collection: args.collection });
    if context.json {
        pages::print_json(context, call(request, Freshness::Synced))?;
        return Ok(exit::OK);
    }
    let reply = match context.ask(request, Freshness::Synced)? {
        Reply::Show(reply) => reply,
        other => return Err(unexpected(&other).into()),
    };
    if reply.artifacts.is_empty() {
        return Err(Failure::new(ErrorCode::NotFound, format!("no collection has {name}"))
            .hint("see 'skillmeat list'")
            .into());
    }
    for artifact in &reply.artifacts {
        artifacts::write_one(context.out, artifact, context.around.colour)?;
    }
    context.out.flush()?;
    context.note_stale(reply.stale.as_deref(), reply.fresh, Freshness::Synced)?;
    Ok(exit::OK)
}

/// Runs `init`.
///
/// # Errors
/// Whatever ended it early.
pub fn init(context: &mut Context<'_>) -> Done {
    if context.json {
        pages::print_json(context, call(Request::Init, Freshness::Synced))?;
        return Ok(exit::OK);
    }
    let reply = match context.ask(Request::Init, Freshness::Synced)? {
        Reply::Initialised(reply) => reply,
        other => return Err(unexpected(&other).into()),
    };
    for path in &reply.created {
        writeln!(context.out, "created {}", escape(path))?;
    }
    if reply.created.is_empty() {
        writeln!(context.out, "{} is complete; nothing was changed", escape(&reply.home))?;
    }
    writeln!(context.out, "next: skillmeat project add .")?;
    Ok(exit::OK)
}
