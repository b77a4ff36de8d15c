//! Reading TOML so that every complaint can name file, line and key.
//!
//! `serde` would stop at the first wrong type and forget the rest; [`Section`] reads one key at a time, reports what is
//! wrong into the caller's list and goes on. Both spellings of a list of tables (`[[x]]` and `x = [{…}]`) are the same
//! here, because the original chooses between them by width (formats-core §1.2).

use super::problems::Problems;
use super::toml_text::{Document, in_one_line};
use skillmeat_protocol::reply::Problem;
use std::ops::Range;
use toml_edit::{Item, TableLike, Value};

/// One table of a [`Document`]: the root, `[x]`, an element of `[[x]]`, or an inline table.
#[derive(Clone)]
pub struct Section<'d> {
    document: &'d Document,
    table: &'d dyn TableLike,
    /// Path of the table, such as `artifacts[3]`; empty for the root.
    key: String,
    line: u32,
}

/// The tables of a list.
pub struct Listed<'d> {
    /// Those that are tables.
    pub sections: Vec<Section<'d>>,
    /// Why that is not all: the list or an element of it is something else. Already reported.
    pub flaw: Option<String>,
}

impl Listed<'_> {
    /// Why the list could not be read at all, if so.
    pub fn unusable(&self) -> Option<String> {
        self.flaw.clone().filter(|_| self.sections.is_empty())
    }
}

impl<'d> Section<'d> {
    /// The table that holds all of `document`.
    pub(super) fn root(document: &'d Document, table: &'d dyn TableLike) -> Self {
        Self { document, table, key: String::new(), line: 1 }
    }

    /// Line of the table's header, from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The keys, in file order.
    pub fn keys(&self) -> Vec<&'d str> {
        self.table.iter().map(|(key, _)| key).collect()
    }

    /// Whether `key` is present, whatever its value.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The value of `key`, for readers that accept several types.
    pub fn item(&self, key: &str) -> Option<&'d Item> {
        self.table.get(key)
    }

    /// A complaint about `key`, at its line, or at the table's when the key is absent.
    pub fn problem(&self, key: &str, message: impl Into<String>) -> Problem {
        let span = self.table.get_key_value(key).and_then(|(name, item)| name.span().or_else(|| item.span()));
        Problem {
            file: self.document.file().to_owned(),
            line: Some(self.document.line_of(span).unwrap_or(self.line)),
            key: Some(self.path_of(key)),
            message: in_one_line(message.into()),
            hint: None,
        }
    }

    /// The string at `key`; anything else there is a problem.
    pub fn text(&self, key: &str, problems: &mut Problems) -> Option<&'d str> {
        let item = self.table.get(key)?;
        let text = item.as_str();
        if text.is_none() {
            problems.push(self.wrong_type(key, "a string", item));
        }
        text
    }

    /// The string at `key`; its absence, emptiness or another type is a problem.
    pub fn required_text(&self, key: &str, problems: &mut Problems) -> Option<&'d str> {
        if !self.has(key) {
            problems.push(self.problem(key, format!("'{key}' is missing")));
            return None;
        }
        let text = self.text(key, problems)?;
        if text.trim().is_empty() {
            problems.push(self.problem(key, format!("'{key}' is empty")));
            return None;
        }
        Some(text)
    }

    /// The string at `key`, or a number, boolean or date there as it is written: people write `version = 1.0`.
    pub fn scalar(&self, key: &str, problems: &mut Problems) -> Option<String> {
        let item = self.table.get(key)?;
        let text = match item {
            Item::Value(Value::String(s)) => Some(s.value().clone()),
            // Only the source has the digits as written; the parsed number would make 1.1 of 1.10.
            Item::Value(Value::Integer(_) | Value::Float(_)) => self.document.written(item.span()).map(str::to_owned),
            Item::Value(Value::Boolean(b)) => Some(b.value().to_string()),
            Item::Value(Value::Datetime(d)) => Some(d.value().to_string()),
            _ => None,
        };
        if text.is_none() {
            problems.push(self.wrong_type(key, "a string", item));
        }
        text
    }

    /// The integer at `key`; anything else there is a problem.
    pub fn integer(&self, key: &str, problems: &mut Problems) -> Option<i64> {
        let item = self.table.get(key)?;
        let number = item.as_integer();
        if number.is_none() {
            problems.push(self.wrong_type(key, "an integer", item));
        }
        number
    }

    /// The strings at `key`, none when it is absent; elements of another type are problems and left out.
    pub fn strings(&self, key: &str, problems: &mut Problems) -> Vec<&'d str> {
        let Some(item) = self.table.get(key) else {
            return Vec::new();
        };
        let Some(array) = item.as_array() else {
            problems.push(self.wrong_type(key, "an array of strings", item));
            return Vec::new();
        };
        let mut texts = Vec::with_capacity(array.len());
        for (index, value) in array.iter().enumerate() {
            match value.as_str() {
                Some(text) => texts.push(text),
                None => {
                    let message = format!("must be a string, is {}", named(value.type_name()));
                    problems.push(self.element_problem(key, index, value.span(), message));
                }
            }
        }
        texts
    }

    /// The table at `key`, if any; anything else there is a problem.
    pub fn section(&self, key: &str, problems: &mut Problems) -> Option<Section<'d>> {
        let (name, item) = self.table.get_key_value(key)?;
        let Some(table) = item.as_table_like() else {
            problems.push(self.wrong_type(key, "a table", item));
            return None;
        };
        // An implicit table, such as `[lock]` when only `[lock.entries]` is written, has no span of its own.
        let line = self.document.line_of(name.span().or_else(|| item.span())).unwrap_or(self.line);
        Some(Section { document: self.document, table, key: self.path_of(key), line })
    }

    /// The list of tables at `key` in either spelling, empty when the key is absent.
    pub fn sections(&self, key: &str, problems: &mut Problems) -> Listed<'d> {
        let mut listed = Listed { sections: Vec::new(), flaw: None };
        match self.table.get(key) {
            None => {}
            Some(Item::ArrayOfTables(tables)) => {
                listed.sections.extend(tables.iter().enumerate().map(|(i, t)| self.element(key, i, t.span(), t)));
            }
            Some(Item::Value(Value::Array(values))) => {
                for (index, value) in values.iter().enumerate() {
                    match value.as_inline_table() {
                        Some(table) => listed.sections.push(self.element(key, index, value.span(), table)),
                        None => {
                            let message = format!("must be a table, is {}", named(value.type_name()));
                            let problem = self.element_problem(key, index, value.span(), message);
                            listed.flaw.get_or_insert_with(|| problem.message.clone());
                            problems.push(problem);
                        }
                    }
                }
            }
            Some(item) => {
                let problem = self.wrong_type(key, "a list of tables", item);
                listed.flaw = Some(problem.message.clone());
                problems.push(problem);
            }
        }
        listed
    }

    /// Every table directly in this one, with its name, in file order; values that are no tables are problems.
    pub fn named_sections(&self, problems: &mut Problems) -> Vec<(&'d str, Section<'d>)> {
        self.table.iter().filter_map(|(name, _)| Some((name, self.section(name, problems)?))).collect()
    }

    fn element(&self, key: &str, index: usize, span: Option<Range<usize>>, table: &'d dyn TableLike) -> Section<'d> {
        let line = self.document.line_of(span).unwrap_or(self.line);
        Section { document: self.document, table, key: format!("{}[{index}]", self.path_of(key)), line }
    }

    fn element_problem(&self, key: &str, index: usize, span: Option<Range<usize>>, message: String) -> Problem {
        let at = self.problem(key, message);
        let line = self.document.line_of(span).or(at.line);
        Problem { line, key: Some(format!("{}[{index}]", self.path_of(key))), ..at }
    }

    fn wrong_type(&self, key: &str, wanted: &str, found: &Item) -> Problem {
        self.problem(key, format!("must be {wanted}, is {}", named(found.type_name())))
    }

    fn path_of(&self, key: &str) -> String {
        let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        let key = if bare { key.to_owned() } else { format!("{key:?}") };
        if self.key.is_empty() { key } else { format!("{}.{key}", self.key) }
    }
}

/// `toml_edit`'s type names, with an article.
fn named(type_name: &str) -> String {
    let article = if type_name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {type_name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn what_a_file_says_does_not_break_a_message() {
        let doc = doc("[[x]]\na = 1\n");
        let problem = doc.root().problem("x\n", "'a\nerror: \u{9b}1m' is wrong");
        assert_eq!(problem.message, "'a\\nerror: \\u{9b}1m' is wrong");
        assert_eq!(problem.key.as_deref(), Some("\"x\\n\""));
    }

    fn doc(text: &str) -> Document {
        Document::parse(text.as_bytes(), Path::new("/t.toml")).expect("valid TOML")
    }

    fn at(problem: &Problem) -> (Option<u32>, Option<&str>, &str) {
        (problem.line, problem.key.as_deref(), &problem.message)
    }

    #[test]
    fn both_spellings_of_a_list_are_one() {
        for text in ["[[x]]\nn = \"a\"\n[[x]]\nn = \"b\"\n", "x = [\n { n = \"a\" },\n\n { n = \"b\" }]"] {
            let doc = doc(text);
            let mut problems = Problems::default();
            let list = doc.root().sections("x", &mut problems);
            let found: Vec<_> =
                list.sections.iter().map(|s| (s.text("n", &mut problems), s.problem("n", "").key)).collect();
            assert_eq!(found[0], (Some("a"), Some("x[0].n".to_owned())));
            assert_eq!(found[1], (Some("b"), Some("x[1].n".to_owned())));
            assert_eq!((&list.flaw, problems.count()), (&None, 0));
        }
    }

    #[test]
    fn wrong_types_are_reported_with_line_and_key() {
        let doc = doc("a = 1\n[t]\nb = [\n  \"x\",\n  2,\n]\nlist = [{}, 3]\n\"c d\" = true\nv = 1_0.50\n[[e]]\n");
        let mut problems = Problems::default();
        let root = doc.root();
        assert_eq!(root.text("a", &mut problems), None);
        let t = root.section("t", &mut problems).expect("table");
        assert_eq!(t.strings("b", &mut problems), ["x"]);
        assert!(t.sections("list", &mut problems).flaw.is_some());
        assert!(root.sections("t", &mut problems).flaw.is_some());
        assert_eq!(t.text("c d", &mut problems), None);
        assert_eq!(t.required_text("gone", &mut problems), None);
        assert_eq!(t.scalar("v", &mut problems).as_deref(), Some("1_0.50"));
        assert!(root.section("e", &mut problems).is_none());
        let problems = problems.into_vec();
        let found: Vec<_> = problems.iter().map(at).collect();
        assert_eq!(
            found,
            [
                (Some(1), Some("a"), "must be a string, is an integer"),
                (Some(5), Some("t.b[1]"), "must be a string, is an integer"),
                (Some(7), Some("t.list[1]"), "must be a table, is an integer"),
                (Some(2), Some("t"), "must be a list of tables, is a table"),
                (Some(8), Some("t.\"c d\""), "must be a string, is a boolean"),
                (Some(2), Some("t.gone"), "'gone' is missing"),
                (Some(10), Some("e"), "must be a table, is an array of tables"),
            ]
        );
    }
}
