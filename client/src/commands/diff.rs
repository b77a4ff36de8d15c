//! `diff`: two sides of an artifact, or two paths.

use std::io::{self, Write};
use std::path::Path;

use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::{DiffReply, Reply};
use skillmeat_protocol::request::{Call, DiffDetail, DiffQuery, DiffSide, Format, Freshness, Request};

use super::{Context, pages};
use crate::args::diff::{DiffArgs, When};
use crate::args::{Which, change};
use crate::failure::{Done, Failure};
use crate::launch::{self, Start};
use crate::render::diff::{Bytes, Look, write_file};
use crate::render::term::{Tone, escape, paint};
use crate::render::{json, stat};
use crate::surroundings::text;
use crate::transport::{Connection, unexpected};
use crate::{os, pager};

/// The daemon reads both sides; large ones take their time.
const PATIENCE_MS: u32 = 60_000;

/// Runs `diff`.
///
/// # Errors
/// Whatever ended it early.
pub fn diff(context: &mut Context<'_>, args: &DiffArgs) -> Done {
    let request = Request::Diff(query(context, args)?);
    let format = if context.json { Format::Json } else { Format::Typed };
    let mut call = Call { freshness: Freshness::Synced, deadline_ms: PATIENCE_MS, format, request };
    let (mut connection, first) = launch::ask(context.around, &call, Start::IfNeeded)?;
    if context.json {
        let text = pages::json_text(&mut connection, &mut call, first)?;
        json::data(context.out, &text)?;
        return Ok(exit_code(args, is_identical(&text)));
    }
    let Reply::Diff(reply) = first else { return Err(unexpected(&first).into()) };
    let (identical, fresh, stale) = (reply.identical, reply.fresh, reply.stale.clone());
    let code = exit_code(args, identical);
    if identical {
        if context.around.terminal {
            writeln!(
                context.out,
                "no difference between {} and {}",
                escape(&reply.from.label),
                escape(&reply.to.label)
            )?;
            context.out.flush()?;
        }
        context.note_stale(stale.as_deref(), fresh, Freshness::Synced)?;
        return Ok(code);
    }
    let look = look(context, args);
    let pager = (context.around.terminal && !args.show.exit_code).then(|| pager::command(context.around)).flatten();
    let Some(mut pager) = pager else {
        print(context.out, context.around.terminal, args, look, reply, &mut connection, &mut call)?;
        context.out.flush()?;
        context.note_stale(stale.as_deref(), fresh, Freshness::Synced)?;
        return Ok(code);
    };
    let mut whole = Vec::new();
    print(&mut whole, true, args, look, reply, &mut connection, &mut call)?;
    context.note_stale(stale.as_deref(), fresh, Freshness::Synced)?;
    match os::show(&mut pager, &whole) {
        Ok(code) => Ok(code),
        // What cannot be paged can be printed.
        Err(_) => {
            context.out.write_all(&whole)?;
            Ok(code)
        }
    }
}

fn look(context: &Context<'_>, args: &DiffArgs) -> Look {
    let colour = match args.show.color {
        When::Auto => context.around.colour,
        When::Always => true,
        When::Never => false,
    };
    Look { colour, bytes: if context.around.terminal { Bytes::Shown } else { Bytes::AsTheyAre } }
}

fn query(context: &Context<'_>, args: &DiffArgs) -> Result<DiffQuery, Failure> {
    let detail = if args.show.stat || args.show.name_only { DiffDetail::Counts } else { DiffDetail::Lines };
    let words = context.json || look(context, args).colour;
    let query = DiffQuery { detail, context: Some(args.show.unified), words, ..DiffQuery::default() };
    match args.what.as_slice() {
        [from, to] => {
            let about_artifacts =
                args.from.is_some() || args.to.is_some() || args.profile.is_some() || args.collection.is_some();
            if about_artifacts || args.project.is_some() {
                return Err(Failure::usage("two paths have no sides, project, profile or collection"));
            }
            let side = |path: &Path| context.around.absolute(path).and_then(|path| text(&path)).map(DiffSide::Path);
            Ok(DiffQuery { from: Some(side(from)?), to: Some(side(to)?), ..query })
        }
        what => {
            let name = what.first().map(|name| text(name)).transpose()?.unwrap_or_default();
            let artifact = change::artifact(&name).map_err(Failure::usage)?;
            let which = Which { project: args.project.clone(), all: false };
            Ok(DiffQuery {
                artifact: Some(artifact),
                scope: context.around.scope(&which)?,
                profile: args.profile.clone(),
                collection: args.collection.clone(),
                from: args.from.clone(),
                to: args.to.clone(),
                ..query
            })
        }
    }
}

/// Prints all pages.
fn print(
    out: &mut dyn Write,
    terminal: bool,
    args: &DiffArgs,
    look: Look,
    first: DiffReply,
    connection: &mut Connection,
    call: &mut Call,
) -> Result<(), crate::failure::Stop> {
    if terminal && !args.show.name_only {
        let sides = format!("{} \u{2192} {}", escape(&first.from.label), escape(&first.to.label));
        writeln!(out, "{}", paint(&sides, Tone::Dim, look.colour))?;
    }
    let mut page = first;
    let mut counted = Vec::new();
    loop {
        for file in &page.files {
            match (args.show.name_only, args.show.stat) {
                (true, _) if file.continued => {}
                (true, _) => name(out, &stat::shown(file), look)?,
                (_, true) => {}
                _ => write_file(out, file, look)?,
            }
        }
        if args.show.stat {
            counted.extend(page.files.drain(..).filter(|file| !file.continued));
        }
        let Some(next) = page.next.take() else { break };
        pages::set_cursor(&mut call.request, next);
        page = match connection.ask(call)? {
            Reply::Diff(page) => page,
            other => return Err(unexpected(&other).into()),
        };
    }
    if args.show.stat {
        stat::write(out, &counted, look.colour)?;
    }
    Ok(())
}

fn name(out: &mut dyn Write, name: &str, look: Look) -> io::Result<()> {
    match look.bytes {
        Bytes::AsTheyAre => writeln!(out, "{name}"),
        Bytes::Shown => writeln!(out, "{}", escape(name)),
    }
}

fn exit_code(args: &DiffArgs, identical: bool) -> u8 {
    if args.show.exit_code && !identical { exit::DRIFT } else { exit::OK }
}

/// Whether JSON says that nothing differs. The member comes before any text of files, so no reader of JSON is needed; a test of
/// the daemon holds it to that.
fn is_identical(text: &str) -> bool {
    text.split_once("\"identical\":").is_some_and(|(_, value)| value.starts_with("true"))
}
