//! What every plan is made from: the picture after the barrier, the files as they are now, and the history.
//!
//! A plan reads what it is about to use or replace, and keeps it to be stored in the same commit as the journal. What was
//! read must be what the picture says; if it is not, somebody wrote in between, and the item is refused.

use super::contents::Place;
use super::error::OpError;
use super::lookup::Original;
use super::plan::{Change, Edit};
use super::target;
use crate::engine::snapshot::{ItemView, ProjectView, Snapshot};
use crate::history::{Batch, Conflict, Content, ContentId, EntryKind, History, HistoryError, Scope, Staged};
use crate::library::config::{self, Config};
use crate::library::edit::records::NewRecord;
use crate::library::strategies::Strategies;
use crate::library::{layout, profile};
use crate::model::{Profile, Timestamp, Tree, TreeKind};
use crate::scan::project::{DEPLOYED, ITSELF};
use crate::snapshots::baseline::Search;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What one operation is planned with.
pub struct Planning<'a> {
    /// Content that is stored already.
    pub history: &'a History,
    /// What was known after the barrier.
    pub snapshot: &'a Snapshot,
    /// The clock of `deployed_at`.
    pub zone: &'a TimeZone,
    /// When it happens.
    pub now: Timestamp,
    /// The SkillMeat home.
    pub home: &'a Path,
    /// Nobody waits any more.
    pub cancelled: &'a AtomicBool,
    /// Bytes of an artifact that is read at most.
    pub(super) most: Option<u64>,
    /// Snapshots that were searched for what was deployed.
    pub(super) search: Option<Search<'a>>,
    read: HashMap<(PathBuf, Scope), Read>,
    /// What is taken instead of what a collection has, by its id.
    instead: HashMap<(Arc<str>, ArtifactKey), Read>,
    gathered: Gathered,
    pub(super) strategies: OnceCell<Rc<Strategies>>,
}

/// What is to be stored with the journal.
#[derive(Debug, Default)]
pub struct Gathered {
    /// What was read.
    pub staged: Vec<Staged>,
    /// What was put together from that, with its recorded hash where it is a whole artifact.
    pub composed: Vec<(Content, Option<ContentHash>)>,
    /// Conflicts that were found, or that something was decided about.
    pub conflicts: Vec<Conflict>,
}

impl Gathered {
    /// Stores all of it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn store(self, batch: &Batch<'_>) -> Result<(), HistoryError> {
        for staged in self.staged {
            batch.keep(staged)?;
        }
        for (content, hash) in &self.composed {
            match hash {
                Some(hash) => batch.compose_recorded(content, *hash)?,
                None => batch.compose(content)?,
            };
        }
        self.conflicts.iter().try_for_each(|conflict| batch.put_conflict(conflict))
    }
}

/// Where something was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// At its place: it is there.
    Place,
    /// In the history: it may be nowhere.
    History,
}

/// What was read at a path.
#[derive(Clone, Debug)]
pub struct Read {
    /// Where.
    pub source: Source,
    /// By which the history has it.
    pub id: ContentId,
    /// What it is made of.
    pub content: Arc<Content>,
    /// The recorded hash; none for a link.
    pub hash: Option<ContentHash>,
    /// The same with what is ignored, where something is.
    pub with_ignored: Option<ContentHash>,
}

impl Read {
    /// The recorded hash of what is at `path`.
    ///
    /// # Errors
    /// It is a link.
    pub fn counted(&self, path: &Path) -> Result<ContentHash, OpError> {
        self.hash.ok_or_else(|| OpError::Refused { message: format!("{} is a link", path.display()) })
    }

    /// Whether this is what `expected` says.
    pub fn is(&self, expected: ContentHash) -> bool {
        self.hash == Some(expected) || self.with_ignored == Some(expected)
    }
}

/// A profile of a project, as far as writing into it goes.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Its id.
    pub profile: Profile,
    /// The project's directory.
    pub project: PathBuf,
    /// The profile root, absolute.
    pub root: PathBuf,
    /// The file of its records.
    pub records: PathBuf,
}

impl Destination {
    /// A change of its records.
    pub fn edit(&self, change: Change) -> Edit {
        Edit { path: self.records.clone(), root: self.project.clone(), change }
    }
}

impl<'a> Planning<'a> {
    /// Nothing read yet.
    pub fn new(
        history: &'a History,
        snapshot: &'a Snapshot,
        zone: &'a TimeZone,
        now: Timestamp,
        home: &'a Path,
    ) -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self {
            history,
            snapshot,
            zone,
            now,
            home,
            cancelled: &NEVER,
            most: None,
            search: None,
            read: HashMap::new(),
            instead: HashMap::new(),
            gathered: Gathered::default(),
            strategies: OnceCell::new(),
        }
    }

    /// What the configuration says of both sides having changed, when it is first asked for.
    pub fn strategies(&self) -> Rc<Strategies> {
        let read = || Rc::new(configuration(self.home).strategies);
        Rc::clone(self.strategies.get_or_init(read))
    }

    /// What is to be stored.
    pub fn into_gathered(self) -> Gathered {
        self.gathered
    }

    /// Reads what is at `path`; each path and scope once.
    ///
    /// # Errors
    /// It cannot be read, or changes meanwhile.
    pub fn read(&mut self, path: &Path, scope: Scope) -> Result<Read, OpError> {
        if let Some(known) = self.read.get(&(path.to_owned(), scope)) {
            return Ok(known.clone());
        }
        let staged = match self.most {
            Some(most) => self.history.read_within(path, scope, most)?,
            None => self.history.read(path, scope)?,
        };
        let recorded = staged.capture().recorded;
        let read = Read {
            source: Source::Place,
            id: staged.content().id(),
            content: Arc::new(staged.content().clone()),
            hash: recorded.map(|r| r.hash),
            with_ignored: recorded.and_then(|r| r.with_ignored),
        };
        self.gathered.staged.push(staged);
        self.read.insert((path.to_owned(), scope), read.clone());
        Ok(read)
    }

    /// Keeps what was read elsewhere.
    pub fn gather(&mut self, staged: Staged) {
        self.gathered.staged.push(staged);
    }

    /// Keeps a conflict, whose contents were read or are stored.
    pub fn conflict(&mut self, conflict: Conflict) {
        self.gathered.conflicts.push(conflict);
    }

    /// Keeps content that was put together from what was read or is stored.
    pub fn compose(&mut self, content: Content) -> ContentId {
        let id = content.id();
        self.gathered.composed.push((content, None));
        id
    }

    /// The same for a whole artifact, to be found by its recorded hash: the next merge begins with it.
    pub fn compose_whole(&mut self, content: Content, hash: ContentHash) -> ContentId {
        let id = content.id();
        self.gathered.composed.push((content, Some(hash)));
        id
    }

    /// Content that is kept for this plan, whether it was read or put together.
    pub fn gathered_content(&self, id: ContentId) -> Option<Content> {
        let read = self.gathered.staged.iter().map(Staged::content);
        let composed = self.gathered.composed.iter().map(|(content, _)| content);
        composed.chain(read).find(|content| content.id() == id).cloned()
    }

    /// Keeps a file of these bytes, for a content that is put together.
    ///
    /// # Errors
    /// They cannot be packed.
    pub fn keep_bytes(&mut self, bytes: &[u8], mode: u32) -> Result<EntryKind, OpError> {
        let staged = self.history.bytes(bytes, mode)?;
        let hash = Sha256::digest(bytes).into();
        self.gathered.staged.push(staged);
        Ok(EntryKind::File { hash, size: bytes.len() as u64, mode })
    }

    /// From now on this is taken for what a collection has of an artifact.
    pub fn take_instead(&mut self, original: &Original, read: Read) {
        self.instead.insert((Arc::clone(&original.collection.id), original.key().clone()), read);
    }

    /// The files of an artifact in its collection, links to files read through.
    ///
    /// # Errors
    /// They cannot be read, or are not what the picture says.
    pub fn original(&mut self, original: &Original) -> Result<Read, OpError> {
        if let Some(flaw) = &original.artifact.entry.flaw {
            let manifest = Path::new(&*original.collection.path).join("collection.toml");
            return Err(OpError::Refused {
                message: format!("{} in {}: {}", original.key(), manifest.display(), flaw.0),
            });
        }
        let place = (Arc::clone(&original.collection.id), original.key().clone());
        if let Some(read) = self.instead.get(&place) {
            return Ok(read.clone());
        }
        let path = original_path(original);
        let known = original.artifact.tree.as_ref().and_then(Tree::hash);
        self.expected(&path, Scope::Resolved, known)
    }

    /// The files of a project's copy.
    ///
    /// # Errors
    /// They cannot be read, or are not what the picture says.
    pub fn copy(&mut self, item: &ItemView, scope: Scope) -> Result<Read, OpError> {
        self.expected(&item.path, scope, item.project_hash)
    }

    fn expected(&mut self, path: &Path, scope: Scope, expected: Option<ContentHash>) -> Result<Read, OpError> {
        // A link itself is never content: where it leads is.
        let real = path.canonicalize().map_err(OpError::io("find", path))?;
        let read = self.read(&real, scope)?;
        match expected {
            Some(hash) if !read.is(hash) => {
                Err(OpError::Changed { path: path.to_owned(), expected: Some(hash), found: read.hash })
            }
            _ => Ok(read),
        }
    }

    /// The place of a project's copy that is there or recorded.
    ///
    /// # Errors
    /// Nothing may be written there.
    pub fn place_of(&self, destination: &Destination, path: &Path) -> Result<Place, OpError> {
        let within = if path.starts_with(&destination.root) { &destination.root } else { &destination.project };
        let relative = path.strip_prefix(within).ok().and_then(Path::to_str).ok_or_else(|| OpError::Refused {
            message: format!("{} is not in {}", path.display(), destination.project.display()),
        })?;
        self.place(destination, within, relative)
    }

    /// The place at `relative` of `within`, the profile root or the project.
    ///
    /// # Errors
    /// Nothing may be written there.
    pub fn place(&self, destination: &Destination, within: &Path, relative: &str) -> Result<Place, OpError> {
        let from_project = within.strip_prefix(&destination.project).ok().and_then(Path::to_str).unwrap_or_default();
        let whole = if from_project.is_empty() { relative.to_owned() } else { format!("{from_project}/{relative}") };
        let (path, missing) = target::way(&destination.project, &whole)?;
        let root = destination.project.clone();
        Ok(Place { path, root, missing, prune_below: within.to_owned() })
    }

    /// A profile as a destination.
    pub fn destination(&self, project: &ProjectView, profile: &Profile) -> Destination {
        let project = PathBuf::from(&*project.path);
        let root = if profile.root == ITSELF { project.clone() } else { project.join(&profile.root) };
        let records = root.join(DEPLOYED);
        Destination { profile: profile.clone(), project, root, records }
    }

    /// Records a deployment at `path`, as of now.
    pub fn record(
        &self,
        destination: &Destination,
        key: &ArtifactKey,
        path: &Path,
        collection: &str,
        hash: ContentHash,
    ) -> Edit {
        let within = path.strip_prefix(&destination.root).or_else(|_| path.strip_prefix(&destination.project));
        let artifact_path = within.unwrap_or(path).to_string_lossy().replace('\\', "/");
        let id = &destination.profile.id;
        let platform = profile::BUILTIN.iter().find(|p| *p.id == **id).map_or("other", |p| p.platform);
        let root_dir = if destination.profile.root == ITSELF { ".claude" } else { &destination.profile.root };
        destination.edit(Change::Record(Box::new(NewRecord {
            key: key.clone(),
            name: key.name.clone(),
            from_collection: collection.to_owned(),
            deployed_at: self.now,
            artifact_path,
            content_hash: hash,
            // Continued from the record that is there, when it is written.
            lineage: vec![hash],
            parent_hash: None,
            merge_base: hash,
            profile_id: id.to_string(),
            platform: platform.to_owned(),
            root_dir: root_dir.to_owned(),
            artifact_uuid: None,
            modification_detected_at: None,
        })))
    }
}

/// Where an artifact's files are in its collection.
pub fn original_path(original: &Original) -> PathBuf {
    Path::new(&*original.collection.path).join(&original.artifact.entry.path)
}

/// Where a copy of an artifact goes, relative to a profile root or to `dest_path`: as the original would, but for a file of
/// a type that may have several extensions, which keeps its own.
///
/// # Errors
/// The name cannot be used.
pub fn relative_target(
    key: &ArtifactKey,
    source: &Path,
    kind: TreeKind,
    dest: Option<&str>,
) -> Result<String, OpError> {
    let usual = target::deployed_path(key.kind, &key.name)?;
    let extension = source.extension().and_then(|e| e.to_str()).map(|e| format!(".{e}"));
    let path = match extension {
        Some(extension) if kind == TreeKind::File && matches!(key.kind, ArtifactType::Workflow | ArtifactType::Mcp) => {
            layout::default_paths(key.kind, &key.name).into_iter().find(|p| p.ends_with(&extension)).unwrap_or(usual)
        }
        _ => usual,
    };
    match dest {
        None => Ok(path),
        Some(dest) => {
            let name = path.split_once('/').map_or(path.as_str(), |(_, name)| name);
            Ok(format!("{}/{name}", target::inside(dest)?))
        }
    }
}

/// What `config.toml` of a home says at this moment. What is wrong with it, the status of the home says.
pub(super) fn configuration(home: &Path) -> Config {
    let file = home.join("config.toml");
    let bytes = crate::os::files::read_whole(&file).unwrap_or_default();
    config::parse(&bytes, &file, home).0
}
