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
        let micros = self.0.rem_euclid(1_000_000) as u32;
        if !(0..=9999).contains(&civil.year()) {
            return if micros == 0 { write!(f, "{civil:.0}Z") } else { write!(f, "{civil:.6}Z") };
        }
        // Lists have ten thousand of them, each of which is written in one piece.
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let fields = [
            (0, 4, civil.year().unsigned_abs().into()),
            (5, 2, civil.month().unsigned_abs().into()),
            (8, 2, civil.day().unsigned_abs().into()),
            (11, 2, civil.hour().unsigned_abs().into()),
            (14, 2, civil.minute().unsigned_abs().into()),
            (17, 2, civil.second().unsigned_abs().into()),
            (20, 6, micros),
        ];
        for (at, digits, mut value) in fields {
            for place in text[at..at + digits].iter_mut().rev() {
                *place = b'0' + (value % 10) as u8;
                value /= 10;
            }
        }
        let len = if micros == 0 { SECONDS } else { text.len() };
        text[len - 1] = b'Z';
        f.write_str(std::str::from_utf8(&text[..len]).map_err(|_| std::fmt::Error)?)
    }
}

/// Bytes of a time without a fraction.
const SECONDS: usize = "0000-00-00T00:00:00Z".len();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_the_calendar_writes_it() {
        for (micros, want) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (1_763_712_761_521_290, "2025-11-21T08:12:41.521290Z"),
            (1_709_164_800_000_001, "2024-02-29T00:00:00.000001Z"),
            (253_402_207_200_000_000, "9999-12-30T22:00:00Z"),
            (-62_167_219_200_000_000, "0000-01-01T00:00:00Z"),
            (-62_167_219_201_500_000, "-000001-12-31T23:59:58.500000Z"),
            (i64::MAX, "invalid-time"),
        ] {
            assert_eq!(Timestamp(micros).to_string(), want, "{micros}");
        }
        for days in (-700_000..2_900_000).step_by(997) {
            let at = jiff::Timestamp::from_microsecond(days * 86_400_000_000 + 12_345_678_901).expect("in range");
            let civil = Offset::UTC.to_datetime(at);
            assert_eq!(Timestamp(at.as_microsecond()).to_string(), format!("{civil:.6}Z"));
        }
    }
}
