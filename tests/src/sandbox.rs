//! A private home: its own `HOME`, `SKILLMEAT_HOME`, `XDG_*`, temporary directory and projects.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use skillmeat_protocol::endpoint::{Endpoint, Env, LockNote, Places};
use tempfile::TempDir;

/// Names a file with the seconds by which the wall clock of `testd` is off.
pub const CLOCK_FILE_VARIABLE: &str = "SKILLMEAT_TEST_CLOCK_FILE";

/// The programs under test.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// `skillmeatd`.
    pub daemon: PathBuf,
    /// `skillmeat`.
    pub client: PathBuf,
}

impl Binaries {
    /// Those beside the running program, for programs that are no tests.
    ///
    /// # Errors
    /// When they have not been built.
    pub fn beside_this_program() -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
        let found = |name: &str| {
            let path = own.with_file_name(name);
            path.is_file().then_some(path).ok_or_else(|| format!("build {name} first: cargo build -p skillmeat-tests"))
        };
        Ok(Self { daemon: found("testd")?, client: found("testc")? })
    }
}

/// A private home. Removed when dropped, unless `SKILLMEAT_KEEP` is set.
#[derive(Debug)]
pub struct Sandbox {
    _dir: Option<TempDir>,
    /// The programs that run in it.
    pub binaries: Binaries,
    /// Its directory; all links resolved, as in the daemon's answers.
    pub root: PathBuf,
    /// The user's home.
    pub user: PathBuf,
    /// The SkillMeat home.
    pub home: PathBuf,
    /// Where projects are.
    pub projects: PathBuf,
    env: BTreeMap<OsString, OsString>,
}

impl Sandbox {
    /// An empty home that `SKILLMEAT_HOME` points at.
    pub fn new(binaries: &Binaries) -> Self {
        let mut sandbox = Self::with_default_home(binaries);
        let home = sandbox.home.clone();
        sandbox.set("SKILLMEAT_HOME", home);
        sandbox
    }

    /// An empty home at its default place, `$HOME/.skillmeat`.
    pub fn with_default_home(binaries: &Binaries) -> Self {
        let dir = tempfile::Builder::new().prefix("skm").tempdir().expect("temporary directory");
        let root = dir.path().canonicalize().expect("it was just made");
        let dir = if std::env::var_os("SKILLMEAT_KEEP").is_some() {
            eprintln!("kept: {}", dir.keep().display());
            None
        } else {
            Some(dir)
        };
        let (user, projects, runtime, temp) = (root.join("h"), root.join("projects"), root.join("r"), root.join("t"));
        for dir in [&user, &projects, &runtime, &temp] {
            fs::create_dir(dir).expect("a fresh directory");
            fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).expect("our own directory");
        }
        let mut env: BTreeMap<OsString, OsString> = BTreeMap::new();
        for name in ["PATH", "LLVM_PROFILE_FILE"] {
            env.extend(std::env::var_os(name).map(|value| (name.into(), value)));
        }
        for (name, value) in [
            ("HOME", user.as_os_str()),
            ("XDG_RUNTIME_DIR", runtime.as_os_str()),
            ("TMPDIR", temp.as_os_str()),
            ("XDG_CACHE_HOME", root.join("cache").as_os_str()),
            ("XDG_STATE_HOME", root.join("state").as_os_str()),
            ("XDG_CONFIG_HOME", root.join("config").as_os_str()),
            ("XDG_DATA_HOME", root.join("data").as_os_str()),
            ("SKILLMEATD", binaries.daemon.as_os_str()),
            ("SKILLMEAT_LOG", OsStr::new("debug")),
            ("TZ", OsStr::new("UTC")),
            ("LANG", OsStr::new("C.UTF-8")),
        ] {
            env.insert(name.into(), value.into());
        }
        let home = user.join(".skillmeat");
        Self { _dir: dir, binaries: binaries.clone(), root, home, user, projects, env }
    }

    /// Sets a variable for processes started from now on.
    pub fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.env.insert(name.into(), value.into());
    }

    /// Removes a variable.
    pub fn unset(&mut self, name: &str) {
        self.env.remove(OsStr::new(name));
    }

    /// The value of a variable, as a path.
    pub fn var(&self, name: &str) -> Option<PathBuf> {
        self.env.get(OsStr::new(name)).map(PathBuf::from)
    }

    /// Where client and daemon must agree that things are.
    pub fn places(&self) -> Places {
        let env = Env {
            home: self.var("HOME"),
            skillmeat_home: self.var("SKILLMEAT_HOME").filter(|home| home.is_absolute()),
            runtime_dir: self.var("XDG_RUNTIME_DIR").filter(|dir| dir.is_absolute()),
            temp_dir: self.var("TMPDIR").unwrap_or_else(|| "/tmp".into()),
            uid: rustix::process::geteuid().as_raw(),
        };
        Places::resolve(&env).expect("a sandbox has a home")
    }

    /// Where the daemon listens.
    pub fn socket(&self) -> PathBuf {
        match self.places().endpoint {
            Endpoint::Socket(path) => path,
            Endpoint::Pipe(name) => unreachable!("{name} on Unix"),
        }
    }

    /// A command that runs in this environment and no other.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.env).current_dir(&self.root);
        command
    }

    /// Writes a file below the sandbox, with the directories that lead to it.
    pub fn write(&self, relative: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root.join(relative);
        write(&path, content);
        path
    }

    /// Writes `config.toml`.
    pub fn config(&self, text: &str) {
        write(&self.home.join("config.toml"), text);
    }
}

impl Drop for Sandbox {
    /// Ends a daemon that a command started: nobody else waits for it.
    fn drop(&mut self) {
        let lock = self.places().lock_file();
        let Ok(file) = fs::File::open(&lock) else { return };
        if file.try_lock().is_ok() {
            return;
        }
        let note = LockNote::from_text(&fs::read_to_string(&lock).unwrap_or_default());
        if let Some(pid) = i32::try_from(note.pid).ok().and_then(Pid::from_raw) {
            // The lock is held, so this process is alive and ours. It ends within its own three seconds, or it is not
            // ours to wait for.
            let _ = kill_process(pid, Signal::TERM);
            let _ = file.lock();
        }
    }
}

/// Writes a file in place, with the directories that lead to it.
pub fn write(path: &Path, content: impl AsRef<[u8]>) {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).expect("a directory of the sandbox");
    }
    fs::write(path, content).unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
}

/// Replaces a file as careful editors do: a temporary beside it, renamed over it.
pub fn save_atomically(path: &Path, content: impl AsRef<[u8]>) {
    let name = path.file_name().expect("a file has a name").to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.x7f3.tmp"));
    write(&temporary, content);
    fs::rename(&temporary, path).unwrap_or_else(|e| panic!("cannot replace {}: {e}", path.display()));
}

/// Copies a tree with its modes and links.
pub fn copy_tree(from: &Path, to: &Path) {
    let metadata = fs::symlink_metadata(from).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
    if metadata.is_symlink() {
        let target = fs::read_link(from).expect("a link has a target");
        std::os::unix::fs::symlink(target, to).expect("nothing is there yet");
    } else if metadata.is_dir() {
        fs::create_dir_all(to).expect("a directory of the sandbox");
        for entry in fs::read_dir(from).expect("a readable directory") {
            let entry = entry.expect("a readable entry");
            copy_tree(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        // A fixture may be read-only; its copy is not.
        let mode = metadata.permissions().mode() | 0o600;
        write(to, fs::read(from).expect("a readable file"));
        fs::set_permissions(to, fs::Permissions::from_mode(mode)).expect("our own file");
    }
}

/// Removes whatever is at `path`.
pub fn remove(path: &Path) {
    let gone = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    gone.unwrap_or_else(|e| panic!("cannot remove {}: {e}", path.display()));
}
