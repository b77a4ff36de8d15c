//! Which files differ: from a request and a picture to a list that pages are made from.

use super::choose::{self, Subject};
use super::side::{self, Bytes, Reading, Side};
use crate::engine::snapshot::{ProjectView, Snapshot};
use skillmeat_merge::diff::tree::{self, Change};
use skillmeat_merge::diff::{Marks, Options};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::SideInfo;
use skillmeat_protocol::request::{DiffDetail, DiffQuery};
use std::io::ErrorKind;
use std::path::Path;

/// Lines around a change, when the request does not say.
const CONTEXT: u32 = 3;

/// A comparison of which the lines are still to be told.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What was compared.
    pub from: SideInfo,
    /// With what.
    pub to: SideInfo,
    /// What differs.
    pub changes: Vec<Change<Bytes>>,
    /// How it is told.
    pub options: Options,
    /// How much is told.
    pub detail: DiffDetail,
}

/// Reads both sides and compares their files by hash. Blocks. `project` is the one that the request is about; none is needed for
/// two paths, or for what was and no project has.
///
/// # Errors
/// A side is not there, not known or cannot be read.
pub fn prepare(
    snapshot: &Snapshot,
    project: Option<&ProjectView>,
    query: &DiffQuery,
    reading: &Reading<'_>,
) -> Result<Prepared, WireError> {
    let (from, to, name) = match (choose::two_paths(query), project) {
        (Some((from, to)), _) => {
            side::absolute(from).and_then(|()| side::absolute(to))?;
            let name = shared_name(from, to)?;
            (reading.path(from)?, reading.path(to)?, name)
        }
        (None, project) => {
            let subject = subject(snapshot, project, query, reading)?;
            let (from, to) = choose::sides(subject.state(), subject.at_hand(), query.from.clone(), query.to.clone());
            (reading.side(&subject, &from)?, reading.side(&subject, &to)?, subject.name)
        }
    };
    let changes = tree::changes(&files(&from), &files(&to));
    let marks = if query.words { Marks::Words } else { Marks::None };
    let options = Options { context: query.context.unwrap_or(CONTEXT), marks };
    let named_changes = changes.into_iter().map(|change| Change { path: under(&name, &change.path), ..change });
    Ok(Prepared { changes: named_changes.collect(), from: from.info, to: to.info, options, detail: query.detail })
}

fn subject(
    snapshot: &Snapshot,
    project: Option<&ProjectView>,
    query: &DiffQuery,
    reading: &Reading<'_>,
) -> Result<Subject, WireError> {
    let alone = || choose::alone(snapshot, reading.history.as_ref().map_err(Clone::clone)?, query);
    match project {
        Some(project) => match choose::subject(snapshot, project, query) {
            // It may have been there.
            Err(error) if error.code == ErrorCode::NotFound && choose::needs_no_project(query) => alone(),
            found => found,
        },
        None if choose::needs_no_project(query) => alone(),
        None => {
            Err(WireError::new(ErrorCode::InvalidParams, "no project is named")
                .hint("name one, or two paths to compare"))
        }
    }
}

/// What files are named below. Two files go by the name of the first, so that the patch can be applied to it. Known before anything
/// is read: a directory may hold a lot.
fn shared_name(from: &Path, to: &Path) -> Result<Vec<u8>, WireError> {
    let is_directory = |path: &Path| {
        let metadata = path.symlink_metadata().map_err(|error| {
            let code = if error.kind() == ErrorKind::NotFound { ErrorCode::NotFound } else { ErrorCode::Io };
            let path = path.to_string_lossy();
            WireError::new(code, format!("cannot read {path}: {error}")).path(path)
        })?;
        Ok::<bool, WireError>(metadata.is_dir())
    };
    match (is_directory(from)?, is_directory(to)?) {
        (true, true) => Ok(Vec::new()),
        (false, false) => Ok(from.file_name().unwrap_or_default().as_encoded_bytes().to_vec()),
        (from_is_directory, _) => {
            let (file, directory) = if from_is_directory { (to, from) } else { (from, to) };
            let message = format!("{} is a file and {} is a directory", file.display(), directory.display());
            Err(WireError::new(ErrorCode::BadPath, message).hint("name two files or two directories"))
        }
    }
}

fn files(side: &Side) -> tree::Tree<'_, Bytes> {
    tree::tree(side.files.iter().map(|(path, entry)| (path.as_slice(), entry.clone())))
}

/// The path of a patch: below the artifact's own name.
fn under(name: &[u8], path: &[u8]) -> Vec<u8> {
    match (name, path) {
        ([], path) => path.to_vec(),
        (name, []) => name.to_vec(),
        (name, path) => [name, b"/", path].concat(),
    }
}
