//! Why a command did not do what was asked, for a person and for a program.
//!
//! Two kinds end a command: a [`Failure`], which is reported, and an output that nobody reads any more, which is not
//! (`skillmeat list | head` is a success). [`Stop`] keeps them apart so that `?` on a write never becomes a report.

use skillmeat_protocol::error::{ErrorCode, WireError, exit};
use std::io::{self, Write};

use crate::render::json;
use crate::render::term::escape;

/// [`Failure::code`] of a daemon that is there but says nothing.
pub const UNRESPONSIVE: &str = "daemon_unresponsive";

/// Something to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Exit code of the process.
    pub exit: u8,
    /// Stable name: one of the protocol's, or `no_daemon`, `daemon_unresponsive`, `usage`.
    pub code: &'static str,
    /// What happened; lower case, no full stop.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// The file or directory concerned.
    pub path: Option<String>,
}

impl Failure {
    /// A failed request.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { exit: exit::FAILED, code: code.as_str(), message: message.into(), hint: None, path: None }
    }

    /// No daemon answers and none could be started.
    pub fn no_daemon(message: impl Into<String>) -> Self {
        Self { exit: exit::NO_DAEMON, code: "no_daemon", message: message.into(), hint: None, path: None }
    }

    /// A daemon is there but says nothing.
    pub fn unresponsive(message: impl Into<String>) -> Self {
        Self { code: UNRESPONSIVE, ..Self::no_daemon(message) }
            .hint("see 'skillmeat daemon logs', then end that process; the next command starts a new daemon")
    }

    /// Names the process that a silence is about, and how to end it.
    #[must_use]
    pub fn of_process(mut self, pid: u32) -> Self {
        self.message = format!("{} (process {pid})", self.message);
        if self.code == UNRESPONSIVE {
            let end = if cfg!(windows) { format!("taskkill /F /PID {pid}") } else { format!("kill -9 {pid}") };
            self.hint = Some(format!(
                "it hangs or is stopped: see 'skillmeat daemon logs', then '{end}'; the next command starts a new daemon"
            ));
        }
        self
    }

    /// The command line is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: exit::USAGE, code: "usage", message: message.into(), hint: None, path: None }
    }

    /// A file that could not be used, with the verb in `what`.
    pub fn io(what: &str, path: &std::path::Path, error: &io::Error) -> Self {
        Self::new(ErrorCode::Io, format!("cannot {what} {}: {error}", path.display())).path(path.to_string_lossy())
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the file or directory concerned.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// `error:` and `hint:` lines for a person.
    pub fn write_human(&self, to: &mut dyn Write) -> io::Result<()> {
        if self.exit == exit::USAGE {
            // clap's text has lines of its own.
            let lines: Vec<_> = self.message.lines().map(escape).collect();
            writeln!(to, "error: {}", lines.join("\n"))?;
        } else {
            // Of several paths on a command line, the message alone does not say which.
            let unsaid = self.path.as_deref().filter(|path| !path.is_empty() && !self.message.contains(path));
            let path = unsaid.map(|path| format!(": {path}")).unwrap_or_default();
            writeln!(to, "error: {}", escape(&format!("{}{path}", self.message)))?;
        }
        if let Some(hint) = &self.hint {
            writeln!(to, "hint: {}", escape(hint))?;
        }
        Ok(())
    }

    /// The error envelope of `--json`.
    pub fn write_json(&self, to: &mut dyn Write) -> io::Result<()> {
        let optional = |value: &Option<String>| value.as_deref().map_or_else(|| "null".to_owned(), json::string);
        writeln!(
            to,
            r#"{{"schema":1,"error":{{"code":{},"message":{},"hint":{},"path":{}}}}}"#,
            json::string(self.code),
            json::string(&self.message),
            optional(&self.hint),
            optional(&self.path),
        )
    }
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        let hint = error.hint.or_else(|| default_hint(error.code).map(str::to_owned));
        Self { exit: exit::FAILED, code: error.code.as_str(), message: error.message, hint, path: error.path }
    }
}

/// What to do where the daemon did not say.
fn default_hint(code: ErrorCode) -> Option<&'static str> {
    match code {
        ErrorCode::NotRegistered => {
            Some("register it with 'skillmeat project add .', or ask about every project with --all")
        }
        ErrorCode::Internal => Some("see 'skillmeat daemon logs'"),
        _ => None,
    }
}

/// What ends a command early.
#[derive(Debug)]
pub enum Stop {
    /// Report this.
    Failed(Failure),
    /// The output could not be written; a closed pipe is nobody's fault.
    Output(io::Error),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// What a command returns: its exit code.
pub type Done = Result<u8, Stop>;
