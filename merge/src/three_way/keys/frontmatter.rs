//! The frontmatter of a Markdown text, cut into its top-level keys: each has the lines up to the next key.

use super::document::{Map, Member, Value};
use saphyr_parser::{Event, Parser};
use std::borrow::Cow;

/// The frontmatter with both its `---` lines, and the text below.
pub(super) fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut end = 0;
    for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        end += line.len();
        let line = if number == 0 { line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line) } else { line };
        match (number, line.trim_ascii_end() == b"---") {
            (0, false) => return None,
            (1.., true) => return Some(text.split_at(end)),
            _ => {}
        }
    }
    None
}

/// The keys of a frontmatter with its `---` lines. None if it is not a mapping in block style, with no key twice.
pub(super) fn map(block: &[u8]) -> Option<Map<'_>> {
    let lines: Vec<&[u8]> = block.split_inclusive(|byte| *byte == b'\n').collect();
    let inner = block.get(lines.first()?.len()..block.len() - lines.last()?.len())?;
    let yaml = std::str::from_utf8(inner).ok()?;
    // For YAML, `\r` alone ends a line.
    if yaml.replace("\r\n", "").contains('\r') {
        return None;
    }
    let keys = keys(yaml)?;
    // Where each line begins, and the last one ends.
    let mut starts = vec![0];
    starts.extend(lines.iter().scan(0, |end, line| {
        *end += line.len();
        Some(*end)
    }));
    let last = starts[lines.len() - 1];
    // The parser counts the lines between the rules from 1, which is their number in the block from 0.
    let begin = |key: Option<&(String, usize)>| key.map_or(Some(last), |(_, line)| starts.get(*line).copied());
    let mut members = Vec::new();
    for (at, (key, _)) in keys.iter().enumerate() {
        let lines = block.get(begin(keys.get(at))?..begin(keys.get(at + 1))?)?;
        let key = Cow::Owned(key.clone().into_bytes());
        members.push(Member { key, head: b"", value: Value::Plain(lines), trail: b"" });
    }
    let map = Map { open: &block[..begin(keys.first())?], members, separator: b"", close: &block[last..] };
    map.has_distinct_keys().then_some(map)
}

/// The top-level keys, each with the line on which it begins.
fn keys(yaml: &str) -> Option<Vec<(String, usize)>> {
    let mut keys: Vec<(String, usize)> = Vec::new();
    // Open collections, counting the outermost mapping.
    let mut depth = 0;
    let mut is_value = false;
    let mut documents = 0;
    for event in Parser::new_from_str(yaml) {
        let (event, span) = event.ok()?;
        match event {
            Event::DocumentStart(_) if documents == 0 => documents = 1,
            Event::MappingStart(..) if depth == 0 => depth = 1,
            // A key that is no scalar, a second document, or something that is no mapping.
            Event::MappingStart(..) | Event::SequenceStart(..) | Event::Alias(_) if depth == 1 && !is_value => {
                return None;
            }
            Event::DocumentStart(_) | Event::SequenceStart(..) | Event::Alias(_) if depth == 0 => return None,
            Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
            Event::MappingEnd | Event::SequenceEnd => {
                depth -= 1;
                is_value &= depth != 1;
            }
            Event::Scalar(text, ..) if depth == 1 && !is_value => {
                let line = span.start.line();
                if span.start.col() != 0 || keys.last().is_some_and(|(_, last)| *last >= line) {
                    return None;
                }
                keys.push((text.into_owned(), line));
                is_value = true;
            }
            Event::Scalar(..) | Event::Alias(_) if depth == 1 => is_value = false,
            Event::Scalar(..) if depth == 0 => return None,
            _ => {}
        }
    }
    Some(keys)
}
