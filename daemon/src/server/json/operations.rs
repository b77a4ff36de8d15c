//! Methods that change files, and those about what was changed before: parameters as people write them.
//!
//! The types default every member, for programs that fill in what they know. Here a member without which an operation
//! means nothing is asked for by name: an empty name would be looked up, and the answer would be about that.

use super::params::{fold, invalid, member, whole};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::request::{GroupChange, GroupEdit, Operate, Operation, Request, SnapshotQuery};

/// The methods read here, as `hello` lists them.
pub(super) const METHODS: [&str; 36] = [
    "deploy",
    "undeploy",
    "pull",
    "push",
    "sync_project",
    "adopt",
    "forget",
    "import",
    "add",
    "remove",
    "rename",
    "tag",
    "groups.create",
    "groups.add",
    "groups.remove",
    "groups.move",
    "groups.reorder",
    "groups.copy",
    "groups.rename",
    "groups.delete",
    "collections.create",
    "collections.rename",
    "collections.remove",
    "collections.set_default",
    "collections.verify",
    "undo",
    "operations.list",
    "operations.show",
    "snapshots.create",
    "snapshots.list",
    "snapshots.show",
    "snapshots.diff",
    "snapshots.delete",
    "snapshots.prune",
    "snapshots.restore",
    "rollback",
];

/// Reads a request; `None` when the method is none of these.
///
/// # Errors
/// `InvalidParams`.
pub(super) fn read(method: &str, params: Map<String, Value>) -> Result<Option<Request>, WireError> {
    Ok(Some(match method {
        "operations.list" => Request::Operations(whole(params)?),
        "operations.show" => Request::OperationShow(whole(params)?),
        "snapshots.create" => Request::Snapshots(SnapshotQuery::Create(whole(params)?)),
        "snapshots.list" => Request::Snapshots(SnapshotQuery::List(whole(params)?)),
        "snapshots.show" => Request::Snapshots(SnapshotQuery::Show(with(&["snapshot"], params)?)),
        "snapshots.diff" => Request::Snapshots(SnapshotQuery::Diff(with(&["from"], params)?)),
        "snapshots.delete" => Request::Snapshots(SnapshotQuery::Delete(with(&["snapshots"], params)?)),
        "snapshots.prune" => Request::Snapshots(SnapshotQuery::Prune(whole(params)?)),
        _ => {
            let dry_run = member(&params, "dry_run")?.unwrap_or(false);
            let Some(operation) = operation(method, params)? else { return Ok(None) };
            Request::Operate(Operate { dry_run, operation })
        }
    }))
}

fn operation(method: &str, mut params: Map<String, Value>) -> Result<Option<Operation>, WireError> {
    use Operation as O;
    for name in ["artifacts", "artifact", "members"] {
        fold(&mut params, name, artifact)?;
    }
    Ok(Some(match method {
        "deploy" if params.contains_key("branch") => O::DeployBranch(with(&["projects"], params)?),
        "deploy" => O::Deploy(with(&["projects"], params)?),
        "undeploy" => O::Undeploy(with(&["project"], params)?),
        "pull" => O::Pull(with(&["project"], params)?),
        "push" if params.contains_key("branch") => O::PushBranch(with(&["project"], params)?),
        "push" => O::Push(with(&["project"], params)?),
        "sync_project" => O::SyncProject(with(&["project"], params)?),
        "adopt" => O::Adopt(with(&["project"], params)?),
        "forget" => O::Forget(with(&["project"], params)?),
        "import" => O::Import(with(&["project"], params)?),
        "add" => O::Add(with(&["paths"], params)?),
        "remove" => O::Remove(whole(params)?),
        "rename" => O::Rename(with(&["artifact", "to"], params)?),
        "tag" => O::Tag(whole(params)?),
        "collections.create" => O::CollectionCreate(with(&["name"], params)?),
        "collections.rename" => O::CollectionRename(with(&["collection", "to"], params)?),
        "collections.remove" => O::CollectionRemove(with(&["collection"], params)?),
        "collections.set_default" => O::CollectionSetDefault(with(&["collection"], params)?),
        "collections.verify" => O::CollectionVerify(whole(params)?),
        "undo" => O::Undo(whole(params)?),
        "snapshots.restore" => O::SnapshotRestore(with(&["snapshot"], params)?),
        "rollback" => O::Rollback(with(&["snapshot"], params)?),
        _ => match method.strip_prefix("groups.") {
            Some(verb) => return group(verb, &params),
            None => return Ok(None),
        },
    }))
}

fn group(verb: &str, params: &Map<String, Value>) -> Result<Option<Operation>, WireError> {
    let text = |name| member(params, name).map(Option::unwrap_or_default);
    let edit = match verb {
        "create" => GroupEdit::Create { description: text("description")?, color: text("color")?, icon: text("icon")? },
        "add" => GroupEdit::Add { members: needed(params, "members")?, at: member(params, "at")? },
        "remove" => GroupEdit::Remove { members: needed(params, "members")? },
        "move" => GroupEdit::Move { to: needed(params, "to")? },
        "reorder" => GroupEdit::Reorder { members: needed(params, "members")? },
        "copy" => GroupEdit::Copy { to: needed(params, "to")? },
        "rename" => GroupEdit::Rename { to: needed(params, "to")? },
        "delete" => GroupEdit::Delete,
        _ => return Ok(None),
    };
    let collection = member(params, "collection")?;
    Ok(Some(Operation::Group(GroupChange { collection, group: needed(params, "group")?, edit })))
}

/// `mcp-server:x` becomes `mcp:x`; a name alone says no type and stays what it is.
pub(super) fn artifact(text: &str) -> Result<String, WireError> {
    if !text.contains(':') {
        return Ok(text.to_owned());
    }
    text.parse().map(|key: ArtifactKey| key.to_string()).map_err(|why: String| invalid(&why))
}

/// All parameters, when these are among them.
pub(super) fn with<T: DeserializeOwned>(needed: &[&str], params: Map<String, Value>) -> Result<T, WireError> {
    match needed.iter().find(|name| !params.contains_key(**name)) {
        Some(name) => Err(missing(name)),
        None => whole(params),
    }
}

fn needed<T: DeserializeOwned>(params: &Map<String, Value>, name: &str) -> Result<T, WireError> {
    member(params, name)?.ok_or_else(|| missing(name))
}

pub(super) fn missing(name: &str) -> WireError {
    invalid(&format_args!("missing field `{name}`"))
}

#[cfg(test)]
mod tests;
