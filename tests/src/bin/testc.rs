//! `skillmeat`, built for the tests.

use std::ffi::OsString;
use std::io::{self, BufWriter};
use std::process::ExitCode;

use skillmeat::surroundings::Surroundings;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut out = BufWriter::with_capacity(16 * 1024, io::stdout().lock());
    let code = skillmeat::run(&args, &Surroundings::of_process(), &mut out, &mut io::stderr());
    // As in the client's own `main`: what could not be written is not tried again.
    let _ = out.into_parts();
    ExitCode::from(code)
}
