//! A writer that stops for the rest of the day when it has written enough.

use crate::model::Timestamp;
use std::fmt;
use std::io::{self, Write};

/// The last line of a day that reached its limit.
pub(super) const LIMIT_REACHED: &[u8] = b"log limit reached; nothing more is logged until midnight UTC\n";

/// A day in UTC; shown as in the names of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day(i64);

/// Microseconds.
const DAY: i64 = 86_400_000_000;

impl Day {
    /// The day of a moment.
    pub(super) fn of(at: Timestamp) -> Self {
        Self(at.0.div_euclid(DAY))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let midnight = Timestamp(self.0.saturating_mul(DAY)).to_string();
        f.write_str(midnight.split('T').next().unwrap_or_default())
    }
}

/// Passes whole lines on, up to a limit a day.
#[derive(Debug)]
pub(super) struct Capped<W, C> {
    inner: W,
    limit: u64,
    today: C,
    day: Day,
    written: u64,
    full: bool,
}

impl<W: Write, C: Fn() -> Day> Capped<W, C> {
    /// `written` is what today's file holds already: a daemon that starts again and again must not start anew here.
    pub(super) fn new(inner: W, limit: u64, written: u64, today: C) -> Self {
        let day = today();
        Self { inner, limit, today, day, written, full: written >= limit }
    }
}

impl<W: Write, C: Fn() -> Day> Write for Capped<W, C> {
    /// Takes all of `line`, or fails.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let day = (self.today)();
        if day != self.day {
            (self.day, self.written, self.full) = (day, 0, false);
        }
        if self.full {
            return Ok(line.len());
        }
        let after = self.written.saturating_add(line.len() as u64);
        if after > self.limit {
            self.full = true;
            self.inner.write_all(LIMIT_REACHED)?;
        } else {
            self.written = after;
            self.inner.write_all(line)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
