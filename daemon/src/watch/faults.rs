//! Faults of the kernel's delivery, on demand: what the tests put between the kernel and the engine. A drain always ends:
//! it is asked of this process's own thread, not of the kernel.
//!
//! The shipped program passes [`Faults::default`], which changes nothing. Which promise holds under which fault:
//!
//! | fault | what must hold |
//! |---|---|
//! | a loss that is announced | everything is compared at once; the next synced answer is right |
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
}

/// A text that names no faults.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is none of drop=N and lose=N, N from 1")]
pub struct NoFault(String);

impl FromStr for Faults {
    type Err = NoFault;

    /// Reads `drop=3,lose=7`; the empty text is no fault.
    fn from_str(text: &str) -> Result<Self, NoFault> {
        let mut faults = Self::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let wrong = || NoFault(part.to_owned());
            let (name, number) = part.split_once('=').ok_or_else(wrong)?;
            let number = Some(number.parse().map_err(|_| wrong())?);
            match name {
                "drop" => faults.drop = number,
                "lose" => faults.lose = number,
                _ => return Err(wrong()),
            }
        }
        Ok(faults)
    }
}

impl Faults {
    /// The sink with these faults before it.
    pub fn before(self, sink: impl Fn(Signal) + Send + Sync + 'static) -> impl Fn(Signal) + Send + Sync + 'static {
        let touches = AtomicU64::new(0);
        move |signal| {
            if !matches!(signal, Signal::Touched { .. }) {
                return sink(signal);
            }
            let number = touches.fetch_add(1, Ordering::Relaxed) + 1;
            let hits = |every: Option<NonZeroU64>| every.is_some_and(|every| number % every == 0);
            if hits(self.lose) {
                sink(Signal::Lost { reason: "a fault that was asked for".into() });
            } else if !hits(self.drop) {
                sink(signal);
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
                Signal::Lost { .. } => 'l',
                _ => 'd',
            });
        });
        for number in 1..=6 {
            sink(Signal::Touched { path: "/p".into(), hint: Hint::Finished });
            sink(Signal::Drained(number));
        }
        let heard = heard.lock().expect("not poisoned");
        heard.clone()
    }

    #[test]
    fn each_fault_hits_its_own_kind() {
        for (faults, want) in [
            ("", "tdtdtdtdtdtd"),
            ("drop=1", "dddddd"),
            ("drop=3", "tdtddtdtdd"),
            ("lose=4", "tdtdtdldtdtd"),
            ("drop=2,lose=4", "tddtdldtdd"),
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
