//! One line of the table: what was measured, beside what, and whether that is good enough.
//!
//! Invariant: a row without a figure says in its note why; nothing is ever made up to fill a place.

use std::fmt::Write as _;

use serde::Serialize;

/// What the figures of a row count. A row's figures are all of one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Microseconds.
    Us,
    /// Bytes.
    Bytes,
    /// Things.
    Count,
    /// One figure by another; per cent as a fraction.
    Ratio,
    /// Things per second.
    PerSecond,
}

/// What was measured. For times the median; where there were many, with what one in a hundred exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The value, or the median of the values.
    pub value: f64,
    /// 99th percentile.
    pub p99: Option<f64>,
}

/// The same, of something else, in the same run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reference {
    /// What it is.
    pub name: String,
    /// Its figure, in the row's unit.
    #[serde(flatten)]
    pub figure: Figure,
}

/// What a row must reach.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The value by the reference's.
    RatioAtMost(f64),
    /// The value.
    AtMost(f64),
    /// Median and 99th percentile.
    P50P99AtMost(f64, f64),
    /// The value is the reference's, exactly: for counters.
    Equal,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which group measured it.
    pub group: &'static str,
    /// What was measured.
    pub name: String,
    /// What the figures count.
    pub unit: Unit,
    /// Ours; none when it could not be measured.
    pub ours: Option<Figure>,
    /// What it is held against.
    pub reference: Option<Reference>,
    /// What must be reached.
    pub target: Option<Target>,
    /// What the reader should know; why there is no figure.
    pub note: Option<String>,
}

impl Figure {
    /// A single value.
    pub const fn of(value: f64) -> Self {
        Self { value, p99: None }
    }
}

impl Row {
    /// A figure of ours.
    pub fn new(group: &'static str, name: impl Into<String>, unit: Unit, ours: Figure) -> Self {
        Self { ours: Some(ours), ..Self::without(group, name, unit, "").note_cleared() }
    }

    /// A row that could not be measured, and why.
    pub fn without(group: &'static str, name: impl Into<String>, unit: Unit, why: impl Into<String>) -> Self {
        let note = Some(why.into());
        Self { group, name: name.into(), unit, ours: None, reference: None, target: None, note }
    }

    fn note_cleared(mut self) -> Self {
        self.note = None;
        self
    }

    /// Holds it against something measured in the same run.
    #[must_use]
    pub fn beside(mut self, name: impl Into<String>, figure: Figure) -> Self {
        self.reference = Some(Reference { name: name.into(), figure });
        self
    }

    /// What it must reach.
    #[must_use]
    pub fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// What the reader should know.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Ours by the reference's.
    pub fn ratio(&self) -> Option<f64> {
        let (ours, reference) = (self.ours?, self.reference.as_ref()?);
        (reference.figure.value > 0.0).then(|| ours.value / reference.figure.value)
    }

    /// Whether the target is reached; none without a target or without the figures to tell.
    pub fn met(&self) -> Option<bool> {
        let ours = self.ours?;
        match self.target? {
            Target::RatioAtMost(most) => self.ratio().map(|ratio| ratio <= most),
            Target::AtMost(most) => Some(ours.value <= most),
            Target::P50P99AtMost(p50, p99) => ours.p99.map(|late| ours.value <= p50 && late <= p99),
            Target::Equal => self.reference.as_ref().map(|reference| reference.figure.value == ours.value),
        }
    }
}

impl Unit {
    /// A value with its unit, for people: three significant digits or a whole number.
    pub fn text(self, value: f64) -> String {
        match self {
            Self::Us => scaled(value, 1e3, &["µs", "ms", "s"]),
            Self::Bytes => scaled(value, 1024.0, &["B", "KiB", "MiB", "GiB"]),
            Self::Count => thousands(value),
            Self::Ratio => format!("{value:.3}"),
            Self::PerSecond => format!("{}/s", thousands(value)),
        }
    }
}

impl Target {
    /// The target for people, in the unit of its row.
    pub fn text(self, unit: Unit) -> String {
        match self {
            Self::RatioAtMost(most) => format!("≤ {most}×"),
            Self::AtMost(most) => format!("≤ {}", unit.text(most)),
            Self::P50P99AtMost(p50, p99) => format!("≤ {} / {}", unit.text(p50), unit.text(p99)),
            Self::Equal => "equal".to_owned(),
        }
    }
}

fn scaled(mut value: f64, step: f64, names: &[&str]) -> String {
    let mut at = 0;
    while value.abs() >= step && at + 1 < names.len() {
        value /= step;
        at += 1;
    }
    let digits = match value.abs() {
        v if v >= 100.0 || v.fract() == 0.0 => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$} {}", names[at])
}

fn thousands(value: f64) -> String {
    if value.abs() < 100.0 && value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::from(if value < 0.0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        // Writing into a string cannot fail.
        let _ = write!(text, "{digit}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: f64, p99: Option<f64>) -> Row {
        Row::new("g", "n", Unit::Us, Figure { value, p99 })
    }

    #[test]
    fn targets_are_met_or_not_or_unknown() {
        let reference = Figure::of(100.0);
        assert_eq!(row(125.0, None).beside("r", reference).target(Target::RatioAtMost(1.25)).met(), Some(true));
        assert_eq!(row(126.0, None).beside("r", reference).target(Target::RatioAtMost(1.25)).met(), Some(false));
        assert_eq!(row(126.0, None).target(Target::RatioAtMost(1.25)).met(), None);
        assert_eq!(row(50.0, None).target(Target::AtMost(50.0)).met(), Some(true));
        assert_eq!(row(50.0, Some(500.0)).target(Target::P50P99AtMost(50.0, 500.0)).met(), Some(true));
        assert_eq!(row(50.0, Some(501.0)).target(Target::P50P99AtMost(50.0, 500.0)).met(), Some(false));
        assert_eq!(row(50.0, None).target(Target::P50P99AtMost(50.0, 500.0)).met(), None);
        assert_eq!(row(100.0, None).beside("r", reference).target(Target::Equal).met(), Some(true));
        assert_eq!(row(101.0, None).beside("r", reference).target(Target::Equal).met(), Some(false));
        assert_eq!(Row::without("g", "n", Unit::Us, "no tool").target(Target::AtMost(1.0)).met(), None);
        assert_eq!(row(1.0, None).met(), None);
    }

    #[test]
    fn values_are_readable() {
        for (unit, value, want) in [
            (Unit::Us, 0.5, "0.50 µs"),
            (Unit::Us, 999.0, "999 µs"),
            (Unit::Us, 1234.0, "1.23 ms"),
            (Unit::Us, 61_500_000.0, "61.5 s"),
            (Unit::Bytes, 1536.0, "1.50 KiB"),
            (Unit::Bytes, 100.0 * 1024.0 * 1024.0, "100 MiB"),
            (Unit::Count, 150_000.0, "150,000"),
            (Unit::Count, 2.5, "2.5"),
            (Unit::PerSecond, 12_345.6, "12,346/s"),
            (Unit::Ratio, 0.25, "0.250"),
        ] {
            assert_eq!(unit.text(value), want);
        }
    }
}
