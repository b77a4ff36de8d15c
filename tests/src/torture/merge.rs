//! Random three-way merges of texts, beside `git merge-file`.
//!
//! Wherever git merges cleanly, the bytes must be the same, and what is a conflict for one must be one for the other. Where
//! both see conflicts, the text with markers must be the same too, in each style, and that with the lines of both. What differs is counted and the first of
//! it shown. Beside that every merge must be symmetric in its sides and give the other side where one did not change.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use skillmeat_merge::three_way::{Labels, Style, TextMerge};

use super::Tally;
use texts::Triple;

pub mod texts;

/// How many triples, and which.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many.
    pub times: u64,
    /// Which.
    pub seed: u64,
}

/// Differences that are shown.
const SHOWN: usize = 5;

/// Compares.
///
/// # Errors
/// What differs, with the texts; git cannot be run.
pub fn run(options: Options) -> Result<Tally, String> {
    let git = Git::new()?;
    let mut tally = Tally::default();
    let mut different = Vec::new();
    for number in 0..options.times {
        let triple = texts::triple(options.seed, number);
        tally.count(format!("of kind {}", triple.kind));
        if let Err(what) = lawful(&triple) {
            return Err(format!("triple {number}: {what}\n{triple:?}"));
        }
        let style = [Style::Merge, Style::Merge, Style::Diff3, Style::ZealousDiff3][(number % 4) as usize];
        let theirs = git.merge(&triple, style)?;
        match compare(&triple, style, &theirs) {
            Compared::Identical(what) => {
                tally.count(what);
                if !theirs.clean && git.union(&triple)? != merge_of(&triple).union() {
                    return Err(format!("triple {number}: both sides' lines are others than git's\n{triple:?}"));
                }
            }
            Compared::Explained(why) => tally.count(format!("explained: {why}")),
            Compared::Different(what) => {
                tally.count(format!("different: {what}"));
                if different.len() < SHOWN {
                    different.push(format!("triple {number}, {style:?}: {what}\n{}", shown(&triple, style, &theirs)));
                }
            }
        }
    }
    if different.is_empty() { Ok(tally) } else { Err(format!("{tally}\n{}", different.join("\n"))) }
}

/// Texts above this are not recorded.
const SHORT: usize = 500;

/// Short triples as the fixture holds them: the texts, and what git says of them; where that is a conflict, in each style.
///
/// # Errors
/// Git cannot be run.
pub fn record(options: Options) -> Result<String, String> {
    let git = Git::new()?;
    let short = |triple: &Triple| [&triple.base, &triple.ours, &triple.theirs].iter().all(|text| text.len() < SHORT);
    let triples = (0..).map(|number| texts::triple(options.seed, number)).filter(short);
    let mut rows = Vec::new();
    for triple in triples.take(options.times as usize) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut row = json!({"base": text(&triple.base), "ours": text(&triple.ours), "theirs": text(&triple.theirs)});
        for (name, style) in [("clean", Style::Merge), ("diff3", Style::Diff3), ("zdiff3", Style::ZealousDiff3)] {
            let answer = git.merge(&triple, style)?;
            if answer.clean {
                row[name] = text(&answer.text).into();
                break;
            }
            // In these, git shows more conflicts than there are: see `agreed`.
            if style == Style::Merge || agreed(&answer.text) == answer.text {
                row[if style == Style::Merge { "merge" } else { name }] = text(&answer.text).into();
            }
        }
        rows.push(row.to_string());
    }
    Ok(format!("[\n{}\n]\n", rows.join(",\n")))
}

/// What git says of a triple.
struct Answer {
    clean: bool,
    text: Vec<u8>,
}

enum Compared {
    Identical(&'static str),
    Explained(&'static str),
    Different(&'static str),
}

fn merge_of(triple: &Triple) -> TextMerge<'_> {
    TextMerge::new(&triple.base, &triple.ours, &triple.theirs)
}

fn compare(triple: &Triple, style: Style, git: &Answer) -> Compared {
    let merge = merge_of(triple);
    let text = merge.marked(style, &Labels::default());
    match (merge.is_clean(), git.clean) {
        (true, true) if merge.merged().as_ref() == Some(&git.text) => Compared::Identical("identical: clean"),
        (true, true) => Compared::Different("clean, to other bytes"),
        (false, false) if text == git.text => Compared::Identical("identical: conflicts, to the byte"),
        _ if style != Style::Merge && agreed(&git.text) == text => {
            Compared::Explained("showing the base, git does not look whether both sides of a conflict are the same")
        }
        (false, false) => Compared::Different("conflicts, shown otherwise"),
        (true, false) => Compared::Different("clean here, a conflict for git"),
        (false, true) => Compared::Different("a conflict here, clean for git"),
    }
}

/// A text with markers without the conflicts whose two sides are the same.
fn agreed(text: &[u8]) -> Vec<u8> {
    let labels = Labels::default();
    let [begin, base, middle, end] = [
        format!("<<<<<<< {}", labels.ours),
        format!("||||||| {}", labels.base),
        "=======".to_owned(),
        format!(">>>>>>> {}", labels.theirs),
    ];
    let is = |line: &[u8], marker: &str| line.trim_ascii_end() == marker.as_bytes();
    let (mut kept, mut conflict): (Vec<&[u8]>, Vec<&[u8]>) = (Vec::new(), Vec::new());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if conflict.is_empty() && !is(line, &begin) {
            kept.push(line);
            continue;
        }
        conflict.push(line);
        if is(line, &end) {
            let at = |marker: &str| conflict.iter().position(|line| is(line, marker)).unwrap_or(conflict.len() - 1);
            let ours = conflict[1..at(&base)].to_vec();
            let theirs = &conflict[at(&middle) + 1..conflict.len() - 1];
            if ours == theirs {
                kept.extend(ours)
            } else {
                kept.append(&mut conflict)
            }
            conflict.clear();
        }
    }
    kept.extend(conflict);
    kept.concat()
}

/// What holds of every merge, whatever git says.
fn lawful(triple: &Triple) -> Result<(), &'static str> {
    let Triple { base, ours, theirs, .. } = triple;
    let (one, other) = (TextMerge::new(base, ours, theirs), TextMerge::new(base, theirs, ours));
    let merged = one.merged();
    if one.is_clean() != other.is_clean() || merged != other.merged() {
        return Err("not symmetric");
    }
    if TextMerge::new(base, base, theirs).merged().as_ref() != Some(theirs)
        || TextMerge::new(base, ours, base).merged().as_ref() != Some(ours)
        || TextMerge::new(base, ours, ours).merged().as_ref() != Some(ours)
    {
        return Err("a side that did not change changed something");
    }
    match merged {
        Some(merged) if TextMerge::new(base, &merged, &merged).merged().as_ref() != Some(&merged) => {
            Err("not idempotent")
        }
        _ => Ok(()),
    }
}

/// `git merge-file` on three files in a directory of its own.
struct Git {
    directory: tempfile::TempDir,
}

impl Git {
    fn new() -> Result<Self, String> {
        let directory = tempfile::tempdir().map_err(|error| format!("cannot make a directory: {error}"))?;
        Ok(Self { directory })
    }

    fn merge(&self, triple: &Triple, style: Style) -> Result<Answer, String> {
        let [ours, base, theirs] = self.files(triple)?;
        let style = match style {
            Style::Merge => None,
            Style::Diff3 => Some("--diff3"),
            Style::ZealousDiff3 => Some("--zdiff3"),
        };
        merge_file(&ours, &base, &theirs, style)
    }

    /// With the lines of both where they are in conflict.
    fn union(&self, triple: &Triple) -> Result<Vec<u8>, String> {
        let [ours, base, theirs] = self.files(triple)?;
        merge_file(&ours, &base, &theirs, Some("--union")).map(|answer| answer.text)
    }

    fn files(&self, triple: &Triple) -> Result<[PathBuf; 3], String> {
        let file = |name: &str, bytes: &[u8]| {
            let path = self.directory.path().join(name);
            fs::write(&path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
            Ok::<_, String>(path)
        };
        let base = file("base", &triple.base)?;
        let ours = file("ours", &triple.ours)?;
        let theirs = file("theirs", &triple.theirs)?;
        Ok([ours, base, theirs])
    }
}

fn merge_file(ours: &Path, base: &Path, theirs: &Path, option: Option<&str>) -> Result<Answer, String> {
    let labels = Labels::default();
    let mut command = Command::new("git");
    command.args(["merge-file", "-p", "-q", "-L", labels.ours, "-L", labels.base, "-L", labels.theirs]);
    command
        .args(option)
        .args([ours, base, theirs])
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = command.output().map_err(|error| format!("cannot run git: {error}"))?;
    match output.status.code() {
        Some(0) => Ok(Answer { clean: true, text: output.stdout }),
        Some(1..=127) => Ok(Answer { clean: false, text: output.stdout }),
        _ => Err(format!("git merge-file: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

fn shown(triple: &Triple, style: Style, git: &Answer) -> String {
    let merge = TextMerge::new(&triple.base, &triple.ours, &triple.theirs);
    let text = |bytes: &[u8]| Value::from(String::from_utf8_lossy(bytes)).to_string();
    format!(
        "{}\nhere {}\ngit  {}",
        json!({"base": text(&triple.base), "ours": text(&triple.ours), "theirs": text(&triple.theirs)}),
        text(&merge.marked(style, &Labels::default())),
        text(&git.text)
    )
}
