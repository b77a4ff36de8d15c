//! The commands that a refusal or a list prints to lead on, as somebody pastes them: into any directory, with any name.
//!
//! The project is always said, since nobody knows where they are pasted, and the profile where another one could be meant. What
//! is no plain word is quoted; bytes that are no text are written as a shell reads them.

use crate::engine::snapshot::{ItemView, Snapshot};
use crate::library::profile;
use skillmeat_protocol::ids::ArtifactKey;
use std::path::Path;

pub use super::plan::word;

/// A copy of an artifact, as commands name it.
#[derive(Clone, Debug)]
pub struct Subject {
    artifact: String,
    project: String,
    profile: Option<String>,
    /// The collection that it came from.
    collection: Option<String>,
}

impl Subject {
    /// The copy of `key` in the project at this path, under this profile.
    pub fn new(snapshot: &Snapshot, project: &Path, key: &ArtifactKey, profile: &str) -> Self {
        let view = project.to_str().and_then(|path| snapshot.projects.get(path));
        let same = || view.map_or(0, |view| view.items().filter(|item| item.key == *key).count());
        let is_said = *profile != *profile::BUILTIN[0].id || same() > 1;
        Self {
            artifact: key.to_string(),
            project: project.to_string_lossy().into_owned(),
            profile: is_said.then(|| profile.to_owned()),
            collection: None,
        }
    }

    /// The copy that an item is of.
    pub fn of(snapshot: &Snapshot, project: &Path, item: &ItemView) -> Self {
        let known = item.collection.as_ref().filter(|collection| collection.id.is_some());
        let collection = known.map(|collection| collection.name.to_string());
        Self { collection, ..Self::new(snapshot, project, &item.key, &item.profile) }
    }

    /// Its name.
    pub fn artifact(&self) -> &str {
        &self.artifact
    }

    /// A command about it.
    pub fn on(&self, verb: &str, options: &str) -> String {
        let gap = if options.is_empty() { "" } else { " " };
        let (artifact, project, profile) = (word(&self.artifact), word(&self.project), self.profile());
        format!("skillmeat {verb} {artifact} --project {project}{profile}{gap}{options}")
    }

    /// A command about it that has to say which collection is meant.
    pub fn with_collection(&self, verb: &str, options: &str) -> String {
        let named = self.collection.as_ref().map(|name| format!("--collection {} {options}", word(name)));
        self.on(verb, named.as_deref().unwrap_or(options).trim_end())
    }

    /// What there is to do with a copy that the collection does not have any more, and that was edited.
    pub fn only_copy(&self, snapshot: &Snapshot, item: &ItemView) -> [String; 2] {
        let id = item.collection.as_ref().and_then(|collection| collection.id.as_deref());
        let collection = id.and_then(|id| snapshot.collection(id));
        let taken = collection.filter(|collection| collection.artifact(&item.key).is_some());
        let back = match taken {
            // What is wrong there comes first, since nothing can take its name.
            Some(collection) => {
                let verify = format!("skillmeat collection verify {} --fix", word(&collection.name));
                (verify, "what is left of it there")
            }
            None => {
                let import = self.with_collection("import", "");
                (format!("{} && {import}", self.on("forget", "")), "back into the collection")
            }
        };
        told([(self.on("undeploy", "--force"), "the edits are kept in the history"), back])
    }

    /// The command that brings it to the collection and says what that means for others.
    pub fn promoted(&self) -> String {
        format!("skillmeat promote {} {}{}", word(&self.project), word(&self.artifact), self.profile())
    }

    /// What its project is.
    pub fn status(&self) -> String {
        format!("skillmeat status --project {}", word(&self.project))
    }

    /// `resolve` about one of its files.
    pub fn resolve(&self, file: &[u8], options: &str) -> String {
        self.on("resolve", &format!("{} {options}", path(file)))
    }

    fn profile(&self) -> String {
        self.profile.as_ref().map(|profile| format!(" --profile {}", word(profile))).unwrap_or_default()
    }
}

/// Commands with what they lead to beside them.
pub fn told<const N: usize>(ways: [(String, &str); N]) -> [String; N] {
    let width = ways.iter().map(|(way, _)| way.chars().count()).max().unwrap_or_default();
    ways.map(|(way, leads_to)| format!("{way:width$}   # {leads_to}"))
}

/// The name of a file below an artifact as one word: never taken for an option, and whatever bytes it is of.
fn path(name: &[u8]) -> String {
    let is_option = name.first() == Some(&b'-');
    let prefix = if is_option { "./" } else { "" };
    match std::str::from_utf8(name) {
        Ok(text) => word(&format!("{prefix}{text}")),
        Err(_) => {
            let escaped = |byte: &u8| match byte {
                b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
                byte if byte.is_ascii_graphic() || *byte == b' ' => char::from(*byte).to_string(),
                byte => format!("\\{byte:03o}"),
            };
            format!("$'{prefix}{}'", name.iter().map(escaped).collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skillmeat_protocol::ids::ArtifactType;

    #[test]
    fn a_command_is_the_same_in_every_shell_and_directory() {
        let key = |name: &str| ArtifactKey { kind: ArtifactType::Skill, name: name.to_owned() };
        let on = |name: &str, project: &str, profile: &str| {
            Subject::new(&Snapshot::empty(0), Path::new(project), &key(name), profile)
        };
        for (subject, want) in [
            (on("a", "/w", "claude_code"), "skillmeat pull skill:a --project /w --strategy fork"),
            (on("a", "/w", "codex"), "skillmeat pull skill:a --project /w --profile codex --strategy fork"),
            (on("it's", "/w x", "claude_code"), "skillmeat pull 'skill:it'\\''s' --project '/w x' --strategy fork"),
        ] {
            assert_eq!(subject.on("pull", "--strategy fork"), want);
        }
        let subject = on("a", "/w", "codex");
        assert_eq!(subject.promoted(), "skillmeat promote /w skill:a --profile codex");
        for (file, want) in [
            (&b"a.md"[..], "a.md"),
            (b"a b.md", "'a b.md'"),
            (b"-x.md", "./-x.md"),
            (b"\xff'\\ x\n", "$'\\377\\'\\\\ x\\012'"),
            (b"-\xff", "$'./-\\377'"),
        ] {
            let want = format!("skillmeat resolve skill:a --project /w --profile codex {want} --ours");
            assert_eq!(subject.resolve(file, "--ours"), want);
        }
    }

    #[test]
    fn what_commands_lead_to_stands_in_one_column() {
        let ways = told([("one".to_owned(), "first"), ("longer".to_owned(), "second")]);
        assert_eq!(ways, ["one      # first", "longer   # second"]);
    }
}
