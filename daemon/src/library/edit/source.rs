//! A TOML text and where its tables are, so that changing one line leaves every other byte as it is.
//!
//! Nothing is printed from the parsed tree: it says *where* things are, and a change replaces bytes there. So what is
//! not replaced survives by construction, whatever its spacing, comments, line endings or byte order mark.

use super::dialect::{self, Fields};
use super::error::EditError;
use crate::library::toml_text::Document;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use toml_edit::{Item, Table, TableLike};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// A file as it is before a change.
#[derive(Clone, Copy, Debug)]
pub struct Before<'t> {
    /// The file, for messages; for deployment records its directory also names the profile root.
    pub file: &'t Path,
    /// What it says; none when there is no such file.
    pub text: Option<&'t str>,
}

/// A parsed text.
pub(super) struct Source<'t> {
    pub(super) file: &'t Path,
    /// The text without byte order mark; every place is an offset in it.
    pub(super) text: &'t str,
    pub(super) document: Document,
    mark: bool,
    eol: &'static str,
    /// Tables that have a header, by its place.
    blocks: BTreeMap<usize, Block>,
}

/// The lines of one table: its header and the values directly below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Where the comment begins that stands directly above the header, else the header.
    pub(super) lead: usize,
    /// After the line of the header.
    pub(super) header_end: usize,
    /// After the line of the last value.
    pub(super) end: usize,
}

/// Replacements. They do not overlap, except that something may be inserted within what goes.
#[derive(Debug, Default)]
pub(super) struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    /// Replaces `place`. What is inserted at one place stays in the order of the calls.
    pub(super) fn replace(&mut self, place: Range<usize>, text: impl Into<String>) {
        self.0.push((place, text.into()));
    }
}

impl<'t> Source<'t> {
    /// Parses what `before` says; an absent file is an empty one.
    pub(super) fn parse(before: &Before<'t>) -> Result<Self, EditError> {
        let whole = before.text.unwrap_or_default();
        let document = Document::parse(whole.as_bytes(), before.file)?;
        let text = whole.strip_prefix(BYTE_ORDER_MARK).unwrap_or(whole);
        let eol = match text.find('\n') {
            Some(at) if text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        };
        let mut source =
            Self { file: before.file, text, document, mark: whole.len() != text.len(), eol, blocks: BTreeMap::new() };
        source.blocks = source.find_blocks();
        Ok(source)
    }

    /// The text after `edits`. It is read once more: what could not be read again must never reach the disk.
    pub(super) fn finish(&self, mut edits: Edits) -> Result<String, EditError> {
        edits.0.sort_by_key(|(place, _)| (place.start, place.end));
        let mut text = String::with_capacity(self.text.len() + 1024);
        let mut at = 0;
        for (place, new) in edits.0 {
            // What is inserted within lines that go takes their place.
            text.push_str(self.text.get(at..place.start).unwrap_or_default());
            text.push_str(&new);
            at = at.max(place.end);
        }
        text.push_str(&self.text[at..]);
        // When the first table went, the blank line that parted it from the next is left over.
        let text = if self.text.starts_with(['\n', '\r']) { &text } else { text.trim_start_matches(['\n', '\r']) };
        let text = if self.mark { format!("{BYTE_ORDER_MARK}{text}") } else { text.to_owned() };
        Document::parse(text.as_bytes(), self.file)?;
        Ok(text)
    }

    /// The table that holds everything.
    pub(super) fn root(&self) -> &Table {
        self.document.table()
    }

    /// `text` with the line endings of the file.
    pub(super) fn lines(&self, text: &str) -> String {
        if self.eol == "\n" { text.to_owned() } else { text.replace('\n', self.eol) }
    }

    /// What `table` says.
    pub(super) fn fields(&self, table: &dyn TableLike) -> Fields {
        dialect::fields(table, &|place| &self.text[place])
    }

    /// The lines of a table that has a header.
    pub(super) fn block(&self, table: &Table) -> Option<Block> {
        self.blocks.get(&table.span().filter(|_| !table.is_implicit() && !table.is_dotted())?.start).copied()
    }

    /// The lines of `table` and of every table below it, in file order.
    pub(super) fn blocks_below(&self, table: &Table) -> Vec<Block> {
        let mut starts = Vec::new();
        headers(table, &mut starts);
        starts.extend(table.span().filter(|_| !table.is_implicit() && !table.is_dotted()).map(|span| (span.start, 0)));
        starts.sort_unstable();
        starts.dedup_by_key(|(start, _)| *start);
        starts.iter().filter_map(|(start, _)| self.blocks.get(start).copied()).collect()
    }

    /// How many tables have their header within `place`.
    pub(super) fn blocks_within(&self, place: Range<usize>) -> usize {
        self.blocks.range(place).count()
    }

    /// Where the first header's lines begin; the end of the text when there is none.
    pub(super) fn first_block(&self) -> usize {
        self.blocks.first_key_value().map_or(self.text.len(), |(_, block)| block.lead)
    }

    /// The place after the line that holds `at`.
    pub(super) fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |n| at + n + 1)
    }

    /// The beginning of the line that holds `at`.
    pub(super) fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |n| n + 1)
    }

    /// The place of `block` with the blank lines before it.
    pub(super) fn with_blank_lines(&self, block: Block) -> Range<usize> {
        let mut from = block.lead;
        while from > 0 {
            let start = self.line_start(from - 1);
            if !self.text[start..from].trim().is_empty() {
                break;
            }
            from = start;
        }
        from..block.end
    }

    /// `text` as lines to be inserted at `at`, which is the beginning of a line or the end of an unfinished last one.
    pub(super) fn inserted(&self, at: usize, text: &str) -> String {
        let unfinished = at > 0 && !self.text[..at].ends_with('\n');
        self.lines(&if unfinished { format!("\n{text}") } else { text.to_owned() })
    }

    fn find_blocks(&self) -> BTreeMap<usize, Block> {
        let mut found = Vec::new();
        headers(self.document.table(), &mut found);
        found.sort_unstable();
        let block = |(start, last): (usize, usize)| {
            let header = self.line_start(start);
            let mut lead = header;
            while lead > 0 {
                let above = self.line_start(lead - 1);
                if !self.text[above..lead].trim_start().starts_with('#') {
                    break;
                }
                lead = above;
            }
            let header_end = self.line_end(start);
            (start, Block { lead, header_end, end: header_end.max(self.line_end(last)) })
        };
        found.into_iter().map(block).collect()
    }
}

/// Adds, for each table with a header below `table`, where the header begins and where its last value ends.
fn headers(table: &Table, found: &mut Vec<(usize, usize)>) {
    let add = |table: &Table, found: &mut Vec<_>| {
        if let Some(span) = table.span().filter(|_| !table.is_implicit() && !table.is_dotted()) {
            found.push((span.start, last_value(table).unwrap_or(span.end)));
        }
        headers(table, found);
    };
    for (_, item) in table {
        match item {
            Item::Table(table) => add(table, found),
            Item::ArrayOfTables(tables) => tables.iter().for_each(|table| add(table, found)),
            Item::None | Item::Value(_) => {}
        }
    }
}

/// Where the last value directly in `table` ends. Dotted keys are values of the table that they are written in.
fn last_value(table: &Table) -> Option<usize> {
    let end = |item: &Item| match item {
        Item::Value(value) => value.span().map(|span| span.end),
        Item::Table(table) if table.is_dotted() => last_value(table),
        _ => None,
    };
    table.iter().filter_map(|(_, item)| end(item)).max()
}
