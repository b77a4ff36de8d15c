//! Tests of what holds for a whole process: a test starts itself again in a process of its own and talks to it.
//!
//! The child writes to stderr, because the test harness writes to its stdout.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{ChildStderr, Command, ExitStatus, Stdio};

const DIRECTORY: &str = "SKILLMEAT_TEST_CHILD";

/// A directory for the child's files, in the child; nothing in the parent.
pub(crate) fn in_child() -> Option<PathBuf> {
    std::env::var_os(DIRECTORY).map(PathBuf::from)
}

/// Tells the parent.
pub(crate) fn tell(line: &str) {
    eprintln!("{line}");
}

/// Tells the parent and ends the child as a success.
pub(crate) fn leave(line: &str) -> ! {
    tell(line);
    std::process::exit(0)
}

/// The other process; killed when dropped, so that a failed test leaves none behind.
pub(crate) struct Child {
    process: std::process::Child,
    lines: BufReader<ChildStderr>,
    _directory: tempfile::TempDir,
}

impl Child {
    /// Runs the test of this full name in a process of its own.
    pub(crate) fn start(test: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut process = Command::new(std::env::current_exe().expect("the test program"))
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(DIRECTORY, directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the test program starts");
        let lines = BufReader::new(process.stderr.take().expect("piped"));
        Self { process, lines, _directory: directory }
    }

    /// The next line that the child told; empty when it has ended.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("UTF-8");
        line.trim_end().to_owned()
    }

    /// Everything the child, and the harness in it, wrote to stdout until that was closed.
    pub(crate) fn stdout(&mut self) -> String {
        let mut text = String::new();
        self.process.stdout.take().expect("asked once").read_to_string(&mut text).expect("UTF-8");
        text
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.process), signal).expect("sent");
    }

    /// Waits for the end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.process.wait().expect("waited")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
