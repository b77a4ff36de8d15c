//! The whole command line, through clap.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::{Command, Invocation, Parsed};
use crate::failure::Failure;

/// Tells you which Claude Code artifacts drifted from their collection
#[derive(Parser, Debug)]
#[command(
    name = "skillmeat",
    version,
    disable_help_subcommand = true,
    after_help = "Examples:
  skillmeat init
  skillmeat project add .
  skillmeat status
  skillmeat watch

Exit codes: 0 done; with --exit-code 1 drift, 2 conflict; 3 failed; 4 no daemon; 64 usage."
)]
struct Cli {
    /// Answer with one JSON object
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// The command tree, for completions.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Reads a command line without its program name.
pub fn parse(args: &[OsString]) -> Parsed {
    let line = std::iter::once(OsString::from("skillmeat")).chain(args.iter().cloned());
    match Cli::try_parse_from(line) {
        Ok(cli) => match flaw(&cli) {
            Some(wrong) => Parsed::Wrong(Failure::usage(wrong)),
            None => Parsed::Run(Invocation { json: cli.json, command: cli.command }),
        },
        Err(error) => refused(&error),
    }
}

/// What clap cannot say: `--json` is global, and conflicts of global arguments are not seen in subcommands.
fn flaw(cli: &Cli) -> Option<&'static str> {
    match &cli.command {
        Command::Status(args) if args.porcelain && cli.json => Some("--json and --porcelain exclude each other"),
        Command::Completions { .. } | Command::Rpc | Command::Prompt(_) if cli.json => {
            Some("this command has its own output format; leave --json out")
        }
        _ => None,
    }
}

fn refused(error: &clap::Error) -> Parsed {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayVersion => Parsed::Run(Invocation { json: false, command: Command::Version }),
        ErrorKind::DisplayHelp => Parsed::Text(text),
        // Help that was not asked for: 'skillmeat' and 'skillmeat project' alone.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Parsed::Wrong(Failure::usage(format!("a command is missing\n\n{}", text.trim_end())))
        }
        _ => {
            let text = text.trim_end();
            let text = text.strip_prefix("error: ").unwrap_or(text);
            Parsed::Wrong(Failure::usage(text.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skillmeat_protocol::error::exit;

    #[test]
    fn the_command_tree_is_consistent_and_has_examples_everywhere() {
        fn walk(command: &clap::Command) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example"), "{} has no example", command.get_name());
            command.get_subcommands().for_each(walk);
        }
        command().debug_assert();
        walk(&command());
    }

    #[test]
    fn wrong_lines_are_usage_errors() {
        let wrong: [&[&str]; 9] = [
            &[],
            &["project"],
            &["statsu"],
            &["status", "--type", "spell"],
            &["status", "--state", "lost"],
            &["status", "--all", "--project", "x"],
            &["status", "-z"],
            &["status", "--porcelain", "--json"],
            &["show", "pdf"],
        ];
        for line in wrong {
            let args: Vec<OsString> = line.iter().map(OsString::from).collect();
            let Parsed::Wrong(failure) = super::super::parse(&args) else { panic!("{line:?} was accepted") };
            assert_eq!((failure.exit, failure.code), (exit::USAGE, "usage"), "{line:?}");
        }
    }
}
