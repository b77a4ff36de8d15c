//! `project`: which directories are watched.

use std::path::{Path, PathBuf};

use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::{Problem, ProjectState, Reply};
use skillmeat_protocol::request::{Call, DiscoverQuery, Format, Freshness, ProjectPath, Request};

use super::{Context, pages};
use crate::args::ProjectCommand;
use crate::failure::{Done, Stop};
use crate::launch::{self, Start};
use crate::render::status::{NOTHING_YET, problems};
use crate::render::term::escape;
use crate::render::{json, progress, projects};
use crate::surroundings::text;
use crate::transport::{Connection, call, patience, unexpected};

/// Runs `project …`.
///
/// # Errors
/// Whatever ended it early.
pub fn project(context: &mut Context<'_>, command: ProjectCommand) -> Done {
    match command {
        ProjectCommand::List => list(context),
        ProjectCommand::Add { paths } => each(context, &paths, Registration::Add),
        ProjectCommand::Remove { paths } => each(context, &paths, Registration::Remove),
        ProjectCommand::Discover { root, depth, add } => {
            let root = context.around.absolute(&root.unwrap_or_else(|| PathBuf::from(".")))?;
            discover(context, DiscoverQuery { root: text(&root)?, depth, add })
        }
    }
}

fn list(context: &mut Context<'_>) -> Done {
    if context.json {
        pages::print_json(context, call(Request::Projects, Freshness::Synced))?;
        return Ok(exit::OK);
    }
    let (mut connection, reply) =
        launch::ask(context.around, &call(Request::Projects, Freshness::Synced), Start::IfNeeded)?;
    match reply {
        Reply::Projects(reply) => projects::write_projects(context.out, &reply.projects, context.around.colour)?,
        other => return Err(unexpected(&other).into()),
    }
    problems(context.out, &list_damage(&mut connection), context.around.colour)?;
    Ok(exit::OK)
}

/// What is wrong with the list of registered projects: some may be missing from it.
pub(super) fn list_damage(connection: &mut Connection) -> Vec<Problem> {
    let Ok(Reply::Health(health)) = connection.ask(&call(Request::Health, Freshness::Cached)) else {
        // Whoever asked has an answer; why there is none to this is another command's to say.
        return Vec::new();
    };
    health.problems.into_iter().filter(|p| Path::new(&p.file).ends_with("daemon/projects.toml")).collect()
}

#[derive(Clone, Copy)]
enum Registration {
    Add,
    Remove,
}

/// One request a path; what fails is reported and does not keep the others from being done.
fn each(context: &mut Context<'_>, paths: &[PathBuf], what: Registration) -> Done {
    let mut connection: Option<Connection> = None;
    let mut answers = Vec::new();
    let mut failures = Vec::new();
    for path in paths {
        let request = match what {
            Registration::Add => context.around.absolute(path).and_then(|path| text(&path)),
            Registration::Remove => context.around.project(path),
        }
        .map(|path| match what {
            Registration::Add => Request::ProjectAdd(ProjectPath { path }),
            Registration::Remove => Request::ProjectRemove(ProjectPath { path }),
        });
        let mut call = match request {
            Ok(request) => call(request, Freshness::Synced),
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        call.format = if context.json { Format::Json } else { Format::Typed };
        let answer = match &mut connection {
            Some(connection) => connection.ask(&call),
            // Without a daemon none of the others can be done either.
            None => {
                connection.insert(launch::reach(context.around, &call, Start::IfNeeded)?).reply(Some(patience(&call)))
            }
        };
        match answer {
            Ok(Reply::Json(text)) => answers.push(text),
            Ok(Reply::ProjectAdded(info)) => {
                writeln!(context.out, "added {} ({})", escape(&info.path), escape(&info.name))?;
                if info.state == ProjectState::Missing {
                    writeln!(context.out, "{NOTHING_YET}; it is watched as soon as there is one")?;
                }
            }
            Ok(Reply::ProjectRemoved(info)) => {
                writeln!(context.out, "removed {}; its files are as they were", escape(&info.path))?;
            }
            Ok(other) => return Err(unexpected(&other).into()),
            Err(failure) => failures.push(failure),
        }
    }
    let Some(last) = failures.pop() else {
        if context.json {
            json::data(context.out, &format!("{{\"projects\":[{}]}}", answers.join(",")))?;
        }
        return Ok(exit::OK);
    };
    if !context.json {
        context.out.flush()?;
        for failure in &failures {
            failure.write_human(context.err)?;
        }
    }
    Err(Stop::Failed(last))
}

fn discover(context: &mut Context<'_>, query: DiscoverQuery) -> Done {
    let format = if context.json { Format::Json } else { Format::Typed };
    // No deadline for the whole: progress shows that it is alive, and each step has the client's patience.
    let call = Call { freshness: Freshness::Synced, deadline_ms: 0, format, request: Request::Discover(query) };
    let mut connection = launch::reach(context.around, &call, Start::IfNeeded)?;
    let mut line = progress::Line::new(context.around, context.err);
    let reply = loop {
        match connection.reply(Some(patience(&call))) {
            Ok(Reply::Progress(progress)) => line.show(&progress::search(&progress))?,
            last => break last,
        }
    };
    line.clear()?;
    match reply? {
        Reply::Discovered(found) => projects::write_discovered(context.out, &found, context.around.colour)?,
        Reply::Json(text) => json::data(context.out, &text)?,
        other => return Err(unexpected(&other).into()),
    }
    Ok(exit::OK)
}
