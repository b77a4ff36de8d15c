//! Many changes in one message: the latest state of each artifact, and a summary.

use super::changes;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::event::DriftEvent;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Artifacts named in one message.
const LINES: usize = 5;

/// What to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// One line.
    pub(super) summary: String,
    /// A few lines.
    pub(super) body: String,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    project: Arc<str>,
    key: ArtifactKey,
    profile: Option<String>,
}

/// Drift that is not shown yet. At most as large as what is known of all projects.
#[derive(Default)]
pub(super) struct Fold {
    drifted: BTreeMap<Place, (Arc<str>, DriftState)>,
}

impl Fold {
    /// Takes in what changed. What is no drift, or none any more, is not worth a message.
    pub(super) fn add(&mut self, event: &DriftEvent) {
        let project: Arc<str> = event.project.as_str().into();
        let name: Arc<str> = event.project_name.as_str().into();
        for change in changes(event) {
            let item = &change.item;
            let key = ArtifactKey::new(item.kind, &item.name);
            let place = Place { project: Arc::clone(&project), key, profile: item.profile.clone() };
            if item.state.is_drift() {
                self.drifted.insert(place, (Arc::clone(&name), item.state));
            } else {
                self.drifted.remove(&place);
            }
        }
        for gone in &event.gone {
            let (key, profile) = (gone.key.clone(), gone.profile.clone());
            self.drifted.remove(&Place { project: Arc::clone(&project), key, profile });
        }
    }

    /// The message about everything since the last one; none when there is nothing to say.
    pub(super) fn take(&mut self) -> Option<Message> {
        let drifted = std::mem::take(&mut self.drifted);
        let (_, (first, _)) = drifted.first_key_value()?;
        let count = drifted.len();
        let artifacts = if count == 1 { "artifact" } else { "artifacts" };
        let projects = drifted.keys().map(|place| &place.project).collect::<BTreeSet<_>>().len();
        let summary = match projects {
            1 => format!("{count} {artifacts} drifted in {first}"),
            _ => format!("{count} {artifacts} drifted in {projects} projects"),
        };
        let line = |(place, (name, state)): (&Place, &(Arc<str>, DriftState))| match projects {
            1 => format!("{} {state}", place.key),
            _ => format!("{name}: {} {state}", place.key),
        };
        let mut lines: Vec<_> = drifted.iter().take(LINES).map(line).collect();
        if count > LINES {
            lines.push(format!("and {} more", count - LINES));
        }
        Some(Message { summary, body: lines.join("\n") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifications::testing::{change, event, introduced};
    use DriftState::{Conflict, InSync, Modified, Outdated};
    use skillmeat_protocol::event::GoneItem;

    fn message(events: &[DriftEvent]) -> Option<(String, String)> {
        let mut fold = Fold::default();
        events.iter().for_each(|event| fold.add(event));
        let message = fold.take();
        assert_eq!(fold.take(), None, "taken once");
        message.map(|m| (m.summary, m.body))
    }

    #[test]
    fn one_project_by_name_several_by_number() {
        let one = [event("/w/app", vec![change("pdf", InSync, Modified)])];
        assert_eq!(message(&one), Some(("1 artifact drifted in app".into(), "skill:pdf modified".into())));
        let two = [
            event("/w/b", vec![change("x", InSync, Outdated)]),
            event("/w/app", vec![change("pdf", InSync, Modified), change("a", Outdated, Conflict)]),
        ];
        let body = "app: skill:a conflict\napp: skill:pdf modified\nb: skill:x outdated";
        assert_eq!(message(&two), Some(("3 artifacts drifted in 2 projects".into(), body.into())));
    }

    #[test]
    fn the_latest_state_counts() {
        let events = [
            event("/w/app", vec![change("a", InSync, Modified), change("b", InSync, Modified)]),
            event("/w/app", vec![change("a", Modified, Conflict), change("b", Modified, InSync)]),
        ];
        assert_eq!(message(&events), Some(("1 artifact drifted in app".into(), "skill:a conflict".into())));
        let mut gone = event("/w/app", vec![]);
        gone.gone.push(GoneItem {
            key: "skill:a".parse().expect("a key"),
            profile: events[0].items[0].item.profile.clone(),
        });
        assert_eq!(message(&[events[0].clone(), events[1].clone(), gone]), None);
    }

    #[test]
    fn what_is_no_change_or_no_drift_is_not_told() {
        assert_eq!(message(&[]), None);
        let introduced = event("/w/app", vec![introduced("a", Modified), introduced("b", Conflict)]);
        assert_eq!(message(&[introduced]), None);
        let same = event("/w/app", vec![change("a", Modified, Modified)]);
        assert_eq!(message(&[same]), None);
        for state in [InSync, DriftState::Added, DriftState::Untracked, DriftState::Converged] {
            assert_eq!(message(&[event("/w/app", vec![change("a", Modified, state)])]), None, "{state}");
        }
    }

    #[test]
    fn long_lists_are_cut() {
        for (count, last) in [(5, "skill:s4 modified"), (7, "and 2 more")] {
            let changes = (0..count).map(|i| change(&format!("s{i}"), InSync, Modified)).collect();
            let (summary, body) = message(&[event("/w/app", changes)]).expect("a message");
            assert_eq!(summary, format!("{count} artifacts drifted in app"));
            assert_eq!((body.lines().count(), body.lines().last()), (if count > 5 { 6 } else { 5 }, Some(last)));
        }
    }
}
