//! `status`: the question everything else is about.

use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::{Counts, Item, ProjectStatus, StatusReply};
use skillmeat_protocol::request::{Detail, Format, Freshness, Request, StatusQuery};

use super::project::list_damage;
use super::{Context, pages};
use crate::args::StatusArgs;
use crate::failure::{Done, Failure};
use crate::launch::{self, Start};
use crate::render::operation::USUAL_PROFILE;
use crate::render::porcelain::{self, Records};
use crate::render::resolve::Subject;
use crate::render::status::{self as look, Depth, Look};
use crate::transport::call;

/// As long as the daemon lets anyone wait: files are read for it.
const SETTLED_MS: u32 = 60_000;

/// Runs `status`.
///
/// # Errors
/// Whatever ended it early.
pub fn status(context: &mut Context<'_>, args: &StatusArgs) -> Done {
    let freshness = match (args.cached, args.settled) {
        (true, _) => Freshness::Cached,
        (_, true) => Freshness::Settled,
        _ => Freshness::Synced,
    };
    let mut call = call(Request::Status(query(context, args)?), freshness);
    if args.settled {
        call.deadline_ms = SETTLED_MS;
    }
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
        look::advice(context.out, &present(&reply, args), colour)?;
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

/// The states present, by their first items.
fn present<'a>(reply: &'a StatusReply, args: &StatusArgs) -> Vec<Subject<'a>> {
    let elsewhere = args.which.all || args.which.project.is_some();
    let subject = |(project, item): (&'a ProjectStatus, &'a Item)| Subject {
        item,
        project: elsewhere.then_some(project.path.as_str()),
        profile: profile(project, item),
    };
    look::firsts(&reply.projects).into_iter().map(subject).collect()
}

/// The profile of an item, where it is not the usual one or the artifact has to do with another one, too.
fn profile<'a>(project: &ProjectStatus, item: &'a Item) -> Option<&'a str> {
    let profile = item.profile.as_deref()?;
    let is_twin = |other: &&Item| (other.kind, &other.name) == (item.kind, &item.name) && other.profile != item.profile;
    (profile != USUAL_PROFILE || project.items.iter().any(|other| is_twin(&other))).then_some(profile)
}
