//! What the edits of a plan make of the files that people read.
//!
//! They are worked out after the items were done, from the files as they are then: an item that failed leaves no trace, and
//! what somebody else wrote meanwhile stays. A file that cannot be understood stays as it is, and so does everything else.

use super::error::OpError;
use super::piece::{Text, read};
use super::plan::{Change, Edit};
use crate::engine::snapshot::{ItemView, Snapshot};
use crate::library::edit::legacy::{self, Known};
use crate::library::edit::records::{self, NewRecord};
use crate::library::edit::{Before, audit, config, groups, lock, manifest};
use crate::library::records::ParsedRecord;
use crate::model::Timestamp;
use crate::scan::project::{DEPLOYED, PLAN};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the texts need to know beside the edits.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The picture that the plan was made from.
    pub snapshot: &'a Snapshot,
    /// The clock of `deployed_at`.
    pub zone: &'a TimeZone,
    /// When it happens.
    pub now: Timestamp,
}

/// The texts; those that change nothing are left out.
///
/// # Errors
/// A file cannot be read or understood.
pub fn texts(edits: Vec<Edit>, around: Surroundings<'_>) -> Result<Vec<Text>, OpError> {
    let mut by_file: BTreeMap<(PathBuf, PathBuf), Vec<Change>> = BTreeMap::new();
    for Edit { path, root, change } in edits {
        by_file.entry((path, root)).or_default().push(change);
    }
    let mut texts = Vec::new();
    for ((path, root), changes) in by_file {
        // What a link leads to is written, as by an editor.
        let path = if path.is_symlink() { path.canonicalize().map_err(OpError::io("follow", &path))? } else { path };
        let before = read(&path)?;
        let mut text = before.as_deref().map(|bytes| utf8(&path, bytes)).transpose()?;
        if path.ends_with(DEPLOYED) {
            text = converted(&path, &root, text, around, &mut texts)?;
        }
        let after = edited(&path, text, changes, around)?.map(String::into_bytes);
        if after != before {
            texts.push(Text { path, root, before, after });
        }
    }
    Ok(texts)
}

fn utf8(path: &Path, bytes: &[u8]) -> Result<String, OpError> {
    String::from_utf8(bytes.to_vec())
        .map_err(|_| OpError::Refused { message: format!("{} is not UTF-8 text; save it as UTF-8", path.display()) })
}

/// Records of an older schema become today's, and each old file is kept beside as `.bak`.
fn converted(
    path: &Path,
    root: &Path,
    text: Option<String>,
    around: Surroundings<'_>,
    texts: &mut Vec<Text>,
) -> Result<Option<String>, OpError> {
    let plan_file = path.with_file_name(PLAN);
    let plan_bytes = read(&plan_file)?;
    let plan_text = plan_bytes.as_deref().map(|bytes| utf8(&plan_file, bytes)).transpose()?;
    let plan = plan_text.as_deref().map(|text| Before { file: &plan_file, text: Some(text) });
    let known = |record: &ParsedRecord| known(around.snapshot, root, record);
    let before = Before { file: path, text: text.as_deref() };
    let Some(converted) = legacy::convert(&before, plan.as_ref(), around.zone, around.now, known)? else {
        return Ok(text);
    };
    for (file, bytes) in [(path, text.map(String::into_bytes)), (&plan_file, plan_bytes)] {
        let Some(bytes) = bytes else { continue };
        let kept = backup_of(file);
        if kept.symlink_metadata().is_err() {
            texts.push(Text { path: kept, root: root.to_owned(), before: None, after: Some(bytes.clone()) });
        }
        if file != path {
            texts.push(Text { path: file.to_owned(), root: root.to_owned(), before: Some(bytes), after: None });
        }
    }
    Ok(Some(converted.text))
}

/// What the project says of a record that says less than today's.
fn known(snapshot: &Snapshot, root: &Path, record: &ParsedRecord) -> Known {
    let project = root.to_str().and_then(|path| snapshot.projects.get(path));
    let item = project.and_then(|project| project.items().find(|item| item.key == record.key));
    let agree = |item: &ItemView| item.project_hash.filter(|hash| item.collection_hash == Some(*hash));
    Known {
        from_collection: snapshot.default_collection.to_string(),
        artifact_path: None,
        baseline: item.and_then(|item| agree(item)),
    }
}

fn backup_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".bak");
    name.into()
}

fn edited(
    path: &Path,
    mut text: Option<String>,
    changes: Vec<Change>,
    around: Surroundings<'_>,
) -> Result<Option<String>, OpError> {
    let (mut new, mut dropped, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for change in changes {
        match change {
            Change::Record(record) => new.push(*record),
            Change::DropRecord(key, profile) => dropped.push((key, profile)),
            other => others.push(other),
        }
    }
    // All records at once: reading and writing a file of a thousand for each of them would take a minute.
    if !new.is_empty() {
        continue_lineages(path, text.as_deref(), &mut new, around.zone)?;
        text = records::upsert(&Before { file: path, text: text.as_deref() }, &new, around.zone)?.text;
    }
    if !dropped.is_empty() {
        text = records::remove(&Before { file: path, text: text.as_deref() }, &dropped)?.text;
    }
    for change in others {
        text = Some(one(&Before { file: path, text: text.as_deref() }, change, around)?);
    }
    Ok(text)
}

fn one(before: &Before<'_>, change: Change, around: Surroundings<'_>) -> Result<String, OpError> {
    let at = around.now;
    Ok(match change {
        Change::AddEntry(entry) => manifest::add(before, &entry, at)?,
        Change::ChangeEntry(key, fields) => manifest::change(before, &key, &fields, at)?,
        Change::RenameEntry { key, name, path } => manifest::rename(before, &key, &name, path.as_deref(), at)?,
        Change::RemoveEntry(key) => manifest::remove(before, &key, at)?,
        Change::Groups(changes) => groups::apply(before, &changes, at)?,
        Change::NameCollection(name) => manifest::rename_collection(before, &name, at)?,
        Change::RenameLock { key, name } => lock::rename(before, &key, &name)?,
        Change::Lock(lock) => lock::set(before, &lock)?,
        Change::Unlock(key) => lock::remove(before, &key)?,
        Change::DefaultCollection(name) => config::set_default_collection(before, &name)?,
        Change::Audit(entry) => audit::add(before, &entry, around.zone)?,
        Change::Record(_) | Change::DropRecord(..) => before.text.unwrap_or_default().to_owned(),
    })
}

/// A record that follows on another continues its lineage: the newest first (formats-core §4.1).
fn continue_lineages(path: &Path, text: Option<&str>, new: &mut [NewRecord], zone: &TimeZone) -> Result<(), OpError> {
    let known = records::lineages(&Before { file: path, text }, zone)?;
    for record in new {
        let earlier = known.get(&(record.key.clone(), record.profile_id.clone())).cloned().unwrap_or_default();
        record.parent_hash = earlier.first().copied().filter(|parent| *parent != record.content_hash);
        record.lineage = vec![record.content_hash];
        record.lineage.extend(earlier.into_iter().filter(|hash| *hash != record.content_hash));
    }
    Ok(())
}
