//! JSON-RPC lines: every line gets its answer, and the answer belongs to it.

use serde_json::{Map, Value};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::frame::MAX_REQUEST;
use skillmeat_protocol::reply::{Reply, StoppingReply};
use skillmeatd::server::encoding::{Asked, Encoding, Incoming};

use super::incoming::requests_in_any_pieces;
use super::wire;

/// From here on floats skip integers, so such an id might come back as another.
const GAPS: f64 = 9_007_199_254_740_992.0;

/// A connection's lines: each that is not blank is one request or one error, in order, with the id that it has; only a
/// line that is too long ends the connection; and what was asked survives the binary encoding.
pub fn json_line(data: &[u8]) {
    let mut found = requests_in_any_pieces(Encoding::Json, data).into_iter();
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        let whole = line.strip_suffix(b"\n");
        if whole.unwrap_or(line).len() > MAX_REQUEST {
            let last = found.next();
            let Some(Incoming::Broken(answer)) = last else { panic!("too long: {last:?}") };
            assert!(is_error(&answered(&answer, &Value::Null)));
            break;
        }
        if let Some(line) = whole.map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
            one(line, found.next().expect("no line is passed over"));
        }
    }
    assert!(found.next().is_none(), "nothing is answered that was not asked");
}

fn one(line: &[u8], incoming: Incoming) {
    let object = match serde_json::from_slice(line) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    };
    let id = object.get("id");
    let usable = id.filter(|id| match id {
        Value::String(_) => true,
        Value::Number(number) => !number.is_f64() || number.as_f64().is_some_and(|value| value.abs() < GAPS),
        _ => false,
    });
    match incoming {
        Incoming::Asked(to, asked) => {
            let stopping = || Reply::Stopping(StoppingReply { pid: 7 });
            let refusal = WireError::new(ErrorCode::Io, "cannot").path("/p\n");
            let (answer, error) = (to.reply(Ok(stopping())), to.reply(Err(refusal)));
            match id {
                None => assert!(answer.is_empty() && error.is_empty(), "a notification is not answered"),
                Some(id) => {
                    assert!(!is_error(&answered(&answer, id)));
                    assert!(is_error(&answered(&error, id)));
                }
            }
            if let Asked::Call(call) = asked {
                wire::survives(&call);
            }
        }
        Incoming::Refused(answer) if answer.is_empty() => {
            assert!(id.is_none() && object.get("method").is_some_and(Value::is_string), "only a notification");
        }
        Incoming::Refused(answer) => assert!(is_error(&answered(&answer, usable.unwrap_or(&Value::Null)))),
        Incoming::Broken(answer) => panic!("a short line ends the connection: {:?}", String::from_utf8_lossy(&answer)),
    }
}

/// Checks that `line` is one answer to the request with this id.
pub(super) fn answers(line: &[u8], id: &Value) {
    answered(line, id);
}

fn answered(line: &[u8], id: &Value) -> Map<String, Value> {
    let shown = String::from_utf8_lossy(line);
    let text = line.strip_suffix(b"\n").unwrap_or_else(|| panic!("not a line: {shown:?}"));
    assert!(!text.contains(&b'\n'), "more than a line: {shown:?}");
    let answer: Value = serde_json::from_slice(text).unwrap_or_else(|e| panic!("{e}: {shown:?}"));
    let Value::Object(answer) = answer else { panic!("no object: {shown}") };
    assert_eq!(answer.get("jsonrpc"), Some(&Value::from("2.0")), "{shown}");
    assert_eq!(answer.get("id"), Some(id), "{shown}");
    assert!(answer.contains_key("result") != answer.contains_key("error"), "{shown}");
    if let Some(error) = answer.get("error") {
        assert!(error["code"].is_i64() && error["message"].is_string() && error["data"]["code"].is_string(), "{shown}");
    }
    answer
}

fn is_error(answer: &Map<String, Value>) -> bool {
    answer.contains_key("error")
}
