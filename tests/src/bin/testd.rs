//! `skillmeatd`, built for the tests. With `SKILLMEAT_TEST_CLOCK_FILE` its wall clock is off by the seconds that stand in
//! that file, read anew each time, so that a test can step it; `SKILLMEAT_TEST_FAULTS` can make events go wrong;
//! `SKILLMEAT_TEST_KILL` and `SKILLMEAT_TEST_FAIL`, a point of operations and a number, end the process or make a step fail
//! when that point is reached for that time.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use skillmeat_tests::sandbox::CLOCK_FILE_VARIABLE;
use skillmeatd::cli::{self, Faults};
use skillmeatd::ops;

fn stepped() -> SystemTime {
    let file = std::env::var_os(CLOCK_FILE_VARIABLE).expect("only then the clock is replaced");
    // Absent or half written: the clock is as it is.
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let seconds: i64 = text.trim().parse().unwrap_or(0);
    let by = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { SystemTime::now() - by } else { SystemTime::now() + by }
}

/// Whether a point is the one in this variable, and reached for the time that stands there: `swapped=2`.
fn counted(variable: &str) -> impl Fn(ops::Point) -> bool + use<> {
    let text = std::env::var(variable).unwrap_or_default();
    let (name, times) = text.split_once('=').unwrap_or((&text, "1"));
    let times: u64 = times.parse().unwrap_or_else(|_| panic!("{variable}: {text}"));
    let (name, reached) = (name.to_owned(), AtomicU64::new(0));
    move |point| point.name() == name && reached.fetch_add(1, Ordering::Relaxed) + 1 == times
}

fn main() -> ExitCode {
    if std::env::var_os(CLOCK_FILE_VARIABLE).is_some() {
        skillmeatd::clock::replace_wall_clock(stepped);
    }
    let text = std::env::var("SKILLMEAT_TEST_FAULTS").unwrap_or_default();
    let events = text.parse().unwrap_or_else(|wrong| panic!("SKILLMEAT_TEST_FAULTS: {wrong}"));
    let (kill, fail) = (counted("SKILLMEAT_TEST_KILL"), counted("SKILLMEAT_TEST_FAIL"));
    let operations = ops::Faults::at(move |point| {
        if kill(point) {
            // As SIGKILL does: nothing is cleaned up.
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL)
                .expect("a process may end itself");
        }
        if fail(point) { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    });
    cli::main_with(std::env::args().skip(1), Faults { events, operations })
}
