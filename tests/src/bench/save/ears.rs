//! Two subscribers who wait for the same change, each with a thread of its own.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use skillmeat_protocol::ids::ArtifactKey;

use crate::bench::watchman::Connection;
use crate::client::Client;
use crate::library::ProjectDir;

/// An artifact, and its content as it must become known.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    project: String,
    key: ArtifactKey,
    hash: String,
}

impl Expected {
    pub(super) fn new(project: &ProjectDir, key: &str, hash: String) -> Self {
        Self { project: project.text(), key: key.parse().expect("type:name"), hash }
    }
}

/// When each knew all of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    pub(super) ours: Instant,
    pub(super) watchman: Option<Instant>,
}

/// Both subscriptions.
pub(super) struct Ears {
    ours: Client,
    watchman: Option<Connection>,
}

impl Ears {
    pub(super) fn new(ours: Client, watchman: Option<Connection>) -> Self {
        Self { ours, watchman }
    }

    /// Waits for what has just been done. What is expected of ours may be found out after the first event, so that
    /// nothing stands between an operation and the ear for it.
    pub(super) fn hear(&mut self, named: Vec<PathBuf>, expected: impl FnOnce() -> Vec<Expected>) -> Heard {
        let Self { ours, watchman } = self;
        std::thread::scope(|scope| {
            let theirs = watchman.as_mut().map(|watchman| scope.spawn(|| until_named(watchman, named)));
            let ours = until_known(ours, expected);
            Heard { ours, watchman: theirs.map(|theirs| theirs.join().expect("it answers")) }
        })
    }

    /// Waits for what `work` does, from before it begins.
    pub(super) fn hear_during(&mut self, named: Vec<PathBuf>, expected: Vec<Expected>, work: impl FnOnce()) -> Heard {
        let Self { ours, watchman } = self;
        std::thread::scope(|scope| {
            let theirs = watchman.as_mut().map(|watchman| scope.spawn(|| until_named(watchman, named)));
            let ours = scope.spawn(|| until_known(ours, || expected));
            work();
            let ours = ours.join().expect("it answers");
            Heard { ours, watchman: theirs.map(|theirs| theirs.join().expect("it answers")) }
        })
    }
}

/// Reads events until the last one that was heard of each artifact holds the expected hash.
fn until_known(client: &mut Client, expected: impl FnOnce() -> Vec<Expected>) -> Instant {
    let mut known: HashMap<(String, ArtifactKey), Option<String>> = HashMap::new();
    let (mut expected, mut wanted) = (Some(expected), Vec::new());
    loop {
        let event = client.event();
        let at = Instant::now();
        for change in event.items {
            let key = ArtifactKey { kind: change.item.kind, name: change.item.name };
            known.insert((event.project.clone(), key), change.item.project_hash.map(|hash| hash.to_string()));
        }
        if let Some(find) = expected.take() {
            wanted = find();
        }
        let all = wanted.iter().all(|Expected { project, key, hash }| {
            let now = known.get(&(project.clone(), key.clone()));
            now.is_some_and(|now| now.as_deref() == Some(hash))
        });
        if all {
            return at;
        }
    }
}

/// Reads notifications until each of these files was in one.
fn until_named(watchman: &mut Connection, mut files: Vec<PathBuf>) -> Instant {
    loop {
        let named = watchman.event();
        let at = Instant::now();
        files.retain(|file| !named.iter().any(|name| file.as_os_str() == name.as_str()));
        if files.is_empty() {
            return at;
        }
    }
}
