//! What each state means and the commands that deal with it: the one table of both.
//!
//! Commands are printed to be copied, so they say all that they depend on: the collection, where one is taken from;
//! the profile, where it is not the usual one; the project, where it is not the one around the working directory.
//! Where a decision is needed, the command that shows the two sides comes first.

use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::Item;

use super::operation::USUAL_PROFILE;
use super::term::shell_word;

/// An item, and what its commands have to say beside its name.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The item.
    pub item: &'a Item,
    /// Its project, where the working directory does not tell.
    pub project: Option<&'a str>,
    /// What there is to do with a copy that was given conflict markers, as the daemon says.
    pub marked: Option<Vec<String>>,
}

/// The meaning of a state.
pub const fn meaning(state: DriftState) -> &'static str {
    match state {
        DriftState::InSync => "as deployed, and as in the collection",
        DriftState::Modified => "edited here since it was deployed",
        DriftState::Outdated => "the collection has moved on",
        DriftState::Converged => "both sides changed to the same content",
        DriftState::Conflict => "both sides changed, differently",
        DriftState::Deleted => "deployed, but gone from the project",
        DriftState::Removed => "gone from the collection; the copy here is as deployed",
        DriftState::RemovedModified => "gone from the collection, and edited here: the only copy",
        DriftState::Added => "in the collection, not deployed here",
        DriftState::Foreign => "not deployed, but its place is taken by something else",
        DriftState::Untracked => "only here; nobody deployed it",
        DriftState::Unreadable => "cannot be read; the message names the file",
    }
}

impl Subject<'_> {
    /// The commands, the most likely one first.
    pub fn commands(&self) -> Vec<String> {
        let item = self.item;
        if let Some(ways) = &self.marked {
            return ways.clone();
        }
        match item.state {
            DriftState::InSync => vec![],
            DriftState::Modified => vec![self.on("push", "")],
            DriftState::Outdated => vec![self.on("pull", "")],
            DriftState::Converged => vec![self.on("sync", "")],
            DriftState::Conflict => {
                let merge = match item.mergeable {
                    Some(false) => self.on("conflicts show", ""),
                    _ => self.on("pull", " --strategy merge"),
                };
                let ways = [self.on("pull", " --strategy overwrite"), self.on("push", " --strategy overwrite")];
                [self.on("diff", ""), merge].into_iter().chain(ways).collect()
            }
            DriftState::Deleted => vec![self.with_collection("deploy", ""), self.on("undeploy", "")],
            DriftState::Removed => vec![self.on("undeploy", "")],
            DriftState::RemovedModified => vec![self.back(), self.on("undeploy", " --force")],
            DriftState::Added => vec![self.with_collection("deploy", "")],
            DriftState::Foreign => {
                vec![
                    self.with_collection("diff", ""),
                    self.with_collection("adopt", ""),
                    self.with_collection("deploy", " --force"),
                ]
            }
            DriftState::Untracked => vec![self.on("import", "")],
            DriftState::Unreadable => vec![match &item.path {
                Some(path) => format!("ls -ld {}", shell_word(path)),
                None => "skillmeat doctor".to_owned(),
            }],
        }
    }

    /// What brings the only copy back into its collection, if that is known here.
    fn back(&self) -> String {
        let is_known = self.item.collection_id.is_some();
        let import = if is_known { self.with_collection("import", "") } else { self.on("import", "") };
        format!("{} && {import}", self.on("forget", ""))
    }

    fn with_collection(&self, verb: &str, more: &str) -> String {
        let collection = self.item.collection.as_deref().map(|name| format!(" --collection {}", shell_word(name)));
        self.on(verb, &(collection.unwrap_or_default() + more))
    }

    fn on(&self, verb: &str, more: &str) -> String {
        let key = ArtifactKey { kind: self.item.kind, name: self.item.name.clone() }.to_string();
        let option = |flag: &str, value: Option<&str>| {
            value.map(|value| format!(" --{flag} {}", shell_word(value))).unwrap_or_default()
        };
        let profile = option("profile", self.item.profile.as_deref().filter(|profile| *profile != USUAL_PROFILE));
        let project = option("project", self.project);
        format!("skillmeat {verb} {}{more}{profile}{project}", shell_word(&key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Parsed, parse};
    use crate::render::status::samples::item;

    fn subject(item: &Item) -> Subject<'_> {
        Subject { item, project: None, marked: None }
    }

    #[test]
    fn every_state_but_in_sync_has_commands_that_exist() {
        let states = DriftState::ALL.into_iter().map(|state| (state, None));
        for (state, mergeable) in states.chain([(DriftState::Conflict, Some(false))]) {
            let mut item = item(state);
            item.profile = Some("codex".into());
            item.mergeable = mergeable;
            let commands = Subject { project: Some("/w"), ..subject(&item) }.commands();
            assert_eq!(commands.is_empty(), state == DriftState::InSync, "{state}");
            for command in commands {
                for command in command.split(" && ") {
                    let words: Vec<_> = command.split(' ').map(Into::into).collect();
                    match command.split_once(' ').map_or("", |(program, _)| program) {
                        "skillmeat" => assert!(matches!(parse(&words[1..]), Parsed::Run(_)), "{command}"),
                        program => assert_eq!(program, "ls", "{command}"),
                    }
                }
            }
        }
    }

    #[test]
    fn a_command_says_all_that_it_depends_on() {
        let mut conflict = item(DriftState::Conflict);
        assert_eq!(
            subject(&conflict).commands(),
            [
                "skillmeat diff skill:conflict",
                "skillmeat pull skill:conflict --strategy merge",
                "skillmeat pull skill:conflict --strategy overwrite",
                "skillmeat push skill:conflict --strategy overwrite",
            ]
        );
        conflict.mergeable = Some(false);
        assert_eq!(subject(&conflict).commands()[1], "skillmeat conflicts show skill:conflict");
        let mut foreign = item(DriftState::Foreign);
        foreign.name = "odd name".into();
        foreign.profile = Some("codex".into());
        foreign.path = None;
        assert_eq!(
            Subject { project: Some("/w x"), ..subject(&foreign) }.commands(),
            [
                "skillmeat diff 'skill:odd name' --collection default --profile codex --project '/w x'",
                "skillmeat adopt 'skill:odd name' --collection default --profile codex --project '/w x'",
                "skillmeat deploy 'skill:odd name' --collection default --force --profile codex --project '/w x'",
            ]
        );
        let table = [
            (DriftState::Modified, "skillmeat push skill:modified"),
            (DriftState::Outdated, "skillmeat pull skill:outdated"),
            (DriftState::Converged, "skillmeat sync skill:converged"),
            (DriftState::Deleted, "skillmeat deploy skill:deleted --collection default"),
            (DriftState::Removed, "skillmeat undeploy skill:removed"),
            (
                DriftState::RemovedModified,
                "skillmeat forget skill:removed_modified && skillmeat import skill:removed_modified",
            ),
            (DriftState::Added, "skillmeat deploy skill:added --collection default"),
            (DriftState::Untracked, "skillmeat import skill:untracked"),
            (DriftState::Unreadable, "ls -ld /w/.claude/skills/unreadable"),
        ];
        let mut known = item(DriftState::RemovedModified);
        known.collection_id = Some("id".into());
        assert!(subject(&known).commands()[0].ends_with("import skill:removed_modified --collection default"));
        for (state, want) in table {
            assert_eq!(subject(&item(state)).commands()[0], want);
        }
    }
}
