//! Terminals: colours where wanted, and text that cannot steer them.

use std::borrow::Cow;

use skillmeat_protocol::drift::DriftState;
use unicode_width::UnicodeWidthStr;

/// How a piece of text is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Tone {
    #[default]
    Plain,
    Dim,
    Bold,
    Good,
    Notice,
    Warn,
    Bad,
}

impl Tone {
    /// The tone of a state.
    pub const fn of(state: DriftState) -> Self {
        match state {
            DriftState::InSync => Self::Good,
            DriftState::Modified | DriftState::Deleted => Self::Warn,
            DriftState::Outdated | DriftState::Removed => Self::Notice,
            DriftState::Converged | DriftState::Added | DriftState::Untracked => Self::Dim,
            DriftState::Conflict | DriftState::RemovedModified | DriftState::Foreign | DriftState::Unreadable => {
                Self::Bad
            }
        }
    }

    /// What begins it on a terminal; `ESC [ 0 m` ends it.
    pub fn begin(self) -> String {
        format!("\x1b[{}m", self.code())
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Dim => "2",
            Self::Bold => "1",
            Self::Good => "32",
            Self::Notice => "36",
            Self::Warn => "33",
            Self::Bad => "31",
        }
    }
}

/// `text` in a tone; `text` itself without colour. The text must be escaped already.
pub fn paint<'a>(text: &'a str, tone: Tone, colour: bool) -> Cow<'a, str> {
    if colour && tone != Tone::Plain && !text.is_empty() {
        Cow::Owned(format!("\x1b[{}m{text}\x1b[0m", tone.code()))
    } else {
        Cow::Borrowed(text)
    }
}

/// Replaces what a terminal would obey, marks that make text read in another order than it is written, and characters that
/// nobody sees, which make two names look like one. Joiners stay: scripts and emoji need them.
pub fn escape(text: &str) -> Cow<'_, str> {
    // Nearly everything is plain, and ten thousand lines are many characters.
    if is_plain(text) || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars().map(|c| if is_unsafe(c) { c.escape_default().to_string() } else { c.to_string() }).collect(),
    )
}

/// Whether text has nothing but what every terminal shows in one column.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Whether a character must not reach a terminal as it is.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Direction and lines.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Unseen: soft hyphen, zero-width space, word joiner and its kin, byte order mark, annotations, tags.
            | '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Columns that text takes in a terminal.
pub fn width(text: &str) -> usize {
    if is_plain(text) { text.len() } else { UnicodeWidthStr::width(text) }
}

/// A word for a POSIX shell: quoted when it has to be.
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let safe = |b: u8| b.is_ascii_alphanumeric() || b"/._-+:,@%=".contains(&b) || b >= 0x80;
    if !text.is_empty() && text.bytes().all(safe) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
}

/// `1 file`, `2 files`.
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_instead() {
        let cases = [
            ("plain é 日本", "plain é 日本"),
            ("\x1b[2Jgone", "\\u{1b}[2Jgone"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{9b}1m", "\\u{9b}1m"),
            ("cod\u{202e}gpj.exe", "cod\\u{202e}gpj.exe"),
            ("\u{61c}1", "\\u{61c}1"),
            ("pdf\u{200b}", "pdf\\u{200b}"),
            ("\u{feff}a\u{e0041}\u{61c}", "\\u{feff}a\\u{e0041}\\u{61c}"),
            ("👩\u{200d}💻 می\u{200c}خواهم", "👩\u{200d}💻 می\u{200c}خواهم"),
        ];
        for (text, want) in cases {
            assert_eq!(escape(text), want);
        }
    }

    #[test]
    fn words_survive_a_shell() {
        for (text, want) in
            [("/a/b.md", "/a/b.md"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("", "''"), ("$x", "'$x'")]
        {
            assert_eq!(shell_word(text), want);
        }
    }
}
