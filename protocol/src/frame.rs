//! Frames: a little-endian `u32` length and that many bytes.
//!
//! Invariant: a length read from the wire is checked against a limit before anything is allocated for it.

use std::io::{self, Read, Write};

/// Largest request frame, in bytes.
pub const MAX_REQUEST: usize = 64 * 1024;
/// Largest reply frame, in bytes. Longer answers are paged.
pub const MAX_REPLY: usize = 16 * 1024 * 1024;

/// Bytes of a frame's length.
pub const HEAD: usize = 4;

/// Makes `out`, which is a body behind [`HEAD`] bytes, a frame.
///
/// # Errors
/// `InvalidData` when the body is longer than [`MAX_REPLY`], or there is no room for its length.
pub fn close(out: &mut [u8]) -> io::Result<()> {
    let (head, body) = out.split_first_chunk_mut::<HEAD>().ok_or_else(too_long)?;
    *head = length(body)?;
    Ok(())
}

/// What stands before a body.
fn length(body: &[u8]) -> io::Result<[u8; HEAD]> {
    let len = u32::try_from(body.len()).ok().filter(|len| *len as usize <= MAX_REPLY).ok_or_else(too_long)?;
    Ok(len.to_le_bytes())
}

/// Appends one frame to `out`.
///
/// # Errors
/// `InvalidData` when the body is longer than [`MAX_REPLY`].
pub fn push(out: &mut Vec<u8>, body: &[u8]) -> io::Result<()> {
    out.extend_from_slice(&length(body)?);
    out.extend_from_slice(body);
    Ok(())
}

/// Writes one frame in a single `write`.
///
/// # Errors
/// Those of the writer; `InvalidData` when the body is longer than [`MAX_REPLY`].
pub fn write(to: &mut impl Write, body: &[u8]) -> io::Result<()> {
    let mut out = Vec::with_capacity(body.len() + HEAD);
    push(&mut out, body)?;
    to.write_all(&out)
}

/// Reads one frame of at most `max` bytes.
///
/// # Errors
/// Those of the reader; `InvalidData` when the announced length is over `max`; `UnexpectedEof` when it ends early.
pub fn read(from: &mut impl Read, max: usize) -> io::Result<Vec<u8>> {
    let mut len = [0; HEAD];
    from.read_exact(&mut len)?;
    let len = u32::from_le_bytes(len) as usize;
    if len > max {
        return Err(too_long());
    }
    let mut body = Vec::with_capacity(len.min(64 * 1024));
    // `take` grows the buffer as bytes arrive, so an announced length that never comes costs nothing.
    if from.take(len as u64).read_to_end(&mut body)? < len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(body)
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "message is longer than the protocol allows")
}
