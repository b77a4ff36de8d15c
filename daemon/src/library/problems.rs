//! What is wrong with one file: the first complaints, and how many more there are.
//!
//! A file of a few megabytes can be wrong in a million places. Whoever mends it needs the first; kept, sent and shown,
//! the rest would cost a multiple of the file's size in memory, and make the answer about its project too long to be
//! sent at all.

use skillmeat_protocol::reply::Problem;

/// Complaints that are kept of one file.
pub const MOST: usize = 100;

/// The complaints about one file, in the order in which they were found.
#[derive(Debug, Default)]
pub struct Problems {
    kept: Vec<Problem>,
    /// The first that was not kept, and how many were not.
    beyond: Option<(Problem, usize)>,
}

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        match &mut self.beyond {
            Some((_, count)) => *count += 1,
            None if self.kept.len() < MOST => self.kept.push(problem),
            none => *none = Some((problem, 1)),
        }
    }

    /// How many there are, kept or not.
    pub fn count(&self) -> usize {
        self.kept.len() + self.beyond.as_ref().map_or(0, |(_, count)| *count)
    }

    /// Those that were kept, and one that stands for the others at the line of the first of them.
    pub fn into_vec(self) -> Vec<Problem> {
        let mut problems = self.kept;
        if let Some((first, count)) = self.beyond {
            let message = format!("and {count} more {}", if count == 1 { "problem" } else { "problems" });
            problems.push(Problem { key: None, hint: None, message, ..first });
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_kept_and_the_others_counted() {
        for (found, kept, last) in [(0, 0, None), (100, 100, Some("99")), (101, 101, Some("and 1 more problem"))] {
            let mut problems = Problems::default();
            for line in 0..found {
                let (file, message) = ("/f".to_owned(), line.to_string());
                problems.push(Problem { file, line: Some(line), key: Some("k".into()), message, hint: None });
            }
            assert_eq!(problems.count(), found as usize);
            let problems = problems.into_vec();
            assert_eq!((problems.len(), problems.last().map(|p| p.message.as_str())), (kept, last));
        }
    }
}
