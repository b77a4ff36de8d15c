//! Keys of one table: set, added where the original would write them, or taken away.

use super::array;
use super::dialect::{self, Fields, Node};
use super::error::EditError;
use super::source::{Edits, Source};
use std::ops::Range;
use toml_edit::{InlineTable, Item, Table, Value};

/// A key of a table of a list, or of a table directly in that one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    /// The table within; empty for the table itself.
    pub(super) table: &'static str,
    pub(super) key: &'static str,
    /// What it shall be; none to take it away.
    pub(super) value: Option<Node>,
}

/// The order of keys in a table, by [`Change::table`].
pub(super) type KeyOrder = fn(&str) -> &'static [&'static str];

impl Change {
    pub(super) fn new(key: &'static str, value: impl Into<Option<Node>>) -> Self {
        Self { table: "", key, value: value.into() }
    }
}

/// Makes `changes` in the table with a header that is called `path`, as in `artifacts.metadata`.
pub(super) fn change(
    source: &Source<'_>,
    edits: &mut Edits,
    table: &Table,
    path: &str,
    changes: &[Change],
    order: KeyOrder,
) -> Result<(), EditError> {
    let block = source.block(table).ok_or_else(|| unusual(source, path, table.span()))?;
    let mut below: Vec<&'static str> = Vec::new();
    for change in changes {
        if change.table.is_empty() {
            set(source, edits, (table, block.header_end), path, change, order(""))?;
        } else if !below.contains(&change.table) {
            below.push(change.table);
        }
    }
    for name in below {
        let path = format!("{path}.{}", dialect::key(name));
        let here = changes.iter().filter(|change| change.table == name);
        let changes: Vec<_> = here.map(|change| Change { table: "", ..change.clone() }).collect();
        match table.get(name) {
            Some(Item::Table(inner)) if source.block(inner).is_some() => {
                change_below(source, edits, inner, &path, &changes, order(name))?;
            }
            Some(Item::Value(Value::InlineTable(inner))) => {
                if let (Some(text), Some(place)) = (inline(source, inner, &changes, order(name)), inner.span()) {
                    edits.replace(place, text);
                }
            }
            Some(Item::Table(inner)) if inner.is_implicit() && !inner.is_dotted() => {
                insert_table(source, edits, block.end, &path, &changes, order(name));
            }
            None => insert_table(source, edits, block.end, &path, &changes, order(name)),
            Some(item) => return Err(unusual(source, &path, item.span())),
        }
    }
    Ok(())
}

/// As [`change`], in a table that goes when nothing is left in it.
fn change_below(
    source: &Source<'_>,
    edits: &mut Edits,
    table: &Table,
    path: &str,
    changes: &[Change],
    order: &[&str],
) -> Result<(), EditError> {
    let Some(block) = source.block(table) else { return Ok(()) };
    let goes = |name: &str| changes.iter().any(|change| change.key == name && change.value.is_none());
    let empty = table.iter().all(|(name, _)| goes(name)) && changes.iter().all(|change| change.value.is_none());
    if empty && !table.is_empty() {
        edits.replace(source.with_blank_lines(block), "");
        return Ok(());
    }
    changes.iter().try_for_each(|change| set(source, edits, (table, block.header_end), path, change, order))
}

fn insert_table(
    source: &Source<'_>,
    edits: &mut Edits,
    at: usize,
    path: &str,
    changes: &[Change],
    order: &'static [&'static str],
) {
    let fields = merged(Vec::new(), changes, &|_| order);
    if !fields.is_empty() {
        let text = format!("\n{}", dialect::standard_table(path, &fields));
        edits.replace(at..at, source.inserted(at, &text));
    }
}

/// Sets one key of a table with a header. The key is changed where it is, and added after the nearest one that the
/// original writes before it.
fn set(
    source: &Source<'_>,
    edits: &mut Edits,
    (table, header_end): (&Table, usize),
    path: &str,
    change: &Change,
    order: &[&str],
) -> Result<(), EditError> {
    match (table.get_key_value(change.key), &change.value) {
        (None, None) => {}
        (None, Some(node)) => {
            let before = order.iter().take_while(|key| **key != change.key);
            let ends = before.filter_map(|key| match table.get(key)? {
                Item::Value(value) => Some(value.span()?.end),
                _ => None,
            });
            let at = ends.last().map_or(header_end, |end| source.line_end(end));
            edits.replace(at..at, source.inserted(at, &dialect::line(change.key, node)));
        }
        (Some((key, Item::Value(value))), wanted) => {
            let missing = || unusual(source, &format!("{path}.{}", change.key), None);
            let place = value.span().ok_or_else(missing)?;
            match wanted {
                Some(node) => set_value(source, edits, value, place, node),
                None => {
                    let from = source.line_start(key.span().ok_or_else(missing)?.start);
                    edits.replace(from..source.line_end(place.end), "");
                }
            }
        }
        (Some((_, item)), _) => return Err(unusual(source, &format!("{path}.{}", change.key), item.span())),
    }
    Ok(())
}

fn set_value(source: &Source<'_>, edits: &mut Edits, value: &Value, place: Range<usize>, node: &Node) {
    let is = |value: &Value| Node::of_value(value, &|place| &source.text[place]);
    if is(value) == *node {
        return;
    }
    match (value, node) {
        (Value::Array(array), Node::List(nodes)) => {
            let mut old: Vec<Option<Node>> = array.iter().map(|value| Some(is(value))).collect();
            let elements = nodes.iter().map(|node| {
                let found = old.iter().position(|there| there.as_ref() == Some(node));
                if let Some(index) = found {
                    old[index] = None;
                }
                let place = found.and_then(|index| array.get(index)?.span());
                let text = place.map_or_else(|| node.literal(1), |place| source.text[place].to_owned());
                array::Element { old: found, text }
            });
            let elements: Vec<_> = elements.collect();
            array::rewrite(source, edits, array, &elements);
        }
        _ => edits.replace(place, source.lines(&node.literal(0))),
    }
}

/// The text of an inline table after `changes`; none when they change nothing.
pub(super) fn inline(
    source: &Source<'_>,
    table: &InlineTable,
    changes: &[Change],
    order: &'static [&'static str],
) -> Option<String> {
    let before = source.fields(table);
    let after = merged(before.clone(), changes, &|_| order);
    if before == after {
        return None;
    }
    let pairs = after.iter().map(|(name, node)| {
        let same = before.iter().any(|(old, was)| old == name && was == node);
        let written = table.get_key_value(name).filter(|_| same).and_then(|(key, item)| {
            Some(&source.text[key.span()?.start..item.span().filter(|_| item.is_value())?.end])
        });
        written.map_or_else(|| dialect::line(name, node).trim_end().to_owned(), str::to_owned)
    });
    let pairs: Vec<_> = pairs.collect();
    Some(if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) })
}

/// `fields` after `changes`.
pub(super) fn merged(
    mut fields: Fields,
    changes: &[Change],
    order: &dyn Fn(&str) -> &'static [&'static str],
) -> Fields {
    for change in changes {
        if !change.table.is_empty() {
            let inner = Change { table: "", ..change.clone() };
            let at = fields.iter().position(|(name, _)| name == change.table);
            match at.map(|at| &mut fields[at].1) {
                Some(Node::Table(table)) => {
                    *table = merged(std::mem::take(table), &[inner], &|_| order(change.table));
                }
                None if change.value.is_some() => {
                    let table = Node::Table(merged(Vec::new(), &[inner], &|_| order(change.table)));
                    fields.push((change.table.to_owned(), table));
                }
                _ => {}
            }
            fields.retain(|(name, node)| name != change.table || *node != Node::Table(Vec::new()));
            continue;
        }
        let at = fields.iter().position(|(name, _)| name == change.key);
        match (at, &change.value) {
            (Some(at), Some(node)) => fields[at].1 = node.clone(),
            (Some(at), None) => {
                fields.remove(at);
            }
            (None, Some(node)) => {
                let before = order("").iter().take_while(|key| **key != change.key);
                let places = before.filter_map(|key| fields.iter().position(|(name, _)| name == key));
                let at = places.last().map_or(0, |at| at + 1);
                fields.insert(at, (change.key.to_owned(), node.clone()));
            }
            (None, None) => {}
        }
    }
    fields
}

/// Something is written in a way that nothing here can change without writing it anew.
pub(super) fn unusual(source: &Source<'_>, path: &str, place: Option<Range<usize>>) -> EditError {
    let message = "is written in a way that cannot be changed here; write it as a table of its own";
    source.document.problem_at(place, path, message).into()
}

/// Makes `changes` in a table of either spelling at `key` of the root.
pub(super) fn change_root(
    source: &Source<'_>,
    edits: &mut Edits,
    key: &'static str,
    changes: &[Change],
    order: KeyOrder,
) -> Result<(), EditError> {
    match source.root().get(key) {
        Some(Item::Table(table)) => change(source, edits, table, key, changes, order),
        Some(Item::Value(Value::InlineTable(table))) => {
            if let (Some(text), Some(place)) = (inline(source, table, changes, order("")), table.span()) {
                edits.replace(place, text);
            }
            Ok(())
        }
        other => Err(unusual(source, key, other.and_then(Item::span))),
    }
}
