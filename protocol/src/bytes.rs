//! Bytes of people's files: lines, and names below an artifact. They need not be text.
//!
//! In binary messages they are bytes. In JSON they are a string where they are UTF-8, and else an object with one member,
//! `{"base64": "…"}`, so that nothing is lost and what is text, which is nearly everything, reads as text.

use crate::codec::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Bytes, of which nothing is known.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    /// As text, when they are.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Other { base64: String },
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_str() {
            Some(text) => serializer.serialize_str(text),
            None => Written::Other { base64: encoded(&self.0) }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Text(text) => Ok(Self(text.into_bytes())),
            Written::Other { base64 } => {
                decoded(&base64).map(Self).ok_or_else(|| serde::de::Error::custom("this is no base64"))
            }
        }
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Standard base64, padded.
fn encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let held = group.iter().chain(&[0, 0]).take(3).fold(0_usize, |held, byte| held << 8 | usize::from(*byte));
        for digit in 0..4 {
            let value = held >> (18 - 6 * digit) & 63;
            text.push(if digit <= group.len() { char::from(DIGITS[value]) } else { '=' });
        }
    }
    text
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let (mut bytes, mut held, mut bits) = (Vec::with_capacity(digits.len() / 4 * 3), 0_usize, 0);
    for digit in digits.bytes() {
        held = held << 6 | DIGITS.iter().position(|known| *known == digit)?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    text.len().is_multiple_of(4).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_survives_json() {
        for (bytes, want) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"\xff\xfe\x00", "//4A"),
            (b"caf\xe9\n", "Y2Fm6Qo="),
        ] {
            assert_eq!(encoded(bytes), want);
            assert_eq!(decoded(want).as_deref(), Some(bytes));
        }
        for wrong in ["Zg=", "Zg", "Z!==", "é==="] {
            assert_eq!(decoded(wrong), None, "{wrong}");
        }
    }
}
