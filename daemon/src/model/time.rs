//! Points in time, as microseconds since 1970 UTC.
//!
//! The original's files mix naive UTC and naive local times (formats-core §1.3); parsing them with the clock of their
//! field is the library's work. Everything after that is UTC, and leaves the daemon as RFC 3339 with `Z`.

use jiff::tz::Offset;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl std::fmt::Display for Timestamp {
    /// `2026-11-21T08:12:41.521290Z`; the fraction is omitted when it is zero, as Python's `isoformat` does.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Ok(at) = jiff::Timestamp::from_microsecond(self.0) else { return f.write_str("invalid-time") };
        let civil = Offset::UTC.to_datetime(at);
        if self.0.rem_euclid(1_000_000) == 0 { write!(f, "{civil:.0}Z") } else { write!(f, "{civil:.6}Z") }
    }
}
