//! Hexadecimal and base64: the fixtures hold bytes as text.

use std::fmt::Write as _;

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Decodes standard base64 with padding.
///
/// # Panics
/// On anything else: fixtures are ours.
pub fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0u32, 0);
    for digit in text.trim_end_matches('=').bytes() {
        let value = DIGITS.iter().position(|d| *d == digit).expect("a base64 digit");
        held = held << 6 | value as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded() {
        for (text, want) in [("", &b""[..]), ("IyBEZW1vCg==", b"# Demo\n"), ("AP8Q", b"\x00\xff\x10"), ("YQ==", b"a")] {
            assert_eq!(base64(text), want);
        }
        assert_eq!(hex(b"\x00\xff"), "00ff");
    }
}
