//! The whole command line, through clap.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::{Command, Invocation, Parsed};
use crate::failure::Failure;

/// Deploys Claude Code artifacts from collections, and tells you which of them drifted
#[derive(Parser, Debug)]
#[command(
    name = "skillmeat",
    version,
    disable_help_subcommand = true,
    after_help = "Examples:
  skillmeat init
  skillmeat project add .
  skillmeat status
  skillmeat deploy skill:pdf
  skillmeat watch

Exit codes: 0 done; with --exit-code 1 drift, 2 conflict; 3 failed or refused; 4 no daemon; 64 usage."
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
        Command::Completions { .. } | Command::Rpc | Command::Prompt(_) | Command::Mergetool(_) if cli.json => {
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
    fn every_example_is_a_command_line() {
        fn walk(command: &clap::Command, tried: &mut usize) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in help.lines().filter_map(|line| line.trim_start().strip_prefix("skillmeat ")) {
                // What a shell would do with the rest of the line is not ours.
                let line = line.split(['|', '>']).next().unwrap_or_default();
                let args: Vec<OsString> = words(line).into_iter().map(Into::into).collect();
                assert!(matches!(super::super::parse(&args), Parsed::Run(_)), "{line}");
                *tried += 1;
            }
            command.get_subcommands().for_each(|command| walk(command, tried));
        }
        let mut tried = 0;
        walk(&command(), &mut tried);
        assert!(tried > 80, "{tried} examples");
    }

    /// Splits at spaces outside single quotes.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quoted = false;
        for c in line.trim().chars() {
            match c {
                '\'' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                c => words.last_mut().expect("it has one from the start").push(c),
            }
        }
        words
    }

    #[test]
    fn completions_know_every_command() {
        let mut script = Vec::new();
        clap_complete::generate(clap_complete::Shell::Bash, &mut command(), "skillmeat", &mut script);
        let script = String::from_utf8(script).expect("text");
        let top = ["deploy", "undeploy", "pull", "push", "sync", "adopt", "forget", "import", "add", "remove"];
        let more = [
            "rename",
            "tag",
            "group",
            "undo",
            "op",
            "rollback",
            "resolve",
            "mergetool",
            "conflicts__subcmd__show",
            "snapshot__subcmd__restore",
            "group__subcmd__reorder",
            "collection__subcmd__set__subcmd__default",
        ];
        for name in top.into_iter().chain(more) {
            let known = script.contains(&format!("skillmeat__subcmd__{name})"));
            assert!(known, "no completion of {name}");
        }
        assert!(script.contains("--all-profiles") && script.contains("overwrite merge fork skip"));
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
