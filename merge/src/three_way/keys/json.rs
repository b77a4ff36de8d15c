//! JSON, cut into the keys of its objects at every depth. Lists and scalars are taken as a whole.

use super::document::{Map, Member, Value};
use std::borrow::Cow;

/// The value that a text is, if it is JSON and no object has a key twice.
pub(super) fn value(text: &[u8]) -> Option<Value<'_>> {
    // The parser proves that the text is JSON and not too deep; what follows relies on both.
    serde_json::from_slice::<serde_json::Value>(text).ok()?;
    let mut scanner = Scanner { text, at: 0 };
    scanner.space();
    let value = scanner.value(0)?;
    let rest = scanner.at;
    Some(match value {
        Value::Map(map) => {
            let end = rest - map.close.len();
            Value::Map(Map { close: &text[end..], ..map })
        }
        Value::Plain(_) => Value::Plain(text),
    })
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// The value that begins here; what stands before it, from `from` on, belongs to an object.
    fn value(&mut self, from: usize) -> Option<Value<'a>> {
        let start = self.at;
        match self.peek()? {
            b'{' => return self.object(from).map(Value::Map),
            b'[' => self.list()?,
            b'"' => self.string()?,
            _ => {
                while !matches!(self.peek(), None | Some(b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n')) {
                    self.at += 1;
                }
            }
        }
        Some(Value::Plain(&self.text[start..self.at]))
    }

    fn object(&mut self, from: usize) -> Option<Map<'a>> {
        self.at += 1;
        let open = &self.text[from..self.at];
        let mut members = Vec::new();
        let close = loop {
            let start = self.at;
            self.space();
            if self.peek()? == b'}' {
                self.at += 1;
                break &self.text[start..self.at];
            }
            members.push(self.member(start)?);
            let end = self.at;
            self.space();
            // What stands before the end of the object belongs to the object.
            if self.peek()? == b',' {
                if let Some(last) = members.last_mut() {
                    last.trail = &self.text[end..self.at];
                }
                self.at += 1;
            } else {
                self.at += 1;
                break &self.text[end..self.at];
            }
        };
        let map = Map { open, members, separator: b",", close };
        map.has_distinct_keys().then_some(map)
    }

    fn member(&mut self, start: usize) -> Option<Member<'a>> {
        let from = self.at;
        self.string()?;
        let key: String = serde_json::from_slice(&self.text[from..self.at]).ok()?;
        self.space();
        // The colon.
        self.at += 1;
        self.space();
        let head = &self.text[start..self.at];
        let value = self.value(self.at)?;
        Some(Member { key: Cow::Owned(key.into_bytes()), head, value, trail: b"" })
    }

    fn list(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            self.space();
            match self.peek()? {
                b']' => {
                    self.at += 1;
                    return Some(());
                }
                b',' => self.at += 1,
                _ => drop(self.value(self.at)?),
            }
        }
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
    }
}
