//! What a collection is to become, with all that follows from it: the manifest's order, the lock, the versions.

use super::super::error::OpError;
use super::super::plan::Planned;
use super::super::planning::Planning;
use super::goal::{self, Selection, Target};
use super::preserve::{Files, Joined, preserving};
use super::sources::Sources;
use super::versions::{self, Three, places};
use super::{MANIFEST, MANIFEST_MOST, agreement};
use crate::engine::snapshot::CollectionView;
use crate::history::{Content, EntryKind, RelPath};
use crate::library::manifest::{self, Manifest};
use std::path::Path;

const LOCK: &str = "collection.lock";

/// What there is to decide about.
#[derive(Clone, Copy)]
pub(super) struct Sides<'c> {
    pub(super) view: &'c CollectionView,
    pub(super) current: &'c Content,
    pub(super) target: &'c Target,
    pub(super) selected: &'c Selection<'c>,
    /// The collection as operations left it, when what people changed is to stay.
    pub(super) base: Option<&'c Content>,
}

/// What the collection is to hold; `planned` is told of the versions.
///
/// # Errors
/// Something cannot be read. The inner one has the paths at which somebody must choose.
pub(super) fn decide(
    planning: &mut Planning<'_>,
    sources: &mut Sources<'_, '_>,
    sides: Sides<'_>,
    planned: &mut Planned,
) -> Result<Result<Joined, Vec<String>>, OpError> {
    let Sides { view, current, target, selected, base } = sides;
    let root = Path::new(&*view.path);
    let joined = match base {
        None => goal::plain(current, target, selected).map(|content| Joined { content, merged: Vec::new() }),
        Some(base) => preserving(base, current, target, selected, &mut Joining { planning, sources })?,
    };
    let mut joined = match joined {
        Ok(joined) => joined,
        Err(conflicts) => return Ok(Err(conflicts)),
    };
    let (file, now) = (root.join(MANIFEST), planning.now);
    let after = manifest_of(sources, &joined.content, &file)?;
    let three = Three { current, target: &target.content, goal: &joined.content };
    let is_about = |name: &str| RelPath::new(name).is_some_and(|path| target.is_about(selected, &path));
    let mut renumbered = None;
    if base.is_some() && is_about(MANIFEST) {
        let [now_says, then_said] = [current, &target.content].map(|content| manifest_of(sources, content, &file));
        let manifests = agreement::Manifests { current: &now_says?, target: &then_said?, goal: &after };
        let misfits = agreement::misfits(three, &manifests, root, MANIFEST);
        if !misfits.is_empty() {
            return Ok(Err(misfits));
        }
        if joined.merged.iter().any(|path| path == MANIFEST)
            && let Some(text) = text_of(sources, &joined.content, MANIFEST)?
        {
            renumbered = agreement::numbered(&text, &file, &after, now)?;
        }
    }
    let changed = versions::changed(three, view, &places(&after, root));
    let hashes = versions::tell(planning, sources, view, &changed, planned)?;
    if let Some(text) = renumbered {
        replace(planning, sources, &mut joined, MANIFEST, text)?;
    }
    if base.is_some()
        && is_about(LOCK)
        && let Some(text) = text_of(sources, &joined.content, LOCK)?
    {
        let before = text_of(sources, current, LOCK)?.unwrap_or_default();
        let locked = agreement::locked([&before, &text], &root.join(LOCK), &after, &changed, &hashes, now)?;
        if let Some(text) = locked {
            replace(planning, sources, &mut joined, LOCK, text)?;
        }
    }
    Ok(Ok(joined))
}

/// A file of a content as text, if it is one that somebody could read.
fn text_of(sources: &mut Sources<'_, '_>, content: &Content, name: &str) -> Result<Option<String>, OpError> {
    let entry = content.entries.iter().find(|entry| entry.path.as_os_str() == name);
    match entry.map(|entry| &entry.kind) {
        Some(EntryKind::File { hash, size, .. }) if *size <= MANIFEST_MOST => {
            Ok(String::from_utf8(sources.bytes(*hash)?).ok())
        }
        _ => Ok(None),
    }
}

fn manifest_of(sources: &mut Sources<'_, '_>, content: &Content, file: &Path) -> Result<Manifest, OpError> {
    let text = text_of(sources, content, MANIFEST)?;
    Ok(text.map(|text| manifest::parse(text.as_bytes(), file)).unwrap_or_default())
}

/// A file that is there gets this text.
fn replace(
    planning: &mut Planning<'_>,
    sources: &mut Sources<'_, '_>,
    joined: &mut Joined,
    name: &str,
    text: String,
) -> Result<(), OpError> {
    if let Some(entry) = joined.content.entries.iter_mut().find(|entry| entry.path.as_os_str() == name)
        && let EntryKind::File { mode, .. } = entry.kind
    {
        entry.kind = Joining { planning, sources }.write(text.into_bytes(), mode)?;
        if !joined.merged.iter().any(|path| path == name) {
            joined.merged.push(name.to_owned());
        }
    }
    Ok(())
}

/// Files of a merge.
struct Joining<'j, 'p, 's, 'h> {
    planning: &'j mut Planning<'p>,
    sources: &'j mut Sources<'s, 'h>,
}

impl Files for Joining<'_, '_, '_, '_> {
    type Error = OpError;

    fn read(&mut self, hash: [u8; 32]) -> Result<Vec<u8>, OpError> {
        self.sources.bytes(hash)
    }

    fn write(&mut self, bytes: Vec<u8>, mode: u32) -> Result<EntryKind, OpError> {
        let kind = self.planning.keep_bytes(&bytes, mode)?;
        self.sources.know(bytes);
        Ok(kind)
    }
}
