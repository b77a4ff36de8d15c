//! What differs within lines that changed: for highlighting, never for applying.
//!
//! The removed lines of a change are compared with its added ones, as one text of words each, since a sentence may have been
//! broken elsewhere. Where too little of it is left, nothing is marked: a rewritten line is best read as a whole.

use imara_diff::{Algorithm, Diff, InternedInput};
use std::ops::Range;

/// Whether what differs within lines is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Marks {
    /// No.
    #[default]
    None,
    /// By word.
    Words,
}

/// Words of one side of a change beyond which nothing is marked: nobody compares that much by eye.
const MOST: usize = 4096;

/// What differs in each of `removed`, then in each of `added`.
pub fn marks(removed: &[&[u8]], added: &[&[u8]]) -> Vec<Vec<Range<u32>>> {
    let nothing = || vec![Vec::new(); removed.len() + added.len()];
    if removed.is_empty() || added.is_empty() {
        return nothing();
    }
    let Some((old, new)) = words_of(removed).zip(words_of(added)) else { return nothing() };
    let mut input = InternedInput::default();
    input.update_before(old.iter().map(|word| word.bytes));
    input.update_after(new.iter().map(|word| word.bytes));
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    diff.postprocess_no_heuristic(&input);
    let (old_differs, new_differs) = (|n| diff.is_removed(n), |n| diff.is_added(n));
    let weight = |words: &[Word<'_>], differs: &dyn Fn(u32) -> bool| {
        let (mut all, mut same) = (0, 0);
        for (n, word) in (0..).zip(words).filter(|(_, word)| !word.is_space()) {
            all += word.bytes.len();
            same += if differs(n) { 0 } else { word.bytes.len() };
        }
        (all, same)
    };
    let ((all_old, same), (all_new, _)) = (weight(&old, &old_differs), weight(&new, &new_differs));
    if same == 0 || 2 * same < all_old.min(all_new) {
        return nothing();
    }
    let mut found = placed(&old, removed.len(), &old_differs);
    found.extend(placed(&new, added.len(), &new_differs));
    found
}

/// A word, a run of blanks, a line end, or one other character.
struct Word<'a> {
    bytes: &'a [u8],
    line: usize,
    at: u32,
}

impl Word<'_> {
    fn is_space(&self) -> bool {
        self.bytes.iter().all(u8::is_ascii_whitespace)
    }

    fn is_line_end(&self) -> bool {
        self.bytes.ends_with(b"\n")
    }
}

/// None when there are too many.
fn words_of<'a>(lines: &[&'a [u8]]) -> Option<Vec<Word<'a>>> {
    let mut words = Vec::new();
    for (line, bytes) in lines.iter().enumerate() {
        let mut at = 0;
        while at < bytes.len() {
            let len = length(&bytes[at..]);
            words.push(Word { bytes: &bytes[at..at + len], line, at: u32::try_from(at).ok()? });
            if words.len() > MOST {
                return None;
            }
            at += len;
        }
    }
    Some(words)
}

/// Of the first word. Bytes beyond ASCII are letters: no character of UTF-8 is ever cut.
fn length(bytes: &[u8]) -> usize {
    let run = |is: fn(&u8) -> bool| bytes.iter().take_while(|byte| is(byte)).count();
    match bytes[0] {
        b'\r' | b'\n' if matches!(bytes, b"\r\n" | b"\n") => bytes.len(),
        b' ' | b'\t' => run(|byte| matches!(byte, b' ' | b'\t')),
        byte if is_letter(byte) => run(|byte| is_letter(*byte)),
        _ => 1,
    }
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Ranges of what differs, line by line. Blanks between two of them belong to both.
fn placed(words: &[Word<'_>], lines: usize, differs: &dyn Fn(u32) -> bool) -> Vec<Vec<Range<u32>>> {
    let mut found: Vec<Vec<Range<u32>>> = vec![Vec::new(); lines];
    let mut blank_after = None;
    for (n, word) in (0..).zip(words) {
        let of_line = &mut found[word.line];
        let end = word.at + word.bytes.len() as u32;
        let last = of_line.last_mut();
        if word.is_line_end() || !differs(n) {
            // A common blank is remembered, in case what follows it differs too.
            let touches = last.is_some_and(|last| last.end == word.at);
            blank_after = (touches && word.is_space() && !word.is_line_end()).then_some((word.line, end));
            continue;
        }
        match last {
            Some(last) if last.end == word.at || blank_after == Some((word.line, word.at)) => last.end = end,
            _ => of_line.push(word.at..end),
        }
        blank_after = None;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines with what is marked in brackets.
    fn shown(removed: &[&str], added: &[&str]) -> Vec<String> {
        let bytes = |lines: &[&'static str]| lines.iter().map(|line| line.as_bytes()).collect::<Vec<_>>();
        let leak = |lines: &[&str]| lines.iter().map(|line| &*line.to_string().leak()).collect::<Vec<&'static str>>();
        let (removed, added) = (leak(removed), leak(added));
        let found = marks(&bytes(&removed), &bytes(&added));
        assert_eq!(found.len(), removed.len() + added.len());
        let bracketed = |(line, marks): (&&str, &Vec<Range<u32>>)| {
            let mut line = (*line).to_owned();
            for mark in marks.iter().rev() {
                line.insert(mark.end as usize, ']');
                line.insert(mark.start as usize, '[');
            }
            line.trim_end().to_owned()
        };
        removed.iter().chain(&added).zip(&found).map(bracketed).collect()
    }

    #[test]
    fn words_that_differ_are_marked_and_rewritten_lines_are_not() {
        let table: [(&[&str], &[&str], &[&str]); 9] = [
            (&["a quick fox\n"], &["a slow fox\n"], &["a [quick] fox", "a [slow] fox"]),
            (&["one two three four\n"], &["one 2 3 four\n"], &["one [two three] four", "one [2 3] four"]),
            (&["größe = 1\n"], &["größe = 2;\n"], &["größe = [1]", "größe = [2;]"]),
            (&["nothing in common\n"], &["x = y\n"], &["nothing in common", "x = y"]),
            (&["a b c\n", "d e f\n"], &["a b c d\n", "e f\n"], &["a b c", "[d] e f", "a b c [d]", "e f"]),
            (&["same\n"], &["same \n"], &["same", "same[ ]"]),
            (&["same\r\n"], &["same\n"], &["same", "same"]),
            (&[], &["new\n"], &["new"]),
            (&["f(a, b)\n"], &["f(a, c)"], &["f(a, [b])", "f(a, [c])"]),
        ];
        for (removed, added, want) in table {
            assert_eq!(shown(removed, added), *want);
        }
    }

    #[test]
    fn what_is_too_much_is_not_compared() {
        let long = "a b ".repeat(MOST);
        assert!(shown(&[&long], &[&format!("{long}c")]).iter().all(|line| !line.contains('[')));
    }
}
