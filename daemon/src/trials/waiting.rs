//! Conflicts that wait to be tried: of each item the latest, in the order of their items. No clock, no IO.

use crate::engine::trials::Trial;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which item of which project.
type Place = (Arc<str>, ArtifactKey, Arc<str>);

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Waiting(BTreeMap<Place, Trial>);

fn place(trial: &Trial) -> Place {
    (Arc::clone(&trial.project), trial.key.clone(), Arc::clone(&trial.profile))
}

impl Waiting {
    /// These came now: what waited of the same items is of the past.
    pub(super) fn add(&mut self, trials: Vec<Trial>) {
        self.0.extend(trials.into_iter().map(|trial| (place(&trial), trial)));
    }

    /// These were taken and are to be tried again, unless something came meanwhile.
    pub(super) fn back(&mut self, trials: Vec<Trial>) {
        for trial in trials {
            self.0.entry(place(&trial)).or_insert(trial);
        }
    }

    /// The next one.
    pub(super) fn take(&mut self) -> Option<Trial> {
        self.0.pop_first().map(|(_, trial)| trial)
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::snapshot::Sides;
    use skillmeat_protocol::hash::ContentHash;
    use skillmeat_protocol::ids::ArtifactType;

    fn trial(name: &str, ours: u8) -> Trial {
        let hash = |content| ContentHash([content; 32]);
        Trial {
            project: "/p".into(),
            key: ArtifactKey::new(ArtifactType::Skill, name),
            profile: "claude_code".into(),
            sides: Sides { base: hash(1), ours: hash(ours), theirs: hash(2) },
        }
    }

    #[test]
    fn of_each_item_the_latest_is_tried_once() {
        let mut waiting = Waiting::default();
        waiting.add(vec![trial("b", 3), trial("a", 3)]);
        waiting.add(vec![trial("b", 4)]);
        let taken = [waiting.take(), waiting.take()];
        assert_eq!(taken, [Some(trial("a", 3)), Some(trial("b", 4))]);
        // What came while one was at work counts more than that one.
        waiting.add(vec![trial("b", 5)]);
        waiting.back(vec![trial("a", 3), trial("b", 4)]);
        assert_eq!([waiting.take(), waiting.take()], [Some(trial("a", 3)), Some(trial("b", 5))]);
        assert!(waiting.is_empty() && waiting.take().is_none());
    }
}
