//! Read your writes: a request waits until everything that happened before it has been looked at.
//!
//! 1. The kernel's queue is drained: what it held has then been heard, and the kernel puts an event there before the
//!    operation that caused it returns (models.md §0.1). Where nothing can be drained, the scope is verified by `stat`.
//! 2. What those events marked, and what those looks discover, must be looked at: nothing of the scope may be open at
//!    or before the sequence number that the end of the drain got.
//! 3. At the request's own deadline the answer is given as it is, and says that it is stale and why. Nothing hangs.

use super::event::{Until, WaiterId};
use super::handle::SyncScope;
use super::work::Seq;
use std::time::Duration;

/// One waiting request.
#[derive(Debug)]
pub struct Ticket {
    /// Who waits.
    pub waiter: WaiterId,
    /// What must be current.
    pub scope: SyncScope,
    /// What it waits for.
    pub until: Until,
    /// The drain that it waits for, until [`Self::after`] is set.
    pub drain: u64,
    /// Everything marked at or before this must have been looked at.
    pub after: Option<Seq>,
    /// When it was asked.
    pub asked: Duration,
    /// When it is answered at the latest.
    pub deadline: Duration,
}

/// The waiting requests.
#[derive(Debug, Default)]
pub struct Barrier {
    tickets: Vec<Ticket>,
    last_drain: u64,
    /// Requests of one turn share a drain: it begins after all of them were received.
    wanted: bool,
}

impl Barrier {
    /// A request waits from now on.
    pub fn enter(&mut self, waiter: WaiterId, (scope, until): (SyncScope, Until), asked: Duration, patience: Duration) {
        self.want_drain();
        let deadline = asked + patience;
        self.tickets.push(Ticket { waiter, scope, until, drain: self.last_drain, after: None, asked, deadline });
    }

    /// The drain to begin at the end of this turn.
    pub fn drain_to_begin(&mut self) -> Option<u64> {
        std::mem::take(&mut self.wanted).then_some(self.last_drain)
    }

    /// Events were lost: what is being drained proves nothing, so another drain is needed for whoever waits for one.
    pub fn reissue(&mut self) {
        if self.tickets.iter().any(|t| t.after.is_none()) {
            self.want_drain();
            for ticket in self.tickets.iter_mut().filter(|t| t.after.is_none()) {
                ticket.drain = self.last_drain;
            }
        }
    }

    /// A drain ended. Gives the scopes that must now be brought up to `after`.
    pub fn drained(&mut self, number: u64, after: Seq) -> Vec<SyncScope> {
        let mut scopes = Vec::new();
        for ticket in self.tickets.iter_mut().filter(|t| t.after.is_none() && t.drain <= number) {
            ticket.after = Some(after);
            if !scopes.contains(&ticket.scope) {
                scopes.push(ticket.scope.clone());
            }
        }
        scopes
    }

    /// Removes and returns the requests for which `is_done`, and those whose deadline has passed.
    pub fn release(&mut self, now: Duration, is_done: impl Fn(&Ticket) -> bool) -> Vec<(Ticket, Ending)> {
        let mut released = Vec::new();
        let mut at = 0;
        while let Some(ticket) = self.tickets.get(at) {
            let ending = match ticket.after {
                Some(_) if is_done(ticket) => Ending::Current,
                _ if ticket.deadline <= now => Ending::Late,
                _ => {
                    at += 1;
                    continue;
                }
            };
            released.push((self.tickets.swap_remove(at), ending));
        }
        released
    }

    /// When something must be done about a ticket at the latest.
    pub fn deadline(&self) -> Option<Duration> {
        self.tickets.iter().map(|t| t.deadline).min()
    }

    /// Scopes of one project that somebody waits for.
    pub fn projects(&self) -> impl Iterator<Item = &SyncScope> {
        self.tickets.iter().map(|ticket| &ticket.scope).filter(|scope| **scope != SyncScope::All)
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.tickets.is_empty()
    }

    fn want_drain(&mut self) {
        if !self.wanted {
            self.last_drain += 1;
            self.wanted = true;
        }
    }
}

/// How a request's wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything before it has been looked at.
    Current,
    /// Its deadline came first.
    Late,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: (SyncScope, Until) = (SyncScope::All, Until::Seen);

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn requests_of_one_turn_share_a_drain_and_later_ones_need_their_own() {
        let mut barrier = Barrier::default();
        barrier.enter(WaiterId(1), SEEN, ms(0), ms(1000));
        barrier.enter(WaiterId(2), SEEN, ms(0), ms(1000));
        assert_eq!(barrier.drain_to_begin(), Some(1));
        barrier.enter(WaiterId(3), SEEN, ms(1), ms(1000));
        assert_eq!(barrier.drain_to_begin(), Some(2));
        assert_eq!(barrier.drain_to_begin(), None);
        assert_eq!(barrier.drained(1, Seq(5)), [SyncScope::All]);
        let done: Vec<_> =
            barrier.release(ms(2), |ticket| ticket.after == Some(Seq(5))).into_iter().map(|(t, _)| t.waiter).collect();
        assert_eq!(done.len(), 2);
        assert!(!barrier.is_empty());
    }

    #[test]
    fn a_drain_that_lost_events_is_replaced_and_nobody_waits_beyond_the_deadline() {
        let mut barrier = Barrier::default();
        barrier.enter(WaiterId(1), SEEN, ms(0), ms(1000));
        assert_eq!(barrier.drain_to_begin(), Some(1));
        barrier.reissue();
        assert_eq!(barrier.drain_to_begin(), Some(2));
        assert!(barrier.drained(1, Seq(1)).is_empty(), "the first drain proves nothing any more");
        assert_eq!(barrier.drained(2, Seq(2)), [SyncScope::All]);
        assert_eq!(barrier.deadline(), Some(ms(1000)));
        assert!(barrier.release(ms(999), |_| false).is_empty());
        let endings: Vec<_> = barrier.release(ms(1000), |_| false).into_iter().map(|(_, e)| e).collect();
        assert_eq!(endings, [Ending::Late]);
    }
}
