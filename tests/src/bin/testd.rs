//! `skillmeatd`, built for the tests: the only difference is that `SKILLMEAT_TEST_FAULTS` can make events go wrong.

use std::process::ExitCode;

use skillmeatd::cli;

fn main() -> ExitCode {
    let text = std::env::var("SKILLMEAT_TEST_FAULTS").unwrap_or_default();
    let faults = text.parse().unwrap_or_else(|wrong| panic!("SKILLMEAT_TEST_FAULTS: {wrong}"));
    cli::main_with(std::env::args().skip(1), faults)
}
