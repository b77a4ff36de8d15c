//! Telling whoever started the daemon that it can be asked, or why it cannot.
//!
//! A client that starts a daemon runs `skillmeatd run --ready stdout` with a pipe as standard output and reads one
//! line, so that it neither polls nor guesses a time (sccache's start-up notification):
//!
//! ```text
//! ready
//! error: <why, in one line>
//! ```
//!
//! End of file without a line means that the daemon died before it could say. After the line standard output becomes
//! `/dev/null`: a pipe kept open makes `$(skillmeat status)` wait for the daemon's whole life (git 9266aaff0a).
//! systemd is told too, if it listens.

use std::io::{self, Write};

/// Bytes of an error that are passed on. Together with its prefix and line end below `PIPE_BUF` everywhere (512, POSIX), so that it
/// arrives whole, and fits in a pipe that nobody reads.
const MESSAGE_LIMIT: usize = 480;

/// Who waits for the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// Nobody: started by hand or by a service.
    #[default]
    Nobody,
    /// The reader of standard output.
    Stdout,
}

impl std::str::FromStr for Audience {
    type Err = String;

    /// The value of `--ready`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "stdout" => Ok(Self::Stdout),
            _ => Err(format!("'{text}' is no place for the readiness line; it can go to stdout")),
        }
    }
}

/// The line, not yet written. Dropping it writes nothing; the end of the process says the rest.
#[derive(Debug)]
#[must_use = "whoever started the daemon waits for this"]
pub struct Readiness {
    audience: Audience,
}

impl Readiness {
    /// For this audience.
    pub fn new(audience: Audience) -> Self {
        Self { audience }
    }

    /// The daemon answers from now on. An audience that has gone is no failure.
    pub fn ready(self) {
        self.say("ready\n");
        #[cfg(target_os = "linux")]
        notify_systemd(sd_notify::NotifyState::Ready);
    }

    /// The daemon ends with this message. Line ends in it become spaces.
    pub fn failed(self, message: &str) {
        self.say(&error_line(message));
    }

    fn say(&self, line: &str) {
        if self.audience == Audience::Stdout {
            let mut stdout = io::stdout().lock();
            let written = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush());
            if let Err(error) = written.and_then(|()| close_stdout()) {
                tracing::debug!(%error, "whoever started the daemon did not wait for it");
            }
        }
    }
}

/// Tells systemd that the daemon is ending on purpose.
pub fn stopping() {
    #[cfg(target_os = "linux")]
    notify_systemd(sd_notify::NotifyState::Stopping);
}

fn error_line(message: &str) -> String {
    let mut text = message.split_whitespace().collect::<Vec<_>>().join(" ");
    text.truncate(text.floor_char_boundary(MESSAGE_LIMIT));
    format!("error: {text}\n")
}

/// Does nothing unless systemd said where it listens.
#[cfg(target_os = "linux")]
fn notify_systemd(state: sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "cannot tell systemd");
    }
}

/// The number of standard output stays taken, so that no later file gets it and receives somebody's `println!`.
#[cfg(unix)]
fn close_stdout() -> io::Result<()> {
    let null = std::fs::OpenOptions::new().write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(&null)?;
    Ok(())
}

/// Windows cannot replace a standard handle safely: there a client reads one line and closes its end.
#[cfg(not(unix))]
fn close_stdout() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_bounded_line() {
        for (message, want) in [
            ("no home", "error: no home\n".to_owned()),
            ("cannot open /a:\n  denied\r\n", "error: cannot open /a: denied\n".to_owned()),
            ("", "error: \n".to_owned()),
            (&"ä".repeat(400), format!("error: {}\n", "ä".repeat(240))),
        ] {
            assert_eq!(error_line(message), want);
        }
        assert!(error_line(&"x".repeat(5000)).len() < 512);
    }

    #[test]
    fn ready_goes_to_stdout_only() {
        assert_eq!("stdout".parse(), Ok(Audience::Stdout));
        assert!("stderr".parse::<Audience>().is_err());
    }

    /// Both halves, see [`crate::runtime::testing`]. The child lives until the parent has seen the end of its stdout.
    #[cfg(unix)]
    #[test]
    fn stdout_ends_with_the_line_while_the_daemon_lives() {
        use crate::runtime::testing;
        if testing::in_child().is_some() {
            Readiness::new(Audience::Nobody).failed("nobody hears this");
            Readiness::new(Audience::Stdout).ready();
            println!("after");
            testing::tell("still here");
            loop {
                std::thread::park();
            }
        }
        let mut child =
            testing::Child::start("runtime::ready::tests::stdout_ends_with_the_line_while_the_daemon_lives");
        assert_eq!(child.line(), "still here");
        let stdout = child.stdout();
        assert!(stdout.ends_with("ready\n") && !stdout.contains("nobody"), "{stdout}");
        child.signal(rustix::process::Signal::KILL);
    }
}
