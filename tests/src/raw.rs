//! A connection that keeps to no rules: bytes out, bytes in.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Instant;

use skillmeat_protocol::preamble::{PROTOCOL, preamble};
use skillmeat_protocol::request::{Call, Format, Freshness, Request};
use skillmeat_protocol::{codec, frame};

use crate::process::PATIENCE;

/// A socket and nothing else.
#[derive(Debug)]
pub struct Raw {
    /// The socket; no read waits longer than [`PATIENCE`].
    pub stream: UnixStream,
}

impl Raw {
    /// Connects and says nothing.
    pub fn connect(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).unwrap_or_else(|e| panic!("{}: {e}", socket.display()));
        stream.set_read_timeout(Some(PATIENCE)).expect("a valid timeout");
        Self { stream }
    }

    /// Connects, unless nobody listens any more.
    pub fn connect_if_there(socket: &Path) -> Option<Self> {
        let stream = UnixStream::connect(socket).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).expect("a valid timeout");
        Some(Self { stream })
    }

    /// Sends bytes; whether the daemon took them all. It may have closed, which is an answer too.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Sends as much as is taken without waiting, again and again, and returns how many bytes that was.
    pub fn send_without_reading(&mut self, bytes: &[u8]) -> usize {
        self.stream.set_nonblocking(true).expect("our own socket");
        let mut sent = 0;
        // Whole copies only, until the daemon takes no more of them.
        'more: while sent < bytes.len() * 100_000 {
            let mut rest = bytes;
            while !rest.is_empty() {
                match self.stream.write(rest) {
                    Ok(wrote) => {
                        sent += wrote;
                        rest = &rest[wrote..];
                    }
                    Err(_) => break 'more,
                }
            }
        }
        self.stream.set_nonblocking(false).expect("our own socket");
        sent
    }

    /// Says that nothing more will be sent.
    pub fn finish(&self) {
        // A daemon that closed already has heard it.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Everything that still comes, until the daemon closes.
    ///
    /// # Panics
    /// When it does not close.
    #[track_caller]
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => rest,
            // The daemon closed with bytes of ours unread.
            Err(e) if e.kind() == io::ErrorKind::ConnectionReset => rest,
            Err(e) => panic!("{e} after {} bytes", rest.len()),
        }
    }

    /// The next line; empty when the daemon closed.
    pub fn line(&mut self) -> String {
        let (mut line, mut byte) = (Vec::new(), [0]);
        while line.last() != Some(&b'\n') && self.stream.read(&mut byte).unwrap_or(0) == 1 {
            line.push(byte[0]);
        }
        String::from_utf8_lossy(&line).into_owned()
    }
}

/// The frame of a request.
pub fn framed(request: Request, freshness: Freshness) -> Vec<u8> {
    let call = Call { freshness, deadline_ms: 0, format: Format::Typed, request };
    let mut out = Vec::new();
    frame::push(&mut out, &codec::encode(&call).expect("requests encode")).expect("a short request");
    out
}

/// What opens a binary connection and asks at once.
pub fn opened(request: Request, freshness: Freshness) -> Vec<u8> {
    [preamble(PROTOCOL).as_slice(), &framed(request, freshness)].concat()
}

/// Waits for the product to get there.
///
/// # Panics
/// When it does not within [`PATIENCE`]; `what` says what was waited for.
#[track_caller]
pub fn until(what: &str, mut there: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !there() {
        assert!(Instant::now() < deadline, "{what}: still not after {PATIENCE:?}");
        std::thread::yield_now();
    }
}

/// How many descriptors a process has open.
pub fn open_files(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}
