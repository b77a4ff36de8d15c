//! `rollback`: a collection becomes what a snapshot holds, entirely, at named paths, or but for what people changed since.
//!
//! Only what differs is written, each path in one swap of one item: so all of it is done or nothing, and `undo` takes it back.
//! What the ignore list names stays as it is: a `.git` of the collection has its own way back, and caches are nobody's.
//!
//! Keeping what people changed takes a third side, the collection as operations left it (`base`), and a merge (`preserve`). Where
//! that takes a choice, or files and manifest would not fit together any more (`agreement`), nothing is written and the paths
//! are told. What becomes of artifacts are versions (`versions`).

mod agreement;
pub mod audit;
mod base;
mod decide;
mod goal;
mod pieces;
mod preserve;
mod sources;
mod versions;

use super::error::OpError;
use super::plan::{Planned, word};
use super::planning::Planning;
use super::snapshots::{finding, left_out_of};
use crate::engine::snapshot::CollectionView;
use crate::history::{Collector, Content, EntryKind, RelPath};
use crate::library::audit::Operation;
use crate::library::edit::{Before, manifest};
use crate::library::portable::relative_path;
use crate::snapshots::archive::LeftOut;
use crate::snapshots::{Listing, content};
use decide::{Sides, decide};
use finding::Kept;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::{Outcome, Problem};
use skillmeat_protocol::request::Rollback;
use sources::Sources;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Bytes of a manifest, beyond which nobody reads one.
const MANIFEST_MOST: u64 = 8 << 20;
const MANIFEST: &str = "collection.toml";

/// What a rollback would do, beside its item.
#[derive(Debug)]
pub struct Outline {
    /// The snapshot that is asked for.
    pub snapshot: String,
    /// The collection.
    pub view: Arc<CollectionView>,
    /// What was asked for, for the audit trail.
    pub operation: Operation,
    /// Whether what people changed is to stay.
    pub preserving: bool,
    /// The paths that are named.
    pub paths: Vec<String>,
    /// Paths that become what they are in the snapshot.
    pub restored: Vec<String>,
    /// Paths in which changes of both sides were joined.
    pub merged: Vec<String>,
    /// Paths that both sides changed differently.
    pub conflicts: Vec<String>,
    /// What the archive holds that is not put back.
    pub problems: Vec<Problem>,
}

/// Plans it: one item, of everything.
///
/// # Errors
/// There is no such snapshot, collection or path; the archive or the collection cannot be read.
pub fn plan(
    planning: &mut Planning<'_>,
    query: &Rollback,
    cancelled: &AtomicBool,
) -> Result<(Vec<Planned>, Outline), WireError> {
    let kept = finding::find(planning.home, planning.snapshot, &query.snapshot, query.collection.as_deref())?;
    let view = finding::view(planning.snapshot, &kept.shelf)?;
    let paths = query.paths.iter().map(|path| named(path)).collect::<Result<Vec<_>, _>>()?;
    let mut outline = Outline {
        snapshot: kept.entry.id.clone(),
        view: Arc::clone(&view),
        operation: match (paths.is_empty(), query.preserve_changes) {
            (false, _) => Operation::Selective,
            (true, true) => Operation::Intelligent,
            (true, false) => Operation::Simple,
        },
        preserving: query.preserve_changes,
        paths,
        restored: Vec::new(),
        merged: Vec::new(),
        conflicts: Vec::new(),
        problems: Vec::new(),
    };
    let planned = planned(planning, &kept, &mut outline, cancelled);
    let planned = planned.map_err(|error| match error {
        Stopped::Op(error) => error.to_wire(),
        Stopped::Wire(error) => error,
    })?;
    Ok((vec![planned], outline))
}

enum Stopped {
    Op(OpError),
    Wire(WireError),
}

impl<E: Into<OpError>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Op(error.into())
    }
}

/// A path of the request, as contents have them.
fn named(path: &str) -> Result<String, WireError> {
    relative_path(path).map_err(|flaw| {
        let message = format!("'{}' cannot be used: {flaw}", path.escape_debug());
        WireError::new(ErrorCode::BadPath, message).hint("paths are relative to the collection: skills/pdf")
    })
}

fn planned(
    planning: &mut Planning<'_>,
    kept: &Kept,
    outline: &mut Outline,
    cancelled: &AtomicBool,
) -> Result<Planned, Stopped> {
    let view = Arc::clone(&outline.view);
    let root = Path::new(&*view.path);
    let archive = kept.shelf.archive(&kept.entry);
    let current = content::of_listing(&Listing::of(root)?)?;
    let selected = goal::Selection::new(&outline.paths);
    let Read { target, left_out, mut files, renamed } = read(planning, kept, &current, &selected, &view, cancelled)?;
    outline.problems = left_out_of(&archive, &left_out);
    selected.check(&current, &target, &view.name).map_err(Stopped::Wire)?;
    let target = goal::Target { content: target, left_out: left_out.into_iter().map(|(path, _)| path).collect() };
    let mut sources = Sources::new(root, &current, &mut files);
    renamed.into_iter().for_each(|text| sources.know(text));
    let base = outline.preserving.then(|| base::of(planning, &view, kept.entry.at, &target.content)).transpose()?;
    let item = |outcome| Planned::of(None, &view.name, outcome).of_collection(&view.name).at(root);
    let mut planned = item(Outcome::Updated).saying(format!("as in snapshot {}", kept.entry.id));
    let sides = Sides { view: &view, current: &current, target: &target, selected: &selected, base: base.as_ref() };
    let goal = match decide(planning, &mut sources, sides, &mut planned)? {
        Ok(joined) => {
            outline.merged = joined.merged;
            joined.content
        }
        Err(conflicts) => {
            outline.conflicts = conflicts;
            let again = format!("skillmeat rollback {}", word(&kept.entry.id));
            let first = outline.conflicts.first().map(String::as_str).unwrap_or_default();
            return Ok(item(Outcome::Refused)
                .saying(format!("changed by people and by operations: {}", shown(&outline.conflicts)))
                .ways([
                    format!("skillmeat snapshot diff {}", word(&kept.entry.id)),
                    format!("{again} --path {}   # that one as in the snapshot", word(first)),
                    format!("{again}   # everything as in the snapshot"),
                ]));
        }
    };
    let (pieces, extent) = pieces::between(planning, files, root, &current, &goal)?;
    let differences = content::differences(&current, &goal);
    let restored = differences.iter().map(|(path, ..)| path.as_os_str().to_string_lossy().into_owned());
    outline.restored = restored.filter(|path| !outline.merged.contains(path)).collect();
    if pieces.is_empty() {
        (outline.restored, outline.merged) = (Vec::new(), Vec::new());
        let as_it_is = if outline.preserving && !content::differences(&current, &target.content).is_empty() {
            "what differs from the snapshot was changed by people, or by another program, and stays"
        } else {
            "it is as the snapshot already"
        };
        return Ok(item(Outcome::Unchanged).saying(as_it_is));
    }
    planned.moves(pieces, extent);
    Ok(planned)
}

/// A few paths in a line.
fn shown(paths: &[String]) -> String {
    const NAMED: usize = 3;
    match paths.len() {
        0..=NAMED => paths.join(", "),
        all => format!("{} and {} more", paths[..NAMED].join(", "), all - NAMED),
    }
}

/// What an archive holds.
struct Read<'a> {
    /// What of it counts.
    target: Content,
    left_out: LeftOut,
    /// Has what differs from now and is asked for.
    files: Collector<'a>,
    /// The manifest, where it had to be changed to say what the collection is called now.
    renamed: Option<Vec<u8>>,
}

/// What the archive holds; what of it differs from `current` and is asked for is kept for the history.
fn read<'a>(
    planning: &mut Planning<'a>,
    kept: &Kept,
    current: &Content,
    selected: &goal::Selection,
    view: &CollectionView,
    cancelled: &AtomicBool,
) -> Result<Read<'a>, OpError> {
    let archive = kept.shelf.archive(&kept.entry);
    let now: HashMap<&RelPath, [u8; 32]> = current
        .entries
        .iter()
        .filter_map(|entry| match entry.kind {
            EntryKind::File { hash, .. } => Some((&entry.path, hash)),
            _ => None,
        })
        .collect();
    let mut files = planning.history.collector();
    // The collection was called otherwise when it was packed; the original reads none whose manifest says another name.
    let renames = *kept.shelf.name() != *view.name;
    let mut manifest = None;
    let (target, left_out) = content::of_archive(&archive, kept.shelf.name(), cancelled, |path, size, bytes| {
        let wanted = |hash| content::counts(path) && selected.has(path) && now.get(path) != Some(&hash);
        if renames && path.as_os_str() == MANIFEST && size <= MANIFEST_MOST {
            let mut text = Vec::new();
            bytes.read_to_end(&mut text).map_err(OpError::io("read", &archive))?;
            let hash = files.stream(&mut text.as_slice(), &archive, wanted)?;
            manifest = Some(text);
            return Ok::<_, OpError>(hash);
        }
        Ok(files.stream(bytes, &archive, wanted)?)
    })?;
    let (mut target, mut renamed) = (content::counted(target), None);
    if let Some(text) = manifest.and_then(|bytes| String::from_utf8(bytes).ok()) {
        let file = Path::new(&*view.path).join(MANIFEST);
        let text = manifest::rename_collection(&Before { file: &file, text: Some(&text) }, &view.name, planning.now)?;
        if let Some(entry) = target.entries.iter_mut().find(|entry| entry.path.as_os_str() == MANIFEST)
            && let EntryKind::File { mode, .. } = entry.kind
        {
            entry.kind = planning.keep_bytes(text.as_bytes(), mode)?;
            renamed = Some(text.into_bytes());
        }
    }
    Ok(Read { target, left_out, files, renamed })
}
