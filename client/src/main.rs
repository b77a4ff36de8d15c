//! The `skillmeat` executable: see the library.
//!
//! On Linux it is entered by the C library and not through the standard library's start, which reads the table of memory
//! mappings to put a guard below a stack that never overflows here, and makes a second stack for saying so: a third of the
//! system calls of a prompt, and 15 % of its time. What of that start is of use here is done by [`prepare`].
#![cfg_attr(
    all(target_os = "linux", target_env = "gnu"),
    no_main,
    expect(unsafe_code, reason = "C looks for `main`; the standard library cannot ignore a signal")
)]

use std::ffi::OsString;
use std::io::{self, BufWriter};

use skillmeat::surroundings::Surroundings;

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(run())
}

/// Called by the C library.
// SAFETY: nothing else of this program is called so.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[unsafe(no_mangle)]
extern "C" fn main() -> std::ffi::c_int {
    /// What a panic ends a program with everywhere else.
    const PANICKED: u8 = 101;
    prepare();
    std::panic::catch_unwind(run).unwrap_or(PANICKED).into()
}

/// Leaves no standard descriptor closed, so that no file or socket becomes one, and has a reader that goes away be an
/// error that can be handled and not the end.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn prepare() {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let (input, output, errors) = (rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr());
    let mut fds = [&input, &output, &errors].map(|fd| PollFd::new(fd, PollFlags::empty()));
    let asked = poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
    for _ in fds.iter().filter(|fd| asked.is_ok() && fd.revents().contains(PollFlags::NVAL)) {
        if let Ok(file) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null") {
            // It has got the lowest number that was free, and keeps it.
            std::mem::forget(file);
        }
    }
    // SAFETY: no other thread runs, and ignoring calls nothing.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
    }
}

fn run() -> u8 {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut out = BufWriter::with_capacity(16 * 1024, io::stdout().lock());
    let code = skillmeat::run(&args, &Surroundings::of_process(), &mut out, &mut io::stderr());
    // Whatever is still buffered could not be written; dropping the buffer would try again.
    let _ = out.into_parts();
    code
}
