//! Readers with an end: as much as was said there is, and not more than there may be.

use std::io::{self, Read};

/// So many bytes, or an error.
pub(super) struct Exact<'a, R> {
    pub(super) from: &'a mut R,
    pub(super) left: u64,
    /// Why it could not be read.
    pub(super) broken: Option<String>,
}

impl<R: Read> Read for Exact<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if room == 0 {
            return Ok(0);
        }
        let read = self.from.read(&mut buffer[..room]).and_then(|read| match read {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        });
        match &read {
            Ok(read) => self.left -= *read as u64,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => self.broken = Some(e.to_string()),
        }
        read
    }
}

/// What unpacks to more than it may is no snapshot.
pub(super) struct Limited<R> {
    pub(super) from: R,
    pub(super) left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other("it unpacks to far more than its size explains")),
        }
        Ok(read)
    }
}
