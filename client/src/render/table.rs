//! Aligned columns, by display width.
//!
//! A column is as wide as its widest cell of ordinary length. A longer cell, such as a name of 255 bytes, pushes the rest
//! of its own row aside and no other: nothing is cut, because what is printed here is what people copy.
//!
//! Tables may have ten thousand rows, so the text of all cells is one string, and a width is worked out once.

use std::borrow::Cow;
use std::io::{self, Write};

use super::term::{Tone, escape, paint, width};

/// Wider cells do not decide how wide their column is.
const ORDINARY: usize = 80;

/// One cell: text and its tone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell<'a> {
    text: Cow<'a, str>,
    tone: Tone,
}

impl<'a> Cell<'a> {
    /// A cell; what steers a terminal is escaped.
    pub fn new(text: impl Into<Cow<'a, str>>, tone: Tone) -> Self {
        let text = text.into();
        let escaped = match escape(&text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(escaped) => Some(escaped),
        };
        Self { text: escaped.map_or(text, Cow::Owned), tone }
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::new(text, Tone::Plain)
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::new(text, Tone::Plain)
    }
}

impl<'a> From<Cow<'a, str>> for Cell<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// Rows of cells. Columns that are empty in every row take no space.
#[derive(Clone, Debug, Default)]
pub struct Table {
    indent: usize,
    /// Of all cells, one after the other.
    text: String,
    cells: Vec<Placed>,
    rows: Vec<Row>,
}

/// A cell of a table.
#[derive(Clone, Copy, Debug)]
struct Placed {
    /// Where its text ends; it begins where that of the one before does.
    end: usize,
    width: usize,
    tone: Tone,
}

/// Where the cells of a row end, and lines that stand below them in no column.
#[derive(Clone, Debug, Default)]
struct Row {
    end: usize,
    notes: Vec<String>,
}

impl Table {
    /// A table whose rows start after `indent` spaces.
    pub fn new(indent: usize) -> Self {
        Self { indent, ..Self::default() }
    }

    /// The dim first row.
    #[must_use]
    pub fn heading(mut self, names: &[&str]) -> Self {
        self.row(names.iter().map(|name| Cell::new(*name, Tone::Dim)));
        self
    }

    /// Adds a row.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) {
        for Cell { text, tone } in cells {
            self.text.push_str(&text);
            self.cells.push(Placed { end: self.text.len(), width: width(&text), tone });
        }
        self.rows.push(Row { end: self.cells.len(), notes: Vec::new() });
    }

    /// Adds a line below the last row, `indent` spaces further in; what steers a terminal is escaped.
    pub fn note(&mut self, indent: usize, text: &str) {
        if let Some(row) = self.rows.last_mut() {
            row.notes.push(format!("{:indent$}{}", "", escape(text)));
        }
    }

    /// Rows with their cells.
    fn whole(&self) -> impl Iterator<Item = (&Row, &[Placed])> {
        let begins = std::iter::once(0).chain(self.rows.iter().map(|row| row.end));
        begins.zip(&self.rows).map(|(begin, row)| (row, &self.cells[begin..row.end]))
    }

    /// Widths of the columns; 0 for one that is empty in every row.
    fn widths(&self) -> Vec<usize> {
        let mut widths = Vec::new();
        for (_, cells) in self.whole() {
            widths.resize(widths.len().max(cells.len()), 0);
            for (widest, cell) in widths.iter_mut().zip(cells) {
                // A column of nothing but wide cells is not an empty one.
                *widest = (*widest).max(if cell.width <= ORDINARY { cell.width } else { 1 });
            }
        }
        widths
    }

    /// Prints it.
    pub fn write(&self, out: &mut dyn Write, colour: bool) -> io::Result<()> {
        let widths = self.widths();
        let (mut line, mut begin) = (String::new(), 0);
        for (row, cells) in self.whole() {
            line.clear();
            line.extend(std::iter::repeat_n(' ', self.indent));
            // Spaces are owed and paid by the next text, so that no line ends in them.
            let mut owed = 0;
            for (cell, width_of_column) in cells.iter().zip(&widths) {
                let text = &self.text[begin..cell.end];
                begin = cell.end;
                if *width_of_column == 0 {
                    continue;
                }
                if !text.is_empty() {
                    line.extend(std::iter::repeat_n(' ', owed));
                    owed = 0;
                    line.push_str(&paint(text, cell.tone, colour));
                }
                owed += width_of_column.saturating_sub(cell.width) + 2;
            }
            line.truncate(line.trim_end().len());
            line.push('\n');
            out.write_all(line.as_bytes())?;
            for note in &row.notes {
                writeln!(out, "{:indent$}{note}", "", indent = self.indent)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(table: &Table, colour: bool) -> String {
        let mut out = Vec::new();
        table.write(&mut out, colour).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn columns_align_by_display_width() {
        let mut table = Table::new(2).heading(&["A", "B", "C"]);
        table.row(["日本".into(), "".into(), "x".into()]);
        table.row(["é\x07".into(), "".into(), "y".into()]);
        assert_eq!(text(&table, false), "  A       B  C\n  日本       x\n  é\\u{7}     y\n");
    }

    #[test]
    fn a_long_cell_widens_no_row_but_its_own_and_is_not_cut() {
        let long = "n".repeat(255);
        let mut table = Table::new(0);
        table.row([long.as_str().into(), "x".into()]);
        table.row(["short".into(), "y".into()]);
        assert_eq!(text(&table, false), format!("{long}  x\nshort  y\n"));
        let mut table = Table::new(0);
        table.row([long.as_str().into(), "x".into()]);
        assert_eq!(text(&table, false), format!("{long}  x\n"), "also when it is alone");
        let mut table = Table::new(0);
        table.row(["日".repeat(ORDINARY / 2).into(), "x".into()]);
        table.row(["a".into(), "y".into()]);
        assert_eq!(text(&table, false), format!("{}  x\na{}  y\n", "日".repeat(40), " ".repeat(79)));
    }

    #[test]
    fn empty_columns_vanish_and_colour_takes_no_width() {
        let mut table = Table::new(0);
        table.row([Cell::new("ab", Tone::Bad), "".into(), "x".into()]);
        table.row(["a".into(), "".into(), "y".into()]);
        assert_eq!(text(&table, true), "\x1b[31mab\x1b[0m  x\na   y\n");
    }
}
