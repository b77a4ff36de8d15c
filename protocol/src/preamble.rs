//! The bytes that never change: how a binary connection opens, in every version of this project.
//!
//! The client sends eight bytes, `SKMT`, its protocol number (`u16`, little-endian) and two reserved zeros, and its
//! first request frame with them in one write. The daemon answers with a [`Welcome`] and, when both numbers agree,
//! with the reply. A daemon that speaks another protocol closes after its welcome, which tells the client who is
//! newer. The first byte of a connection selects the encoding: `S` is this, `{` is JSON lines.

use std::io::{self, Read};

/// First bytes of a binary connection, and of the daemon's answer.
pub const MAGIC: [u8; 4] = *b"SKMT";
/// The protocol that this crate speaks. Raise it whenever a golden byte changes.
pub const PROTOCOL: u16 = 3;
/// Length of the client's preamble.
pub const PREAMBLE_LEN: usize = 8;
/// Length of the welcome before its version text.
const WELCOME_HEAD: usize = 16;

/// The client's eight bytes.
pub const fn preamble(protocol: u16) -> [u8; PREAMBLE_LEN] {
    let p = protocol.to_le_bytes();
    [MAGIC[0], MAGIC[1], MAGIC[2], MAGIC[3], p[0], p[1], 0, 0]
}

/// The protocol number in a client's preamble, or `None` when it is not one.
pub fn protocol_of(bytes: &[u8; PREAMBLE_LEN]) -> Option<u16> {
    (bytes[..4] == MAGIC).then(|| u16::from_le_bytes([bytes[4], bytes[5]]))
}

/// The daemon's answer: `SKMT`, protocol `u16`, version length `u8`, zero, instance `u64`, version text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// The daemon's protocol.
    pub protocol: u16,
    /// Random per daemon process.
    pub instance: u64,
    /// The daemon's version, `major.minor.patch`.
    pub version: String,
}

impl Welcome {
    /// The bytes to send. A version longer than 255 bytes is cut.
    pub fn to_bytes(&self) -> Vec<u8> {
        let version = &self.version.as_bytes()[..self.version.len().min(255)];
        let mut out = Vec::with_capacity(WELCOME_HEAD + version.len());
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&self.protocol.to_le_bytes());
        out.push(version.len() as u8);
        out.push(0);
        out.extend_from_slice(&self.instance.to_le_bytes());
        out.extend_from_slice(version);
        out
    }

    /// Reads a welcome.
    ///
    /// # Errors
    /// Those of the reader; `InvalidData` when something else answered.
    pub fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut head = [0; WELCOME_HEAD];
        from.read_exact(&mut head)?;
        if head[..4] != MAGIC {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "what answers on the socket is not skillmeatd"));
        }
        let mut version = vec![0; usize::from(head[6])];
        from.read_exact(&mut version)?;
        let instance = head[8..].try_into().map(u64::from_le_bytes).unwrap_or_default();
        Ok(Self {
            protocol: u16::from_le_bytes([head[4], head[5]]),
            instance,
            version: String::from_utf8_lossy(&version).into_owned(),
        })
    }
}

/// Compares two `major.minor.patch` texts; missing or odd parts count as zero.
pub fn compare_versions(a: &str, b: &str) -> std::cmp::Ordering {
    let parts = |text: &str| -> [u64; 3] {
        let mut out = [0; 3];
        for (slot, part) in out.iter_mut().zip(text.split(['.', '-', '+'])) {
            *slot = part.parse().unwrap_or(0);
        }
        out
    };
    parts(a).cmp(&parts(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_opening_bytes_are_frozen() {
        assert_eq!(preamble(1), *b"SKMT\x01\x00\x00\x00");
        assert_eq!(protocol_of(&preamble(513)), Some(513));
        assert_eq!(protocol_of(b"GET / HT"), None);
        let welcome = Welcome { protocol: 2, instance: 0x0102_0304_0506_0708, version: "0.1.0".into() };
        let bytes = welcome.to_bytes();
        assert_eq!(bytes, b"SKMT\x02\x00\x05\x00\x08\x07\x06\x05\x04\x03\x02\x010.1.0");
        assert_eq!(Welcome::read(&mut bytes.as_slice()).expect("our own bytes"), welcome);
        assert!(Welcome::read(&mut b"HTTP/1.1 400 Bad Request".as_slice()).is_err());
    }

    #[test]
    fn versions_compare_by_number() {
        use std::cmp::Ordering::{Equal, Greater, Less};
        for (a, b, want) in [("0.10.0", "0.9.9", Greater), ("1.0.0", "1.0.0", Equal), ("0.1.0-rc", "0.1.1", Less)] {
            assert_eq!(compare_versions(a, b), want);
        }
    }
}
