//! Leaving the terminal and the directory that the daemon was started from.
//!
//! A daemon that stays in its starter's session gets that terminal's hang-up and control-C; one that keeps its working
//! directory keeps a file system from being unmounted (git 39664e9309). Standard streams are the starter's to give:
//! `/dev/null`, but for the readiness pipe, which [`super::ready`] closes.

use std::io;

/// Starts a session of its own, moves to `/`, and from here on creates files that only the user can read.
///
/// For a daemon in the background only. Call it before any thread starts: all three hold for the whole process. Files
/// whose openness the user chose (the SkillMeat home, projects) must therefore get their mode explicitly.
///
/// # Errors
/// `/` cannot be entered.
#[cfg(unix)]
pub fn detach() -> io::Result<()> {
    // Refused for a process group leader, which is what a shell makes of a job: such a daemon is its own group already.
    let _ = rustix::process::setsid();
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
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
    use std::os::unix::fs::PermissionsExt;

    /// Both halves: the parent starts this very test as a process that may change what holds for all its threads.
    #[test]
    fn a_session_a_directory_and_a_umask_of_its_own() {
        if let Some(directory) = testing::in_child() {
            detach().expect("detached");
            std::fs::write(directory.join("file"), "").expect("written");
            let mode = std::fs::metadata(directory.join("file")).expect("metadata").permissions().mode();
            let own_session = rustix::process::getsid(None).ok() == Some(rustix::process::getpid());
            let at = std::env::current_dir().expect("a directory");
            testing::leave(&format!("{own_session} {:o} {}", mode & 0o777, at.display()));
        }
        let mut child = testing::Child::start("runtime::detach::tests::a_session_a_directory_and_a_umask_of_its_own");
        assert_eq!(child.line(), "true 600 /");
    }
}
