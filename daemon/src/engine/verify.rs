//! Comparing by `stat` what no event spoke for: after lost events, for roots without events, for a barrier where nothing
//! can be drained, and slowly for everything.

use super::event::{Effect, Heard, Now};
use super::handle::SyncScope;
use super::state::{SLOW_VERIFY, State};
use super::unit::Root;
use super::unit::Unit;
use super::work::{Mark, Seq};
use crate::scan::{Look, Urgency};
use crate::watch::Hint;
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

/// Interval at which roots without events are compared.
const POLL: Duration = Duration::from_secs(2);
/// Interval at which missing projects are looked for: an unmounted file system comes back without an event.
const LOOK_FOR_MISSING: Duration = Duration::from_secs(5);

/// Pause before watching is started anew after that failed; it doubles up to [`RESTART_MAX`].
const RESTART_MIN: Duration = Duration::from_secs(1);
/// Longest such pause.
const RESTART_MAX: Duration = Duration::from_secs(64);

/// Attempts to watch again after watching could not be started: other programs give back what was used up.
#[derive(Debug, Default)]
pub(super) struct Restart {
    pause: Duration,
    at: Option<Duration>,
}

impl Restart {
    pub(super) fn failed(&mut self, now: Duration) {
        self.pause = (self.pause * 2).clamp(RESTART_MIN, RESTART_MAX);
        self.at = Some(now + self.pause);
    }

    /// When to try again.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.at
    }
}

impl State {
    pub(super) fn lost(&mut self, reason: &str, now: Now) {
        tracing::warn!(reason, "events were lost; everything is compared again");
        self.seq.0 += 1;
        self.effects.push(Effect::RestartWatches);
        self.barrier.reissue();
        self.verify_everything(Urgency::Now, now);
    }

    /// What was looked at meanwhile could not be watched; another look does.
    pub(super) fn watches_back(&mut self, now: Now) {
        let failed = std::mem::take(&mut self.restart);
        if !failed.pause.is_zero() {
            tracing::info!("watching again; everything is compared");
            self.seq.0 += 1;
            self.verify_everything(Urgency::Now, now);
        }
    }

    /// Marks every unit for a comparison by stamps.
    pub(super) fn verify_everything(&mut self, urgency: Urgency, now: Now) {
        let mut units = vec![(Unit::Home, Root::Home)];
        units.extend(self.collections.keys().map(|c| (Unit::Collection(*c), Root::Collection(*c))));
        units.extend(self.projects.keys().map(|p| (Unit::Project(*p), Root::Project(*p))));
        units.extend(self.trees.iter().map(|(slot, tree)| (Unit::Tree(*slot), tree.root)));
        for (unit, root) in units {
            self.mark(unit, root, Look::Verify, Hint::Finished, urgency, now);
        }
    }

    /// Marks a root and everything in it for a comparison by stamps.
    pub(super) fn verify_root(&mut self, root: Root, since: Seq, now: Now) {
        let trees = self.trees_of(root, |_| true).into_iter().map(Unit::Tree);
        let mark = Mark::at_once(since, Look::Verify);
        for unit in std::iter::once(root.unit()).chain(trees) {
            self.work.mark(unit, root, mark, now.mono);
        }
    }

    pub(super) fn bring_up(&mut self, scope: &SyncScope, after: Seq, heard: Heard, now: Now) {
        let project = match scope {
            SyncScope::All => None,
            SyncScope::Project(path) => self.projects_by_path.get(Path::new(&**path)).copied(),
        };
        let concerns = |root: &Root| match (root, scope) {
            (Root::Project(slot), SyncScope::Project(_)) => project == Some(*slot),
            _ => true,
        };
        let silent: Vec<Root> = if heard == Heard::Nothing {
            let collections = self.collections.keys().copied().map(Root::Collection);
            let projects = self.projects.keys().copied().map(Root::Project);
            std::iter::once(Root::Home).chain(collections).chain(projects).filter(concerns).collect()
        } else {
            self.unwatched.keys().copied().filter(concerns).collect()
        };
        let missing: Vec<_> = self.missing.iter().copied().filter(|slot| concerns(&Root::Project(*slot))).collect();
        // These marks belong to the barrier, so they carry its number and not the present one.
        for root in silent {
            self.verify_root(root, after, now);
        }
        let mark = Mark::at_once(after, Look::Verify);
        for slot in missing {
            self.work.mark(Unit::Project(slot), Root::Project(slot), mark, now.mono);
        }
        if project.is_none() {
            return self.work.hurry(|_| true, now.mono);
        }
        let roots: HashSet<Root> = self.work.open_roots().filter(|root| self.concerns(scope, *root)).collect();
        self.work.hurry(|root| roots.contains(&root), now.mono);
        // At a cold start they are queued behind those of every other project.
        let units: HashSet<Unit> = self.work.started(|root| roots.contains(&root)).collect();
        if !units.is_empty() {
            self.effects.push(Effect::Promote(units));
        }
    }

    /// Whether what is outstanding below `root` can change the answer of `scope`. Every project depends on the home and on
    /// the lists of collections, which say what is called how, but only on the artifacts of the collections that it uses:
    /// a gigabyte in another one holds up nobody.
    pub(super) fn concerns(&self, scope: &SyncScope, root: Root) -> bool {
        let SyncScope::Project(path) = scope else { return true };
        let slot = self.projects_by_path.get(Path::new(&**path));
        match root {
            Root::Home => true,
            Root::Project(other) => slot == Some(&other),
            Root::Collection(collection) => {
                let project = slot.and_then(|slot| self.projects.get(slot));
                self.work.is_outstanding(Unit::Collection(collection))
                    || project.is_some_and(|project| project.uses.contains(&collection))
            }
        }
    }

    /// The urgency of a look, given who waits for what.
    pub(super) fn urgency_of(&self, unit: Unit, urgency: Urgency) -> Urgency {
        let Some(root) = self.root_of(unit) else { return urgency };
        let awaited = self.barrier.projects().any(|scope| self.concerns(scope, root));
        if awaited { Urgency::Awaited } else { urgency }
    }

    /// What is due at this time.
    pub(super) fn by_time(&mut self, now: Now) {
        if self.restart.at.is_some_and(|at| now.mono >= at) {
            self.restart.at = None;
            self.effects.push(Effect::RestartWatches);
        }
        if now.mono >= self.next_verify {
            self.seq.0 += 1;
            self.verify_everything(Urgency::WhenIdle, now);
            self.next_verify = now.mono + SLOW_VERIFY;
        }
        if self.next_poll.is_some_and(|at| now.mono >= at) {
            self.seq.0 += 1;
            for root in self.unwatched.keys().copied().collect::<Vec<_>>() {
                self.verify_root(root, self.seq, now);
            }
        }
        self.next_poll = next(self.next_poll, !self.unwatched.is_empty(), POLL, now);
        if self.next_missing.is_some_and(|at| now.mono >= at) {
            self.seq.0 += 1;
            for slot in self.missing.iter().copied().collect::<Vec<_>>() {
                let root = Root::Project(slot);
                self.mark(Unit::Project(slot), root, Look::Verify, Hint::Finished, Urgency::WhenIdle, now);
            }
        }
        self.next_missing = next(self.next_missing, !self.missing.is_empty(), LOOK_FOR_MISSING, now);
    }
}

fn next(at: Option<Duration>, needed: bool, interval: Duration, now: Now) -> Option<Duration> {
    match at {
        _ if !needed => None,
        Some(at) if at > now.mono => Some(at),
        _ => Some(now.mono + interval),
    }
}
