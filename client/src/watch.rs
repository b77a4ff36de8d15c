//! `watch`: drift as it happens, until interrupted.

use std::io::{self, Read};

use skillmeat_protocol::error::ErrorCode;
use skillmeat_protocol::event::{CauseKind, DriftEvent};
use skillmeat_protocol::reply::{Counts, Reply, SubscribedReply};
use skillmeat_protocol::request::{Call, Format, Freshness, Request, Scope, SubscribeQuery, SyncQuery};

use crate::args::Which;
use crate::commands::Context;
use crate::failure::{Done, Failure, Stop};
use crate::launch::{self, Start};
use crate::render::json;
use crate::render::status::{condition, said, summary};
use crate::render::term::{Tone, count, escape, paint};
use crate::time::Utc;
use crate::transport::{Lines, call, patience, unexpected};

/// Runs `watch`.
///
/// # Errors
/// Whatever ends it; a daemon that stops does.
pub fn watch(context: &mut Context<'_>, which: &Which) -> Done {
    let scope = context.around.scope(which)?;
    if context.json { lines(context, &scope) } else { people(context, &scope) }
}

/// A subscription for `scope`.
pub fn subscription(scope: Scope) -> Call {
    let request = Request::Subscribe(SubscribeQuery { scope, since: None });
    Call { freshness: Freshness::Synced, deadline_ms: 0, format: Format::Typed, request }
}

fn people(context: &mut Context<'_>, scope: &Scope) -> Done {
    let colour = context.around.colour;
    // Each turn is one subscription; a reader that was too slow is told so and asks again.
    loop {
        let call = subscription(scope.clone());
        let mut connection = launch::reach(context.around, &call, Start::IfNeeded)?;
        match connection.reply(Some(patience(&call)))? {
            Reply::Subscribed(now) => opening(context, &now, colour)?,
            other => return Err(unexpected(&other).into()),
        }
        loop {
            context.out.flush()?;
            match connection.reply(None).map_err(ended)? {
                Reply::Live(_) => {}
                Reply::Event(event) => write_event(context.out, &event, colour)?,
                Reply::Resync(_) => {
                    writeln!(context.err, "note: too many changes at once; showing the present state again")?;
                    break;
                }
                other => return Err(unexpected(&other).into()),
            }
        }
    }
}

fn opening(context: &mut Context<'_>, now: &SubscribedReply, colour: bool) -> io::Result<()> {
    let mut total = Counts::default();
    now.snapshot.iter().for_each(|project| total.add(project.counts));
    let projects = match now.snapshot.as_slice() {
        [one] => one.path.clone(),
        all => count(all.len() as u64, "project", "projects"),
    };
    writeln!(context.out, "watching {}: {}", escape(&projects), summary(total, colour))?;
    for project in &now.snapshot {
        if let Some((word, tone)) = condition(project.state, project.available, project.counts) {
            writeln!(context.out, "{}  {}", escape(&project.path), paint(word, tone, colour))?;
        }
    }
    Ok(())
}

fn ended(failure: Failure) -> Stop {
    Stop::Failed(if failure.code == ErrorCode::ShuttingDown.as_str() {
        Failure { message: "the daemon ended".to_owned(), ..failure }
            .hint("any command starts it again; 'skillmeat daemon logs' says why it ended")
    } else {
        failure
    })
}

/// One line for each item of an event.
pub fn write_event(out: &mut dyn io::Write, event: &DriftEvent, colour: bool) -> io::Result<()> {
    let time = Utc::now().clock();
    let start = format!("{} {}", paint(&time, Tone::Dim, colour), escape(&event.project_name));
    let by = event.cause.operation.map(|operation| format!("  by operation {operation}")).unwrap_or_default();
    let by = paint(&by, Tone::Dim, colour);
    if event.cause.kind == CauseKind::Availability || !event.available {
        let (word, tone) = match (event.available, event.cause.path.is_some()) {
            (true, _) => ("available", Tone::Good),
            (false, true) => ("missing", Tone::Bad),
            // Nothing happened at its path: somebody removed it from the list.
            (false, false) => ("no longer registered", Tone::Dim),
        };
        writeln!(out, "{start}  {}  {}", paint(word, tone, colour), escape(&event.project))?;
    }
    for change in &event.items {
        let item = &change.item;
        let state = paint(item.state.as_str(), Tone::of(item.state), colour);
        write!(out, "{start}  {state}  {}", escape(&format!("{}:{}", item.kind, item.name)))?;
        match change.previous {
            // Nothing became of it: more is known.
            Some(_) if event.cause.kind == CauseKind::Merge => {}
            Some(previous) => write!(out, "  (was {previous})")?,
            None => write!(out, "  (new)")?,
        }
        let said = said(item);
        if !said.is_empty() {
            write!(out, "  {}", escape(&said))?;
        }
        writeln!(out, "{by}")?;
    }
    for gone in &event.gone {
        let key = gone.key.to_string();
        writeln!(out, "{start}  {}  {}{by}", paint("gone", Tone::Dim, colour), escape(&key))?;
    }
    Ok(())
}

/// The daemon's own JSON lines, unchanged.
fn lines(context: &mut Context<'_>, scope: &Scope) -> Done {
    // Brings a daemon up, and reports a scope that is none in the client's envelope rather than in JSON-RPC's.
    let sync = Request::Sync(SyncQuery { scope: scope.clone() });
    let (connection, _) = launch::ask(context.around, &call(sync, Freshness::Synced), Start::IfNeeded)?;
    let mut lines = Lines::open(&connection.endpoint)?;
    drop(connection);
    lines.send(&format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscribe\",\"params\":{{\"scope\":{}}}}}\n",
        scope_json(scope)
    ))?;
    let mut stream = lines.into_stream()?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Err(ended(Failure::new(ErrorCode::ShuttingDown, "the daemon ended"))),
            Ok(read) => {
                context.out.write_all(&buffer[..read])?;
                context.out.flush()?;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => {
                return Err(ended(Failure::new(ErrorCode::ShuttingDown, format!("lost the daemon: {e}"))));
            }
        }
    }
}

fn scope_json(scope: &Scope) -> String {
    match scope {
        Scope::All => "\"all\"".to_owned(),
        Scope::Project(project) => format!("{{\"project\":{}}}", json::string(project)),
        Scope::Containing(path) => format!("{{\"containing\":{}}}", json::string(path)),
    }
}
