//! One value of every operation, and of the answers to them, with every field filled.

use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactType;
use skillmeat_protocol::reply::*;
use skillmeat_protocol::request::*;

use super::all;
use super::samples::{CLOCK, problem, text};

pub(super) const NAMES: [&str; 28] = [
    "deploy",
    "undeploy",
    "pull",
    "push",
    "sync-project",
    "adopt",
    "forget",
    "import",
    "add",
    "remove",
    "rename",
    "tag",
    "group-create",
    "group-add",
    "group-remove",
    "group-move",
    "group-reorder",
    "group-copy",
    "group-rename",
    "group-delete",
    "collection-create",
    "collection-rename",
    "collection-remove",
    "collection-set-default",
    "collection-verify",
    "undo",
    "operations",
    "operation-show",
];

/// A new operation does not compile until it has a name here, and does not pass until it has a sample.
pub(super) fn name(operation: &Operation) -> &'static str {
    match operation {
        Operation::Deploy(_) => "deploy",
        Operation::Undeploy(_) => "undeploy",
        Operation::Pull(_) => "pull",
        Operation::Push(_) => "push",
        Operation::SyncProject(_) => "sync-project",
        Operation::Adopt(_) => "adopt",
        Operation::Forget(_) => "forget",
        Operation::Import(_) => "import",
        Operation::Add(_) => "add",
        Operation::Remove(_) => "remove",
        Operation::Rename(_) => "rename",
        Operation::Tag(_) => "tag",
        Operation::Group(change) => match change.edit {
            GroupEdit::Create { .. } => "group-create",
            GroupEdit::Add { .. } => "group-add",
            GroupEdit::Remove { .. } => "group-remove",
            GroupEdit::Move { .. } => "group-move",
            GroupEdit::Reorder { .. } => "group-reorder",
            GroupEdit::Copy { .. } => "group-copy",
            GroupEdit::Rename { .. } => "group-rename",
            GroupEdit::Delete => "group-delete",
        },
        Operation::CollectionCreate(_) => "collection-create",
        Operation::CollectionRename(_) => "collection-rename",
        Operation::CollectionRemove(_) => "collection-remove",
        Operation::CollectionSetDefault(_) => "collection-set-default",
        Operation::CollectionVerify(_) => "collection-verify",
        Operation::Undo(_) => "undo",
        Operation::SnapshotRestore(_) => "snapshot-restore",
        Operation::Rollback(_) => "rollback",
        Operation::Restore(_) => "version-restore",
        Operation::Switch(_) => "version-switch",
        Operation::DeployBranch(_) => "deploy-branch",
        Operation::PushBranch(_) => "push-branch",
        Operation::Promote(_) => "promote",
        Operation::FanOut(_) => "fan-out",
        Operation::ConflictContinue(_) => "conflict-continue",
        Operation::ConflictAbort(_) => "conflict-abort",
    }
}

pub(super) fn requests() -> Vec<Request> {
    let operate = |operation| Request::Operate(Operate { dry_run: true, operation });
    let mut requests: Vec<Request> = artifacts().into_iter().chain(collections()).map(operate).collect();
    let (project, collection) = (text("/w"), text("team"));
    requests.push(Request::Operations(OperationsQuery { project, collection, limit: 300, before: Some(70_000) }));
    requests.push(Request::OperationShow(OperationId { operation: 70_000 }));
    requests
}

fn artifacts() -> Vec<Operation> {
    let which = || Which { artifacts: vec!["skill:pdf".into()], group: text("g"), all: true };
    let profiles = || Profiles { profiles: vec!["codex".into()], all_profiles: true };
    let project = || "/w".to_owned();
    let transfer =
        || Transfer { which: which(), project: project(), profiles: profiles(), strategy: Some(Strategy::Fork) };
    let collection = || text("team");
    vec![
        Operation::Deploy(Deploy {
            which: which(),
            collection: collection(),
            projects: vec![project()],
            profiles: profiles(),
            dest_path: text("d"),
            in_the_way: InTheWay::Merge,
        }),
        Operation::Undeploy(Undeploy { which: which(), project: project(), profiles: profiles(), force: true }),
        Operation::Pull(transfer()),
        Operation::Push(transfer()),
        Operation::SyncProject(transfer()),
        Operation::Adopt(Adopt { which: which(), project: project(), profiles: profiles(), collection: collection() }),
        Operation::Forget(Forget { which: which(), project: project(), profiles: profiles() }),
        Operation::Import(Import {
            which: which(),
            project: project(),
            profiles: profiles(),
            collection: collection(),
        }),
        Operation::Add(Add {
            paths: vec!["/a".into()],
            kind: Some(ArtifactType::Agent),
            name: text("n"),
            collection: collection(),
            tags: vec!["t".into()],
            force: true,
        }),
        Operation::Remove(Remove { which: which(), collection: collection() }),
        Operation::Rename(Rename { artifact: "skill:pdf".into(), to: "n".into(), collection: collection() }),
        Operation::Tag(Tag {
            which: which(),
            collection: collection(),
            add: vec!["a".into()],
            remove: vec!["r".into()],
        }),
        Operation::Undo(Undo { operation: Some(300), project: text("/w"), collection: collection() }),
    ]
}

fn collections() -> Vec<Operation> {
    let group = |edit| Operation::Group(GroupChange { collection: text("team"), group: "g".into(), edit });
    let members = || vec!["skill:pdf".to_owned()];
    let (name, collection, to) = (|| "n".to_owned(), || "team".to_owned(), || "h".to_owned());
    vec![
        group(GroupEdit::Create { description: "d".into(), color: "c".into(), icon: "i".into() }),
        group(GroupEdit::Add { members: members(), at: Some(2) }),
        group(GroupEdit::Remove { members: members() }),
        group(GroupEdit::Move { to: 300 }),
        group(GroupEdit::Reorder { members: members() }),
        group(GroupEdit::Copy { to: to() }),
        group(GroupEdit::Rename { to: to() }),
        group(GroupEdit::Delete),
        Operation::CollectionCreate(CollectionCreate { name: name() }),
        Operation::CollectionRename(CollectionRename { collection: collection(), to: to() }),
        Operation::CollectionRemove(CollectionRemove { collection: collection(), force: true }),
        Operation::CollectionSetDefault(CollectionSetDefault { collection: collection() }),
        Operation::CollectionVerify(CollectionVerify { collection: text("team"), fix: true }),
    ]
}

pub(super) fn replies() -> Vec<Reply> {
    let hash = |byte| Some(ContentHash([byte; 32]));
    let info = || OperationInfo {
        operation: 70_000,
        verb: "undo".into(),
        at: "t".into(),
        state: OperationState::Undone,
        roots: vec!["/w".into()],
        undoes: Some(300),
        summary: "s".into(),
    };
    let item = OperationItem {
        kind: Some(ArtifactType::Skill),
        name: "pdf".into(),
        project: text("/w"),
        profile: text("codex"),
        collection: text("team"),
        outcome: Outcome::Refused,
        path: text("/w/x"),
        content_hash: hash(1),
        files_written: 300,
        files_removed: 2,
        message: text("m"),
        ways: vec!["w".into()],
    };
    let steps = vec![OperationStep { path: "/w/x".into(), before: hash(2), after: hash(3) }];
    vec![
        Reply::Operated(OperationReply {
            clock: CLOCK,
            dry_run: true,
            complete: true,
            operation: Some(info()),
            items: vec![item],
            problems: vec![problem()],
        }),
        Reply::Operations(OperationsReply { operations: vec![info()], next: Some(300) }),
        Reply::Operation(OperationShowReply { info: info(), steps }),
    ]
}

/// The numbers of the words of operations.
pub(super) fn words() -> Vec<(&'static str, String)> {
    use Outcome::*;
    let outcomes =
        [Created, Updated, Merged, Forked, Removed, Recorded, Unchanged, Skipped, Refused, Failed, Cancelled];
    let states = [OperationState::Running, OperationState::Done, OperationState::RolledBack, OperationState::Undone];
    vec![
        ("in-the-way", all(&[InTheWay::Refuse, InTheWay::Force, InTheWay::Merge])),
        ("operation-state", all(&states)),
        ("outcome", all(&outcomes)),
        ("outcome-asked", all(&[Undecided])),
        ("strategy-sides", all(&[Strategy::Ours, Strategy::Theirs, Strategy::Prompt])),
        ("strategy", all(&[Strategy::Overwrite, Strategy::Merge, Strategy::Fork, Strategy::Skip])),
    ]
}
