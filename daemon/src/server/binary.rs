//! The binary encoding: length-prefixed frames of bincode, opened by the frozen preamble.
//!
//! A frame that does not decode ends the connection: both sides speak exactly the same protocol number, so it was not
//! written by this project.

use super::encoding::{Asked, Incoming, Push, ReplyTo, payload_json, too_large, too_long, unwritable};
use super::inbox::Inbox;
use super::limits;
use skillmeat_protocol::codec;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::frame::{self, HEAD};
use skillmeat_protocol::reply::{ConflictListReply, DiffReply, JsonPage, ListReply, Reply, StatusReply};
use skillmeat_protocol::request::{Call, Format, Request};
use tokio::io::AsyncRead;

/// Room for an ordinary answer.
const ORDINARY: usize = 1024;

/// Takes the next frame.
pub(super) fn next<R: AsyncRead + Unpin>(inbox: &mut Inbox<R>) -> Option<Incoming> {
    let len = u32::from_le_bytes(*inbox.peek().first_chunk::<HEAD>()?) as usize;
    let broken = |error| Some(Incoming::Broken(reply(Format::Typed, false, Reply::Error(error))));
    if len > limits::REQUEST {
        return broken(too_long());
    }
    if inbox.peek().len() < HEAD + len {
        return None;
    }
    let frame = inbox.take(HEAD + len);
    match codec::decode_request::<Call>(&frame[HEAD..]) {
        Ok(call) => {
            let to = ReplyTo::Binary { format: call.format, resumed: is_resumed(&call.request) };
            Some(Incoming::Asked(to, Asked::Call(Box::new(call))))
        }
        Err(error) => broken(WireError::new(ErrorCode::ParseError, error.to_string())),
    }
}

fn is_resumed(request: &Request) -> bool {
    match request {
        Request::Status(query) => query.cursor.is_some(),
        Request::List(query) => query.cursor.is_some(),
        Request::Diff(query) => query.cursor.is_some(),
        Request::ConflictList(query) => query.cursor.is_some(),
        _ => false,
    }
}

/// The frame of an answer. Errors stay typed in either format, so that a client without a JSON reader sees them.
pub(super) fn reply(format: Format, resumed: bool, reply: Reply) -> Vec<u8> {
    let reply = match (format, reply) {
        (_, reply @ Reply::Error(_)) | (Format::Typed, reply) => Ok(reply),
        (Format::Json, reply) => as_json(resumed, reply),
    };
    let framed = reply.and_then(|reply| framed(&reply));
    // An error is short and plain: when even that cannot be written, closing says as much.
    framed.or_else(framed_error).unwrap_or_default()
}

/// The frame of a message beside an answer. In JSON format events are JSON, markers stay typed: the client acts on
/// those and prints these.
pub(super) fn push(format: Format, push: &Push) -> Vec<u8> {
    let typed = match push {
        Push::Live(live) => Reply::Live(live.clone()),
        Push::Resync(live) => Reply::Resync(live.clone()),
        Push::Progress(progress) => Reply::Progress(progress.clone()),
        Push::Event(event) => return reply(format, false, Reply::Event(event.as_ref().clone())),
    };
    reply(Format::Typed, false, typed)
}

fn framed(reply: &Reply) -> Result<Vec<u8>, WireError> {
    let mut out = Vec::with_capacity(ORDINARY);
    out.resize(HEAD, 0);
    codec::encode_onto(reply, &mut out).map_err(|error| unwritable(&error))?;
    if out.len() - HEAD > limits::REPLY {
        return Err(too_large(out.len() - HEAD));
    }
    frame::close(&mut out).map_err(|error| unwritable(&error))?;
    Ok(out)
}

fn framed_error(error: WireError) -> Result<Vec<u8>, WireError> {
    framed(&Reply::Error(error))
}

fn as_json(resumed: bool, reply: Reply) -> Result<Reply, WireError> {
    let unwritable = |error: serde_json::Error| unwritable(&error);
    match reply {
        Reply::Status(status) if resumed || status.next.is_some() => {
            let shell = StatusReply { projects: Vec::new(), next: None, ..status };
            json_page(&shell, &status.projects, status.next).map_err(unwritable)
        }
        Reply::List(list) if resumed || list.next.is_some() => {
            let shell = ListReply { artifacts: Vec::new(), next: None, ..list };
            json_page(&shell, &list.artifacts, list.next).map_err(unwritable)
        }
        Reply::Diff(diff) if resumed || diff.next.is_some() => {
            let shell = DiffReply { files: Vec::new(), next: None, ..diff };
            json_page(&shell, &diff.files, diff.next).map_err(unwritable)
        }
        Reply::ConflictList(list) if resumed || list.next.is_some() => {
            let shell = ConflictListReply { conflicts: Vec::new(), more: false, next: None, ..list };
            json_page(&shell, &list.conflicts, list.next).map_err(unwritable)
        }
        reply => payload_json(&reply).map(Reply::Json).map_err(unwritable),
    }
}

/// Splits `shell`, an answer whose last list is empty and stands for that of all pages, around that list.
fn json_page<T: serde::Serialize>(
    shell: &impl serde::Serialize,
    rows: &[T],
    next: Option<String>,
) -> serde_json::Result<Reply> {
    let text = serde_json::to_string(shell)?;
    let rows = serde_json::to_string(rows)?;
    let (head, tail) = text.rsplit_once("[]").unwrap_or((&text, ""));
    let body = rows.strip_prefix('[').and_then(|rows| rows.strip_suffix(']')).unwrap_or_default();
    Ok(Reply::JsonPage(JsonPage { head: format!("{head}["), body: body.to_owned(), tail: format!("]{tail}"), next }))
}
