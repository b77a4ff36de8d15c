//! A program that shows long text page by page.
//!
//! The text is made first and handed over as a file; then this process becomes the pager. So nobody is left behind it who would
//! have to survive a Ctrl-C that is meant for the pager, and leaving it early breaks no pipe.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

use crate::surroundings::Surroundings;

/// What is used when the environment names none, if it is there.
const USUAL: &str = "less";

/// The command that shows text, when there is one: `SKILLMEAT_PAGER`, else `PAGER`, else `less`. One that is empty, or `cat`, is
/// none.
pub fn command(around: &Surroundings) -> Option<Command> {
    let mut command = match &around.pager {
        Some(named) if is_none(named) => return None,
        Some(named) => {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(named);
            shell
        }
        None => {
            let path = around.search_path.as_deref()?;
            let less = std::env::split_paths(path).map(|dir| dir.join(USUAL)).find(|path| is_program(path))?;
            Command::new(less)
        }
    };
    // As git does: colours pass, what fits is printed and left, and what somebody set already wins.
    for (name, value) in [("LESS", "FRX"), ("LV", "-c")] {
        if std::env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    Some(command)
}

fn is_none(named: &OsString) -> bool {
    let named: &OsStr = named;
    named.to_str().is_some_and(|text| matches!(text.trim(), "" | "cat"))
}

fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_the_pager() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let around = |pager: Option<&str>, path: &Path| Surroundings {
            pager: pager.map(OsString::from),
            search_path: Some(path.into()),
            ..Surroundings::default()
        };
        let args = |command: &Command| -> Vec<OsString> { command.get_args().map(OsStr::to_owned).collect() };
        for none in ["", " ", "cat", "cat "] {
            assert!(command(&around(Some(none), dir.path())).is_none(), "'{none}'");
        }
        let named = command(&around(Some("more -s"), dir.path())).expect("it is named");
        assert_eq!((named.get_program(), args(&named)), (OsStr::new("sh"), vec!["-c".into(), "more -s".into()]));
        assert!(command(&around(None, dir.path())).is_none(), "there is no less");
        std::fs::write(dir.path().join(USUAL), "").expect("our own directory");
        let less = command(&around(None, dir.path())).expect("it is there");
        assert_eq!(less.get_program(), dir.path().join(USUAL));
    }
}
