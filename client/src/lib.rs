//! `skillmeat`: asks `skillmeatd` what drifted, from a shell, a prompt or an editor.
//!
//! The client holds no knowledge of files or drift: it finds the daemon, asks one question and prints the answer. It is
//! built to cost little more than starting a process: no async runtime, no JSON encoder (with `--json` the daemon
//! encodes), and clap is built only for command lines that people type.
//!
//! Reading order:
//!
//! * [`args`] – command lines; [`surroundings`] – environment and directory; [`failure`] – what can go wrong
//! * [`transport`] – one connection; [`launch`] – finding or starting a daemon, version skew; [`os`] – platforms
//! * [`commands`] – one file a command; [`prompt`], [`watch`], [`doctor`], [`demo`] – the larger ones; [`pager`], [`mergetool`] – programs
//!   that people choose
//! * [`ask`] – questions to whoever is at the terminal
//! * [`render`] – tables, colours, escapes, porcelain; [`time`] – civil time in UTC
//!
//! # Invariants
//!
//! * Nothing is sent before the peer is known to belong to the same user, and no read is without a deadline, except
//!   while waiting for events that may never come (`watch`, `rpc`).
//! * Text from files and from the daemon is escaped before it reaches a terminal.
//! * A reader that goes away (`| head`) ends the command quietly and successfully.

pub mod args;
pub mod ask;
pub mod commands;
pub mod demo;
pub mod doctor;
pub mod failure;
pub mod launch;
pub mod mergetool;
pub mod os;
pub mod pager;
pub mod prompt;
pub mod render;
pub mod surroundings;
pub mod time;
pub mod transport;
pub mod watch;

use std::ffi::OsString;
use std::io::{self, Write};

use args::{Invocation, Parsed};
use failure::{Failure, Stop};
use skillmeat_protocol::error::exit;
use surroundings::Surroundings;

/// Runs one command line (without its program name) and returns the exit code.
pub fn run(args: &[OsString], around: &Surroundings, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let (json, done) = match args::parse(args) {
        Parsed::Run(Invocation { json, command }) => (json, commands::run(command, json, around, out, err)),
        Parsed::Text(text) => (false, out.write_all(text.as_bytes()).map(|()| exit::OK).map_err(Stop::from)),
        Parsed::Wrong(failure) => (args.iter().any(|arg| arg == "--json"), Err(failure.into())),
    };
    let code = done.unwrap_or_else(|stop| report(&stop, json, out, err));
    match out.flush() {
        Err(error) if code == exit::OK => report(&Stop::Output(error), false, out, err),
        _ => code,
    }
}

/// Says why a command ended early. Failing to say it changes nothing, so write errors are dropped here.
fn report(stop: &Stop, json: bool, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    match stop {
        Stop::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => exit::OK,
        Stop::Output(error) => {
            let _ = writeln!(err, "error: cannot write the output: {error}");
            exit::FAILED
        }
        Stop::Failed(failure) => {
            let _ = if json { failure.write_json(out) } else { say(failure, out, err) };
            failure.exit
        }
    }
}

fn say(failure: &Failure, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<()> {
    // What was printed so far belongs above the error when both go to one terminal.
    out.flush()?;
    failure.write_human(err)
}
