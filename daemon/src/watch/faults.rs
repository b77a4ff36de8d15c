//! Faults of the kernel's delivery, on demand: what the tests put between the kernel and the engine.
//!
//! The shipped program passes [`Faults::default`], which changes nothing. Which promise holds under which fault:
//!
//! | fault | what must hold |
//! |---|---|
//! | a loss that is announced | everything is compared at once; the next synced answer is right |
//! | a cookie that does not come back | the barrier compares by `stat`; the next synced answer is right |
//! | an event that is lost silently | nothing can know; the next verification repairs it |

use super::Signal;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Which signals go wrong; each counts its own kind, from one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Every so many touches, one is dropped.
    pub drop: Option<NonZeroU64>,
    /// Every so many touches, one is dropped and a loss is announced.
    pub lose: Option<NonZeroU64>,
    /// Every so many cookies, one is dropped.
    pub cookies: Option<NonZeroU64>,
}

/// A text that names no faults.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is none of drop=N, lose=N and cookies=N, N from 1")]
pub struct NoFault(String);

impl FromStr for Faults {
    type Err = NoFault;

    /// Reads `drop=3,cookies=2`; the empty text is no fault.
    fn from_str(text: &str) -> Result<Self, NoFault> {
        let mut faults = Self::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let wrong = || NoFault(part.to_owned());
            let (name, number) = part.split_once('=').ok_or_else(wrong)?;
            let number = Some(number.parse().map_err(|_| wrong())?);
            match name {
                "drop" => faults.drop = number,
                "lose" => faults.lose = number,
                "cookies" => faults.cookies = number,
                _ => return Err(wrong()),
            }
        }
        Ok(faults)
    }
}

impl Faults {
    /// The sink with these faults before it.
    pub fn before(self, sink: impl Fn(Signal) + Send + Sync + 'static) -> impl Fn(Signal) + Send + Sync + 'static {
        let (touches, cookies) = (AtomicU64::new(0), AtomicU64::new(0));
        move |signal| {
            let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed) + 1;
            let hits = |number, every: Option<NonZeroU64>| every.is_some_and(|every| number % every == 0);
            match signal {
                Signal::Touched { .. } => {
                    let number = count(&touches);
                    if hits(number, self.lose) {
                        sink(Signal::Lost { reason: "a fault that was asked for".into() });
                    } else if !hits(number, self.drop) {
                        sink(signal);
                    }
                }
                Signal::Cookie(_) if hits(count(&cookies), self.cookies) => {}
                signal => sink(signal),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Hint;
    use super::*;
    use std::sync::{Arc, Mutex};

    fn delivered(faults: &str) -> String {
        let heard = Arc::new(Mutex::new(String::new()));
        let into = Arc::clone(&heard);
        let faults: Faults = faults.parse().expect("valid");
        let sink = faults.before(move |signal| {
            into.lock().expect("not poisoned").push(match signal {
                Signal::Touched { .. } => 't',
                Signal::Cookie(_) => 'c',
                Signal::Lost { .. } => 'l',
            });
        });
        for number in 1..=6 {
            sink(Signal::Touched { path: "/p".into(), hint: Hint::Finished });
            sink(Signal::Cookie(number));
        }
        let heard = heard.lock().expect("not poisoned");
        heard.clone()
    }

    #[test]
    fn each_fault_hits_its_own_kind() {
        for (faults, want) in [
            ("", "tctctctctctc"),
            ("drop=1", "cccccc"),
            ("drop=3", "tctcctctcc"),
            ("lose=4", "tctctclctctc"),
            ("cookies=2", "tcttcttct"),
            ("drop=2,cookies=3,lose=4", "tcctlctc"),
        ] {
            assert_eq!(delivered(faults), want, "{faults}");
        }
    }

    #[test]
    fn what_names_no_fault_is_refused() {
        for text in ["drop", "drop=0", "drop=x", "pour=1", "drop=1;lose=2"] {
            assert!(text.parse::<Faults>().is_err(), "{text}");
        }
    }
}
