//! Read your writes: every kind of write, then one `synced` question, and no sleep between them.

use skillmeat_protocol::drift::DriftState::{self, InSync};
use skillmeat_protocol::reply::ProjectState;
use skillmeat_tests::client::Client;
use skillmeat_tests::library::{CollectionDir, ProjectDir};
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::Sandbox;

use crate::binaries;

mod files;
mod library;
mod links;
mod projects;
mod races;
mod storms;

const KEYS: [&str; 4] = ["skill:pdf", "skill:csv", "command:review", "agent:helper"];

/// One collection, one project with all of it deployed, a daemon and a connection.
struct Stage {
    client: Client,
    daemon: Daemon,
    collection: CollectionDir,
    project: ProjectDir,
    sandbox: Sandbox,
}

impl Stage {
    fn new() -> Self {
        let sandbox = Sandbox::new(&binaries());
        let (collection, project) = sandbox.app(&KEYS);
        let daemon = Daemon::start(&sandbox);
        let mut client = daemon.client();
        client.add(&project.root);
        for key in KEYS {
            assert_eq!(client.state("app", key), Some(InSync), "{key}");
        }
        Self { client, daemon, collection, project, sandbox }
    }

    #[track_caller]
    fn expect(&mut self, key: &str, state: impl Into<Option<DriftState>>) {
        let item = self.client.item("app", key);
        assert_eq!(item.as_ref().map(|item| item.state), state.into(), "{key}: {item:#?}");
    }

    #[track_caller]
    fn project_is(&mut self, state: ProjectState) {
        let project = self.client.project("app");
        assert_eq!(project.state, state, "{project:#?}");
        assert_eq!(project.available, state != ProjectState::Missing);
    }
}
