//! `<collection>_rollback_audit.toml`: what rollbacks did (formats-versions §3).
//!
//! Only what a new entry must not collide with is read of the others.

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
    fn damage_is_told() {
        let read = |text: &str| ids(text.as_bytes(), Path::new("/a.toml"));
        assert_eq!(read("[[entries]]\nid = \"a\"\n[[entries]]\nx = 1\n").expect("read"), ["a"]);
        assert_eq!(read("entries = []\n").expect("read"), Vec::<String>::new());
        for (damaged, line) in [("a = 1\nb", 2), ("entries = 1\n", 1)] {
            assert_eq!(read(damaged).expect_err("damaged").line, Some(line), "{damaged}");
        }
    }
}
