//! Read your writes: a request waits until everything that happened before it has been looked at.
//!
//! 1. A cookie is written; when it comes out of the kernel's queue, every earlier event has come out too.
//! 2. What those events marked, and what those looks discover, must be looked at: nothing of the scope may be open at
//!    or before the sequence number that the cookie got.
//! 3. After [`COOKIE_WAIT`] without the cookie the scope is verified by `stat` instead.
//! 4. At the request's own deadline the answer is given as it is, and says that it is stale and why. Nothing hangs.

use super::event::WaiterId;
use super::handle::SyncScope;
use super::work::Seq;
use std::time::Duration;

/// How long a cookie may take. Measured: 23 to 51 µs at the 99th percentile (models.md §0.1).
pub const COOKIE_WAIT: Duration = Duration::from_millis(250);

/// One waiting request.
#[derive(Debug)]
pub struct Ticket {
    /// Who waits.
    pub waiter: WaiterId,
    /// What must be current.
    pub scope: SyncScope,
    /// The cookie that it waits for, until [`Self::after`] is set.
    pub cookie: u64,
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
    last_cookie: u64,
    /// Requests of one turn share a cookie: it is written after all of them were received.
    unwritten: bool,
}

impl Barrier {
    /// A request waits from now on.
    pub fn enter(&mut self, waiter: WaiterId, scope: SyncScope, asked: Duration, patience: Duration) {
        self.need_cookie();
        let deadline = asked + patience;
        self.tickets.push(Ticket { waiter, scope, cookie: self.last_cookie, after: None, asked, deadline });
    }

    /// The cookie to write at the end of this turn.
    pub fn cookie_to_write(&mut self) -> Option<u64> {
        std::mem::take(&mut self.unwritten).then_some(self.last_cookie)
    }

    /// Events were lost, and with them perhaps cookies: lay a new one for whoever still waits for one.
    pub fn reissue(&mut self) {
        if self.tickets.iter().any(|t| t.after.is_none()) {
            self.need_cookie();
            for ticket in self.tickets.iter_mut().filter(|t| t.after.is_none()) {
                ticket.cookie = self.last_cookie;
            }
        }
    }

    /// A cookie came out. Gives the scopes that must now be brought up to `after`.
    pub fn cookie_seen(&mut self, number: u64, after: Seq) -> Vec<SyncScope> {
        self.pass(|ticket| ticket.cookie <= number, after)
    }

    /// Gives the scopes whose cookie is overdue; they are to be verified by `stat`.
    pub fn overdue(&mut self, now: Duration, after: Seq) -> Vec<SyncScope> {
        self.pass(|ticket| ticket.asked + COOKIE_WAIT <= now, after)
    }

    /// Removes and returns the requests for which `is_done`, and those whose deadline has passed.
    pub fn release(&mut self, now: Duration, is_done: impl Fn(&SyncScope, Seq) -> bool) -> Vec<(Ticket, Ending)> {
        let mut released = Vec::new();
        let mut at = 0;
        while let Some(ticket) = self.tickets.get(at) {
            let ending = match ticket.after {
                Some(after) if is_done(&ticket.scope, after) => Ending::Current,
                after if ticket.deadline <= now => Ending::Late { cookie_seen: after.is_some() },
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
        let of = |t: &Ticket| if t.after.is_none() { t.deadline.min(t.asked + COOKIE_WAIT) } else { t.deadline };
        self.tickets.iter().map(of).min()
    }

    /// Projects that somebody waits for, by path.
    pub fn projects(&self) -> impl Iterator<Item = &str> {
        self.tickets.iter().filter_map(|ticket| match &ticket.scope {
            SyncScope::Project(path) => Some(&**path),
            SyncScope::All => None,
        })
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.tickets.is_empty()
    }

    fn need_cookie(&mut self) {
        if !self.unwritten {
            self.last_cookie += 1;
            self.unwritten = true;
        }
    }

    fn pass(&mut self, which: impl Fn(&Ticket) -> bool, after: Seq) -> Vec<SyncScope> {
        let mut scopes = Vec::new();
        for ticket in self.tickets.iter_mut().filter(|t| t.after.is_none()).filter(|t| which(t)) {
            ticket.after = Some(after);
            if !scopes.contains(&ticket.scope) {
                scopes.push(ticket.scope.clone());
            }
        }
        scopes
    }
}

/// How a request's wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything before it has been looked at.
    Current,
    /// Its deadline came first.
    Late {
        /// Whether the kernel had answered.
        cookie_seen: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn requests_of_one_turn_share_a_cookie_and_later_ones_need_their_own() {
        let mut barrier = Barrier::default();
        barrier.enter(WaiterId(1), SyncScope::All, ms(0), ms(1000));
        barrier.enter(WaiterId(2), SyncScope::All, ms(0), ms(1000));
        assert_eq!(barrier.cookie_to_write(), Some(1));
        barrier.enter(WaiterId(3), SyncScope::All, ms(1), ms(1000));
        assert_eq!(barrier.cookie_to_write(), Some(2));
        assert_eq!(barrier.cookie_to_write(), None);
        assert_eq!(barrier.cookie_seen(1, Seq(5)), [SyncScope::All]);
        let done: Vec<_> =
            barrier.release(ms(2), |_, after| after == Seq(5)).into_iter().map(|(t, _)| t.waiter).collect();
        assert_eq!(done.len(), 2);
        assert!(!barrier.is_empty());
    }

    #[test]
    fn a_lost_cookie_is_replaced_and_a_silent_kernel_is_not_waited_for() {
        let mut barrier = Barrier::default();
        barrier.enter(WaiterId(1), SyncScope::All, ms(0), ms(1000));
        assert_eq!(barrier.cookie_to_write(), Some(1));
        barrier.reissue();
        assert_eq!(barrier.cookie_to_write(), Some(2));
        assert!(barrier.cookie_seen(1, Seq(1)).is_empty(), "the first cookie proves nothing any more");
        assert_eq!(barrier.deadline(), Some(ms(250)));
        assert!(barrier.overdue(ms(249), Seq(2)).is_empty());
        assert_eq!(barrier.overdue(ms(250), Seq(2)), [SyncScope::All]);
        assert_eq!(barrier.deadline(), Some(ms(1000)));
        assert!(barrier.release(ms(999), |_, _| false).is_empty());
        let endings: Vec<_> = barrier.release(ms(1000), |_, _| false).into_iter().map(|(_, e)| e).collect();
        assert_eq!(endings, [Ending::Late { cookie_seen: true }]);
    }
}
