//! Real processes: a daemon that ends with the test, and commands of the client.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use serde_json::Value;

use crate::client::Client;
use crate::json::JsonClient;
use crate::sandbox::Sandbox;

/// After this long something hangs. Never waited for by a test that passes.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A daemon in a sandbox: the real program, ready when this exists, gone when it is dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    socket: PathBuf,
    logs: Vec<PathBuf>,
}

impl Daemon {
    /// Starts a daemon and waits until it is ready.
    ///
    /// # Panics
    /// When it is not ready in time; its log is printed.
    pub fn start(sandbox: &Sandbox) -> Self {
        match Self::try_start(sandbox) {
            Ok(daemon) => daemon,
            Err(line) => panic!("the daemon does not start: {line:?}"),
        }
    }

    /// Starts a daemon; the error is its readiness line.
    ///
    /// # Errors
    /// What it said instead of `ready`; empty when it said nothing.
    pub fn try_start(sandbox: &Sandbox) -> Result<Self, String> {
        Self::spawn(sandbox, Self::command(sandbox))
    }

    /// Starts a daemon that may take minutes to be ready: it has much to read.
    ///
    /// # Errors
    /// As [`Self::try_start`].
    pub fn start_slowly(sandbox: &Sandbox) -> Result<Self, String> {
        Self::spawn_within(sandbox, Self::command(sandbox), 60 * PATIENCE)
    }

    /// The command that starts one in the foreground.
    pub fn command(sandbox: &Sandbox) -> Command {
        let mut command = sandbox.command(&sandbox.binaries.daemon);
        command.args(["run", "--ready", "stdout"]);
        command
    }

    /// Runs a command that becomes a daemon with `--ready stdout`.
    ///
    /// # Errors
    /// As [`Self::try_start`].
    pub fn spawn(sandbox: &Sandbox, command: Command) -> Result<Self, String> {
        Self::spawn_within(sandbox, command, PATIENCE)
    }

    fn spawn_within(sandbox: &Sandbox, mut command: Command, limit: Duration) -> Result<Self, String> {
        let errors = sandbox.root.join("daemon.stderr");
        let file = File::options().create(true).append(true).open(&errors).expect("a file of the sandbox");
        if command.get_args().all(|arg| arg != "-c") {
            command.stdin(Stdio::null());
        }
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().expect("the daemon's program is there");
        let line = first_line(child.stdout.take().expect("piped"), limit);
        let state = sandbox.places().state;
        let logs = vec![errors, state.join("logs"), sandbox.root.join("state/skillmeat/logs")];
        let mut daemon = Self { child, socket: sandbox.socket(), logs };
        match line.as_deref().map(str::trim_end) {
            Ok("ready") => Ok(daemon),
            other => {
                let said = other.map_or_else(|_| format!("nothing within {limit:?}"), str::to_owned);
                if said.is_empty() || other.is_err() {
                    daemon.print_logs();
                }
                // It has ended, or must.
                let _ = daemon.child.kill();
                let _ = daemon.child.wait();
                Err(said)
            }
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it was expected to listen.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// A connection in the binary encoding.
    pub fn client(&self) -> Client {
        Client::connect(&self.socket)
    }

    /// A connection in JSON lines.
    pub fn json(&self) -> JsonClient {
        JsonClient::connect(&self.socket)
    }

    /// Asks it to end as service managers do, and waits until it has.
    pub fn terminate(self) -> ExitStatus {
        self.end(Signal::TERM)
    }

    /// As [`Self::terminate`], for one that may have ended; whether it ended in order.
    pub fn terminate_if_alive(mut self) -> bool {
        // A child that was not waited for can be sent a signal, dead or alive.
        let _ = kill_process(pid_of(&self.child), Signal::TERM);
        self.wait_in_place().success()
    }

    /// Ends it without a chance to tidy up.
    pub fn kill(self) {
        self.end(Signal::KILL);
    }

    /// Sends it a signal and goes on.
    pub fn signal(&self, signal: Signal) {
        kill_process(pid_of(&self.child), signal).expect("it is our child and not waited for");
    }

    /// Waits until it ends by itself.
    pub fn wait(mut self) -> ExitStatus {
        self.wait_in_place()
    }

    fn wait_in_place(&mut self) -> ExitStatus {
        match wait_within(&mut self.child, PATIENCE) {
            Some(status) => status,
            None => {
                self.print_logs();
                panic!("the daemon does not end");
            }
        }
    }

    fn end(mut self, signal: Signal) -> ExitStatus {
        kill_process(pid_of(&self.child), signal).expect("it is our child and not waited for");
        self.wait_in_place()
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        let mut text = String::new();
        for place in &self.logs {
            let files = match fs::read_dir(place) {
                Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
                Err(_) => vec![place.clone()],
            };
            for file in files {
                text.push_str(&fs::read_to_string(file).unwrap_or_default());
            }
        }
        text
    }

    fn print_logs(&self) {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines.len().saturating_sub(200);
        eprintln!("--- the daemon's log, last lines ---\n{}\n---", lines[last..].join("\n"));
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.print_logs();
        }
        if matches!(self.child.try_wait(), Ok(None)) {
            // Failing to end it is not what the test is about, and a hanging one is killed.
            let _ = kill_process(pid_of(&self.child), Signal::TERM);
            let _ = wait_within(&mut self.child, PATIENCE);
        }
    }
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Waits for a child; one that does not end within `limit` is killed, and there is no status.
pub fn wait_within(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let pid = pid_of(child);
    let (ended_tx, ended_rx) = mpsc::channel::<()>();
    let guard = std::thread::spawn(move || {
        let hangs = ended_rx.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout);
        if hangs {
            let _ = kill_process(pid, Signal::KILL);
        }
        hangs
    });
    let status = child.wait().expect("a child can be waited for");
    drop(ended_tx);
    let hung = guard.join().expect("the guard does not panic");
    (!hung).then_some(status)
}

/// The first line of a pipe; the pipe stays open in a thread until its writer ends.
fn first_line(pipe: ChildStdout, limit: Duration) -> Result<String, mpsc::RecvTimeoutError> {
    let (line_tx, line_rx) = mpsc::channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut line = String::new();
        // An error leaves the line empty, which says enough.
        let _ = reader.read_line(&mut line);
        let _ = line_tx.send(line);
        let _ = reader.read_to_end(&mut Vec::new());
    });
    line_rx.recv_timeout(limit)
}

/// How a command of the client ended.
#[derive(Debug)]
pub struct Output {
    /// Exit code; none after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The command line.
    pub line: String,
}

impl Output {
    /// Its standard output, when it succeeded.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn ok(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:?}");
        &self.stdout
    }

    /// `data` of its `--json` envelope.
    ///
    /// # Panics
    /// When it failed or printed anything else.
    #[track_caller]
    pub fn data(&self) -> Value {
        let mut envelope = self.envelope();
        assert_eq!(envelope["schema"], 1, "{self:?}");
        envelope.get_mut("data").unwrap_or_else(|| panic!("no data: {self:?}")).take()
    }

    /// `error` of its `--json` envelope.
    ///
    /// # Panics
    /// When it printed anything else.
    #[track_caller]
    pub fn error(&self) -> Value {
        let mut envelope = self.envelope();
        assert_eq!(envelope["schema"], 1, "{self:?}");
        envelope.get_mut("error").unwrap_or_else(|| panic!("no error: {self:?}")).take()
    }

    #[track_caller]
    fn envelope(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "one object on one line: {self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

impl Sandbox {
    /// Runs the client with these arguments, in the sandbox's root.
    pub fn cli<S: AsRef<OsStr>>(&self, args: &[S]) -> Output {
        self.cli_in(&self.root.clone(), args, "")
    }

    /// Runs the client in a directory with this standard input.
    ///
    /// # Panics
    /// When it does not end.
    pub fn cli_in<S: AsRef<OsStr>>(&self, directory: &Path, args: &[S], input: &str) -> Output {
        let mut command = self.command(&self.binaries.client);
        command.args(args).current_dir(directory);
        run(command, input)
    }
}

/// Runs a command to its end.
///
/// # Panics
/// When it does not end.
pub fn run(mut command: Command, input: &str) -> Output {
    let line = format!("{command:?}");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("cannot run {line}: {e}"));
    let mut stdin = child.stdin.take().expect("piped");
    // A command that does not read its input may have ended already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let collect = |pipe: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let (mut pipe, mut bytes) = (pipe, Vec::new());
            let _ = pipe.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let out = collect(Box::new(child.stdout.take().expect("piped")));
    let err = collect(Box::new(child.stderr.take().expect("piped")));
    let status = wait_within(&mut child, 3 * PATIENCE);
    let text = |thread: std::thread::JoinHandle<String>| thread.join().expect("reading does not panic");
    let (stdout, stderr) = (text(out), text(err));
    let Some(status) = status else { panic!("{line} does not end; it printed {stdout:?} and {stderr:?}") };
    Output { code: status.code(), stdout, stderr, line }
}
