//! The reference for everything about watching: a watchman server of our own, and connections to it.
//!
//! The server is private: its socket, state, log and process id lie in the sandbox, and it ends with its value. It keeps
//! watchman's default settings, settle period included.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::PATIENCE;
use crate::sandbox::Sandbox;

/// Why there is no reference.
pub const MISSING: &str = "watchman is not installed";

/// Milliseconds that watchman may take to see its own cookie.
const SYNC_TIMEOUT_MS: u32 = 8_000;

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Watchman {
    child: Child,
    socket: PathBuf,
}

impl Watchman {
    /// Starts one in a sandbox; none when it is not installed.
    ///
    /// # Panics
    /// When it is installed and does not answer.
    pub fn start(sandbox: &Sandbox) -> Option<Self> {
        let dir = sandbox.root.join("watchman");
        std::fs::create_dir_all(&dir).expect("a directory of the sandbox");
        let socket = dir.join("sock");
        let mut command = sandbox.command("watchman");
        for (option, name) in [("statefile", "state"), ("sockname", "sock"), ("logfile", "log"), ("pidfile", "pid")] {
            command.arg(format!("--{option}={}", dir.join(name).display()));
        }
        command.args(["--foreground", "--no-save-state"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Self { child: command.spawn().ok()?, socket };
        let deadline = Instant::now() + PATIENCE;
        while UnixStream::connect(&server.socket).is_err() {
            let ended = server.child.try_wait().expect("it is our child");
            assert!(ended.is_none() && Instant::now() < deadline, "watchman does not start: {ended:?}");
            // It has no way of saying that it is ready.
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(server)
    }

    /// A connection.
    pub fn connect(&self) -> Connection {
        let stream = UnixStream::connect(&self.socket).expect("it listens");
        stream.set_read_timeout(Some(6 * PATIENCE)).expect("a valid timeout");
        Connection { stream: BufReader::new(stream) }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Watchman {
    fn drop(&mut self) {
        // It holds nothing that must be saved.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection in watchman's JSON encoding. Every method panics when watchman refuses.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<UnixStream>,
}

impl Connection {
    /// Watches a directory, and waits until all of it is known.
    pub fn watch(&mut self, root: &Path) {
        self.ask(&json!(["watch", root]));
        self.clock(root);
    }

    /// Where the history of a watched directory is, after everything that happened until now.
    pub fn clock(&mut self, root: &Path) -> String {
        let answer = self.ask(&json!(["clock", root, { "sync_timeout": SYNC_TIMEOUT_MS }]));
        text(&answer, "clock")
    }

    /// Names of what changed since a clock, after everything that happened until now; and the new clock.
    pub fn query(&mut self, root: &Path, since: &str) -> (Vec<String>, String) {
        let query = json!({ "since": since, "fields": ["name"], "sync_timeout": SYNC_TIMEOUT_MS });
        let answer = self.ask(&json!(["query", root, query]));
        (files(&answer), text(&answer, "clock"))
    }

    /// Subscribes to the names of what changes from a clock on, and reads the first answer. Nothing else may be asked on
    /// this connection afterwards.
    pub fn subscribe(&mut self, root: &Path, since: &str) {
        self.ask(&json!(["subscribe", root, "bench", { "since": since, "fields": ["name"] }]));
    }

    /// The names in the next notification of a subscription.
    pub fn event(&mut self) -> Vec<String> {
        loop {
            let message = self.receive();
            // It also tells of states and of its own restarts.
            if message.get("files").is_some() {
                return files(&message);
            }
        }
    }

    fn ask(&mut self, command: &Value) -> Value {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{command}\n").as_bytes()).expect("watchman reads");
        let answer = self.receive();
        assert!(answer.get("error").is_none(), "{command}: {answer}");
        answer
    }

    fn receive(&mut self) -> Value {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("watchman answers");
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"))
    }
}

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer}")).to_owned()
}

fn files(answer: &Value) -> Vec<String> {
    let files = answer["files"].as_array().map(Vec::as_slice).unwrap_or_default();
    files.iter().filter_map(|file| file.as_str().map(str::to_owned)).collect()
}
