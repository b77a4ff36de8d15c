//! `<collection>_rollback_audit.toml`: what rollbacks did (formats-versions §3).
//!
//! Of what is there, as much is read as a new entry must not collide with, and as tells what happened.

use super::moment::{self, Naive};
use super::problems::Problems;
use super::toml_text::Document;
use crate::model::Timestamp;
use jiff::tz::TimeZone;
use skillmeat_protocol::reply::Problem;
use std::path::Path;

/// How a rollback is called there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Everything, as it was.
    Simple,
    /// Everything, with what people changed kept.
    Intelligent,
    /// Named paths.
    Selective,
}

impl Operation {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Intelligent => "intelligent",
            Self::Selective => "selective",
        }
    }
}

/// One rollback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Which collection, by name.
    pub collection: String,
    /// The snapshot of what was there before.
    pub source: String,
    /// The snapshot that was asked for.
    pub target: String,
    /// What was asked for.
    pub operation: Operation,
    /// Whether what people changed was to stay.
    pub preserving: bool,
    /// Paths that are as in the snapshot now.
    pub restored: Vec<String>,
    /// Paths in which both sides were joined.
    pub merged: Vec<String>,
    /// Paths that stood in the way.
    pub conflicts: Vec<String>,
    /// The paths that were named, if any were.
    pub paths: Vec<String>,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

/// A rollback as the trail tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its id there.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// The snapshot that was asked for.
    pub target: String,
    /// The snapshot of what was there before.
    pub source: String,
    /// Whether it succeeded.
    pub success: bool,
    /// Why not.
    pub error: Option<String>,
}

/// The rollbacks in the file, in their order, with local times on the clock of `zone`. What does not say which and when is left out.
///
/// # Errors
/// The file as a whole cannot be read.
pub fn told(bytes: &[u8], path: &Path, zone: &TimeZone) -> Result<Vec<Told>, Problem> {
    let document = Document::parse(bytes, path)?;
    let mut problems = Problems::default();
    let entries = document.root().sections("entries", &mut problems);
    let one = |entry: &super::section::Section<'_>| {
        let mut unsaid = Problems::default();
        let mut text = |key: &str| entry.text(key, &mut unsaid).map(str::to_owned);
        let (id, target, source, error) =
            (text("id")?, text("target_snapshot_id")?, text("source_snapshot_id"), text("error"));
        let at = moment::read(entry, "timestamp", Naive::Local(zone), &mut unsaid)?;
        let success = entry.item("success").and_then(toml_edit::Item::as_bool).unwrap_or(error.is_none());
        Some(Told { id, at, target, source: source.unwrap_or_default(), success, error })
    };
    Ok(entries.sections.iter().filter_map(one).collect())
}

/// The id of a rollback at `at`, on the clock of `zone`, that is not among `taken`: those of the original have a second each.
pub fn free_id(at: Timestamp, zone: &TimeZone, taken: &[String]) -> String {
    let moment = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default().to_zoned(zone.clone());
    let plain = moment.strftime("rb_%Y%m%d_%H%M%S").to_string();
    let numbered = (2..).map(|n| format!("{plain}_{n}"));
    let mut free = std::iter::once(plain.clone()).chain(numbered).filter(|id| !taken.contains(id));
    // The numbers do not end before the list does.
    free.next().unwrap_or(plain)
}

/// The ids in the file, in their order.
///
/// # Errors
/// The file as a whole cannot be read.
pub fn ids(bytes: &[u8], path: &Path) -> Result<Vec<String>, Problem> {
    let document = Document::parse(bytes, path)?;
    let root = document.root();
    let mut problems = Problems::default();
    let entries = root.sections("entries", &mut problems);
    if entries.flaw.is_some() {
        return Err(root.problem("entries", "must be a list of tables, and nothing else"));
    }
    Ok(entries.sections.iter().filter_map(|entry| entry.text("id", &mut problems)).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_within_a_second() {
        let at = Timestamp(1_795_248_682_781_486);
        let mut taken = Vec::new();
        for want in ["rb_20261121_081122", "rb_20261121_081122_2", "rb_20261121_081122_3"] {
            let id = free_id(at, &TimeZone::UTC, &taken);
            assert_eq!(id, want);
            taken.push(id);
        }
    }

    #[test]
    fn what_happened_is_read() {
        let text = "[[entries]]\nid = \"rb_1\"\ntimestamp = \"2026-11-21T08:12:41.5\"\nsource_snapshot_id = \"s\"\n\
                    target_snapshot_id = \"t\"\nsuccess = true\n[[entries]]\nid = \"rb_2\"\n\
                    timestamp = \"2026-11-21T08:12:42\"\ntarget_snapshot_id = \"t\"\nsuccess = false\nerror = \"e\"\n\
                    [[entries]]\nid = \"rb_3\"\n";
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let found = told(text.as_bytes(), Path::new("/a.toml"), &zone).expect("read");
        let first = Told {
            id: "rb_1".into(),
            at: Timestamp(1_795_245_161_500_000),
            target: "t".into(),
            source: "s".into(),
            success: true,
            error: None,
        };
        let second = Told {
            id: "rb_2".into(),
            at: Timestamp(1_795_245_162_000_000),
            source: String::new(),
            success: false,
            error: Some("e".into()),
            ..first.clone()
        };
        assert_eq!(found, [first, second]);
    }

    #[test]
    fn damage_is_told() {
        let read = |text: &str| ids(text.as_bytes(), Path::new("/a.toml"));
        assert_eq!(read("[[entries]]\nid = \"a\"\n[[entries]]\nx = 1\n").expect("read"), ["a"]);
        assert_eq!(read("entries = []\n").expect("read"), Vec::<String>::new());
        for (damaged, line) in [("a = 1\nb", 2), ("entries = 1\n", 1)] {
            assert_eq!(read(damaged).expect_err("damaged").line, Some(line), "{damaged}");
        }
    }
}
