//! The `skillmeat` executable: see the library.

use std::ffi::OsString;
use std::io::{self, BufWriter};
use std::process::ExitCode;

use skillmeat::surroundings::Surroundings;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut out = BufWriter::with_capacity(16 * 1024, io::stdout().lock());
    let code = skillmeat::run(&args, &Surroundings::of_process(), &mut out, &mut io::stderr());
    // Whatever is still buffered could not be written; dropping the buffer would try again.
    let _ = out.into_parts();
    ExitCode::from(code)
}
