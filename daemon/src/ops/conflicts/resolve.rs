//! `resolve`: what is decided of the files of a conflict, kept until the conflict is ended. No file is changed.
//!
//! A conflict that nobody has found yet, or of which a side moved on, is looked at first. A text is taken from a file by its
//! path, so that it may be of any length, as whatever else is added.

use super::super::command::Subject;
use super::super::error::{OpError, wire};
use super::super::lookup;
use super::super::planning::Planning;
use super::super::run::Operations;
use super::look::Found;
use super::telling::{self, Telling};
use super::{find, marks, shown};
use crate::engine::snapshot::ItemView;
use crate::history::{
    Choice, Conflict, ConflictFile, ConflictReason, Content, ContentEntry, ContentId, EntryKind, RelPath, Resolution,
};
use crate::model::TreeKind;
use skillmeat_protocol::bytes::Bytes;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::{ConflictReply, ConflictState};
use skillmeat_protocol::request::{ConflictChoice, Resolve};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Bytes that a file may have which is given for another.
const LARGEST: u64 = 256 << 20;

impl Operations {
    /// Decides about files of a conflict. Blocks.
    ///
    /// # Errors
    /// Nothing was decided.
    pub fn resolve(&self, query: &Resolve, cancelled: &AtomicBool) -> Result<ConflictReply, WireError> {
        let history = self.history()?;
        let known = lookup::project(&self.engine.snapshot(), &query.conflict.project)?;
        // Somebody else who decides meanwhile would be forgotten.
        self.locked(&known, cancelled, |snapshot, project| {
            let Found { snapshot, item, mut conflict } = self.looked_at(snapshot, project, &query.conflict)?;
            if find::state(history, &item, &conflict).map_err(wire)? == ConflictState::Closed {
                return Err(find::none(project, &query.conflict, &[&item]));
            }
            let mut planning = self.planning(history, &snapshot);
            for at in chosen(&planning, &conflict, &item, query.file.as_ref())? {
                let resolution = decided(&mut planning, &conflict, at, &item, &query.choice)?;
                conflict.files[at].resolution = Some(resolution);
            }
            let place = conflict.place.clone();
            planning.conflict(conflict);
            let gathered = planning.into_gathered();
            history.batch(|batch| gathered.store(batch)).map_err(wire)?;
            let kept = history.conflict_at(&place).map_err(wire)?;
            let conflict = kept.ok_or_else(|| find::none(project, &query.conflict, &[&item]))?;
            let telling = Telling { history, snapshot: &snapshot };
            let conflict = telling.shown(&item, &conflict).map_err(|error| error.to_wire())?;
            Ok(ConflictReply { clock: snapshot.clock, fresh: true, stale: None, conflict, text: None })
        })?
    }
}

/// Which files are meant: the one that is named, or all that are not decided.
fn chosen(
    planning: &Planning<'_>,
    conflict: &Conflict,
    item: &ItemView,
    named: Option<&Bytes>,
) -> Result<Vec<usize>, WireError> {
    if let Some(named) = named {
        return find::file(conflict, item, named).map(|at| vec![at]);
    }
    let open: Vec<usize> = (0..conflict.files.len()).filter(|at| conflict.files[*at].resolution.is_none()).collect();
    if open.is_empty() {
        let message = format!("all files of {} are decided; name one to decide anew", item.key);
        let on = Subject::of(planning.snapshot, &conflict.place.project, item);
        return Err(WireError::new(ErrorCode::Refused, message).hint(on.on("resolve", "--continue")));
    }
    Ok(open)
}

fn decided(
    planning: &mut Planning<'_>,
    conflict: &Conflict,
    at: usize,
    item: &ItemView,
    choice: &ConflictChoice,
) -> Result<Resolution, WireError> {
    let file = &conflict.files[at];
    let name = shown(file, &item.path);
    let on = Subject::of(planning.snapshot, &conflict.place.project, item);
    let hint = telling::decide(&on, conflict, file, &item.path);
    let refused = |why: &str| WireError::new(ErrorCode::Refused, format!("{name}: {why}")).hint(hint.clone());
    let side = |choice, result| Ok(Resolution { choice, result });
    // A directory has no mode here.
    let is_whole = file.path.is_empty() && file.mode == 0;
    match choice {
        ConflictChoice::Ours => side(Choice::Ours, file.sides.ours),
        ConflictChoice::Theirs => side(Choice::Theirs, file.sides.theirs),
        ConflictChoice::Base if conflict.base.is_none() => Err(refused("it is not known what both sides come from")),
        ConflictChoice::Base if is_link(planning, file)? => {
            Err(refused("it was a link, and what that led to is not known any more"))
        }
        ConflictChoice::Base => side(Choice::Base, file.sides.base),
        ConflictChoice::Both if file.reason == ConflictReason::Broken => {
            Err(refused("what comes of the lines of both cannot be parsed"))
        }
        ConflictChoice::Both => match marks::texts(planning.history, file).map_err(wire)? {
            Some(texts) => kept(planning, &texts.union(), file, Choice::Both).map_err(wire),
            None => Err(refused("it has no lines of both sides")),
        },
        ConflictChoice::Content(_) if is_whole => Err(refused("a file cannot take the place of a directory")),
        ConflictChoice::Content(path) => {
            let bytes = given(Path::new(path))?;
            if marks::are_left(planning.history, file, &bytes).map_err(wire)? {
                return Err(refused("conflict markers are left").path(path.clone()));
            }
            kept(planning, &bytes, file, Choice::Content).map_err(wire)
        }
    }
}

/// Whether what both sides come from is a link that led out of the artifact.
fn is_link(planning: &Planning<'_>, file: &ConflictFile) -> Result<bool, WireError> {
    let [base, ..] = marks::leaves(planning.history, file.sides).map_err(wire)?;
    Ok(matches!(base, Some(EntryKind::Symlink { .. })))
}

/// Keeps bytes as what is to be in the place of a file.
fn kept(planning: &mut Planning<'_>, bytes: &[u8], file: &ConflictFile, choice: Choice) -> Result<Resolution, OpError> {
    let kind = planning.keep_bytes(bytes, file.mode)?;
    let entries = vec![ContentEntry { path: RelPath::default(), kind }];
    let id: ContentId = planning.compose(Content { kind: TreeKind::File, entries });
    Ok(Resolution { choice, result: Some(id) })
}

/// The bytes of a file that somebody names.
fn given(path: &Path) -> Result<Vec<u8>, WireError> {
    let wrong = |code, why: String| WireError::new(code, why).path(path.to_string_lossy());
    if !path.is_absolute() {
        return Err(wrong(ErrorCode::BadPath, "the path of the content is not absolute".to_owned()));
    }
    let read = || {
        let metadata = path.metadata()?;
        if !metadata.is_file() {
            return Err(std::io::Error::other("it is no file"));
        }
        if metadata.len() > LARGEST {
            return Err(std::io::Error::other("it is larger than 256 MiB"));
        }
        std::fs::read(path)
    };
    read().map_err(|error| wrong(ErrorCode::Io, format!("cannot read {}: {error}", path.display())))
}
