//! `skillmeatd`, built for the tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    skillmeatd::cli::main(std::env::args().skip(1))
}
