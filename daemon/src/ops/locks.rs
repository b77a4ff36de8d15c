//! Operations on the same project or collection come one after the other; on others, side by side.
//!
//! An operation takes all of its roots at once or waits for all, so two of them cannot wait for each other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often somebody who waits looks whether nobody wants the result any more.
const LOOK: Duration = Duration::from_millis(50);

/// The roots that are being operated on.
#[derive(Debug, Default)]
pub struct RootLocks {
    taken: Mutex<BTreeSet<PathBuf>>,
    freed: Condvar,
}

/// Roots that are taken until this is dropped.
#[derive(Debug)]
pub struct Taken<'a> {
    locks: &'a RootLocks,
    roots: BTreeSet<PathBuf>,
}

impl RootLocks {
    /// Takes all of `roots`; none when it was `cancelled` while waiting.
    pub fn take(&self, roots: BTreeSet<PathBuf>, cancelled: &AtomicBool) -> Option<Taken<'_>> {
        let mut taken = self.lock();
        while roots.iter().any(|root| taken.contains(root)) {
            if cancelled.load(Ordering::Relaxed) {
                return None;
            }
            taken = self.freed.wait_timeout(taken, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        taken.extend(roots.iter().cloned());
        Some(Taken { locks: self, roots })
    }

    /// Takes one root, if nobody has it.
    pub fn try_take(&self, root: &Path) -> Option<Taken<'_>> {
        let mut taken = self.lock();
        let roots = BTreeSet::from([root.to_owned()]);
        if taken.iter().any(|other| other.starts_with(root) || root.starts_with(other)) {
            return None;
        }
        taken.extend(roots.iter().cloned());
        Some(Taken { locks: self, roots })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        // A set that is changed by single calls stays whole whatever panics.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut taken = self.locks.lock();
        for root in &self.roots {
            taken.remove(root);
        }
        drop(taken);
        self.locks.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots(names: &[&str]) -> BTreeSet<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn common_roots_wait_and_others_do_not() {
        let locks = RootLocks::default();
        let stop = AtomicBool::new(true);
        let first = locks.take(roots(&["/a", "/c"]), &stop).expect("free");
        assert!(locks.take(roots(&["/c", "/b"]), &stop).is_none(), "one of them is taken");
        let other = locks.take(roots(&["/b"]), &stop).expect("nobody took it meanwhile");
        drop(first);
        assert!(locks.take(roots(&["/a", "/b"]), &stop).is_none());
        drop(other);
        assert!(locks.take(roots(&["/a", "/b", "/c"]), &stop).is_some());
    }

    #[test]
    fn one_root_is_taken_only_where_nobody_is_at_work_around_it() {
        let locks = RootLocks::default();
        let held = locks.take(roots(&["/home/collections", "/w/app"]), &AtomicBool::new(true)).expect("free");
        for (root, free) in
            [("/home/collections/c", false), ("/w/app", false), ("/w", false), ("/w/app2", true), ("/home/x", true)]
        {
            assert_eq!(locks.try_take(Path::new(root)).is_some(), free, "{root}");
        }
        drop(held);
        assert!(locks.try_take(Path::new("/w/app")).is_some());
    }

    #[test]
    fn whoever_waits_gets_it_in_the_end() {
        let locks = RootLocks::default();
        let stop = AtomicBool::new(false);
        let counter = Mutex::new(0u32);
        std::thread::scope(|scope| {
            for n in 0..8 {
                let (locks, stop, counter) = (&locks, &stop, &counter);
                scope.spawn(move || {
                    for _ in 0..50 {
                        let pair = if n % 2 == 0 { ["/a", "/b"] } else { ["/b", "/a"] };
                        let _held = locks.take(roots(&pair), stop).expect("not cancelled");
                        let mut counter = counter.try_lock().expect("nobody else is in here");
                        *counter += 1;
                    }
                });
            }
        });
        assert_eq!(counter.into_inner().expect("not poisoned"), 400);
    }
}
