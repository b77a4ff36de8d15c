//! Operations: what command lines ask for.

use skillmeat_protocol::error::{ErrorCode, WireError, exit};
use skillmeat_protocol::ids::ArtifactType;
use skillmeat_protocol::reply::{Reply, SnapshotReply, SnapshotsDeleted};
use skillmeat_protocol::request::*;

use crate::fake::Home;
use crate::operations::{done, serving};
use crate::samples::{status_of, text};

/// Which operation a command line asks for; `around` when it needs the project around the directory first.
fn asked(line: &str, around: bool) -> Operate {
    let mut replies = vec![done()];
    if around {
        replies.insert(0, vec![status_of(vec![])]);
    }
    let home = serving(replies);
    let words: Vec<&str> = line.split(' ').collect();
    let (code, out, err) = home.run(&words);
    assert_eq!((code, err.as_str()), (exit::OK, ""), "{line}: {out}");
    let seen = home.seen.lock().expect("not poisoned");
    assert_eq!(seen.calls.len(), 1 + usize::from(around), "{line}");
    if around {
        let cwd = home.around.cwd.as_ref().and_then(|cwd| cwd.to_str()).expect("text").to_owned();
        let want = StatusQuery { scope: Scope::Containing(cwd), detail: Detail::Counts, ..StatusQuery::default() };
        assert_eq!(seen.calls[0].request, Request::Status(want), "{line}");
    }
    match &seen.calls.last().expect("one").request {
        Request::Operate(operate) => operate.clone(),
        other => panic!("{line}: {other:?}"),
    }
}

fn which(names: &[&str]) -> Which {
    Which { artifacts: names.iter().map(ToString::to_string).collect(), ..Which::default() }
}

fn all() -> Which {
    Which { all: true, ..Which::default() }
}

/// `/w` is the project that the fake daemon finds around the directory.
#[test]
fn command_lines_on_projects_become_operations() {
    use Operation as O;
    let here = || "/w".to_owned();
    let codex = Profiles { profiles: vec!["codex".into()], all_profiles: false };
    let conflict = || ConflictName { artifact: "skill:pdf".into(), project: "a".into(), profile: Some("codex".into()) };
    let transfer = |which, strategy| Transfer { which, project: here(), strategy, ..Transfer::default() };
    let table: Vec<(&str, bool, Operation)> = vec![
        (
            "deploy Skills:pdf.md review",
            true,
            O::Deploy(Deploy { which: which(&["skill:pdf", "review"]), projects: vec![here()], ..Deploy::default() }),
        ),
        (
            "deploy --group g --collection team --project a --project b --all-profiles --dest-path d --force",
            false,
            O::Deploy(Deploy {
                which: Which { group: text("g"), ..Which::default() },
                collection: text("team"),
                projects: vec!["a".into(), "b".into()],
                profiles: Profiles { profiles: vec![], all_profiles: true },
                dest_path: text("d"),
                in_the_way: InTheWay::Force,
            }),
        ),
        (
            "deploy --all --profile codex --merge --project a",
            false,
            O::Deploy(Deploy {
                which: all(),
                projects: vec!["a".into()],
                profiles: codex.clone(),
                in_the_way: InTheWay::Merge,
                ..Deploy::default()
            }),
        ),
        (
            "undeploy pdf --profile codex --force",
            true,
            O::Undeploy(Undeploy { which: which(&["pdf"]), project: here(), profiles: codex.clone(), force: true }),
        ),
        (
            "undeploy --all --project a",
            false,
            O::Undeploy(Undeploy { which: all(), project: "a".into(), ..Undeploy::default() }),
        ),
        ("pull", true, O::Pull(transfer(which(&[]), None))),
        ("pull pdf --strategy merge", true, O::Pull(transfer(which(&["pdf"]), Some(Strategy::Merge)))),
        ("push skill:pdf --strategy fork", true, O::Push(transfer(which(&["skill:pdf"]), Some(Strategy::Fork)))),
        ("sync --strategy skip", true, O::SyncProject(transfer(which(&[]), Some(Strategy::Skip)))),
        ("sync --markers", true, O::SyncProject(transfer(which(&[]), Some(Strategy::Markers)))),
        ("resolve Skills:pdf.md --continue --project a --profile codex", false, O::ConflictContinue(conflict())),
        ("resolve skill:pdf --abort --project a --profile codex", false, O::ConflictAbort(conflict())),
        (
            "push --profile codex --project a --strategy overwrite",
            false,
            O::Push(Transfer {
                which: which(&[]),
                project: "a".into(),
                profiles: codex.clone(),
                strategy: Some(Strategy::Overwrite),
            }),
        ),
        (
            "adopt --all --collection team",
            true,
            O::Adopt(Adopt { which: all(), project: here(), collection: text("team"), ..Adopt::default() }),
        ),
        (
            "forget mcp-server:m --profile codex",
            true,
            O::Forget(Forget { which: which(&["mcp:m"]), project: here(), profiles: codex.clone() }),
        ),
        (
            "import notes --project a --profile codex --collection team",
            false,
            O::Import(Import {
                which: which(&["notes"]),
                project: "a".into(),
                profiles: codex.clone(),
                collection: text("team"),
            }),
        ),
        ("undo", false, O::Undo(Undo::default())),
        ("undo 17", false, O::Undo(Undo { operation: Some(17), ..Undo::default() })),
        (
            "undo --project a --collection team",
            false,
            O::Undo(Undo { project: text("a"), collection: text("team"), ..Undo::default() }),
        ),
    ];
    for (line, around, operation) in table {
        assert_eq!(asked(line, around), Operate { dry_run: false, operation: operation.clone() }, "{line}");
        assert_eq!(asked(&format!("{line} --dry-run"), around), Operate { dry_run: true, operation }, "{line}");
    }
}

#[test]
fn command_lines_on_collections_become_operations() {
    use Operation as O;
    let group = |collection: Option<&str>, edit| {
        O::Group(GroupChange { collection: collection.map(Into::into), group: "g".into(), edit })
    };
    let members = || vec!["skill:pdf".to_owned(), "review".to_owned()];
    let create = |description: &str, color: &str| GroupEdit::Create {
        description: description.into(),
        color: color.into(),
        icon: String::new(),
    };
    let table: Vec<(&str, Operation)> = vec![
        (
            "add /a/pdf --type plugin --name n --collection team --tag t --tag u --force",
            O::Add(Add {
                paths: vec!["/a/pdf".into()],
                kind: Some(ArtifactType::Composite),
                name: text("n"),
                collection: text("team"),
                tags: vec!["t".into(), "u".into()],
                force: true,
            }),
        ),
        (
            "remove skill:pdf review --collection team",
            O::Remove(Remove { which: which(&["skill:pdf", "review"]), collection: text("team") }),
        ),
        (
            "rename skill:pdf reader",
            O::Rename(Rename { artifact: "skill:pdf".into(), to: "reader".into(), collection: None }),
        ),
        (
            "tag pdf --add a --add b --remove c",
            O::Tag(Tag {
                which: which(&["pdf"]),
                collection: None,
                add: vec!["a".into(), "b".into()],
                remove: vec!["c".into()],
            }),
        ),
        ("tag pdf --remove c", O::Tag(Tag { which: which(&["pdf"]), remove: vec!["c".into()], ..Tag::default() })),
        ("group create g", group(None, create("", ""))),
        ("group create g --description d --color c --collection team", group(Some("team"), create("d", "c"))),
        (
            "group --collection team add g skill:pdf review --at 2",
            group(Some("team"), GroupEdit::Add { members: members(), at: Some(2) }),
        ),
        ("group remove g skill:pdf review", group(None, GroupEdit::Remove { members: members() })),
        ("group move g 3", group(None, GroupEdit::Move { to: 3 })),
        ("group reorder g skill:pdf review", group(None, GroupEdit::Reorder { members: members() })),
        ("group copy g h", group(None, GroupEdit::Copy { to: "h".into() })),
        ("group rename g h", group(None, GroupEdit::Rename { to: "h".into() })),
        ("group delete g", group(None, GroupEdit::Delete)),
        ("collection create n", O::CollectionCreate(CollectionCreate { name: "n".into() })),
        ("collection rename n m", O::CollectionRename(CollectionRename { collection: "n".into(), to: "m".into() })),
        ("collection remove n --force", O::CollectionRemove(CollectionRemove { collection: "n".into(), force: true })),
        ("collection set-default n", O::CollectionSetDefault(CollectionSetDefault { collection: "n".into() })),
        ("collection use n", O::CollectionSetDefault(CollectionSetDefault { collection: "n".into() })),
        ("collection verify", O::CollectionVerify(CollectionVerify { collection: None, fix: false })),
        ("collection verify n --fix", O::CollectionVerify(CollectionVerify { collection: text("n"), fix: true })),
        (
            "snapshot restore 2026 --to n --collection team",
            O::SnapshotRestore(SnapshotRestore { snapshot: "2026".into(), collection: text("team"), to: text("n") }),
        ),
        ("rollback 2026", O::Rollback(Rollback { snapshot: "2026".into(), ..Rollback::default() })),
        (
            "rollback 2026 --preserve-changes --path a --path b/c --collection team",
            O::Rollback(Rollback {
                snapshot: "2026".into(),
                collection: text("team"),
                preserve_changes: true,
                paths: vec!["a".into(), "b/c".into()],
            }),
        ),
    ];
    for (line, operation) in table {
        assert_eq!(asked(line, false), Operate { dry_run: false, operation: operation.clone() }, "{line}");
        assert_eq!(asked(&format!("{line} --dry-run"), false), Operate { dry_run: true, operation }, "{line}");
    }
}

#[test]
fn command_lines_on_snapshots_become_queries() {
    use SnapshotQuery as Q;
    let team = || text("team");
    for (line, want) in [
        ("snapshot create", Q::Create(SnapshotCreate::default())),
        (
            "snapshot create why --collection team",
            Q::Create(SnapshotCreate { collection: team(), message: text("why") }),
        ),
        ("snapshot list", Q::List(SnapshotList { limit: Some(50), ..SnapshotList::default() })),
        (
            "snapshot list -n 3 --cursor c --collection team",
            Q::List(SnapshotList { collection: team(), limit: Some(3), cursor: text("c") }),
        ),
        ("snapshot show s", Q::Show(SnapshotName { snapshot: "s".into(), collection: None })),
        ("snapshot diff a", Q::Diff(SnapshotDiff { from: "a".into(), ..SnapshotDiff::default() })),
        (
            "snapshot diff a b --collection team",
            Q::Diff(SnapshotDiff { from: "a".into(), to: text("b"), collection: team() }),
        ),
        (
            "snapshot delete a b",
            Q::Delete(SnapshotDelete { snapshots: vec!["a".into(), "b".into()], collection: None }),
        ),
        ("snapshot prune", Q::Prune(SnapshotPrune::default())),
        (
            "snapshot prune --keep 1 --max-age-days 0 --manual --dry-run --collection team",
            Q::Prune(SnapshotPrune {
                collection: team(),
                keep: Some(1),
                max_age_days: Some(0),
                manual: true,
                dry_run: true,
            }),
        ),
    ] {
        let deleted = SnapshotsDeleted { dry_run: false, snapshots: vec![], problems: vec![] };
        let home = serving(vec![vec![Reply::Snapshots(SnapshotReply::Deleted(deleted))]]);
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(home.run(&words).0, exit::OK, "{line}");
        let seen = home.seen.lock().expect("not poisoned");
        assert_eq!(seen.calls[0].request, Request::Snapshots(want), "{line}");
    }
}

#[test]
fn what_is_added_is_named_from_here_and_links_stay() {
    let home = serving(vec![done()]);
    let work = home.dir.path().join("work");
    std::os::unix::fs::symlink("/usr", work.join("link")).expect("link");
    assert_eq!(home.run(&["add", "link", "./x/y.md"]).0, exit::OK);
    let seen = home.seen.lock().expect("not poisoned");
    let Request::Operate(Operate { operation: Operation::Add(add), .. }) = &seen.calls[0].request else {
        panic!("{:?}", seen.calls)
    };
    let want = ["link", "x/y.md"].map(|path| work.join(path).to_str().expect("text").to_owned());
    assert_eq!(add.paths, want);
}

#[test]
fn lines_that_could_mean_everything_or_nothing_are_usage_errors() {
    let home = Home::new();
    for line in [
        "deploy",
        "deploy pdf --all",
        "deploy --all --group g",
        "deploy pdf --force --merge",
        "deploy pdf --profile codex --all-profiles",
        "deploy spell:x",
        "undeploy",
        "undeploy pdf --all",
        "adopt",
        "import",
        "forget --all pdf",
        "pull --strategy best",
        "add",
        "remove",
        "rename skill:pdf",
        "tag skill:pdf",
        "group add g",
        "group move g first",
        "undo last",
        "undo 17 --project a",
        "op show",
        "snapshot",
        "snapshot show",
        "snapshot delete",
        "snapshot list -n few",
        "rollback",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(home.run(&words).0, exit::USAGE, "{line}");
    }
}

#[test]
fn without_a_project_around_the_error_is_that_of_status() {
    let nobody = || {
        let error = WireError::new(ErrorCode::NotRegistered, "no registered project is here");
        vec![Reply::Error(error.hint("skillmeat project add .").path("/elsewhere"))]
    };
    let home = serving(vec![nobody(), nobody(), nobody()]);
    let status = home.run(&["status"]);
    assert_eq!(status.0, exit::FAILED);
    assert_eq!(home.run(&["pull"]), status);
    assert_eq!(home.run(&["deploy", "skill:pdf"]), status);
}
