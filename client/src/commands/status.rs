//! `status`: the question everything else is about.

use std::path::Path;

use skillmeat_protocol::error::exit;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::{Counts, Item, ProjectStatus, Reply, StatusReply};
use skillmeat_protocol::request::{Call, Detail, Format, Freshness, Request, ShowQuery, StatusQuery};

use super::project::list_damage;
use super::{Context, pages};
use crate::args::StatusArgs;
use crate::failure::{Done, Failure};
use crate::launch::{self, Start};
use crate::render::porcelain::{self, Records};
use crate::render::resolve::{Subject, needs_both_sides};
use crate::render::status::{self as look, Depth, Look};
use crate::transport::{Connection, call, patience};

/// Runs `status`.
///
/// # Errors
/// Whatever ended it early.
pub fn status(context: &mut Context<'_>, args: &StatusArgs) -> Done {
    let freshness = if args.cached { Freshness::Cached } else { Freshness::Synced };
    let mut call = call(Request::Status(query(context, args)?), freshness);
    if context.json {
        let mut connection = pages::print_json(context, call.clone())?;
        if !args.exit_code {
            return Ok(exit::OK);
        }
        // The text says it too, but reading it would take a JSON parser; the same snapshot is a cached question away.
        call.freshness = Freshness::Cached;
        call.format = Format::Typed;
        let first = connection.ask(&call)?;
        return Ok(exit_code(args, &pages::status(&mut connection, &mut call, first)?));
    }
    let (mut connection, first) = launch::ask(context.around, &call, Start::IfNeeded)?;
    let reply = pages::status(&mut connection, &mut call, first)?;
    if args.porcelain {
        let records = if args.nul { Records::Nul } else { Records::Lines };
        porcelain::write(context.out, &reply.projects, records)?;
    } else {
        let colour = context.around.colour;
        let detail = if args.verbose { Depth::Full } else { Depth::Brief };
        look::write(context.out, &reply.projects, Look { colour, detail })?;
        if reply.projects.is_empty() {
            look::problems(context.out, &list_damage(&mut connection), colour)?;
        }
        let present = present(&mut connection, &reply, args);
        look::advice(context.out, &present, colour)?;
        // Results first: both may go to one terminal.
        context.out.flush()?;
    }
    context.note_stale(reply.stale.as_deref(), reply.fresh, freshness)?;
    Ok(if args.exit_code { exit_code(args, &reply) } else { exit::OK })
}

fn query(context: &Context<'_>, args: &StatusArgs) -> Result<StatusQuery, Failure> {
    Ok(StatusQuery {
        scope: context.around.scope(&args.which)?,
        types: args.types.clone(),
        states: args.states.clone(),
        collections: args.collections.clone(),
        detail: if args.verbose { Detail::All } else { Detail::Drift },
        available: args.available,
        cursor: None,
    })
}

/// 2 when something needs a decision, 1 when something drifted. With filters only what they let through counts.
fn exit_code(args: &StatusArgs, reply: &StatusReply) -> u8 {
    let filtered = !(args.types.is_empty() && args.states.is_empty() && args.collections.is_empty());
    let mut counts = Counts::default();
    for project in &reply.projects {
        if filtered {
            project.items.iter().for_each(|item| *counts.of(item.state) += 1);
        } else {
            counts.add(project.counts);
        }
    }
    match (counts.conflicts(), counts.drifted()) {
        (0, 0) => exit::OK,
        (0, _) => exit::DRIFT,
        _ => exit::CONFLICT,
    }
}

/// The states present, with the collection's side of their first items. What cannot be found out is left out: the
/// advice is then without a command that needs it.
fn present<'a>(connection: &mut Connection, reply: &'a StatusReply, args: &StatusArgs) -> Vec<Subject<'a>> {
    let elsewhere = args.which.all || args.which.project.is_some();
    let firsts = look::firsts(&reply.projects);
    let shows: Vec<Option<Request>> = firsts.iter().map(|(_, item)| show(item)).collect();
    let mut sides = collection_sides(connection, shows.iter().flatten()).into_iter();
    let paths = shows.iter().map(|show| show.as_ref().and_then(|_| sides.next().flatten()));
    let subject = |((project, item), collection_path): ((&'a ProjectStatus, &'a Item), _)| Subject {
        item,
        project: elsewhere.then_some(project.path.as_str()),
        collection_path,
    };
    firsts.into_iter().zip(paths).map(subject).collect()
}

/// Asks for an item in its collection, when the advice on its state compares the two sides.
fn show(item: &Item) -> Option<Request> {
    let collection = item.collection_id.clone().or_else(|| item.collection.clone())?;
    let key = ArtifactKey { kind: item.kind, name: item.name.clone() };
    needs_both_sides(item.state).then_some(Request::Show(ShowQuery { key, collection: Some(collection) }))
}

/// Absolute paths in their collections of what each request shows. Everything is asked at once: a person waits for one
/// answer, not for one after the other.
fn collection_sides<'a>(connection: &mut Connection, shows: impl Iterator<Item = &'a Request>) -> Vec<Option<String>> {
    let mut calls: Vec<Call> = shows.map(|show| call(show.clone(), Freshness::Cached)).collect();
    if calls.is_empty() {
        return Vec::new();
    }
    calls.push(call(Request::Collections, Freshness::Cached));
    if connection.send_all(&calls).is_err() {
        return Vec::new();
    }
    let mut replies: Vec<Option<Reply>> =
        calls.iter().map(|call| connection.reply(Some(patience(call))).ok()).collect();
    let Some(Some(Reply::Collections(known))) = replies.pop() else {
        return Vec::new();
    };
    let path = |reply| {
        let Some(Reply::Show(shown)) = reply else {
            return None;
        };
        let artifact = shown.artifacts.into_iter().next()?;
        let collection = known.collections.iter().find(|collection| collection.id == artifact.collection_id)?;
        // Marketplace imports have absolute paths, which `join` keeps.
        Some(Path::new(&collection.path).join(&artifact.path).to_string_lossy().into_owned())
    };
    replies.into_iter().map(path).collect()
}
