//! `snapshot` and `rollback`: from a command line to what is asked.

use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::{Reply, SnapshotReply};
use skillmeat_protocol::request::{
    Format, Freshness, Operation, Request, Rollback, SnapshotCreate, SnapshotDelete, SnapshotDiff, SnapshotList,
    SnapshotName, SnapshotPrune, SnapshotQuery, SnapshotRestore,
};

use super::Context;
use super::operate::{Plan, followed, operate};
use crate::args::{RollbackArgs, SnapshotCommand};
use crate::failure::Done;
use crate::launch::{self, Start};
use crate::render::{json, snapshots};
use crate::transport::{call, unexpected};

/// Runs `snapshot …`.
///
/// # Errors
/// Whatever ended it early.
pub fn snapshot(context: &mut Context<'_>, command: SnapshotCommand) -> Done {
    let query = match command {
        SnapshotCommand::Create { message, of } => {
            SnapshotQuery::Create(SnapshotCreate { collection: of.collection, message })
        }
        SnapshotCommand::List { of, limit, cursor } => {
            SnapshotQuery::List(SnapshotList { collection: of.collection, limit: Some(limit), cursor })
        }
        SnapshotCommand::Show { snapshot, of } => {
            SnapshotQuery::Show(SnapshotName { snapshot, collection: of.collection })
        }
        SnapshotCommand::Diff { from, to, of } => {
            SnapshotQuery::Diff(SnapshotDiff { from, to, collection: of.collection })
        }
        SnapshotCommand::Delete { snapshots, of } => {
            SnapshotQuery::Delete(SnapshotDelete { snapshots, collection: of.collection })
        }
        SnapshotCommand::Prune { of, keep, max_age_days, manual, manner } => {
            let dry_run = manner.dry_run;
            SnapshotQuery::Prune(SnapshotPrune { collection: of.collection, keep, max_age_days, manual, dry_run })
        }
        SnapshotCommand::Restore { snapshot, to, of, manner } => {
            let restore = SnapshotRestore { snapshot, collection: of.collection, to };
            let operation = Operation::SnapshotRestore(restore);
            return operate(context, None, Plan { operation, dry_run: manner.dry_run });
        }
    };
    ask(context, query)
}

/// Runs `rollback`.
///
/// # Errors
/// Whatever ended it early.
pub fn rollback(context: &mut Context<'_>, args: RollbackArgs) -> Done {
    let RollbackArgs { snapshot, preserve_changes, paths, of, manner } = args;
    let operation = Operation::Rollback(Rollback { snapshot, collection: of.collection, preserve_changes, paths });
    operate(context, None, Plan { operation, dry_run: manner.dry_run })
}

/// Packing a large collection takes as long as it takes: only the daemon's silence is limited.
fn ask(context: &mut Context<'_>, query: SnapshotQuery) -> Done {
    let mut call = call(Request::Snapshots(query), Freshness::Synced);
    if context.json {
        call.format = Format::Json;
    }
    let mut connection = launch::reach(context.around, &call, Start::IfNeeded)?;
    let colour = context.around.colour;
    let reply = followed(context, &mut connection, "snapshot")??;
    let out = &mut *context.out;
    let problems = match reply {
        Reply::Json(text) => {
            json::data(out, &text)?;
            return Ok(exit::OK);
        }
        Reply::Snapshots(reply) => match &reply {
            SnapshotReply::Created(reply) => snapshots::write_created(out, reply, colour).map(|()| 0)?,
            SnapshotReply::Listed(reply) => snapshots::write_list(out, reply, colour).map(|()| 0)?,
            SnapshotReply::Shown(reply) => snapshots::write_one(out, reply, colour).map(|()| 0)?,
            SnapshotReply::Compared(reply) => snapshots::write_changes(out, reply, colour).map(|()| 0)?,
            SnapshotReply::Deleted(reply) => {
                snapshots::write_deleted(out, reply, colour)?;
                reply.problems.len()
            }
        },
        other => return Err(unexpected(&other).into()),
    };
    Ok(if problems == 0 { exit::OK } else { exit::FAILED })
}
