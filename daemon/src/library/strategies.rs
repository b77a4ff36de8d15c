//! `[strategy]` of `config.toml`: what is done where both sides changed an artifact, when the request does not say.
//!
//! ```toml
//! [strategy]
//! default = "merge"
//!
//! [strategy.artifacts]            # the first that fits, in this order
//! "skill:team-*" = "theirs"
//! command = "prompt"              # every artifact of a type
//!
//! [strategy.files]                # of what is in conflict within a merge
//! "**/*.lock" = "theirs"
//! "notes/*.md" = "ours"
//! ```
//!
//! Ours is the project's side, theirs the collection's, whichever way something goes. In patterns `*` and `?` stand for anything but
//! `/`, and `**/` for any directories.

use super::problems::Problems;
use super::section::Section;
use glob::{MatchOptions, Pattern};
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use skillmeat_protocol::reply::Problem;
use skillmeat_protocol::request::Strategy;
use std::path::Path;

/// What is done where both sides changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strategies {
    /// Where no rule fits.
    default: Option<Strategy>,
    /// By artifact, the first first.
    artifacts: Vec<(Artifacts, Strategy)>,
    /// By path within an artifact, the first first.
    files: Vec<(Pattern, Resolution)>,
}

/// The artifacts of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Artifacts {
    /// Of this type; of every type otherwise.
    kind: Option<ArtifactType>,
    /// With such a name; with every name otherwise.
    name: Option<Pattern>,
}

/// What becomes of a file that is in conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The project's file, or its absence.
    Ours,
    /// The collection's file, or its absence.
    Theirs,
    /// It stays a conflict.
    Leave,
}

/// The words for files, in the order in which they are told.
const FILES: [(&str, Resolution); 3] =
    [("ours", Resolution::Ours), ("theirs", Resolution::Theirs), ("merge", Resolution::Leave)];

/// Names are words; in paths a slash is more than a letter.
const PATHS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

impl Strategies {
    /// What is done with this artifact.
    pub fn of(&self, key: &ArtifactKey) -> Option<Strategy> {
        let fits = |rule: &Artifacts| {
            rule.kind.is_none_or(|kind| kind == key.kind)
                && rule.name.as_ref().is_none_or(|name| name.matches_with(&key.name, PATHS))
        };
        let rule = self.artifacts.iter().find(|(rule, _)| fits(rule));
        rule.map(|(_, strategy)| *strategy).or(self.default)
    }

    /// What becomes of a conflict in the file at this path within an artifact.
    pub fn of_file(&self, path: &Path) -> Resolution {
        let rule = self.files.iter().find(|(pattern, _)| pattern.matches_path_with(path, PATHS));
        rule.map_or(Resolution::Leave, |(_, resolution)| *resolution)
    }
}

/// Reads the section; a rule that cannot be used is a problem, and the others hold.
pub(super) fn read(section: &Section<'_>, problems: &mut Problems) -> Strategies {
    let mut strategies = Strategies::default();
    let names = Strategy::CONFIGURABLE.map(Strategy::as_str);
    let words: Vec<(&str, Strategy)> = names.into_iter().zip(Strategy::CONFIGURABLE).collect();
    strategies.default = word(section, "default", &words, problems);
    if let Some(artifacts) = section.section("artifacts", problems) {
        for key in artifacts.keys() {
            let rule = match rule(key) {
                Ok(rule) => rule,
                Err(why) => {
                    let hint = Some("write TYPE, TYPE:NAME or *:NAME, with * and ? in NAME".to_owned());
                    problems.push(Problem { hint, ..artifacts.problem(key, why) });
                    continue;
                }
            };
            strategies.artifacts.extend(word(&artifacts, key, &words, problems).map(|strategy| (rule, strategy)));
        }
    }
    if let Some(files) = section.section("files", problems) {
        for key in files.keys() {
            match Pattern::new(key) {
                Ok(pattern) => {
                    let resolution = word(&files, key, &FILES, problems);
                    strategies.files.extend(resolution.map(|resolution| (pattern, resolution)));
                }
                Err(error) => problems.push(files.problem(key, format!("is no pattern: {error}"))),
            }
        }
    }
    for key in section.keys().into_iter().filter(|key| !["default", "artifacts", "files"].contains(key)) {
        problems.push(section.problem(key, "is not one of default, artifacts, files"));
    }
    strategies
}

fn rule(key: &str) -> Result<Artifacts, String> {
    let (kind, name) = key.split_once(':').map_or((key, None), |(kind, name)| (kind, Some(name)));
    let kind = match kind {
        "*" => None,
        kind => Some(kind.parse::<ArtifactType>().map_err(|error| error.to_string())?),
    };
    let name = name.map(|name| Pattern::new(name).map_err(|error| format!("is no pattern: {error}"))).transpose()?;
    Ok(Artifacts { kind, name })
}

/// One of these words at `key`.
fn word<T: Copy>(section: &Section<'_>, key: &str, words: &[(&str, T)], problems: &mut Problems) -> Option<T> {
    let text = section.text(key, problems)?;
    let found = words.iter().find(|(word, _)| *word == text);
    if found.is_none() {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let message = format!("must be one of {}, is '{}'", known.join(", "), text.escape_debug());
        problems.push(section.problem(key, message));
    }
    found.map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::config::parse;

    fn read(text: &str) -> (Strategies, Vec<Problem>) {
        let (config, problems) = parse(text.as_bytes(), Path::new("/h/config.toml"), Path::new("/me"));
        (config.strategies, problems)
    }

    #[test]
    fn the_first_rule_that_fits_wins() {
        let text = "[strategy]\ndefault = \"merge\"\n[strategy.artifacts]\n\"skill:team-*\" = \"theirs\"\n\
                    \"skill:team-x\" = \"ours\"\n\"*:draft?\" = \"skip\"\nCommands = \"prompt\"\nskill = \"fork\"\n";
        let (strategies, problems) = read(text);
        assert_eq!(problems, []);
        for (key, want) in [
            ("skill:team-x", Strategy::Theirs),
            ("skill:draft1", Strategy::Skip),
            ("command:draft2", Strategy::Skip),
            ("skill:draft", Strategy::Fork),
            ("command:review", Strategy::Prompt),
            ("agent:team-x", Strategy::Merge),
        ] {
            assert_eq!(strategies.of(&key.parse().expect("a key")), Some(want), "{key}");
        }
        assert_eq!(read("").0.of(&"skill:a".parse().expect("a key")), None);
    }

    #[test]
    fn files_are_matched_by_their_path_within_the_artifact() {
        let text =
            "[strategy.files]\n\"keep/*.lock\" = \"merge\"\n\"**/*.lock\" = \"theirs\"\n\"notes/**\" = \"ours\"\n";
        let (strategies, problems) = read(text);
        assert_eq!(problems, []);
        for (path, want) in [
            ("a.lock", Resolution::Theirs),
            ("x/y/a.lock", Resolution::Theirs),
            ("keep/a.lock", Resolution::Leave),
            ("keep/x/a.lock", Resolution::Theirs),
            ("notes/a/b.md", Resolution::Ours),
            ("notes.md", Resolution::Leave),
            ("a.lock/b", Resolution::Leave),
        ] {
            assert_eq!(strategies.of_file(Path::new(path)), want, "{path}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_told_with_its_line_and_the_rest_holds() {
        let all = "overwrite, merge, fork, skip, ours, theirs, prompt";
        for (text, key, line, message) in [
            ("default = \"best\"", "strategy.default", 2, format!("must be one of {all}, is 'best'")),
            ("default = 3", "strategy.default", 2, "must be a string, is an integer".to_owned()),
            ("defualt = \"ours\"", "strategy.defualt", 2, "is not one of default, artifacts, files".to_owned()),
            ("artifacts.spell = \"ours\"", "strategy.artifacts.spell", 2, String::new()),
            ("artifacts.\"skill:[\" = \"ours\"", "strategy.artifacts.\"skill:[\"", 2, String::new()),
            ("artifacts.agent = \"mine\"", "strategy.artifacts.agent", 2, format!("must be one of {all}, is 'mine'")),
            ("artifacts = \"ours\"", "strategy.artifacts", 2, String::new()),
            ("files.\"a***b\" = \"ours\"", "strategy.files.\"a***b\"", 2, String::new()),
            (
                "files.\"*.md\" = \"fork\"",
                "strategy.files.\"*.md\"",
                2,
                "must be one of ours, theirs, merge, is 'fork'".to_owned(),
            ),
        ] {
            let other = if text.starts_with("artifacts = ") { "" } else { "artifacts.skill = \"ours\"\n" };
            let (strategies, problems) = read(&format!("[strategy]\n{text}\n{other}"));
            let [problem] = problems.as_slice() else { panic!("{text}: {problems:?}") };
            assert_eq!((problem.key.as_deref(), problem.line), (Some(key), Some(line)), "{text}");
            assert!(message.is_empty() || problem.message == message, "{text}: {}", problem.message);
            let want = (!other.is_empty()).then_some(Strategy::Ours);
            assert_eq!(strategies.of(&"skill:a".parse().expect("a key")), want, "{text}");
        }
    }
}
