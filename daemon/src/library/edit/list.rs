//! A list of tables in either spelling: `[[artifacts]]`, or `artifacts = [{ … }]` when the original found them short.
//!
//! The spelling stays as it is, with one exception: a list that reads exactly as the original would have written it is
//! written anew when the original would now spell it the other way. Then nothing of anybody's own making is lost.

use super::array;
use super::dialect::{self, Fields, Node};
use super::error::EditError;
use super::source::{Block, Edits, Source};
use super::table::{self, Change, KeyOrder};
use std::ops::Range;
use toml_edit::{Array, ArrayOfTables, Item, Table, TableLike, Value};

/// A list, as the original writes it.
pub(super) struct Shape {
    /// Its key in the root.
    pub(super) key: &'static str,
    /// Keys of the root, in the order of the original.
    pub(super) root: &'static [&'static str],
    pub(super) order: KeyOrder,
    pub(super) when_empty: WhenEmpty,
}

/// What stays of a list without elements.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenEmpty {
    /// `key = []`.
    Written,
    /// Nothing.
    Omitted,
}

/// An element that stays, by its place in the list, and what changes in it.
pub(super) struct Kept {
    pub(super) index: usize,
    pub(super) changes: Vec<Change>,
}

enum Spelling<'d> {
    Absent,
    Inline(&'d Array),
    Blocks(&'d ArrayOfTables),
}

/// Makes the list be the elements `kept`, in the order in which they are, and then `new`.
pub(super) fn rewrite(
    source: &Source<'_>,
    edits: &mut Edits,
    shape: &Shape,
    kept: &[Kept],
    new: &[Fields],
) -> Result<(), EditError> {
    let spelling = spelling(source, shape)?;
    let before: Vec<&dyn TableLike> = tables(&spelling);
    let after = kept.iter().map(|kept| table::merged(source.fields(before[kept.index]), &kept.changes, &shape.order));
    let after: Vec<Fields> = after.chain(new.iter().cloned()).collect();
    let unchanged = new.is_empty() && kept.len() == before.len() && kept.iter().all(|kept| kept.changes.is_empty());
    if unchanged {
        return Ok(());
    }
    if after.is_empty() || before.is_empty() || respelled(source, shape, &spelling, &before, &after) {
        remove(source, edits, &spelling, shape);
        insert(source, edits, shape, &after);
        return Ok(());
    }
    match spelling {
        Spelling::Absent => {}
        Spelling::Inline(array) => {
            let places: Vec<_> = array.iter().filter_map(Value::span).collect();
            let mut elements = Vec::new();
            for kept in kept {
                let text = array.get(kept.index).and_then(Value::as_inline_table);
                let text = text.and_then(|table| inline(source, table, kept, shape.order));
                let text = text.unwrap_or_else(|| source.text[places[kept.index].clone()].to_owned());
                elements.push(array::Element { old: Some(kept.index), text });
            }
            elements.extend(new.iter().map(|fields| {
                let text = source.lines(&Node::Table(fields.clone()).literal(1));
                array::Element { old: None, text }
            }));
            array::rewrite(source, edits, array, &elements);
        }
        Spelling::Blocks(tables) => {
            let mut rest = kept.iter().peekable();
            for (index, table) in tables.iter().enumerate() {
                match rest.next_if(|kept| kept.index == index) {
                    Some(kept) => table::change(source, edits, table, shape.key, &kept.changes, shape.order)?,
                    None => {
                        for block in source.blocks_below(table) {
                            edits.replace(source.with_blank_lines(block), "");
                        }
                    }
                }
            }
            let end = tables.iter().last().and_then(|table| Some(source.blocks_below(table).last()?.end));
            let at = end.unwrap_or(source.text.len());
            let text: String = new.iter().map(|fields| format!("\n{}", element(shape, fields))).collect();
            if !text.is_empty() {
                edits.replace(at..at, source.inserted(at, &text));
            }
        }
    }
    Ok(())
}

/// Puts the elements in another order: the one at `order[0]` first. Comments above a header move with it. When other
/// tables stand between the lines of an element, nothing is moved.
pub(super) fn reorder(source: &Source<'_>, edits: &mut Edits, shape: &Shape, order: &[usize]) -> Result<(), EditError> {
    match spelling(source, shape)? {
        Spelling::Absent => {}
        Spelling::Inline(array) => {
            let places: Vec<_> = array.iter().filter_map(Value::span).collect();
            let element = |index: &usize| array::Element {
                old: Some(*index),
                text: source.text[places[*index].clone()].to_owned(),
            };
            array::rewrite(source, edits, array, &order.iter().map(element).collect::<Vec<_>>());
        }
        Spelling::Blocks(tables) => {
            let places: Option<Vec<_>> = tables.iter().map(|table| lines_of(source, table)).collect();
            let Some(places) = places else { return Ok(()) };
            for (place, index) in places.iter().zip(order) {
                let text = &source.text[places[*index].clone()];
                if *place != places[*index] {
                    let end = if text.ends_with('\n') { String::new() } else { source.lines("\n") };
                    edits.replace(place.clone(), format!("{text}{end}"));
                }
            }
        }
    }
    Ok(())
}

/// The elements, in file order.
pub(super) fn elements<'d>(source: &'d Source<'_>, shape: &Shape) -> Result<Vec<&'d dyn TableLike>, EditError> {
    Ok(tables(&spelling(source, shape)?))
}

fn spelling<'d>(source: &'d Source<'_>, shape: &Shape) -> Result<Spelling<'d>, EditError> {
    match source.root().get(shape.key) {
        None => Ok(Spelling::Absent),
        Some(Item::ArrayOfTables(tables)) => Ok(Spelling::Blocks(tables)),
        Some(Item::Value(Value::Array(array))) if array.iter().all(Value::is_inline_table) => {
            Ok(Spelling::Inline(array))
        }
        Some(item) => {
            Err(source.document.problem_at(item.span(), shape.key, "must be a list of tables, and nothing else").into())
        }
    }
}

fn tables<'d>(spelling: &Spelling<'d>) -> Vec<&'d dyn TableLike> {
    match spelling {
        Spelling::Absent => Vec::new(),
        Spelling::Inline(array) => {
            array.iter().filter_map(Value::as_inline_table).map(|table| table as &dyn TableLike).collect()
        }
        Spelling::Blocks(tables) => tables.iter().map(|table| table as &dyn TableLike).collect(),
    }
}

fn inline(source: &Source<'_>, table: &toml_edit::InlineTable, kept: &Kept, order: KeyOrder) -> Option<String> {
    if kept.changes.iter().all(|change| change.table.is_empty()) {
        return table::inline(source, table, &kept.changes, order(""));
    }
    // A table within changes too: all of it is written anew, which is what it takes in one line.
    let fields = table::merged(source.fields(table), &kept.changes, &order);
    (fields != source.fields(table)).then(|| source.lines(&Node::Table(fields).literal(1)))
}

/// The lines of one element, if no other table is between them.
fn lines_of(source: &Source<'_>, table: &Table) -> Option<Range<usize>> {
    let blocks: Vec<Block> = source.blocks_below(table);
    let (first, last) = (blocks.first()?, blocks.last()?);
    (source.blocks_within(first.lead..last.end) == blocks.len()).then_some(first.lead..last.end)
}

/// Whether the list is the original's own work and would now be spelled the other way.
fn respelled(
    source: &Source<'_>,
    shape: &Shape,
    spelling: &Spelling<'_>,
    before: &[&dyn TableLike],
    after: &[Fields],
) -> bool {
    let is_inline = matches!(spelling, Spelling::Inline(_));
    if short(after) == is_inline {
        return false;
    }
    let fields: Vec<_> = before.iter().map(|table| source.fields(*table)).collect();
    if short(&fields) != is_inline {
        return false;
    }
    let place = match spelling {
        Spelling::Absent => None,
        Spelling::Inline(array) => array.span(),
        Spelling::Blocks(tables) => {
            let places: Option<Vec<_>> = tables.iter().map(|table| lines_of(source, table)).collect();
            places.and_then(|places| Some(places.first()?.start..places.last()?.end))
        }
    };
    let written = if is_inline {
        Node::List(fields.into_iter().map(Node::Table).collect()).literal(0)
    } else {
        fields.iter().map(|fields| element(shape, fields)).collect::<Vec<_>>().join("\n")
    };
    place.is_some_and(|place| source.text[place] == source.lines(&written))
}

/// Whether the original writes these elements inline.
fn short(elements: &[Fields]) -> bool {
    elements.iter().all(dialect::fits_inline)
}

fn element(shape: &Shape, fields: &Fields) -> String {
    dialect::table(&format!("[[{}]]", shape.key), shape.key, fields)
}

fn remove(source: &Source<'_>, edits: &mut Edits, spelling: &Spelling<'_>, shape: &Shape) {
    match spelling {
        Spelling::Absent => {}
        Spelling::Inline(array) => {
            if let (Some((key, _)), Some(place)) = (source.root().get_key_value(shape.key), array.span()) {
                let from = key.span().map_or(place.start, |key| key.start);
                edits.replace(source.line_start(from)..source.line_end(place.end), "");
            }
        }
        Spelling::Blocks(tables) => {
            for block in tables.iter().flat_map(|table| source.blocks_below(table)) {
                edits.replace(source.with_blank_lines(block), "");
            }
        }
    }
}

/// Adds a list that is not there, where the original would write it.
fn insert(source: &Source<'_>, edits: &mut Edits, shape: &Shape, after: &[Fields]) {
    if after.is_empty() && shape.when_empty == WhenEmpty::Omitted {
        return;
    }
    let earlier: Vec<&'static str> = shape.root.iter().copied().take_while(|key| *key != shape.key).collect();
    if short(after) {
        let line = dialect::line(shape.key, &Node::List(after.iter().cloned().map(Node::Table).collect()));
        let value_end = |key: &&'static str| source.root().get(key).filter(|item| item.is_value()).and_then(Item::span);
        let others = || source.root().iter().filter(|(name, item)| *name != shape.key && item.is_value());
        let first = others().filter_map(|(name, _)| source.root().key(name)?.span()).map(|span| span.start).min();
        let (at, text) = match (earlier.iter().rev().find_map(value_end), first) {
            (Some(place), _) => (source.line_end(place.end), line),
            (None, Some(first)) => (source.line_start(first), line),
            (None, None) if source.first_block() == source.text.len() => (source.text.len(), line),
            (None, None) => (source.first_block(), format!("{line}\n")),
        };
        edits.replace(at..at, source.inserted(at, &text));
        return;
    }
    let end = |key: &&'static str| match source.root().get(key)? {
        Item::Table(table) => source.blocks_below(table).last().map(|block| block.end),
        Item::ArrayOfTables(tables) => {
            tables.iter().flat_map(|table| source.blocks_below(table)).map(|block| block.end).max()
        }
        _ => None,
    };
    let at = earlier.iter().rev().find_map(end).unwrap_or(source.text.len());
    let text: String = after.iter().map(|fields| format!("\n{}", element(shape, fields))).collect();
    edits.replace(at..at, source.inserted(at, &text));
}
