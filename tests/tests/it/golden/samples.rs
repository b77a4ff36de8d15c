//! One value of every message, with every field filled.

use skillmeat_protocol::clock::Clock;
use skillmeat_protocol::drift::{ChangeOrigin, DriftState, DriftType, Recommendation};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::event::{Cause, CauseKind, DriftEvent, GoneItem, ItemChange};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use skillmeat_protocol::reply::*;
use skillmeat_protocol::request::*;

use super::all;

pub(super) const CLOCK: Clock = Clock { instance: 0x0123_4567_89ab_cdef, generation: 300 };

pub(super) fn call(request: Request) -> Call {
    Call { freshness: Freshness::Cached, deadline_ms: 70_000, format: Format::Json, request }
}

pub(super) fn requests() -> Vec<Request> {
    let status = StatusQuery {
        scope: Scope::Containing("/w/deep".into()),
        types: vec![ArtifactType::Skill, ArtifactType::Mcp],
        states: vec![DriftState::Conflict],
        collections: vec!["team".into()],
        detail: Detail::All,
        available: true,
        cursor: Some("c".into()),
    };
    let list =
        ListQuery { types: vec![ArtifactType::Agent], collections: vec!["default".into()], cursor: Some("n".into()) };
    let path = || ProjectPath { path: "/w".into() };
    vec![
        Request::Status(status),
        Request::List(list),
        Request::Show(ShowQuery { key: key(), collection: Some("team".into()) }),
        Request::Projects,
        Request::ProjectAdd(path()),
        Request::ProjectRemove(path()),
        Request::Discover(DiscoverQuery { root: "/w".into(), depth: 4, add: true }),
        Request::Collections,
        Request::CollectionShow(CollectionName { collection: "team".into() }),
        Request::Subscribe(SubscribeQuery { scope: Scope::Project("w".into()), since: Some(CLOCK) }),
        Request::Sync(SyncQuery { scope: Scope::All }),
        Request::Health,
        Request::Metrics,
        Request::Init,
        Request::Shutdown(ShutdownQuery { reason: ShutdownReason::Upgrade, version: Some("9.0.0".into()) }),
        Request::Verify(SyncQuery { scope: Scope::All }),
    ]
}

pub(super) fn replies() -> Vec<Reply> {
    let error = WireError::new(ErrorCode::NotRegistered, "no").hint("do").path("/w");
    let status = StatusReply {
        clock: CLOCK,
        fresh: true,
        stale: Some("why".into()),
        projects: vec![project()],
        next: Some("n".into()),
    };
    let list = || ListReply {
        clock: CLOCK,
        fresh: false,
        stale: Some("why".into()),
        artifacts: vec![artifact()],
        next: Some("n".into()),
    };
    let live = || LiveReply { clock: CLOCK };
    let synced = SyncReply { clock: CLOCK, fresh: true, stale: Some("why".into()) };
    let discovered = DiscoverReply {
        projects: vec![DiscoveredProject {
            path: "/w".into(),
            roots: vec![".claude".into()],
            deployments: 3,
            registered: true,
            added: true,
        }],
        directories: 70_000,
        problems: vec![problem()],
    };
    let subscribed =
        SubscribedReply { clock: CLOCK, fresh_instance: true, snapshot: vec![project()], events: vec![event()] };
    vec![
        Reply::Error(error),
        Reply::Status(status),
        Reply::List(list()),
        Reply::Show(list()),
        Reply::Projects(ProjectsReply { clock: CLOCK, projects: vec![info()] }),
        Reply::ProjectAdded(info()),
        Reply::ProjectRemoved(info()),
        Reply::Progress(Progress { directories: 300, found: 2, at: "/w".into(), done: 70_000, total: 300 }),
        Reply::Discovered(discovered),
        Reply::Collections(CollectionsReply {
            clock: CLOCK,
            collections: vec![collection()],
            problems: vec![problem()],
        }),
        Reply::Collection(collection_reply()),
        Reply::Subscribed(subscribed),
        Reply::Live(live()),
        Reply::Event(event()),
        Reply::Resync(live()),
        Reply::Synced(synced),
        Reply::Health(health()),
        Reply::Metrics(metrics()),
        Reply::Initialised(InitReply { home: "/h".into(), created: vec!["/h/config.toml".into()] }),
        Reply::Stopping(StoppingReply { pid: 4_000_000 }),
        Reply::Json("{}".into()),
        Reply::JsonPage(JsonPage { head: "{[".into(), body: "1".into(), tail: "]}".into(), next: Some("n".into()) }),
    ]
}

/// The numbers of every word that has no message of its own.
pub(super) fn words() -> Vec<(&'static str, String)> {
    use ErrorCode::*;
    let errors = [
        InvalidParams,
        UnknownMethod,
        ParseError,
        NotRegistered,
        NotFound,
        AlreadyExists,
        Ambiguous,
        BadPath,
        Io,
        TooLarge,
        DeadlineExceeded,
        ShuttingDown,
        VersionMismatch,
        Refused,
        Internal,
    ];
    let drift_types = [
        DriftType::Modified,
        DriftType::Outdated,
        DriftType::Conflict,
        DriftType::Removed,
        DriftType::Added,
        DriftType::VersionMismatch,
    ];
    let recommendations = [
        Recommendation::PushToCollection,
        Recommendation::PullFromCollection,
        Recommendation::ReviewManually,
        Recommendation::DeployToProject,
        Recommendation::RemoveFromProject,
        Recommendation::AdoptOrRename,
        Recommendation::Import,
        Recommendation::FixFile,
    ];
    let projects = [ProjectState::Pending, ProjectState::Watched, ProjectState::Degraded, ProjectState::Missing];
    let causes =
        [CauseKind::Project, CauseKind::Collection, CauseKind::Record, CauseKind::Availability, CauseKind::Operation];
    vec![
        ("drift-state", all(&DriftState::ALL)),
        ("artifact-type", all(&ArtifactType::ALL)),
        ("error-code", all(&errors)),
        ("drift-type", all(&drift_types)),
        ("change-origin", all(&[ChangeOrigin::LocalModification, ChangeOrigin::Sync, ChangeOrigin::Deployment])),
        ("recommendation", all(&recommendations)),
        ("project-state", all(&projects)),
        ("cause-kind", all(&causes)),
        ("freshness", all(&[Freshness::Synced, Freshness::Cached])),
        ("format", all(&[Format::Typed, Format::Json])),
        ("detail", all(&[Detail::Counts, Detail::Drift, Detail::All])),
        ("scope", all(&[Scope::All, Scope::Project("p".into()), Scope::Containing("/c".into())])),
        ("shutdown-reason", all(&[ShutdownReason::Requested, ShutdownReason::Upgrade])),
    ]
}

fn key() -> ArtifactKey {
    ArtifactKey::new(ArtifactType::Skill, "pdf")
}

fn hash(byte: u8) -> Option<ContentHash> {
    Some(ContentHash([byte; 32]))
}

pub(super) fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub(super) fn problem() -> Problem {
    Problem { file: "/f".into(), line: Some(7), key: text("k"), message: "m".into(), hint: text("h") }
}

fn counts() -> Counts {
    let mut counts = Counts::default();
    for (n, state) in (1..).zip(DriftState::ALL) {
        *counts.of(state) = n;
    }
    counts
}

fn item() -> Item {
    Item {
        kind: ArtifactType::Skill,
        name: "pdf".into(),
        profile: text("claude_code"),
        collection: text("team"),
        collection_id: text("id"),
        state: DriftState::Conflict,
        drift_type: Some(DriftType::Conflict),
        change_origin: Some(ChangeOrigin::Sync),
        recommendation: Some(Recommendation::ReviewManually),
        baseline_hash: hash(1),
        collection_hash: hash(2),
        project_hash: hash(3),
        collection_version: text("1.1"),
        project_version: text("1.0"),
        version_mismatch: true,
        deployed_at: text("d"),
        modification_detected_at: text("t"),
        mergeable: Some(true),
        path: text("/w/x"),
        message: text("m"),
    }
}

fn project() -> ProjectStatus {
    ProjectStatus {
        path: "/w".into(),
        name: "w".into(),
        state: ProjectState::Watched,
        available: true,
        counts: counts(),
        problems: vec![problem()],
        items: vec![item()],
    }
}

fn info() -> ProjectInfo {
    ProjectInfo {
        path: "/w".into(),
        name: "w".into(),
        state: ProjectState::Degraded,
        profiles: vec!["codex".into()],
        counts: counts(),
    }
}

fn artifact() -> Artifact {
    Artifact {
        kind: ArtifactType::Agent,
        name: "a".into(),
        collection: "team".into(),
        collection_id: "id".into(),
        path: "agents/a.md".into(),
        in_manifest: true,
        on_disk: true,
        content_hash: hash(9),
        modified_since_lock: Some(true),
        title: text("t"),
        description: text("d"),
        version: text("1"),
        author: text("au"),
        license: text("MIT"),
        tags: vec!["x".into()],
        groups: vec!["g".into()],
        origin: text("github"),
        upstream: text("u"),
        file_count: 2,
        total_size: 1 << 33,
        deployments: vec![Deployment {
            project_path: "/w".into(),
            project_name: "w".into(),
            deployed_at: text("d"),
            content_hash: hash(8),
            deployment_profile_id: "codex".into(),
            local_modifications: true,
            platform: text("codex"),
            state: DriftState::Modified,
        }],
        message: text("m"),
    }
}

fn collection() -> CollectionInfo {
    CollectionInfo {
        id: "id".into(),
        name: "team".into(),
        former_names: vec!["old".into()],
        path: "/c".into(),
        default: true,
        readable: true,
        artifacts: 1,
        unlisted: 2,
        missing_files: 3,
        deployments: 4,
    }
}

fn collection_reply() -> CollectionReply {
    CollectionReply {
        clock: CLOCK,
        collection: collection(),
        artifacts: vec![artifact()],
        groups: vec![Group {
            name: "g".into(),
            description: "d".into(),
            color: "c".into(),
            icon: "i".into(),
            position: -1,
            members: vec!["skill:pdf".into()],
        }],
        tags: vec![TagDefinition { name: "n".into(), slug: "s".into(), color: "c".into(), description: "d".into() }],
        problems: vec![problem()],
    }
}

fn event() -> DriftEvent {
    DriftEvent {
        clock: CLOCK,
        cause: Cause { kind: CauseKind::Record, path: text("/w/.claude/x"), operation: Some(300) },
        project: "/w".into(),
        project_name: "w".into(),
        available: true,
        items: vec![ItemChange { previous: Some(DriftState::InSync), item: item() }],
        gone: vec![GoneItem { key: key(), profile: text("codex") }],
    }
}

fn health() -> HealthReply {
    HealthReply {
        clock: CLOCK,
        version: "1.2.3".into(),
        protocol: 1,
        pid: 5,
        uptime_s: 6,
        verified: true,
        pending: 7,
        home: "/h".into(),
        endpoint: "/e".into(),
        cache: "/c".into(),
        logs: "/l".into(),
        logs_size: 8,
        projects: 9,
        missing: 10,
        degraded: vec![DegradedRoot { path: "/n".into(), reason: "r".into() }],
        problems: vec![problem()],
        notes: vec!["n".into()],
    }
}

fn metrics() -> MetricsReply {
    let latency = |n| Latency { count: n, p50_us: n + 1, p99_us: n + 2, max_us: n + 3 };
    MetricsReply {
        clock: CLOCK,
        fs_events: 1,
        overflows: 2,
        watches: 3,
        engine_queue: 4,
        scan_queue: 5,
        scans: 6,
        files_read: 7,
        bytes_hashed: 8,
        files_stated: 9,
        store_queue: 10,
        rows_written: 15,
        connections: 11,
        subscribers: 12,
        requests: 13,
        resident_bytes: 14,
        request_latency: latency(20),
        barrier_latency: latency(300),
        announce_latency: latency(70_000),
    }
}
