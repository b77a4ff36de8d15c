//! The only place that asks what time it is.
//!
//! The wall clock may be stepped at any moment, by an hour and in either direction: it is for people, and for comparing
//! with the times of files. Whatever waits, expires or orders uses [`Clock::elapsed`].

use crate::model::Timestamp;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

static WALL: OnceLock<fn() -> SystemTime> = OnceLock::new();

/// What the wall clock shows.
pub fn system_time() -> SystemTime {
    WALL.get().map_or_else(SystemTime::now, |source| source())
}

/// Replaces the wall clock of this process, once and before it is asked. For fault tests: stepping the real one takes
/// privileges and disturbs everybody.
pub fn replace_wall_clock(source: fn() -> SystemTime) {
    // The first stays: a clock that is replaced while it is used is not what is tested.
    let _ = WALL.set(source);
}

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
        let since = system_time().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}
