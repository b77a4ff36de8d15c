//! Finding the daemon, starting it when none answers, and replacing an older one.
//!
//! The order is buck2's: try to connect; when that fails take the start lock and try again under it, because somebody
//! else may have started one meanwhile; only then start one, and wait until it says that it is ready. Every wait has
//! a deadline, and its error names what was waited for.
//!
//! Invariants: one attempt to start per command; a newer daemon is never stopped (an old client in a forgotten shell
//! and a new daemon would replace each other for ever); liveness is an answered welcome, never a process id.

use std::cmp::Ordering;
use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use skillmeat_protocol::endpoint::{Endpoint, Places};
use skillmeat_protocol::error::ErrorCode;
use skillmeat_protocol::preamble::{Welcome, compare_versions};
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{Call, ShutdownReason};

use crate::failure::Failure;
use crate::os;
use crate::surroundings::Surroundings;
use crate::transport::{self, Attempt, Connection, Lines, WELCOME_WITHIN, attempt, lock_is_free, noted_pid, patience};

/// Our version, in messages and in the request to hand over.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

const START_LOCK_WITHIN: Duration = Duration::from_secs(10);
/// What a daemon has for getting ready.
pub(crate) const READY_WITHIN: Duration = Duration::from_secs(10);
const HAND_OVER_WITHIN: Duration = Duration::from_secs(5);
/// What a running daemon has for noticing that its socket is gone.
const LOOK_WITHIN: Duration = Duration::from_secs(1);
/// Between two looks at a lock.
pub(crate) const LOCK_POLL: Duration = Duration::from_millis(10);

/// Whether a daemon may be started or replaced for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// When none answers.
    IfNeeded,
    /// Never.
    Never,
}

/// Asks `call` and returns its reply and the connection for more.
///
/// # Errors
/// Exit code 4 when no daemon answers and none could be started; 3 when the request failed.
pub fn ask(around: &Surroundings, call: &Call, start: Start) -> Result<(Connection, Reply), Failure> {
    let mut connection = reach(around, call, start)?;
    match connection.reply(Some(patience(call))) {
        Ok(reply) => Ok((connection, reply)),
        Err(failure) => Err(transport::naming_holder(&around.places()?, failure)),
    }
}

/// Brings `call` to a daemon of our protocol; its reply has not been read yet.
///
/// # Errors
/// As [`ask`].
pub fn reach(around: &Surroundings, call: &Call, start: Start) -> Result<Connection, Failure> {
    let places = around.places()?;
    let start = if around.no_start { Start::Never } else { start };
    match (attempt(&places, call, WELCOME_WITHIN)?, start) {
        (Attempt::Ready(connection), _) => Ok(connection),
        (Attempt::Skewed(_, welcome, Ordering::Greater), _) => Err(we_are_older(&welcome)),
        (Attempt::Skewed(_, welcome, _), Start::Never) => Err(daemon_is_older(&welcome)),
        (Attempt::Nobody | Attempt::Closed, Start::Never) if lock_is_free(&places) == Some(false) => {
            settle_running(&places, call)
        }
        (Attempt::Nobody | Attempt::Closed, Start::Never) => {
            Err(Failure::no_daemon("no daemon is running").hint("start it with 'skillmeat daemon start'"))
        }
        (_, Start::IfNeeded) => start_one(around, &places, call),
    }
}

fn start_one(around: &Surroundings, places: &Places, call: &Call) -> Result<Connection, Failure> {
    let _lock = start_lock(places)?;
    if let Some(connection) = settle(places, call)? {
        return Ok(connection);
    }
    spawn(around, places)?;
    match attempt(places, call, WELCOME_WITHIN)? {
        Attempt::Ready(connection) => Ok(connection),
        Attempt::Skewed(_, welcome, Ordering::Greater) => Err(we_are_older(&welcome)),
        Attempt::Skewed(_, welcome, _) => Err(daemon_is_older(&welcome)
            .hint("the skillmeatd that was started is older than this client; install both from the same release")),
        Attempt::Closed => Err(turned_away(places)),
        Attempt::Nobody => Err(Failure::no_daemon("the daemon was started but does not listen where it should")
            .hint("see 'skillmeat daemon logs'")),
    }
}

/// Under the start lock: waits until a daemon answers (another is just starting) or its lock is free (the last one has
/// ended, at our request when it is older).
fn settle(places: &Places, call: &Call) -> Result<Option<Connection>, Failure> {
    let (deadline, patience) = (Instant::now() + HAND_OVER_WITHIN, Instant::now() + LOOK_WITHIN);
    let mut asked = false;
    ask_to_look(places);
    loop {
        match attempt(places, call, WELCOME_WITHIN)? {
            Attempt::Ready(connection) => return Ok(Some(connection)),
            Attempt::Skewed(_, welcome, Ordering::Greater) => return Err(we_are_older(&welcome)),
            Attempt::Skewed(endpoint, ..) if !asked => {
                ask_to_end(&endpoint, ShutdownReason::Upgrade)?;
                asked = true;
            }
            Attempt::Skewed(..) => {}
            // When that cannot be told, the daemon will: it refuses to be the second.
            Attempt::Nobody | Attempt::Closed if lock_is_free(places) != Some(false) => return Ok(None),
            Attempt::Closed if Instant::now() >= patience => return Err(turned_away(places)),
            Attempt::Nobody | Attempt::Closed => {}
        }
        if Instant::now() >= deadline {
            let pid = noted_pid(places);
            return Err(Failure::unresponsive(format!(
                "a daemon (process {pid}) holds {} but neither answers nor ends",
                places.lock_file().display()
            )));
        }
        std::thread::sleep(LOCK_POLL);
    }
}

/// A daemon holds its lock but is not where it should be: it is starting, ending, or its socket was taken away, which it
/// notices when asked to look.
fn settle_running(places: &Places, call: &Call) -> Result<Connection, Failure> {
    ask_to_look(places);
    let deadline = Instant::now() + LOOK_WITHIN;
    while lock_is_free(places) == Some(false) {
        match attempt(places, call, WELCOME_WITHIN)? {
            Attempt::Ready(connection) => return Ok(connection),
            Attempt::Skewed(_, welcome, Ordering::Greater) => return Err(we_are_older(&welcome)),
            Attempt::Skewed(_, welcome, _) => return Err(daemon_is_older(&welcome)),
            Attempt::Closed if Instant::now() >= deadline => return Err(turned_away(places)),
            Attempt::Nobody if Instant::now() >= deadline => {
                let pid = noted_pid(places);
                return Err(Failure::unresponsive(format!(
                    "a daemon (process {pid}) holds {} but does not listen on {}",
                    places.lock_file().display(),
                    places.endpoint
                )));
            }
            Attempt::Nobody | Attempt::Closed => std::thread::sleep(LOCK_POLL),
        }
    }
    Err(Failure::no_daemon("the daemon ended just now").hint("start it with 'skillmeat daemon start'"))
}

/// A daemon that lives and closed every connection at once. It says why when it can; beyond what it can even refuse it
/// cannot.
fn turned_away(places: &Places) -> Failure {
    let pid = noted_pid(places);
    let message = format!("the daemon (process {pid}) closes every connection at once: too many connections are open");
    Failure::new(ErrorCode::Refused, message)
        .hint("close some, or look for a program that opens connections and keeps them")
}

/// Makes a running daemon look whether its socket and its lock file are still there: it watches the directory of this file.
/// No process is named, because a noted number may be another program's by now.
fn ask_to_look(places: &Places) {
    // Closing it after it was open for writing is what is noticed. It is not made here, nor is its absence an error: then
    // there is no directory either, and no daemon of it.
    drop(File::options().write(true).open(places.start_lock_file()));
}

/// Asks a daemon of any version to end, with the line that every version understands.
///
/// # Errors
/// When it refuses.
pub fn ask_to_end(endpoint: &Endpoint, reason: ShutdownReason) -> Result<(), Failure> {
    let reason = match reason {
        ShutdownReason::Requested => "requested",
        ShutdownReason::Upgrade => "upgrade",
    };
    let mut lines = match Lines::open(endpoint) {
        Ok(lines) => lines,
        // It ended by itself.
        Err(failure) if failure.code == "no_daemon" => return Ok(()),
        Err(failure) => return Err(failure),
    };
    lines.send(&format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"shutdown\",\"params\":{{\"reason\":\"{reason}\",\"version\":\"{VERSION}\"}}}}\n"
    ))?;
    // A daemon that ends may close before its answer is out; only a clear refusal counts.
    match lines.line(WELCOME_WITHIN) {
        Ok(answer) if answer.contains("\"error\"") => {
            Err(Failure::new(ErrorCode::Refused, format!("the running daemon refuses to end: {}", answer.trim_end()))
                .hint("stop it with 'skillmeat daemon stop' of its own version"))
        }
        _ => Ok(()),
    }
}

/// Waits until the daemon's lock is free.
///
/// # Errors
/// When it is not within the time that a daemon has for ending.
pub fn wait_until_ended(places: &Places) -> Result<(), Failure> {
    let deadline = Instant::now() + HAND_OVER_WITHIN;
    while lock_is_free(places) == Some(false) {
        if Instant::now() >= deadline {
            let pid = noted_pid(places);
            return Err(Failure::unresponsive(format!("the daemon (process {pid}) was asked to end and has not")));
        }
        std::thread::sleep(LOCK_POLL);
    }
    Ok(())
}

/// Held while a daemon is being started; the file stays.
fn start_lock(places: &Places) -> Result<File, Failure> {
    let made = os::private_dir(&places.state);
    trusted(&places.state, made)?;
    let path = places.start_lock_file();
    let file = os::open_lock_file(&path).map_err(|e| no_start(Failure::io("open", &path, &e)))?;
    let deadline = Instant::now() + START_LOCK_WITHIN;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(e)) => return Err(no_start(Failure::io("lock", &path, &e))),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                return Err(Failure::no_daemon("another client has been starting the daemon for 10 s")
                    .hint("see 'skillmeat daemon logs'")
                    .path(path.to_string_lossy()));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_POLL),
        }
    }
}

/// Nothing is written into a directory that somebody else prepared: the daemon would refuse it, but only after this
/// client made its lock there.
fn trusted(state: &Path, made: std::io::Result<()>) -> Result<(), Failure> {
    let Ok(found) = std::fs::symlink_metadata(state) else {
        return made.map_err(|e| no_start(Failure::io("create", state, &e)));
    };
    let shown = state.display();
    let refused = |message: String| Failure::no_daemon(message).path(state.to_string_lossy());
    if !found.is_dir() {
        let what = if found.is_symlink() { "a symbolic link" } else { "a file" };
        return Err(refused(format!("{shown} is {what}, not a directory")).hint(format!("remove it: rm {shown}")));
    }
    match os::privacy_flaw(&found, os::Writers::Nobody) {
        None => Ok(()),
        Some(flaw) => Err(refused(format!("{shown} {flaw}")).hint(os::privacy_repair(&found, &shown.to_string()))),
    }
}

/// Whatever prevents a start is reported as such.
fn no_start(failure: Failure) -> Failure {
    Failure { exit: skillmeat_protocol::error::exit::NO_DAEMON, ..failure }
}

fn spawn(around: &Surroundings, places: &Places) -> Result<(), Failure> {
    let exe = daemon_exe(around)?;
    let mut command = Command::new(&exe);
    command.args(["run", "--ready", "stdout"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).current_dir(os::ROOT_DIR);
    if let Some(home) = &around.env.skillmeat_home {
        command.env("SKILLMEAT_HOME", home);
    }
    // They belong to the service that this client runs in, if any; the daemon must not answer for it.
    for name in ["NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_USEC", "WATCHDOG_PID"] {
        command.env_remove(name);
    }
    os::detach(&mut command);
    let cannot = |e: &std::io::Error| no_start(Failure::io("start", &exe, e));
    let mut child = command.spawn().map_err(|e| cannot(&e))?;
    let Some(pipe) = child.stdout.take() else {
        return Err(Failure::no_daemon("the daemon has no readiness pipe"));
    };
    let (sender, receiver) = mpsc::channel();
    // A pipe has no read deadline. The thread ends with the pipe, or with this process.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(pipe).read_line(&mut line);
        let _ = sender.send(read.map(|_| line));
    });
    let hint = format!("run '{} run' to see why", exe.display());
    match receiver.recv_timeout(READY_WITHIN) {
        Ok(Ok(line)) => match line.trim_end() {
            "ready" => Ok(()),
            "" => Err(Failure::no_daemon("the daemon ended while starting").hint(hint)),
            text => {
                let text = text.strip_prefix("error: ").unwrap_or(text);
                Err(Failure::no_daemon(format!("the daemon could not start: {text}")).hint(hint))
            }
        },
        Ok(Err(e)) => Err(cannot(&e)),
        Err(_) => Err(Failure::no_daemon("the daemon is not ready after 10 s; it may still be starting")
            .hint("try again in a moment, or see 'skillmeat daemon logs'")
            .path(places.state.to_string_lossy())),
    }
}

/// The daemon to start: `SKILLMEATD`, else the one beside this program, else the first in `PATH`.
///
/// # Errors
/// When there is none.
pub fn daemon_exe(around: &Surroundings) -> Result<PathBuf, Failure> {
    if let Some(exe) = &around.daemon_exe {
        // The daemon is started in another directory.
        return Ok(std::path::absolute(exe).unwrap_or_else(|_| exe.clone()));
    }
    let beside = std::env::current_exe().ok().and_then(|own| own.canonicalize().ok());
    let beside = beside.as_deref().and_then(Path::parent).map(Path::to_owned);
    let path: Option<&OsString> = around.search_path.as_ref();
    beside
        .into_iter()
        .chain(path.into_iter().flat_map(std::env::split_paths))
        .map(|dir| dir.join(os::DAEMON_EXE))
        .find(|exe| exe.is_file())
        .ok_or_else(|| {
            Failure::no_daemon("cannot find skillmeatd, beside this program or in PATH")
                .hint("install it there, or set SKILLMEATD to its path")
        })
}

fn we_are_older(welcome: &Welcome) -> Failure {
    let daemon = &welcome.version;
    // Two builds of one version can differ in protocol while it is being developed.
    let relation = if compare_versions(VERSION, daemon) == Ordering::Less { "older" } else { "of an older build" };
    Failure::new(
        ErrorCode::VersionMismatch,
        format!("this client ({VERSION}) is {relation} than the running daemon ({daemon})"),
    )
    .hint("open a new shell, or update skillmeat; the daemon is left alone")
}

fn daemon_is_older(welcome: &Welcome) -> Failure {
    Failure::new(
        ErrorCode::VersionMismatch,
        format!("the running daemon ({}) speaks an older protocol than this client ({VERSION})", welcome.version),
    )
    .hint("replace it with 'skillmeat daemon restart'")
}

/// Sends a typed request to a daemon that must be running, and returns its reply.
///
/// # Errors
/// As [`ask`].
pub fn ask_running(
    around: &Surroundings,
    request: skillmeat_protocol::request::Request,
) -> Result<(Connection, Reply), Failure> {
    ask(around, &transport::call(request, skillmeat_protocol::request::Freshness::Cached), Start::Never)
}
