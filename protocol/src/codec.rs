//! Binary messages: the only module that names bincode.
//!
//! bincode is frozen upstream (RUSTSEC-2025-0141; 3.x is an empty shell), so the format is pinned (`=2.0.1`,
//! `standard()`: little-endian varints) and made ours by golden bytes in `tests/golden`. To move to another
//! implementation of the same bytes, change this file.
//!
//! Invariants: every decode has a limit that grows with the message, so a short one cannot claim a huge allocation; what
//! may be sent can be decoded; and a decode must consume all of its input, so trailing bytes are an error rather than a
//! field that an older program silently drops.

pub use bincode::{Decode, Encode};

use crate::frame::{MAX_REPLY, MAX_REQUEST};

/// What a message may claim for each of its bytes. bincode counts values as they are in memory, and a list's elements
/// before it has seen them: an empty string is one byte on the wire and 24 claimed. Nothing of this crate claims more.
const GROWTH: usize = 32;
/// Messages up to this length may claim [`GROWTH`] times this much.
const SHORT: usize = MAX_REQUEST;
/// Messages up to this length may claim [`GROWTH`] times this much.
const MIDDLE: usize = 1024 * 1024;

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

/// Encodes one message behind what is in `out`, in one pass: a long reply is not measured first.
pub fn encode_onto<T: Encode>(message: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
    bincode::encode_into_writer(message, Onto(out), bincode::config::standard())
        .map_err(|e| CodecError::Malformed(e.to_string()))
}

/// Appends what is encoded.
struct Onto<'a>(&'a mut Vec<u8>);

impl bincode::enc::write::Writer for Onto<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), bincode::error::EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// Decodes a request; refuses what is longer than [`MAX_REQUEST`], or claims to be.
pub fn decode_request<T: Decode<()>>(bytes: &[u8]) -> Result<T, CodecError> {
    match bytes.len() {
        0..=MAX_REQUEST => decode::<T, { GROWTH * MAX_REQUEST }>(bytes),
        len => Err(CodecError::Malformed(format!("{len} bytes are too long"))),
    }
}

/// Decodes a reply; refuses what is longer than [`MAX_REPLY`], or claims to be.
pub fn decode_reply<T: Decode<()>>(bytes: &[u8]) -> Result<T, CodecError> {
    // To bincode the limit is a constant, so it grows in steps.
    match bytes.len() {
        len if len <= SHORT => decode::<T, { GROWTH * SHORT }>(bytes),
        len if len <= MIDDLE => decode::<T, { GROWTH * MIDDLE }>(bytes),
        len if len <= MAX_REPLY => decode::<T, { GROWTH * MAX_REPLY }>(bytes),
        len => Err(CodecError::Malformed(format!("{len} bytes are too long"))),
    }
}

fn decode<T: Decode<()>, const LIMIT: usize>(bytes: &[u8]) -> Result<T, CodecError> {
    complete(bincode::decode_from_slice(bytes, bincode::config::standard().with_limit::<LIMIT>()), bytes.len())
}

fn complete<T>(decoded: Result<(T, usize), bincode::error::DecodeError>, len: usize) -> Result<T, CodecError> {
    match decoded {
        Ok((message, used)) if used == len => Ok(message),
        Ok((_, used)) => Err(CodecError::Trailing { extra: len - used }),
        Err(e) => Err(CodecError::Malformed(e.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Bytes;
    use crate::clock::Clock;
    use crate::drift::DriftState;
    use crate::ids::ArtifactType;
    use crate::reply::{
        Counts, DiffHunk, DiffKind, DiffLine, DiffReply, FileDiff, FileStatus, Item, LineOp, ProjectState,
        ProjectStatus, Reply, SideInfo, SubscribedReply,
    };
    use crate::request::{Call, DiffSide, Format, Freshness, ListQuery, Request};

    fn item() -> Item {
        Item {
            kind: ArtifactType::Skill,
            name: String::new(),
            profile: None,
            collection: None,
            collection_id: None,
            state: DriftState::Untracked,
            drift_type: None,
            change_origin: None,
            recommendation: None,
            baseline_hash: None,
            collection_hash: None,
            project_hash: None,
            collection_version: None,
            project_version: None,
            version_mismatch: false,
            deployed_at: None,
            modification_detected_at: None,
            mergeable: None,
            path: None,
            message: None,
        }
    }

    /// A snapshot with `n` items, as small on the wire as items get.
    fn snapshot(n: usize) -> Reply {
        let project = ProjectStatus {
            path: "/p".into(),
            name: "p".into(),
            state: ProjectState::Watched,
            available: true,
            counts: Counts::default(),
            problems: Vec::new(),
            items: vec![item(); n],
        };
        let clock = Clock { instance: 1, generation: 1 };
        Reply::Subscribed(SubscribedReply { clock, fresh_instance: true, snapshot: vec![project], events: Vec::new() })
    }

    /// A comparison with `n` lines, as small on the wire as lines get.
    fn lines(n: usize) -> Reply {
        let line = DiffLine { op: LineOp::Context, text: Bytes::default(), marks: Vec::new() };
        let hunk =
            DiffHunk { old_start: 0, old_lines: 0, new_start: 0, new_lines: 0, continued: false, lines: vec![line; n] };
        let file = FileDiff {
            path: Bytes::default(),
            status: FileStatus::Modified,
            kind: DiffKind::Text,
            old_mode: None,
            new_mode: None,
            old_hash: None,
            new_hash: None,
            old_size: None,
            new_size: None,
            added: None,
            removed: None,
            continued: false,
            hunks: vec![hunk],
        };
        let side = || SideInfo {
            side: DiffSide::Baseline,
            label: String::new(),
            present: false,
            path: None,
            content_hash: None,
        };
        Reply::Diff(DiffReply {
            clock: Clock { instance: 1, generation: 1 },
            identical: false,
            fresh: true,
            stale: None,
            from: side(),
            to: side(),
            files_changed: 1,
            files: vec![file],
            next: None,
        })
    }

    #[test]
    fn what_may_be_sent_can_be_decoded() {
        let empty = encode(&item()).expect("encodes").len();
        for len in [SHORT, MIDDLE, 2 * MIDDLE] {
            let reply = snapshot(len / empty - 10);
            let bytes = encode(&reply).expect("encodes");
            assert!((len - 20 * empty..=len).contains(&bytes.len()), "{} of {len}", bytes.len());
            assert!(decode_reply::<Reply>(&bytes).expect("our own bytes") == reply);
        }
        let bytes = encode(&lines(MIDDLE / 3 - 100)).expect("encodes");
        assert!(decode_reply::<Reply>(&bytes).expect("our own bytes") == lines(MIDDLE / 3 - 100));
        let collections = vec![String::new(); MAX_REQUEST - 32];
        let types = vec![ArtifactType::Agent; 16];
        let request = Request::List(ListQuery { types, collections, cursor: None });
        let call = Call { freshness: Freshness::Cached, deadline_ms: 0, format: Format::Typed, request };
        let bytes = encode(&call).expect("encodes");
        assert!(bytes.len() <= MAX_REQUEST);
        assert!(decode_request::<Call>(&bytes).expect("our own bytes") == call);
    }

    #[test]
    fn what_is_appended_is_what_is_encoded() {
        let (reply, mut out) = (snapshot(3), b"before".to_vec());
        encode_onto(&reply, &mut out).expect("encodes");
        assert_eq!(out.strip_prefix(b"before"), Some(&*encode(&reply).expect("encodes")));
    }

    #[test]
    fn what_claims_more_than_it_can_hold_is_refused() {
        // A status reply whose list of projects is said to have 2^32 elements.
        let claim = [1, 1, 1, 1, 0, 253, 0, 0, 0, 0, 1, 0, 0, 0];
        assert!(matches!(decode_reply::<Reply>(&claim), Err(CodecError::Malformed(why)) if why.contains("Limit")));
        assert!(decode_request::<Call>(&[0; MAX_REQUEST + 1]).is_err());
    }
}
