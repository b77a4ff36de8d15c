//! Asking a person, where one is at a terminal.
//!
//! Questions go to standard error, so that results can be redirected; answers are read from the terminal itself. Where nobody
//! can answer, nothing is asked: programs get refusals with commands, not questions.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

use crate::surroundings::Surroundings;

/// Somebody who answers.
#[derive(Debug)]
pub struct Person {
    terminal: BufReader<File>,
}

impl Person {
    /// The person at the terminal of this process, if there is one.
    pub fn around(around: &Surroundings) -> Option<Self> {
        let path = around.answers.as_deref()?;
        File::open(path).ok().map(|file| Self { terminal: BufReader::new(file) })
    }

    /// What is answered, without the spaces around it; none when there are no answers any more.
    ///
    /// # Errors
    /// The question cannot be written, or the answer not be read.
    pub fn ask(&mut self, err: &mut dyn Write, question: &str) -> io::Result<Option<String>> {
        write!(err, "{question} ")?;
        err.flush()?;
        let mut line = String::new();
        if self.terminal.read_line(&mut line)? == 0 {
            writeln!(err)?;
            return Ok(None);
        }
        Ok(Some(line.trim().to_owned()))
    }

    /// Whether the answer is yes. Anything else is no.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn agrees(&mut self, err: &mut dyn Write, question: &str) -> io::Result<bool> {
        let answer = self.ask(err, &format!("{question} [y/N]"))?;
        Ok(answer.is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "y" | "yes")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_one_and_nobody_is_asked_without_a_terminal() {
        assert!(Person::around(&Surroundings::default()).is_none());
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("answers");
        std::fs::write(&path, "y\n YES \n\nno\nyess\n").expect("written");
        let around = Surroundings { answers: Some(path), ..Surroundings::default() };
        let mut person = Person::around(&around).expect("a terminal");
        let mut err = Vec::new();
        let answers: Vec<bool> = (0..6).map(|_| person.agrees(&mut err, "Go on?").expect("memory")).collect();
        assert_eq!(answers, [true, true, false, false, false, false]);
        assert_eq!(String::from_utf8(err).expect("text"), "Go on? [y/N] ".repeat(6) + "\n");
    }
}
