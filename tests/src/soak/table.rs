//! Which of the measured things stayed as they were, by rules that are printed with the answer.

use std::fmt;

use super::Report;
use super::sample::Sample;

/// Memory, cache and log may end this much above where they were after the warm-up: allocators and SQLite keep what they
/// have. Per cent, and bytes on top.
const SLACK: (f64, f64) = (5.0, 512.0 * 1024.0);
/// Bytes that the log may grow in an hour: a line now and then about a broken file, none for a request.
const LOG_PER_HOUR: f64 = 256.0 * 1024.0;

/// How one measured thing must behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The same in every measurement after the warm-up.
    Exact,
    /// The median of the last third is not above that of the first third by more than the slack.
    Level,
    /// The slope is not above what the log may grow.
    Slow,
}

/// What is picked from a sample.
type Pick = fn(&Sample) -> u64;

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Line {
    /// What was measured.
    pub name: &'static str,
    /// Before any load.
    pub start: f64,
    /// At the first measurement that counts.
    pub warm: f64,
    /// At the last.
    pub end: f64,
    /// Growth per hour after the warm-up, by least squares.
    pub slope: f64,
    /// What it is held to.
    pub rule: Rule,
    /// Whether it holds.
    pub flat: bool,
}

impl Report {
    /// All lines.
    pub fn lines(&self) -> Vec<Line> {
        let parts: [(&'static str, Rule, Pick); 6] = [
            ("resident bytes", Rule::Level, |sample| sample.resident),
            ("descriptors", Rule::Exact, |sample| sample.descriptors),
            ("threads", Rule::Exact, |sample| sample.threads),
            ("inotify watches", Rule::Exact, |sample| sample.watches),
            ("log bytes", Rule::Slow, |sample| sample.log),
            ("cache.db bytes", Rule::Level, |sample| sample.cache),
        ];
        parts.into_iter().filter_map(|(name, rule, pick)| self.line(name, rule, pick)).collect()
    }

    fn line(&self, name: &'static str, rule: Rule, pick: Pick) -> Option<Line> {
        let value = |sample: &Sample| pick(sample) as f64;
        let counted: Vec<&Sample> = self.samples.iter().filter(|sample| sample.at >= self.warm_up).collect();
        let points: Vec<(f64, f64)> = counted.iter().map(|s| (s.at.as_secs_f64() / 3600.0, value(s))).collect();
        let (start, warm, end) = (value(self.samples.first()?), points.first()?.1, points.last()?.1);
        let slope = slope(&points);
        let flat = match rule {
            Rule::Exact => points.iter().all(|(_, value)| *value == warm),
            Rule::Level => {
                let third = points.len().div_ceil(3);
                let (first, last) = (median(&points[..third]), median(&points[points.len() - third..]));
                last <= first * (1.0 + SLACK.0 / 100.0) + SLACK.1
            }
            Rule::Slow => slope <= LOG_PER_HOUR,
        };
        Some(Line { name, start, warm, end, slope, rule, flat })
    }
}

fn median(points: &[(f64, f64)]) -> f64 {
    let mut values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |pick: fn(&(f64, f64)) -> f64| points.iter().map(pick).sum::<f64>() / count;
    let (mx, my) = (mean(|p| p.0), mean(|p| p.1));
    let (above, below) = points.iter().fold((0.0, 0.0), |(above, below), (x, y)| {
        let dx = x - mx;
        (above + dx * (y - my), below + dx * dx)
    });
    if below == 0.0 { 0.0 } else { above / below }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}", self.counts, self.tally)?;
        if let (Some(first), Some(last)) = (self.samples.first(), self.samples.last()) {
            let (requests, events) = (last.requests - first.requests, last.events - first.events);
            writeln!(f, "requests {requests}, kernel events {events}, overflows {}", last.overflows)?;
        }
        let warm = format!("after {} s", self.warm_up.as_secs());
        writeln!(f, "{:16} {:>12} {warm:>14} {:>12} {:>14}", "", "start", "end", "slope / h")?;
        for Line { name, start, warm, end, slope, flat, .. } in self.lines() {
            let verdict = if flat { "flat" } else { "NOT FLAT" };
            writeln!(f, "{name:16} {start:>12.0} {warm:>14.0} {end:>12.0} {slope:>14.0}  {verdict}")?;
        }
        write!(
            f,
            "flat: descriptors, threads (without tokio's pool for blocking calls, which comes and goes) and watches the same \
             in every measurement after the warm-up; memory and cache in the \
             last third (median) at most {} % + {} KiB above the first third; log at most {} KiB per hour",
            SLACK.0,
            SLACK.1 / 1024.0,
            LOG_PER_HOUR / 1024.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_rises_has_its_slope_and_one_that_does_not_has_none() {
        assert!((slope(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]) - 2.0).abs() < 1e-9);
        assert_eq!(slope(&[(0.0, 4.0), (5.0, 4.0)]), 0.0);
        assert_eq!(slope(&[(1.0, 4.0)]), 0.0);
        assert_eq!(median(&[(0.0, 9.0), (0.0, 1.0), (0.0, 2.0)]), 2.0);
    }
}
