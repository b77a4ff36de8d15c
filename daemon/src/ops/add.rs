//! `add`: files from anywhere become an artifact of a collection.

use super::account;
use super::contents;
use super::detect::{self, Detected};
use super::error::OpError;
use super::following;
use super::lookup;
use super::manage;
use super::plan::{Change, Planned, word};
use super::planning::{Planning, Read};
use crate::engine::snapshot::{ArtifactView, CollectionView};
use crate::history::{Origin, Scope};
use crate::library::edit::manifest::Field;
use crate::library::portable::name_flaw;
use crate::model::{Tree, TreeKind};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use skillmeat_protocol::reply::Outcome;
use skillmeat_protocol::request::Add;
use std::path::{Path, PathBuf};

/// Artifacts of a directory of artifacts that a refusal names.
const SHOWN: usize = 8;

/// Plans it.
///
/// # Errors
/// There is no such collection, nothing is named, or a path is relative.
pub fn plan(planning: &mut Planning<'_>, query: &Add) -> Result<Vec<Planned>, WireError> {
    let invalid = |message: String| Err(WireError::new(ErrorCode::InvalidParams, message));
    let collection = lookup::collection(planning.snapshot, query.collection.as_deref())?;
    if query.paths.is_empty() {
        return invalid("no file or directory is named".to_owned());
    }
    if query.name.is_some() && query.paths.len() > 1 {
        return invalid("one name cannot be given to several".to_owned());
    }
    manage::check_tags(&query.tags)?;
    if let Some(relative) = query.paths.iter().find(|path| !Path::new(path).is_absolute()) {
        return invalid(format!("'{}' is not an absolute path", relative.escape_debug()));
    }
    let mut planned = Vec::new();
    let mut taken: Vec<ArtifactKey> = Vec::new();
    for path in &query.paths {
        // Without a separator at the end, which would hide that it is a link.
        let path: PathBuf = Path::new(path).components().collect();
        let about = About { query, collection: &collection, path: &path };
        let attempt = about.one(planning, &mut taken);
        planned.push(attempt.unwrap_or_else(|error| about.unknown(Outcome::Failed).failed(&error)));
    }
    Ok(planned)
}

/// One of the paths.
struct About<'a> {
    query: &'a Add,
    collection: &'a CollectionView,
    path: &'a Path,
}

impl About<'_> {
    /// An item of which the type is not known.
    fn unknown(&self, outcome: Outcome) -> Planned {
        let name = self.query.name.clone().unwrap_or_else(|| self.usual_name(TreeKind::Directory));
        Planned::of(None, &name, outcome).of_collection(&self.collection.name).at(self.path)
    }

    fn known(&self, key: &ArtifactKey, outcome: Outcome) -> Planned {
        Planned::of(Some(key), "", outcome).of_collection(&self.collection.name).at(self.path)
    }

    /// The name of a directory as it is (#26), that of a file without its extension.
    fn usual_name(&self, tree: TreeKind) -> String {
        let name = match tree {
            TreeKind::Directory => self.path.file_name(),
            TreeKind::File => self.path.file_stem(),
        };
        name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The same request for this path, as this type and with `options`.
    fn command(&self, kind: ArtifactType, options: &str) -> String {
        let mut command = format!("skillmeat add {} --type {kind}", word(&self.path.to_string_lossy()));
        let name = self.query.name.as_deref().filter(|_| !options.starts_with("--name"));
        for (option, value) in [("--name", name), ("--collection", self.query.collection.as_deref())] {
            command.extend(value.map(|value| format!(" {option} {}", word(value))));
        }
        command.extend(self.query.tags.iter().map(|tag| format!(" --tag {}", word(tag))));
        if options.is_empty() { command } else { format!("{command} {options}") }
    }

    fn one(&self, planning: &mut Planning<'_>, taken: &mut Vec<ArtifactKey>) -> Result<Planned, OpError> {
        let real = self.path.canonicalize().map_err(OpError::io("find", self.path))?;
        let metadata = real.metadata().map_err(OpError::io("look at", &real))?;
        let tree = match (metadata.is_dir(), metadata.is_file()) {
            (true, _) => TreeKind::Directory,
            (_, true) => TreeKind::File,
            _ => return Ok(self.unknown(Outcome::Refused).saying("it is neither a file nor a directory")),
        };
        let kind = match self.kind(&real, tree) {
            Ok(kind) => kind,
            Err(refused) => return Ok(*refused),
        };
        let name = self.query.name.clone().unwrap_or_else(|| self.usual_name(tree));
        let key = ArtifactKey::new(kind, &name);
        if let Some(flaw) = name_flaw(&name) {
            return Ok(self
                .known(&key, Outcome::Refused)
                .saying(format!("'{}' cannot be its name: {flaw}", name.escape_debug()))
                .ways([self.command(kind, "--name NAME")]));
        }
        if let Err(lacks) = detect::check(kind, &real, tree) {
            return Ok(self.known(&key, Outcome::Refused).saying(lacks));
        }
        let read = planning.read(&real, Scope::Resolved)?;
        let same_name =
            |known: &ArtifactKey| known.kind == kind && known.name.to_lowercase() == key.name.to_lowercase();
        let existing = self.collection.artifact(&key);
        let near = self.collection.artifacts.iter().map(|a| &a.entry.key).chain(taken.iter()).find(|k| same_name(k));
        let mut planned = match (existing, near) {
            (Some(artifact), _) if !taken.contains(&key) => self.existing(planning, artifact, &real, &read)?,
            (_, Some(near)) => self
                .known(&key, Outcome::Refused)
                .saying(format!("there is {near} already"))
                .ways([self.command(kind, "--name NAME")]),
            (_, None) => {
                let root = Path::new(&*self.collection.path);
                let planned = manage::added(planning, root, &key, &real, &read, &self.tags())?;
                match manage::twin(self.collection, kind, |hash| read.is(hash)) {
                    Some(twin) => planned.saying(format!("{twin} has the same content")),
                    None => planned,
                }
            }
        };
        taken.push(key);
        planned.item.collection = Some(self.collection.name.to_string());
        Ok(planned)
    }

    fn tags(&self) -> Vec<String> {
        self.query.tags.iter().map(|tag| tag.trim().to_owned()).collect()
    }

    fn kind(&self, real: &Path, tree: TreeKind) -> Result<ArtifactType, Box<Planned>> {
        if let Some(kind) = self.query.kind {
            return Ok(kind);
        }
        let candidates = match detect::detect(self.path, real, tree) {
            Detected::Certain(kind) => return Ok(kind),
            Detected::Unsure(candidates) => candidates,
        };
        let refused = self.unknown(Outcome::Refused);
        let is_container = tree == TreeKind::Directory && real.file_name().and_then(detect::contained).is_some();
        Err(Box::new(if is_container {
            let ways = self
                .children(real)
                .into_iter()
                .map(|child| format!("skillmeat add {}", word(&child.to_string_lossy())));
            refused.saying("it is a directory of artifacts; name those in it").ways(ways)
        } else if candidates.is_empty() {
            refused.saying("nothing in it says that it is an artifact")
        } else {
            let names: Vec<&str> = candidates.iter().map(|kind| kind.as_str()).collect();
            refused
                .saying(format!("its type is not certain; it could be {}", names.join(", ")))
                .ways(candidates.iter().map(|kind| self.command(*kind, "")))
        }))
    }

    fn children(&self, real: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(real).into_iter().flatten().flatten();
        let is_hidden = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b".");
        let names = entries.map(|entry| entry.file_name()).filter(|name| !is_hidden(name));
        let mut children: Vec<PathBuf> = names.map(|name| self.path.join(name)).collect();
        children.sort_unstable();
        children.truncate(SHOWN);
        children
    }

    /// The collection has one of this type and name.
    fn existing(
        &self,
        planning: &mut Planning<'_>,
        artifact: &ArtifactView,
        real: &Path,
        read: &Read,
    ) -> Result<Planned, OpError> {
        let key = &artifact.entry.key;
        let hash = read.counted(real)?;
        if !artifact.entry.in_manifest {
            return Ok(self
                .known(key, Outcome::Refused)
                .saying("files of this name are in the collection, but not in its manifest")
                .ways([format!("skillmeat collection verify {} --fix   # lists them", word(&self.collection.name))]));
        }
        if !self.query.force {
            let is_same = matches!(&artifact.tree, Some(Tree::Present(info)) if read.is(info.hash));
            let how = if is_same { "the same content" } else { "other content" };
            return Ok(self
                .known(key, Outcome::Refused)
                .saying(format!("collection '{}' has it already, with {how}", self.collection.name))
                .ways([
                    format!("{}   # what is there is kept in the history", self.command(key.kind, "--force")),
                    self.command(key.kind, "--name NAME"),
                ]));
        }
        self.replaced(planning, artifact, real, read, hash)
    }

    fn replaced(
        &self,
        planning: &mut Planning<'_>,
        artifact: &ArtifactView,
        real: &Path,
        read: &Read,
        hash: ContentHash,
    ) -> Result<Planned, OpError> {
        let (key, root) = (&artifact.entry.key, Path::new(&*self.collection.path));
        if artifact.entry.flaw.is_some() {
            return Err(OpError::Refused { message: "its entry in the manifest cannot be used".to_owned() });
        }
        let place = manage::place(root, &root.join(&artifact.entry.path))?;
        if place.path.starts_with(real) || real.starts_with(&place.path) {
            return Err(OpError::Refused { message: "it is in the collection itself".to_owned() });
        }
        let mut planned = self.known(key, Outcome::Updated).at(&place.path).holding(hash);
        let spot = || account::in_collection(&self.collection.id);
        let (pieces, extent) = if place.path.symlink_metadata().is_err() {
            contents::place(&place, read.id, &read.content)
        } else {
            let there = planning.read(&place.path, Scope::Counted)?;
            planned.sees(account::found(key, spot(), &there, None));
            contents::update(planning, &place, &there.content, &read.content)?
        };
        planned.moves(pieces, extent);
        planned.sees([account::made(key, spot(), hash, read.id, Origin::Import)]);
        let mut tags = artifact.entry.metadata.tags.clone();
        tags.extend(self.tags().into_iter().filter(|tag| !artifact.entry.metadata.tags.contains(tag)));
        let mut fields = manage::declared(real, key, read, &tags);
        fields.push(Field::LastUpdated(Some(planning.now)));
        planned.edits.extend([
            manage::in_manifest(root, Change::ChangeEntry(key.clone(), fields)),
            manage::locked(root, key, hash, planning.now),
        ]);
        let outdated = following::of_what_is_there(planning.snapshot, &self.collection.id, key).count();
        if outdated > 0 {
            let what = key.to_string();
            planned = planned.saying(format!("{outdated} deployments of {what} have what was there before"));
        }
        Ok(planned)
    }
}
