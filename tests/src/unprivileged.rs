//! Root may read what nobody may: a program that tests permissions starts itself again as an ordinary user.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// `nobody` on every Unix that matters here. It needs no entry in the password file.
const NOBODY: u32 = 65_534;

/// As whom this program runs.
#[derive(Debug)]
pub enum Privilege {
    /// As an ordinary user: permissions count.
    Ordinary,
    /// It ran as another process and ended with this.
    Left(ExitCode),
    /// As root, because of this.
    Kept(String),
}

/// Runs this program once more as an ordinary user when it runs as root, with the same arguments.
pub fn again() -> Privilege {
    if !rustix::process::geteuid().is_root() {
        return Privilege::Ordinary;
    }
    let status = std::env::current_exe().and_then(|program| {
        Command::new(program).args(std::env::args_os().skip(1)).uid(NOBODY).gid(NOBODY).current_dir("/").status()
    });
    match status {
        Ok(status) => Privilege::Left(status.code().map_or(ExitCode::FAILURE, |code| ExitCode::from(code as u8))),
        Err(error) => Privilege::Kept(format!("no other user may run it: {error}")),
    }
}
