//! `skillmeatd`, built for the tests. With `SKILLMEAT_TEST_CLOCK_FILE` its wall clock is off by the seconds that stand in
//! that file, read anew each time, so that a test can step it; `SKILLMEAT_TEST_FAULTS` can make events go wrong.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use skillmeat_tests::sandbox::CLOCK_FILE_VARIABLE;
use skillmeatd::cli;

fn stepped() -> SystemTime {
    let file = std::env::var_os(CLOCK_FILE_VARIABLE).expect("only then the clock is replaced");
    // Absent or half written: the clock is as it is.
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let seconds: i64 = text.trim().parse().unwrap_or(0);
    let by = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { SystemTime::now() - by } else { SystemTime::now() + by }
}

fn main() -> ExitCode {
    if std::env::var_os(CLOCK_FILE_VARIABLE).is_some() {
        skillmeatd::clock::replace_wall_clock(stepped);
    }
    let text = std::env::var("SKILLMEAT_TEST_FAULTS").unwrap_or_default();
    let faults = text.parse().unwrap_or_else(|wrong| panic!("SKILLMEAT_TEST_FAULTS: {wrong}"));
    cli::main_with(std::env::args().skip(1), faults)
}
