//! Versions of artifacts: listed, shown, named, and who has which.
//!
//! Where a version is now is told from the picture after the barrier; everything else is read from the history, on a
//! blocking thread.

mod graph;
mod pages;

pub(in crate::server) use pages::pages;

use super::super::encoding::unwritable;
use super::super::picture::{Picture, Terms};
use super::super::{ServerContext, limits};
use super::branches::told;
use crate::engine::snapshot::Snapshot;
use crate::history::{
    Content, EntryKind, History, Origin, Page, Sighting, Spot, SpotRow, Tag, Version, VersionId, VersionRow,
};
use crate::model::Tree;
use crate::ops::error::wire;
use crate::ops::{branches, past};
use serde::Serialize;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::{
    BranchInfo, Reply, VersionFile, VersionFileKind, VersionInfo, VersionOrigin, VersionParent, VersionPlace,
    VersionReply, VersionSighting, VersionsReply, WithBranches,
};
use skillmeat_protocol::request::{Format, VersionGraphQuery, VersionName, VersionTag, VersionsQuery};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Versions of a page, when the request does not say.
const USUAL: u32 = 50;
/// Versions of a page at most: what fits into one answer.
const MOST: u32 = 10_000;
/// Versions for which there is room from the beginning.
const ROOM: usize = 1024;
/// Sightings that are shown of one version.
const SEEN: u32 = 100;

/// Answers `versions.list`.
pub(in crate::server) async fn list(
    context: &Arc<ServerContext>,
    terms: &Terms,
    query: VersionsQuery,
) -> Result<Reply, WireError> {
    let format = terms.format;
    super::with_history(context, terms, move |history, picture| {
        let key = past::artifact(&picture.snapshot, history, &query.artifact)?;
        let limit = limits::entries(query.limit, USUAL, MOST);
        let before = query.before.map(VersionId::numbered);
        let Picture { snapshot, fresh, stale } = picture;
        let (versions, more) = Telling::new(history, &snapshot, &key)?.page(Page { before, limit })?;
        let next = versions.last().filter(|_| more).map(|last| last.version);
        let reply = VersionsReply { clock: snapshot.clock, fresh, stale, artifact: key.to_string(), versions, next };
        match format {
            Format::Typed => Ok(Reply::Versions(reply)),
            Format::Json => with_branches(reply, told(&snapshot, history, &key)?),
        }
    })
    .await
}

/// Answers `versions.graph`.
pub(in crate::server) async fn graph(
    context: &Arc<ServerContext>,
    terms: &Terms,
    query: VersionGraphQuery,
) -> Result<Reply, WireError> {
    let format = terms.format;
    super::with_history(context, terms, move |history, picture| {
        let key = past::artifact(&picture.snapshot, history, &query.artifact)?;
        let page = Page { before: None, limit: MOST };
        let (versions, more) = Telling::new(history, &picture.snapshot, &key)?.page(page)?;
        let branches = told(&picture.snapshot, history, &key)?;
        let reply = graph::reply(picture, &key, versions, more);
        match format {
            Format::Typed => Ok(Reply::VersionGraph(reply)),
            Format::Json => with_branches(reply, branches),
        }
    })
    .await
}

/// The JSON of both.
fn with_branches(reply: impl Serialize, branches: Vec<BranchInfo>) -> Result<Reply, WireError> {
    let text = serde_json::to_string(&WithBranches { reply, branches });
    text.map(Reply::Json).map_err(|error| unwritable(&error))
}

/// Answers `versions.show`.
pub(in crate::server) async fn show(
    context: &Arc<ServerContext>,
    terms: &Terms,
    query: VersionName,
) -> Result<VersionReply, WireError> {
    super::with_history(context, terms, move |history, picture| {
        let key = past::artifact(&picture.snapshot, history, &query.artifact)?;
        let version = past::version(history, &picture.snapshot, &key, &query.version)?;
        shown(history, picture, &version)
    })
    .await
}

/// Answers `versions.tag` and `versions.untag`.
pub(in crate::server) async fn tag(
    context: &Arc<ServerContext>,
    terms: &Terms,
    query: VersionTag,
) -> Result<VersionReply, WireError> {
    let now = context.operations.now();
    super::with_history(context, terms, move |history, picture| {
        let key = past::artifact(&picture.snapshot, history, &query.artifact)?;
        let version = match &query.version {
            Some(version) => {
                past::check_name("tag", &query.tag)?;
                let lines = branches::lines(&picture.snapshot, history, &key)?;
                if lines.iter().any(|line| line.name == query.tag && line.at.is_some()) {
                    let message = format!("{key} has a branch '{}'", query.tag);
                    return Err(WireError::new(ErrorCode::AlreadyExists, message));
                }
                let version = past::version(history, &picture.snapshot, &key, version)?;
                let tag = Tag { name: query.tag.clone(), version: version.id, at: now };
                history.batch(|batch| batch.tag(&key, &tag)).map_err(wire)?;
                version
            }
            None => {
                let is_tag = history.tags(&key).map_err(wire)?.iter().any(|tag| tag.name == query.tag);
                if !is_tag {
                    let message = format!("{key} has no tag '{}'", query.tag);
                    return Err(WireError::new(ErrorCode::NotFound, message));
                }
                let version = past::version(history, &picture.snapshot, &key, &query.tag)?;
                history.batch(|batch| batch.untag(&key, &query.tag)).map_err(wire)?;
                version
            }
        };
        shown(history, picture, &version)
    })
    .await
}

fn shown(history: &History, picture: Picture, version: &Version) -> Result<VersionReply, WireError> {
    let Picture { snapshot, fresh, stale } = picture;
    let telling = Telling::new(history, &snapshot, &version.key)?;
    let seen = history.sightings_of(version.id, SEEN).map_err(wire)?;
    let info = telling.one(version)?;
    let files = match history.content_of_version(version).map_err(wire)? {
        Some(id) => files(&history.content(id).map_err(wire)?),
        None => Vec::new(),
    };
    Ok(VersionReply {
        clock: snapshot.clock,
        fresh,
        stale,
        artifact: version.key.to_string(),
        info,
        seen: seen.iter().map(|sighting| telling.sighting(sighting)).collect(),
        files,
    })
}

fn files(content: &Content) -> Vec<VersionFile> {
    let file = |entry: &crate::history::ContentEntry| {
        let path = entry.path.as_os_str().to_string_lossy().into_owned();
        let (kind, size, mode, hash, target) = match &entry.kind {
            EntryKind::File { hash, size, mode } => {
                (VersionFileKind::File, *size, Some(*mode), Some(ContentHash(*hash)), None)
            }
            EntryKind::Symlink { target } => {
                (VersionFileKind::Symlink, 0, None, None, Some(target.to_string_lossy().into_owned()))
            }
            EntryKind::EmptyDirectory { mode } => (VersionFileKind::EmptyDirectory, 0, Some(*mode), None, None),
        };
        VersionFile { path, kind, size, mode, hash, target }
    };
    content.entries.iter().map(file).collect()
}

/// What is needed to tell of the versions of one artifact.
struct Telling<'a> {
    history: &'a History,
    snapshot: &'a Snapshot,
    key: &'a ArtifactKey,
    artifact: String,
    now: BTreeMap<ContentHash, Vec<VersionPlace>>,
    tags: BTreeMap<VersionId, Vec<String>>,
}

impl<'a> Telling<'a> {
    fn new(history: &'a History, snapshot: &'a Snapshot, key: &'a ArtifactKey) -> Result<Self, WireError> {
        let mut tags: BTreeMap<VersionId, Vec<String>> = BTreeMap::new();
        for tag in history.tags(key).map_err(wire)? {
            tags.entry(tag.version).or_default().push(tag.name);
        }
        Ok(Self { history, snapshot, key, artifact: key.to_string(), now: places(snapshot, key), tags })
    }

    /// The versions of a page, and whether there are earlier ones. Thousands are listed at once.
    fn page(&self, page: Page) -> Result<(Vec<VersionInfo>, bool), WireError> {
        // The one after the last is mostly what that was made of.
        let page = Page { limit: page.limit.saturating_add(1), ..page };
        let room = (page.limit as usize).min(ROOM);
        let (mut infos, mut made_of) = (Vec::with_capacity(room), Vec::with_capacity(room));
        let tell = |row: &VersionRow<'_>| {
            infos.push(self.info(row));
            made_of.push(row.parents);
        };
        self.history.versions(self.key, page, tell).map_err(wire)?;
        self.add_parents(&mut infos, &made_of)?;
        let more = infos.len() == page.limit as usize;
        infos.truncate(infos.len() - usize::from(more));
        Ok((infos, more))
    }

    fn one(&self, version: &Version) -> Result<VersionInfo, WireError> {
        let row = VersionRow::from(version);
        let mut info = [self.info(&row)];
        self.add_parents(&mut info, &[row.parents])?;
        let [info] = info;
        Ok(info)
    }

    /// What is told of a version but for what it was made of.
    fn info(&self, row: &VersionRow<'_>) -> VersionInfo {
        let SpotRow { is_project, root, profile } = &row.spot;
        let root = root.to_string_lossy();
        VersionInfo {
            version: row.id.0.cast_unsigned(),
            hash: row.hash,
            parents: Vec::new(),
            origin: origin(row.origin),
            at: row.at.to_string(),
            operation: row.operation.map(|id| id.0.cast_unsigned()),
            place: if *is_project { in_project(root, profile) } else { in_collection(self.snapshot, &root) },
            kept: row.is_kept,
            tags: self.tags.get(&row.id).cloned().unwrap_or_default(),
            now: self.now.get(&row.hash).cloned().unwrap_or_default(),
        }
    }

    /// Says what versions were made of, which stand in the order of a page.
    fn add_parents(&self, infos: &mut [VersionInfo], made_of: &[[Option<VersionId>; 2]]) -> Result<(), WireError> {
        let number = |id: VersionId| id.0.cast_unsigned();
        // A parent is older, and mostly the next one.
        let at = |infos: &[VersionInfo], from: usize, id: VersionId| match infos.get(from + 1) {
            Some(next) if next.version == number(id) => Some(from + 1),
            _ => infos.binary_search_by(|info| number(id).cmp(&info.version)).ok(),
        };
        let mut elsewhere = BTreeSet::new();
        for (n, parents) in made_of.iter().enumerate() {
            infos[n].parents.reserve_exact(parents.iter().flatten().count());
            for id in parents.iter().flatten() {
                match at(infos, n, *id).map(|at| infos[at].hash) {
                    Some(hash) => infos[n].parents.push(VersionParent {
                        version: number(*id),
                        artifact: self.artifact.clone(),
                        hash,
                    }),
                    None => drop(elsewhere.insert(*id)),
                }
            }
        }
        if elsewhere.is_empty() {
            return Ok(());
        }
        let elsewhere = self.history.versions_by_id(&elsewhere).map_err(wire)?;
        for (info, parents) in infos.iter_mut().zip(made_of) {
            for (place, id) in parents.iter().flatten().enumerate() {
                let Some(version) = elsewhere.iter().find(|version| version.id == *id) else { continue };
                let (version, artifact, hash) = (number(*id), version.key.to_string(), version.hash);
                info.parents.insert(place.min(info.parents.len()), VersionParent { version, artifact, hash });
            }
        }
        Ok(())
    }

    fn sighting(&self, sighting: &Sighting) -> VersionSighting {
        VersionSighting {
            at: sighting.at.to_string(),
            place: self.place(&sighting.spot),
            origin: origin(sighting.origin),
            operation: sighting.operation.map(|id| id.0.cast_unsigned()),
        }
    }

    fn place(&self, spot: &Spot) -> VersionPlace {
        place(self.snapshot, spot)
    }
}

/// A place in words that people know.
pub(super) fn place(snapshot: &Snapshot, spot: &Spot) -> VersionPlace {
    match spot {
        Spot::Project { path, profile } => in_project(path.to_string_lossy(), profile),
        Spot::Collection { id } => in_collection(snapshot, id),
    }
}

fn in_project(path: Cow<'_, str>, profile: &str) -> VersionPlace {
    VersionPlace { project: Some(path.into_owned()), profile: Some(profile.to_owned()), collection: None }
}

fn in_collection(snapshot: &Snapshot, id: &str) -> VersionPlace {
    let name = snapshot.collection(id).map_or_else(|| id.to_owned(), |collection| collection.name.to_string());
    VersionPlace { project: None, profile: None, collection: Some(name) }
}

/// Where each content of an artifact is now.
fn places(snapshot: &Snapshot, key: &ArtifactKey) -> BTreeMap<ContentHash, Vec<VersionPlace>> {
    let mut places: BTreeMap<ContentHash, Vec<VersionPlace>> = BTreeMap::new();
    for collection in snapshot.collections.iter() {
        if let Some(Tree::Present(info)) = collection.artifact(key).and_then(|artifact| artifact.tree.as_ref()) {
            let place = VersionPlace { project: None, profile: None, collection: Some(collection.name.to_string()) };
            places.entry(info.hash).or_default().push(place);
        }
    }
    for project in snapshot.projects.sorted() {
        for item in project.items().filter(|item| item.key == *key) {
            let Some(hash) = item.project_hash else { continue };
            let spot = Spot::Project { path: Path::new(&*project.path).to_owned(), profile: item.profile.to_string() };
            places.entry(hash).or_default().push(place(snapshot, &spot));
        }
    }
    places
}

/// As the protocol says it.
pub(super) fn origin(origin: Origin) -> VersionOrigin {
    match origin {
        Origin::Deployment => VersionOrigin::Deployment,
        Origin::Sync => VersionOrigin::Sync,
        Origin::LocalModification => VersionOrigin::LocalModification,
        Origin::Merge => VersionOrigin::Merge,
        Origin::Rollback => VersionOrigin::Rollback,
        Origin::Import => VersionOrigin::Import,
        Origin::Refresh => VersionOrigin::Refresh,
    }
}
