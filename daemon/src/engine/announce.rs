//! What subscribers hear, and when (design §5).
//!
//! A change is announced at once ([`work`](super::work) has already waited for unfinished writes). What follows on the
//! same artifact within [`QUIET`] is folded into one further announcement, [`CAP`] after the first change at the
//! latest; an item that is back to what was announced is not announced again. Only what is gone waits for [`GONE`] first: a
//! directory that is replaced is away for a moment, and whoever heard of that would hear of the new one [`QUIET`] later.
//!
//! Readers do not wait for any of this: the snapshot changes at once.

use super::snapshot::ItemView;
use super::unit::ProjectSlot;
use super::work::{CAP, QUIET};
use crate::model::Record;
use skillmeat_protocol::event::Cause;
use skillmeat_protocol::ids::ArtifactKey;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// How long what is gone may come back before it is told. Two renames are microseconds apart; a look at what came back takes
/// some tenths of a millisecond.
pub const GONE: Duration = Duration::from_micros(1500);

/// Which item of which project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ItemId {
    /// The project.
    pub project: ProjectSlot,
    /// The artifact.
    pub key: ArtifactKey,
    /// The profile.
    pub profile: Arc<str>,
}

/// One change to tell.
#[derive(Clone, Debug)]
pub struct Telling {
    /// Which item.
    pub id: ItemId,
    /// What subscribers believe; none when they do not know the item.
    pub told: Option<Arc<ItemView>>,
    /// What is true; none when the item is gone.
    pub now: Option<Arc<ItemView>>,
    /// What made it happen.
    pub cause: Cause,
    /// When it was first known.
    pub since: Duration,
}

struct Fold {
    told: Option<Arc<ItemView>>,
    now: Option<Arc<ItemView>>,
    cause: Cause,
    changed: Option<Duration>,
    quiet: Duration,
    cap: Duration,
    /// Nothing was told yet, because the item is gone and may come back.
    awaits_return: bool,
}

impl Fold {
    /// This was told at `now`.
    fn told(view: Option<Arc<ItemView>>, cause: &Cause, now: Duration) -> Self {
        let (quiet, cap) = (now + QUIET, now + CAP);
        Self { told: view.clone(), now: view, cause: cause.clone(), changed: None, quiet, cap, awaits_return: false }
    }
}

/// The open folds.
#[derive(Default)]
pub struct Announcer {
    folds: BTreeMap<ItemId, Fold>,
    /// Projects of which nothing is told until an operation has ended.
    held: BTreeSet<ProjectSlot>,
}

impl std::fmt::Debug for Announcer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Announcer").field("open", &self.folds.len()).finish()
    }
}

impl Announcer {
    /// An item changed from `old` to `new`. Gives what is to be told at once.
    pub fn changed(
        &mut self,
        id: ItemId,
        old: Option<Arc<ItemView>>,
        new: Option<Arc<ItemView>>,
        cause: &Cause,
        now: Duration,
    ) -> Option<Telling> {
        let held = self.held.contains(&id.project);
        if let Some(fold) = self.folds.get_mut(&id) {
            if let Some(since) = fold.changed.filter(|_| fold.awaits_return && !is_gone(new.as_deref())) {
                let told = std::mem::replace(fold, Fold::told(new.clone(), cause, now)).told;
                let news = differ(told.as_deref(), new.as_deref());
                return news.then(|| Telling { id, told, now: new, cause: cause.clone(), since });
            }
            fold.now = new;
            fold.cause = cause.clone();
            fold.changed.get_or_insert(now);
            fold.quiet = if held { Duration::MAX } else { (now + QUIET).min(fold.cap) };
            return None;
        }
        if !differ(old.as_deref(), new.as_deref()) {
            return None;
        }
        let until = match is_gone(new.as_deref()) && !is_gone(old.as_deref()) {
            _ if held => Some(Duration::MAX),
            true => Some(now + GONE),
            false => None,
        };
        if let Some(until) = until {
            let fold = Fold {
                told: old,
                now: new,
                cause: cause.clone(),
                changed: Some(now),
                quiet: until,
                cap: until,
                awaits_return: !held,
            };
            self.folds.insert(id, fold);
            return None;
        }
        self.folds.insert(id.clone(), Fold::told(new.clone(), cause, now));
        Some(Telling { id, told: old, now: new, cause: cause.clone(), since: now })
    }

    /// Closes the folds that have been quiet long enough, and gives what they have to tell.
    pub fn expired(&mut self, now: Duration) -> Vec<Telling> {
        let ids: Vec<_> = self.folds.iter().filter(|(_, fold)| fold.quiet <= now).map(|(id, _)| id.clone()).collect();
        let mut tellings = Vec::new();
        for id in ids {
            let Some(fold) = self.folds.remove(&id) else { continue };
            if let Some(since) = fold.changed
                && differ(fold.told.as_deref(), fold.now.as_deref())
            {
                tellings.push(Telling { id, told: fold.told, now: fold.now, cause: fold.cause, since });
            }
        }
        tellings
    }

    /// Tells nothing of a project from now on: an operation changes it.
    pub fn hold(&mut self, project: ProjectSlot) {
        self.held.insert(project);
        for (_, fold) in self.folds.iter_mut().filter(|(id, _)| id.project == project) {
            (fold.quiet, fold.cap, fold.awaits_return) = (Duration::MAX, Duration::MAX, false);
        }
    }

    /// The operation has ended: what it did is told at once, as caused by it.
    pub fn release(&mut self, project: ProjectSlot, cause: Option<&Cause>, now: Duration) {
        if !self.held.remove(&project) {
            return;
        }
        for (_, fold) in self.folds.iter_mut().filter(|(id, _)| id.project == project) {
            fold.quiet = now;
            if let Some(cause) = cause {
                fold.cause = cause.clone();
            }
        }
    }

    /// Forgets a project that is no longer registered.
    pub fn forget(&mut self, project: ProjectSlot) {
        self.held.remove(&project);
        self.folds.retain(|id, _| id.project != project);
    }

    /// When the next fold closes.
    pub fn deadline(&self) -> Option<Duration> {
        self.folds.values().map(|fold| fold.quiet).min()
    }
}

/// Whether a side of it that was there is not.
fn is_gone(view: Option<&ItemView>) -> bool {
    use skillmeat_protocol::drift::DriftState::{Deleted, Removed, RemovedModified};
    view.is_none_or(|view| matches!(view.state, Deleted | Removed | RemovedModified))
}

/// Whether there is anything to tell. An item that went through another state and came back is as old as this visit, and
/// otherwise what it was; a record that moved because one above it changed says what it said.
fn differ(told: Option<&ItemView>, now: Option<&ItemView>) -> bool {
    let plain = |view: &ItemView| {
        let record = view.record.as_ref().map(|record| Arc::new(Record { line: 0, ..Record::clone(record) }));
        ItemView { since: None, record, ..view.clone() }
    };
    told.map(plain) != now.map(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use skillmeat_protocol::drift::DriftState;
    use skillmeat_protocol::event::CauseKind;
    use skillmeat_protocol::ids::ArtifactType;

    fn view(state: DriftState) -> Option<Arc<ItemView>> {
        Some(Arc::new(ItemView {
            key: ArtifactKey::new(ArtifactType::Skill, "x"),
            profile: "claude_code".into(),
            record: None,
            collection: None,
            path: std::path::Path::new("/p/x").into(),
            state,
            drift_type: None,
            change_origin: None,
            recommendation: None,
            collection_hash: None,
            project_hash: None,
            collection_version: None,
            project_version: None,
            mergeable: None,
            since: None,
            follows: None,
            message: None,
        }))
    }

    fn id() -> ItemId {
        ItemId {
            project: ProjectSlot(0),
            key: ArtifactKey::new(ArtifactType::Skill, "x"),
            profile: "claude_code".into(),
        }
    }

    const CAUSE: Cause = Cause { kind: CauseKind::Project, path: None, operation: None };

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn one_save_is_one_event_and_its_echo_is_silent() {
        let mut announcer = Announcer::default();
        let (clean, edited) = (view(DriftState::InSync), view(DriftState::Modified));
        let told = announcer.changed(id(), clean.clone(), edited.clone(), &CAUSE, ms(0));
        assert_eq!(told.expect("at once").now, edited);
        assert!(announcer.changed(id(), edited.clone(), clean, &CAUSE, ms(5)).is_none());
        assert!(announcer.changed(id(), None, edited, &CAUSE, ms(10)).is_none());
        assert!(announcer.expired(ms(29)).is_empty());
        assert!(announcer.expired(ms(30)).is_empty(), "back to what was told");
        assert_eq!(announcer.deadline(), None);
    }

    #[test]
    fn what_is_gone_for_a_moment_was_replaced() {
        let states = [DriftState::InSync, DriftState::Modified, DriftState::Deleted].map(view);
        let [clean, edited, deleted] = &states;
        for (back, news) in [(edited, true), (clean, false)] {
            let mut announcer = Announcer::default();
            assert!(announcer.changed(id(), clean.clone(), deleted.clone(), &CAUSE, ms(0)).is_none());
            assert_eq!(announcer.deadline(), Some(GONE));
            let told = announcer.changed(id(), deleted.clone(), back.clone(), &CAUSE, ms(1));
            assert_eq!(told.map(|told| (told.told, told.now)), news.then(|| (clean.clone(), back.clone())));
            assert!(announcer.expired(ms(100)).is_empty());
        }
        let mut announcer = Announcer::default();
        announcer.changed(id(), clean.clone(), deleted.clone(), &CAUSE, ms(0));
        let told = announcer.expired(ms(2));
        assert_eq!(told.iter().map(|told| (&told.told, &told.now)).collect::<Vec<_>>(), [(clean, deleted)]);
        let told = announcer.changed(id(), deleted.clone(), edited.clone(), &CAUSE, ms(3));
        assert_eq!(told.expect("at once").now, *edited);
    }

    #[test]
    fn what_follows_is_folded_into_one_event_within_the_cap() {
        let mut announcer = Announcer::default();
        let (clean, edited) = (view(DriftState::InSync), view(DriftState::Modified));
        announcer.changed(id(), clean.clone(), edited.clone(), &CAUSE, ms(0));
        for t in (15..=255).step_by(15) {
            let (old, new) = if t % 2 == 0 { (&clean, &edited) } else { (&edited, &clean) };
            assert!(announcer.changed(id(), old.clone(), new.clone(), &CAUSE, ms(t)).is_none());
            assert!(announcer.expired(ms(t)).is_empty() || t >= 250);
        }
        assert!(announcer.deadline().is_none_or(|d| d <= ms(275)));
    }
}
