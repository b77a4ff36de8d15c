//! Methods that change files, and those about what was changed before: parameters as people write them.
//!
//! The types default every member, for programs that fill in what they know. Here a member without which an operation
//! means nothing is asked for by name: an empty name would be looked up, and the answer would be about that.

use super::params::{fold, invalid, member, whole};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::request::{GroupChange, GroupEdit, Operate, Operation, Request};

/// The methods read here, as `hello` lists them.
pub(super) const METHODS: [&str; 28] = [
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
];

/// Reads a request; `None` when the method is none of these.
///
/// # Errors
/// `InvalidParams`.
pub(super) fn read(method: &str, params: Map<String, Value>) -> Result<Option<Request>, WireError> {
    Ok(Some(match method {
        "operations.list" => Request::Operations(whole(params)?),
        "operations.show" => Request::OperationShow(whole(params)?),
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
        "deploy" => O::Deploy(with(&["projects"], params)?),
        "undeploy" => O::Undeploy(with(&["project"], params)?),
        "pull" => O::Pull(with(&["project"], params)?),
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
fn with<T: DeserializeOwned>(needed: &[&str], params: Map<String, Value>) -> Result<T, WireError> {
    match needed.iter().find(|name| !params.contains_key(**name)) {
        Some(name) => Err(missing(name)),
        None => whole(params),
    }
}

fn needed<T: DeserializeOwned>(params: &Map<String, Value>, name: &str) -> Result<T, WireError> {
    member(params, name)?.ok_or_else(|| missing(name))
}

fn missing(name: &str) -> WireError {
    invalid(&format_args!("missing field `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::super::super::encoding::Asked;
    use super::*;
    use serde_json::json;
    use skillmeat_protocol::error::ErrorCode;
    use skillmeat_protocol::ids::ArtifactType;
    use skillmeat_protocol::request::*;

    fn ask(method: &str, params: Value) -> Result<Request, ErrorCode> {
        let Value::Object(params) = params else { panic!("an object") };
        match super::super::params::read(method, params) {
            Ok(Asked::Call(call)) => Ok(call.request),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.code),
        }
    }

    fn which(artifacts: &[&str]) -> Which {
        Which { artifacts: artifacts.iter().map(ToString::to_string).collect(), ..Which::default() }
    }

    fn group(edit: GroupEdit) -> Operation {
        Operation::Group(GroupChange { collection: Some("team".into()), group: "g".into(), edit })
    }

    #[test]
    fn every_member_of_every_operation_is_read() {
        use Operation as O;
        let some = |text: &str| Some(text.to_owned());
        let list = |text: &str| vec![text.to_owned()];
        let profiles = Profiles { profiles: list("codex"), all_profiles: false };
        let transfer = |strategy| Transfer {
            which: which(&["skill:pdf"]),
            project: "app".into(),
            profiles: profiles.clone(),
            strategy,
        };
        let at = json!({"artifacts": ["Skills:pdf.md"], "project": "app", "profiles": ["codex"], "x": {"y": 1}});
        let and = |more: Value| {
            let mut params = at.clone();
            for (name, value) in more.as_object().expect("an object") {
                params[name] = value.clone();
            }
            params
        };
        let in_group = |more: Value| {
            let mut params = json!({"collection": "team", "group": "g"});
            for (name, value) in more.as_object().expect("an object") {
                params[name] = value.clone();
            }
            params
        };
        let members = || vec!["mcp:a".to_owned(), "b".to_owned()];
        let table: Vec<(&str, Value, Operation)> = vec![
            (
                "deploy",
                json!({"group": "g", "all": true, "collection": "team", "projects": ["/w"], "all_profiles": true,
                    "dest_path": "d", "in_the_way": "merge", "unknown": [1]}),
                O::Deploy(Deploy {
                    which: Which { group: some("g"), all: true, ..Which::default() },
                    collection: some("team"),
                    projects: list("/w"),
                    profiles: Profiles { profiles: vec![], all_profiles: true },
                    dest_path: some("d"),
                    in_the_way: InTheWay::Merge,
                }),
            ),
            (
                "undeploy",
                and(json!({"force": true})),
                O::Undeploy(Undeploy {
                    which: which(&["skill:pdf"]),
                    project: "app".into(),
                    profiles: profiles.clone(),
                    force: true,
                }),
            ),
            ("pull", and(json!({"strategy": "overwrite"})), O::Pull(transfer(Some(Strategy::Overwrite)))),
            ("push", and(json!({"strategy": "fork"})), O::Push(transfer(Some(Strategy::Fork)))),
            ("sync_project", and(json!({"strategy": null})), O::SyncProject(transfer(None))),
            (
                "adopt",
                and(json!({"collection": "team"})),
                O::Adopt(Adopt {
                    which: which(&["skill:pdf"]),
                    project: "app".into(),
                    profiles: profiles.clone(),
                    collection: some("team"),
                }),
            ),
            (
                "forget",
                and(json!({})),
                O::Forget(Forget { which: which(&["skill:pdf"]), project: "app".into(), profiles: profiles.clone() }),
            ),
            (
                "import",
                and(json!({"collection": "team"})),
                O::Import(Import {
                    which: which(&["skill:pdf"]),
                    project: "app".into(),
                    profiles: profiles.clone(),
                    collection: some("team"),
                }),
            ),
            (
                "add",
                json!({"paths": ["/a"], "type": "mcp-server", "name": "n", "collection": "team", "tags": ["t"], "force": true}),
                O::Add(Add {
                    paths: list("/a"),
                    kind: Some(ArtifactType::Mcp),
                    name: some("n"),
                    collection: some("team"),
                    tags: list("t"),
                    force: true,
                }),
            ),
            (
                "remove",
                json!({"artifacts": ["plugin:p", "plain.md"], "collection": "team"}),
                O::Remove(Remove { which: which(&["composite:p", "plain.md"]), collection: some("team") }),
            ),
            (
                "rename",
                json!({"artifact": "commands:review.md", "to": "check", "collection": "team"}),
                O::Rename(Rename { artifact: "command:review".into(), to: "check".into(), collection: some("team") }),
            ),
            (
                "tag",
                json!({"all": true, "collection": "team", "add": ["a"], "remove": ["r"]}),
                O::Tag(Tag {
                    which: Which { all: true, ..Which::default() },
                    collection: some("team"),
                    add: list("a"),
                    remove: list("r"),
                }),
            ),
            (
                "groups.create",
                in_group(json!({"description": "d", "color": "c"})),
                group(GroupEdit::Create { description: "d".into(), color: "c".into(), icon: String::new() }),
            ),
            (
                "groups.add",
                in_group(json!({"members": ["mcps:a", "b"], "at": 1})),
                group(GroupEdit::Add { members: members(), at: Some(1) }),
            ),
            (
                "groups.remove",
                in_group(json!({"members": ["mcps:a", "b"]})),
                group(GroupEdit::Remove { members: members() }),
            ),
            ("groups.move", in_group(json!({"to": 2})), group(GroupEdit::Move { to: 2 })),
            (
                "groups.reorder",
                in_group(json!({"members": ["mcps:a", "b"]})),
                group(GroupEdit::Reorder { members: members() }),
            ),
            ("groups.copy", in_group(json!({"to": "h"})), group(GroupEdit::Copy { to: "h".into() })),
            ("groups.rename", in_group(json!({"to": "h"})), group(GroupEdit::Rename { to: "h".into() })),
            ("groups.delete", in_group(json!({})), group(GroupEdit::Delete)),
            ("collections.create", json!({"name": "n"}), O::CollectionCreate(CollectionCreate { name: "n".into() })),
            (
                "collections.rename",
                json!({"collection": "team", "to": "n"}),
                O::CollectionRename(CollectionRename { collection: "team".into(), to: "n".into() }),
            ),
            (
                "collections.remove",
                json!({"collection": "team", "force": true}),
                O::CollectionRemove(CollectionRemove { collection: "team".into(), force: true }),
            ),
            (
                "collections.set_default",
                json!({"collection": "team"}),
                O::CollectionSetDefault(CollectionSetDefault { collection: "team".into() }),
            ),
            (
                "collections.verify",
                json!({"collection": "team", "fix": true}),
                O::CollectionVerify(CollectionVerify { collection: some("team"), fix: true }),
            ),
            (
                "undo",
                json!({"operation": 17, "project": "app", "collection": "team"}),
                O::Undo(Undo { operation: Some(17), project: some("app"), collection: some("team") }),
            ),
        ];
        let mut seen: Vec<&str> = table.iter().map(|(method, ..)| *method).collect();
        seen.extend(["operations.list", "operations.show"]);
        assert_eq!(seen, METHODS, "each method is tried");
        for (method, params, operation) in table {
            for dry_run in [false, true] {
                let mut params = params.clone();
                if dry_run {
                    params["dry_run"] = true.into();
                }
                let want = Request::Operate(Operate { dry_run, operation: operation.clone() });
                assert_eq!(ask(method, params), Ok(want), "{method}");
            }
        }
    }

    #[test]
    fn the_past_is_asked_about() {
        let query =
            OperationsQuery { project: Some("app".into()), collection: Some("team".into()), limit: 5, before: Some(9) };
        let params = json!({"project": "app", "collection": "team", "limit": 5, "before": 9, "freshness": "cached"});
        assert_eq!(ask("operations.list", params), Ok(Request::Operations(query)));
        assert_eq!(ask("operations.list", json!({})), Ok(Request::Operations(OperationsQuery::default())));
        let shown = Request::OperationShow(OperationId { operation: u64::MAX });
        assert_eq!(ask("operations.show", json!({"operation": u64::MAX})), Ok(shown));
    }

    #[test]
    fn what_an_operation_cannot_do_without_is_asked_for() {
        for (method, params) in [
            ("deploy", json!({"artifacts": ["skill:pdf"]})),
            ("deploy", json!({"artifacts": ["spell:pdf"], "projects": ["app"]})),
            ("deploy", json!({"artifacts": ["skill:"], "projects": ["app"]})),
            ("deploy", json!({"artifacts": "skill:pdf", "projects": ["app"]})),
            ("deploy", json!({"all": true, "projects": ["app"], "in_the_way": "ask"})),
            ("deploy", json!({"all": true, "projects": ["app"], "dry_run": "yes"})),
            ("undeploy", json!({"all": true, "project": null})),
            ("pull", json!({"project": "app", "strategy": "best"})),
            ("add", json!({"type": "skill"})),
            ("add", json!({"paths": ["/a"], "type": "spell"})),
            ("rename", json!({"artifact": "skill:pdf"})),
            ("groups.create", json!({})),
            ("groups.add", json!({"group": "g"})),
            ("groups.move", json!({"group": "g", "to": -1})),
            ("collections.create", json!({})),
            ("collections.remove", json!({"force": true})),
            ("undo", json!({"operation": "last"})),
            ("operations.show", json!({})),
        ] {
            assert_eq!(ask(method, params.clone()), Err(ErrorCode::InvalidParams), "{method} {params}");
        }
        assert_eq!(ask("groups.paint", json!({"group": "g"})), Err(ErrorCode::UnknownMethod));
    }
}
