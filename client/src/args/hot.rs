//! The command lines that run all day, matched by hand.
//!
//! Invariant: whatever this accepts, clap accepts with the same result; when in doubt (repeated flags, values with
//! rules of their own, anything unknown) it declines and clap decides.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::{Command, Invocation, PromptArgs, StatusArgs};

/// The invocation, when the line is one of the simple ones.
pub fn parse(args: &[OsString]) -> Option<Invocation> {
    let (first, rest) = args.split_first()?;
    match first.to_str()? {
        "--version" | "-V" if rest.is_empty() => Some(Invocation { json: false, command: Command::Version }),
        "prompt" => prompt(rest),
        "status" => status(rest),
        _ => None,
    }
}

fn prompt(rest: &[OsString]) -> Option<Invocation> {
    let project = match rest {
        [] => None,
        [flag, value] if flag == "--project" => Some(plain(value)?),
        _ => return None,
    };
    Some(Invocation { json: false, command: Command::Prompt(PromptArgs { project }) })
}

fn status(rest: &[OsString]) -> Option<Invocation> {
    let mut json = false;
    let mut status = StatusArgs::default();
    let mut rest = rest.iter();
    while let Some(arg) = rest.next() {
        let flag = match arg.to_str()? {
            "--cached" => &mut status.cached,
            "--all" => &mut status.which.all,
            "--json" => &mut json,
            "--porcelain" => &mut status.porcelain,
            "-z" => &mut status.nul,
            "--exit-code" => &mut status.exit_code,
            "--verbose" | "-v" => &mut status.verbose,
            "--available" => &mut status.available,
            "--project" if status.which.project.is_none() => {
                status.which.project = Some(plain(rest.next()?)?);
                continue;
            }
            _ => return None,
        };
        if std::mem::replace(flag, true) {
            return None;
        }
    }
    let refused = (status.which.all && status.which.project.is_some())
        || (status.nul && !status.porcelain)
        || (json && status.porcelain);
    (!refused).then_some(Invocation { json, command: Command::Status(status) })
}

/// A value that cannot be taken for a flag.
fn plain(value: &OsStr) -> Option<PathBuf> {
    let bytes = value.as_encoded_bytes();
    (!bytes.is_empty() && bytes[0] != b'-').then(|| PathBuf::from(value))
}

#[cfg(test)]
mod tests {
    use super::super::{Parsed, cli};
    use super::*;

    fn args(line: &str) -> Vec<OsString> {
        line.split(' ').filter(|word| !word.is_empty()).map(|word| word.trim_matches('\'').into()).collect()
    }

    #[test]
    fn what_is_matched_by_hand_is_what_clap_reads() {
        let matched = [
            "--version",
            "-V",
            "prompt",
            "prompt --project .",
            "prompt --project webapp",
            "status",
            "status --cached",
            "status --all",
            "status --all --cached --exit-code",
            "status --json --cached",
            "status --porcelain",
            "status --porcelain -z",
            "status -z --porcelain --all",
            "status --verbose --available",
            "status -v",
            "status --project webapp --json",
            "status --cached --project /srv/app --exit-code",
        ];
        for line in matched {
            let by_hand = parse(&args(line)).unwrap_or_else(|| panic!("'{line}' is not matched by hand"));
            assert_eq!(Parsed::Run(by_hand), cli::parse(&args(line)), "{line}");
        }
    }

    #[test]
    fn what_has_rules_of_its_own_is_left_to_clap() {
        let declined = [
            "",
            "--help",
            "--json status",
            "--version --json",
            "list",
            "prompt --json",
            "prompt --project",
            "prompt --project --all",
            "prompt --project ''",
            "prompt extra",
            "status --cached --cached",
            "status --project a --project b",
            "status --project=a",
            "status --project -x",
            "status --all --project a",
            "status -z",
            "status --json --porcelain",
            "status --type skill",
            "status --state=modified",
            "status -zv",
            "status --ca",
            "pull",
            "sync --json",
            "undo 17",
        ];
        for line in declined {
            assert_eq!(parse(&args(line)), None, "{line}");
        }
    }
}
