//! Signals: end, end at once, read the settings again.
//!
//! The first SIGTERM or SIGINT asks for an orderly end. A second one ends the process in the handler itself, with the
//! status that a shell would report (143, 130): whatever hangs, the person at the terminal wins. SIGHUP asks to read the
//! settings again; a daemon in the background has left its terminal and gets no hang-up from it. SIGPIPE is ignored by
//! Rust's start-up code, so a client that is gone is an error of `write`.

use std::io;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// SIGTERM or SIGINT: end in an orderly way. Comes once.
    Stop,
    /// SIGHUP: read the settings again.
    Reload,
}

/// The thread that passes signals on. Dropping it ends the thread; a second SIGTERM still ends the process.
#[cfg(unix)]
#[derive(Debug)]
pub struct Listening {
    handle: signal_hook::iterator::Handle,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Passes signals to `callback`, on a thread of its own.
///
/// # Errors
/// A handler cannot be installed, or the thread cannot be started.
#[cfg(unix)]
pub fn listen(callback: impl Fn(Request) + Send + 'static) -> io::Result<Listening> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::flag;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    let stopping = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        // In this order: the first signal finds the flag clear and sets it, the second finds it set.
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stopping))?;
        flag::register(signal, Arc::clone(&stopping))?;
    }
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let handle = signals.handle();
    let pass_on = move || {
        let mut stopped = false;
        for signal in &mut signals {
            let request = if signal == SIGHUP { Request::Reload } else { Request::Stop };
            if request == Request::Reload || !std::mem::replace(&mut stopped, true) {
                callback(request);
            }
        }
    };
    let thread = std::thread::Builder::new().name("signals".into()).spawn(pass_on)?;
    Ok(Listening { handle, thread: Some(thread) })
}

#[cfg(unix)]
impl Drop for Listening {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // It only panics if the callback does, and then there is nothing left to end.
            let _ = thread.join();
        }
    }
}

/// Windows has no signals: a daemon there ends by request, or when the console that it runs in is closed.
#[cfg(not(unix))]
#[derive(Debug)]
pub struct Listening;

/// Windows has no signals: `callback` is never called.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub fn listen(_callback: impl Fn(Request) + Send + 'static) -> io::Result<Listening> {
    Ok(Listening)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::runtime::testing;
    use rustix::process::Signal;

    /// Both halves, see [`crate::runtime::testing`].
    #[test]
    fn reload_then_stop_once_then_exit_at_once() {
        if testing::in_child().is_some() {
            let _listening = listen(|request| testing::tell(&format!("{request:?}"))).expect("listening");
            testing::tell("listening");
            loop {
                std::thread::park();
            }
        }
        for (first, second, status) in [(Signal::TERM, Signal::TERM, 143), (Signal::TERM, Signal::INT, 130)] {
            let mut child = testing::Child::start("runtime::signals::tests::reload_then_stop_once_then_exit_at_once");
            assert_eq!(child.line(), "listening");
            for _ in 0..2 {
                child.signal(Signal::HUP);
                assert_eq!(child.line(), "Reload");
            }
            child.signal(first);
            assert_eq!(child.line(), "Stop");
            child.signal(second);
            assert_eq!(child.wait().code(), Some(status));
        }
    }

    #[test]
    fn the_thread_ends_with_its_owner() {
        if testing::in_child().is_some() {
            drop(listen(|_| {}).expect("listening"));
            testing::leave("dropped");
        }
        let mut child = testing::Child::start("runtime::signals::tests::the_thread_ends_with_its_owner");
        assert_eq!((child.line().as_str(), child.wait().code()), ("dropped", Some(0)));
    }
}
