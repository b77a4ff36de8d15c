//! The little JSON that is written here: the envelope. Everything inside `data` is encoded by the daemon.

use std::io::{self, Write};

/// A JSON string literal.
pub fn string(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c < ' ' => {
                // Writing into a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Prints `{"schema":1,"data":…}` around text that is JSON already.
pub fn data(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "{{\"schema\":1,\"data\":{text}}}")
}

#[cfg(test)]
mod tests {
    use super::string;

    #[test]
    fn strings_are_escaped() {
        let cases = [("a", r#""a""#), ("a\"b\\c", r#""a\"b\\c""#), ("\n\t\u{1b}é", "\"\\n\\u0009\\u001bé\"")];
        for (text, want) in cases {
            assert_eq!(string(text), want);
        }
    }
}
