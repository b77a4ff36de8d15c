//! A writer through which each event is one line, whatever it names.
//!
//! Names of files can hold line feeds, which would pass for lines of the log, and sequences that a terminal obeys, which a
//! daemon in the foreground would print. `tracing-subscriber` escapes the second of these in most places, the first in none.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Escapes what is written, except for the line feed at its end. Each write is one event.
pub(super) struct OneLine<W>(pub(super) W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let (body, end) = match event.strip_suffix(b"\n") {
            Some(body) => (body, "\n"),
            None => (event, ""),
        };
        let text = String::from_utf8_lossy(body);
        match escaped(&text) {
            Cow::Borrowed(_) => self.0.write_all(event)?,
            Cow::Owned(text) => self.0.write_all((text + end).as_bytes())?,
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn escaped(text: &str) -> Cow<'_, str> {
    let steers = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if steers(c) {
            // Writing into a string cannot fail.
            let _ = write!(out, "{}", c.escape_default());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_that_steers_nothing() {
        for (event, want) in [
            ("plain é\n", "plain é\n"),
            ("a\nb\n", "a\\nb\n"),
            ("\u{1b}]0;x\u{7}\u{9b}1m\u{202e}\n", "\\u{1b}]0;x\\u{7}\\u{9b}1m\\u{202e}\n"),
            ("a\n\n", "a\\n\n"),
            ("no end", "no end"),
        ] {
            let mut out = Vec::new();
            OneLine(&mut out).write_all(event.as_bytes()).expect("memory");
            assert_eq!(String::from_utf8_lossy(&out), want);
        }
    }
}
