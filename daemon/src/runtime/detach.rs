//! Leaving the terminal and the directory that the daemon was started from.
//!
//! A daemon that stays in its starter's session gets that terminal's hang-up and control-C; one that keeps its working
//! directory keeps a file system from being unmounted (git 39664e9309). Standard streams are the starter's to give:
//! `/dev/null`, but for the readiness pipe, which [`super::ready`] closes.

use std::io;

/// Starts a session of its own and moves to `/`.
///
/// For a daemon in the background only. Call it before any thread starts: both hold for the whole process. The umask stays
/// the starter's: hook commands inherit it, and would otherwise make files in projects that a group cannot read. What the
/// daemon keeps for itself is private by the explicit mode of its directories, and where those are not its own, of its files.
///
/// # Errors
/// `/` cannot be entered.
#[cfg(unix)]
pub fn detach() -> io::Result<()> {
    // Refused for a process group leader, which is what a shell makes of a job: such a daemon is its own group already.
    let _ = rustix::process::setsid();
    std::env::set_current_dir("/")
}

/// Nothing to leave: the starter asks Windows for a detached process, and a working directory there is only released by
/// moving to another.
///
/// # Errors
/// The directory for short-lived files cannot be entered.
#[cfg(not(unix))]
pub fn detach() -> io::Result<()> {
    std::env::set_current_dir(std::env::temp_dir())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::runtime::testing;

    /// Both halves: the parent starts this very test as a process that may change what holds for all its threads.
    #[test]
    fn a_session_and_a_directory_of_its_own() {
        if testing::in_child().is_some() {
            let umask = || {
                let umask = rustix::process::umask(rustix::fs::Mode::empty());
                rustix::process::umask(umask);
                umask
            };
            let before = umask();
            detach().expect("detached");
            let own_session = rustix::process::getsid(None).ok() == Some(rustix::process::getpid());
            let at = std::env::current_dir().expect("a directory");
            testing::leave(&format!("{own_session} {} {}", umask() == before, at.display()));
        }
        let mut child = testing::Child::start("runtime::detach::tests::a_session_and_a_directory_of_its_own");
        assert_eq!(child.line(), "true true /");
    }
}
