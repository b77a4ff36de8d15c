//! What an operation would do, item by item, before anything is done: the answer to `--dry-run`, and what a transaction runs.

use super::contents::Extent;
use super::error::OpError;
use super::piece::Piece;
use crate::engine::snapshot::Snapshot;
use crate::history::{Account, Root, RootKind, Seen};
use crate::library::audit::AuditEntry;
use crate::library::edit::groups::GroupChange;
use crate::library::edit::lock::NewLock;
use crate::library::edit::manifest::{Field, NewEntry};
use crate::library::edit::records::NewRecord;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::{OperationItem, Outcome};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One item: what is to happen, and what of it people read afterwards.
#[derive(Debug)]
pub struct Planned {
    /// What is answered, as if it had been done.
    pub item: OperationItem,
    /// What changes places; nothing for an item that is left alone, or only recorded.
    pub pieces: Vec<Piece>,
    /// What is written into records and manifests once it is done.
    pub edits: Vec<Edit>,
    /// What the history of versions is told once it is done.
    pub account: Account,
    /// What must have been done before.
    pub needs: Needs,
}

/// What an item depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it is done whatever becomes of the others.
    #[default]
    Nothing,
    /// The first item of the operation: what that puts somewhere, this one brings elsewhere.
    First,
}

/// A change of a file that people read.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The file.
    pub path: PathBuf,
    /// The project, collection or home that it belongs to.
    pub root: PathBuf,
    /// What changes in it.
    pub change: Change,
}

/// What changes in a file.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Change {
    Record(Box<NewRecord>),
    DropRecord(ArtifactKey, String),
    AddEntry(Box<NewEntry>),
    ChangeEntry(ArtifactKey, Vec<Field>),
    RenameEntry { key: ArtifactKey, name: String, path: Option<String> },
    RemoveEntry(ArtifactKey),
    Groups(Vec<GroupChange>),
    NameCollection(String),
    Lock(Box<NewLock>),
    RenameLock { key: ArtifactKey, name: String },
    Unlock(ArtifactKey),
    DefaultCollection(String),
    Audit(Box<AuditEntry>),
}

impl Planned {
    /// An item of which nothing is known yet but what it is about.
    pub fn of(key: Option<&ArtifactKey>, name: &str, outcome: Outcome) -> Self {
        let item = OperationItem {
            kind: key.map(|key| key.kind),
            name: key.map_or_else(|| name.to_owned(), |key| key.name.clone()),
            project: None,
            profile: None,
            collection: None,
            outcome,
            path: None,
            content_hash: None,
            files_written: 0,
            files_removed: 0,
            message: None,
            ways: Vec::new(),
        };
        let artifacts = key.cloned().into_iter().collect();
        let account = Account { artifacts, ..Account::default() };
        Self { item, pieces: Vec::new(), edits: Vec::new(), account, needs: Needs::Nothing }
    }

    /// One that was planned before, without anything to do.
    pub fn again(item: OperationItem) -> Self {
        Self { item, pieces: Vec::new(), edits: Vec::new(), account: Account::default(), needs: Needs::Nothing }
    }

    /// The same at this place of a project.
    #[must_use]
    pub fn in_project(mut self, project: &str, profile: &str, path: &Path) -> Self {
        self.item.project = Some(project.to_owned());
        self.item.profile = Some(profile.to_owned());
        self.item.path = Some(path.to_string_lossy().into_owned());
        self
    }

    /// The same with its collection.
    #[must_use]
    pub fn of_collection(mut self, name: &str) -> Self {
        self.item.collection = Some(name.to_owned());
        self
    }

    /// The same at this path.
    #[must_use]
    pub fn at(mut self, path: &Path) -> Self {
        self.item.path = Some(path.to_string_lossy().into_owned());
        self
    }

    /// The same with something that a person should know.
    #[must_use]
    pub fn saying(mut self, message: impl Into<String>) -> Self {
        self.item.message = Some(message.into());
        self
    }

    /// The same with commands that lead on.
    #[must_use]
    pub fn ways<S: Into<String>>(mut self, ways: impl IntoIterator<Item = S>) -> Self {
        self.item.ways = ways.into_iter().map(Into::into).collect();
        self
    }

    /// The same with what it will hold.
    #[must_use]
    pub fn holding(mut self, hash: ContentHash) -> Self {
        self.item.content_hash = Some(hash);
        self
    }

    /// It consists of these, which write and remove so much.
    pub fn moves(&mut self, pieces: Vec<Piece>, extent: Extent) {
        (self.item.files_written, self.item.files_removed) = (extent.written, extent.removed);
        self.pieces = pieces;
    }

    /// The history of versions is told this too.
    pub fn sees(&mut self, seen: impl IntoIterator<Item = Seen>) {
        self.account.seen.extend(seen);
    }

    /// Left alone, because it could not be planned.
    #[must_use]
    pub fn failed(mut self, error: &OpError) -> Self {
        self.item.outcome = if error.is_refusal() { Outcome::Refused } else { Outcome::Failed };
        self.pieces.clear();
        self.edits.clear();
        self.account.seen.clear();
        self.account.switches.clear();
        self.account.advances.clear();
        self.account.turns.clear();
        (self.item.files_written, self.item.files_removed, self.item.content_hash) = (0, 0, None);
        self.saying(error.to_string())
    }

    /// Whether it does anything.
    pub fn is_effective(&self) -> bool {
        !self.pieces.is_empty() || !self.edits.is_empty() || !self.account.advances.is_empty()
    }
}

/// `text` as one word of a command that somebody pastes into a shell.
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// The projects, collections and homes that plans change something in.
pub fn changed_roots(planned: &[Planned], snapshot: &Snapshot, home: &Path) -> Vec<Root> {
    let pieces = planned.iter().flat_map(|p| p.pieces.iter().map(|piece| &piece.root));
    let edits = planned.iter().flat_map(|p| p.edits.iter().map(|edit| &edit.root));
    let aside: Vec<PathBuf> = planned.iter().flat_map(|p| super::following::roots(p, snapshot)).collect();
    let paths: BTreeSet<&PathBuf> = pieces.chain(edits).chain(&aside).collect();
    let kind = |path: &Path| match path.to_str() {
        Some(path) if snapshot.projects.get(path).is_some() => RootKind::Project,
        Some(path) if snapshot.collections.iter().any(|c| *c.path == *path) => RootKind::Collection,
        // One that comes only now.
        _ if path.parent().is_some_and(|parent| parent.starts_with(home)) => RootKind::Collection,
        _ => RootKind::Home,
    };
    paths.into_iter().map(|path| Root { kind: kind(path), path: path.clone() }).collect()
}
