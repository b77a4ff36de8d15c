//! Texts and what two sides make of them: the kinds that artifacts are made of, and the kinds that are hard to merge.

use std::fmt;

use crate::model::rng::Rng;

/// Three texts.
#[derive(Clone, Debug)]
pub struct Triple {
    /// What they are like.
    pub kind: Kind,
    /// Where both come from.
    pub base: Vec<u8>,
    /// Our side.
    pub ours: Vec<u8>,
    /// Their side.
    pub theirs: Vec<u8>,
}

/// What a text is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Paragraphs of lines that are hardly ever the same.
    Prose,
    /// Few different lines, so that there are many ways to see what changed.
    Alphabet,
    /// Code: braces, indentation, empty lines, and lines that come back.
    Code,
    /// A skill: frontmatter, headings, lists.
    Skill,
    /// Hundreds of lines with so many changes that the search for them is cut short.
    Long,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prose => "prose",
            Self::Alphabet => "alphabet",
            Self::Code => "code",
            Self::Skill => "skill",
            Self::Long => "long",
        })
    }
}

/// One triple; the same for the same numbers.
pub fn triple(seed: u64, number: u64) -> Triple {
    let mut rng = Rng::new(seed).fork(number);
    let kind = match rng.below(200) {
        0 => Kind::Long,
        1..=60 => Kind::Prose,
        61..=120 => Kind::Alphabet,
        121..=160 => Kind::Code,
        _ => Kind::Skill,
    };
    let mut source = Source { kind, rng, letters: 0 };
    source.letters = 1 + source.rng.below(6);
    let length = match kind {
        Kind::Long => 200 + source.rng.below(900),
        Kind::Alphabet => source.rng.below(30),
        _ => source.rng.below(60),
    };
    let base: Vec<String> = (0..length).map(|at| source.line(at)).collect();
    // What both do, before each does what only it does.
    let mut common = base.clone();
    if source.rng.once_in(4) {
        source.edit(&mut common);
    }
    let (mut ours, mut theirs) = (common.clone(), common);
    source.edit(&mut ours);
    source.edit(&mut theirs);
    let ends = source.ends();
    let [base, ours, theirs] = [base, ours, theirs].map(|lines| source.text(&lines, ends));
    Triple { kind, base, ours, theirs }
}

/// Where lines come from.
struct Source {
    kind: Kind,
    rng: Rng,
    letters: u64,
}

/// How the lines of the three texts end.
#[derive(Clone, Copy)]
struct Ends {
    crlf: bool,
    mixed: bool,
}

impl Source {
    fn line(&mut self, at: u64) -> String {
        const WORDS: [&str; 12] =
            ["skill", "reads", "a", "file", "and", "writes", "the", "report", "when", "asked", "carefully", "twice"];
        const CODE: [&str; 10] =
            ["", "{", "}", "    }", "    return x", "    if a {", "        b();", "fn f() {", "    // why", "use a;"];
        const SKILL: [&str; 12] = [
            "---",
            "name: pdf",
            "version: 1",
            "tags:",
            "  - a",
            "",
            "## Steps",
            "- open",
            "- read",
            "- write",
            "```",
            "text",
        ];
        match self.kind {
            Kind::Alphabet => char::from(b'a' + self.rng.below(self.letters) as u8).to_string(),
            Kind::Code if self.rng.below(3) > 0 => self.rng.pick(&CODE).to_owned(),
            Kind::Skill if self.rng.below(2) > 0 => self.rng.pick(&SKILL).to_owned(),
            Kind::Long if self.rng.once_in(3) => self.rng.pick(&CODE).to_owned(),
            _ if self.rng.once_in(6) => String::new(),
            _ => {
                let words: Vec<&str> = (0..1 + self.rng.below(5)).map(|_| self.rng.pick(&WORDS)).collect();
                format!("{} {}", words.join(" "), if self.rng.once_in(2) { at } else { 0 })
            }
        }
    }

    fn edit(&mut self, lines: &mut Vec<String>) {
        let edits = if self.kind == Kind::Long { self.rng.below(400) } else { self.rng.below(7) };
        for _ in 0..edits {
            let length = lines.len() as u64;
            let at = self.rng.below(length + 1) as usize;
            let end = (at + self.rng.below(4) as usize).min(lines.len());
            match self.rng.below(9) {
                0..=2 => {
                    let count = end - at;
                    let new: Vec<String> = (0..count).map(|n| self.line(n as u64)).collect();
                    lines.splice(at..end, new);
                }
                3 | 4 => {
                    let new: Vec<String> = (0..1 + self.rng.below(4)).map(|n| self.line(n)).collect();
                    lines.splice(at..at, new);
                }
                5 | 6 => drop(lines.drain(at..end)),
                7 => {
                    let moved: Vec<String> = lines.drain(at..end).collect();
                    let to = self.rng.below(lines.len() as u64 + 1) as usize;
                    lines.splice(to..to, moved);
                }
                _ => {
                    let copied = lines[at..end].to_vec();
                    let to = self.rng.below(length + 1) as usize;
                    lines.splice(to..to, copied);
                }
            }
        }
    }

    fn ends(&mut self) -> Ends {
        Ends { crlf: self.rng.once_in(8), mixed: self.rng.once_in(16) }
    }

    fn text(&mut self, lines: &[String], ends: Ends) -> Vec<u8> {
        // One side that changed how its lines end, or whose last line does not end.
        let crlf = if ends.mixed { self.rng.once_in(2) } else { ends.crlf };
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = lines.iter().fold(String::new(), |text, line| text + line + end);
        if self.rng.once_in(10) {
            text.truncate(text.trim_end_matches(end).len());
        }
        text.into_bytes()
    }
}
