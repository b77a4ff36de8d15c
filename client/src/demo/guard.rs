//! Cleaning up after the demonstration, whatever becomes of it.
//!
//! The guard is this program again, out of reach of the terminal's Ctrl-C. It waits for its standard input to close,
//! which the kernel sees to when the demonstration ends in any way, then stops the daemon and removes the directory.
//! It is the only place that cleans up, so the ordinary end runs the same code as the interrupted one.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use skillmeat_protocol::endpoint::{Env, Places};
use skillmeat_protocol::error::{ErrorCode, exit};
use skillmeat_protocol::request::{Freshness, Request, ShutdownQuery};

use super::world::PREFIX;
use crate::failure::{Done, Failure};
use crate::launch::{LOCK_POLL, READY_WITHIN, wait_until_ended};
use crate::os;
use crate::transport::{Attempt, WELCOME_WITHIN, attempt, call, lock_is_free, patience};

/// Longer than a started process takes to its lock.
const QUIET: Duration = Duration::from_secs(1);

/// The guard, seen from the demonstration.
#[derive(Debug)]
pub(super) struct Guard(Child);

impl Guard {
    /// Starts the guard of `dir`.
    ///
    /// # Errors
    /// When it cannot be started; the directory is removed then.
    pub(super) fn post(dir: &Path) -> Result<Self, Failure> {
        let started = std::env::current_exe().and_then(|exe| {
            let mut command = Command::new(exe);
            command.args(["demo", "--guard"]).arg(dir);
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir(os::ROOT_DIR);
            os::own_group(&mut command);
            command.spawn()
        });
        started.map(Self).map_err(|e| {
            // Empty so far.
            let _ = fs::remove_dir(dir);
            Failure::new(ErrorCode::Io, format!("cannot start the process that cleans up: {e}"))
        })
    }

    /// Lets it clean up, and waits until it has.
    ///
    /// # Errors
    /// When something is left.
    pub(super) fn relieve(mut self, dir: &Path) -> Result<(), Failure> {
        drop(self.0.stdin.take());
        let ended = self.0.wait();
        if ended.is_ok_and(|status| status.success()) && !dir.exists() {
            return Ok(());
        }
        Err(Failure::new(ErrorCode::Io, format!("could not clean up {}", dir.display()))
            .hint("remove it by hand")
            .path(dir.to_string_lossy()))
    }
}

/// Waits and cleans up: the guard itself.
///
/// # Errors
/// When `dir` is none of ours or cannot be removed.
pub(super) fn stand(dir: &Path) -> Done {
    let ours =
        dir.is_absolute() && dir.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(PREFIX.as_bytes()));
    if !ours {
        return Err(Failure::usage(format!("{} is not a demonstration's directory", dir.display())).into());
    }
    let mut ignored = [0; 64];
    loop {
        match io::stdin().read(&mut ignored) {
            Ok(0) => break,
            Err(e) if e.kind() != io::ErrorKind::Interrupted => break,
            _ => {}
        }
    }
    let stopped = stop_daemon(dir);
    // A daemon that does not end keeps writing, but leaving the files would not stop it.
    fs::remove_dir_all(dir).map_err(|e| Failure::io("remove", dir, &e))?;
    stopped?;
    Ok(exit::OK)
}

/// Stops the daemon of the demonstration. One that was being started when its client died may not have taken its lock
/// yet, so that there is none is believed only after [`QUIET`].
fn stop_daemon(dir: &Path) -> Result<(), Failure> {
    let env = Env { skillmeat_home: Some(dir.join("home")), ..Env::of_process(os::uid()) };
    let places = Places::resolve(&env).map_err(|e| Failure::new(ErrorCode::BadPath, e.to_string()))?;
    let shutdown = call(Request::Shutdown(ShutdownQuery::default()), Freshness::Cached);
    let deadline = Instant::now() + READY_WITHIN;
    let mut quiet_since = Instant::now();
    while Instant::now() < deadline && quiet_since.elapsed() < QUIET {
        if let Attempt::Ready(mut connection) = attempt(&places, &shutdown, WELCOME_WITHIN)? {
            // It may close before its answer is out; its lock tells.
            let _ = connection.reply(Some(patience(&shutdown)));
            break;
        }
        if lock_is_free(&places) == Some(false) {
            quiet_since = Instant::now();
        }
        std::thread::sleep(LOCK_POLL);
    }
    wait_until_ended(&places)
}
