//! `snapshots.toml`: the list of the snapshots of one collection (formats-versions §2).
//!
//! The original loses the whole list to one entry without a key; here each entry stands alone. An entry without a usable id
//! is told and not listed, since an id becomes part of a path; one whose time cannot be read has that of its id.

use super::moment::{self, Naive};
use super::portable::name_flaw;
use super::problems::Problems;
use super::section::Section;
use super::toml_text::Document;
use crate::model::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use skillmeat_protocol::reply::Problem;
use std::path::Path;

/// How the messages of snapshots begin that nobody asked for.
pub const AUTOMATIC: &str = "[auto] ";
/// What the original calls one that nobody named.
pub const MANUAL: &str = "Manual snapshot";
/// The form of an id: the time in UTC, to the microsecond.
const ID: &str = "%Y%m%d-%H%M%S-%6f";

/// One snapshot, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotEntry {
    /// Its id, a plain file name.
    pub id: String,
    /// When it was taken.
    pub at: Timestamp,
    /// Why.
    pub message: String,
    /// How many artifacts the original counted.
    pub artifact_count: Option<u64>,
    /// Where its archive was when it was written; empty when that is not said.
    pub tarball_path: String,
}

impl SnapshotEntry {
    /// Whether an operation took it, and no person.
    pub fn is_automatic(&self) -> bool {
        self.message.starts_with(AUTOMATIC) || self.message == "Pre-sync snapshot (automatic)"
    }

    /// Whether it is what a rollback would be taken back with.
    pub fn is_safety(&self) -> bool {
        let what = self.message.strip_prefix(AUTOMATIC).unwrap_or_default();
        what.starts_with("Before rollback") || what.starts_with("Before intelligent rollback")
    }
}

/// The id of a snapshot that is taken at `at`.
pub fn id_at(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
    moment.to_zoned(TimeZone::UTC).strftime(ID).to_string()
}

/// The time that an id tells.
pub fn time_of(id: &str) -> Option<Timestamp> {
    let civil = DateTime::strptime("%Y%m%d-%H%M%S-%f", id).ok()?;
    Some(Timestamp(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond()))
}

/// Reads the list, in file order, with what is wrong with single entries.
///
/// # Errors
/// What is wrong with the file as a whole: nothing is known of its snapshots then.
pub fn parse(bytes: &[u8], path: &Path) -> Result<(Vec<SnapshotEntry>, Vec<Problem>), Problem> {
    let document = Document::parse(bytes, path)?;
    let root = document.root();
    let mut problems = Problems::default();
    let list = root.sections("snapshots", &mut problems);
    if list.flaw.is_some() {
        return Err(root.problem("snapshots", "must be a list of tables, and nothing else"));
    }
    let mut entries: Vec<SnapshotEntry> = Vec::new();
    for section in &list.sections {
        let Some(entry) = entry(section, &mut problems) else { continue };
        if entries.iter().any(|known| known.id == entry.id) {
            problems.push(section.problem("id", format!("{} is listed twice; the first entry counts", entry.id)));
        } else {
            entries.push(entry);
        }
    }
    Ok((entries, problems.into_vec()))
}

fn entry(section: &Section<'_>, problems: &mut Problems) -> Option<SnapshotEntry> {
    let id = section.required_text("id", problems)?.to_owned();
    if let Some(flaw) = name_flaw(&id) {
        problems.push(section.problem("id", format!("'{}' cannot be an id: {flaw}", id.escape_debug())));
        return None;
    }
    let at = if section.has("timestamp") {
        moment::read(section, "timestamp", Naive::Utc, problems)
    } else {
        problems.push(section.problem("timestamp", "'timestamp' is missing"));
        None
    };
    let at = at.or_else(|| time_of(&id)).unwrap_or(Timestamp(0));
    let text = |key: &str, problems: &mut Problems| section.text(key, problems).unwrap_or_default().to_owned();
    let (message, tarball_path) = (text("message", problems), text("tarball_path", problems));
    let artifact_count = section.integer("artifact_count", problems).and_then(|count| u64::try_from(count).ok());
    Some(SnapshotEntry { id, at, message, artifact_count, tarball_path })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Vec<SnapshotEntry>, Vec<Problem>), Problem> {
        parse(text.as_bytes(), Path::new("/s/snapshots.toml"))
    }

    #[test]
    fn ids_tell_their_time() {
        let at = Timestamp(1_795_248_682_000_486);
        assert_eq!(id_at(at), "20261121-081122-000486");
        assert_eq!(time_of("20261121-081122-000486"), Some(at));
        assert_eq!(time_of("yesterday"), None);
    }

    #[test]
    fn each_entry_stands_alone() {
        let good = "[[snapshots]]\nid = \"20261121-070854-838706\"\ntimestamp = \"2026-11-21T07:08:54.838706\"\n\
                    message = \"[auto] Before rollback\"\nartifact_count = 3\ntarball_path = \"/t.tar.gz\"\nmore = 1\n";
        let (entries, problems) = read(good).expect("read");
        assert_eq!((entries.len(), problems.len()), (1, 0));
        assert_eq!(entries[0].at.to_string(), "2026-11-21T07:08:54.838706Z");
        assert!(entries[0].is_automatic() && entries[0].is_safety());
        for (from, to, listed, key) in [
            ("id = \"20261121-070854-838706\"\n", "", 0, "snapshots[0].id"),
            ("20261121-070854-838706\"\nt", "../../x\"\nt", 0, "snapshots[0].id"),
            ("timestamp = \"2026-11-21T07:08:54.838706\"\n", "", 1, "snapshots[0].timestamp"),
            ("2026-11-21T07:08:54.838706", "soon", 1, "snapshots[0].timestamp"),
            ("artifact_count = 3", "artifact_count = \"3\"", 1, "snapshots[0].artifact_count"),
            ("message = \"[auto] Before rollback\"", "message = 1", 1, "snapshots[0].message"),
        ] {
            let (entries, problems) = read(&good.replacen(from, to, 1)).expect("read");
            assert_eq!((entries.len(), problems.len()), (listed, 1), "{from} as {to}: {problems:?}");
            assert_eq!(problems[0].key.as_deref(), Some(key));
            assert!(entries.iter().all(|entry| entry.at == Timestamp(1_795_244_934_838_706)), "{to}");
        }
        let (entries, problems) = read(&format!("{good}\n{good}")).expect("read");
        assert_eq!((entries.len(), problems[0].line), (1, Some(10)));
    }

    #[test]
    fn damage_to_the_whole_names_its_line() {
        assert_eq!(read("").expect("empty"), (vec![], vec![]));
        assert_eq!(read("snapshots = []\n").expect("empty"), (vec![], vec![]));
        for (text, line) in [("a = 1\n[[snapshots]\n", 2), ("x = 1\nsnapshots = 3\n", 2)] {
            assert_eq!(read(text).expect_err("damaged").line, Some(line), "{text}");
        }
    }
}
