//! Clients that keep to no rules: each costs itself its connection and nobody else anything.

use std::fs;

use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::request::{Freshness, Request};
use skillmeat_tests::process::Daemon;
use skillmeat_tests::raw::{open_files, until};
use skillmeat_tests::sandbox::{Sandbox, write};

use crate::binaries;

mod bytes;
mod crowds;
mod endings;
mod pace;
mod pages;
mod strangers;

/// A daemon with one project, one of whose copies was edited.
struct Scene {
    sandbox: Sandbox,
    daemon: Daemon,
    project: String,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::new(&binaries());
        let (_, project) = sandbox.app(&["skill:pdf", "command:review"]);
        write(&project.file("skill:pdf"), "edited\n");
        let daemon = Daemon::start(&sandbox);
        daemon.client().add(&project.root);
        Self { sandbox, daemon, project: project.text() }
    }

    /// A project with this many artifacts that nobody deployed: an answer of about half a megabyte for each thousand.
    fn with_many(&self, name: &str, count: usize) -> String {
        let project = self.sandbox.project(name);
        let commands = project.claude().join("commands");
        fs::create_dir_all(&commands).expect("a directory of the sandbox");
        for at in 0..count {
            fs::write(commands.join(format!("command-{at:05}.md")), "x").expect("our own directory");
        }
        self.daemon.client().add(&project.root);
        project.text()
    }

    /// Whoever keeps to the rules gets the right answer, in both encodings.
    #[track_caller]
    fn others_are_served(&self) {
        assert_eq!(self.daemon.client().state(&self.project, "skill:pdf"), Some(DriftState::Modified));
        let counts = self.daemon.json().result("status", serde_json::json!({"scope": {"project": self.project}}));
        assert_eq!(counts["projects"][0]["counts"]["modified"], 1, "{counts}");
    }

    /// Once the offenders are gone, so is everything that was held for them, and nothing failed inside.
    #[track_caller]
    fn nothing_is_left(&self, files: usize) {
        let mut client = self.daemon.client();
        until("only the asking connection is left", || {
            let Ok(skillmeat_protocol::reply::Reply::Metrics(metrics)) =
                client.call(Request::Metrics, Freshness::Cached)
            else {
                panic!("no metrics")
            };
            metrics.connections == 1 && metrics.subscribers == 0
        });
        drop(client);
        until("all sockets are closed", || open_files(self.daemon.pid()) <= files);
        self.nothing_failed();
    }

    #[track_caller]
    fn nothing_failed(&self) {
        let log = self.daemon.log();
        let failed = log.lines().find(|line| line.contains(" ERROR ") || line.contains("panicked"));
        assert_eq!(failed, None);
    }

    /// Descriptors of the daemon while nobody is connected.
    fn files(&self) -> usize {
        self.others_are_served();
        let mut client = self.daemon.client();
        until("only the asking connection is left", || client.metrics().connections == 1);
        open_files(self.daemon.pid()) - 1
    }
}
