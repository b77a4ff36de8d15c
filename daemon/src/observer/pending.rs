//! What was edited and has not settled yet. No clock, no IO: times come in.

use crate::history::Spot;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::BTreeMap;
use std::time::Duration;

/// How many times the wanted quiet somebody may go on writing before what is there is read all the same.
const PATIENCE: u32 = 10;

/// An artifact at a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    /// Which artifact.
    pub(super) key: ArtifactKey,
    /// Where.
    pub(super) spot: Spot,
}

#[derive(Debug)]
struct Edited {
    since: Duration,
    due: Duration,
}

/// What was edited.
#[derive(Debug, Default)]
pub(super) struct Pending(BTreeMap<Target, Edited>);

impl Pending {
    /// It was edited now, and is due after so much quiet.
    pub(super) fn touch(&mut self, target: Target, now: Duration, after: Duration) {
        let edited = self.0.entry(target).or_insert(Edited { since: now, due: now });
        edited.due = (now + after).min(edited.since + after * PATIENCE);
    }

    /// When the next one is due.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.0.values().map(|edited| edited.due).min()
    }

    /// One that is due, the earliest first.
    pub(super) fn take(&mut self, now: Duration) -> Option<Target> {
        let due = self.0.iter().filter(|(_, edited)| edited.due <= now);
        let target = due.min_by_key(|(_, edited)| edited.due).map(|(target, _)| target.clone())?;
        self.0.remove(&target);
        Some(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str) -> Target {
        let key = format!("skill:{name}").parse().expect("a key");
        Target { key, spot: Spot::Collection { id: "c".into() } }
    }

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn quiet_is_waited_for_but_not_for_ever() {
        let mut pending = Pending::default();
        assert_eq!((pending.deadline(), pending.take(ms(9))), (None, None));
        pending.touch(target("a"), ms(0), ms(100));
        pending.touch(target("b"), ms(50), ms(100));
        pending.touch(target("a"), ms(90), ms(100));
        assert_eq!(pending.deadline(), Some(ms(150)));
        assert_eq!(pending.take(ms(149)), None);
        assert_eq!(pending.take(ms(500)), Some(target("b")), "the earliest");
        for now in (100..2000).step_by(50) {
            pending.touch(target("a"), ms(now), ms(100));
            assert!(pending.deadline() <= Some(ms(1000)), "{now}");
        }
        assert_eq!((pending.take(ms(1000)), pending.deadline()), (Some(target("a")), None));
        pending.touch(target("a"), ms(3000), ms(100));
        assert_eq!(pending.deadline(), Some(ms(3100)), "it begins anew");
    }
}
