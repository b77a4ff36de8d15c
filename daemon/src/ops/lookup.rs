//! From what a request names to what there is. Nothing is chosen among several: what fits more than one thing is an error
//! that lists them, and what fits none says what is near.

use crate::engine::snapshot::{ArtifactView, CollectionView, ItemView, ProjectView, Snapshot};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType, normalized_name};
use skillmeat_protocol::request::{Profiles, Which};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names that are suggested or listed at most.
const SHOWN: usize = 8;
/// How like a name must be to be suggested.
const LIKE: f64 = 0.7;

/// An artifact as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name<'t> {
    text: &'t str,
    kind: Option<ArtifactType>,
    name: &'t str,
}

impl<'t> Name<'t> {
    /// Reads `type:name` or `name`.
    ///
    /// # Errors
    /// `InvalidParams`.
    pub fn read(text: &'t str) -> Result<Self, WireError> {
        let invalid = |message: String| WireError::new(ErrorCode::InvalidParams, message);
        let (kind, name) = match text.split_once(':') {
            Some((kind, name)) => {
                let kind = kind.parse().map_err(|e: skillmeat_protocol::ids::UnknownType| invalid(e.to_string()))?;
                (Some(kind), name.trim_start_matches(':'))
            }
            None => (None, text),
        };
        if name.trim().is_empty() {
            return Err(invalid(format!("'{text}' names no artifact; write TYPE:NAME, for example skill:pdf")));
        }
        Ok(Self { text, kind, name: normalized_name(name) })
    }

    /// The artifact, when its type is said.
    pub fn key(&self) -> Option<ArtifactKey> {
        self.kind.map(|kind| ArtifactKey::new(kind, self.name))
    }

    /// The name alone.
    pub fn as_str(&self) -> &'t str {
        self.name
    }

    /// Whether it can mean this artifact.
    pub fn fits(&self, key: &ArtifactKey) -> bool {
        self.kind.is_none_or(|kind| kind == key.kind) && key.name == self.name
    }
}

/// An artifact of a collection.
#[derive(Clone, Debug)]
pub struct Original {
    /// Its collection.
    pub collection: Arc<CollectionView>,
    /// What is known of it.
    pub artifact: Arc<ArtifactView>,
}

impl Original {
    /// Its key.
    pub fn key(&self) -> &ArtifactKey {
        &self.artifact.entry.key
    }
}

/// The collection that a request names, or the default one.
///
/// # Errors
/// `NotFound`; `Io` when its manifest cannot be read, since nothing could be written into it without losing what is there.
pub fn collection(snapshot: &Snapshot, named: Option<&str>) -> Result<Arc<CollectionView>, WireError> {
    let found = collection_even_damaged(snapshot, named)?;
    readable(&found)?;
    Ok(found)
}

/// The same for what reads no manifest, or brings one back.
///
/// # Errors
/// `NotFound`.
pub fn collection_even_damaged(snapshot: &Snapshot, named: Option<&str>) -> Result<Arc<CollectionView>, WireError> {
    let name = named.unwrap_or(&snapshot.default_collection);
    let Some(found) = snapshot.collection(name) else {
        let known: Vec<&str> = snapshot.collections.iter().map(|c| &*c.name).collect();
        let message = match named {
            Some(_) => format!("there is no collection '{name}'"),
            None => format!("the default collection '{name}' is not there"),
        };
        let hint =
            if known.is_empty() { "skillmeat init".to_owned() } else { format!("collections: {}", known.join(", ")) };
        return Err(WireError::new(ErrorCode::NotFound, message).hint(hint));
    };
    Ok(Arc::clone(found))
}

fn readable(collection: &CollectionView) -> Result<(), WireError> {
    match &collection.unreadable {
        Some(why) => {
            Err(WireError::new(ErrorCode::Io, format!("collection '{}' cannot be used: {why}", collection.name))
                .path(collection.path.to_string()))
        }
        None => Ok(()),
    }
}

/// The artifacts of collections that a request names.
///
/// Without a collection, the default one is meant where it has the artifact, else the only other one that has it.
///
/// # Errors
/// `NotFound`, `Ambiguous`, `InvalidParams`.
pub fn originals(snapshot: &Snapshot, which: &Which, named: Option<&str>) -> Result<Vec<Original>, WireError> {
    let one = match (named, &which.group, which.all) {
        (None, None, false) => None,
        _ => Some(collection(snapshot, named)?),
    };
    let mut found: Vec<Original> = Vec::new();
    let mut add = |original: Original| {
        if !found.iter().any(|known| known.key() == original.key() && known.collection.id == original.collection.id) {
            found.push(original);
        }
    };
    if let Some(collection) = &one {
        let members = match &which.group {
            Some(group) => group_members(collection, group)?,
            None if which.all => listed(collection).map(|a| a.entry.key.clone()).collect(),
            None => Vec::new(),
        };
        for key in members {
            let Some(artifact) = listed(collection).find(|a| a.entry.key == key) else {
                let message = format!("{key} is in the group but not in collection '{}'", collection.name);
                return Err(WireError::new(ErrorCode::NotFound, message).hint("skillmeat collection verify --fix"));
            };
            add(Original { collection: Arc::clone(collection), artifact: Arc::clone(artifact) });
        }
    }
    for text in &which.artifacts {
        let name = Name::read(text)?;
        add(match &one {
            Some(collection) => only(&name, in_one(collection, &name), || candidates_of(collection))?,
            None => anywhere(snapshot, &name)?,
        });
    }
    if found.is_empty() && !which.all && which.group.is_none() {
        return Err(WireError::new(ErrorCode::InvalidParams, "no artifact is named").hint("name one, or use --all"));
    }
    Ok(found)
}

fn anywhere(snapshot: &Snapshot, name: &Name<'_>) -> Result<Original, WireError> {
    let default = snapshot.collection(&snapshot.default_collection);
    let in_default = default.map(|c| in_one(c, name)).unwrap_or_default();
    if !in_default.is_empty() {
        return only(name, in_default, Vec::new);
    }
    let all: Vec<Original> = snapshot.collections.iter().flat_map(|c| in_one(c, name)).collect();
    only(name, all, || snapshot.collections.iter().flat_map(|c| candidates_of(c)).collect())
}

fn listed(collection: &CollectionView) -> impl Iterator<Item = &Arc<ArtifactView>> {
    collection.artifacts.iter().filter(|a| a.entry.in_manifest)
}

/// Whether a collection's manifest has an artifact.
pub fn has(collection: &CollectionView, key: &ArtifactKey) -> bool {
    listed(collection).any(|artifact| artifact.entry.key == *key)
}

fn in_one(collection: &Arc<CollectionView>, name: &Name<'_>) -> Vec<Original> {
    let fitting = listed(collection).filter(|a| name.fits(&a.entry.key));
    fitting.map(|a| Original { collection: Arc::clone(collection), artifact: Arc::clone(a) }).collect()
}

fn candidates_of(collection: &CollectionView) -> Vec<String> {
    listed(collection).map(|a| a.entry.key.to_string()).collect()
}

fn only(name: &Name<'_>, mut found: Vec<Original>, known: impl FnOnce() -> Vec<String>) -> Result<Original, WireError> {
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(not_found(name, "in the collections", known())),
        _ => {
            let several = found.iter().map(|o| format!("{} in {}", o.key(), o.collection.name));
            Err(ambiguous(name, several, "write TYPE:NAME, and say which with --collection"))
        }
    }
}

/// The members of a group, as keys.
///
/// # Errors
/// `NotFound`.
pub fn group_members(collection: &CollectionView, group: &str) -> Result<Vec<ArtifactKey>, WireError> {
    let Some(found) = collection.groups.iter().find(|g| g.name == group) else {
        let known: Vec<&str> = collection.groups.iter().map(|g| &*g.name).collect();
        let message = format!("collection '{}' has no group '{group}'", collection.name);
        let error = WireError::new(ErrorCode::NotFound, message);
        return Err(if known.is_empty() { error } else { error.hint(format!("groups: {}", known.join(", "))) });
    };
    // What is no key is named by verify, and is no artifact here.
    Ok(found.members.iter().filter_map(|member| member.parse().ok()).collect())
}

/// The items of a project that a request names: all that fit a name, under the profiles asked for, and `usual` ones when
/// nothing is named.
///
/// # Errors
/// `NotFound`, `Ambiguous`, `InvalidParams`.
pub fn items(
    project: &ProjectView,
    which: &Which,
    profiles: &Profiles,
    usual: impl Fn(&ItemView) -> bool,
) -> Result<Vec<Arc<ItemView>>, WireError> {
    for id in &profiles.profiles {
        profile(project, id)?;
    }
    let asked = |item: &&Arc<ItemView>| {
        profiles.profiles.is_empty() || profiles.profiles.iter().any(|id| **id == *item.profile)
    };
    let mut all: Vec<_> = project.items().filter(asked).cloned().collect();
    all.sort_by(|a, b| (&a.key, &a.profile).cmp(&(&b.key, &b.profile)));
    if which.artifacts.is_empty() {
        all.retain(|item| usual(item));
        return Ok(all);
    }
    let mut found: Vec<Arc<ItemView>> = Vec::new();
    for text in &which.artifacts {
        let name = Name::read(text)?;
        let fitting: Vec<_> = all.iter().filter(|item| name.fits(&item.key)).collect();
        let Some(first) = fitting.first() else {
            let known = all.iter().map(|item| item.key.to_string()).collect();
            return Err(not_found(&name, &format!("in project '{}'", project.name), known));
        };
        if fitting.iter().any(|item| item.key != first.key) {
            let several = fitting.iter().map(|item| item.key.to_string());
            return Err(ambiguous(&name, several, "write TYPE:NAME"));
        }
        for item in fitting {
            if !found.iter().any(|known| Arc::ptr_eq(known, item)) {
                found.push(Arc::clone(item));
            }
        }
    }
    Ok(found)
}

/// The registered project of this path or name.
///
/// # Errors
/// `NotRegistered`, `Ambiguous`.
pub fn project(snapshot: &Snapshot, text: &str) -> Result<Arc<ProjectView>, WireError> {
    let path = Path::new(text);
    if path.is_absolute() {
        let plain: PathBuf = path.components().collect();
        let at = |path: &Path| path.to_str().and_then(|path| snapshot.projects.get(path)).cloned();
        let found = at(&plain).or_else(|| at(&plain.canonicalize().ok()?));
        return found.ok_or_else(|| {
            WireError::new(ErrorCode::NotRegistered, "no project is registered at this path")
                .path(text)
                .hint(format!("skillmeat project add {text}"))
        });
    }
    let mut named: Vec<_> = snapshot.projects.iter().filter(|project| *project.name == *text).collect();
    named.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    match named.as_slice() {
        [one] => Ok(Arc::clone(one)),
        [] => Err(WireError::new(ErrorCode::NotRegistered, format!("no registered project is called '{text}'"))
            .hint("`skillmeat project list` shows them")),
        several => {
            let paths: Vec<&str> = several.iter().map(|project| &*project.path).collect();
            let message = format!("several projects are called '{text}': {}", paths.join(", "));
            Err(WireError::new(ErrorCode::Ambiguous, message).hint("use the path"))
        }
    }
}

/// The registered projects of these paths and names: by path and by name, it is one.
///
/// # Errors
/// As [`project`].
pub fn projects(snapshot: &Snapshot, names: Vec<&str>) -> Result<Vec<Arc<ProjectView>>, WireError> {
    let mut projects: Vec<Arc<ProjectView>> = Vec::new();
    for name in names {
        let project = project(snapshot, name)?;
        if !projects.iter().any(|known| known.path == project.path) {
            projects.push(project);
        }
    }
    Ok(projects)
}

/// The root that a project or a collection is, whichever is named.
///
/// # Errors
/// `NotFound`, `NotRegistered`, `Ambiguous`.
pub fn root(
    snapshot: &Snapshot,
    named_project: Option<&str>,
    named_collection: Option<&str>,
) -> Result<Option<PathBuf>, WireError> {
    let path = match (named_project, named_collection) {
        (Some(name), _) => Arc::clone(&project(snapshot, name)?.path),
        (None, Some(name)) => Arc::clone(&collection(snapshot, Some(name))?.path),
        (None, None) => return Ok(None),
    };
    Ok(Some(PathBuf::from(&*path)))
}

/// Whether a request says what it is about: what removes or records must not mean everything by leaving it out.
///
/// # Errors
/// `InvalidParams`.
pub fn something_is_named(which: &Which) -> Result<(), WireError> {
    if which.all || !which.artifacts.is_empty() {
        return Ok(());
    }
    Err(WireError::new(ErrorCode::InvalidParams, "no artifact is named").hint("name one as TYPE:NAME, or use --all"))
}

/// A profile of a project, or a built-in one that it has not yet.
///
/// # Errors
/// `NotFound`: the original would make a directory of any name (formats-core #13).
pub fn profile(project: &ProjectView, id: &str) -> Result<crate::model::Profile, WireError> {
    if let Some(found) = project.profiles.iter().find(|p| *p.id == *id) {
        return Ok(found.clone());
    }
    let built_in = crate::library::profile::BUILTIN.iter().find(|p| p.id == id);
    built_in.map(|p| crate::model::Profile { id: p.id.into(), root: p.root.to_owned(), has_records: false }).ok_or_else(
        || {
            let mut known: Vec<&str> = project.profiles.iter().map(|p| &*p.id).collect();
            for built_in in crate::library::profile::BUILTIN {
                if !known.contains(&built_in.id) {
                    known.push(built_in.id);
                }
            }
            WireError::new(ErrorCode::NotFound, format!("project '{}' has no profile '{id}'", project.name))
                .hint(format!("profiles: {}", known.join(", ")))
        },
    )
}

fn not_found(name: &Name<'_>, place: &str, mut known: Vec<String>) -> WireError {
    let likeness = |key: &str| {
        let plain = key.split_once(':').map_or(key, |(_, name)| name);
        strsim::jaro_winkler(plain, name.name)
    };
    known.retain(|key| likeness(key) >= LIKE);
    known.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
    known.dedup();
    known.truncate(SHOWN);
    let error = WireError::new(ErrorCode::NotFound, format!("there is no '{}' {place}", name.text));
    if known.is_empty() { error } else { error.hint(format!("did you mean {}?", known.join(", "))) }
}

fn ambiguous(name: &Name<'_>, several: impl Iterator<Item = String>, hint: &str) -> WireError {
    let mut several: Vec<String> = several.collect();
    several.dedup();
    several.truncate(SHOWN);
    let message = format!("'{}' fits several: {}", name.text, several.join(", "));
    WireError::new(ErrorCode::Ambiguous, message).hint(hint)
}
