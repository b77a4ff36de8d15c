//! `versions` and `version`.

use std::path::PathBuf;

use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::{FollowersReply, Reply};
use skillmeat_protocol::request::{
    BranchCreate, BranchDelete, BranchList, BranchQuery, Freshness, Operation, Profiles, Request, Restore, Switch,
    VersionGraphQuery, VersionName, VersionPages, VersionTag, VersionsQuery,
};

use super::change::project;
use super::operate::{Plan, operate};
use super::{Context, diff, pages};
use crate::args::{At, DiffArgs, USUAL_VERSIONS, VersionCommand, VersionsArgs};
use crate::failure::{Done, Stop};
use crate::launch::{self, Start};
use crate::render::branches::{self, Names};
use crate::render::term::{count, escape};
use crate::render::{graph, versions as look};
use crate::transport::{Connection, call, patience, unexpected};

/// Runs `versions`.
///
/// # Errors
/// Whatever ended it early.
pub fn versions(context: &mut Context<'_>, args: VersionsArgs) -> Done {
    let VersionsArgs { artifact, graph, dot, limit, before } = args;
    let query = VersionsQuery { artifact: artifact.clone(), limit, before };
    if !graph && !context.json {
        return listed(context, query);
    }
    let list = BranchList { artifact: artifact.clone(), collection: None };
    let request = if graph { Request::VersionGraph(VersionGraphQuery { artifact }) } else { Request::Versions(query) };
    if context.json {
        pages::print_json(context, call(request, Freshness::Synced))?;
        return Ok(exit::OK);
    }
    let colour = context.around.colour;
    let (mut connection, reply) = launch::ask(context.around, &call(request, Freshness::Synced), Start::IfNeeded)?;
    // Of the same moment, as nearly as that can be said.
    let names = named(&connection.ask(&call(Request::Branches(BranchQuery::List(list)), Freshness::Cached))?)?;
    let Reply::VersionGraph(reply) = reply else { return Err(unexpected(&reply).into()) };
    if dot {
        graph::write_dot(context.out, &reply, &names)?;
    } else {
        graph::write_text(context.out, &reply, &names, colour)?;
    }
    context.out.flush()?;
    context.note_stale(reply.stale.as_deref(), reply.fresh, Freshness::Synced)?;
    Ok(exit::OK)
}

/// Prints a list. It comes in pages, so that the daemon makes one while another is made into rows.
fn listed(context: &mut Context<'_>, query: VersionsQuery) -> Done {
    let VersionsQuery { artifact, limit, before } = query;
    let limit = if limit == 0 { USUAL_VERSIONS } else { limit };
    let list = BranchQuery::List(BranchList { artifact: artifact.clone(), collection: None });
    let (mut connection, reply) =
        launch::ask(context.around, &call(Request::Branches(list), Freshness::Synced), Start::IfNeeded)?;
    let names = named(&reply)?;
    let asked = call(Request::VersionPages(VersionPages { artifact, limit, before, page: 0 }), Freshness::Synced);
    connection.send(&asked)?;
    let (mut list, mut told) = (look::List::default(), 0);
    loop {
        let reply = connection.reply(Some(patience(&asked)))?;
        let Reply::Versions(page) = reply else { return Err(unexpected(&reply).into()) };
        list.add(&page.versions, &names);
        told += page.versions.len();
        if page.next.is_some() && told != limit as usize {
            continue;
        }
        list.write(context.out, &page.artifact, page.next, context.around.colour)?;
        let followers = followers(&mut connection, page.artifact)?;
        branches::write_followers(context.out, &followers, context.around.colour)?;
        context.out.flush()?;
        context.note_stale(page.stale.as_deref(), page.fresh, Freshness::Synced)?;
        return Ok(exit::OK);
    }
}

/// Which branches end where.
fn named(reply: &Reply) -> Result<Names, Stop> {
    match reply {
        Reply::Branches(reply) => Ok(Names::of(reply)),
        other => Err(unexpected(other).into()),
    }
}

/// Who follows a branch by its name, of the same moment as nearly as that can be said.
fn followers(connection: &mut Connection, artifact: String) -> Result<FollowersReply, Stop> {
    let request = Request::Branches(BranchQuery::Followers(BranchList { artifact, collection: None }));
    match connection.ask(&call(request, Freshness::Cached))? {
        Reply::Followers(reply) => Ok(reply),
        other => Err(unexpected(&other).into()),
    }
}

/// Runs `version …`.
///
/// # Errors
/// Whatever ended it early.
pub fn version(context: &mut Context<'_>, command: VersionCommand) -> Done {
    let request = match command {
        VersionCommand::Restore { named, project: given, profiles, collection, manner } => {
            let (connection, project) = match collection {
                Some(_) => (None, None),
                None => {
                    let (connection, project) = project(context, &At { project: given, profiles: Vec::new() })?;
                    (connection, Some(project))
                }
            };
            let profiles = Profiles { profiles, all_profiles: false };
            let restore = Restore { artifact: named.artifact, version: named.version, project, profiles, collection };
            let plan = Plan { operation: Operation::Restore(restore), dry_run: manner.dry_run };
            return operate(context, connection, plan);
        }
        VersionCommand::Diff { artifact, from, to, project, collection, show } => {
            let what = vec![PathBuf::from(artifact)];
            let args = DiffArgs { what, project, profile: None, collection, from: Some(from), to, show };
            return diff::diff(context, &args);
        }
        VersionCommand::Branch { artifact, branch, at, delete, list: _, collection } => {
            Request::Branches(match branch {
                None => BranchQuery::List(BranchList { artifact, collection }),
                Some(branch) if delete => BranchQuery::Delete(BranchDelete { artifact, branch, collection }),
                Some(branch) => BranchQuery::Create(BranchCreate { artifact, branch, at, collection }),
            })
        }
        VersionCommand::Followers { artifact, collection } => {
            Request::Branches(BranchQuery::Followers(BranchList { artifact, collection }))
        }
        VersionCommand::Switch { artifact, branch, collection, manner } => {
            let operation = Operation::Switch(Switch { artifact, branch, collection });
            return operate(context, None, Plan { operation, dry_run: manner.dry_run });
        }
        VersionCommand::Show { named } => {
            Request::VersionShow(VersionName { artifact: named.artifact, version: named.version })
        }
        VersionCommand::Tag { named, tag } => {
            Request::VersionTag(VersionTag { artifact: named.artifact, version: Some(named.version), tag })
        }
        VersionCommand::Untag { artifact, tag } => Request::VersionTag(VersionTag { artifact, version: None, tag }),
    };
    if context.json {
        pages::print_json(context, call(request, Freshness::Synced))?;
        return Ok(exit::OK);
    }
    let colour = context.around.colour;
    let (mut connection, reply) = launch::ask(context.around, &call(request, Freshness::Synced), Start::IfNeeded)?;
    match reply {
        Reply::Version(reply) => look::write_one(context.out, &reply, colour)?,
        Reply::Branches(reply) => {
            branches::write_list(context.out, &reply, colour)?;
            let followers = followers(&mut connection, reply.artifact)?;
            branches::write_followers(context.out, &followers, colour)?;
        }
        Reply::Followers(reply) => {
            branches::write_followers(context.out, &reply, colour)?;
            let number = count(reply.followers.len() as u64, "copy follows", "copies follow");
            writeln!(context.out, "{number} a branch of {} by its name", escape(&reply.artifact))?;
        }
        other => return Err(unexpected(&other).into()),
    }
    Ok(exit::OK)
}
