//! Things filled at any instant while the daemon is just looking at them: the time between the steps is varied by a few
//! microseconds a round, so that each order of events occurs.

use std::fs;
use std::hint::spin_loop;
use std::time::{Duration, Instant};

use skillmeat_protocol::drift::DriftState::*;
use skillmeat_tests::library::recorded_hash;
use skillmeat_tests::sandbox::{remove, write};

use super::{KEYS, Stage};

const ROUNDS: u64 = 120;

/// Not a wait for the daemon: the opposite, a different moment each round.
fn a_moment(round: u64) {
    let (start, length) = (Instant::now(), Duration::from_micros(round * 5));
    while start.elapsed() < length {
        spin_loop();
    }
}

#[test]
fn a_container_that_is_just_being_made() {
    let mut stage = Stage::new();
    let container = stage.project.claude().join("rules");
    for round in 0..ROUNDS {
        fs::create_dir(&container).expect("it is not there");
        a_moment(round);
        write(&container.join("r.md"), format!("{round}\n"));
        assert_eq!(stage.client.state("app", "rule_file:r"), Some(Untracked), "round {round}");
        remove(&container);
        assert_eq!(stage.client.state("app", "rule_file:r"), None, "round {round}");
    }
}

#[test]
fn folders_that_are_just_being_made() {
    let mut stage = Stage::new();
    let top = stage.project.claude().join("commands/deep");
    for round in 0..ROUNDS {
        fs::create_dir(&top).expect("it is not there");
        a_moment(round / 2);
        fs::create_dir(top.join("er")).expect("it is not there");
        a_moment(round / 2);
        write(&top.join("er/c.md"), format!("{round}\n"));
        assert_eq!(stage.client.state("app", "command:deep/er/c"), Some(Untracked), "round {round}");
        remove(&top);
        assert_eq!(stage.client.state("app", "command:deep/er/c"), None, "round {round}");
    }
}

#[test]
fn an_artifact_that_is_just_being_filled() {
    let mut stage = Stage::new();
    let skill = stage.project.path("skill:new");
    for round in 0..ROUNDS {
        fs::create_dir(&skill).expect("it is not there");
        a_moment(round / 2);
        write(&skill.join("SKILL.md"), format!("{round}\n"));
        a_moment(round / 2);
        write(&skill.join("scripts/run.sh"), format!("{round}\n"));
        let item = stage.client.item("app", "skill:new").unwrap_or_else(|| panic!("round {round}: not listed"));
        assert_eq!(item.project_hash.map(|h| h.to_string()), Some(recorded_hash(&skill)), "round {round}");
        remove(&skill);
        assert_eq!(stage.client.state("app", "skill:new"), None, "round {round}");
    }
}

#[test]
fn a_collection_that_is_just_being_made() {
    let mut stage = Stage::new();
    let root = stage.collection.root.clone();
    for round in 0..ROUNDS {
        remove(&root);
        assert_eq!(stage.client.state("app", "skill:csv"), Some(Removed), "round {round}");
        fs::create_dir(&root).expect("it is not there");
        a_moment(round);
        stage.collection.fill(&KEYS);
        assert_eq!(stage.client.state("app", "skill:csv"), Some(InSync), "round {round}");
    }
}

#[test]
fn a_project_that_is_just_being_made() {
    let mut stage = Stage::new();
    for round in 0..ROUNDS {
        remove(&stage.project.root);
        assert!(!stage.client.project("app").available, "round {round}");
        fs::create_dir(&stage.project.root).expect("it is not there");
        a_moment(round / 2);
        fs::create_dir(stage.project.claude()).expect("it is not there");
        a_moment(round / 2);
        stage.project.deploy(&stage.collection.clone(), &["skill:csv"]);
        assert_eq!(stage.client.state("app", "skill:csv"), Some(InSync), "round {round}");
        write(&stage.project.file("skill:csv"), format!("edited {round}\n"));
        assert_eq!(stage.client.state("app", "skill:csv"), Some(Modified), "round {round}");
    }
}

/// Registering is itself a look: what is written while it goes on is not lost.
#[test]
fn a_project_that_is_just_being_registered() {
    let mut stage = Stage::new();
    for round in 0..ROUNDS / 4 {
        let project = stage.sandbox.project(&format!("p{round}"));
        project.deploy(&stage.collection, &["skill:csv"]);
        let mut other = stage.daemon.client();
        let path = project.text();
        let adding = std::thread::spawn({
            let root = project.root.clone();
            move || other.add(&root)
        });
        a_moment(round * 4);
        write(&project.file("skill:csv"), "edited\n");
        write(&project.path("skill:own").join("SKILL.md"), "mine\n");
        adding.join().expect("it does not panic");
        assert_eq!(stage.client.state(&path, "skill:csv"), Some(Modified), "round {round}");
        assert_eq!(stage.client.state(&path, "skill:own"), Some(Untracked), "round {round}");
    }
}

/// The artifact is known, by its record, before the directory that holds it.
#[test]
fn a_recorded_file_whose_container_is_just_being_made() {
    let mut stage = Stage::new();
    let container = stage.project.claude().join("commands");
    for round in 0..ROUNDS * 3 {
        remove(&container);
        assert_eq!(stage.client.state("app", "command:review"), Some(Deleted), "round {round}");
        fs::create_dir(&container).expect("it is not there");
        a_moment(round % ROUNDS);
        write(&stage.project.file("command:review"), format!("{round}\n"));
        let item = stage.client.item("app", "command:review").expect("it is recorded");
        let hash = Some(recorded_hash(&stage.project.path("command:review")));
        assert_eq!((item.state, item.project_hash.map(|h| h.to_string())), (Modified, hash), "round {round}");
    }
}
