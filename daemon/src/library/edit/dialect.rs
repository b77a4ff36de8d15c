//! Values as the original writes them (formats-core §1.2): the layout of tomli_w 1.2 with its defaults.
//!
//! Dates, times and numbers keep the digits they were written with; the original's own times are strings.

use std::ops::Range;
use toml_edit::{Item, TableLike, Value};

/// The longest line, in characters, that an element of a list of tables may take to be written inline.
const INLINE_WIDTH: usize = 100;
const INDENT: &str = "    ";

/// A value, without where and how it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Text(String),
    Flag(bool),
    /// A number or date, as written.
    Written(String),
    List(Vec<Node>),
    Table(Fields),
}

/// Keys and values in order.
pub(super) type Fields = Vec<(String, Node)>;

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Node {
    /// A list of strings.
    pub(super) fn texts<T: AsRef<str>>(texts: &[T]) -> Self {
        Self::List(texts.iter().map(|text| Self::from(text.as_ref())).collect())
    }

    /// A whole number.
    pub(super) fn number(number: i64) -> Self {
        Self::Written(number.to_string())
    }

    /// What `item` says; `written` gives the text at a place.
    pub(super) fn of_item<'t>(item: &Item, written: &dyn Fn(Range<usize>) -> &'t str) -> Self {
        match item {
            Item::None => Self::Table(Vec::new()),
            Item::Value(value) => Self::of_value(value, written),
            Item::Table(table) => Self::Table(fields(table, written)),
            Item::ArrayOfTables(tables) => {
                Self::List(tables.iter().map(|table| Self::Table(fields(table, written))).collect())
            }
        }
    }

    /// What `value` says.
    pub(super) fn of_value<'t>(value: &Value, written: &dyn Fn(Range<usize>) -> &'t str) -> Self {
        match value {
            Value::String(text) => Self::Text(text.value().clone()),
            Value::Boolean(flag) => Self::Flag(*flag.value()),
            Value::Integer(_) | Value::Float(_) | Value::Datetime(_) => {
                Self::Written(value.span().map_or_else(|| value.to_string(), |span| written(span).to_owned()))
            }
            Value::Array(array) => Self::List(array.iter().map(|value| Self::of_value(value, written)).collect()),
            Value::InlineTable(table) => Self::Table(fields(table, written)),
        }
    }

    /// The value after `key =` on a line of its own, or as an element of an array `depth` arrays deep.
    pub(super) fn literal(&self, depth: usize) -> String {
        match self {
            Self::Text(text) => basic_string(text),
            Self::Flag(flag) => flag.to_string(),
            Self::Written(text) => text.clone(),
            Self::List(list) if list.is_empty() => "[]".to_owned(),
            Self::List(list) => {
                let indent = INDENT.repeat(depth + 1);
                let lines = list.iter().map(|node| format!("{indent}{},\n", node.literal(depth + 1)));
                format!("[\n{}{}]", lines.collect::<String>(), INDENT.repeat(depth))
            }
            Self::Table(fields) => inline_table(fields),
        }
    }

    fn is_table(&self) -> bool {
        matches!(self, Self::Table(_))
    }

    /// Whether it is written as tables with headers, not as a value.
    fn is_list_of_tables(&self) -> bool {
        matches!(self, Self::List(list) if !list.is_empty()
            && list.iter().all(Self::is_table)
            && !list.iter().all(|node| matches!(node, Self::Table(fields) if fits_inline(fields))))
    }
}

/// Whether a table may be an element of an array of inline tables: short, and without line breaks.
pub(super) fn fits_inline(fields: &Fields) -> bool {
    let line = format!("{INDENT}{},", inline_table(fields));
    line.chars().count() <= INLINE_WIDTH && !line.contains('\n')
}

/// What a table says, in file order.
pub(super) fn fields<'t>(table: &dyn TableLike, written: &dyn Fn(Range<usize>) -> &'t str) -> Fields {
    table.iter().map(|(name, item)| (name.to_owned(), Node::of_item(item, written))).collect()
}

/// `{ a = 1, b = "x" }`.
fn inline_table(fields: &Fields) -> String {
    if fields.is_empty() {
        return "{}".to_owned();
    }
    let pairs: Vec<_> = fields.iter().map(|(name, node)| format!("{} = {}", key(name), node.literal(0))).collect();
    format!("{{ {} }}", pairs.join(", "))
}

/// `header` and what belongs to it: values first, then tables, each after a blank line.
pub(super) fn table(header: &str, path: &str, fields: &Fields) -> String {
    let mut text = format!("{header}\n");
    let is_below = |node: &Node| node.is_table() || node.is_list_of_tables();
    for (name, node) in fields.iter().filter(|(_, node)| !is_below(node)) {
        text.push_str(&line(name, node));
    }
    for (name, node) in fields.iter().filter(|(_, node)| is_below(node)) {
        let path = format!("{path}.{}", key(name));
        match node {
            Node::List(list) => {
                for element in list {
                    if let Node::Table(fields) = element {
                        text.push('\n');
                        text.push_str(&table(&format!("[[{path}]]"), &path, fields));
                    }
                }
            }
            Node::Table(fields) => {
                text.push('\n');
                text.push_str(&standard_table(&path, fields));
            }
            _ => {}
        }
    }
    text
}

/// `[path]` and what belongs to it. The header is left out when there is nothing but tables below it.
pub(super) fn standard_table(path: &str, fields: &Fields) -> String {
    let only_tables = !fields.is_empty() && fields.iter().all(|(_, node)| node.is_table() || node.is_list_of_tables());
    if only_tables {
        // What `table` writes begins with the header's line break and the blank line.
        return table("", path, fields).trim_start_matches('\n').to_owned();
    }
    table(&format!("[{path}]"), path, fields)
}

/// `name = value` as a line.
pub(super) fn line(name: &str, node: &Node) -> String {
    format!("{} = {}\n", key(name), node.literal(0))
}

/// A key: bare where it can be.
pub(super) fn key(name: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if !name.is_empty() && name.bytes().all(bare) { name.to_owned() } else { basic_string(name) }
}

/// `text` in quotes: always `"…"`, other controls as `\u00XX`, tabs and non-ASCII as they are.
pub(in crate::library) fn basic_string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{8}' => quoted.push_str("\\b"),
            '\n' => quoted.push_str("\\n"),
            '\u{c}' => quoted.push_str("\\f"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push('\t'),
            c if c.is_ascii_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
