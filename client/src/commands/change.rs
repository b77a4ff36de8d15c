//! Commands that change artifacts: from a command line to the operation that it means.

use std::path::{Path, PathBuf};

use skillmeat_protocol::error::ErrorCode;
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{
    Add, Adopt, Deploy, DeployBranch, Detail, Forget, Freshness, Import, InTheWay, Operation, Profiles, PushBranch,
    Remove, Rename, Request, StatusQuery, Strategy, Tag, Transfer, Undeploy, Undo, Which,
};

use super::Context;
use super::decide::decide;
use super::operate::{Plan, carry_out, operate};
use crate::args::{
    self, AddArgs, At, DeployArgs, ForgetArgs, Named, PushArgs, RemoveArgs, RenameArgs, TagArgs, TakeArgs,
    TransferArgs, UndeployArgs, UndoArgs,
};
use crate::failure::{Done, Failure};
use crate::launch::{self, Start};
use crate::surroundings::text;
use crate::transport::{Connection, call, unexpected};

/// Runs `deploy`.
///
/// # Errors
/// Whatever ended it early.
pub fn deploy(context: &mut Context<'_>, args: DeployArgs) -> Done {
    let (connection, projects) = if args.projects.is_empty() {
        let (connection, around) = containing(context)?;
        (Some(connection), vec![around])
    } else {
        (None, each(&args.projects, |path| context.around.project(path))?)
    };
    let in_the_way = match (args.force, args.merge) {
        (true, _) => InTheWay::Force,
        (false, true) => InTheWay::Merge,
        (false, false) => InTheWay::Refuse,
    };
    let deploy = Deploy {
        which: Which { artifacts: args.chosen.names, group: args.chosen.group, all: args.chosen.all },
        collection: args.collection,
        projects,
        profiles: Profiles { profiles: args.profiles, all_profiles: args.all_profiles },
        dest_path: args.dest_path,
        in_the_way,
    };
    let operation = match args.branch {
        Some(branch) => Operation::DeployBranch(DeployBranch { deploy, branch }),
        None => Operation::Deploy(deploy),
    };
    operate(context, connection, Plan { operation, dry_run: args.manner.dry_run })
}

/// Runs `undeploy`.
///
/// # Errors
/// Whatever ended it early.
pub fn undeploy(context: &mut Context<'_>, args: UndeployArgs) -> Done {
    let (connection, project) = project(context, &args.at)?;
    let (which, profiles) = (which(args.named), profiles(args.at));
    let operation = Operation::Undeploy(Undeploy { which, project, profiles, force: args.force });
    operate(context, connection, Plan { operation, dry_run: args.manner.dry_run })
}

/// Runs `pull`, `push` or `sync`.
///
/// # Errors
/// Whatever ended it early.
pub fn transfer(context: &mut Context<'_>, args: TransferArgs, direction: fn(Transfer) -> Operation) -> Done {
    let (connection, project) = project(context, &args.at)?;
    let which = Which { artifacts: args.names, ..Which::default() };
    let strategy = if args.markers { Some(Strategy::Markers) } else { args.strategy.map(Into::into) };
    let operation = direction(Transfer { which, project, profiles: profiles(args.at), strategy });
    let (code, reply) = carry_out(context, connection, Plan { operation, dry_run: args.manner.dry_run })?;
    match reply {
        Some(reply) => decide(context, &reply, direction),
        None => Ok(code),
    }
}

/// Runs `push`.
///
/// # Errors
/// Whatever ended it early.
pub fn push(context: &mut Context<'_>, args: PushArgs) -> Done {
    let PushArgs { transfer: args, branch: Some(branch) } = args else {
        return transfer(context, args.transfer, Operation::Push);
    };
    let (connection, project) = project(context, &args.at)?;
    let which = Which { artifacts: args.names, ..Which::default() };
    let transfer = Transfer { which, project, profiles: profiles(args.at), strategy: args.strategy.map(Into::into) };
    let operation = Operation::PushBranch(PushBranch { transfer, branch });
    operate(context, connection, Plan { operation, dry_run: args.manner.dry_run })
}

/// Runs `adopt`.
///
/// # Errors
/// Whatever ended it early.
pub fn adopt(context: &mut Context<'_>, args: TakeArgs) -> Done {
    let (connection, project) = project(context, &args.at)?;
    let (which, profiles) = (which(args.named), profiles(args.at));
    let operation = Operation::Adopt(Adopt { which, project, profiles, collection: args.collection });
    operate(context, connection, Plan { operation, dry_run: args.manner.dry_run })
}

/// Runs `import`.
///
/// # Errors
/// Whatever ended it early.
pub fn import(context: &mut Context<'_>, args: TakeArgs) -> Done {
    let (connection, project) = project(context, &args.at)?;
    let (which, profiles) = (which(args.named), profiles(args.at));
    let operation = Operation::Import(Import { which, project, profiles, collection: args.collection });
    operate(context, connection, Plan { operation, dry_run: args.manner.dry_run })
}

/// Runs `forget`.
///
/// # Errors
/// Whatever ended it early.
pub fn forget(context: &mut Context<'_>, args: ForgetArgs) -> Done {
    let (connection, project) = project(context, &args.at)?;
    let operation = Operation::Forget(Forget { which: which(args.named), project, profiles: profiles(args.at) });
    operate(context, connection, Plan { operation, dry_run: args.manner.dry_run })
}

/// Runs `add`.
///
/// # Errors
/// Whatever ended it early.
pub fn add(context: &mut Context<'_>, args: AddArgs) -> Done {
    let operation = Operation::Add(Add {
        paths: each(&args.paths, |path| text(&context.around.unresolved(path)?))?,
        kind: args.kind,
        name: args.name,
        collection: args.collection,
        tags: args.tags,
        force: args.force,
    });
    operate(context, None, Plan { operation, dry_run: args.manner.dry_run })
}

/// Runs `remove`.
///
/// # Errors
/// Whatever ended it early.
pub fn remove(context: &mut Context<'_>, args: RemoveArgs) -> Done {
    let which = Which { artifacts: args.names, ..Which::default() };
    let operation = Operation::Remove(Remove { which, collection: args.collection });
    operate(context, None, Plan { operation, dry_run: args.manner.dry_run })
}

/// Runs `rename`.
///
/// # Errors
/// Whatever ended it early.
pub fn rename(context: &mut Context<'_>, args: RenameArgs) -> Done {
    let operation = Operation::Rename(Rename { artifact: args.artifact, to: args.to, collection: args.collection });
    operate(context, None, Plan { operation, dry_run: args.manner.dry_run })
}

/// Runs `tag`.
///
/// # Errors
/// Whatever ended it early.
pub fn tag(context: &mut Context<'_>, args: TagArgs) -> Done {
    let which = Which { artifacts: args.names, ..Which::default() };
    let operation = Operation::Tag(Tag { which, collection: args.collection, add: args.add, remove: args.remove });
    operate(context, None, Plan { operation, dry_run: args.manner.dry_run })
}

/// Runs `undo`.
///
/// # Errors
/// Whatever ended it early.
pub fn undo(context: &mut Context<'_>, args: UndoArgs) -> Done {
    let project = args.whose.project.as_deref().map(|path| context.around.project(path)).transpose()?;
    let operation = Operation::Undo(Undo { operation: args.operation, project, collection: args.whose.collection });
    operate(context, None, Plan { operation, dry_run: args.manner.dry_run })
}

fn which(named: Named) -> Which {
    Which { artifacts: named.names, group: None, all: named.all }
}

fn profiles(at: At) -> Profiles {
    Profiles { profiles: at.profiles, all_profiles: false }
}

fn each(paths: &[PathBuf], read: impl Fn(&Path) -> Result<String, Failure>) -> Result<Vec<String>, Failure> {
    paths.iter().map(|path| read(path)).collect()
}

/// The project that is meant, and the connection on which it was asked for.
pub(super) fn project(context: &Context<'_>, at: &At) -> Result<(Option<Connection>, String), Failure> {
    match &at.project {
        Some(given) => Ok((None, context.around.project(given)?)),
        None => containing(context).map(|(connection, project)| (Some(connection), project)),
    }
}

/// The registered project around the working directory. Operations name theirs, so that what is undone or read in the
/// history later is not a matter of where somebody stood.
fn containing(context: &Context<'_>) -> Result<(Connection, String), Failure> {
    let scope = context.around.scope(&args::Which::default())?;
    let query = StatusQuery { scope, detail: Detail::Counts, ..StatusQuery::default() };
    let call = call(Request::Status(query), Freshness::Cached);
    match launch::ask(context.around, &call, Start::IfNeeded)? {
        (connection, Reply::Status(reply)) => {
            match reply.projects.into_iter().next() {
                Some(project) => Ok((connection, project.path)),
                None => Err(Failure::new(ErrorCode::NotRegistered, "no registered project is here")
                    .hint("skillmeat project add .")),
            }
        }
        (_, other) => Err(unexpected(&other)),
    }
}
