//! `demo`: the whole product in a temporary directory, with nothing installed.
//!
//! A collection and three projects are made from a few bundled artifacts, a real daemon is started on them, and files
//! are changed as people change them. Each notification is printed as it arrives with the time since the save began.
//! Nothing sleeps: each step waits for the changes that it must cause, and says which did not come.
//!
//! Cleaning up is the work of a second process (`guard`), so that it happens after Ctrl-C and after a crash too.

mod guard;
mod script;
mod world;

use std::path::Path;
use std::time::Duration;

use skillmeat_protocol::error::{ErrorCode, exit};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::{ProjectStatus, Reply};
use skillmeat_protocol::request::{CollectionName, Detail, Freshness, ProjectPath, Request, Scope, StatusQuery};

use crate::args::DemoArgs;
use crate::commands::Context;
use crate::failure::{Done, Failure, Stop};
use crate::launch::{self, Start};
use crate::render::json;
use crate::render::status::{self as look, Depth, Look};
use crate::surroundings::{Surroundings, text};
use crate::transport::{Connection, call, patience, unexpected};
use crate::watch::subscription;

use guard::Guard;
use script::Told;
use world::World;

/// How long a change may take to be announced before the demonstration gives up.
pub(crate) const EVENT_WITHIN: Duration = Duration::from_secs(5);

/// Runs `demo`.
///
/// # Errors
/// When the daemon cannot be started or does not say what it should.
pub fn demo(context: &mut Context<'_>, args: &DemoArgs) -> Done {
    if let Some(dir) = &args.guard {
        return guard::stand(dir);
    }
    let dir = world::new_directory()?;
    let guard = Guard::post(&dir)?;
    let result = play(context, &dir);
    let cleaned = guard.relieve(&dir);
    result?;
    cleaned?;
    if !context.json {
        writeln!(context.out, "\nstopped the daemon and removed {}", dir.display())?;
    }
    Ok(exit::OK)
}

fn play(context: &mut Context<'_>, dir: &Path) -> Result<(), Stop> {
    let world = World::create(dir)?;
    let around = inside(context.around, &world);
    say(context, &format!("a collection and three projects in {}", dir.display()))?;
    let mut connection = deployed(&around, &world)?;
    let health = match connection.ask(&call(Request::Health, Freshness::Cached))? {
        Reply::Health(health) => health,
        other => return Err(unexpected(&other).into()),
    };
    say(context, &format!("skillmeatd {} watches them as process {}\n", health.version, health.pid))?;

    let mut events = subscribed(&around)?;
    let told = script::perform(context, &world, &mut events)?;
    let projects = final_status(&mut connection)?;
    if context.json {
        json::data(context.out, &script::to_json(&told))?;
        return Ok(());
    }
    summary(context, &told)?;
    writeln!(context.out)?;
    let colour = context.around.colour;
    look::write(context.out, &projects, Look { colour, detail: Depth::Brief })?;
    context.out.flush()?;
    Ok(())
}

/// The same process, with another home.
fn inside(around: &Surroundings, world: &World) -> Surroundings {
    let mut around = around.clone();
    around.env.skillmeat_home = Some(world.home.clone());
    around.no_start = false;
    around
}

/// Starts the daemon, lets it hash the collection, writes the deployment records and registers the projects.
fn deployed(around: &Surroundings, world: &World) -> Result<Connection, Failure> {
    let show = Request::CollectionShow(CollectionName { collection: world::COLLECTION.to_owned() });
    let (mut connection, reply) = launch::ask(around, &call(show, Freshness::Synced), Start::IfNeeded)?;
    let Reply::Collection(collection) = reply else {
        return Err(unexpected(&reply));
    };
    let hashes: Vec<(ArtifactKey, ContentHash)> = collection
        .artifacts
        .iter()
        .filter_map(|a| Some((ArtifactKey { kind: a.kind, name: a.name.clone() }, a.content_hash?)))
        .collect();
    world.write_records(&hashes)?;
    for project in world.projects() {
        let path = text(&project)?;
        match connection.ask(&call(Request::ProjectAdd(ProjectPath { path }), Freshness::Synced))? {
            Reply::ProjectAdded(_) => {}
            other => return Err(unexpected(&other)),
        }
    }
    for project in final_status(&mut connection)? {
        if project.counts.drifted() > 0 || project.counts.in_sync == 0 {
            return Err(Failure::new(
                ErrorCode::Internal,
                format!(
                    "{} is not in sync before anything was changed: {}",
                    project.name,
                    look::summary(project.counts, false)
                ),
            )
            .path(project.path));
        }
    }
    Ok(connection)
}

/// A connection on which only events come from now on.
fn subscribed(around: &Surroundings) -> Result<Connection, Failure> {
    let call = subscription(Scope::All);
    let (mut connection, reply) = launch::ask(around, &call, Start::Never)?;
    if !matches!(reply, Reply::Subscribed(_)) {
        return Err(unexpected(&reply));
    }
    match connection.reply(Some(patience(&call)))? {
        Reply::Live(_) => Ok(connection),
        other => Err(unexpected(&other)),
    }
}

fn final_status(connection: &mut Connection) -> Result<Vec<ProjectStatus>, Failure> {
    let query = StatusQuery { detail: Detail::Drift, ..StatusQuery::default() };
    match connection.ask(&call(Request::Status(query), Freshness::Synced))? {
        Reply::Status(reply) => Ok(reply.projects),
        other => Err(unexpected(&other)),
    }
}

fn say(context: &mut Context<'_>, line: &str) -> std::io::Result<()> {
    if context.json {
        return Ok(());
    }
    writeln!(context.out, "{line}")?;
    context.out.flush()
}

fn summary(context: &mut Context<'_>, told: &[Told]) -> std::io::Result<()> {
    let mut times: Vec<Duration> = told.iter().map(|t| t.after).collect();
    times.sort_unstable();
    let (Some(median), Some(slowest)) = (times.get(times.len() / 2), times.last()) else {
        return Ok(());
    };
    writeln!(
        context.out,
        "\n{} notifications, from save to notification: median {}, slowest {}",
        times.len(),
        script::milliseconds(*median),
        script::milliseconds(*slowest)
    )
}
