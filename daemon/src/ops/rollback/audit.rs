//! The audit trail of the original: `audit/<collection>_rollback_audit.toml`.
//!
//! An entry of a rollback that is done is written in the same transaction; one that failed leaves its entry behind, since what
//! it began was taken back. A trail that cannot be read is set aside, never written over.

use super::super::error::OpError;
use super::super::plan::{Change, Edit};
use super::Outline;
use crate::library::atomic::write_atomically;
use crate::library::audit::{AuditEntry, ids};
use crate::library::edit::{Before, audit};
use crate::model::Timestamp;
use crate::os::files;
use jiff::tz::TimeZone;
use skillmeat_protocol::reply::Problem;
use std::io;
use std::path::{Path, PathBuf};

fn file(home: &Path, outline: &Outline) -> PathBuf {
    home.join("audit").join(format!("{}_rollback_audit.toml", outline.view.name))
}

/// What is written of a rollback.
pub fn entry(outline: &Outline, safety: &str, now: Timestamp, error: Option<String>) -> AuditEntry {
    AuditEntry {
        at: now,
        collection: outline.view.name.to_string(),
        source: safety.to_owned(),
        target: outline.snapshot.clone(),
        operation: outline.operation,
        preserving: outline.preserving,
        restored: if error.is_none() { outline.restored.clone() } else { Vec::new() },
        merged: if error.is_none() { outline.merged.clone() } else { Vec::new() },
        conflicts: outline.conflicts.clone(),
        paths: outline.paths.clone(),
        error,
    }
}

/// The change that writes an entry.
pub fn edit(home: &Path, outline: &Outline, entry: AuditEntry) -> Edit {
    Edit { path: file(home, outline), root: home.to_owned(), change: Change::Audit(Box::new(entry)) }
}

/// Makes room for an entry: the directory, and another name for a trail that cannot be read, which is told.
///
/// # Errors
/// The directory cannot be made, or the trail neither read nor set aside.
pub fn prepare(home: &Path, outline: &Outline, now: Timestamp) -> Result<Option<Problem>, OpError> {
    let file = file(home, outline);
    let directory = home.join("audit");
    std::fs::create_dir_all(&directory).map_err(OpError::io("make", &directory))?;
    let bytes = match files::read_whole(&file) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(OpError::Io { verb: "read", path: file, source }),
    };
    let Err(problem) = ids(&bytes, &file) else { return Ok(None) };
    let mut aside = file.as_os_str().to_owned();
    aside.push(format!(".damaged-{}", crate::library::snapshots::id_at(now)));
    let aside = PathBuf::from(aside);
    std::fs::rename(&file, &aside).map_err(OpError::io("set aside", &file))?;
    let hint = Some(format!("it is now {}; a new one was begun", aside.display()));
    Ok(Some(Problem { hint, ..problem }))
}

/// Writes the entry of a rollback that failed. That it cannot be written is no reason to hide why.
pub fn note_failure(home: &Path, outline: &Outline, entry: &AuditEntry, zone: &TimeZone) {
    let file = file(home, outline);
    let text = files::read_whole(&file).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let written = audit::add(&Before { file: &file, text: text.as_deref() }, entry, zone)
        .map_err(OpError::from)
        .and_then(|text| {
            write_atomically(&file, &text)
                .map_err(|error| OpError::Snapshot(crate::snapshots::SnapshotError::Write(error)))
        });
    if let Err(error) = written {
        tracing::warn!(%error, "a rollback that failed is not in the audit trail");
    }
}
