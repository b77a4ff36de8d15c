//! Points in time as the original writes them: usually without offset, in one of two clocks (formats-core §1.3).
//!
//! Which clock a field uses is known only to the format that has it, so callers say. `deployed_at` is local by rule,
//! yet one code path of the original wrote UTC there too; nothing in the file tells the two apart.

use super::problems::Problems;
use super::section::Section;
use crate::model::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use skillmeat_protocol::reply::Problem;

/// The clock of a time without offset.
#[derive(Clone, Copy, Debug)]
pub enum Naive<'z> {
    /// Universal time.
    Utc,
    /// The clock of the machine that wrote the file; assumed to be this zone.
    Local(&'z TimeZone),
}

/// Text that is no point in time.
#[derive(Debug, thiserror::Error)]
#[error("cannot read '{text}' as a time: {source}")]
pub struct NotATime {
    text: String,
    source: jiff::Error,
}

/// Reads ISO 8601 text. An offset or `Z` is honoured; without one, `naive` says which clock it is. A local time that
/// occurs twice is the earlier one, as in Python.
///
/// # Errors
/// The text is no time, or out of range.
pub fn parse(text: &str, naive: Naive<'_>) -> Result<Timestamp, NotATime> {
    let text = text.trim();
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp(at.as_microsecond()));
    }
    let zone = match naive {
        Naive::Utc => TimeZone::UTC,
        Naive::Local(zone) => zone.clone(),
    };
    text.parse::<DateTime>()
        .and_then(|civil| civil.to_zoned(zone))
        .map(|at| Timestamp(at.timestamp().as_microsecond()))
        .map_err(|source| NotATime { text: text.to_owned(), source })
}

/// The time at `key` of `section`, a string or a TOML date; what is none is a problem.
pub fn read(section: &Section<'_>, key: &str, naive: Naive<'_>, problems: &mut Problems) -> Option<Timestamp> {
    let text = section.scalar(key, problems)?;
    match parse(&text, naive) {
        Ok(at) => Some(at),
        Err(e) => {
            let hint = "write it as 2026-11-21T08:12:41".to_owned();
            problems.push(Problem { hint: Some(hint), ..section.problem(key, e.to_string()) });
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::Offset;

    #[test]
    fn clocks_and_offsets() {
        let plus_two = Offset::constant(2).to_time_zone();
        let local = Naive::Local(&plus_two);
        for (text, naive, want) in [
            ("2026-11-21T08:12:41.521290", Naive::Utc, "2026-11-21T08:12:41.521290Z"),
            ("2026-11-21T08:12:41.521290", local, "2026-11-21T06:12:41.521290Z"),
            ("2026-11-21T08:12:41", local, "2026-11-21T06:12:41Z"),
            ("2026-11-21 08:12:41", Naive::Utc, "2026-11-21T08:12:41Z"),
            ("2026-11-21T08:12:41.785654Z", local, "2026-11-21T08:12:41.785654Z"),
            ("2026-11-21T08:12:41+00:00", local, "2026-11-21T08:12:41Z"),
            ("2026-11-21T08:12:41-05:00", Naive::Utc, "2026-11-21T13:12:41Z"),
            ("2026-11-21", Naive::Utc, "2026-11-21T00:00:00Z"),
            ("1969-12-31T23:59:59.5", Naive::Utc, "1969-12-31T23:59:59.500000Z"),
        ] {
            assert_eq!(parse(text, naive).expect(text).to_string(), want, "{text} {naive:?}");
        }
        for bad in ["", "yesterday", "2026-13-01T00:00:00", "2026-11-21T25:00:00", "99999-01-01T00:00:00", "12:00:00"] {
            assert!(parse(bad, Naive::Utc).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_local_time_that_occurs_twice_is_the_earlier() {
        let Ok(berlin) = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3") else { panic!("a POSIX zone") };
        let at = parse("2026-10-25T02:30:00", Naive::Local(&berlin)).expect("in the fold");
        assert_eq!(at.to_string(), "2026-10-25T00:30:00Z");
    }
}
