//! Aligned columns, by display width.

use std::io::{self, Write};

use super::term::{Tone, escape, paint, width};

/// Widest column that is aligned. What is longer stands out of it: otherwise one long text would be paid for in spaces by
/// every row.
const WIDEST: usize = 200;

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
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table whose rows start after `indent` spaces.
    pub fn new(indent: usize) -> Self {
        Self { indent, rows: Vec::new() }
    }

    /// The dim first row.
    #[must_use]
    pub fn heading(mut self, names: &[&str]) -> Self {
        self.rows.push(names.iter().map(|name| Cell::new(name, Tone::Dim)).collect());
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Prints it.
    pub fn write(&self, out: &mut dyn Write, colour: bool) -> io::Result<()> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|i| {
                self.rows
                    .iter()
                    .filter_map(|row| row.get(i))
                    .map(|cell| width(&cell.text))
                    .max()
                    .unwrap_or(0)
                    .min(WIDEST)
            })
            .collect();
        for row in &self.rows {
            let mut line = " ".repeat(self.indent);
            // Spaces are owed and paid by the next text, so that no line ends in them.
            let mut owed = 0;
            for (cell, width_of_column) in row.iter().zip(&widths) {
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
    fn one_long_text_does_not_widen_every_row() {
        let mut table = Table::new(0);
        table.row(["x".repeat(10_000).into(), "a".into()]);
        table.row(["y".into(), "b".into()]);
        let text = text(&table, false);
        let rows: Vec<_> = text.lines().map(str::len).collect();
        assert_eq!(rows, [10_003, WIDEST + 3]);
    }

    #[test]
    fn empty_columns_vanish_and_colour_takes_no_width() {
        let mut table = Table::new(0);
        table.row([Cell::new("ab", Tone::Bad), "".into(), "x".into()]);
        table.row(["a".into(), "".into(), "y".into()]);
        assert_eq!(text(&table, true), "\x1b[31mab\x1b[0m  x\na   y\n");
    }
}
