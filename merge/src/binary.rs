//! What is a text, as `git` judges: it may have any encoding, and no NUL at its beginning.

/// How much of it is looked at, in bytes.
pub const LOOKED_AT: usize = 8000;

/// Whether this is not a text.
pub fn is_binary(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(LOOKED_AT)].contains(&0)
}
