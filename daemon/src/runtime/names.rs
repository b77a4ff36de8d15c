//! The names by which others find this daemon: the home, the lock file in it, the socket.
//!
//! Somebody may take one away while the daemon runs: a cleaner of temporary files, a person who tidies up, a home that is
//! renamed. The two directories that hold them are watched, so that this is noticed at once and costs nothing while
//! nothing happens. A client that finds nobody touches the start lock beside the lock file, and is noticed in the same way:
//! it need not know which process to tell.
//!
//! What is heard here is answered by a few `stat`, which change nothing; something is written only when a name is gone,
//! and then once. So the daemon's own writes in these directories do not make it busy with itself.

use crate::watch::{Ensured, Signal, Watches};
use skillmeat_protocol::endpoint::{Endpoint, Places};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use tokio::sync::watch;

/// Hears what happens to the names, on the thread that hears the kernel.
pub struct Names {
    heard: OnceLock<Heard>,
    touched: watch::Sender<()>,
}

struct Heard {
    watches: Arc<Watches>,
    /// The real path of the home.
    home: PathBuf,
    /// What is watched for their sake: the directories of the lock file and of the socket.
    directories: Vec<PathBuf>,
    /// What in them is of interest.
    files: Vec<PathBuf>,
}

impl Names {
    /// Hears nothing yet.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { heard: OnceLock::new(), touched: watch::Sender::new(()) })
    }

    /// Starts to listen. The directories of the lock and of `endpoint` are there.
    pub fn watch(&self, watches: Arc<Watches>, places: &Places, endpoint: &Endpoint) {
        // Events carry real paths.
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let state = real(&places.state);
        let in_state = |file: PathBuf| state.join(file.file_name().unwrap_or_default());
        let mut files = vec![in_state(places.lock_file()), in_state(places.start_lock_file())];
        let mut directories = vec![state.clone()];
        if let Endpoint::Socket(socket) = endpoint
            && let Some((directory, name)) = socket.parent().map(real).zip(socket.file_name())
        {
            files.push(directory.join(name));
            directories.push(directory);
        }
        let heard = Heard { watches, home: real(&places.home), directories, files };
        // Called once; whoever would come second finds the same names.
        let _ = self.heard.set(heard);
        self.ensure();
    }

    /// Watches again what had to be made again.
    pub fn ensure(&self) {
        let Some(heard) = self.heard.get() else { return };
        for directory in &heard.directories {
            if let Ensured::Refused { reason } = heard.watches.ensure(directory) {
                tracing::debug!(directory = %directory.display(), reason, "not watched; it is looked at now and then");
            }
        }
    }

    /// Takes a signal that concerns nobody else, and gives back the others.
    pub fn hear(&self, signal: Signal) -> Option<Signal> {
        let Signal::Touched { path, .. } = &signal else { return Some(signal) };
        let Some(heard) = self.heard.get() else { return Some(signal) };
        let is_directory = heard.directories.contains(path);
        if is_directory || *path == heard.home || heard.files.contains(path) {
            self.touch();
        }
        let is_inside = path.parent().is_some_and(|parent| heard.directories.iter().any(|own| own == parent));
        (!is_directory && !is_inside).then_some(signal)
    }

    /// Has everything looked at.
    pub fn touch(&self) {
        self.touched.send_replace(());
    }

    /// Tells whenever something must be looked at.
    pub fn touches(&self) -> watch::Receiver<()> {
        self.touched.subscribe()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::scan::testing::Disk;
    use crate::watch::Hint;
    use skillmeat_protocol::endpoint::Env;

    #[test]
    fn only_the_names_are_of_interest_and_the_engine_hears_nothing_of_their_directories() {
        let disk = Disk::new();
        let home = disk.mkdir("home");
        let state = disk.mkdir("home/daemon");
        disk.mkdir("home/daemon/run");
        let env = Env { skillmeat_home: Some(home.clone()), ..Env::default() };
        let places = Places::resolve(&env).expect("has a home");
        let names = Names::new();
        let touched = |path: PathBuf| Signal::Touched { path, hint: Hint::Finished };
        assert!(names.hear(touched(state.clone())).is_some(), "nothing is known yet");
        names.watch(Arc::clone(&disk.watches), &places, &places.endpoint);
        assert!(disk.is_watched(&state) && disk.is_watched(&state.join("run")));
        let mut seen = names.touches();
        let cases = [
            ("home", true, true),
            ("home/daemon", true, false),
            ("home/daemon/daemon.lock", true, false),
            ("home/daemon/start.lock", true, false),
            ("home/daemon/run/daemon.sock", true, false),
            ("home/daemon/projects.toml", false, false),
            ("home/config.toml", false, true),
            ("p/.claude/skills", false, true),
        ];
        for (path, looks, passes) in cases {
            assert_eq!(names.hear(touched(disk.at(path))).is_some(), passes, "{path}");
            assert_eq!(seen.has_changed().expect("the sender lives"), looks, "{path}");
            seen.mark_unchanged();
        }
        assert!(names.hear(Signal::Lost { reason: String::new() }).is_some());
    }
}
