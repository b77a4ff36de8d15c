//! Every method with every member, and what is refused.

use super::super::testing::ask;
use super::*;
use serde_json::json;
use skillmeat_protocol::error::ErrorCode;
use skillmeat_protocol::ids::ArtifactType;
use skillmeat_protocol::request::*;

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
        (
            "snapshots.restore",
            json!({"snapshot": "2026", "collection": "team", "to": "n"}),
            O::SnapshotRestore(SnapshotRestore { snapshot: "2026".into(), collection: some("team"), to: some("n") }),
        ),
        (
            "rollback",
            json!({"snapshot": "2026", "collection": "team", "preserve_changes": true, "paths": ["skills/a"]}),
            O::Rollback(Rollback {
                snapshot: "2026".into(),
                collection: some("team"),
                preserve_changes: true,
                paths: list("skills/a"),
            }),
        ),
    ];
    let mut seen: Vec<&str> = table.iter().map(|(method, ..)| *method).collect();
    seen.extend(["operations.list", "operations.show"]);
    seen.extend(snapshots().into_iter().map(|(method, ..)| method));
    seen.sort_unstable();
    let mut all = METHODS;
    all.sort_unstable();
    assert_eq!(seen, all, "each method is tried");
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

fn snapshots() -> Vec<(&'static str, Value, SnapshotQuery)> {
    use SnapshotQuery as Q;
    let some = |text: &str| Some(text.to_owned());
    let collection = || some("team");
    vec![
        (
            "snapshots.create",
            json!({"collection": "team", "message": "m"}),
            Q::Create(SnapshotCreate { collection: collection(), message: some("m") }),
        ),
        (
            "snapshots.list",
            json!({"collection": "team", "limit": 3, "cursor": "c"}),
            Q::List(SnapshotList { collection: collection(), limit: Some(3), cursor: some("c") }),
        ),
        (
            "snapshots.show",
            json!({"collection": "team", "snapshot": "s"}),
            Q::Show(SnapshotName { collection: collection(), snapshot: "s".into() }),
        ),
        (
            "snapshots.diff",
            json!({"collection": "team", "from": "a", "to": "b"}),
            Q::Diff(SnapshotDiff { collection: collection(), from: "a".into(), to: some("b") }),
        ),
        (
            "snapshots.delete",
            json!({"collection": "team", "snapshots": ["s"]}),
            Q::Delete(SnapshotDelete { collection: collection(), snapshots: vec!["s".into()] }),
        ),
        (
            "snapshots.prune",
            json!({"collection": "team", "keep": 1, "max_age_days": 2, "manual": true, "dry_run": true}),
            Q::Prune(SnapshotPrune {
                collection: collection(),
                keep: Some(1),
                max_age_days: Some(2),
                manual: true,
                dry_run: true,
            }),
        ),
    ]
}

#[test]
fn snapshots_are_asked_about() {
    for (method, params, query) in snapshots() {
        assert_eq!(ask(method, params), Ok(Request::Snapshots(query)), "{method}");
    }
    let usual = Request::Snapshots(SnapshotQuery::List(SnapshotList::default()));
    assert_eq!(ask("snapshots.list", json!({"limit": null})), Ok(usual));
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
        ("snapshots.show", json!({})),
        ("snapshots.diff", json!({"to": "b"})),
        ("snapshots.delete", json!({"snapshots": "s"})),
        ("snapshots.list", json!({"limit": -1})),
        ("snapshots.restore", json!({"to": "n"})),
        ("rollback", json!({"paths": ["a"]})),
    ] {
        assert_eq!(ask(method, params.clone()), Err(ErrorCode::InvalidParams), "{method} {params}");
    }
    assert_eq!(ask("groups.paint", json!({"group": "g"})), Err(ErrorCode::UnknownMethod));
}
