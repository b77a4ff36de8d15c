//! `status`: the question everything else is about.

use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::{ConflictInfo, ConflictState, Counts, Item, ProjectStatus, Reply, StatusReply};
use skillmeat_protocol::request::{ConflictsQuery, Detail, Format, Freshness, Request, StatusQuery};

use super::project::list_damage;
use super::{Context, pages};
use crate::args::StatusArgs;
use crate::failure::{Done, Failure};
use crate::launch::{self, Start};
use crate::render::porcelain::{self, Records};
use crate::render::resolve::Subject;
use crate::render::status::{self as look, Depth, Look};
use crate::transport::{Connection, call};

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
        // Who asks for what is known wants it at once.
        let marked = if args.cached { Vec::new() } else { marked(&mut connection, &reply) };
        let present = present(&reply, args, &marked);
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

/// The copies that were given conflict markers, where the first of a state may be one. One question, and only of what is known: a
/// status looks at no files for it, and without a history nothing was given any. A copy that is merely modified is one only when
/// its collection went back to what was deployed: too rare to ask each time that somebody edited something.
fn marked(connection: &mut Connection, reply: &StatusReply) -> Vec<ConflictInfo> {
    let may_be = |state| matches!(state, DriftState::Conflict | DriftState::RemovedModified);
    if !look::firsts(&reply.projects).iter().any(|(_, item)| may_be(item.state)) {
        return Vec::new();
    }
    let project = match &*reply.projects {
        [only] => Some(only.path.clone()),
        _ => None,
    };
    let list = Request::Conflicts(ConflictsQuery { project, closed: false });
    match connection.ask(&call(list, Freshness::Cached)) {
        Ok(Reply::Conflicts(reply)) => reply.conflicts,
        _ => Vec::new(),
    }
}

/// What ends the markers of a copy, if it has any.
fn ends(marked: &[ConflictInfo], project: &ProjectStatus, item: &Item) -> Option<Vec<String>> {
    let is_this = |conflict: &&ConflictInfo| {
        conflict.state == ConflictState::Marked
            && (conflict.kind, &conflict.name) == (item.kind, &item.name)
            && conflict.project == project.path
            && item.profile.as_ref() == Some(&conflict.profile)
    };
    let conflict = marked.iter().find(is_this)?;
    // Not those for single files.
    let ends = |way: &&String| way.ends_with("--continue") || way.ends_with("--abort");
    Some(conflict.ways.iter().filter(ends).cloned().collect())
}

/// The states present, by their first items.
fn present<'a>(reply: &'a StatusReply, args: &StatusArgs, marked: &[ConflictInfo]) -> Vec<Subject<'a>> {
    let elsewhere = args.which.all || args.which.project.is_some();
    let subject = |(project, item): (&'a ProjectStatus, &'a Item)| Subject {
        item,
        project: elsewhere.then_some(project.path.as_str()),
        marked: ends(marked, project, item),
    };
    look::firsts(&reply.projects).into_iter().map(subject).collect()
}
