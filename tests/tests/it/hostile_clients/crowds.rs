//! More connections than there are places.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use skillmeat_tests::process::Daemon;
use skillmeat_tests::raw::{Raw, open_files, until};

use super::Scene;

/// Lets this process open this many files, as far as it may.
fn room_for(files: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(u64::MAX).min(files);
    if limit.current.is_some_and(|current| current < most) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: limit.maximum }).expect("below the maximum");
    }
    most
}

const HELLO: &str = "{\"id\":1,\"method\":\"hello\"}\n";

/// What became of a crowd.
#[derive(Debug, Default)]
struct Crowd {
    served: Vec<Raw>,
    told: usize,
    closed: usize,
}

fn crowd(daemon: &Daemon, count: usize) -> Crowd {
    let mut connections: Vec<Raw> = (0..count).map(|_| Raw::connect(daemon.socket())).collect();
    for raw in &mut connections {
        raw.send(HELLO);
    }
    let mut crowd = Crowd::default();
    for mut raw in connections {
        let line = raw.line();
        if line.contains("\"result\"") {
            crowd.served.push(raw);
        } else if line.is_empty() {
            crowd.closed += 1;
        } else {
            assert!(line.contains("connections are open already") && line.contains("\"refused\""), "{line}");
            assert_eq!(raw.rest(), b"");
            crowd.told += 1;
        }
    }
    crowd
}

#[test]
fn of_a_thousand_connections_sixty_four_are_served_and_all_places_come_back() {
    let count = room_for(2048).saturating_sub(512).min(1000) as usize;
    let scene = Scene::new();
    let files = scene.files();
    let mut early = scene.daemon.client();
    let mut crowd = crowd(&scene.daemon, count);
    println!(
        "{count} connections: {} served, {} told why not, {} closed",
        crowd.served.len(),
        crowd.told,
        crowd.closed
    );
    assert_eq!(crowd.served.len() + 1, 64);
    assert_eq!(crowd.served.len() + crowd.told + crowd.closed, count);
    assert!(open_files(scene.daemon.pid()) <= files + 64 + 16);
    // Whoever has a place is served as before, and a person reads what is the matter.
    assert!(early.sync().fresh);
    for raw in &mut crowd.served {
        raw.send(HELLO);
        assert!(raw.line().contains("\"result\""));
    }
    let output = scene.sandbox.cli(&["status", "--all"]);
    assert_eq!(output.code, Some(3), "{output:?}");
    assert!(
        output.stderr.contains("64 connections are open already") && output.stderr.contains("hint: "),
        "{output:?}"
    );
    drop((crowd, early));
    until("a place is free", || {
        let mut raw = Raw::connect(scene.daemon.socket());
        raw.send(HELLO) && raw.line().contains("\"result\"")
    });
    scene.nothing_is_left(files);
    scene.others_are_served();
}
