//! Bounded writing: a client that takes nothing for a while loses its connection.
//!
//! Invariant: at most one message is in memory per connection; what a slow subscriber misses stays in the engine's
//! bounded channel and becomes one `resync`.

use super::limits;
use std::io;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// The writing side of a connection.
pub(super) struct Outbox<W> {
    to: W,
    held: Vec<u8>,
}

impl<W: AsyncWrite + Unpin> Outbox<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, held: Vec::new() }
    }

    /// Keeps a few bytes back, to go out with the next message in one write.
    pub(super) fn hold(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Whether bytes are kept back.
    pub(super) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Writes what was kept back. Cancel safe: what was written is forgotten as it goes.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(super) async fn release(&mut self) -> io::Result<()> {
        while !self.held.is_empty() {
            let wrote = write_some(&mut self.to, &self.held).await?;
            self.held.drain(..wrote);
        }
        Ok(())
    }

    /// Writes one message. The limit is on standing still, not on the whole: a slow reader of a long reply is served.
    ///
    /// # Errors
    /// `TimedOut` when the other side takes nothing; those of the stream.
    pub(super) async fn send(&mut self, mut message: &[u8]) -> io::Result<()> {
        if self.holds() {
            self.held.extend_from_slice(message);
            return self.release().await;
        }
        while !message.is_empty() {
            let wrote = write_some(&mut self.to, message).await?;
            message = &message[wrote..];
        }
        Ok(())
    }
}

async fn write_some<W: AsyncWrite + Unpin>(to: &mut W, bytes: &[u8]) -> io::Result<usize> {
    match timeout(limits::WRITE_STALLS, to.write(bytes)).await?? {
        0 => Err(io::ErrorKind::WriteZero.into()),
        wrote => Ok(wrote),
    }
}
