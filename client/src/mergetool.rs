//! The merge tool that somebody uses with git: which it is, and how it is run.
//!
//! Git is asked for `merge.tool`, `mergetool.<tool>.cmd`, `.path` and `.trustExitCode`, so that what works with `git mergetool`
//! works here. Without a command of one's own, a few tools are known by name.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use skillmeat_protocol::error::ErrorCode;

use crate::failure::Failure;

/// A tool that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// As git calls it.
    pub name: String,
    /// `mergetool.<tool>.cmd`: run by a shell, with the files in `$BASE`, `$LOCAL`, `$REMOTE` and `$MERGED`.
    command: Option<String>,
    /// The program of one that is known by name.
    program: OsString,
    /// Whether its exit code says that all is decided; otherwise the merged file has to be another.
    pub is_trusted: bool,
}

/// The files of a conflict, for a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// What both sides come from; empty when that is not known.
    pub base: PathBuf,
    /// Whether it is.
    pub has_base: bool,
    /// The project's.
    pub local: PathBuf,
    /// The collection's.
    pub remote: PathBuf,
    /// What the tool writes.
    pub merged: PathBuf,
}

/// Tools that are known by name: their program, and whether their exit code is trusted.
const KNOWN: [(&str, &str, bool); 8] = [
    ("vimdiff", "vim", true),
    ("nvimdiff", "nvim", true),
    ("gvimdiff", "gvim", true),
    ("meld", "meld", false),
    ("kdiff3", "kdiff3", true),
    ("opendiff", "opendiff", false),
    ("vscode", "code", false),
    ("code", "code", false),
];

impl Tool {
    /// The tool of this name, or else the one that git is configured for, as seen from `directory`.
    ///
    /// # Errors
    /// There is none, or not enough is known of it.
    pub fn find(named: Option<&str>, directory: &Path) -> Result<Self, Failure> {
        let missing = |message: String, hint: String| Failure::new(ErrorCode::NotFound, message).hint(hint);
        let name = match named {
            Some(name) => name.to_owned(),
            None => git(directory, "merge.tool", None)?.ok_or_else(|| {
                let hint = "git config --global merge.tool vimdiff (or meld, kdiff3, opendiff, vscode, or a tool of your own \
                            with mergetool.NAME.cmd)";
                missing("no merge tool is configured".to_owned(), hint.to_owned())
            })?,
        };
        let of = |key: &str, kind| git(directory, &format!("mergetool.{name}.{key}"), kind);
        let trusted = of("trustExitCode", Some("bool"))?.map(|value| value == "true");
        let (command, path) = (of("cmd", None)?, of("path", Some("path"))?);
        let known = KNOWN.iter().find(|(known, ..)| *known == name);
        let (program, is_trusted) = match (known, &command) {
            (_, Some(_)) => (OsString::new(), false),
            (Some((_, program, is_trusted)), None) => {
                (path.map_or_else(|| OsString::from(program), OsString::from), *is_trusted)
            }
            (None, None) => {
                let names: Vec<&str> = KNOWN.iter().map(|(name, ..)| *name).collect();
                let hint = format!(
                    "git config --global mergetool.{name}.cmd '{name} \"$BASE\" \"$LOCAL\" \"$REMOTE\" \"$MERGED\"'; \
                     known by name: {}",
                    names.join(", ")
                );
                return Err(missing(format!("it is not known how the merge tool '{name}' is run"), hint));
            }
        };
        Ok(Self { name, command, program, is_trusted: trusted.unwrap_or(is_trusted) })
    }

    /// How it is run on these files.
    pub fn command(&self, files: &Files) -> Command {
        let Files { base, has_base, local, remote, merged } = files;
        let mut command = match &self.command {
            Some(line) => {
                let mut shell = Command::new("sh");
                shell.arg("-c").arg(line);
                shell
            }
            None => Command::new(&self.program),
        };
        command.envs([("BASE", base), ("LOCAL", local), ("REMOTE", remote), ("MERGED", merged)]);
        if self.command.is_some() {
            return command;
        }
        match (self.name.as_str(), has_base) {
            ("meld", true) => command.arg("--output").args([merged, local, base, remote]),
            ("meld", false) => command.args([local, merged, remote]),
            ("kdiff3", true) => command.arg("--auto").arg("-o").args([merged, base, local, remote]),
            ("kdiff3", false) => command.arg("--auto").arg("-o").args([merged, local, remote]),
            ("opendiff", true) => command.args([local, remote]).arg("-ancestor").arg(base).arg("-merge").arg(merged),
            ("opendiff", false) => command.args([local, remote]).arg("-merge").arg(merged),
            ("vscode" | "code", true) => command.args(["--wait", "--merge"]).args([remote, local, base, merged]),
            ("vscode" | "code", false) => command.arg("--wait").arg(merged),
            // The vims.
            (_, true) => command.args(["-f", "-d", "-c", "4wincmd w | wincmd J"]).args([local, base, remote, merged]),
            (_, false) => command.args(["-f", "-d", "-c", "wincmd l"]).args([local, merged, remote]),
        };
        command
    }
}

/// A value of git's configuration; none where it is not set.
fn git(directory: &Path, key: &str, kind: Option<&str>) -> Result<Option<String>, Failure> {
    let mut command = Command::new("git");
    command.current_dir(directory).args(["config", "--get"]);
    command.args(kind.map(|kind| format!("--type={kind}")));
    let failed = |why: String| {
        Failure::new(ErrorCode::Io, format!("git cannot be asked for {key}: {why}"))
            .hint("install git, or decide with skillmeat resolve TYPE:NAME --ours, --theirs or --edit")
    };
    let output = command.arg(key).output().map_err(|error| failed(error.to_string()))?;
    match output.status.code() {
        Some(0) => {
            let text = String::from_utf8_lossy(&output.stdout);
            Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()).filter(|text| !text.is_empty()))
        }
        Some(1) => Ok(None),
        _ => Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, has_base: bool) -> String {
        let (_, program, is_trusted) = KNOWN.iter().find(|(known, ..)| *known == name).expect("known");
        let tool = Tool { name: name.to_owned(), command: None, program: program.into(), is_trusted: *is_trusted };
        let files = Files { base: "B".into(), has_base, local: "L".into(), remote: "R".into(), merged: "M".into() };
        let command = tool.command(&files);
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn known_tools_are_run_as_git_runs_them() {
        for (name, has_base, want) in [
            ("vimdiff", true, "vim -f -d -c 4wincmd w | wincmd J L B R M"),
            ("nvimdiff", false, "nvim -f -d -c wincmd l L M R"),
            ("meld", true, "meld --output M L B R"),
            ("meld", false, "meld L M R"),
            ("kdiff3", true, "kdiff3 --auto -o M B L R"),
            ("opendiff", true, "opendiff L R -ancestor B -merge M"),
            ("vscode", true, "code --wait --merge R L B M"),
            ("vscode", false, "code --wait M"),
        ] {
            assert_eq!(line(name, has_base), want);
        }
    }
}
