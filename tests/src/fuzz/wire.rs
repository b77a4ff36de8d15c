//! The binary encoding: what a daemon reads of a hostile client, and a client of a hostile daemon.

use std::cmp::Ordering;
use std::io::ErrorKind;

use skillmeat_protocol::codec;
use skillmeat_protocol::endpoint::{Endpoint, LockNote};
use skillmeat_protocol::frame::{self, MAX_REPLY, MAX_REQUEST};
use skillmeat_protocol::preamble::{self, MAGIC, PREAMBLE_LEN, Welcome};
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{Call, Format};
use skillmeatd::server::encoding::{Asked, Encoding, Incoming, ReplyTo};

use super::incoming::{Pieces, STEPS, requests_in_any_pieces};
use super::terminal;

/// Opening bytes, welcomes, versions and lock notes: whatever is read can be written and read again.
pub fn preamble(data: &[u8]) {
    if let Some(opening) = data.first_chunk::<PREAMBLE_LEN>() {
        let protocol = preamble::protocol_of(opening);
        assert_eq!(protocol.is_some(), opening.starts_with(&MAGIC));
        assert!(protocol.is_none_or(|protocol| preamble::protocol_of(&preamble::preamble(protocol)) == Some(protocol)));
    }
    welcome(data);
    let text = String::from_utf8_lossy(data);
    let half = text.chars().count() / 2;
    let (a, b) = text.split_at(text.char_indices().nth(half).map_or(0, |(at, _)| at));
    assert_eq!(preamble::compare_versions(a, b), preamble::compare_versions(b, a).reverse());
    assert_eq!(preamble::compare_versions(a, a), Ordering::Equal);

    let note = LockNote::from_text(&text);
    assert_eq!(LockNote::from_text(&note.to_text()), note);
    let endpoint = Endpoint::from_text(&note.endpoint);
    assert_eq!(Endpoint::from_text(&endpoint.to_string()), endpoint);
}

fn welcome(data: &[u8]) {
    let read = Welcome::read(&mut &*data);
    for step in STEPS {
        let again = Welcome::read(&mut Pieces::new(data, step));
        assert_eq!(again.as_ref().ok(), read.as_ref().ok());
    }
    match read {
        Ok(welcome) => {
            assert!(data.starts_with(&MAGIC));
            // A version that is not UTF-8 has become longer, and may be cut when it is written.
            if welcome.version.len() <= 255 {
                assert_eq!(Welcome::read(&mut welcome.to_bytes().as_slice()).expect("our own bytes"), welcome);
            }
        }
        Err(error) => assert!(matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof), "{error}"),
    }
}

/// A connection's frames: the daemon's incremental reader agrees with the plain one, frame by frame; what it refuses it
/// refuses in a frame that a client can read; what it accepts survives being written and read.
pub fn request(data: &[u8]) {
    if let Ok(call) = codec::decode_request::<Call>(data) {
        survives(&call);
    }
    let mut found = requests_in_any_pieces(Encoding::Binary, data).into_iter();
    let mut rest = data;
    loop {
        let broken = match frame::read(&mut rest, MAX_REQUEST) {
            Ok(body) => match codec::decode_request::<Call>(&body) {
                Ok(call) => {
                    let asked = found.next();
                    let Some(Incoming::Asked(to, Asked::Call(read))) = asked else { panic!("{call:?}: {asked:?}") };
                    assert_eq!(*read, call);
                    assert!(matches!(to, ReplyTo::Binary { format, .. } if format == call.format));
                    survives(&call);
                    continue;
                }
                Err(_) => true,
            },
            Err(error) => error.kind() == ErrorKind::InvalidData,
        };
        if broken {
            let last = found.next();
            let Some(Incoming::Broken(answer)) = last else { panic!("a broken frame: {last:?}") };
            let body = frame::read(&mut answer.as_slice(), MAX_REPLY).expect("a whole frame");
            assert!(matches!(codec::decode_reply(&body), Ok(Reply::Error(_))));
        }
        assert!(found.next().is_none());
        return;
    }
}

/// A request that can be sent is read as it was written.
pub(super) fn survives(call: &Call) {
    let bytes = codec::encode(call).expect("requests encode");
    if bytes.len() <= MAX_REQUEST {
        assert_eq!(&codec::decode_request::<Call>(&bytes).expect("our own bytes"), call);
    }
}

/// One reply of a daemon that may be hostile: it is refused, or it survives being written and read, is one line of JSON
/// with the client's id, and steers no terminal.
pub fn reply(data: &[u8]) {
    let framed = frame::read(&mut &*data, MAX_REPLY).ok();
    for step in STEPS {
        assert_eq!(frame::read(&mut Pieces::new(data, step), MAX_REPLY).ok(), framed);
    }
    let Ok(reply) = codec::decode_reply::<Reply>(data) else { return };
    let bytes = codec::encode(&reply).expect("replies encode");
    assert_eq!(codec::decode_reply::<Reply>(&bytes).expect("our own bytes"), reply);
    terminal::shows(&reply);
    // Text that is JSON already comes from the daemon only.
    if !matches!(reply, Reply::Json(_) | Reply::JsonPage(_)) {
        as_json(&reply);
    }
}

fn as_json(reply: &Reply) {
    let id = serde_json::json!("a\nb");
    let line = ReplyTo::Json { id: Some(id.clone()) }.reply(Ok(reply.clone()));
    super::lines::answers(&line, &id);
    for resumed in [false, true] {
        let frame = ReplyTo::Binary { format: Format::Json, resumed }.reply(Ok(reply.clone()));
        let body = frame::read(&mut frame.as_slice(), MAX_REPLY).expect("a whole frame");
        let text = match codec::decode_reply::<Reply>(&body).expect("our own bytes") {
            Reply::Json(text) => text,
            Reply::JsonPage(page) => [page.head, page.body, page.tail].concat(),
            error @ Reply::Error(_) => {
                assert_eq!(&error, reply);
                return;
            }
            other => panic!("{other:?} is not JSON"),
        };
        let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert!(value.is_object(), "{text}");
    }
}
