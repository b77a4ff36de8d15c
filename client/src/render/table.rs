//! Aligned columns, by display width.
//!
//! A column is as wide as its widest cell of ordinary length. A longer cell, such as a name of 255 bytes, pushes the rest
//! of its own row aside and no other: nothing is cut, because what is printed here is what people copy.

use std::io::{self, Write};

use super::term::{Tone, escape, paint, width};

/// Wider cells do not decide how wide their column is.
const ORDINARY: usize = 80;

/// One cell: text and its tone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A cell; what steers a terminal is escaped.
    pub fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        Self { text: escape(text.as_ref()).into_owned(), tone }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::new(text, Tone::Plain)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// Rows of cells. Columns that are empty in every row take no space.
#[derive(Clone, Debug, Default)]
pub struct Table {
    indent: usize,
    rows: Vec<Row>,
}

/// Cells, and lines that stand below them in no column.
#[derive(Clone, Debug, Default)]
struct Row {
    cells: Vec<Cell>,
    notes: Vec<String>,
}

impl Table {
    /// A table whose rows start after `indent` spaces.
    pub fn new(indent: usize) -> Self {
        Self { indent, rows: Vec::new() }
    }

    /// The dim first row.
    #[must_use]
    pub fn heading(mut self, names: &[&str]) -> Self {
        self.row(names.iter().map(|name| Cell::new(name, Tone::Dim)));
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(Row { cells: cells.into_iter().collect(), notes: Vec::new() });
    }

    /// Adds a line below the last row, `indent` spaces further in; what steers a terminal is escaped.
    pub fn note(&mut self, indent: usize, text: &str) {
        if let Some(row) = self.rows.last_mut() {
            row.notes.push(format!("{:indent$}{}", "", escape(text)));
        }
    }

    /// Width of a column; 0 when it is empty in every row.
    fn width_of(&self, column: usize) -> usize {
        let widths = || self.rows.iter().filter_map(|row| row.cells.get(column)).map(|cell| width(&cell.text));
        let ordinary = widths().filter(|width| *width <= ORDINARY).max().unwrap_or(0);
        // A column of nothing but wide cells is not an empty one.
        ordinary.max(usize::from(widths().any(|width| width > 0)))
    }

    /// Prints it.
    pub fn write(&self, out: &mut dyn Write, colour: bool) -> io::Result<()> {
        let columns = self.rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(|i| self.width_of(i)).collect();
        for row in &self.rows {
            let mut line = " ".repeat(self.indent);
            // Spaces are owed and paid by the next text, so that no line ends in them.
            let mut owed = 0;
            for (cell, width_of_column) in row.cells.iter().zip(&widths) {
                if *width_of_column == 0 {
                    continue;
                }
                if !cell.text.is_empty() {
                    line.extend(std::iter::repeat_n(' ', owed));
                    owed = 0;
                    line.push_str(&paint(&cell.text, cell.tone, colour));
                }
                owed += width_of_column.saturating_sub(width(&cell.text)) + 2;
            }
            writeln!(out, "{}", line.trim_end())?;
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
