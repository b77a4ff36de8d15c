//! Binary messages: the only module that names bincode.
//!
//! bincode is frozen upstream (RUSTSEC-2025-0141; 3.x is an empty shell), so the format is pinned (`=2.0.1`,
//! `standard()`: little-endian varints) and made ours by golden bytes in `tests/golden`. To move to another
//! implementation of the same bytes, change this file.
//!
//! Invariants: every decode has a byte limit, so a short message cannot claim a huge allocation, and must consume all
//! of its input, so trailing bytes are an error rather than a field that an older program silently drops.

pub use bincode::{Decode, Encode};

use crate::frame::{MAX_REPLY, MAX_REQUEST};

/// Why bytes are not a message.
#[derive(Debug)]
pub enum CodecError {
    /// Malformed, or claims more than the limit.
    Malformed(String),
    /// The message ended before the frame did.
    Trailing {
        /// Bytes left over.
        extra: usize,
    },
}

impl std::fmt::Display for CodecError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "malformed message: {why}"),
            Self::Trailing { extra } => write!(f, "malformed message: {extra} bytes after its end"),
        }
    }
}

impl std::error::Error for CodecError {}

/// Encodes one message. Encoding into memory cannot fail for the types of this crate.
pub fn encode<T: Encode>(message: &T) -> Result<Vec<u8>, CodecError> {
    bincode::encode_to_vec(message, bincode::config::standard()).map_err(|e| CodecError::Malformed(e.to_string()))
}

/// Decodes a request; refuses what claims more than [`MAX_REQUEST`] bytes.
pub fn decode_request<T: Decode<()>>(bytes: &[u8]) -> Result<T, CodecError> {
    complete(bincode::decode_from_slice(bytes, bincode::config::standard().with_limit::<MAX_REQUEST>()), bytes.len())
}

/// Decodes a reply; refuses what claims more than [`MAX_REPLY`] bytes.
pub fn decode_reply<T: Decode<()>>(bytes: &[u8]) -> Result<T, CodecError> {
    complete(bincode::decode_from_slice(bytes, bincode::config::standard().with_limit::<MAX_REPLY>()), bytes.len())
}

fn complete<T>(decoded: Result<(T, usize), bincode::error::DecodeError>, len: usize) -> Result<T, CodecError> {
    match decoded {
        Ok((message, used)) if used == len => Ok(message),
        Ok((_, used)) => Err(CodecError::Trailing { extra: len - used }),
        Err(e) => Err(CodecError::Malformed(e.to_string())),
    }
}
