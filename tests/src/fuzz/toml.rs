//! What every reader of TOML owes, whatever the format: complaints that can be followed, and records that do not hide
//! each other.

use std::path::{Component, Path};

use skillmeat_protocol::reply::Problem;
use skillmeatd::library::portable::relative_path;
use skillmeatd::library::problems::MOST;
use skillmeatd::library::toml_text::Document;

/// The file that is said to be read.
pub(super) const FILE: &str = "/where/it/was.toml";

/// A hash, for good records.
pub(super) const HASH: &str = "8c1d114d9edc5cea03e50aaf2af846ed2c70156c3a81e9047be20f4a92bcfee3";

/// The file, as readers want it.
pub(super) fn file() -> &'static Path {
    Path::new(FILE)
}

/// Whether `data` is TOML at all.
pub(super) fn is_toml(data: &[u8]) -> bool {
    Document::parse(data, file()).is_ok()
}

/// Lines of `data`, counting an unfinished last one.
pub(super) fn lines(data: &[u8]) -> u32 {
    data.iter().filter(|byte| **byte == b'\n').count() as u32 + 1
}

/// Every complaint names the file and a line of it, on one line that is safe to print; and a file that is no TOML has
/// exactly one.
pub(super) fn can_be_followed(problems: &[Problem], data: &[u8]) {
    let lines = lines(data);
    assert!(problems.len() <= MOST + 1, "{} problems are kept", problems.len());
    for problem in problems {
        assert_eq!(problem.file, FILE, "{problem:?}");
        // The one complaint to which the parser gives no place.
        let nowhere = problem.line.is_none() && problem.message.ends_with(": recursion limit");
        let line = problem.line.is_some_and(|line| (1..=lines).contains(&line));
        assert!(line || nowhere, "{problem:?} of {lines} lines");
        let texts = [Some(&problem.message), problem.key.as_ref(), problem.hint.as_ref()];
        for text in texts.into_iter().flatten() {
            assert!(!text.is_empty() && !text.contains(char::is_control), "{problem:?}");
        }
    }
    if !is_toml(data) {
        assert_eq!(problems.len(), 1, "{problems:?}");
    }
}

/// `data` with `record` at its end; none when that is not TOML, because the list is written in the other way, or is
/// something else.
pub(super) fn with_record(data: &[u8], record: &str) -> Option<Vec<u8>> {
    let longer = [data, b"\n", record.as_bytes()].concat();
    (is_toml(data) && is_toml(&longer)).then_some(longer)
}

/// A name from a file, of which a path can be made.
pub(super) fn names_something(name: &str) {
    let usable = |part: &str| !part.trim().is_empty() && !part.starts_with('.') && !part.contains("..");
    assert!(name.split('/').all(usable) && !name.contains('\\') && !name.contains(char::is_control), "{name:?}");
}

/// A path from a file that must stay below its root.
pub(super) fn stays_inside(path: &str) {
    assert_eq!(relative_path(path).as_deref(), Ok(path));
    assert!(Path::new(path).components().all(|part| matches!(part, Component::Normal(_))), "{path:?}");
    assert!(!path.contains(['\\', '\0']), "{path:?}");
}
