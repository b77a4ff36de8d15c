//! The JSON encoding: JSON-RPC 2.0, one object per line, for editors, hooks and scripts.
//!
//! Tolerant where that cannot change a meaning: unknown members are ignored, `null` members count as absent, a missing
//! `jsonrpc` is forgiven, `\r` and empty lines are skipped. A line that is no request is answered with an error and
//! costs nothing more, since the next line stands on its own; only a line that is too long ends the connection.

mod across;
mod branches;
mod conflicts;
#[cfg(test)]
mod contract;
mod history;
mod operations;
mod params;
#[cfg(test)]
mod testing;
mod versions;

use super::encoding::{Incoming, Push, ReplyTo, payload_json, too_large, too_long, unwritable};
use super::inbox::Inbox;
use super::{ServerContext, limits};
use serde_json::{Map, Value, json};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::preamble::PROTOCOL;
use skillmeat_protocol::reply::Reply;
use tokio::io::AsyncRead;

use params::methods;

/// What there is beside methods, for `hello`.
const FEATURES: [&str; 6] = ["freshness", "deadline_ms", "paging", "progress", "resync", "since"];

/// JSON-RPC's number for an object that is no request.
const INVALID_REQUEST: i32 = -32600;

/// Takes the next line that is not empty.
pub(super) fn next<R: AsyncRead + Unpin>(inbox: &mut Inbox<R>) -> Option<Incoming> {
    loop {
        let Some(len) = inbox.line() else {
            return (inbox.peek().len() > limits::REQUEST).then(over_long);
        };
        if len > limits::REQUEST {
            return Some(over_long());
        }
        let line = inbox.take(len + 1);
        let line = line.trim_ascii();
        if !line.is_empty() {
            return Some(read(line));
        }
    }
}

fn over_long() -> Incoming {
    let error = too_long();
    Incoming::Broken(self::error(&Value::Null, error.code.json_rpc(), &error))
}

fn read(line: &[u8]) -> Incoming {
    let refused = |id: &Value, number, code, message: String| {
        Incoming::Refused(error(id, number, &WireError::new(code, message)))
    };
    let invalid =
        |id: &Value, message: &str| refused(id, INVALID_REQUEST, ErrorCode::InvalidParams, message.to_owned());
    let mut request = match serde_json::from_slice(line) {
        Ok(Value::Object(request)) => request,
        Ok(Value::Array(_)) => return invalid(&Value::Null, "batches are not supported; send one request per line"),
        Ok(_) => return invalid(&Value::Null, "a request is an object"),
        Err(error) => {
            return refused(&Value::Null, ErrorCode::ParseError.json_rpc(), ErrorCode::ParseError, error.to_string());
        }
    };
    let id = request.remove("id");
    let shown = id.clone().unwrap_or(Value::Null);
    match &shown {
        // It would come back rounded, and its client would wait for ever.
        Value::Number(number) if !is_exact(number) => {
            return invalid(&Value::Null, "an id that is a number has at most 64 bits; use a string");
        }
        Value::Null | Value::String(_) | Value::Number(_) => {}
        _ => return invalid(&Value::Null, "an id is a string or a number"),
    }
    if request.get("jsonrpc").is_some_and(|version| version != "2.0") {
        return invalid(&shown, "this is JSON-RPC 2.0");
    }
    let Some(Value::String(method)) = request.remove("method") else {
        return invalid(&shown, "a request names its method");
    };
    let params = match request.remove("params") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => {
            let error = WireError::new(ErrorCode::InvalidParams, "params is an object");
            return Incoming::Refused(answer_unless_notification(id.as_ref(), &error));
        }
    };
    match params::read(&method, params) {
        Ok(asked) => Incoming::Asked(ReplyTo::Json { id }, asked),
        Err(error) => Incoming::Refused(answer_unless_notification(id.as_ref(), &error)),
    }
}

/// Whether a number comes back as it came. What exceeds 64 bits has been read as the nearest float.
fn is_exact(number: &serde_json::Number) -> bool {
    /// From here on floats skip integers.
    const GAPS: f64 = 9_007_199_254_740_992.0;
    !number.is_f64() || number.as_f64().is_some_and(|value| value.abs() < GAPS)
}

fn answer_unless_notification(id: Option<&Value>, wrong: &WireError) -> Vec<u8> {
    id.map(|id| error(id, wrong.code.json_rpc(), wrong)).unwrap_or_default()
}

/// The line of the answer to `hello`.
pub(super) fn hello(to: &ReplyTo, context: &ServerContext) -> Vec<u8> {
    let ReplyTo::Json { id: Some(id) } = to else {
        return Vec::new();
    };
    let snapshot = context.engine.snapshot();
    let capabilities: Vec<&str> = methods().chain(FEATURES).collect();
    let result = json!({
        "version": context.version,
        "protocol": PROTOCOL,
        "instance": format!("{:016x}", context.instance),
        "pid": std::process::id(),
        "capabilities": capabilities,
        "clock": snapshot.clock,
        "quiescent": snapshot.verified && snapshot.pending == 0,
    });
    result_line(id, &result.to_string()).unwrap_or_default()
}

/// The line of an answer.
pub(super) fn reply(id: &Value, answer: Result<Reply, WireError>) -> Vec<u8> {
    let result = answer.and_then(|reply| payload_json(&reply).map_err(|error| unwritable(&error)));
    match result.and_then(|text| result_line(id, &text)) {
        Ok(line) => line,
        Err(wrong) => error(id, wrong.code.json_rpc(), &wrong),
    }
}

/// The line of a result whose JSON is at hand.
fn result_line(id: &Value, result: &str) -> Result<Vec<u8>, WireError> {
    if result.len() > limits::REPLY {
        return Err(too_large(result.len()));
    }
    Ok(format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}\n").into_bytes())
}

/// The line of an error.
pub(super) fn error(id: &Value, number: i32, error: &WireError) -> Vec<u8> {
    let data = json!({ "code": error.code, "hint": error.hint, "path": error.path });
    let object = json!({ "code": number, "message": error.message, "data": data });
    line(&json!({ "jsonrpc": "2.0", "id": id, "error": object })).unwrap_or_default()
}

/// The line of a message beside the answers: a notification of the daemon.
pub(super) fn push(push: &Push) -> Vec<u8> {
    #[derive(serde::Serialize)]
    struct Notification<'a, T> {
        jsonrpc: &'static str,
        method: &'static str,
        params: &'a T,
    }
    fn told<T: serde::Serialize>(method: &'static str, params: &T) -> Vec<u8> {
        line(&Notification { jsonrpc: "2.0", method, params }).unwrap_or_default()
    }
    match push {
        Push::Live(live) => told("live", live),
        Push::Event(event) => told("event", event.as_ref()),
        Push::Resync(live) => told("resync", live),
        Push::Progress(progress) => told("progress", progress),
    }
}

fn line(value: &impl serde::Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}
