//! The only place that asks what time it is on behalf of the engine.

use crate::model::Timestamp;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time since the daemon started, and the wall clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
}

impl Clock {
    /// Starts now.
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// Since the start; never goes back.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Of the wall clock, for people.
    pub fn wall(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}
