//! One holder of the lock, whatever is in its place.

use super::*;
use skillmeat_protocol::endpoint::Env;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

fn places(home: &Path) -> Places {
    Places::resolve(&Env { skillmeat_home: Some(home.to_owned()), ..Env::default() }).expect("has a home")
}

fn note(pid: u32) -> LockNote {
    LockNote { pid, version: "0.1.0".into(), endpoint: "/run/s".into(), logs: "/logs".into(), instance: 5 }
}

#[test]
fn the_second_learns_who_is_first_and_may_follow() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let places = places(&temp.path().join("home"));
    let first = InstanceLock::acquire(&places).expect("free");
    match InstanceLock::acquire(&places) {
        Err(InstanceError::AlreadyRunning { note }) => assert_eq!(note, LockNote::default()),
        other => panic!("must be refused, is {other:?}"),
    }
    first.record(&note(123_456)).expect("recorded");
    first.record(&note(7)).expect("recorded again, shorter");
    let error = InstanceLock::acquire(&places).expect_err("held");
    assert_eq!(error.to_string(), "a daemon is already running (process 7, version 0.1.0)");
    drop(first);

    let next = InstanceLock::acquire(&places).expect("released");
    assert_eq!(std::fs::read_to_string(places.lock_file()).expect("still there"), "", "the dead daemon's note is gone");
    next.record(&note(8)).expect("recorded");
    let text = std::fs::read_to_string(places.lock_file()).expect("still there");
    assert_eq!(LockNote::from_text(&text), note(8));
    assert_eq!(next.warning(), None);
}

#[test]
fn only_the_user_can_read_what_is_made() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let places = places(&temp.path().join("home"));
    let _lock = InstanceLock::acquire(&places).expect("free");
    for (path, mode) in [(places.state.clone(), 0o700), (places.lock_file(), 0o600)] {
        assert_eq!(std::fs::metadata(&path).expect("made").mode() & 0o777, mode, "{}", path.display());
    }
}

#[test]
fn a_directory_that_others_can_write_to_is_refused() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let places = places(temp.path());
    std::fs::create_dir(&places.state).expect("made");
    std::fs::set_permissions(&places.state, PermissionsExt::from_mode(0o777)).expect("chmod");
    let error = InstanceLock::acquire(&places).expect_err("refused").to_string();
    assert!(error.contains(&format!("chmod 700 {}", places.state.display())), "{error}");
    assert!(!places.lock_file().exists());
}

#[test]
fn what_is_no_lock_file_is_refused_and_left_alone() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let places = places(temp.path());
    drop(InstanceLock::acquire(&places).expect("free"));
    let (path, target) = (places.lock_file(), temp.path().join("target"));
    std::fs::write(&target, "precious").expect("written");

    let link: fn(&Path, &Path) = |target, path| symlink(target, path).expect("linked");
    let dangling: fn(&Path, &Path) = |_, path| symlink("nowhere", path).expect("linked");
    let directory: fn(&Path, &Path) = |_, path| std::fs::create_dir(path).expect("made");
    let fifo: fn(&Path, &Path) = |_, path| {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("made");
    };
    for (make, what) in
        [(link, "a symbolic link"), (dangling, "a symbolic link"), (directory, "a directory"), (fifo, "not a regular")]
    {
        let _ = std::fs::remove_file(&path);
        make(&target, &path);
        let error = InstanceLock::acquire(&places).expect_err(what).to_string();
        assert!(error.contains(what) && error.contains("rm "), "{error}");
        let _ = std::fs::remove_dir(&path);
    }
    assert_eq!(std::fs::read_to_string(&target).expect("still there"), "precious");
    assert!(!places.state.join("nowhere").exists());
}

#[test]
fn a_lock_on_a_deleted_file_is_not_believed() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let path = temp.path().join("daemon.lock");
    let old = open(&path).expect("opened");
    assert!(is_at(&old, &path).expect("looked at"));
    std::fs::remove_file(&path).expect("deleted");
    assert!(!is_at(&old, &path).expect("looked at"));
    let _new = open(&path).expect("opened");
    assert!(!is_at(&old, &path).expect("looked at"));
}

#[test]
fn a_deleted_lock_file_frees_nothing_and_is_put_back() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let places = places(&temp.path().join("home"));
    let first = InstanceLock::acquire(&places).expect("free");
    first.record(&note(7)).expect("recorded");
    assert_eq!(first.check().expect("held"), Hold::Intact);
    let read = || LockNote::from_text(&std::fs::read_to_string(places.lock_file()).expect("there"));
    let ways: [&dyn Fn(); 3] = [
        &|| std::fs::remove_file(places.lock_file()).expect("deleted"),
        // A second daemon makes it anew, and leaves it behind.
        &|| {
            std::fs::remove_file(places.lock_file()).expect("deleted");
            InstanceLock::acquire(&places).expect_err("the home is locked");
        },
        &|| {
            std::fs::remove_file(places.lock_file()).expect("deleted");
            std::fs::create_dir(places.lock_file()).expect("made");
        },
    ];
    for (n, take_away) in ways.iter().enumerate() {
        take_away();
        InstanceLock::acquire(&places).expect_err("whatever became of the file");
        let checked = first.check();
        if n == 2 {
            let error = checked.expect_err("nothing can be put there").to_string();
            assert!(error.contains("daemon.lock"), "{error}");
            std::fs::remove_dir(places.lock_file()).expect("removed");
            first.check().expect("put back");
        } else {
            assert_eq!(checked.expect("put back"), Hold::Restored);
        }
        assert_eq!((read(), first.check().expect("held")), (note(7), Hold::Intact));
        assert!(open(&places.lock_file()).expect("there").try_lock().is_err(), "clients see that it is held");
    }
    drop(first);
    InstanceLock::acquire(&places).expect("released");
}

/// The rule of file systems that lock no directories.
#[test]
fn where_the_home_cannot_be_locked_the_file_that_is_there_decides() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let places = places(&temp.path().join("home"));
    let mut first = InstanceLock::acquire(&places).expect("free");
    first.home = Pinned::open(&places.home).expect("there");
    std::fs::remove_file(places.lock_file()).expect("deleted");
    assert_eq!(first.check().expect("free"), Hold::Restored);
    std::fs::remove_file(places.lock_file()).expect("deleted");
    let second = InstanceLock::acquire(&places).expect("nothing else excludes it");
    assert!(matches!(first.check(), Err(LostHome::Taken(_))));
    assert_eq!(second.check().expect("held"), Hold::Intact);
}

#[test]
fn who_lost_the_home_must_end() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let places = places(&temp.path().join("home"));
    let away = temp.path().join("away");
    let ways: [&dyn Fn(); 3] = [
        &|| std::fs::rename(&places.home, &away).expect("moved"),
        &|| std::fs::remove_dir_all(&places.home).expect("removed"),
        &|| {
            std::fs::remove_dir_all(&places.state).expect("removed");
            std::fs::create_dir(&places.state).expect("another one");
            std::fs::set_permissions(&places.state, PermissionsExt::from_mode(0o700)).expect("chmod");
        },
    ];
    for lose in ways {
        let lock = InstanceLock::acquire(&places).expect("free");
        lose();
        let error = lock.check().expect_err("gone").to_string();
        assert!(error.contains("home") && error.contains("moved, removed or replaced"), "{error}");
        drop(lock);
        let _ = std::fs::remove_dir_all(&places.home);
    }
}

#[test]
fn every_way_to_a_home_leads_to_the_same_lock() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let (home, link) = (temp.path().join("home"), temp.path().join("link"));
    let _lock = InstanceLock::acquire(&places(&home)).expect("free");
    symlink(&home, &link).expect("linked");
    assert!(matches!(InstanceLock::acquire(&places(&link)), Err(InstanceError::AlreadyRunning { .. })));
}
