//! Bounded reading: bytes as they come, taken out as whole requests.
//!
//! Invariant: the buffer never holds much more than one longest request; a reader that is full waits until what it has
//! is consumed, which pushes back on the client through the socket.

use super::limits;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Kept between requests; a larger buffer is given back when it is empty.
const KEEP: usize = 16 * 1024;

/// What was read and not yet consumed.
pub struct Inbox<R> {
    from: R,
    bytes: Vec<u8>,
    /// Bytes that are consumed. They leave with the next read, not with each request: a buffer full of short requests
    /// would be moved once for each of them.
    start: usize,
    /// Unread bytes known to hold no newline, so that a line that arrives byte by byte is not searched from its start.
    searched: usize,
    ended: bool,
}

impl<R: AsyncRead + Unpin> Inbox<R> {
    /// Nothing is read yet.
    pub fn new(from: R) -> Self {
        Self { from, bytes: Vec::new(), start: 0, searched: 0, ended: false }
    }

    /// Reads what is there, at least one byte unless the other side has finished. Cancel safe.
    pub async fn fill(&mut self) -> io::Result<()> {
        self.bytes.drain(..std::mem::take(&mut self.start));
        self.bytes.reserve(4096);
        if self.from.read_buf(&mut self.bytes).await? == 0 {
            self.ended = true;
        }
        Ok(())
    }

    /// Whether there is reason to read on: the other side has not finished, and the longest request still has room.
    pub(super) fn wants_more(&self) -> bool {
        !self.ended && self.peek().len() <= limits::REQUEST + 4
    }

    /// Whether the other side has finished writing.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// What is unread.
    pub fn peek(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Takes the first `len` bytes, which must be there.
    pub(super) fn take(&mut self, len: usize) -> Vec<u8> {
        let taken = self.peek()[..len].to_vec();
        self.start += len;
        self.searched = 0;
        if self.start == self.bytes.len() {
            self.start = 0;
            self.bytes.clear();
            self.bytes.shrink_to(KEEP);
        }
        taken
    }

    /// Length of the first line without its newline, when its newline is there.
    pub(super) fn line(&mut self) -> Option<usize> {
        let found = self.peek()[self.searched..].iter().position(|byte| *byte == b'\n');
        let line = found.map(|at| self.searched + at);
        self.searched = line.unwrap_or(self.peek().len());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A buffer full of short requests would be copied once for each of them.
    #[tokio::test]
    async fn what_is_left_is_not_moved() {
        let mut inbox = Inbox::new(&b"\n\n\n"[..]);
        inbox.fill().await.expect("memory");
        let rest = inbox.peek()[1..].as_ptr_range();
        assert_eq!(inbox.take(1), b"\n");
        assert_eq!(inbox.peek().as_ptr_range(), rest);
    }

    #[tokio::test]
    async fn lines_are_found_wherever_the_reads_end() {
        for step in 1..=12 {
            let text = b"one\n\ntwo\nrest";
            let (near, mut far) = tokio::io::duplex(step);
            let write = async move { tokio::io::AsyncWriteExt::write_all(&mut far, text).await.expect("room") };
            let read = async move {
                let mut inbox = Inbox::new(near);
                let mut lines = Vec::new();
                while !inbox.ended() {
                    inbox.fill().await.expect("readable");
                    while let Some(len) = inbox.line() {
                        lines.push(String::from_utf8(inbox.take(len + 1)).expect("text"));
                    }
                }
                (lines, inbox.peek().to_vec())
            };
            let (lines, rest) = tokio::join!(read, write).0;
            assert_eq!(
                (lines, rest.as_slice()),
                (vec!["one\n".into(), "\n".into(), "two\n".into()], &b"rest"[..]),
                "{step}"
            );
        }
    }
}
