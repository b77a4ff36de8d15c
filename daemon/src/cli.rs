//! The command line of `skillmeatd`. People use `skillmeat`; this is for it, for service managers and for debugging.

pub use crate::runtime::run::Faults;
use crate::runtime::run::{self, Mode, VERSION};
use std::process::ExitCode;

const HELP: &str = "\
skillmeatd watches Claude Code artifacts and answers `skillmeat`.

Usage: skillmeatd run [--ready stdout]
       skillmeatd --version

  run               run in the foreground, log to standard error
  --ready stdout    detach; write `ready` or `error: …` to standard output when it is decided

SKILLMEAT_HOME moves everything it keeps; SKILLMEAT_LOG sets the level: error, warn, info (default), debug, trace.
`skillmeat daemon start` starts it in the background.
";

/// Exit code for a wrong command line (sysexits).
const USAGE: u8 = 64;
/// Exit code when the daemon cannot start.
const FAILED: u8 = 3;

/// Acts on the arguments that follow the program's name.
pub fn main(args: impl Iterator<Item = String>) -> ExitCode {
    main_with(args, Faults::default())
}

/// The same with faults: for the tests' build of the program.
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "before there is a log")]
pub fn main_with(args: impl Iterator<Item = String>, faults: Faults) -> ExitCode {
    let args: Vec<String> = args.collect();
    let mode = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run"] => Mode::Foreground,
        ["run", "--ready", "stdout"] => Mode::Detached,
        ["--version" | "-V"] => {
            println!("skillmeatd {VERSION}");
            return ExitCode::SUCCESS;
        }
        ["--help" | "-h"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(USAGE);
        }
    };
    match run::run(mode, faults) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if mode == Mode::Foreground {
                eprintln!("error: {error}");
            }
            ExitCode::from(FAILED)
        }
    }
}
