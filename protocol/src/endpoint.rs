//! Where a user's daemon lives: a pure function of the environment, so that client, daemon and tests agree.
//!
//! Identity is the SkillMeat home, not the session: the lock and the registry are under `<home>/daemon`, and the
//! daemon writes the socket it really listens on into its lock file. `XDG_RUNTIME_DIR` differs between a login shell,
//! cron and ssh; a client that finds nobody at the place it computes reads the [`LockNote`] and tries that one.
//!
//! | | default home | `SKILLMEAT_HOME` set |
//! |---|---|---|
//! | home | `$HOME/.skillmeat` | its value |
//! | socket | `$XDG_RUNTIME_DIR/skillmeat/daemon.sock`, else `<home>/daemon/run/daemon.sock` | `<home>/daemon/run/daemon.sock` |
//! | too long for the platform | `<runtime or temporary directory>/skillmeat[-uid]/<hash of home>.sock` | the same |
//! | runtime directory cannot be used | `<home>/daemon/run/daemon.sock`, found by the note | |
//! | Windows | `\\.\pipe\skillmeat-<hash of home>` | the same |

use std::fmt;
use std::path::{Path, PathBuf};

/// Longest socket path that `bind` takes, without its final zero.
pub const MAX_SOCKET_PATH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// The part of the environment that decides. Empty values count as unset, and so do relative ones; only a relative
/// `SKILLMEAT_HOME` is refused, because each directory would then have a home and a daemon of its own.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// `HOME` (`USERPROFILE` on Windows).
    pub home: Option<PathBuf>,
    /// `SKILLMEAT_HOME`.
    pub skillmeat_home: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime_dir: Option<PathBuf>,
    /// The directory for short-lived files, used for the short socket path only.
    pub temp_dir: PathBuf,
    /// The user, to keep users apart in a shared temporary directory.
    pub uid: u32,
}

impl Env {
    /// The current process's environment, for the given user id.
    pub fn of_process(uid: u32) -> Self {
        let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| !p.as_os_str().is_empty());
        let path = |name: &str| set(name).filter(|p| p.is_absolute());
        Self {
            home: path(if cfg!(windows) { "USERPROFILE" } else { "HOME" }),
            skillmeat_home: set("SKILLMEAT_HOME"),
            runtime_dir: path("XDG_RUNTIME_DIR"),
            temp_dir: std::env::temp_dir(),
            uid,
        }
    }
}

/// What a client connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A Unix domain socket.
    Socket(PathBuf),
    /// A Windows named pipe, `\\.\pipe\…`.
    Pipe(String),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => path.display().fmt(f),
            Self::Pipe(name) => f.write_str(name),
        }
    }
}

impl Endpoint {
    /// Reads back what `Display` wrote.
    pub fn from_text(text: &str) -> Self {
        if text.starts_with(r"\\.\pipe\") { Self::Pipe(text.to_owned()) } else { Self::Socket(PathBuf::from(text)) }
    }
}

/// The environment does not say where the home is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoHome {
    /// Neither `SKILLMEAT_HOME` nor `HOME` is set.
    Unset,
    /// `SKILLMEAT_HOME` is not absolute.
    Relative(PathBuf),
}

impl fmt::Display for NoHome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("no home directory: set HOME or SKILLMEAT_HOME to an absolute path"),
            Self::Relative(path) => {
                write!(f, "SKILLMEAT_HOME is '{}', which is relative; set it to an absolute path", path.display())
            }
        }
    }
}

impl std::error::Error for NoHome {}

/// The places that client and daemon must agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// `~/.skillmeat` or `SKILLMEAT_HOME`: collections, config.
    pub home: PathBuf,
    /// `<home>/daemon`: registry, identities, locks. Nothing in it is ever watched.
    pub state: PathBuf,
    /// Whether `SKILLMEAT_HOME` redirects cache, runtime and logs below [`Self::state`] too.
    pub redirected: bool,
    /// Where the daemon listens.
    pub endpoint: Endpoint,
}

impl Places {
    /// Applies the table above.
    ///
    /// # Errors
    /// [`NoHome`] when the environment names no home, or a relative one.
    pub fn resolve(env: &Env) -> Result<Self, NoHome> {
        let (home, redirected) = match (&env.skillmeat_home, &env.home) {
            (Some(home), _) if !home.is_absolute() => return Err(NoHome::Relative(home.clone())),
            (Some(home), _) => (home.clone(), true),
            (None, Some(home)) => (home.join(".skillmeat"), false),
            (None, None) => return Err(NoHome::Unset),
        };
        let state = home.join("daemon");
        let endpoint = if cfg!(windows) {
            Endpoint::Pipe(format!(r"\\.\pipe\skillmeat-{}", short_name(&home)))
        } else {
            let near = state.join("run").join("daemon.sock");
            let socket = match &env.runtime_dir {
                Some(runtime) if !redirected => runtime.join("skillmeat").join("daemon.sock"),
                _ => near,
            };
            Endpoint::Socket(if fits(&socket) { socket } else { short_socket(env, &home) })
        };
        Ok(Self { home, state, redirected, endpoint })
    }

    /// Where the daemon listens when the place in the runtime directory cannot be used; the lock file then says so. None
    /// when there is no other place.
    pub fn fallback(&self) -> Option<Endpoint> {
        let near = self.state.join("run").join("daemon.sock");
        let other = Endpoint::Socket(near.clone());
        (!cfg!(windows) && fits(&near) && other != self.endpoint).then_some(other)
    }

    /// Held by the daemon for as long as it lives; holds a [`LockNote`]. Never deleted.
    pub fn lock_file(&self) -> PathBuf {
        self.state.join("daemon.lock")
    }

    /// Held by a client while it starts a daemon. Never deleted.
    pub fn start_lock_file(&self) -> PathBuf {
        self.state.join("start.lock")
    }
}

fn fits(path: &Path) -> bool {
    path.as_os_str().len() <= MAX_SOCKET_PATH
}

fn short_socket(env: &Env, home: &Path) -> PathBuf {
    let name = format!("{}.sock", short_name(home));
    let in_runtime = env.runtime_dir.as_ref().map(|dir| dir.join("skillmeat").join(&name)).filter(|path| fits(path));
    in_runtime.unwrap_or_else(|| {
        let shared = env.temp_dir.join(format!("skillmeat-{}", env.uid)).join(&name);
        // A temporary directory that is itself too long leaves only the one that every Unix has.
        if fits(&shared) { shared } else { Path::new("/tmp").join(format!("skillmeat-{}", env.uid)).join(name) }
    })
}

/// FNV-1a of the home's bytes: names a place, protects nothing.
fn short_name(home: &Path) -> String {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = home.as_os_str().as_encoded_bytes().iter().fold(0xcbf2_9ce4_8422_2325, fold);
    format!("{hash:016x}")
}

/// What a running daemon writes into the lock file that it holds: `key=value` lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockNote {
    /// Process id, for messages only; liveness is an answered hello.
    pub pid: u32,
    /// Version of the daemon.
    pub version: String,
    /// Where it listens.
    pub endpoint: String,
    /// Directory of its log files.
    pub logs: String,
    /// What its welcome says, so that a client knows whether it talks to the daemon of its own home; 0 when not said.
    pub instance: u64,
}

impl LockNote {
    /// The text to write.
    pub fn to_text(&self) -> String {
        let Self { pid, version, endpoint, logs, instance } = self;
        format!("pid={pid}\nversion={version}\nendpoint={endpoint}\nlogs={logs}\ninstance={instance:016x}\n")
    }

    /// Reads a note; unknown lines are skipped, missing ones leave empty values.
    pub fn from_text(text: &str) -> Self {
        let mut note = Self::default();
        // Not `lines`: a path may end in `\r`, and what was written is what is read.
        for (key, value) in text.split('\n').filter_map(|line| line.split_once('=')) {
            match key {
                "pid" => note.pid = value.parse().unwrap_or(0),
                "version" => value.clone_into(&mut note.version),
                "endpoint" => value.clone_into(&mut note.endpoint),
                "logs" => value.clone_into(&mut note.logs),
                "instance" => note.instance = u64::from_str_radix(value, 16).unwrap_or(0),
                _ => {}
            }
        }
        note
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn env(home: &str, redirect: Option<&str>, runtime: Option<&str>) -> Env {
        Env {
            home: Some(home.into()),
            skillmeat_home: redirect.map(Into::into),
            runtime_dir: runtime.map(Into::into),
            temp_dir: "/tmp".into(),
            uid: 7,
        }
    }

    #[test]
    fn sockets_follow_the_table() {
        let long = format!("/home/{}", "x".repeat(120));
        let cases = [
            (env("/h", None, Some("/run/user/7")), "/run/user/7/skillmeat/daemon.sock"),
            (env("/h", None, None), "/h/.skillmeat/daemon/run/daemon.sock"),
            (env("/h", Some("/t/a"), Some("/run/user/7")), "/t/a/daemon/run/daemon.sock"),
            (env(&long, None, Some("/run/user/7")), "/run/user/7/skillmeat/daemon.sock"),
        ];
        for (env, want) in cases {
            assert_eq!(Places::resolve(&env).expect("has a home").endpoint.to_string(), want);
        }
        for runtime in [None, Some(long.as_str())] {
            let text = Places::resolve(&env(&long, None, runtime)).expect("has a home").endpoint.to_string();
            assert!(text.starts_with("/tmp/skillmeat-7/") && text.len() <= MAX_SOCKET_PATH, "{text}");
        }
        let two = [format!("{long}/a"), format!("{long}/b")]
            .map(|h| Places::resolve(&env(&h, None, None)).expect("has a home").endpoint);
        assert_ne!(two[0], two[1]);
        assert_eq!(Places::resolve(&Env::default()), Err(NoHome::Unset));
        let relative = Env { skillmeat_home: Some("x".into()), ..env("/h", None, None) };
        assert_eq!(Places::resolve(&relative), Err(NoHome::Relative("x".into())));
    }

    #[test]
    fn lock_notes_round_trip() {
        let (version, endpoint, logs) = ("0.1.0".into(), "/a=b".into(), "/l\r".into());
        let note = LockNote { pid: 9, version, endpoint, logs, instance: 0xabc };
        assert_eq!(LockNote::from_text(&note.to_text()), note);
        assert_eq!(LockNote::from_text("garbage\n\nx=y"), LockNote::default());
    }
}
