//! Answers without what may differ between two daemons that know the same: clocks, random ids, when something was first seen, and
//! whether it was tried already.

use serde_json::Value;
use skillmeat_protocol::reply::{ListReply, ProjectStatus, StatusReply};

/// Members that say nothing about the files.
const PRIVATE: [&str; 7] =
    ["clock", "collection_id", "id", "mergeable", "modification_detected_at", "former_names", "next"];

/// Removes them, at any depth.
pub fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for name in PRIVATE {
                members.remove(name);
            }
            members.values_mut().for_each(strip);
        }
        Value::Array(elements) => elements.iter_mut().for_each(strip),
        _ => {}
    }
}

/// A status, comparable between daemons.
pub fn status(reply: &StatusReply) -> Value {
    let mut value = serde_json::to_value(reply).expect("replies are JSON");
    strip(&mut value);
    value
}

/// One project of a status.
pub fn project(status: &ProjectStatus) -> Value {
    let mut value = serde_json::to_value(status).expect("replies are JSON");
    strip(&mut value);
    value
}

/// A list of artifacts.
pub fn list(reply: &ListReply) -> Value {
    let mut value = serde_json::to_value(reply).expect("replies are JSON");
    strip(&mut value);
    value
}

/// The first difference, as a path and both sides; none when equal.
pub fn difference(a: &Value, b: &Value) -> Option<String> {
    fn walk(at: &str, a: &Value, b: &Value) -> Option<String> {
        match (a, b) {
            (Value::Object(x), Value::Object(y)) => {
                let names: std::collections::BTreeSet<_> = x.keys().chain(y.keys()).collect();
                // Counts follow from items, and items say more.
                let (counts, others): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| *name == "counts");
                others.into_iter().chain(counts).find_map(|name| {
                    let (x, y) = (x.get(name).unwrap_or(&Value::Null), y.get(name).unwrap_or(&Value::Null));
                    walk(&format!("{at}.{name}"), x, y)
                })
            }
            (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
                x.iter().zip(y).enumerate().find_map(|(i, (x, y))| {
                    let what = walk(&format!("{at}[{i}]{}", title(x)), x, y)?;
                    Some(format!("{what}\n   one: {x}\n other: {y}"))
                })
            }
            (Value::Array(x), Value::Array(y)) => {
                let only = |x: &[Value], y: &[Value]| -> Vec<String> {
                    x.iter().filter(|e| !y.contains(e)).map(ToString::to_string).collect()
                };
                Some(format!("{at}\n   one only: {:#?}\n other only: {:#?}", only(x, y), only(y, x)))
            }
            _ if a == b => None,
            _ => Some(format!("{at}\n   one: {a}\n other: {b}")),
        }
    }
    walk("", a, b)
}

/// What an element of a list is about.
fn title(value: &Value) -> String {
    let part = |name: &str| value.get(name).and_then(Value::as_str);
    match (part("type"), part("name"), part("path")) {
        (Some(kind), Some(name), _) => format!("({kind}:{name})"),
        (None, Some(name), _) => format!("({name})"),
        (_, _, Some(path)) => format!("({path})"),
        _ => String::new(),
    }
}
