//! TOML, cut into tables and their keys. A value is taken as a whole, with its key and the comments above it.
//!
//! Statements are found by asking the parser: one goes from its first line to the first one with which it parses by itself.
//! Elements of a list of tables are known by their places, unless it is said which of their keys tell them apart.

use super::document::{Map, Member, Value};
use super::meaning;
use std::borrow::Cow;
use std::collections::HashMap;
use toml_edit::{DocumentMut, Item, Table};

/// Lists at the top whose elements are known by the texts at these keys.
pub(super) type Lists<'l> = &'l [(&'l str, &'l [&'l str])];

/// Lines that a value may have. A statement is parsed once for each.
const LONGEST: usize = 200;

/// Whether this is TOML.
pub(super) fn is_whole(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<DocumentMut>().is_ok())
}

/// What becomes of three texts.
pub(super) fn merge(lists: Lists<'_>, base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    let text = map(base, lists)?.merge(&map(ours, lists)?, &map(theirs, lists)?)?.text();
    let means = |text: &[u8]| {
        let document: DocumentMut = std::str::from_utf8(text).ok()?.parse().ok()?;
        meaning::of_document(document.as_table(), lists)
    };
    let want = meaning::merged(Some(&means(base)?), Some(&means(ours)?), Some(&means(theirs)?))?;
    (Some(means(&text)?) == want).then_some(text)
}

/// Its tables, each with its keys, after the keys that are in none.
pub(super) fn map<'t>(text: &'t [u8], lists: Lists<'_>) -> Option<Map<'t>> {
    let text = std::str::from_utf8(text).ok()?;
    let whole = text.parse::<DocumentMut>().ok()?;
    let mut root = empty();
    // How many elements of each list of tables there were.
    let mut elements: HashMap<Vec<u8>, usize> = HashMap::new();
    // The list of the last element that is known by its keys, and what it is known by: tables within it belong to it.
    let mut open: Option<(Vec<u8>, Vec<u8>)> = None;
    let mut at = 0;
    while let Some((end, document)) = statement(text, at)? {
        let bytes = &text.as_bytes()[at..end];
        at = end;
        let (mut key, is_element) = path(document.as_table())?;
        if document.as_table().iter().all(|(_, item)| is_header(item)) {
            let number = is_element.then(|| {
                let number = elements.entry(key.clone()).or_default();
                *number += 1;
                *number
            });
            let keyed = lists.iter().find(|(list, _)| key.strip_suffix(b"\0") == Some(list.as_bytes()));
            match (number, keyed, &open) {
                (Some(number), Some((list, by)), _) => {
                    let element = whole.get(list)?.as_array_of_tables()?.get(number - 1)?;
                    let path = std::mem::take(&mut key);
                    key = [&b"["[..], &path, &identity(element, by)?].concat();
                    open = Some((path, key.clone()));
                }
                (number, _, Some((list, element))) if key.starts_with(list) => {
                    // Its lists are known by their places, of which only one element at a time is told here.
                    if number.is_some() {
                        return None;
                    }
                    key = [element, &key[list.len()..]].concat();
                }
                (number, ..) => {
                    key.insert(0, b'[');
                    number.into_iter().for_each(|number| key.extend_from_slice(number.to_string().as_bytes()));
                }
            }
            root.members.push(Member { key: Cow::Owned(key), head: bytes, value: Value::Map(empty()), trail: b"" });
        } else {
            let member = Member { key: Cow::Owned(key), head: b"", value: Value::Plain(bytes), trail: b"" };
            match root.members.last_mut() {
                Some(Member { value: Value::Map(table), .. }) => table.members.push(member),
                _ => root.members.push(member),
            }
        }
    }
    root.close = &text.as_bytes()[at..];
    let is_distinct = |member: &Member<'_>| match &member.value {
        Value::Map(table) => table.has_distinct_keys(),
        Value::Plain(_) => true,
    };
    (root.has_distinct_keys() && root.members.iter().all(is_distinct)).then_some(root)
}

/// What tells an element of a list apart; none if one of the keys is no text.
pub(super) fn identity(element: &Table, by: &[&str]) -> Option<Vec<u8>> {
    let text = |key: &&str| Some([element.get(key)?.as_str()?.as_bytes(), b"\0"].concat());
    Some(by.iter().map(text).collect::<Option<Vec<_>>>()?.concat())
}

fn empty() -> Map<'static> {
    Map { open: b"", members: Vec::new(), separator: b"", close: b"" }
}

/// Where the statement that follows `at` ends, and what it says by itself. The inner option is none when nothing follows but
/// comments and empty lines, the outer one when no statement can be found.
fn statement(text: &str, at: usize) -> Option<Option<(usize, DocumentMut)>> {
    let mut end = at;
    let mut lines = text[at..].split_inclusive('\n');
    let begin = loop {
        let Some(line) = lines.next() else { return Some(None) };
        end += line.len();
        let line_begin = end - line.len();
        if !matches!(line.trim_start().chars().next(), None | Some('#')) {
            break line_begin;
        }
    };
    for _ in 0..LONGEST {
        if let Ok(document) = text[begin..end].parse() {
            return Some(Some((end, document)));
        }
        end += lines.next()?.len();
    }
    None
}

/// Whether a statement that says only this is the header of a table.
fn is_header(item: &Item) -> bool {
    match item {
        Item::Table(table) => !table.is_dotted() && table.iter().all(|(_, item)| is_header(item)),
        Item::ArrayOfTables(_) => true,
        _ => false,
    }
}

/// The keys from the top down to what a statement is about, and whether it begins an element of a list of tables.
fn path(mut table: &Table) -> Option<(Vec<u8>, bool)> {
    let mut path = Vec::new();
    loop {
        let Some((key, item)) = table.iter().next() else { return Some((path, false)) };
        path.extend_from_slice(key.as_bytes());
        path.push(0);
        match item {
            Item::Table(inner) => table = inner,
            Item::ArrayOfTables(_) => return Some((path, true)),
            Item::Value(_) => return Some((path, false)),
            Item::None => return None,
        }
    }
}
