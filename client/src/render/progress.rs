//! One line on standard error that says how far long work has come, while a person looks.

use std::io::{self, Write};

use skillmeat_protocol::reply::Progress;

use super::term::{escape, width};
use crate::surroundings::Surroundings;

/// What fits beside the numbers on any terminal.
const COLUMNS: usize = 50;

/// The line. Nothing is written where no terminal reads it.
pub struct Line<'a> {
    err: &'a mut dyn Write,
    interactive: bool,
    shown: bool,
}

impl<'a> Line<'a> {
    /// No line yet.
    pub fn new(around: &Surroundings, err: &'a mut dyn Write) -> Self {
        Self { err, interactive: around.interactive, shown: false }
    }

    /// Puts `text`, which is escaped, in the place of what was shown.
    pub fn show(&mut self, text: &str) -> io::Result<()> {
        if self.interactive {
            self.shown = true;
            write!(self.err, "\r\x1b[K{text}")?;
            self.err.flush()?;
        }
        Ok(())
    }

    /// Takes the line away, for what is printed next.
    pub fn clear(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.shown) {
            write!(self.err, "\r\x1b[K")?;
            self.err.flush()?;
        }
        Ok(())
    }
}

/// `120 directories, 3 found  …/src/webapp`.
pub fn search(progress: &Progress) -> String {
    let at = escape(&progress.at);
    // The end of a path tells more than its beginning.
    let start = at.char_indices().map(|(i, _)| i).find(|i| width(&at[*i..]) <= COLUMNS).unwrap_or(at.len());
    format!("{} directories, {} found  {}", progress.directories, progress.found, &at[start..])
}

/// `deploy 12/1000 skill:pdf → webapp`.
pub fn operation(verb: &str, progress: &Progress) -> String {
    let at = escape(&progress.at);
    let ends = at.char_indices().map(|(i, c)| i + c.len_utf8());
    let end = ends.take_while(|end| width(&at[..*end]) <= COLUMNS).last().unwrap_or(0);
    format!("{verb} {}/{} {}", progress.done, progress.total, &at[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(at: &str) -> Progress {
        Progress { directories: 120, found: 3, at: at.into(), done: 12, total: 1000 }
    }

    #[test]
    fn a_line_fits_on_a_terminal_and_cannot_steer_it() {
        assert_eq!(operation("deploy", &at("skill:pdf → webapp")), "deploy 12/1000 skill:pdf → webapp");
        assert_eq!(operation("deploy", &at("skill:\x1b[2J")), "deploy 12/1000 skill:\\u{1b}[2J");
        assert_eq!(width(&operation("deploy", &at(&"日".repeat(80)))), "deploy 12/1000 ".len() + COLUMNS);
        assert_eq!(search(&at("/a")), "120 directories, 3 found  /a");
        assert!(search(&at(&format!("/{}/webapp", "x".repeat(80)))).ends_with("xx/webapp"));
    }

    #[test]
    fn only_a_terminal_gets_it() {
        for (interactive, want) in [(true, "\r\x1b[Ka\r\x1b[Kb\r\x1b[K"), (false, "")] {
            let around = Surroundings { interactive, ..Surroundings::default() };
            let mut err = Vec::new();
            let mut line = Line::new(&around, &mut err);
            for step in [line.show("a"), line.show("b"), line.clear(), line.clear()] {
                step.expect("memory");
            }
            assert_eq!(String::from_utf8(err).expect("text"), want);
        }
    }
}
