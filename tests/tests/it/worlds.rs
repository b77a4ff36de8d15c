//! Homes that the original wrote: exactly the right states, in every encoding, with exactly the recorded hashes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::ids::ArtifactType;
use skillmeat_protocol::reply::StatusReply;
use skillmeat_tests::encoding::base64;
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::{Sandbox, write};
use skillmeat_tests::world::{self, World};
use skillmeatd::history::{History, Scope};
use skillmeatd::metrics::Metrics;
use skillmeatd::model::{Timestamp, Tree};
use skillmeatd::scan::job::Wants;
use skillmeatd::scan::link::Fence;
use skillmeatd::scan::read::Buffer;
use skillmeatd::scan::tree::{TreeRequest, scan};
use skillmeatd::scan::{Finding, Look};
use skillmeatd::watch::Watches;

use crate::binaries;

/// What an answer comes down to: state, collection, profile, path and the three hashes.
type Facts = (String, Option<String>, Option<String>, Option<String>, [Option<String>; 3]);

#[test]
fn every_world_has_exactly_the_right_states_in_every_encoding() {
    let names = world::names();
    assert!(names.len() >= 2, "{names:?}");
    for name in names {
        let mut sandbox = Sandbox::with_default_home(&binaries());
        let world = World::copy(&name, &mut sandbox);
        let mut add = vec!["project".to_owned(), "add".to_owned()];
        add.extend(world.projects.values().map(|path| path.display().to_string()));
        let daemon = Daemon::start(&sandbox);
        sandbox.cli(&add).ok();

        let cli = sandbox.cli(&["status", "--all", "--json", "--verbose", "--available"]);
        assert_eq!(cli.stderr, "");
        let cli: StatusReply = serde_json::from_value(cli.data()).expect("a status");
        let params = json!({"scope": "all", "detail": "all", "available": true});
        let rpc = daemon.json().result("status", params);
        let rpc: StatusReply = serde_json::from_value(rpc).expect("a status");
        let typed = daemon.client().status();
        for (encoding, reply) in [("the command line", &cli), ("JSON-RPC", &rpc), ("bincode", &typed)] {
            assert!(reply.fresh, "{name}, {encoding}: {:?}", reply.stale);
            check(&name, encoding, &world, reply);
        }
        assert_eq!(cli.projects, typed.projects, "{name}: every field, not only the compared ones");
        assert_eq!(rpc.projects, typed.projects, "{name}");
        hashes_are_those_recorded(&world, &sandbox, &daemon);
        assert!(daemon.terminate().success());
    }
}

fn check(name: &str, encoding: &str, world: &World, reply: &StatusReply) {
    assert_eq!(reply.projects.len(), world.projects.len(), "{name}, {encoding}");
    for (project, path) in &world.projects {
        let status = reply.projects.iter().find(|p| Path::new(&p.path) == path).expect("every project answers");
        assert!(status.available && status.problems.is_empty(), "{name}, {encoding}: {status:?}");
        let text = |path: &str| path.to_owned();
        let mut given: BTreeMap<String, Vec<Facts>> = BTreeMap::new();
        for item in &status.items {
            let hashes =
                [item.baseline_hash, item.collection_hash, item.project_hash].map(|h| h.map(|h| h.to_string()));
            let facts =
                (item.state.to_string(), item.collection.clone(), item.profile.clone(), item.path.clone(), hashes);
            given.entry(format!("{}:{}", item.kind, item.name)).or_default().push(facts);
        }
        let mut wanted: BTreeMap<String, Vec<Facts>> = BTreeMap::new();
        for answer in &world.answers[project] {
            let at = answer.project_path.as_ref().map(|p| path.join(p).display().to_string());
            let hashes = [&answer.baseline_hash, &answer.collection_sha, &answer.project_sha].map(Clone::clone);
            let facts = (text(answer.state()), Some(answer.collection.clone()), answer.profile.clone(), at, hashes);
            wanted.entry(format!("{}:{}", answer.kind, answer.name)).or_default().push(facts);
        }
        // Several collections may offer the same artifact: compare as sets.
        given.values_mut().chain(wanted.values_mut()).for_each(|list| list.sort());
        assert_eq!(given, wanted, "{name}, {encoding}: {project}");
        for state in DriftState::ALL {
            let listed = status.items.iter().filter(|item| item.state == state).count();
            assert_eq!(status.counts.get(state) as usize, listed, "{name}, {encoding}: {project} counts {state}");
        }
    }
}

/// Every artifact of the collections, and every recorded or untracked copy, has the hash that `world.json` gives it.
fn hashes_are_those_recorded(world: &World, sandbox: &Sandbox, daemon: &Daemon) {
    let mut client = daemon.client();
    let mut seen = BTreeMap::new();
    for collection in client.collections().collections {
        for artifact in client.list().artifacts.iter().filter(|a| a.collection == collection.name) {
            let path = Path::new(&collection.path).join(&artifact.path);
            seen.insert(path, artifact.content_hash.map(|h| h.to_string()));
        }
    }
    for item in client.status().projects.into_iter().flat_map(|p| p.items) {
        if let (Some(path), Some(hash)) = (item.path, item.project_hash) {
            seen.insert(path.into(), Some(hash.to_string()));
        }
    }
    let missing: BTreeSet<_> =
        world.facts.content_hashes.keys().filter(|path| !seen.contains_key(&sandbox.user.join(path))).collect();
    assert!(missing.is_empty(), "nobody tells the hash of {missing:?}");
    for (path, hash) in &world.facts.content_hashes {
        assert_eq!(seen[&sandbox.user.join(path)].as_ref(), Some(hash), "{path}");
    }
}

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    tree: Vec<Node>,
    content_hash: Option<String>,
}

#[derive(Deserialize)]
struct Node {
    path: String,
    kind: String,
    content_b64: Option<String>,
    mode: Option<String>,
    target: Option<String>,
}

#[test]
fn recorded_hashes_are_the_originals() {
    let text = fs::read(world::fixtures().join("hash_vectors.json")).expect("the fixture is there");
    let vectors: Vectors = serde_json::from_slice(&text).expect("vectors");
    assert!(vectors.vectors.len() >= 16);
    let sandbox = Sandbox::new(&binaries());
    let metrics = Arc::new(Metrics::default());
    let watches = Watches::start(Arc::clone(&metrics), |_| {});
    let history = History::open(&sandbox.home.join("daemon/history.db"), Timestamp(0)).expect("a new one");
    for vector in &vectors.vectors {
        let path = sandbox.projects.join(&vector.id);
        vector.tree.iter().for_each(|node| build(&path, node));
        let request = TreeRequest {
            path: &path,
            guard: &sandbox.projects,
            artifact: ArtifactType::Skill,
            look: Look::Read,
            known: None,
            names: None,
            wants: Wants::Version,
            fence: &Fence::default(),
            most: u64::MAX,
        };
        let (finding, unwatched) = scan(&request, &watches, &metrics, &mut Buffer::default());
        assert_eq!(unwatched, None, "{}", vector.id);
        let Finding::Tree(found) = finding else { panic!("{}: {finding:?}", vector.id) };
        // The vectors cover all files, so ignored ones count.
        let hash = match &found.tree {
            Tree::Present(info) => Some(info.hash_with_ignored.unwrap_or(info.hash).to_string()),
            other => panic!("{}: {other:?}", vector.id),
        };
        assert_eq!(hash, vector.content_hash, "{}", vector.id);
        let recorded =
            history.capture(&path, Scope::Everything).expect("it can be read").recorded.expect("it is no link");
        assert_eq!(Some(recorded.with_ignored.unwrap_or(recorded.hash).to_string()), hash, "{}", vector.id);
    }
}

fn build(root: &Path, node: &Node) {
    let path = if node.path.is_empty() { root.to_owned() } else { root.join(&node.path) };
    fs::create_dir_all(path.parent().expect("below the sandbox")).expect("a directory of the sandbox");
    match node.kind.as_str() {
        "file" => {
            write(&path, base64(node.content_b64.as_deref().expect("files have content")));
            let mode = node.mode.as_deref().and_then(|m| u32::from_str_radix(m.trim_start_matches("0o"), 8).ok());
            fs::set_permissions(&path, fs::Permissions::from_mode(mode.expect("an octal mode"))).expect("our own file");
        }
        "dir" => fs::create_dir_all(&path).expect("a directory of the sandbox"),
        "symlink" => symlink(node.target.as_deref().expect("links have a target"), &path).expect("nothing is there"),
        "fifo" => {
            use rustix::fs::{CWD, FileType, Mode, mknodat};
            mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).expect("a file system with pipes");
        }
        other => panic!("{other} is not a kind"),
    }
}
