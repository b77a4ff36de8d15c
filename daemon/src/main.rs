//! `skillmeatd`: see [`skillmeatd`] for what it is made of.

use std::process::ExitCode;

fn main() -> ExitCode {
    skillmeatd::cli::main(std::env::args().skip(1))
}
