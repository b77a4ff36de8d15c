//! A connection in the binary encoding.

use std::io::{BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use skillmeat_protocol::codec;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::event::DriftEvent;
use skillmeat_protocol::frame;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::preamble::{PROTOCOL, Welcome, preamble};
use skillmeat_protocol::reply::{
    CollectionsReply, HealthReply, Item, ListReply, MetricsReply, ProjectInfo, ProjectStatus, ProjectsReply, Reply,
    StatusReply, SubscribedReply, SyncReply,
};
use skillmeat_protocol::request::{
    Call, Detail, Format, Freshness, ListQuery, ProjectPath, Request, Scope, StatusQuery, SubscribeQuery, SyncQuery,
};

use crate::process::PATIENCE;

/// Milliseconds that a request may take: longer than any barrier, shorter than [`PATIENCE`].
const DEADLINE_MS: u32 = 8_000;

/// A connection. Every method panics when the daemon does not answer, or not as it should.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
    /// Who answers.
    pub welcome: Welcome,
}

impl Client {
    /// Connects and shakes hands.
    pub fn connect(socket: &Path) -> Self {
        let mut stream = UnixStream::connect(socket).unwrap_or_else(|e| panic!("{}: {e}", socket.display()));
        stream.set_read_timeout(Some(PATIENCE)).expect("a valid timeout");
        stream.write_all(&preamble(PROTOCOL)).expect("the daemon reads");
        let mut stream = BufReader::new(stream);
        let welcome = Welcome::read(&mut stream).expect("a welcome");
        assert_eq!(welcome.protocol, PROTOCOL);
        Self { stream, welcome }
    }

    /// Sends a request without waiting.
    pub fn send(&mut self, call: &Call) {
        let body = codec::encode(call).expect("requests encode");
        frame::write(self.stream.get_mut(), &body).expect("the daemon reads");
    }

    /// The next message.
    pub fn receive(&mut self) -> Reply {
        let body = frame::read(&mut self.stream, frame::MAX_REPLY).expect("the daemon answers");
        codec::decode_reply(&body).expect("a reply")
    }

    /// Asks; errors of the daemon are values.
    ///
    /// # Errors
    /// The daemon's.
    pub fn call(&mut self, request: Request, freshness: Freshness) -> Result<Reply, WireError> {
        self.send(&Call { freshness, deadline_ms: DEADLINE_MS, format: Format::Typed, request });
        match self.receive() {
            Reply::Error(error) => Err(error),
            reply => Ok(reply),
        }
    }

    /// Asks for an answer that is current.
    #[track_caller]
    pub fn ask(&mut self, request: Request) -> Reply {
        self.call(request.clone(), Freshness::Synced).unwrap_or_else(|e| panic!("{request:?}: {e:?}"))
    }

    /// All pages of a status.
    #[track_caller]
    pub fn status_of(&mut self, mut query: StatusQuery, freshness: Freshness) -> StatusReply {
        let mut whole: Option<StatusReply> = None;
        loop {
            let reply = self.call(Request::Status(query.clone()), freshness);
            let Ok(Reply::Status(page)) = reply else { panic!("{query:?}: {reply:?}") };
            query.cursor.clone_from(&page.next);
            let whole = match &mut whole {
                Some(whole) => {
                    whole.projects.extend(page.projects);
                    whole
                }
                None => whole.insert(page),
            };
            if query.cursor.is_none() {
                whole.next = None;
                return whole.clone();
            }
        }
    }

    /// Everything about every project, current.
    #[track_caller]
    pub fn status(&mut self) -> StatusReply {
        let query = StatusQuery { detail: Detail::All, available: true, ..StatusQuery::default() };
        let reply = self.status_of(query, Freshness::Synced);
        assert!(reply.fresh && reply.stale.is_none(), "fresh: {}, stale: {:?}", reply.fresh, reply.stale);
        reply
    }

    /// Everything about one project, by path or name, current.
    #[track_caller]
    pub fn project(&mut self, project: impl Into<String>) -> ProjectStatus {
        let scope = Scope::Project(project.into());
        let query = StatusQuery { scope, detail: Detail::All, available: true, ..StatusQuery::default() };
        let reply = self.status_of(query, Freshness::Synced);
        assert!(reply.fresh && reply.stale.is_none(), "fresh: {}, stale: {:?}", reply.fresh, reply.stale);
        let mut projects = reply.projects;
        assert_eq!(projects.len(), 1, "{projects:?}");
        projects.remove(0)
    }

    /// Everything about one project, as fresh as is asked for.
    #[track_caller]
    pub fn status_with(&mut self, project: impl Into<String>, freshness: Freshness) -> StatusReply {
        let scope = Scope::Project(project.into());
        self.status_of(StatusQuery { scope, detail: Detail::All, ..StatusQuery::default() }, freshness)
    }

    /// One item of a project, current.
    #[track_caller]
    pub fn item(&mut self, project: &str, key: &str) -> Option<Item> {
        let key: ArtifactKey = key.parse().expect("type:name");
        self.project(project).items.into_iter().find(|item| item.kind == key.kind && item.name == key.name)
    }

    /// The state of one item, current; none when it is not listed.
    #[track_caller]
    pub fn state(&mut self, project: &str, key: &str) -> Option<DriftState> {
        self.item(project, key).map(|item| item.state)
    }

    /// Artifacts of the collections, current, all pages.
    #[track_caller]
    pub fn list(&mut self) -> ListReply {
        let mut query = ListQuery::default();
        let Reply::List(mut whole) = self.ask(Request::List(query.clone())) else { panic!("no list") };
        while let Some(next) = whole.next.take() {
            query.cursor = Some(next);
            let Reply::List(page) = self.ask(Request::List(query.clone())) else { panic!("no list") };
            whole.artifacts.extend(page.artifacts);
            whole.next = page.next;
        }
        whole
    }

    /// Registers a project.
    #[track_caller]
    pub fn add(&mut self, path: &Path) -> ProjectInfo {
        let path = path.to_str().expect("test paths are text").to_owned();
        match self.ask(Request::ProjectAdd(ProjectPath { path })) {
            Reply::ProjectAdded(info) => info,
            other => panic!("{other:?}"),
        }
    }

    /// Registered projects.
    #[track_caller]
    pub fn projects(&mut self) -> ProjectsReply {
        match self.ask(Request::Projects) {
            Reply::Projects(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    /// Known collections.
    #[track_caller]
    pub fn collections(&mut self) -> CollectionsReply {
        match self.ask(Request::Collections) {
            Reply::Collections(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    /// The barrier.
    #[track_caller]
    pub fn sync(&mut self) -> SyncReply {
        match self.ask(Request::Sync(SyncQuery::default())) {
            Reply::Synced(reply) => {
                assert!(reply.fresh, "{reply:?}");
                reply
            }
            other => panic!("{other:?}"),
        }
    }

    /// Has everything compared with the disk.
    #[track_caller]
    pub fn verify(&mut self) {
        match self.ask(Request::Verify(SyncQuery::default())) {
            Reply::Synced(reply) if reply.fresh => {}
            other => panic!("{other:?}"),
        }
    }

    /// How the daemon is, current.
    #[track_caller]
    pub fn health(&mut self) -> HealthReply {
        match self.ask(Request::Health) {
            Reply::Health(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    /// Counters.
    #[track_caller]
    pub fn metrics(&mut self) -> MetricsReply {
        match self.ask(Request::Metrics) {
            Reply::Metrics(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    /// Subscribes, and reads up to the live marker.
    #[track_caller]
    pub fn subscribe(&mut self, query: SubscribeQuery) -> SubscribedReply {
        let Reply::Subscribed(first) = self.ask(Request::Subscribe(query)) else { panic!("no subscription") };
        match self.receive() {
            Reply::Live(_) => first,
            other => panic!("{other:?} instead of the live marker"),
        }
    }

    /// The next event of a subscription.
    #[track_caller]
    pub fn event(&mut self) -> DriftEvent {
        match self.receive() {
            Reply::Event(event) => event,
            other => panic!("{other:?} instead of an event"),
        }
    }
}
