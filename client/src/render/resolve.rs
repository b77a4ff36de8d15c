//! What each state means and the commands that deal with it: the one table of both.
//!
//! Commands are printed to be copied, so they say all that they depend on: the collection, where one is taken from;
//! the profile, where it is not the usual one or there is another; the project, where it is not the one around the working directory.
//! Where a decision is needed, the command that shows the two sides comes first.

use skillmeat_protocol::drift::{DriftState, Recommendation};
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::Item;

use super::term::shell_word;

/// An item, and what its commands have to say beside its name.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The item.
    pub item: &'a Item,
    /// Its project, where the working directory does not tell.
    pub project: Option<&'a str>,
    /// Its profile, where the artifact's name does not tell.
    pub profile: Option<&'a str>,
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
        match item.recommendation {
            Some(Recommendation::ResolveMarkers) => return self.unmarking(),
            Some(Recommendation::ChooseBranch) => {
                let collection = self.collection();
                let branches = format!("skillmeat version branch {}{collection}", shell_word(&self.artifact()));
                return vec![branches, self.with_collection("deploy", " --branch main"), self.on("undeploy", "")];
            }
            _ => {}
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

    /// What ends the markers of a copy. One that is not there, or that the collection does not have, is only given back.
    fn unmarking(&self) -> Vec<String> {
        let is_here_and_there =
            !matches!(self.item.state, DriftState::Deleted | DriftState::Removed | DriftState::RemovedModified);
        let continued = is_here_and_there.then(|| self.on("resolve", " --continue"));
        continued.into_iter().chain([self.on("resolve", " --abort")]).collect()
    }

    /// What brings the only copy back into its collection, if that is known here.
    fn back(&self) -> String {
        let is_known = self.item.collection_id.is_some();
        let import = if is_known { self.with_collection("import", "") } else { self.on("import", "") };
        format!("{} && {import}", self.on("forget", ""))
    }

    fn with_collection(&self, verb: &str, more: &str) -> String {
        self.on(verb, &(self.collection() + more))
    }

    fn collection(&self) -> String {
        let name = self.item.collection.as_deref();
        name.map(|name| format!(" --collection {}", shell_word(name))).unwrap_or_default()
    }

    fn on(&self, verb: &str, more: &str) -> String {
        let option = |flag: &str, value: Option<&str>| {
            value.map(|value| format!(" --{flag} {}", shell_word(value))).unwrap_or_default()
        };
        let profile = option("profile", self.profile);
        let project = option("project", self.project);
        format!("skillmeat {verb} {}{more}{profile}{project}", shell_word(&self.artifact()))
    }

    fn artifact(&self) -> String {
        ArtifactKey { kind: self.item.kind, name: self.item.name.clone() }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Parsed, parse};
    use crate::render::status::samples::item;

    fn subject(item: &Item) -> Subject<'_> {
        Subject { item, project: None, profile: None }
    }

    #[test]
    fn every_state_but_in_sync_has_commands_that_exist() {
        let states = DriftState::ALL.into_iter().map(|state| (state, None, None));
        let marked = DriftState::ALL.into_iter().map(|state| (state, None, Some(Recommendation::ResolveMarkers)));
        let others = [
            (DriftState::Conflict, Some(false), None),
            (DriftState::Unreadable, None, Some(Recommendation::ChooseBranch)),
        ];
        for (state, mergeable, recommendation) in states.chain(marked).chain(others) {
            let mut item = item(state);
            (item.mergeable, item.recommendation) = (mergeable, recommendation);
            let commands = Subject { project: Some("/w"), profile: Some("codex"), ..subject(&item) }.commands();
            let is_fine = state == DriftState::InSync && recommendation.is_none();
            assert_eq!(commands.is_empty(), is_fine, "{state}");
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
        foreign.path = None;
        assert_eq!(
            Subject { project: Some("/w x"), profile: Some("codex"), ..subject(&foreign) }.commands(),
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
        let (both, back) = (["resolve --continue", "resolve --abort"], ["resolve --abort"]);
        let lost = ["version branch --collection default", "deploy --collection default --branch main", "undeploy"];
        let table = [
            (Recommendation::ResolveMarkers, DriftState::Conflict, &both[..]),
            (Recommendation::ResolveMarkers, DriftState::Modified, &both),
            (Recommendation::ResolveMarkers, DriftState::Deleted, &back),
            (Recommendation::ResolveMarkers, DriftState::RemovedModified, &back),
            (Recommendation::ChooseBranch, DriftState::Unreadable, &lost),
        ];
        for (recommendation, state, want) in table {
            let item = Item { recommendation: Some(recommendation), ..item(state) };
            let commands = subject(&item).commands();
            let name = format!(" skill:{state}");
            let plain: Vec<_> =
                commands.iter().map(|command| command.replace(&name, "").replacen("skillmeat ", "", 1)).collect();
            assert_eq!(plain, want, "{commands:?}");
        }
    }
}
