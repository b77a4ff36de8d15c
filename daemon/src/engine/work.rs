//! Which units must be looked at, since when, and when at the latest.
//!
//! Each mark carries a sequence number. A barrier needs to know one thing only: is anything outstanding that was
//! marked at or before the end of my drain? Marks made while a unit is being looked at are a second, later obligation; marks
//! made *because* of a look (a manifest names a new artifact) inherit the number of that look.

use super::unit::{Root, Unit};
use crate::scan::{Look, Urgency};
use crate::watch::Hint;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// Quiet time after an unfinished write (watchman's settle).
pub const QUIET: Duration = Duration::from_millis(20);
/// Longest time that writes without a pause put off a look.
pub const CAP: Duration = Duration::from_millis(250);

/// Orders marks and barriers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seq(pub u64);

/// Why a unit is marked.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// Its place in history.
    pub since: Seq,
    /// How hard to look.
    pub look: Look,
    /// Whether more is to be expected first.
    pub hint: Hint,
    /// Which lane.
    pub urgency: Urgency,
}

impl Mark {
    /// To be looked at without waiting for quiet, by a free thread that does nothing less urgent first.
    pub fn at_once(since: Seq, look: Look) -> Self {
        Self { since, look, hint: Hint::Finished, urgency: Urgency::Now }
    }
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    root: Root,
    since: Seq,
    look: Look,
    first: Duration,
    due: Duration,
    urgency: Urgency,
}

/// A unit that is being looked at.
#[derive(Clone, Copy, Debug)]
pub struct Running {
    root: Root,
    /// The earliest mark that this look serves.
    pub since: Seq,
}

impl Running {
    /// Stands for the look that the cache remembers.
    pub(super) fn at_start(root: Root) -> Self {
        Self { root, since: Seq(1) }
    }
}

/// Everything outstanding.
#[derive(Debug, Default)]
pub struct Work {
    waiting: HashMap<Unit, Waiting>,
    running: HashMap<Unit, Running>,
    due: BTreeSet<(Duration, Unit)>,
    open: HashMap<Root, BTreeMap<Seq, u32>>,
    closings: u64,
}

impl Work {
    /// Marks a unit at time `now`.
    pub fn mark(&mut self, unit: Unit, root: Root, mark: Mark, now: Duration) {
        let wanted = match mark.hint {
            Hint::Finished => now,
            Hint::Ongoing => now + QUIET,
        };
        let Some(waiting) = self.waiting.get_mut(&unit) else {
            let Mark { since, look, urgency, .. } = mark;
            self.waiting.insert(unit, Waiting { root, since, look, first: now, due: wanted, urgency });
            self.due.insert((wanted, unit));
            self.open_one(root, since);
            return;
        };
        waiting.look = waiting.look.max(mark.look);
        if mark.urgency == Urgency::Now {
            waiting.urgency = Urgency::Now;
        }
        let old = waiting.due;
        // What is due already stays due; otherwise each write puts it off, up to the cap.
        waiting.due = match mark.hint {
            Hint::Finished => old.min(now),
            Hint::Ongoing if old <= now => old,
            Hint::Ongoing => wanted.min(waiting.first + CAP),
        };
        let new = waiting.due;
        if new != old {
            self.due.remove(&(old, unit));
            self.due.insert((new, unit));
        }
        if mark.since < waiting.since {
            let earlier = std::mem::replace(&mut waiting.since, mark.since);
            let root = waiting.root;
            self.close_one(root, earlier);
            self.open_one(root, mark.since);
        }
    }

    /// Makes what waits for quiet due at once, for a barrier that concerns these roots.
    pub fn hurry(&mut self, concerns: impl Fn(Root) -> bool, now: Duration) {
        let later: Vec<_> = self.due.range((now + Duration::from_nanos(1), Unit::Home)..).copied().collect();
        for (due, unit) in later {
            if let Some(waiting) = self.waiting.get_mut(&unit).filter(|w| concerns(w.root)) {
                waiting.due = now;
                waiting.urgency = Urgency::Now;
                self.due.remove(&(due, unit));
                self.due.insert((now, unit));
            }
        }
    }

    /// Gives back the room that the first look at everything took.
    pub fn shrink(&mut self) {
        self.waiting.shrink_to_fit();
        self.running.shrink_to_fit();
        self.open.shrink_to_fit();
    }

    /// What of these roots is being looked at, or queued for it.
    pub fn started(&self, concerns: impl Fn(Root) -> bool) -> impl Iterator<Item = Unit> {
        self.running.iter().filter(move |(_, running)| concerns(running.root)).map(|(unit, _)| *unit)
    }

    /// Starts what is due and not being looked at already.
    pub fn start(&mut self, now: Duration) -> Vec<(Unit, Look, Urgency)> {
        let due: Vec<_> = self.due.range(..=(now, Unit::Tree(super::unit::TreeSlot(u32::MAX)))).copied().collect();
        let mut started = Vec::new();
        for (at, unit) in due {
            if self.running.contains_key(&unit) {
                continue;
            }
            self.due.remove(&(at, unit));
            if let Some(Waiting { root, since, look, urgency, .. }) = self.waiting.remove(&unit) {
                self.running.insert(unit, Running { root, since });
                started.push((unit, look, urgency));
            }
        }
        started
    }

    /// A look ended. Call [`Self::settle`] with the result once its consequences are marked, not before: a barrier must
    /// not end in between.
    pub fn ended(&mut self, unit: Unit) -> Option<Running> {
        self.running.remove(&unit)
    }

    /// The consequences of an ended look are marked.
    pub fn settle(&mut self, ended: Running) {
        self.close_one(ended.root, ended.since);
    }

    /// Forgets a unit that no longer exists; a look under way ends as usual. Gives the earliest mark that is unanswered.
    pub fn forget(&mut self, unit: Unit) -> Option<Seq> {
        let running = self.running.get(&unit).map(|running| running.since);
        let waiting = self.waiting.remove(&unit);
        if let Some(waiting) = &waiting {
            self.due.remove(&(waiting.due, unit));
            self.close_one(waiting.root, waiting.since);
        }
        running.into_iter().chain(waiting.map(|waiting| waiting.since)).min()
    }

    /// Whether anything of `root` is outstanding that was marked at or before `seq`.
    pub fn is_open(&self, root: Root, seq: Seq) -> bool {
        self.open.get(&root).and_then(|open| open.keys().next()).is_some_and(|first| *first <= seq)
    }

    /// Whether this unit must be looked at, or is being looked at.
    pub fn is_outstanding(&self, unit: Unit) -> bool {
        self.waiting.contains_key(&unit) || self.running.contains_key(&unit)
    }

    /// Roots with anything outstanding.
    pub fn open_roots(&self) -> impl Iterator<Item = Root> + '_ {
        self.open.keys().copied()
    }

    /// How often a root came to have nothing outstanding.
    pub fn closings(&self) -> u64 {
        self.closings
    }

    /// Looks outstanding.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.running.len()
    }

    /// Whether nothing is outstanding.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    /// When the next unit is due. Units that are being looked at start again when that look ends, not by time.
    pub fn deadline(&self) -> Option<Duration> {
        self.due.iter().find(|(_, unit)| !self.running.contains_key(unit)).map(|(due, _)| *due)
    }

    fn open_one(&mut self, root: Root, seq: Seq) {
        *self.open.entry(root).or_default().entry(seq).or_default() += 1;
    }

    fn close_one(&mut self, root: Root, seq: Seq) {
        let Some(open) = self.open.get_mut(&root) else { return };
        if let Some(count) = open.get_mut(&seq) {
            *count -= 1;
            if *count == 0 {
                open.remove(&seq);
            }
        }
        if open.is_empty() {
            self.open.remove(&root);
            self.closings += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::unit::{ProjectSlot, TreeSlot};
    use super::*;

    const ROOT: Root = Root::Project(ProjectSlot(0));
    const UNIT: Unit = Unit::Tree(TreeSlot(1));

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    fn mark(since: u64, hint: Hint) -> Mark {
        Mark { hint, ..Mark::at_once(Seq(since), Look::Read) }
    }

    #[test]
    fn unfinished_writes_wait_for_quiet_but_not_for_ever() {
        let mut work = Work::default();
        work.mark(UNIT, ROOT, mark(1, Hint::Ongoing), ms(0));
        assert_eq!(work.deadline(), Some(ms(20)));
        for t in (10..400).step_by(10) {
            work.mark(UNIT, ROOT, mark(2, Hint::Ongoing), ms(t));
            assert_eq!(work.deadline(), Some(ms(t + 20).min(ms(250))), "at {t}");
            assert!(work.start(ms(t)).is_empty() || t >= 250);
            if work.is_empty() || t >= 250 {
                break;
            }
        }
    }

    #[test]
    fn a_finished_write_is_due_at_once_and_stays_due() {
        let mut work = Work::default();
        work.mark(UNIT, ROOT, mark(1, Hint::Ongoing), ms(0));
        work.mark(UNIT, ROOT, mark(2, Hint::Finished), ms(5));
        work.mark(UNIT, ROOT, mark(3, Hint::Ongoing), ms(5));
        assert_eq!(work.start(ms(5)).len(), 1);
        assert!(work.deadline().is_none());
    }

    #[test]
    fn a_mark_during_a_look_is_a_later_obligation() {
        let mut work = Work::default();
        work.mark(UNIT, ROOT, mark(1, Hint::Finished), ms(0));
        assert_eq!(work.start(ms(0)).len(), 1);
        work.mark(UNIT, ROOT, mark(7, Hint::Finished), ms(1));
        assert!(work.start(ms(2)).is_empty(), "one look at a time");
        assert!(work.is_open(ROOT, Seq(1)) && work.deadline().is_none());
        let ended = work.ended(UNIT).expect("it ran");
        assert!(work.is_open(ROOT, Seq(6)), "until its consequences are marked");
        work.settle(ended);
        assert!(!work.is_open(ROOT, Seq(6)) && work.is_open(ROOT, Seq(7)));
        assert_eq!(work.start(ms(3)).len(), 1);
        let ended = work.ended(UNIT).expect("it ran again");
        work.settle(ended);
        assert!(work.is_empty() && !work.is_open(ROOT, Seq(99)));
    }

    #[test]
    fn a_barrier_hurries_what_waits_for_quiet() {
        let mut work = Work::default();
        work.mark(UNIT, ROOT, mark(1, Hint::Ongoing), ms(0));
        work.hurry(|root| root == Root::Home, ms(1));
        assert!(work.start(ms(1)).is_empty());
        work.hurry(|root| root == ROOT, ms(1));
        assert_eq!(work.start(ms(1)).len(), 1);
    }

    #[test]
    fn an_earlier_mark_takes_the_obligation_over_and_forgetting_ends_it() {
        let mut work = Work::default();
        work.mark(UNIT, ROOT, mark(9, Hint::Finished), ms(0));
        assert!(!work.is_open(ROOT, Seq(8)));
        work.mark(UNIT, ROOT, mark(4, Hint::Finished), ms(0));
        assert!(work.is_open(ROOT, Seq(4)));
        work.forget(UNIT);
        assert!(!work.is_open(ROOT, Seq(9)) && work.is_empty() && work.start(ms(1)).is_empty());
    }
}
