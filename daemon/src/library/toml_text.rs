//! TOML text, parsed once, that remembers its lines.
//!
//! What is wrong with a whole file is decided here; what is wrong inside it, by [`Section`].

use super::section::Section;
use skillmeat_protocol::reply::Problem;
use std::ops::Range;
use std::path::Path;

/// Larger files are refused: ten thousand records come to 6 MiB, and a parsed file takes a multiple of its size.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Files that may hold more values are refused, counted by what separates them. A value takes some 600 bytes when it is
/// parsed, and two when it is written: by size alone, 8 MiB could become gigabytes. Ten thousand records have 170,000.
pub const MAX_VALUES: usize = 300_000;

/// A TOML file that parsed.
#[derive(Debug)]
pub struct Document {
    file: String,
    toml: toml_edit::Document<String>,
    line_starts: Vec<usize>,
}

/// A complaint about a whole file.
pub fn file_problem(file: &Path, line: Option<u32>, message: impl Into<String>) -> Problem {
    Problem { file: file.display().to_string(), line, key: None, message: in_one_line(message.into()), hint: None }
}

/// `message` without control characters: messages quote what files say, and are written to logs and to other programs'
/// screens, where a line feed would begin an entry that nobody wrote.
pub(super) fn in_one_line(message: String) -> String {
    if !message.contains(char::is_control) {
        return message;
    }
    let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    message.chars().map(shown).collect()
}

impl Document {
    /// Parses `bytes`, with or without byte order mark, with either line ending. `file` is for messages.
    ///
    /// # Errors
    /// The file is too large, not UTF-8 or not TOML.
    pub fn parse(bytes: &[u8], file: &Path) -> Result<Self, Problem> {
        if bytes.len() > MAX_BYTES {
            let message = format!("is larger than {} MiB", MAX_BYTES / (1024 * 1024));
            return Err(file_problem(file, None, message));
        }
        if bytes.iter().filter(|byte| b"=,[".contains(byte)).count() > MAX_VALUES {
            return Err(file_problem(file, None, format!("holds more than {MAX_VALUES} values")));
        }
        let text = std::str::from_utf8(bytes).map_err(|e| {
            let before = bytes[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count();
            let hint = "save the file as UTF-8".to_owned();
            Problem { hint: Some(hint), ..file_problem(file, Some(to_line(before)), "is not UTF-8 text") }
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let line_starts = line_starts(text);
        match toml_edit::Document::parse(text.to_owned()) {
            Ok(toml) => Ok(Self { file: file.display().to_string(), toml, line_starts }),
            Err(e) => {
                let line = e.span().map(|span| line_at(&line_starts, span.start));
                // Some messages of the parser have several lines; a problem is shown as one.
                let message = e.message().lines().collect::<Vec<_>>().join("; ");
                Err(file_problem(file, line, format!("is not valid TOML: {message}")))
            }
        }
    }

    /// The table that holds everything.
    pub fn root(&self) -> Section<'_> {
        Section::root(self, self.toml.as_table())
    }

    /// The same table for those that change the text.
    pub(super) fn table(&self) -> &toml_edit::Table {
        self.toml.as_table()
    }

    /// A complaint about `key`, at `place`.
    pub(super) fn problem_at(&self, place: Option<Range<usize>>, key: &str, message: &str) -> Problem {
        let line = self.line_of(place);
        Problem { key: Some(in_one_line(key.to_owned())), ..file_problem(Path::new(&self.file), line, message) }
    }

    /// The file, for messages.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// Line, from 1, of the first byte of `span`.
    pub(super) fn line_of(&self, span: Option<Range<usize>>) -> Option<u32> {
        span.map(|span| line_at(&self.line_starts, span.start))
    }

    /// The text of `span` as it is written.
    pub(super) fn written(&self, span: Option<Range<usize>>) -> Option<&str> {
        self.toml.raw().get(span?)
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1)).collect()
}

fn line_at(line_starts: &[usize], offset: usize) -> u32 {
    to_line(line_starts.partition_point(|start| *start <= offset).saturating_sub(1))
}

fn to_line(newlines_before: usize) -> u32 {
    u32::try_from(newlines_before).unwrap_or(u32::MAX - 1) + 1
}

#[cfg(test)]
mod tests {
    use super::super::problems::Problems;
    use super::*;

    fn doc(text: &str) -> Document {
        Document::parse(text.as_bytes(), Path::new("/t.toml")).expect("valid TOML")
    }

    #[test]
    fn damage_to_the_whole_file_names_its_line() {
        for (bytes, line, message) in [
            (&b"a = 1\nb = \n"[..], Some(2), "is not valid TOML"),
            (b"a = 1\r\nb = 2\r\na = 3\r\n", Some(3), "is not valid TOML"),
            (b"a = 1\n\nb = \"\xff\"\n", Some(3), "is not UTF-8 text"),
            (b"\xff\xfea\0", Some(1), "is not UTF-8 text"),
        ] {
            let problem = Document::parse(bytes, Path::new("/t.toml")).expect_err("damaged");
            assert_eq!((problem.file.as_str(), problem.line), ("/t.toml", line), "{problem:?}");
            assert!(problem.message.starts_with(message), "{problem:?}");
            assert!(!problem.message.contains('\n'), "{problem:?}");
        }
        let huge = vec![b'\n'; MAX_BYTES + 1];
        let problem = Document::parse(&huge, Path::new("/t.toml")).expect_err("too large");
        assert_eq!(problem.message, "is larger than 8 MiB");
        let dense = format!("a = [{}]", "1,".repeat(MAX_VALUES));
        let problem = Document::parse(dense.as_bytes(), Path::new("/t.toml")).expect_err("too much");
        assert_eq!(problem.message, "holds more than 300000 values");
    }

    #[test]
    fn byte_order_mark_and_line_endings_do_not_matter() {
        let doc = doc("\u{feff}a = \"x\"\r\n\r\n[t]\r\nb = 1\r\n");
        let mut problems = Problems::default();
        assert_eq!(doc.root().text("a", &mut problems), Some("x"));
        let table = doc.root().section("t", &mut problems).expect("table");
        assert_eq!((table.line(), table.integer("b", &mut problems)), (3, Some(1)));
        assert_eq!(problems.count(), 0);
    }
}
