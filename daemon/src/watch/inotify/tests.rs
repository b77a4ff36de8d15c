//! The backend against the real kernel.

use super::Watches;
use crate::scan::testing::Disk;
use crate::watch::{Ensured, Hint, Signal};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, channel};

#[test]
fn a_directory_that_takes_the_place_of_another_is_watched() {
    let disk = Disk::new();
    let (a, b) = (disk.mkdir("a"), disk.at("b"));
    assert_eq!(disk.watches.ensure(&disk.root), Ensured::Watched);
    assert_eq!(disk.watches.ensure(&a), Ensured::Watched);
    fs::rename(&a, &b).expect("rename");
    fs::create_dir(&a).expect("mkdir");
    disk.touched();
    assert_eq!(disk.watches.ensure(&b), Ensured::Watched);
    assert_eq!(disk.watches.ensure(&a), Ensured::Watched);
    assert!(disk.is_watched(&a) && disk.is_watched(&b));
    fs::remove_dir_all(&a).expect("remove");
    fs::create_dir(&a).expect("mkdir");
    disk.touched();
    disk.watches.ensure(&a);
    assert!(disk.is_watched(&a));
}

/// Its end is told when the last who has it open closes it, which may be a look that reads it.
#[test]
fn a_directory_that_is_moved_onto_an_empty_one_is_watched() {
    let disk = Disk::new();
    let (a, b) = (disk.mkdir("a"), disk.mkdir("b"));
    for dir in [&disk.root, &a] {
        assert_eq!(disk.watches.ensure(dir), Ensured::Watched);
    }
    let open = fs::File::open(&a).expect("it is there");
    fs::rename(&b, &a).expect("onto an empty directory");
    disk.touched();
    assert_eq!(disk.watches.ensure(&a), Ensured::Watched);
    fs::write(a.join("f"), "x").expect("a file");
    assert!(disk.touched().contains(&a.join("f")));
    drop(open);
    disk.touched();
    disk.watches.ensure(&a);
    assert!(disk.is_watched(&a));
}

#[test]
fn what_lay_below_a_moved_directory_is_watched_in_its_new_and_its_old_place() {
    let disk = Disk::new();
    let inner = disk.mkdir("a/x");
    for dir in [&disk.root, &disk.at("a"), &inner] {
        disk.watches.ensure(dir);
    }
    fs::rename(disk.at("a"), disk.at("b")).expect("rename");
    disk.mkdir("a/x");
    disk.touched();
    for dir in ["a", "a/x", "b", "b/x"] {
        disk.watches.ensure(&disk.at(dir));
    }
    for dir in ["a", "a/x", "b", "b/x"] {
        assert!(disk.is_watched(&disk.at(dir)), "{dir}");
    }
}

#[test]
fn what_was_released_while_it_was_away_is_watched_again_when_it_is_back() {
    let disk = Disk::new();
    let inner = disk.mkdir("p/.claude");
    for dir in [&disk.root, &disk.at("p"), &inner] {
        disk.watches.ensure(dir);
    }
    fs::rename(disk.at("p"), disk.at("away")).expect("rename");
    disk.touched();
    disk.watches.release(&disk.at("p"));
    disk.mkdir("p/.claude");
    for dir in [&disk.at("p"), &inner] {
        assert_eq!(disk.watches.ensure(dir), Ensured::Watched);
        assert!(disk.is_watched(dir), "{}", dir.display());
    }
}

#[test]
fn after_a_restart_nothing_is_watched_until_it_is_asked_for() {
    let disk = Disk::new();
    disk.watches.ensure(&disk.root);
    disk.watches.restart().expect("inotify");
    assert!(!disk.is_watched(&disk.root));
    disk.watches.ensure(&disk.root);
    assert!(disk.is_watched(&disk.root));
    disk.watches.release(&disk.root);
    assert!(!disk.is_watched(&disk.root));
    assert_eq!(disk.metrics.watches.load(Ordering::Relaxed), 0);
}

#[test]
fn what_is_not_there_is_gone() {
    let disk = Disk::new();
    assert_eq!(disk.watches.ensure(&disk.at("nothing")), Ensured::Gone);
    let file = disk.write("file", "x");
    assert_eq!(disk.watches.ensure(&file), Ensured::Gone);
}

#[test]
fn one_save_is_told_once_and_as_finished() {
    let (tx, signals) = channel();
    let watches = Watches::start(Arc::default(), move |signal| drop(tx.send(signal)));
    let dir = tempfile::tempdir().expect("a temporary directory");
    watches.ensure(dir.path());
    let file = dir.path().join("f");
    fs::write(&file, "x").expect("a file");
    let touched = |hint| Signal::Touched { path: file.clone(), hint };
    // The listening thread may have read the first of its events alone.
    let told = until_drained(&watches, &signals);
    assert_eq!(told.last(), Some(&touched(Hint::Finished)));
    assert!(told.len() <= 3 && told.iter().all(|s| [touched(Hint::Finished), touched(Hint::Ongoing)].contains(s)));
}

/// A drain covers what another thread had read and not told yet, and all that was done before by anyone.
#[test]
fn a_drain_ends_after_everything_before_it_was_told() {
    let (tx, signals) = channel();
    let watches = Watches::start(Arc::default(), move |signal| drop(tx.send(signal)));
    let dir = tempfile::tempdir().expect("a temporary directory");
    watches.ensure(dir.path());
    for round in 0..300 {
        let file = dir.path().join(round.to_string());
        let written = file.clone();
        std::thread::spawn(move || fs::write(&written, "x").expect("a file")).join().expect("no panic");
        let last = Signal::Touched { path: file, hint: Hint::Finished };
        assert!(until_drained(&watches, &signals).contains(&last), "round {round}");
    }
}

#[test]
fn a_directory_seen_in_two_places_is_told_of_in_both() {
    let disk = Disk::new();
    let (a, b) = (disk.mkdir("a"), disk.at("b"));
    disk.watches.ensure(&a);
    // What a scan may do before the news that `a` has left is read: nothing is read of a directory that is not watched.
    fs::rename(&a, &b).expect("rename");
    disk.watches.ensure(&b);
    disk.touched();
    disk.watches.ensure(&b);
    assert!(disk.is_watched(&b));
}

fn until_drained(watches: &Watches, signals: &Receiver<Signal>) -> Vec<Signal> {
    watches.drain(1);
    signals.iter().take_while(|signal| *signal != Signal::Drained(1)).collect()
}
