//! A small world for the tests of this room: a context over an engine that answers from a snapshot.

use super::picture::Terms;
use super::{HomeFiles, ServerContext, StoreStatus, limits};
use crate::engine::handle::{TestEngine, for_tests};
use crate::engine::snapshot::{
    AddedView, ArtifactView, CollectionRef, CollectionView, ItemView, ProjectView, Snapshot,
};
use crate::model::{Entry, Fingerprint, Metadata, Record, RecordSchema, Tree, TreeInfo, TreeKind};
use skillmeat_protocol::clock::Clock;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::endpoint::{Endpoint, Places};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::{Counts, DiscoverReply, DiscoveredProject, InitReply, Progress, ProjectState};
use skillmeat_protocol::request::{DiscoverQuery, Format, Freshness, ShutdownReason};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

pub(super) const INSTANCE: u64 = 0xabc;

pub(super) struct World {
    pub(super) context: Arc<ServerContext>,
    pub(super) engine: TestEngine,
    pub(super) stop: mpsc::Receiver<ShutdownReason>,
    pub(super) files: Arc<TestFiles>,
    /// How often the socket was bound again.
    pub(super) rebound: Arc<AtomicU64>,
}

impl World {
    pub(super) fn of(projects: Vec<ProjectView>) -> Self {
        Self::new(projects, vec![collection("default", &["skill:pdf", "command:review"])])
    }

    pub(super) fn new(projects: Vec<ProjectView>, collections: Vec<CollectionView>) -> Self {
        let snapshot = Snapshot {
            clock: Clock { instance: INSTANCE, generation: 7 },
            verified: true,
            collections: collections.into_iter().map(Arc::new).collect(),
            ..Snapshot::empty(INSTANCE)
        };
        let (handle, engine) = for_tests(snapshot, projects.into_iter().map(Arc::new).collect());
        let (stop, stopped) = mpsc::channel(1);
        let files = Arc::new(TestFiles::default());
        let rebound = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&rebound);
        let directory = tempfile::tempdir().expect("a directory");
        let history = crate::history::History::open(&directory.path().join("history.db"), crate::model::Timestamp(0));
        let operations = crate::ops::Operations::new(
            handle.clone(),
            history,
            "/home/u/.skillmeat".into(),
            crate::clock::Clock::start(),
            crate::ops::Faults::default(),
        );
        let context = ServerContext {
            engine: handle,
            operations: Arc::new(operations),
            places: Places {
                home: "/home/u/.skillmeat".into(),
                state: "/home/u/.skillmeat/daemon".into(),
                redirected: false,
                endpoint: Endpoint::Socket("/run/daemon.sock".into()),
            },
            user_home: Some("/home/u".into()),
            version: "1.2.3",
            instance: INSTANCE,
            started: Instant::now(),
            cache_path: "/home/u/.cache/cache.db".into(),
            logs_dir: "/home/u/.cache/logs".into(),
            notes: vec!["rebuilt".into()],
            stop,
            store: Box::new(|| StoreStatus { queue: 3, rows: 0, error: Some("disk full".into()), file: None }),
            rebound: Box::new(move || {
                count.fetch_add(1, Ordering::Relaxed);
            }),
            files: files.clone(),
        };
        Self { context: Arc::new(context), engine, stop: stopped, files, rebound }
    }

    pub(super) fn terms(freshness: Freshness) -> Terms {
        Terms { freshness, deadline: limits::DEADLINE, asked_deadline: None, format: Format::Typed }
    }
}

pub(super) fn hash(byte: u8) -> ContentHash {
    ContentHash([byte; 32])
}

/// A watched project without items.
pub(super) fn project(path: &str) -> ProjectView {
    let name = Path::new(path).file_name().expect("has a name").to_string_lossy();
    ProjectView {
        path: path.into(),
        name: name.as_ref().into(),
        state: ProjectState::Watched,
        profiles: Arc::default(),
        counts: Counts::default(),
        problems: Arc::default(),
        drift: Vec::new(),
        in_sync: Vec::new(),
        added: Arc::default(),
    }
}

impl ProjectView {
    /// One more deployed item, from a collection whose id is `id-NAME`; from an unknown one when the name starts with `?`.
    pub(super) fn with(mut self, key: &str, state: DriftState, collection: &str) -> Self {
        let key: ArtifactKey = key.parse().expect("a key");
        let record = Record {
            key: key.clone(),
            profile: "claude_code".into(),
            platform: None,
            from_collection: Some(collection.into()),
            path: PathBuf::from(&*self.path).join(&key.name).into(),
            baseline: Some(hash(1)),
            deployed_at: None,
            modification_detected_at: None,
            version: None,
            schema: RecordSchema::Deployed,
            line: 1,
            flaw: None,
        };
        let id = (!collection.starts_with('?')).then(|| format!("id-{collection}").as_str().into());
        let item = Arc::new(ItemView {
            path: Arc::clone(&record.path),
            key,
            profile: record.profile.clone(),
            record: Some(Arc::new(record)),
            collection: Some(CollectionRef { name: collection.into(), id }),
            state,
            drift_type: None,
            change_origin: None,
            recommendation: None,
            collection_hash: Some(hash(1)),
            project_hash: Some(hash(2)),
            collection_version: None,
            project_version: None,
            since: None,
            mergeable: None,
            follows: None,
            message: None,
        });
        *self.counts.of(state) += 1;
        let items = if state == DriftState::InSync { &mut self.in_sync } else { &mut self.drift };
        items.push(item);
        items.sort_by(|a, b| (&a.key, &a.profile).cmp(&(&b.key, &b.profile)));
        self
    }

    /// One more artifact that could be deployed.
    pub(super) fn with_added(mut self, key: &str, collection: &str) -> Self {
        let added =
            AddedView { collection_id: format!("id-{collection}").as_str().into(), key: key.parse().expect("a key") };
        self.added = self.added.iter().cloned().chain([added]).collect();
        self.counts.added += 1;
        self
    }
}

/// A collection with the id `id-NAME`, whose artifacts are in the manifest and on disk.
pub(super) fn collection(name: &str, keys: &[&str]) -> CollectionView {
    let mut artifacts: Vec<_> = keys.iter().map(|key| artifact(key)).collect();
    artifacts.sort_by(|a, b| a.entry.key.cmp(&b.entry.key));
    CollectionView {
        id: format!("id-{name}").as_str().into(),
        name: name.into(),
        former_names: Vec::new(),
        path: format!("/home/u/.skillmeat/collections/{name}").as_str().into(),
        unreadable: None,
        artifacts: artifacts.into_iter().map(Arc::new).collect(),
        groups: Arc::default(),
        tags: Arc::default(),
        problems: Arc::default(),
    }
}

/// An artifact that is in the manifest and on disk.
pub(super) fn artifact(key: &str) -> ArtifactView {
    let key: ArtifactKey = key.parse().expect("a key");
    let entry = Entry {
        path: PathBuf::from(format!("{}s/{}", key.kind, key.name)),
        key,
        in_manifest: true,
        metadata: Metadata { version: Some("1.0".into()), ..Metadata::default() },
        origin: None,
        upstream: None,
        resolved_version: None,
        uuid: None,
        added: None,
        flaw: None,
    };
    let tree = TreeInfo {
        kind: TreeKind::Directory,
        hash: hash(1),
        hash_with_ignored: None,
        fingerprint: Fingerprint([0; 16]),
        racy: false,
        file_count: 2,
        total_size: 10,
        version: None,
        linked: Vec::new(),
    };
    ArtifactView { entry: Arc::new(entry), tree: Some(Tree::Present(Arc::new(tree))), locked: Some(hash(1)) }
}

/// Finds what it was given; waits for its cancellation when told to.
#[derive(Default)]
pub(super) struct TestFiles {
    pub(super) found: std::sync::Mutex<Vec<PathBuf>>,
    pub(super) endless: AtomicBool,
    pub(super) was_cancelled: AtomicBool,
    pub(super) panics: AtomicBool,
}

impl HomeFiles for TestFiles {
    fn init(&self) -> io::Result<InitReply> {
        Ok(InitReply { home: "/home/u/.skillmeat".into(), created: vec!["config.toml".into()] })
    }

    fn discover(
        &self,
        _query: &DiscoverQuery,
        registered: &dyn Fn(&Path) -> bool,
        progress: &mut dyn FnMut(Progress),
        cancelled: &AtomicBool,
    ) -> DiscoverReply {
        assert!(!self.panics.load(Ordering::Relaxed), "on purpose");
        let mut directories = 0;
        while self.endless.load(Ordering::Relaxed) && !cancelled.load(Ordering::Relaxed) {
            directories += 1;
            progress(Progress { directories, found: 0, at: "/w".into(), done: 0, total: 0 });
            std::thread::park_timeout(Duration::from_millis(1));
        }
        self.was_cancelled.store(cancelled.load(Ordering::Relaxed), Ordering::Relaxed);
        let found = self.found.lock().expect("not poisoned");
        let projects = found.iter().map(|path| DiscoveredProject {
            path: path.to_string_lossy().into_owned(),
            roots: vec![".claude".into()],
            deployments: 0,
            registered: registered(path),
            added: false,
        });
        DiscoverReply { projects: projects.collect(), directories, problems: Vec::new() }
    }
}
