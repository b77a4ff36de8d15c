//! What somebody put in the place of the daemon's own files: refused with a message that names it, or replaced; never
//! followed into another file, never waited for.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, mkfifoat};
use skillmeat_protocol::drift::DriftState;
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::{Sandbox, remove, write};

use crate::binaries;

/// What may lie in the place of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plant {
    File,
    Link,
    Dangling,
    Directory,
    Fifo,
    StaleSocket,
    Listener,
}

use Plant::{Dangling, Directory, Fifo, File, Link, Listener, StaleSocket};

/// What must become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The daemon does not start, and says what is in the way, and where.
    Refused,
    /// The daemon starts, and its health names the path.
    Noted,
    /// The daemon starts as if nothing had been there.
    Replaced,
}

use Fate::{Noted, Refused, Replaced};

/// A home that has been used, without a daemon, and files that are nobody's business.
struct Scene {
    sandbox: Sandbox,
    project: String,
    treasure: PathBuf,
    nowhere: PathBuf,
}

const TREASURE: &str = "precious";

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::new(&binaries());
        let (_, project) = sandbox.app(&["skill:pdf"]);
        write(&project.file("skill:pdf"), "edited\n");
        let daemon = Daemon::start(&sandbox);
        daemon.client().add(&project.root);
        assert!(daemon.terminate().success());
        let treasure = sandbox.write("elsewhere/treasure", TREASURE);
        let nowhere = sandbox.root.join("elsewhere/nowhere");
        Self { project: project.text(), sandbox, treasure, nowhere }
    }

    /// Puts it there. A listener lives as long as what is returned.
    fn plant(&self, plant: Plant, path: &Path) -> Option<UnixListener> {
        if fs::symlink_metadata(path).is_ok() {
            remove(path);
        }
        match plant {
            File => write(path, TREASURE),
            Link => symlink(&self.treasure, path).expect("nothing is there"),
            Dangling => symlink(&self.nowhere, path).expect("nothing is there"),
            Directory => write(&path.join("inside"), TREASURE),
            Fifo => mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).expect("nothing is there"),
            StaleSocket => drop(UnixListener::bind(path).expect("nothing is there")),
            Listener => return Some(UnixListener::bind(path).expect("nothing is there")),
        }
        None
    }

    /// Starts the daemon and compares what it does; then everything is as before.
    #[track_caller]
    fn judge(&self, plant: Plant, path: &Path, fate: Fate) {
        let at = format!("{plant:?} at {}", path.display());
        match (Daemon::try_start(&self.sandbox), fate) {
            (Err(line), Refused) => {
                assert!(line.starts_with("error: ") && line.contains(&path.display().to_string()), "{at}: {line:?}");
                assert!(fs::symlink_metadata(path).is_ok(), "{at}: it was removed");
            }
            (Ok(daemon), Noted | Replaced) => {
                let mut client = daemon.client();
                assert_eq!(client.state(&self.project, "skill:pdf"), Some(DriftState::Modified), "{at}");
                let notes = client.health().notes;
                let named = notes.iter().any(|note| note.contains(&path.display().to_string()));
                assert_eq!(named, fate == Noted, "{at}: {notes:?}");
                drop(client);
                assert!(daemon.terminate().success(), "{at}");
            }
            (Err(line), _) => panic!("{at}: {line:?}"),
            (Ok(_), _) => panic!("{at}: the daemon starts"),
        }
        self.nothing_was_touched(&at);
        if fs::symlink_metadata(path).is_ok() {
            remove(path);
        }
    }

    #[track_caller]
    fn nothing_was_touched(&self, at: &str) {
        assert_eq!(fs::read_to_string(&self.treasure).expect("still there"), TREASURE, "{at}");
        assert_eq!(fs::read_dir(self.treasure.parent().expect("it has one")).expect("there").count(), 1, "{at}");
        assert!(fs::symlink_metadata(&self.nowhere).is_err(), "{at}: a dangling link was followed");
    }

    /// The file of today's log.
    fn log_file(&self) -> PathBuf {
        let logs = self.sandbox.places().state.join("logs");
        let mut files: Vec<_> = fs::read_dir(&logs).expect("it logged").map(|e| e.expect("readable").path()).collect();
        files.sort();
        files.pop().expect("it logged today")
    }
}

#[test]
fn what_lies_in_the_place_of_a_file_is_refused_noted_or_replaced() {
    let scene = Scene::new();
    let state = scene.sandbox.places().state;
    let (socket, log) = (scene.sandbox.socket(), scene.log_file());
    let table: [(PathBuf, &[(Plant, Fate)]); 5] = [
        (
            socket,
            &[
                (File, Refused),
                (Link, Refused),
                (Dangling, Refused),
                (Directory, Refused),
                (Fifo, Refused),
                (StaleSocket, Replaced),
                (Listener, Refused),
            ],
        ),
        (
            state.join("daemon.lock"),
            &[
                (File, Replaced),
                (Link, Refused),
                (Dangling, Refused),
                (Directory, Refused),
                (Fifo, Refused),
                (StaleSocket, Refused),
                (Listener, Refused),
            ],
        ),
        (
            state.join("cache/cache.db"),
            &[
                (File, Noted),
                (Link, Noted),
                (Dangling, Noted),
                (Directory, Noted),
                (Fifo, Noted),
                (StaleSocket, Noted),
                (Listener, Noted),
            ],
        ),
        (
            log,
            &[
                (File, Replaced),
                (Link, Noted),
                (Dangling, Noted),
                (Directory, Noted),
                (Fifo, Noted),
                (StaleSocket, Noted),
                (Listener, Noted),
            ],
        ),
        (state.join("logs"), &[(File, Noted), (Link, Noted), (Dangling, Noted), (Fifo, Noted), (StaleSocket, Noted)]),
    ];
    let mut judged = 0;
    for (path, plants) in table {
        for (plant, fate) in plants {
            let _listening = scene.plant(*plant, &path);
            scene.judge(*plant, &path, *fate);
            judged += 1;
        }
    }
    println!("{judged} plants judged");
}

#[test]
fn a_registry_that_is_none_is_not_read_and_not_overwritten() {
    let scene = Scene::new();
    let state = scene.sandbox.places().state;
    for name in ["projects.toml", "collections.toml"] {
        let path = state.join(name);
        let kept = fs::read(&path).expect("it was written");
        for plant in [Link, Directory, Fifo, StaleSocket, Listener] {
            let _listening = scene.plant(plant, &path);
            scene.judge(plant, &path, Refused);
        }
        // Where a copy of a damaged file would be kept, a link is replaced.
        write(&path, "not [ TOML");
        let _ = scene.plant(Link, &path.with_extension("toml.damaged"));
        drop(Daemon::start(&scene.sandbox));
        scene.nothing_was_touched(name);
        assert_eq!(fs::read_to_string(path.with_extension("toml.damaged")).expect("kept"), "not [ TOML");
        write(&path, kept);
    }
    // A person may keep the registry elsewhere.
    let (path, elsewhere) = (state.join("projects.toml"), scene.sandbox.root.join("dotfiles.toml"));
    fs::rename(&path, &elsewhere).expect("the same file system");
    symlink(&elsewhere, &path).expect("nothing is there");
    let daemon = Daemon::start(&scene.sandbox);
    let other = scene.sandbox.project("other");
    daemon.client().add(&other.root);
    assert!(daemon.terminate().success());
    assert!(fs::read_to_string(&elsewhere).expect("there").contains(&other.text()) && path.is_symlink());
}

#[test]
fn what_lies_in_the_place_of_the_start_lock_hangs_no_command() {
    let scene = Scene::new();
    let path = scene.sandbox.places().start_lock_file();
    for plant in [Link, Dangling, Directory, Fifo, StaleSocket, Listener] {
        let _listening = scene.plant(plant, &path);
        let output = scene.sandbox.cli(&["status", "--all"]);
        assert_eq!(output.code, Some(4), "{plant:?}: {output:?}");
        assert!(output.stderr.contains(path.to_str().expect("test paths are text")), "{plant:?}: {output:?}");
        assert!(output.stderr.contains("it is "), "{plant:?}: {output:?}");
        scene.nothing_was_touched(&format!("{plant:?}"));
        remove(&path);
    }
    if rustix::process::geteuid().is_root() {
        write(&path, "");
        chown(&path, Some(65_534), None).expect("root may");
        let output = scene.sandbox.cli(&["status", "--all"]);
        assert!(output.code == Some(4) && output.stderr.contains("a file of user 65534"), "{output:?}");
        remove(&path);
    } else {
        println!("skipped: only root can make a file of another user");
    }
    scene.sandbox.cli(&["status", "--all"]).ok();
}

#[test]
fn directories_that_somebody_prepared_are_refused_by_daemon_and_client() {
    let scene = Scene::new();
    let state = scene.sandbox.places().state;
    let run = scene.sandbox.socket().parent().expect("it has one").to_owned();
    let aside = scene.sandbox.root.join("aside");
    for directory in [run, state] {
        let shown = directory.to_str().expect("test paths are text").to_owned();
        let refused = |what: &str| {
            let line = Daemon::try_start(&scene.sandbox).expect_err(what);
            assert!(line.contains(&shown), "{what}: {line}");
            let output = scene.sandbox.cli(&["status", "--all"]);
            assert_eq!(output.code, Some(4), "{what}: {output:?}");
            assert!(output.stderr.contains(&shown) && output.stderr.contains("hint: "), "{what}: {output:?}");
        };
        // Moved elsewhere and linked: what is there is ours, the link may be anybody's.
        fs::rename(&directory, &aside).expect("the same file system");
        let listed = |dir: &Path| fs::read_dir(dir).expect("there").count();
        let before = listed(&aside);
        symlink(&aside, &directory).expect("nothing is there");
        refused("a link");
        assert_eq!(listed(&aside), before, "something was made behind a link");
        remove(&directory);
        symlink(&scene.nowhere, &directory).expect("nothing is there");
        refused("a dangling link");
        assert!(fs::symlink_metadata(&scene.nowhere).is_err());
        remove(&directory);
        write(&directory, TREASURE);
        refused("a file");
        remove(&directory);
        fs::rename(&aside, &directory).expect("the same file system");
        for mode in [0o777, 0o1777, 0o720, 0o702] {
            fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).expect("our own directory");
            refused("open to others");
            assert_eq!(fs::metadata(&directory).expect("there").mode() & 0o7777, mode, "it was repaired in silence");
        }
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).expect("our own directory");
        if rustix::process::geteuid().is_root() {
            chown(&directory, Some(65_534), None).expect("root may");
            refused("another user's");
            chown(&directory, Some(0), None).expect("root may");
        } else {
            println!("skipped: only root can make a directory of another user");
        }
    }
    let daemon = Daemon::start(&scene.sandbox);
    assert!(UnixStream::connect(daemon.socket()).is_ok());
}
