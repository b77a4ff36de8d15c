//! Somebody else writes, while and just before operations do: nothing that was written is lost, and what is refused says
//! where.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use sha2::{Digest, Sha256};
use skillmeat_tests::sandbox::{save_atomically, write};

use super::*;

/// Longest pause between two edits, in microseconds: about as long as an operation takes.
const PACE: u64 = 9_000;

/// What is written as the `n`th edit.
fn edit(n: u64) -> String {
    format!("edit {n:08}\n")
}

#[test]
fn an_edit_right_before_the_request_counts() {
    let mut site = Site::new(&["skill:a"], |_, _, _| {});
    for round in 0..20 {
        site.run("deploy", json!({"artifacts": ["a"]}));
        write(&site.project.file("skill:a"), edit(round));
        let answer = site.run("undeploy", json!({"artifacts": ["a"]}));
        assert_eq!(first(&answer)["outcome"], "refused", "{answer}");
        write(&site.collection.file("skill:a"), edit(100 + round));
        let answer = site.run("pull", json!({"artifacts": ["a"]}));
        assert_eq!(first(&answer)["outcome"], "refused", "{answer}");
        save_atomically(&site.project.file("skill:a"), edit(200 + round));
        let answer = site.run("push", json!({"artifacts": ["a"], "strategy": "overwrite"}));
        assert_eq!(answer["complete"], true, "{answer}");
        assert_eq!(fs::read_to_string(site.collection.file("skill:a")).expect("there"), edit(200 + round));
        assert_eq!(site.state("skill:a"), Some(DriftState::InSync));
        write(&site.project.path("skill:a").join("new.md"), edit(300 + round));
        let answer = site.run("undeploy", json!({"artifacts": ["a"], "force": true}));
        assert_eq!(answer["complete"], true, "{answer}");
        site.undo();
        assert_eq!(fs::read_to_string(site.project.path("skill:a").join("new.md")).expect("back"), edit(300 + round));
        site.run("undeploy", json!({"artifacts": ["a"], "force": true}));
    }
}

/// Whether the history has kept a file of this text.
fn is_kept(site: &Site, text: &str) -> bool {
    let database = site.sandbox.home.join("daemon/history.db");
    let database = rusqlite::Connection::open(database).expect("it is there");
    let hash = Sha256::digest(text).to_vec();
    database.query_row("SELECT count(*) FROM blobs WHERE hash = ?1", [hash], |row| row.get::<_, i64>(0)).expect("asked")
        > 0
}

/// Whether a file holds something else, and goes on to. What an operation took by mistake it gives back at once, and whoever
/// saves over it then has replaced it himself.
fn is_replaced(file: &Path, text: &str) -> bool {
    const LOOKS: usize = 500;
    (0..LOOKS).all(|_| {
        std::thread::yield_now();
        fs::read_to_string(file).expect("it is there") != text
    })
}

/// A file that somebody saves without end, in the way of an editor. What an operation replaced must be kept.
fn writing_without_end(how: fn(&Path, &str)) {
    let mut site = Site::new(&["skill:a", "skill:b"], |_, _, _| {});
    site.run("deploy", json!({"all": true}));
    let file = site.project.file("skill:a");
    let stop = AtomicBool::new(false);
    let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
    let (last, replaced) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let (mut last, mut replaced) = (0, Vec::new());
            while !stop.load(Ordering::SeqCst) {
                if last > 0 && is_replaced(&file, &edit(last)) {
                    replaced.push(last);
                }
                last += 1;
                how(&file, &edit(last));
                // A pace, so that some operations fit between two edits and others do not.
                std::thread::sleep(Duration::from_micros(last * 379 % PACE));
            }
            (last, replaced)
        });
        for round in 0..50u32 {
            let (method, params) = match round % 4 {
                0 => ("pull", json!({"artifacts": ["skill:a"], "strategy": "overwrite"})),
                1 => ("push", json!({"artifacts": ["skill:a"], "strategy": "overwrite"})),
                2 => ("deploy", json!({"artifacts": ["skill:a"], "in_the_way": "force"})),
                _ => ("sync_project", json!({"artifacts": ["skill:a"]})),
            };
            let params = site.with_project(method, params);
            let answer = site.json.call(method, params);
            let (outcome, why) = match answer.get("error") {
                Some(error) => ("error", error.to_string()),
                None => {
                    let item = first(&answer["result"]);
                    (item["outcome"].as_str().expect("text"), item["message"].to_string())
                }
            };
            if ["refused", "failed", "error"].contains(&outcome) {
                assert!(why.contains("/.claude/"), "without a path: {answer}");
            }
            *outcomes.entry(format!("{method} {outcome}")).or_default() += 1;
        }
        stop.store(true, Ordering::SeqCst);
        writer.join().expect("it wrote")
    });
    let lost: Vec<u64> = replaced.iter().copied().filter(|n| !is_kept(&site, &edit(*n))).collect();
    println!("{last} edits, {} replaced, {outcomes:?}", replaced.len());
    assert!(lost.is_empty(), "{lost:?}: edits that were replaced and are nowhere");
    assert_eq!(site.state("skill:b"), Some(DriftState::InSync));
    site.state("skill:a").expect("it is still known");
}

#[test]
fn somebody_who_saves_in_place_without_end() {
    writing_without_end(|file, text| write(file, text));
}

#[test]
fn somebody_who_saves_by_renaming_without_end() {
    writing_without_end(|file, text| save_atomically(file, text));
}

#[test]
fn what_is_written_through_a_file_held_open_is_not_lost() {
    let mut site = Site::new(&["skill:a"], |_, _, _| {});
    site.run("deploy", json!({"artifacts": ["skill:a"]}));
    let file = site.project.file("skill:a");
    write(&site.collection.file("skill:a"), "of the collection\n");
    let mut open = fs::OpenOptions::new().append(true).open(&file).expect("it is there");
    let answer = site.run("pull", json!({"artifacts": ["a"]}));
    assert_eq!(first(&answer)["outcome"], "updated", "{answer}");
    // What is written into the replaced file from now on is nowhere: as with every editor that saves by renaming.
    open.write_all(b"too late\n").expect("it is open");
    assert_eq!(fs::read_to_string(&file).expect("there"), "of the collection\n");
    assert_eq!(site.state("skill:a"), Some(DriftState::InSync));
    site.undo();
    assert_eq!(site.state("skill:a"), Some(DriftState::Outdated));
}
