//! Bytes as a socket delivers them: in pieces that have nothing to do with messages.

use std::io::{self, Read};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use skillmeatd::server::encoding::{Encoding, Incoming};
use skillmeatd::server::inbox::Inbox;
use tokio::io::{AsyncRead, ReadBuf};

/// Pieces that are worth trying: smaller than any head, unequal to every power of two, larger than most messages.
pub(super) const STEPS: [usize; 3] = [1, 7, 4093];

/// A stream that hands out at most `step` bytes at a time and then ends.
#[derive(Debug)]
pub(super) struct Pieces<'d> {
    rest: &'d [u8],
    step: usize,
}

impl<'d> Pieces<'d> {
    pub(super) fn new(data: &'d [u8], step: usize) -> Self {
        Self { rest: data, step }
    }

    fn next(&mut self, room: usize) -> &'d [u8] {
        let (piece, rest) = self.rest.split_at(self.rest.len().min(self.step).min(room));
        self.rest = rest;
        piece
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let piece = self.next(into.len());
        into[..piece.len()].copy_from_slice(piece);
        Ok(piece.len())
    }
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let piece = self.next(into.remaining());
        into.put_slice(piece);
        Poll::Ready(Ok(()))
    }
}

/// What the daemon takes a connection's bytes for, after its opening, when they come `step` at a time.
pub(super) fn requests(encoding: Encoding, data: &[u8], step: usize) -> Vec<Incoming> {
    let mut inbox = Inbox::new(Pieces::new(data, step));
    let mut found = Vec::new();
    loop {
        while let Some(incoming) = encoding.next(&mut inbox) {
            let last = matches!(incoming, Incoming::Broken(_));
            found.push(incoming);
            if last {
                return found;
            }
        }
        if inbox.ended() {
            return found;
        }
        match pin!(inbox.fill()).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(filled) => filled.expect("memory can be read"),
            Poll::Pending => panic!("pieces are always there"),
        }
    }
}

/// As [`requests`], all bytes at once; and it must be the same whatever the pieces.
pub(super) fn requests_in_any_pieces(encoding: Encoding, data: &[u8]) -> Vec<Incoming> {
    let whole = requests(encoding, data, usize::MAX);
    for step in STEPS {
        assert_eq!(requests(encoding, data, step), whole, "{step} bytes at a time");
    }
    whole
}
